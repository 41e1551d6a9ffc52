"""What the other tests of the modules leave out: failures, and the rest of rates, channels, cancel points."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import ArrayStore, Scratch
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.chain import ChainRun, Step, run_steps
from audiosr_desktop.effects.effect import Effect, resolve_values
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.job import run_job

pytestmark = pytest.mark.usefixtures("tiny_shipped")

MODULES = ("super-resolution", "denoise", "remove-tone", "fill-gap", "restore")
SECONDS = 2.0
GAP_S = (0.9, 0.93)

# the rates and channels that test_effects_modules.py leaves out, each at least once
FORMATS = [(11_025, 2), (16_000, 4), (22_050, 5), (32_000, 6), (88_200, 7), (176_400, 2)]


@pytest.fixture(scope="module")
def effects(engines: Engines) -> Callable[[str, Scratch], Effect]:
    return lambda module, scratch: built_in_effects(engines, scratch)[f"audiosr.{module}"]


def values_of(effect: Effect) -> dict[str, object]:
    own = {parameter.id for parameter in effect.parameters}
    given = (("quality", "draft"), ("device", "cpu"), ("cutoff_hz", 1500.0), ("where", "find"))
    return {name: value for name, value in given if name in own}


def damaged(rate: int, channels: int) -> Sound:
    """Return noise that swells, with nothing above 1500 Hz but a tone and hiss, and with a gap."""
    rng = np.random.default_rng(rate + channels)
    time_s = np.arange(round(SECONDS * rate)) / rate
    swell = 0.1 * np.square(np.sin(2 * np.pi * 1.1 * time_s)) + 0.01
    samples = rng.standard_normal((channels, time_s.size)) * swell
    samples = lowpass(samples.astype(np.float32), rate, 1500.0, "cheby", 8)
    samples += 0.02 * np.sin(2 * np.pi * 440.0 * time_s) + 0.003 * rng.standard_normal(samples.shape)
    samples[:, round(GAP_S[0] * rate) : round(GAP_S[1] * rate)] = 0.0
    return Sound.from_array(samples.astype(np.float32), rate)


def run(effect: Effect, sound: Sound, region: Region, scratch: Scratch) -> ChainRun:
    return run_job(
        run_steps([Step(effect, resolve_values(effect, values_of(effect)))], sound, region, scratch)
    )


def left(scratch: Scratch) -> list[str]:
    return [path.name for path in scratch.folder.iterdir() if path.name != "lock"]


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize(("rate", "channels"), FORMATS)
def test_the_other_rates_and_channels(
    module: str, rate: int, channels: int, effects: Callable[[str, Scratch], Effect], run_scratch: Scratch
) -> None:
    sound = damaged(rate, channels)
    result = run(effects(module, run_scratch), sound, Region(0, sound.length), run_scratch)
    adds_band = module in ("super-resolution", "restore")
    assert result.after.sample_rate == (max(rate, 48_000) if adds_band else rate)
    assert result.after.length == round(sound.length * result.after.sample_rate / rate)
    samples = result.after.read(0, result.after.length)
    assert samples.shape[0] == channels
    assert np.isfinite(samples).all()
    changed = (samples != result.before.read(0, result.before.length)).any(axis=1)
    assert changed.all()


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("place", ["start", "end", "gap", "one sample"])
def test_regions_at_the_ends_of_a_sound_of_another_rate(
    module: str, place: str, effects: Callable[[str, Scratch], Effect], run_scratch: Scratch
) -> None:
    rate = 44_100
    sound = damaged(rate, 3)
    region = {
        "start": Region(0, rate // 3),
        "end": Region(sound.length - rate // 3, sound.length),
        "gap": Region(round(GAP_S[0] * rate) - 5, round(GAP_S[1] * rate) + 5),
        "one sample": Region(sound.length - 1, sound.length),
    }[place]
    result = run(effects(module, run_scratch), sound, region, run_scratch)
    assert result.before is sound
    assert result.after.length == sound.length
    after, before = result.after.read(0, sound.length), sound.read(0, sound.length)
    assert np.array_equal(after[:, : region.start], before[:, : region.start])
    assert np.array_equal(after[:, region.stop :], before[:, region.stop :])
    assert np.abs(after).max() < 2.0 * np.abs(before).max()
    steps = np.abs(np.diff(after[:, max(0, region.start - 3) : region.start + 3])).max(initial=0.0)
    assert steps < 2.0 * np.abs(np.diff(before)).max()


@pytest.mark.parametrize("module", MODULES)
def test_sound_that_lacks_nothing_is_returned_itself(
    module: str, effects: Callable[[str, Scratch], Effect], run_scratch: Scratch
) -> None:
    rng = np.random.default_rng(0)
    bursts = np.repeat(rng.random(40) ** 4, 4_800)  # noise that comes and goes, so that it is none to remove
    sound = Sound.from_array(0.2 * bursts * rng.standard_normal((2, bursts.size)), 48_000)
    effect = effects(module, run_scratch)
    given = {"device": "cpu"} if module in ("super-resolution", "restore") else {}
    result = run_job(apply_effect(effect, sound, Region(0, sound.length), given, run_scratch))
    if module == "denoise":  # it may take a trace
        change = result.read(0, sound.length) - sound.read(0, sound.length)
        assert np.mean(change**2) < 1e-4 * np.mean(sound.read(0, sound.length) ** 2)
    else:
        assert result is sound
    assert not left(run_scratch)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("share", [0.0, 0.3, 0.9])
def test_cancelling_anywhere_leaves_nothing(
    module: str, share: float, effects: Callable[[str, Scratch], Effect], run_scratch: Scratch
) -> None:
    sound = damaged(48_000, 2)
    effect = effects(module, run_scratch)
    job = apply_effect(effect, sound, Region(0, sound.length), values_of(effect), run_scratch)
    reached = next(progress.fraction for progress in job if progress.fraction >= share)
    job.close()
    assert reached >= share
    assert not left(run_scratch)


class Unplugged(ArrayStore):
    """Samples on a disk that is taken away."""

    gone = False

    def read(self, start: int, stop: int, dtype: type = np.float32) -> NDArray[np.floating]:
        if self.gone:
            raise AudioFileError("take.wav cannot be read at sample 5: it is no longer there.")
        return super().read(start, stop, dtype)


@pytest.mark.parametrize("module", MODULES)
@pytest.mark.parametrize("share", [0.0, 0.035])
def test_a_source_that_fails_on_the_way_is_its_own_error_and_leaves_nothing(
    module: str, share: float, effects: Callable[[str, Scratch], Effect], run_scratch: Scratch
) -> None:
    store = Unplugged(damaged(48_000, 2).read(0, round(SECONDS * 48_000)))
    sound = Sound.from_store(store, 48_000)
    effect = effects(module, run_scratch)
    job = apply_effect(effect, sound, Region(0, sound.length), values_of(effect), run_scratch)
    with pytest.raises(AudioFileError, match="no longer there"):
        for progress in job:
            store.gone = store.gone or progress.fraction >= share
    assert not left(run_scratch)


@pytest.mark.parametrize("module", ["super-resolution", "denoise", "remove-tone", "restore"])
def test_a_full_disk_is_an_error_and_leaves_nothing(
    module: str,
    effects: Callable[[str, Scratch], Effect],
    run_scratch: Scratch,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def full(*_: object) -> None:
        raise AudioFileError("The scratch folder cannot be written: No space left on device.")

    sound = damaged(48_000, 2)
    effect = effects(module, run_scratch)
    monkeypatch.setattr("audiosr_desktop.audio.store.ScratchWriter.write", full)
    with pytest.raises(AudioFileError, match="No space left"):
        run_job(apply_effect(effect, sound, Region(0, sound.length), values_of(effect), run_scratch))
    assert not left(run_scratch)


def test_a_full_disk_while_a_filled_gap_is_mixed_is_an_error_too(
    effects: Callable[[str, Scratch], Effect], run_scratch: Scratch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise AudioFileError("The scratch folder cannot be written: No space left on device.")

    sound = damaged(48_000, 2)
    effect = effects("fill-gap", run_scratch)
    monkeypatch.setattr("audiosr_desktop.audio.store.ScratchWriter.write", full)
    half = {**values_of(effect), "amount": 50.0}
    with pytest.raises(AudioFileError, match="No space left"):
        run_job(apply_effect(effect, sound, Region(0, sound.length), half, run_scratch))
    assert not left(run_scratch)
