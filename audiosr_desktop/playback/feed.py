"""Feed: samples of all takes laid ready in a ring, so that the sound card's thread never waits."""

from collections.abc import Sequence

import numpy as np

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.dsp.resample import StreamResampler
from audiosr_desktop.playback.takes import TakeMixer

BLOCK = 4096  # samples read at once
RING_S = 0.5


class Feed:
    """One stretch of playing: from a start, over a range, once or in a loop.

    One thread calls `produce`, another `consume`, any reads the rest. Both counters only grow and each has
    one writer, so no lock is needed. A seek makes a new feed.

    Args:
        takes: of one rate, one number of channels.
        start: first sample heard.
        span: range that ends or loops the playing, half open, with `start` inside.
        loop: go on from the range's start at its end.
        sample_rate: of the output, Hz.
        channels: of the output.
    """

    def __init__(
        self,
        takes: Sequence[Sound],
        start: int,
        span: tuple[int, int],
        *,
        loop: bool,
        sample_rate: int,
        channels: int,
    ) -> None:
        self.span = span
        self.loop = loop
        self.dropouts = 0
        self._takes = tuple(takes)
        self._at = start
        self._ratio = sample_rate / takes[0].sample_rate
        self._rate = sample_rate
        self._fold = _fold_matrix(takes[0].channels, channels)
        self._ring = np.zeros((len(takes), round(RING_S * sample_rate) + BLOCK, channels), np.float32)
        self._resamplers = (
            [StreamResampler(takes[0].sample_rate, sample_rate, channels) for _ in takes]
            if sample_rate != takes[0].sample_rate
            else []
        )
        self._pending = np.zeros((len(takes), 0, channels), np.float32)
        self._taken = 0  # samples read from the takes
        self._jumps: tuple[tuple[int, int], ...] = ((0, start),)  # (samples taken, place in the sound)
        self._written = 0
        self._read = 0
        self._silence = 0  # samples asked for after the end
        self._ended = False

    def produce(self, most: int | None = None) -> None:
        """Fill the ring, or lay at least one sample and at most about `most` ready.

        Raises:
            AudioFileError: a take cannot be read.
        """
        goal = self._written + (self._ring.shape[1] if most is None else most)
        while self._written < goal:
            if self._pending.shape[1] == 0:
                if self._ended:
                    return
                self._pending = self._next_samples()
            free = self._ring.shape[1] - (self._written - self._read)
            if free == 0:
                return
            self._store(self._pending[:, :free])
            self._pending = self._pending[:, free:]
            if self._at >= self.span[1] and not self.loop and self._pending.shape[1] == 0 and self._flushed():
                self._ended = True

    def consume(self, out: Samples, mixer: TakeMixer) -> None:
        """Fill `out`, (samples, channels), with what is ready, and silence after it."""
        size = self._ring.shape[1]
        ready = min(len(out), self._written - self._read)
        done = 0
        while done < ready:
            first = self._read % size
            count = min(ready - done, size - first)
            mixer.mix(self._ring[:, first : first + count], out[done : done + count])
            self._read += count
            done += count
        if done < len(out):
            out[done:] = 0.0
            if self._ended and self._read == self._written:
                self._silence += len(out) - done
            else:
                self.dropouts += 1

    def finished(self, latency_s: float) -> bool:
        """Return whether the last sample has been heard."""
        return self._ended and self._read == self._written and self._silence >= latency_s * self._rate

    def heard(self, latency_s: float) -> int:
        """Return the sample that is heard now."""
        return self._place(self._read + self._silence - round(latency_s * self._rate))

    def handed_over(self) -> int:
        """Return the sample that the sound card is given next."""
        return self._place(self._read)

    def _place(self, count: int) -> int:
        """Return where in the sound the output's sample number `count` lies."""
        taken = int(max(0, min(count, self._written)) / self._ratio)
        since, place = next(jump for jump in reversed(self._jumps) if jump[0] <= taken)
        return min(place + taken - since, self.span[1])

    def _next_samples(self) -> Samples:
        """Read the next block of all takes, (takes, samples, channels), at the output's rate."""
        parts: list[Samples] = []
        count = 0
        jumps = list(self._jumps)
        while count < BLOCK:
            if self._at >= self.span[1]:
                if not self.loop:
                    break
                self._at = self.span[0]
                jumps.append((self._taken + count, self._at))
            stop = min(self._at + BLOCK - count, self.span[1])
            parts.append(np.stack([self._fold @ take.read_padded(self._at, stop) for take in self._takes]))
            count += stop - self._at
            self._at = stop
        oldest = int(self._read / self._ratio) - 2 * self._rate  # far behind all that may still be asked
        self._jumps = tuple(
            jump
            for jump, later in zip(jumps, [*jumps[1:], None], strict=True)
            if later is None or later[0] >= oldest
        )
        self._taken += count
        return self._converted(parts)

    def _converted(self, parts: list[Samples]) -> Samples:
        block = np.concatenate(parts, axis=2) if parts else np.zeros((len(self._takes), 0, 0), np.float32)
        if not self._resamplers:
            return np.ascontiguousarray(block.swapaxes(1, 2))
        if parts:
            out = [stream.add(samples) for stream, samples in zip(self._resamplers, block, strict=True)]
        else:
            out = [stream.finish() for stream in self._resamplers]
            self._resamplers = []
        return np.ascontiguousarray(np.stack(out).swapaxes(1, 2))

    def _flushed(self) -> bool:
        return not self._resamplers

    def _store(self, samples: Samples) -> None:
        size = self._ring.shape[1]
        first = self._written % size
        split = min(samples.shape[1], size - first)
        self._ring[:, first : first + split] = samples[:, :split]
        self._ring[:, : samples.shape[1] - split] = samples[:, split:]
        self._written += samples.shape[1]  # last, since it hands the samples over


def _fold_matrix(channels: int, outputs: int) -> Samples:
    """Return what each output hears: mono everywhere, one to one, or surplus channels shared out evenly."""
    if channels == 1:
        return np.ones((outputs, 1), np.float32)
    matrix = np.zeros((outputs, channels), np.float32)
    for channel in range(channels):
        matrix[channel % outputs, channel] = 1.0
    if channels > outputs:
        matrix /= matrix.sum(axis=1, keepdims=True)
    return matrix
