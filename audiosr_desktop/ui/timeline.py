"""Timeline: visible range, selection and playhead, shared by all views of a document."""

import math
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, replace

from PySide6.QtCore import QObject, Signal

from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.region import Region, rising
from audiosr_desktop.audio.selection import Combine, combined
from audiosr_desktop.ui.selection_memory import SelectionMemory

MAX_PIXELS_PER_SAMPLE = 8.0
_MIN_VIEW = 16  # samples: something to see even in a narrow window
_ZOOM_MEMORY = 32


@dataclass(frozen=True, slots=True)
class TimelineView:
    """What one document shows, kept while another one is seen and saved with a project.

    Attributes:
        sample_rate: what the places are counted in.
        start: first visible sample.
        stop: end of the visible range.
        playhead: where playing starts.
        selection: the region that is chosen.
        previous: visible ranges to go back to.
    """

    sample_rate: int
    start: float
    stop: float
    playhead: int
    selection: Region | None = None
    previous: tuple[tuple[float, float], ...] = ()


class Timeline(QObject):
    """What part of the sound is seen and what of it is chosen; every view draws from it and writes to it.

    Times are in samples. The visible range is held in floats, so that slow scrolling and zooming about the
    pointer do not stick to whole samples.
    """

    view_changed = Signal()
    selection_changed = Signal()
    playhead_changed = Signal()
    sound_changed = Signal()  # length or rate
    markers_changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._length = 0
        self._sample_rate = 48_000
        self._start = 0.0
        self._stop = 1.0
        self._width = 1000
        self._playhead = 0
        self._selection: Region | None = None
        self._marks: tuple[Mark, ...] = ()
        self._previous: list[tuple[float, float]] = []
        self._memory = SelectionMemory()
        self._markers: tuple[int, ...] = ()
        self._channels = 1
        self._picked: tuple[int, ...] | None = None

    @property
    def channels(self) -> int:
        """Channels of the sound."""
        return self._channels

    @property
    def picked(self) -> tuple[int, ...] | None:
        """The channels that every selection means; None is all of them."""
        return self._picked

    @property
    def chosen(self) -> Region | None:
        """What is worked on: the selection, or all of the picked channels; None is the whole sound."""
        if self._selection is None and self._picked is not None:
            return Region(0, self._length).of_channels(self._picked)
        return self._selection

    @property
    def length(self) -> int:
        """Samples of the sound."""
        return self._length

    @property
    def sample_rate(self) -> int:
        """Rate of the sound, Hz."""
        return self._sample_rate

    @property
    def start(self) -> float:
        """First visible sample."""
        return self._start

    @property
    def stop(self) -> float:
        """End of the visible range."""
        return self._stop

    @property
    def span(self) -> float:
        """Length of the visible range in samples."""
        return self._stop - self._start

    @property
    def playhead(self) -> int:
        """Where playing starts, and where it is."""
        return self._playhead

    @property
    def selection(self) -> Region | None:
        """The region chosen now."""
        return self._selection

    @property
    def markers(self) -> tuple[int, ...]:
        """Marked samples, rising; edges that are dragged near one snap to it."""
        return self._markers

    @property
    def marks(self) -> tuple[Mark, ...]:
        """Markers and regions of the sound, by time."""
        return self._marks

    def set_marks(self, marks: tuple[Mark, ...]) -> None:
        """Take the markers and regions of the present state."""
        if marks != self._marks:
            self._marks = marks
            places = {edge for mark in marks for edge in (mark.region.start, mark.region.stop)}
            self._markers = tuple(sorted(places))
            self.markers_changed.emit()

    def set_channels(self, channels: int) -> None:
        """Take the number of channels of the sound; those picked that it lacks are given up."""
        self._channels = max(1, channels)
        self.pick(self._picked)

    def pick(self, channels: Iterable[int] | None) -> None:
        """Mean some channels only, now and in selections to come; none or all of them is all."""
        picked = self._pickable(channels)
        if picked != self._picked:
            self._picked = picked
            if self._selection is not None:
                self._selection = self._selection.of_channels(picked)
            self.selection_changed.emit()
            self.settle_selection()

    def toggle_channel(self, channel: int, *, among: bool = False) -> None:
        """Pick a channel alone, or all again if it is so; `among` adds it to the others or takes it away."""
        if among:
            self.pick(set(self._picked or ()) ^ {channel})
        else:
            self.pick(None if self._picked == (channel,) else (channel,))

    def pick_next(self) -> None:
        """Pick the next channel alone; after the last one all."""
        following = 0 if self._picked is None else self._picked[-1] + 1
        self.pick((following,) if following < self._channels else None)

    def _pickable(self, channels: Iterable[int] | None) -> tuple[int, ...] | None:
        found = rising(channel for channel in channels or () if channel < self._channels)
        return found if 0 < len(found) < self._channels else None

    def set_sound(self, length: int, sample_rate: int) -> None:
        """Take the size of a new state of the sound; another rate keeps everything at its time."""
        if length == self._length and sample_rate == self._sample_rate:
            return
        ratio = sample_rate / self._sample_rate
        first = self._length == 0
        selection = self._selection
        self._length, self._sample_rate = length, sample_rate
        if first:
            self._start, self._stop = 0.0, float(max(1, length))
        else:
            self._start, self._stop = self._kept_inside(self._start * ratio, self._stop * ratio)
            self._previous = [(start * ratio, stop * ratio) for start, stop in self._previous]
        if selection is not None:
            self._selection = self._allowed(selection if ratio == 1.0 else selection.at_rate(ratio))
        self._playhead = min(round(self._playhead * ratio), length)
        self.sound_changed.emit()
        self.selection_changed.emit()
        self.playhead_changed.emit()
        self.view_changed.emit()

    def reset(self) -> None:
        """Forget the sound, before another document is shown."""
        self._length, self._start, self._stop, self._playhead = 0, 0.0, 1.0, 0
        self._selection = self._picked = None
        self._memory, self._markers, self._marks = SelectionMemory(), (), ()
        self._previous.clear()

    def kept_view(self) -> TimelineView:
        """Return what is seen and chosen, for `show_kept`."""
        return TimelineView(
            self._sample_rate,
            self._start,
            self._stop,
            self._playhead,
            self._selection,
            tuple(self._previous),
        )

    def show_kept(self, kept: TimelineView) -> None:
        """See and choose again what was kept; what lies outside the sound is cut off."""
        ratio = self._sample_rate / kept.sample_rate
        self._start, self._stop = self._kept_inside(kept.start * ratio, kept.stop * ratio)
        self._previous = [(start * ratio, stop * ratio) for start, stop in kept.previous]
        self._playhead = min(max(0, round(kept.playhead * ratio)), self._length)
        chosen = kept.selection
        self._selection = None
        if chosen is not None:
            self._picked = self._pickable(chosen.channels)
            self._selection = self._allowed(chosen if ratio == 1.0 else chosen.at_rate(ratio))
        self.view_changed.emit()
        self.selection_changed.emit()
        self.playhead_changed.emit()

    def set_width(self, pixels: int) -> None:
        """Tell how wide the views are; it bounds how far one can zoom in."""
        self._width = max(1, pixels)
        self._show(self._start, self._stop)

    def samples_per_pixel(self) -> int:
        """Return how many samples a pixel stands for, one at least."""
        return max(1, round(self.span / self._width))

    def seconds_per_pixel(self) -> float:
        """Return how much time a pixel stands for."""
        return self.span / self._width / self._sample_rate

    def sample_at(self, x: float, width: float) -> float:
        """Return the time at pixel `x` of a view that is `width` pixels wide."""
        return self._start + x * self.span / max(1.0, width)

    def x_of(self, sample: float, width: float) -> float:
        """Return the pixel at which a time lies."""
        return (sample - self._start) * width / self.span

    def show(self, start: float, stop: float) -> None:
        """Show [start, stop), as far as the bounds allow, and remember what was seen."""
        before = (self._start, self._stop)
        if self._show(start, stop):
            self._remember(before)

    def zoom(self, factor: float, about: float | None = None) -> None:
        """Show `factor` times less time; `about` stays where it is (the middle by default)."""
        centre = (self._start + self._stop) / 2 if about is None else about
        place = (centre - self._start) / self.span
        span = min(max(self.span / factor, self._min_span()), self._max_span())
        start = centre - place * span
        self._show(start, start + span)

    def scroll(self, samples: float) -> None:
        """Move the visible range."""
        self._show(self._start + samples, self._stop + samples)

    def fit(self) -> None:
        """Show the whole sound."""
        self.show(0.0, float(self._length))

    def show_selection(self) -> None:
        """Show the selection, with a little of what is around it."""
        if self._selection is not None and self._selection.length:
            margin = self._selection.length * 0.05
            self.show(self._selection.start - margin, self._selection.stop + margin)

    def show_previous(self) -> None:
        """Go back to what was seen before the last jump."""
        if self._previous:
            self._show(*self._previous.pop())

    def page_to(self, sample: int) -> None:
        """Turn the page so that `sample` is seen near the left, unless it is seen already."""
        if not self._start <= sample < self._stop:
            start = sample - self.span * 0.04
            self._show(start, start + self.span)

    def select(self, region: Region | None, *, live: bool = False) -> None:
        """Choose a region, cut to the sound; None or an empty one is no selection.

        Args:
            region: what to choose; channels that it names are picked, otherwise those that are picked stay.
            live: while it is drawn: `settle_selection` tells the end, and only that is remembered.
        """
        if region is not None and region.channels is not None:
            self._picked = self._pickable(region.channels)
        allowed = None if region is None else self._allowed(region)
        if allowed != self._selection:
            self._selection = allowed
            self.selection_changed.emit()
        if not live:
            self.settle_selection()

    def combine(self, region: Region | None, how: Combine) -> None:
        """Add a region to the selection, take it away, or keep what both have."""
        self.select(combined(self._selection, region, how, self._sample_rate))

    def settle_selection(self) -> None:
        """Remember the present selection for `show_selection_before`."""
        self._memory.settle(self._selection)

    def show_selection_before(self) -> None:
        """Choose again what was chosen before."""
        self._show_chosen(-1)

    def show_selection_after(self) -> None:
        """Choose what was chosen after that."""
        self._show_chosen(1)

    def _show_chosen(self, steps: int) -> None:
        if self._memory.moved(steps):
            region = self._memory.shown
            if region is not None:
                self._picked = self._pickable(region.channels)
            self._selection = None if region is None else self._allowed(region)
            self.selection_changed.emit()

    def snapped(self, sample: int, reach: float) -> int:
        """Return the nearest marker within `reach` samples, or the sample itself."""
        nearest = min(self._markers, key=lambda marker: abs(marker - sample), default=sample)
        return nearest if abs(nearest - sample) <= reach else sample

    def between_markers(self, sample: int) -> Region:
        """Return the span between the markers around a time; the sound's ends count as markers."""
        edges = [0, *(marker for marker in self._markers if 0 < marker < self._length), self._length]
        place = min(bisect_right(edges, sample), len(edges) - 1)
        return Region(edges[place - 1], edges[place])

    def move_playhead(self, sample: int) -> None:
        """Place the playhead, kept inside the sound."""
        placed = min(max(0, sample), self._length)
        if placed != self._playhead:
            self._playhead = placed
            self.playhead_changed.emit()

    def _allowed(self, region: Region) -> Region | None:
        clipped = region.clipped(0, self._length)
        nyquist = self._sample_rate / 2
        low = clipped.low_hz if clipped.low_hz is not None and clipped.low_hz > 0 else None
        high = clipped.high_hz if clipped.high_hz is not None and clipped.high_hz < nyquist else None
        if low is not None and low >= nyquist:
            low = high = None  # the band lies above what the rate holds
        if not clipped.length:
            return None
        return replace(clipped, low_hz=low, high_hz=high, channels=self._picked)

    def _min_span(self) -> float:
        return min(max(_MIN_VIEW, self._width / MAX_PIXELS_PER_SAMPLE), self._max_span())

    def _max_span(self) -> float:
        return float(max(1, self._length))

    def _kept_inside(self, start: float, stop: float) -> tuple[float, float]:
        span = min(max(stop - start, self._min_span()), self._max_span())
        if not math.isclose(span, stop - start):  # a bound was met: keep the middle
            start = (start + stop) / 2 - span / 2
        start = min(max(0.0, start), self._max_span() - span)
        return start, start + span

    def _show(self, start: float, stop: float) -> bool:
        kept = self._kept_inside(start, stop)
        if kept == (self._start, self._stop):
            return False
        self._start, self._stop = kept
        self.view_changed.emit()
        return True

    def _remember(self, view: tuple[float, float]) -> None:
        self._previous.append(view)
        del self._previous[:-_ZOOM_MEMORY]
