"""ShapeMaker: selections of any shape, computed in the background while their outline is shown."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import combined
from audiosr_desktop.ui.tile_loader import TileLoader
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.tools import Drag

Shape = Callable[[], Region | None]  # it runs in a thread, and reads nothing that changes


@dataclass(frozen=True, slots=True)
class _Made:
    region: Region | None


class ShapeMaker(QObject):
    """Makes what was drawn last the selection; another selection, or another sound, makes it forget that.

    Args:
        timeline: whose selection it is.
    """

    selected = Signal()  # what was drawn is the selection
    changed = Signal()  # there is another outline to show, or none

    def __init__(self, timeline: Timeline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timeline = timeline
        self._number = 0
        self.drag: Drag | None = None  # what is computed now
        self.loader = TileLoader(self)
        self.loader.loaded.connect(self._on_made)
        self.loader.failed.connect(self.forget)
        timeline.selection_changed.connect(self.forget)

    def make(self, drag: Drag, shape: Shape) -> None:
        """Compute a shape and what it is together with the selection."""
        selection, sample_rate = self._timeline.selection, self._timeline.sample_rate

        def made() -> Iterator[_Made]:
            yield _Made(combined(selection, shape(), drag.how, sample_rate))

        self.drag = drag
        self._number = self.loader.load(made())
        self.changed.emit()

    @Slot()
    def forget(self) -> None:
        """Leave what is computed now aside."""
        if self.drag is not None:
            self.drag = None
            self.changed.emit()

    @Slot(int, object)
    def _on_made(self, number: int, made: _Made) -> None:
        if self.drag is not None and number == self._number:
            self.forget()
            self._timeline.select(made.region)
            self.selected.emit()
