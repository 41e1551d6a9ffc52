"""Fades are complementary, and windows laid side by side give the sound back."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosr_desktop.dsp.overlap import crossfade, equal_power_fade, fade, tapered_window


@given(st.sampled_from(["linear", "raised-cosine"]), st.integers(1, 3_000))
def test_equal_gain_fades_sum_to_one(shape, length):
    rising = fade(shape, length)
    np.testing.assert_allclose(rising + rising[::-1], 1.0, atol=1e-6)
    assert (np.diff(rising) > 0).all()
    assert rising.dtype == np.float32


@given(st.integers(1, 3_000))
def test_squares_of_equal_power_fades_sum_to_one(length):
    rising = equal_power_fade(length)
    np.testing.assert_allclose(rising**2 + rising[::-1] ** 2, 1.0, atol=1e-6)


def test_crossfade_of_a_sound_with_itself_is_that_sound():
    sound = np.random.default_rng(0).standard_normal((2, 480)).astype(np.float32)
    np.testing.assert_allclose(crossfade(sound, sound), sound, atol=1e-6)


def test_crossfade_goes_from_one_to_the_other_and_keeps_the_power_of_noise():
    rng = np.random.default_rng(0)
    before, after = rng.standard_normal((2, 1, 100_000)).astype(np.float32)
    mixed = crossfade(before, after, "equal-power")
    assert np.abs(mixed - before)[0, :100].max() < 0.01
    assert np.abs(mixed - after)[0, -100:].max() < 0.01
    assert np.mean(mixed[0, 40_000:60_000] ** 2) == pytest.approx(1.0, abs=0.03)


def test_crossfade_refuses_different_shapes():
    with pytest.raises(ValueError, match="shapes"):
        crossfade(np.zeros((1, 4), np.float32), np.zeros((1, 5), np.float32))


@given(st.integers(1, 200), st.integers(0, 100), st.integers(1, 6))
def test_overlapping_windows_give_untouched_sound_back(inner, overlap, count):
    length = inner + 2 * overlap
    hop = length - overlap
    total = hop * (count - 1) + length
    sound = np.random.default_rng(inner).standard_normal(total).astype(np.float32)
    joined = np.zeros(total, np.float32)
    for index in range(count):
        window = tapered_window(length, overlap if index else 0, overlap if index < count - 1 else 0)
        joined[index * hop : index * hop + length] += window * sound[index * hop : index * hop + length]
    np.testing.assert_allclose(joined, sound, atol=1e-5)


def test_window_refuses_fades_that_do_not_fit():
    with pytest.raises(ValueError, match="do not fit"):
        tapered_window(10, 6, 6)
