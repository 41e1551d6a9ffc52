"""Emergence: what a running effect has finished is seen, and heard as take B, before the run ends."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from audiosr_desktop.audio.history import Span, Step
from audiosr_desktop.audio.markers import moved_marks, moved_region
from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.job import Progress
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.job_runner import JobEnd
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import format_length
from audiosr_desktop.ui.restoring import Restored
from audiosr_desktop.ui.transport import TAKE_B

if TYPE_CHECKING:
    from audiosr_desktop.effects.emerging import Emerging
    from audiosr_desktop.ui.editor import Editor

SHOW_MS = 500  # between two pictures of what has emerged
SHOW_PLAYING_MS = 2000  # the same while sound is played, which must come in time


@dataclass(frozen=True, slots=True)
class Offer:
    """What a run had finished when it was cancelled or failed.

    Attributes:
        document: that it worked on.
        step: how the history will tell it.
        done: what was finished.
        facts: how it was made.
    """

    document: Document
    step: Step
    done: "Emerging"
    facts: Mapping[str, object]


class Emergence(QObject):
    """Shows the finished part of the run that changes the shown document; the document stays as it is.

    After a run that did not reach its end, the finished part can be kept.

    Args:
        editor: what runs, shows and plays.
    """

    changed = Signal()  # something else is shown, or nothing any more
    offer_changed = Signal()

    def __init__(self, editor: "Editor") -> None:
        super().__init__(editor)
        self._editor = editor
        self._document: Document | None = None
        self._step: Step | None = None
        self._sound: Sound | None = None  # of the document, when the run began
        self._latest: Emerging | None = None
        self._shown: Emerging | None = None
        self._measuring = False
        self._offer: Offer | None = None
        self._timer = QTimer(self, singleShot=True, interval=SHOW_MS)
        self._timer.timeout.connect(self._show)
        editor.runner.started.connect(self._on_started)
        editor.runner.progressed.connect(self._on_progressed)
        editor.runner.ended.connect(self._on_ended)
        editor.document_changed.connect(self._on_document_changed)
        editor.sound_changed.connect(self._withdraw)
        editor.measurements.peaks_changed.connect(self._on_peaks)

    @property
    def sound(self) -> Sound | None:
        """The document as far as it is finished, where that is what is seen."""
        return self._shown.after if self._shown is not None else None

    @property
    def before(self) -> Sound | None:
        """What it is compared with."""
        return self._shown.before if self._shown is not None else None

    @property
    def pending(self) -> Region | None:
        """What the run still works on."""
        shown = self._shown
        return replace(shown.chosen, start=shown.region.stop) if shown is not None else None

    @property
    def follows(self) -> bool:
        """Whether the run under way is one of effects on a document."""
        return self._document is not None

    @property
    def has_finished(self) -> bool:
        """Whether the run under way has finished anything."""
        return self._latest is not None

    @property
    def offer(self) -> Offer | None:
        """What can be kept of the last run."""
        return self._offer

    def offer_text(self) -> str:
        """Return what the button says that keeps it; empty when there is nothing to keep."""
        if self._offer is None:
            return ""
        done = self._offer.done
        length = format_length(done.region.length / done.after.sample_rate)
        return tr("Keep the finished {length}", length=length)

    def spans(self) -> tuple[Span, ...]:
        """Return the restored parts to mark: those of the document, and the finished one."""
        shown, document, sound, step = self._shown, self._document, self._sound, self._step
        if shown is None or document is None or sound is None or step is None:
            return ()
        moved = (
            (span, moved_region(span.region, sound, shown.before, Region(0, 0))) for span in document.spans
        )
        kept = tuple(replace(span, region=region) for span, region in moved if region is not None)
        return (*kept, Span(shown.region, tr("{effect}, so far", effect=step.text), {}))

    def follow(self, document: Document, step: Step) -> None:
        """Show what the run that was just started finishes.

        Args:
            document: that it will change.
            step: how the history will tell it.
        """
        self._document, self._step, self._sound = document, step, document.sound

    def keep(self) -> None:
        """Put what was finished into the document, as one step that can be undone."""
        offer, document = self._offer, self._editor.document
        if offer is None or offer.document is not document or self._editor.runner.busy:
            return
        self._withdraw()
        done = offer.done
        self._editor.applying.take(
            offer.document, offer.step, Restored(done.before, done.after, done.region, offer.facts)
        )

    @Slot(str)
    def _on_started(self, _title: str) -> None:
        self._forget()
        self._withdraw()

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        # it loads scipy.signal, which the running effect has loaded by now
        from audiosr_desktop.effects.emerging import Emerging  # noqa: PLC0415

        if self._document is not None and isinstance(progress, Emerging):
            self._latest = progress
            if not self._timer.isActive():
                self._show()

    @Slot()
    def _show(self) -> None:
        editor, latest, old = self._editor, self._latest, self._shown
        if latest is None or latest is old or self._measuring or editor.document is not self._document:
            return
        self._shown, self._measuring = latest, True
        self._timer.start(SHOW_PLAYING_MS if editor.transport.playing else SHOW_MS)
        editor.timeline.set_sound(latest.after.length, latest.after.sample_rate)
        if self._document is not None and self._sound is not None and old is None:
            marks = moved_marks(self._document.marks, self._sound, latest.before, Region(0, 0))
            editor.timeline.set_marks(marks)
        heard = editor.transport.take if old is not None else TAKE_B
        editor.transport.set_sounds(latest.after, latest.before, heard=heard, growing=True)
        self.changed.emit()
        editor.measurements.measure_peaks(latest.after)
        if old is not None:
            editor.measurements.forget(old.after)

    @Slot(object)
    def _on_peaks(self, peaks: Peaks) -> None:
        if self._shown is not None and peaks.sound is self._shown.after:
            self._measuring = False
            if not self._timer.isActive():
                self._show()

    @Slot()
    def _on_document_changed(self) -> None:
        """Another document is shown, or the one that is worked on is shown again."""
        self._withdraw()
        self._shown, self._measuring = None, False
        if self._document is not None:
            self._timer.start(SHOW_MS)

    @Slot(object)
    def _on_ended(self, end: JobEnd) -> None:
        document, step, latest, sound = self._document, self._step, self._latest, self._sound
        was_shown = self._shown is not None
        self._forget()
        if document is None or document.sound is not sound or step is None:
            return  # its end is in the document
        if was_shown:
            self._editor.show_document()
            self.changed.emit()
        unfinished = end.cancelled or end.error is not None
        if unfinished and latest is not None and document is self._editor.document:
            whole = latest.chosen.length / latest.after.sample_rate
            told = tr(
                "Only the first {length} of {whole} were finished; the rest is as it was.",
                length=format_length(latest.region.length / latest.after.sample_rate),
                whole=format_length(whole),
            )
            facts = {**self._editor.catalogue.report, "warnings": [told]}
            done = replace(step, region=latest.region, elapsed_s=end.elapsed_s)
            self._offer = Offer(document, done, latest, facts)
            self.offer_changed.emit()

    def _forget(self) -> None:
        if self._shown is not None:
            self._editor.measurements.forget(self._shown.after)
        self._document = self._step = self._sound = self._latest = self._shown = None
        self._measuring = False
        self._timer.stop()

    @Slot()
    def _withdraw(self) -> None:
        if self._offer is not None:
            self._offer = None
            self.offer_changed.emit()
