"""MarkersPanel: names and places of markers and regions."""

from PySide6.QtCore import QSignalBlocker, Qt, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.marking import Marking
from audiosr_desktop.ui.readout import format_length, format_time


class MarkersPanel(QWidget):
    """A row for each mark: a click or Enter goes there, F2 or a double click on the name renames it."""

    def __init__(self, marking: Marking, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._marking = marking
        self._document: Document | None = None
        self._marks: tuple[Mark, ...] = ()
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("Markers and regions"))
        self.list.header().setAccessibleName(tr("Columns"))
        self.list.setHeaderLabels([tr("Name"), tr("Start"), tr("Length")])
        self.list.setRootIsDecorated(False)
        self.list.setFrameShape(QTreeWidget.Shape.NoFrame)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        for column in (1, 2):
            header.setSectionResizeMode(column, QHeaderView.ResizeMode.ResizeToContents)
        self.list.itemClicked.connect(self._on_clicked)
        self.list.itemChanged.connect(self._on_renamed)
        self.add_button, self.delete_button = QPushButton(tr("Add")), QPushButton(tr("Delete"))
        self.add_button.setToolTip(tr("A marker at the playhead, or a region from the selection (M)"))
        self.add_button.clicked.connect(marking.add)
        self.delete_button.clicked.connect(self._on_delete)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 0, 8, 6)
        foot.addStretch(1)
        foot.addWidget(self.add_button)
        foot.addWidget(self.delete_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)
        self.set_document(None)

    def set_document(self, document: Document | None) -> None:
        """Show another document's marks, or none."""
        if self._document is not None:
            self._document.marks_changed.disconnect(self._show_marks)
            self._document.sound_changed.disconnect(self._show_marks)
        self._document = document
        if document is not None:
            document.marks_changed.connect(self._show_marks)
            document.sound_changed.connect(self._show_marks)
        self._show_marks()
        for button in (self.add_button, self.delete_button):
            button.setEnabled(document is not None)

    @Slot()
    def _show_marks(self) -> None:
        document = self._document
        self._marks = document.marks if document is not None else ()
        rate = document.sound.sample_rate if document is not None else 1
        with QSignalBlocker(self.list):
            place = self.list.currentIndex().row()
            self.list.clear()
            for mark in self._marks:
                length = "" if mark.is_point else format_length(mark.region.length / rate)
                row = QTreeWidgetItem([mark.name, format_time(mark.region.start / rate), length])
                row.setFlags(row.flags() | Qt.ItemFlag.ItemIsEditable)
                self.list.addTopLevelItem(row)
            if self._marks and place >= 0:
                row_now = min(place, len(self._marks) - 1)
                self.list.setCurrentIndex(self.list.model().index(row_now, 0))

    def _current(self) -> Mark | None:
        place = self.list.currentIndex().row()
        return self._marks[place] if 0 <= place < len(self._marks) else None

    @Slot()
    def _on_clicked(self) -> None:
        mark = self._current()
        if mark is not None:
            self._marking.go_to(mark)

    @Slot(QTreeWidgetItem, int)
    def _on_renamed(self, row: QTreeWidgetItem, column: int) -> None:
        mark = self._marks[self.list.indexOfTopLevelItem(row)]
        if column == 0:
            self._marking.rename(mark, row.text(0).strip())
        self._show_marks()  # only names can be changed

    @Slot()
    def _on_delete(self) -> None:
        mark = self._current()
        if mark is not None:
            self._marking.remove(mark)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_clicked()
        elif event.key() == Qt.Key.Key_Delete:
            self._on_delete()
        else:
            super().keyPressEvent(event)
