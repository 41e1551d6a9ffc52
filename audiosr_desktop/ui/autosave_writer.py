"""AutosaveWriter: writes autosaves off the GUI thread, in order, one at a time."""

import threading

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.audio.journal import Journal
from audiosr_desktop.audio.project_values import Contents
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui.job_thread import JobThread
from audiosr_desktop.ui.language import tr


class AutosaveWriter(QObject):
    """Takes what is to be written and returns at once.

    What is put for a journal while older contents of it wait takes their place: each is a whole document.
    """

    written = Signal()  # all that was put so far is on disk, or failed
    failed = Signal(Exception)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._waiting: dict[Journal, Contents | None] = {}  # None is to be thrown away
        self._lock = threading.Lock()  # for the dictionary alone
        self._thread: JobThread | None = None

    def put(self, journal: Journal, contents: Contents | None) -> None:
        """Write contents soon; None throws the autosave away."""
        with self._lock:
            self._waiting.pop(journal, None)
            self._waiting[journal] = contents
        if self._thread is None:
            self._begin()

    def wait(self) -> None:
        """Return when all that was put is on disk."""
        if self._thread is not None:
            self._thread.wait()
        while self._write_next():  # put after the thread had looked for the last time
            pass

    def _begin(self) -> None:
        self._thread = JobThread(self._write_all(), self)
        self._thread.finished.connect(self._on_finished)
        self._thread.start()

    def _write_all(self) -> Job[None]:
        yield Progress(0.0, tr("Autosave"))
        while self._write_next():
            yield Progress(1.0, tr("Autosave"))

    def _write_next(self) -> bool:
        with self._lock:
            journal = next(iter(self._waiting), None)
            if journal is None:
                return False
            contents = self._waiting.pop(journal)
        try:
            if contents is None:
                journal.discard()
            else:
                journal.write(contents)
        except AudioSRError as error:
            self.failed.emit(error)
        return True

    @Slot()
    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.retire()
        with self._lock:
            more = bool(self._waiting)
        if more:
            self._begin()
        else:
            self.written.emit()
