"""CutoffLine: where the band of the sound ends, as a dashed line with its value."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QFontMetricsF, QPainter, QPen

from audiosr_desktop.ui.readout import format_hz
from audiosr_desktop.ui.theme import Theme


class CutoffLine:
    """What is drawn in each lane, and the tags by which it is dragged."""

    def __init__(self) -> None:
        self.hz: float | None = None
        self.text = ""
        self.tags: list[tuple[QRectF, int]] = []

    def lane_of_tag(self, position: QPointF) -> int | None:
        """Return in which lane a tag lies at this place; None where there is none."""
        return next((lane for tag, lane in self.tags if tag.contains(position)), None)

    def paint(self, painter: QPainter, lanes: list[tuple[QRectF, float]], theme: Theme) -> None:
        """Draw the line.

        Args:
            painter: clipped to the views' area.
            lanes: the strip of each channel and the height of the cutoff in it.
            theme: colours.
        """
        self.tags = []
        if self.hz is None:
            return
        metrics = QFontMetricsF(painter.font())
        text = f"{format_hz(self.hz)}{self.text}"
        for lane, (rect, y) in enumerate(lanes):
            if not rect.top() < y < rect.bottom():
                continue
            for colour, width in ((QColor(0, 0, 0, 190), 4), (theme.colour("cutoff"), 2)):
                painter.setPen(QPen(colour, width, Qt.PenStyle.DashLine))
                painter.drawLine(QPointF(rect.left(), y), QPointF(rect.right(), y))
            tag = QRectF(0, 0, metrics.horizontalAdvance(text) + 16, metrics.height() + 4)
            above = y - tag.height() - 3
            tag.moveTopRight(QPointF(rect.right() - 8, above if above > rect.top() else y + 3))
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(theme.colour("cutoff"), 1))
            painter.setBrush(QColor(10, 12, 16, 225))
            painter.drawRoundedRect(tag, 4, 4)
            painter.setPen(theme.colour("cutoff"))
            painter.drawText(tag, Qt.AlignmentFlag.AlignCenter, text)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
            self.tags.append((tag, lane))
