"""Editor: the open documents and all that works on them; the window shows it and forwards the user."""

from collections.abc import Callable, Iterable
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from audiosr_desktop.audio.files import (
    FileInfo,
    file_markers,
    open_sound,
    probe,
)
from audiosr_desktop.audio.history import History, State
from audiosr_desktop.audio.markers import from_file
from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.applying import Applying
from audiosr_desktop.ui.catalogue import Catalogue
from audiosr_desktop.ui.document import Document, EditCommand
from audiosr_desktop.ui.documents import Documents
from audiosr_desktop.ui.emergence import Emergence
from audiosr_desktop.ui.gate import Gate, open_gate
from audiosr_desktop.ui.job_runner import JobEnd, JobRunner
from audiosr_desktop.ui.job_thread import JobThread
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.measurements import Measurements
from audiosr_desktop.ui.start_up import give_memory_back, keep_freed_memory
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.transport import Transport
from audiosr_desktop.ui.troubles import opening_trouble
from audiosr_desktop.ui.variations import Variations

MODEL_IDLE_S = 300.0  # a large model is not kept in memory for longer than this after its last use
IDLE_CHECK_MS = 30_000
LOADED_AFTER_MS = 1000  # a job that is done sooner needs no preparation


class Editor(QObject):
    """Several documents, one of which is shown; one job at a time.

    Args:
        scratch: for long results; the caller closes it after the editor.
        player: what is heard.
        load_effects: makes the job that finds the effects; it runs after `start`.
    """

    document_changed = Signal()  # another document is shown, or none
    sound_changing = Signal()  # an edit, or a step of the history, begins to be shown
    sound_changed = Signal()
    catalogue_changed = Signal()
    failed = Signal(str, Exception)  # what was being done, why it failed
    troubled = Signal(object)  # Trouble: the same from those who know what it means
    facts_changed = Signal()  # what can be done now has changed

    def __init__(
        self,
        scratch: Scratch,
        player: Player,
        load_effects: Callable[[], Job[Catalogue]],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self.scratch = scratch
        self.timeline = Timeline(self)
        self.runner = JobRunner(self)
        self.measurements = Measurements(self)
        self.transport = Transport(player, self.timeline, self)
        self.documents = Documents(self)
        self.variations = Variations(self)
        self.catalogue = Catalogue({}, {}, {})
        self.applying = Applying(self)
        self.emergence = Emergence(self)
        self.gate: Gate = open_gate  # every run of effects goes through it
        self._clipboard: Sound | None = None
        self._document: Document | None = None  # the one that the timeline and the player know
        self._waiting: list[Path] = []
        self.openers: dict[str, Callable[[Path], bool]] = {}  # for files that are no sound, by suffix
        self._load_effects = load_effects
        self._loader = self._new_loader()
        self._idle_timer = QTimer(self, interval=IDLE_CHECK_MS)
        self._idle_timer.timeout.connect(self._on_idle_check)
        self._idle_timer.start()
        self.documents.current_changed.connect(self._on_document_chosen)
        self.runner.ended.connect(self._on_job_ended)
        self._load_timer = QTimer(self, interval=LOADED_AFTER_MS, singleShot=True)
        self._load_timer.timeout.connect(self._on_loaded)
        self.runner.started.connect(self._on_job_started)
        self.transport.failed.connect(self._on_playing_failed)
        self.measurements.failed.connect(self._on_measuring_failed)
        self.timeline.selection_changed.connect(self.facts_changed)
        self.transport.state_changed.connect(self.facts_changed)

    def start(self) -> None:
        """Begin to load the effects."""
        self._loader.start()

    @Slot()
    def reload_effects(self) -> None:
        """Look again which effects and models there are, and with what settings they run."""
        if self._loader.isRunning():
            self._loader.finished.connect(self.reload_effects, Qt.ConnectionType.SingleShotConnection)
            return
        self._loader.deleteLater()
        self._loader = self._new_loader()
        self._loader.start()

    def _new_loader(self) -> JobThread:
        loader = JobThread(self._load_effects(), self)
        loader.succeeded.connect(self._on_catalogue)
        loader.failed.connect(self._on_loading_failed)
        return loader

    @property
    def document(self) -> Document | None:
        """The document that is shown."""
        return self._document

    @property
    def sound(self) -> Sound | None:
        """The present sound."""
        return self.document.sound if self.document is not None else None

    def peaks(self) -> Peaks | None:
        """Return the peaks of the present sound if they are known."""
        return self.measurements.peaks_of(self.document.sound) if self.document is not None else None

    def facts(self) -> set[str]:
        """Return what holds now, in the words of the table of actions."""
        document = self.document
        found = {"busy" if self.runner.busy else "idle"}
        if len(self.documents) > 1:
            found.add("documents")
        if document is None:
            return found
        found |= {"document"}
        held = {
            "selection": self.timeline.selection is not None,
            "channels": self.timeline.channels > 1,
            "all_channels": self.timeline.picked is None,
            "undo": document.undo_stack.canUndo(),
            "redo": document.undo_stack.canRedo(),
            "clipboard": self._clipboard is not None,
            "compare": self.transport.can_compare,
            "repeat": self.applying.can_repeat,
            "vary": self.variations.can_vary,
            "takes": self.variations.current() is not None,
        }
        return found | {name for name, holds in held.items() if holds}

    # files

    def open(self, path: Path) -> bool:
        """Open a file beside the documents, or show it where it is open; False while a job runs."""
        known = self.documents.of_path(path)
        if known is not None:
            self.documents.show(known)
            return True
        opener = self.openers.get(path.suffix.lower())
        if opener is not None:
            return opener(path)
        title = tr("Open {name}", name=path.name)

        def told(error: Exception) -> None:
            self.troubled.emit(opening_trouble(title, error, lambda: self.open(path)))

        return self.runner.start(title, _open(path, self.scratch), self._on_opened, told)

    def open_all(self, paths: Iterable[Path]) -> None:
        """Open files one after the other; one that cannot be opened does not stop the others."""
        self._waiting += paths
        self._open_next()

    def _open_next(self) -> None:
        while self._waiting and not self.runner.busy:
            self.open(self._waiting.pop(0))

    @Slot(object)
    def _on_opened(self, opened: tuple[FileInfo, State]) -> None:
        info, state = opened
        self.documents.add(Document(History(state), info))

    @Slot()
    def _on_document_chosen(self) -> None:
        """Give timeline, player and views over from one document to another."""
        old, new = self._document, self.documents.current
        self.transport.stop()
        self.measurements.clear()
        if old is not None:
            old.view = self.timeline.kept_view()
            old.sound_changed.disconnect(self._on_sound_changed)
            old.marks_changed.disconnect(self._on_marks_changed)
            old.travelled.disconnect(self._on_travelled)
            old.undo_stack.indexChanged.disconnect(self._on_history_moved)
            old.undo_stack.cleanChanged.disconnect(self._on_history_moved)
        self.timeline.reset()
        self._document = new
        if new is None:
            self.transport.set_sounds(None)
            self.timeline.set_marks(())
            self.document_changed.emit()
            self.facts_changed.emit()
            return
        new.sound_changed.connect(self._on_sound_changed)
        new.marks_changed.connect(self._on_marks_changed)
        new.travelled.connect(self._on_travelled)
        new.undo_stack.indexChanged.connect(self._on_history_moved)
        new.undo_stack.cleanChanged.connect(self._on_history_moved)
        sound = new.sound
        self.timeline.set_channels(sound.channels)
        self.timeline.set_sound(sound.length, sound.sample_rate)
        self.timeline.set_marks(new.marks)
        if new.view is not None:
            self.timeline.show_kept(new.view)
        self._on_history_moved()
        self.document_changed.emit()
        self.measurements.measure_peaks(sound)
        self.measurements.measure_cutoff(sound)
        self.facts_changed.emit()

    def close_document(self) -> None:
        """Forget the document; not while a job changes it."""
        if self._document is not None and not self._document.locked:
            self.documents.remove(self._document)

    # edits

    def undo(self) -> None:
        """Take the last edit back."""
        if self.document is not None:
            self.document.go_to(self.document.undo_stack.index() - 1)

    def redo(self) -> None:
        """Make the next edit again."""
        if self.document is not None:
            self.document.go_to(self.document.undo_stack.index() + 1)

    @property
    def clipboard(self) -> Sound | None:
        """What was copied, from whichever document."""
        return self._clipboard

    def set_clipboard(self, sound: Sound) -> None:
        """Keep a sound for pasting."""
        self._clipboard = sound
        self.facts_changed.emit()

    def close(self) -> None:
        """End all threads: a running job is cancelled."""
        self.documents.close()
        self.runner.stop()
        self._loader.requestInterruption()
        self._loader.wait()
        self.measurements.close()
        self.transport.close()

    @Slot()
    def _on_sound_changed(self) -> None:
        document = self.document
        if document is None:
            return
        self.sound_changing.emit()
        sound = document.sound
        self.timeline.set_channels(sound.channels)
        self.timeline.set_sound(sound.length, sound.sample_rate)
        self.sound_changed.emit()
        self.measurements.measure_peaks(sound)

    def show_document(self) -> None:
        """Show the document itself again, after something else stood in its place."""
        if self.document is not None:
            sound = self.document.sound
            self.timeline.set_sound(sound.length, sound.sample_rate)
            self.timeline.set_marks(self.document.marks)
            self.show_takes()
            self.measurements.measure_peaks(sound)

    @Slot()
    def _on_marks_changed(self) -> None:
        if self.document is not None:
            self.timeline.set_marks(self.document.marks)

    @Slot(object, bool)
    def _on_travelled(self, crossed: EditCommand, undone: bool) -> None:
        """Choose what the step was about, as it is now."""
        if crossed.concerns_a_part:
            region = crossed.step.region if undone else crossed.result
            self.timeline.pick(region.channels if region is not None else None)
            self.timeline.select(region)

    @Slot()
    def _on_history_moved(self) -> None:
        """Compare the present sound with the one before the edit that made it."""
        self.show_takes()
        self.facts_changed.emit()

    def show_takes(self, compared: int | None = None) -> None:
        """Give the player all takes of the present result, or the sounds before and after the last edit.

        Args:
            compared: take that stands against the source; the one that the document holds if absent.
        """
        document, takes = self.document, self.variations.current()
        if document is not None and takes is not None:
            self.transport.set_takes(takes.sounds, compared or takes.number_of(document.sound))
        elif document is not None:
            last = document.last_edit()
            self.transport.set_sounds(document.sound, last.before.sound if last is not None else None)

    @Slot(str)
    def _on_job_started(self, _title: str) -> None:
        self._load_timer.start()

    @Slot()
    def _on_loaded(self) -> None:
        self._expect_load(True)

    @Slot(object)
    def _on_job_ended(self, end: JobEnd) -> None:
        self._load_timer.stop()
        self._expect_load(False)
        for document in self.documents.all:
            document.set_locked(False)
        self.facts_changed.emit()
        if end.error is not None and not end.told:
            self.failed.emit(end.title, end.error)
        self._open_next()

    def _expect_load(self, loaded: bool) -> None:
        keep_freed_memory(loaded)
        self.transport.player.expect_load(loaded)

    @Slot()
    def _on_idle_check(self) -> None:
        self.catalogue.unload_idle(MODEL_IDLE_S)
        if not self.runner.busy:
            give_memory_back()

    @Slot(object)
    def _on_catalogue(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.catalogue_changed.emit()

    @Slot(Exception)
    def _on_loading_failed(self, error: Exception) -> None:
        self.failed.emit(tr("Loading the effects"), error)

    @Slot(Exception)
    def _on_playing_failed(self, error: Exception) -> None:
        self.failed.emit(tr("Play"), error)

    @Slot(Exception)
    def _on_measuring_failed(self, error: Exception) -> None:
        self.failed.emit(tr("Reading the sound"), error)


def _open(path: Path, scratch: Scratch) -> Job[tuple[FileInfo, State]]:
    yield Progress(0.0, tr("Opening {name}", name=path.name))
    info = probe(path)
    sound = yield from open_sound(path, scratch)
    return info, State(sound, marks=from_file(file_markers(info), sound))
