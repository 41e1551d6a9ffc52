"""Selecting as a person does: free shapes, putting shapes together, peaks, markers, typed values, history."""

import threading
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QEvent, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication
from test_ui_main_job import place

from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.mask import ROWS
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import Combine
from audiosr_desktop.ui.views.tools import Drag, Grip
from audiosr_desktop.ui.views.track_view import TrackView

NONE, SHIFT, ALT, CONTROL = (
    Qt.KeyboardModifier.NoModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
    Qt.KeyboardModifier.ControlModifier,
)


@pytest.fixture
def opened(stage: Stage, tmp_path: Path) -> Stage:
    stage.open(write_tone(tmp_path / "tone.wav"))
    view = stage.window.view.spectrogram
    stage.qtbot.waitUntil(lambda: view.picture is not None and view.picture.complete, timeout=10_000)
    return stage


def drag(view: TrackView, points: Sequence[QPointF], keys: Qt.KeyboardModifier = NONE) -> None:
    """Drag with the left button through places, some keys held."""
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton

    def send(kind: QEvent.Type, at: QPointF, button: Qt.MouseButton, held: Qt.MouseButton) -> None:
        everywhere = QPointF(view.mapToGlobal(at.toPoint()))
        QApplication.sendEvent(view, QMouseEvent(kind, at, everywhere, button, held, keys))

    send(QEvent.Type.MouseButtonPress, points[0], left, left)
    for point in points[1:]:
        send(QEvent.Type.MouseMove, point, none, left)
    send(QEvent.Type.MouseButtonRelease, points[-1], left, none)
    for _ in range(2000):  # a shape is computed in the background
        if view.drawn_shape() is None:
            return
        QTest.qWait(5)
    raise AssertionError("the shape is not there")


def gain_at(region: Region | None, seconds: float, hz: float) -> float:
    assert region is not None
    assert region.mask is not None
    row = hz / (RATE / 2) * (ROWS - 1)
    centres = np.array([seconds * RATE])
    return float(region.mask.gains_at(centres, ROWS)[round(row), 0])


def test_the_lasso_selects_what_it_goes_round(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    QTest.keyClick(opened.window, Qt.Key.Key_4)
    corners = [(0.5, 4000), (1.5, 4000), (1.5, 16_000), (1.0, 16_000), (1.0, 8000), (0.5, 8000)]
    drag(view, [place(view, *corner) for corner in corners])
    selection = timeline.selection
    assert gain_at(selection, 0.75, 6000) == 1.0
    assert gain_at(selection, 1.25, 14_000) == 1.0
    assert gain_at(selection, 0.75, 12_000) == 0.0
    assert 0.1 < gain_at(selection, 0.5, 6000) < 0.9  # a soft edge
    assert selection is not None
    assert selection.low_hz == pytest.approx(4000, abs=600)
    assert selection.start == pytest.approx(0.5 * RATE, abs=0.05 * RATE)
    assert timeline.playhead == selection.start


def test_the_brush_selects_where_it_went_and_a_click_is_a_dot(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    QTest.keyClick(opened.window, Qt.Key.Key_B)
    assert opened.window.tool_options.brush.isVisible()
    drag(view, [place(view, 0.5, 8000), place(view, 1.0, 8000), place(view, 1.0, 16_000)])
    assert gain_at(timeline.selection, 0.75, 8000) == pytest.approx(1.0, abs=0.02)
    assert gain_at(timeline.selection, 1.0, 12_000) == pytest.approx(1.0, abs=0.02)
    assert gain_at(timeline.selection, 0.7, 12_000) == 0.0
    drag(view, [place(view, 1.5, 5000)])
    assert timeline.selection is not None
    assert timeline.selection.start > RATE
    assert gain_at(timeline.selection, 1.5, 5000) > 0.9


def test_shapes_are_computed_in_the_background_and_another_selection_ends_that(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    gate, way = threading.Event(), Drag(Grip.SELECT, QPointF(), QPointF())

    def late() -> Region:
        gate.wait(10)
        return Region(5, 500)

    view.shapes.make(way, late)
    assert view.drawn_shape() is way  # its outline is still shown
    assert timeline.selection is None
    timeline.select(Region(0, 100))
    assert view.drawn_shape() is None
    with opened.qtbot.waitSignal(view.shapes.loader.finished, timeout=10_000):
        gate.set()
    assert timeline.selection == Region(0, 100)
    way.how = Combine.ADD
    with opened.qtbot.waitSignal(view.shapes.selected, timeout=10_000):
        view.shapes.make(way, lambda: Region(100, 500))
    assert timeline.selection == Region(0, 500)
    assert timeline.playhead == 0


def test_the_wand_selects_a_tone_and_nothing_else(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    opened.window.settings.softness_px = 1.0
    opened.window.settings.wand_db = 30.0
    QTest.keyClick(opened.window, Qt.Key.Key_W)
    drag(view, [place(view, 1.0, 3000)])
    assert gain_at(timeline.selection, 0.5, 3000) > 0.7
    assert gain_at(timeline.selection, 1.5, 3000) > 0.7
    for hz in (1000, 2000, 4000, 12_000):
        assert gain_at(timeline.selection, 1.0, hz) == 0.0


def test_shift_adds_alt_takes_away_and_both_intersect(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    drag(view, [place(view, 0.5, 12_000), place(view, 1.0, 6000)])
    first = timeline.selection
    assert first is not None
    drag(view, [place(view, 1.25, 9000), place(view, 1.5, 3000)], SHIFT)
    assert gain_at(timeline.selection, 0.75, 9000) == gain_at(timeline.selection, 1.4, 6000) == 1.0
    assert gain_at(timeline.selection, 1.1, 6000) == 0.0
    drag(view, [place(view, 0.7, 20_000), place(view, 0.8, 100)], ALT)
    assert gain_at(timeline.selection, 0.75, 9000) == 0.0
    assert gain_at(timeline.selection, 0.6, 9000) == 1.0
    drag(view, [place(view, 1.2, 20_000), place(view, 1.9, 1000)], SHIFT | ALT)
    assert timeline.selection is not None
    assert timeline.selection.start >= 1.2 * RATE
    assert gain_at(timeline.selection, 1.4, 6000) == 1.0
    drag(view, [place(view, 0.1, 20_000), place(view, 1.9, 100)], ALT)
    assert timeline.selection is None


def test_free_tools_select_time_in_the_waveform(opened: Stage) -> None:
    view, timeline = opened.window.view.waveform, opened.editor.timeline
    QTest.keyClick(opened.window, Qt.Key.Key_4)
    drag(view, [QPointF(view.x_of(RATE / 2), 40), QPointF(view.x_of(RATE), 60)])
    assert timeline.selection is not None
    assert not timeline.selection.has_band


def test_the_centre_line_snaps_to_a_spectral_peak_unless_shift_frees_it(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    timeline.select(Region(RATE // 2, RATE, 6000.0, 10_000.0))
    start = place(view, 0.75, 8000)
    near = place(view, 0.75, 3150)
    drag(view, [start, QPointF(start.x(), near.y() - 10), near])
    assert timeline.selection is not None
    assert timeline.selection.low_hz == pytest.approx(1000, abs=2)
    assert timeline.selection.high_hz == pytest.approx(5000, abs=2)
    free_start, free = place(view, 0.75, 3000), place(view, 0.75, 7000)
    left, none = Qt.MouseButton.LeftButton, Qt.MouseButton.NoButton
    QTest.mousePress(view, left, pos=free_start.toPoint())
    event = QMouseEvent(QEvent.Type.MouseMove, free, free, none, left, SHIFT)
    QApplication.sendEvent(view, event)
    QTest.mouseRelease(view, left, pos=free.toPoint())
    assert timeline.selection.low_hz == pytest.approx(5000, abs=60)
    assert timeline.selection.high_hz is not None
    assert timeline.selection.high_hz - timeline.selection.low_hz == pytest.approx(4000)


def test_edges_snap_to_markers_and_a_double_click_selects_between_them(opened: Stage) -> None:
    view, timeline = opened.window.view.waveform, opened.editor.timeline
    timeline.set_marks(tuple(Mark(Region(at, at)) for at in (RATE // 2, 3 * RATE // 2)))
    x = view.x_of(RATE / 2) + 4
    drag(view, [QPointF(view.x_of(RATE), 40), QPointF(x + 30, 40), QPointF(x, 40)])
    assert timeline.selection is not None
    assert timeline.selection.start == RATE // 2
    at = QPointF(view.x_of(RATE), 40).toPoint()
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at)
    assert timeline.selection == Region(RATE // 2, 3 * RATE // 2)
    timeline.set_marks(())
    QTest.mouseDClick(view, Qt.MouseButton.LeftButton, pos=at)
    assert timeline.selection == Region(0, 2 * RATE)


def test_edges_snap_to_zero_crossings_where_that_is_wanted(opened: Stage) -> None:
    view, timeline, window = opened.window.view.waveform, opened.editor.timeline, opened.window
    window.settings.snap_to_zero = True
    drag(view, [QPointF(200, 50), QPointF(301, 50)])
    sound = opened.editor.sound
    assert sound is not None
    selection = timeline.selection
    assert selection is not None
    for edge in (selection.start, selection.stop):
        before, after = sound.read(edge - 1, edge + 1).sum(axis=0)
        assert before < 0 <= after
    window.settings.snap_to_zero = False
    timeline.select(None)
    drag(view, [QPointF(200, 50), QPointF(301, 50)])
    assert timeline.selection == Region(round(view.sample_at(200)), round(view.sample_at(301)))


def test_control_and_a_drag_scrub(opened: Stage) -> None:
    view, heard = opened.window.view.waveform, []
    opened.window.view.scrubbed.connect(heard.append)
    drag(view, [QPointF(view.x_of(s * RATE), 40) for s in (0.5, 0.7, 0.9)], CONTROL)
    assert heard == pytest.approx([0.7 * RATE, 0.9 * RATE], abs=200)
    assert opened.editor.timeline.selection is None


def test_harmonics_and_the_selections_before(opened: Stage) -> None:
    window, timeline = opened.window, opened.editor.timeline
    band = Region(RATE // 2, RATE, 900.0, 1100.0)
    timeline.select(band)
    QTest.keyClick(window, Qt.Key.Key_H)
    assert gain_at(timeline.selection, 0.75, 3000) == 1.0
    assert gain_at(timeline.selection, 0.75, 2500) == 0.0
    comb = timeline.selection
    QTest.keyClick(window, Qt.Key.Key_BracketLeft, ALT)
    assert timeline.selection == band
    QTest.keyClick(window, Qt.Key.Key_BracketLeft, ALT)
    assert timeline.selection is None
    QTest.keyClick(window, Qt.Key.Key_BracketLeft, ALT)
    assert timeline.selection is None
    for wanted in (band, comb, comb):
        QTest.keyClick(window, Qt.Key.Key_BracketRight, ALT)
        assert timeline.selection == wanted
    QTest.keyClick(window, Qt.Key.Key_Q)
    assert timeline.selection == Region(RATE // 2, RATE)
    QTest.keyClick(window, Qt.Key.Key_Q)
    assert timeline.selection == comb


def test_a_drag_is_one_entry_of_the_selections_before(opened: Stage) -> None:
    view, timeline = opened.window.view.waveform, opened.editor.timeline
    for start in (0.2, 0.6):
        drag(view, [QPointF(view.x_of((start + step / 20) * RATE), 40) for step in range(6)])
    last = timeline.selection
    timeline.show_selection_before()
    assert timeline.selection is not None
    assert timeline.selection.start == pytest.approx(0.2 * RATE, abs=200)
    timeline.show_selection_after()
    assert timeline.selection == last


@pytest.mark.parametrize(("centre", "width"), [("5000", "1000"), ("5000,0", "1000.0")])
def test_centre_and_width_can_be_typed(opened: Stage, centre: str, width: str) -> None:
    bar, timeline = opened.window.selection_bar, opened.editor.timeline
    timeline.select(Region(0, RATE, 1000.0, 3000.0))
    assert (bar.centre.text(), bar.width_.text()) == ("2000", "2000")
    for line, text in ((bar.centre, centre), (bar.width_, width)):
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)
    assert timeline.selection == Region(0, RATE, 4500.0, 5500.0)


def test_a_typed_band_cuts_a_shape(opened: Stage) -> None:
    bar, timeline, view = opened.window.selection_bar, opened.editor.timeline, opened.window.view.spectrogram
    QTest.keyClick(opened.window, Qt.Key.Key_4)
    drag(view, [place(view, *corner) for corner in ((0.5, 2000), (1.5, 2000), (1.0, 18_000))])
    bar.high.setFocus()
    bar.high.selectAll()
    QTest.keyClicks(bar.high, "8000")
    QTest.keyClick(bar.high, Qt.Key.Key_Return)
    assert gain_at(timeline.selection, 1.0, 6000) == 1.0
    assert gain_at(timeline.selection, 1.0, 10_000) == 0.0


def test_an_effect_obeys_a_drawn_shape_and_undo_brings_all_back(opened: Stage) -> None:
    view, editor = opened.window.view.spectrogram, opened.editor
    sound = editor.sound
    assert sound is not None
    QTest.keyClick(opened.window, Qt.Key.Key_4)
    drag(view, [place(view, *corner) for corner in ((0.5, 2000), (1.5, 2000), (1.5, 5000), (0.5, 5000))])
    QTest.keyClick(opened.window, Qt.Key.Key_Return, CONTROL)
    opened.idle()
    after = editor.sound
    assert after is not None
    assert after is not sound
    change = after.read(0, after.length) - sound.read(0, sound.length)
    assert not change[:, : RATE // 3].any()
    spectrum = np.abs(np.fft.rfft(change[0, RATE * 3 // 4 : RATE * 5 // 4] * np.hanning(RATE // 2)))
    assert spectrum[1500] > 1000 * spectrum[500]  # 3 kHz was halved, 1 kHz left
    QTest.keyClick(opened.window, Qt.Key.Key_Z, CONTROL)
    assert editor.sound is sound
    assert not opened.answers.errors
    assert not opened.window.grab().isNull()
