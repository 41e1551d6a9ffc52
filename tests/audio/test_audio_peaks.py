"""Peaks against brute force."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from audiosr_desktop.audio.peaks import Peaks, build_peaks, known_peaks
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Piece, Sound
from audiosr_desktop.audio.store import SilenceStore
from audiosr_desktop.audio.store_peaks import BASE, FACTOR
from audiosr_desktop.job import run_job


def noise(channels: int, length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((channels, length), np.float32)


def brute_force(x: np.ndarray, start: int, stop: int, columns: int, size: int) -> list[np.ndarray]:
    """Fold each column by hand, its edges moved out to multiples of `size`."""
    out = []
    for column in range(columns):
        first = start + column * (stop - start) // columns
        last = max(first + 1, start + (column + 1) * (stop - start) // columns)
        part = x[:, first // size * size : min(-(-last // size) * size, x.shape[1])]
        rms = np.sqrt((part.astype(np.float64) ** 2).mean(axis=1))
        out.append((part.min(axis=1), part.max(axis=1), rms))
    return [np.stack(values, axis=1) for values in zip(*out, strict=True)]


def size_at(peaks: Peaks, span: float) -> int:
    """Return how many samples a bin has at a zoom; 1 where samples are read directly."""
    size = 1
    for depth in range(max(len(part.peaks.levels) for part in peaks.parts)):
        if BASE * FACTOR**depth <= span:
            size = BASE * FACTOR**depth
    return size


def finer(size: int, length: int) -> int:
    """Return how many samples a bin of a piece of that length has at most: short ones have finer bins."""
    while size > BASE and length < 64 * size:
        size //= FACTOR
    return size


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_windows_at_any_zoom(data: st.DataObject) -> None:
    length = data.draw(
        st.one_of(st.integers(1, 3000), st.integers(20_000, 60_000), st.integers(260_000, 300_000))
    )
    x = noise(2, length, seed=length)
    peaks = run_job(build_peaks(Sound.from_array(x, 48000)))
    start = data.draw(st.integers(0, length - 1))
    stop = data.draw(st.integers(start + 1, length))
    columns = data.draw(st.integers(1, 90))
    mins, maxs, rms = peaks.window(start, stop, columns)
    size = finer(size_at(peaks, (stop - start) / columns), length)
    expected = brute_force(x, start, stop, columns, size)
    np.testing.assert_array_equal(mins, expected[0])
    np.testing.assert_array_equal(maxs, expected[1])
    np.testing.assert_allclose(rms, expected[2], rtol=1e-5)


def brute_force_of_pieces(sound: Sound, edges: tuple[int, int], columns: int, size: int) -> list[np.ndarray]:
    """Fold each column by hand, its edges moved out to bins of the store, but not beyond a piece."""
    start, stop = edges
    out = []
    for column in range(columns):
        first = start + column * (stop - start) // columns
        last = max(first + 1, start + (column + 1) * (stop - start) // columns)
        found, at = [], 0
        for piece in sound.pieces:
            low, high = (min(max(edge - at, 0), piece.length) + piece.start for edge in (first, last))
            if low < high:
                own = finer(size, piece.length)
                low, high = low // own * own, -(-high // own) * own
                found.append(piece.store.read(max(low, piece.start), min(high, piece.stop)))
            at += piece.length
        part = np.concatenate(found, axis=1)
        rms = np.sqrt((part.astype(np.float64) ** 2).mean(axis=1))
        out.append((part.min(axis=1), part.max(axis=1), rms))
    return [np.stack(values, axis=1) for values in zip(*out, strict=True)]


EDIT = st.tuples(st.integers(0, 300_000), st.integers(0, 20_000), st.integers(0, 9_000))


@given(st.lists(EDIT, min_size=1, max_size=4), st.data())
@settings(max_examples=120, deadline=None)
def test_peaks_after_edits(edits: list[tuple[int, int, int]], data: st.DataObject) -> None:
    sound, other = (Sound.from_array(noise(2, length, length), 48000) for length in (300_000, 9_000))
    peaks = run_job(build_peaks(sound))
    for place, gone, come in edits:
        at = min(place, sound.length)
        edited = sound.splice(Region(at, min(sound.length, at + gone)), other.slice(0, come))
        sound = edited if edited.length else sound
        known = known_peaks(sound, [peaks])
        assert known is not None  # at once: what is new is short
        assert known.sound is sound
        peaks = known
    start = data.draw(st.integers(0, sound.length - 1))
    stop = data.draw(st.integers(start + 1, sound.length))
    columns = data.draw(st.integers(1, 60))
    window = peaks.window(start, stop, columns)
    size = size_at(peaks, (stop - start) / columns)
    expected = brute_force_of_pieces(sound, (start, stop), columns, size)
    np.testing.assert_array_equal(window[0], expected[0])
    np.testing.assert_array_equal(window[1], expected[1])
    np.testing.assert_allclose(window[2], expected[2], rtol=1e-5)


class Counted(SilenceStore):
    """Silence of any length that tells how much of it was read."""

    def __init__(self, channels: int, length: int) -> None:
        super().__init__(channels, length)
        self.samples_read = 0

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        self.samples_read += stop - start
        return super().read(start, stop, dtype)


def test_an_edit_reads_only_what_is_new() -> None:
    store, new = Counted(1, 40_000_000), Counted(1, 3_000_000)
    sound = Sound.from_store(store, 48_000)
    peaks = run_job(build_peaks(sound))
    assert store.samples_read == store.length
    store.samples_read = 0
    edited = sound.splice(Region(10_000_001, 20_000_000), Sound.from_store(new, 48_000))
    assert known_peaks(edited, [peaks]) is None  # too much is new
    told = list(build_peaks(edited, [peaks]))
    assert [one.fraction for one in told] == sorted(one.fraction for one in told)
    assert (store.samples_read, new.samples_read) == (0, new.length)
    after = run_job(build_peaks(edited, [peaks]))
    after.window(0, edited.length, 1000)
    assert store.samples_read < 5000  # the ends of bins at the seams


def test_a_store_that_grows_is_read_on() -> None:
    store = Counted(2, 900_000)
    known: list[Peaks] = []
    for length in (200_001, 500_000, 900_000):
        known = [run_job(build_peaks(Sound((Piece(store, 0, length),), 48_000), known))]
    assert store.samples_read < store.length + 2 * BASE


def test_no_samples_no_peaks() -> None:
    peaks: Peaks = run_job(build_peaks(Sound.from_array(np.zeros((2, 0), np.float32), 48000)))
    assert all(not part.any() and part.shape == (2, 5) for part in peaks.window(0, 0, 5))
