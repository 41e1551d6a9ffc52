"""TakeLevels: how loud each take is played, and their difference."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.matching import LevelMatching

SOURCE = 0
DELTA_GAINS_DB = (0.0, 40.0)


class TakeLevels(QObject):
    """Plays takes equally loud or as they are, and the difference with a gain of its own.

    Args:
        player: that is told the gains.
    """

    changed = Signal()

    def __init__(self, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._matched = True
        self._delta_db = 0.0
        self._count = 0
        self._anchored = False  # an anchor is played behind the takes, not the difference
        self._matching = LevelMatching(self)
        self._matching.changed.connect(self._on_measured)

    @property
    def matched(self) -> bool:
        """Whether takes are turned down to the softest one."""
        return self._matched

    @property
    def delta_db(self) -> float:
        """Gain of the difference."""
        return self._delta_db

    @property
    def settled(self) -> bool:
        """Whether the takes are as loud as they will be compared."""
        return not self._matched or not self._matching.measuring

    def offset_of(self, take: int) -> float | None:
        """Return how much louder a take is than the source; None while that is not known."""
        gains = self._matching.gains_db
        return gains[SOURCE] - gains[take] if take < len(gains) else None

    def set_matched(self, matched: bool) -> None:
        """Compare at equal loudness, or as the takes are."""
        self._matched = matched
        self._give()
        self.changed.emit()

    def set_delta_db(self, gain_db: float) -> None:
        """Hear the difference louder, 0 to 40 dB."""
        self._delta_db = min(max(gain_db, DELTA_GAINS_DB[0]), DELTA_GAINS_DB[1])
        self._give()
        self.changed.emit()

    def load(self, sounds: Sequence[Sound], count: int, *, anchored: bool) -> None:
        """Give sounds to the player, with the gain of each.

        Args:
            sounds: the takes, and behind them their difference or an anchor.
            count: how many of them are takes.
            anchored: it is an anchor, as loud as the source.
        """
        self._count, self._anchored = count, anchored
        self._player.load(sounds, self._gains())

    def measure(self, takes: Sequence[Sound], start: int, stop: int, *, growing: bool) -> None:
        """Find out how loud takes are in [start, stop), in the background; see `LevelMatching.measure`."""
        self._matching.measure(takes, start, stop, growing=growing)
        self._give()

    def drop(self) -> None:
        """Forget what was measured."""
        self._matching.drop()

    def close(self) -> None:
        """Wait for what is being measured."""
        self._matching.close()

    @Slot()
    def _on_measured(self) -> None:
        self._give()
        self.changed.emit()

    def _gains(self) -> list[float]:
        gains = self._matching.gains_db
        if not self._matched or len(gains) != self._count:
            gains = [0.0] * self._count
        if self._count < 2:
            return gains
        return [*gains, gains[SOURCE] if self._anchored else self._delta_db]

    def _give(self) -> None:
        if self._count:
            self._player.set_gains_db(self._gains())
