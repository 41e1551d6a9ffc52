"""EdgeScroll: goes on scrolling while a drag is held beyond the left or right edge of what is visible."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

_TICK_MS = 30
_SHARE = 0.2  # of the distance from the edge, each time
_FASTEST_PX = 60.0


class EdgeScroll(QObject):
    """Scrolls the faster the farther the mouse is away.

    Args:
        scroll: moves the picture by so many pixels, to the right where they are positive.
    """

    def __init__(self, scroll: Callable[[float], None], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._scroll = scroll
        self._pixels = 0.0
        self._timer = QTimer(self)
        self._timer.setInterval(_TICK_MS)
        self._timer.timeout.connect(self._on_tick)

    def hold(self, beyond: float) -> None:
        """Note how many pixels the mouse is beyond an edge, negative at the left; 0 ends the scrolling."""
        self._pixels = min(max(_SHARE * beyond, -_FASTEST_PX), _FASTEST_PX)
        if not beyond:
            self._timer.stop()
        elif not self._timer.isActive():
            self._timer.start()

    @Slot()
    def _on_tick(self) -> None:
        self._scroll(self._pixels)
