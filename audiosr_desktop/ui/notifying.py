"""Notifying: says that a job has ended, to who is looking elsewhere meanwhile."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtWidgets import QApplication, QSystemTrayIcon, QWidget

from audiosr_desktop.ui.job_runner import JobEnd
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.job_panel import rough_time
from audiosr_desktop.ui.settings import Settings

LEAST_S = 2.0  # a shorter job is not worth a word
_SHOWN_MS = 10_000


class Notifier(QObject):
    """Tells the end of jobs: by the system if the window has no focus, and with a sound on request.

    Args:
        window: whose jobs they are.
        settings: whether a sound is wanted.
        send: shows a title and a text; None is the system's notification, where there is one.
    """

    def __init__(
        self, window: QWidget, settings: Settings, send: Callable[[str, str], None] | None = None
    ) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self.send = send or self._show
        self._icon: QSystemTrayIcon | None = None
        self._timer = QTimer(self, singleShot=True, interval=_SHOWN_MS)
        self._timer.timeout.connect(self._hide)

    @Slot(object)
    def on_ended(self, end: JobEnd) -> None:
        """Tell the end of a job, unless the user ended it."""
        if end.cancelled or end.elapsed_s < LEAST_S:
            return
        if self._settings.end_sound:
            QApplication.beep()
        if not self._window.isActiveWindow():
            QApplication.alert(self._window)
            done = tr("Done in {length}.", length=rough_time(end.elapsed_s))
            self.send(end.title, done if end.error is None else tr("Failed. Nothing was changed."))

    def _show(self, title: str, text: str) -> None:
        if not QSystemTrayIcon.isSystemTrayAvailable() or not QSystemTrayIcon.supportsMessages():
            return
        if self._icon is None:
            self._icon = QSystemTrayIcon(QApplication.windowIcon(), self)
            self._icon.messageClicked.connect(self._on_clicked)
        self._icon.show()
        self._icon.showMessage(title, text, QApplication.windowIcon(), _SHOWN_MS)
        self._timer.start()

    @Slot()
    def _on_clicked(self) -> None:
        if self._window.isMinimized():
            self._window.showNormal()
        self._window.raise_()
        self._window.activateWindow()

    @Slot()
    def _hide(self) -> None:
        if self._icon is not None:
            self._icon.hide()
