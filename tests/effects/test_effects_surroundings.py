from collections.abc import Mapping

import numpy as np
import pytest

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Effect, Parameter, Value
from audiosr_desktop.effects.surroundings import Mending
from audiosr_desktop.job import Job, Progress, run_job

RATE = 8_000
REACH = RATE // 2


class Halved:
    """Half the level."""

    id, title, seamless = "test.halved", "Halved", False
    parameters: tuple[Parameter, ...] = ()

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        yield Progress(1.0, self.title)
        return Sound.from_array(0.5 * sound.read(region.start, region.stop), sound.sample_rate)


class Smeared:
    """The mean over half a second to both sides: what a model hears of its surroundings."""

    id, title, seamless = "test.smeared", "Smeared", False
    parameters: tuple[Parameter, ...] = ()

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        yield Progress(1.0, self.title)
        sums = np.cumsum(
            sound.read_padded(region.start - REACH, region.stop + REACH), axis=1, dtype=np.float64
        )
        smeared = (sums[:, 2 * REACH :] - sums[:, : -2 * REACH]) / (2 * REACH)
        return Sound.from_array(smeared.astype(np.float32), sound.sample_rate)


class Idle:
    """Nothing."""

    id, title, seamless = "test.idle", "Idle", False
    parameters: tuple[Parameter, ...] = ()

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        yield Progress(1.0, self.title)
        return sound.slice(region.start, region.stop)


@pytest.fixture
def document() -> Sound:
    noise = np.random.default_rng(0).standard_normal((2, 8 * RATE)) + 1.0
    return Sound.from_array(noise.astype(np.float32), RATE)


def mended(document: Sound, region: Region, scratch: Scratch, *effects: Effect) -> tuple[Sound, list[bool]]:
    mending = Mending(document, region, scratch)
    changed = [run_job(mending.step(effect, {})) for effect in effects[:-1]]
    changed.append(run_job(mending.last_step(effects[-1], {})))
    return mending.now, changed


def test_a_later_step_hears_the_surroundings_mended(document: Sound, run_scratch: Scratch) -> None:
    region = Region(3 * RATE, 5 * RATE)
    alone, changed = mended(document, region, run_scratch, Halved(), Smeared())
    whole, _ = mended(document, Region(0, document.length), run_scratch, Halved(), Smeared())
    assert changed == [True, True]
    start, stop = region.start + RATE // 10, region.stop - RATE // 10
    np.testing.assert_allclose(alone.read(start, stop), whole.read(start, stop), atol=1e-6)


def test_outside_the_region_nothing_changes_and_its_edges_do_not_click(
    document: Sound, run_scratch: Scratch
) -> None:
    steady = Sound.from_array(np.ones((1, document.length), np.float32), RATE)
    region = Region(3 * RATE, 5 * RATE)
    after, _ = mended(steady, region, run_scratch, Halved(), Smeared())
    samples = after.read(0, after.length)
    assert np.array_equal(samples[:, : region.start], steady.read(0, region.start))
    assert np.array_equal(samples[:, region.stop :], steady.read(region.stop, steady.length))
    np.testing.assert_allclose(
        samples[:, region.start + RATE // 100 : region.stop - RATE // 100], 0.5, atol=1e-5
    )
    assert np.abs(np.diff(samples)).max() < 0.05


@pytest.mark.parametrize("effects", [(Idle(),), (Idle(), Idle()), (Idle(), Idle(), Idle())])
def test_steps_that_do_nothing_leave_the_sound_itself(
    effects: tuple[Effect, ...], document: Sound, run_scratch: Scratch
) -> None:
    after, changed = mended(document, Region(RATE, 2 * RATE), run_scratch, *effects)
    assert after is document
    assert not any(changed)


def test_a_last_step_that_does_nothing_is_none(document: Sound, run_scratch: Scratch) -> None:
    _, changed = mended(document, Region(RATE, 2 * RATE), run_scratch, Halved(), Idle())
    assert changed == [True, False]
