"""Where the tiles of a sound lie: on grids that go with its samples, so that edits change no tiles.

A long piece of a sound has the grid of its store: what was measured of it stays true wherever an edit puts
it. Only columns that hear beyond a seam, and pieces that are a few columns long, are of this sound alone;
they are known by the samples they hear, so that undo and redo find them again.
"""

import hashlib
import weakref
from bisect import bisect_right
from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import SampleStore
from audiosr_desktop.ui.views.tile_measuring import TILE_COLUMNS

_SHORTEST = 16  # columns of a piece that has a grid of its own


@dataclass(frozen=True, slots=True)
class Block:
    """Columns that are measured at once.

    Attributes:
        key: what they are measured of, with the frame size and the level; nothing of where the sound has it.
        first: number of the first column among those with this key.
        columns: how many, at most `TILE_COLUMNS`.
        level: a column is 2 ** level samples.
        start: where the first column begins in the sound.
        shown_from: first sample of the sound that they are shown for …
        shown_to: … and one past the last.
    """

    key: Hashable
    first: int
    columns: int
    level: int
    start: int
    shown_from: int
    shown_to: int


class StoreNumbers:
    """A number for each store that tiles were measured of; the store itself is not held."""

    def __init__(self) -> None:
        self._numbers: weakref.WeakKeyDictionary[SampleStore, int] = weakref.WeakKeyDictionary()
        self._next = 0

    def of(self, store: SampleStore) -> int:
        """Return the number of a store, which no other will ever have."""
        number = self._numbers.get(store)
        if number is None:
            number = self._numbers[store] = self._next
            self._next += 1
        return number


@dataclass(frozen=True, slots=True)
class _Run:
    """Samples [start, stop) of a sound with one grid.

    Attributes:
        origin: where column 0 of the grid begins in the sound.
        store: number of the store whose grid it is; None is one of the sound's own.
    """

    start: int
    stop: int
    origin: int
    store: int | None


class TileGrid:
    """The blocks of a sound at every level, for frames of `n_fft` samples; it does not hold the sound."""

    def __init__(self, sound: Sound, n_fft: int, numbers: StoreNumbers) -> None:
        self.n_fft, self._length = n_fft, sound.length
        lengths = np.array([piece.length for piece in sound.pieces], np.int64)
        self._at = np.cumsum(lengths) - lengths  # where each piece begins in the sound
        stores = (numbers.of(piece.store) for piece in sound.pieces)
        places = (
            (number, piece.start, piece.stop) for number, piece in zip(stores, sound.pieces, strict=True)
        )
        self._pieces = np.array(list(places), np.int64)
        self._runs: dict[int, tuple[list[_Run], list[int]]] = {}
        self._blocks: dict[tuple[int, int, int], Block] = {}

    def blocks(self, level: int, start: int, stop: int) -> list[Block]:
        """Return the blocks that together show [start, stop) of the sound, in the order of time."""
        if level not in self._runs:
            runs = self._runs_at(level)
            self._runs[level] = runs, [run.stop for run in runs]
        runs, stops = self._runs[level]
        found: list[Block] = []
        place = bisect_right(stops, start)
        while place < len(runs) and runs[place].start < stop:
            found += self._blocks_of(runs[place], level, start, stop)
            place += 1
        return found

    def _runs_at(self, level: int) -> list[_Run]:
        column, reach = 1 << level, self.n_fft // 2  # a column hears half a frame beyond its edges
        starts, stops, ats = self._pieces[:, 1], self._pieces[:, 2], self._at
        firsts = np.where((ats == 0) & (starts == 0), 0, -(-(starts + reach) // column))
        lasts = (stops - reach) // column
        runs: list[_Run] = []
        done = 0
        for place in np.flatnonzero(lasts - firsts >= _SHORTEST):
            origin = int(ats[place] - starts[place])
            start, stop = (origin + int(edge) * column for edge in (firsts[place], lasts[place]))
            if start > done:
                runs.append(_Run(done, start, done, None))
            runs.append(_Run(start, stop, origin, int(self._pieces[place, 0])))
            done = stop
        if done < self._length:
            runs.append(_Run(done, self._length, done, None))
        return runs

    def _blocks_of(self, run: _Run, level: int, start: int, stop: int) -> list[Block]:
        column = 1 << level
        low, high = (min(max(edge, run.start), run.stop) - run.origin for edge in (start, stop))
        found = []
        for number in range(low // column // TILE_COLUMNS, -(-high // (column * TILE_COLUMNS))):
            place = level, run.start, number
            if place not in self._blocks:
                self._blocks[place] = self._block(run, level, number)
            found.append(self._blocks[place])
        return found

    def _block(self, run: _Run, level: int, number: int) -> Block:
        column = 1 << level
        begin, end = (run.start - run.origin) // column, -(-(run.stop - run.origin) // column)
        first = max(begin, number * TILE_COLUMNS)
        last = min(end, (number + 1) * TILE_COLUMNS)
        at, to = run.origin + first * column, run.origin + last * column
        if run.store is not None:
            what: Hashable = run.store, number
            place = first - number * TILE_COLUMNS
        else:
            what, place = self._heard(at, to), 0
        key = (self.n_fft, level, what)
        return Block(key, place, last - first, level, at, at, min(to, run.stop))

    def _heard(self, start: int, stop: int) -> Hashable:
        """Return what tells the samples that columns hear from all others."""
        reach = self.n_fft // 2
        first, last = max(0, start - reach), min(self._length, stop + reach)
        low, high = np.searchsorted(self._at, [first, last])
        low = low if low < len(self._at) and self._at[low] == first else low - 1
        pieces = self._pieces[low:high].copy()
        pieces[0, 1] += first - self._at[low]
        pieces[-1, 2] -= self._at[high - 1] + pieces[-1, 2] - self._pieces[high - 1, 1] - last
        told = hashlib.blake2b(pieces.tobytes(), digest_size=16).digest()  # short, however many they are
        return stop - start, max(0, reach - start), told
