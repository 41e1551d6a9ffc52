"""Restoring: what happens between the Restore button and the undo history, as one job."""

from collections.abc import Mapping
from dataclasses import dataclass

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.job import Job, part_of

FULL_RATE = 48_000
LEAST_RATE = 44_100
RAISES_RATE = {"audiosr.super-resolution", "audiosr.restore"}  # they add a band that a low rate cannot hold


@dataclass(frozen=True, slots=True)
class Restored:
    """What a run gave.

    Attributes:
        before: the sound the effect worked on: the document's, or that at 48 kHz.
        after: with the effect; `before` itself when there was nothing to do.
        region: where they differ, in samples of both.
        facts: how it was made: model, seed, cutoff, device, warnings.
    """

    before: Sound
    after: Sound
    region: Region
    facts: Mapping[str, object]

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        return self.after is not self.before

    @property
    def warnings(self) -> list[str]:
        """What the user should know about the result."""
        warnings = self.facts.get("warnings", [])
        return [str(warning) for warning in warnings] if isinstance(warnings, list) else []


def rate_for(effect_id: str, sound: Sound, region: Region | None) -> int:
    """Return the rate at which an effect works: 48 kHz for a new band that a lower rate cannot hold."""
    lowest = FULL_RATE if region is None else LEAST_RATE
    return FULL_RATE if effect_id in RAISES_RATE and sound.sample_rate < lowest else sound.sample_rate


def restore(
    effect: Effect,
    sound: Sound,
    region: Region | None,
    values: Mapping[str, Value],
    *,
    scratch: Scratch,
    report: dict[str, object],
) -> Job[Restored]:
    """Apply an effect, at a higher rate where it needs one.

    Args:
        effect: which.
        sound: the document's.
        region: None is the whole sound.
        values: of the effect's parameters.
        scratch: for long results.
        report: the effect's collector of facts; emptied first.
    """
    # these load scipy.signal, which is slow: in this job's thread
    from audiosr_desktop.effects.apply import apply_effect  # noqa: PLC0415
    from audiosr_desktop.effects.conversion import resample_sound  # noqa: PLC0415

    report.clear()
    rate = rate_for(effect.id, sound, region)
    chosen = region or Region(0, sound.length)
    share = 0.0
    before = sound
    if rate != sound.sample_rate:
        share = 0.1
        before = yield from part_of(resample_sound(sound, rate, scratch), 0.0, share)
        chosen = chosen.at_rate(rate / sound.sample_rate).clipped(0, before.length)
    after = yield from part_of(apply_effect(effect, before, chosen, values, scratch), share, 1.0)
    return Restored(before, after, chosen, dict(report))
