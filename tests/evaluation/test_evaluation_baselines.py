"""The baselines keep what is there, fill what is not, and score about what they are known to."""

from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.dsp.degrade import band_limit
from audiosr_desktop.evaluation.baselines import copy_up, noise_fill, unprocessed
from audiosr_desktop.evaluation.metrics import band_energy_db, lsd, si_sdr_below_db

RATE = 48_000
CLIPS = Path(__file__).parents[1] / "clips"


def clip(name, seconds=4):
    samples, _ = soundfile.read(CLIPS / name, stop=seconds * RATE, dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T)


@pytest.mark.parametrize(
    ("name", "most"),
    [("music_tabla.flac", 1.75), ("speech_it_syllables.flac", 1.55), ("effects_bell.flac", 1.55)],
)
def test_noise_fill_is_as_near_as_it_is_known_to_be(name, most):
    truth = clip(name)
    limited = band_limit(truth, RATE, 4_000, "resample")
    filled = noise_fill(limited, RATE, 4_000, np.random.default_rng(0))
    assert filled.shape == truth.shape
    distance = lsd(truth, filled, RATE)
    assert distance < most
    assert distance < 0.3 * lsd(truth, limited, RATE)


@pytest.mark.parametrize("fill", [noise_fill, copy_up])
def test_band_below_the_cutoff_is_kept(fill):
    truth = clip("music_tabla.flac")
    limited = band_limit(truth, RATE, 8_000, "resample")
    filled = fill(limited, RATE, 8_000, np.random.default_rng(0))
    assert si_sdr_below_db(limited, filled, RATE, 7_600) > 40
    assert band_energy_db(limited, filled, RATE, 8_500) > 20


def test_noise_fill_starts_6_db_down_and_falls_as_it_says():
    rng = np.random.default_rng(0)
    flat = (0.1 * rng.standard_normal((1, 4 * RATE))).astype(np.float32)
    filled = noise_fill(band_limit(flat, RATE, 8_000, "boxcar"), RATE, 8_000, rng)
    for centre_hz in (10_000, 16_000, 22_000):
        level = band_energy_db(flat, filled, RATE, centre_hz - 200, centre_hz + 200)
        assert level == pytest.approx(-6.0 - 1.5 * (centre_hz - 7_180) / 1000, abs=0.8)


def test_same_seed_same_noise_and_another_in_each_channel():
    limited = band_limit(np.repeat(clip("speech_it_syllables.flac", 1), 2, axis=0), RATE, 4_000, "resample")
    one, again = (noise_fill(limited, RATE, 4_000, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(one, again)
    assert np.abs(one[0] - one[1]).max() > 1e-4


@pytest.mark.parametrize("fill", [noise_fill, copy_up, unprocessed])
def test_digital_silence_stays_silent(fill):
    silence = np.zeros((2, RATE), np.float32)
    assert np.abs(fill(silence, RATE, 4_000, np.random.default_rng(0))).max() < 1e-7


@pytest.mark.parametrize("fill", [noise_fill, copy_up])
def test_cutoff_outside_the_band_is_refused(fill):
    with pytest.raises(ValueError, match="cutoff"):
        fill(np.zeros((1, 4_800), np.float32), RATE, 24_000, np.random.default_rng(0))
