"""A crew of processes: each works on a whole file at a time, with models of its own."""

import logging
import multiprocessing
import os
import signal
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection, wait
from multiprocessing.process import BaseProcess
from typing import Any

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.batch.crew import Advanced, Event, Failed, Finished, drive_guarded
from audiosr_desktop.batch.work import Outcome, Task, Workshop
from audiosr_desktop.job import Progress

_TELL_S = 0.2  # progress is sent no oftener
_STOP_S = 10.0
_MOST_DEATHS = 2  # of processes that work on the same file

_log = logging.getLogger(__name__)


class ProcessCrew:
    """Works in processes of this machine; one that dies is replaced, and its file is tried once more.

    Args:
        jobs: how many processes.
    """

    def __init__(self, jobs: int) -> None:
        self._threads = max(1, _cores() // jobs)
        self._hands = [self._hire() for _ in range(jobs)]
        self._deaths: dict[int, int] = {}
        self._told: list[Event] = []

    @property
    def room(self) -> int:
        """How many more tasks it takes now."""
        return sum(hand.task is None for hand in self._hands)

    def start(self, task: Task) -> None:
        """Take a task."""
        index = next(index for index, hand in enumerate(self._hands) if hand.task is None)
        try:
            self._hands[index].give(task)
        except OSError:  # it died while it had nothing to do
            self._hands[index].dismiss()
            self._hands[index] = self._hire()
            self._hands[index].give(task)

    def events(self, timeout_s: float) -> Iterator[Event]:
        """Yield what happened; waits at most `timeout_s` for the first of it."""
        ready = wait([hand.line for hand in self._hands if hand.task is not None], timeout_s)
        for index, hand in enumerate(self._hands):
            if hand.line in ready:
                yield from self._heard(index)
        if not ready and all(hand.task is None for hand in self._hands):
            time.sleep(timeout_s)

    def close(self) -> None:
        """Ask all processes to end; those that do not are killed."""
        for hand in self._hands:
            hand.process.terminate()
        limit = time.monotonic() + _STOP_S
        for hand in self._hands:
            hand.process.join(max(0.0, limit - time.monotonic()))
            hand.dismiss()

    def _hire(self) -> "_Hand":
        return _Hand(self._threads)

    def _heard(self, index: int) -> Iterator[Event]:
        hand = self._hands[index]
        task = hand.task
        assert task is not None
        try:
            event: Event = hand.line.recv()
        except (EOFError, OSError):
            hand.dismiss()
            self._hands[index] = self._hire()
            deaths = self._deaths[task.id] = self._deaths.get(task.id, 0) + 1
            _log.warning("a process died on %s", task.source)
            if deaths < _MOST_DEATHS:
                self._hands[index].give(task)
            else:
                yield Failed(
                    task.id, "The process that worked on it died twice: was there too little memory?"
                )
            return
        if not isinstance(event, Advanced):
            hand.task = None
        yield event


class _Hand:
    """One process, the line to it, and what it works on."""

    def __init__(self, threads: int) -> None:
        context = multiprocessing.get_context("spawn")
        self.line, theirs = context.Pipe()
        self.process: BaseProcess = context.Process(
            target=_work, args=(theirs, threads), name="batch-worker", daemon=True
        )
        self.process.start()
        theirs.close()  # so that the line ends when the process does
        self.task: Task | None = None

    def give(self, task: Task) -> None:
        self.line.send(task)
        self.task = task

    def dismiss(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join()
        self.line.close()


def _work(line: "Connection[Any, Any]", threads: int) -> None:
    """Work on the tasks that come through the line, until it ends."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is the parent's affair
    signal.signal(signal.SIGTERM, _stop)
    try:
        with Scratch.create() as scratch:
            workshop = Workshop(scratch, threads)
            while True:
                _do(line.recv(), workshop, line)
    except (EOFError, OSError, KeyboardInterrupt):
        return  # the parent ended, or asked to


def _do(task: Task, workshop: Workshop, line: "Connection[Any, Any]") -> None:
    last = 0.0

    def tell(progress: Progress) -> None:
        nonlocal last
        if time.monotonic() - last > _TELL_S:
            last = time.monotonic()
            line.send(Advanced(task.id, progress.fraction, progress.stage))

    outcomes: list[Outcome] = []
    reason = drive_guarded(workshop.process(task), lambda: False, tell, outcomes.append)
    line.send(Failed(task.id, reason) if reason else Finished(task.id, outcomes[0]))


def _stop(_signal_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1
