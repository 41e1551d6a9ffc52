"""SpectrogramView: what the mouse does in a spectrogram: free shapes, cutoff line, colour bar, wipe."""

from PySide6.QtCore import QPointF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from audiosr_desktop.audio.selection import Combine
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.ui.readout import figures, format_hz, note_name
from audiosr_desktop.ui.theme import Theme
from audiosr_desktop.ui.tile_loader import TileLoader
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.shape_maker import ShapeMaker
from audiosr_desktop.ui.views.shapes import Plane, brush_line, brush_region, lasso_region, wand_region
from audiosr_desktop.ui.views.spectrogram_canvas import SpectrogramCanvas
from audiosr_desktop.ui.views.tools import FREE_TOOLS, Drag, Grip, Tool
from audiosr_desktop.ui.views.track_area import time_words
from audiosr_desktop.ui.views.wipe_handle import WipeHandle

_PEAK_SAMPLES = 65_536
_PEAK_REACH = 14  # pixels from which a centre line snaps to a peak


class SpectrogramView(SpectrogramCanvas):
    """Spectrogram in which one selects time and frequency."""

    cutoff_moved = Signal(float)  # Hz, while the user drags it
    levels_moved = Signal(float, float)  # dBFS, while the colour bar is dragged

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(timeline, theme, parent)
        self.tool = Tool.TIME_FREQUENCY
        self.brush_px, self.wand_db, self.softness_px = 14.0, 12.0, 6.0
        self.wipe_handle = WipeHandle(self.wipe, self)
        self.shapes = ShapeMaker(timeline, self)
        self.shapes.changed.connect(self.update)
        self.shapes.selected.connect(self._on_shape_selected)
        self._held = ""  # which handle the mouse holds: "cutoff", "bar" or "wipe"
        self._cutoff_lane = 0
        self._peak_source: tuple[Sound, int, int] | None = None
        self._peak_samples: Samples | None = None

    def paint_draft(self, painter: QPainter) -> None:
        super().paint_draft(painter)
        drag = self.drawn_shape()
        if drag is not None and drag.grip is Grip.SELECT and self.tool is Tool.BRUSH:
            pen = QPen(QColor(255, 255, 255, 110), 2 * self.brush_px)
            pen.setCapStyle(Qt.PenCapStyle.RoundCap)
            pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawPolyline(brush_line(drag.points))

    def drawn_shape(self) -> Drag | None:
        return self._drag or self.shapes.drag

    def finish_selection(self, drag: Drag) -> bool:
        plane = self._plane(drag.origin.y())
        picture, radius, tolerance = self.picture_at(drag.origin.x()), self.brush_px, self.wand_db
        if self.tool not in FREE_TOOLS:
            if drag.how is Combine.REPLACE:
                return super().finish_selection(drag)
            draft = drag.draft
            self.shapes.make(drag, lambda: draft)
        elif self.tool is Tool.LASSO:
            self.shapes.make(drag, lambda: lasso_region(drag.points, plane))
        elif self.tool is Tool.BRUSH:
            self.shapes.make(drag, lambda: brush_region(drag.points, radius, plane))
        elif picture is not None:
            lane, hz = self.lane_at(drag.origin.y()), self.hz_at(drag.origin.y()) or 0.0
            at = self.sample_at(drag.origin.x()), picture.axis.place_of(hz)
            self.shapes.make(drag, lambda: wand_region(picture, lane, at, tolerance, plane))
        return False

    @Slot()
    def _on_shape_selected(self) -> None:
        if (selection := self.timeline.selection) is not None:
            self.playhead_placed.emit(selection.start)

    def loaders(self) -> tuple[TileLoader, ...]:
        return (*super().loaders(), self.shapes.loader)

    def _plane(self, origin_y: float) -> Plane:
        """Return how pixels become times and frequencies for a drag that began in one lane.

        It keeps to what is seen now, as shapes are computed while one may zoom on.
        """
        rect, axis, timeline = self.lane_rects()[self.lane_at(origin_y)], self._axis, self.timeline
        left, start, samples = self.area().left(), timeline.start, timeline.span / self.area().width()

        def hz_at(y: float) -> float:
            return axis.hz_at(min(1.0, max(0.0, (rect.bottom() - y) / rect.height())))

        def sample_at(x: float) -> float:
            return start + (x - left) * samples

        def y_of(hz: float) -> float:
            return rect.bottom() - axis.place_of(hz) * rect.height()

        per_pixel = abs(hz_at(origin_y - 1) - hz_at(origin_y + 1)) / 2
        return Plane(
            sample_at, y_of, timeline.sample_rate, timeline.length, samples, per_pixel, self.softness_px
        )

    def peak_near(self, hz: float, y: float) -> float:
        from audiosr_desktop.dsp.shapes import nearest_peak_hz  # noqa: PLC0415 - seldom used, slow to load

        selection = self.timeline.selection
        if self._sound is None or selection is None:
            return hz
        middle = (selection.start + selection.stop) // 2
        start = max(selection.start, middle - _PEAK_SAMPLES // 2)
        source = (self._sound, start, min(selection.stop, start + _PEAK_SAMPLES))
        if source != self._peak_source or self._peak_samples is None:
            self._peak_source, self._peak_samples = source, self._sound.read(*source[1:])
        samples = self._peak_samples
        if selection.channels is not None:
            samples = samples[list(selection.channels)]
        plane = self._plane(y)
        reach = _PEAK_REACH * plane.hz_per_pixel
        found = nearest_peak_hz(samples, self._sound.sample_rate, hz, reach)
        return hz if found is None else found

    def line_at(self, position: QPointF) -> float | None:
        """Return the frequency of the strongest line at a place; None outside the picture."""
        from audiosr_desktop.dsp.shapes import nearest_peak_hz  # noqa: PLC0415 - seldom used, slow to load

        if self._sound is None or not self.inside(position) or not self.timeline.length:
            return None
        hz = self.hz_at(position.y())
        if hz is None:
            return None
        start = max(0, min(round(self.sample_at(position.x())), self._sound.length) - _PEAK_SAMPLES // 2)
        samples = self._sound.read(start, min(start + _PEAK_SAMPLES, self._sound.length))
        reach = _PEAK_REACH * self._plane(position.y()).hz_per_pixel
        return nearest_peak_hz(samples, self._sound.sample_rate, hz, reach) or hz

    def grab_other(self, position: QPointF) -> bool:
        lane = self.cutoff.lane_of_tag(position)
        if lane is not None:
            self._held, self._cutoff_lane = "cutoff", lane
        elif self.wipe.holds(position, self.area()):
            self._held = "wipe"
        elif self.bar.grab(position, self.lane_rects()[0]):
            self._held = "bar"
        else:
            self._held = ""
        return bool(self._held)

    def drag_other(self, position: QPointF) -> None:
        if self._held == "wipe":
            self.wipe.drag_to(position.x(), self.area())
        elif self._held == "bar":
            self.bar.drag(position.y())
            self.redraw_all()
            self.levels_moved.emit(self.bar.low_db, self.bar.high_db)
        else:
            rect = self.lane_rects()[self._cutoff_lane]
            place = min(1.0, max(0.0, (rect.bottom() - position.y()) / rect.height()))
            hz = min(max(self._axis.hz_at(place), 500.0), self._axis.nyquist_hz * 0.99)
            self.set_cutoff(hz)
            self.cutoff_moved.emit(hz)

    def describe(self, position: QPointF) -> str:
        lane, sample = self.lane_at(position.y()), self.sample_at(position.x())
        middle = position.y() + 0.5 / self.devicePixelRatioF()  # the pointer is told at the edge of its pixel
        hz = self.hz_at(middle) or 0.0
        text = f"{time_words(self.timeline, sample)}   {format_hz(hz)}"
        if note := note_name(hz):
            text += f" ({note})"
        shown = self.picture_at(position.x())
        level = shown.level_db(lane, shown.axis.place_of(hz), sample) if shown is not None else None
        if level is not None:
            text += f"   {figures(level, '.0f')} dBFS"
        return text
