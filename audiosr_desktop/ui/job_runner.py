"""JobRunner: the one job that may change the document, and the quiet ones that only look at it."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui.job_thread import JobThread

STOP_MS = 10_000  # a graph that is loading cannot be stopped at once


@dataclass(frozen=True, slots=True)
class JobEnd:
    """How a job ended.

    Attributes:
        title: what it was.
        error: why it failed; None when it did not.
        cancelled: whether it was cancelled.
        elapsed_s: seconds from start to end.
        told: whether who began it tells the error.
    """

    title: str
    error: Exception | None
    cancelled: bool
    elapsed_s: float
    told: bool = False


class JobRunner(QObject):
    """Runs one job at a time in a thread of its own.

    The function given to `start` gets the result in the GUI thread before `ended` is emitted, when the runner
    is free again.
    """

    started = Signal(str)
    progressed = Signal(object)  # Progress
    ended = Signal(object)  # JobEnd

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thread: JobThread | None = None
        self._title = ""
        self._on_result: Callable[[Any], None] | None = None
        self._on_error: Callable[[Exception], None] | None = None
        self._began = 0.0
        self._cancelling = False

    @property
    def busy(self) -> bool:
        """Whether a job runs."""
        return self._thread is not None

    @property
    def title(self) -> str:
        """What runs now."""
        return self._title

    @property
    def elapsed_s(self) -> float:
        """Seconds since the job began."""
        return time.monotonic() - self._began

    def start(
        self,
        title: str,
        job: Job[Any],
        on_result: Callable[[Any], None] | None = None,
        on_error: Callable[[Exception], None] | None = None,
    ) -> bool:
        """Run a job unless one runs already.

        Args:
            title: for the user: "Restore 1.50 s".
            job: what to do.
            on_result: called with what the job returned.
            on_error: called after `ended` with why it failed, by whoever knows what that means; without it
                the end itself is told.

        Returns:
            Whether it was started.
        """
        if self._thread is not None:
            return False
        self._title, self._on_result, self._began = title, on_result, time.monotonic()
        self._on_error = on_error
        self._cancelling = False
        thread = JobThread(job, self)
        self._thread = thread
        thread.progressed.connect(self._on_progressed)
        thread.succeeded.connect(self._on_succeeded)
        thread.failed.connect(self._on_failed)
        thread.cancelled.connect(self._on_cancelled)
        self.started.emit(title)
        thread.start()
        return True

    @Slot()
    def cancel(self) -> None:
        """Ask the job to stop; it answers at its next cancel point."""
        if self._thread is not None:
            self._cancelling = True
            self._thread.requestInterruption()

    def stop(self) -> None:
        """Cancel and wait for the thread, as when the window closes."""
        if self._thread is not None:
            thread = self._thread
            self._on_result = None
            self.cancel()
            thread.wait(STOP_MS)
            self._forget()

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        if not self._cancelling:
            self.progressed.emit(progress)

    @Slot(object)
    def _on_succeeded(self, result: object) -> None:
        if self.sender() is not self._thread:
            return
        on_result = self._on_result
        end = JobEnd(self._title, None, False, self.elapsed_s)
        self._forget()
        if on_result is not None:
            on_result(result)
        self.ended.emit(end)

    @Slot(Exception)
    def _on_failed(self, error: Exception) -> None:
        if self.sender() is self._thread:
            on_error = self._on_error
            self._finish(JobEnd(self._title, error, False, self.elapsed_s, told=on_error is not None))
            if on_error is not None:
                on_error(error)

    @Slot()
    def _on_cancelled(self) -> None:
        self._finish(JobEnd(self._title, None, True, self.elapsed_s))

    def _finish(self, end: JobEnd) -> None:
        if self.sender() is not self._thread:
            return  # the end of a job that was stopped while the window closed
        self._forget()
        self.ended.emit(end)

    def _forget(self) -> None:
        if self._thread is not None:
            self._thread.wait(STOP_MS)  # it has emitted its end and is about to return
            self._thread.deleteLater()
        self._thread = None
        self._on_result = self._on_error = None
