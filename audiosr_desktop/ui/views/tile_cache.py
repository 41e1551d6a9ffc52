"""TileCache: the tiles that were measured, and the rows made of them."""

import weakref
from collections import OrderedDict
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TypeAlias

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.views.frequency_axis import FrequencyAxis
from audiosr_desktop.ui.views.tile_grid import Block, StoreNumbers, TileGrid
from audiosr_desktop.ui.views.tile_measuring import Analysis, Levels, rows_of

_CACHE_BYTES = 64_000_000


_Place: TypeAlias = tuple[Hashable, int, int]  # key, first column, one past the last


@dataclass(slots=True, eq=False)
class _Tile:
    """Levels of a block, and the rows that were last made of them for some scale of frequencies.

    Attributes:
        coarse: measured for a first look; something better comes.
    """

    levels: Levels
    coarse: bool
    rows: Levels | None = None
    scale: tuple[FrequencyAxis, int] | None = None

    @property
    def nbytes(self) -> int:
        return self.levels.nbytes + (self.rows.nbytes if self.rows is not None else 0)


class TileCache:
    """Tiles by what they were measured of, whichever sound it is in; the least used are dropped first.

    For one thread.
    """

    def __init__(self, limit_bytes: int = _CACHE_BYTES) -> None:
        self._tiles: OrderedDict[_Place, _Tile] = OrderedDict()
        self._places: dict[Hashable, list[_Place]] = {}  # by key: a seam leaves both ends of a block
        self._limit, self._bytes = limit_bytes, 0
        self._analysis = Analysis()
        self.numbers = StoreNumbers()
        self._grid: tuple[weakref.ref[Sound], TileGrid] | None = None  # of the last request

    def measured_by(self, analysis: Analysis) -> None:
        """Forget what was measured in another way."""
        if analysis != self._analysis:
            self._tiles.clear()
            self._places.clear()
            self._bytes = 0
            self._analysis = analysis

    def grid(self, sound: Sound, n_fft: int) -> TileGrid:
        """Return where the tiles of a sound lie; of the sound that was asked for last it is known."""
        if self._grid is None or self._grid[0]() is not sound or self._grid[1].n_fft != n_fft:
            self._grid = weakref.ref(sound), TileGrid(sound, n_fft, self.numbers)
        return self._grid[1]

    def has(self, block: Block, *, coarse: bool = False) -> bool:
        """Return whether a block is there; `coarse` takes one that was measured for a first look, too."""
        place = self._find(block)
        return place is not None and (coarse or not self._tiles[place].coarse)

    def rows(self, block: Block, axis: FrequencyAxis, count: int) -> Levels | None:
        """Return a block as `count` rows of an axis, lowest first; made once, as each picture needs them."""
        place = self._find(block)
        if place is None:
            return None
        self._tiles.move_to_end(place)
        tile = self._tiles[place]
        if tile.rows is None or tile.scale != (axis, count):
            self._bytes -= tile.nbytes
            tile.rows = rows_of(tile.levels, axis.row_edges(count), axis.nyquist_hz)
            tile.scale = axis, count
            self._bytes += tile.nbytes
        first = block.first - place[1]
        return tile.rows[:, :, first : first + block.columns]

    def put(self, block: Block, levels: Levels, *, coarse: bool = False) -> None:
        """Keep the levels of a block, in place of what is known of parts of it."""
        new = block.key, block.first, block.first + block.columns
        for old in list(self._places.get(block.key, ())):
            if new[1] <= old[1] and old[2] <= new[2]:
                self._drop(old)
        self._tiles[new] = _Tile(levels, coarse)
        self._places.setdefault(block.key, []).append(new)
        self._bytes += levels.nbytes
        while self._bytes > self._limit:
            self._drop(next(iter(self._tiles)))

    def _drop(self, place: _Place) -> None:
        self._bytes -= self._tiles.pop(place).nbytes
        self._places[place[0]].remove(place)
        if not self._places[place[0]]:
            del self._places[place[0]]

    def _find(self, block: Block) -> _Place | None:
        """Return the best tile that holds all of a block."""
        first, last = block.first, block.first + block.columns
        holding = [
            place for place in self._places.get(block.key, ()) if place[1] <= first and last <= place[2]
        ]
        return min(holding, key=lambda place: self._tiles[place].coarse, default=None)
