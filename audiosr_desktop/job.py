"""Long work as a generator: it yields progress and returns its result.

Whoever drives a job cancels it by closing it: every `yield` is a cancel point, clean-up goes in `finally`.
"""

from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from typing import TypeAlias, TypeVar

T = TypeVar("T")
Told = TypeVar("Told")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is.

    Attributes:
        fraction: 0 to 1; never falls within one job.
        stage: what happens now, in words for the user.
    """

    fraction: float
    stage: str


Job: TypeAlias = Generator[Progress, None, T]


def run_job(job: Job[T], on_progress: Callable[[Progress], None] | None = None) -> T:
    """Drive a job to its end in the calling thread and return what it returns."""
    try:
        while True:
            progress = next(job)
            if on_progress is not None:
                on_progress(progress)
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        job.close()


def told_as(job: Generator[Told, None, T], change: Callable[[Told], Progress]) -> Job[T]:
    """Run a job, or what else tells how far it is, and tell its progress in another form."""
    try:
        while True:
            yield change(next(job))
    except StopIteration as end:
        result: T = end.value
        return result
    finally:
        job.close()


def part_of(job: Job[T], start: float, stop: float) -> Job[T]:
    """Run a job as the part from `start` to `stop` (fractions) of a larger one."""
    return told_as(job, lambda told: replace(told, fraction=start + (stop - start) * told.fraction))
