"""Tools: what dragging in a view does, and what the mouse holds."""

from dataclasses import dataclass, field
from enum import Enum

from PySide6.QtCore import QPointF, Qt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import Combine


class Tool(Enum):
    """What dragging does."""

    HAND = "hand"
    TIME = "time"
    TIME_FREQUENCY = "time_frequency"
    FREQUENCY = "frequency"
    LASSO = "lasso"
    BRUSH = "brush"
    WAND = "wand"


FREE_TOOLS = frozenset({Tool.LASSO, Tool.BRUSH, Tool.WAND})  # their shapes are no rectangles


class Grip(Enum):
    """What the mouse holds."""

    NOTHING = 0
    SELECT = 1
    LEFT = 2
    RIGHT = 3
    LOW = 4
    HIGH = 5
    PAN = 6
    OTHER = 7
    CENTRE = 8
    SCRUB = 9


@dataclass(slots=True)
class Drag:
    """A drag from press to release.

    Attributes:
        grip: what is held.
        origin: where it began.
        began: the sample there; the view may scroll or zoom meanwhile.
        last: where the mouse was at the last event.
        how: what the new shape does with the selection.
        points: the way of a free shape.
        draft: the new shape while it waits to be put together with the selection.
        moved: whether it is more than a click.
        button: what holds it; another one does not end it.
        place: where the mouse was, held within what is visible.
    """

    grip: Grip
    origin: QPointF
    last: QPointF
    began: int = 0
    how: Combine = Combine.REPLACE
    points: list[QPointF] = field(default_factory=list)
    draft: Region | None = None
    moved: bool = False
    button: Qt.MouseButton = Qt.MouseButton.LeftButton
    place: QPointF = field(default_factory=QPointF)


def combine_of(modifiers: Qt.KeyboardModifier) -> Combine:
    """Return what a shape does with the selection while these keys are held."""
    shift = bool(modifiers & Qt.KeyboardModifier.ShiftModifier)
    alt = bool(modifiers & Qt.KeyboardModifier.AltModifier)
    if shift and alt:
        return Combine.INTERSECT
    if shift:
        return Combine.ADD
    return Combine.SUBTRACT if alt else Combine.REPLACE
