"""What is seen: each setting of the pictures as chosen in the window, read back from pixels and levels."""

import itertools
import re
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RATE, Stage
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QComboBox, QLabel, QWidget
from test_ui_main_job import drag, place
from test_ui_selection import drag as drag_with_keys

from audiosr_desktop.audio.region import Region
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.ui.dialogs.preferences import PreferencesDialog
from audiosr_desktop.ui.views.colour_maps import NAMES, colours
from audiosr_desktop.ui.views.spectrogram_tiles import level_of

KEY, KEYS, BUTTON = Qt.Key, Qt.KeyboardModifier, Qt.MouseButton
TONE_HZ, CLICK_S = 6000.0, 1.5


@pytest.fixture
def seen(stage: Stage, tmp_path: Path) -> Stage:
    """A tone of -20 dBFS left, a click and clipped samples right, a little noise on both."""
    at = np.arange(2 * RATE) / RATE
    noise = np.random.default_rng(3).standard_normal((at.size, 2)) * 1e-4
    noise[:, 0] += 0.1 * np.sin(2 * np.pi * TONE_HZ * at)
    noise[round(CLICK_S * RATE), 1] += 0.5
    noise[RATE // 2 : RATE // 2 + 400, 1] = 1.0
    noise[RATE : RATE + 4800, 1] = np.where(np.arange(4800) % 2, -0.5, 0.1)
    soundfile.write(tmp_path / "seen.wav", noise, RATE, "FLOAT")
    stage.open(tmp_path / "seen.wav")
    drawn(stage)
    return stage


def drawn(stage: Stage) -> None:
    """Wait until both views show all there is, as it is asked for now."""
    view = stage.window.view

    def is_drawn() -> bool:
        tracks = (view.spectrogram, view.waveform)
        if any(track._request_timer.isActive() or track._answered != track._asked_for for track in tracks):
            return False
        picture = view.spectrogram.picture
        return picture is not None and picture.complete and view.waveform.picture is not None

    stage.qtbot.waitUntil(is_drawn, timeout=10_000)


def choose(stage: Stage, setting: str, value: object) -> None:
    """Choose a value in the settings of the spectrogram, which a key opens."""
    QTest.keyClick(stage.window, KEY.Key_Comma, KEYS.ControlModifier | KEYS.ShiftModifier)
    (dialog,) = stage.window.findChildren(PreferencesDialog)
    dialog.activateWindow()  # as a window manager does
    stage.qtbot.waitUntil(dialog.isActiveWindow)
    labels = [label for label in dialog.findChildren(QLabel) if label.text().replace("&", "") == setting]
    (box,) = [label.buddy() for label in labels]
    assert isinstance(box, QComboBox)
    box.setFocus()
    QTest.keyClick(box, KEY.Key_Home)
    for _ in range(box.findData(value)):
        QTest.keyClick(box, KEY.Key_Down)
    assert box.currentData() == value
    dialog.close()
    QApplication.sendPostedEvents(dialog, int(QEvent.Type.DeferredDelete.value))
    stage.window.activateWindow()
    stage.qtbot.waitUntil(stage.window.isActiveWindow)
    drawn(stage)


def levels(stage: Stage) -> np.ndarray:
    picture = stage.window.view.spectrogram.picture
    assert picture is not None
    return picture.levels.astype(np.int16)


def tone_rows(stage: Stage) -> int:
    """Return how many rows the tone is thick, 20 dB below its level."""
    picture = levels(stage)
    column = picture[0][:, picture.shape[2] // 4]
    return int((column > column.max() - 32).sum())


def click_length(stage: Stage) -> int:
    """Return how many samples the click is wide, 20 dB below its level."""
    picture = stage.window.view.spectrogram.picture
    assert picture is not None
    middle, reach = (round(CLICK_S * RATE) - picture.start) // picture.hop, 30_000 // picture.hop
    row = levels(stage)[1][20, max(0, middle - reach) : middle + reach]
    return int((row > row.max() - 32).sum()) * picture.hop


def test_the_size_of_frames_trades_time_for_frequency(seen: Stage) -> None:
    view, thick, wide = seen.window.view.spectrogram, [], []
    seen.editor.timeline.show(1.2 * RATE, 1.8 * RATE)
    for size in (256, 512, 1024, 2048, 4096, 8192, 16_384, 32_768):
        choose(seen, "FFT size", size)
        assert view._answered is not None
        assert level_of(view._answered)[0] == size
        thick.append(tone_rows(seen))
        wide.append(click_length(seen))
        assert view.picture is not None
        there = view.picture.level_db(0, TONE_HZ / (RATE / 2), 1.5 * RATE)
        assert there == pytest.approx(-20, abs=1.5)
    assert thick == sorted(thick, reverse=True)
    assert thick[0] > 3 * thick[-1]
    assert wide == sorted(wide)
    assert wide[-1] > 8 * wide[0]


def test_the_size_follows_the_zoom_where_it_is_left_to_it(seen: Stage) -> None:
    view, timeline = seen.window.view.spectrogram, seen.editor.timeline

    def size() -> int:
        drawn(seen)
        assert view._answered is not None
        return level_of(view._answered)[0]

    sizes = [size()]
    for _ in range(14):
        QTest.keyClick(seen.window, KEY.Key_Equal, KEYS.ControlModifier)
    sizes.append(size())
    timeline.fit()
    view.setFocus()
    for _ in range(8):
        QTest.keyClick(view, KEY.Key_Up, KEYS.ControlModifier)
    sizes.append(size())
    assert sizes == [2048, 512, 8192]


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("Window", ["Hann", "Blackman–Harris", "Hamming", "Kaiser"]),
        ("Overlap (%)", [50.0, 75.0, 87.5, 93.75]),
        ("Zero padding (×)", [1, 2, 4, 8]),
    ],
)
def test_each_way_to_measure_gives_a_picture_of_its_own_at_the_same_level(
    seen: Stage, setting: str, values: list[object]
) -> None:
    view, pictures = seen.window.view.spectrogram, []
    for value in values:
        choose(seen, setting, value)
        assert view.picture is not None
        place_of_tone = TONE_HZ / (RATE / 2)
        assert view.picture.level_db(0, place_of_tone, RATE) == pytest.approx(-20, abs=1.5)
        assert view.picture.level_db(0, 0.9, RATE) == pytest.approx(-108, abs=16)
        pictures.append(view.picture.levels)
    if setting != "Overlap (%)":  # far out, frames lie closer than any overlap asks for
        differ = [not np.array_equal(one, other) for one, other in itertools.pairwise(pictures)]
        assert all(differ)


@pytest.mark.parametrize("scale", ["linear", "mel", "log", "bark", "erb"])
def test_the_tone_lies_where_the_ruler_says_on_every_scale(seen: Stage, scale: str) -> None:
    choose(seen, "Frequency scale", scale)
    view = seen.window.view.spectrogram
    shown = view.grab().toImage()
    rect = view.lane_rects()[0]
    x = round(view.x_of(0.5 * RATE))
    rows = range(round(rect.top()) + 4, round(rect.bottom()) - 4)
    lights = [shown.pixelColor(x, y).lightness() for y in rows]
    brightest = rows[int(np.argmax(lights))]
    assert brightest == pytest.approx(view.y_of_hz(TONE_HZ, 0), abs=2)
    QTest.mouseMove(view, QPoint(x, brightest))
    text = seen.window.status.readout.text()
    hz = float(text.split("kHz")[0].split()[-1].replace(",", "."))
    assert hz == pytest.approx(6.0, rel=0.03)
    assert "F♯8" in text or "G8" in text or "F8" in text
    assert "−20 dBFS" in text or "−21 dBFS" in text or "−19 dBFS" in text


@pytest.mark.parametrize("name", NAMES)
def test_each_colour_map_paints_loud_and_quiet_in_its_own_ends(seen: Stage, name: str) -> None:
    choose(seen, "Colours", name)
    view = seen.window.view.spectrogram
    shown, table = view.grab().toImage(), colours(name)
    loud = shown.pixelColor(place(view, 0.5, TONE_HZ).toPoint())
    quiet = shown.pixelColor(place(view, 0.5, 20_000).toPoint())

    channels = np.stack([table >> 16 & 255, table >> 8 & 255, table & 255], axis=1).astype(int)
    indices = []
    for colour in (quiet, loud):
        away = np.abs(channels - np.array(colour.getRgb()[:3])).max(axis=1)
        assert away.min() <= 24  # a colour of this map, or between two of its rows
        indices.append(int(away.argmin()))
    # -108 and -20 dBFS of -120 to -20
    assert indices[0] < table.size * 0.4
    assert indices[1] > table.size * 0.8


def test_the_colour_bar_dragged_down_makes_the_quiet_bright(seen: Stage) -> None:
    view = seen.window.view.spectrogram
    rect = view.lane_rects()[0]
    x, noise = rect.right() + 10, place(view, 0.5, 20_000).toPoint()
    before = view.grab().toImage().pixelColor(noise).lightness()
    drag(
        view, QPointF(x, rect.bottom() - 0.9 * rect.height()), QPointF(x, rect.bottom() - 0.3 * rect.height())
    )
    drawn(seen)
    assert seen.window.settings.level_high_db < -60
    assert view.grab().toImage().pixelColor(noise).lightness() > before + 15


def test_the_cutoff_is_a_dashed_line_with_its_confidence_until_it_is_dragged(
    stage: Stage, tmp_path: Path
) -> None:
    noise = np.random.default_rng(0).standard_normal((2, 2 * RATE)).astype(np.float32) * 0.1
    soundfile.write(tmp_path / "low.wav", lowpass(noise, RATE, 8000.0, "cheby", 8).T, RATE, "FLOAT")
    with stage.qtbot.waitSignal(stage.editor.measurements.cutoff_changed, timeout=20_000):
        stage.open(tmp_path / "low.wav")
    drawn(stage)
    view = stage.window.view.spectrogram
    assert view.cutoff.hz == pytest.approx(8000, rel=0.05)
    assert re.fullmatch(r" · \d\d % sure", view.cutoff.text.replace("%", " %").replace("  ", " "))
    y = view.y_of_hz(view.cutoff.hz or 0.0, 0)
    assert y is not None
    shown, wanted = view.grab().toImage(), stage.window.theme.colour("cutoff")
    line = [shown.pixelColor(x, round(y)) == wanted for x in range(200, 400)]
    assert 60 < sum(line) < 190  # dashes
    tag = view.cutoff.tags[0][0].center()
    drag(view, tag, QPointF(tag.x(), tag.y() - 60))
    assert (view.cutoff.hz or 0.0) > 9000
    assert view.cutoff.text == ""  # it is the user's now
    assert stage.editor.timeline.selection is None


def test_brightening_is_seen_above_one_kilohertz(seen: Stage) -> None:
    view = seen.window.view.spectrogram
    spots = [place(view, 0.5, hz).toPoint() for hz in (400, 20_000)]
    before = [view.grab().toImage().pixelColor(spot).lightness() for spot in spots]
    seen.window.settings.tilt_db = 30.0
    drawn(seen)
    after = [view.grab().toImage().pixelColor(spot).lightness() for spot in spots]
    assert after[0] == before[0]
    assert after[1] > before[1] + 20


# the waveform


def is_near(colour: str, stage: Stage, x: float, y: float) -> bool:
    view = stage.window.view.waveform
    found, wanted = view.grab().toImage().pixelColor(round(x), round(y)), stage.window.theme.colour(colour)
    return all(abs(a - b) < 25 for a, b in zip(found.getRgb()[:3], wanted.getRgb()[:3], strict=True))  # type: ignore[index]


def test_envelope_core_and_clipped_samples_have_their_colours(seen: Stage) -> None:
    view = seen.window.view.waveform
    seen.editor.timeline.move_playhead(0)
    rect = view.lane_rects()[1]

    def y(amplitude: float) -> float:
        return rect.center().y() - amplitude * rect.height() / 2

    clipped = view.x_of(RATE // 2 + 200)
    assert is_near("clip", seen, clipped, y(0.99))
    alternating = view.x_of(RATE + 2400)  # between -0.5 and 0.1, with an RMS of 0.36
    assert is_near("wave", seen, alternating, y(-0.43))
    assert is_near("wave_core", seen, alternating, y(-0.2))
    assert not is_near("wave", seen, alternating, y(0.2))
    assert not is_near("wave_core", seen, alternating, y(0.2))
    QTest.mouseMove(view, QPointF(clipped, y(0.5)).toPoint())
    assert seen.window.status.readout.text().endswith("0.0 dBFS  clipped")


def test_decibels_make_the_quiet_taller_and_relabel_the_ruler(seen: Stage) -> None:
    view = seen.window.view.waveform
    rect, x = view.lane_rects()[0], view.x_of(RATE // 4)
    y = rect.center().y() - 0.5 * rect.height() / 2
    assert not is_near("wave", seen, x, y)
    ruler = ruler_strip(view)
    seen.window.settings.waveform_scale = "dB"
    drawn(seen)
    assert is_near("wave", seen, x, y) or is_near("wave_core", seen, x, y)  # -20 dB is two thirds of 60
    assert ruler_strip(view) != ruler


def ruler_strip(view: QWidget) -> QImage:
    return view.grab().toImage().copy(view.width() - 42, 0, 42, view.height())


def test_samples_are_dots_on_a_line_at_eight_pixels_each(seen: Stage) -> None:
    view, timeline = seen.window.view.waveform, seen.editor.timeline
    timeline.move_playhead(0)
    timeline.zoom(1e9, RATE)
    drawn(seen)
    assert view.area().width() / timeline.span == pytest.approx(8.0)
    rect = view.lane_rects()[1]
    for sample in range(RATE + 4, RATE + 12):
        height = rect.center().y() - (-0.5 if (sample - RATE) % 2 else 0.1) * rect.height() / 2
        assert is_near("wave_core", seen, view.x_of(sample), height)
    assert not is_near("wave_core", seen, view.x_of(RATE + 4.5), rect.center().y() - 0.3 * rect.height())


# what lies over the pictures


def test_a_wipe_shows_and_reads_out_the_sound_before_on_its_left(seen: Stage) -> None:
    view, timeline = seen.window.view.spectrogram, seen.editor.timeline
    timeline.select(Region(0, 2 * RATE, None, None, None, (0,)))
    QTest.keyClick(seen.window, KEY.Key_L, KEYS.ControlModifier | KEYS.ShiftModifier)  # silence
    seen.idle()
    timeline.pick(None)
    QTest.keyClick(seen.window, KEY.Key_Escape)
    QTest.keyClick(seen.window, KEY.Key_W, KEYS.ShiftModifier)
    seen.qtbot.waitUntil(lambda: view.wipe.picture is not None and view.wipe.picture.complete, timeout=10_000)
    drawn(seen)
    told = []
    for wiped in (0.25, 0.9):
        area = view.area()
        handle = view.wipe.centre(area)
        drag(view, handle, QPointF(area.left() + wiped * area.width(), handle.y()))
        spot = place(view, 1.2, TONE_HZ).toPoint()
        shade = view.grab().toImage().pixelColor(spot).lightness()
        QTest.mouseMove(view, spot + QPoint(1, 0))
        QTest.mouseMove(view, spot)
        told.append((shade > 120, seen.window.status.readout.text().split("   ")[-1]))
    assert [bright for bright, _ in told] == [False, True]
    assert told[0][1].startswith("−1")  # of silence: -160
    assert len(told[0][1]) == len("−160 dBFS")
    assert told[1][1] in ("−20 dBFS", "−21 dBFS", "−19 dBFS")


def test_the_picked_channel_stays_bright_with_the_wave_over_it(seen: Stage) -> None:
    view = seen.window.view.spectrogram
    QTest.keyClick(seen.window, KEY.Key_O, KEYS.ShiftModifier)
    seen.qtbot.waitUntil(lambda: view.overlay.span[1] > 0, timeout=10_000)
    drawn(seen)

    def lights() -> list[int]:
        shown, x = view.grab().toImage(), round(view.x_of(RATE // 4))
        return [shown.pixelColor(x, round(rect.center().y())).lightness() for rect in view.lane_rects()]

    all_of_them = lights()
    QTest.mouseClick(view, BUTTON.LeftButton, pos=view.button_of(0).center().toPoint())
    picked = lights()
    assert picked[0] == all_of_them[0] > 100  # the wave crosses the middle of its lane
    assert picked[1] < all_of_them[1] - 30
    wave = seen.window.view.waveform.grab().toImage()
    other = seen.window.view.waveform.lane_rects()[1].center().toPoint()
    assert wave.pixelColor(other).lightness() < 160


def test_the_outline_of_a_shape_is_thin_at_every_zoom(seen: Stage) -> None:
    view, timeline = seen.window.view.spectrogram, seen.editor.timeline
    timeline.select(Region(RATE // 4, RATE // 2, 10_000.0, 15_000.0))
    timeline.move_playhead(2 * RATE)
    drag_with_keys(view, [place(view, *one) for one in ((0.9, 15_000), (1.3, 10_000))], KEYS.ShiftModifier)
    selection = timeline.selection
    assert selection is not None
    assert selection.mask is not None
    for start, stop in ((0, 2), (0.85, 1.4), (0.89, 0.95)):
        timeline.show(start * RATE, stop * RATE)
        drawn(seen)
        row = round(view.y_of_hz(12_500, 0) or 0)
        shown = view.grab().toImage()
        left = round(view.x_of(max(start, 0.85) * RATE)) + 2
        right = round(view.x_of(min(stop, 1.1) * RATE)) - 4
        white = [x for x in range(left, right) if shown.pixelColor(x, row).lightness() > 235]
        assert 1 <= len(white) <= 3
        assert white[0] == pytest.approx(view.x_of(0.9 * RATE), abs=max(3, view.x_of(1024) - view.x_of(0)))
