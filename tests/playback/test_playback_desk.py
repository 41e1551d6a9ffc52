"""The desk, with the sound card's thread driven by hand."""

import os
from collections.abc import Iterator

import numpy as np
import pytest

from audiosr_desktop.errors import PlaybackError
from audiosr_desktop.playback.desk import DESK_BYTES, STRIPS, Desk, set_all
from audiosr_desktop.playback.memory import Memory
from audiosr_desktop.playback.mixdown import Mixdown
from audiosr_desktop.playback.strip import EDGE_S, MOST_TAKES, Strip

RATE = 48_000
EDGE = round(EDGE_S * RATE)


@pytest.fixture
def desk() -> Iterator[Desk]:
    memory = Memory(DESK_BYTES)
    made = Desk(memory)
    made.tap_size = RATE
    yield made
    memory.close()


def laid(desk: Desk, first: int, *, follows: Strip | None = None, since: int = 0, takes: int = 1) -> Strip:
    """Return a strip whose samples count up from `first`."""
    strip = desk.free_strip(takes, ())
    assert strip is not None
    strip.lay_out(desk.next_number(), takes, 1, RATE)
    strip.at_once = 1
    if follows is not None:
        strip.follows, strip.follows_from = follows.number, since
    strip.put(np.tile(first + np.arange(9_000, dtype=np.float32), (takes, 1))[:, :, None])
    set_all([strip], 0, [1.0] * takes, duck=False)
    return strip


def pull(mixdown: Mixdown, count: int) -> np.ndarray:
    out = np.full((count, 1), np.nan, np.float32)
    mixdown(out)
    return out[:, 0]


def test_both_processes_see_the_same(desk: Desk) -> None:
    other = Desk(Memory(DESK_BYTES, os_copy(desk.memory)))
    strip = laid(desk, 1)
    desk.play(strip)
    heard = pull(Mixdown(other, RATE), 100)
    np.testing.assert_array_equal(heard, 1 + np.arange(100))
    assert (strip.read, desk.seen, desk.block) == (100, strip.number, 100)
    np.testing.assert_array_equal(desk.tap(RATE, 1).take(), np.zeros((1, 0)))  # it begins now
    other.memory.close()


def os_copy(memory: Memory) -> int | str:
    """Return a handle as another process has it."""
    return os.dup(memory.handle) if isinstance(memory.handle, int) else memory.handle


def test_a_strip_is_free_when_the_sound_cards_thread_can_no_longer_play_it(desk: Desk) -> None:
    mixdown = Mixdown(desk, RATE)
    strips = []
    for _ in range(STRIPS):
        strips.append(laid(desk, 1))
        desk.play(strips[-1])
    assert desk.free_strip(1, ()) is None  # none of them was looked at
    pull(mixdown, 10)
    free = desk.free_strip(1, ())
    assert free in strips[:-1]
    assert desk.free_strip(1, strips[:-1]) is None
    desk.play(None)
    assert desk.in_use(strips[-1])
    pull(mixdown, 10)
    assert desk.in_use(strips[-1])  # it fades out
    pull(mixdown, EDGE + 1)
    assert not any(desk.in_use(strip) for strip in strips)


def test_what_was_given_while_others_were_made_ready_is_left_out(desk: Desk) -> None:
    """The second takes over from the first, and the third from the second before that was ever heard."""
    mixdown = Mixdown(desk, RATE)
    first = laid(desk, 0)
    desk.play(first)
    assert pull(mixdown, 100)[-1] == 99
    second = laid(desk, 100, follows=first, since=first.read)
    assert pull(mixdown, 50)[-1] == 149
    desk.play(second)
    third = laid(desk, 100, follows=second, since=second.read)
    desk.play(third)
    fading = pull(mixdown, EDGE + 1)
    assert third.read == 50 + fading.size
    np.testing.assert_array_equal(pull(mixdown, 5), 150 + fading.size + np.arange(5))


def test_a_device_that_is_opened_anew_plays_nothing_of_before(desk: Desk) -> None:
    strip = laid(desk, 1)
    desk.play(strip)
    pull(Mixdown(desk, RATE), 100)
    desk.clear()
    assert not desk.in_use(strip)
    assert not pull(Mixdown(desk, RATE), 100).any()


def test_as_many_takes_as_there_is_room_for(desk: Desk) -> None:
    with pytest.raises(PlaybackError, match="At most 999 takes"):
        desk.free_strip(MOST_TAKES + 1, ())
    strip = laid(desk, 1, takes=MOST_TAKES // 4)
    assert 0 < strip.size < 1.5 * RATE
    set_all([strip], MOST_TAKES // 4 - 1, [2.0] * (MOST_TAKES // 4), duck=False)
    desk.play(strip)
    np.testing.assert_array_equal(pull(Mixdown(desk, RATE), 10), 2.0 * (1 + np.arange(10)))
