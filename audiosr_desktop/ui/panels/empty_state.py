"""EmptyState: what the window shows before anything is open."""

from pathlib import Path

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from audiosr_desktop.ui.icon_label import IconLabel
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.theme import Theme

_RECENT_SHOWN = 5
_PICTURE_PX = 72


class EmptyState(QWidget):
    """Says how to begin: drop, open, the example, or a recent file."""

    open_wanted = Signal()
    example_wanted = Signal()
    file_wanted = Signal(Path)

    def __init__(self, theme: Theme, *, has_example: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._recent = QVBoxLayout()
        self._recent.setSpacing(2)
        self.picture = IconLabel(theme.icon("drop", "quiet_text"), _PICTURE_PX)
        heading = QLabel(tr("Drop a sound here"))
        heading.setProperty("heading", True)
        heading.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = QLabel(
            tr(
                "WAV, FLAC, AIFF, Ogg, Opus, MP3 and more. The file itself is never changed:\nthe "
                "result is exported as a new one.",
            )
        )
        text.setProperty("quiet", True)
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        for label in (heading, text):
            label.setWordWrap(True)  # letters may be large and the window narrow
        self.open_button = QPushButton(tr("Open…"))
        self.open_button.setProperty("primary", True)
        self.open_button.clicked.connect(self.open_wanted)
        self.example_button = QPushButton(tr("Open the example"))
        self.example_button.clicked.connect(self.example_wanted)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.open_button)
        row.addWidget(self.example_button)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setSpacing(14)
        layout.addStretch(2)
        for widget in (self.picture, heading, text):
            layout.addWidget(widget)
        layout.addSpacing(6)
        layout.addLayout(row)
        layout.addSpacing(16)
        layout.addLayout(self._recent)
        layout.addStretch(3)
        self.example_button.setVisible(has_example)

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.picture.show_icon(theme.icon("drop", "quiet_text"))

    def show_recent(self, files: list[str]) -> None:
        """Offer files opened before, those that are still there."""
        while (item := self._recent.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.deleteLater()
        for name in files[:_RECENT_SHOWN]:
            path = Path(name)
            button = QPushButton(path.name)
            button.setProperty("flat", True)
            button.setToolTip(str(path))
            button.setProperty("path", name)
            button.clicked.connect(self._on_recent)
            self._recent.addWidget(button, alignment=Qt.AlignmentFlag.AlignHCenter)

    @Slot()
    def _on_recent(self) -> None:
        sender = self.sender()
        if sender is not None:
            self.file_wanted.emit(Path(str(sender.property("path"))))
