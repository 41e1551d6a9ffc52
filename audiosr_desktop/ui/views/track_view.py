"""TrackView: what waveform and spectrogram share under the mouse: selecting, zooming, scrolling."""

from PySide6.QtCore import QEvent, QPoint, QPointF, Qt, Signal
from PySide6.QtGui import QContextMenuEvent, QMouseEvent, QWheelEvent
from PySide6.QtWidgets import QWidget

from audiosr_desktop.audio.selection import Combine
from audiosr_desktop.ui.theme import Theme
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.edge_scroll import EdgeScroll
from audiosr_desktop.ui.views.selecting import SelectingCanvas
from audiosr_desktop.ui.views.tools import FREE_TOOLS, Drag, Grip, Tool, combine_of
from audiosr_desktop.ui.views.wheels import ZOOM_PER_NOTCH, is_pan, notches_of, pinched, turn_time

CLICK_REACH = 3  # a press that moves less is a click
_NO_KEY = Qt.KeyboardModifier.NoModifier
_ALONG_TIME = (Grip.SELECT, Grip.LEFT, Grip.RIGHT, Grip.SCRUB)


class TrackView(SelectingCanvas):
    """A picture of the sound to select, zoom and scroll in; subclasses say what its height means."""

    playhead_placed = Signal(int)  # a click chose this sample
    hovered = Signal(str)  # what lies under the pointer; empty when it left
    menu_wanted = Signal(QPoint)  # global position of a right click
    span_clicked = Signal(object)  # RestoredSpan
    callout_clicked = Signal(object)  # Callout
    scrolled = Signal()  # by the user
    scrubbed = Signal(int)  # Ctrl and a drag are over this sample

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(timeline, theme, parent)
        self.wheel_sensitivity = 1.0
        self._edge_scroll = EdgeScroll(self._scroll_at_edge, self)
        self.setMouseTracking(True)

    # what a subclass says

    def describe(self, position: QPointF) -> str:
        """Return the readout for a place inside the area."""
        raise NotImplementedError

    def zoom_vertically(self, factor: float, y: float) -> None:
        """Zoom the vertical axis about a height."""

    def scroll_vertically(self, pixels: float) -> None:
        """Scroll the vertical axis."""

    def scroll_by_height(self, part: float) -> None:
        """Scroll the vertical axis up by a part of what is visible."""
        self.scroll_vertically(part * self.lane_rects()[0].height())

    def middle_of_height(self) -> float:
        """Return the height about which keys zoom: the middle of the selected band where it is seen."""
        selection, rect = self.timeline.selection, self.lane_rects()[0]
        if selection is None or selection.low_hz is None or selection.high_hz is None:
            return rect.center().y()
        y = self.y_of_hz((selection.low_hz + selection.high_hz) / 2, 0)
        return rect.center().y() if y is None or not rect.top() <= y <= rect.bottom() else y

    def grab_other(self, position: QPointF) -> bool:
        """Return whether a handle of the subclass's own lies here."""
        return False

    def drag_other(self, position: QPointF) -> None:
        """Move that handle."""

    # mouse

    def event(self, event: QEvent) -> bool:
        pinch = pinched(event)
        if pinch is None:
            return super().event(event)
        if self.timeline.length:
            self.scrolled.emit()
            self.timeline.zoom(pinch[0], self.sample_at(pinch[1]))
        return True

    def mousePressEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        self._end_lost_drag(event)
        if not self.timeline.length or self._drag is not None:
            return
        if event.button() == Qt.MouseButton.RightButton:
            self.menu_wanted.emit(event.globalPosition().toPoint())
            return
        channel = self.button_at(position)
        if channel is not None and event.button() == Qt.MouseButton.LeftButton:
            among = bool(event.modifiers() & Qt.KeyboardModifier.ControlModifier)
            self.timeline.toggle_channel(channel, among=among)
            return
        grip = self._grip_at(position, event)
        if grip is not Grip.NOTHING:
            how = combine_of(event.modifiers()) if grip is Grip.SELECT else Combine.REPLACE
            began, button = self.time_at(position.x()), event.button()
            self._drag = Drag(grip, position, position, began, how, [position], button=button)
            if grip is Grip.SELECT and self.tool in (Tool.WAND, Tool.BRUSH):
                self._drag.moved = self.hz_at(position.y()) is not None  # a click is enough for them
                self.update()

    def _grip_at(self, position: QPointF, event: QMouseEvent) -> Grip:
        if event.button() == Qt.MouseButton.MiddleButton:
            return Grip.PAN
        if event.button() != Qt.MouseButton.LeftButton:
            return Grip.NOTHING
        if not self.inside(position):  # beside the picture there are only handles
            return Grip.OTHER if self.grab_other(position) else Grip.NOTHING
        if self._press_badge(position):
            return Grip.NOTHING
        if self.grab_other(position):
            return Grip.OTHER
        return Grip.PAN if self.tool is Tool.HAND else self._new_grip(position, event.modifiers())

    def _press_badge(self, position: QPointF) -> bool:
        """Tell whose badge was pressed; False where there is none."""
        span = self.span_at(position)
        callout = self.callouts.at(position)
        if span is not None:
            self.span_clicked.emit(span)
        elif callout is not None:
            self.callout_clicked.emit(callout)
        return span is not None or callout is not None

    def _new_grip(self, position: QPointF, keys: Qt.KeyboardModifier) -> Grip:
        """Return what a press in the picture begins, by the keys that are held."""
        if keys & Qt.KeyboardModifier.ControlModifier:
            return Grip.SCRUB
        how, time_only = combine_of(keys), self.tool is Tool.TIME or self.hz_at(position.y()) is None
        if how is Combine.ADD and time_only:
            return self.extend_to(self.time_at(position.x()))
        edge = self.edge_at(position)
        free = self.tool in FREE_TOOLS and not time_only
        return Grip.SELECT if edge is Grip.NOTHING or free or how is not Combine.REPLACE else edge

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        position = event.position()
        self._end_lost_drag(event)
        drag = self._drag
        if drag is None:
            self._show_cursor(position)
        else:
            far = (position - drag.origin).manhattanLength() >= CLICK_REACH
            if far or drag.moved or drag.grip is Grip.OTHER:
                drag.moved = True
                drag.place = self._held_in_time(drag, position)
                self._drag_to(drag, drag.place, event.modifiers())
            drag.last = position
        self.hovered.emit(self.describe(position) if self.inside(position) and self.timeline.length else "")

    def _held_in_time(self, drag: Drag, position: QPointF) -> QPointF:
        """Return a place within what is visible; beyond it the view scrolls, but not under a free shape."""
        free = (
            drag.grip is Grip.SELECT and self.tool in FREE_TOOLS and self.hz_at(drag.origin.y()) is not None
        )
        if drag.grip not in _ALONG_TIME or free:
            return position
        area = self.area()
        held = QPointF(min(max(position.x(), area.left()), area.right()), position.y())
        self._edge_scroll.hold(position.x() - held.x())
        return held

    def _scroll_at_edge(self, pixels: float) -> None:
        drag = self._drag
        if drag is not None:
            self.scrolled.emit()
            self.timeline.scroll(pixels * self.timeline.span / self.area().width())
            self._drag_to(drag, drag.place, _NO_KEY)

    def _drag_to(self, drag: Drag, position: QPointF, keys: Qt.KeyboardModifier) -> None:
        if drag.grip is Grip.PAN:
            area = self.area()
            self.scrolled.emit()
            self.timeline.scroll((drag.last.x() - position.x()) * self.timeline.span / area.width())
            self.scroll_vertically(position.y() - drag.last.y())
        elif drag.grip is Grip.OTHER:
            self.drag_other(position)
        elif drag.grip is Grip.SCRUB:
            self.scrubbed.emit(min(self.timeline.length, max(0, round(self.sample_at(position.x())))))
        elif drag.grip is Grip.SELECT:
            self.draw_selection(drag, position)
        elif drag.grip in (Grip.LEFT, Grip.RIGHT):
            self.move_edge(drag.grip, self.time_at(position.x()))
        elif drag.grip is Grip.CENTRE:
            free = bool(keys & Qt.KeyboardModifier.ShiftModifier)
            self.move_centre(drag, position.y(), free=free)
        else:
            self.move_bound(drag, position.y())

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        drag = self._drag
        if drag is not None and event.button() == drag.button:
            self._finish(drag)
            self._show_cursor(event.position())

    def let_go(self) -> None:
        """Give up what the mouse holds: another document is shown, or nothing is to be selected."""
        self._drag = None
        self._edge_scroll.hold(0.0)
        self.update()

    def _end_lost_drag(self, event: QMouseEvent) -> None:
        """End a drag whose button was let go where no event told of it, as in another window."""
        if self._drag is not None and not event.buttons() & self._drag.button:
            self._finish(self._drag)

    def _finish(self, drag: Drag) -> None:
        if drag.grip is Grip.SELECT and drag.moved:
            done = self.finish_selection(drag)
            if done and (selection := self.timeline.selection) is not None:
                self.playhead_placed.emit(selection.start)
        elif drag.grip is Grip.SELECT and drag.how is Combine.REPLACE:
            self.timeline.select(None)
            self.playhead_placed.emit(
                min(self.timeline.length, max(0, round(self.sample_at(drag.origin.x()))))
            )
        else:
            self.timeline.settle_selection()
        self._drag = None
        self._edge_scroll.hold(0.0)
        self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Select between markers; on what a click is for, or with keys, it is another click."""
        position = event.position()
        plain = event.button() == Qt.MouseButton.LeftButton and event.modifiers() == _NO_KEY
        if not (plain and self.timeline.length and self.inside(position)) or self._has_own_click(position):
            self.mousePressEvent(event)
            return
        found = self.timeline.between_markers(round(self.sample_at(position.x())))
        self.timeline.select(found)
        self.playhead_placed.emit(found.start)

    def _has_own_click(self, position: QPointF) -> bool:
        on_badge = any(badge.contains(position) for badge, _ in self.badges)
        on_mark = on_badge or self.callouts.at(position) is not None
        return on_mark or self.button_at(position) is not None or self.grab_other(position)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """Open the menu by its key, at the playhead; that of the mouse came with the press."""
        if event.reason() == QContextMenuEvent.Reason.Keyboard and self.timeline.length:
            area = self.area()
            x = min(max(self.x_of(self.timeline.playhead), area.left()), area.right())
            self.menu_wanted.emit(self.mapToGlobal(QPointF(x, area.center().y()).toPoint()))

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit("")

    def _show_cursor(self, position: QPointF) -> None:
        shapes = {
            Grip.LEFT: Qt.CursorShape.SizeHorCursor,
            Grip.RIGHT: Qt.CursorShape.SizeHorCursor,
            Grip.LOW: Qt.CursorShape.SizeVerCursor,
            Grip.HIGH: Qt.CursorShape.SizeVerCursor,
            Grip.CENTRE: Qt.CursorShape.SplitVCursor,
        }
        if self.button_at(position) is not None or self.callouts.at(position) is not None:
            self.setCursor(Qt.CursorShape.PointingHandCursor)
        elif self.grab_other(position):
            self.setCursor(Qt.CursorShape.SizeVerCursor)
        elif not self.inside(position):
            self.unsetCursor()
        elif self.tool is Tool.HAND:
            self.setCursor(Qt.CursorShape.OpenHandCursor)
        elif self.tool in FREE_TOOLS and self.hz_at(position.y()) is not None:
            self.setCursor(Qt.CursorShape.CrossCursor)
        else:
            self.setCursor(shapes.get(self.edge_at(position), Qt.CursorShape.IBeamCursor))

    def wheelEvent(self, event: QWheelEvent) -> None:
        if not self.timeline.length:
            return
        event.accept()
        self.scrolled.emit()
        position, area = event.position(), self.area()
        of_height = event.modifiers() & Qt.KeyboardModifier.AltModifier or not self.inside(position)
        if is_pan(event):
            self.scroll_vertically(event.pixelDelta().y())
        if of_height and not is_pan(event):
            self.zoom_vertically(ZOOM_PER_NOTCH ** (notches_of(event) * self.wheel_sensitivity), position.y())
        else:
            about, sensitivity = self.sample_at(position.x()), self.wheel_sensitivity
            turn_time(self.timeline, event, width=area.width(), about=about, sensitivity=sensitivity)
        self.hovered.emit(self.describe(position) if self.inside(position) else "")
