"""Peaks against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.audio.peaks import BASE, FACTOR, Peaks, build_peaks
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
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


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_windows_at_any_zoom(data: st.DataObject) -> None:
    length = data.draw(st.one_of(st.integers(1, 3000), st.integers(20_000, 60_000)))
    x = noise(2, length, seed=length)
    peaks = run_job(build_peaks(Sound.from_array(x, 48000)))
    start = data.draw(st.integers(0, length - 1))
    stop = data.draw(st.integers(start + 1, length))
    columns = data.draw(st.integers(1, 90))
    size = 1
    for depth in range(len(peaks.levels)):
        if BASE * FACTOR**depth <= (stop - start) / columns:
            size = BASE * FACTOR**depth
    mins, maxs, rms = peaks.window(start, stop, columns)
    expected = brute_force(x, start, stop, columns, size)
    np.testing.assert_array_equal(mins, expected[0])
    np.testing.assert_array_equal(maxs, expected[1])
    np.testing.assert_allclose(rms, expected[2], rtol=1e-5)


@given(st.integers(0, 30_000), st.integers(0, 9_000))
@settings(max_examples=40, deadline=None)
def test_an_edit_is_measured_in_part(start: int, length: int) -> None:
    x = noise(1, 39_001)
    before = run_job(build_peaks(Sound.from_array(x, 48000)))
    x[:, start : start + length] *= 3
    sound = Sound.from_array(x, 48000)
    region = Region(start, start + length)
    updated = run_job(before.updated(sound, region))
    whole = run_job(build_peaks(sound))
    assert updated.sound is sound
    for one, other in zip(updated.levels, whole.levels, strict=True):
        for left, right in zip(one, other, strict=True):
            np.testing.assert_allclose(left, right, rtol=1e-6)


def test_an_update_leaves_the_old_peaks_alone() -> None:
    sound = Sound.from_array(noise(1, 5000), 48000)
    peaks = run_job(build_peaks(sound))
    kept = peaks.levels[0][0].copy()
    run_job(peaks.updated(Sound.from_array(np.zeros((1, 5000), np.float32), 48000), Region(0, 5000)))
    np.testing.assert_array_equal(peaks.levels[0][0], kept)


def test_an_edit_of_another_length_is_refused() -> None:
    peaks = run_job(build_peaks(Sound.from_array(noise(1, 5000), 48000)))
    with pytest.raises(ValueError, match="length"):
        peaks.updated(Sound.from_array(noise(1, 4000), 48000), Region(0, 10))


def test_no_samples_no_peaks() -> None:
    peaks: Peaks = run_job(build_peaks(Sound.from_array(np.zeros((2, 0), np.float32), 48000)))
    assert all(not part.any() and part.shape == (2, 5) for part in peaks.window(0, 0, 5))
