"""Measurements: what is found out about the present sound in the background, its peaks and its cutoff."""

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from audiosr_desktop.audio.peaks import Peaks, build_peaks, known_peaks
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.job import Job
from audiosr_desktop.ui.job_thread import JobThread

HELD_MS = 2000  # how long the first look at a sound waits for the first pictures of it, at most
_KEPT_PEAKS = 4  # the present sound, the one before it, and what undo and redo are likely to show


class Measurements(QObject):
    """Runs quiet jobs that only look at the sound; a newer sound ends those of the older one.

    What reads a whole sound keeps its file busy, so it waits for `release`: first the views show something.
    """

    peaks_changed = Signal(object)  # Peaks
    cutoff_changed = Signal(object)  # CutoffEstimate, or None for silence
    failed = Signal(Exception)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._peaks: list[Peaks] = []
        self._threads: dict[str, JobThread] = {}
        self._ending: list[JobThread] = []
        self._held: list[JobThread] = []
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(HELD_MS)
        self._timer.timeout.connect(self.release)

    @Slot()
    def release(self) -> None:
        """Begin what was held back: the views have their first pictures."""
        self._timer.stop()
        held, self._held = self._held, []
        for thread in held:
            thread.start()

    def peaks_of(self, sound: Sound) -> Peaks | None:
        """Return the peaks of a sound if they are known, or as good as known from sounds before it."""
        known = next((peaks for peaks in self._peaks if peaks.sound is sound), None)
        if known is None and self._peaks:  # the first sound of a document waits for its pictures
            known = known_peaks(sound, self._peaks)
            if known is not None:
                self._keep(known)
        return known

    def measure_peaks(self, sound: Sound) -> None:
        """Measure the peaks of a sound, where its stores are not known from sounds before it."""
        known = self.peaks_of(sound)
        if known is not None:
            self._stop("peaks")
            self.peaks_changed.emit(known)
            return
        self._start("peaks", build_peaks(sound, tuple(self._peaks)), self._on_peaks, held=True)

    def measure_cutoff(self, sound: Sound) -> None:
        """Estimate where the band of a sound ends."""
        held = self.peaks_of(sound) is None
        self._start("cutoff", _cutoff(sound), self._on_cutoff, held=held)

    def drop_cutoff(self) -> None:
        """Look no longer for where the band ends."""
        self._stop("cutoff")

    def forget(self, sound: Sound) -> None:
        """Forget the peaks of a sound that will not be shown again."""
        self._peaks = [peaks for peaks in self._peaks if peaks.sound is not sound]

    def clear(self) -> None:
        """Forget everything, before another document is shown."""
        for name in list(self._threads):
            self._stop(name)
        self._peaks.clear()

    def close(self) -> None:
        """End all threads and wait for them."""
        self.clear()
        _wait(self._ending)
        self._ending.clear()

    def _start(self, name: str, job: Job[Any], slot: Any, *, held: bool) -> None:
        self._stop(name)
        thread = JobThread(job, self)
        thread.succeeded.connect(slot)
        thread.failed.connect(self._on_failed)
        thread.finished.connect(self._on_finished)
        self._threads[name] = thread
        if held:
            self._held.append(thread)
            self._timer.start()
        else:
            thread.start()

    def _stop(self, name: str) -> None:
        thread = self._threads.pop(name, None)
        if thread in self._held:
            self._held.remove(thread)
            thread.deleteLater()
        elif thread is not None:
            thread.requestInterruption()
            self._ending.append(thread)

    @Slot(object)
    def _on_peaks(self, peaks: Peaks) -> None:
        if self.sender() is self._threads.get("peaks"):
            self._keep(peaks)
            self.peaks_changed.emit(peaks)

    def _keep(self, peaks: Peaks) -> None:
        self._peaks = [*self._peaks[-(_KEPT_PEAKS - 1) :], peaks]

    @Slot(object)
    def _on_cutoff(self, estimate: object) -> None:
        if self.sender() is self._threads.get("cutoff"):
            self.cutoff_changed.emit(estimate)

    @Slot(Exception)
    def _on_failed(self, error: Exception) -> None:
        if self.sender() in self._threads.values():
            self.failed.emit(error)

    @Slot()
    def _on_finished(self) -> None:
        thread = self.sender()
        self._threads = {name: other for name, other in self._threads.items() if other is not thread}
        if isinstance(thread, JobThread):
            if thread in self._ending:
                self._ending.remove(thread)
            thread.retire()


def _wait(threads: Iterable[JobThread]) -> None:
    for thread in threads:
        thread.wait()


def _cutoff(sound: Sound) -> Job[object]:
    # scipy.signal is slow to load: not before the window stands, and in this job's thread
    from audiosr_desktop.effects.survey import survey_sound  # noqa: PLC0415

    survey = yield from survey_sound(sound, Region(0, sound.length))
    return survey.cutoff if survey is not None else None
