"""What can lie over a spectrogram: the waveform, and the sound before the last edit up to a wipe."""

from PySide6.QtCore import QObject, QPointF, QRectF, Qt, Signal, Slot
from PySide6.QtGui import QColor, QPainter, QPen

from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.tile_loader import TileLoader
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.spectrogram_tiles import Picture, Request, pictures
from audiosr_desktop.ui.views.tile_cache import TileCache
from audiosr_desktop.ui.views.waves import WaveRequest, Waves, waves

_OPACITY = 0.55
_HANDLE = 9.0
WIPE_RADIUS = _HANDLE - 2


class WaveOverlay(QObject):
    """The waveform, drawn thinly over the lanes of a spectrogram."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.loader = TileLoader(self)
        self.loader.loaded.connect(self._on_loaded)
        self.shown = False
        self.peaks: Peaks | None = None
        self._waves: Waves | None = None

    def clear(self) -> None:
        """Forget the picture of another sound."""
        self._waves = None

    def request(self, sound: Sound, timeline: Timeline, columns: int, rows: int) -> None:
        """Ask for the waveform of what is visible, with half a view on either side."""
        if not self.shown:
            return
        peaks = self.peaks if self.peaks is not None and self.peaks.sound is sound else None
        margin = timeline.span / 2
        white = QColor(255, 255, 255)
        self.loader.load(
            waves(
                WaveRequest(
                    sound,
                    peaks,
                    timeline.start - margin,
                    timeline.stop + margin,
                    2 * columns,
                    rows,
                    1.0,
                    False,
                    white,
                    white,
                    white,
                )
            )
        )

    def paint(self, painter: QPainter, lane: int, rect: QRectF, left: float, right: float) -> None:
        """Draw one lane between two places that `span` was asked for."""
        if self.shown and self._waves is not None and lane < len(self._waves.images):
            painter.setOpacity(_OPACITY)
            painter.drawImage(QRectF(left, rect.top(), right - left, rect.height()), self._waves.images[lane])
            painter.setOpacity(1.0)

    @property
    def span(self) -> tuple[int, int]:
        """The samples that the picture covers."""
        return (self._waves.start, self._waves.stop) if self._waves is not None else (0, 0)

    @Slot(int, object)
    def _on_loaded(self, number: int, picture: Waves) -> None:
        if number == self.loader.number:
            self._waves = picture
            self.changed.emit()


class Wipe(QObject):
    """The sound before an edit, to the left of a line that can be dragged."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.loader = TileLoader(self)
        self.loader.loaded.connect(self._on_loaded)
        self.place = 0.5  # of the width
        self.sound: Sound | None = None
        self.picture: Picture | None = None
        self._cache = TileCache(48_000_000)

    def set_sound(self, sound: Sound | None) -> None:
        """Take the sound to compare with; None ends it."""
        self.sound = sound
        if sound is None:
            self.picture = None
            self.loader.load(iter(()))
        self.changed.emit()

    def request(self, request: Request) -> None:
        """Ask for the picture of what is visible."""
        if self.sound is not None:
            self.loader.load(pictures(request, self._cache))

    def x(self, area: QRectF) -> float:
        """Return where the line stands."""
        return area.left() + self.place * area.width()

    def holds(self, position: QPointF, area: QRectF) -> bool:
        """Return whether the line's handle lies here."""
        return (
            self.sound is not None
            and abs(position.x() - self.x(area)) <= _HANDLE
            and position.y() <= area.top() + 2 * _HANDLE
        )

    def drag_to(self, x: float, area: QRectF) -> None:
        """Move the line."""
        self.move_to((x - area.left()) / area.width())

    def move_to(self, place: float) -> None:
        """Move the line to a part of the width."""
        self.place = min(1.0, max(0.0, place))
        self.changed.emit()

    def centre(self, area: QRectF) -> QPointF:
        """Return the middle of the line's handle."""
        return QPointF(self.x(area), area.top() + _HANDLE + 2)

    def paint_line(self, painter: QPainter, area: QRectF) -> None:
        """Draw the line, its handle, and what is on either side."""
        if self.sound is None:
            return
        x = self.x(area)
        for colour, width in ((QColor(0, 0, 0, 190), 4.0), (QColor(255, 255, 255), 1.5)):
            painter.setPen(QPen(colour, width))
            painter.drawLine(QPointF(x, area.top()), QPointF(x, area.bottom()))
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(QColor(10, 12, 16, 225))
        painter.drawEllipse(self.centre(area), WIPE_RADIUS, WIPE_RADIUS)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        top, height = area.top() + 2, 2 * _HANDLE
        for text, box, side in (
            (tr("before"), QRectF(x - 110, top, 94, height), Qt.AlignmentFlag.AlignRight),
            (tr("after"), QRectF(x + 16, top, 94, height), Qt.AlignmentFlag.AlignLeft),
        ):
            place = side | Qt.AlignmentFlag.AlignVCenter
            ground = painter.boundingRect(box, place, text).adjusted(-5, -1, 5, 1)
            painter.fillRect(ground, QColor(10, 12, 16, 200))
            painter.drawText(box, place, text)

    @Slot(int, object)
    def _on_loaded(self, number: int, picture: Picture) -> None:
        if number == self.loader.number and self.sound is not None:
            self.picture = picture
            self.changed.emit()
