"""LevelMatching: finds in the background how loud takes are, so that they are compared at equal level."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.job import Job
from audiosr_desktop.ui.job_thread import JobThread

BEGIN_MS = 150  # after an edit the views are drawn first: what reads the same sound would hold them up


class LevelMatching(QObject):
    """One measurement at a time: a new one drops the last."""

    changed = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.gains_db: list[float] = []  # one per take, 0 or below; empty while unknown
        self._asked: tuple[tuple[Sound, ...], int, int] | None = None
        self._thread: JobThread | None = None
        self._ending: list[JobThread] = []
        self._timer = QTimer(self, singleShot=True, interval=BEGIN_MS)
        self._timer.timeout.connect(self._begin)

    @property
    def measuring(self) -> bool:
        """Whether the levels are still being found."""
        return self._thread is not None

    def measure(self, takes: Sequence[Sound], start: int, stop: int, *, growing: bool = False) -> None:
        """Measure [start, stop) of the takes, unless that was asked last.

        Takes that grow are measured once for a span: again and again it would keep the sound from its time.

        Until that is done, the gains found before hold for as many takes of the same source: another span, or
        more of a run that goes on, must not let the level jump to and fro.
        """
        asked, last, gains_db = (tuple(takes), start, stop), self._asked, self.gains_db
        alike = last is not None and len(last[0]) == len(takes) and last[0][0] is takes[0]
        if last is not None and last[1:] == asked[1:] and (_same(last[0], asked[0]) or (growing and alike)):
            return
        self.drop()
        if alike:
            self.gains_db = gains_db
        self._asked = asked
        self._thread = JobThread(_gains(takes, start, stop), self)
        self._thread.succeeded.connect(self._on_measured)
        self._thread.finished.connect(self._on_finished)
        self._timer.start()

    def drop(self) -> None:
        """Forget what was measured."""
        self.gains_db, self._asked = [], None
        thread, self._thread = self._thread, None
        if self._timer.isActive() and thread is not None:
            thread.deleteLater()
        elif thread is not None:
            thread.requestInterruption()
            self._ending.append(thread)
        self._timer.stop()

    def close(self) -> None:
        """Wait for all threads."""
        self.drop()
        for thread in self._ending:
            thread.wait()
        self._ending.clear()

    @Slot()
    def _begin(self) -> None:
        if self._thread is not None:
            self._thread.start()

    @Slot(object)
    def _on_measured(self, gains_db: list[float]) -> None:
        if self.sender() is self._thread:
            self.gains_db = gains_db
            self.changed.emit()

    @Slot()
    def _on_finished(self) -> None:
        thread = self.sender()
        if isinstance(thread, JobThread):
            if thread in self._ending:
                self._ending.remove(thread)
            thread.retire()
            if thread is self._thread:
                self._thread = None
                self.changed.emit()


def _gains(takes: Sequence[Sound], start: int, stop: int) -> Job[list[float]]:
    # its filters come with scipy.signal, which is slow to load
    from audiosr_desktop.playback.takes import matched_gains_db  # noqa: PLC0415

    return (yield from matched_gains_db(takes, start, stop))


def _same(one: Sequence[Sound], other: Sequence[Sound]) -> bool:
    return len(one) == len(other) and all(a is b for a, b in zip(one, other, strict=True))
