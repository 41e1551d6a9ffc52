"""TimeRuler: the time axis above the views."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QFontMetrics,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QPolygonF,
    QWheelEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import format_time, multiples, step_decimals, time_step
from audiosr_desktop.ui.theme import Theme, figures_font
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.track_area import LEFT_MARGIN, RIGHT_MARGIN, time_words
from audiosr_desktop.ui.views.track_view import CLICK_REACH
from audiosr_desktop.ui.views.wheels import pinched, turn_time

_HEIGHT = 26
_LABEL_SPACE = 84  # pixels from one label to the next, at least
_LABEL_GAP = 12  # pixels between labels
_ZOOM_PER_PIXEL = 1.01
_FLAG = 6  # width of a marker's flag


class TimeRuler(QWidget):
    """Round times over the visible range. A drag to the right or down zooms in, back it zooms out."""

    playhead_placed = Signal(int)
    scrolled = Signal()  # by the user
    hovered = Signal(str)  # the time under the pointer; empty when it left

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.timeline, self.theme = timeline, theme
        self.wheel_sensitivity = 1.0
        self.setAccessibleName(tr("Time ruler"))
        self.setFixedHeight(_HEIGHT)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setToolTip(
            tr("Drag to the right to zoom in, to the left to zoom out; right-drag to zoom to a span")
        )
        self._origin: QPointF | None = None
        self._last = QPointF()
        self._fixed_sample = 0.0
        self._moved = False  # it is more than a click
        self._span_end: float | None = None
        self._button = Qt.MouseButton.NoButton
        for signal in (
            timeline.view_changed,
            timeline.playhead_changed,
            timeline.selection_changed,
            timeline.markers_changed,
        ):
            signal.connect(self.update)

    def sizeHint(self) -> QSize:
        return QSize(600, _HEIGHT)

    def _width(self) -> float:
        return max(1.0, self.width() - LEFT_MARGIN - RIGHT_MARGIN)

    def _x_of(self, sample: float) -> float:
        return LEFT_MARGIN + self.timeline.x_of(sample, self._width())

    def _sample_at(self, x: float) -> float:
        return self.timeline.sample_at(x - LEFT_MARGIN, self._width())

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(figures_font(self.font(), 0.88))
        painter.fillRect(self.rect(), self.theme.colour("window"))
        if not self.timeline.length:
            painter.end()
            return
        area = QRectF(LEFT_MARGIN, 0, self._width(), _HEIGHT)
        selection = self.timeline.selection
        if selection is not None:
            left, right = self._x_of(selection.start), self._x_of(selection.stop)
            box = QRectF(left, 0, max(1.0, right - left), _HEIGHT).intersected(area)
            painter.fillRect(box, self.theme.colour("selection", 45))
        self._paint_ticks(painter, area)
        self._paint_marks(painter, area)
        if self._origin is not None and self._span_end is not None:
            left, right = sorted((self._origin.x(), self._span_end))
            painter.fillRect(QRectF(left, 0, right - left, _HEIGHT), self.theme.colour("accent", 90))
        x = self._x_of(self.timeline.playhead)
        if area.left() - 1 <= x <= area.right() + 1:
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self.theme.colour("playhead"))
            top = _HEIGHT - 8.0
            painter.drawPolygon(QPolygonF([QPointF(x - 5, top), QPointF(x + 5, top), QPointF(x, _HEIGHT)]))
        painter.end()

    def _paint_ticks(self, painter: QPainter, area: QRectF) -> None:
        rate = self.timeline.sample_rate
        start, stop = self.timeline.start / rate, self.timeline.stop / rate
        step = self._step(painter.fontMetrics())
        decimals = step_decimals(step)
        minor = step / 5 if step < 10 or step % 60 else step / 6
        painter.setPen(QPen(self.theme.colour("disabled_text"), 1))
        for seconds in multiples(minor, start, stop):
            x = round(self._x_of(seconds * rate))
            painter.drawLine(QPointF(x, _HEIGHT - 4), QPointF(x, _HEIGHT))
        for seconds in multiples(step, start, stop):
            x = round(self._x_of(seconds * rate))
            painter.setPen(QPen(self.theme.colour("quiet_text"), 1))
            painter.drawLine(QPointF(x, _HEIGHT - 9), QPointF(x, _HEIGHT))
            text = format_time(seconds, decimals)
            width = painter.fontMetrics().horizontalAdvance(text)
            left = min(max(x - width / 2, 2.0), self.width() - width - 2.0)
            painter.drawText(QRectF(left, 1, width + 2, 15), Qt.AlignmentFlag.AlignLeft, text)

    def _step(self, metrics: QFontMetrics) -> float:
        """Return how many seconds lie between labels, so that these do not run into one another."""
        span, stop = (
            samples / self.timeline.sample_rate for samples in (self.timeline.span, self.timeline.stop)
        )
        step = time_step(span, max(1, int(self._width() / _LABEL_SPACE)))
        longest = metrics.horizontalAdvance(format_time(stop, step_decimals(step))) + _LABEL_GAP
        return time_step(span, max(1, int(self._width() / max(_LABEL_SPACE, longest))))

    def _paint_marks(self, painter: QPainter, area: QRectF) -> None:
        """Paint a flag at each marker, and a bar over each region."""
        colour = self.theme.colour("marker")
        for mark in self.timeline.marks:
            left, right = self._x_of(mark.region.start), self._x_of(mark.region.stop)
            if right < area.left() or left > area.right():
                continue
            if not mark.is_point:
                bar = QRectF(left, 0, max(1.0, right - left), 3).intersected(area)
                painter.fillRect(bar, colour)
            if area.left() <= left <= area.right():
                painter.fillRect(QRectF(round(left), 0, 1, _HEIGHT), colour)
                painter.fillRect(flag_of(round(left), area.right()), colour)

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if self.timeline.length and self._origin is None:
            self._origin = self._last = event.position()
            self._button = event.button()
            self._fixed_sample = self._sample_at(event.position().x())
            self._span_end, self._moved = None, False

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit("")

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        self.hovered.emit(time_words(self.timeline, self._sample_at(event.position().x())))
        if self._origin is not None and not event.buttons() & self._button:
            self._origin = self._span_end = None  # let go where no event told of it
            self.update()
        if self._origin is None:
            return
        position = event.position()
        self._moved = self._moved or (position - self._origin).manhattanLength() >= CLICK_REACH
        if self._button == Qt.MouseButton.RightButton:
            self._span_end = position.x()
            self.update()
        elif self._moved:
            moved = position - self._last
            self.scrolled.emit()
            if self._button == Qt.MouseButton.LeftButton:
                self.timeline.zoom(_ZOOM_PER_PIXEL ** (moved.x() + moved.y()), self._fixed_sample)
            else:  # the middle one pans, here as everywhere
                self.timeline.scroll(-moved.x() * self.timeline.span / self._width())
            self._last = position

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        if self._origin is None or event.button() != self._button:
            return
        origin, self._origin = self._origin, None
        if self._span_end is not None and abs(self._span_end - origin.x()) >= CLICK_REACH:
            start, stop = sorted((self._fixed_sample, self._sample_at(self._span_end)))
            self.scrolled.emit()
            self.timeline.show(start, stop)
        elif self._button == Qt.MouseButton.LeftButton and not self._moved:
            self.playhead_placed.emit(min(self.timeline.length, max(0, round(self._sample_at(origin.x())))))
        self._span_end = None
        self.update()

    def wheelEvent(self, event: QWheelEvent) -> None:
        event.accept()
        if not self.timeline.length:
            return
        self.scrolled.emit()
        about = self._sample_at(event.position().x())
        sensitivity = self.wheel_sensitivity
        turn_time(self.timeline, event, width=self._width(), about=about, sensitivity=sensitivity)
        self.hovered.emit(time_words(self.timeline, self._sample_at(event.position().x())))

    def event(self, event: QEvent) -> bool:
        pinch = pinched(event)
        if pinch is None:
            return super().event(event)
        self.scrolled.emit()
        self.timeline.zoom(pinch[0], self._sample_at(pinch[1]))
        return True


def flag_of(x: int, right: float) -> QRectF:
    """Return where the flag of a marker at `x` is: right of its pole, or left where the ruler ends."""
    return QRectF(x if x + _FLAG <= right else x + 1 - _FLAG, 0, _FLAG, 5)
