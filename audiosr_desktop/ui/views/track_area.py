"""TrackArea: where times, lanes and regions lie in a view over time."""

from PySide6.QtCore import QPointF, QRectF, QSize
from PySide6.QtWidgets import QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.readout import format_time, time_decimals
from audiosr_desktop.ui.timeline import Timeline

LEFT_MARGIN = 58  # ruler of the vertical axis; the same for all views, so that their times line up
RIGHT_MARGIN = 50
_AHEAD = 0.25  # of what is visible, that a picture should reach beyond it on each side


def time_words(timeline: Timeline, sample: float) -> str:
    """Return a place in time as it is read out, as finely as a pixel shows it; empty without a sound."""
    if not timeline.length:
        return ""
    decimals = time_decimals(timeline.seconds_per_pixel())
    return format_time(min(max(0.0, sample), timeline.length) / timeline.sample_rate, decimals)


class TrackArea(QWidget):
    """The geometry of a picture of the sound over time. Subclasses say what its vertical axis means."""

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.timeline = timeline

    def y_of_hz(self, hz: float, lane: int) -> float | None:
        """Return the height of a frequency in a lane."""
        return None

    def channel_of(self, lane: int) -> int | None:
        """Return the channel that a lane shows; None where it shows all of them."""
        return lane if self.timeline.channels > 1 else None

    def button_of(self, lane: int) -> QRectF:
        """Return where the button is that picks a lane's channel."""
        rect = self.lane_rects()[lane]
        return QRectF(rect.left() - 34, rect.center().y() - 11, 24, 22)

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

    def inside(self, position: QPointF) -> bool:
        """Return whether a place lies in the picture, not beside it."""
        return self.area().contains(position)

    def lane_at(self, y: float) -> int:
        """Return the lane at a height."""
        rects = self.lane_rects()
        return next((lane for lane, rect in enumerate(rects) if y <= rect.bottom() + 1), len(rects) - 1)

    def is_meant(self, lane: int, channels: tuple[int, ...] | None) -> bool:
        """Return whether a lane shows one of some channels, or all of them."""
        channel = self.channel_of(lane)
        return channels is None or channel is None or channel in channels

    def button_at(self, position: QPointF) -> int | None:
        """Return the channel whose button lies at a place."""
        for lane in range(self.lane_count()):
            if self.channel_of(lane) is not None and self.button_of(lane).contains(position):
                return self.channel_of(lane)
        return None

    def minimumSizeHint(self) -> QSize:
        return QSize(240, 80)

    def sizeHint(self) -> QSize:
        return QSize(900, 260)

    def boxes_of(self, region: Region) -> list[QRectF]:
        """Return a region's bounds in each lane in which they can be seen."""
        left, right = self.x_of(region.start), self.x_of(region.stop)
        boxes = []
        for lane, rect in enumerate(self.lane_rects()):
            if not self.is_meant(lane, region.channels):
                continue
            top, bottom = rect.top(), rect.bottom()
            if region.high_hz is not None and (y := self.y_of_hz(region.high_hz, lane)) is not None:
                top = max(top, y)
            if region.low_hz is not None and (y := self.y_of_hz(region.low_hz, lane)) is not None:
                bottom = min(bottom, y)
            if bottom >= top:
                boxes.append(QRectF(left, top, max(1.0, right - left), bottom - top))
        return boxes

    def reaches(self, start: int, stop: int) -> bool:
        """Return whether a picture of [start, stop) shows what is visible and some way on."""
        timeline, ahead = self.timeline, self.timeline.span * _AHEAD
        first, last = max(0.0, timeline.start - ahead), min(timeline.length, timeline.stop + ahead)
        return start <= first and stop >= last
