"""Player: plays takes of one sound, with position, loop, speed and A/B."""

import logging
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.errors import AudioSRError, PlaybackError
from audiosr_desktop.playback.derived import band_of
from audiosr_desktop.playback.feed import BLOCK, Feed
from audiosr_desktop.playback.meters import Tap
from audiosr_desktop.playback.mixer import TakeMixer
from audiosr_desktop.playback.monitor import ALL_CHANNELS, Monitor, fold_matrix
from audiosr_desktop.playback.output import OpenOutput, Output, SystemDevice
from audiosr_desktop.playback.voice import Voice

log = logging.getLogger(__name__)

SPEEDS = (0.5, 2.0)  # lowest and highest
SCRUB_S = 0.08  # heard at each place while scrubbing
_REFILL_S = 0.02  # how often the reader looks at the ring, which holds half a second
_IDLE_S = 1.0  # how often it looks after the device when nothing is played
_CLOSE_S = 5.0

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class _Order:
    """What the reader is asked to play; None as the place is where the present voice is."""

    turn: int
    at: int | None
    span: Span
    loop: bool
    hole: Span | None = None


@dataclass(frozen=True, slots=True)
class _Hearing:
    """How takes are listened to; a change of any of it is a new voice at the same place."""

    takes: tuple[Sound, ...] = ()
    speed: float = 1.0
    monitor: Monitor = ALL_CHANNELS
    band: tuple[float | None, float | None] | None = None

    def heard_takes(self) -> list[Sound]:
        """Return the takes as they are heard: all of them, or only a band."""
        return [*self.takes] if self.band is None else [band_of(take, *self.band) for take in self.takes]

    @property
    def kind(self) -> tuple[int, int]:
        """Rate and channels of the takes."""
        return (self.takes[0].sample_rate, self.takes[0].channels)

    @property
    def length(self) -> int:
        """Samples of the longest take."""
        return max((take.length for take in self.takes), default=0)


class Player:
    """Plays takes through one output.

    Its methods belong to one thread (the window's) and none of them waits for the sound device or a file:
    they leave an order. A reader thread opens the device, keeps it running, and lays samples ready; the
    sound card's thread takes them without any lock. Positions are samples of the takes.

    Args:
        make_output: opens the sound device, None is the system's default; a test gives one that only counts.
    """

    def __init__(self, make_output: OpenOutput | None = None) -> None:
        self._make_output: OpenOutput = make_output or SystemDevice()
        self._hearing = _Hearing()
        self._gains: tuple[float, ...] = ()
        self._take = 0
        self._duck = False
        self._order: _Order | None = None  # the last one given
        self._waiting = False  # the last order is not heard yet
        self._from = 0
        self._position = 0
        self._finished = False
        self._error: AudioSRError | None = None
        self._notice = ""
        self._turn = 0  # counts what the window asked for: an old order is not carried out
        self._output: Output | None = None
        self._opened_for = (0, 0)
        self._wants_device = False
        self._live: Voice | None = None
        self._voices: tuple[Voice, ...] = ()  # replaced as a whole; the newest first
        self._tap: Tap | None = None
        self._control = threading.RLock()  # between the window and the reader; never in the callback
        self._wake = threading.Event()
        self._closing = False
        self._reader: threading.Thread | None = None

    # what is so

    @property
    def playing(self) -> bool:
        """Whether sound is being played, or about to."""
        return self._waiting or self._live is not None

    @property
    def finished(self) -> bool:
        """Whether the last `play` came to the end of its range by itself."""
        return self._finished

    @property
    def error(self) -> AudioSRError | None:
        """What ended the last `play` before its time: the device went away, or a file cannot be read."""
        return self._error

    def take_notice(self) -> str:
        """Return what the user should know about the device, once; empty when there is nothing."""
        with self._control:
            notice, self._notice = self._notice, ""
        return notice

    @property
    def position(self) -> int:
        """The sample that is heard now; where playing would go on when nothing is heard."""
        live, output = self._live, self._output
        if self._waiting or live is None or output is None:
            return self._position
        return live.feed.heard(output.latency_s)

    @property
    def take(self) -> int:
        """Number of the take that is heard."""
        return self._take

    @property
    def looping(self) -> bool:
        """Whether the range is played again and again."""
        return self._order is not None and self._order.loop

    @property
    def loop_span(self) -> Span | None:
        """The range that is played again and again now."""
        order = self._order
        return order.span if order is not None and order.loop and self.playing else None

    @property
    def speed(self) -> float:
        """How fast it plays; 1 is the sound's own speed."""
        return self._hearing.speed

    @property
    def monitor(self) -> Monitor:
        """How the channels are listened to."""
        return self._hearing.monitor

    @property
    def band(self) -> tuple[float | None, float | None] | None:
        """The frequencies that alone are heard, low and high; None is all."""
        return self._hearing.band

    @property
    def device(self) -> tuple[str, int, float] | None:
        """Name, rate in Hz and latency in seconds of the open device."""
        output = self._output
        return (output.name, output.sample_rate, output.latency_s) if output is not None else None

    @property
    def device_names(self) -> tuple[str, ...]:
        """Names of the sound devices that can be chosen, as they were when one was opened last."""
        return self._make_output.names if isinstance(self._make_output, SystemDevice) else ()

    @property
    def tap(self) -> Tap | None:
        """What was played last, for meters; another one with every device."""
        return self._tap

    # what is asked for

    def prepare(self) -> None:
        """Open the device in the background, so that the next `play` is heard at once."""
        with self._control:
            self._wants_device = bool(self._hearing.takes)
        self._start_reader()

    def use_output(self, make_output: OpenOutput) -> None:
        """Play through another device from now on; what is played stops."""
        self.pause()
        with self._control:
            self._make_output = make_output
            self._opened_for = (0, 0)
        self.prepare()

    def load(self, takes: Sequence[Sound], gains_db: Sequence[float] = ()) -> None:
        """Take other sounds; playing goes on at the same place when they have the same rate and channels.

        Args:
            takes: of one rate and one number of channels. A shorter one is silent after its end.
            gains_db: one per take; none is 0 dB for all.

        Raises:
            ValueError: rates or channels differ.
        """
        if len({(take.sample_rate, take.channels) for take in takes}) > 1:
            raise ValueError("takes must agree in rate and channels")
        gains = _factors(gains_db, len(takes))
        with self._control:
            old = self._hearing
            new = replace(old, takes=tuple(takes))
            if not (takes and old.takes and new.kind == old.kind):
                self.pause()
            self._hearing, self._gains = new, gains
            self._take = min(self._take, max(0, len(takes) - 1))
            self._position = min(self._position, new.length)
            self._from = min(self._from, new.length)
            if self.playing and self._order is not None:
                start, stop = self._order.span
                stop = min(stop, new.length)
                if start < stop:
                    self._again(span=(start, stop))
                else:
                    self.pause()
        if takes:
            self.prepare()

    def set_gains_db(self, gains_db: Sequence[float]) -> None:
        """Change the gain of each take, with a short ramp."""
        self._gains = _factors(gains_db, len(self._hearing.takes))
        for voice in self._voices:
            if len(voice.mixer.gains) == len(self._gains):
                voice.mixer.gains = self._gains

    def play(
        self, start: int, stop: int | None = None, loop: bool = False, *, hole: Span | None = None
    ) -> None:
        """Play from `start` to `stop` (None is the end), once or in a loop.

        What goes wrong with the device or a file is told by `error` later.

        Args:
            start: first sample.
            stop: one past the last one.
            loop: go on at `start` again.
            hole: part that is left out, half open: what a cut would sound like.

        Raises:
            PlaybackError: nothing is loaded.
            ValueError: the range is outside the sound.
        """
        if not self._hearing.takes:
            raise PlaybackError("There is nothing to play: open a sound first.")
        length = self._hearing.length
        stop = length if stop is None else min(stop, length)
        if not 0 <= start <= stop:
            raise ValueError(f"cannot play [{start}, {stop}) of {length} samples")
        self._from = start
        if start == stop:
            self.pause()
            self._position, self._finished, self._error = start, True, None
            return
        self._give(start, (start, stop), loop, hole)

    def scrub(self, sample: int) -> None:
        """Hear a moment of what lies at a sample; called again and again while the user drags."""
        length = self._hearing.length
        at = min(max(0, sample), max(0, length - 1))
        stop = min(length, at + round(SCRUB_S * self._hearing.kind[0])) if length else 0
        if at < stop:
            self._from = at
            self._give(at, (at, stop), loop=False)

    def pause(self) -> None:
        """Stop and keep the position: what was handed to the sound card is still heard, then it fades out."""
        with self._control:
            self._turn += 1
            live = self._live
            if live is not None and not self._waiting:
                self._position = live.feed.handed_over()
            self._waiting = False
            self._release()

    def resume(self) -> None:
        """Go on where `pause` stopped, over the same range when the position lies in it.

        Raises:
            PlaybackError: as `play`.
        """
        if self.playing:
            return
        order, at = self._order, self._position
        if order is not None and order.span[0] <= at < order.span[1]:
            self._give(at, order.span, order.loop, order.hole)
        else:
            self.play(at, None, self.looping)

    def stop(self) -> None:
        """Stop and go back to where playing began."""
        self.pause()
        self._position = self._from

    def seek(self, sample: int) -> None:
        """Go to another place; outside the range that is played, go on to the end of the sound."""
        length = self._hearing.length
        sample = min(max(0, sample), length)
        order = self._order
        was_playing = self.playing
        self._from = sample
        if not was_playing or order is None:
            self._position = sample
        elif sample >= length:
            self.pause()
            self._position, self._finished = length, True
        elif order.span[0] <= sample < order.span[1]:
            self._give(sample, order.span, order.loop)
        else:
            self._give(sample, (sample, length), loop=False)

    def set_loop(self, loop: bool) -> None:
        """Play the range again and again, or only to its end; without a gap while it plays."""
        with self._control:
            if self._order is not None and loop != self._order.loop:
                self._order = replace(self._order, loop=loop)
                self._again()

    def set_speed(self, speed: float) -> None:
        """Play faster or slower at the same pitch.

        Raises:
            ValueError: the speed is not within `SPEEDS`.
        """
        if not SPEEDS[0] <= speed <= SPEEDS[1]:
            raise ValueError(f"a speed lies between {SPEEDS[0]:g} and {SPEEDS[1]:g}, not at {speed:g}")
        self._hear(lambda hearing: replace(hearing, speed=speed))

    def set_monitor(self, monitor: Monitor) -> None:
        """Listen to the channels in another way."""
        self._hear(lambda hearing: replace(hearing, monitor=monitor))

    def set_band(self, band: tuple[float | None, float | None] | None) -> None:
        """Hear only what lies between two frequencies (None is no bound), or all again."""
        self._hear(lambda hearing: replace(hearing, band=band))

    def set_duck(self, duck: bool) -> None:
        """Go through 50 ms of silence at each change of take, or cross-fade."""
        self._duck = duck
        for voice in self._voices:
            voice.mixer.duck = duck

    def select_take(self, take: int) -> None:
        """Hear another take at the same place, with a cross-fade of 5 ms.

        Raises:
            ValueError: there is no such take.
        """
        if not 0 <= take < len(self._hearing.takes):
            raise ValueError(f"there is no take {take}")
        self._take = take
        for voice in self._voices:
            if take < len(voice.mixer.gains):
                voice.mixer.take = take

    def close(self) -> None:
        """Stop, end the reader and give the device back."""
        self.pause()
        self._closing = True
        self._wake.set()
        if self._reader is not None:
            self._reader.join(_CLOSE_S)  # a device that hangs must not keep the program
            self._reader = None

    # orders

    def _give(self, at: int | None, span: Span, loop: bool, hole: Span | None = None) -> None:
        with self._control:
            self._finished, self._error = False, None
            self._turn += 1
            if at is not None:
                self._position = at
                self._waiting = True
            self._order = _Order(self._turn, at, span, loop, hole)
        self._start_reader()

    def _again(self, span: Span | None = None) -> None:
        """Play what is played in another way, from the sample that it has come to."""
        order = self._order
        if order is not None and self.playing:
            at = order.at if self._waiting else None
            self._give(at, span or order.span, order.loop, order.hole)

    def _hear(self, change: Callable[[_Hearing], _Hearing]) -> None:
        with self._control:
            new = change(self._hearing)
            if new != self._hearing:
                self._hearing = new
                self._again()

    def _release(self) -> None:
        """Let all that is heard fade out."""
        self._live = None
        for voice in self._voices:
            voice.release()

    def _start_reader(self) -> None:
        if self._reader is None and not self._closing:
            self._reader = threading.Thread(target=self._read_ahead, name="audio reader", daemon=True)
            self._reader.start()
        self._wake.set()

    # the sound card's thread

    def _fill(self, out: Samples) -> None:
        """Fill one block."""
        out[:] = 0.0
        voices = self._voices
        for voice in voices:
            voice.add_to(out)
        tap = self._tap
        if voices and tap is not None:
            tap.put(out)

    # the reader thread

    def _read_ahead(self) -> None:
        """Carry out orders, keep the rings full, look after the device, until the player is closed."""
        done = 0
        while not self._closing:
            order = self._order
            if order is not None and order.turn == self._turn and order.turn != done:
                done = order.turn
                self._begin(order)
            elif self._wants_device:
                self._wants_device = False
                self._open_ahead()
            for voice in self._voices:
                self._refill(voice)
            self._look()
            self._wake.wait(_REFILL_S if self._voices else _IDLE_S)
            self._wake.clear()
        self._drop_output()

    def _begin(self, order: _Order) -> None:
        """Make the voice of an order; what is played now goes on until its samples are there."""
        with self._control:
            hearing = self._hearing
        try:
            output = self._open(hearing.kind)
            voice = self._voice(order, hearing, output)
        except AudioSRError as error:
            self._end(order.turn, error)
            return
        with self._control:
            if order.turn != self._turn:  # the window was faster
                return
            self._release()
            self._live = voice
            self._voices = (voice, *(old for old in self._voices if not old.silent))
            self._waiting = False

    def _voice(self, order: _Order, hearing: _Hearing, output: Output) -> Voice:
        old = self._live if order.at is None else None
        given = old.feed.given if old is not None else 0
        start, stop = order.span
        at = order.at if old is None else old.feed.place(given)
        at = min(max(start, self._position if at is None else at), stop - 1)
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
        feed.produce(BLOCK)
        mixer = TakeMixer(len(hearing.takes), output.sample_rate, self._take, self._gains, duck=self._duck)
        return Voice(feed, mixer, open_at_once=at == 0, follows=old, follows_from=given)

    def _refill(self, voice: Voice) -> None:
        try:
            voice.feed.produce()
        except AudioSRError as error:
            if voice is self._live:
                self._end(self._turn, error)
            else:
                voice.silent = True

    def _look(self) -> None:
        """End what is over, drop what is silent, and notice that the device is gone."""
        output, live = self._output, self._live
        if output is None:
            return
        if output.outdated and not self.playing and not self._voices:
            self._open_ahead()
        elif not output.active:
            self._lose(output)
        elif live is not None and live.feed.finished(output.latency_s):
            with self._control:
                if self._live is live and not self._waiting:
                    self._position, self._finished = live.feed.span[1], True
                    self._live = None
                    live.silent = True
        with self._control:
            self._voices = tuple(voice for voice in self._voices if not voice.silent)

    def _lose(self, output: Output) -> None:
        """Stop where it is, and take the system's default device instead."""
        name = output.name
        with self._control:
            was_playing = self.playing
            self.pause()
            self._voices = ()
        self._drop_output()
        lost = f"The sound device {name} is gone" + (", so playing stopped" if was_playing else "")
        try:
            now = self._open(self._hearing.kind).name
        except AudioSRError:
            self._tell(f"{lost}; there is no other one.")
        else:
            self._tell(f"{lost}; sound goes to {now} now.")

    def _tell(self, notice: str) -> None:
        log.warning(notice)
        with self._control:
            self._notice = notice

    def _end(self, turn: int, error: AudioSRError) -> None:
        log.warning("playing ends: %s", error)
        with self._control:
            if turn == self._turn:
                self.pause()
                self._error = error

    def _open_ahead(self) -> None:
        """Open the device before it is needed; a failure is told when it is."""
        hearing, output = self._hearing, self._output
        if not hearing.takes:
            return
        if output is not None and output.outdated and not self._voices:
            self._drop_output()
        try:
            self._open(hearing.kind)
        except AudioSRError as error:
            log.info("no sound device yet: %s", error)

    def _open(self, kind: tuple[int, int]) -> Output:
        """Return the running output, opened anew when the takes need another one."""
        wanted = (kind[0], max(2, kind[1]))
        if self._output is not None and self._opened_for != wanted:
            self._drop_output()
        if self._output is None:
            output = self._make_output(*wanted, self._fill)
            self._tap = Tap(output.sample_rate, output.channels)
            try:
                output.start()
            except PlaybackError:
                output.close()
                raise
            self._output, self._opened_for = output, wanted
        return self._output

    def _drop_output(self) -> None:
        output, self._output = self._output, None
        self._opened_for = (0, 0)
        self._voices = ()
        if output is not None:
            output.close()


def _factors(gains_db: Sequence[float], count: int) -> tuple[float, ...]:
    if gains_db and len(gains_db) != count:
        raise ValueError(f"{count} takes need {count} gains, not {len(gains_db)}")
    return tuple(10.0 ** (gain / 20.0) for gain in gains_db) or (1.0,) * count
