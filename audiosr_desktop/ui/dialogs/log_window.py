"""LogWindow: what the program wrote down about itself, to be read and copied."""

from pathlib import Path

from PySide6.QtCore import QUrl, Slot
from PySide6.QtGui import QDesktopServices, QFontDatabase, QGuiApplication
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import tr

MOST_BYTES = 200_000  # of the end of the log that are shown


class LogWindow(QDialog):
    """Shows the end of the log; lines can be sought by a word.

    Args:
        path: the log file; it may not exist.
    """

    def __init__(self, path: Path, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Log"))
        self.resize(860, 560)
        self._path = path
        self._lines: list[str] = []
        where = QLabel(
            tr(
                "{path}\nIt holds names of files: read it before you send it to someone.",
                path=path,
            )
        )
        where.setProperty("quiet", True)
        where.setWordWrap(True)
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Show only lines with these words, as in WARNING"))
        self.search.setAccessibleName(tr("Search"))
        self.search.textChanged.connect(self._on_searched)
        self.text = QPlainTextEdit()
        self.text.setReadOnly(True)
        self.text.setLineWrapMode(QPlainTextEdit.LineWrapMode.NoWrap)
        self.text.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.text.setAccessibleName(tr("Log"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        role = QDialogButtonBox.ButtonRole.ActionRole
        self.refresh = buttons.addButton(tr("Read again"), role)
        self.copy = buttons.addButton(tr("Copy"), role)
        self.folder = buttons.addButton(tr("Open the folder"), role)
        self.refresh.clicked.connect(self.read)
        self.copy.clicked.connect(self._on_copy)
        self.folder.clicked.connect(self._on_folder)
        layout = QVBoxLayout(self)
        for widget in (where, self.search, self.text, buttons):
            layout.addWidget(widget)
        self.read()
        explain(self)

    @Slot()
    def read(self) -> None:
        """Read the log again, and show its end."""
        try:
            with self._path.open("rb") as file:
                size = file.seek(0, 2)
                file.seek(max(0, size - MOST_BYTES))
                text = file.read().decode("utf-8", "replace")
        except OSError as error:
            text = tr("The log cannot be read: {value}.", value=error.strerror or error)
        self._lines = text.splitlines()
        self._on_searched(self.search.text())

    @Slot(str)
    def _on_searched(self, words: str) -> None:
        wanted = words.casefold()
        self.text.setPlainText("\n".join(line for line in self._lines if wanted in line.casefold()))
        bar = self.text.verticalScrollBar()
        bar.setValue(bar.maximum())

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.text.toPlainText())

    @Slot()
    def _on_folder(self) -> None:
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(self._path.parent)))
