from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.dsp.tones import SHORTEST_S, find_tones, fit_tone

CLIPS = Path(__file__).parent.parent / "clips"
NAMES = ("music_tabla", "speech_it_syllables", "effects_bell")
RATE = 48_000


def clip(name: str) -> np.ndarray:
    return soundfile.read(CLIPS / f"{name}.flac", dtype="float32", always_2d=True)[0].T


def tone(length: int, hz: float, amplitude: float, phase: float = 0.7) -> np.ndarray:
    return amplitude * np.cos(2 * np.pi * hz * np.arange(length) / RATE + phase)


def left_db(samples: np.ndarray, hz: float, amplitude: float) -> float:
    """Level of what is left of a tone, against the tone."""
    left = 2 * (samples * np.exp(-2j * np.pi * hz * np.arange(samples.shape[1]) / RATE)).mean(axis=1)
    return float(20 * np.log10(np.abs(left).max() / amplitude))


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_found_in_sound_without_a_tone(name: str) -> None:
    assert find_tones(clip(name), RATE) == []


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("hz", "amplitude"), [(137.3, 0.2), (997.0, 0.01), (3_111.0, 0.001), (14_022.4, 0.05)]
)
def test_a_tone_under_real_sound_is_found_exactly(name: str, hz: float, amplitude: float) -> None:
    clean = clip(name)
    damage = tone(clean.shape[1], hz, amplitude)
    found = find_tones((clean + damage).astype(np.float32), RATE)
    assert [round(each.frequency_hz, 1) for each in found] == [hz]
    assert found[0].amplitudes == pytest.approx([amplitude] * len(clean), rel=0.01)
    error = damage - found[0].render(clean.shape[1], RATE)
    assert left_db(error, hz, amplitude) < -40.0
    assert np.mean(error**2) < 1e-4 * np.mean(clean**2)


def test_several_tones_and_one_channel_alone() -> None:
    clean = clip("music_tabla")
    damage = np.stack([tone(clean.shape[1], 1_000.5, 0.02), tone(clean.shape[1], 5_432.1, 0.01)])
    found = find_tones((clean + damage).astype(np.float32), RATE)
    assert sorted(round(each.frequency_hz, 1) for each in found) == [1_000.5, 5_432.1]
    error = damage - sum(each.render(clean.shape[1], RATE) for each in found)
    assert np.mean(error**2) < 1e-4 * np.mean(damage**2)


def test_a_drifting_tone_is_followed() -> None:
    clean = clip("music_tabla")
    seconds = np.arange(clean.shape[1]) / RATE
    phase = 2 * np.pi * 3_000 * seconds + 3.0 * np.sin(2 * np.pi * seconds / 10)  # ±0.3 Hz
    damage = 0.02 * np.cos(phase)
    found = find_tones((clean + damage).astype(np.float32), RATE)
    error = damage - sum(each.render(clean.shape[1], RATE) for each in found)
    assert 10 * np.log10(np.mean(error**2) / np.mean(damage**2)) < -30.0


def note(length: int, hz: float, shape: np.ndarray) -> np.ndarray:
    return tone(length, hz, 0.1) * shape


@pytest.mark.parametrize("shape", ["held for a while", "dying away", "vibrato", "tremolo"])
def test_notes_are_left_to_the_music(shape: str) -> None:
    length = 8 * RATE
    seconds = np.arange(length) / RATE
    sound = {
        "held for a while": note(length, 440.0, ((seconds > 1) & (seconds < 6)).astype(float)),
        "dying away": note(length, 440.0, np.exp(-seconds / 4)),
        "vibrato": 0.1 * np.cos(2 * np.pi * 440 * seconds + 8 * np.sin(2 * np.pi * 5 * seconds)),
        "tremolo": note(length, 440.0, 1 + 0.5 * np.sin(2 * np.pi * seconds)),
    }[shape]
    noise = 1e-3 * np.random.default_rng(0).standard_normal(length)
    assert find_tones((sound + noise).astype(np.float32)[None], RATE) == []


def notes_of_bass(seconds: int) -> np.ndarray:
    """Three voices of low notes, a new one every third of a second: no moment and no band is quiet."""
    rng = np.random.default_rng(5)
    length = RATE // 3
    time_s = np.arange(length) / RATE
    fade = np.hanning(length) ** 0.25
    line = [
        sum(0.05 * fade * np.sin(2 * np.pi * hz * time_s + hz) for hz in rng.uniform(60.0, 220.0, 3))
        for _ in range(3 * seconds)
    ]
    return np.concatenate(line)


def test_a_tone_that_never_stands_out_of_dense_notes_is_found_by_staying_the_same() -> None:
    notes = notes_of_bass(12)
    assert find_tones(notes.astype(np.float32)[None], RATE) == []
    damaged = notes + tone(notes.size, 127.0, 0.01)
    found = find_tones(damaged.astype(np.float32)[None], RATE)
    assert [round(each.frequency_hz, 1) for each in found] == [127.0]
    assert found[0].amplitudes[0] == pytest.approx(0.01, rel=0.1)


def hidden_in(level: np.ndarray, rate: int, amplitude: np.ndarray | float, seed: int) -> np.ndarray:
    """Return noise of a level in each sample, and a tone of 440 Hz under it."""
    noise = 0.1 * level * np.random.default_rng([seed, 1]).standard_normal(level.size)
    hidden = amplitude * np.cos(2 * np.pi * 440.0 * np.arange(level.size) / rate)
    return (noise + hidden).astype(np.float32)[None]


@pytest.mark.parametrize("seed", [1, 7, 8])
def test_a_line_that_swells_with_the_music_and_never_stands_out_is_no_tone(seed: int) -> None:
    rate, seconds = 16_000, 12
    levels = 10 ** (np.random.default_rng(seed).uniform(-12.0, 0.0, 4 * seconds + 1) / 20)
    swell = np.interp(np.arange(seconds * rate), np.arange(levels.size) * rate // 4, levels)
    swell /= np.sqrt(np.mean(swell**2))
    assert find_tones(hidden_in(swell, rate, 0.012 * swell, seed), rate) == []


@pytest.mark.parametrize("seed", range(6))
def test_a_tone_far_below_steady_noise_is_found(seed: int) -> None:
    rate, seconds = 16_000, 12
    found = find_tones(hidden_in(np.ones(seconds * rate), rate, 0.0105, seed), rate)
    assert [round(each.frequency_hz, 1) for each in found] == [440.0]


def test_noise_silence_dc_and_a_sound_that_is_a_tone_are_left_alone() -> None:
    length = 4 * RATE
    noise = (0.1 * np.random.default_rng(0).standard_normal((2, length))).astype(np.float32)
    assert find_tones(noise, RATE) == []
    assert find_tones(np.zeros((1, length), np.float32), RATE) == []
    assert find_tones(np.full((8, 8_000), 0.3, np.float32), 2_000) == []
    assert find_tones(tone(length, 1_000.0, 0.1).astype(np.float32)[None], RATE) == []
    assert find_tones(noise[:, : round(SHORTEST_S * RATE) - 1], RATE) == []


def test_a_named_tone_is_fitted_even_where_the_sound_is_nothing_else() -> None:
    sound = tone(RATE, 1_003.0, 0.1).astype(np.float32)[None]
    found = fit_tone(sound, RATE, 1_000.0)
    assert found is not None
    assert found.frequency_hz == pytest.approx(1_003.0, abs=0.1)
    assert found.level_dbfs == pytest.approx(-20.0, abs=0.2)
    assert fit_tone(sound[:, :480], RATE, 1_000.0) is None
    assert fit_tone(sound, RATE, 30_000.0) is None
    assert fit_tone(np.zeros_like(sound), RATE, 1_000.0) is None


def test_the_weak_harmonics_of_a_hum_are_found_with_the_strong_ones() -> None:
    time_s = np.arange(10 * 16_000) / 16_000
    rng = np.random.default_rng(4)
    hum = sum(0.02 / rank**1.25 * np.sin(2 * np.pi * 50.03 * rank * time_s + rank) for rank in range(1, 9))
    sound = (rng.normal(0.0, 0.03, time_s.size) + hum).astype(np.float32)
    found = sorted(tone.frequency_hz for tone in find_tones(sound[None], 16_000))
    assert len(found) >= 6
    assert all(abs(hz - 50.03 * round(hz / 50.03)) < 0.1 for hz in found)


def test_the_quiet_moments_between_short_loud_ones_fix_a_tone() -> None:
    """A band of some hertz smears each beat over the quiet beside it; the tone is heard in the pauses."""
    rate, seconds = 16_000, 8
    rng = np.random.default_rng(3)
    beats = np.arange(seconds * rate) % (rate // 4) < rate // 50
    time_s = np.arange(beats.size) / rate
    programme = (0.3 * beats + 1e-4) * rng.standard_normal(beats.size)
    damage = 0.01 * np.cos(2 * np.pi * 700.3 * time_s + 0.7)
    found = find_tones((programme + damage).astype(np.float32)[None], rate)
    assert [round(each.frequency_hz, 1) for each in found] == [700.3]
    error = damage - found[0].render(damage.size, rate)[0]
    assert 10 * np.log10(np.mean(error**2) / np.mean(damage**2)) < -60.0
