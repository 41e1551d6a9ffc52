"""Crews: who does the work of a batch. A crew takes tasks and tells what comes of them.

The one here works in this process: a file is read and measured, and another one written, while the effects
run on a third, so that the processor never waits for the disk.
"""

import contextlib
import logging
import queue
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias, TypeVar

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.batch.work import Computed, Outcome, Prepared, Task, Workshop
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.job import Job, Progress

T = TypeVar("T")

LOOK_AHEAD = 2  # files that are read, or wait to be written, beside the one that the effects run on
_TICK_S = 0.1
_SHARES = {"prepare": (0.0, 0.1), "compute": (0.1, 0.9), "finish": (0.9, 1.0)}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Advanced:
    """A file came further: 0 to 1, and what happens."""

    id: int
    fraction: float
    stage: str


@dataclass(frozen=True, slots=True)
class Finished:
    """A file's result is complete."""

    id: int
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Failed:
    """A file could not be worked on; one sentence says why."""

    id: int
    reason: str


Event: TypeAlias = Advanced | Finished | Failed


class Crew(Protocol):
    """Workers of any kind."""

    @property
    def room(self) -> int:
        """How many more tasks it takes now."""

    def start(self, task: Task) -> None:
        """Take a task."""

    def events(self, timeout_s: float) -> Iterator[Event]:
        """Yield what happened; waits at most `timeout_s` for the first of it."""

    def close(self) -> None:
        """Stop all work and leave nothing running."""


class ThreadCrew:
    """Works in three threads of this process: one prepares, one computes, one finishes.

    Args:
        threads: threads that a graph may use; 0 is one for each processor core.

    Raises:
        AudioFileError: no scratch folder can be made.
    """

    def __init__(self, threads: int = 0) -> None:
        self._scratch = Scratch.create()
        self._workshop = Workshop(self._scratch, threads)
        self._stopped = threading.Event()
        self._taken: set[int] = set()
        self._tasks: queue.Queue[Task] = queue.Queue()
        self._ready: queue.Queue[Prepared] = queue.Queue(1)
        self._computed: queue.Queue[Computed] = queue.Queue(1)
        self._events: queue.Queue[Event] = queue.Queue()
        work = {"prepare": self._prepare, "compute": self._compute, "finish": self._finish}
        self._threads = [
            threading.Thread(target=self._run, args=(step,), name=f"batch-{name}")
            for name, step in work.items()
        ]
        for thread in self._threads:
            thread.start()

    @property
    def room(self) -> int:
        """How many more tasks it takes now."""
        return 1 + 2 * LOOK_AHEAD - len(self._taken)

    def start(self, task: Task) -> None:
        """Take a task."""
        self._taken.add(task.id)
        self._tasks.put(task)

    def events(self, timeout_s: float) -> Iterator[Event]:
        """Yield what happened; waits at most `timeout_s` for the first of it."""
        with contextlib.suppress(queue.Empty):
            event = self._events.get(timeout=timeout_s)
            while True:
                if not isinstance(event, Advanced):
                    self._taken.discard(event.id)
                yield event
                event = self._events.get_nowait()

    def close(self) -> None:
        """Stop all work: each thread ends at its job's next cancel point."""
        self._stopped.set()
        for thread in self._threads:
            thread.join()
        self._scratch.close()

    def _run(self, step: Callable[[], None]) -> None:
        while not self._stopped.is_set():
            step()

    def _prepare(self) -> None:
        task = self._next(self._tasks)
        if task is not None:
            prepared = self._drive(task.id, "prepare", self._workshop.prepare(task))
            self._hand_on(self._ready, prepared)

    def _compute(self) -> None:
        prepared = self._next(self._ready)
        if prepared is not None:
            computed = self._drive(prepared.task.id, "compute", self._workshop.compute(prepared))
            self._hand_on(self._computed, computed)

    def _finish(self) -> None:
        computed = self._next(self._computed)
        if computed is not None:
            item_id = computed.prepared.task.id
            outcome = self._drive(item_id, "finish", self._workshop.finish(computed))
            if outcome is not None:
                self._events.put(Finished(item_id, outcome))

    def _next(self, source: "queue.Queue[T]") -> T | None:
        with contextlib.suppress(queue.Empty):
            return source.get(timeout=_TICK_S)
        return None

    def _hand_on(self, target: "queue.Queue[T]", value: T | None) -> None:
        while value is not None and not self._stopped.is_set():
            with contextlib.suppress(queue.Full):
                target.put(value, timeout=_TICK_S)
                return

    def _drive(self, item_id: int, name: str, job: Job[T]) -> T | None:
        """Return what a job returns; None when it failed, which is told, or was stopped."""
        start, stop = _SHARES[name]

        def tell(progress: Progress) -> None:
            self._events.put(Advanced(item_id, start + (stop - start) * progress.fraction, progress.stage))

        result: list[Any] = []
        reason = drive_guarded(job, self._stopped.is_set, tell, result.append)
        if reason:
            self._events.put(Failed(item_id, reason))
        return result[0] if result else None


def drive_guarded(
    job: Job[T],
    stopped: Callable[[], bool],
    tell: Callable[[Progress], None],
    take: Callable[[T], None],
) -> str:
    """Drive a job for one file, whose failure must not stop the others.

    Args:
        job: what to do.
        stopped: whether to give up; asked at each of the job's cancel points.
        tell: called with its progress.
        take: called with its result.

    Returns:
        Why it failed, one sentence; empty if it did not, or was stopped.
    """
    try:
        while not stopped():
            tell(next(job))
    except StopIteration as end:
        take(end.value)
    except AudioSRError as error:
        return str(error)
    except MemoryError:
        return "There was not enough memory for this file."
    except OSError as error:
        return f"A file could not be read or written: {error.filename or ''} {error.strerror or error}."
    except Exception as error:  # noqa: BLE001 - a fault in one file must not stop the others
        _log.exception("unexpected error")
        return f"This is a fault in the program ({type(error).__name__}: {error}); the log tells where."
    finally:
        job.close()
    return ""
