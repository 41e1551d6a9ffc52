"""Player: plays takes of one sound, with position, loop, speed and A/B."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.errors import AudioSRError, PlaybackError
from audiosr_desktop.playback.apart import DeviceApart
from audiosr_desktop.playback.monitor import Monitor
from audiosr_desktop.playback.orders import Hearing, Order, Span, factors
from audiosr_desktop.playback.output import OpenOutput
from audiosr_desktop.playback.reader import Reader
from audiosr_desktop.playback.tap import Tap

SPEEDS = (0.5, 2.0)  # lowest and highest
SCRUB_S = 0.08  # heard at each place while scrubbing


class Player:
    """Plays takes through one output.

    Its methods belong to one thread (the window's) and none of them waits for the sound device or a file:
    they leave an order. A reader thread opens the device, keeps it running, and lays samples ready; the
    sound card's thread takes them without any lock. Positions are samples of the takes.

    Args:
        make_output: opens the sound device, None is the system's default; a test gives one that only counts.
    """

    def __init__(self, make_output: OpenOutput | None = None) -> None:
        self._reader = Reader(make_output or DeviceApart())
        self._from = 0

    # what is so

    @property
    def playing(self) -> bool:
        """Whether sound is being played, or about to."""
        return self._reader.playing

    @property
    def finished(self) -> bool:
        """Whether the last `play` came to the end of its range by itself."""
        return self._reader.finished

    @property
    def error(self) -> AudioSRError | None:
        """What ended the last `play` before its time: the device went away, or a file cannot be read."""
        return self._reader.error

    def take_notice(self) -> str:
        """Return what the user should know about the device, once; empty when there is nothing."""
        with self._reader.control:
            notice, self._reader.notice = self._reader.notice, ""
        return notice

    @property
    def position(self) -> int:
        """The sample that is heard now; where playing would go on when nothing is heard."""
        live, output = self._reader.live, self._reader.output
        if self._reader.waiting or live is None or output is None:
            return self._reader.position
        return live.feed.heard(output.latency_s)

    @property
    def take(self) -> int:
        """Number of the take that is heard."""
        return self._reader.take

    @property
    def looping(self) -> bool:
        """Whether the range is played again and again."""
        return self._reader.order is not None and self._reader.order.loop

    @property
    def loop_span(self) -> Span | None:
        """The range that is played again and again now."""
        order = self._reader.order
        return order.span if order is not None and order.loop and self.playing else None

    @property
    def speed(self) -> float:
        """How fast it plays; 1 is the sound's own speed."""
        return self._reader.hearing.speed

    @property
    def monitor(self) -> Monitor:
        """How the channels are listened to."""
        return self._reader.hearing.monitor

    @property
    def band(self) -> tuple[float | None, float | None] | None:
        """The frequencies that alone are heard, low and high; None is all."""
        return self._reader.hearing.band

    @property
    def device(self) -> tuple[str, int, float] | None:
        """Name, rate in Hz and latency in seconds of the open device."""
        output = self._reader.output
        return (output.name, output.sample_rate, output.latency_s) if output is not None else None

    @property
    def device_names(self) -> tuple[str, ...]:
        """Names of the sound devices that can be chosen, as they were when one was opened last."""
        return self._reader.make_output.names if isinstance(self._reader.make_output, DeviceApart) else ()

    @property
    def dropouts(self) -> int:
        """How often the device asked for samples that were not laid ready in time."""
        with self._reader.control:
            return self._reader.lost + sum(track.feed.dropouts for track in self._reader.tracks)

    @property
    def tap(self) -> Tap | None:
        """What was played last, for meters; another one with every device."""
        return self._reader.tap

    # what is asked for

    def prepare(self) -> None:
        """Open the device in the background, so that the next `play` is heard at once."""
        with self._reader.control:
            self._reader.wants_device = bool(self._reader.hearing.takes)
        self._reader.start()

    def use_output(self, make_output: OpenOutput) -> None:
        """Play through another device from now on; what is played stops."""
        self.pause()
        self._reader.use_output(make_output)
        self.prepare()

    def expect_load(self, loaded: bool) -> None:
        """Take a longer latency as soon as nothing is played, because all cores compute; or no longer."""
        self._reader.expect_load(loaded)

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
        gains = factors(gains_db, len(takes))
        with self._reader.control:
            old = self._reader.hearing
            new = replace(old, takes=tuple(takes))
            if not (takes and old.takes and new.kind == old.kind):
                self.pause()
            self._reader.hearing, self._reader.gains = new, gains
            self._reader.take = min(self._reader.take, max(0, len(takes) - 1))
            self._reader.position = min(self._reader.position, new.length)
            self._from = min(self._from, new.length)
            if self.playing and self._reader.order is not None:
                start, stop = self._reader.order.span
                stop = min(stop, new.length)
                if start < stop:
                    self._again(span=(start, stop))
                else:
                    self.pause()
        if takes:
            self.prepare()

    def set_gains_db(self, gains_db: Sequence[float]) -> None:
        """Change the gain of each take, with a short ramp."""
        self._reader.gains = factors(gains_db, len(self._reader.hearing.takes))
        self._reader.set_mix()

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
        if not self._reader.hearing.takes:
            raise PlaybackError("There is nothing to play: open a sound first.")
        length = self._reader.hearing.length
        stop = length if stop is None else min(stop, length)
        if not 0 <= start <= stop:
            raise ValueError(f"cannot play [{start}, {stop}) of {length} samples")
        self._from = start
        if start == stop:
            self.pause()
            self._reader.position, self._reader.finished, self._reader.error = start, True, None
            return
        self._give(start, (start, stop), loop, hole)

    def scrub(self, sample: int) -> None:
        """Hear a moment of what lies at a sample; called again and again while the user drags."""
        length = self._reader.hearing.length
        at = min(max(0, sample), max(0, length - 1))
        stop = min(length, at + round(SCRUB_S * self._reader.hearing.kind[0])) if length else 0
        if at < stop:
            self._from = at
            self._give(at, (at, stop), loop=False)

    def pause(self) -> None:
        """Stop and keep the position: what was handed to the sound card is still heard, then it fades out."""
        self._reader.halt()

    def resume(self) -> None:
        """Go on where `pause` stopped, over the same range when the position lies in it.

        Raises:
            PlaybackError: as `play`.
        """
        if self.playing:
            return
        order, at = self._reader.order, self._reader.position
        if order is not None and order.span[0] <= at < order.span[1]:
            self._give(at, order.span, order.loop, order.hole)
        else:
            self.play(at, None, self.looping)

    def stop(self) -> None:
        """Stop and go back to where playing began."""
        self.pause()
        self._reader.position = self._from

    def seek(self, sample: int) -> None:
        """Go to another place; outside the range that is played, go on to the end of the sound."""
        length = self._reader.hearing.length
        sample = min(max(0, sample), length)
        order = self._reader.order
        was_playing = self.playing
        self._from = sample
        if not was_playing or order is None:
            self._reader.position = sample
        elif sample >= length:
            self.pause()
            self._reader.position, self._reader.finished = length, True
        elif order.span[0] <= sample < order.span[1]:
            self._give(sample, order.span, order.loop)
        else:
            self._give(sample, (sample, length), loop=False)

    def set_loop(self, loop: bool) -> None:
        """Play the range again and again, or only to its end; without a gap while it plays."""
        with self._reader.control:
            if self._reader.order is not None and loop != self._reader.order.loop:
                self._reader.order = replace(self._reader.order, loop=loop)
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
        self._reader.duck = duck
        self._reader.set_mix()

    def select_take(self, take: int) -> None:
        """Hear another take at the same place, with a cross-fade of 5 ms.

        Raises:
            ValueError: there is no such take.
        """
        if not 0 <= take < len(self._reader.hearing.takes):
            raise ValueError(f"there is no take {take}")
        self._reader.take = take
        self._reader.set_mix()

    def close(self) -> None:
        """Stop, end the reader and give the device back."""
        self.pause()
        self._reader.close()

    # orders

    def _give(self, at: int | None, span: Span, loop: bool, hole: Span | None = None) -> None:
        with self._reader.control:
            self._reader.finished, self._reader.error = False, None
            self._reader.turn += 1
            if at is not None:
                self._reader.position = at
                self._reader.waiting = True
            self._reader.order = Order(self._reader.turn, at, span, loop, hole)
        self._reader.start()

    def _again(self, span: Span | None = None) -> None:
        """Play what is played in another way, from the sample that it has come to."""
        order = self._reader.order
        if order is not None and self.playing:
            at = order.at if self._reader.waiting else None
            self._give(at, span or order.span, order.loop, order.hole)

    def _hear(self, change: Callable[[Hearing], Hearing]) -> None:
        with self._reader.control:
            new = change(self._reader.hearing)
            if new != self._reader.hearing:
                self._reader.hearing = new
                self._again()
