"""JobThread: drives one job off the GUI thread."""

import contextlib
import logging
import os
import sys
import threading
import time
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from audiosr_desktop.job import Job, Progress

NICENESS = 3  # of jobs on Linux: half the share of what the window and the sound get when all cores are busy
EMIT_S = 0.02  # a fast job would fill the window's event queue quicker than it is emptied

_log = logging.getLogger(__name__)


class JobThread(QThread):
    """Drive one job off the GUI thread; exactly one of the three end signals fires.

    Progress is told at most every 20 ms, but the last one before the end always is, and so is what holds more
    than a fraction and a stage: what was finished.
    """

    progressed = Signal(object)  # Progress
    succeeded = Signal(object)  # what the job returned
    failed = Signal(Exception)
    cancelled = Signal()

    def __init__(self, job: Job[Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = job

    def run(self) -> None:
        _give_way()
        untold: Progress | None = None
        told = -EMIT_S
        try:
            while not self.isInterruptionRequested():  # the Cancel button calls requestInterruption()
                untold = next(self._job)
                now = time.monotonic()
                if now - told >= EMIT_S or type(untold) is not Progress:
                    self.progressed.emit(untold)
                    untold, told = None, now
            self._job.close()  # runs the job's finally blocks
        except StopIteration as end:
            self._tell(untold)
            self.succeeded.emit(end.value)
        except Exception as error:  # noqa: BLE001 - goes to the log and to the window
            _log.exception("job failed")
            self._tell(untold)
            self.failed.emit(error)
        else:
            self.cancelled.emit()

    def retire(self) -> None:
        """Delete it after `finished`: wait for the little that it still does then, as Qt must not lose it."""
        self.wait()
        self.deleteLater()

    def _tell(self, progress: Progress | None) -> None:
        if progress is not None:
            self.progressed.emit(progress)


def _give_way() -> None:
    """Put the calling thread, and those that it starts, behind the window's and the sound card's.

    Elsewhere than on Linux the sound card's thread goes before all others by itself.
    """
    if sys.platform.startswith("linux"):
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)
