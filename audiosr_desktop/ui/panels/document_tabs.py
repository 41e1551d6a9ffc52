"""DocumentTabs: a tab for each open document; hidden while there is only one."""

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QMouseEvent
from PySide6.QtWidgets import QTabBar, QToolButton, QWidget

from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.documents import Documents
from audiosr_desktop.ui.language import tr


class DocumentTabs(QTabBar):
    """Shows the documents and lets the user choose, move and close them."""

    close_wanted = Signal(object)  # Document

    def __init__(self, documents: Documents, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._documents = documents
        self._shown: tuple[Document, ...] = ()
        self.setAccessibleName(tr("Open documents"))
        self.setDocumentMode(True)
        self.setExpanding(False)
        self.setMovable(True)
        self.setAutoHide(True)
        self.setDrawBase(False)
        self.setElideMode(Qt.TextElideMode.ElideMiddle)
        self.currentChanged.connect(self._on_current_changed)
        self.tabMoved.connect(self._on_tab_moved)
        documents.changed.connect(self._show_documents)
        documents.current_changed.connect(self._show_documents)

    @Slot()
    def _show_documents(self) -> None:
        documents = self._documents
        with QSignalBlocker(self):
            while self.count() > len(documents):
                self.removeTab(self.count() - 1)
            while self.count() < len(documents):
                self.addTab("")
                self.setTabButton(self.count() - 1, QTabBar.ButtonPosition.RightSide, self._close_button())
            self._shown = documents.all
            for place, document in enumerate(self._shown):
                self.setTabText(place, document.path.name.replace("&", "&&") + (" •" * document.modified))
                unsaved = tr("\nNot saved") if document.modified else ""
                name = tr("Close {name}", name=document.path.name)
                self.tabButton(place, QTabBar.ButtonPosition.RightSide).setAccessibleName(name)
                self.setTabToolTip(place, f"{document.path}{unsaved}")
            if documents.current is not None and documents.current in self._shown:
                self.setCurrentIndex(self._shown.index(documents.current))

    @Slot(int)
    def _on_current_changed(self, place: int) -> None:
        if 0 <= place < len(self._shown):
            self._documents.show(self._shown[place])

    def _close_button(self) -> QToolButton:
        button = QToolButton(self)
        button.setText("×")
        button.setProperty("flat", True)
        button.setToolTip(tr("Close (Ctrl+W)"))
        button.clicked.connect(self._on_close_clicked)
        return button

    @Slot()
    def _on_close_clicked(self) -> None:
        sender, side = self.sender(), QTabBar.ButtonPosition.RightSide
        for place, document in enumerate(self._shown):
            if self.tabButton(place, side) is sender:
                self.close_wanted.emit(document)
                return

    @Slot(int, int)
    def _on_tab_moved(self, start: int, stop: int) -> None:
        self._documents.move(self._shown[start], stop)

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        place = self.tabAt(event.position().toPoint())
        if event.button() == Qt.MouseButton.MiddleButton and place >= 0:
            self.close_wanted.emit(self._shown[place])
        super().mouseReleaseEvent(event)
