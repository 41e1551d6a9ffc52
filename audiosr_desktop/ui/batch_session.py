"""BatchSession: the queue of the window and the run of it; the batch window shows it and forwards wishes."""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.batch.api import local_crew, retry
from audiosr_desktop.batch.crew import Crew
from audiosr_desktop.batch.placing import Placer
from audiosr_desktop.batch.queue import Item, Queue
from audiosr_desktop.batch.recipe import Settings
from audiosr_desktop.batch.report import write_report
from audiosr_desktop.batch.runner import Runner, Shown
from audiosr_desktop.batch.sources import find_sources
from audiosr_desktop.job import Job
from audiosr_desktop.ui.job_thread import JobThread
from audiosr_desktop.ui.language import tr

STOP_MS = 15_000


class BatchSession(QObject):
    """Files, and at most one run of them; both outlive the batch window, and the files the program.

    Args:
        path: the queue's file.
        make_crew: who does the work.
    """

    files_changed = Signal()  # some came, went or moved
    item_ended = Signal(int)
    progressed = Signal(object)  # Progress
    run_ended = Signal(object)  # Summary
    failed = Signal(str, Exception)  # what was being done, why it failed

    def __init__(
        self, path: Path, make_crew: Callable[[], Crew] | None = None, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.queue = Queue(path)
        self._make_crew = make_crew or (lambda: local_crew(1))
        self._runner: Runner | None = None
        self._run: JobThread | None = None
        self._search: JobThread | None = None
        self._waiting: list[Path] = []
        for item in self.queue.items("running"):  # of a program that was killed
            self.queue.put_back(item.id)

    @property
    def running(self) -> bool:
        """Whether files are being worked on."""
        return self._run is not None

    @property
    def paused(self) -> bool:
        """Whether no further file is begun."""
        return self._runner is not None and self._runner.paused

    def working(self) -> dict[int, Shown]:
        """Return how far the files are that are being worked on."""
        return dict(self._runner.working) if self._runner is not None else {}

    # files

    def add(self, paths: Iterable[Path]) -> None:
        """Look for sound files, in folders too, and append them."""
        self._waiting += paths
        self._search_next()

    def _search_next(self) -> None:
        if self._search is not None or not self._waiting:
            return
        paths, self._waiting = self._waiting, []
        self._search = self._thread(
            find_sources(paths), self._on_found, tr("Look for files"), self._on_search_end
        )

    @Slot(object)
    def _on_found(self, sources: Any) -> None:
        self.queue.add(sources)
        self.files_changed.emit()

    @Slot()
    def _on_search_end(self) -> None:
        self._search = None
        self._search_next()

    def remove(self, ids: Iterable[int]) -> None:
        """Take files out; those that are being worked on stay."""
        self.queue.remove(ids)
        self.files_changed.emit()

    def remove_ended(self) -> None:
        """Take the files out that are done, failed or skipped."""
        self.remove([item.id for item in self.queue.items("done", "failed", "skipped")])

    def move(self, ids: Sequence[int], steps: int) -> None:
        """Move files up (negative) or down by one place."""
        order = [item.id for item in self.queue.items()]
        places = [order.index(item_id) for item_id in ids if item_id in order]
        if not places:
            return
        at = max(0, min(places) - 1) if steps < 0 else max(places) + 2
        rest = [item_id for item_id in order[at:] if item_id not in ids]
        self.queue.move([order[place] for place in sorted(places)], rest[0] if rest else None)
        self.files_changed.emit()

    def retry(self, ids: Iterable[int]) -> None:
        """Queue files again that failed or were skipped."""
        retry(self.queue, ids)
        self.files_changed.emit()

    # the run

    def clashes(self, settings: Settings) -> int:
        """Return for how many queued files the name of the result is taken."""
        placer = Placer(self.queue, settings)
        return sum(placer.target(item) is None for item in self.queue.items("queued"))

    def start(self, settings: Settings) -> None:
        """Work on all queued files."""
        if self._run is not None:
            return
        self.queue.set_settings(settings)
        self._runner = Runner(self.queue, self._make_crew, on_end=self._tell)
        self._run = self._thread(self._runner.run(), self.run_ended.emit, tr("Batch"), self._on_run_end)
        self._run.progressed.connect(self.progressed)
        self.files_changed.emit()

    def pause(self, *, paused: bool) -> None:
        """Begin no further file, or go on."""
        if self._runner is not None:
            (self._runner.pause if paused else self._runner.go_on)()

    def cancel(self) -> None:
        """Stop at once; files that are being worked on are queued again."""
        if self._run is not None:
            self._run.requestInterruption()

    def write_report(self, path: Path) -> None:
        """Write a report of all files.

        Raises:
            BatchError: it cannot be written.
        """
        runner = self._runner or Runner(self.queue, self._make_crew)
        write_report(path, self.queue, runner.summary())

    def _tell(self, item: Item) -> None:
        self.item_ended.emit(item.id)  # from the run's thread

    @Slot()
    def _on_run_end(self) -> None:
        self._run = None
        self.files_changed.emit()

    def _thread(
        self, job: Job[Any], on_result: Callable[[Any], None], title: str, on_end: Callable[[], None]
    ) -> JobThread:
        thread = JobThread(job, self)
        thread.setObjectName(title)
        thread.succeeded.connect(on_end)
        thread.failed.connect(on_end)
        thread.cancelled.connect(on_end)
        thread.succeeded.connect(on_result)
        thread.failed.connect(self._on_failed)
        thread.finished.connect(thread.deleteLater)
        thread.start()
        return thread

    @Slot(Exception)
    def _on_failed(self, error: Exception) -> None:
        self.failed.emit(self.sender().objectName(), error)

    def close(self) -> None:
        """Stop what runs and close the queue; it goes on from there the next time."""
        for thread in (self._run, self._search):
            if thread is not None:
                thread.requestInterruption()
                thread.wait(STOP_MS)
        self._run = self._search = None
        self.queue.close()
