"""Sound and stores: splices are plain concatenation, and what is read is what was written."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Piece, Sound, concat, iter_blocks
from audiosr_desktop.audio.store import ArrayStore
from audiosr_desktop.errors import SoundError


def numbered(length: int, channels: int = 2, first: int = 0) -> np.ndarray:
    """Return samples that are all different."""
    return (first + np.arange(channels * length, dtype=np.float32)).reshape(channels, length)


@st.composite
def edits(draw: st.DrawFn) -> tuple[int, list[tuple[int, int, int]]]:
    length = draw(st.integers(0, 40))
    steps = []
    now = length
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, now))
        stop = draw(st.integers(start, now))
        inserted = draw(st.integers(0, 12))
        steps.append((start, stop, inserted))
        now += inserted - (stop - start)
    return length, steps


@given(edits(), st.data())
@settings(max_examples=150, deadline=None)
def test_splices_are_concatenation(plan: tuple[int, list[tuple[int, int, int]]], data: st.DataObject) -> None:
    length, steps = plan
    plain = numbered(length)
    sound = Sound.from_array(plain, 48000)
    for number, (start, stop, inserted) in enumerate(steps, 1):
        new = numbered(inserted, first=1000 * number)
        plain = np.concatenate([plain[:, :start], new, plain[:, stop:]], axis=1)
        sound = sound.splice(Region(start, stop), Sound.from_array(new, 48000))
    assert sound.length == plain.shape[1]
    assert sound.channels == 2
    start = data.draw(st.integers(0, sound.length))
    stop = data.draw(st.integers(start, sound.length))
    np.testing.assert_array_equal(sound.read(start, stop), plain[:, start:stop])
    np.testing.assert_array_equal(
        sound.read(start, stop, np.float64), plain[:, start:stop].astype(np.float64)
    )
    part = sound.slice(start, stop)
    np.testing.assert_array_equal(part.read(0, part.length), plain[:, start:stop])
    blocks = list(iter_blocks(sound, start, stop, 7))
    assert all(block.shape[1] <= 7 for block in blocks)
    if blocks:
        np.testing.assert_array_equal(np.concatenate(blocks, axis=1), plain[:, start:stop])


@given(st.integers(-20, 40), st.integers(0, 30))
@settings(deadline=None)
def test_padded_reading_is_zero_outside(start: int, length: int) -> None:
    plain = numbered(20, first=1)
    padded = np.pad(plain, ((0, 0), (60, 60)))
    sound = Sound.from_array(plain, 48000)
    np.testing.assert_array_equal(
        sound.read_padded(start, start + length), padded[:, 60 + start : 60 + start + length]
    )


def test_a_cut_that_is_undone_is_one_piece_again() -> None:
    sound = Sound.from_array(numbered(100), 48000)
    again = concat([sound.slice(0, 30), sound.slice(30, 30), sound.slice(30, 100)])
    assert again == sound


def test_an_edit_shares_the_samples_it_does_not_touch() -> None:
    sound = Sound.from_array(numbered(100), 48000)
    edited = sound.splice(Region(10, 20), Sound.from_array(numbered(5), 48000))
    assert edited.pieces[0].store is sound.pieces[0].store
    assert edited.pieces[2].store is sound.pieces[0].store
    assert edited.length == 95


def test_an_empty_sound_keeps_its_channels() -> None:
    empty = Sound.from_array(numbered(10, channels=3), 44100).slice(4, 4)
    assert (empty.length, empty.channels, empty.duration_s) == (0, 3, 0.0)
    assert empty.read(0, 0).shape == (3, 0)
    assert list(iter_blocks(empty)) == []


def test_the_array_given_is_copied_and_frozen() -> None:
    given_samples = numbered(10)
    sound = Sound.from_array(given_samples, 48000)
    given_samples[:] = 0
    assert sound.read(1, 2)[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        sound.read(0, 10)[0, 0] = 5


def test_other_rates_and_channels_are_refused() -> None:
    sound = Sound.from_array(numbered(10), 48000)
    with pytest.raises(SoundError, match="44100 Hz and 48000 Hz"):
        sound.splice(Region(0, 5), Sound.from_array(numbered(5), 44100))
    with pytest.raises(SoundError, match="channels"):
        sound.splice(Region(0, 5), Sound.from_array(numbered(5, channels=1), 48000))


@pytest.mark.parametrize(("start", "stop"), [(-1, 3), (3, 11), (5, 4)])
def test_ranges_outside_are_our_own_mistake(start: int, stop: int) -> None:
    sound = Sound.from_array(numbered(10), 48000)
    with pytest.raises(ValueError, match="not inside"):
        sound.read(start, stop)
    with pytest.raises(ValueError, match="not inside"):
        sound.slice(start, stop)
    with pytest.raises(ValueError, match="not inside"):
        Piece(ArrayStore(numbered(10)), start, stop)
