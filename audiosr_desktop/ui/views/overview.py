"""Overview: the whole sound in a strip, with a window on what the views show."""

from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QMouseEvent, QPainter, QPaintEvent, QPen, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractSlider, QSizePolicy, QWidget

from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.document import RestoredSpan
from audiosr_desktop.ui.handles import Handle, Move, Stride, ring_colour
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import format_time
from audiosr_desktop.ui.theme import Theme
from audiosr_desktop.ui.tile_loader import TileLoader
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.callouts import Callout
from audiosr_desktop.ui.views.tools import Grip
from audiosr_desktop.ui.views.track_area import LEFT_MARGIN, RIGHT_MARGIN, time_words
from audiosr_desktop.ui.views.track_canvas import REDRAW_MS
from audiosr_desktop.ui.views.waves import WaveRequest, Waves, waves
from audiosr_desktop.ui.views.wheels import pinched, turn_time

_HEIGHT = 40
_EDGE_REACH = 5.0  # pixels from which an edge of the window can be caught
_HELD_MS = 2000  # the views draw a new sound first; how long that is waited for, at most
_STRIDES = {Stride.STEP: 0.1, Stride.FINE: 0.01, Stride.PAGE: 1.0}  # of what is visible


class Overview(Handle):
    """Click, drag or use the keys to move the visible range, drag its edges to zoom.

    The value is its start in milliseconds.
    """

    hovered = Signal(str)  # the time under the pointer; empty when it left

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.wheel_sensitivity = 1.0
        self._following = False  # the timeline
        self.timeline, self.theme = timeline, theme
        self.setAccessibleName(tr("Overview of the whole sound"))
        self.setFixedHeight(_HEIGHT)
        self.setMouseTracking(True)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.loader = TileLoader(self)
        self.loader.loaded.connect(self._on_loaded)
        self._sound: Sound | None = None
        self._peaks: Peaks | None = None
        self._waves: Waves | None = None
        self._spans: tuple[RestoredSpan, ...] = ()
        self._callouts: tuple[Callout, ...] = ()
        self._held = 0.0  # where in the visible range the mouse holds it
        self._grip = Grip.NOTHING
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.timeout.connect(self._on_due)
        self._held_back = False  # until the views have drawn
        for signal in (timeline.playhead_changed, timeline.selection_changed):
            signal.connect(self.update)
        timeline.view_changed.connect(self._on_view_changed)

    def sizeHint(self) -> QSize:
        return QSize(600, _HEIGHT)

    def set_sound(self, sound: Sound | None, peaks: Peaks | None = None) -> None:
        """Show another sound, and its peaks once they are measured."""
        if sound is not self._sound and (
            sound is None or self._sound is None or sound.length != self._sound.length
        ):
            self._waves = None
        self._held_back |= sound is not self._sound
        self._sound, self._peaks = sound, peaks
        self._request_soon()
        self.update()

    def release(self) -> None:
        """Draw what was held back: the views have their first pictures."""
        if self._held_back:
            self._held_back = False
            self._request_soon()

    def _request_soon(self) -> None:
        self._timer.start(_HELD_MS if self._held_back else REDRAW_MS)

    def set_spans(self, spans: tuple[RestoredSpan, ...]) -> None:
        """Mark restored parts."""
        self._spans = spans
        self.update()

    def set_callouts(self, callouts: tuple[Callout, ...]) -> None:
        """Point parts out: with a bar at the top, as restored parts have one at the bottom."""
        self._callouts = callouts
        self.update()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.theme = theme
        self._request_soon()
        self.update()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._request_soon()

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.DevicePixelRatioChange:  # it went to another screen
            self._request_soon()
        pinch = pinched(event)
        if pinch is None:
            return super().event(event)
        self.moved.emit()
        self.timeline.zoom(pinch[0], self._sample_at(pinch[1]))
        return True

    def _area(self) -> QRectF:
        return QRectF(LEFT_MARGIN, 4, max(1.0, self.width() - LEFT_MARGIN - RIGHT_MARGIN), _HEIGHT - 6)

    def _x_of(self, sample: float) -> float:
        area = self._area()
        return area.left() + sample * area.width() / max(1, self.timeline.length)

    def _sample_at(self, x: float) -> float:
        area = self._area()
        return (x - area.left()) * self.timeline.length / area.width()

    @Slot()
    def _on_due(self) -> None:
        self._held_back = False
        if self._sound is None or not self.isVisible():
            return
        ratio, area = self.devicePixelRatioF(), self._area()
        request = WaveRequest(
            self._sound,
            self._peaks,
            0.0,
            float(self._sound.length),
            round(area.width() * ratio),
            max(8, round(area.height() / self._sound.channels * ratio)),
            1.0,
            False,
            self.theme.colour("wave"),
            self.theme.colour("wave_core"),
            self.theme.colour("clip"),
        )
        self.loader.load(waves(request))

    @Slot(int, object)
    def _on_loaded(self, number: int, picture: Waves) -> None:
        if number == self.loader.number:
            self._waves = picture
            self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.fillRect(self.rect(), self.theme.colour("window"))
        area = self._area()
        painter.fillRect(area, self.theme.colour("canvas"))
        painter.setClipRect(area)
        if self._waves is not None:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
            left, right = self._x_of(self._waves.start), self._x_of(self._waves.stop)
            height = area.height() / len(self._waves.images)
            for lane, image in enumerate(self._waves.images):
                painter.drawImage(QRectF(left, area.top() + lane * height, right - left, height), image)
        for span in self._spans:
            left, right = self._x_of(span.region.start), self._x_of(span.region.stop)
            painter.fillRect(
                QRectF(left, area.bottom() - 3, max(2.0, right - left), 3), self.theme.colour("restored")
            )
        for callout in self._callouts:
            left, right = self._x_of(callout.region.start), self._x_of(callout.region.stop)
            bar = QRectF(left, area.top(), max(2.0, right - left), 5 if callout.chosen else 3)
            painter.fillRect(bar, self.theme.colour("marker"))
        if self.timeline.length:
            self._paint_window(painter, area)
        if self.hasFocus():
            painter.setPen(QPen(ring_colour(self), 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_window(self, painter: QPainter, area: QRectF) -> None:
        selection = self.timeline.selection
        if selection is not None:
            left, right = self._x_of(selection.start), self._x_of(selection.stop)
            box = QRectF(left, area.top(), max(1.0, right - left), area.height())
            painter.fillRect(box, self.theme.colour("selection", 70))
        left, right = self._x_of(self.timeline.start), self._x_of(self.timeline.stop)
        shade = self.theme.colour("window", 150)
        painter.fillRect(QRectF(area.left(), area.top(), left - area.left(), area.height()), shade)
        painter.fillRect(QRectF(right, area.top(), area.right() - right, area.height()), shade)
        painter.setPen(QPen(self.theme.colour("accent"), 1))
        painter.drawRect(
            QRectF(left, area.top(), max(2.0, right - left), area.height()).adjusted(0.5, 0.5, -0.5, -0.5)
        )
        x = round(self._x_of(self.timeline.playhead))
        painter.setPen(QPen(self.theme.colour("playhead"), 1))
        painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))

    # keys, and the value that a screen reader tells and sets

    def go(self, wanted: Move) -> None:
        """Scroll by a part of what is visible, to an end, or by a page."""
        far = self.timeline.length if wanted.stride is Stride.END else self.timeline.span
        self.timeline.scroll(wanted.direction * far * _STRIDES.get(wanted.stride, 1.0))

    def words(self) -> str:
        """Return what is visible, as a screen reader says it."""
        rate = self.timeline.sample_rate
        start, stop = (format_time(edge / rate) for edge in (self.timeline.start, self.timeline.stop))
        return tr("Visible: {start} to {stop}", start=start, stop=stop)

    @Slot()
    def _on_view_changed(self) -> None:
        timeline = self.timeline
        self._following = True
        self.setRange(0, self._ms(timeline.length - timeline.span))
        self.setPageStep(self._ms(timeline.span))
        self.setValue(self._ms(timeline.start))
        self._following = False
        self.setAccessibleDescription(self.words())
        self.update()

    def _ms(self, samples: float) -> int:
        return round(samples * 1000 / self.timeline.sample_rate)

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        super().sliderChange(change)
        if change is QAbstractSlider.SliderChange.SliderValueChange and not self._following:
            self.timeline.scroll(self.value() * self.timeline.sample_rate / 1000 - self.timeline.start)

    # mouse

    def wheelEvent(self, event: QWheelEvent) -> None:
        """Zoom about the place that is pointed at, or scroll, as in the views."""
        event.accept()
        if not self.timeline.length:
            return
        self.moved.emit()
        about, sensitivity = self._sample_at(event.position().x()), self.wheel_sensitivity
        turn_time(self.timeline, event, width=self._area().width(), about=about, sensitivity=sensitivity)

    def _grip_at(self, x: float) -> Grip:
        """Return what a press takes hold of: an edge of the window, the window, or what is beside it."""
        left, right = self._x_of(self.timeline.start), self._x_of(self.timeline.stop)
        inner = min(_EDGE_REACH, (right - left) / 4)  # a narrow window can still be taken in the middle
        if left - _EDGE_REACH <= x <= left + inner:
            return Grip.LEFT
        if right - inner <= x <= right + _EDGE_REACH:
            return Grip.RIGHT
        return Grip.PAN if left < x < right else Grip.SELECT

    def mousePressEvent(self, event: QMouseEvent) -> None:
        if event.button() != Qt.MouseButton.LeftButton or not self.timeline.length:
            return
        x = event.position().x()
        self._grip = self._grip_at(x)
        self._held = self._sample_at(x) - self.timeline.start
        if self._grip is Grip.SELECT:  # the window comes to where the mouse is
            self._held = self.timeline.span / 2
            self._drag_to(x)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        x = event.position().x()
        self.hovered.emit(time_words(self.timeline, self._sample_at(x)))
        if event.buttons() & Qt.MouseButton.LeftButton and self._grip is not Grip.NOTHING:
            self._drag_to(x)
        elif self.timeline.length and self._grip_at(x) in (Grip.LEFT, Grip.RIGHT):
            self.setCursor(Qt.CursorShape.SizeHorCursor)
        else:
            self.unsetCursor()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        self._grip = Grip.NOTHING

    def leaveEvent(self, event: QEvent) -> None:
        self.hovered.emit("")

    def _drag_to(self, x: float) -> None:
        timeline, sample = self.timeline, self._sample_at(x)
        self.moved.emit()
        if self._grip is Grip.LEFT:
            timeline.zoom(timeline.span / max(1.0, timeline.stop - max(0.0, sample)), timeline.stop)
        elif self._grip is Grip.RIGHT:
            stop = min(sample, float(timeline.length))
            timeline.zoom(timeline.span / max(1.0, stop - timeline.start), timeline.start)
        else:
            timeline.scroll(sample - self._held - timeline.start)
