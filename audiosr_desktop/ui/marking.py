"""Marking: markers and regions of the document that is shown, by keys and from their panel."""

from dataclasses import replace

from PySide6.QtCore import QObject

from audiosr_desktop.audio.markers import Mark, edges
from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.language import tr


class Marking(QObject):
    """Every change is a step that can be undone."""

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor

    def add(self) -> None:
        """Mark the playhead, or save the selection as a region."""
        document = self._editor.document
        if document is None or document.locked:
            return
        selection, at = self._editor.timeline.selection, self._editor.timeline.playhead
        kind = tr("Marker") if selection is None else tr("Region")
        taken = {mark.name for mark in document.marks}
        name = next(word for n in range(1, len(taken) + 2) if (word := f"{kind} {n}") not in taken)
        mark = Mark(selection or Region(at, at), name)
        document.edit_marks(
            tr(
                "Add marker",
            )
            if selection is None
            else tr("Add region"),
            (*document.marks, mark),
        )

    def rename(self, mark: Mark, name: str) -> None:
        """Give a mark another name."""
        self._replace(tr("Rename"), mark, replace(mark, name=name))

    def remove(self, mark: Mark) -> None:
        """Take a mark away."""
        self._replace(tr("Delete marker") if mark.is_point else tr("Delete region"), mark, None)

    def go_to(self, mark: Mark) -> None:
        """Move the playhead to a mark; a region is selected."""
        timeline = self._editor.timeline
        if not mark.is_point:
            timeline.pick(mark.region.channels)
        timeline.select(None if mark.is_point else mark.region)
        self._seek(mark.region.start)

    def to_next(self) -> None:
        """Move the playhead to the next mark, or to the end."""
        at = self._editor.timeline.playhead
        self._seek(min((place for place in self._edges() if place > at), default=at))

    def to_previous(self) -> None:
        """Move the playhead to the mark before, or to the start."""
        at = self._editor.timeline.playhead
        self._seek(max((place for place in self._edges() if place < at), default=at))

    def _edges(self) -> list[int]:
        document = self._editor.document
        return edges(document.marks, document.sound.length) if document is not None else []

    def _seek(self, sample: int) -> None:
        self._editor.transport.seek(sample)
        timeline = self._editor.timeline
        if not timeline.start <= sample <= timeline.stop:
            timeline.page_to(sample)

    def _replace(self, text: str, old: Mark, new: Mark | None) -> None:
        document = self._editor.document
        if document is not None and not document.locked and old in document.marks and new != old:
            rest = list(document.marks)
            rest.remove(old)
            document.edit_marks(text, (*rest, new) if new is not None else tuple(rest))
