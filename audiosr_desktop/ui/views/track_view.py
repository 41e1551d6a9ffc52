"""TrackView: what waveform and spectrogram share under the mouse: selecting, zooming, scrolling."""

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QMouseEvent, QNativeGestureEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.theme import Theme
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.track_canvas import TrackCanvas

EDGE_REACH = 5  # pixels from which an edge can be caught
CLICK_REACH = 3  # a press that moves less is a click
ZOOM_PER_NOTCH = 2.0**0.25
NO_BOUND = 0.004  # of the band: a bound dragged this near to its end is none


class Tool(Enum):
    """What dragging does."""

    HAND = "hand"
    TIME = "time"
    TIME_FREQUENCY = "time_frequency"
    FREQUENCY = "frequency"


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


@dataclass(slots=True)
class _Drag:
    grip: Grip
    origin: QPointF
    last: QPointF
    moved: bool = False


class TrackView(TrackCanvas):
    """A picture of the sound to select, zoom and scroll in; subclasses say what its height means."""

    playhead_placed = Signal(int)  # a click chose this sample
    hovered = Signal(str)  # what lies under the pointer; empty when it left
    menu_wanted = Signal(QPoint)  # global position of a right click
    span_clicked = Signal(object)  # RestoredSpan
    scrolled = Signal()  # by the user

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(timeline, theme, parent)
        self.tool = Tool.TIME
        self.wheel_sensitivity = 1.0
        self._drag: _Drag | None = None
        self.setMouseTracking(True)

    # what a subclass says

    def describe(self, position: QPointF) -> str:
        """Return the readout for a place inside the area."""
        raise NotImplementedError

    def hz_at(self, y: float) -> float | None:
        """Return the frequency at a height; None where the vertical axis is no frequency."""
        return None

    def zoom_vertically(self, factor: float, y: float) -> None:
        """Zoom the vertical axis about a height."""

    def scroll_vertically(self, pixels: float) -> None:
        """Scroll the vertical axis."""

    def grab_other(self, position: QPointF) -> bool:
        """Return whether a handle of the subclass's own lies here."""
        return False

    def drag_other(self, position: QPointF) -> None:
        """Move that handle."""

    # mouse

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.timeline.zoom(1.0 + event.value(), self.sample_at(event.position().x()))
            return True
        return super().event(event)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if not self.timeline.length or self._drag is not None:
            return
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_wanted.emit(event.globalPosition().toPoint())
            return
        grip = self._grip_at(position, event)
        if grip is not Grip.NOTHING:
            self._drag = _Drag(grip, position, position)

    def _grip_at(self, position: QPointF, event: QMouseEvent) -> Grip:
        if event.button() == Qt.MouseButton.MiddleButton:
            return Grip.PAN
        if event.button() != Qt.MouseButton.LeftButton or not self.inside(position):
            return Grip.NOTHING
        span = next((span for badge, span in self.badges if badge.contains(position)), None)
        if span is not None:
            self.span_clicked.emit(span)
            return Grip.NOTHING
        if self.tool is Tool.HAND or self.grab_other(position):
            return Grip.PAN if self.tool is Tool.HAND else Grip.OTHER
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            return self._extend_to(round(self.sample_at(position.x())))
        edge = self.edge_at(position)
        return Grip.SELECT if edge is Grip.NOTHING else edge

    def _extend_to(self, sample: int) -> Grip:
        """Move the nearest edge to `sample`; without a selection make one from the playhead."""
        selection, playhead = self.timeline.selection, self.timeline.playhead
        if selection is None:
            start, stop = sorted((playhead, max(0, sample)))
            self.timeline.select(Region(start, stop))
            return Grip.LEFT if sample < playhead else Grip.RIGHT
        left = abs(sample - selection.start) < abs(sample - selection.stop)
        grip = Grip.LEFT if left else Grip.RIGHT
        self._move_edge(grip, sample)
        return grip

    def edge_at(self, position: QPointF) -> Grip:
        """Return which edge of the selection can be caught here."""
        selection = self.timeline.selection
        if selection is None or self.tool is Tool.HAND:
            return Grip.NOTHING
        lane = self.lane_at(position.y())
        left, right = self.x_of(selection.start), self.x_of(selection.stop)
        high = self.y_of_hz(selection.high_hz, lane) if selection.high_hz is not None else None
        low = self.y_of_hz(selection.low_hz, lane) if selection.low_hz is not None else None
        rect = self.lane_rects()[lane]
        top = rect.top() if high is None else high
        bottom = rect.bottom() if low is None else low
        if top - EDGE_REACH <= position.y() <= bottom + EDGE_REACH:
            nearest = min(
                (abs(position.x() - left), Grip.LEFT), (abs(position.x() - right), Grip.RIGHT), key=_first
            )
            if nearest[0] <= EDGE_REACH:
                return nearest[1]
        if left <= position.x() <= right:
            if high is not None and abs(position.y() - high) <= EDGE_REACH:
                return Grip.HIGH
            if low is not None and abs(position.y() - low) <= EDGE_REACH:
                return Grip.LOW
        return Grip.NOTHING

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        drag = self._drag
        if drag is None:
            self._show_cursor(position)
        else:
            far = (position - drag.origin).manhattanLength() >= CLICK_REACH
            if far or drag.moved or drag.grip is Grip.OTHER:
                drag.moved = True
                self._drag_to(drag, position)
            drag.last = position
        self.hovered.emit(self.describe(position) if self.inside(position) and self.timeline.length else "")

    def _drag_to(self, drag: _Drag, position: QPointF) -> None:
        if drag.grip is Grip.PAN:
            area = self.area()
            self.scrolled.emit()
            self.timeline.scroll((drag.last.x() - position.x()) * self.timeline.span / area.width())
            self.scroll_vertically(position.y() - drag.last.y())
        elif drag.grip is Grip.OTHER:
            self.drag_other(position)
        elif drag.grip is Grip.SELECT:
            self.timeline.select(self._dragged_region(drag.origin, position))
        elif drag.grip in (Grip.LEFT, Grip.RIGHT):
            self._move_edge(drag.grip, round(self.sample_at(position.x())))
        else:
            self._move_bound(drag, position.y())

    def _dragged_region(self, origin: QPointF, position: QPointF) -> Region:
        start, stop = sorted(max(0, round(self.sample_at(x))) for x in (origin.x(), position.x()))
        first_hz = self.hz_at(origin.y())
        if first_hz is None or self.tool is Tool.TIME:
            return Region(start, stop)
        if self.tool is Tool.FREQUENCY:
            start, stop = 0, self.timeline.length
        last_hz = self.hz_at(self._held_in_lane(origin.y(), position.y()))
        low, high = sorted((first_hz, first_hz if last_hz is None else last_hz))
        nyquist = self.timeline.sample_rate / 2
        # a bound dragged to the top or bottom means "no bound"
        bound_low = low if low > nyquist * NO_BOUND else None
        bound_high = high if high < nyquist * (1 - NO_BOUND) else None
        if bound_low is not None and bound_high is not None and bound_high - bound_low < 1.0:
            bound_high = bound_low + 1.0
        return Region(start, stop, bound_low, bound_high)

    def _move_edge(self, grip: Grip, sample: int) -> None:
        selection = self.timeline.selection
        if selection is None:
            return
        sample = min(max(0, sample), self.timeline.length)
        fixed = selection.stop if grip is Grip.LEFT else selection.start
        if self._drag is not None and sample > fixed and grip is Grip.LEFT:
            self._drag.grip = Grip.RIGHT  # the edge was dragged over the other one
        elif self._drag is not None and sample < fixed and grip is Grip.RIGHT:
            self._drag.grip = Grip.LEFT
        start, stop = sorted((fixed, sample))
        if start < stop:
            self.timeline.select(Region(start, stop, selection.low_hz, selection.high_hz))

    def _move_bound(self, drag: _Drag, y: float) -> None:
        selection = self.timeline.selection
        hz = self.hz_at(self._held_in_lane(drag.origin.y(), y))
        if selection is None or hz is None:
            return
        nyquist = self.timeline.sample_rate / 2
        low, high = selection.low_hz, selection.high_hz
        if drag.grip is Grip.HIGH:
            high = None if hz >= nyquist * (1 - NO_BOUND) else max(hz, (low or 0.0) + 1.0)
        else:
            low = None if hz <= nyquist * NO_BOUND else min(hz, (high or nyquist) - 1.0)
        self.timeline.select(Region(selection.start, selection.stop, low, high))

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag, self._drag = self._drag, None
        if drag is None:
            return
        if not drag.moved and drag.grip is Grip.SELECT:
            self.timeline.select(None)
            self.playhead_placed.emit(
                min(self.timeline.length, max(0, round(self.sample_at(drag.origin.x()))))
            )
        elif drag.moved and drag.grip is Grip.SELECT and (selection := self.timeline.selection) is not None:
            self.playhead_placed.emit(selection.start)
        self._show_cursor(event.position())

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        if event.button() == Qt.MouseButton.LeftButton and self.inside(event.position()):
            self.timeline.select(Region(0, self.timeline.length))

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit("")

    def _show_cursor(self, position: QPointF) -> None:
        shapes = {
            Grip.LEFT: Qt.CursorShape.SizeHorCursor,
            Grip.RIGHT: Qt.CursorShape.SizeHorCursor,
            Grip.LOW: Qt.CursorShape.SizeVerCursor,
            Grip.HIGH: Qt.CursorShape.SizeVerCursor,
        }
        if not self.inside(position):
            self.unsetCursor()
        elif self.grab_other(position):
            self.setCursor(Qt.CursorShape.SizeVerCursor)
        elif self.tool is Tool.HAND:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        else:
            self.setCursor(shapes.get(self.edge_at(position), Qt.CursorShape.IBeamCursor))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.timeline.length:
            return
        event.accept()
        self.scrolled.emit()
        position, pixels, angle = event.position(), event.pixelDelta(), event.angleDelta()
        modifiers = event.modifiers()
        per_pixel = self.timeline.span / self.area().width()
        if not pixels.isNull() and event.phase() != Qt.ScrollPhase.NoScrollPhase:  # a trackpad pans
            self.timeline.scroll(-pixels.x() * per_pixel)
            self.scroll_vertically(pixels.y())
            return
        notches = (angle.y() or angle.x()) / 120.0  # Alt turns the wheel sideways on some systems
        factor = ZOOM_PER_NOTCH ** (notches * self.wheel_sensitivity)
        if modifiers & Qt.KeyboardModifier.AltModifier or not self.inside(position):
            self.zoom_vertically(factor, position.y())
        elif modifiers & Qt.KeyboardModifier.ShiftModifier or not angle.y():
            self.timeline.scroll(-notches * self.timeline.span / 12)
        else:
            self.timeline.zoom(factor, self.sample_at(position.x()))

    def _held_in_lane(self, origin_y: float, y: float) -> float:
        """Keep a drag within the lane in which it began."""
        rect = self.lane_rects()[self.lane_at(origin_y)]
        return min(max(y, rect.top()), rect.bottom())


def _first(pair: tuple[float, Grip]) -> float:
    return pair[0]
