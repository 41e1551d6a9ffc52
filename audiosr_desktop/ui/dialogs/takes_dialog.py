"""TakesDialog: which takes a blind test is about."""

from collections.abc import Sequence

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.playback.takes import letter
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import tr


class TakesDialog(QDialog):
    """A list of takes of which some are ticked.

    Args:
        title: of the window.
        text: what is asked.
        names: of the takes.
        ticked: those that are chosen at first.
        count: how many must be chosen; None is two or more.
        fixed: takes that cannot be left out.
    """

    def __init__(
        self,
        title: str,
        text: str,
        names: Sequence[str],
        ticked: Sequence[int],
        *,
        count: int | None = None,
        fixed: Sequence[int] = (),
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._count = count
        self.setWindowTitle(title)
        self.setMinimumWidth(420)
        said = QLabel(text)
        said.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Takes"))
        self.list.setSpacing(3)
        self.list.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        for number, name in enumerate(names):
            item = QListWidgetItem(f"{letter(number)} · {name}", self.list)
            chosen = number in ticked or number in fixed
            item.setCheckState(Qt.CheckState.Checked if chosen else Qt.CheckState.Unchecked)
            if number in fixed:
                item.setFlags(item.flags() & ~Qt.ItemFlag.ItemIsUserCheckable)
                item.setToolTip(tr("The others are compared with it"))
        self.list.itemChanged.connect(self._show)
        self.buttons = QDialogButtonBox()
        self.start = self.buttons.addButton(tr("Start"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setProperty("primary", True)
        self.buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        self.buttons.accepted.connect(self.accept)
        self.buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(12)
        for widget in (said, self.list, self.buttons):
            layout.addWidget(widget)
        self._show()
        explain(self)

    def chosen(self) -> list[int]:
        """Return the numbers of the ticked takes."""
        rows = range(self.list.count())
        return [row for row in rows if self.list.item(row).checkState() == Qt.CheckState.Checked]

    @Slot()
    def _show(self) -> None:
        found = len(self.chosen())
        self.start.setEnabled(found >= 2 if self._count is None else found == self._count)
