"""Peaks of a sound: minimum, maximum and RMS at any zoom, from what was measured of its stores.

A store never changes, so what was measured of it holds for every sound that has pieces of it: an edit moves
pieces, and only samples that are new are measured.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from audiosr_desktop.audio.sound import Piece, Sound
from audiosr_desktop.audio.store import Samples, SampleStore
from audiosr_desktop.audio.store_peaks import BASE, FACTOR, FOLDS, Level, StorePeaks
from audiosr_desktop.job import Job, Progress

_FINER = 64  # a piece has as many bins, or its ends are longer than they need be
_SOON = 1 << 20  # new samples that are measured as soon as they would be looked at roughly


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A piece of a sound and where its peaks are.

    Attributes:
        at: where the piece begins in the sound.
        piece: the samples.
        peaks: of its store.
    """

    at: int
    piece: Piece
    peaks: StorePeaks

    def lay(self, row: "_Row", depth: int, start: int, stop: int) -> None:
        """Put the bins that lie in samples [start, stop) of the sound into a row, exact ones at the seams.

        They are of the level `depth`, of a short piece finer: its ends are then short, too.
        """
        piece, peaks = self.piece, self.peaks
        while depth and piece.length < _FINER * BASE * FACTOR**depth:
            depth -= 1
        size, first, last = BASE * FACTOR**depth, piece.start, piece.stop
        low = max(first, start - self.at + first)
        high = min(last, stop - self.at + first)
        begin, end = -(-first // size), last // size
        offset = self.at - first  # from a place in the store to one in the sound
        if begin * size >= last:
            row.add(peaks.edge(first, last), [first + offset], last + offset)
            return
        if low < begin * size:
            row.add(peaks.edge(first, begin * size), [first + offset], begin * size + offset)
        inner = max(begin, low // size), min(end, -(-high // size))
        if inner[0] < inner[1]:
            level = peaks.levels[depth]
            parts = tuple(part[:, inner[0] : inner[1]] for part in level)
            starts = np.arange(inner[0], inner[1]) * size + offset
            row.add(parts, starts, inner[1] * size + offset)
        if high > end * size:
            row.add(peaks.edge(end * size, last), [end * size + offset], last + offset)


class _Row:
    """Bins of any length that follow one another in a sound."""

    def __init__(self) -> None:
        self._parts: list[tuple[Samples, ...]] = []
        self._starts: list[ArrayLike] = []
        self._stop = 0

    def add(self, parts: tuple[Samples, ...], starts: ArrayLike, stop: int) -> None:
        """Add bins, min, max and squares, with where each begins in the sound and the last one ends."""
        self._parts.append(parts)
        self._starts.append(starts)
        self._stop = stop

    def fold(self, firsts: NDArray[np.int64], lasts: NDArray[np.int64]) -> Level:
        """Return, of each column, the bins that touch [firsts, lasts) as one."""
        starts = np.concatenate([*self._starts, [self._stop]]).astype(np.int64)
        bins = [np.concatenate(parts, axis=1) for parts in zip(*self._parts, strict=True)]
        low = np.searchsorted(starts, firsts, "right") - 1
        high = np.searchsorted(starts[:-1], lasts, "left")
        return _level(_columns(bins, low, high), starts[high] - starts[low])


@dataclass(frozen=True, slots=True, eq=False)
class Peaks:
    """What a waveform view draws.

    Attributes:
        sound: what was measured; read directly where the zoom is finer than a bin.
        parts: its pieces; none where nothing but direct reading will be wanted.
    """

    sound: Sound
    parts: tuple[Part, ...]

    def window(self, start: int, stop: int, columns: int) -> Level:
        """Return minimum, maximum and RMS of each of `columns` equal parts of [start, stop).

        A column takes in every sample of its part and, beyond that, at most the rest of the bins its edges
        lie in, which are never longer than a column; of a bin at a seam only what lies in the sound.

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
        depth = self._depth_for((stop - start) / columns)
        if depth is None:
            samples = self.sound.read(start, stop)
            squares = samples * samples
            folded = _columns([samples, samples, squares], firsts - start, lasts - start)
            return _level(folded, lasts - firsts)
        row = _Row()
        for part in self._between(start, stop):
            part.lay(row, depth, start, stop)
        return row.fold(firsts, lasts)

    def _between(self, start: int, stop: int) -> Iterator[Part]:
        for part in self.parts:
            if part.at < stop and part.at + part.piece.length > start:
                yield part

    def _depth_for(self, samples_per_column: float) -> int | None:
        """Return the coarsest level with bins not longer than a column; None where the finest has longer."""
        depth = None
        deepest = max((len(part.peaks.levels) for part in self.parts), default=0)
        while (next_depth := 0 if depth is None else depth + 1) < deepest:
            if BASE * FACTOR**next_depth > samples_per_column:
                break
            depth = next_depth
        return depth


def known_peaks(sound: Sound, known: Iterable[Peaks]) -> Peaks | None:
    """Return the peaks of a sound if hardly any of its samples would have to be read for them."""
    parts = _parts(sound, known)
    new = {part.peaks: part.peaks.unread for part in parts}
    return Peaks(sound, parts) if sum(new.values()) <= _SOON else None


def build_peaks(sound: Sound, known: Iterable[Peaks] = ()) -> Job[Peaks]:
    """Measure a sound, block by block, where its stores are not known from other sounds."""
    parts = _parts(sound, known)
    new = {part.peaks: part.peaks.unread for part in parts if part.peaks.unread}
    whole, done = sum(new.values()), 0
    for peaks, count in new.items():
        job = peaks.measuring()
        while True:
            try:
                progress = next(job)
            except StopIteration:
                break
            yield Progress((done + progress.fraction * count) / whole, progress.stage)
        done += count
    return Peaks(sound, parts)


def _parts(sound: Sound, known: Iterable[Peaks]) -> tuple[Part, ...]:
    """Return the pieces of a sound with peaks of their stores, those that are known where there are any."""
    found: dict[SampleStore, StorePeaks] = {}
    for peaks in known:
        for part in peaks.parts:
            old = found.get(part.piece.store)
            if old is None or _size(part.peaks) > _size(old):
                found[part.piece.store] = part.peaks
    ends: dict[SampleStore, tuple[int, int]] = {}
    for piece in sound.pieces:
        start, stop = ends.get(piece.store, (piece.start, piece.stop))
        ends[piece.store] = min(start, piece.start), max(stop, piece.stop)
    for store, (start, stop) in ends.items():
        old = found.get(store)
        if old is None or not old.covers(start, stop):
            found[store] = StorePeaks(store, start // BASE * BASE, stop, old)
    parts, at = [], 0
    for piece in sound.pieces:
        if piece.length:
            parts.append(Part(at, piece, found[piece.store]))
        at += piece.length
    return tuple(parts)


def _size(peaks: StorePeaks) -> int:
    return peaks.stop - peaks.start


def _columns(bins: list[Samples], low: NDArray[np.int64], high: NDArray[np.int64]) -> list[Samples]:
    """Fold bins [low, high) of each column; the columns follow one another."""
    count = bins[0].shape[1]
    # reduceat folds from each index to the next one: between the two of a column lies what is wanted.
    # An index may not be past the end, so one bin more is put there.
    indices = np.stack([low, high], axis=1).reshape(-1)
    folded = []
    for part, fold in zip(bins, FOLDS, strict=True):
        padded = np.concatenate([part, part[:, -1:]], axis=1) if high[-1] >= count else part
        folded.append(fold.reduceat(padded, indices, axis=1)[:, ::2])
    return folded


def _level(folded: list[Samples], counts: NDArray[np.int64]) -> Level:
    """Return minimum, maximum and RMS from what was folded of so many samples."""
    return folded[0], folded[1], np.sqrt(folded[2] / counts).astype(np.float32)
