"""Keys and modes of playing in the window."""

from pathlib import Path

import pytest
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QCoreApplication, QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QMouseEvent
from PySide6.QtTest import QTest

from audiosr_desktop.audio.region import Region
from audiosr_desktop.playback.meters import Levels
from audiosr_desktop.ui.panels.level_meter import LevelMeter
from audiosr_desktop.ui.theme import chosen_theme
from audiosr_desktop.ui.transport import DELTA, TAKE_A, TAKE_B

SHIFT = Qt.KeyboardModifier.ShiftModifier
LENGTH_S = 40


@pytest.fixture
def long(stage: Stage, tmp_path: Path) -> Stage:
    stage.open(write_tone(tmp_path / "long.wav", seconds=LENGTH_S))
    return stage


def press(stage: Stage, key: Qt.Key, modifiers: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier) -> None:
    QTest.keyClick(stage.window.view, key, modifiers)


def order_of(stage: Stage) -> tuple[int | None, tuple[int, int], bool]:
    order = stage.editor.transport.player._reader.order
    assert order is not None
    return order.at, order.span, order.loop


@pytest.mark.parametrize(
    ("key", "wanted"),
    [
        (Qt.Key.Key_F5, (8, 10)),
        (Qt.Key.Key_F6, (10, 12)),
        (Qt.Key.Key_F7, (18, 20)),
        (Qt.Key.Key_F8, (20, 22)),
    ],
)
def test_two_seconds_before_or_after_an_edge_are_played(
    long: Stage, key: Qt.Key, wanted: tuple[int, int]
) -> None:
    long.editor.timeline.select(Region(10 * RATE, 20 * RATE))
    press(long, key, SHIFT)
    start, stop = (second * RATE for second in wanted)
    assert order_of(long) == (start, (start, stop), False)


def test_space_plays_the_selection_or_on_from_the_playhead(long: Stage) -> None:
    timeline, player = long.editor.timeline, long.editor.transport.player
    timeline.select(Region(10 * RATE, 20 * RATE))
    press(long, Qt.Key.Key_Space)
    assert order_of(long)[1] == (10 * RATE, 20 * RATE)
    press(long, Qt.Key.Key_Space)
    assert not player.playing
    timeline.move_playhead(5 * RATE)
    press(long, Qt.Key.Key_Space, SHIFT)
    assert order_of(long)[1] == (5 * RATE, LENGTH_S * RATE)
    press(long, Qt.Key.Key_Space)
    timeline.select(None)
    timeline.move_playhead(7 * RATE)
    press(long, Qt.Key.Key_Space)
    assert order_of(long)[1] == (7 * RATE, LENGTH_S * RATE)


def test_pause_keeps_the_place_and_goes_on_there(long: Stage) -> None:
    transport = long.editor.transport
    transport.play(5 * RATE, 20 * RATE)
    assert long.output.last is not None
    long.output.last.hear(RATE)
    press(long, Qt.Key.Key_P)
    assert not transport.playing
    at = long.editor.timeline.playhead
    assert at > 5.5 * RATE
    press(long, Qt.Key.Key_P)
    assert order_of(long)[:2] == (at, (5 * RATE, 20 * RATE))


def test_the_loop_is_switched_and_set_to_the_selection(long: Stage) -> None:
    press(long, Qt.Key.Key_L)
    assert long.editor.transport.looping
    press(long, Qt.Key.Key_L)
    assert not long.editor.transport.looping
    long.editor.timeline.select(Region(10 * RATE, 20 * RATE))
    press(long, Qt.Key.Key_L, SHIFT)
    assert order_of(long)[1:] == ((10 * RATE, 20 * RATE), True)


def test_arrows_and_commas_seek(long: Stage) -> None:
    transport, timeline = long.editor.transport, long.editor.timeline
    pixel = timeline.samples_per_pixel()
    timeline.move_playhead(20 * RATE)
    for key, modifiers, moved in (
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, -pixel),
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, pixel),
        (Qt.Key.Key_Comma, Qt.KeyboardModifier.NoModifier, -RATE),
        (Qt.Key.Key_Period, Qt.KeyboardModifier.NoModifier, RATE),
        (Qt.Key.Key_Comma, SHIFT, -15 * RATE),
        (Qt.Key.Key_Period, SHIFT, 15 * RATE),
    ):
        before = timeline.playhead
        press(long, key, modifiers)
        assert timeline.playhead == before + moved
    press(long, Qt.Key.Key_Right, SHIFT)
    assert timeline.selection is not None  # extended while nothing plays
    timeline.select(None)
    transport.play(10 * RATE, None)
    for key, modifiers, place in (
        (Qt.Key.Key_Right, Qt.KeyboardModifier.NoModifier, 11),
        (Qt.Key.Key_Right, SHIFT, 26),
        (Qt.Key.Key_Left, SHIFT, 11),
        (Qt.Key.Key_Left, Qt.KeyboardModifier.NoModifier, 10),
    ):
        press(long, key, modifiers)
        assert transport.player.position == place * RATE
        assert timeline.selection is None
    press(long, Qt.Key.Key_Home)
    assert timeline.playhead == 0
    press(long, Qt.Key.Key_End)
    assert timeline.playhead == LENGTH_S * RATE


def test_a_drag_with_control_scrubs_and_selects_nothing(long: Stage) -> None:
    timeline, view = long.editor.timeline, long.window.view.spectrogram
    selected = Region(10 * RATE, 20 * RATE)
    timeline.select(selected)
    control, left = Qt.KeyboardModifier.ControlModifier, Qt.MouseButton.LeftButton
    places = [view.area().center().toPoint() + QPoint(step, 0) for step in (0, 40, -80)]
    assert long.output.last is not None
    QTest.mousePress(view, left, control, places[0])
    for place in places[1:]:
        drag = QMouseEvent(
            QEvent.Type.MouseMove,
            QPointF(place),
            QPointF(view.mapToGlobal(place)),
            Qt.MouseButton.NoButton,
            left,
            control,
        )
        QCoreApplication.sendEvent(view, drag)
        assert timeline.playhead == pytest.approx(view.sample_at(place.x()), abs=1)
        assert long.output.last.hear(RATE // 50).any()
    QTest.mouseRelease(view, left, control, places[-1])
    assert timeline.selection == selected
    assert timeline.playhead == pytest.approx(view.sample_at(places[-1].x()), abs=1)


def test_keys_compare_while_it_loops_and_the_place_stays(long: Stage) -> None:
    transport, timeline = long.editor.transport, long.editor.timeline
    timeline.select(Region(10 * RATE, 20 * RATE))
    with long.qtbot.waitSignal(long.editor.applying.restored, timeout=20_000):
        long.editor.applying.apply(long.halve.id, {"seed": 3})
    press(long, Qt.Key.Key_L)
    press(long, Qt.Key.Key_Space)
    assert transport.player.loop_span == (10 * RATE, 20 * RATE)
    for key, take in (
        (Qt.Key.Key_A, TAKE_A),
        (Qt.Key.Key_A, TAKE_B),
        (Qt.Key.Key_D, DELTA),
        (Qt.Key.Key_A, TAKE_A),
        (Qt.Key.Key_D, DELTA),
        (Qt.Key.Key_D, TAKE_B),
    ):
        at = transport.player.position
        press(long, key)
        assert transport.take == take
        assert transport.playing
        assert transport.player.position == at
    assert transport.levels.matched
    press(long, Qt.Key.Key_G)
    assert not transport.levels.matched
    assert transport.player.loop_span == (10 * RATE, 20 * RATE)
    press(long, Qt.Key.Key_Space)


def test_the_page_turns_or_the_view_scrolls_until_the_user_does(long: Stage) -> None:
    transport, timeline, settings = long.editor.transport, long.editor.timeline, long.window.settings
    timeline.show(10 * RATE, 12 * RATE)
    transport.play(10 * RATE, None)
    for at, first in ((11 * RATE, 10 * RATE), (12 * RATE, 11.92 * RATE)):
        transport.player.seek(at)
        transport._on_poll()
        assert timeline.start == pytest.approx(first, abs=RATE / 100)
    settings.follow_smoothly = True
    transport.player.seek(20 * RATE)
    transport._on_poll()
    assert (timeline.start + timeline.stop) / 2 == pytest.approx(20 * RATE, abs=RATE / 100)
    long.window.view.scrolled.emit()
    seen = timeline.start
    transport.player.seek(30 * RATE)
    transport._on_poll()
    assert timeline.start == seen
    transport.play(5 * RATE, None)  # the next play follows again
    transport._on_poll()
    assert timeline.start <= 5 * RATE <= timeline.stop
    settings.follow_playhead = False
    transport.player.seek(30 * RATE)
    transport._on_poll()
    assert timeline.stop < 30 * RATE


def test_the_chosen_device_is_remembered(long: Stage) -> None:
    long.editor.transport.device_chosen.emit("Headset")
    assert long.window.settings.sound_device == "Headset"


def test_peaks_fall_slowly_and_the_highest_is_held(stage: Stage) -> None:
    meter = LevelMeter(chosen_theme("dark"))
    stage.qtbot.addWidget(meter)

    def show(peak_db: float) -> tuple[float, float]:
        meter.show_levels(Levels((peak_db,), peak_db, peak_db, peak_db, peak_db))
        return meter._bars[0], meter._held[0][0]

    assert show(-3.0) == (-3.0, -3.0)
    bars = [show(-50.0) for _ in range(45)]
    assert bars[0] == (pytest.approx(-4.2), -3.0)
    assert bars[-1] == (-50.0, -3.0)  # held for 1.5 s
    assert show(-50.0)[1] == -50.0
    assert show(-1.0) == (-1.0, -1.0)
    meter.blind = True
    meter.show_levels(Levels((-1.0,), -1.0, -1.0, -1.0, -1.0))
    assert meter._bars == []
    assert meter.text == ("", "")


def test_takes_that_come_while_others_are_held_are_there_afterwards(long: Stage) -> None:
    transport = long.editor.transport
    source = transport.takes[TAKE_A]
    halves = [source.slice(0, source.length) for _ in range(2)]
    transport.set_takes([source, halves[0]])
    transport.select_take(TAKE_A)
    transport.play(0, source.length)
    transport.hold_takes()
    transport.set_takes([source, *halves], 2)
    assert len(transport.takes) == 2
    transport.free_takes()
    assert len(transport.takes) == 3
    assert transport.take == TAKE_A
    assert transport.compared == 2
