"""GapFinding: finds the gaps of the shown document in the background, and keeps those that a run filled."""

from dataclasses import dataclass

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.audio.lanes import channels_of
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.job import Job
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.job_thread import JobThread
from audiosr_desktop.ui.restoring import Restored


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap.

    Attributes:
        region: in samples of the document; the channels that fell silent.
        filled: whether the last run filled it.
    """

    region: Region
    filled: bool = False


class GapFinding(QObject):
    """What is known of gaps; the next edit makes it out of date.

    Args:
        editor: the document and the selection.
    """

    changed = Signal()
    failed = Signal(Exception)

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor
        self._thread: JobThread | None = None
        self._gaps: tuple[Gap, ...] = ()
        self._current = -1
        self._looked = False
        editor.document_changed.connect(self._forget)
        editor.sound_changed.connect(self._forget)
        editor.applying.restored.connect(self._on_restored)

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """The gaps, by time."""
        return self._gaps

    @property
    def current(self) -> int:
        """The one that is chosen; -1 is none."""
        return self._current

    @property
    def busy(self) -> bool:
        """Whether they are being looked for."""
        return self._thread is not None

    @property
    def looked(self) -> bool:
        """Whether they were looked for since the last edit."""
        return self._looked

    @Slot()
    def find(self) -> None:
        """Look for gaps in the selection, or in the whole sound."""
        document = self._editor.document
        if document is None or self._thread is not None:
            return
        region = self._editor.timeline.chosen or Region(0, document.sound.length)
        thread = JobThread(_found(document.sound, region), self)
        self._thread = thread
        thread.succeeded.connect(self._on_found)
        thread.failed.connect(self.failed)
        thread.finished.connect(self._on_finished)
        self.changed.emit()
        thread.start()

    @Slot(int)
    def choose(self, number: int) -> None:
        """Select a gap, and show it where it is not seen."""
        if not 0 <= number < len(self._gaps):
            return
        timeline, region = self._editor.timeline, self._gaps[number].region
        self._current = number
        timeline.select(Region(region.start, region.stop))
        if not timeline.start <= region.start < timeline.stop:
            timeline.show(region.start - timeline.span / 2, region.start + timeline.span / 2)
        self._editor.transport.seek(region.start)
        self.changed.emit()

    def close(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._thread.requestInterruption()
            self._thread.wait()

    @Slot()
    def _forget(self) -> None:
        if self._thread is not None:
            self._thread.requestInterruption()
        if self._gaps or self._looked:
            self._gaps, self._current, self._looked = (), -1, False
            self.changed.emit()

    @Slot(object)
    def _on_found(self, found: tuple[Sound, list[Gap]]) -> None:
        sound, gaps = found
        if sound is self._editor.sound:
            self._gaps, self._current, self._looked = tuple(gaps), -1, True

    @Slot(object)
    def _on_restored(self, result: Restored) -> None:
        facts, rate = result.facts.get("gaps"), result.after.sample_rate
        if result.after is self._editor.sound and result.changed and isinstance(facts, list) and facts:
            filled = (Region(round(gap["start_s"] * rate), round(gap["end_s"] * rate)) for gap in facts)
            ordered = sorted(filled, key=lambda region: region.start)
            self._gaps, self._current = tuple(Gap(region, filled=True) for region in ordered), -1
            self._looked = True
            self.changed.emit()

    @Slot()
    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.retire()
        self.changed.emit()


def _found(sound: Sound, region: Region) -> Job[tuple[Sound, list[Gap]]]:
    # it loads scipy.signal, which is slow: in this job's thread
    from audiosr_desktop.effects.gaps import find_gaps  # noqa: PLC0415

    heard = channels_of(sound, region)
    channels = region.channels or tuple(range(sound.channels))
    gaps = yield from find_gaps(heard, region.of_channels(None))
    found = []
    for gap in sorted(gaps, key=lambda gap: gap.start):
        of = tuple(channels[channel] for channel in gap.channels)
        every = len(of) == sound.channels
        found.append(Gap(Region(gap.start, gap.stop).of_channels(None if every else of)))
    return sound, found
