"""LevelMeter: peaks with hold, true peak and loudness of what is heard."""

import math
from typing import TYPE_CHECKING

from PySide6.QtCore import QRectF, QSize, Qt
from PySide6.QtGui import QColor, QFontMetrics, QLinearGradient, QPainter, QPainterPath, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import figures
from audiosr_desktop.ui.theme import Theme, figures_font

if TYPE_CHECKING:
    from audiosr_desktop.playback.meters import Levels

_FALL_DB = 1.2  # each time the levels come, 30 times a second
_HOLD = 45  # times that the highest peak is held: 1.5 s
_LOWEST_DB = -60.0
_BARS_PX, _GAP_PX = 116, 6


class LevelMeter(QWidget):
    """Bars rise at once and fall slowly; the highest peak stays for a while; figures stand beside them."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self.blind = False
        self._bars: list[float] = []
        self._held: list[tuple[float, int]] = []  # level, times left
        self.text = ("", "")
        self.setAccessibleName(tr("Level"))
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self._font = figures_font(self.font(), 0.82)
        metrics = QFontMetrics(self._font)
        room = metrics.horizontalAdvance("TP −00.0  I −00.0")
        self.setFixedSize(QSize(_BARS_PX + _GAP_PX + room, max(26, 2 * metrics.height())))
        self.show_levels(None)

    def show_levels(self, levels: "Levels | None") -> None:
        """Take the newest levels; None when nothing is played."""
        if levels is None or self.blind:
            self._bars, self._held, self.text = [], [], ("", "")
        else:
            if len(levels.peaks_db) != len(self._bars):
                self._bars = [_LOWEST_DB] * len(levels.peaks_db)
                self._held = [(_LOWEST_DB, 0)] * len(levels.peaks_db)
            pairs = zip(levels.peaks_db, self._bars, strict=True)
            self._bars = [max(new, old - _FALL_DB) for new, old in pairs]
            self._held = [
                (bar, _HOLD) if bar >= held or not left else (held, left - 1)
                for bar, (held, left) in zip(self._bars, self._held, strict=True)
            ]
            self.text = (
                f"TP {_figure(levels.true_peak_db)}  I {_figure(levels.integrated_lufs)}",
                f"M {_figure(levels.momentary_lufs)}  S {_figure(levels.short_term_lufs)}",
            )
        shown = " · ".join(filter(None, self.text))
        self.setAccessibleDescription(shown)
        self.setToolTip(
            tr(
                "Peak, −60 to 0 dBFS; since playing began: TP, highest true peak, dBTP, and I, loudness, "
                "LUFS; M and S: loudness of the last 0.4 and 3 s, LUFS",
            )
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect()).adjusted(0.5, 2.5, -0.5, -2.5)
        area.setWidth(_BARS_PX)
        path = QPainterPath()
        path.addRoundedRect(area, 3.0, 3.0)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.fillPath(path, self.theme.colour("field"))
        painter.setClipPath(path)
        gradient = QLinearGradient(area.topLeft(), area.topRight())
        for place, colour in ((0.0, "#2f9e6b"), (0.7, "#4fc38a"), (0.85, "#e3c04f"), (1.0, "#ff5a4d")):
            gradient.setColorAt(place, QColor(colour))
        height = (area.height() - (len(self._bars) - 1)) / max(1, len(self._bars))
        for lane, (level, (held, _)) in enumerate(zip(self._bars, self._held, strict=True)):
            top = area.top() + lane * (height + 1)
            painter.fillRect(QRectF(area.left(), top, area.width() * _place(level), height), gradient)
            if held > _LOWEST_DB:
                x = area.left() + area.width() * _place(held)
                painter.fillRect(QRectF(x - 2, top, 2, height), self.theme.colour("text"))
        painter.setClipping(False)
        painter.setPen(self.theme.colour("border"))
        painter.drawPath(path)
        painter.setFont(self._font)
        painter.setPen(self.theme.colour("quiet_text"))
        beside = QRectF(area.right() + _GAP_PX, 0, self.width() - area.right() - _GAP_PX, self.height())
        flags = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
        painter.drawText(beside, flags, "\n".join(self.text))
        painter.end()


def _figure(level_db: float) -> str:
    return figures(level_db, ".1f") if math.isfinite(level_db) else "−∞"


def _place(level_db: float) -> float:
    return min(1.0, max(0.0, 1.0 - level_db / _LOWEST_DB))
