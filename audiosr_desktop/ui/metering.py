"""Metering: the levels of what is heard."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.job_thread import JobThread
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.start_up import give_memory_back

if TYPE_CHECKING:
    from audiosr_desktop.playback.meters import Meters

HELD_MS = 2000  # how long the meters of the first sound wait for its first pictures, at most


class Metering(QObject):
    """Measures what the player gave the sound device since the last look."""

    measured = Signal(object)  # Levels

    def __init__(self, player: Player, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._player = player
        self._meters: Meters | None = None
        self._loader: JobThread | None = None
        self._timer = QTimer(self, singleShot=True, interval=HELD_MS)
        self._timer.timeout.connect(self._start)

    def load(self, sound: Sound) -> None:
        """Make the meters in the background, soon: they come with scipy.signal, which is slow to load."""
        if self._meters is None and self._loader is None:
            self._loader = JobThread(_make_meters(sound.sample_rate, max(2, sound.channels)), self)
            self._loader.succeeded.connect(self._on_made)
            self._loader.finished.connect(self._on_loaded)
            self._timer.start()

    @Slot()
    def begin(self) -> None:
        """Make the meters now, if that waits: the views have their first pictures, or something is played."""
        if self._timer.isActive():
            self._timer.stop()
            self._start()

    @Slot()
    def _start(self) -> None:
        if self._loader is not None:
            self._loader.start()

    def reset(self) -> None:
        """Forget peaks and loudness: something else is played."""
        self.begin()
        if self._meters is not None:
            self._meters.reset()

    def measure(self) -> None:
        """Measure what was played since the last call."""
        tap = self._player.tap
        if tap is not None and self._meters is not None:
            block = tap.take()
            if (tap.sample_rate, tap.channels) != (self._meters.sample_rate, self._meters.channels):
                self._meters = type(self._meters)(tap.sample_rate, tap.channels)
            if block.shape[1]:
                self.measured.emit(self._meters.add(block))

    def close(self) -> None:
        """Wait for the thread."""
        self._timer.stop()
        if self._loader is not None:
            self._loader.wait()

    @Slot(object)
    def _on_made(self, meters: "Meters") -> None:
        self._meters = meters

    @Slot()
    def _on_loaded(self) -> None:
        if self._loader is not None:
            self._loader.wait()
            self._loader.deleteLater()
            self._loader = None


def _make_meters(sample_rate: int, channels: int) -> "Job[Meters]":
    yield Progress(0.0, tr("Loading the meters"))
    from audiosr_desktop.playback.meters import Meters  # noqa: PLC0415

    meters = Meters(sample_rate, channels)
    give_memory_back()  # loading scipy.signal leaves a lot behind
    return meters
