"""Min/max pyramid of a sound, for drawing it at any zoom without reading it again."""

from dataclasses import dataclass
from itertools import pairwise
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.job import Job, Progress

BASE = 256  # samples in a bin of the finest level
FACTOR = 4  # bins in a bin of the next level
_READ = 512 * BASE  # samples read at once, a whole number of bins

Level: TypeAlias = tuple[Samples, Samples, Samples]  # min, max, sum of squares, each (channels, bins)


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """What a waveform view draws.

    Attributes:
        sound: what was measured; read directly where the zoom is finer than a bin.
        levels: finest first, with bins of 256, 1024, 4096 … samples.
    """

    sound: Sound
    levels: tuple[Level, ...]

    def window(self, start: int, stop: int, columns: int) -> Level:
        """Return minimum, maximum and RMS of each of `columns` equal parts of [start, stop).

        A column takes in every sample of its part and, beyond that, at most the rest of the bins its edges
        lie in, which are never longer than a column.

        Args:
            start: first sample, 0 or more.
            stop: one past the last, at most the length of the sound.
            columns: more than the samples is allowed: a column then holds the sample it lies in.

        Returns:
            Three arrays, each float32 (channels, columns); zeros for an empty range.
        """
        if columns < 1 or not 0 <= start <= stop <= self.sound.length:
            raise ValueError(
                f"[{start}, {stop}) in {columns} columns is not inside {self.sound.length} samples"
            )
        if start == stop:
            empty = np.zeros((self.sound.channels, columns), np.float32)
            return empty, empty.copy(), empty.copy()
        edges = start + np.arange(columns + 1, dtype=np.int64) * (stop - start) // columns
        firsts, lasts = edges[:-1], np.maximum(edges[1:], edges[:-1] + 1)
        depth = _level_for((stop - start) / columns, len(self.levels))
        if depth is None:
            samples = self.sound.read(start, stop)
            return _columns(
                (samples, samples, samples * samples), firsts - start, lasts - start, 1, stop - start
            )
        size = BASE * FACTOR**depth
        return _columns(self.levels[depth], firsts // size, -(-lasts // size), size, self.sound.length)

    def updated(self, sound: Sound, region: Region) -> Job["Peaks"]:
        """Measure again what an edit changed.

        Args:
            sound: of the same length and channels, different in `region` only.
            region: what changed.

        Returns:
            The peaks of `sound`.
        """
        if (sound.length, sound.channels) != (self.sound.length, self.sound.channels):
            raise ValueError("only an edit that keeps length and channels can be measured in part")
        return _measure(sound, [tuple(part.copy() for part in level) for level in self.levels], region)


def build_peaks(sound: Sound) -> Job[Peaks]:
    """Measure a whole sound, block by block."""
    levels = []
    bins = -(-sound.length // BASE)
    while True:
        levels.append(tuple(np.zeros((sound.channels, bins), np.float32) for _ in range(3)))
        if bins <= 1:
            break
        bins = -(-bins // FACTOR)
    return _measure(sound, levels, Region(0, sound.length))


def _measure(sound: Sound, levels: list[tuple[Samples, ...]], region: Region) -> Job[Peaks]:
    """Fill the bins of `region` in all levels."""
    first, last = region.start // BASE * BASE, region.stop
    mins, maxs, squares = levels[0]
    for start in range(first, last, _READ):
        yield Progress((start - first) / (last - first), "Reading the waveform")
        block = sound.read(start, min(start + _READ, -(-last // BASE) * BASE, sound.length))
        at = np.arange(0, block.shape[1], BASE)
        where = slice(start // BASE, start // BASE + len(at))
        mins[:, where] = np.minimum.reduceat(block, at, axis=1)
        maxs[:, where] = np.maximum.reduceat(block, at, axis=1)
        squares[:, where] = np.add.reduceat(block * block, at, axis=1)
    low, high = first // BASE, -(-last // BASE)
    for finer, coarser in pairwise(levels):
        low, high = low // FACTOR, -(-high // FACTOR)
        source = slice(low * FACTOR, high * FACTOR)
        if low < high:
            for part, (fold, out) in enumerate(zip((np.minimum, np.maximum, np.add), coarser, strict=True)):
                values = finer[part][:, source]
                out[:, low:high] = fold.reduceat(values, np.arange(0, values.shape[1], FACTOR), axis=1)
    return Peaks(sound, tuple((level[0], level[1], level[2]) for level in levels))


def _level_for(samples_per_column: float, levels: int) -> int | None:
    """Return the coarsest level with bins not longer than a column; None when even the finest has longer."""
    depth = None
    while (next_depth := 0 if depth is None else depth + 1) < levels:
        if BASE * FACTOR**next_depth > samples_per_column:
            break
        depth = next_depth
    return depth


def _columns(bins: Level, low: NDArray[np.int64], high: NDArray[np.int64], size: int, length: int) -> Level:
    """Fold bins [low, high) of each column.

    Args:
        bins: of one level.
        low: first bin of each column.
        high: one past its last.
        size: samples in a bin.
        length: of the sound, as its last bin may be shorter.
    """
    count = bins[0].shape[1]
    # reduceat folds from each index to the next one: between the two of a column lies what is wanted.
    # An index may not be past the end, so one bin more is put there.
    indices = np.stack([low, high], axis=1).reshape(-1)
    folded = []
    for part, fold in zip(bins, (np.minimum, np.maximum, np.add), strict=True):
        padded = np.concatenate([part, part[:, -1:]], axis=1) if high[-1] >= count else part
        folded.append(fold.reduceat(padded, indices, axis=1)[:, ::2])
    samples = np.minimum(high * size, length) - low * size
    return folded[0], folded[1], np.sqrt(folded[2] / samples).astype(np.float32)
