"""Channels taken out of a sound and put back: nothing is copied, what is not meant stays the same samples."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from audiosr_desktop.audio.files import open_sound
from audiosr_desktop.audio.lanes import LaneStore, channels_of, picked, put_back
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, concat
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.job import run_job

RATE = 8_000


def sound_of(channels: int, cuts: list[int], seed: int) -> Sound:
    """Return a sound of pieces of those lengths, each of its own store and not from its beginning."""
    rng = np.random.default_rng(seed)
    parts = [Sound.from_array(rng.standard_normal((channels, length + 5)), RATE) for length in cuts]
    return concat(part.slice(3, 3 + length) for part, length in zip(parts, cuts, strict=True))


def samples(sound: Sound) -> np.ndarray:
    return sound.read(0, sound.length)


@st.composite
def edits(draw: st.DrawFn) -> tuple[int, list[int], list[tuple[tuple[int, ...], list[int]]]]:
    """Channels, lengths of pieces, and replacements: which channels, and cuts of what takes their place."""
    channels = draw(st.integers(1, 4))
    cuts = draw(st.lists(st.integers(1, 30), min_size=1, max_size=4))
    total = sum(cuts)
    rounds = []
    for _ in range(draw(st.integers(1, 3))):
        chosen = draw(st.sets(st.integers(0, channels - 1), min_size=1))
        edges = sorted({0, total, *draw(st.lists(st.integers(0, total), max_size=3))})
        rounds.append((tuple(sorted(chosen)), [stop - start for start, stop in pairwise(edges)]))
    return channels, cuts, rounds


@given(edits())
def test_channels_go_out_and_back_as_numpy_does_it(case: tuple) -> None:
    channels, cuts, rounds = case
    sound = sound_of(channels, cuts, 0)
    expected = samples(sound).copy()
    for seed, (chosen, lengths) in enumerate(rounds, 1):
        assert np.array_equal(samples(picked(sound, chosen)), expected[list(chosen)])
        part = sound_of(len(chosen), lengths, seed)
        sound = put_back(sound, part, chosen)
        expected[list(chosen)] = samples(part)
        assert np.array_equal(samples(sound), expected)
        for piece in sound.pieces:  # lanes name what holds samples, however often they are replaced
            if isinstance(piece.store, LaneStore):
                assert not any(isinstance(lane.store, LaneStore) for lane in piece.store.lanes)


@given(edits())
def test_what_is_put_back_unchanged_is_the_sound_itself(case: tuple) -> None:
    channels, cuts, rounds = case
    sound = sound_of(channels, cuts, 0)
    for seed, (chosen, lengths) in enumerate(rounds, 1):
        assert put_back(sound, picked(sound, chosen), chosen) == sound
        sound = put_back(sound, sound_of(len(chosen), lengths, seed), chosen)
    assert put_back(sound, picked(sound, range(channels)), range(channels)) == sound


def test_lanes_keep_all_bits_of_a_file(tmp_path: Path, run_scratch: Scratch) -> None:
    values = np.random.default_rng(1).standard_normal((500, 2)) * 0.1
    soundfile.write(tmp_path / "deep.wav", values, RATE, "DOUBLE")
    sound = run_job(open_sound(tmp_path / "deep.wav", run_scratch))
    silent = Sound.from_array(np.zeros((1, 500)), RATE)
    read = put_back(sound, silent, (0,)).read(0, 500, np.float64)
    assert np.array_equal(read[1], values[:, 1])
    assert not read[0].any()


def test_a_region_says_which_channels_it_means() -> None:
    sound = sound_of(3, [10], 0)
    assert channels_of(sound, Region(0, 5)) is sound
    assert np.array_equal(
        samples(channels_of(sound, Region(0, 5).of_channels([2, 0, 2]))), samples(sound)[[0, 2]]
    )
    assert Region(4, 8, channels=(1,)).at_rate(2.0) == Region(8, 16, channels=(1,))
    for wrong in ((), (1, 0), (-1,), (1, 1)):
        with pytest.raises(ValueError, match="channels"):
            Region(0, 1, channels=wrong)


def test_channels_that_do_not_fit_are_refused() -> None:
    sound = sound_of(2, [10], 0)
    with pytest.raises(ValueError, match="shape"):
        put_back(sound, sound_of(1, [9], 1), (0,))
    with pytest.raises(ValueError, match="shape"):
        put_back(sound, sound_of(2, [10], 1), (0,))
    with pytest.raises(IndexError):
        picked(sound, (2,))
