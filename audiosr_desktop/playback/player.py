"""Player: plays takes of one sound, with position, loop and A/B."""

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.errors import AudioSRError, PlaybackError
from audiosr_desktop.playback.feed import BLOCK, Feed
from audiosr_desktop.playback.output import OpenOutput, Output, open_output
from audiosr_desktop.playback.takes import TakeMixer

log = logging.getLogger(__name__)

_REFILL_S = 0.02  # how often the reader looks at the ring, which holds half a second


@dataclass(frozen=True, slots=True)
class _Heard:
    """What the sound card's thread works with; replaced as a whole."""

    feed: Feed
    mixer: TakeMixer


class Player:
    """Plays takes through one output.

    Its methods belong to one thread (the window's). A reader thread lays samples ready; the sound card's
    thread takes them without any lock. Positions are samples of the takes.

    Args:
        make_output: opens the sound device; a test gives one that only counts.
    """

    def __init__(self, make_output: OpenOutput = open_output) -> None:
        self._make_output = make_output
        self._takes: tuple[Sound, ...] = ()
        self._gains: tuple[float, ...] = ()
        self._take = 0
        self._span = (0, 0)
        self._from = 0
        self._loop = False
        self._position = 0
        self._finished = False
        self._error: AudioSRError | None = None
        self._output: Output | None = None
        self._opened_for = (0, 0)
        self._heard: _Heard | None = None
        self._control = threading.RLock()  # between the window and the reader; never in the callback
        self._wake = threading.Event()
        self._closing = False
        self._reader: threading.Thread | None = None

    @property
    def playing(self) -> bool:
        """Whether sound is being played."""
        return self._heard is not None

    @property
    def finished(self) -> bool:
        """Whether the last `play` came to the end of its range by itself."""
        return self._finished

    @property
    def error(self) -> AudioSRError | None:
        """What ended the last `play` before its time: the device went away, or a file cannot be read."""
        return self._error

    @property
    def position(self) -> int:
        """The sample that is heard now; where playing would go on when nothing is heard."""
        heard, output = self._heard, self._output
        if heard is None or output is None:
            return self._position
        return heard.feed.heard(output.latency_s)

    @property
    def take(self) -> int:
        """Number of the take that is heard."""
        return self._take

    @property
    def looping(self) -> bool:
        """Whether the range is played again and again."""
        return self._loop

    def load(self, takes: Sequence[Sound], gains_db: Sequence[float] = ()) -> None:
        """Take other sounds; playing goes on at the same place when they have the same rate and channels.

        Args:
            takes: of one rate and one number of channels. A shorter one is silent after its end.
            gains_db: one per take; none is 0 dB for all.

        Raises:
            ValueError: rates or channels differ.
        """
        kinds = {(take.sample_rate, take.channels) for take in takes}
        if len(kinds) > 1:
            raise ValueError("takes must agree in rate and channels")
        same_kind = bool(self._takes) and kinds == {(self._takes[0].sample_rate, self._takes[0].channels)}
        at = self._heard.feed.handed_over() if self._heard is not None and same_kind else None
        if at is None:
            self.pause()
        length = max((take.length for take in takes), default=0)
        self._takes = tuple(takes)
        self._gains = _factors(gains_db, len(takes))
        self._take = min(self._take, max(0, len(takes) - 1))
        self._position = min(self._position, length)
        self._from = min(self._from, length)
        if at is not None:
            start, stop = self._span
            stop = min(stop, length)
            if at < stop:
                self._switch(at, (min(start, at), stop))
            else:
                self.pause()

    def set_gains_db(self, gains_db: Sequence[float]) -> None:
        """Change the gain of each take, with a short ramp."""
        self._gains = _factors(gains_db, len(self._takes))
        if self._heard is not None:
            self._heard.mixer.gains = self._gains

    def play(self, start: int, stop: int | None = None, loop: bool = False) -> None:
        """Play from `start` to `stop` (None is the end), once or in a loop.

        Raises:
            PlaybackError: nothing is loaded, or there is no device.
            AudioFileError: a take cannot be read.
            ValueError: the range is outside the sound.
        """
        if not self._takes:
            raise PlaybackError("There is nothing to play: open a sound first.")
        length = max(take.length for take in self._takes)
        stop = length if stop is None else min(stop, length)
        if not 0 <= start <= stop:
            raise ValueError(f"cannot play [{start}, {stop}) of {length} samples")
        self._finished, self._error = False, None
        self._loop, self._from = loop, start
        if start == stop:
            self.pause()
            self._position, self._finished = start, True
            return
        self._switch(start, (start, stop))

    def pause(self) -> None:
        """Stop and keep the position."""
        with self._control:
            self._position = self.position
            if self._heard is not None:
                self._heard = None
                if self._output is not None:
                    self._output.stop()

    def resume(self) -> None:
        """Go on where `pause` stopped, over the same range when the position lies in it.

        Raises:
            PlaybackError, AudioFileError: as `play`.
        """
        if not self.playing:
            start, stop = self._span
            at = self._position
            if start <= at < stop:
                self._finished, self._error = False, None
                self._switch(at, self._span)
            else:
                self.play(at, None, self._loop)

    def stop(self) -> None:
        """Stop and go back to where playing began."""
        self.pause()
        self._position = self._from

    def seek(self, sample: int) -> None:
        """Go to another place; outside the range that is played, go on to the end of the sound.

        Raises:
            AudioFileError: a take cannot be read.
        """
        length = max((take.length for take in self._takes), default=0)
        sample = min(max(0, sample), length)
        self._position = sample
        self._from = sample
        if not self.playing:
            return
        if sample >= length:
            self.pause()
            self._position, self._finished = length, True
        elif self._span[0] <= sample < self._span[1]:
            self._switch(sample, self._span)
        else:
            self._loop = False
            self._switch(sample, (sample, length))

    def set_loop(self, loop: bool) -> None:
        """Play the range again and again, or only to its end; without a gap while it plays."""
        if loop == self._loop:
            return
        self._loop = loop
        if self._heard is not None:
            self._switch(min(self._heard.feed.handed_over(), self._span[1] - 1), self._span)

    def select_take(self, take: int) -> None:
        """Hear another take at the same place, with a fade of 8 ms.

        Raises:
            ValueError: there is no such take.
        """
        if not 0 <= take < len(self._takes):
            raise ValueError(f"there is no take {take}")
        self._take = take
        if self._heard is not None:
            self._heard.mixer.take = take

    def close(self) -> None:
        """Stop, end the reader and give the device back."""
        self.pause()
        self._closing = True
        self._wake.set()
        if self._reader is not None:
            self._reader.join()
            self._reader = None
        if self._output is not None:
            self._output.close()
            self._output = None

    def _switch(self, at: int, span: tuple[int, int]) -> None:
        """Play `span` from `at`; what is played now goes on until the new samples are there."""
        with self._control:
            try:
                self._start(at, span)
            except PlaybackError:  # the device went away while nothing was played: look for another one, once
                self._opened_for = (0, 0)
                self._start(at, span)
        if self._reader is None:
            self._reader = threading.Thread(target=self._read_ahead, name="audio reader", daemon=True)
            self._reader.start()
        self._wake.set()

    def _start(self, at: int, span: tuple[int, int]) -> None:
        output = self._open()
        feed = Feed(
            self._takes, at, span, loop=self._loop, sample_rate=output.sample_rate, channels=output.channels
        )
        feed.produce(BLOCK)
        mixer = TakeMixer(len(self._takes), output.sample_rate, self._take, self._gains)
        running = self._heard is not None
        self._span = span
        self._heard = _Heard(feed, mixer)
        if not running:
            try:
                output.start()
            except PlaybackError:
                self._heard, self._position = None, at
                raise

    def _open(self) -> Output:
        """Return the output, opened anew when the takes need another one or the device went away."""
        wanted = (self._takes[0].sample_rate, max(2, self._takes[0].channels))
        if self._output is not None and self._opened_for != wanted:
            self._heard = None
            self._output.close()
            self._output = None
        if self._output is None:
            self._output = self._make_output(*wanted, self._fill)
            self._opened_for = wanted
        return self._output

    def _fill(self, out: Samples) -> None:
        """Fill one block, in the sound card's thread."""
        heard = self._heard
        if heard is None:
            out[:] = 0.0
        else:
            heard.feed.consume(out, heard.mixer)

    def _read_ahead(self) -> None:
        """Keep the ring full, and end playing when it is over; the reader thread."""
        while not self._closing:
            heard = self._heard
            self._wake.wait(_REFILL_S if heard is not None else None)
            self._wake.clear()
            if (heard := self._heard) is not None:
                try:
                    heard.feed.produce()
                except AudioSRError as error:
                    log.warning("playing ends: %s", error)
                    self._end(heard, error)
                else:
                    self._look(heard)

    def _look(self, heard: _Heard) -> None:
        output = self._output
        if output is None:
            return
        if heard.feed.finished(output.latency_s):
            self._end(heard, None)
        elif not output.active:
            self._end(heard, PlaybackError("The sound device is gone: connect one and play again."))

    def _end(self, heard: _Heard, error: AudioSRError | None) -> None:
        with self._control:
            if self._heard is not heard:  # the window was faster
                return
            self._position = self.position if error is not None else heard.feed.span[1]
            self._error = error
            self._finished = error is None
            self._heard = None
            if isinstance(error, PlaybackError):
                self._opened_for = (0, 0)  # not this device again
            if self._output is not None:
                self._output.stop()
            if heard.feed.dropouts:
                log.warning("%d blocks came too late while playing", heard.feed.dropouts)


def _factors(gains_db: Sequence[float], count: int) -> tuple[float, ...]:
    if gains_db and len(gains_db) != count:
        raise ValueError(f"{count} takes need {count} gains, not {len(gains_db)}")
    return tuple(10.0 ** (gain / 20.0) for gain in gains_db) or (1.0,) * count
