"""Document: the present sound beside its undo history."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

from PySide6.QtCore import QObject, QSignalBlocker, Signal
from PySide6.QtGui import QUndoCommand, QUndoStack

from audiosr_desktop.audio.files import FileInfo
from audiosr_desktop.audio.history import History, Space, Span, State, Step
from audiosr_desktop.audio.markers import Mark, in_order, moved_marks, moved_region
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.takes import TakeSet
from audiosr_desktop.ui.timeline import TimelineView

RestoredSpan: TypeAlias = Span


class EditCommand(QUndoCommand):
    """One edit: redo and undo hand the document the state after or before it."""

    def __init__(self, document: "Document", step: Step, before: State, after: State) -> None:
        super().__init__(step.text)
        self.step, self.before, self.after = step, before, after
        self._document = document

    @property
    def concerns_a_part(self) -> bool:
        """Whether it replaced a part of the sound, and neither all of it nor marks alone."""
        before, after, region = self.before.sound, self.after.sound, self.step.region
        all_of_it = region.start == 0 and region.stop == before.length and region.channels is None
        if before is after or before.sample_rate != after.sample_rate:
            return False
        return before.length != after.length or region.has_band or not all_of_it

    @property
    def result(self) -> Region | None:
        """What stands in place of the part, in samples of the sound after it; None where nothing does."""
        region, length = self.step.region, self.after.sound.length
        change = length - self.before.sound.length
        if not change:
            return region
        stop = region.stop + change
        trimmed = length == region.length  # the rest was taken out
        return Region(region.start, stop) if stop > region.start and not trimmed else None

    def redo(self) -> None:
        self._document.show_state(self.after, self.step.region)

    def undo(self) -> None:
        self._document.show_state(self.before, self.step.region)


class Document(QObject):
    """An opened sound and its history.

    Args:
        history: its states; a sound just opened has only one.
        info: the file it came from.
        project_path: the project it is saved in, if it is.
    """

    sound_changed = Signal(object)  # Region: where the sound differs; the whole of it when its length changed
    marks_changed = Signal()
    locked_changed = Signal(bool)
    takes_changed = Signal()
    travelled = Signal(object, bool)  # EditCommand that was crossed last; whether it was undone
    saved_as = Signal()  # its name or its saved state is another one

    def __init__(
        self,
        history: History | Sound,
        info: FileInfo,
        parent: QObject | None = None,
        *,
        project_path: Path | None = None,
    ) -> None:
        super().__init__(parent)
        known = history if isinstance(history, History) else History(State(history))
        self._base = self._state = known.base
        self.info = info
        self.project_path = project_path
        self.self_contained = False  # whether its project holds the samples of its sources
        self.view: TimelineView | None = None  # what was seen when another document was last shown
        self._takes: tuple[TakeSet, ...] = ()
        self.undo_stack = QUndoStack(self)
        self._commands: list[EditCommand] = []  # as far as they are known; see `commands`
        self._space = Space()
        self._locked = False
        self._fill_stack(known)

    def _fill_stack(self, known: History) -> None:
        for step, after in known.steps:
            self.undo_stack.push(EditCommand(self, step, self._state, after))
        if 0 <= known.clean <= len(known.steps):
            self.undo_stack.setIndex(known.clean)
            self.undo_stack.setClean()
        else:
            self.undo_stack.resetClean()
        self.undo_stack.setIndex(known.index)

    @property
    def sound(self) -> Sound:
        """The present sound."""
        return self._state.sound

    @property
    def spans(self) -> tuple[Span, ...]:
        """The restored parts of the present sound, older first."""
        return self._state.spans

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Markers and regions of the present sound, by time."""
        return self._state.marks

    @property
    def takes(self) -> tuple[TakeSet, ...]:
        """Versions of regions that were restored, a set for each."""
        return self._takes

    def set_takes(self, takes: Iterable[TakeSet]) -> None:
        """Keep other takes; comparing them is no edit."""
        self._takes = tuple(takes)
        self.takes_changed.emit()

    def reachable_takes(self) -> tuple[TakeSet, ...]:
        """Return the takes that undo and redo can come to; an edit after an undo leaves others behind."""
        states = list(self.history().states())
        return tuple(takes for takes in self._takes if takes.belongs_to(states))

    @property
    def path(self) -> Path:
        """The project, or the file it came from while there is none."""
        return self.project_path or self.info.path

    @property
    def modified(self) -> bool:
        """Whether the sound differs from what was opened, saved, or last exported as a whole."""
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

    def commands(self) -> list[EditCommand]:
        """Return all edits, undone ones too."""
        stack, known = self.undo_stack, self._commands
        # asking the stack for thousands takes time, and it changes at its end only
        while known and (len(known) > stack.count() or stack.command(len(known) - 1) is not known[-1]):
            known.pop()
        for index in range(len(known), stack.count()):
            command = stack.command(index)
            assert isinstance(command, EditCommand), "nothing else is put there"
            known.append(command)
        return list(known)

    def space_bytes(self) -> list[int]:
        """Return what each state holds beyond the states before it, in bytes."""
        return self._space.of(self.history())

    def last_edit(self) -> EditCommand | None:
        """Return the edit that made the present sound out of the one before it."""
        index = self.undo_stack.index()
        return next(
            (c for c in reversed(self.commands()[:index]) if c.after.sound is not c.before.sound), None
        )

    def step_of(self, span: Span) -> int | None:
        """Return which state, counted from the one that was opened, first had a restored part."""

        def made(command: EditCommand) -> bool:
            return any((one.title, one.details) == (span.title, span.details) for one in command.after.spans)

        return next((place for place, command in enumerate(self.commands(), 1) if made(command)), None)

    def go_to(self, place: int) -> None:
        """Show a state of the history, by undo or redo; not while a job runs."""
        before = self.undo_stack.index()
        if self._locked or not 0 <= place <= self.undo_stack.count() or place == before:
            return
        self.undo_stack.setIndex(place)
        crossed = self.undo_stack.command(place if place < before else place - 1)
        self.travelled.emit(crossed, place < before)

    def history(self) -> History:
        """Return all states as values, for saving."""
        steps = tuple((command.step, command.after) for command in self.commands())
        return History(self._base, steps, self.undo_stack.index(), self.undo_stack.cleanIndex())

    def edit(
        self, text: str, sound: Sound, region: Region, span: Span | None = None, *, step: Step | None = None
    ) -> None:
        """Make `sound` the present one, as one step that can be undone.

        Args:
            text: name of the step, "Restore".
            sound: the sound after the edit.
            region: where it differs from the present one, in samples of the present one.
            span: marks the region as restored.
            step: which effect made it, with what values; its text and region are those given here.
        """
        known = replace(step, text=text, region=region) if step is not None else Step(text, region)
        self.edit_in_stages(known, [(sound, region)], span)

    def edit_in_stages(
        self, step: Step, stages: Sequence[tuple[Sound, Region]], span: Span | None = None
    ) -> None:
        """Make several changes as one step.

        Args:
            step: how the history tells it.
            stages: the sound after each change, and what the change replaced, in samples of the sound before.
            span: marks a region of the last sound as restored.
        """
        assert not self._locked, "edits are taken only between jobs"
        before = state = self._state
        for sound, region in stages:
            spans = tuple(
                replace(old, region=moved)
                for old in state.spans
                if (moved := moved_region(old.region, state.sound, sound, region)) is not None
            )
            state = State(sound, spans, moved_marks(state.marks, state.sound, sound, region))
        if span is not None:
            state = replace(state, spans=(*state.spans, span))
        self.undo_stack.push(EditCommand(self, step, before, state))

    def forget_oldest(self, count: int) -> None:
        """Make the state after the first `count` steps the one that undo goes back to at most."""
        old = self.history()
        clean = old.clean - count if old.clean >= count else -1
        known = History(old.steps[count - 1][1], old.steps[count:], old.index - count, clean)
        with QSignalBlocker(self), QSignalBlocker(self.undo_stack):  # what is shown stays as it is
            self.undo_stack.clear()
            self._base = self._state = known.base
            self._fill_stack(known)
        self.undo_stack.indexChanged.emit(self.undo_stack.index())
        self.undo_stack.cleanChanged.emit(self.undo_stack.isClean())

    def edit_marks(self, text: str, marks: tuple[Mark, ...]) -> None:
        """Change the markers and regions, as one step that can be undone."""
        after = replace(self._state, marks=in_order(marks))
        self.undo_stack.push(EditCommand(self, Step(text, Region(0, 0)), self._state, after))

    def set_saved(self, project_path: Path | None = None) -> None:
        """Take the present state for the saved one; in a project when its path is given."""
        self.project_path = project_path or self.project_path
        self.undo_stack.setClean()
        self.saved_as.emit()

    def show_state(self, state: State, region: Region) -> None:
        """Make `state` the present one; only undo commands call this."""
        before, self._state = self._state, state
        if state.sound is not before.sound:
            same_size = (before.sound.length, before.sound.sample_rate, before.sound.channels) == (
                state.sound.length,
                state.sound.sample_rate,
                state.sound.channels,
            )
            self.sound_changed.emit(region if same_size else Region(0, state.sound.length))
        if state.marks != before.marks:
            self.marks_changed.emit()
