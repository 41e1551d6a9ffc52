"""SpectrogramView: level over time and frequency, with the cutoff line and the scale of the colours."""

from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QFontMetricsF, QImage, QPainter, QPen
from PySide6.QtWidgets import QWidget

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.document import RestoredSpan
from audiosr_desktop.ui.readout import format_hz, format_time, multiples, note_name, round_step
from audiosr_desktop.ui.theme import Theme
from audiosr_desktop.ui.tile_loader import TileLoader
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.colour_maps import colours
from audiosr_desktop.ui.views.frequency_axis import FrequencyAxis
from audiosr_desktop.ui.views.spectrogram_tiles import Analysis, Picture, Request, TileCache, lanes, pictures
from audiosr_desktop.ui.views.track_view import Tool, TrackView

_MARGIN = 0.5  # of the view, drawn on each side
_BACKDROP_COLUMNS = 512


class SpectrogramView(TrackView):
    """Spectrogram of one or two lanes; more than two channels are shown as their sum."""

    cutoff_moved = Signal(float)  # Hz, while the user drags it
    drawn = Signal()  # a picture came

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(timeline, theme, parent)
        self.setAccessibleName("Spectrogram")
        self.tool = Tool.TIME_FREQUENCY
        self.loader = TileLoader(self)
        self.loader.loaded.connect(self._on_loaded)
        self._backdrop_loader = TileLoader(self)
        self._backdrop_loader.loaded.connect(self._on_backdrop_loaded)
        self._cache, self._backdrop_cache = TileCache(), TileCache(16_000_000)
        self._sound: Sound | None = None
        self._analysis = Analysis()
        self._axis = FrequencyAxis(24_000.0)
        self._low_db, self._high_db, self._colour_map = -120.0, -20.0, "magma"
        self._picture: Picture | None = None
        self._backdrop: Picture | None = None
        self._backdrop_wanted = False
        self._cutoff_hz: float | None = None
        self._cutoff_text = ""
        self._cutoff_tags: list[tuple[QRectF, int]] = []
        self._cutoff_lane = 0

    @property
    def axis(self) -> FrequencyAxis:
        """What frequencies are visible."""
        return self._axis

    @property
    def picture(self) -> Picture | None:
        """What is shown now."""
        return self._picture

    def set_sound(self, sound: Sound | None) -> None:
        """Show another state of the sound; what is shown stays until something better is there."""
        old = self._sound
        same_size = (
            old is not None
            and sound is not None
            and (old.length, old.sample_rate, old.channels)
            == (sound.length, sound.sample_rate, sound.channels)
        )
        if not same_size:
            self._picture = self._backdrop = None
        if sound is not None and sound.sample_rate / 2 != self._axis.nyquist_hz:
            self._axis = FrequencyAxis(sound.sample_rate / 2, self._axis.scale)
        self._sound = sound
        self._backdrop_wanted = True
        self.refresh()

    def set_analysis(self, analysis: Analysis) -> None:
        """Measure in another way."""
        self._analysis = analysis
        self.redraw_all()

    def set_colours(self, colour_map: str, low_db: float, high_db: float) -> None:
        """Show levels from `low_db` to `high_db` in another way."""
        self._colour_map, self._low_db, self._high_db = colour_map, low_db, high_db
        self.redraw_all()

    def set_scale(self, scale: str) -> None:
        """Show frequencies on another scale, all of them."""
        self._axis = FrequencyAxis(self._axis.nyquist_hz, scale)
        self.redraw_all()

    def set_cutoff(self, hz: float | None, text: str = "") -> None:
        """Draw the cutoff line at a frequency, with a text after its value; None takes it away."""
        self._cutoff_hz, self._cutoff_text = hz, text
        self.update()

    def redraw_all(self) -> None:
        """Draw everything anew, the backdrop too."""
        self._backdrop_wanted = True
        self.refresh()

    def lane_count(self) -> int:
        return lanes(self._sound) if self._sound is not None else 1

    def request_picture(self) -> None:
        if self._sound is None:
            return
        ratio = self.devicePixelRatioF()
        margin = self.timeline.span * _MARGIN
        start = max(0.0, self.timeline.start - margin)
        stop = min(float(self.timeline.length), self.timeline.stop + margin)
        columns = self.area().width() * ratio * (stop - start) / self.timeline.span
        rows = max(8, round(self.lane_rects()[0].height() * ratio))
        self.loader.load(pictures(self._request(start, stop, round(columns), rows), self._cache))
        if self._picture is not None:
            self._request_backdrop(rows)

    def _request_backdrop(self, rows: int) -> None:
        """Ask for the whole sound, coarse, behind what is visible; the visible part comes first."""
        if self._backdrop_wanted and self._sound is not None:
            self._backdrop_wanted = False
            whole = self._request(0.0, float(self._sound.length), _BACKDROP_COLUMNS, rows)
            self._backdrop_loader.load(pictures(whole, self._backdrop_cache))

    def _request(self, start: float, stop: float, columns: int, rows: int) -> Request:
        assert self._sound is not None
        return Request(
            self._sound,
            self._analysis,
            self._axis,
            start,
            stop,
            columns,
            rows,
            self._low_db,
            self._high_db,
            self._colour_map,
        )

    @Slot(int, object)
    def _on_loaded(self, number: int, picture: Picture) -> None:
        if number == self.loader.number:
            self._picture = picture
            self._request_backdrop(max(8, round(self.lane_rects()[0].height() * self.devicePixelRatioF())))
            self.update()
            self.drawn.emit()

    @Slot(int, object)
    def _on_backdrop_loaded(self, number: int, picture: Picture) -> None:
        if number == self._backdrop_loader.number:
            self._backdrop = picture
            self.update()

    def close_loaders(self) -> None:
        """End the threads that draw."""
        self.loader.close()
        self._backdrop_loader.close()

    # painting

    def paint_picture(self, painter: QPainter, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for lane, rect in enumerate(self.lane_rects()):
            painter.fillRect(rect, QColor.fromRgb(int(colours(self._colour_map)[0])))
            painter.save()
            painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
            for picture in (self._backdrop, self._picture):
                if picture is not None and lane < len(picture.images):
                    self._paint_lane(painter, rect, picture, lane)
            painter.restore()

    def _paint_lane(self, painter: QPainter, rect: QRectF, picture: Picture, lane: int) -> None:
        """Draw a picture where its times and frequencies lie now, also while a better one is made."""
        left, right = self.x_of(picture.start), self.x_of(picture.stop)
        top = rect.bottom() - rect.height() * self._axis.place_of(picture.axis.hz_at(1.0))
        bottom = rect.bottom() - rect.height() * self._axis.place_of(picture.axis.hz_at(0.0))
        painter.drawImage(QRectF(left, top, right - left, bottom - top), picture.images[lane])

    def paint_span(self, painter: QPainter, rect: QRectF, span: RestoredSpan) -> None:
        colour = self.theme.colour("restored")
        painter.setPen(QPen(colour, 1, Qt.PenStyle.DotLine))
        painter.drawLine(rect.topLeft(), rect.bottomLeft())
        painter.drawLine(rect.topRight(), rect.bottomRight())
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 3, rect.width(), 3), colour)

    def paint_badge(self, painter: QPainter, rect: QRectF, text: str) -> None:
        """The waveform has the badge; a second one would hide the top of the spectrum."""

    def paint_selection_box(self, painter: QPainter, box: QRectF, lane: QRectF) -> None:
        white = QColor(255, 255, 255)
        painter.fillRect(box, QColor(255, 255, 255, 28))
        for colour, width, style in (
            (QColor(0, 0, 0, 150), 3, Qt.PenStyle.SolidLine),
            (white, 1, Qt.PenStyle.SolidLine),
        ):
            painter.setPen(QPen(colour, width, style))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0, 0, 0, -1))

    def paint_over(self, painter: QPainter, area: QRectF) -> None:
        self._cutoff_tags = []
        if self._cutoff_hz is None:
            return
        metrics = QFontMetricsF(painter.font())
        text = f"{format_hz(self._cutoff_hz)}{self._cutoff_text}"
        for lane, rect in enumerate(self.lane_rects()):
            y = self.y_of_hz(self._cutoff_hz, lane)
            if y is None or not rect.top() < y < rect.bottom():
                continue
            for colour, width in ((QColor(0, 0, 0, 190), 4), (self.theme.colour("cutoff"), 2)):
                painter.setPen(QPen(colour, width, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
            tag = QRectF(0, 0, metrics.horizontalAdvance(text) + 16, metrics.height() + 4)
            above = y - tag.height() - 3
            tag.moveTopRight(QPointF(rect.right() - 8, above if above > rect.top() else y + 3))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(self.theme.colour("cutoff"), 1))
            painter.setBrush(QColor(10, 12, 16, 225))
            painter.drawRoundedRect(tag, 4, 4)
            painter.setPen(self.theme.colour("cutoff"))
            painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            self._cutoff_tags.append((tag, lane))

    def paint_axis(self, painter: QPainter, area: QRectF) -> None:
        metrics = painter.fontMetrics()
        for lane, rect in enumerate(self.lane_rects()):
            used: list[float] = []
            for hz in self._axis.ticks(max(2, int(rect.height() / 30))):
                y = self._y_in(rect, hz)
                text_y = min(max(y, rect.top() + metrics.height() / 2), rect.bottom() - metrics.height() / 2)
                painter.setPen(QPen(self.theme.colour("line"), 1))
                painter.drawLine(QPointF(area.left() - 5, y), QPointF(area.left() - 1, y))
                if any(abs(text_y - other) < metrics.height() for other in used):
                    continue
                used.append(text_y)
                painter.setPen(self.theme.colour("quiet_text"))
                box = QRectF(0, text_y - metrics.height() / 2, area.left() - 9, metrics.height())
                painter.drawText(box, Qt.AlignmentFlag.AlignRight, _short_hz(hz))
            if lane == 0:
                self._paint_colour_bar(painter, rect)

    def _paint_colour_bar(self, painter: QPainter, rect: QRectF) -> None:
        metrics = painter.fontMetrics()
        table = colours(self._colour_map)[::-1].reshape(-1, 1).copy()
        bar = QRectF(rect.right() + 6, rect.top() + 1, 8, rect.height() - 2)
        painter.drawImage(bar, QImage(table.data, 1, len(table), 4, QImage.Format.Format_RGB32))
        painter.setPen(self.theme.colour("quiet_text"))
        step = max(10.0, round_step(self._high_db - self._low_db, max(1, int(rect.height() / 34))))
        for level in multiples(step, self._low_db, self._high_db):
            place = (level - self._low_db) / (self._high_db - self._low_db)
            y = bar.bottom() - place * bar.height()
            y = min(max(y, rect.top() + metrics.height() / 2), rect.bottom() - metrics.height() / 2)
            box = QRectF(bar.right() + 3, y - metrics.height() / 2, 30, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft, f"{level:.0f}".replace("-", "−"))

    # places

    def hz_at(self, y: float) -> float | None:
        rect = self.lane_rects()[self.lane_at(y)]
        place = min(1.0, max(0.0, (rect.bottom() - y) / rect.height()))
        return self._axis.hz_at(place)

    def y_of_hz(self, hz: float, lane: int) -> float | None:
        return self._y_in(self.lane_rects()[lane], hz)

    def _y_in(self, rect: QRectF, hz: float) -> float:
        return rect.bottom() - self._axis.place_of(hz) * rect.height()

    def zoom_vertically(self, factor: float, y: float) -> None:
        rect = self.lane_rects()[self.lane_at(y)]
        self._set_axis(self._axis.zoomed(factor, min(1.0, max(0.0, (rect.bottom() - y) / rect.height()))))

    def scroll_vertically(self, pixels: float) -> None:
        self._set_axis(self._axis.scrolled(pixels / self.lane_rects()[0].height()))

    def _set_axis(self, axis: FrequencyAxis) -> None:
        if axis != self._axis:
            self._axis = axis
            self.redraw_all()

    def grab_other(self, position: QPointF) -> bool:
        found = [lane for tag, lane in self._cutoff_tags if tag.contains(position)]
        self._cutoff_lane = found[0] if found else self._cutoff_lane
        return bool(found)

    def drag_other(self, position: QPointF) -> None:
        rect = self.lane_rects()[self._cutoff_lane]
        place = min(1.0, max(0.0, (rect.bottom() - position.y()) / rect.height()))
        hz = min(max(self._axis.hz_at(place), 500.0), self._axis.nyquist_hz * 0.99)
        self.set_cutoff(hz)
        self.cutoff_moved.emit(hz)

    def describe(self, position: QPointF) -> str:
        lane = self.lane_at(position.y())
        rect = self.lane_rects()[lane]
        place = min(1.0, max(0.0, (rect.bottom() - position.y()) / rect.height()))
        sample, hz = self.sample_at(position.x()), self._axis.hz_at(place)
        text = f"{format_time(max(0.0, sample) / self.timeline.sample_rate)}   {format_hz(hz)}"
        if note := note_name(hz):
            text += f" ({note})"
        level = self._picture.level_db(lane, place, sample) if self._picture is not None else None
        if level is not None:
            text += f"   {level:.0f} dBFS".replace("-", "−")
        return text


def _short_hz(hz: float) -> str:
    if hz < 1000:
        return f"{hz:.0f}"
    return f"{hz / 1000:.3f}".rstrip("0").rstrip(".") + "k"
