"""Strip: samples of all takes between the thread that lays them ready and the sound card's, with no lock."""

from collections.abc import Sequence

import numpy as np

from audiosr_desktop.dsp.overlap import Samples
from audiosr_desktop.playback.memory import HasWords, Real, Word, fence
from audiosr_desktop.playback.mixer import TakeMixer

BLOCK = 4096  # samples read at once
RING_S = 1.5  # laid ready: a busy machine may not let the reader run for so long
EDGE_S = 0.004  # of fades where a range begins, ends or meets itself
MOST_TAKES = 1000
STRIP_BYTES = 14 << 20
_PAGE_BYTES = 512
_HEAD_BYTES = _PAGE_BYTES + 8 * MOST_TAKES


class Strip(HasWords):
    """What one stretch of playing is made of, wherever it is heard: a ring of samples, and a few words.

    Each word has one writer, and counters only grow. A strip that is not played belongs to the reader alone.

    Args:
        memory: `STRIP_BYTES` of it, which two processes may map.
    """

    # the reader's, before it is played
    number = Word(0)  # of the stretch that it is used for
    takes = Word(1)
    size = Word(2)  # samples in the ring
    outputs = Word(3)
    sample_rate = Word(4)
    at_once = Word(5)  # begin without a fade: where a sound begins there is nothing to cut
    follows = Word(6)  # number of the stretch that it takes over from, 0 when it starts by itself
    follows_from = Word(7)  # samples that the other one had given when this one's start was chosen
    speed = Real(8)
    # the reader's, while it is played
    written = Word(9)
    ended = Word(10)
    # the player's
    take = Word(11)
    duck = Word(12)
    # the sound card's thread's
    read = Word(13)
    silence = Word(14)  # samples asked for after the end
    dropouts = Word(15)  # times when there was less than asked for
    heard = Word(16)  # the number, from the first sample to the last of its fade

    def __init__(self, memory: memoryview) -> None:
        super().__init__(memory[:_PAGE_BYTES])
        self._gains = memory[_PAGE_BYTES:_HEAD_BYTES].cast("d")
        self._samples: Samples = np.frombuffer(memory[_HEAD_BYTES:], np.float32)
        self._ring: Samples | None = None

    def lay_out(self, number: int, takes: int, outputs: int, sample_rate: int, speed: float = 1.0) -> None:
        """Use it for another stretch; only when nobody plays it.

        Args:
            number: of the stretch, above 0.
            takes: how many.
            outputs: channels of the output.
            sample_rate: of the output, Hz.
            speed: of the sound; where a stretch of another speed takes over, it tells how far this one came.
        """
        self.number, self.takes, self.outputs, self.sample_rate = number, takes, outputs, sample_rate
        self.size = min(round(RING_S * sample_rate) + BLOCK, self._samples.size // (takes * outputs))
        self.speed = speed
        self.at_once = self.follows = self.follows_from = 0
        self.written = self.ended = self.take = self.duck = 0
        self.read = self.silence = self.dropouts = self.heard = 0
        self.attach()

    def attach(self) -> None:
        """See the ring as it is laid out now."""
        shape = (self.takes, self.size, self.outputs)
        self._ring = self._samples[: self.takes * self.size * self.outputs].reshape(shape)

    @property
    def gains(self) -> tuple[float, ...]:
        """The factor of each take."""
        return tuple(self._gains[: self.takes].tolist())

    @gains.setter
    def gains(self, gains: Sequence[float]) -> None:
        for number, gain in enumerate(gains):
            self._gains[number] = gain

    @property
    def room(self) -> int:
        """How many samples can be laid ready now."""
        return self.size - (self.written - self.read)

    @property
    def played_out(self) -> bool:
        """Whether the last sample was given."""
        return bool(self.ended) and self.read == self.written

    def put(self, samples: Samples) -> None:
        """Lay samples ready, float32 (takes, n, outputs), no more than there is room for."""
        assert self._ring is not None
        size, count = self.size, samples.shape[1]
        first = self.written % size
        split = min(count, size - first)
        self._ring[:, first : first + split] = samples[:, :split]
        self._ring[:, : count - split] = samples[:, split:]
        fence()
        self.written += count  # last, since it hands the samples over

    def give(self, out: Samples, mixer: TakeMixer) -> None:
        """Fill `out`, (samples, outputs), with what is ready, and silence after it."""
        assert self._ring is not None
        size = self.size
        ready = min(len(out), self.written - self.read)
        fence()
        done = 0
        while done < ready:
            first = (self.read + done) % size
            count = min(ready - done, size - first)
            mixer.mix(self._ring[:, first : first + count], out[done : done + count])
            done += count
        fence()
        self.read += done
        if done < len(out):
            out[done:] = 0.0
            if self.played_out:
                self.silence += len(out) - done
            else:
                self.dropouts += 1

    def skip(self, count: int) -> None:
        """Leave samples out, as far as they are ready; the sound card's thread calls this."""
        self.read = min(self.read + max(0, count), self.written)
