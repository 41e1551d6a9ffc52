"""ColourBar: which level has which colour; dragging it moves the range of levels."""

from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QImage, QPainter, QPen

from audiosr_desktop.ui.readout import figures, multiples, round_step
from audiosr_desktop.ui.theme import Theme
from audiosr_desktop.ui.views.colour_maps import LOWEST_DB, colours

LEAST_RANGE_DB = 10.0
_REACH = 46  # pixels beside the lane in which the bar can be caught
_BAR_PX = 17  # of them, those that the bar itself takes


class ColourBar:
    """The bar beside the first lane: its ends move one bound, its middle both."""

    def __init__(self) -> None:
        self.low_db, self.high_db, self.colour_map = -120.0, -20.0, "magma"
        self._held: tuple[float, float, float, float] | None = None

    def paint(self, painter: QPainter, rect: QRectF, theme: Theme) -> None:
        """Draw it beside a lane."""
        painter.save()
        font, room = painter.font(), _REACH - _BAR_PX
        widest = painter.fontMetrics().horizontalAdvance("−100")
        if widest > room:  # letters may be large, the margin is the same for all views
            font.setPointSizeF(font.pointSizeF() * room / widest)
            painter.setFont(font)
        metrics = painter.fontMetrics()
        table = colours(self.colour_map)[::-1].reshape(-1, 1).copy()
        bar = QRectF(rect.right() + 6, rect.top() + 1, 8, rect.height() - 2)
        painter.drawImage(bar, QImage(table.data, 1, len(table), 4, QImage.Format.Format_RGB32))
        painter.setPen(QPen(theme.colour("quiet_text")))
        span = self.high_db - self.low_db
        step = max(2.0, round_step(span, max(2, int(rect.height() / 34))))
        for level in multiples(step, self.low_db, self.high_db):
            y = bar.bottom() - (level - self.low_db) / span * bar.height()
            y = min(max(y, rect.top() + metrics.height() / 2), rect.bottom() - metrics.height() / 2)
            box = QRectF(rect.right() + _BAR_PX, y - metrics.height() / 2, _REACH, metrics.height())
            painter.drawText(box, Qt.AlignmentFlag.AlignLeft, figures(level, ".0f"))
        painter.restore()

    def grab(self, position: QPointF, rect: QRectF) -> bool:
        """Take hold of the bar; False where it does not lie."""
        inside = rect.right() < position.x() <= rect.right() + _REACH
        if not inside or not rect.top() <= position.y() <= rect.bottom():
            return False
        place = (rect.bottom() - position.y()) / rect.height()
        low_share, high_share = (1.0, 0.0) if place < 1 / 3 else (0.0, 1.0) if place > 2 / 3 else (1.0, 1.0)
        self._held = (position.y(), rect.height(), low_share, high_share)
        return True

    def drag(self, y: float) -> None:
        """Move what is held to a height: upwards is louder."""
        if self._held is None:
            return
        last, height, low_share, high_share = self._held
        step = (last - y) / height * (self.high_db - self.low_db)
        low, high = self.low_db + low_share * step, self.high_db + high_share * step
        if low_share and high_share:
            bounded = min(max(step, LOWEST_DB - self.low_db), -self.high_db)
            low, high = self.low_db + bounded, self.high_db + bounded
        low = min(max(low, LOWEST_DB), 0.0 - LEAST_RANGE_DB)
        high = min(max(high, low + LEAST_RANGE_DB), 0.0)
        self.low_db, self.high_db = min(low, high - LEAST_RANGE_DB), high
        self._held = (y, height, low_share, high_share)
