"""About, and the list of keys."""

from collections.abc import Iterable

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop import __version__
from audiosr_desktop.ui.icons import app_icon


class AboutDialog(QDialog):
    """Name, version, licence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("About AudioSR Desktop")
        picture = QLabel()
        picture.setPixmap(app_icon().pixmap(QSize(96, 96)))
        picture.setAlignment(Qt.AlignmentFlag.AlignCenter)
        name = QLabel("AudioSR Desktop")
        name.setProperty("heading", True)
        name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = QLabel(
            f"Version {__version__}\n\nAn audio editor that restores damaged sound.\n"
            "Free software under the GNU General Public License, version 3 or later."
        )
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(36, 28, 36, 18)
        layout.setSpacing(12)
        for widget in (picture, name, text, buttons):
            layout.addWidget(widget)


class KeysDialog(QDialog):
    """Every action that has a key."""

    def __init__(self, actions: Iterable[QAction], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keys")
        self.resize(460, 560)
        rows = [
            (
                action.text().replace("&", "").rstrip("…"),
                ", ".join(key.toString() for key in action.shortcuts()),
            )
            for action in actions
            if action.shortcuts()
        ]
        self.table = QTableWidget(len(rows), 2)
        self.table.setHorizontalHeaderLabels(["Action", "Keys"])
        self.table.verticalHeader().hide()
        self.table.setShowGrid(False)
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.horizontalHeader().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.table.horizontalHeader().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        for place, row in enumerate(rows):
            for column, text in enumerate(row):
                self.table.setItem(place, column, QTableWidgetItem(text))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table)
        layout.addWidget(buttons)
