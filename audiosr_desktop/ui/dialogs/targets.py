"""Targets: whether a file can be written where the user wants it, said below the field beforehand."""

import os
from pathlib import Path

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMessageBox, QWidget

from audiosr_desktop.audio.files import same_file
from audiosr_desktop.ui.language import tr


class Remark(QLabel):
    """What is wrong with the value of a field; empty, and then not there, while nothing is.

    Args:
        field: whose description it is for screen readers, too.
    """

    def __init__(self, field: QWidget, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._field = field
        self.setProperty("problem", True)
        self.setWordWrap(True)
        self.setTextFormat(Qt.TextFormat.PlainText)  # names of files may hold anything
        self.setAccessibleName(tr("What is wrong"))
        self.hide()

    def say(self, text: str) -> None:
        """Show a sentence, or nothing."""
        if text != self._field.accessibleDescription():
            self._field.setAccessibleDescription(text)
        self.setText(f"⚠ {text}" if text else "")
        self.setVisible(bool(text))


def problem_of(path: Path, source: Path | None = None) -> str:
    """Return why a file cannot be written, as far as can be seen beforehand; empty if nothing is in the way.

    Args:
        path: the file; its name may still be empty.
        source: a file that is never overwritten.
    """
    folder = path.parent
    if not path.name:
        return tr("The file needs a name.")
    if path.is_dir():
        return tr("{name} is a folder: add the name of a file.", name=path.name)
    if not folder.is_dir():
        return tr("The folder {folder} does not exist.", folder=folder)
    if source is not None and same_file(source, path):
        return tr("This is the source file itself, which is never overwritten: choose another name.")
    if not os.access(path if path.exists() else folder, os.W_OK):
        return tr("Nothing can be written there: {folder} is read-only.", folder=folder)
    return ""


def may_replace(parent: QWidget, title: str, path: Path) -> bool:
    """Ask whether a file that is there may be replaced; the button says what it does."""
    box = QMessageBox(
        QMessageBox.Icon.Question,
        title,
        tr("{name} exists already. Replace it?", name=path.name),
        parent=parent,
    )
    replace = box.addButton(tr("Replace"), QMessageBox.ButtonRole.DestructiveRole)
    box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
    box.exec()
    return box.clickedButton() is replace
