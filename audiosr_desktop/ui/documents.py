"""Documents: which are open, in what order, and which is shown."""

from pathlib import Path

from PySide6.QtCore import QObject, Signal

from audiosr_desktop.ui.document import Document


class Documents(QObject):
    """The open documents, one of them shown."""

    changed = Signal()  # one came, went, moved or has another name
    current_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._all: list[Document] = []
        self._current: Document | None = None

    def __len__(self) -> int:
        return len(self._all)

    @property
    def all(self) -> tuple[Document, ...]:
        """All of them, in the order of their tabs."""
        return tuple(self._all)

    @property
    def current(self) -> Document | None:
        """The one that is shown."""
        return self._current

    @property
    def modified(self) -> tuple[Document, ...]:
        """Those with work that is not saved."""
        return tuple(document for document in self._all if document.modified)

    def of_path(self, path: Path) -> Document | None:
        """Return the document of a file or a project, if it is open."""
        wanted = path.absolute()
        return next((document for document in self._all if document.path.absolute() == wanted), None)

    def add(self, document: Document) -> None:
        """Put a document behind the others and show it."""
        document.setParent(self)
        self._all.append(document)
        document.undo_stack.cleanChanged.connect(self.changed)
        document.saved_as.connect(self.changed)
        self.changed.emit()
        self.show(document)

    def remove(self, document: Document) -> None:
        """Forget a document; the one beside it is shown."""
        place = self._all.index(document)
        document.undo_stack.blockSignals(True)  # it would tell of its own end
        self._all.remove(document)
        self.changed.emit()
        if document is self._current:
            self.show(self._all[min(place, len(self._all) - 1)] if self._all else None)
        document.deleteLater()

    def close(self) -> None:
        """Tell nothing any more, before all of it is deleted."""
        for document in self._all:
            document.undo_stack.blockSignals(True)

    def move(self, document: Document, place: int) -> None:
        """Give a document another place among the tabs."""
        self._all.remove(document)
        self._all.insert(place, document)
        self.changed.emit()

    def show(self, document: Document | None) -> None:
        """Show a document."""
        if document is not self._current:
            self._current = document
            self.current_changed.emit()

    def show_beside(self, step: int) -> None:
        """Show the next document, or the one before with -1."""
        if self._current is not None:
            self.show(self._all[(self._all.index(self._current) + step) % len(self._all)])
