"""Restore: finds what is wrong with a sound and runs what mends it, as one Effect."""

import time
from collections.abc import Mapping, Sequence
from typing import TypeVar

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.chain import chain_steps, chain_to_data, named_step, step_shares
from audiosr_desktop.effects.denoise import Denoise
from audiosr_desktop.effects.effect import Effect, Parameter, Value
from audiosr_desktop.effects.emerging import Beginning, emerging_as
from audiosr_desktop.effects.gaps import FillGap
from audiosr_desktop.effects.notes import Report, keep_inside, note, warn
from audiosr_desktop.effects.proposal import PARAMETERS, propose_with
from audiosr_desktop.effects.super_resolution import SuperResolution
from audiosr_desktop.effects.surroundings import Mending
from audiosr_desktop.effects.timing import LOOK, LOOKED_AT_S
from audiosr_desktop.effects.tones import RemoveTone
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.job import Job, part_of

T = TypeVar("T")


class Restore:
    """The effect; what was found and done is put into `report` when one is given."""

    id = "audiosr.restore"
    title = "Restore"
    parameters: Sequence[Parameter] = PARAMETERS
    seamless = True  # each step joins the surroundings in its own way

    def __init__(self, engines: Engines, scratch: Scratch, report: Report | None = None) -> None:
        self._scratch = scratch
        self._report: Report = {} if report is None else report
        # a step that finds nothing is no news here: its warnings go nowhere
        self._facts: Report = {}
        steps: tuple[Effect, ...] = (
            FillGap(self._facts),
            RemoveTone(scratch, self._facts),
            Denoise(scratch, self._facts),
            SuperResolution(engines, scratch, self._report),
        )
        self._effects = {effect.id: effect for effect in steps}

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region restored; the sound as it is where nothing is wrong.

        Raises:
            BundleError: band is missing, and the model that could restore it is not there or damaged.
            EngineError: the model cannot be run.
        """
        self._facts.clear()
        plain = Region(region.start, region.stop)  # the caller limits the whole change to the band
        duration_s = region.length / sound.sample_rate
        done = _looking_share(duration_s)
        began = time.monotonic()
        chain = yield from part_of(propose_with(sound, plain, values), 0.0, done)
        times = [(LOOK, time.monotonic() - began)]
        self._report["proposal"] = chain_to_data(chain)["effects"]
        steps = chain_steps(chain, self._effects)
        mending = Mending(sound, plain, self._scratch)
        for index, (step, share) in enumerate(zip(steps, step_shares(steps), strict=True)):
            if index == len(steps) - 1:
                working = _beginning(mending.last_step(step.effect, step.values), plain)
            else:
                working = mending.step(step.effect, step.values)
            working = named_step(working, index + 1, len(steps), step.effect.title)
            began = time.monotonic()
            end = done + share * (1.0 - done)
            if (yield from part_of(working, done, end)):
                note(self._report, "steps_done", step.effect.id)
            times.append((step.effect.id, time.monotonic() - began))
            done = end
        self._report["times"] = times
        keep_inside(self._facts, region, sound.sample_rate)
        told = ("gaps", "tones", "noise_dbfs")
        self._report.update({name: fact for name, fact in self._facts.items() if name in told})
        now = mending.now
        if now is sound:
            warn(self._report, "Nothing was found to restore and the sound was left as it is.")
        return now.slice(region.start, region.stop)


def _looking_share(duration_s: float) -> float:
    """Return which share of the time the proposal takes: some seconds of a long sound are looked at."""
    return min(duration_s, LOOKED_AT_S) / (min(duration_s, LOOKED_AT_S) + 1.5 * duration_s + 1.0)


def _beginning(job: Job[T], region: Region) -> Job[T]:
    """Run the last step; what emerges of the region is the beginning of what Restore returns."""
    return emerging_as(
        job,
        lambda told: Beginning(told.fraction, told.stage, told.after.slice(region.start, told.region.stop)),
    )
