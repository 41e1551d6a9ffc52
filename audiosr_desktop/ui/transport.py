"""Transport: plays the document and the sound before its last edit as takes A and B; moves the playhead."""

from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.delta import difference
from audiosr_desktop.ui.job_thread import JobThread
from audiosr_desktop.ui.timeline import Timeline

POLL_MS = 33
TAKE_A, TAKE_B, DELTA = 0, 1, 2
_FOLLOW_MARGIN = 0.97  # of the visible range, before the page is turned


class Transport(QObject):
    """What the keys and buttons of playing do."""

    state_changed = Signal()  # playing, loop, take or level matching
    failed = Signal(Exception)

    def __init__(self, player: Player, timeline: Timeline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.player = player
        self._timeline = timeline
        self._takes: tuple[Sound, ...] = ()
        self._gains: list[float] = []
        self._match = True
        self._loop = False
        self._following = True
        self.follow = True
        self._was_playing = False
        self._matching: JobThread | None = None
        self._ending: list[JobThread] = []
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._on_poll)

    @property
    def playing(self) -> bool:
        """Whether sound is heard."""
        return self.player.playing

    @property
    def looping(self) -> bool:
        """Whether a range is played again and again."""
        return self._loop

    @property
    def can_compare(self) -> bool:
        """Whether there are two takes."""
        return len(self._takes) > 1

    @property
    def take(self) -> int:
        """`TAKE_A`, `TAKE_B` or `DELTA`; A when there is only one."""
        return self.player.take if self.can_compare else TAKE_A

    @property
    def level_match(self) -> bool:
        """Whether takes are turned down to the softer one."""
        return self._match

    @property
    def offset_db(self) -> float | None:
        """How much louder B is than A; None while that is not known."""
        return self._gains[TAKE_A] - self._gains[TAKE_B] if len(self._gains) >= 2 else None

    @property
    def heard_sound(self) -> Sound | None:
        """The sound of the take that is heard."""
        return self._takes[min(self.player.take, len(self._takes) - 1)] if self._takes else None

    def set_sounds(self, present: Sound | None, before: Sound | None = None) -> None:
        """Play the present sound; with the one before the last edit, when they can be compared."""
        comparable = (
            present is not None
            and before is not None
            and before is not present
            and (before.length, before.sample_rate, before.channels)
            == (present.length, present.sample_rate, present.channels)
        )
        if present is None:
            takes: tuple[Sound, ...] = ()
        elif comparable and before is not None:
            takes = (before, present, difference(before, present))
        else:
            takes = (present,)
        if len(takes) == len(self._takes) and all(
            a is b for a, b in zip(takes[:2], self._takes[:2], strict=True)
        ):
            return
        self._takes, self._gains = takes, []
        self._stop_matching()
        self._guarded(lambda: self.player.load(takes))
        if takes:
            self.player.select_take(TAKE_B if len(takes) > 1 else 0)
        if len(takes) > 1:
            self._start_matching()
        self.state_changed.emit()

    def toggle(self) -> None:
        """Play the selection, or from the playhead; stop when something plays."""
        if self.playing:
            self.stop()
            return
        selection = self._timeline.selection
        if selection is not None:
            self.play(selection.start, selection.stop)
        else:
            self.play_from_playhead()

    def play_from_playhead(self) -> None:
        """Play to the end, whatever is selected."""
        start = self._timeline.playhead
        self.play(0 if start >= self._timeline.length else start, None)

    def play(self, start: int, stop: int | None) -> None:
        """Play a range."""
        if not self._takes:
            return
        self._following = True
        if self._guarded(lambda: self.player.play(start, stop, self._loop)):
            self._timer.start()
            self._was_playing = True
        self.state_changed.emit()

    def pause_or_resume(self) -> None:
        """Pause where it is, or go on from there."""
        if self.playing:
            self.player.pause()
            self._show_position()
        elif self._takes:
            self._guarded(self.player.resume)
            self._timer.start()
            self._was_playing = True
        self.state_changed.emit()

    def stop(self) -> None:
        """Stop, and go back to where playing began."""
        self.player.stop()
        self._timer.stop()
        self._was_playing = False
        self._show_position()
        self.state_changed.emit()

    def seek(self, sample: int) -> None:
        """Go to a sample."""
        if self._takes:
            self._guarded(lambda: self.player.seek(sample))
        self._timeline.move_playhead(sample)

    def set_loop(self, loop: bool) -> None:
        """Play ranges again and again, or once."""
        self._loop = loop
        self._guarded(lambda: self.player.set_loop(loop))
        self.state_changed.emit()

    def select_take(self, take: int) -> None:
        """Hear another take at the same place."""
        if take < len(self._takes):
            self.player.select_take(take)
            self.state_changed.emit()

    def set_level_match(self, match: bool) -> None:
        """Compare at equal loudness, or as the takes are."""
        self._match = match
        self._give_gains()
        self.state_changed.emit()

    def stop_following(self) -> None:
        """Leave the view where the user scrolled it, until the next play."""
        self._following = False

    def close(self) -> None:
        """Give the sound device back."""
        self._timer.stop()
        self._stop_matching()
        for thread in self._ending:
            thread.wait()
        self._ending.clear()
        self.player.close()

    @Slot()
    def _on_poll(self) -> None:
        self._show_position()
        if not self.player.playing and self._was_playing:
            self._was_playing = False
            self._timer.stop()
            if self.player.error is not None:
                self.failed.emit(self.player.error)
            self.state_changed.emit()

    def _show_position(self) -> None:
        position = self.player.position
        timeline = self._timeline
        timeline.move_playhead(position)
        if self.follow and self._following and self.player.playing:
            limit = timeline.start + timeline.span * _FOLLOW_MARGIN
            if not timeline.start <= position < limit and timeline.stop < timeline.length:
                timeline.page_to(position if position < timeline.start else round(timeline.stop))
            elif position < timeline.start:
                timeline.page_to(position)

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Do what may fail for want of a sound device; the window shows why."""
        try:
            action()
        except AudioSRError as error:
            self.failed.emit(error)
            return False
        return True

    def _start_matching(self) -> None:
        # its filters come with scipy.signal, which is slow to load
        from audiosr_desktop.playback.takes import matched_gains_db  # noqa: PLC0415

        selection, length = self._timeline.selection, self._takes[0].length
        start, stop = (selection.start, selection.stop) if selection is not None else (0, length)
        self._matching = JobThread(matched_gains_db(self._takes[:2], start, min(stop, length)), self)
        self._matching.succeeded.connect(self._on_matched)
        self._matching.finished.connect(self._on_matching_finished)
        self._matching.start()

    def _stop_matching(self) -> None:
        if self._matching is not None:
            self._matching.requestInterruption()
            self._ending.append(self._matching)
            self._matching = None

    @Slot(object)
    def _on_matched(self, gains: list[float]) -> None:
        if self.sender() is self._matching:
            self._gains = gains
            self._give_gains()
            self.state_changed.emit()

    @Slot()
    def _on_matching_finished(self) -> None:
        thread = self.sender()
        if isinstance(thread, JobThread):
            if thread is self._matching:
                self._matching = None
            if thread in self._ending:
                self._ending.remove(thread)
            thread.wait()
            thread.deleteLater()

    def _give_gains(self) -> None:
        if self.can_compare:
            gains = self._gains if self._match and self._gains else [0.0, 0.0]
            self.player.set_gains_db([*gains, 0.0])  # the difference is heard as it is
