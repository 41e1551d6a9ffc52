"""Feed: reads all takes, brings them to the output's rate, and lays them ready on a strip."""

from collections.abc import Sequence

import numpy as np

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.dsp.resample import StreamResampler
from audiosr_desktop.dsp.stretch import TimeStretcher
from audiosr_desktop.playback.strip import BLOCK, EDGE_S, Strip


class Feed:
    """One stretch of playing: from a start, over a range, once or in a loop.

    One thread calls `produce`, any reads the rest. A seek makes a new feed.

    A range that ends before its sound does fades out there. In a loop its last 4 ms turn into the 4 ms before
    its start, so that it meets itself without a step and without a change of length; a loop over a sound from
    its very start is played as it is.

    Args:
        takes: of one rate, one number of channels.
        start: first sample heard.
        span: range that ends or loops the playing, half open, with `start` inside.
        loop: go on from the range's start at its end.
        strip: laid out for as many takes; the rate and the speed are those that it was laid out for.
        fold: what each output channel hears of the sound's channels, float32 (outputs, channels).
        hole: part of the range that is left out, half open, to hear what a cut would sound like.
    """

    def __init__(
        self,
        takes: Sequence[Sound],
        start: int,
        span: tuple[int, int],
        *,
        loop: bool,
        strip: Strip,
        fold: Samples,
        hole: tuple[int, int] | None = None,
    ) -> None:
        self.span = span
        self.loop = loop
        self.strip = strip
        self.sample_rate = sample_rate = strip.sample_rate
        rate, outputs, speed = takes[0].sample_rate, len(fold), strip.speed
        self._takes = tuple(takes)
        self._at = start
        self._hole = hole
        self._ratio = sample_rate / rate / speed  # output samples for each sample of the sound
        self._fold = fold
        self._rise = raised_cosine_fade(min(round(EDGE_S * rate), (span[1] - span[0]) // 2))
        lanes = len(takes) * outputs
        self._stages: list[TimeStretcher | StreamResampler] = []
        if speed != 1.0:
            self._stages.append(TimeStretcher(speed, rate, lanes))
        if sample_rate != rate:
            self._stages.append(StreamResampler(rate, sample_rate, lanes))
        self._pending = np.zeros((len(takes), 0, outputs), np.float32)
        self._taken = 0  # samples read from the takes
        self._jumps: tuple[tuple[int, int], ...] = ((0, start),)  # (samples taken, place in the sound)

    @property
    def full(self) -> bool:
        """Whether there is nothing to lay ready now."""
        return self.strip.room == 0 or (bool(self.strip.ended) and not self._pending.shape[1])

    @property
    def given(self) -> int:
        """How many samples the sound card was given."""
        return self.strip.read

    @property
    def dropouts(self) -> int:
        """How often the sound card asked for more than was ready."""
        return self.strip.dropouts

    def produce(self, most: int | None = None) -> None:
        """Fill the ring, or lay at least one sample and at most about `most` ready.

        Raises:
            AudioFileError: a take cannot be read.
        """
        strip = self.strip
        goal = strip.written + (strip.size if most is None else most)
        while strip.written < goal:
            if self._pending.shape[1] == 0:
                if strip.ended:
                    return
                last = self._at >= self.span[1] and not self.loop
                self._pending = self._rest() if last else self._next_samples()
                if last and self._pending.shape[1] == 0:
                    strip.ended = 1
            free = strip.room
            if free == 0:
                return
            strip.put(self._pending[:, :free])
            self._pending = self._pending[:, free:]
            if self._at >= self.span[1] and not self.loop and not self._stages and not self._pending.shape[1]:
                strip.ended = 1

    def cut_short(self) -> None:
        """Come to an end behind what is ready; the thread that produces calls this."""
        self._pending = self._pending[:, :0]
        self.strip.ended = 1

    def finished(self, latency_s: float) -> bool:
        """Return whether the last sample has been heard."""
        return self.strip.played_out and self.strip.silence >= round(latency_s * self.sample_rate)

    def heard(self, latency_s: float) -> int:
        """Return the sample that is heard now."""
        return self.place(self.strip.read + self.strip.silence - round(latency_s * self.sample_rate))

    def handed_over(self) -> int:
        """Return the sample that the sound card is given next."""
        return self.place(self.strip.read)

    def place(self, count: int) -> int:
        """Return where in the sound the output's sample number `count` lies."""
        taken = int(max(0, min(count, self.strip.written)) / self._ratio)
        since, place = next(jump for jump in reversed(self._jumps) if jump[0] <= taken)
        return min(place + taken - since, self.span[1])

    def _next_samples(self) -> Samples:
        """Read the next block of all takes, (takes, samples, channels), at the output's rate."""
        parts: list[Samples] = []
        count = 0
        jumps = list(self._jumps)
        while count < BLOCK:
            target = self._jump_target()
            if target is not None:
                self._at = target
                jumps.append((self._taken + count, target))
            if self._at >= self.span[1]:
                break
            stop = min(self._at + BLOCK - count, self._next_edge())
            parts.append(self._faded(self._at, stop))
            count += stop - self._at
            self._at = stop
        oldest = (
            int(self.strip.read / self._ratio) - 2 * self.sample_rate
        )  # far behind all that may still be asked
        self._jumps = tuple(
            jump
            for jump, later in zip(jumps, [*jumps[1:], None], strict=True)
            if later is None or later[0] >= oldest
        )
        self._taken += count
        return self._converted(np.concatenate(parts, axis=2))

    def _jump_target(self) -> int | None:
        """Return where reading goes on when it does not go straight on."""
        if self._hole is not None and self._hole[0] <= self._at < self._hole[1]:
            return self._hole[1]
        return self.span[0] if self._at >= self.span[1] and self.loop else None

    def _next_edge(self) -> int:
        if self._hole is not None and self._at < self._hole[0]:
            return min(self._hole[0], self.span[1])
        return self.span[1]

    def _faded(self, start: int, stop: int) -> Samples:
        """Read [start, stop) of all takes, (takes, outputs, samples), with the fade at the range's end."""
        block = self._folded(start, stop)
        first, last = self.span
        zone = last - self._rise.size
        ends_with_sound = last >= max(take.length for take in self._takes)
        as_it_is = first < self._rise.size if self.loop else ends_with_sound
        if stop <= zone or as_it_is:
            return block
        begin = max(start, zone)
        rise = self._rise[begin - zone : stop - zone]
        block = block.copy()
        block[..., begin - start :] *= 1.0 - rise
        if self.loop:
            back = last - first
            block[..., begin - start :] += rise * self._folded(begin - back, stop - back)
        return block

    def _folded(self, start: int, stop: int) -> Samples:
        return np.stack([self._fold @ take.read_padded(start, stop) for take in self._takes])

    def _converted(self, block: Samples) -> Samples:
        lanes = block.reshape(-1, block.shape[2])
        for stage in self._stages:
            lanes = stage.add(lanes)
        return self._in_ring_order(lanes)

    def _rest(self) -> Samples:
        """Return what is still in the stages; there are none afterwards."""
        lanes = np.zeros((len(self._takes) * len(self._fold), 0), np.float32)
        for stage in self._stages:
            lanes = np.concatenate([stage.add(lanes), stage.finish()], axis=1)
        self._stages = []
        return self._in_ring_order(lanes)

    def _in_ring_order(self, lanes: Samples) -> Samples:
        block = lanes.reshape(len(self._takes), len(self._fold), lanes.shape[1])
        return np.ascontiguousarray(block.swapaxes(1, 2))
