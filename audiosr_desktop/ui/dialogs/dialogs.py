"""Dialogs: every question that the window asks, in one place, so that a test can answer them."""

from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

from PySide6.QtWidgets import QFileDialog, QMessageBox, QWidget

from audiosr_desktop.audio.files import FileInfo
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.ui.dialogs.error_dialog import ErrorDialog
from audiosr_desktop.ui.dialogs.export_dialog import Export, ExportDialog
from audiosr_desktop.ui.dialogs.values_dialog import ValuesDialog
from audiosr_desktop.ui.settings import Settings

_PATTERNS = (
    "Sound files (*.wav *.wave *.bwf *.rf64 *.w64 *.aif *.aiff *.aifc *.flac *.ogg *.oga *.opus "
    "*.mp3 *.caf *.au *.snd);;All files (*)"
)


class Dialogs(Protocol):
    """What the window may ask."""

    def files_to_open(self, folder: str) -> list[Path]:
        """Ask for sound files; none when the user thought better of it."""

    def export(self, sound: Sound, info: FileInfo, selection: Region | None) -> Export | None:
        """Ask where and how to write."""

    def values(self, title: str, parameters: Sequence[Parameter]) -> dict[str, Value] | None:
        """Ask for values; None when the user thought better of it."""

    def confirm(self, title: str, text: str, yes: str) -> bool:
        """Ask for a yes; `yes` is what its button says."""

    def show_error(self, title: str, error: Exception, log_path: Path | None) -> None:
        """Say what failed."""


class WindowDialogs:
    """The real ones.

    Args:
        parent: the window they belong to.
        settings: where dialogs begin.
    """

    def __init__(self, parent: QWidget, settings: Settings) -> None:
        self._parent, self._settings = parent, settings

    def files_to_open(self, folder: str) -> list[Path]:
        names, _ = QFileDialog.getOpenFileNames(self._parent, "Open", folder, _PATTERNS)
        return [Path(name) for name in names]

    def export(self, sound: Sound, info: FileInfo, selection: Region | None) -> Export | None:
        dialog = ExportDialog(sound, info, selection, self._settings, self._parent)
        dialog.exec()
        dialog.deleteLater()
        return dialog.choice

    def values(self, title: str, parameters: Sequence[Parameter]) -> dict[str, Value] | None:
        dialog = ValuesDialog(title, parameters, self._parent)
        dialog.exec()
        dialog.deleteLater()
        return dialog.chosen

    def confirm(self, title: str, text: str, yes: str) -> bool:
        box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=self._parent)
        accept = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return box.clickedButton() is accept

    def show_error(self, title: str, error: Exception, log_path: Path | None) -> None:
        ErrorDialog(title, error, log_path, parent=self._parent).open()
