"""TrackView: what waveform and spectrogram share: the time axis, selection, playhead, mouse and wheel."""

from dataclasses import dataclass
from enum import Enum

from PySide6.QtCore import QEvent, QPoint, QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import (
    QFontMetricsF,
    QMouseEvent,
    QNativeGestureEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.document import RestoredSpan
from audiosr_desktop.ui.theme import Theme, figures_font
from audiosr_desktop.ui.timeline import Timeline

LEFT_MARGIN = 58  # ruler of the vertical axis; the same for all views, so that their times line up
RIGHT_MARGIN = 50
EDGE_REACH = 5  # pixels from which an edge can be caught
CLICK_REACH = 3  # a press that moves less is a click
REDRAW_MS = 16
ZOOM_PER_NOTCH = 2.0**0.25


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
    anchor: Region | None = None


class TrackView(QWidget):
    """A picture of the sound over time. Subclasses paint it and say what its vertical axis means."""

    playhead_placed = Signal(int)  # a click chose this sample
    hovered = Signal(str)  # what lies under the pointer; empty when it left
    menu_wanted = Signal(QPoint)  # global position of a right click
    span_clicked = Signal(object)  # RestoredSpan

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.timeline = timeline
        self.theme = theme
        self.tool = Tool.TIME
        self.wheel_sensitivity = 1.0
        self._spans: tuple[RestoredSpan, ...] = ()
        self._badges: list[tuple[QRectF, RestoredSpan]] = []
        self._drag: _Drag | None = None
        self._playhead_x = 0.0
        self._hover: QPointF | None = None
        self._request_timer = QTimer(self)
        self._request_timer.setSingleShot(True)
        self._request_timer.setInterval(REDRAW_MS)
        self._request_timer.timeout.connect(self._on_request_due)
        self.setMouseTracking(True)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        timeline.view_changed.connect(self._on_view_changed)
        timeline.selection_changed.connect(self.update)
        timeline.playhead_changed.connect(self._on_playhead_changed)

    # what a subclass says

    def request_picture(self) -> None:
        """Ask for a picture of what is visible now, in the background."""
        raise NotImplementedError

    def paint_picture(self, painter: QPainter, area: QRectF) -> None:
        """Paint the newest picture into `area`."""
        raise NotImplementedError

    def paint_axis(self, painter: QPainter, area: QRectF) -> None:
        """Paint the rulers beside `area`."""
        raise NotImplementedError

    def paint_over(self, painter: QPainter, area: QRectF) -> None:
        """Paint what lies over picture and selection."""

    def describe(self, position: QPointF) -> str:
        """Return the readout for a place inside the area."""
        raise NotImplementedError

    def hz_at(self, y: float) -> float | None:
        """Return the frequency at a height; None where the vertical axis is no frequency."""
        return None

    def y_of_hz(self, hz: float, lane: int) -> float | None:
        """Return the height of a frequency in a lane."""
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

    # geometry

    def area(self) -> QRectF:
        """Return the part that the picture fills."""
        return QRectF(
            LEFT_MARGIN, 0, max(1, self.width() - LEFT_MARGIN - RIGHT_MARGIN), max(1, self.height())
        )

    def lane_rects(self) -> list[QRectF]:
        """Return the strips of the channels, top to bottom, with a gap between them."""
        area, count = self.area(), self.lane_count()
        gap = 3.0
        height = (area.height() - gap * (count - 1)) / count
        return [QRectF(area.left(), lane * (height + gap), area.width(), height) for lane in range(count)]

    def lane_count(self) -> int:
        """Return the number of lanes."""
        return 1

    def x_of(self, sample: float) -> float:
        """Return the pixel of a time."""
        area = self.area()
        return area.left() + self.timeline.x_of(sample, area.width())

    def sample_at(self, x: float) -> float:
        """Return the time at a pixel."""
        area = self.area()
        return self.timeline.sample_at(x - area.left(), area.width())

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 80)

    def sizeHint(self) -> QSize:
        return QSize(900, 260)

    # state

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.theme = theme
        self.refresh()

    def set_spans(self, spans: tuple[RestoredSpan, ...]) -> None:
        """Mark restored parts."""
        self._spans = spans
        self.update()

    def refresh(self) -> None:
        """Ask for a new picture soon; requests of one frame are joined."""
        if not self._request_timer.isActive():
            self._request_timer.start()
        self.update()

    @Slot()
    def _on_request_due(self) -> None:
        if self.isVisible() and self.timeline.length:
            self.request_picture()

    @Slot()
    def _on_view_changed(self) -> None:
        self.refresh()

    @Slot()
    def _on_playhead_changed(self) -> None:
        old, new = self._playhead_x, self.x_of(self.timeline.playhead)
        self._playhead_x = new
        for x in (old, new):  # only these two strips are painted again
            self.update(int(x) - 6, 0, 13, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.refresh()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Show:
            self.refresh()
        elif isinstance(event, QNativeGestureEvent):
            if event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture:
                self.timeline.zoom(1.0 + event.value(), self.sample_at(event.position().x()))
            return True
        return super().event(event)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(figures_font(self.font(), 0.88))
        area = self.area()
        painter.fillRect(event.rect(), self.theme.colour("window"))
        painter.fillRect(area, self.theme.colour("canvas"))
        if self.timeline.length:
            painter.save()
            painter.setClipRect(area)
            self.paint_picture(painter, area)
            self._paint_spans(painter, area)
            self._paint_selection(painter)
            self.paint_over(painter, area)
            self._paint_playhead(painter, area)
            painter.restore()
            self.paint_axis(painter, area)
        if self.hasFocus():
            painter.setPen(QPen(self.theme.colour("accent"), 1))
            painter.drawRect(area.adjusted(0, 0, -1, -1))
        painter.end()

    def _paint_spans(self, painter: QPainter, area: QRectF) -> None:
        self._badges = []
        metrics = QFontMetricsF(painter.font())
        for span in self._spans:
            left, right = self.x_of(span.region.start), self.x_of(span.region.stop)
            if right < area.left() or left > area.right():
                continue
            rect = QRectF(left, 0, max(1.0, right - left), area.height())
            self.paint_span(painter, rect, span)
            text = f"✓ {span.title}"
            width = metrics.horizontalAdvance(text) + 14
            seen = max(left, area.left())
            if min(right, area.right()) - seen > width + 8:
                badge = QRectF(seen + 4, 4, width, metrics.height() + 4)
                self.paint_badge(painter, badge, text)
                self._badges.append((badge, span))

    def paint_span(self, painter: QPainter, rect: QRectF, span: RestoredSpan) -> None:
        """Tint a restored part."""
        painter.fillRect(rect, self.theme.colour("restored", 24))
        painter.setPen(QPen(self.theme.colour("restored", 150), 1))
        painter.drawLine(rect.topLeft(), rect.bottomLeft())
        painter.drawLine(rect.topRight(), rect.bottomRight())

    def paint_badge(self, painter: QPainter, rect: QRectF, text: str) -> None:
        """Name a restored part."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.theme.colour("restored"), 1))
        painter.setBrush(self.theme.colour("window", 225))
        painter.drawRoundedRect(rect, 4, 4)
        painter.setPen(self.theme.colour("text"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_selection(self, painter: QPainter) -> None:
        selection = self.timeline.selection
        if selection is None:
            return
        left, right = self.x_of(selection.start), self.x_of(selection.stop)
        for lane, rect in enumerate(self.lane_rects()):
            top, bottom = rect.top(), rect.bottom()
            if selection.high_hz is not None and (y := self.y_of_hz(selection.high_hz, lane)) is not None:
                top = max(top, y)
            if selection.low_hz is not None and (y := self.y_of_hz(selection.low_hz, lane)) is not None:
                bottom = min(bottom, y)
            if bottom < top:
                continue
            box = QRectF(left, top, max(1.0, right - left), bottom - top)
            self.paint_selection_box(painter, box, rect)

    def paint_selection_box(self, painter: QPainter, box: QRectF, lane: QRectF) -> None:
        """Show the selected part of one lane."""
        painter.fillRect(box, self.theme.colour("selection", 46))
        painter.setPen(QPen(self.theme.colour("selection"), 1))
        painter.drawLine(box.topLeft(), box.bottomLeft())
        painter.drawLine(box.topRight(), box.bottomRight())

    def _paint_playhead(self, painter: QPainter, area: QRectF) -> None:
        x = round(self.x_of(self.timeline.playhead))
        self._playhead_x = x
        painter.setPen(QPen(self.theme.colour("playhead", 230), 1))
        painter.drawLine(QPointF(x, 0), QPointF(x, area.height()))

    # mouse

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        if not self.timeline.length or self._drag is not None:
            return
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_wanted.emit(event.globalPosition().toPoint())
            return
        grip = self._grip_at(position, event)
        if grip is not Grip.NOTHING:
            self._drag = _Drag(grip, position, position, anchor=self.timeline.selection)

    def _grip_at(self, position: QPointF, event: QMouseEvent) -> Grip:
        if event.button() == Qt.MouseButton.MiddleButton:
            return Grip.PAN
        if event.button() != Qt.MouseButton.LeftButton or not self.inside(position):
            return Grip.NOTHING
        span = next((span for badge, span in self._badges if badge.contains(position)), None)
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
        self._hover = position
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
        bound_low = low if low > nyquist * 0.004 else None
        bound_high = high if high < nyquist * 0.996 else None
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
            high = None if hz >= nyquist * 0.996 else max(hz, (low or 0.0) + 1.0)
        else:
            low = None if hz <= nyquist * 0.004 else min(hz, (high or nyquist) - 1.0)
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
        self._hover = None
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

    def inside(self, position: QPointF) -> bool:
        return self.area().contains(position)

    def lane_at(self, y: float) -> int:
        rects = self.lane_rects()
        return next((lane for lane, rect in enumerate(rects) if y <= rect.bottom() + 1), len(rects) - 1)

    def _held_in_lane(self, origin_y: float, y: float) -> float:
        """Keep a drag within the lane in which it began."""
        rect = self.lane_rects()[self.lane_at(origin_y)]
        return min(max(y, rect.top()), rect.bottom())


def _first(pair: tuple[float, Grip]) -> float:
    return pair[0]
