"""Takes: versions of a region as values."""

import numpy as np
import pytest

from audiosr_desktop.audio.history import State, Step
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.takes import Take, TakeSet

REGION = Region(5, 15, 100.0, 200.0)


def take(number: int, rate: int = 8000) -> Take:
    sound = Sound.from_array(np.full((1, 40), float(number)), rate)
    return Take(f"take {number}", sound, Step("Gain", REGION), {"seed": number})


def take_set() -> TakeSet:
    return TakeSet(REGION, tuple(take(number) for number in range(3)))


def test_takes_are_added_named_and_dropped() -> None:
    takes = take_set()
    more = takes.added(take(7)).renamed(3, "soft")
    assert more.names == ["take 0", "take 1", "take 2", "soft"]
    assert more.without(1).names == ["take 0", "take 2", "soft"]
    assert takes.names == ["take 0", "take 1", "take 2"]  # a value
    with pytest.raises(ValueError, match="source"):
        takes.without(0)


def test_takes_must_agree() -> None:
    with pytest.raises(ValueError, match="agree"):
        take_set().added(take(3, rate=9000))


def test_a_result_is_known_by_its_sound() -> None:
    takes = take_set()
    assert takes.number_of(takes.sounds[2]) == 2
    assert takes.number_of(takes.sounds[0]) == 0  # the source is no result
    assert takes.belongs_to([State(takes.sounds[0]), State(takes.sounds[1])])
    assert not takes.belongs_to([State(takes.sounds[0])])
