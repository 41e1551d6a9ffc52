"""Tap: what was played last, for the meters."""

from typing import Protocol

import numpy as np

from audiosr_desktop.dsp.overlap import Samples
from audiosr_desktop.playback.memory import fence

TAP_BYTES = 8 << 20
TAP_S = 1.0
MOST_CHANNELS = 8  # that loudness is defined for


class Counter(Protocol):
    """Who counts what was put in."""

    tap_size: int
    tap_written: int


class Tap:
    """The last second of what was played: one side puts in, another takes out, neither waits.

    Args:
        sample_rate: Hz.
        channels: of the output; the first 8 are kept.
        counter: known to both sides, `tap_size` at most as many samples as the memory holds.
        memory: known to both sides.
    """

    def __init__(self, sample_rate: int, channels: int, counter: Counter, memory: memoryview) -> None:
        self.sample_rate, self.channels = sample_rate, min(channels, MOST_CHANNELS)
        self._counter = counter
        size = min(counter.tap_size, len(memory) // (4 * self.channels))
        samples = np.frombuffer(memory, np.float32)[: size * self.channels]
        self._ring: Samples = samples.reshape(size, self.channels)
        self._read = counter.tap_written

    def put(self, block: Samples) -> None:
        """Add what was played, (samples, channels)."""
        size, written = len(self._ring), self._counter.tap_written
        block = block[-size:, : self.channels]
        first = written % size
        split = min(len(block), size - first)
        self._ring[first : first + split] = block[:split]
        self._ring[: len(block) - split] = block[split:]
        fence()
        self._counter.tap_written = written + len(block)

    def take(self) -> Samples:
        """Return what came since the last call, float32 (channels, n); what was overwritten is left out."""
        size, written = len(self._ring), self._counter.tap_written
        fence()
        first = max(self._read, written - size // 2)  # half a second away from where `put` writes
        self._read = written
        return self._ring[np.arange(first, written) % size].T
