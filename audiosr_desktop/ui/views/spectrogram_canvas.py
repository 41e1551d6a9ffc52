"""SpectrogramCanvas: the pictures of level over time and frequency, what lies over them, and the axes."""

from dataclasses import replace

from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPen
from PySide6.QtWidgets import QWidget

from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.document import RestoredSpan
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import own_mark
from audiosr_desktop.ui.theme import DARK, Theme
from audiosr_desktop.ui.tile_loader import TileLoader
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.colour_bar import ColourBar
from audiosr_desktop.ui.views.colour_maps import colours
from audiosr_desktop.ui.views.cutoff_line import CutoffLine
from audiosr_desktop.ui.views.frequency_axis import FrequencyAxis
from audiosr_desktop.ui.views.layers import WaveOverlay, Wipe
from audiosr_desktop.ui.views.mask_picture import MaskPicture
from audiosr_desktop.ui.views.selecting import NO_BOUND
from audiosr_desktop.ui.views.spectrogram_tiles import Picture, Request, alike, pictures, warming
from audiosr_desktop.ui.views.tile_cache import TileCache
from audiosr_desktop.ui.views.tile_measuring import Analysis, lanes
from audiosr_desktop.ui.views.track_view import TrackView

_MARGIN = 0.5  # of the view, drawn on each side
_BACKDROP_COLUMNS = 512


class SpectrogramCanvas(TrackView):
    """Spectrogram of one or two lanes; more than two channels are shown as their sum."""

    drawn = Signal()  # a picture came

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(timeline, theme, parent)
        self.setAccessibleName(tr("Spectrogram"))
        self.shows_badges = False  # the waveform has them; here they would hide the top of the spectrum
        self.badge_top = 30.0  # below the channel's button and the wipe's handle
        self.loader = TileLoader(self)
        self.loader.loaded.connect(self._on_loaded)
        self.loader.failed.connect(self._on_loading_failed)
        self._backdrop_loader = TileLoader(self)
        self._backdrop_loader.loaded.connect(self._on_backdrop_loaded)
        self._cache, self._backdrop_cache = TileCache(), TileCache(16_000_000)
        self._sound: Sound | None = None
        self._analysis = Analysis()
        self._axis = FrequencyAxis(24_000.0)
        self.bar, self.cutoff = ColourBar(), CutoffLine()
        self.wipe, self.overlay = Wipe(self), WaveOverlay(self)
        self._mask_picture = MaskPicture()
        for layer in (self.wipe, self.overlay):
            layer.changed.connect(self.update)
        self._tilt_db = 0.0
        self._picture: Picture | None = None
        self._answered: Request | None = None  # what the picture was asked for by
        self._asked_for: Request | None = None
        self._backdrop: Picture | None = None
        self._backdrop_wanted = False

    @property
    def axis(self) -> FrequencyAxis:
        """What frequencies are visible."""
        return self._axis

    @property
    def picture(self) -> Picture | None:
        """What is shown now."""
        return self._picture

    def picture_at(self, x: float) -> Picture | None:
        """Return what is seen at a pixel: left of a wipe it is the sound before."""
        before = self.wipe.picture
        return before if before is not None and x < self.wipe.x(self.area()) else self._picture

    @property
    def current(self) -> bool:
        """Whether it is a picture of the sound as it is now."""
        known = self._answered
        return self._picture is not None and known is not None and known.sound == self._sound

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
            self.overlay.clear()
            self.wipe.set_sound(None)
        if sound is not None and sound.sample_rate / 2 != self._axis.nyquist_hz:
            self._axis = FrequencyAxis(sound.sample_rate / 2, self._axis.scale)
        self._sound = sound
        self._backdrop_wanted = True
        self.request_now()

    def set_analysis(self, analysis: Analysis) -> None:
        """Measure in another way."""
        self._analysis = analysis
        self.redraw_all()

    def set_colours(self, colour_map: str, low_db: float, high_db: float) -> None:
        """Show levels from `low_db` to `high_db` in another way."""
        new = (colour_map, low_db, high_db)
        if new != (self.bar.colour_map, self.bar.low_db, self.bar.high_db):
            self.bar.colour_map, self.bar.low_db, self.bar.high_db = new
            self.redraw_all()

    def set_tilt(self, tilt_db: float) -> None:
        """Brighten what lies above 1 kHz by so many dB a decade."""
        self._tilt_db = tilt_db
        self.redraw_all()

    def set_overlay(self, shown: bool) -> None:
        """Draw the waveform over the spectrogram or not."""
        self.overlay.shown = shown
        self.refresh()

    def set_peaks(self, peaks: Peaks) -> None:
        """Take what was measured of the sound, for the waveform over it."""
        self.overlay.peaks = peaks
        if self.overlay.shown:
            self.refresh()

    def set_before(self, sound: Sound | None) -> None:
        """Show another sound of the same size to the left of a wipe; None ends it."""
        if sound is not self.wipe.sound:
            self.wipe.set_sound(sound)
            self.refresh()

    def set_scale(self, scale: str) -> None:
        """Show frequencies on another scale, all of them."""
        self._axis = FrequencyAxis(self._axis.nyquist_hz, scale)
        self.redraw_all()

    def set_cutoff(self, hz: float | None, text: str = "") -> None:
        """Draw the cutoff line at a frequency, with a text after its value; None takes it away."""
        self.cutoff.hz, self.cutoff.text = hz, text
        self.update()

    def redraw_all(self) -> None:
        """Draw everything anew, the backdrop too."""
        self._backdrop_wanted = True
        self.refresh()

    def lane_count(self) -> int:
        return lanes(self._sound) if self._sound is not None else 1

    def channel_of(self, lane: int) -> int | None:
        return super().channel_of(lane) if self.lane_count() > 1 else None

    def veil(self) -> QColor:
        return QColor(0, 0, 0, 150)  # the picture is dark in every theme

    def line_theme(self) -> Theme:
        return DARK

    def button_of(self, lane: int) -> QRectF:
        rect = self.lane_rects()[lane]
        return QRectF(rect.left() + 6, rect.top() + 6, 22, 20)

    def request_picture(self) -> None:
        if self._sound is None:
            return
        ratio = self.devicePixelRatioF()
        margin = self.timeline.span * _MARGIN if self.current else 0.0  # of a new sound first what is visible
        start = max(0.0, self.timeline.start - margin)
        stop = min(float(self.timeline.length), self.timeline.stop + margin)
        columns = self.area().width() * ratio * (stop - start) / self.timeline.span
        rows = max(8, round(self.lane_rects()[0].height() * ratio))
        request = self._request(start, stop, round(columns), rows)
        if not self._is_answered(request) and self.must_ask(request, shown=self.current):
            self._asked_for = request
            self.loader.load(pictures(request, self._cache))
        if self.wipe.sound is not None:
            self.wipe.request(replace(request, sound=self.wipe.sound))
        self.overlay.request(self._sound, self.timeline, round(self.area().width() * ratio), rows)
        if self.current:
            self._request_backdrop(rows)

    def _is_answered(self, request: Request) -> bool:
        """Return whether what is visible, and some way on, is in the picture, as fine as it can be."""
        picture, known = self._picture, self._answered
        if picture is None or known is None or known != self._asked_for:  # another one is on its way
            return False
        if not picture.complete or not alike(known, request):
            return False
        return self.reaches(picture.start, picture.stop)

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
            self.bar.low_db,
            self.bar.high_db,
            self.bar.colour_map,
            self._tilt_db,
        )

    @Slot(int, object)
    def _on_loaded(self, number: int, picture: Picture) -> None:
        if number == self.loader.number:
            if not self.current:
                self.refresh()
            self._picture, self._answered = picture, self._asked_for
            self.update()
            self.drawn.emit()

    @Slot(int, object)
    def _on_backdrop_loaded(self, number: int, picture: Picture) -> None:
        if number == self._backdrop_loader.number:
            self._backdrop = picture
            self.update()

    def warm_up(self) -> None:
        """Get ready for the first picture, in the background."""
        self.loader.load(warming())

    def loaders(self) -> tuple[TileLoader, ...]:
        """Return what draws in the background."""
        return self.loader, self._backdrop_loader, self.wipe.loader, self.overlay.loader

    # painting

    def paint_picture(self, painter: QPainter, area: QRectF) -> None:
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        for lane, rect in enumerate(self.lane_rects()):
            painter.fillRect(rect, QColor.fromRgb(int(colours(self.bar.colour_map)[0])))
            painter.save()
            painter.setClipRect(rect, Qt.ClipOperation.IntersectClip)
            if not self._fills_view(self._picture):
                self._paint_lane(painter, rect, self._backdrop, lane)
            self._paint_lane(painter, rect, self._picture, lane)
            left, right = (self.x_of(edge) for edge in self.overlay.span)
            self.overlay.paint(painter, lane, rect, left, right)
            if self.wipe.picture is not None:
                painter.setClipRect(
                    QRectF(area.left(), rect.top(), self.wipe.x(area) - area.left(), rect.height()),
                    Qt.ClipOperation.IntersectClip,
                )
                self._paint_lane(painter, rect, self.wipe.picture, lane)
            painter.restore()

    def _fills_view(self, picture: Picture | None) -> bool:
        """Return whether a picture shows all that is visible, so that nothing behind it can be seen."""
        if picture is None or picture.axis != self._axis:
            return False
        stop = min(self.timeline.stop, self.timeline.length)
        return picture.start <= self.timeline.start and picture.stop >= stop

    def _paint_lane(self, painter: QPainter, rect: QRectF, picture: Picture | None, lane: int) -> None:
        """Draw a picture where its times and frequencies lie now, also while a better one is made."""
        if picture is None or lane >= len(picture.images):
            return
        left, right = self.x_of(picture.start), self.x_of(picture.stop)
        top = rect.bottom() - rect.height() * self._axis.place_of(picture.axis.hz_at(1.0))
        bottom = rect.bottom() - rect.height() * self._axis.place_of(picture.axis.hz_at(0.0))
        painter.drawImage(QRectF(left, top, right - left, bottom - top), picture.images[lane])

    def paint_span(self, painter: QPainter, rect: QRectF, span: RestoredSpan) -> None:
        for top, bottom in ((rect.topLeft(), rect.bottomLeft()), (rect.topRight(), rect.bottomRight())):
            self.draw_line(painter, top, bottom, "restored", Qt.PenStyle.DotLine)
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 4, rect.width(), 4), DARK.colour("canvas"))
        painter.fillRect(QRectF(rect.left(), rect.bottom() - 3, rect.width(), 3), DARK.colour("restored"))

    def paint_callouts(self, painter: QPainter, area: QRectF, *, over_picture: bool = True) -> None:
        super().paint_callouts(painter, area, over_picture=over_picture)

    def paint_selection_box(self, painter: QPainter, box: QRectF) -> None:
        painter.fillRect(box, QColor(255, 255, 255, 28))
        for colour, width in ((QColor(0, 0, 0, 150), 3), (QColor(255, 255, 255), 1)):
            painter.setPen(QPen(colour, width))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(box.adjusted(0, 0, 0, -1))

    def paint_mask(self, painter: QPainter, selection: Region) -> None:
        assert selection.mask is not None
        area, ratio = self.area(), self.devicePixelRatioF()
        left, right = self.x_of(selection.start), self.x_of(selection.stop)
        shown = QRectF(left, 0, right - left, self.height()) & area
        if shown.isEmpty():
            return
        painter.save()
        painter.setClipRect(shown, Qt.ClipOperation.IntersectClip)
        span = self.timeline.start, self.timeline.stop
        for lane, rect in enumerate(self.lane_rects()):
            if self.is_meant(lane, selection.channels):
                size = max(1, round(rect.width() * ratio)), max(8, round(rect.height() * ratio))
                painter.drawImage(rect, self._mask_picture.image(selection.mask, self._axis, span, size))
        painter.restore()

    def paint_over(self, painter: QPainter, area: QRectF) -> None:
        self._paint_centre_line(painter)
        self.wipe.paint_line(painter, area)
        hz = self.cutoff.hz or 0.0
        lane_heights = [(rect, self._y_in(rect, hz)) for rect in self.lane_rects()]
        self.cutoff.paint(painter, lane_heights, self.theme)

    def _paint_centre_line(self, painter: QPainter) -> None:
        selection = self.timeline.selection
        if selection is None:
            return
        left, right = self.x_of(selection.start), self.x_of(selection.stop)
        for lane, rect in enumerate(self.lane_rects()):
            y = self.centre_y(selection, lane)
            if y is not None and self.is_meant(lane, selection.channels) and rect.top() < y < rect.bottom():
                dashes = Qt.PenStyle.DashDotLine
                self.draw_line(painter, QPointF(left, y), QPointF(right, y), "playhead", dashes)

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
                self.bar.paint(painter, rect, self.theme)

    # places

    def hz_at(self, y: float) -> float | None:
        rect = self.lane_rects()[self.lane_at(y)]
        place = min(1.0, max(0.0, (rect.bottom() - y) / rect.height()))
        return self._axis.hz_at(place)

    def ends_at(self, y: float) -> tuple[bool, bool]:
        rect = self.lane_rects()[self.lane_at(y)]
        at_bottom, at_top = y >= rect.bottom() - NO_BOUND, y <= rect.top() + NO_BOUND
        return at_bottom and self._axis.bottom <= 0.0, at_top and self._axis.top >= 1.0

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


def _short_hz(hz: float) -> str:
    if hz < 1000:
        return f"{hz:.0f}"
    return own_mark(f"{hz / 1000:.3f}".rstrip("0").rstrip(".")) + "k"
