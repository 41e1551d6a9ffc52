import numpy as np
import pytest

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.effects.conversion import resample_sound
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import run_job


def chirp(rate: int, seconds: float = 4.0) -> np.ndarray:
    time = np.arange(round(rate * seconds)) / rate
    tone = 0.5 * np.sin(2 * np.pi * (200 * time + 300 * time**2))
    return np.stack([tone, -0.5 * tone]).astype(np.float32)


@pytest.mark.parametrize(
    ("rate_in", "rate_out"), [(44_100, 48_000), (8000, 48_000), (96_000, 44_100), (48_000, 11_025)]
)
def test_duration_alignment_and_level_stay(rate_in: int, rate_out: int, run_scratch: Scratch) -> None:
    sound = Sound.from_array(chirp(rate_in), rate_in)
    result = run_job(resample_sound(sound, rate_out, run_scratch))
    assert (result.sample_rate, result.channels) == (rate_out, 2)
    assert result.length == round(sound.length * rate_out / rate_in)
    samples = result.read(0, result.length)
    assert np.array_equal(samples, resample(chirp(rate_in), rate_in, rate_out))
    wanted = chirp(rate_out)[:, 2000 : result.length - 2000]
    assert np.abs(samples[:, 2000 : result.length - 2000] - wanted).max() < 1e-3


def test_the_same_rate_is_no_work(run_scratch: Scratch) -> None:
    sound = Sound.from_array(chirp(8000), 8000)
    assert run_job(resample_sound(sound, 8000, run_scratch)) is sound


def test_an_empty_sound(run_scratch: Scratch) -> None:
    sound = Sound.from_array(np.zeros((2, 0), np.float32), 8000)
    result = run_job(resample_sound(sound, 48_000, run_scratch))
    assert (result.length, result.sample_rate) == (0, 48_000)


@pytest.mark.parametrize("rate", [1, 768_000])
def test_refuses_rates_out_of_range(rate: int, run_scratch: Scratch) -> None:
    with pytest.raises(EffectError, match="A sample rate is"):
        run_job(resample_sound(Sound.from_array(chirp(8000), 8000), rate, run_scratch))


def test_cancelling_leaves_no_file(run_scratch: Scratch) -> None:
    sound = Sound.from_array(np.zeros((2, 3_000_000), np.float32), 48_000)
    job = resample_sound(sound, 96_000, run_scratch)
    for _ in range(40):
        next(job)
    assert list(run_scratch.folder.glob("*.f32"))
    job.close()
    assert not list(run_scratch.folder.glob("*.f32"))
