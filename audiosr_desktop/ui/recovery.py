"""RecoveryDialog: what a run that ended badly left, to be restored, thrown away, or left for later."""

from collections.abc import Sequence

from PySide6.QtCore import QDateTime, QLocale, Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QMessageBox,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.audio.journal import Recoverable
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import tr, tr_message


class RecoveryDialog(QDialog):
    """One row for each document; those that are ticked are meant by the buttons."""

    def __init__(self, entries: Sequence[Recoverable], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Recover unsaved work"))
        self.setMinimumSize(620, 320)
        self._entries = entries
        self.restore: list[Recoverable] = []
        self.discard: list[Recoverable] = []
        text = QLabel(
            tr(
                "The program ended without saving these documents. Their last saved projects and "
                "source files are as they were.",
            )
        )
        text.setWordWrap(True)
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Unsaved documents"))
        self.list.header().setAccessibleName(tr("Columns"))
        self.list.setHeaderLabels([tr("Document"), tr("Autosaved"), tr("Last step"), tr("Edits")])
        self.list.setRootIsDecorated(False)
        for entry in entries:
            when = QLocale().toString(
                QDateTime.fromSecsSinceEpoch(round(entry.when.timestamp())), QLocale.FormatType.ShortFormat
            )
            steps = str(entry.steps) if not entry.problem else ""
            row = QTreeWidgetItem(
                [
                    entry.title,
                    when,
                    tr_message(entry.problem)
                    or entry.last_step
                    or tr(
                        "As opened",
                    ),
                    steps,
                ]
            )
            row.setToolTip(2, tr_message(entry.problem))
            row.setCheckState(0, Qt.CheckState.Unchecked if entry.problem else Qt.CheckState.Checked)
            self.list.addTopLevelItem(row)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        self.buttons = QDialogButtonBox()
        roles = QDialogButtonBox.ButtonRole
        self.restore_button = self.buttons.addButton(tr("Restore"), roles.AcceptRole)
        self.restore_button.setProperty("primary", True)
        self.discard_button = self.buttons.addButton(tr("Discard…"), roles.DestructiveRole)
        self.later_button = self.buttons.addButton(tr("Later"), roles.RejectRole)
        self.restore_button.clicked.connect(self._on_restore)
        self.discard_button.clicked.connect(self._on_discard)
        self.buttons.rejected.connect(self.reject)
        self.list.itemChanged.connect(self._show_buttons)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(12)
        for widget in (text, self.list, self.buttons):
            layout.addWidget(widget)
        self._show_buttons()
        explain(self)

    def ticked(self) -> list[Recoverable]:
        """Return what the buttons mean."""
        rows = (self.list.topLevelItem(place) for place in range(self.list.topLevelItemCount()))
        return [
            entry
            for entry, row in zip(self._entries, rows, strict=True)
            if row is not None and row.checkState(0) == Qt.CheckState.Checked
        ]

    @Slot()
    def _show_buttons(self) -> None:
        ticked = self.ticked()
        self.restore_button.setEnabled(any(not entry.problem for entry in ticked))
        self.discard_button.setEnabled(bool(ticked))

    @Slot()
    def _on_restore(self) -> None:
        self.restore = [entry for entry in self.ticked() if not entry.problem]
        self.accept()

    @Slot()
    def _on_discard(self) -> None:
        what = "\n".join(f"{entry.title}: {what_is_lost(entry)}" for entry in self.ticked())
        answer = QMessageBox.question(
            self,
            tr("Discard unsaved work?"),
            tr("This cannot be undone. Saved projects and source files stay.\n\n{what}", what=what),
            QMessageBox.StandardButton.Discard | QMessageBox.StandardButton.Cancel,
            QMessageBox.StandardButton.Cancel,
        )
        if answer == QMessageBox.StandardButton.Discard:
            self.discard = self.ticked()
            self.accept()


def what_is_lost(entry: Recoverable) -> str:
    """Return in words what goes with an autosave."""
    if entry.problem:
        return tr("a damaged autosave")
    if entry.steps == 1:
        return tr("one edit, {step}", step=entry.last_step)
    return tr("{steps} edits, the last one {step}", steps=entry.steps, step=entry.last_step)
