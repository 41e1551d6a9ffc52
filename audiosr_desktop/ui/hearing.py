"""Hearing: which channels and which frequencies of the sound are played."""

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.playback.monitor import ALL_CHANNELS, Monitor
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.timeline import Timeline


class Hearing(QObject):
    """Plays all or some channels, all or the selected frequencies; channels that are picked are heard alone.

    Args:
        player: what plays.
        timeline: what is selected and picked.
    """

    changed = Signal()

    def __init__(self, player: Player, timeline: Timeline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player, self._timeline = player, timeline
        self._monitor = ALL_CHANNELS  # as it was chosen, whatever is picked meanwhile
        self._picked: tuple[int, ...] | None = None
        self._band_only = False
        timeline.selection_changed.connect(self._on_selection_changed)

    @property
    def band_only(self) -> bool:
        """Whether only the selected frequencies are heard."""
        return self._band_only

    def set_monitor(self, monitor: Monitor) -> None:
        """Listen to all channels, to their sum or difference, or to one."""
        self._monitor = monitor
        self._player.set_monitor(monitor)
        self.changed.emit()

    def set_band_only(self, only: bool) -> None:
        """Hear only the selected frequencies, or all."""
        self._band_only = only
        self._on_selection_changed()
        self.changed.emit()

    @Slot()
    def _on_selection_changed(self) -> None:
        selection, picked = self._timeline.selection, self._timeline.picked
        heard = self._band_only and selection is not None and selection.has_band
        band = (selection.low_hz, selection.high_hz) if heard and selection is not None else None
        if band != self._player.band:
            self._player.set_band(band)
        if picked != self._picked:
            self._picked = picked
            self._player.set_monitor(Monitor("solo", picked) if picked else self._monitor)
            self.changed.emit()
