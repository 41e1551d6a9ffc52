import numpy as np
import pytest

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.basic import FADE_SHAPE, FadeIn, FadeOut, Gain, Normalise, Silence
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.job import run_job

RATE = 48_000
REGION = Region(10_000, 150_000)


def noise() -> Sound:
    return Sound.from_array(0.1 * np.random.default_rng(0).standard_normal((2, 200_000)), RATE)


def run(effect: Effect, sound: Sound, **values: Value) -> np.ndarray:
    result = run_job(effect.process(sound, REGION, values))
    assert result.length == REGION.length
    return result.read(0, result.length)


def test_gain(run_scratch: Scratch) -> None:
    sound = noise()
    before = sound.read(REGION.start, REGION.stop)
    np.testing.assert_allclose(run(Gain(run_scratch), sound, gain_db=-20.0), 0.1 * before, rtol=1e-6)


def test_normalise_sets_the_peak_and_leaves_silence(run_scratch: Scratch) -> None:
    after = run(Normalise(run_scratch), noise(), peak_dbfs=-6.0)
    assert 20 * np.log10(np.abs(after).max()) == pytest.approx(-6.0, abs=1e-3)
    silence = Sound.from_array(np.zeros((1, 200_000), np.float32), RATE)
    assert not np.any(run(Normalise(run_scratch), silence, peak_dbfs=-6.0))


@pytest.mark.parametrize("shape", FADE_SHAPE.choices)
def test_fades_are_mirror_images(run_scratch: Scratch, shape: str) -> None:
    flat = Sound.from_array(np.ones((1, 200_000), np.float32), RATE)
    rising = run(FadeIn(run_scratch), flat, shape=shape)
    falling = run(FadeOut(run_scratch), flat, shape=shape)
    assert rising[0, 0] < (0.0011 if shape == "decibels" else 1e-4)
    assert rising[0, -1] > 1 - 1e-4
    assert np.all(np.diff(rising) >= -1e-7)
    np.testing.assert_allclose(falling, rising[:, ::-1], atol=1e-6)


def test_silence(run_scratch: Scratch) -> None:
    assert not np.any(run(Silence(run_scratch), noise()))
