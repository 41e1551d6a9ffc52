"""Resampling keeps duration and alignment, and blocks give what the whole gives."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.dsp.resample import (
    StreamResampler,
    resample,
    resample_blocks,
    resample_published,
    resampled_length,
)

RATES = [8_000, 11_025, 22_050, 44_100, 48_000, 96_000, 192_000]


def noise(length, channels=2, seed=0):
    return (0.1 * np.random.default_rng(seed).standard_normal((channels, length))).astype(np.float32)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(RATES), st.sampled_from(RATES), st.integers(0, 5_000))
def test_length_is_exact(rate_in, rate_out, length):
    out = resample(noise(length), rate_in, rate_out)
    assert out.shape == (2, resampled_length(length, rate_in, rate_out))
    assert abs(out.shape[1] - length * rate_out / rate_in) <= 0.5
    assert out.dtype == np.float32


@settings(max_examples=20, deadline=None)
@given(
    st.sampled_from([(48_000, 44_100), (44_100, 48_000), (48_000, 8_000), (8_000, 48_000), (48_000, 48_000)]),
    st.lists(st.integers(0, 7_000), max_size=12),
)
def test_blocks_give_what_the_whole_gives(rates, sizes):
    whole = noise(sum(sizes), seed=1)
    blocks = np.split(whole, np.cumsum(sizes)[:-1], axis=1) if sizes else []
    parts = list(resample_blocks(blocks, *rates, 2))
    joined = np.concatenate(parts, axis=1) if parts else np.zeros((2, 0), np.float32)
    np.testing.assert_array_equal(joined, resample(whole, *rates))


@pytest.mark.parametrize(("rate_in", "rate_out"), [(48_000, 44_100), (44_100, 48_000), (48_000, 16_000)])
def test_sound_below_the_band_edge_survives_there_and_back_at_lag_0(rate_in, rate_out):
    time = np.arange(rate_in) / rate_in
    tone = np.sin(2 * np.pi * 1234.5 * time)[None].astype(np.float32)
    back = resample(resample(tone, rate_in, rate_out), rate_out, rate_in)
    inner = slice(2_000, -2_000)
    np.testing.assert_allclose(back[:, inner], tone[:, inner], atol=1e-5)


def test_what_does_not_fit_is_gone():
    tone = np.sin(2 * np.pi * 9_000 * np.arange(48_000) / 48_000)[None].astype(np.float32)
    assert np.abs(resample(tone, 48_000, 16_000)[:, 500:-500]).max() < 1e-5


def test_equal_rates_give_a_copy():
    sound = noise(100)
    same = resample(sound, 48_000, 48_000)
    np.testing.assert_array_equal(same, sound)
    assert not np.shares_memory(same, sound)


def test_wrong_rates_and_channels_are_refused():
    with pytest.raises(ValueError, match="0 Hz"):
        StreamResampler(48_000, 0, 2)
    with pytest.raises(ValueError, match="channels"):
        StreamResampler(48_000, 44_100, 2).add(noise(10, channels=1))


def published(samples: np.ndarray, rate_in: int, rate_out: int, start: int = 0) -> np.ndarray:
    def read(first: int, last: int) -> np.ndarray:
        after = max(0, last - samples.shape[1])
        return np.pad(samples[:, max(0, first) : last], ((0, 0), (max(0, -first), after)))

    return resample_published(
        read, rate_in, rate_out, start, resampled_length(samples.shape[1], rate_in, rate_out)
    )


def published_by_phases(sound: np.ndarray, rate_in: int, rate_out: int) -> np.ndarray:
    """The same kernel written down as a strided convolution for each phase, as the library does it."""
    common = math.gcd(rate_in, rate_out)
    old, new = rate_in // common, rate_out // common
    band = min(old, new) * 0.99
    width = math.ceil(6 * old / band)
    places = np.arange(-width, width + old) / old
    out = np.zeros((-(-sound.size // old) + 1, new))
    padded = np.pad(sound, (width, width + 2 * old))
    for phase in range(new):
        t = np.clip((places - phase / new) * band, -6, 6)
        kernel = np.sinc(t) * np.cos(t * np.pi / 12) ** 2 * band / old
        for row in range(out.shape[0]):
            part = padded[row * old : row * old + kernel.size]
            out[row, phase] = part @ kernel[: part.size]
    return out.reshape(-1)[: resampled_length(sound.size, rate_in, rate_out)]


@pytest.mark.parametrize(("rate_in", "rate_out"), [(44_100, 48_000), (16_000, 48_000), (96_000, 48_000)])
def test_the_published_kernel_is_that_of_the_library(rate_in: int, rate_out: int) -> None:
    sound = np.random.default_rng(0).standard_normal((2, 997)).astype(np.float32)
    found = published(sound, rate_in, rate_out)
    expected = published_by_phases(sound[1].astype(np.float64), rate_in, rate_out)
    assert found.dtype == np.float32
    assert np.allclose(found[1], expected, atol=1e-5)


def test_the_published_kernel_gives_the_same_in_parts() -> None:
    sound = np.random.default_rng(0).standard_normal((1, 4000)).astype(np.float32)
    assert np.array_equal(published(sound, 44_100, 48_000)[:, 1234:], published(sound, 44_100, 48_000, 1234))
