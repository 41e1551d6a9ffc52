"""Leaving: what quitting means while a job runs; it may go on, and the window then closes at its end."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from audiosr_desktop.ui.job_runner import JobEnd, JobRunner
from audiosr_desktop.ui.language import tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QWidget

    from audiosr_desktop.ui.dialogs.dialogs import Dialogs


class Leaving(QObject):
    """Asks, and remembers that the window is to close.

    What is not saved is asked about when it closes, so the result of the job is not lost.

    Args:
        window: that is left.
        runner: of its jobs.
        dialogs: what asks.
    """

    told = Signal(str)

    def __init__(self, window: "QWidget", runner: JobRunner, dialogs: "Dialogs") -> None:
        super().__init__(window)
        self._window, self._runner, self._dialogs = window, runner, dialogs
        self.waiting = False
        runner.ended.connect(self._on_ended)

    def may_leave(self) -> bool:
        """Return whether the window may close now: no job runs, or it is to be cancelled."""
        if not self._runner.busy:
            return True
        answer = self._dialogs.leave_running(
            tr("Quit while a job runs?"),
            tr("{job} is not finished. Nothing is changed if it is cancelled.", job=self._runner.title),
        )
        if not self._runner.busy:  # it has ended while that was asked
            return answer != "stay"
        self.waiting = answer == "wait"
        if self.waiting:
            self.told.emit(tr("The window closes when the job has ended; what is not saved is asked about."))
            self._window.showMinimized()
        return answer == "cancel"

    @Slot(object)
    def _on_ended(self, end: JobEnd) -> None:
        if not self.waiting:
            return
        self.waiting = False
        window = self._window
        window.setWindowState(window.windowState() & ~Qt.WindowState.WindowMinimized)
        if end.error is None:
            QTimer.singleShot(0, window, window.close)  # first everybody takes the result
