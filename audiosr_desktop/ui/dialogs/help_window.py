"""HelpWindow: the guide, the sheet of keys, and the log, to be read beside the editor."""

from pathlib import Path

from PySide6.QtCore import QByteArray, QSize, Qt, QUrl, Slot
from PySide6.QtGui import QDesktopServices, QImage, QTextDocument
from PySide6.QtWidgets import (
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop import paths
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.key_sheet import key_sheet
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.shortcuts import Shortcuts

FIRST_PAGE = "index.md"
KEYS_PAGE = "keys"
_SIZE = QSize(820, 720)
_MARGIN = 18.0  # of the text
_BESIDE = 100  # of the window's width that a picture leaves


class GuideBrowser(QTextBrowser):
    """Shows the pages of the guide; the page `keys` is made from the keys as they are now.

    Args:
        folder: where the pages lie.
        shortcuts: the keys.
    """

    def __init__(self, folder: Path, shortcuts: Shortcuts) -> None:
        super().__init__()
        self._shortcuts = shortcuts
        self.setSearchPaths([str(folder)])
        self.setOpenLinks(False)
        self.setAccessibleName(tr("Guide"))
        self.document().setDocumentMargin(_MARGIN)
        self.anchorClicked.connect(self.follow)

    @Slot(QUrl)
    def follow(self, link: QUrl) -> None:
        """Show another page of the guide; what lies outside is opened by the system."""
        if link.scheme() in ("http", "https", "mailto"):
            QDesktopServices.openUrl(link)
        else:
            self.show_page(link.fileName())

    def show_page(self, name: str) -> None:
        """Show a page by its file's name; `keys` and `keys.md` are the sheet of keys."""
        if name.removesuffix(".md") == KEYS_PAGE:
            self.setSource(QUrl(KEYS_PAGE), QTextDocument.ResourceType.MarkdownResource)
        else:
            self.setSource(QUrl(name), QTextDocument.ResourceType.MarkdownResource)

    def loadResource(self, kind: int, name: QUrl | str) -> object:
        if QUrl(name).fileName() == KEYS_PAGE:
            return key_sheet(self._shortcuts)
        found = super().loadResource(kind, name)
        if kind == QTextDocument.ResourceType.ImageResource.value and found is not None:
            picture = QImage.fromData(found) if isinstance(found, QByteArray) else QImage(found)
            width = min(picture.width(), _SIZE.width() - _BESIDE)
            return picture.scaledToWidth(width, Qt.TransformationMode.SmoothTransformation)
        return found


class HelpWindow(QWidget):
    """The guide with a way back and a search.

    Args:
        shortcuts: the keys, for their sheet.
        parent: the editor's window.
        folder: where the guide lies; None takes the one that came with the program.
    """

    def __init__(
        self, shortcuts: Shortcuts, parent: QWidget | None = None, folder: Path | None = None
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.setWindowTitle(tr("Guide"))
        self.resize(_SIZE)
        self.browser = GuideBrowser(folder or paths.resources_dir() / "help", shortcuts)
        self.back = QPushButton(tr("Back"))
        self.contents = QPushButton(tr("Contents"))
        self.keys = QPushButton(tr("Keys"))
        self.search = QLineEdit()
        self.search.setPlaceholderText(tr("Search on this page; Return goes on"))
        self.search.setAccessibleName(tr("Search"))
        self.back.setEnabled(False)
        self.back.clicked.connect(self.browser.backward)
        self.contents.clicked.connect(self._on_contents)
        self.keys.clicked.connect(self._on_keys)
        self.browser.backwardAvailable.connect(self.back.setEnabled)
        self.search.returnPressed.connect(self._on_search)
        bar = QHBoxLayout()
        for widget in (self.back, self.contents, self.keys, self.search):
            bar.addWidget(widget)
        layout = QVBoxLayout(self)
        layout.addLayout(bar)
        layout.addWidget(self.browser)
        explain(self)

    def show_page(self, name: str = FIRST_PAGE) -> None:
        """Show a page of the guide, in front."""
        self.browser.show_page(name)
        self.show()
        self.raise_()
        self.activateWindow()
        self.browser.setFocus()

    @Slot()
    def _on_contents(self) -> None:
        self.browser.show_page(FIRST_PAGE)

    @Slot()
    def _on_keys(self) -> None:
        self.browser.show_page(KEYS_PAGE)

    @Slot()
    def _on_search(self) -> None:
        words = self.search.text()
        if words and not self.browser.find(words):
            cursor = self.browser.textCursor()  # from the top again
            cursor.movePosition(cursor.MoveOperation.Start)
            self.browser.setTextCursor(cursor)
            self.browser.find(words)
