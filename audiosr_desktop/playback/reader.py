"""Reader: the thread that opens the device, lays samples ready, and carries out orders."""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass

from audiosr_desktop.errors import AudioSRError, PlaybackError
from audiosr_desktop.playback.apart import DeviceApart
from audiosr_desktop.playback.desk import DESK_BYTES, Desk, set_all
from audiosr_desktop.playback.feed import Feed
from audiosr_desktop.playback.memory import Memory
from audiosr_desktop.playback.mixdown import Mixdown
from audiosr_desktop.playback.monitor import fold_matrix
from audiosr_desktop.playback.orders import Hearing, Order
from audiosr_desktop.playback.output import OpenOutput, Output
from audiosr_desktop.playback.strip import BLOCK, Strip
from audiosr_desktop.playback.tap import TAP_S, Tap

log = logging.getLogger(__name__)

SLICE = 4 * BLOCK  # samples laid ready before the next look for orders
RESERVE = 2 * BLOCK  # samples laid ready before the first is heard: what computes may hold the reader up
_REFILL_S = 0.02  # how often it looks at the strips
_TURN_S = 0.002  # how often it looks for a strip while all are in use
_FADE_OUT_S = 0.3  # at most, for a device that hardly asks any more
_IDLE_S = 1.0  # how often it looks after the device when nothing is played
_CLOSE_S = 5.0


@dataclass(eq=False)
class Track:
    """A feed and the strip that it fills, as long as the sound card's thread may play it."""

    feed: Feed
    strip: Strip
    error: AudioSRError | None = None  # why the feed ends before its time


class Reader:
    """What the window's thread and this one know of each other, and of the sound card's.

    The window leaves an order; this thread makes a track of it; the sound card's thread, which may live in
    another process, plays what stands on the desk. What window and reader change is changed within `control`.

    Args:
        make_output: opens the sound device.
    """

    def __init__(self, make_output: OpenOutput) -> None:
        self.make_output = make_output
        self.hearing = Hearing()
        self.gains: tuple[float, ...] = ()
        self.take = 0
        self.duck = False
        self.order: Order | None = None  # the last one given
        self.waiting = False  # the last order is not heard yet
        self.position = 0
        self.finished = False
        self.error: AudioSRError | None = None
        self.notice = ""
        self.turn = 0  # counts what the window asked for: an old order is not carried out
        self.output: Output | None = None
        self.opened_for = (0, 0)
        self.wants_device = False
        self.desk = Desk(Memory(DESK_BYTES))
        self.live: Track | None = None
        self.tracks: tuple[Track, ...] = ()  # replaced as a whole; the newest first
        self.lost = 0  # how often samples of tracks that are over were not ready in time
        self.tap: Tap | None = None
        self.control = threading.RLock()  # between the window and the reader, never for long
        self.wake = threading.Event()
        self.closing = False
        self._maker: OpenOutput | None = None  # what the device was opened with last
        self._thread: threading.Thread | None = None

    # for the window's thread

    @property
    def playing(self) -> bool:
        """Whether sound is being played, or about to."""
        return self.waiting or self.live is not None

    def start(self) -> None:
        """Begin, or look at once whether there is something to do."""
        if self._thread is None and not self.closing:
            self._thread = threading.Thread(target=self._read_ahead, name="audio reader", daemon=True)
            self._thread.start()
        self.wake.set()

    def halt(self) -> None:
        """Let what is heard fade out, and keep the position."""
        with self.control:
            self.turn += 1
            live = self.live
            if live is not None and not self.waiting:
                self.position = live.feed.handed_over()
            self.waiting = False
            self._release()

    def close(self) -> None:
        """End, and give the device back."""
        self.closing = True
        self.wake.set()
        if self._thread is not None:
            self._thread.join(_CLOSE_S)  # a device that hangs must not keep the program
            self._thread = None
        self.desk.memory.close()

    def use_output(self, make_output: OpenOutput) -> None:
        """Open another device from now on."""
        with self.control:
            self.make_output = make_output

    def expect_load(self, loaded: bool) -> None:
        """Know whether the program computes with all that the machine has."""
        if isinstance(self.make_output, DeviceApart):
            self.make_output.loaded = loaded
            self.wake.set()

    def set_mix(self) -> None:
        """Tell what is heard of the takes as it is wanted now."""
        with self.control:
            set_all([track.strip for track in self.tracks], self.take, self.gains, duck=self.duck)

    def _release(self) -> None:
        """Let all that is heard fade out."""
        self.live = None
        self.desk.play(None)

    # the reader thread

    def _read_ahead(self) -> None:
        """Carry out orders, keep the rings full, look after the device, until the player is closed."""
        done = 0
        while not self.closing:
            order, later = self.order, False
            if order is not None and order.turn == self.turn and order.turn != done:
                later = not self._begin(order)
                done = done if later else order.turn
            elif self.wants_device:
                self.wants_device = False
                self._open_ahead()
            for track in self.tracks:
                self._refill(track)
            self._look()
            hungry = any(not track.feed.full for track in self.tracks)  # an order may come between two slices
            self.wake.wait(0.0 if hungry else _TURN_S if later else _REFILL_S if self.tracks else _IDLE_S)
            self.wake.clear()
        self._drop_output()
        self._change_maker(None)

    def _begin(self, order: Order) -> bool:
        """Make the track of an order; what is played now goes on until its samples are there.

        Returns:
            Whether it was carried out; not while the sound card's thread has all strips.
        """
        with self.control:
            hearing = self.hearing
        try:
            output = self._open(hearing.kind)
            strip = self.desk.free_strip(len(hearing.takes), [track.strip for track in self.tracks])
            if strip is None:
                return False
            track = self._track(order, hearing, output, strip)
        except AudioSRError as error:
            self._end(order.turn, error)
            return True
        with self.control:
            if order.turn == self.turn:  # or the window was faster
                self.live = track
                self.tracks = (track, *self.tracks)
                self.set_mix()
                self.desk.play(strip)
                self.waiting = False
        return True

    def _track(self, order: Order, hearing: Hearing, output: Output, strip: Strip) -> Track:
        old = self.live if order.at is None else None
        given = old.feed.given if old is not None else 0
        start, stop = order.span
        at = order.at if old is None else old.feed.place(given)
        at = min(max(start, self.position if at is None else at), stop - 1)
        fold = fold_matrix(hearing.takes[0].channels, output.channels, hearing.monitor)
        takes = hearing.heard_takes()
        strip.lay_out(
            self.desk.next_number(), len(takes), output.channels, output.sample_rate, speed=hearing.speed
        )
        strip.at_once = int(at == 0)
        if old is not None:
            strip.follows, strip.follows_from = old.strip.number, given
        feed = Feed(takes, at, order.span, loop=order.loop, strip=strip, fold=fold, hole=order.hole)
        feed.produce(RESERVE)
        return Track(feed, strip)

    def _refill(self, track: Track) -> None:
        try:
            track.feed.produce(SLICE)
        except AudioSRError as error:
            track.error = error  # told when what is ready has been heard
            track.feed.cut_short()

    def _look(self) -> None:
        """End what is over, drop what is silent, and notice that the device is gone."""
        output, live = self.output, self.live
        if output is None:
            return
        if output.strained:
            self._lengthen(output)
        elif output.outdated and not self.playing and not self.tracks:
            self._open_ahead()
        elif not output.active:
            self._lose(output)
        elif live is not None and live.feed.finished(output.latency_s):
            with self.control:
                if self.live is live and live.error is not None:
                    self._end(self.turn, live.error)
                elif self.live is live and not self.waiting:
                    self.position, self.finished = live.feed.span[1], True
                    self._release()
        with self.control:
            self._keep([track for track in self.tracks if self.desk.in_use(track.strip)])

    def _keep(self, tracks: Sequence[Track]) -> None:
        """Drop the other tracks, and count what they lost."""
        self.lost += sum(track.feed.dropouts for track in self.tracks if track not in tracks)
        self.tracks = tuple(tracks)

    def _lengthen(self, output: Output) -> None:
        """Open the device with a longer latency: what plays goes on, after one pause instead of many gaps."""
        self._let_sound_out(output)
        with self.control:
            kind = output.sample_rate, output.channels
            if self.live is not None and not self.waiting:
                self.position = self.live.feed.heard(output.latency_s)
        opened_for = self.opened_for
        self._close_output()
        try:
            now = self._open(opened_for)
        except AudioSRError as error:
            self._end(self.turn, error)
            self._drop_output()
            return
        log.info("%s: %.0f ms of latency, as samples came too late", now.name, 1000 * now.latency_s)
        with self.control:
            if kind != (now.sample_rate, now.channels):  # another device is the default by now
                self.halt()
            live = self.live
            if live is not None:  # or the window stopped it meanwhile
                strip = live.strip
                strip.number, strip.follows, strip.at_once = self.desk.next_number(), 0, 0
                self.desk.play(strip)

    def _let_sound_out(self, output: Output) -> None:
        """Wait until what is heard has faded out, and what is on its way to the card is heard."""
        self.desk.play(None)
        limit = time.monotonic() + _FADE_OUT_S
        while any(self.desk.in_use(track.strip) for track in self.tracks) and time.monotonic() < limit:
            time.sleep(_TURN_S)
        time.sleep(output.latency_s)

    def _lose(self, output: Output) -> None:
        """Stop where it is, and take the system's default device instead."""
        name = output.name
        with self.control:
            was_playing = self.playing
            self.halt()
        self._drop_output()
        lost = f"The sound device {name} is gone"
        if was_playing:
            lost = f"The sound device {name} is gone, so playing stopped"
        try:
            now = self._open(self.hearing.kind).name
        except AudioSRError:
            self._tell(f"{lost}; there is no other one.")
        else:
            self._tell(f"{lost}; sound goes to {now} now.")

    def _tell(self, notice: str) -> None:
        log.warning(notice)
        with self.control:
            self.notice = notice

    def _end(self, turn: int, error: AudioSRError) -> None:
        log.warning("playing ends: %s", error)
        with self.control:
            if turn == self.turn:
                self.halt()
                self.error = error

    def _open_ahead(self) -> None:
        """Open the device before it is needed; a failure is told when it is."""
        hearing, output = self.hearing, self.output
        if not hearing.takes:
            return
        if output is not None and output.outdated and not self.tracks:
            self._drop_output()
        try:
            self._open(hearing.kind)
        except AudioSRError as error:
            log.info("no sound device yet: %s", error)

    def _open(self, kind: tuple[int, int]) -> Output:
        """Return the running output, opened anew when the takes need another one."""
        wanted = (kind[0], max(2, kind[1]))
        if self.output is not None and (self.opened_for != wanted or self._maker is not self.make_output):
            self._drop_output()
        if self.output is None:
            maker = self.make_output
            self._change_maker(maker)
            self.desk.tap_size = round(TAP_S * wanted[0])
            output = maker(*wanted, Mixdown(self.desk, wanted[0]))
            self.tap = self.desk.tap(output.sample_rate, output.channels)
            try:
                output.start()
            except PlaybackError:
                output.close()
                raise
            self.output, self.opened_for = output, wanted
        return self.output

    def _change_maker(self, maker: OpenOutput | None) -> None:
        """Let another one open the device; the process of the one before is not needed any more."""
        old, self._maker = self._maker, maker
        if isinstance(old, DeviceApart) and old is not maker:
            old.close()

    def _drop_output(self) -> None:
        self._close_output()
        with self.control:
            self.live = None
            self._keep(())

    def _close_output(self) -> None:
        output, self.output = self.output, None
        self.opened_for = (0, 0)
        if output is not None:
            output.close()
        self.desk.clear()  # nobody plays it any more
