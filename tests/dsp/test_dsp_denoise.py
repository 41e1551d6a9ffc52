from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.dsp.denoise import context_length, hop_length, reduce_noise
from audiosr_desktop.dsp.noise import NoiseMeter, NoiseProfile, frame_length, white_profile

CLIPS = Path(__file__).parent.parent / "clips"
NAMES = ("music_tabla", "speech_it_syllables", "effects_bell")
RATE = 48_000


def clip(name: str) -> np.ndarray:
    return soundfile.read(CLIPS / f"{name}.flac", dtype="float32", always_2d=True)[0].T


def noisy(clean: np.ndarray, level: float, seed: int = 0) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(clean.shape)
    return (clean + level * noise).astype(np.float32)


def si_sdr_db(clean: np.ndarray, estimate: np.ndarray) -> float:
    target = np.vdot(clean, estimate) / np.vdot(clean, clean) * clean
    return float(10 * np.log10(np.sum(target**2) / np.sum((estimate - target) ** 2)))


def measured(samples: np.ndarray, *, coloured: bool = False) -> NoiseProfile:
    meter = NoiseMeter(samples.shape[0], RATE)
    meter.add(samples)
    return meter.result(coloured=coloured)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("level", [0.001, 0.02])
def test_white_noise_under_real_sound_is_measured_and_reduced(name: str, level: float) -> None:
    clean = clip(name)
    damaged = noisy(clean, level)
    profile = measured(damaged)
    assert profile.level_dbfs == pytest.approx(20 * np.log10(level), abs=1.0)
    gain_db = si_sdr_db(clean, reduce_noise(damaged, RATE, profile)) - si_sdr_db(clean, damaged)
    assert gain_db > (5.0 if level == 0.02 else 2.0)


@pytest.mark.parametrize("hiss", [0.01, 0.0])
def test_one_short_pause_of_a_telephone_call_tells_its_noise(hiss: float) -> None:
    """Notes without a breath up to the top of the band, but for a quarter of a second."""
    rate, rng = 8_000, np.random.default_rng(4)
    time_s = np.arange(6 * rate) / rate
    pitch = 2 * np.pi * np.cumsum(110.0 + 40.0 * np.sin(2 * np.pi * 0.7 * time_s)) / rate
    voice = sum(np.cos(n * pitch + rng.uniform(0, 6)) / n for n in range(1, 26))
    voice *= 0.05 * (1.2 + np.sin(2 * np.pi * 3.1 * time_s)) * ((time_s < 3.0) | (time_s > 3.25))
    meter = NoiseMeter(1, rate)
    meter.add(noisy(voice[None], hiss))
    wanted = pytest.approx(20 * np.log10(hiss), abs=1.0) if hiss else -np.inf
    assert meter.result().level_dbfs == wanted


@pytest.mark.parametrize(("name", "least_db"), [("music_tabla", 10.3), ("effects_bell", 16.8)])
def test_strokes_get_short_frames_and_ringing_long_ones(name: str, least_db: float) -> None:
    clean = clip(name)
    level = 0.1 * float(np.sqrt(np.mean(clean**2)))
    damaged = noisy(clean, level)
    cleaned = reduce_noise(damaged, RATE, white_profile(2, RATE, 20 * np.log10(level)))
    assert si_sdr_db(clean, cleaned) - si_sdr_db(clean, damaged) > least_db


@pytest.mark.parametrize("rate", [1_000, 8_000, 44_100, 192_000])
def test_a_tone_comes_out_of_noise_at_any_rate(rate: int) -> None:
    tone = (0.1 * np.cos(2 * np.pi * 0.03 * np.arange(3 * rate)))[None].astype(np.float32)
    damaged = noisy(tone, 0.01)
    cleaned = reduce_noise(damaged, rate, white_profile(1, rate, -40.0))
    assert si_sdr_db(tone, cleaned) - si_sdr_db(tone, damaged) > 8.0


@pytest.mark.parametrize("name", NAMES)
def test_clean_sound_is_hardly_changed(name: str) -> None:
    clean = clip(name)
    change = reduce_noise(clean, RATE, measured(clean)) - clean
    assert 10 * np.log10(np.mean(change**2) / np.mean(clean**2)) < -55.0


def test_noise_in_both_channels_alike_is_recognised() -> None:
    clean = clip("music_tabla")
    noise = 0.01 * np.random.default_rng(1).standard_normal(clean.shape[1])
    damaged = (clean + noise).astype(np.float32)
    profile = measured(damaged)
    assert profile.correlation > 0.9
    assert si_sdr_db(clean, reduce_noise(damaged, RATE, profile)) > si_sdr_db(clean, damaged) + 5.0


def test_rain_is_not_white_noise_but_may_be_taken_for_noise_on_request() -> None:
    white = np.random.default_rng(2).standard_normal(6 * RATE)
    rain = (0.3 * np.convolve(white, np.hanning(64) / 32, "same")).astype(np.float32)[None]
    assert measured(rain).level_dbfs < -60.0
    assert measured(rain, coloured=True).level_dbfs == pytest.approx(20 * np.log10(np.std(rain)), abs=1.5)


def test_stretches_make_no_difference() -> None:
    damaged = noisy(clip("music_tabla"), 0.01)
    profile = white_profile(2, RATE, -40.0)
    whole = reduce_noise(damaged, RATE, profile)
    context = -(-context_length(RATE) // hop_length(RATE)) * hop_length(RATE)
    start, stop = 40 * hop_length(RATE), 120 * hop_length(RATE)
    part = reduce_noise(damaged[:, start - context : stop + context], RATE, profile)
    np.testing.assert_allclose(part[:, context:-context], whole[:, start:stop], atol=1e-6)


def test_reduction_is_limited() -> None:
    noise = noisy(np.zeros((1, 2 * RATE), np.float32), 0.01)
    quiet = reduce_noise(noise, RATE, white_profile(1, RATE, -40.0), reduction_db=12.0)
    assert 20 * np.log10(np.std(quiet) / np.std(noise)) == pytest.approx(-12.0, abs=0.5)
    same = reduce_noise(noise, RATE, white_profile(1, RATE, -40.0), reduction_db=0.0)
    np.testing.assert_allclose(same, noise, atol=1e-6)


@pytest.mark.parametrize("length", [0, 10, 480, 5_000])
@pytest.mark.parametrize("channels", [1, 2, 8])
def test_short_sounds_and_silence(channels: int, length: int) -> None:
    silence = np.zeros((channels, length), np.float32)
    profile = measured(silence)
    assert profile.level_dbfs == -np.inf
    assert np.array_equal(reduce_noise(silence, RATE, profile), silence)
    some = noisy(silence, 0.1)
    result = reduce_noise(some, RATE, profile)
    assert result.shape == some.shape
    assert np.array_equal(result, some)


@pytest.mark.parametrize(
    ("rate", "n_fft"), [(2_000, 64), (8_000, 256), (44_100, 2048), (48_000, 2048), (96_000, 4096)]
)
def test_frames_last_about_as_long_at_any_rate(rate: int, n_fft: int) -> None:
    assert frame_length(rate) == n_fft
