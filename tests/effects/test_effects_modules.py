"""What every restoring module must do, at any rate, with any number of channels, wherever the region lies."""

import numpy as np
import pytest

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.effect import Effect
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.job import run_job

pytestmark = pytest.mark.usefixtures("tiny_shipped")

MODULES = ("super-resolution", "denoise", "remove-tone", "fill-gap", "restore")
RATES = (8_000, 44_100, 96_000, 192_000)
CHANNELS = (1, 3, 8)
SECONDS = 2.5


def damaged(rate: int, channels: int) -> Sound:
    """Return noise that swells, cut off at a third of the band, with a tone, hiss and a gap."""
    rng = np.random.default_rng(rate + channels)
    time_s = np.arange(round(SECONDS * rate)) / rate
    swell = 0.1 * np.square(np.sin(2 * np.pi * 1.1 * time_s))
    common = rng.standard_normal(time_s.size) * swell
    samples = common + 0.2 * swell * rng.standard_normal((channels, time_s.size))
    samples = lowpass(samples.astype(np.float32), rate, min(rate, 48_000) / 6, "cheby", 8)
    samples += 0.02 * np.sin(2 * np.pi * 440.0 * time_s) + 0.003 * rng.standard_normal(samples.shape)
    samples[:, round(1.2 * rate) : round(1.23 * rate)] = 0.0
    return Sound.from_array(samples.astype(np.float32), rate)


def apply(
    module: str, sound: Sound, region: Region, engines: Engines, scratch: Scratch
) -> tuple[np.ndarray, dict[str, object]]:
    report: dict[str, object] = {}
    effect: Effect = built_in_effects(engines, scratch, report)[f"audiosr.{module}"]
    own = {parameter.id for parameter in effect.parameters}
    given = {name: value for name, value in (("quality", "draft"), ("device", "cpu")) if name in own}
    result = run_job(apply_effect(effect, sound, region, given, scratch))
    assert (result.length, result.channels, result.sample_rate) == (
        sound.length,
        sound.channels,
        sound.sample_rate,
    )
    samples = result.read(0, result.length)
    before = sound.read(0, sound.length)
    assert np.isfinite(samples).all()
    assert np.array_equal(samples[:, : region.start], before[:, : region.start])
    assert np.array_equal(samples[:, region.stop :], before[:, region.stop :])
    return samples, report


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("rate", RATES)
def test_any_rate(module: str, rate: int, engines: Engines, run_scratch: Scratch) -> None:
    sound = damaged(rate, 1)
    samples, report = apply(module, sound, Region(0, sound.length), engines, run_scratch)
    changed = not np.array_equal(samples, sound.read(0, sound.length))
    assert changed or report["warnings"]
    assert changed or (module == "super-resolution" and rate < 22_050)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("channels", CHANNELS)
def test_any_number_of_channels(module: str, channels: int, engines: Engines, run_scratch: Scratch) -> None:
    sound = damaged(48_000, channels)
    samples, _ = apply(module, sound, Region(0, sound.length), engines, run_scratch)
    assert (samples != sound.read(0, sound.length)).any(axis=1).all()


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(("start_s", "stop_s"), [(0.0, 0.4), (2.1, SECONDS), (1.21, 1.2101), (0.0, 0.0001)])
def test_tiny_regions_and_regions_at_the_ends(
    module: str, start_s: float, stop_s: float, engines: Engines, run_scratch: Scratch
) -> None:
    sound = damaged(48_000, 2)
    region = Region(round(start_s * 48_000), round(stop_s * 48_000))
    before = sound.read(0, sound.length)
    samples, _ = apply(module, sound, region, engines, run_scratch)
    inside = np.abs(samples[:, region.start : region.stop])
    assert inside.max() < 2.0 * np.abs(before).max()  # no level jumps


@pytest.mark.parametrize("module", MODULES)
def test_a_region_alone_is_what_it_is_in_a_longer_one(
    module: str, engines: Engines, run_scratch: Scratch
) -> None:
    rate = 48_000
    sound = damaged(rate, 2)
    region, longer = (
        Region(round(0.9 * rate), round(1.9 * rate)),
        Region(round(0.3 * rate), round(2.4 * rate)),
    )
    alone, within, whole = (
        apply(module, sound, each, engines, run_scratch)[0]
        for each in (region, longer, Region(0, sound.length))
    )
    inside = slice(region.start + rate // 10, region.stop - rate // 10)
    power = np.mean(np.square(alone[:, inside], dtype=np.float64))
    assert not np.array_equal(alone[:, inside], sound.read(inside.start, inside.stop))
    for other in (within, whole):
        assert np.mean(np.square(alone[:, inside] - other[:, inside], dtype=np.float64)) < 1e-6 * power


@pytest.mark.parametrize("module", MODULES)
def test_nothing_to_do(module: str, engines: Engines, run_scratch: Scratch) -> None:
    silent = Sound.from_array(np.zeros((2, 48_000), np.float32), 48_000)
    samples, report = apply(module, silent, Region(0, silent.length), engines, run_scratch)
    assert not samples.any()
    assert report["warnings"]


@pytest.mark.parametrize("module", MODULES)
def test_cancelling_leaves_nothing(module: str, engines: Engines, run_scratch: Scratch) -> None:
    sound = damaged(48_000, 2)
    effect = built_in_effects(engines, run_scratch)[f"audiosr.{module}"]
    job = apply_effect(effect, sound, Region(0, sound.length), {}, run_scratch)
    fractions = []
    for progress in job:
        fractions.append(progress.fraction)
        if progress.fraction > 0.5:
            break
    job.close()
    assert fractions == sorted(fractions)
    assert [path.name for path in run_scratch.folder.iterdir()] == ["lock"]


def test_a_pause_gets_no_new_band_and_a_sound_above_24_khz_keeps_its_top(
    engines: Engines, run_scratch: Scratch
) -> None:
    sound = damaged(96_000, 2)
    samples = np.array(sound.read(0, sound.length))
    samples += 1e-2 * np.sin(2 * np.pi * 30_000 * np.arange(samples.shape[1]) / 96_000, dtype=np.float32)
    samples[:, : 48_000 + 48_000] = 0.0
    result, _ = apply(
        "super-resolution",
        Sound.from_array(samples, 96_000),
        Region(0, samples.shape[1]),
        engines,
        run_scratch,
    )
    assert np.abs(result[:, :90_000]).max() < 1e-5  # the converter rings a little
    change = np.abs(np.fft.rfft(result - samples, axis=1)) ** 2
    frequencies = np.fft.rfftfreq(samples.shape[1], 1 / 96_000)
    assert change[:, frequencies > 24_500].sum() < 1e-5 * change.sum()
