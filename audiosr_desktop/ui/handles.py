"""Handles that keys move: what lines, borders and scrolling strips have in common without a mouse."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from PySide6.QtCore import QEvent, Qt, Signal, Slot
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPaintEvent, QShowEvent
from PySide6.QtWidgets import QAbstractSlider, QSplitter, QSplitterHandle, QWidget

from audiosr_desktop.ui.language import tr

_DIRECTIONS = {
    Qt.Key.Key_Left: -1,
    Qt.Key.Key_Up: -1,
    Qt.Key.Key_PageUp: -1,
    Qt.Key.Key_Home: -1,
    Qt.Key.Key_Right: 1,
    Qt.Key.Key_Down: 1,
    Qt.Key.Key_PageDown: 1,
    Qt.Key.Key_End: 1,
}
_PAGES = (Qt.Key.Key_PageUp, Qt.Key.Key_PageDown)
_ENDS = (Qt.Key.Key_Home, Qt.Key.Key_End)
_UPRIGHT = (Qt.Key.Key_Up, Qt.Key.Key_Down, *_PAGES)


class Stride(Enum):
    """How far a key moves."""

    STEP = auto()
    FINE = auto()
    PAGE = auto()
    END = auto()


BORDER_PX = {Stride.STEP: 16, Stride.FINE: 1, Stride.PAGE: 96, Stride.END: 1 << 15}  # between panes


@dataclass(frozen=True, slots=True)
class Move:
    """What a key asks for.

    Attributes:
        stride: how far.
        direction: -1 to the left or up, 1 to the right or down.
        upright: whether the key is one of those that point up or down.
    """

    stride: Stride
    direction: int
    upright: bool


def move_of(event: QKeyEvent) -> Move | None:
    """Return what a key asks for: arrows, with Shift finely, Page up and down, Home and End."""
    held = event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
    shift = held == Qt.KeyboardModifier.ShiftModifier
    direction = _DIRECTIONS.get(Qt.Key(event.key()))
    if direction is None or not (shift or held == Qt.KeyboardModifier.NoModifier):
        return None
    if event.key() in _ENDS:
        stride = Stride.END
    elif event.key() in _PAGES:
        stride = Stride.PAGE
    else:
        stride = Stride.FINE if shift else Stride.STEP
    return Move(stride, direction, event.key() in _UPRIGHT)


def takes_key(event: QEvent) -> bool:
    """Return whether a handle takes a key that is a shortcut of the views elsewhere."""
    if event.type() != QEvent.Type.ShortcutOverride or not isinstance(event, QKeyEvent):
        return False
    wanted = move_of(event) is not None
    if wanted:
        event.accept()
    return wanted


def _answered(event: QKeyEvent, go: Callable[[Move], None]) -> bool:
    """Move as a key asks; return whether it asks for a move."""
    wanted = move_of(event)
    if wanted is None:
        event.ignore()
        return False
    go(wanted)
    return True


class Handle(QAbstractSlider):
    """A slider by role and value, painted by subclasses; Tab reaches it, a click leaves the focus as it is.

    Args:
        orientation: of the way that it moves.
        parent: what it lies on.
    """

    moved = Signal()  # by the user

    def __init__(self, orientation: Qt.Orientation, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setOrientation(orientation)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)

    def go(self, wanted: Move) -> None:
        """Move as a key asks."""
        raise NotImplementedError

    def event(self, event: QEvent) -> bool:
        return takes_key(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if _answered(event, self.go):
            self.moved.emit()


class KeySplitter(QSplitter):
    """A splitter whose borders have the focus and follow the arrows."""

    def createHandle(self) -> QSplitterHandle:
        return _Border(self.orientation(), self)


class _Border(QSplitterHandle):
    """The border between two parts of a splitter."""

    def __init__(self, orientation: Qt.Orientation, parent: QSplitter) -> None:
        super().__init__(orientation, parent)
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.setWhatsThis(tr("Divides two panes: drag it, or move it with the arrows."))
        parent.splitterMoved.connect(self._describe)

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._describe()

    @Slot()
    def _describe(self) -> None:
        """Name the border after what it divides, and say how much the first part has."""
        splitter, place = self.splitter(), self.splitter().indexOf(self)
        if place < 1:
            return
        parts = [splitter.widget(place + by) for by in (-1, 0)]
        first, second = (part.accessibleName() if part is not None else "" for part in parts)
        self.setAccessibleName(tr("Border between {first} and {second}", first=first, second=second))
        sizes = splitter.sizes()
        share = round(100 * sizes[place - 1] / max(1, sizes[place - 1] + sizes[place]))
        self.setAccessibleDescription(tr("{first}: {share} %", first=first, share=share))

    def event(self, event: QEvent) -> bool:
        return takes_key(event) or super().event(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        _answered(event, self._go)

    def _go(self, wanted: Move) -> None:
        splitter = self.splitter()
        place = splitter.indexOf(self)
        here = sum(splitter.sizes()[:place]) + splitter.handleWidth() * (place - 1)
        self.moveSplitter(here + wanted.direction * BORDER_PX[wanted.stride])

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if self.hasFocus():
            painter = QPainter(self)
            painter.fillRect(self.rect(), ring_colour(self))
            painter.end()


def ring_colour(widget: QWidget) -> QColor:
    """Return the colour of the ring around what has the focus; the themes have one for it and for links."""
    return widget.palette().link().color()
