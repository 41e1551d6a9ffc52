"""TrackCanvas: what waveform and spectrogram share in drawing: time axis, selection, spans and playhead."""

from typing import Protocol

from PySide6.QtCore import QEvent, QPointF, QRectF, Qt, QTimer, Slot
from PySide6.QtGui import (
    QBrush,
    QColor,
    QFontMetricsF,
    QHelpEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QToolTip, QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.channel_words import channel_letter, channel_name
from audiosr_desktop.ui.document import RestoredSpan
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.theme import Theme, figures_font
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.callouts import Callout, Callouts
from audiosr_desktop.ui.views.span_words import badge_texts, span_details
from audiosr_desktop.ui.views.track_area import TrackArea

REDRAW_MS = 16
_EDGE = 190  # opacity of what sets lines off from the picture
_SOLID = Qt.PenStyle.SolidLine


class Asked(Protocol):
    """A request for a picture."""

    @property
    def sound(self) -> Sound:
        """What it is a picture of."""


class TrackCanvas(TrackArea):
    """A picture of the sound over time. Subclasses paint it and say what its vertical axis means."""

    def __init__(self, timeline: Timeline, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(timeline, parent)
        self.theme = theme
        self._spans: tuple[RestoredSpan, ...] = ()
        self._pending: Region | None = None
        self.callouts = Callouts()
        self.badges: list[tuple[QRectF, RestoredSpan]] = []
        self.shows_badges = True
        self.badge_top = 4.0
        self._playhead_x = 0.0
        self._asked: Asked | None = None
        self._request_timer = QTimer(self)
        self._request_timer.setSingleShot(True)
        self._request_timer.setInterval(REDRAW_MS)
        self._request_timer.timeout.connect(self._on_request_due)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        timeline.view_changed.connect(self._on_view_changed)
        timeline.selection_changed.connect(self.update)
        timeline.markers_changed.connect(self.update)
        timeline.playhead_changed.connect(self._on_playhead_changed)

    # what a subclass says

    def request_picture(self) -> None:
        """Ask for a picture of what is visible now, in the background."""
        raise NotImplementedError

    def paint_picture(self, painter: QPainter, area: QRectF) -> None:
        """Paint the newest picture into `area`."""
        raise NotImplementedError

    def paint_axis(self, painter: QPainter, area: QRectF) -> None:
        """Paint the rulers beside `area`."""
        raise NotImplementedError

    def paint_over(self, painter: QPainter, area: QRectF) -> None:
        """Paint what lies over picture and selection."""

    def paint_draft(self, painter: QPainter) -> None:
        """Paint a selection that is being drawn."""

    def veil(self) -> QColor:
        """Return what lies over channels that are not meant."""
        return self.theme.colour("canvas", 150)

    def line_theme(self) -> Theme:
        """Return whose colours lines over the picture have."""
        return self.theme

    def draw_line(
        self, painter: QPainter, start: QPointF, stop: QPointF, name: str, style: Qt.PenStyle = _SOLID
    ) -> None:
        """Draw a line in a colour of the theme, with an edge that sets it off from any picture."""
        theme = self.line_theme()
        painter.setPen(QPen(theme.colour("canvas", _EDGE), 3))
        painter.drawLine(start, stop)
        painter.setPen(QPen(theme.colour(name), 1, style))
        painter.drawLine(start, stop)

    # state

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.theme = theme
        self.refresh()

    def set_spans(self, spans: tuple[RestoredSpan, ...]) -> None:
        """Mark restored parts."""
        self._spans = spans
        self.update()

    def span_at(self, place: QPointF) -> RestoredSpan | None:
        """Return the restored part whose badge lies at a place."""
        return next((span for badge, span in self.badges if badge.contains(place)), None)

    def set_pending(self, pending: Region | None) -> None:
        """Hatch what a run still works on."""
        if pending != self._pending:
            self._pending = pending
            self.update()

    def set_callouts(self, callouts: tuple[Callout, ...]) -> None:
        """Point parts out."""
        self.callouts.shown = callouts
        self.update()

    def refresh(self) -> None:
        """Ask for a new picture soon; requests of one frame are joined."""
        if not self._request_timer.isActive():
            self._request_timer.start()
        self.update()

    def must_ask(self, request: Asked, *, shown: bool) -> bool:
        """Return whether a request is new, and keep it.

        It is not when it was asked for last, nor while the first picture of its sound is on its way: that is
        better than nothing, and the view asks again when it is there.
        """
        asked = self._asked
        if asked == request or (asked is not None and not shown and asked.sound is request.sound):
            return False
        self._asked = request
        return True

    @Slot(Exception)
    def _on_loading_failed(self, error: Exception) -> None:
        self._asked = None  # another try may go better

    def request_now(self) -> None:
        """Ask for the first picture of another state of the sound without waiting for the next frame."""
        self._asked = None
        self._request_timer.stop()
        self._on_request_due()
        self.update()

    @Slot()
    def _on_request_due(self) -> None:
        if self.isVisible() and self.timeline.length:
            self.request_picture()

    @Slot()
    def _on_view_changed(self) -> None:
        self.refresh()

    @Slot()
    def _on_playhead_changed(self) -> None:
        old, new = self._playhead_x, self.x_of(self.timeline.playhead)
        self._playhead_x = new
        for x in (old, new):  # only these two strips are painted again
            self.update(int(x) - 6, 0, 13, self.height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        self.refresh()

    def event(self, event: QEvent) -> bool:
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip:
            place = QPointF(event.pos())
            span = self.span_at(place)
            text = span_details(span) if span is not None else ""
            callout = self.callouts.at(place)
            text = callout.details if callout is not None else text
            channel = self.button_at(place)
            if channel is not None:
                text = tr(
                    "Pick only the {channel} (Shift+C); Ctrl+click adds it to those picked",
                    channel=channel_name(channel, self.timeline.channels),
                )
            QToolTip.showText(event.globalPos(), text, self)
            return True
        if event.type() in (QEvent.Type.Show, QEvent.Type.DevicePixelRatioChange):
            self.refresh()
        return super().event(event)

    # painting

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setFont(figures_font(self.font(), 0.88))
        area = self.area()
        painter.fillRect(event.rect(), self.theme.colour("window"))
        painter.fillRect(area, self.theme.colour("canvas"))
        if self.timeline.length:
            painter.save()
            painter.setClipRect(area)
            self.paint_picture(painter, area)
            self._paint_spans(painter, area)
            self._paint_pending(painter)
            self._paint_unpicked(painter)
            self._paint_markers(painter, area)
            self._paint_selection(painter)
            self.paint_callouts(painter, area)
            self.paint_draft(painter)
            self.paint_over(painter, area)
            self._paint_playhead(painter, area)
            painter.restore()
            self.paint_axis(painter, area)
            self._paint_buttons(painter)
        if self.hasFocus():
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(QPen(self.theme.colour("focus"), 2))
            painter.drawRect(area.adjusted(1, 1, -1, -1))
        painter.end()

    def _paint_unpicked(self, painter: QPainter) -> None:
        """Dim the channels that are not meant."""
        for lane, rect in enumerate(self.lane_rects()):
            if not self.is_meant(lane, self.timeline.picked):
                painter.fillRect(rect, self.veil())

    def _paint_buttons(self, painter: QPainter) -> None:
        """Name the channels; a frame and bold letters, not the colour alone, show which are picked."""
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setBrush(self.theme.colour("window", 235))
        font = painter.font()
        for lane in range(self.lane_count()):
            channel = self.channel_of(lane)
            if channel is None:
                continue
            picked, rect = channel in (self.timeline.picked or ()), self.button_of(lane)
            painter.setPen(QPen(self.theme.colour("accent" if picked else "border"), 2 if picked else 1))
            painter.drawRoundedRect(rect.adjusted(1, 1, -1, -1), 4, 4)
            font.setBold(picked)
            painter.setFont(font)
            painter.setPen(self.theme.colour("text" if picked else "quiet_text"))
            letter = channel_letter(channel, self.timeline.channels)
            painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, letter)
        painter.restore()

    def _paint_markers(self, painter: QPainter, area: QRectF) -> None:
        for marker in self.timeline.markers:
            x = round(self.x_of(marker))
            if area.left() <= x <= area.right():
                top, bottom = QPointF(x, 0), QPointF(x, area.height())
                self.draw_line(painter, top, bottom, "marker", Qt.PenStyle.DashLine)

    def _paint_spans(self, painter: QPainter, area: QRectF) -> None:
        self.badges = []
        metrics = QFontMetricsF(painter.font())
        for span in self._spans:
            left, right = self.x_of(span.region.start), self.x_of(span.region.stop)
            if right < area.left() or left > area.right():
                continue
            for lane, strip in enumerate(self.lane_rects()):
                if self.is_meant(lane, span.region.channels):
                    strip.setLeft(left)
                    strip.setWidth(max(1.0, right - left))
                    self.paint_span(painter, strip, span)
            if self.shows_badges:
                seen = QRectF(left, self.badge_top, right - left, metrics.height() + 4) & area
                self._lay_badge(painter, seen, span)

    def _lay_badge(self, painter: QPainter, seen: QRectF, span: RestoredSpan) -> None:
        """Put the badge of a part where it can be read, below those that lie there already."""
        for text in badge_texts(span):
            width = painter.fontMetrics().horizontalAdvance(text) + 14.0
            if seen.width() <= width + 8:
                continue
            badge = QRectF(seen.left() + 4, seen.top(), width, seen.height())
            while any(badge.intersects(other) for other, _ in self.badges):
                badge.translate(0, badge.height() + 2)
            self.paint_badge(painter, badge, text)
            self.badges.append((badge, span))
            return

    def _paint_pending(self, painter: QPainter) -> None:
        if self._pending is not None:
            hatching = QBrush(self.theme.colour("restored", 90), Qt.BrushStyle.BDiagPattern)
            for box in self.boxes_of(self._pending):
                painter.fillRect(box, hatching)

    def paint_callouts(self, painter: QPainter, area: QRectF, *, over_picture: bool = False) -> None:
        """Mark what is pointed out."""
        boxes = [(callout, self.boxes_of(callout.region)) for callout in self.callouts.shown]
        self.callouts.paint(painter, self.theme, area, boxes, over_picture=over_picture)

    def paint_span(self, painter: QPainter, rect: QRectF, span: RestoredSpan) -> None:
        """Tint a restored part."""
        painter.fillRect(rect, self.theme.colour("restored", 24))
        self.draw_line(painter, rect.topLeft(), rect.bottomLeft(), "restored")
        self.draw_line(painter, rect.topRight(), rect.bottomRight(), "restored")

    def paint_badge(self, painter: QPainter, rect: QRectF, text: str) -> None:
        """Name a restored part."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QPen(self.theme.colour("restored"), 1))
        painter.setBrush(self.theme.colour("window", 225))
        painter.drawRoundedRect(rect, 4, 4)
        painter.setPen(self.theme.colour("text"))
        painter.drawText(rect, Qt.AlignmentFlag.AlignCenter, text)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)

    def _paint_selection(self, painter: QPainter) -> None:
        selection = self.timeline.selection
        if selection is None:
            return
        if selection.mask is not None:
            self.paint_mask(painter, selection)
            return
        for box in self.boxes_of(selection):
            self.paint_selection_box(painter, box)

    def paint_mask(self, painter: QPainter, selection: Region) -> None:
        """Show a selection that is no rectangle: here only the times in which it chooses anything."""
        assert selection.mask is not None
        for start, stop in selection.mask.runs:
            span = Region(max(start, selection.start), max(start, selection.start, min(stop, selection.stop)))
            span = span.of_channels(selection.channels)
            for box in self.boxes_of(span) if span.length else ():
                self.paint_selection_box(painter, box)

    def paint_selection_box(self, painter: QPainter, box: QRectF) -> None:
        """Show the selected part of one lane."""
        painter.fillRect(box, self.theme.colour("selection", 46))
        self.draw_line(painter, box.topLeft(), box.bottomLeft(), "selection")
        self.draw_line(painter, box.topRight(), box.bottomRight(), "selection")

    def _paint_playhead(self, painter: QPainter, area: QRectF) -> None:
        x = round(self.x_of(self.timeline.playhead))
        self._playhead_x = x
        self.draw_line(painter, QPointF(x, 0), QPointF(x, area.height()), "playhead")
