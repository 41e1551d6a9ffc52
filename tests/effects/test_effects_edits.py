"""Cuts and pastes against plain NumPy, and what cross-fades at their seams may change."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects import edits
from audiosr_desktop.errors import SoundError

RATE = 8_000


def counted(length: int, channels: int = 1, first: int = 1) -> Sound:
    """Samples that can all be told apart."""
    values = first + np.arange(length * channels, dtype=np.float32).reshape(channels, length)
    return Sound.from_array(values, RATE)


def samples(sound: Sound) -> np.ndarray:
    return sound.read(0, sound.length)


@st.composite
def cuts(draw: st.DrawFn) -> tuple[int, Region, int]:
    """A length, a region in it, and the length of something to insert."""
    length = draw(st.integers(1, 400))
    start, stop = sorted((draw(st.integers(0, length)), draw(st.integers(0, length))))
    return length, Region(start, stop), draw(st.integers(0, 120))


@given(cuts(), st.integers(1, 3))
def test_plain_edits_are_numpy_s(cut: tuple[int, Region, int], channels: int) -> None:
    length, region, extra = cut
    sound, clip = counted(length, channels), counted(extra, channels, 10_000)
    plain, start, stop = samples(sound), region.start, region.stop
    assert np.array_equal(samples(edits.delete(sound, region)), np.delete(plain, np.s_[start:stop], axis=1))
    wanted = np.concatenate([plain[:, :start], samples(clip), plain[:, stop:]], axis=1)
    assert np.array_equal(samples(edits.replace(sound, region, clip)), wanted)
    assert np.array_equal(samples(edits.trimmed(sound, region)), plain[:, start:stop])
    quiet = plain.copy()
    quiet[:, start:stop] = 0
    assert np.array_equal(samples(edits.silenced(sound, region)), quiet)


@given(cuts(), st.integers(1, 60))
def test_joins_change_no_length_and_nothing_beyond_themselves(
    cut: tuple[int, Region, int], join: int
) -> None:
    length, region, extra = cut
    sound, clip = counted(length), counted(extra, first=10_000)
    plain = samples(edits.replace(sound, region, clip))
    joined = samples(edits.replace(sound, region, clip, join))
    assert joined.shape == plain.shape
    changed = np.flatnonzero(joined[0] != plain[0])
    if extra:
        inside = (region.start, region.start + extra)
        near = [(inside[0], inside[0] + join), (inside[1] - join, inside[1])]
        assert all(inside[0] <= at < inside[1] for at in changed)
    else:
        near = [(region.start, region.start + join)]
    assert all(any(low <= at < high for low, high in near) for at in changed)


@given(st.lists(cuts(), min_size=1, max_size=12))
def test_many_edits_and_their_undoing(cut_list: list[tuple[int, Region, int]]) -> None:
    sound = counted(300, 2)
    plain, states = samples(sound), [(sound, samples(sound))]
    for _, region, extra in cut_list:
        where, clip = region.clipped(0, sound.length), counted(extra, 2, 50_000)
        sound = edits.replace(sound, where, clip)
        plain = np.concatenate([plain[:, : where.start], samples(clip), plain[:, where.stop :]], axis=1)
        states.append((sound, plain))
    for state, wanted in reversed(states):  # a state is never changed by the edits after it
        assert np.array_equal(samples(state), wanted)


def largest_step(values: np.ndarray) -> float:
    return float(np.abs(np.diff(values)).max())


def test_a_join_takes_the_click_out() -> None:
    time = np.arange(RATE) / RATE
    sound = Sound.from_array(np.sin(2 * np.pi * 50 * time)[None], RATE)
    region = Region(1_040, 1_160)
    hard, soft = edits.delete(sound, region), edits.delete(sound, region, 80)
    assert largest_step(samples(hard)) <= 2.1
    assert largest_step(samples(soft)) < 0.1
    clip = Sound.from_array(np.full((1, 500), 0.8, np.float32), RATE)
    assert largest_step(samples(edits.replace(sound, region, clip, 80))) < 0.1
    assert largest_step(samples(edits.silenced(sound, Region(1_020, 1_700), 80))) < 0.1


def test_silence_takes_no_space_however_long() -> None:
    sound = counted(1_000, 2)
    long = edits.replace(sound, Region(500, 500), edits.silence(10 * 3600 * RATE, sound))
    assert long.length == 1_000 + 288_000_000
    assert not long.read(288_000_000 - 5, 288_000_000 + 5).any()


def test_what_does_not_fit_is_refused() -> None:
    with pytest.raises(SoundError):
        edits.replace(counted(10, 1), Region(0, 1), counted(10, 2))


@given(cuts(), st.integers(2, 4), st.data())
def test_edits_of_some_channels_leave_the_others_and_move_nothing(
    cut: tuple[int, Region, int], channels: int, data: st.DataObject
) -> None:
    length, plain, extra = cut
    chosen = sorted(data.draw(st.sets(st.integers(0, channels - 1), min_size=1)))
    region = plain.of_channels(chosen)
    sound, clip = counted(length, channels), counted(extra, len(chosen), 10_000)
    start, stop = region.start, region.stop
    silent, kept, pasted = (samples(sound).copy() for _ in range(3))
    silent[chosen, start:stop] = 0
    kept[chosen, :start] = 0
    kept[chosen, stop:] = 0
    pasted[chosen, start:stop] = 0
    fits = min(extra, region.length)
    pasted[chosen, start : start + fits] = samples(clip)[:, :fits]
    assert np.array_equal(samples(edits.silenced(sound, region)), silent)
    assert np.array_equal(samples(edits.trimmed(sound, region)), kept)
    assert np.array_equal(samples(edits.overwritten(sound, region, clip)), pasted)
