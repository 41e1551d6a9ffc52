"""RecentMenu: files opened before."""

from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QMenu, QWidget

from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.settings import Settings


class RecentMenu(QMenu):
    """Filled when it opens."""

    file_wanted = Signal(Path)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(tr("Open &recent"), parent)
        self._settings = settings
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        for name in self._settings.recent_files:
            action = QAction(Path(name).name, self)
            action.setToolTip(name)
            action.setData(name)
            action.triggered.connect(self._on_chosen)
            self.addAction(action)
        if self.isEmpty():
            self.addAction(tr("None yet")).setEnabled(False)

    @Slot()
    def _on_chosen(self) -> None:
        sender = self.sender()
        if isinstance(sender, QAction):
            self.file_wanted.emit(Path(str(sender.data())))
