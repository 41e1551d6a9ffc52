"""The run of a batch as one Job: hands files to a crew, brings results to their places, counts, estimates."""

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from audiosr_desktop.batch.crew import Advanced, Crew, Event, Failed, Finished
from audiosr_desktop.batch.placing import Placer
from audiosr_desktop.batch.queue import Item, Queue
from audiosr_desktop.errors import AudioSRError, BatchError
from audiosr_desktop.job import Job, Progress

_TICK_S = 0.1
_NOT_YET = 0.999  # of the progress while a run goes on


@dataclass(frozen=True, slots=True)
class Summary:
    """How a run ended.

    Attributes:
        done: files with a result, those of earlier runs of the same queue included.
        failed: files without.
        skipped: files left out by the rule for clashes.
        left: files that are still queued, as after a pause.
        elapsed_s: seconds of this run.
        audio_s: seconds of sound that this run worked on.
    """

    done: int
    failed: int
    skipped: int
    left: int
    elapsed_s: float
    audio_s: float


@dataclass(frozen=True, slots=True)
class Shown:
    """How far a file is that is being worked on: 0 to 1, what happens, and its length."""

    fraction: float
    stage: str
    duration_s: float


class Runner:
    """Runs a queue to its end.

    What it shows may be read, and `pause` called, from any thread while `run` is driven.

    Args:
        queue: files and settings.
        make_crew: called when the run begins; the crew is closed when it ends.
        find_more: called now and then for files to add, as those that appear in a watched folder; the
            run then goes on until it is closed.
        on_end: called with each file that is done, failed or skipped.
    """

    def __init__(
        self,
        queue: Queue,
        make_crew: Callable[[], Crew],
        *,
        find_more: Callable[[], None] | None = None,
        on_end: Callable[[Item], None] | None = None,
    ) -> None:
        self._queue = queue
        self._make_crew = make_crew
        self._find_more = find_more
        self._on_end = on_end
        self._paused = threading.Event()
        self._meter = _Meter()
        self.working: Mapping[int, Shown] = {}  # by item; replaced as a whole, never changed

    # from any thread

    @property
    def paused(self) -> bool:
        """Whether no further file is begun."""
        return self._paused.is_set()

    def pause(self) -> None:
        """Begin no further file; those that are being worked on are finished."""
        self._paused.set()

    def go_on(self) -> None:
        """Begin files again."""
        self._paused.clear()

    def remaining_s(self) -> float | None:
        """Return an estimate of the time left, from the speed so far; None while nothing is known."""
        return self._meter.remaining_s(self._queue.seconds_left(), self._parts_s())

    # the run

    def run(self) -> Job[Summary]:
        """Work on all files.

        Raises:
            BatchError: the queue has no settings, or another run works on it.
            BundleError: a model that is named is not there.
        """
        settings = self._queue.settings
        if settings is None:
            raise BatchError(
                f"The queue {self._queue.path} has no settings: start it with files and options."
            )
        placer = Placer(self._queue, settings)
        with self._queue.working():
            yield Progress(0.0, "Looking at what is there")
            placer.recover()
            self._meter.begin()
            crew = self._make_crew()
            try:
                yield from self._work(crew, placer)
            finally:
                crew.close()
                self.working = {}
                for item in self._queue.items("running"):
                    self._queue.put_back(item.id)
                placer.remove_partial()
        return self.summary()

    def summary(self) -> Summary:
        """Return how far the queue is."""
        counts = self._queue.counts()
        return Summary(
            counts["done"],
            counts["failed"],
            counts["skipped"],
            counts["queued"],
            self._meter.elapsed_s,
            self._meter.finished_s,
        )

    def _work(self, crew: Crew, placer: Placer) -> Job[None]:
        highest = 0.0
        while True:
            if self._find_more is not None:
                self._find_more()
            while crew.room > 0 and not self.paused and (item := self._queue.next_queued()) is not None:
                self._begin(item, crew, placer)
            if (
                not self.working
                and self._find_more is None
                and (self.paused or not self._queue.next_queued())
            ):
                return
            for event in crew.events(_TICK_S):
                self._on_event(event, placer)
            highest = max(highest, self._fraction())
            yield Progress(highest, self._stage())

    def _begin(self, item: Item, crew: Crew, placer: Placer) -> None:
        try:
            target = placer.target(item)
        except AudioSRError as error:
            self._queue.fail(item.id, str(error))
            self._tell(item.id)
            return
        if target is None:
            self._queue.skip(item.id, "There is a file with the name of the result already.")
            self._tell(item.id)
            return
        staged = placer.staged(item, target)
        if self._queue.start(item.id, target, staged):
            self.working = {**self.working, item.id: Shown(0.0, "Waiting", item.duration_s)}
            crew.start(placer.task(item, staged))

    def _on_event(self, event: Event, placer: Placer) -> None:
        shown = self.working.get(event.id)
        if shown is None:
            return
        if isinstance(event, Advanced):
            self.working = {
                **self.working,
                event.id: replace(shown, fraction=event.fraction, stage=event.stage),
            }
            return
        self.working = {name: value for name, value in self.working.items() if name != event.id}
        item = self._queue.item(event.id)
        if item is None:
            return
        if isinstance(event, Failed):
            self._queue.fail(event.id, event.reason)
        elif isinstance(event, Finished):
            placer.place(item, event.outcome)
        self._meter.finished_s += item.duration_s
        self._tell(event.id)

    def _tell(self, item_id: int) -> None:
        item = self._queue.item(item_id)
        if item is not None and self._on_end is not None:
            self._on_end(item)

    def _parts_s(self) -> float:
        """Return the seconds of sound that are behind in the files that are being worked on."""
        return sum(shown.fraction * shown.duration_s for shown in self.working.values())

    def _fraction(self) -> float:
        done = self._meter.finished_s
        total = done + self._queue.seconds_left()
        return min(_NOT_YET, (done + self._parts_s()) / total) if total else 0.0

    def _stage(self) -> str:
        counts = self._queue.counts()
        ended = counts["done"] + counts["failed"] + counts["skipped"]
        words = f"{ended} of {sum(counts.values())} files"
        left_s = self.remaining_s()
        if left_s is not None:
            words += f" · {in_words(left_s)} left"
        return words + (" · paused" if self.paused else "")


def in_words(seconds: float) -> str:
    """Return a time for the user: "1 h 05 min", "3 min", "12 s"."""
    if seconds >= 3600:
        return f"{seconds // 3600:.0f} h {seconds % 3600 // 60:02.0f} min"
    return f"{seconds / 60:.0f} min" if seconds >= 90 else f"{seconds:.0f} s"


class _Meter:
    """Measures how many seconds of sound a run gets through in a second."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self.finished_s = 0.0

    def begin(self) -> None:
        self._began, self.finished_s = time.monotonic(), 0.0

    @property
    def elapsed_s(self) -> float:
        return time.monotonic() - self._began

    def remaining_s(self, left_s: float, part_s: float) -> float | None:
        behind = self.finished_s + part_s
        return (left_s - part_s) * self.elapsed_s / behind if behind > 0.0 else None
