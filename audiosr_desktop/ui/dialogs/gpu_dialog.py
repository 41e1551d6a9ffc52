"""GpuDialog: says once, before a job, that the GPU that was asked for cannot be used."""

from dataclasses import dataclass

from PySide6.QtCore import Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QPlainTextEdit, QVBoxLayout, QWidget

from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import tr

_LEAST_WIDTH = 460
_DETAILS_HEIGHT = 120


@dataclass(frozen=True, slots=True)
class GpuNotice:
    """What is told.

    Attributes:
        text: what cannot be used, why, and how long the processor takes.
        details: what was looked at, a line each, with advice.
        report: the same with versions, for others.
    """

    text: str
    details: str
    report: str


class GpuDialog(QDialog):
    """Accepted, the processor is used instead; rejected, nothing is run."""

    def __init__(self, notice: GpuNotice, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._report = notice.report
        self.setWindowTitle(tr("The GPU cannot be used"))
        self.setMinimumWidth(_LEAST_WIDTH)
        text = QLabel(notice.text)
        text.setWordWrap(True)
        self.details = QPlainTextEdit(notice.details)
        self.details.setReadOnly(True)
        self.details.setAccessibleName(tr("Details"))
        self.details.setMinimumHeight(_DETAILS_HEIGHT)
        self.details.hide()
        role = QDialogButtonBox.ButtonRole
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        self.use_cpu = buttons.addButton(tr("Use CPU"), role.AcceptRole)
        self.use_cpu.setProperty("primary", True)
        self.show_details = buttons.addButton(tr("Details"), role.ActionRole)
        self.show_details.setCheckable(True)
        self.show_details.toggled.connect(self.details.setVisible)
        self.copy = buttons.addButton(tr("Copy report"), role.ActionRole)
        self.copy.clicked.connect(self._on_copy)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(14)
        for widget in (text, self.details, buttons):
            layout.addWidget(widget)
        self.use_cpu.setDefault(True)
        explain(self)

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self._report)
