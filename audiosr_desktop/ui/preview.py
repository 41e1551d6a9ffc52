"""Preview: an effect on ten seconds of the document, heard in place, looping, against what was there."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.job import Progress
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.job_thread import JobThread
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.panels.job_panel import rough_time
from audiosr_desktop.ui.readout import figures, format_length, percent
from audiosr_desktop.ui.restoring import Restored, restore

SPAN_S = 10.0
REST_MS = 200  # after the last change of a value, before a live module runs again
LEAST_HEARD_S = 2.0  # of a shorter selection the sound on both sides is played, too
SAID_FROM_S = 2.0  # a shorter wait needs no words
SLOW = {"audiosr.super-resolution", "audiosr.restore"}  # models: they run again only when asked


Expected = Callable[[Effect, Mapping[str, Value], float, int], float]


class Preview(QObject):
    """Runs the open module on a short span and lays the result beside the document as take B.

    The document is not changed. An edit, another document, a job or other takes end the preview. Where the
    effect needs a higher rate than the document has, both takes are heard at that rate.

    Args:
        editor: the document and what plays it.
        expected: tells how many seconds an effect will take on so many seconds and channels.
    """

    changed = Signal()  # on or off, or what it says
    previewed = Signal(object)  # Restored
    failed = Signal(str, Exception)

    def __init__(self, editor: Editor, expected: Expected, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._expected = editor, expected
        self._wanted: tuple[Effect, Mapping[str, Value]] | None = None
        self._region: Region | None = None
        self._raised: tuple[Sound, Region] | None = (
            None  # document and span at the rate that the effect needs
        )
        self._result: Sound | None = None
        self._playhead = 0
        self._thread: JobThread | None = None
        self._again = False
        self._heard = False
        self._looped_before = False
        self.text = ""
        self._rest = QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST_MS)
        self._rest.timeout.connect(self._run)
        editor.document_changed.connect(self.stop)
        editor.sound_changed.connect(self.stop)
        editor.runner.started.connect(self.stop)
        editor.transport.state_changed.connect(self._on_transport_changed)

    @property
    def on(self) -> bool:
        """Whether a module is previewed."""
        return self._wanted is not None

    @property
    def busy(self) -> bool:
        """Whether it is being prepared."""
        return self._thread is not None or self._rest.isActive()

    @property
    def region(self) -> Region | None:
        """What is previewed; None while nothing is heard."""
        return self._region if self._heard else None

    def start(self, effect: Effect, values: Mapping[str, Value]) -> bool:
        """Preview an effect around the start of the selection, or from the playhead."""
        document = self._editor.document
        if document is None or self._editor.runner.busy:
            return False
        if not self.on:
            self._looped_before = self._editor.transport.looping
            timeline = self._editor.timeline
            span = preview_region(document.sound, timeline.selection, timeline.playhead)
            self._region = span.of_channels(timeline.picked)
            self._playhead = timeline.playhead
        self._wanted = effect, dict(values)
        self._run()
        return True

    def update(self, effect: Effect, values: Mapping[str, Value]) -> None:
        """Take other values: a quick module runs again at once, a model when it is asked to."""
        if not self.on:
            return
        self._wanted = effect, dict(values)
        if effect.id in SLOW:
            self._say(tr("The values have changed: preview again to hear them."))
        else:
            self._rest.start()

    @Slot()
    def stop(self) -> None:
        """Go back to the document's own takes."""
        if not self.on:
            return
        self._wanted, self._raised, self._again = None, None, False
        self._rest.stop()
        if self._thread is not None:
            self._thread.requestInterruption()
        if self._heard:
            self._heard, self._result = False, None
            self._take_away()
        self._say("")

    def _take_away(self) -> None:
        transport, timeline = self._editor.transport, self._editor.timeline
        span, transport.span = transport.span, None
        transport.stop()
        transport.set_loop(self._looped_before)
        self._editor.show_takes()
        if span is not None and timeline.playhead == span.start:
            transport.seek(self._playhead)  # unless it was placed elsewhere meanwhile

    def close(self) -> None:
        """End the thread, as when the window closes."""
        self.stop()
        if self._thread is not None:
            self._thread.wait()

    @Slot()
    def _run(self) -> None:
        document = self._editor.document
        if self._wanted is None or self._region is None or document is None:
            return
        if self._thread is not None:  # it is run again when the one under way has ended
            self._again = True
            self._thread.requestInterruption()
            return
        self._again = False
        effect, values = self._wanted
        sound, region = self._raised or (document.sound, self._region)
        job = restore(
            [(effect, values)],
            sound,
            region,
            scratch=self._editor.scratch,
            report=self._editor.catalogue.report,
        )
        thread = JobThread(job, self)
        self._thread = thread
        thread.progressed.connect(self._on_progressed)
        thread.succeeded.connect(self._on_succeeded)
        thread.failed.connect(self._on_failed)
        thread.finished.connect(self._on_finished)
        self._say(self._preparing(effect, values, region.length / sound.sample_rate))
        thread.start()

    def _preparing(self, effect: Effect, values: Mapping[str, Value], seconds: float) -> str:
        document = self._editor.document
        channels = document.sound.channels if document is not None else 1
        wait = self._expected(effect, values, seconds, channels)
        if wait < SAID_FROM_S:
            return tr("Preparing the preview…")
        return tr("Preparing the preview, which takes about {time}…", time=rough_time(wait))

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        if self.on and not self._again:
            self._say(
                tr(
                    "Preview: {stage} ({fraction})",
                    stage=tr_message(progress.stage),
                    fraction=percent(progress.fraction),
                )
            )

    @Slot(object)
    def _on_succeeded(self, result: Restored) -> None:
        document, region = self._editor.document, self._region
        if not self.on or self._again or document is None or region is None:
            return
        if result.before is not document.sound:
            self._raised = result.before, result.region
        self.previewed.emit(result)
        if not result.changed:
            self._say(" ".join(map(tr_message, result.warnings)) or tr("Nothing was found to change here."))
            return
        transport = self._editor.transport
        was_heard, self._heard = self._heard and transport.playing, True
        self._result, transport.span = result.after, heard_around(region, document.sound)
        transport.set_sounds(result.after, result.before)
        transport.set_loop(True)
        if not was_heard:
            transport.play(transport.span.start, transport.span.stop)
        seconds = format_length(region.length / document.sound.sample_rate)
        told = tr("Preview of {seconds}: B is with the effect, A without (key A).", seconds=seconds)
        if self._raised is not None:
            rate = figures(result.after.sample_rate / 1000, "g")
            told += " " + tr("Heard at {rate} kHz; the document keeps its rate.", rate=rate)
        self._say(" ".join([told, *map(tr_message, result.warnings)]))

    @Slot()
    def _on_transport_changed(self) -> None:
        """End when other takes were given to the player, as by a marker that is an edit, too."""
        takes = self._editor.transport.takes
        if self._heard and self._result is not None and not any(take is self._result for take in takes):
            self.stop()

    @Slot(Exception)
    def _on_failed(self, error: Exception) -> None:
        self.stop()
        self.failed.emit(tr("Preview"), error)

    @Slot()
    def _on_finished(self) -> None:
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.retire()
        if self._again:
            self._run()

    def _say(self, text: str) -> None:
        self.text = text
        self.changed.emit()


def heard_around(region: Region, sound: Sound) -> Region:
    """Return what is played of a preview: a filled gap says nothing without its sides."""
    lacking = round(LEAST_HEARD_S * sound.sample_rate) - region.length
    if lacking <= 0:
        return Region(region.start, region.stop)
    start = max(0, min(region.start - lacking // 2, sound.length - region.length - lacking))
    return Region(start, min(sound.length, start + region.length + lacking))


def preview_region(sound: Sound, selection: Region | None, playhead: int) -> Region:
    """Return at most ten seconds from the start of the selection, or around the playhead, with its band."""
    span = round(SPAN_S * sound.sample_rate)
    if selection is not None:
        return replace(selection, stop=min(selection.stop, selection.start + span))
    start = max(0, min(playhead - span // 2, sound.length - span))
    return Region(start, min(start + span, sound.length))
