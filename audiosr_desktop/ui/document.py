"""Document: the present sound beside its undo history."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from audiosr_desktop.audio.files import FileInfo
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound


@dataclass(frozen=True, slots=True)
class RestoredSpan:
    """A part of the sound that an effect made.

    Attributes:
        region: where it lies.
        title: which effect.
        details: how it was made (model, seed, cutoff …), for the badge's tool tip.
    """

    region: Region
    title: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """What an undo command keeps: sounds share their samples, so this is small however long the sound is."""

    sound: Sound
    spans: tuple[RestoredSpan, ...] = ()


class EditCommand(QUndoCommand):
    """One edit: redo and undo hand the document the state after or before it."""

    def __init__(self, document: "Document", text: str, before: State, after: State, region: Region) -> None:
        super().__init__(text)
        self.before, self.after = before, after
        self.region = region
        self._document = document

    def redo(self) -> None:
        self._document.show_state(self.after, self.region)

    def undo(self) -> None:
        self._document.show_state(self.before, self.region)


class Document(QObject):
    """An opened sound and its history.

    Args:
        sound: as opened.
        info: the file it came from.
    """

    sound_changed = Signal(object)  # Region: where the sound differs; the whole of it when its length changed
    locked_changed = Signal(bool)

    def __init__(self, sound: Sound, info: FileInfo, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._state = State(sound)
        self.info = info
        self.undo_stack = QUndoStack(self)
        self._locked = False

    @property
    def sound(self) -> Sound:
        """The present sound."""
        return self._state.sound

    @property
    def spans(self) -> tuple[RestoredSpan, ...]:
        """The restored parts of the present sound, older first."""
        return self._state.spans

    @property
    def path(self) -> Path:
        """The file it came from."""
        return self.info.path

    @property
    def modified(self) -> bool:
        """Whether the sound differs from what was opened or last exported as a whole."""
        return not self.undo_stack.isClean()

    @property
    def locked(self) -> bool:
        """Whether an edit job runs, so that no edits are taken."""
        return self._locked

    def set_locked(self, locked: bool) -> None:
        """Refuse or take edits, undo and redo."""
        if locked != self._locked:
            self._locked = locked
            self.locked_changed.emit(locked)

    def last_edit(self) -> EditCommand | None:
        """Return the edit that made the present sound out of the one before it."""
        index = self.undo_stack.index()
        command = self.undo_stack.command(index - 1) if index > 0 else None
        return command if isinstance(command, EditCommand) else None

    def edit(self, text: str, sound: Sound, region: Region, span: RestoredSpan | None = None) -> None:
        """Make `sound` the present one, as one step that can be undone.

        Args:
            text: name of the step, "Restore".
            sound: the sound after the edit.
            region: where it differs from the present one.
            span: marks the region as restored.
        """
        assert not self._locked, "edits are taken only between jobs"
        spans = _moved(self.spans, self.sound, sound, region)
        after = State(sound, (*spans, span) if span is not None else spans)
        self.undo_stack.push(EditCommand(self, text, self._state, after, region))

    def show_state(self, state: State, region: Region) -> None:
        """Make `state` the present one; only undo commands call this."""
        before, self._state = self._state, state
        same_size = (before.sound.length, before.sound.sample_rate) == (
            state.sound.length,
            state.sound.sample_rate,
        )
        self.sound_changed.emit(region if same_size else Region(0, state.sound.length))


def _moved(
    spans: tuple[RestoredSpan, ...], before: Sound, after: Sound, region: Region
) -> tuple[RestoredSpan, ...]:
    """Return the spans where they lie after an edit; those that the edit took away are dropped."""
    if before.sample_rate != after.sample_rate:
        ratio = after.sample_rate / before.sample_rate
        return tuple(_placed(span, span.region.start * ratio, span.region.stop * ratio) for span in spans)
    change = after.length - before.length
    if not change:
        return spans
    kept = []
    for span in spans:
        start, stop = span.region.start, span.region.stop
        # what the edit replaced is no longer what the effect made
        new_start = start if start < region.start else max(start, region.stop) + change
        new_stop = stop + change if stop > region.stop else min(stop, region.start)
        if new_start < new_stop:
            kept.append(_placed(span, new_start, new_stop))
    return tuple(kept)


def _placed(span: RestoredSpan, start: float, stop: float) -> RestoredSpan:
    old = span.region
    return RestoredSpan(Region(round(start), round(stop), old.low_hz, old.high_hz), span.title, span.details)
