"""SelectionBar: the bounds of the selection, shown and typed."""

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QSignalBlocker, Slot
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLabel, QLineEdit, QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import Combine
from audiosr_desktop.ui.channel_words import channels_words
from audiosr_desktop.ui.language import capitalised, tr
from audiosr_desktop.ui.panels.fields import ChoiceBox
from audiosr_desktop.ui.panels.wrapping import WrappingRow
from audiosr_desktop.ui.readout import figures, format_time, parse_number, parse_time, time_decimals
from audiosr_desktop.ui.theme import figures_font
from audiosr_desktop.ui.timeline import Timeline

_FINENESS = 100  # a selection is told as finely as this part of it
_FRAME_PX = 20  # border, padding, and room for the cursor


class SelectionBar(QWidget):
    """Start, end, length, low, centre, high and width; an empty bound is none. Return takes it."""

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline = timeline
        layout = WrappingRow(self)
        layout.setContentsMargins(12, 4, 12, 6)
        layout.setSpacing(8)
        groups = QWidget(), QWidget()
        times, band = (_row_in(group) for group in groups)
        for group in groups:
            layout.addWidget(group)
        self.start = self._field(times, tr("Start"), self._on_start)
        self.stop = self._field(times, tr("End"), self._on_stop)
        self.length = self._field(times, tr("Length"), self._on_length)
        self.low = self._field(band, tr("Low"), self._on_band, "Hz")
        self.centre = self._field(band, tr("Centre"), self._on_centre, "Hz")
        self.high = self._field(band, tr("High"), self._on_band, "Hz")
        self.width_ = self._field(band, tr("Width"), self._on_width, "Hz")
        self._lines = (self.start, self.stop, self.length, self.low, self.centre, self.high, self.width_)
        self.channel = self._chooser(layout)
        timeline.selection_changed.connect(self.show_selection)
        timeline.sound_changed.connect(self.show_selection)
        self.show_selection()

    def _field(self, row: QHBoxLayout, name: str, slot: Callable[[], None], unit: str = "") -> QLineEdit:
        line = QLineEdit()
        line.setFont(figures_font(self.font()))
        line.setAcceptDrops(False)  # files are dropped on the window, wherever that is
        longest = (tr("none"), "00000") if unit else ("00:00.000",)
        line.setFixedWidth(_room(line, *longest))
        line.setPlaceholderText(tr("none") if unit else "00:00.000")
        line.setToolTip(tr("{name} of the selection, {unit}", name=name, unit=unit or tr("minutes:seconds")))
        line.setAccessibleName(tr("Selection: {name}", name=name))
        line.editingFinished.connect(slot)
        _add_labelled(row, name, line)
        return line

    def _chooser(self, layout: WrappingRow) -> QComboBox:
        """Return the list of channels that a selection can mean."""
        chooser = ChoiceBox()
        chooser.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        chooser.setToolTip(tr("Which channels the selection means; the others stay as they are (Shift+C)"))
        chooser.setAccessibleName(tr("Selection: {name}", name=tr("Channels")))
        chooser.activated.connect(self._on_channel)
        self._channels = QWidget()
        _add_labelled(_row_in(self._channels), tr("Channels"), chooser)
        layout.addWidget(self._channels)
        return chooser

    def _show_channels(self) -> None:
        count, picked = self._timeline.channels, self._timeline.picked
        self._channels.setVisible(count > 1)
        choices: list[tuple[int, ...] | None] = [None, *((channel,) for channel in range(count))]
        if picked not in choices:
            choices.append(picked)
        if [self.channel.itemData(place) for place in range(self.channel.count())] == choices:
            self.channel.setCurrentIndex(choices.index(picked))
            return  # made anew, a screen reader would read it out each time
        with QSignalBlocker(self.channel):
            self.channel.clear()
            for choice in choices:
                words = capitalised(channels_words(choice, count)) if choice is not None else tr("All")
                self.channel.addItem(words, choice)
            self.channel.setCurrentIndex(choices.index(picked))

    @Slot(int)
    def _on_channel(self, index: int) -> None:
        self._timeline.pick(self.channel.itemData(index))

    @Slot()
    def show_selection(self) -> None:
        """Show the present selection."""
        self._show_channels()
        selection, rate = self._timeline.selection, self._timeline.sample_rate
        # a short selection is told to the sample
        decimals = time_decimals(selection.length / rate / _FINENESS) if selection is not None else 3
        longest = format_time(self._timeline.length / rate, decimals)
        for line in (self.start, self.stop, self.length):  # of hours they are longer
            line.setFixedWidth(_room(line, "00:00.000", longest))
        for line in self._lines:
            line.setEnabled(self._timeline.length > 0)
            line.setModified(False)
        if selection is None:
            for line in self._lines:
                line.clear()
            for line in (self.centre, self.width_):
                line.setPlaceholderText(tr("none"))
            return
        for line, samples in (
            (self.start, selection.start),
            (self.stop, selection.stop),
            (self.length, selection.length),
        ):
            line.setText(format_time(samples / rate, decimals))
            line.setCursorPosition(0)
        low, high = selection.low_hz, selection.high_hz
        self.low.setText(_hz(low))
        self.high.setText(_hz(high))
        closed = low is not None and high is not None
        self.centre.setText(_hz((low + high) / 2) if low is not None and high is not None else "")
        self.width_.setText(_hz(high - low) if low is not None and high is not None else "")
        for line in (self.centre, self.width_):
            line.setPlaceholderText("" if closed else "–")

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
            self._timeline.select(replace(old, start=start, stop=max(start, stop)))
        self.show_selection()

    @Slot()
    def _on_band(self) -> None:
        if not (self.low.isModified() or self.high.isModified()):
            return
        old = self._timeline.selection or Region(0, self._timeline.length)
        low = _bound(self.low.text(), old.low_hz) if self.low.isModified() else old.low_hz
        high = _bound(self.high.text(), old.high_hz) if self.high.isModified() else old.high_hz
        self._select_band(old, low, high)

    @Slot()
    def _on_centre(self) -> None:
        self._move_band(self.centre, lambda value, centre, width: (value, width))

    @Slot()
    def _on_width(self) -> None:
        self._move_band(self.width_, lambda value, centre, width: (centre, value))

    def _move_band(
        self, line: QLineEdit, change: Callable[[float, float, float], tuple[float, float]]
    ) -> None:
        old = self._timeline.selection
        if not line.isModified() or old is None:
            return
        value = _number(line.text())
        low, high = old.low_hz or 0.0, old.high_hz or self._timeline.sample_rate / 2
        if value is None:
            self.show_selection()
            return
        centre, width = change(value, (low + high) / 2, high - low)
        self._select_band(old, max(0.0, centre - width / 2), centre + width / 2)

    def _select_band(self, old: Region, low: float | None, high: float | None) -> None:
        if low is None or high is None or low < high:
            band = Region(old.start, old.stop, low, high)
            if old.mask is None:
                self._timeline.select(band)
            else:  # a shape is cut to the band
                self._timeline.combine(band, Combine.INTERSECT)
        self.show_selection()


def _room(line: QLineEdit, *texts: str) -> int:
    """Return how wide a field is that never cuts these short."""
    return max(line.fontMetrics().horizontalAdvance(text) for text in texts) + _FRAME_PX


def _row_in(group: QWidget) -> QHBoxLayout:
    """Return a row for what stays in one line."""
    row = QHBoxLayout(group)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(6)
    return row


def _add_labelled(row: QHBoxLayout, name: str, field: QWidget) -> None:
    """Put a field with its name before it at the end of a row."""
    label = QLabel(name)
    label.setProperty("quiet", True)
    label.setBuddy(field)
    if row.count():
        row.addSpacing(4)
    row.addWidget(label)
    row.addWidget(field)


def _hz(value: float | None) -> str:
    if value is None:
        return ""
    return figures(value, ".0f") if value >= 1000 or float(value).is_integer() else figures(value, ".1f")


def _bound(text: str, old: float | None) -> float | None:
    """Return a bound as it was typed: none where nothing is, the old one where it is no number."""
    return old if text.strip() and parse_number(text) is None else _number(text)


def _number(text: str) -> float | None:
    value = parse_number(text)
    return value if value is not None and value > 0 else None
