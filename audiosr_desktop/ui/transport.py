"""Transport: plays the document and its other takes (A, B, C …), compares them, moves the playhead."""

from collections.abc import Callable, Sequence

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.playback.apart import DeviceApart
from audiosr_desktop.playback.derived import difference
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.blind_tests import BlindTests
from audiosr_desktop.ui.following import Following
from audiosr_desktop.ui.hearing import Hearing
from audiosr_desktop.ui.language import tr_message
from audiosr_desktop.ui.metering import Metering
from audiosr_desktop.ui.take_levels import TakeLevels
from audiosr_desktop.ui.timeline import Timeline

POLL_MS = 33
NOTICE_MS = 250  # a device can go while nothing plays, and another one takes its time to open
TAKE_A, TAKE_B = 0, 1
DELTA = -1  # B minus A, or the last other take minus A
CUT_BEFORE_S, CUT_AFTER_S = 2.0, 1.0


class Transport(QObject):
    """What the keys and buttons of playing do."""

    state_changed = Signal()  # playing, loop, take, level matching, speed, band, channels
    levels_changed = Signal(object)  # Levels of what is heard; None when nothing is
    told = Signal(str)  # what the user should know about the sound device
    device_chosen = Signal(str)  # by the user; empty is the system's default
    failed = Signal(Exception)

    def __init__(self, player: Player, timeline: Timeline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.player = player
        self._timeline = timeline
        self._takes: tuple[Sound, ...] = ()
        self._loop = False
        self._device = ""
        self._compared = TAKE_B  # which take stands against A
        self._growing = False
        self.span: Region | None = None  # that `toggle` plays whatever is selected, as while it is previewed
        self.following = Following(timeline, self)
        self.hearing = Hearing(player, timeline, self)
        self.hearing.changed.connect(self.state_changed)
        self._stays = False  # who listens to the source goes on with it
        self._held = False  # the takes stay, whatever is finished meanwhile
        self._later: tuple[Sequence[Sound], int, int | None] | None = None
        self.blind_tests = BlindTests(self, player, timeline)
        self._was_playing = False
        self.metering = Metering(player, self)
        self.metering.measured.connect(self.levels_changed)
        self.levels = TakeLevels(player, self)
        self.levels.changed.connect(self.state_changed)
        timeline.selection_changed.connect(self._match_levels)
        self._timer = QTimer(self)
        self._timer.setInterval(POLL_MS)
        self._timer.timeout.connect(self._on_poll)
        self._notices = QTimer(self)
        self._notices.setInterval(NOTICE_MS)
        self._notices.timeout.connect(self._tell_notice)
        self._notices.start()

    @property
    def playing(self) -> bool:
        """Whether sound is heard."""
        return self.player.playing

    @property
    def looping(self) -> bool:
        """Whether a range is played again and again."""
        return self._loop

    @property
    def blind(self) -> bool:
        """Whether nothing that tells takes apart may be shown."""
        return self.blind_tests.hidden

    @property
    def takes(self) -> tuple[Sound, ...]:
        """The takes, the source first."""
        return self._takes

    @property
    def can_compare(self) -> bool:
        """Whether there are two takes."""
        return len(self._takes) > 1

    @property
    def take(self) -> int:
        """Number of the take that is heard, or `DELTA`; A when there is only one."""
        if not self.can_compare:
            return TAKE_A
        return DELTA if self.player.take >= len(self._takes) else self.player.take

    def _in_takes(self, sample: int) -> int:
        """Return where a place of the timeline lies in the takes: a preview may be at a higher rate."""
        rate = self._timeline.sample_rate
        return round(sample * (self._takes[0].sample_rate if self._takes else rate) / rate)

    def _position(self) -> int:
        """Return the place of the timeline that is heard."""
        rate = self._takes[0].sample_rate if self._takes else self._timeline.sample_rate
        return round(self.player.position * self._timeline.sample_rate / rate)

    @property
    def compared(self) -> int:
        """The take that stands against A."""
        return self._compared

    @property
    def hears_source(self) -> bool:
        """Whether the source, or the difference to it, is being listened to."""
        return self.playing and self.can_compare and self.take in (TAKE_A, DELTA)

    @property
    def offset_db(self) -> float | None:
        """How much louder the take that is compared is than A; None while that is not known."""
        return self.levels.offset_of(self._compared)

    @property
    def heard_sound(self) -> Sound | None:
        """The sound of the take that is heard."""
        return self._takes[min(self.player.take, len(self._takes) - 1)] if self._takes else None

    def set_sounds(
        self,
        present: Sound | None,
        before: Sound | None = None,
        *,
        heard: int | None = None,
        growing: bool = False,
    ) -> None:
        """Play the present sound; with the one before the last edit, when they can be compared.

        Args:
            present: None is nothing.
            before: stands as A.
            heard: take to hear, or `DELTA`; None is as in `set_takes`.
            growing: a run goes on and makes more of it: its level is measured once, not with every part.
        """
        self._growing = growing
        comparable = (
            present is not None
            and before is not None
            and before is not present
            and (before.length, before.sample_rate, before.channels)
            == (present.length, present.sample_rate, present.channels)
        )
        if present is None:
            self.set_takes(())
        elif comparable and before is not None:
            self.set_takes((before, present), heard=heard)
        else:
            self.set_takes((present,))

    def set_takes(self, takes: Sequence[Sound], chosen: int = TAKE_B, *, heard: int | None = None) -> None:
        """Play several versions of one sound, the source first; `chosen` is compared with it.

        Args:
            takes: the source first.
            chosen: stands against the source.
            heard: take to hear, or `DELTA`; None is `chosen`, but who is listening to this source, or to the
                difference to it, goes on with that: only a key moves a listener.
        """
        if self._held:
            self._later = takes, chosen, heard
            return
        same = len(takes) == len(self._takes) and all(a is b for a, b in zip(takes, self._takes, strict=True))
        if same and (chosen == self._compared or not self.can_compare):
            return
        same_source = bool(takes and self._takes) and takes[0] is self._takes[0]
        # a run that raises the rate leaves the source alone for a moment
        self._stays = same_source and (
            self.hears_source if self.can_compare else self._stays and self.playing
        )
        if heard is None and self._stays:
            heard = self.take
        old_rate = self._takes[0].sample_rate if self._takes else 0
        self._takes = tuple(takes)
        self._compared = min(chosen, max(TAKE_B, len(takes) - 1))
        self.load()
        if takes and takes[0].sample_rate != old_rate:
            self.player.seek(self._in_takes(self._timeline.playhead))
        if takes:
            number = self._compared if heard is None else len(takes) if heard == DELTA else heard
            self.player.select_take(number if self.can_compare else TAKE_A)
            self.metering.load(takes[0])
        self._match_levels()
        self.state_changed.emit()

    def load(self, anchor: Sound | None = None) -> None:
        """Give the takes to the player, and behind them their difference, or a test's anchor."""
        takes = list(self._takes)
        if anchor is not None:
            takes.append(anchor)
        elif self.can_compare:
            takes.append(difference(takes[TAKE_A], takes[self._compared]))
        self.levels.load(takes, len(self._takes), anchored=anchor is not None)

    def prepare(self) -> None:
        """Have the sound device ready; called when the user turns to the window."""
        if self._takes:
            self.player.prepare()

    @property
    def chosen_device(self) -> str:
        """Name of the sound device that the user wants; empty is the system's default."""
        return self._device

    def choose_device(self, name: str) -> None:
        """Play through a device from now on; where it is not there, through the system's default."""
        self._device = name
        self.player.use_output(DeviceApart(name))
        self.device_chosen.emit(name)
        self.state_changed.emit()

    def toggle(self) -> None:
        """Play the selection, or from the playhead; stop when something plays."""
        if self.playing:
            self.stop()
            return
        span = self.span or self._timeline.selection
        if span is not None:
            self.play(span.start, span.stop)
        else:
            self.play_from_playhead()

    def play_from_playhead(self) -> None:
        """Play to the end, whatever is selected."""
        start = self._timeline.playhead
        self.play(0 if start >= self._timeline.length else start, None)

    def play(self, start: int, stop: int | None, *, hole: tuple[int, int] | None = None) -> None:
        """Play a range, with or without a part of it."""
        if not self._takes:
            return
        self.following.resume()
        self.metering.reset()
        loop = self._loop and hole is None
        start, stop = self._in_takes(start), None if stop is None else self._in_takes(stop)
        hole = None if hole is None else (self._in_takes(hole[0]), self._in_takes(hole[1]))
        if self._guarded(lambda: self.player.play(start, stop, loop, hole=hole)):
            self._begun()

    def preview_cut(self) -> None:
        """Play 2 s up to the selection and 1 s after it, as if it were cut out."""
        selection, rate = self._timeline.selection, self._timeline.sample_rate
        if selection is not None:
            start = max(0, selection.start - round(CUT_BEFORE_S * rate))
            stop = min(self._timeline.length, selection.stop + round(CUT_AFTER_S * rate))
            self.play(start, stop, hole=(selection.start, selection.stop))

    def scrub(self, sample: int) -> None:
        """Hear a moment of what lies under the pointer; the playhead goes there."""
        if self._takes:
            self.player.scrub(self._in_takes(sample))
            self._begun()
            self._timeline.move_playhead(sample)

    def pause_or_resume(self) -> None:
        """Pause where it is, or go on from there."""
        if self.playing:
            self.player.pause()
            self._show_position()
            self.state_changed.emit()
        elif self._takes and self._guarded(self.player.resume):
            self._begun()

    def stop(self) -> None:
        """Stop, and go back to where playing began."""
        self.player.stop()
        self._timer.stop()
        self._was_playing = False
        self._show_position()
        self.levels_changed.emit(None)
        self.state_changed.emit()

    def _begun(self) -> None:
        self._timer.start()
        self._was_playing = True
        self._show_position()
        self._match_levels()
        self.state_changed.emit()

    def seek(self, sample: int) -> None:
        """Go to a sample."""
        if self._takes:
            self.player.seek(self._in_takes(sample))
        self._timeline.move_playhead(sample)

    def set_loop(self, loop: bool) -> None:
        """Play ranges again and again, or once."""
        self._loop = loop
        self.player.set_loop(loop)
        self._match_levels()
        self.state_changed.emit()

    def set_speed(self, speed: float) -> None:
        """Play faster or slower at the same pitch."""
        self.player.set_speed(speed)
        self.state_changed.emit()

    def select_take(self, take: int) -> None:
        """Hear another take, or `DELTA`, at the same place."""
        if take == DELTA and self.can_compare:
            self.player.select_take(len(self._takes))
        elif 0 <= take < len(self._takes):
            if take not in (TAKE_A, self._compared):
                self._compared = take
                self.load()
            self.player.select_take(take)
        self.state_changed.emit()

    def hold_takes(self) -> None:
        """Keep the takes as they are, for a blind test; what is finished meanwhile comes after it."""
        self._held = True

    def free_takes(self) -> None:
        """Let the takes change again."""
        self._held = False
        later, self._later = self._later, None
        if later is not None:
            takes, chosen, heard = later
            self.set_takes(takes, chosen, heard=heard)

    def close(self) -> None:
        """Give the sound device back."""
        self._timer.stop()
        self._notices.stop()
        self.levels.close()
        self.metering.close()
        self.player.close()

    @Slot()
    def _on_poll(self) -> None:
        self._show_position()
        self.metering.measure()
        if not self.player.playing and self._was_playing:
            self._was_playing = False
            self._timer.stop()
            if self.player.error is not None:
                self.failed.emit(self.player.error)
            self.levels_changed.emit(None)
            self.state_changed.emit()

    @Slot()
    def _tell_notice(self) -> None:
        notice = self.player.take_notice()
        if notice:
            self.told.emit(tr_message(notice))

    def _show_position(self) -> None:
        self.following.show(self._position(), playing=self.player.playing)

    def _guarded(self, action: Callable[[], None]) -> bool:
        """Do what may be refused; the window shows why."""
        try:
            action()
        except AudioSRError as error:
            self.failed.emit(error)
            return False
        return True

    @Slot()
    def _match_levels(self) -> None:
        """Measure what is compared: the loop that is played, the selection, or all."""
        if not self.can_compare:
            self.levels.drop()
            return
        selection, length = self._timeline.selection, self._takes[0].length
        edges = (0, length)
        if selection is not None:
            edges = (self._in_takes(selection.start), min(self._in_takes(selection.stop), length))
        span = self.player.loop_span or edges
        self.levels.measure(self._takes, *span, growing=self._growing)
