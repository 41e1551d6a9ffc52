"""Every rule of the mouse and every key, each as a row: what is done, and what must come of it."""

from pathlib import Path

import pytest
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import (
    QContextMenuEvent,
    QGuiApplication,
    QKeySequence,
    QNativeGestureEvent,
    QPointingDevice,
    QWheelEvent,
)
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from test_ui_main_job import place
from test_ui_selection import drag
from test_ui_views import wheel

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.views.tools import Tool
from audiosr_desktop.ui.views.wheels import ZOOM_PER_NOTCH

SECONDS = 40
KEYS = Qt.KeyboardModifier

# the keys that users of editors expect, and the action that each must be on; "view" keys need the focus there
KEY_TABLE = """
Space play | Shift+Space play_on | P pause | L loop | Shift+L loop_selection | Home to_start | End to_end
Left step_left | Right step_right | , back | . forward | Shift+, far_back | Shift+. far_forward
C cut_preview
Shift+F5 before_start | Shift+F6 after_start | Shift+F7 before_end | Shift+F8 after_end
A compare | D delta | G level_match | Shift+Left extend_left | Shift+Right extend_right
Ctrl+Shift+Left contract_left | Ctrl+Shift+Right contract_right | [ edge_left | ] edge_right
Ctrl+A select_all | Ctrl+Shift+A select_none | Esc select_none | Z zero | Q band
1 hand | 2 time | T time | 3 time_frequency | R time_frequency | F frequency | 4 lasso | 5 brush | B brush
6 wand | W wand | Ctrl+Z undo | Ctrl+Shift+Z redo | Ctrl+Y redo | Ctrl+X cut | Ctrl+C copy | Ctrl+V paste
Del delete | Ctrl+Shift+H history | M mark | Alt+Left previous_mark | Alt+Right next_mark | V preview
Ctrl+Return apply | Ctrl+R repeat | Ctrl+. cancel | Ctrl+1 view_waveform | Ctrl+2 view_spectrogram
Ctrl+3 view_both | Ctrl+= zoom_in | Ctrl+- zoom_out | Ctrl+E zoom_selection | Ctrl+F zoom_fit
Shift+Z zoom_back | Ctrl+Shift+, spectrogram_settings | Ctrl+O open | Ctrl+S save | Ctrl+W close | Ctrl+Q quit
Ctrl+Shift+E export | Ctrl+, preferences | F6 next_pane | Shift+F10 context_menu | F11 full_screen | F1 guide
"""


@pytest.fixture
def opened(stage: Stage, tmp_path: Path) -> Stage:
    stage.open(write_tone(tmp_path / "long.wav", seconds=SECONDS, channels=2))
    stage.editor.timeline.show(10 * RATE, 30 * RATE)
    stage.window.view.set_tool(Tool.TIME_FREQUENCY)
    return stage


def test_every_key_is_on_its_action(stage: Stage) -> None:
    rows = [row.split() for row in KEY_TABLE.replace("\n", "|").split("|") if row.strip()]
    assert len(rows) > 70
    held = {
        name: [sequence.toString() for sequence in action.shortcuts()]
        for name, action in stage.window.actions_by_id.items()
    }
    assert [row for row in rows if QKeySequence(row[0]).toString() not in held[row[1]]] == []


def spectrogram(stage: Stage, seconds: float, hz: float) -> QPointF:
    return place(stage.window.view.spectrogram, seconds, hz)


def pan_by_trackpad(
    view: QWidget, x: int, y: int, phase: Qt.ScrollPhase = Qt.ScrollPhase.ScrollUpdate
) -> None:
    at = QPointF(view.rect().center())
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at.toPoint())),
        QPoint(x, y),
        QPoint(x * 8, y * 8),
        Qt.MouseButton.NoButton,
        KEYS.NoModifier,
        phase,
        False,
    )
    QApplication.sendEvent(view, event)


def pinch(view: QWidget, value: float) -> None:
    at = QPointF(view.rect().center())
    device = QPointingDevice.primaryPointingDevice()
    kind = Qt.NativeGestureType.ZoomNativeGesture
    event = QNativeGestureEvent(kind, device, 2, at, at, at, value, QPointF(), 1)
    QApplication.sendEvent(view, event)


def middle_drag(view: QWidget, start: QPoint, stop: QPoint) -> None:
    QTest.mousePress(view, Qt.MouseButton.MiddleButton, pos=start)
    for share in (0.3, 0.7, 1.0):
        QTest.mouseMove(view, start + (stop - start) * share)
    QTest.mouseRelease(view, Qt.MouseButton.MiddleButton, pos=stop)


def seen(stage: Stage) -> tuple[float, float]:
    return stage.editor.timeline.start, stage.editor.timeline.stop


def axis(stage: Stage) -> tuple[float, float]:
    shown = stage.window.view.spectrogram.axis
    return shown.bottom, shown.top


@pytest.mark.parametrize("keys", [KEYS.NoModifier, KEYS.ControlModifier])
def test_a_notch_of_the_wheel_zooms_time_about_the_pointer(opened: Stage, keys: KEYS) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    span, frequencies, at = timeline.span, axis(opened), spectrogram(opened, 15, 9000)
    wheel(view, at, 1, keys)
    assert timeline.span == pytest.approx(span / ZOOM_PER_NOTCH)
    assert view.sample_at(at.x()) == pytest.approx(15 * RATE, abs=1)
    assert axis(opened) == frequencies


@pytest.mark.parametrize("pane", ["waveform", "spectrogram", "overview"])
def test_shift_and_a_sideways_wheel_scroll(opened: Stage, pane: str) -> None:
    view, timeline = getattr(opened.window.view, pane), opened.editor.timeline
    span, start = timeline.span, timeline.start
    wheel(view, QPointF(view.rect().center()), -1, KEYS.ShiftModifier)
    assert timeline.start > start
    assert timeline.span == pytest.approx(span)


@pytest.mark.parametrize("place_of_pointer", ["picture with Alt", "ruler"])
def test_the_frequencies_zoom_alone(opened: Stage, place_of_pointer: str) -> None:
    view, before, frequencies = opened.window.view.spectrogram, seen(opened), axis(opened)
    if place_of_pointer == "ruler":
        wheel(view, QPointF(10, 100), 2)
    else:
        wheel(view, spectrogram(opened, 15, 9000), 2, KEYS.AltModifier)
    assert axis(opened)[1] - axis(opened)[0] < frequencies[1] - frequencies[0]
    assert seen(opened) == before


def test_the_wheel_over_the_time_ruler_zooms_time(opened: Stage) -> None:
    ruler, span, frequencies = opened.window.view.ruler, opened.editor.timeline.span, axis(opened)
    wheel(ruler, QPointF(ruler.rect().center()), 4)
    assert opened.editor.timeline.span == pytest.approx(span / 2)
    assert axis(opened) == frequencies


@pytest.mark.parametrize("phase", [Qt.ScrollPhase.ScrollUpdate, Qt.ScrollPhase.NoScrollPhase])
@pytest.mark.parametrize("pane", ["waveform", "spectrogram", "ruler", "overview"])
def test_two_fingers_pan_and_are_never_notches(opened: Stage, pane: str, phase: Qt.ScrollPhase) -> None:
    span, start = opened.editor.timeline.span, opened.editor.timeline.start
    pan_by_trackpad(getattr(opened.window.view, pane), -30, 0, phase)
    assert opened.editor.timeline.span == pytest.approx(span)
    assert opened.editor.timeline.start > start


def test_pixels_of_a_mouse_under_x11_mean_nothing(opened: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(QGuiApplication, "platformName", lambda: "xcb")
    timeline = opened.editor.timeline
    span = timeline.span
    pan_by_trackpad(opened.window.view.waveform, 0, 15, Qt.ScrollPhase.NoScrollPhase)  # a notch, at 8 a pixel
    assert timeline.span == pytest.approx(span / ZOOM_PER_NOTCH)
    pan_by_trackpad(opened.window.view.waveform, 0, 15)
    assert timeline.span == pytest.approx(span / ZOOM_PER_NOTCH)


@pytest.mark.parametrize("pane", ["waveform", "ruler", "overview"])
def test_a_fine_wheel_comes_to_the_same_as_notches(opened: Stage, pane: str) -> None:
    view, timeline = getattr(opened.window.view, pane), opened.editor.timeline
    span = timeline.span
    for _ in range(8):  # an eighth of a notch each
        wheel(view, QPointF(view.rect().center()), 1 / 8)
    assert timeline.span == pytest.approx(span / ZOOM_PER_NOTCH)


@pytest.mark.parametrize("pane", ["ruler", "overview"])
def test_the_sensitivity_of_the_wheel_holds_for_the_strips_too(opened: Stage, pane: str) -> None:
    opened.window.settings.wheel_sensitivity = 2.0
    ruler, span = getattr(opened.window.view, pane), opened.editor.timeline.span
    wheel(ruler, QPointF(ruler.rect().center()), 1)
    assert opened.editor.timeline.span == pytest.approx(span / ZOOM_PER_NOTCH**2)


def test_a_pinch_zooms(opened: Stage) -> None:
    span = opened.editor.timeline.span
    pinch(opened.window.view.spectrogram, 0.25)
    assert opened.editor.timeline.span == pytest.approx(span / 1.25)


def test_the_middle_button_pans_with_any_tool(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    timeline.select(Region(12 * RATE, 14 * RATE))
    start, span = timeline.start, timeline.span
    middle_drag(view, QPoint(600, 100), QPoint(400, 100))
    assert timeline.start > start
    assert timeline.span == pytest.approx(span)
    assert timeline.selection == Region(12 * RATE, 14 * RATE)


def test_the_ruler_zooms_by_a_drag_and_to_a_span_by_the_right_button(opened: Stage) -> None:
    ruler, timeline = opened.window.view.ruler, opened.editor.timeline
    span, held = timeline.span, ruler._sample_at(400)
    for end in (QPoint(440, 5), QPoint(400, 45)):
        QTest.mousePress(ruler, Qt.MouseButton.LeftButton, pos=QPoint(400, 5))
        QTest.mouseMove(ruler, end)
        assert timeline.span == pytest.approx(span * 1.01**-40)
        QTest.mouseMove(ruler, QPoint(400, 5))
        QTest.mouseRelease(ruler, Qt.MouseButton.LeftButton, pos=QPoint(400, 5))
        assert timeline.span == pytest.approx(span)
        assert ruler._sample_at(400) == pytest.approx(held, abs=1)
    first, last = (round(ruler._sample_at(x)) for x in (300, 500))
    QTest.mousePress(ruler, Qt.MouseButton.RightButton, pos=QPoint(300, 5))
    QTest.mouseMove(ruler, QPoint(500, 5))
    QTest.mouseRelease(ruler, Qt.MouseButton.RightButton, pos=QPoint(500, 5))
    assert seen(opened) == pytest.approx((first, last), abs=2)


def test_zooming_stops_at_the_whole_file_and_at_eight_pixels_a_sample(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    frequencies, at = axis(opened), spectrogram(opened, 15, 9000)
    wheel(view, at, 120)
    assert view.area().width() / timeline.span == pytest.approx(8.0, rel=0.02)
    wheel(view, at, -200)
    assert seen(opened) == (0.0, SECONDS * RATE)
    assert axis(opened) == frequencies


def test_the_ruler_of_the_waveform_zooms_its_height_alone(opened: Stage) -> None:
    view, before, frequencies = opened.window.view.waveform, seen(opened), axis(opened)
    opened.qtbot.waitUntil(lambda: view.picture is not None, timeout=10_000)
    shown = view.picture
    wheel(view, QPointF(view.width() - 10, 60), 4)
    opened.qtbot.waitUntil(lambda: view.picture is not shown, timeout=10_000)
    assert (seen(opened), axis(opened)) == (before, frequencies)


@pytest.mark.parametrize("pane", ["ruler", "overview"])
def test_the_time_is_read_out_over_the_strips_too(opened: Stage, pane: str) -> None:
    strip, readout = getattr(opened.window.view, pane), opened.window.status.readout

    def is_read_out() -> bool:
        middle = QPoint(
            opened.window.view.waveform.area().center().x(), 8
        )  # the window may still be laid out
        QTest.mouseMove(strip, middle + QPoint(1, 0))
        QTest.mouseMove(strip, middle)
        return readout.text().startswith(("00:20.0", "00:19.9"))

    opened.qtbot.waitUntil(is_read_out, timeout=5_000)
    QApplication.sendEvent(strip, QEvent(QEvent.Type.Leave))
    assert readout.text() == ""


def test_shift_f10_opens_the_menu(opened: Stage) -> None:
    view = opened.window.view.spectrogram
    view.setFocus()
    opened.window.view.menu_wanted.disconnect(opened.window._on_menu_wanted)
    with opened.qtbot.waitSignal(opened.window.view.menu_wanted):
        QTest.keyClick(view, Qt.Key.Key_F10, KEYS.ShiftModifier)


def test_a_right_click_opens_the_menu_and_changes_no_selection(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    chosen, playhead = Region(12 * RATE, 14 * RATE, 1000.0, 9000.0), timeline.playhead
    timeline.select(chosen)
    opened.window.view.menu_wanted.disconnect(opened.window._on_menu_wanted)  # it would stay open
    with opened.qtbot.waitSignal(opened.window.view.menu_wanted):
        QTest.mouseClick(view, Qt.MouseButton.RightButton, pos=spectrogram(opened, 20, 5000).toPoint())
    assert timeline.selection == chosen
    assert timeline.playhead == playhead


def test_the_key_of_the_context_menu_opens_it_at_the_playhead(opened: Stage) -> None:
    view = opened.window.view.spectrogram
    opened.editor.timeline.move_playhead(20 * RATE)
    opened.window.view.menu_wanted.disconnect(opened.window._on_menu_wanted)
    with opened.qtbot.waitSignal(opened.window.view.menu_wanted) as told:
        kind = QContextMenuEvent.Reason.Keyboard
        QApplication.sendEvent(view, QContextMenuEvent(kind, QPoint(1, 1), view.mapToGlobal(QPoint(1, 1))))
    assert view.mapFromGlobal(told.args[0]).x() == pytest.approx(view.x_of(20 * RATE), abs=1)


def test_a_bound_that_is_dragged_to_the_end_of_the_band_is_none(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    timeline.select(Region(12 * RATE, 20 * RATE, 4000.0, 15_000.0))
    drag(view, [spectrogram(opened, 16, 15_000), spectrogram(opened, 16, 20_000), QPointF(600, -20)])
    assert timeline.selection == Region(12 * RATE, 20 * RATE, 4000.0, None)


def test_a_drag_in_the_spectrogram_does_not_move_the_view(opened: Stage) -> None:
    view, before, frequencies = opened.window.view.spectrogram, seen(opened), axis(opened)
    drag(view, [spectrogram(opened, 12, 9000), spectrogram(opened, 20, 3000)])
    assert opened.editor.timeline.selection is not None
    assert (seen(opened), axis(opened)) == (before, frequencies)
