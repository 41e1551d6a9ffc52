"""Autosave: has the journal of each changed document written after each step, and its view each minute."""

from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from audiosr_desktop.audio.journal import Journal
from audiosr_desktop.audio.project_values import Contents, region_json, region_of
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.ui.autosave_writer import AutosaveWriter
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.documents import Documents
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.timeline import Timeline, TimelineView
from audiosr_desktop.ui.troubles import Remedy, Trouble

INTERVAL_MS = 60_000


class Autosave(QObject):
    """Keeps an autosave of each document that was changed since it was opened.

    A document that nothing was done to has none. That of a closed document goes, as the user was asked.
    """

    troubled = Signal(object)  # Trouble
    written = Signal()  # all steps so far are on disk

    def __init__(
        self, documents: Documents, timeline: Timeline, scratch: Scratch, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._documents, self._timeline, self._scratch = documents, timeline, scratch
        self._journals: dict[Document, Journal] = {}
        self._told = False
        self._writer = AutosaveWriter(self)
        self._writer.failed.connect(self._on_failed)
        self._writer.written.connect(self.written)
        self._timer = QTimer(self)
        self._timer.setInterval(INTERVAL_MS)
        self._timer.timeout.connect(self.write_all)
        self._timer.start()
        documents.changed.connect(self._on_documents_changed)

    def take(self, document: Document, journal: Journal) -> None:
        """Go on with the autosave that a document was recovered from."""
        self._journals[document] = journal

    def contents_of(self, document: Document) -> Contents:
        """Return all that is saved of a document."""
        view = self._timeline.kept_view() if document is self._documents.current else document.view
        history = document.history()
        if document.project_path is None and history.clean > 0:
            history = replace(history, clean=-1)  # exported: its steps are in no file
        return Contents(
            history,
            document.info,
            view_values(view) if view is not None else {},
            document.project_path,
            document.self_contained,
            document.reachable_takes(),
        )

    @Slot()
    def write_all(self) -> None:
        """Write what changed without a step: selection, playhead, zoom."""
        for document in self._journals:
            self._write(document)

    def close(self) -> None:
        """Stop, and remove the autosaves: the user was asked about unsaved work."""
        self._timer.stop()
        for journal in self._journals.values():
            self._writer.put(journal, None)
        self._journals.clear()
        self._writer.wait()

    def wait(self) -> None:
        """Return when all steps so far are on disk."""
        self._writer.wait()

    @Slot()
    def _on_documents_changed(self) -> None:
        for document in [known for known in self._journals if known not in self._documents.all]:
            self._writer.put(self._journals.pop(document), None)
        for document in self._documents.all:
            if not document.property("autosaved"):
                document.setProperty("autosaved", True)
                document.undo_stack.indexChanged.connect(self._on_step)
                document.saved_as.connect(self._on_step)
                document.takes_changed.connect(self._on_step)

    @Slot()
    def _on_step(self) -> None:
        sender = self.sender()
        for document in self._documents.all:
            if sender is document or sender is document.undo_stack:
                if document not in self._journals:
                    self._journals[document] = Journal(self._scratch.folder)
                self._write(document)

    def _write(self, document: Document) -> None:
        self._writer.put(self._journals[document], self.contents_of(document))

    @Slot(Exception)
    def _on_failed(self, error: Exception) -> None:
        if not self._told:  # once: it would come after every step
            self._told = True
            means = tr("All edits are open, but the program could not bring them back if it ended now.")
            save = Remedy(tr("Save the project…"), "filing.save_project")
            self.troubled.emit(Trouble(tr("Autosave"), error, means, (save,)))


def view_values(view: TimelineView) -> dict[str, object]:
    """Return what is seen of a document as plain values."""
    chosen = view.selection
    return {
        "sample_rate": view.sample_rate,
        "start": view.start,
        "stop": view.stop,
        "playhead": view.playhead,
        "selection": None if chosen is None else region_json(chosen),
    }


def view_of(values: object) -> TimelineView | None:
    """Return what was seen; None when the values do not say it."""
    try:
        assert isinstance(values, dict)
        chosen = values["selection"]
        region = None if chosen is None else region_of(chosen)
        places = float(values["start"]), float(values["stop"]), int(values["playhead"])
        rate = int(values["sample_rate"])
        return TimelineView(rate, *places, region) if rate > 0 and places[0] < places[1] else None
    except (AssertionError, KeyError, TypeError, ValueError, OverflowError):
        return None
