"""UndoBudget: keeps what undo holds in memory and on disk within the user's limit."""

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QUndoStack

from audiosr_desktop.audio.history import held_bytes, stores_of
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.documents import Documents
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import figures
from audiosr_desktop.ui.settings import Settings

GIGABYTE = 1e9


class UndoBudget(QObject):
    """Lets the oldest steps of a document go when its history takes more than the limit, and says so.

    Steps that a saved project holds stay, and so does everything that can be redone.
    """

    told = Signal(str)

    def __init__(self, documents: Documents, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._documents, self._settings = documents, settings
        self._watched: set[Document] = set()
        documents.changed.connect(self._on_documents_changed)

    @Slot()
    def _on_documents_changed(self) -> None:
        self._watched &= set(self._documents.all)
        for document in set(self._documents.all) - self._watched:
            self._watched.add(document)
            # later: the stack cannot be changed while it tells of a change
            document.undo_stack.indexChanged.connect(self._on_step, Qt.ConnectionType.QueuedConnection)

    @Slot()
    def _on_step(self) -> None:
        stack = self.sender()
        for document in self._documents.all:
            if isinstance(stack, QUndoStack) and document.undo_stack is stack:
                count = steps_to_drop(document, self._settings.undo_gb * GIGABYTE)
                if count:
                    document.forget_oldest(count)
                    steps = tr("{count} oldest steps", count=count) if count > 1 else tr("oldest step")
                    self.told.emit(
                        tr(
                            "The {steps} of {name} can no longer be undone: undo took more than "
                            "{undo_gb} GB.",
                            steps=steps,
                            name=document.path.name,
                            undo_gb=figures(self._settings.undo_gb, "g"),
                        )
                    )


def steps_to_drop(document: Document, most_bytes: float) -> int:
    """Return how many of the oldest steps must go so that the history takes no more than `most_bytes`.

    The present state is never dropped, nor are steps that the document's project holds.
    """
    held = sum(document.space_bytes())
    if held <= most_bytes:
        return 0
    history = document.history()
    if document.project_path is not None and history.clean > 0:
        return 0
    last = {
        id(store): (position, store)
        for position, state in enumerate(history.states())
        for store in stores_of(state.sound)
    }
    freed = [0] * (len(history.steps) + 1)  # by each state that goes
    for position, store in last.values():
        freed[position] += held_bytes(store)
    for count in range(1, history.index):
        held -= freed[count - 1]
        if held <= most_bytes:
            return count
    return max(0, history.index - 1)  # the last step can always be undone
