"""Rulers: round figures that do not touch, at every zoom, scale and pixel ratio."""

import itertools
from pathlib import Path

import pytest
from conftest import Stage, write_tone
from PySide6.QtCore import QRectF, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QWidget

from audiosr_desktop.ui.readout import parse_time
from audiosr_desktop.ui.views import time_ruler

# seconds, minutes and hours
ROUND = (
    "1.0",
    "2.0",
    "5.0",
    "1.5",
    "3.0",
    "6.0",
    "1.2",
    "9.0",
    "1.8",
    "3.6",
    "7.2",
    "1.4",
)


@pytest.fixture
def opened(stage: Stage, tmp_path: Path) -> Stage:
    stage.open(write_tone(tmp_path / "tone.wav", channels=2))
    return stage


def painted(widget: QWidget, ratio: float) -> QImage:
    """Paint a widget as on a screen with so many pixels for each of its own."""
    image = QImage(widget.size() * ratio, QImage.Format.Format_RGB32)
    image.setDevicePixelRatio(ratio)
    widget.render(image)
    return image


def figures_below_one_another(image: QImage, strip: QRectF, ratio: float) -> int:
    part = image.copy(QRectF(strip.topLeft() * ratio, strip.size() * ratio).toRect())
    ground = part.pixel(1, 1)
    columns = range(2, part.width())
    used = [any(part.pixel(x, y) != ground for x in columns) for y in range(part.height())]
    return sum(now and not before for before, now in itertools.pairwise([False, *used]))


@pytest.mark.parametrize("ratio", [1.0, 1.5, 2.0, 3.0])
def test_frequencies_and_levels_never_vanish(opened: Stage, ratio: float) -> None:
    view, wave, settings = opened.window.view.spectrogram, opened.window.view.waveform, opened.window.settings
    for scale in ("linear", "mel", "log", "bark", "erb"):
        settings.frequency_scale = scale
        for factor, about in ((1, 0.5), (6, 0.0), (12, 1.0), (64, 0.4)):
            view._set_axis(view.axis.zoomed(factor, about))
            rect = view.lane_rects()[0]
            strip = QRectF(0, rect.top(), 44, rect.height())
            assert figures_below_one_another(painted(view, ratio), strip, ratio) >= 2, (scale, factor)
            view._set_axis(view.axis.zoomed(1e-9, 0.5))
    for scale in ("linear", "dB"):
        settings.waveform_scale = scale
        for _ in range(9):
            wave.zoom_vertically(2.0, 10)
            rect = wave.lane_rects()[0]
            strip = QRectF(wave.area().right() + 6, rect.top(), 36, rect.height())
            assert figures_below_one_another(painted(wave, ratio), strip, ratio) >= 2, scale
        wave.zoom_vertically(1e-9, 10)


@pytest.mark.parametrize(
    ("length_s", "rate"), [(0.001, 8_000), (2, 48_000), (600, 192_000), (2 * 3600, 192_000), (90_000, 48_000)]
)
def test_times_are_round_and_do_not_touch(
    opened: Stage, monkeypatch: pytest.MonkeyPatch, length_s: float, rate: int
) -> None:
    timeline, ruler = opened.editor.timeline, opened.window.view.ruler
    labels: list[tuple[float, float, str]] = []

    class Telling(QPainter):
        def drawText(self, box: QRectF, flags: Qt.AlignmentFlag, text: str) -> None:  # type: ignore[override]
            labels.append((box.left(), box.left() + self.fontMetrics().horizontalAdvance(text), text))

    monkeypatch.setattr(time_ruler, "QPainter", Telling)
    font = ruler.font()
    font.setPointSizeF(font.pointSizeF() * 1.5)  # of a user who reads large letters
    ruler.setFont(font)
    timeline.set_sound(round(length_s * rate), rate)
    for zoom in [1.35**power for power in range(70)]:
        timeline.fit()
        timeline.zoom(zoom, timeline.length * 0.97)
        labels.clear()
        ruler.grab()
        assert len(labels) >= 2, zoom
        assert labels[0][0] >= 0
        assert labels[-1][1] <= ruler.width()
        assert all(other[0] > one[1] + 8 for one, other in itertools.pairwise(labels)), labels
        times = [parse_time(text) or 0.0 for _, _, text in labels]
        steps = {f"{later - sooner:.4e}" for sooner, later in itertools.pairwise(times)}
        assert len(steps) == 1, labels
        assert steps.pop()[:3] in ROUND
