"""JobThread: drives one job off the GUI thread."""

import logging
from typing import Any

from PySide6.QtCore import QObject, QThread, Signal

from audiosr_desktop.job import Job

_log = logging.getLogger(__name__)


class JobThread(QThread):
    """Drive one job off the GUI thread; exactly one of the three end signals fires."""

    progressed = Signal(object)  # Progress
    succeeded = Signal(object)  # what the job returned
    failed = Signal(Exception)
    cancelled = Signal()

    def __init__(self, job: Job[Any], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._job = job

    def run(self) -> None:
        try:
            while not self.isInterruptionRequested():  # the Cancel button calls requestInterruption()
                self.progressed.emit(next(self._job))
            self._job.close()  # runs the job's finally blocks
        except StopIteration as end:
            self.succeeded.emit(end.value)
        except Exception as error:  # noqa: BLE001 - goes to the log and to the window
            _log.exception("job failed")
            self.failed.emit(error)
        else:
            self.cancelled.emit()
