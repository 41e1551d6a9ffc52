"""TransportBar: play, stop and loop, the time, A/B, and a level meter."""

import math

from PySide6.QtCore import QRectF, QSize, Qt, Slot
from PySide6.QtGui import QAction, QColor, QLinearGradient, QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QLabel, QSizePolicy, QToolButton, QWidget

from audiosr_desktop.ui.measurements import Measurements
from audiosr_desktop.ui.readout import format_time
from audiosr_desktop.ui.theme import Theme, figures_font
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.transport import DELTA, TAKE_A, TAKE_B, Transport

_FALL_DB = 1.2  # of the meter, each time the position is polled
_LOWEST_DB = -60.0
_TAKE_NAMES = {TAKE_A: "A · source", TAKE_B: "B · result", DELTA: "Δ · difference"}


class LevelMeter(QWidget):
    """Peak level of what is heard: rises at once, falls slowly, keeps the highest for a while."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.theme = theme
        self._levels: list[float] = []
        self._held: list[float] = []
        self.setAccessibleName("Level")
        self.setToolTip("Peak level, −60 to 0 dBFS")
        self.setSizePolicy(QSizePolicy.Policy.Fixed, QSizePolicy.Policy.Fixed)
        self.setFixedSize(QSize(150, 20))

    def show_levels(self, levels_db: list[float]) -> None:
        """Take the newest level of each channel."""
        if len(levels_db) != len(self._levels):
            self._levels = self._held = [_LOWEST_DB] * len(levels_db)
        self._levels = [max(new, old - _FALL_DB) for new, old in zip(levels_db, self._levels, strict=True)]
        self._held = [max(new, old - _FALL_DB / 6) for new, old in zip(self._levels, self._held, strict=True)]
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        area = QRectF(self.rect()).adjusted(0.5, 2.5, -0.5, -2.5)
        painter.fillRect(area, self.theme.colour("field"))
        gradient = QLinearGradient(area.topLeft(), area.topRight())
        for place, colour in ((0.0, "#2f9e6b"), (0.7, "#4fc38a"), (0.85, "#e3c04f"), (1.0, "#ff5a4d")):
            gradient.setColorAt(place, QColor(colour))
        count = max(1, len(self._levels))
        height = (area.height() - (count - 1)) / count
        for lane, (level, held) in enumerate(zip(self._levels, self._held, strict=True)):
            top = area.top() + lane * (height + 1)
            width = area.width() * _place(level)
            painter.fillRect(QRectF(area.left(), top, width, height), gradient)
            if held > _LOWEST_DB:
                x = area.left() + area.width() * _place(held)
                painter.fillRect(QRectF(x - 1, top, 2, height), self.theme.colour("text"))
        painter.setPen(self.theme.colour("line"))
        painter.drawRect(area)
        painter.end()


class TransportBar(QWidget):
    """The row below the views."""

    def __init__(
        self,
        transport: Transport,
        timeline: Timeline,
        measurements: Measurements,
        actions: dict[str, QAction],
        theme: Theme,
    ) -> None:
        super().__init__()
        self._transport, self._timeline, self._measurements = transport, timeline, measurements
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 6, 12, 2)
        layout.setSpacing(4)
        for name in ("to_start", "play", "stop", "to_end", "loop"):
            layout.addWidget(self._button(actions[name], 24 if name == "play" else 20))
        self.position = QLabel()
        self.position.setFont(figures_font(self.font(), 1.35))
        self.position.setAccessibleName("Position")
        self.total = QLabel()
        self.total.setFont(figures_font(self.font()))
        self.total.setProperty("quiet", True)
        layout.addSpacing(10)
        layout.addWidget(self.position)
        layout.addWidget(self.total)
        layout.addStretch(1)
        self.offset = QLabel()
        self.offset.setProperty("quiet", True)
        layout.addWidget(self.offset)
        self.compare = self._button(actions["compare"], 20)
        self.compare.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        layout.addWidget(self.compare)
        for name in ("delta", "level_match"):
            layout.addWidget(self._button(actions[name], 20))
        layout.addSpacing(12)
        self.meter = LevelMeter(theme)
        layout.addWidget(self.meter)
        timeline.playhead_changed.connect(self._on_playhead)
        timeline.sound_changed.connect(self._on_playhead)
        transport.state_changed.connect(self._on_state)
        self._on_playhead()
        self._on_state()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.meter.theme = theme
        self.meter.update()

    @staticmethod
    def _button(action: QAction, size: int) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setIconSize(QSize(size, size))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @Slot()
    def _on_playhead(self) -> None:
        rate = self._timeline.sample_rate
        self.position.setText(format_time(self._timeline.playhead / rate))
        self.total.setText(f"/ {format_time(self._timeline.length / rate)}")
        if self._transport.playing:
            self.meter.show_levels(self._levels())

    @Slot()
    def _on_state(self) -> None:
        transport = self._transport
        text, offset = "", transport.offset_db
        if transport.can_compare and offset is not None and transport.level_match and abs(offset) >= 0.05:
            text = f"B was {offset:+.1f} dB, matched".replace("-", "−")
        self.offset.setText(text)
        self.compare.defaultAction().setIconText(
            _TAKE_NAMES[transport.take] if transport.can_compare else "A / B"
        )
        if not transport.playing:
            self.meter.show_levels([])

    def _levels(self) -> list[float]:
        sound = self._transport.heard_sound
        peaks = self._measurements.peaks_of(sound) if sound is not None else None
        if peaks is None:
            return []
        # at least two bins of the pyramid, so that nothing is read from the disk here
        span = max(1024, _span(peaks.sound.sample_rate))
        start = min(self._timeline.playhead, max(0, peaks.sound.length - 1))
        stop = min(peaks.sound.length, start + span)
        if stop - start < 512:
            return []
        mins, maxs, _ = peaks.window(start, stop, 1)
        return [
            20 * math.log10(max(1e-6, float(high[0]), -float(low[0])))
            for low, high in zip(mins, maxs, strict=True)
        ]


def _span(sample_rate: int) -> int:
    # what passes between two polls of the position
    return sample_rate // 30


def _place(level_db: float) -> float:
    return min(1.0, max(0.0, 1.0 - level_db / _LOWEST_DB))
