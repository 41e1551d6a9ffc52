"""The views in a window: mouse, wheel, keys, and that their times line up."""

from dataclasses import replace
from pathlib import Path

import pytest
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QPoint, QPointF, QRectF, Qt
from PySide6.QtGui import QWheelEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from test_ui_main_job import drag, place

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.readout import format_time
from audiosr_desktop.ui.theme import LIGHT
from audiosr_desktop.ui.views.span_words import badge_texts, span_details
from audiosr_desktop.ui.views.spectrogram_view import SpectrogramView
from audiosr_desktop.ui.views.time_ruler import flag_of
from audiosr_desktop.ui.views.waveform_view import WaveformView
from audiosr_desktop.ui.views.waves import WaveRequest


@pytest.fixture
def opened(stage: Stage, tone_file: Path) -> Stage:
    stage.open(tone_file)
    return stage


def wheel(
    view: QWidget,
    at: QPointF,
    notches: float,
    keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier,
) -> None:
    event = QWheelEvent(
        at,
        QPointF(view.mapToGlobal(at.toPoint())),
        QPoint(),
        QPoint(0, round(120 * notches)),
        Qt.MouseButton.NoButton,
        keys,
        Qt.ScrollPhase.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(view, event)


def test_waveform_spectrogram_and_ruler_line_up(opened: Stage) -> None:
    view = opened.window.view
    for sample in (0, RATE // 3, RATE):
        xs = {
            round(widget.mapTo(opened.window, QPoint(0, 0)).x() + widget.x_of(sample), 6)
            for widget in (view.waveform, view.spectrogram)
        }
        assert len(xs) == 1
    assert view.ruler._x_of(RATE) == pytest.approx(view.waveform.x_of(RATE))


def test_the_playhead_is_seen_over_the_dark_picture_in_the_light_theme(opened: Stage) -> None:
    view = opened.window.view.spectrogram
    view.set_theme(LIGHT)
    opened.editor.timeline.move_playhead(RATE)
    shade = view.grab().toImage().pixelColor(round(view.x_of(RATE)), round(view.y_of_hz(20_000, 0) or 0))
    assert shade.lightness() > 150


def test_the_first_picture_of_a_sound_is_not_given_up_for_a_better_request(opened: Stage) -> None:
    view = opened.window.view.waveform
    other = view.timeline.sample_rate
    first, second = (replace(_request(view, opened), columns=count) for count in (100, other))
    view._asked = None
    assert view.must_ask(first, shown=False)
    assert not view.must_ask(second, shown=False)  # the first picture is on its way
    assert view.must_ask(second, shown=True)
    assert not view.must_ask(second, shown=True)  # the same again
    view.loader.failed.emit(ValueError())
    assert view.must_ask(second, shown=False)


def _request(view: WaveformView, stage: Stage) -> WaveRequest:
    sound, colour = stage.editor.sound, view.theme.colour("wave")
    assert sound is not None
    return WaveRequest(sound, None, 0.0, 1.0, 1, 100, 1.0, False, colour, colour, colour)


def test_what_reads_the_whole_sound_waits_for_the_first_pictures(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    view, metering = stage.window.view, stage.editor.transport.metering
    stage.qtbot.waitUntil(
        lambda: stage.editor.peaks() is not None and view.overview._waves is not None, timeout=10_000
    )
    assert not metering._timer.isActive()
    assert not view.overview._held_back


def test_both_views_get_their_pictures(opened: Stage) -> None:
    view = opened.window.view
    opened.qtbot.waitUntil(lambda: view.waveform.picture is not None, timeout=10_000)
    opened.qtbot.waitUntil(
        lambda: view.spectrogram.picture is not None and view.spectrogram.picture.complete, timeout=10_000
    )
    picture = view.spectrogram.picture
    assert picture is not None
    assert picture.level_db(0, 1000 / 24_000, RATE) == pytest.approx(-10.5, abs=1.5)


def at_rest(view: WaveformView | SpectrogramView) -> bool:
    """Return whether a view shows all that is visible, with nothing better to come."""
    picture, answered = view.picture, view._answered
    if picture is None or answered is None or answered != view._asked_for or view._request_timer.isActive():
        return False
    best = answered.peaks is not None if isinstance(answered, WaveRequest) else view.picture.complete
    return best and view.reaches(picture.start, picture.stop)


@pytest.mark.parametrize("name", ["waveform", "spectrogram"])
def test_scrolling_asks_for_a_picture_only_near_the_end_of_the_last_one(opened: Stage, name: str) -> None:
    view, timeline = getattr(opened.window.view, name), opened.editor.timeline
    timeline.show(1.0 * RATE, 1.2 * RATE)

    opened.qtbot.waitUntil(lambda: at_rest(view), timeout=10_000)
    number = view.loader.number
    timeline.scroll(0.1 * timeline.span)
    view.request_picture()
    assert view.loader.number == number  # what comes into view was drawn with the rest
    timeline.scroll(0.4 * timeline.span)
    view.request_picture()
    assert view.loader.number == number + 1
    opened.qtbot.waitUntil(lambda: at_rest(view), timeout=10_000)


@pytest.mark.parametrize("name", ["waveform", "spectrogram"])
def test_a_picture_on_its_way_does_not_stay_in_place_of_what_is_seen(opened: Stage, name: str) -> None:
    view, timeline = getattr(opened.window.view, name), opened.editor.timeline
    timeline.show(1.0 * RATE, 1.2 * RATE)
    opened.qtbot.waitUntil(lambda: at_rest(view), timeout=10_000)
    view.loader.hold()
    timeline.show(0.2 * RATE, 0.4 * RATE)
    view.loader.hold()
    view.request_picture()
    timeline.show(1.0 * RATE, 1.2 * RATE)
    view.request_picture()
    opened.qtbot.waitUntil(lambda: at_rest(view), timeout=10_000)


def test_an_edit_is_shown_once_both_views_have_it(opened: Stage) -> None:
    view, editor = opened.window.view, opened.editor
    opened.qtbot.waitUntil(lambda: view.waveform.current and view.spectrogram.current, timeout=10_000)
    before = view.waveform.picture
    editor.timeline.select(Region(1000, 9000))
    with opened.qtbot.waitSignal(view.drawn, timeout=10_000):
        opened.window.editing.silence()
        assert not view.waveform.current
        assert view.waveform.picture is before  # what was seen stays
        assert not view.splitter.updatesEnabled()
    assert view.waveform.current
    assert view.spectrogram.current
    assert view.splitter.updatesEnabled()


def test_an_edit_that_changes_nothing_leaves_the_views_as_they_are(opened: Stage) -> None:
    view, editor = opened.window.view, opened.editor
    opened.window.settings.clickless = False
    opened.qtbot.waitUntil(lambda: view.waveform.current and view.spectrogram.current, timeout=10_000)
    editor.timeline.select(Region(1000, 9000))
    opened.window.editing.copy()
    with opened.qtbot.waitSignal(view.drawn, timeout=10_000):
        opened.window.editing.paste()
    assert view.waveform.current
    assert view.spectrogram.current
    assert view.splitter.updatesEnabled()


def test_an_edit_is_drawn_although_the_range_was(opened: Stage) -> None:
    view, timeline = opened.window.view, opened.editor.timeline
    tracks = view.waveform, view.spectrogram
    opened.qtbot.waitUntil(
        lambda: view.spectrogram.picture is not None and view.spectrogram.picture.complete, timeout=10_000
    )
    timeline.select(Region(RATE // 2, RATE))
    opened.window.editing.silence()
    sound = opened.editor.sound
    opened.qtbot.waitUntil(
        lambda: all(one._answered is not None and one._answered.sound is sound for one in tracks),
        timeout=10_000,
    )
    opened.qtbot.waitUntil(lambda: view.spectrogram.picture.complete, timeout=10_000)
    middle = round(0.75 * RATE)
    assert view.waveform.picture.peak_at(middle, 0) == 0.0
    assert view.spectrogram.picture.level_db(0, 1000 / 24_000, middle) < -100


def test_the_flag_of_a_marker_at_the_end_does_not_leave_the_ruler() -> None:
    assert flag_of(100, 200.0) == QRectF(100, 0, 6, 5)
    assert flag_of(194, 200.0).right() == 200
    for x in (195, 199, 200):
        flag = flag_of(x, 200.0)
        assert flag.right() == x + 1  # on the other side of its pole
        assert flag.width() == 6


def test_a_click_places_the_playhead_and_clears_the_selection(opened: Stage) -> None:
    view, timeline = opened.window.view.waveform, opened.editor.timeline
    timeline.select(Region(1000, 2000))
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, pos=QPoint(round(view.x_of(RATE)), 40))
    assert timeline.selection is None
    assert timeline.playhead == pytest.approx(RATE, abs=timeline.span / view.area().width())


def test_the_waveform_selects_time_only(opened: Stage) -> None:
    view, timeline = opened.window.view.waveform, opened.editor.timeline
    drag(view, QPointF(view.x_of(RATE), 10), QPointF(view.x_of(RATE / 2), 90))
    assert timeline.selection is not None
    assert not timeline.selection.has_band
    assert timeline.selection.start == pytest.approx(RATE / 2, abs=200)
    assert timeline.playhead == timeline.selection.start


@pytest.mark.parametrize(
    ("key", "has_band", "whole_time"),
    [(Qt.Key.Key_T, False, False), (Qt.Key.Key_R, True, False), (Qt.Key.Key_F, True, True)],
)
def test_tools_select_time_or_frequency_or_both(
    opened: Stage, key: Qt.Key, has_band: bool, whole_time: bool
) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    QTest.keyClick(opened.window, key)
    drag(view, place(view, 0.5, 9000), place(view, 1.0, 3000))
    assert timeline.selection is not None
    assert timeline.selection.has_band is has_band
    assert (timeline.selection.length == timeline.length) is whole_time


def test_the_hand_scrolls_and_selects_nothing(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    timeline.zoom(4)
    start = timeline.start
    QTest.keyClick(opened.window, Qt.Key.Key_1)
    drag(view, QPointF(400, 100), QPointF(300, 100))
    assert timeline.selection is None
    assert timeline.start - start == pytest.approx(100 * timeline.span / view.area().width(), rel=0.1)


def test_edges_and_bounds_can_be_dragged(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    timeline.select(Region(RATE // 2, RATE, 4000.0, 12_000.0))
    drag(view, place(view, 1.0, 8000), place(view, 1.5, 8000))
    assert timeline.selection is not None
    assert timeline.selection.stop == pytest.approx(1.5 * RATE, abs=300)
    drag(view, place(view, 0.75, 12_000), place(view, 0.75, 16_000))
    assert timeline.selection.high_hz == pytest.approx(16_000, abs=150)
    drag(view, place(view, 0.75, 4000), QPointF(view.x_of(0.75 * RATE), view.height() + 30))
    assert timeline.selection.low_hz is None  # dragged to the bottom: no bound
    drag(view, place(view, 0.5, 8000), place(view, 1.75, 8000))  # over the other edge
    assert timeline.selection.start == pytest.approx(1.5 * RATE, abs=300)


def test_shift_click_moves_the_nearest_edge(opened: Stage) -> None:
    view, timeline = opened.window.view.waveform, opened.editor.timeline
    timeline.select(Region(RATE // 2, RATE))
    at = QPoint(round(view.x_of(1.2 * RATE)), 40)
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ShiftModifier, at)
    assert timeline.selection is not None
    assert timeline.selection.start == RATE // 2
    assert timeline.selection.stop == pytest.approx(1.2 * RATE, abs=200)


def test_the_wheel_zooms_about_the_pointer(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    at = QPointF(400, 100)
    before = view.sample_at(at.x())
    span = timeline.span
    wheel(view, at, 1)
    assert timeline.span == pytest.approx(span / 2**0.25)
    assert view.sample_at(at.x()) == pytest.approx(before)
    wheel(view, at, 2, Qt.KeyboardModifier.ShiftModifier)
    assert timeline.span == pytest.approx(span / 2**0.25)


def test_alt_wheel_zooms_the_frequencies_only(opened: Stage) -> None:
    view, timeline = opened.window.view.spectrogram, opened.editor.timeline
    span = timeline.span
    hz = view.hz_at(100)
    wheel(view, QPointF(400, 100), 4, Qt.KeyboardModifier.AltModifier)
    assert timeline.span == span
    assert view.axis.top - view.axis.bottom == pytest.approx(0.5)
    assert view.hz_at(100) == pytest.approx(hz)


def test_the_readout_tells_time_frequency_and_level(opened: Stage) -> None:
    view = opened.window.view.spectrogram
    opened.qtbot.waitUntil(lambda: view.picture is not None and view.picture.complete, timeout=10_000)
    QTest.mouseMove(view, place(view, 1.0, 1000).toPoint())
    text = opened.window.status.readout.text()
    assert text.startswith(format_time(view.sample_at(round(view.x_of(RATE))) / RATE)[:7])
    assert "kHz" in text or "Hz" in text
    assert "dBFS" in text


def test_the_cutoff_tag_can_be_dragged_and_fills_the_form(stage: Stage, tmp_path: Path) -> None:
    stage.open(write_tone(tmp_path / "mono.wav"))
    view = stage.window.view.spectrogram
    with stage.qtbot.waitSignal(stage.editor.measurements.cutoff_changed, timeout=20_000):
        stage.window.cutoff.measure()
    moved: list[float] = []
    stage.window.view.cutoff_moved.connect(moved.append)
    view.set_cutoff(6000.0)
    view.grab()  # painted: now the tag has a place
    tag = view.cutoff.tags[0][0].center()
    drag(view, tag, QPointF(tag.x(), place(view, 0, 9000).y()))
    assert moved[-1] == pytest.approx(9000, abs=150)
    assert stage.editor.timeline.selection is None


def test_typed_bounds_become_the_selection(opened: Stage) -> None:
    bar, timeline = opened.window.selection_bar, opened.editor.timeline
    timeline.select(Region(0, RATE))
    for line, text in ((bar.start, "0,25"), (bar.length, "0.5"), (bar.low, "2000"), (bar.high, "9000,5")):
        line.setFocus()
        line.selectAll()
        QTest.keyClicks(line, text)
        QTest.keyClick(line, Qt.Key.Key_Return)
    assert timeline.selection == Region(RATE // 4, RATE * 3 // 4, 2000.0, 9000.5)
    bar.low.setFocus()
    bar.low.selectAll()
    QTest.keyClick(bar.low, Qt.Key.Key_Delete)
    QTest.keyClick(bar.low, Qt.Key.Key_Return)
    assert timeline.selection == Region(RATE // 4, RATE * 3 // 4, None, 9000.5)


def test_selection_keys(opened: Stage) -> None:
    timeline, window = opened.editor.timeline, opened.window
    control, shift = Qt.KeyboardModifier.ControlModifier, Qt.KeyboardModifier.ShiftModifier
    QTest.keyClick(window, Qt.Key.Key_A, control)
    assert timeline.selection == Region(0, 2 * RATE)
    QTest.keyClick(window, Qt.Key.Key_Escape)
    assert timeline.selection is None
    timeline.move_playhead(RATE)
    QTest.keyClick(window, Qt.Key.Key_BracketLeft)
    assert timeline.selection == Region(RATE, 2 * RATE)
    timeline.select(Region(RATE // 2, RATE, 100.0, 5000.0))
    QTest.keyClick(window, Qt.Key.Key_Q)
    assert timeline.selection == Region(RATE // 2, RATE)
    QTest.keyClick(window, Qt.Key.Key_Q)
    assert timeline.selection == Region(RATE // 2, RATE, 100.0, 5000.0)
    QTest.keyClick(window.view.spectrogram, Qt.Key.Key_Right, shift)
    assert timeline.selection.stop > RATE
    QTest.keyClick(window, Qt.Key.Key_Z)
    sound = opened.editor.sound
    assert sound is not None
    edge = timeline.selection.start
    assert sound.read(edge - 1, edge)[0, 0] < 0 <= sound.read(edge, edge + 1)[0, 0]


def test_views_can_be_shown_alone(opened: Stage) -> None:
    control = Qt.KeyboardModifier.ControlModifier
    view = opened.window.view
    for key, shown in (
        (Qt.Key.Key_1, (True, False)),
        (Qt.Key.Key_2, (False, True)),
        (Qt.Key.Key_3, (True, True)),
    ):
        QTest.keyClick(opened.window, key, control)
        assert (view.waveform.isVisible(), view.spectrogram.isVisible()) == shown


def test_every_zoom_and_scale_can_be_painted(opened: Stage) -> None:
    view, timeline, settings = opened.window.view, opened.editor.timeline, opened.window.settings
    for scale, wave in (("log", "dB"), ("mel", "linear"), ("bark", "dB"), ("erb", "linear")):
        settings.frequency_scale, settings.waveform_scale = scale, wave
        for _ in range(3):
            timeline.zoom(40)
            assert not view.grab().isNull()
        timeline.fit()


def test_dragging_the_colour_bar_moves_the_level_range_and_is_remembered(opened: Stage) -> None:
    view, settings = opened.window.view.spectrogram, opened.window.settings
    rect = view.lane_rects()[0]
    x = rect.right() + 10

    def at(place: float) -> QPointF:
        return QPointF(x, rect.bottom() - place * rect.height())

    drag(view, at(0.9), at(0.7))  # the upper end down
    assert settings.level_high_db == pytest.approx(-40, abs=3)
    assert settings.level_low_db == -120.0
    drag(view, at(0.1), at(0.3))
    assert settings.level_low_db == pytest.approx(-104, abs=3)
    low, high = settings.level_low_db, settings.level_high_db
    drag(view, at(0.5), at(0.6))
    assert settings.level_high_db - high == pytest.approx(settings.level_low_db - low)
    assert settings.level_high_db > high
    drag(view, at(0.9), at(30.0))
    assert settings.level_high_db == 0.0
    assert opened.editor.timeline.selection is None
    opened.qtbot.waitUntil(lambda: view.picture is not None and view.picture.complete, timeout=10_000)
    assert not view.grab().isNull()


def test_a_wipe_compares_before_and_after(opened: Stage) -> None:
    window, view = opened.window, opened.window.view.spectrogram
    wipe = window.actions_by_id["wipe"]
    assert not wipe.isEnabled()
    opened.editor.applying.apply("test.halve", {})
    opened.idle()
    QTest.keyClick(window, Qt.Key.Key_W, Qt.KeyboardModifier.ShiftModifier)
    assert wipe.isChecked()
    opened.qtbot.waitUntil(
        lambda: view.wipe.picture is not None and view.wipe.picture.complete, timeout=10_000
    )
    opened.qtbot.waitUntil(lambda: view.picture is not None and view.picture.complete, timeout=10_000)
    before, after = view.wipe.picture, view.picture
    assert before is not None
    assert after is not None
    levels = [picture.level_db(0, 1000 / 24_000, RATE) or 0.0 for picture in (before, after)]
    assert levels[0] - levels[1] == pytest.approx(6.0, abs=1.5)
    area = view.area()
    drag(view, QPointF(view.wipe.x(area), 10), QPointF(area.left() + area.width() / 4, 10))
    assert view.wipe.place == pytest.approx(0.25, abs=0.01)
    assert opened.editor.timeline.selection is None
    assert not view.grab().isNull()
    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert not wipe.isChecked()  # what was opened has nothing before it
    assert view.wipe.sound is None


def test_the_waveform_can_lie_over_the_spectrogram(opened: Stage) -> None:
    view, settings = opened.window.view.spectrogram, opened.window.settings
    QTest.keyClick(opened.window, Qt.Key.Key_O, Qt.KeyboardModifier.ShiftModifier)
    assert settings.overlay_waveform
    opened.qtbot.waitUntil(lambda: view.overlay.span[1] > 0, timeout=10_000)
    with_wave = view.grab().toImage()
    opened.window.actions_by_id["overlay"].trigger()
    without = view.grab().toImage()
    assert with_wave != without


def test_the_cutoff_is_measured_again_after_an_edit_unless_it_was_dragged(opened: Stage) -> None:
    measurements, view = opened.editor.measurements, opened.window.view.spectrogram
    with opened.qtbot.waitSignal(measurements.cutoff_changed, timeout=20_000):
        opened.editor.applying.apply("test.halve", {})
    opened.idle()
    opened.window.view.cutoff_moved.emit(7000.0)
    view.set_cutoff(7000.0)
    with opened.qtbot.assertNotEmitted(measurements.cutoff_changed, wait=600):
        opened.editor.undo()
    assert view.cutoff.hz == 7000.0
    with opened.qtbot.waitSignal(measurements.cutoff_changed, timeout=20_000):
        opened.window.actions_by_id["cutoff_again"].trigger()
    assert view.cutoff.hz != 7000.0


def test_a_click_on_a_badge_selects_the_span_and_asks_for_its_step(opened: Stage) -> None:
    timeline, view = opened.editor.timeline, opened.window.view
    timeline.select(Region(RATE // 4, RATE))
    opened.editor.applying.apply("test.halve", {})
    opened.idle()
    timeline.select(None)
    view.waveform.grab()  # painted: now the badge has a place
    badge, span = view.waveform.badges[0]
    assert badge_texts(span)[0] == "✓ Halve · seed 0"
    assert "device: cpu" in span_details(span)
    asked: list[object] = []
    view.span_chosen.connect(asked.append)
    QTest.mouseClick(view.waveform, Qt.MouseButton.LeftButton, pos=badge.center().toPoint())
    assert asked == [span]
    assert timeline.selection == Region(RATE // 4, RATE)
    opened.editor.applying.apply("test.halve", {"seed": 5})
    opened.idle()
    steps = opened.window.history.list
    assert steps.currentIndex().row() == 2
    QTest.mouseClick(view.waveform, Qt.MouseButton.LeftButton, pos=badge.center().toPoint())
    view.span_chosen.emit(span)
    assert steps.currentIndex().row() == 1
    assert opened.editor.document is not None
    assert opened.editor.document.undo_stack.index() == 2  # it is shown, the sound stays


def test_where_the_band_ends_is_looked_for_once_the_edits_pause(
    opened: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    timeline, measurements = opened.editor.timeline, opened.editor.measurements
    measured: list[Sound] = []
    monkeypatch.setattr(measurements, "measure_cutoff", measured.append)
    for _ in range(2):
        timeline.select(Region(0, 1000))
        opened.window.editing.cut()
        assert measured == []  # another edit may follow
    opened.qtbot.waitUntil(lambda: bool(measured), timeout=10_000)
    assert measured == [opened.editor.sound]
