"""Gaps in sound: runs of digital silence that cut it off."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]

_EDGE_S = 0.020
_CUT_S = 0.002
_CUT_RATIO = 0.1
_LEAST_CUT = 4e-5  # about one step of 16 bits: below it, sound has faded out by itself


@dataclass(frozen=True, slots=True)
class Silence:
    """A run of digital silence, samples [start, stop), in some channels.

    Attributes:
        start: first silent sample.
        stop: one past the last.
        channels: which channels are silent.
    """

    start: int
    stop: int
    channels: tuple[int, ...]

    @property
    def length(self) -> int:
        """Number of samples."""
        return self.stop - self.start


class SilenceFinder:
    """Finds runs of digital silence between sounding samples in a stream of blocks.

    Args:
        shortest: least number of samples.
        longest: greatest number of samples.
    """

    def __init__(self, channels: int, shortest: int, longest: int) -> None:
        self._shortest = max(1, shortest)
        self._longest = longest
        self._position = 0
        self._open: list[int | None] = [0] * channels  # where a silence began; the start of the sound is one
        self._found: dict[tuple[int, int], list[int]] = {}

    def add(self, block: Samples) -> None:
        """Take the next samples, float32 (channels, n)."""
        for channel, row in enumerate(block):
            silent = (row == 0.0).astype(np.int8)
            before = np.int8(self._open[channel] is not None)
            for edge in np.flatnonzero(np.diff(silent, prepend=before)):
                if silent[edge]:
                    self._open[channel] = self._position + int(edge)
                else:
                    self._close(channel, self._position + int(edge))
        self._position += block.shape[1]

    def _close(self, channel: int, stop: int) -> None:
        start, self._open[channel] = self._open[channel], None
        if start and self._shortest <= stop - start <= self._longest:
            self._found.setdefault((start, stop), []).append(channel)

    def result(self) -> list[Silence]:
        """Return the runs that have ended, in the order of time; channels silent together are one run."""
        return [Silence(start, stop, tuple(rows)) for (start, stop), rows in sorted(self._found.items())]


def is_cut(before: Samples, after: Samples, sample_rate: int) -> bool:
    """Tell a gap, at which sound is cut off, from a pause, into which it fades.

    Args:
        before: one channel's samples up to the silence, (n,); the last 20 ms are looked at.
        after: its samples from the end of the silence on.
        sample_rate: in Hz.
    """
    edge, cut = (max(1, round(seconds * sample_rate)) for seconds in (_EDGE_S, _CUT_S))
    return _stands(before[::-1][:edge], cut) and _stands(after[:edge], cut)


def _stands(outwards: Samples, cut: int) -> bool:
    if outwards.size < cut:
        return False
    at_edge = float(np.sqrt(np.mean(np.square(outwards[:cut], dtype=np.float64))))
    around = float(np.sqrt(np.mean(np.square(outwards, dtype=np.float64))))
    return at_edge > max(_LEAST_CUT, _CUT_RATIO * around)
