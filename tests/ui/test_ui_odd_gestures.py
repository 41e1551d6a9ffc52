"""Gestures that go wrong, meet or are left half done, and what the strips take: nothing is lost or stuck."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent, QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from test_ui_gestures import middle_drag, pan_by_trackpad, pinch
from test_ui_main_job import place
from test_ui_selection import drag
from test_ui_views import wheel

from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.announcing import selection_words
from audiosr_desktop.ui.views.track_view import TrackView
from audiosr_desktop.ui.views.wheels import ZOOM_PER_NOTCH

SECONDS = 10
KEYS, BUTTON, KEY = Qt.KeyboardModifier, Qt.MouseButton, Qt.Key
PANES = ["waveform", "spectrogram", "ruler", "overview"]


@pytest.fixture
def opened(stage: Stage, tmp_path: Path) -> Stage:
    stage.open(write_tone(tmp_path / "ten.wav", seconds=SECONDS, channels=2))
    stage.editor.timeline.show(2 * RATE, 6 * RATE)
    return stage


def at(view: TrackView, seconds: float, y: float = 40) -> QPointF:
    return QPointF(view.x_of(seconds * RATE), y)


def send(
    view: QWidget,
    kind: QEvent.Type,
    place_of_it: QPointF,
    button: BUTTON = BUTTON.NoButton,
    held: BUTTON = BUTTON.NoButton,
) -> None:
    everywhere = QPointF(view.mapToGlobal(place_of_it.toPoint()))
    QApplication.sendEvent(view, QMouseEvent(kind, place_of_it, everywhere, button, held, KEYS.NoModifier))


def begin(view: TrackView, *places: QPointF) -> None:
    """Press the left button and move, and do not let go."""
    send(view, QEvent.Type.MouseButtonPress, places[0], BUTTON.LeftButton, BUTTON.LeftButton)
    for one in places[1:]:
        send(view, QEvent.Type.MouseMove, one, held=BUTTON.LeftButton)


def release(view: QWidget, place_of_it: QPointF, button: BUTTON = BUTTON.LeftButton) -> None:
    send(view, QEvent.Type.MouseButtonRelease, place_of_it, button)


def span_of(selection: Region | None) -> tuple[float, float]:
    assert selection is not None
    return selection.start / RATE, selection.stop / RATE


# drags that do not end as they should


@pytest.mark.parametrize("pane", ["waveform", "spectrogram"])
def test_a_release_that_nobody_told_of_ends_the_drag(opened: Stage, pane: str) -> None:
    view: TrackView = getattr(opened.window.view, pane)
    timeline = opened.editor.timeline
    begin(view, at(view, 3), at(view, 4))
    send(view, QEvent.Type.MouseMove, at(view, 5))  # no button is held
    assert span_of(timeline.selection) == pytest.approx((3, 4), abs=0.02)
    assert timeline.playhead == timeline.selection.start if timeline.selection else 0
    send(view, QEvent.Type.MouseMove, at(view, 5.5))
    assert span_of(timeline.selection) == pytest.approx((3, 4), abs=0.02)
    begin(view, at(view, 2.5), at(view, 2.8))  # the next drag is one of its own
    release(view, at(view, 2.8))
    assert span_of(timeline.selection) == pytest.approx((2.5, 2.8), abs=0.02)


@pytest.mark.parametrize("other", [BUTTON.RightButton, BUTTON.MiddleButton])
def test_another_button_neither_ends_nor_changes_a_drag(opened: Stage, other: BUTTON) -> None:
    view, timeline = opened.window.view.waveform, opened.editor.timeline
    both, menus = BUTTON.LeftButton | other, []
    opened.window.view.menu_wanted.disconnect(opened.window._on_menu_wanted)
    opened.window.view.menu_wanted.connect(menus.append)
    begin(view, at(view, 3), at(view, 4))
    send(view, QEvent.Type.MouseButtonPress, at(view, 4), other, both)
    send(view, QEvent.Type.MouseButtonRelease, at(view, 4), other, BUTTON.LeftButton)
    send(view, QEvent.Type.MouseMove, at(view, 5), held=BUTTON.LeftButton)
    release(view, at(view, 5))
    assert span_of(timeline.selection) == pytest.approx((3, 5), abs=0.02)
    assert menus == []
    assert timeline.start == 2 * RATE  # and nothing was moved


def test_escape_gives_up_what_is_being_drawn(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    begin(view, at(view, 3), at(view, 4, 90))
    QTest.keyClick(opened.window, KEY.Key_Escape)
    send(view, QEvent.Type.MouseMove, at(view, 5, 90), held=BUTTON.LeftButton)
    release(view, at(view, 5, 90))
    assert timeline.selection is None
    QTest.keyClick(opened.window, KEY.Key_4)
    begin(view, at(view, 3), at(view, 4, 90), at(view, 3, 90))
    QTest.keyClick(opened.window, KEY.Key_Escape)
    release(view, at(view, 3, 90))
    assert view.drawn_shape() is None
    assert timeline.selection is None


def test_another_document_is_not_selected_in_by_a_drag_of_the_one_before(
    opened: Stage, tmp_path: Path
) -> None:
    opened.open(write_tone(tmp_path / "other.wav", seconds=1))
    view, timeline = opened.window.view.waveform, opened.editor.timeline
    begin(view, at(view, 0.3), at(view, 0.6))
    QTest.keyClick(opened.window, KEY.Key_Tab, KEYS.ControlModifier)
    assert timeline.length == SECONDS * RATE
    send(view, QEvent.Type.MouseMove, at(view, 5), held=BUTTON.LeftButton)
    release(view, at(view, 5))
    assert timeline.selection is None
    QTest.keyClick(opened.window, KEY.Key_Tab, KEYS.ControlModifier)
    assert span_of(timeline.selection) == pytest.approx((0.3, 0.6), abs=0.01)
    begin(view, at(view, 0.1), at(view, 0.2))
    QTest.keyClick(opened.window, KEY.Key_W, KEYS.ControlModifier)
    QTest.keyClick(opened.window, KEY.Key_W, KEYS.ControlModifier)
    assert opened.editor.document is None
    send(view, QEvent.Type.MouseMove, at(view, 0.3), held=BUTTON.LeftButton)
    release(view, at(view, 0.3))
    assert timeline.selection is None
    assert opened.answers.errors == []


@pytest.mark.parametrize("tool", [KEY.Key_T, KEY.Key_R, KEY.Key_4, KEY.Key_B])
def test_undo_amid_a_drag_keeps_the_selection_within_the_sound(opened: Stage, tool: Qt.Key) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    timeline.select(Region(0, 2 * RATE))
    for key in (KEY.Key_C, KEY.Key_V):
        QTest.keyClick(opened.window, key, KEYS.ControlModifier)
    timeline.move_playhead(0)
    timeline.select(None)
    QTest.keyClick(opened.window, KEY.Key_V, KEYS.ControlModifier)
    longer = timeline.length
    assert longer == (SECONDS + 2) * RATE
    timeline.fit()
    QTest.keyClick(opened.window, tool)
    begin(view, at(view, 9), at(view, 11.5, 90))
    QTest.keyClick(opened.window, KEY.Key_Z, KEYS.ControlModifier)
    assert timeline.length == SECONDS * RATE
    for moved in (9.5, 20):
        send(view, QEvent.Type.MouseMove, at(view, moved, 80), held=BUTTON.LeftButton)
    release(view, at(view, 20, 80))
    opened.qtbot.waitUntil(lambda: view.drawn_shape() is None, timeout=5_000)
    selection = timeline.selection
    assert selection is None or selection.stop <= timeline.length
    view.grab()
    assert opened.answers.errors == []


def test_a_drag_beyond_the_widget_reaches_the_end_of_the_sound_and_of_the_band(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    QTest.keyClick(opened.window, KEY.Key_R)
    timeline.fit()
    lane = view.lane_rects()[1]
    start = QPointF(view.x_of(5 * RATE), lane.center().y())
    drag(view, [start, QPointF(view.width() + 5000, view.height() + 5000)])
    selection = timeline.selection
    assert selection is not None
    assert (selection.stop, selection.low_hz) == (timeline.length, None)
    assert selection.high_hz == pytest.approx(12_000, rel=0.02)
    timeline.select(None)
    drag(view, [start, QPointF(-5000, -5000)])
    assert timeline.selection is not None
    assert (timeline.selection.start, timeline.selection.high_hz) == (0, None)


@pytest.mark.parametrize(("key", "pane"), [(KEY.Key_T, "waveform"), (KEY.Key_R, "spectrogram")])
def test_a_drag_held_beyond_an_edge_goes_on_to_the_ends_of_the_sound(
    opened: Stage, key: KEY, pane: str
) -> None:
    view, timeline = getattr(opened.window.view, pane), opened.editor.timeline
    QTest.keyClick(opened.window, key)
    begin(view, at(view, 4), at(view, 5), QPointF(view.area().right() + 200, 60))
    opened.qtbot.waitUntil(lambda: timeline.stop == timeline.length, timeout=10_000)
    opened.qtbot.waitUntil(lambda: span_of(timeline.selection)[1] == SECONDS, timeout=10_000)
    assert span_of(timeline.selection)[0] == pytest.approx(4, abs=0.01)
    send(view, QEvent.Type.MouseMove, QPointF(view.area().left() - 200, 60), held=BUTTON.LeftButton)
    opened.qtbot.waitUntil(lambda: timeline.start == 0, timeout=10_000)
    opened.qtbot.waitUntil(lambda: span_of(timeline.selection)[0] == 0, timeout=10_000)
    assert span_of(timeline.selection)[1] == pytest.approx(4, abs=0.01)
    release(view, QPointF(view.area().left() - 200, 60))
    timeline.show(2 * RATE, 6 * RATE)
    QApplication.processEvents()
    assert timeline.start == 2 * RATE  # let go, nothing scrolls any more


def test_the_wheel_amid_a_drag_leaves_its_beginning_where_it_was(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    QTest.keyClick(opened.window, KEY.Key_R)
    begin(view, at(view, 4), at(view, 5))
    wheel(view, at(view, 4.5), 2)
    send(view, QEvent.Type.MouseMove, at(view, 5), held=BUTTON.LeftButton)
    release(view, at(view, 5))
    assert span_of(timeline.selection) == (pytest.approx(4, abs=0.01), pytest.approx(5, abs=0.01))


def test_a_low_bound_can_be_dragged_to_the_hum(opened: Stage) -> None:
    """What is no bound is a matter of pixels: near the bottom of a logarithmic axis 50 Hz are far from it."""
    opened.window.settings.frequency_scale = "log"
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    timeline.select(Region(3 * RATE, 5 * RATE, 1000.0, 5000.0))
    drag(view, [place(view, 4, 1000), place(view, 4, 400), place(view, 4, 50)])
    assert timeline.selection is not None
    assert timeline.selection.low_hz == pytest.approx(50, rel=0.05)
    opened.window.settings.frequency_scale = "linear"
    view.setFocus()
    timeline.select(Region(3 * RATE, 5 * RATE, 40.0, 60.0))
    for _ in range(12):
        QTest.keyClick(view, KEY.Key_Up, KEYS.ControlModifier)  # about the band
    assert view.axis.hz_at(1.0) < 500
    drag(view, [place(view, 3.5, 180), place(view, 4.5, 80)])
    assert timeline.selection.low_hz == pytest.approx(80, abs=3)
    assert timeline.selection.high_hz == pytest.approx(180, abs=3)


# what a second click is


def test_a_double_click_on_a_badge_selects_its_span(opened: Stage) -> None:
    timeline, view = opened.editor.timeline, opened.window.view.waveform
    timeline.select(Region(3 * RATE, 5 * RATE))
    opened.editor.applying.apply("test.halve", {})
    opened.idle()
    timeline.select(None)
    opened.qtbot.waitUntil(lambda: view.picture is not None, timeout=10_000)
    view.grab()
    QTest.mouseDClick(view, BUTTON.LeftButton, pos=view.badges[0][0].center().toPoint())
    assert timeline.selection == Region(3 * RATE, 5 * RATE)


def test_two_quick_clicks_on_the_button_of_a_channel_are_two(opened: Stage) -> None:
    timeline, view = opened.editor.timeline, opened.window.view.spectrogram
    button = view.button_of(0).center().toPoint()
    assert view.inside(QPointF(button))
    QTest.mouseClick(view, BUTTON.LeftButton, pos=button)
    assert timeline.picked == (0,)
    QTest.mouseDClick(view, BUTTON.LeftButton, pos=button)
    assert timeline.picked is None
    assert timeline.selection is None


def test_a_double_click_sets_the_playhead_to_what_it_selects(opened: Stage) -> None:
    timeline, view = opened.editor.timeline, opened.window.view.waveform
    timeline.set_marks((Mark(Region(0, 0)),))  # a single marker at the very start
    QTest.mouseDClick(view, BUTTON.LeftButton, pos=at(view, 4).toPoint())
    assert timeline.selection == Region(0, SECONDS * RATE)
    assert timeline.playhead == 0


# badges


def test_the_badge_is_where_it_can_be_seen(opened: Stage) -> None:
    timeline, view = opened.editor.timeline, opened.window.view
    for seed in (0, 5):  # two parts that begin together
        timeline.select(Region(3 * RATE, (5 - seed // 5) * RATE))
        opened.editor.applying.apply("test.halve", {"seed": seed})
        opened.idle()
    opened.qtbot.waitUntil(lambda: view.spectrogram.picture is not None, timeout=10_000)
    view.waveform.grab()
    view.spectrogram.grab()
    assert view.spectrogram.badges == []  # a click there is one in the picture
    (one, first), (other, second) = view.waveform.badges
    assert not one.intersects(other)
    assert (first.details["seed"], second.details["seed"]) == (0, 5)
    QTest.keyClick(opened.window, KEY.Key_2, KEYS.ControlModifier)
    opened.window.actions_by_id["history"].setChecked(False)
    opened.window.toggle_history(False)
    view.spectrogram.grab()
    timeline.select(None)
    badge = view.spectrogram.badges[1][0]
    ground = opened.window.theme.colour("window")
    shade = view.spectrogram.grab().toImage().pixelColor(badge.topLeft().toPoint() + QPoint(6, 4))
    assert abs(shade.lightness() - ground.lightness()) < 40
    QTest.mouseClick(view.spectrogram, BUTTON.LeftButton, pos=badge.center().toPoint())
    assert timeline.selection == Region(3 * RATE, 4 * RATE)
    assert opened.window.history.isVisible()
    assert opened.window.history.list.currentIndex().row() == 2


# wheel and trackpad over the strips


@pytest.mark.parametrize("pane", PANES)
def test_shift_and_the_wheel_scroll_everywhere(opened: Stage, pane: str) -> None:
    view, timeline = getattr(opened.window.view, pane), opened.editor.timeline
    start, span = timeline.start, timeline.span
    wheel(view, QPointF(view.rect().center()), -1, KEYS.ShiftModifier)
    assert timeline.start == pytest.approx(start + span / 12)
    assert timeline.span == pytest.approx(span)


@pytest.mark.parametrize("pane", ["ruler", "overview"])
def test_alt_zooms_also_where_it_turns_the_wheel_sideways(opened: Stage, pane: str) -> None:
    view, timeline = getattr(opened.window.view, pane), opened.editor.timeline
    span, middle = timeline.span, QPointF(view.rect().center())
    everywhere, turned = QPointF(view.mapToGlobal(middle.toPoint())), QPoint(240, 0)
    event = QWheelEvent(
        middle,
        everywhere,
        QPoint(),
        turned,
        BUTTON.NoButton,
        KEYS.AltModifier,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)
    assert timeline.span == pytest.approx(span / ZOOM_PER_NOTCH**2)


@pytest.mark.parametrize("pane", PANES)
def test_fingers_pinch_everywhere_about_where_they_are(opened: Stage, pane: str) -> None:
    view, timeline = getattr(opened.window.view, pane), opened.editor.timeline
    span = timeline.span
    pinch(view, 0.25)
    assert timeline.span == pytest.approx(span / 1.25)
    assert 2 * RATE <= timeline.start < timeline.stop <= 6 * RATE + RATE


@pytest.mark.parametrize("pane", PANES)
def test_scrolling_by_hand_suspends_following_until_the_next_play(opened: Stage, pane: str) -> None:
    view, timeline, transport = (
        getattr(opened.window.view, pane),
        opened.editor.timeline,
        opened.editor.transport,
    )
    middle = view.rect().center()

    def pull() -> None:
        if pane == "overview":
            drag_strip(view, middle, middle + QPoint(30, 0))
        else:
            middle_drag(view, middle, middle - QPoint(50, 0))

    for scroll in (
        lambda: wheel(view, QPointF(middle), -1, KEYS.ShiftModifier),
        lambda: pan_by_trackpad(view, -40, 0),
        lambda: pinch(view, 0.1),
        pull,
    ):
        timeline.show(2 * RATE, 6 * RATE)
        timeline.move_playhead(3 * RATE)
        QTest.keyClick(opened.window, KEY.Key_Space)
        scroll()
        seen = timeline.start
        transport.player.seek(9 * RATE)
        transport._on_poll()
        assert timeline.start == seen
        QTest.keyClick(opened.window, KEY.Key_Space)
        timeline.move_playhead(8 * RATE)
        QTest.keyClick(opened.window, KEY.Key_Space)
        transport.player.seek(9 * RATE)
        transport._on_poll()
        assert timeline.start <= 9 * RATE <= timeline.stop
        QTest.keyClick(opened.window, KEY.Key_Space)


def drag_strip(strip: QWidget, start: QPoint, stop: QPoint) -> None:
    QTest.mousePress(strip, BUTTON.LeftButton, pos=start)
    for share in (0.5, 1.0):
        QTest.mouseMove(strip, start + (stop - start) * share)
    QTest.mouseRelease(strip, BUTTON.LeftButton, pos=stop)


def test_the_middle_button_over_the_ruler_pans_and_does_not_zoom(opened: Stage) -> None:
    timeline, ruler = opened.editor.timeline, opened.window.view.ruler
    span, start = timeline.span, timeline.start
    middle_drag(ruler, QPoint(500, 4), QPoint(400, 24))
    assert timeline.span == pytest.approx(span)
    assert timeline.start > start


def test_a_drag_on_the_ruler_ends_where_nobody_told_of_it(opened: Stage) -> None:
    timeline, ruler = opened.editor.timeline, opened.window.view.ruler
    send(ruler, QEvent.Type.MouseButtonPress, QPointF(400, 5), BUTTON.LeftButton, BUTTON.LeftButton)
    send(ruler, QEvent.Type.MouseMove, QPointF(420, 5), held=BUTTON.LeftButton)
    seen = timeline.start, timeline.stop
    send(ruler, QEvent.Type.MouseMove, QPointF(600, 50))
    assert (timeline.start, timeline.stop) == seen


# the overview


def test_the_window_of_the_overview_is_dragged_clicked_and_pulled_at_its_edges(opened: Stage) -> None:
    timeline, overview = opened.editor.timeline, opened.window.view.overview

    def x(seconds: float) -> QPoint:
        return QPoint(round(overview._x_of(seconds * RATE)), 20)

    def seen() -> tuple[float, float]:
        return timeline.start / RATE, timeline.stop / RATE

    drag_strip(overview, x(4), x(5))
    assert seen() == pytest.approx((3, 7), abs=0.03)
    QTest.mouseClick(overview, BUTTON.LeftButton, pos=x(5.5))
    assert seen() == pytest.approx((3, 7), abs=0.03)  # it is there
    QTest.mouseClick(overview, BUTTON.LeftButton, pos=x(1.0))
    assert seen() == pytest.approx((0, 4), abs=0.03)
    QTest.mouseClick(overview, BUTTON.LeftButton, pos=x(8.5))
    assert seen() == pytest.approx((6, 10), abs=0.03)
    drag_strip(overview, x(6), x(3))
    assert seen() == pytest.approx((3, 10), abs=0.03)
    drag_strip(overview, x(10), x(5))
    assert seen() == pytest.approx((3, 5), abs=0.03)
    drag_strip(overview, x(5), x(0))  # over the other edge: it stops as near as one may zoom
    assert timeline.start == pytest.approx(3 * RATE, abs=0.03 * RATE)
    assert timeline.span == pytest.approx(opened.window.view.waveform.area().width() / 8, rel=0.01)
    drag_strip(overview, x(3) + QPoint(5, 0), QPoint(overview.width() + 300, 20))
    assert timeline.stop == timeline.length
    QTest.mouseMove(overview, x(3))
    assert overview.cursor().shape() is Qt.CursorShape.SizeHorCursor
    QTest.mouseMove(overview, x(6))
    assert overview.cursor().shape() is Qt.CursorShape.ArrowCursor


# keys


@pytest.mark.parametrize(("view_key", "pane"), [(KEY.Key_1, "waveform"), (KEY.Key_2, "spectrogram")])
def test_the_keys_of_the_views_work_when_one_of_them_is_hidden(
    opened: Stage, view_key: Qt.Key, pane: str
) -> None:
    view, timeline = opened.window.view, opened.editor.timeline
    (view.waveform if pane == "spectrogram" else view.spectrogram).setFocus()
    QTest.keyClick(opened.window, view_key, KEYS.ControlModifier)
    focus = QApplication.focusWidget()
    assert focus is getattr(view, pane)
    QTest.keyClick(focus, KEY.Key_Right, KEYS.ShiftModifier)
    assert timeline.selection is not None


def test_a_document_that_opens_in_the_waveform_alone_has_its_keys(stage: Stage, tone_file: Path) -> None:
    stage.window.settings.opening_view = "waveform"
    stage.open(tone_file)
    assert QApplication.focusWidget() is stage.window.view.waveform


def test_keys_zoom_in_out_to_the_selection_to_the_file_and_back(opened: Stage) -> None:
    timeline = opened.editor.timeline
    control, shift = KEYS.ControlModifier, KEYS.ShiftModifier
    timeline.move_playhead(3 * RATE)
    timeline.select(Region(4 * RATE, 6 * RATE, 1000.0, 2000.0))
    seen = []
    for key, keys in (
        (KEY.Key_Equal, control),
        (KEY.Key_Minus, control),
        (KEY.Key_E, control),
        (KEY.Key_F, control),
        (KEY.Key_Z, shift),
        (KEY.Key_Z, shift),
    ):
        QTest.keyClick(opened.window, key, keys)
        seen += [timeline.start / RATE, timeline.stop / RATE]
    # about the playhead; the selection with a twentieth on each side; the file; back, and back again
    assert seen == pytest.approx([2.5, 4.5, 2, 6, 3.9, 6.1, 0, SECONDS, 3.9, 6.1, 2, 6], abs=1e-3)


def test_keys_extend_and_contract_by_what_a_pixel_shows(opened: Stage) -> None:
    timeline, view = opened.editor.timeline, opened.window.view.spectrogram
    view.setFocus()
    step = 4 * timeline.samples_per_pixel()
    shift, both = KEYS.ShiftModifier, KEYS.ShiftModifier | KEYS.ControlModifier
    timeline.select(Region(3 * RATE, 5 * RATE, 500.0, 900.0))
    start, stop = 3 * RATE, 5 * RATE
    for key, keys, moved in (
        (KEY.Key_Left, shift, (-step, 0)),
        (KEY.Key_Right, shift, (0, step)),
        (KEY.Key_Left, both, (step, 0)),
        (KEY.Key_Right, both, (0, -step)),
    ):
        QTest.keyClick(view, key, keys)
        start, stop = start + moved[0], stop + moved[1]
        assert timeline.selection == Region(start, stop, 500.0, 900.0)
    timeline.select(Region(0, SECONDS * RATE))
    for key in (KEY.Key_Left, KEY.Key_Right):
        QTest.keyClick(view, key, shift)
    assert timeline.selection == Region(0, SECONDS * RATE)
    timeline.select(Region(3 * RATE, 3 * RATE + 2))
    QTest.keyClick(view, KEY.Key_Left, both)
    assert timeline.selection == Region(3 * RATE, 3 * RATE + 2)  # it is never contracted away


def test_keys_zoom_and_scroll_the_height(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    before = timeline.start, timeline.stop
    view.setFocus()
    timeline.select(Region(3 * RATE, 4 * RATE, 8000.0, 10_000.0))
    for _ in range(4):
        QTest.keyClick(view, KEY.Key_Up, KEYS.ControlModifier)
    assert view.axis.top - view.axis.bottom == pytest.approx(0.25)
    assert view.axis.hz_at(0.0) < 8000
    assert view.axis.hz_at(1.0) > 10_000
    bottom = view.axis.bottom
    QTest.keyClick(view, KEY.Key_Up)
    assert view.axis.bottom == pytest.approx(bottom + 0.025)
    QTest.keyClick(view, KEY.Key_Down)
    assert view.axis.bottom == pytest.approx(bottom)
    for _ in range(4):
        QTest.keyClick(view, KEY.Key_Down, KEYS.ControlModifier)
    assert (view.axis.bottom, view.axis.top) == (0.0, 1.0)
    wave = opened.window.view.waveform
    opened.qtbot.waitUntil(lambda: wave.picture is not None, timeout=10_000)
    flat = wave.picture
    wave.setFocus()
    QTest.keyClick(wave, KEY.Key_Up, KEYS.ControlModifier)
    opened.qtbot.waitUntil(lambda: wave.picture is not flat, timeout=10_000)
    assert wave.picture is not None
    assert flat is not None
    assert wave.picture.images[0] != flat.images[0]
    assert (timeline.start, timeline.stop) == before


# sounds of every kind


@pytest.mark.parametrize("size", [(8_000, 1, 1), (8_000, 2, 100), (192_000, 8, 60_000), (44_100, 3, 5_000)])
def test_every_tool_and_key_on_odd_sounds(stage: Stage, tmp_path: Path, size: tuple[int, int, int]) -> None:
    rate, channels, length = size
    noise = np.random.default_rng(0).standard_normal((length, channels)) * 0.3
    soundfile.write(tmp_path / "odd.wav", noise, rate, "FLOAT")
    stage.open(tmp_path / "odd.wav")
    window, timeline, spectrogram = stage.window, stage.editor.timeline, stage.window.view.spectrogram
    stage.qtbot.waitUntil(lambda: spectrogram.picture is not None, timeout=10_000)
    for tool in "TRF4BW":
        QTest.keyClick(window, tool)
        for view in (window.view.waveform, spectrogram):
            area = view.area()
            places = ((0.1, 0.2), (0.9, 0.3), (0.8, 0.45))
            drag(view, [QPointF(area.left() + area.width() * x, area.height() * y) for x, y in places])
            assert timeline.selection is not None, tool
            assert timeline.selection.stop <= length
            assert selection_words(timeline.selection, rate)
            for key in "Z[]QQHM":
                QTest.keyClick(window, key)
                assert timeline.selection is not None, (tool, key)  # no key loses it
            for zoom in (KEY.Key_E, KEY.Key_F):
                QTest.keyClick(window, zoom, KEYS.ControlModifier)
            for step in (KEY.Key_Left, KEY.Key_Right):
                QTest.keyClick(view, step, KEYS.ShiftModifier)
                QTest.keyClick(view, step, KEYS.ShiftModifier | KEYS.ControlModifier)
            timeline.zoom(1e9)
            assert not window.view.grab().isNull()
            timeline.fit()
            timeline.select(None)
    assert stage.answers.errors == []
