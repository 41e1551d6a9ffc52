from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.tones import RemoveTone
from audiosr_desktop.job import run_job

CLIPS = Path(__file__).parent.parent / "clips"
RATE = 48_000


def clip(name: str) -> np.ndarray:
    return soundfile.read(CLIPS / f"{name}.flac", dtype="float32", always_2d=True)[0].T


def tone(length: int, hz: float, amplitude: float, rate: int = RATE) -> np.ndarray:
    return amplitude * np.cos(2 * np.pi * hz * np.arange(length) / rate + 0.4)


def run(
    samples: np.ndarray, scratch: Scratch, region: Region | None = None, rate: int = RATE, **values: object
) -> tuple[np.ndarray, dict[str, object]]:
    report: dict[str, object] = {}
    sound = Sound.from_array(samples, rate)
    where = region or Region(0, sound.length)
    result = run_job(apply_effect(RemoveTone(scratch, report), sound, where, values, scratch))
    return result.read(0, result.length), report


def figures(clean: np.ndarray, estimate: np.ndarray, hz: float, amplitude: float) -> tuple[float, float]:
    """Return what is left of the tone and what changed besides, in dB of the tone and of the clean sound."""
    error = estimate.astype(np.float64) - clean
    carrier = np.exp(-2j * np.pi * hz * np.arange(clean.shape[1]) / RATE)
    left = 2 * (error * carrier).mean(axis=1, keepdims=True)
    rest = error - (left * carrier.conj()).real
    return (
        float(20 * np.log10(np.abs(left).max() / amplitude + 1e-12)),
        float(10 * np.log10(np.mean(rest**2) / np.mean(clean**2) + 1e-20)),
    )


@pytest.mark.parametrize(
    ("name", "hz", "amplitude"),
    [
        ("music_tabla", 2_345.6, 0.05),
        ("music_tabla", 14_500.0, 0.001),
        ("speech_it_syllables", 150.0, 0.2),
        ("speech_it_syllables", 7_000.3, 0.003),
        ("effects_bell", 523.0, 0.02),
    ],
)
def test_a_tone_goes_and_the_sound_stays(
    name: str, hz: float, amplitude: float, run_scratch: Scratch
) -> None:
    clean = clip(name)
    damaged = (clean + tone(clean.shape[1], hz, amplitude)).astype(np.float32)
    result, report = run(damaged, run_scratch)
    left_db, rest_db = figures(clean, result, hz, amplitude)
    assert left_db < -40.0
    assert rest_db < -40.0
    assert [round(found["frequency_hz"], 1) for found in report["tones"]] == [hz]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["music_tabla", "speech_it_syllables", "effects_bell"])
def test_sound_without_a_tone_is_bit_identical(name: str, run_scratch: Scratch) -> None:
    clean = clip(name)
    result, report = run(clean, run_scratch)
    assert np.array_equal(result, clean)
    assert "tones" not in report
    assert report["warnings"]


def test_the_region_makes_no_difference(run_scratch: Scratch) -> None:
    """A long sound is worked on in segments; they do not depend on the region, and join without a trace."""
    rate = 4_000
    length = 45 * rate
    clean = 0.02 * np.random.default_rng(0).standard_normal((1, length))
    damaged = (clean + tone(length, 700.0, 0.1, rate)).astype(np.float32)
    whole = run(damaged, run_scratch, rate=rate)[0]
    error = whole - clean
    seconds = np.sqrt(np.mean(error.reshape(45, rate) ** 2, axis=1))
    assert seconds.max() < 0.01 * 0.1 / np.sqrt(2)
    region = Region(17 * rate, 21 * rate)
    part = run(damaged, run_scratch, region, rate)[0]
    assert np.array_equal(part[:, : region.start], damaged[:, : region.start])
    assert np.array_equal(part[:, region.stop :], damaged[:, region.stop :])
    inner = slice(region.start + rate // 10, region.stop - rate // 10)
    assert np.array_equal(part[:, inner], whole[:, inner])


def test_a_named_frequency_and_a_limited_reduction(run_scratch: Scratch) -> None:
    clean = clip("music_tabla")
    damaged = clean + tone(clean.shape[1], 1_000.0, 0.05) + tone(clean.shape[1], 3_000.0, 0.05)
    result = run(damaged.astype(np.float32), run_scratch, frequency_hz=3_004.0, reduction_db=20.0)[0]
    assert figures(clean, result, 3_000.0, 0.05)[0] == pytest.approx(-20.0, abs=0.5)
    assert figures(clean, result, 1_000.0, 0.05)[0] == pytest.approx(0.0, abs=0.5)


@pytest.mark.parametrize("value", [0.0, 0.3])
@pytest.mark.parametrize("length", [1, 480, 3 * RATE])
def test_silence_dc_and_short_sounds_are_left_alone(value: float, length: int, run_scratch: Scratch) -> None:
    samples = np.full((3, length), value, np.float32)
    assert np.array_equal(run(samples, run_scratch)[0], samples)
    assert np.array_equal(run(samples, run_scratch, frequency_hz=1_000.0)[0], samples)


def test_cancelling_leaves_nothing_behind(run_scratch: Scratch) -> None:
    clean = clip("music_tabla")
    sound = Sound.from_array(clean + tone(clean.shape[1], 1_000.0, 0.05), RATE)
    job = apply_effect(RemoveTone(run_scratch), sound, Region(0, sound.length), {}, run_scratch)
    while next(job).stage != "Removing tones":
        pass
    job.close()
    assert [path.name for path in run_scratch.folder.iterdir()] == ["lock"]
