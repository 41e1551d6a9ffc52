"""Callouts: parts of the sound that are pointed out for a while: what is previewed, gaps that were found."""

from dataclasses import dataclass

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.theme import Theme

LEAST_CLICK = 14.0  # pixels that a gap of a few milliseconds is wide for the mouse
_PREVIEW = "preview"
_INSET = 4.0
_OVER_PICTURE = (255, 205, 120)  # seen on every part of a spectrogram


@dataclass(frozen=True, slots=True)
class Callout:
    """One part that is pointed out.

    Attributes:
        region: in samples of the timeline.
        text: what its badge says.
        kind: "preview", "gap" or "filled".
        details: what the tool tip says.
        number: which of its kind.
        chosen: whether its row of a list is.
    """

    region: Region
    text: str
    kind: str = "gap"
    details: str = ""
    number: int = 0
    chosen: bool = False


class Callouts:
    """Draws them over one view, and finds the one under the pointer.

    A tint, edges that are dashed (a preview) or full (a gap), and a badge with words: not colour alone.
    """

    def __init__(self) -> None:
        self.shown: tuple[Callout, ...] = ()
        self._badges: list[tuple[QRectF, Callout]] = []

    def at(self, place: QPointF) -> Callout | None:
        """Return the one whose badge lies at a place; the chosen one before others."""
        under = [callout for badge, callout in self._badges if badge.contains(place)]
        return next((callout for callout in under if callout.chosen), under[0] if under else None)

    def paint(
        self,
        painter: QPainter,
        theme: Theme,
        area: QRectF,
        boxes: list[tuple[Callout, list[QRectF]]],
        *,
        over_picture: bool,
    ) -> None:
        """Draw all.

        Args:
            painter: of the view.
            theme: its colours.
            area: of the picture.
            boxes: each callout with its place in every lane.
            over_picture: whether the picture is dark in every theme.
        """
        self._badges = []
        colour = QColor(*_OVER_PICTURE) if over_picture else theme.colour("marker")
        metrics = QFontMetricsF(painter.font())
        taken = area.left()  # badges up to here: one that would lie over them is only a handle
        for callout, lanes in boxes:
            if not lanes or lanes[0].right() < area.left() or lanes[0].left() > area.right():
                continue
            for lane in lanes:
                _paint_edges(painter, callout, lane, colour)
            width = max(LEAST_CLICK, metrics.horizontalAdvance(callout.text) + 12)
            badge = _badge_box(callout, lanes[0], area, QSizeF(width, metrics.height() + 4))
            if badge.left() < taken and not callout.chosen:
                badge.setLeft(lanes[0].center().x() - LEAST_CLICK / 2)
                badge.setWidth(LEAST_CLICK)
            else:
                taken = taken if callout.kind == _PREVIEW else badge.right() + 2.0
                painter.setPen(QPen(colour, 2 if callout.chosen else 1))
                _paint_badge(painter, theme, badge, callout.text)
            self._badges.append((badge, callout))


def _badge_box(callout: Callout, lane: QRectF, area: QRectF, size: QSizeF) -> QRectF:
    above = callout.kind == _PREVIEW  # gaps may lie within it
    left = max(lane.left(), area.left()) + (_INSET if above else 0.0)
    bottom = area.bottom() - _INSET - (size.height() + _INSET if above else 0.0)
    corner = QPointF(min(left, area.right() - size.width()), bottom - size.height())
    return QRectF(corner, size)


def _paint_badge(painter: QPainter, theme: Theme, badge: QRectF, text: str) -> None:
    painter.save()
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setBrush(theme.colour("window", 235))
    painter.drawRoundedRect(badge.adjusted(0.5, 0.5, -0.5, -0.5), 4, 4)
    painter.setPen(theme.colour("text"))
    painter.drawText(badge, Qt.AlignmentFlag.AlignCenter, text)
    painter.restore()


def _paint_edges(painter: QPainter, callout: Callout, lane: QRectF, colour: QColor) -> None:
    tint = QColor(colour)
    tint.setAlpha(22 if callout.kind == _PREVIEW else 80 if callout.chosen else 50)
    painter.fillRect(lane, tint)
    style = Qt.PenStyle.DashLine if callout.kind == _PREVIEW else Qt.PenStyle.SolidLine
    style = Qt.PenStyle.DotLine if callout.kind == "filled" else style
    painter.setPen(QPen(colour, 2 if callout.chosen else 1, style))
    painter.drawLine(lane.topLeft(), lane.bottomLeft())
    painter.drawLine(lane.topRight(), lane.bottomRight())
