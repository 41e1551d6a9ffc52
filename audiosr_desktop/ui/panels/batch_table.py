"""BatchTable: the files of a batch, their states and progress; files and folders can be dropped on it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, QRect, Qt, Signal
from PySide6.QtGui import QColor, QDragEnterEvent, QDragMoveEvent, QDropEvent, QPainter, QPaintEvent, QPalette
from PySide6.QtWidgets import QHeaderView, QStyledItemDelegate, QStyleOptionViewItem, QTableView, QWidget

from audiosr_desktop.batch.queue import Item
from audiosr_desktop.batch.runner import Shown
from audiosr_desktop.ui.language import marked, tr, tr_message
from audiosr_desktop.ui.readout import format_length, percent

COLUMNS = (marked("File"), marked("Length"), marked("State"), marked("Result"))
FRACTION_ROLE = int(Qt.ItemDataRole.UserRole)
_WORDS = {
    "queued": marked("Waiting"),
    "running": marked("Working"),
    "written": marked("Writing"),
    "done": marked("✓ Done"),
    "failed": marked("✗ Failed"),
    "skipped": marked("– Skipped"),
}
_Index = QModelIndex | QPersistentModelIndex


class BatchModel(QAbstractTableModel):
    """Rows of the queue; `show` takes them whole, `show_item` and `show_progress` change some."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: list[Item] = []
        self._rows: dict[int, int] = {}
        self._working: Mapping[int, Shown] = {}

    def show(self, items: list[Item]) -> None:
        """Show these files."""
        self.beginResetModel()
        self._items = items
        self._rows = {item.id: row for row, item in enumerate(items)}
        self.endResetModel()

    def show_item(self, item: Item) -> None:
        """Show one file as it is now."""
        row = self._rows.get(item.id)
        if row is not None:
            self._items[row] = item
            self._redraw(row)

    def show_progress(self, working: Mapping[int, Shown]) -> None:
        """Show how far the files are that are being worked on."""
        before, self._working = self._working, working
        for item_id in {*before, *working}:
            if item_id in self._rows:
                self._redraw(self._rows[item_id])

    def _redraw(self, row: int) -> None:
        self.dataChanged.emit(self.index(row, 0), self.index(row, len(COLUMNS) - 1))

    def item(self, row: int) -> Item:
        """Return the file of a row."""
        return self._items[row]

    def row_of(self, item_id: int) -> int | None:
        """Return the row of a file."""
        return self._rows.get(item_id)

    def rowCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(self._items)

    def columnCount(self, parent: _Index = QModelIndex()) -> int:  # noqa: B008 - Qt's signature
        return 0 if parent.isValid() else len(COLUMNS)

    def headerData(
        self, section: int, orientation: Qt.Orientation, role: int = int(Qt.ItemDataRole.DisplayRole)
    ) -> Any:
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return tr(COLUMNS[section])
        if role == Qt.ItemDataRole.TextAlignmentRole and section == 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: _Index, role: int = int(Qt.ItemDataRole.DisplayRole)) -> Any:
        item = self._items[index.row()]
        shown = self._working.get(item.id)
        if role == Qt.ItemDataRole.DisplayRole:
            return self._text(item, shown, index.column())
        if role == Qt.ItemDataRole.ToolTipRole:
            return tr_message(item.reason) or (
                str(item.path) if index.column() == 0 else str(item.target or "")
            )
        if role == FRACTION_ROLE and shown is not None and index.column() == 2:
            return shown.fraction
        if role == Qt.ItemDataRole.TextAlignmentRole and index.column() == 1:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        return None

    @staticmethod
    def _text(item: Item, shown: Shown | None, column: int) -> str:
        if column == 0:
            return str(item.path.relative_to(item.top)) if item.in_tree else item.path.name
        if column == 1:
            return format_length(item.duration_s) if item.info else ""
        if column == 2:
            return (
                f"{percent(shown.fraction)} {tr_message(shown.stage)}"
                if shown is not None
                else tr(_WORDS[item.state])
            )
        if item.reason:
            return tr_message(item.reason)
        return item.target.name if item.target is not None and item.state == "done" else ""


class ProgressDelegate(QStyledItemDelegate):
    """Draws a bar under the text of a file that is being worked on."""

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:
        super().paint(painter, option, index)
        fraction = index.data(FRACTION_ROLE)
        if fraction is not None:
            rect: QRect = option.rect
            colour: QColor = option.palette.color(QPalette.ColorRole.Highlight)
            bar = QRect(rect.left(), rect.bottom() - 3, round(rect.width() * fraction), 3)
            painter.fillRect(bar, colour)


class BatchTable(QTableView):
    """The table; drops and the keys of a list work as everywhere."""

    dropped = Signal(list)  # paths

    def __init__(self, model: BatchModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegateForColumn(2, ProgressDelegate(self))
        self.setAccessibleName(tr("Files of the batch"))
        self.setSelectionBehavior(QTableView.SelectionBehavior.SelectRows)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setAcceptDrops(True)
        self.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.setStyleSheet("QTableView::item { padding: 0 8px; }")
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(30)
        header = self.horizontalHeader()
        header.setHighlightSections(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(3, QHeaderView.ResizeMode.Stretch)
        header.resizeSection(1, 90)
        header.resizeSection(2, 210)

    def selected_rows(self) -> list[int]:
        """Return the selected rows, from above."""
        return sorted(index.row() for index in self.selectionModel().selectedRows())

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event):
            event.acceptProposedAction()

    def dragMoveEvent(self, event: QDragMoveEvent) -> None:
        if local_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if paths := local_paths(event):
            event.acceptProposedAction()
            self.dropped.emit(paths)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.model().rowCount():
            painter = QPainter(self.viewport())
            painter.setPen(self.palette().color(QPalette.ColorRole.PlaceholderText))
            painter.drawText(
                self.viewport().rect(),
                Qt.AlignmentFlag.AlignCenter,
                tr("Drop files and folders here, or use Add."),
            )
            painter.end()


def local_paths(event: QDropEvent) -> list[Path]:
    """Return the files and folders that are dragged."""
    return [Path(url.toLocalFile()) for url in event.mimeData().urls() if url.isLocalFile()]
