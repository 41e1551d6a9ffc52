"""Errors as the user sees them: what happened, what it means for the sound, what to do next."""

from collections.abc import Callable

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QFont, QGuiApplication
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QStyle,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.icon_label import IconLabel
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.troubles import Act, Trouble, completed

_ICON_PX = 40
_LEAST_WIDTH = 480


class ErrorDialog(QDialog):
    """What happened, what it means, and a button for each thing to do next; no traceback.

    Args:
        trouble: what failed; what it does not say, its kind does.
        act: does what a button says, after the dialog is closed.
        report: makes the report, with the names of files or without.
        show_log: shows the log.
    """

    def __init__(
        self,
        trouble: Trouble,
        act: Callable[[Act], None],
        report: Callable[[bool], str],
        show_log: Callable[[], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        trouble = completed(trouble)
        self._act, self._report = act, report
        self.setWindowTitle(trouble.title)
        self.setMinimumWidth(_LEAST_WIDTH)
        self.happened = _text(
            tr_message(str(trouble.error))
            if trouble.expected
            else tr("The program made a mistake: {error}.", error=short_text(trouble.error))
        )
        font = self.happened.font()
        font.setWeight(QFont.Weight.DemiBold)
        self.happened.setFont(font)
        self.happened.setAccessibleName(tr("What happened"))
        self.happened.setAccessibleDescription(self.happened.text())
        self.means = _text(trouble.means)
        self.means.setAccessibleName(tr("What it means for the sound"))
        self.means.setAccessibleDescription(self.means.text())
        self.setAccessibleDescription(f"{self.happened.text()} {self.means.text()}")
        self.remedies = [QPushButton(remedy.text) for remedy in trouble.remedies]
        self._acts = dict(zip(self.remedies, (remedy.act for remedy in trouble.remedies), strict=True))
        for button in self.remedies:
            button.clicked.connect(self._on_remedy)
        self.close_button = QPushButton(tr("Close"))
        self.close_button.clicked.connect(self.reject)
        self.copy = QPushButton(tr("Copy report"))
        self.copy.clicked.connect(self._on_copy)
        self.names = QCheckBox(tr("with names of files"))
        self.log = QPushButton(tr("Show log"))
        self.log.clicked.connect(show_log)
        self._lay_out(critical=not trouble.expected)
        first = self.remedies[0] if self.remedies else self.close_button
        first.setDefault(True)
        first.setFocus()
        explain(self)

    def _lay_out(self, *, critical: bool) -> None:
        kind = QStyle.StandardPixmap
        look = kind.SP_MessageBoxCritical if critical else kind.SP_MessageBoxWarning
        picture = IconLabel(self.style().standardIcon(look), _ICON_PX)
        picture.setAlignment(Qt.AlignmentFlag.AlignTop)
        words = QVBoxLayout()
        words.setSpacing(10)
        words.addWidget(self.happened)
        words.addWidget(self.means)
        head = QHBoxLayout()
        head.setSpacing(16)
        head.addWidget(picture)
        head.addLayout(words, 1)
        next_steps = QHBoxLayout()
        next_steps.addStretch(1)
        for button in (*self.remedies, self.close_button):
            next_steps.addWidget(button)
        if self.remedies:
            self.remedies[0].setProperty("primary", True)
        foot = QHBoxLayout()
        for widget in (self.copy, self.names):
            foot.addWidget(widget)
        foot.addStretch(1)
        foot.addWidget(self.log)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 16)
        layout.setSpacing(18)
        for part in (head, next_steps, foot):
            layout.addLayout(part)

    @Slot()
    def _on_remedy(self) -> None:
        act = self._acts[self.sender()]  # type: ignore[index]
        self.accept()
        self._act(act)

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report(self.names.isChecked()))
        self.copy.setText(tr("Copied"))


def _text(words: str) -> QLabel:
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)  # names of files may hold anything
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def short_text(error: BaseException) -> str:
    """Return an unexpected error in a line."""
    text = " ".join(str(error).split()).rstrip(".")
    return f"{type(error).__name__}: {text}" if text else type(error).__name__
