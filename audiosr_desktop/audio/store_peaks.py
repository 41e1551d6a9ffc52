"""Min/max pyramid of a store, for drawing what it holds at any zoom without reading it again."""

from itertools import pairwise
from typing import TypeAlias

import numpy as np

from audiosr_desktop.audio.store import Samples, SampleStore
from audiosr_desktop.job import Job, Progress, run_job

BASE = 256  # samples in a bin of the finest level
FACTOR = 4  # bins in a bin of the next level
FOLDS = (np.minimum, np.maximum, np.add)
_EDGES = 20_000  # that are kept at most, some hundred bytes each
_READ = 512 * BASE  # samples read at once, a whole number of bins

Level: TypeAlias = tuple[Samples, Samples, Samples]  # min, max, sum of squares, each (channels, bins)


class StorePeaks:
    """The pyramid of samples [start, stop) of a store, with bins of 256, 1024, 4096 … samples from its start.

    It is measured once, by the first who asks for it; any thread may.

    Args:
        store: what is measured.
        start: first sample; a whole number of bins.
        stop: one past the last.
        known: of the same store, with samples of the range that are not measured again.
    """

    def __init__(self, store: SampleStore, start: int, stop: int, known: "StorePeaks | None" = None) -> None:
        self.store, self.start, self.stop = store, start, stop
        while known is not None and known._levels is None:  # one that was not finished
            known = known._known
        self._known: StorePeaks | None = known
        self._levels: tuple[Level, ...] | None = None
        self._edges: dict[tuple[int, int], tuple[Samples, ...]] = {}

    def covers(self, start: int, stop: int) -> bool:
        """Return whether samples [start, stop) lie in the range."""
        return self.start <= start and stop <= self.stop

    @property
    def unread(self) -> int:
        """Samples that are still to be read."""
        if self._levels is not None:
            return 0
        first, last = self._left()
        return last - first

    @property
    def levels(self) -> tuple[Level, ...]:
        """The bins of all levels, finest first; those that lie outside the range are zero."""
        return self._levels if self._levels is not None else run_job(self.measuring())

    def measuring(self) -> Job[tuple[Level, ...]]:
        """Read what is not known yet."""
        if self._levels is None:
            levels = self._begun()
            yield from _measure(self.store, levels, *self._left())
            self._levels, self._known = tuple((level[0], level[1], level[2]) for level in levels), None
        return self._levels

    def _left(self) -> tuple[int, int]:
        known = self._known
        if known is None or not known.start <= self.start <= known.stop:
            return self.start, self.stop
        return known.stop // BASE * BASE, self.stop

    def _begun(self) -> list[tuple[Samples, ...]]:
        """Return all levels with what is known."""
        levels = []
        channels, bins = self.store.channels, -(-self.stop // BASE)
        while True:
            levels.append(tuple(np.zeros((channels, bins), np.float32) for _ in range(3)))
            if bins <= 1:
                break
            bins = -(-bins // FACTOR)
        if self._known is not None and self._left()[0] > self.start:
            for new, old in zip(levels, self._known.levels, strict=False):
                for part, known in zip(new, old, strict=True):
                    part[:, : known.shape[1]] = known[:, : part.shape[1]]
        return levels

    def edge(self, start: int, stop: int) -> tuple[Samples, ...]:
        """Return what `fold` does, and keep it: a sound of many pieces asks for its seams again and again."""
        found = self._edges.get((start, stop))
        if found is None:
            if len(self._edges) >= _EDGES:
                self._edges.clear()
            found = self._edges[start, stop] = self.fold(start, stop)
        return found

    def fold(self, start: int, stop: int) -> tuple[Samples, ...]:
        """Return minimum, maximum and sum of squares of samples [start, stop) exactly, each (channels, 1)."""
        low, high = -(-start // BASE), stop // BASE
        if low >= high:
            return _folded_samples(self.store.read(start, stop))
        parts = [
            _folded_samples(self.store.read(first, last))
            for first, last in ((start, low * BASE), (high * BASE, stop))
            if first < last
        ]
        levels = self.levels
        for depth, level in enumerate(levels):
            inner = -(-low // FACTOR), high // FACTOR
            last_level = depth + 1 == len(levels) or inner[0] >= inner[1]
            spans = ((low, high),) if last_level else ((low, inner[0] * FACTOR), (inner[1] * FACTOR, high))
            for first, last in spans:
                if first < last:
                    parts.append(_folded(tuple(part[:, first:last] for part in level)))
            if last_level:
                break
            low, high = inner
        return _folded(tuple(np.concatenate(part, axis=1) for part in zip(*parts, strict=True)))


def _measure(store: SampleStore, levels: list[tuple[Samples, ...]], first: int, last: int) -> Job[None]:
    """Fill the bins of samples [first, last) in all levels; `first` begins a bin."""
    mins, maxs, squares = levels[0]
    for start in range(first, last, _READ):
        yield Progress((start - first) / (last - first), "Reading the waveform")
        block = store.read(start, min(start + _READ, last))
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
            for part, (fold, out) in enumerate(zip(FOLDS, coarser, strict=True)):
                values = finer[part][:, source]
                out[:, low:high] = fold.reduceat(values, np.arange(0, values.shape[1], FACTOR), axis=1)


def _folded(parts: tuple[Samples, ...]) -> tuple[Samples, ...]:
    return tuple(fold.reduce(part, axis=1, keepdims=True) for fold, part in zip(FOLDS, parts, strict=True))


def _folded_samples(samples: Samples) -> tuple[Samples, ...]:
    return _folded((samples, samples, samples * samples))
