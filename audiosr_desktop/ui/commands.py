"""Commands: what keys do to the selection, the playhead and the zoom."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import harmonics
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.transport import Transport

_ZOOM = 2.0
_LISTEN_S = 2.0  # played before or after an edge
_ZERO_REACH_S = 0.02


class Commands(QObject):
    """Small actions that need no dialog.

    Args:
        timeline: what they change.
        transport: what they play.
        sound: gives the present sound.
    """

    dropped = Signal()  # nothing is to be selected, not even what the mouse holds

    def __init__(
        self,
        timeline: Timeline,
        transport: Transport,
        sound: Callable[[], Sound | None],
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._timeline, self._transport, self._sound = timeline, transport, sound
        self._banded = Region(0, 0)  # whose frequency bounds were switched off
        timeline.sound_changed.connect(self._on_sound_changed)

    def select_all(self) -> None:
        self._timeline.select(Region(0, self._timeline.length))

    def select_none(self) -> None:
        """Choose nothing, and mean all channels again; what is being drawn is given up."""
        self.dropped.emit()
        self._timeline.select(None)
        self._timeline.pick(None)

    def start_at_playhead(self) -> None:
        old, at = self._selection(), self._timeline.playhead
        self._select(at, old.stop if old.stop > at else self._timeline.length, old)

    def end_at_playhead(self) -> None:
        old, at = self._selection(), self._timeline.playhead
        self._select(old.start if old.start < at else 0, at, old)

    def extend_left(self) -> None:
        """Extend the selection, or go back while playing."""
        if self._transport.playing:
            self.far_back()
        else:
            self._move_edges(-1, 0)

    def extend_right(self) -> None:
        """Extend the selection, or go on while playing."""
        if self._transport.playing:
            self.far_forward()
        else:
            self._move_edges(0, 1)

    def contract_left(self) -> None:
        self._move_edges(1, 0)

    def contract_right(self) -> None:
        self._move_edges(0, -1)

    def toggle_band(self) -> None:
        """Take the frequency bounds off, or put the last ones back."""
        old = self._timeline.selection
        if old is None:
            return
        if old.has_band:
            self._banded = old
            self._timeline.select(Region(old.start, old.stop))
        else:
            banded = replace(self._banded, start=old.start, stop=old.stop)
            runs = banded.mask.runs if banded.mask is not None else ()
            if not any(start < old.stop and stop > old.start for start, stop in runs):
                banded = replace(banded, mask=None)  # a shape of elsewhere chooses nothing here
            self._timeline.select(banded.of_channels(None))  # those that are picked now

    @Slot()
    def _on_sound_changed(self) -> None:
        """A shape lies elsewhere in a sound of another length or rate; its bounds still mean something."""
        self._banded = replace(self._banded, mask=None)

    def select_harmonics(self) -> None:
        """Choose the multiples of the selected band too."""
        selection = self._timeline.selection
        if selection is not None and (found := harmonics(selection, self._timeline.sample_rate)) is not None:
            self._timeline.select(found)

    def to_zero_crossings(self) -> None:
        """Move both edges to the nearest place where the sum of what is meant rises through zero."""
        selection, sound = self._timeline.selection, self._sound()
        if selection is not None and sound is not None:
            meant = selection.channels
            start, stop = (rising_zero(sound, edge, meant) for edge in (selection.start, selection.stop))
            self._select(start, stop, selection)

    def loop_selection(self) -> None:
        """Loop over the selection, from its start."""
        selection = self._timeline.selection
        if selection is not None:
            self._transport.set_loop(True)
            self._transport.play(selection.start, selection.stop)

    def to_start(self) -> None:
        self._seek(0)

    def to_end(self) -> None:
        self._seek(self._timeline.length)

    def step_left(self) -> None:
        self._step(-1)

    def step_right(self) -> None:
        self._step(1)

    def back(self) -> None:
        self._jump(-1.0)

    def forward(self) -> None:
        self._jump(1.0)

    def far_back(self) -> None:
        self._jump(-15.0)

    def far_forward(self) -> None:
        self._jump(15.0)

    def play_before_start(self) -> None:
        self._listen(start_edge=True, before=True)

    def play_after_start(self) -> None:
        self._listen(start_edge=True, before=False)

    def play_before_end(self) -> None:
        self._listen(start_edge=False, before=True)

    def play_after_end(self) -> None:
        self._listen(start_edge=False, before=False)

    def zoom_in(self) -> None:
        self._timeline.zoom(_ZOOM, self._zoom_centre())

    def zoom_out(self) -> None:
        self._timeline.zoom(1 / _ZOOM, self._zoom_centre())

    def _zoom_centre(self) -> float | None:
        """Return the playhead when it is seen, else the middle."""
        timeline = self._timeline
        return timeline.playhead if timeline.start <= timeline.playhead <= timeline.stop else None

    def _selection(self) -> Region:
        at = self._timeline.playhead
        return self._timeline.selection or Region(at, at)

    def _select(self, start: int, stop: int, old: Region) -> None:
        if start < stop:  # what would be left of nothing stays as it is
            self._timeline.select(replace(old, start=max(0, start), stop=stop))

    def _move_edges(self, left: int, right: int) -> None:
        step = self._pixel() * 4
        old = self._selection()
        start, stop = max(0, old.start + left * step), min(self._timeline.length, old.stop + right * step)
        if start < stop:
            self._select(start, stop, old)

    def _pixel(self) -> int:
        return self._timeline.samples_per_pixel()

    def _step(self, direction: int) -> None:
        """A second while playing, a pixel while not."""
        step = self._timeline.sample_rate if self._transport.playing else self._pixel()
        self._seek(self._timeline.playhead + direction * step)

    def _jump(self, seconds: float) -> None:
        self._seek(self._timeline.playhead + round(seconds * self._timeline.sample_rate))

    def _seek(self, sample: int) -> None:
        placed = min(max(0, sample), self._timeline.length)
        self._transport.seek(placed)
        if not self._transport.playing:  # playing, the view follows where it was not scrolled away
            self._timeline.page_to(placed)

    def _listen(self, *, start_edge: bool, before: bool) -> None:
        selection = self._timeline.selection
        if selection is None:
            return
        edge = selection.start if start_edge else selection.stop
        reach = round(_LISTEN_S * self._timeline.sample_rate)
        start, stop = (edge - reach, edge) if before else (edge, edge + reach)
        start, stop = max(0, start), min(self._timeline.length, stop)
        if start < stop:
            self._transport.play(start, stop)


def rising_zero(sound: Sound, sample: int, channels: tuple[int, ...] | None = None) -> int:
    """Return the nearest sample within 20 ms at which all channels, or some, as a sum rise through zero."""
    reach = round(_ZERO_REACH_S * sound.sample_rate)
    start, stop = max(0, sample - reach), min(sound.length, sample + reach + 1)
    samples = sound.read(start, stop)
    mixed = (samples if channels is None else samples[list(channels)]).sum(axis=0)
    crossings = np.flatnonzero((mixed[:-1] < 0) & (mixed[1:] >= 0)) + 1 + start
    if crossings.size == 0:
        return sample
    return int(crossings[np.argmin(np.abs(crossings - sample))])
