"""Metrics against values worked out by hand, and pairs whose difference is known."""

import math

import numpy as np
import pytest

from audiosr_desktop.errors import SoundError
from audiosr_desktop.evaluation.comparison import compare
from audiosr_desktop.evaluation.metrics import (
    RATIO_BOUND_DB,
    align,
    band_energy_db,
    level_gain_db,
    lsd,
    lsd_bands,
    lsd_nuwave2,
    shifted,
    si_sdr_below_db,
    si_sdr_db,
    snr_db,
)

RATE = 48_000


def noise(seconds=1.0, channels=1, seed=0, amplitude=0.1):
    shape = (channels, round(seconds * RATE))
    return (amplitude * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


def lsd_by_the_book(reference, estimate, rate):
    """The published formula, written as plainly as can be."""
    n_fft, hop = int(2048 / (44_100 / rate)), int(rate / 100)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n_fft) / n_fft)
    padded = [np.pad(x.astype(np.float64), n_fft // 2) for x in (reference, estimate)]
    distances = []
    for start in range(0, padded[0].size - n_fft + 1, hop):
        s, e = (np.abs(np.fft.rfft(window * x[start : start + n_fft])) for x in padded)
        distances.append(np.sqrt(np.mean(np.log10(s**2 / (e + 1e-12) ** 2 + 1e-12) ** 2)))
    return np.mean(distances)


@pytest.mark.parametrize("rate", [48_000, 44_100, 16_000])
def test_lsd_is_the_published_formula(rate):
    reference, estimate = noise(0.3), noise(0.3, seed=1, amplitude=0.03)
    expected = lsd_by_the_book(reference[0], estimate[0], rate)
    assert lsd(reference, estimate, rate) == pytest.approx(expected, rel=1e-9)


def test_lsd_of_a_gain_is_that_gain():
    sound = noise()
    assert lsd(sound, sound, RATE) == pytest.approx(0.0, abs=1e-9)
    assert lsd(sound, sound * np.float32(10 ** (-10 / 20)), RATE) == pytest.approx(1.0, abs=1e-3)


def test_lsd_is_the_mean_over_channels():
    sound = noise(channels=2)
    quieter = sound * np.array([[1.0], [10 ** (-10 / 20)]], np.float32)
    assert lsd(sound, quieter, RATE) == pytest.approx(0.5, abs=1e-3)


def test_frames_of_digital_silence_are_skipped():
    sound = noise()
    longer = np.pad(sound, ((0, 0), (0, 3 * RATE)))
    hiss = np.pad(sound * np.float32(10 ** (-10 / 20)), ((0, 0), (0, 3 * RATE)))
    hiss[:, 2 * RATE :] += noise(2.0, seed=5, amplitude=1e-3)
    assert lsd(longer, hiss, RATE) == pytest.approx(1.0, abs=0.05)
    assert math.isnan(lsd(np.zeros_like(sound), sound, RATE))


def test_bands_of_lsd_look_at_their_bins_only():
    sound = noise()
    spectrum = np.fft.rfft(sound)
    spectrum[:, 10_000:] *= 10 ** (-20 / 20)
    dull = np.fft.irfft(spectrum, sound.shape[1]).astype(np.float32)
    low, high, whole = lsd_bands(sound, dull, RATE, [(0, 9_800), (10_200, None), (0, None)])
    assert low < 0.01
    assert high == pytest.approx(2.0, abs=0.01)
    assert whole == pytest.approx(2.0 * math.sqrt(14 / 24), abs=0.02)
    with pytest.raises(ValueError, match="nothing between"):
        lsd(sound, dull, RATE, low_hz=24_100)


def test_nuwave2_distance_clamps_what_is_too_quiet_to_hear():
    sound = noise()
    assert lsd_nuwave2(sound, sound * np.float32(10 ** (-10 / 20))) == pytest.approx(1.0, abs=1e-3)
    silence = np.zeros_like(sound)
    assert lsd_nuwave2(silence, sound * np.float32(1e-9)) == 0.0


def test_band_energy_is_that_of_the_band():
    sound = noise()
    spectrum = np.fft.rfft(sound)
    spectrum[:, 8_000:] *= 0.5
    dull = np.fft.irfft(spectrum, sound.shape[1]).astype(np.float32)
    assert band_energy_db(sound, dull, RATE, 8_200) == pytest.approx(-6.02, abs=0.05)
    assert band_energy_db(sound, dull, RATE, 0, 7_800) == pytest.approx(0.0, abs=0.01)
    assert band_energy_db(sound, np.zeros_like(sound), RATE, 0) == -RATIO_BOUND_DB


def test_si_sdr_ignores_gain_and_snr_does_not():
    sound = noise(2.0)
    other = noise(2.0, seed=1)
    other -= sound * np.sum(other * sound) / np.sum(sound**2)
    damaged = sound + other * np.float32(0.1 * np.linalg.norm(sound) / np.linalg.norm(other))
    assert si_sdr_db(sound, damaged) == pytest.approx(20.0, abs=0.01)
    assert si_sdr_db(sound, 0.3 * damaged) == pytest.approx(20.0, abs=0.01)
    assert snr_db(sound, damaged) == pytest.approx(20.0, abs=0.01)
    assert snr_db(sound, 0.5 * sound) == pytest.approx(6.02, abs=0.01)
    assert si_sdr_db(sound, sound) == RATIO_BOUND_DB
    assert si_sdr_db(sound, other) < -40


def test_si_sdr_below_the_cutoff_does_not_see_what_is_above():
    sound = noise()
    spectrum = np.fft.rfft(sound)
    spectrum[:, 4_000:] *= -1
    turned = np.fft.irfft(spectrum, sound.shape[1]).astype(np.float32)
    assert si_sdr_below_db(sound, turned, RATE, 4_000) > 80
    assert si_sdr_db(sound, turned) < 3


@pytest.mark.parametrize("lag", [-700, -1, 0, 1, 333])
def test_align_finds_the_delay_and_shifted_takes_it_out(lag):
    sound = noise(0.5, channels=2)
    late = shifted(sound, -lag, sound.shape[1] + 50)
    assert align(sound, late) == lag
    back = shifted(late, lag, sound.shape[1])
    inner = slice(abs(lag), sound.shape[1] - abs(lag))
    np.testing.assert_array_equal(back[:, inner], sound[:, inner])


def test_align_stays_within_the_largest_lag_and_at_zero_for_silence():
    sound = noise(0.2)
    assert abs(align(sound, shifted(sound, -500, sound.shape[1]), 100)) <= 100
    assert align(sound, np.zeros_like(sound)) == 0


def test_level_gain_matches_the_band():
    sound = noise()
    assert level_gain_db(sound, 0.5 * sound, RATE, 8_000) == pytest.approx(6.02, abs=0.01)


def test_compare_reports_lag_and_gain_and_takes_them_out():
    sound = noise(1.0, channels=2)
    late = 0.5 * shifted(sound, -120, sound.shape[1] + 300)
    found = compare(sound, late, RATE, 8_000)
    assert found.lag_samples == 120
    assert found.gain_db == pytest.approx(6.02, abs=0.02)
    assert found.lsd < 0.01
    assert found.lsd_as_is == pytest.approx(0.602, abs=0.01)
    assert found.lsd_high is not None
    assert found.lsd_low is not None
    assert max(found.lsd_high, found.lsd_low, found.lsd_nuwave2) < 0.02
    assert found.energy_high_db == pytest.approx(0.0, abs=0.05)
    assert found.si_sdr_db > 40
    assert found.loudness_difference_lu == pytest.approx(-6.02, abs=0.05)


def test_compare_without_a_cutoff_has_no_bands():
    sound = noise(0.3)
    found = compare(sound, sound, RATE)
    assert found.lsd_high is found.lsd_low is found.energy_high_db is None
    assert found.loudness_difference_lu == 0.0


def test_compare_refuses_what_cannot_be_compared():
    with pytest.raises(SoundError, match="2 channels"):
        compare(noise(0.1), noise(0.1, channels=2), RATE)
    with pytest.raises(SoundError, match="30000 Hz"):
        compare(noise(0.1), noise(0.1), RATE, 30_000)
    with pytest.raises(ValueError, match="shapes"):
        lsd(noise(0.1), noise(0.2), RATE)


def test_compare_of_silence_and_of_a_short_click_ends_in_figures():
    silence = np.zeros((1, 4_800), np.float32)
    found = compare(silence, silence, RATE, 4_000)
    assert math.isnan(found.lsd)
    assert found.gain_db == found.loudness_difference_lu == 0.0
    click = np.zeros((1, 10), np.float32)
    click[0, 3] = 1.0
    assert compare(click, click, RATE).lsd == pytest.approx(0.0, abs=1e-9)
