"""Editor: the open documents and all that works on them; the window shows it and forwards the user."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from audiosr_desktop.audio.files import (
    FileInfo,
    file_markers,
    open_sound,
    probe,
    same_file,
)
from audiosr_desktop.audio.history import History, Span, State, Step
from audiosr_desktop.audio.markers import from_file
from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.project import missing_sources, source_paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.errors import AudioFileError, EffectError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.catalogue import Catalogue
from audiosr_desktop.ui.dialogs.export_dialog import Export
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.documents import Documents
from audiosr_desktop.ui.exporting import part_job, regions_job
from audiosr_desktop.ui.job_runner import JobEnd, JobRunner
from audiosr_desktop.ui.job_thread import JobThread
from audiosr_desktop.ui.measurements import Measurements
from audiosr_desktop.ui.readout import format_length
from audiosr_desktop.ui.restoring import Restored, restore
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.transport import Transport
from audiosr_desktop.ui.variations import Variations

CHAIN_ID = "audiosr.chain"  # under which the history keeps a chain
MODEL_IDLE_S = 300.0  # a large model is not kept in memory for longer than this after its last use
IDLE_CHECK_MS = 30_000


class Editor(QObject):
    """Several documents, one of which is shown; one job at a time.

    Args:
        scratch: for long results; the caller closes it after the editor.
        player: what is heard.
        load_effects: makes the job that finds the effects; it runs after `start`.
    """

    document_changed = Signal()  # another document is shown, or none
    sound_changed = Signal()
    catalogue_changed = Signal()
    restored = Signal(object)  # Restored
    applied = Signal(object, float, int)  # Step, seconds of sound it worked on, channels
    exported = Signal(Path)
    failed = Signal(str, Exception)  # what was being done, why it failed
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
        self._clipboard: Sound | None = None
        self._last: tuple[str, Mapping[str, Value]] | None = None
        self._document: Document | None = None  # the one that the timeline and the player know
        self._shown: Sound | None = None
        self._waiting: list[Path] = []
        self.openers: dict[str, Callable[[Path], bool]] = {}  # for files that are no sound, by suffix
        self._load_effects = load_effects
        self._loader = self._new_loader()
        self._idle_timer = QTimer(self, interval=IDLE_CHECK_MS)
        self._idle_timer.timeout.connect(self._on_idle_check)
        self._idle_timer.start()
        self.documents.current_changed.connect(self._on_document_chosen)
        self.runner.ended.connect(self._on_job_ended)
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
            "undo": document.undo_stack.canUndo(),
            "redo": document.undo_stack.canRedo(),
            "clipboard": self._clipboard is not None,
            "compare": self.transport.can_compare,
            "repeat": self._last is not None,
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
        return self.runner.start(f"Open {path.name}", _open(path, self.scratch), self._on_opened)

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
            old.undo_stack.indexChanged.disconnect(self._on_history_moved)
            old.undo_stack.cleanChanged.disconnect(self._on_history_moved)
        self.timeline.reset()
        self._document, self._shown = new, None
        if new is None:
            self.transport.set_sounds(None)
            self.timeline.set_marks(())
            self.document_changed.emit()
            self.facts_changed.emit()
            return
        new.sound_changed.connect(self._on_sound_changed)
        new.marks_changed.connect(self._on_marks_changed)
        new.undo_stack.indexChanged.connect(self._on_history_moved)
        new.undo_stack.cleanChanged.connect(self._on_history_moved)
        sound = self._shown = new.sound
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

    def export(self, choice: Export) -> bool:
        """Write the sound or a part of it to a file."""
        document = self.document
        if document is None:
            return False
        region = choice.region
        problem = self._export_problem(document, choice.path)
        if problem is not None:
            self.failed.emit("Export", problem)
            return False
        if choice.each_region:
            title = f"Export the regions of {document.path.name}"
            return self.runner.start(title, regions_job(document, choice), self._on_regions_exported)
        job = part_job(document, choice, region, choice.path, overwrite=choice.overwrite)
        index = document.undo_stack.index()

        def done(info: FileInfo) -> None:
            open_still = document in self.documents.all
            if open_still and region is None and document.undo_stack.index() == index:
                document.set_saved()
            self.exported.emit(info.path)

        return self.runner.start(f"Export {choice.path.name}", job, done)

    @Slot(object)
    def _on_regions_exported(self, written: list[FileInfo]) -> None:
        if written:
            self.exported.emit(written[-1].path)

    def _export_problem(self, document: Document, path: Path) -> AudioFileError | None:
        """Return why a file must not be written: it is a source of a document, or sound is missing."""
        for opened in self.documents.all:
            if any(same_file(source, path) for source in source_paths(opened.history())):
                return AudioFileError(
                    f"{path.name} is a source of {opened.path.name} and is never overwritten; "
                    "choose another name.",
                    path,
                )
        missing = missing_sources(History(State(document.sound)))
        if missing:
            return AudioFileError(
                f"{missing[0].path.name} is missing, and its part would be silent; open the project again "
                "and say where it is.",
                missing[0].path,
            )
        return None

    # edits

    def apply(self, effect_id: str, values: Mapping[str, Value]) -> bool:
        """Apply an effect to the selection, or to the whole sound when there is none."""
        if effect_id == CHAIN_ID:
            return self.apply_chain(str(values["chain"]))
        effect = self.catalogue.effects.get(effect_id)
        return effect is not None and self._apply(effect.title, [(effect, values)], effect_id, values)

    def apply_chain(self, chain_json: str) -> bool:
        """Apply a chain, given as its JSON form, as one edit.

        The history keeps it under `CHAIN_ID` with the JSON as its value "chain".
        """
        # it loads scipy.signal, which the effects have loaded by now
        from audiosr_desktop.effects.chain import chain_from_json, chain_steps  # noqa: PLC0415

        chain = chain_from_json(chain_json, "The chain")
        try:
            found = chain_steps(chain, self.catalogue.effects)
        except EffectError as error:
            self.failed.emit(chain.title, error)
            return False
        steps = [(step.effect, step.values) for step in found]
        return self._apply(chain.title, steps, CHAIN_ID, {"chain": chain_json})

    def _apply(
        self,
        title: str,
        steps: Sequence[tuple[Effect, Mapping[str, Value]]],
        effect_id: str,
        values: Mapping[str, Value],
    ) -> bool:
        document = self.document
        if document is None or self.runner.busy:
            return False
        region = self.timeline.selection
        length = region.length if region is not None else document.sound.length
        self._last = (effect_id, dict(values))
        document.set_locked(True)
        job = restore(steps, document.sound, region, scratch=self.scratch, report=self.catalogue.report)

        def done(result: Restored) -> None:
            step = Step(title, result.region, effect_id, dict(values), self.runner.elapsed_s)
            self._on_restored(document, step, result)
            if result.changed:
                seconds = result.region.length / result.after.sample_rate
                self.applied.emit(step, seconds, result.after.channels)

        named = f"{title}, {format_length(length / document.sound.sample_rate)}"
        started = self.runner.start(named, job, done)
        self.facts_changed.emit()
        return started

    def repeat(self) -> None:
        """Apply the last effect to the present selection."""
        if self._last is not None:
            self.apply(*self._last)

    def _on_restored(self, document: Document, step: Step, result: Restored) -> None:
        document.set_locked(False)
        if result.changed:
            if result.before is not document.sound:
                text = f"Resample to {result.before.sample_rate / 1000:g} kHz"
                document.edit(text, result.before, Region(0, result.before.length))
            self.variations.remember(document, step, result)
            span = Span(result.region, step.text, result.facts)
            document.edit(step.text, result.after, result.region, span, step=step)
        self.restored.emit(result)

    def undo(self) -> None:
        """Take the last edit back."""
        if self.document is not None and not self.document.locked:
            self.document.undo_stack.undo()

    def redo(self) -> None:
        """Make the next edit again."""
        if self.document is not None and not self.document.locked:
            self.document.undo_stack.redo()

    def change(
        self, title: str, document: Document, job: Job[Sound], step: Step, chosen: Region | None = None
    ) -> bool:
        """Run a job that gives the whole sound of a document after an edit, and take its result.

        Args:
            title: for the progress.
            document: which; it takes no other edits until the job ends.
            job: makes the sound.
            step: the edit, as the history tells it.
            chosen: what is selected afterwards.
        """
        if self.runner.busy:
            return False
        document.set_locked(True)

        def done(sound: Sound) -> None:
            document.set_locked(False)
            if sound is not document.sound:
                document.edit(step.text, sound, step.region, step=step)
                if chosen is not None and document is self.document:
                    self.timeline.select(chosen)

        started = self.runner.start(title, job, done)
        self.facts_changed.emit()
        return started

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

    @Slot(object)
    def _on_sound_changed(self, region: Region) -> None:
        document = self.document
        if document is None:
            return
        sound, before = document.sound, self._shown
        self._shown = sound
        self.timeline.set_sound(sound.length, sound.sample_rate)
        self.sound_changed.emit()
        self.measurements.measure_peaks(sound, before, region)

    @Slot()
    def _on_marks_changed(self) -> None:
        if self.document is not None:
            self.timeline.set_marks(self.document.marks)

    @Slot()
    def _on_history_moved(self) -> None:
        """Compare the present sound with the one before the edit that made it."""
        self.show_takes()
        self.facts_changed.emit()

    def show_takes(self) -> None:
        """Give the player all takes of the present result, or the sounds before and after the last edit."""
        document, takes = self.document, self.variations.current()
        if document is not None and takes is not None:
            self.transport.set_takes(takes.sounds, takes.number_of(document.sound))
        elif document is not None:
            last = document.last_edit()
            self.transport.set_sounds(document.sound, last.before.sound if last is not None else None)

    @Slot(object)
    def _on_job_ended(self, end: JobEnd) -> None:
        for document in self.documents.all:
            document.set_locked(False)
        self.facts_changed.emit()
        if end.error is not None:
            self.failed.emit(end.title, end.error)
        self._open_next()

    @Slot()
    def _on_idle_check(self) -> None:
        self.catalogue.unload_idle(MODEL_IDLE_S)

    @Slot(object)
    def _on_catalogue(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self.catalogue_changed.emit()

    @Slot(Exception)
    def _on_loading_failed(self, error: Exception) -> None:
        self.failed.emit("Loading the effects", error)

    @Slot(Exception)
    def _on_playing_failed(self, error: Exception) -> None:
        self.failed.emit("Play", error)

    @Slot(Exception)
    def _on_measuring_failed(self, error: Exception) -> None:
        self.failed.emit("Reading the sound", error)


def _open(path: Path, scratch: Scratch) -> Job[tuple[FileInfo, State]]:
    yield Progress(0.0, f"Opening {path.name}")
    info = probe(path)
    sound = yield from open_sound(path, scratch)
    return info, State(sound, marks=from_file(file_markers(info), sound))
