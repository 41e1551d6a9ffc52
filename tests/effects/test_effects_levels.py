"""Loudness, DC, polarity, channels, generated sound."""

import numpy as np
import pytest

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.level import integrated_loudness, true_peak_db
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.channels import Channels, fitted, fitting_matrix, mixed, remix, single_matrix
from audiosr_desktop.effects.effect import Effect, Value, resolve_values
from audiosr_desktop.effects.generate import Generate
from audiosr_desktop.effects.levels import Invert, NormaliseLoudness, RemoveDc
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import run_job

RATE = 48_000
REGION = Region(24_000, 120_000)


def noise(channels: int = 2, offset: float = 0.0) -> Sound:
    values = 0.05 * np.random.default_rng(0).standard_normal((channels, 150_000)) + offset
    return Sound.from_array(values, RATE)


def run(effect: Effect, sound: Sound, **values: Value) -> np.ndarray:
    result = run_job(effect.process(sound, REGION, resolve_values(effect, values)))
    assert (result.length, result.channels) == (REGION.length, sound.channels)
    return result.read(0, result.length)


def test_loudness_is_met(run_scratch: Scratch) -> None:
    after = run(NormaliseLoudness(run_scratch), noise(), loudness_lufs=-23.0)
    assert integrated_loudness(after, RATE) == pytest.approx(-23.0, abs=0.05)


def test_the_ceiling_goes_before_the_loudness(run_scratch: Scratch) -> None:
    after = run(NormaliseLoudness(run_scratch), noise(), loudness_lufs=0.0, ceiling_dbtp=-3.0)
    assert true_peak_db(after, RATE) == pytest.approx(-3.0, abs=0.05)
    assert integrated_loudness(after, RATE) < -5


def test_silence_has_no_loudness_to_raise(run_scratch: Scratch) -> None:
    quiet = Sound.from_array(np.zeros((2, 150_000), np.float32), RATE)
    assert not run(NormaliseLoudness(run_scratch), quiet).any()


def test_dc_goes_and_the_rest_stays(run_scratch: Scratch) -> None:
    sound = noise(offset=0.2)
    after = run(RemoveDc(run_scratch), sound)
    assert np.abs(after.mean(axis=1)).max() < 1e-6
    before = sound.read(REGION.start, REGION.stop)
    np.testing.assert_allclose(after - after.mean(), before - before.mean(), atol=2e-3)


def test_twice_inverted_is_the_same(run_scratch: Scratch) -> None:
    sound, invert = noise(), Invert(run_scratch)
    once = run_job(apply_effect(invert, sound, Region(0, sound.length), {}, run_scratch))
    assert np.array_equal(once.read(0, 1000), -sound.read(0, 1000))
    twice = run_job(apply_effect(invert, once, Region(0, sound.length), {}, run_scratch))
    assert np.array_equal(twice.read(0, sound.length), sound.read(0, sound.length))


def test_channels_are_rearranged(run_scratch: Scratch) -> None:
    sound = noise()
    left, right = sound.read(REGION.start, REGION.stop)
    effect = Channels(run_scratch)
    for how, wanted in {
        "swap": (right, left),
        "mono": ((left + right) / 2, (left + right) / 2),
        "left": (left, left),
        "right": (right, right),
        "invert-left": (-left, right),
        "invert-right": (left, -right),
    }.items():
        np.testing.assert_allclose(run(effect, sound, how=how), np.stack(wanted), atol=1e-7, err_msg=how)
    with pytest.raises(EffectError, match="stereo"):
        run(effect, noise(1))


def test_sounds_are_fitted_to_a_document(run_scratch: Scratch) -> None:
    mono = noise(1)
    stereo = run_job(fitted(mono, RATE, 2, run_scratch))
    assert np.array_equal(stereo.read(0, 100), np.repeat(mono.read(0, 100), 2, axis=0))
    slow = run_job(fitted(noise(), 16_000, 1, run_scratch))
    assert (slow.length, slow.sample_rate, slow.channels) == (50_000, 16_000, 1)
    assert fitting_matrix(2, 4).tolist() == [[1, 0], [0, 1], [0, 0], [0, 0]]
    third = run_job(remix(noise(4), single_matrix(4, 2), run_scratch))
    assert np.array_equal(third.read(0, 50)[0], noise(4).read(0, 50)[2])
    with pytest.raises(EffectError, match="no channel 3"):
        single_matrix(2, 2)


def test_mixing_adds_and_lengthens(run_scratch: Scratch) -> None:
    sound, added = noise(), noise().slice(0, 1_000)
    inside = run_job(mixed(sound, 500, added, run_scratch))
    wanted = sound.read(0, sound.length).copy()
    wanted[:, 500:1_500] += added.read(0, 1_000)
    assert np.array_equal(inside.read(0, inside.length), wanted)
    beyond = run_job(mixed(sound, sound.length - 400, added, run_scratch))
    assert beyond.length == sound.length + 600
    assert np.array_equal(beyond.read(sound.length, beyond.length), added.read(400, 1_000))
    behind = run_job(mixed(sound, sound.length, added, run_scratch))
    assert behind.length == sound.length + 1_000


def test_generated_sounds(run_scratch: Scratch) -> None:
    effect = Generate(run_scratch)
    tone = run(effect, noise(), kind="sine", frequency_hz=1_000.0, level_dbfs=-6.0)
    assert np.abs(tone).max() == pytest.approx(10 ** (-6 / 20), rel=1e-3)
    assert np.abs(np.fft.rfft(tone[0])).argmax() * RATE / REGION.length == pytest.approx(1_000)
    for kind in ("white noise", "pink noise"):
        made = run(effect, noise(), kind=kind, level_dbfs=-20.0, seed=3)
        assert 20 * np.log10(made.std()) == pytest.approx(-20, abs=1.0)
        assert abs(np.corrcoef(made)[0, 1]) < 0.1
        assert np.array_equal(made, run(effect, noise(), kind=kind, level_dbfs=-20.0, seed=3))
    assert not run(effect, noise(), kind="silence").any()
    with pytest.raises(EffectError, match="higher sample rate"):
        run(effect, noise(), kind="sine", frequency_hz=24_000.0)


def test_pink_noise_falls_three_decibels_an_octave(run_scratch: Scratch) -> None:
    made = run(Generate(run_scratch), noise(), kind="pink noise", seed=5)
    power = (np.abs(np.fft.rfft(made, axis=1)) ** 2).mean(axis=0)
    hz = np.fft.rfftfreq(REGION.length, 1 / RATE)
    bands = [10 * np.log10(power[(hz >= low) & (hz < 2 * low)].mean()) for low in (200, 800, 3_200, 12_000)]
    assert np.diff(bands) == pytest.approx([-6, -6, -5.7], abs=0.8)
