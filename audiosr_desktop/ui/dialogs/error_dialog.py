"""Errors as the user sees them: what happened, what it means for the sound, what to do next."""

import platform
import sys
import traceback
from pathlib import Path

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices, QGuiApplication
from PySide6.QtWidgets import QMessageBox, QPushButton, QWidget

from audiosr_desktop import __version__
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.ui.language import tr, tr_message


class ErrorDialog(QMessageBox):
    """One sentence for an expected error; for a fault the traceback on demand and the log's path.

    Args:
        title: what was being done, "Restore 1.50 s".
        error: why it failed.
        log_path: the log file, if there is one.
        consequence: what it means for the sound.
    """

    def __init__(
        self,
        title: str,
        error: BaseException,
        log_path: Path | None,
        consequence: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        expected = isinstance(error, AudioSRError)
        self.report = report_of(title, error)
        self.setWindowTitle(title)
        self.setIcon(QMessageBox.Icon.Warning if expected else QMessageBox.Icon.Critical)
        self.setText(
            tr_message(str(error))
            if expected
            else tr("The program made a mistake: {error}.", error=short_text(error))
        )
        self.setInformativeText(consequence or tr("Nothing was changed."))
        if not expected:
            where = tr("\n\nThe log is {path}", path=log_path) if log_path is not None else ""
            self.setDetailedText(f"{self.report}{where}")
        self.addButton(QMessageBox.StandardButton.Ok)
        self._copy: QPushButton = self.addButton(tr("Copy report"), QMessageBox.ButtonRole.ActionRole)
        self._copy.clicked.disconnect()  # it would close the dialog
        self._copy.clicked.connect(self._on_copy)
        self._log: QPushButton | None = None
        if log_path is not None:
            self._log = self.addButton(tr("Show log"), QMessageBox.ButtonRole.ActionRole)
            self._log.clicked.disconnect()
            self._log.clicked.connect(self._on_log)
        self._log_path = log_path

    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.report)

    def _on_log(self) -> None:
        if self._log_path is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._log_path)))


def short_text(error: BaseException) -> str:
    """Return an unexpected error in a line."""
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def report_of(title: str, error: BaseException) -> str:
    """Return what a developer needs to know, without the names of the user's files in the headline."""
    trace = "".join(traceback.format_exception(error))
    system = f"{platform.system()} {platform.release()} {platform.machine()}, Python {sys.version.split()[0]}"
    return f"AudioSR Desktop {__version__}\n{system}\nWhile: {title}\n\n{trace}"
