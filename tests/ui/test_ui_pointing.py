"""What is previewed and which gaps are known is marked in the views, listed, and said."""

from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, Stage, open_samples
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from pytestqt.qtbot import QtBot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.views.callouts import Callout
from audiosr_desktop.ui.views.track_view import TrackView

GAPS_S = (1.0, 3.0, 3.1, 7.0)
GAP_S = 0.06


def badge_of(view: TrackView, number: int, kind: str) -> QPoint:
    """Return the middle of a badge, as it was painted last."""
    view.grab()
    area = view.area()
    for y in range(round(area.bottom()), round(area.top()), -2):
        for x in range(round(area.left()), round(area.right()), 2):
            found = view.callouts.at(QPointF(x, y))
            if found is not None and (found.number, found.kind) == (number, kind):
                return QPoint(x + 3, y - 2)
    raise AssertionError(f"no badge of {kind} {number}")


@pytest.fixture
def gappy(qtbot: QtBot, real: MainWindow, tmp_path: Path) -> MainWindow:
    """The window with gaps in a stereo sound, the third one on the right only, and Fill gap in the panel."""
    at = np.arange(9 * RATE) / RATE
    one = 0.2 * np.sin(2 * np.pi * 330 * at) + np.random.default_rng(2).normal(0.0, 0.02, at.size)
    samples = np.stack([one, one], axis=1)
    for place, start in enumerate(GAPS_S):
        span = slice(round(start * RATE), round((start + GAP_S) * RATE))
        samples[span, 1:] = 0.0
        if place != 2:
            samples[span] = 0.0
    open_samples(real, qtbot, tmp_path / "gaps.wav", samples)
    real.resize(1300, 850)
    real.panel.show_values("audiosr.fill-gap", {})
    return real


def find(window: MainWindow, qtbot: QtBot) -> None:
    QTest.mouseClick(window.panel.gaps.find_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: window.pointing.gaps.looked and not window.pointing.gaps.busy, timeout=30_000)


def rows(window: MainWindow) -> list[str]:
    return [window.panel.gaps.list.item(row).text() for row in range(window.panel.gaps.list.count())]


def test_gaps_are_listed_and_marked_one_by_one(qtbot: QtBot, gappy: MainWindow) -> None:
    assert gappy.editor.document is not None
    find(gappy, qtbot)
    assert [row.split("  ·  ")[1] for row in rows(gappy)] == [
        "00:01.000",
        "00:03.000",
        "00:03.100",
        "00:07.000",
    ]
    assert "right channel" in rows(gappy)[2]
    assert "4 found" in gappy.panel.gaps.told.text()
    assert not gappy.editor.document.modified
    for view in (gappy.view.waveform, gappy.view.spectrogram):
        starts = [callout.region.start / RATE for callout in view.callouts.shown]
        assert starts == pytest.approx(GAPS_S, abs=0.001)
    assert not gappy.grab().isNull()
    gappy.panel.chooser.setCurrentIndex(gappy.panel.chooser.findData("audiosr.denoise"))
    assert gappy.panel.gaps.list.isVisibleTo(gappy.panel)  # what is marked is listed
    assert not gappy.panel.gaps.find_button.isVisibleTo(gappy.panel)


@pytest.mark.parametrize("which", ["waveform", "spectrogram"])
def test_a_click_on_a_mark_selects_the_gap_and_its_row(qtbot: QtBot, gappy: MainWindow, which: str) -> None:
    find(gappy, qtbot)
    view: TrackView = getattr(gappy.view, which)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=badge_of(view, 3, "gap"))
    assert gappy.panel.gaps.list.currentRow() == 3
    selection = gappy.editor.timeline.selection
    assert selection is not None
    assert selection.start / RATE == pytest.approx(7.0, abs=0.001)
    assert selection.length / RATE == pytest.approx(GAP_S, abs=0.001)
    assert gappy.editor.timeline.playhead == selection.start
    assert [callout.number for callout in view.callouts.shown if callout.chosen] == [3]


def test_the_keyboard_reaches_every_gap_through_the_list(qtbot: QtBot, gappy: MainWindow) -> None:
    find(gappy, qtbot)
    timeline, gap_list = gappy.editor.timeline, gappy.panel.gaps.list
    timeline.show(8 * RATE, 9 * RATE)
    gap_list.setFocus()
    assert timeline.selection is None  # the focus alone goes nowhere
    seen = []
    for key in (Qt.Key.Key_Return, *[Qt.Key.Key_Down] * 3):
        QTest.keyClick(gap_list, key)
        assert timeline.selection is not None
        seen.append(timeline.selection.start / RATE)
        assert timeline.start <= timeline.selection.start < timeline.stop
    assert seen == pytest.approx(GAPS_S, abs=0.001)
    timeline.select(None)
    QTest.keyClick(gap_list, Qt.Key.Key_Return)
    assert timeline.selection is not None


def test_filled_gaps_are_marked_as_such_until_the_next_edit(qtbot: QtBot, gappy: MainWindow) -> None:
    editor = gappy.editor
    with qtbot.waitSignal(editor.applying.restored, timeout=60_000):
        gappy.apply_effect()
    assert [row.split("  ·  ")[-1] for row in rows(gappy)] == ["filled"] * 4
    shown = gappy.view.waveform.callouts.shown
    assert [callout.kind for callout in shown] == ["filled"] * 4
    assert shown[0].text == "✓ 1"
    find(gappy, qtbot)
    assert "No gaps" in gappy.panel.gaps.told.text()
    assert gappy.view.waveform.callouts.shown == ()
    gappy.actions_by_id["undo"].trigger()
    assert gappy.panel.gaps.told.text() == ""
    find(gappy, qtbot)
    assert len(rows(gappy)) == 4
    editor.close_document()
    assert rows(gappy) == []


def test_a_gap_is_previewed_with_the_sound_on_both_sides(qtbot: QtBot, gappy: MainWindow) -> None:
    find(gappy, qtbot)
    gappy.pointing.gaps.choose(1)
    gappy.actions_by_id["preview"].trigger()
    qtbot.waitUntil(lambda: "B is with" in gappy.preview.text, timeout=30_000)
    span = gappy.editor.transport.player.loop_span
    assert span is not None
    assert span[1] - span[0] == 2 * RATE
    assert span[0] < 3 * RATE < span[1]
    assert {callout.kind for callout in gappy.view.waveform.callouts.shown} == {"preview", "gap"}


def test_the_previewed_span_has_a_mark_with_words(
    stage: Stage, tone_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []
    monkeypatch.setattr(QAccessible, "isActive", staticmethod(lambda: True))
    monkeypatch.setattr(QAccessible, "updateAccessibility", lambda event: said.append(event.message()))
    stage.open(tone_file)
    window, timeline = stage.window, stage.editor.timeline
    timeline.select(Region(24_000, 60_000))
    window.actions_by_id["preview"].trigger()
    stage.qtbot.waitUntil(lambda: window.preview.region is not None, timeout=10_000)
    for view in (window.view.waveform, window.view.spectrogram):
        (mark,) = view.callouts.shown
        assert isinstance(mark, Callout)
        assert mark.region == Region(24_000, 60_000)
        assert "Preview" in mark.text
    stage.qtbot.waitUntil(lambda: any("Preview from 00:00 to 00:01" in text for text in said), timeout=5_000)
    timeline.select(None)
    QTest.mouseClick(
        window.view.waveform, Qt.MouseButton.LeftButton, pos=badge_of(window.view.waveform, 0, "preview")
    )
    assert timeline.selection == Region(24_000, 60_000)
    assert window.preview.on
    window.actions_by_id["preview"].trigger()
    assert window.view.waveform.callouts.shown == ()
    assert said[-1] == "The preview has ended"
