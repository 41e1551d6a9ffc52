"""Emerging results: what a long run has finished is told on the way, to be seen and heard before the end."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeVar

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Piece, Sound
from audiosr_desktop.audio.store import ScratchWriter
from audiosr_desktop.job import Job, Progress, told_as

T = TypeVar("T")

SHOWN_S = 2.0  # of new sound at least, before it is told again
MOST_TOLD = 1000  # times: putting a long result of many pieces together takes a moment


@dataclass(frozen=True, slots=True)
class Beginning(Progress):
    """Progress of an effect that knows how its result begins.

    Attributes:
        sound: the first samples of what `process` will return; they no longer change.
    """

    sound: Sound


@dataclass(frozen=True, slots=True)
class Emerging(Progress):
    """Progress of a run whose beginning is finished.

    Attributes:
        before: the whole document as the run began with it, at the rate of the run.
        after: the same with the finished part in its place.
        region: the finished part …
        chosen: … of what the run works on.
    """

    before: Sound
    after: Sound
    region: Region
    chosen: Region


def telling_beginning(job: Job[T], writer: ScratchWriter, sample_rate: int, length: int) -> Job[T]:
    """Run a job that writes a result of `length` samples block by block; what is written is told."""

    def beginning() -> Sound:
        return Sound((Piece(writer.so_far(), 0, writer.length),), sample_rate)

    return telling_finished(job, lambda: writer.length, beginning, sample_rate, length)


def telling_finished(
    job: Job[T],
    finished: Callable[[], int],
    beginning: Callable[[], Sound],
    sample_rate: int,
    length: int,
) -> Job[T]:
    """Run a job that makes its result from the start on; what is finished is told.

    Args:
        job: the work.
        finished: how many samples are.
        beginning: these samples; asked for only when they are told.
        sample_rate: of the result.
        length: of the whole result.
    """
    told = 0

    def tell(progress: Progress) -> Progress:
        nonlocal told
        now = finished()
        if now >= length or now - told < max(SHOWN_S * sample_rate, length / MOST_TOLD):
            return progress
        told = now
        return Beginning(progress.fraction, progress.stage, beginning())

    return told_as(job, tell)


def emerging_as(job: Job[T], change: Callable[[Emerging], Progress]) -> Job[T]:
    """Run a job and tell what emerges in another form."""
    return told_as(job, lambda told: change(told) if isinstance(told, Emerging) else told)


def within(job: Job[T], before: Sound) -> Job[T]:
    """Run the last of several steps: what they began with is what its result is compared with."""
    return emerging_as(job, lambda told: replace(told, before=before))


def hidden(job: Job[T]) -> Job[T]:
    """Run a step that others follow: what emerges from it is no result yet."""
    return emerging_as(job, lambda told: Progress(told.fraction, told.stage))
