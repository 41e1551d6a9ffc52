"""Restoring: what happens between the Restore button and the undo history, as one job."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.job import Job

Weigh = Callable[[str, Mapping[str, Value]], float]  # id of an effect and its values; only ratios count


@dataclass(frozen=True, slots=True)
class Restored:
    """What a run gave.

    Attributes:
        before: the sound the effect worked on: the document's, or that at 48 kHz.
        after: with the effect; `before` itself when there was nothing to do.
        region: where they differ, in samples of both.
        facts: how it was made: model, seed, cutoff, device, warnings.
        times: seconds that each effect took, in their order …
        parts: … and what Restore did: ids, each with seconds.
    """

    before: Sound
    after: Sound
    region: Region
    facts: Mapping[str, object]
    times: tuple[float, ...] = ()
    parts: tuple[tuple[str, float], ...] = ()

    @property
    def changed(self) -> bool:
        """Whether there was anything to do."""
        return self.after is not self.before

    @property
    def warnings(self) -> list[str]:
        """What the user should know about the result."""
        warnings = self.facts.get("warnings", [])
        return [str(warning) for warning in warnings] if isinstance(warnings, list) else []


def restore(
    steps: Sequence[tuple[Effect, Mapping[str, Value]]],
    sound: Sound,
    region: Region | None,
    *,
    scratch: Scratch,
    report: dict[str, object],
    weigh: Weigh | None = None,
) -> Job[Restored]:
    """Apply effects in order, at a higher rate where they need one.

    Args:
        steps: effects with a value for each parameter.
        sound: the document's.
        region: None is the whole sound.
        scratch: for long results.
        report: the effects' collector of facts; emptied first.
        weigh: tells how long an effect takes here beside others, for the progress; None guesses.
    """
    # it loads scipy.signal, which is slow: in this job's thread
    from audiosr_desktop.effects.chain import Step, guessed_weight, run_steps  # noqa: PLC0415

    report.clear()
    chosen = region or Region(0, sound.length)
    weight = guessed_weight if weigh is None else lambda step: weigh(step.effect.id, step.values)
    run = yield from run_steps(
        [Step(*step) for step in steps], sound, chosen, scratch, report=report, weigh=weight
    )
    parts = report.pop("times", ())
    assert isinstance(parts, list | tuple)
    return Restored(run.before, run.after, run.region, dict(report), run.times, tuple(parts))
