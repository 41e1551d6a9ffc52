"""Reader: the thread that opens the device, lays samples ready, and carries out orders."""

import logging
import threading

from audiosr_desktop.audio.store import Samples
from audiosr_desktop.errors import AudioSRError, PlaybackError
from audiosr_desktop.playback.feed import BLOCK, Feed
from audiosr_desktop.playback.meters import Tap
from audiosr_desktop.playback.mixer import TakeMixer
from audiosr_desktop.playback.monitor import fold_matrix
from audiosr_desktop.playback.orders import Hearing, Order
from audiosr_desktop.playback.output import OpenOutput, Output
from audiosr_desktop.playback.voice import Voice

log = logging.getLogger(__name__)

SLICE = 4 * BLOCK  # samples laid ready before the next look for orders
RESERVE = 2 * BLOCK  # samples laid ready before the first is heard: what computes may hold the reader up
_REFILL_S = 0.02  # how often it looks at the rings
_IDLE_S = 1.0  # how often it looks after the device when nothing is played
_CLOSE_S = 5.0


class Reader:
    """What the window's thread, this one and the sound card's know of each other.

    The window leaves an order; this thread makes a voice of it; the sound card's thread plays the voices and
    takes no lock. What both other threads change is changed within `control`.

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
        self.live: Voice | None = None
        self.voices: tuple[Voice, ...] = ()  # replaced as a whole; the newest first
        self.tap: Tap | None = None
        self.control = threading.RLock()  # between the window and the reader; never in the callback
        self.wake = threading.Event()
        self.closing = False
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

    def _release(self) -> None:
        """Let all that is heard fade out."""
        self.live = None
        for voice in self.voices:
            voice.release()

    # the sound card's thread

    def _fill(self, out: Samples) -> None:
        """Fill one block."""
        out[:] = 0.0
        voices = self.voices
        for voice in voices:
            voice.add_to(out)
        tap = self.tap
        if voices and tap is not None:
            tap.put(out)

    # the reader thread

    def _read_ahead(self) -> None:
        """Carry out orders, keep the rings full, look after the device, until the player is closed."""
        done = 0
        while not self.closing:
            order = self.order
            if order is not None and order.turn == self.turn and order.turn != done:
                done = order.turn
                self._begin(order)
            elif self.wants_device:
                self.wants_device = False
                self._open_ahead()
            for voice in self.voices:
                self._refill(voice)
            self._look()
            hungry = any(not voice.feed.full for voice in self.voices)  # an order may come between two slices
            self.wake.wait(0.0 if hungry else _REFILL_S if self.voices else _IDLE_S)
            self.wake.clear()
        self._drop_output()

    def _begin(self, order: Order) -> None:
        """Make the voice of an order; what is played now goes on until its samples are there."""
        with self.control:
            hearing = self.hearing
        try:
            output = self._open(hearing.kind)
            voice = self._voice(order, hearing, output)
        except AudioSRError as error:
            self._end(order.turn, error)
            return
        with self.control:
            if order.turn != self.turn:  # the window was faster
                return
            self._release()
            self.live = voice
            self.voices = (voice, *(old for old in self.voices if not old.silent))
            self.waiting = False

    def _voice(self, order: Order, hearing: Hearing, output: Output) -> Voice:
        old = self.live if order.at is None else None
        given = old.feed.given if old is not None else 0
        start, stop = order.span
        at = order.at if old is None else old.feed.place(given)
        at = min(max(start, self.position if at is None else at), stop - 1)
        fold = fold_matrix(hearing.takes[0].channels, output.channels, hearing.monitor)
        feed = Feed(
            hearing.heard_takes(),
            at,
            order.span,
            loop=order.loop,
            sample_rate=output.sample_rate,
            fold=fold,
            speed=hearing.speed,
            hole=order.hole,
        )
        feed.produce(RESERVE)
        mixer = TakeMixer(len(hearing.takes), output.sample_rate, self.take, self.gains, duck=self.duck)
        return Voice(feed, mixer, open_at_once=at == 0, follows=old, follows_from=given)

    def _refill(self, voice: Voice) -> None:
        try:
            voice.feed.produce(SLICE)
        except AudioSRError as error:
            voice.error = error  # told when what is ready has been heard
            voice.feed.cut_short()

    def _look(self) -> None:
        """End what is over, drop what is silent, and notice that the device is gone."""
        output, live = self.output, self.live
        if output is None:
            return
        if output.strained:
            self._lengthen(output)
        elif output.outdated and not self.playing and not self.voices:
            self._open_ahead()
        elif not output.active:
            self._lose(output)
        elif live is not None and live.feed.finished(output.latency_s):
            with self.control:
                if self.live is live and live.error is not None:
                    self._end(self.turn, live.error)
                elif self.live is live and not self.waiting:
                    self.position, self.finished = live.feed.span[1], True
                    self.live = None
                    live.silent = True
        with self.control:
            self.voices = tuple(voice for voice in self.voices if not voice.silent)

    def _lengthen(self, output: Output) -> None:
        """Open the device with a longer latency: what plays goes on, after one gap instead of many."""
        with self.control:
            voices, kind = self.voices, (output.sample_rate, output.channels)
            if self.live is not None and not self.waiting:
                self.position = self.live.feed.heard(output.latency_s)
            self.voices = ()
        opened_for = self.opened_for
        self._drop_output()
        try:
            now = self._open(opened_for)
        except AudioSRError as error:
            self._end(self.turn, error)
            return
        log.info("%s: %.0f ms of latency, as samples came too late", now.name, 1000 * now.latency_s)
        with self.control:
            if kind != (now.sample_rate, now.channels):  # another device is the default by now
                self.halt()
                return
            self.voices = voices
            if self.live is None:  # the window stopped it meanwhile
                self._release()

    def _lose(self, output: Output) -> None:
        """Stop where it is, and take the system's default device instead."""
        name = output.name
        with self.control:
            was_playing = self.playing
            self.halt()
            self.voices = ()
        self._drop_output()
        lost = f"The sound device {name} is gone" + (", so playing stopped" if was_playing else "")
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
        if output is not None and output.outdated and not self.voices:
            self._drop_output()
        try:
            self._open(hearing.kind)
        except AudioSRError as error:
            log.info("no sound device yet: %s", error)

    def _open(self, kind: tuple[int, int]) -> Output:
        """Return the running output, opened anew when the takes need another one."""
        wanted = (kind[0], max(2, kind[1]))
        if self.output is not None and self.opened_for != wanted:
            self._drop_output()
        if self.output is None:
            output = self.make_output(*wanted, self._fill)
            self.tap = Tap(output.sample_rate, output.channels)
            try:
                output.start()
            except PlaybackError:
                output.close()
                raise
            self.output, self.opened_for = output, wanted
        return self.output

    def _drop_output(self) -> None:
        output, self.output = self.output, None
        self.opened_for = (0, 0)
        self.voices = ()
        if output is not None:
            output.close()
