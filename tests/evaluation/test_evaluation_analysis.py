"""The analysis finds damage that was put in, and invents none in sound that is whole."""

import math
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

from audiosr_desktop.audio.files import FileInfo, open_sound, probe
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.degrade import Damage, Gap, apply_damage
from audiosr_desktop.evaluation.analysis import analyze
from audiosr_desktop.evaluation.detectors import ClipCounter, NoiseFloorMeter
from audiosr_desktop.job import run_job

RATE = 48_000
CLIPS = Path(__file__).parents[1] / "clips"
NAMES = ["music_tabla.flac", "speech_it_syllables.flac", "effects_bell.flac"]


def info_of(sound, subtype="FLOAT"):
    return FileInfo(Path("made.wav"), "WAV", subtype, "FILE", sound.sample_rate, sound.channels, sound.length)


def analysis_of(samples, rate=RATE, subtype="FLOAT"):
    sound = Sound.from_array(samples, rate)
    return run_job(analyze(sound, info_of(sound, subtype)))


def clip(name, scratch):
    return run_job(open_sound(CLIPS / name, scratch))


def noise(seconds, level_db, channels=1, seed=0):
    shape = (channels, round(seconds * RATE))
    return (10 ** (level_db / 20) * np.random.default_rng(seed).standard_normal(shape)).astype(np.float32)


@pytest.mark.parametrize("name", NAMES)
def test_whole_sound_has_no_damage(name, run_scratch):
    found = run_job(analyze(clip(name, run_scratch), probe(CLIPS / name)))
    assert found.tones == ()
    assert found.gaps == ()
    assert found.clipped_samples == 0
    assert found.full_band
    assert not found.lossy_source
    assert -40 < found.loudness_lufs < -10
    assert found.true_peak_dbtp < 0


@pytest.mark.parametrize("name", NAMES)
def test_damage_that_was_put_in_is_found(name, run_scratch):
    sound = clip(name, run_scratch)
    damage = Damage(
        lowpass_hz=6_000,
        filter="ellip",
        tone_hz=3_210.5,
        tone_amplitude=0.01,
        gaps=(Gap(1.0, 50), Gap(2.5, 100), Gap(4.2, 8)),
    )
    samples = apply_damage(sound.read(0, sound.length), RATE, damage, np.random.default_rng(1))
    found = analysis_of(samples)
    assert [tone.frequency_hz for tone in found.tones] == [pytest.approx(3_210.5, abs=0.1)]
    assert found.tones[0].level_dbfs == pytest.approx(-40, abs=0.5)
    assert [(gap.start_s, gap.end_s) for gap in found.gaps] == [
        (pytest.approx(1.0, abs=1e-3), pytest.approx(1.05, abs=1e-3)),
        (pytest.approx(2.5, abs=1e-3), pytest.approx(2.6, abs=1e-3)),
        (pytest.approx(4.2, abs=1e-3), pytest.approx(4.208, abs=1e-3)),
    ]
    assert not found.full_band
    assert found.cutoff_hz == pytest.approx(6_000, rel=0.05)


def test_fields_are_those_of_the_contract():
    found = asdict(analysis_of(noise(1.0, -20, channels=2)))
    contract = (
        "path sample_rate channels duration_s format subtype cutoff_hz cutoff_confidence lossy_source"
        " loudness_lufs true_peak_dbtp clipped_samples noise_floor_dbfs tones gaps"
    )
    assert set(contract.split()) <= set(found)


@pytest.mark.parametrize("length", [0, 1, 480, 30_000])
def test_silence_and_short_sound_end_in_an_analysis(length):
    found = analysis_of(np.zeros((2, length), np.float32))
    assert found.loudness_lufs == found.noise_floor_dbfs == -math.inf
    assert (found.tones, found.gaps) == ((), ())
    click = np.zeros((1, length), np.float32)
    click[:, : length // 2] = 0.5
    assert analysis_of(click).gaps == ()


def test_noise_floor_is_that_of_the_noise_under_louder_sound():
    pulse = np.zeros((1, 8 * RATE), np.float32)
    time = np.arange(RATE // 5) / RATE
    for second in range(8):
        burst = 0.3 * np.sin(2 * np.pi * 440 * time) * np.exp(-time * 20)
        pulse[0, second * RATE : second * RATE + burst.size] = burst
    for level_db in (-50, -70):
        meter = NoiseFloorMeter(RATE, 1)
        meter.add(pulse + noise(8, level_db))
        assert meter.result_db() == pytest.approx(level_db, abs=1.0)


@pytest.mark.parametrize("seconds", [0.2, 1.0, 5.0])
def test_noise_floor_of_noise_alone_is_its_level(seconds):
    meter = NoiseFloorMeter(RATE, 2)
    meter.add(noise(seconds, -40, channels=2))
    assert meter.result_db() == pytest.approx(-40, abs=1.0)


def test_noise_floor_does_not_count_tones_nor_digital_silence():
    tone = 0.1 * np.sin(2 * np.pi * 1_000 * np.arange(6 * RATE) / RATE)[None].astype(np.float32)
    samples = np.concatenate([noise(6, -60) + tone, np.zeros((1, 6 * RATE), np.float32)], axis=1)
    meter = NoiseFloorMeter(RATE, 1)
    for start in range(0, samples.shape[1], 10_000):
        meter.add(samples[:, start : start + 10_000])
    assert meter.result_db() == pytest.approx(-60, abs=1.5)


@pytest.mark.parametrize("block", [1, 3, 1_000])
def test_clipped_samples_are_counted_over_blocks(block):
    samples = np.zeros((2, 20), np.float32)
    samples[0, 2:5] = 1.0  # three in a row
    samples[0, 9] = 1.0  # one alone is a peak
    samples[1, 12:14] = -1.2
    samples[1, 18:] = 1.0  # at the very end
    counter = ClipCounter(2)
    for start in range(0, 20, block):
        counter.add(samples[:, start : start + block])
    assert counter.result() == 7
    assert counter.result() == 7


def test_full_scale_of_16_bit_sound_counts_as_clipped():
    samples = noise(0.5, -30)
    samples[0, 100:104] = 32_767 / 32_768
    assert analysis_of(samples, subtype="PCM_16").clipped_samples == 4
    assert analysis_of(samples, subtype="FLOAT").clipped_samples == 0


def test_gaps_lie_inside_sound_and_cut_it_off():
    samples = noise(3.0, -20, channels=2)
    samples[:, :1_000] = 0  # before the sound
    samples[:, -1_000:] = 0  # and after it
    samples[:, 20_000:20_200] = 0  # 4 ms
    samples[:, 30_000:30_300] = 0
    samples[0, 40_000:42_000] = 0  # one channel
    samples[:, 50_000:100_000] = 0  # more than a second
    samples[:, 120_000:122_000] = 0
    fade = np.linspace(1, 0, 2_000, dtype=np.float32) ** 2  # a pause
    samples[:, 118_000:120_000] *= fade
    samples[:, 122_000:124_000] *= fade[::-1]
    found = [(round(gap.start_s * RATE), round(gap.end_s * RATE)) for gap in analysis_of(samples).gaps]
    assert found == [(30_000, 30_300), (40_000, 42_000)]


def test_tones_of_a_long_sound_must_run_through_it():
    samples = noise(40.0, -50)
    time = np.arange(samples.shape[1]) / RATE
    samples += (0.02 * np.sin(2 * np.pi * 1_000 * time)).astype(np.float32)
    samples[:, : 12 * RATE] += (0.02 * np.sin(2 * np.pi * 4_000 * time[: 12 * RATE])).astype(np.float32)
    found = analysis_of(samples)
    assert [round(tone.frequency_hz) for tone in found.tones] == [1_000]


def test_analysis_can_be_stopped_half_way(run_scratch):
    job = analyze(clip(NAMES[0], run_scratch), probe(CLIPS / NAMES[0]))
    fractions = [next(job).fraction for _ in range(3)]
    assert fractions == sorted(fractions)
    assert 0 < fractions[0] < 1
    job.close()
    with pytest.raises(StopIteration):
        next(job)


def test_analysis_fails_with_the_error_of_the_file(run_scratch, tmp_path):
    class Broken:
        channels, length = 1, 100_000

        def read(self, start, stop, dtype=np.float32):
            raise OSError("gone")

    sound = Sound.from_store(Broken(), RATE)
    with pytest.raises(OSError, match="gone"):
        run_job(analyze(sound, info_of(sound)))
