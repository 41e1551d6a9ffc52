"""SelectingCanvas: how drags in a view become selections."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPen, QPolygonF
from PySide6.QtWidgets import QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import Combine
from audiosr_desktop.ui.theme import Theme
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.tools import FREE_TOOLS, Drag, Grip, Tool
from audiosr_desktop.ui.views.track_canvas import TrackCanvas

EDGE_REACH = 5  # pixels from which an edge can be caught
NO_BOUND = 3  # pixels: a bound dragged this near to the end of the band is none
_MARKER_REACH = 6  # pixels at which an edge snaps to a marker
_CENTRE_FROM = 28  # pixels: lower bands have no centre line to catch


class SelectingCanvas(TrackCanvas):
    """A canvas whose drags select; subclasses say what its height means."""

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(timeline, theme, parent)
        self.tool = Tool.TIME
        self._drag: Drag | None = None
        self.snap_to_zero: Callable[[int], int] | None = None  # gives the nearest zero crossing

    # what a subclass says

    def hz_at(self, y: float) -> float | None:
        """Return the frequency at a height; None where the vertical axis is no frequency."""
        return None

    def ends_at(self, y: float) -> tuple[bool, bool]:
        """Return whether the lower and the upper end of the whole band lie at a height."""
        return False, False

    def drawn_shape(self) -> Drag | None:
        """Return the shape that is being drawn."""
        return self._drag

    def peak_near(self, hz: float, y: float) -> float:
        """Return the spectral peak near a frequency, or the frequency itself."""
        return hz

    # edges

    def edge_at(self, position: QPointF) -> Grip:
        """Return which edge of the selection can be caught here."""
        selection = self.timeline.selection
        lane = self.lane_at(position.y())
        if selection is None or self.tool is Tool.HAND or not self.is_meant(lane, selection.channels):
            return Grip.NOTHING
        left, right = self.x_of(selection.start), self.x_of(selection.stop)
        high = self.y_of_hz(selection.high_hz, lane) if selection.high_hz is not None else None
        low = self.y_of_hz(selection.low_hz, lane) if selection.low_hz is not None else None
        rect = self.lane_rects()[lane]
        top = rect.top() if high is None else high
        bottom = rect.bottom() if low is None else low
        if top - EDGE_REACH <= position.y() <= bottom + EDGE_REACH:
            nearest = min((abs(position.x() - left), 0), (abs(position.x() - right), 1))
            if nearest[0] <= EDGE_REACH:
                return (Grip.LEFT, Grip.RIGHT)[nearest[1]]
        if left <= position.x() <= right and selection.mask is None:
            if high is not None and abs(position.y() - high) <= EDGE_REACH:
                return Grip.HIGH
            if low is not None and abs(position.y() - low) <= EDGE_REACH:
                return Grip.LOW
            centre = self.centre_y(selection, lane)
            if centre is not None and abs(position.y() - centre) <= EDGE_REACH:
                return Grip.CENTRE
        return Grip.NOTHING

    def centre_y(self, selection: Region, lane: int) -> float | None:
        """Return the height of the centre line of a band; None when it has none that could be caught."""
        if selection.low_hz is None or selection.high_hz is None or selection.mask is not None:
            return None
        low, high = self.y_of_hz(selection.low_hz, lane), self.y_of_hz(selection.high_hz, lane)
        if low is None or high is None or low - high < _CENTRE_FROM:
            return None
        return self.y_of_hz((selection.low_hz + selection.high_hz) / 2, lane)

    def extend_to(self, sample: int) -> Grip:
        """Move the nearest edge to `sample`; without a selection make one from the playhead."""
        selection, playhead = self.timeline.selection, self.timeline.playhead
        if selection is None:
            start, stop = sorted((playhead, sample))
            self.timeline.select(Region(start, stop))
            return Grip.LEFT if sample < playhead else Grip.RIGHT
        left = abs(sample - selection.start) < abs(sample - selection.stop)
        grip = Grip.LEFT if left else Grip.RIGHT
        self.move_edge(grip, sample)
        return grip

    def time_at(self, x: float) -> int:
        """Return the sample at a pixel, inside the sound; it snaps to markers, if wanted to zeros."""
        reach = _MARKER_REACH * self.timeline.span / self.area().width()
        place = min(max(0, round(self.sample_at(x))), self.timeline.length)
        sample = self.timeline.snapped(place, reach)
        if sample == place and self.snap_to_zero is not None and 0 < place < self.timeline.length:
            sample = self.snap_to_zero(place)
        return min(max(0, sample), self.timeline.length)

    # drags

    def dragged_region(self, drag: Drag, position: QPointF) -> Region:
        """Return the rectangle between two places, as the tool means it."""
        origin = drag.origin
        start, stop = sorted((drag.began, self.time_at(position.x())))
        if self.hz_at(origin.y()) is None or self.tool is Tool.TIME:
            return Region(start, stop)
        if self.tool is Tool.FREQUENCY:
            start, stop = 0, self.timeline.length
        top, bottom = sorted((origin.y(), self.held_in_lane(origin.y(), position.y())))
        low, high = self.hz_at(bottom), self.hz_at(top)
        # a bound dragged to the top or bottom means "no bound"
        bound_low = None if self.ends_at(bottom)[0] else low
        bound_high = None if self.ends_at(top)[1] else high
        if bound_low is not None and bound_high is not None and bound_high - bound_low < 1.0:
            bound_high = bound_low + 1.0
        return Region(start, stop, bound_low, bound_high)

    def draw_selection(self, drag: Drag, position: QPointF) -> None:
        """Go on with a new shape; only a rectangle that replaces the selection is one already."""
        drag.points.append(QPointF(position.x(), self.held_in_lane(drag.origin.y(), position.y())))
        if self.tool in FREE_TOOLS and self.hz_at(drag.origin.y()) is not None:
            self.update()
            return
        drag.draft = self.dragged_region(drag, position)
        if drag.how is Combine.REPLACE:
            self.timeline.select(drag.draft, live=True)
        else:
            self.update()

    def finish_selection(self, drag: Drag) -> bool:
        """Put what was drawn together with the selection; False when that is done in the background."""
        if drag.how is Combine.REPLACE:
            self.timeline.settle_selection()
        else:
            self.timeline.combine(drag.draft, drag.how)
        self.update()
        return True

    def move_edge(self, grip: Grip, sample: int) -> None:
        """Move the left or right edge; it may be dragged over the other one."""
        selection = self.timeline.selection
        if selection is None:
            return
        sample = min(max(0, sample), self.timeline.length)
        fixed = selection.stop if grip is Grip.LEFT else selection.start
        if self._drag is not None and sample > fixed and grip is Grip.LEFT:
            self._drag.grip = Grip.RIGHT
        elif self._drag is not None and sample < fixed and grip is Grip.RIGHT:
            self._drag.grip = Grip.LEFT
        start, stop = sorted((fixed, sample))
        if start < stop:
            self.timeline.select(replace(selection, start=start, stop=stop), live=True)

    def move_bound(self, drag: Drag, y: float) -> None:
        """Move the lower or upper bound of the band."""
        selection = self.timeline.selection
        y = self.held_in_lane(drag.origin.y(), y)
        hz, (at_bottom, at_top) = self.hz_at(y), self.ends_at(y)
        if selection is None or hz is None:
            return
        low, high = selection.low_hz, selection.high_hz
        if drag.grip is Grip.HIGH:
            high = None if at_top else max(hz, (low or 0.0) + 1.0)
        else:
            low = None if at_bottom else min(hz, (high or self.timeline.sample_rate / 2) - 1.0)
        self.timeline.select(Region(selection.start, selection.stop, low, high), live=True)

    def move_centre(self, drag: Drag, y: float, *, free: bool) -> None:
        """Move the whole band; its centre snaps to a spectral peak unless it is free."""
        selection = self.timeline.selection
        hz = self.hz_at(self.held_in_lane(drag.origin.y(), y))
        if selection is None or hz is None or selection.low_hz is None or selection.high_hz is None:
            return
        half = (selection.high_hz - selection.low_hz) / 2
        nyquist = self.timeline.sample_rate / 2
        centre = hz if free else self.peak_near(hz, y)
        centre = min(max(centre, half + nyquist * 1e-4), nyquist * (1 - 1e-4) - half)
        moved = Region(selection.start, selection.stop, centre - half, centre + half)
        self.timeline.select(moved, live=True)

    def held_in_lane(self, origin_y: float, y: float) -> float:
        """Keep a drag within the lane in which it began."""
        rect = self.lane_rects()[self.lane_at(origin_y)]
        return min(max(y, rect.top()), rect.bottom())

    # painting

    def paint_draft(self, painter: QPainter) -> None:
        """Show a shape that is being drawn and is not the selection yet."""
        drag = self.drawn_shape()
        if drag is None or drag.grip is not Grip.SELECT:
            return
        for colour, width in ((self.theme.colour("canvas", 170), 3.0), (self.theme.colour("selection"), 1.2)):
            painter.setPen(QPen(colour, width, Qt.PenStyle.DashLine))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            if drag.draft is not None and drag.how is not Combine.REPLACE:
                for box in self.boxes_of(drag.draft):
                    painter.drawRect(box)
            elif drag.draft is None and self.tool is Tool.LASSO:
                painter.drawPolygon(QPolygonF(drag.points))
