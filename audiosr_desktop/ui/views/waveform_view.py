"""WaveformView: the sound's envelope, RMS and clipped samples over time."""

import math

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import format_db
from audiosr_desktop.ui.theme import Theme
from audiosr_desktop.ui.tile_loader import TileLoader
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.track_area import time_words
from audiosr_desktop.ui.views.track_view import TrackView
from audiosr_desktop.ui.views.waves import WaveRequest, Waves, alike, height_of, waves

_MARGIN = 0.5  # of the view, drawn on each side, so that scrolling finds something there
_MAX_GAIN = 256.0
_LINEAR_MARKS_DB = (0, -3, -6, -12, -20)
_LOG_MARKS_DB = (0, -12, -24, -36, -48)


class WaveformView(TrackView):
    """Waveform of all channels, one lane each."""

    drawn = Signal()  # a picture came

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(timeline, theme, parent)
        self.setAccessibleName(tr("Waveform"))
        self.loader = TileLoader(self)
        self.loader.loaded.connect(self._on_loaded)
        self.loader.failed.connect(self._on_loading_failed)
        self._sound: Sound | None = None
        self._peaks: Peaks | None = None
        self._waves: Waves | None = None
        self._answered: WaveRequest | None = None  # what it was asked for by
        self._asked_for: WaveRequest | None = None
        self._gain = 1.0
        self._logarithmic = False

    def set_sound(self, sound: Sound | None, peaks: Peaks | None = None) -> None:
        """Show another state of the sound; its peaks may come later."""
        other = sound is None or self._sound is None or _size(sound) != _size(self._sound)
        self._sound, self._peaks = sound, peaks
        if other:
            self._waves = None
        self.request_now()

    def set_peaks(self, peaks: Peaks) -> None:
        """Take what was measured of the sound."""
        if self._sound is not None and peaks.sound is self._sound:
            self._peaks = peaks
            self.refresh()

    def set_logarithmic(self, logarithmic: bool) -> None:
        """Show decibels instead of amplitude."""
        self._logarithmic = logarithmic
        self.refresh()

    @property
    def picture(self) -> Waves | None:
        """What is shown now."""
        return self._waves

    @property
    def current(self) -> bool:
        """Whether it is a picture of the sound as it is now."""
        known = self._answered
        return self._waves is not None and known is not None and known.sound == self._sound

    def lane_count(self) -> int:
        return self._sound.channels if self._sound is not None else 1

    def request_picture(self) -> None:
        if self._sound is None:
            return
        ratio, span = self.devicePixelRatioF(), self.timeline.span
        margin = span * _MARGIN if self.current else 0.0  # of a new sound first what is visible
        start = max(0.0, self.timeline.start - margin)
        stop = min(float(self._sound.length), self.timeline.stop + margin)
        request = WaveRequest(
            self._sound,
            self._peaks,
            start,
            stop,
            round(self.area().width() * ratio * (stop - start) / span),
            max(8, round(self.lane_rects()[0].height() * ratio)),
            self._gain,
            self._logarithmic,
            self.theme.colour("wave"),
            self.theme.colour("wave_core"),
            self.theme.colour("clip"),
        )
        if not self._is_answered(request) and self.must_ask(request, shown=self.current):
            self._asked_for = request
            self.loader.load(waves(request))

    def _is_answered(self, request: WaveRequest) -> bool:
        """Return whether what is visible, and some way on, is in the picture, as fine as it can be."""
        shown, known = self._waves, self._answered
        if shown is None or known is None or known != self._asked_for:  # another one is on its way
            return False
        if known.peaks is None or not alike(known, request):
            return False
        return self.reaches(shown.start, shown.stop)

    @Slot(int, object)
    def _on_loaded(self, number: int, picture: Waves) -> None:
        if number == self.loader.number:
            if not self.current:
                self.refresh()
            self._waves, self._answered = picture, self._asked_for
            self.update()
            self.drawn.emit()

    def paint_picture(self, painter: QPainter, area: QRectF) -> None:
        rects = self.lane_rects()
        for rect in rects:
            self._paint_grid(painter, rect)
        shown = self._waves
        if shown is None or len(shown.images) != len(rects):
            return
        left, right = self.x_of(shown.start), self.x_of(shown.stop)
        samples = shown.hop == 1 and self.timeline.span <= area.width() * 1.5
        for channel, rect in enumerate(rects):
            if samples:
                self._paint_samples(painter, rect, shown, channel)
            else:
                painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
                target = QRectF(left, rect.top(), right - left, rect.height())
                painter.drawImage(target, shown.images[channel])

    def _paint_grid(self, painter: QPainter, rect: QRectF) -> None:
        painter.setPen(QPen(self.theme.colour("grid"), 1))
        for _, y in self._marks(rect):
            painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
        painter.setPen(QPen(self.theme.colour("line"), 1))
        middle = round(rect.center().y())
        painter.drawLine(QPointF(rect.left(), middle), QPointF(rect.right(), middle))

    def _paint_samples(self, painter: QPainter, rect: QRectF, shown: Waves, channel: int) -> None:
        first = max(0, math.floor(self.timeline.start) - shown.start - 1)
        last = max(first, math.ceil(self.timeline.stop) - shown.start + 2)
        values = shown.maxs[channel, first:last]
        heights = height_of(values, self._gain, logarithmic=self._logarithmic)
        middle, half = rect.center().y(), rect.height() / 2
        offset = shown.start + first
        points = [
            QPointF(self.x_of(offset + place), middle - half * float(height))
            for place, height in enumerate(heights)
        ]
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.theme.colour("wave"), 1.4))
        painter.drawPolyline(QPolygonF(points))
        if self.area().width() / self.timeline.span >= 4:
            painter.setPen(Qt.PenStyle.NoPen)
            for point, value in zip(points, values, strict=True):
                painter.setBrush(self.theme.colour("clip" if abs(value) >= 1.0 else "wave_core"))
                painter.drawEllipse(point, 2.2, 2.2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def paint_axis(self, painter: QPainter, area: QRectF) -> None:
        metrics = painter.fontMetrics()
        painter.setPen(self.theme.colour("quiet_text"))
        for rect in self.lane_rects():
            used: list[float] = []
            for mark, y in self._marks(rect):
                y_text = min(max(y, rect.top() + metrics.height() / 2), rect.bottom() - metrics.height() / 2)
                if all(abs(y_text - other) >= metrics.height() for other in used):
                    used.append(y_text)
                    box = QRectF(area.right() + 8, y_text - metrics.height() / 2, 40, metrics.height())
                    painter.drawText(box, Qt.AlignmentFlag.AlignLeft, f"{mark:.0f}".replace("-", "−"))

    def _marks(self, rect: QRectF) -> list[tuple[float, float]]:
        """Return the levels to mark, upper half then lower, and their heights."""
        zoom_db = 20 * math.log10(self._gain)
        found: list[tuple[float, float]] = []
        for mark in _LOG_MARKS_DB if self._logarithmic else _LINEAR_MARKS_DB:
            level_db = mark - 6 * math.floor(zoom_db / 6)
            amplitude = np.array([10 ** (level_db / 20)], np.float32)
            height = float(height_of(amplitude, self._gain, logarithmic=self._logarithmic)[0])
            if height < 1.0 or level_db + zoom_db < 0.01:
                found += [
                    (level_db, rect.center().y() - sign * height * rect.height() / 2) for sign in (1, -1)
                ]
        return found

    def describe(self, position: QPointF) -> str:
        sample = self.sample_at(position.x())
        text = time_words(self.timeline, sample)
        lane = self.lane_at(position.y())
        peak = self._waves.peak_at(sample, lane) if self._waves is not None else None
        if peak is not None:
            text += f"   {format_db(20 * math.log10(peak) if peak > 0 else -math.inf)}"
            text += tr("  clipped") if peak >= 1.0 else ""
        return text

    def zoom_vertically(self, factor: float, y: float) -> None:
        self._gain = min(_MAX_GAIN, max(1.0, self._gain * factor))
        self.refresh()


def _size(sound: Sound) -> tuple[int, int, int]:
    return sound.length, sound.sample_rate, sound.channels
