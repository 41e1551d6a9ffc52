"""KeysDialog: every action and its keys, which can be changed."""

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QLineEdit,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.shortcuts import Shortcuts

_NAME = Qt.ItemDataRole.UserRole


class KeysDialog(QDialog):
    """Choose an action, press keys, and take them; keys that another action has are refused by its name."""

    def __init__(self, shortcuts: Shortcuts, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Keys"))
        self.resize(560, 620)
        self._shortcuts = shortcuts
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search for an action or a key"))
        self.search.setAccessibleName(tr("Search"))
        self.search.textChanged.connect(self._on_searched)
        self.table = self._make_table()
        self.edit = QKeySequenceEdit()
        self.edit.setAccessibleName(tr("New keys"))
        self.edit.setMaximumSequenceLength(1)
        self.edit.setMinimumWidth(150)
        for line in self.edit.findChildren(QLineEdit):
            line.setPlaceholderText(tr("Press keys"))  # Qt's own words are too long for it
        self.edit.setClearButtonEnabled(True)
        self.take = QPushButton(tr("Use these keys"))
        self.add = QPushButton(tr("Add"))
        self.clear = QPushButton(tr("None"))
        self.reset = QPushButton(tr("Default"))
        self.message = QLabel()
        self.message.setWordWrap(True)
        self.message.setAccessibleName(tr("Result"))
        row = QHBoxLayout()
        for widget in (self.edit, self.take, self.add, self.clear, self.reset):
            row.addWidget(widget)
            if isinstance(widget, QPushButton):
                widget.setAutoDefault(False)
        buttons = QDialogButtonBox(
            QDialogButtonBox.StandardButton.Close | QDialogButtonBox.StandardButton.RestoreDefaults
        )
        buttons.rejected.connect(self.reject)
        self.reset_all = buttons.button(QDialogButtonBox.StandardButton.RestoreDefaults)
        self.reset_all.clicked.connect(self._on_reset_all)
        self.take.clicked.connect(self._on_take)
        self.add.clicked.connect(self._on_add)
        self.clear.clicked.connect(self._on_clear)
        self.reset.clicked.connect(self._on_reset)
        layout = QVBoxLayout(self)
        layout.addWidget(self.search)
        layout.addWidget(self.table)
        layout.addLayout(row)
        layout.addWidget(self.message)
        layout.addWidget(buttons)
        self._fill()
        explain(self)

    def choose(self, name: str) -> None:
        """Choose an action."""
        for place in range(self.table.rowCount()):
            if self._cell(place, 0).data(_NAME) == name:
                self.table.setCurrentCell(place, 0)

    def _make_table(self) -> QTableWidget:
        table = QTableWidget(len(self._shortcuts.actions_by_id), 2)
        table.setAccessibleName(tr("Actions and their keys"))
        table.setHorizontalHeaderLabels([tr("Action"), tr("Keys")])
        table.horizontalHeader().setAccessibleName(tr("Columns"))
        table.horizontalHeader().setDefaultAlignment(
            Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        )
        table.verticalHeader().hide()
        table.setShowGrid(False)
        table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        table.setSelectionBehavior(QTableWidget.SelectionBehavior.SelectRows)
        table.setSelectionMode(QTableWidget.SelectionMode.SingleSelection)
        table.setTabKeyNavigation(False)
        table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for place, name in enumerate(self._shortcuts.actions_by_id):
            item = QTableWidgetItem(self._shortcuts.title(name))
            item.setData(_NAME, name)
            table.setItem(place, 0, item)
            table.setItem(place, 1, QTableWidgetItem())
        return table

    def _fill(self) -> None:
        for place in range(self.table.rowCount()):
            name = str(self._cell(place, 0).data(_NAME))
            native = QKeySequence.SequenceFormat.NativeText
            text = ", ".join(key.toString(native) for key in self._shortcuts.keys(name))
            cell = self._cell(place, 1)
            cell.setText(text)
            font = cell.font()
            font.setBold(self._shortcuts.is_changed(name))
            cell.setFont(font)

    def _cell(self, row: int, column: int) -> QTableWidgetItem:
        item = self.table.item(row, column)
        assert item is not None, "every cell is filled"
        return item

    def _chosen(self) -> str | None:
        row = self.table.currentRow()
        return str(self._cell(row, 0).data(_NAME)) if row >= 0 else None

    @Slot()
    def _on_take(self) -> None:
        self._set_keys([self.edit.keySequence()])

    @Slot()
    def _on_add(self) -> None:
        name = self._chosen()
        if name is not None:
            self._set_keys([*self._shortcuts.keys(name), self.edit.keySequence()])

    @Slot()
    def _on_clear(self) -> None:
        self._set_keys([])

    @Slot()
    def _on_reset(self) -> None:
        name = self._chosen()
        if name is not None:
            self._tell(name, self._shortcuts.reset(name))

    @Slot()
    def _on_reset_all(self) -> None:
        self._shortcuts.reset_all()
        self.message.setText(tr("All actions have their own keys again."))
        self._fill()

    def _set_keys(self, keys: list[QKeySequence]) -> None:
        name = self._chosen()
        if name is None:
            self.message.setText(tr("Choose an action first."))
        elif any(key.isEmpty() for key in keys):
            self.message.setText(tr("Click into the field and press the keys first."))
        else:
            self._tell(name, self._shortcuts.set_keys(name, list(dict.fromkeys(keys))))

    def _tell(self, name: str, holder: str | None) -> None:
        title = self._shortcuts.title(name)
        if holder is not None:
            other = self._shortcuts.title(holder)
            self.message.setText(
                tr(
                    "Not changed: “{other}” has these keys, “{title}” cannot have them too.",
                    other=other,
                    title=title,
                )
            )
            return
        self.edit.clear()
        self.message.setText(tr("“{title}” was changed.", title=title))
        self._fill()

    @Slot(str)
    def _on_searched(self, text: str) -> None:
        wanted = text.casefold()
        for place in range(self.table.rowCount()):
            words = f"{self._cell(place, 0).text()} {self._cell(place, 1).text()}".casefold()
            self.table.setRowHidden(place, wanted not in words)
