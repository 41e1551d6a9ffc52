"""IconLabel: an icon as a label, sharp on every screen."""

from PySide6.QtCore import QEvent, QSize, Qt
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QLabel, QWidget


class IconLabel(QLabel):
    """Shows an icon in the middle, drawn anew where the window comes to a screen of another scale."""

    def __init__(self, picture: QIcon, size: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._size = QSize(size, size)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.show_icon(picture)

    def show_icon(self, picture: QIcon) -> None:
        """Show another icon."""
        self._picture = picture
        self.setPixmap(picture.pixmap(self._size, self.devicePixelRatioF()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:
            self.show_icon(self._picture)
        return super().event(event)
