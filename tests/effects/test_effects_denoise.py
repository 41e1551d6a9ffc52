from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.denoise import Denoise
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import run_job

CLIPS = Path(__file__).parent.parent / "clips"
NAMES = ("music_tabla", "speech_it_syllables", "effects_bell")
RATE = 48_000


def clip(name: str) -> np.ndarray:
    return soundfile.read(CLIPS / f"{name}.flac", dtype="float32", always_2d=True)[0].T


def noisy(clean: np.ndarray, level: float) -> np.ndarray:
    return (clean + level * np.random.default_rng(0).standard_normal(clean.shape)).astype(np.float32)


def si_sdr_db(clean: np.ndarray, estimate: np.ndarray) -> float:
    target = np.vdot(clean, estimate) / np.vdot(clean, clean) * clean
    return float(10 * np.log10(np.sum(target**2) / np.sum((estimate - target) ** 2)))


def run(
    samples: np.ndarray, scratch: Scratch, region: Region | None = None, **values: object
) -> tuple[np.ndarray, dict[str, object]]:
    report: dict[str, object] = {}
    sound = Sound.from_array(samples, RATE)
    where = region or Region(0, sound.length)
    result = run_job(apply_effect(Denoise(scratch, report), sound, where, values, scratch))
    return result.read(0, result.length), report


@pytest.mark.parametrize("name", NAMES)
def test_noise_at_20_db_is_reduced(name: str, run_scratch: Scratch) -> None:
    clean = clip(name)
    level = 0.1 * float(np.sqrt(np.mean(clean**2)))
    damaged = noisy(clean, level)
    result, report = run(damaged, run_scratch)
    assert si_sdr_db(clean, result) > si_sdr_db(clean, damaged) + 5.0
    assert report["noise_dbfs"] == pytest.approx(20 * np.log10(level), abs=1.0)


@pytest.mark.parametrize("name", NAMES)
def test_clean_sound_is_hardly_changed(name: str, run_scratch: Scratch) -> None:
    clean = clip(name)
    change = run(clean, run_scratch)[0] - clean
    assert 10 * np.log10(np.mean(change**2) / np.mean(clean**2) + 1e-20) < -55.0


def test_the_region_makes_no_difference(run_scratch: Scratch) -> None:
    damaged = noisy(clip("music_tabla"), 0.01)
    whole = run(damaged, run_scratch)[0]
    region = Region(100_001, 310_007)
    part = run(damaged, run_scratch, region)[0]
    assert np.array_equal(part[:, : region.start], damaged[:, : region.start])
    assert np.array_equal(part[:, region.stop :], damaged[:, region.stop :])
    np.testing.assert_allclose(part[:, 105_000:305_000], whole[:, 105_000:305_000], atol=1e-7)


def test_a_named_level_and_no_reduction(run_scratch: Scratch) -> None:
    damaged = noisy(clip("speech_it_syllables"), 0.01)
    measured = run(damaged, run_scratch)[0]
    named = run(damaged, run_scratch, noise_dbfs=-40.0)[0]
    assert si_sdr_db(measured, named) > 25.0
    assert np.array_equal(run(damaged, run_scratch, reduction_db=0.0)[0], damaged)


@pytest.mark.parametrize("value", [0.0, 0.3])
@pytest.mark.parametrize("length", [1, 480, 2 * RATE])
def test_silence_dc_and_short_sounds_are_left_alone(value: float, length: int, run_scratch: Scratch) -> None:
    samples = np.full((8, length), value, np.float32)
    assert np.array_equal(run(samples, run_scratch)[0], samples)


def test_cancelling_leaves_nothing_behind(run_scratch: Scratch) -> None:
    sound = Sound.from_array(noisy(clip("music_tabla"), 0.01), RATE)
    job = apply_effect(Denoise(run_scratch), sound, Region(0, sound.length), {}, run_scratch)
    while next(job).stage != "Reducing noise":
        pass
    job.close()
    assert [path.name for path in run_scratch.folder.iterdir()] == ["lock"]


def pink(shape: tuple[int, ...], level: float) -> np.ndarray:
    spectrum = np.fft.rfft(np.random.default_rng(3).standard_normal(shape))
    spectrum /= np.sqrt(np.maximum(np.fft.rfftfreq(shape[1], 1 / RATE), 50.0))
    noise = np.fft.irfft(spectrum, shape[1])
    return noise * level / np.sqrt(np.mean(noise**2))


@pytest.mark.parametrize("name", NAMES)
def test_pink_noise_at_20_db_is_reduced(name: str, run_scratch: Scratch) -> None:
    clean = clip(name)
    damaged = (clean + pink(clean.shape, 0.1 * float(np.sqrt(np.mean(clean**2))))).astype(np.float32)
    result, _ = run(damaged, run_scratch, noise="coloured")
    assert si_sdr_db(clean, result) > si_sdr_db(clean, damaged) + 3.5


def test_noise_is_learned_where_the_user_says(run_scratch: Scratch) -> None:
    clean = np.pad(clip("effects_bell"), ((0, 0), (RATE, 0)))
    hiss = pink(clean.shape, 0.1 * float(np.sqrt(np.mean(clean**2))))
    damaged = (clean + hiss).astype(np.float32)
    result, report = run(damaged, run_scratch, learn_start_s=0.1, learn_end_s=0.9)
    assert si_sdr_db(clean, result) > si_sdr_db(clean, damaged) + 10.0
    assert report["noise_dbfs"] == pytest.approx(20 * np.log10(np.std(hiss)), abs=1.0)


@pytest.mark.parametrize(("start", "end"), [(0.5, 0.4), (0.5, 0.51), (9.0, 11.0), (0.0, 0.3)])
def test_noise_cannot_be_learned_from_nothing(start: float, end: float, run_scratch: Scratch) -> None:
    silent = np.zeros((1, RATE), np.float32)
    with pytest.raises(EffectError, match="earn"):
        run(silent, run_scratch, learn_start_s=start, learn_end_s=end)


def test_noise_is_not_lowered_below_the_floor(run_scratch: Scratch) -> None:
    hiss = noisy(np.zeros((2, 4 * RATE), np.float32), 0.01)
    for floor_dbfs, expected_dbfs in ((-52.0, -52.0), (-60.0, -60.0)):
        result, _ = run(hiss, run_scratch, floor_dbfs=floor_dbfs)
        assert 20 * np.log10(np.std(result[:, RATE : 3 * RATE])) == pytest.approx(expected_dbfs, abs=1.0)
    same, report = run(hiss, run_scratch, floor_dbfs=-39.0)
    assert np.array_equal(same, hiss)
    assert report["warnings"]


def test_noise_only_is_what_is_taken_away(run_scratch: Scratch) -> None:
    damaged = noisy(clip("speech_it_syllables"), 0.01)
    cleaned, taken = (run(damaged, run_scratch, output=output)[0] for output in ("cleaned", "noise"))
    np.testing.assert_allclose(cleaned + taken, damaged, atol=1e-6)
