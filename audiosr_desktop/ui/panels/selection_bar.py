"""SelectionBar: the bounds of the selection, shown and typed."""

from collections.abc import Callable

from PySide6.QtCore import QLocale, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QLineEdit, QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.readout import format_time, parse_time
from audiosr_desktop.ui.theme import figures_font
from audiosr_desktop.ui.timeline import Timeline


class SelectionBar(QWidget):
    """Start, end, length, low and high; an empty bound is none. Return takes what was typed."""

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline = timeline
        layout = QHBoxLayout(self)
        layout.setContentsMargins(12, 4, 12, 6)
        layout.setSpacing(6)
        caption = QLabel("Selection")
        caption.setProperty("quiet", True)
        layout.addWidget(caption)
        self.start = self._field(layout, "Start", 92, self._on_start)
        self.stop = self._field(layout, "End", 92, self._on_stop)
        self.length = self._field(layout, "Length", 92, self._on_length)
        self.low = self._field(layout, "Low", 84, self._on_band, "Hz")
        self.high = self._field(layout, "High", 84, self._on_band, "Hz")
        layout.addStretch(1)
        timeline.selection_changed.connect(self.show_selection)
        timeline.sound_changed.connect(self.show_selection)
        self.show_selection()

    def _field(
        self, layout: QHBoxLayout, name: str, width: int, slot: Callable[[], None], unit: str = ""
    ) -> QLineEdit:
        label = QLabel(f"{name} ({unit})" if unit else name)
        label.setProperty("quiet", True)
        line = QLineEdit()
        line.setFont(figures_font(self.font()))
        line.setFixedWidth(width)
        line.setPlaceholderText("no bound" if unit else "00:00.000")
        line.setAccessibleName(f"Selection {name.lower()}")
        label.setBuddy(line)
        line.editingFinished.connect(slot)
        layout.addSpacing(8)
        layout.addWidget(label)
        layout.addWidget(line)
        return line

    @Slot()
    def show_selection(self) -> None:
        """Show the present selection."""
        selection, rate = self._timeline.selection, self._timeline.sample_rate
        for line in (self.start, self.stop, self.length, self.low, self.high):
            line.setEnabled(self._timeline.length > 0)
            line.setModified(False)
        if selection is None:
            for line in (self.start, self.stop, self.length, self.low, self.high):
                line.clear()
            return
        self.start.setText(format_time(selection.start / rate))
        self.stop.setText(format_time(selection.stop / rate))
        self.length.setText(format_time(selection.length / rate))
        self.low.setText("" if selection.low_hz is None else f"{selection.low_hz:.0f}")
        self.high.setText("" if selection.high_hz is None else f"{selection.high_hz:.0f}")

    @Slot()
    def _on_start(self) -> None:
        self._take_time(self.start, lambda at, old: (at, max(old.stop, at)))

    @Slot()
    def _on_stop(self) -> None:
        self._take_time(self.stop, lambda at, old: (min(old.start, at), at))

    @Slot()
    def _on_length(self) -> None:
        self._take_time(self.length, lambda length, old: (old.start, old.start + length))

    def _take_time(self, line: QLineEdit, change: Callable[[int, Region], tuple[int, int]]) -> None:
        if not line.isModified():
            return
        seconds = parse_time(line.text())
        if seconds is not None:
            playhead, end = self._timeline.playhead, self._timeline.length
            old = self._timeline.selection or Region(min(playhead, end), end)
            start, stop = change(round(seconds * self._timeline.sample_rate), old)
            self._timeline.select(Region(start, max(start, stop), old.low_hz, old.high_hz))
        self.show_selection()

    @Slot()
    def _on_band(self) -> None:
        if not (self.low.isModified() or self.high.isModified()):
            return
        old = self._timeline.selection or Region(0, self._timeline.length)
        low = _number(self.low.text()) if self.low.isModified() else old.low_hz
        high = _number(self.high.text()) if self.high.isModified() else old.high_hz
        if low is None or high is None or low < high:
            self._timeline.select(Region(old.start, old.stop, low, high))
        self.show_selection()


def _number(text: str) -> float | None:
    value, good = QLocale().toDouble(text.strip())
    if not good:  # point and comma are both understood
        value, good = QLocale.c().toDouble(text.strip().replace(",", "."))
    return value if good and value > 0 else None
