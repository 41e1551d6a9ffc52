import numpy as np
import pytest

from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.dsp.spectrum import frame_stft
from audiosr_desktop.engine.crossover import join, silence_gate

CUTOFF_HZ = 6000.0


def noise(seed: int, rms: float = 0.1, seconds: int = 2) -> np.ndarray:
    return (rms * np.random.default_rng(seed).standard_normal((1, seconds * 48_000))).astype(np.float32)


def band_power(samples: np.ndarray, low_hz: float, high_hz: float) -> float:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.shape[-1]), axis=-1)) ** 2
    frequencies = np.fft.rfftfreq(samples.shape[-1], 1 / 48_000)
    return float(spectrum[..., (frequencies >= low_hz) & (frequencies < high_hz)].sum())


def joined(sound: np.ndarray, generated: np.ndarray, gain_db: float = 0.0) -> np.ndarray:
    spectrum = frame_stft(sound)
    return join(spectrum, silence_gate(spectrum), generated, CUTOFF_HZ, gain_db)


def test_below_the_crossover_the_input_stays() -> None:
    sound = lowpass(noise(0), 48_000, CUTOFF_HZ, "cheby", 8)
    added = joined(sound, noise(1))
    low = band_power(added, 0, 0.9 * CUTOFF_HZ) / band_power(sound, 0, 0.9 * CUTOFF_HZ)
    assert 10 * np.log10(low) < -90.0


@pytest.mark.parametrize("error_db", [-5.0, 0.0, 4.0])
def test_the_generated_band_has_the_gain_it_is_given_and_no_step_at_the_crossover(error_db: float) -> None:
    whole = noise(0)
    sound = lowpass(whole, 48_000, CUTOFF_HZ, "cheby", 8)
    generated = noise(1) * np.float32(10 ** (error_db / 20))
    after = sound + joined(sound, generated, -error_db)
    for low_hz, high_hz in ((0.9 * CUTOFF_HZ, 1.1 * CUTOFF_HZ), (8000, 12_000), (12_000, 23_000)):
        ratio = band_power(after, low_hz, high_hz) / band_power(whole, low_hz, high_hz)
        assert abs(10 * np.log10(ratio)) < 1.0


def test_what_a_gentle_filter_left_is_replaced() -> None:
    whole = noise(0)
    sound = lowpass(whole, 48_000, CUTOFF_HZ, "butter", 2, zero_phase=False)
    after = sound + joined(sound, noise(1))
    ratio = band_power(after, 7000, 12_000) / band_power(whole, 7000, 12_000)
    assert abs(10 * np.log10(ratio)) < 3.0  # the level below the cutoff has the filter's droop too


def test_the_users_gain_counts_above_only() -> None:
    sound = lowpass(noise(0), 48_000, CUTOFF_HZ, "cheby", 8)
    plain, louder = (sound + joined(sound, noise(1), gain) for gain in (0.0, 6.0))
    ratio = band_power(louder, 8000, 20_000) / band_power(plain, 8000, 20_000)
    assert 10 * np.log10(ratio) == pytest.approx(6.0, abs=0.1)
    assert band_power(louder - plain, 0, 0.9 * CUTOFF_HZ) < 1e-8 * band_power(sound, 0, 0.9 * CUTOFF_HZ)


def test_nothing_is_added_to_silence_or_to_a_constant() -> None:
    for sound in (np.zeros((1, 96_000), np.float32), np.full((1, 96_000), 0.5, np.float32)):
        assert not joined(sound, noise(1)).any()


def test_the_gate_follows_each_channel() -> None:
    sound = np.concatenate([noise(0), np.zeros((1, 96_000), np.float32), noise(1, rms=10 ** (-80 / 20))])
    sound[0, 48_000:] = 0.0
    gate = silence_gate(frame_stft(sound))
    assert gate.shape == (3, 200)
    assert gate[0, :95].min() == 1.0
    assert gate[0, 115:].max() == 0.0
    assert gate[1:].max() == 0.0
    assert np.abs(np.diff(gate[0])).max() <= 0.26  # no jump


def test_the_hiss_of_a_pause_is_no_silence_but_a_long_one_is() -> None:
    hiss = noise(1, rms=10 ** (-80 / 20), seconds=8)
    spoken = hiss.copy()
    spoken[:, :48_000] += noise(2, seconds=1)
    spoken[:, 120_000:168_000] += noise(3, seconds=1)  # a pause of 1.5 s before it, then nothing more
    gate = silence_gate(frame_stft(spoken))[0]
    assert gate[:340].min() == 1.0
    assert gate[460:].max() == 0.0
    spoken[:, 60_000:100_000] = 0.0
    assert silence_gate(frame_stft(spoken))[0, 135:200].max() == 0.0  # digital silence closes at once
