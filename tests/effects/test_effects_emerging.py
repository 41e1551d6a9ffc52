"""What a long run has finished is told on the way, and is what the end will hold there."""

from collections.abc import Callable

import numpy as np
import pytest

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import Combine, combined
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.effects.basic import Gain
from audiosr_desktop.effects.chain import Step, run_steps
from audiosr_desktop.effects.denoise import Denoise
from audiosr_desktop.effects.effect import Effect, resolve_values
from audiosr_desktop.effects.emerging import Emerging
from audiosr_desktop.effects.gaps import FillGap
from audiosr_desktop.effects.restore import Restore
from audiosr_desktop.effects.super_resolution import SuperResolution
from audiosr_desktop.effects.tones import RemoveTone
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.job import Progress, run_job

pytestmark = pytest.mark.usefixtures("tiny_shipped")

FADE_S = 0.01


def band_limited(rate: int, seconds: float) -> Sound:
    rng = np.random.default_rng(0)
    count = round(rate * seconds)
    swell = 0.08 + 0.06 * np.sin(2 * np.pi * 1.7 * np.arange(count) / rate)
    return Sound.from_array(lowpass(rng.standard_normal((2, count)) * swell, rate, 3000.0, "cheby", 8), rate)


def run(
    sound: Sound, steps: list[tuple[Effect, dict[str, object]]], region: Region, scratch: Scratch
) -> tuple[list[Emerging], Sound, Sound]:
    told: list[Progress] = []
    chosen = [Step(effect, resolve_values(effect, values)) for effect, values in steps]
    result = run_job(run_steps(chosen, sound, region, scratch), told.append)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    return [progress for progress in told if isinstance(progress, Emerging)], result.before, result.after


def same(one: Sound, other: Sound, start: int, stop: int) -> bool:
    return bool(np.allclose(one.read(start, stop), other.read(start, stop), atol=2e-6))


MODEL = {"quality": "draft", "device": "cpu", "cutoff_hz": 3000.0}


@pytest.mark.parametrize("limits", ["none", "amount", "band", "low band", "shape", "channel"])
def test_what_is_finished_is_what_the_end_holds_there(
    limits: str, run_scratch: Scratch, engines: Engines
) -> None:
    sound = band_limited(48_000, 14.0)
    region = Region(30_000, sound.length - 10_000)
    if limits == "band":
        region = Region(region.start, region.stop, 4000.0, 9000.0)
    if limits == "low band":
        region = Region(region.start, region.stop, 60.0, 3500.0)
    if limits == "channel":
        region = region.of_channels([1])
    if limits == "shape":
        high = Region(region.start + 90_000, region.stop, 8000.0, 12_000.0)
        region = combined(Region(region.start, region.stop, 4000.0, 9000.0), high, Combine.ADD, 48_000)
        assert region is not None and region.mask is not None
    values = {**MODEL, "amount": 60.0 if limits == "amount" else 100.0}
    seen, before, after = run(sound, [(SuperResolution(engines, run_scratch), values)], region, run_scratch)
    assert len(seen) >= 2
    assert before is sound
    stops = [one.region.stop for one in seen]
    assert stops == sorted(set(stops))
    fade = round(FADE_S * 48_000)
    for one in seen:
        assert one.before is sound
        assert one.after.length == sound.length
        assert one.region.start == region.start
        assert (one.region.low_hz, one.region.mask) == (region.low_hz, region.mask)
        assert one.region.channels == region.channels
        assert same(one.after, after, 0, one.region.stop - fade)
        assert not same(one.after, sound, region.start, one.region.stop)
        rest = sound.read(one.region.stop, sound.length)
        assert np.array_equal(one.after.read(one.region.stop, sound.length), rest)
    steps = np.abs(np.diff(seen[0].after.read(stops[0] - 50, stops[0] + 50))).max()
    assert steps < 1.5 * np.abs(np.diff(after.read(region.start, region.stop))).max()


def test_the_rate_of_the_run_and_only_the_last_step_emerge(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(16_000, 12.0)
    model = SuperResolution(engines, run_scratch)
    steps = [(Gain(run_scratch), {"gain_db": -6.0}), (model, MODEL)]
    seen, before, after = run(sound, steps, Region(0, sound.length), run_scratch)
    assert seen
    for one in seen:
        assert one.before is before
        assert one.before.sample_rate == 48_000
        assert same(one.after, after, 0, one.region.stop - 480)
        assert not same(one.before, after, 0, one.region.stop)  # the gain is a part of what was done
    seen, _, _ = run(sound, [(model, MODEL), (Gain(run_scratch), {})], Region(0, sound.length), run_scratch)
    assert not seen


def test_restore_shows_what_its_last_step_has_finished(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(48_000, 12.0)
    effect = Restore(engines, run_scratch)
    values = {**MODEL, "noise": False, "tones": False}
    seen, _, after = run(sound, [(effect, values)], Region(0, sound.length), run_scratch)
    assert seen
    assert all(same(one.after, after, 0, one.region.stop - 480) for one in seen)


def damaged(rate: int, seconds: float) -> Sound:
    """Return band-limited sound with two tones that begin late, hiss and a gap every two seconds."""
    rng = np.random.default_rng(1)
    samples = np.array(band_limited(rate, seconds).read(0, round(rate * seconds)))
    time_s = np.arange(samples.shape[1]) / rate
    samples += np.float32(0.003) * rng.standard_normal(samples.shape, np.float32)
    samples += (0.03 * np.sin(2 * np.pi * 1234.5 * time_s) * (time_s > 9.0)).astype(np.float32)
    for place in range(rate, samples.shape[1] - rate, 2 * rate):
        samples[:, place : place + rate // 50] = 0.0
    return Sound.from_array(samples, rate)


MODULES: dict[str, tuple[Callable[[Scratch, Engines], Effect], dict[str, object]]] = {
    "denoise": (lambda scratch, _: Denoise(scratch), {"noise_dbfs": -50.0}),
    "noise alone": (lambda scratch, _: Denoise(scratch), {"noise_dbfs": -50.0, "output": "noise"}),
    "remove-tone": (lambda scratch, _: RemoveTone(scratch), {}),
    "one tone": (lambda scratch, _: RemoveTone(scratch), {"frequency_hz": 1234.0}),
    "fill-gap": (lambda *_: FillGap(), {"where": "find"}),
    "restore": (
        lambda scratch, engines: Restore(engines, scratch),
        {**MODEL, "tones": False, "band": False, "noise": False},
    ),
}


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("amount", [100.0, 50.0])
def test_every_module_tells_what_is_finished(
    module: str, amount: float, run_scratch: Scratch, engines: Engines
) -> None:
    rate = 12_000
    sound = damaged(rate, 40.0)
    make, values = MODULES[module]
    region = Region(rate // 2, sound.length - rate)
    steps = [(make(run_scratch, engines), {**values, "amount": amount})]
    seen, before, after = run(sound, steps, region, run_scratch)
    assert before is sound
    stops = [one.region.stop for one in seen]
    assert len(stops) >= 2
    assert stops == sorted(set(stops))
    for one in seen:
        assert one.region.start == region.start
        assert same(one.after, after, 0, one.region.stop - round(FADE_S * rate))
        rest = sound.read(one.region.stop, sound.length)
        assert np.array_equal(one.after.read(one.region.stop, sound.length), rest)
    assert not same(seen[-1].after, sound, region.start, stops[-1])
    assert not same(after, sound, stops[-1], region.stop)


def test_a_sound_without_tones_is_told_and_nothing_is_written(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(12_000, 40.0)
    seen, _, after = run(sound, [(RemoveTone(run_scratch), {})], Region(0, sound.length), run_scratch)
    assert after is sound
    assert seen
    assert all(same(one.after, sound, 0, sound.length) for one in seen)
    assert not list(run_scratch.folder.glob("*.f32"))


def test_what_was_finished_outlives_a_run_that_is_cancelled(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(48_000, 14.0)
    step = SuperResolution(engines, run_scratch)
    job = run_steps([Step(step, resolve_values(step, MODEL))], sound, Region(0, sound.length), run_scratch)
    seen = next(told for told in job if isinstance(told, Emerging))
    whole = seen.after.read(0, sound.length)
    job.close()
    assert np.array_equal(seen.after.read(0, sound.length), whole)
    assert not np.array_equal(whole, sound.read(0, sound.length))
    del seen
    assert not list(run_scratch.folder.glob("*.f32"))


def test_a_short_run_has_nothing_to_show_before_its_end(run_scratch: Scratch, engines: Engines) -> None:
    sound = band_limited(48_000, 3.0)
    step = (SuperResolution(engines, run_scratch), MODEL)
    seen, _, after = run(sound, [step], Region(0, sound.length), run_scratch)
    assert not seen
    assert after is not sound
    assert not list(run_scratch.folder.glob("*.f32"))
