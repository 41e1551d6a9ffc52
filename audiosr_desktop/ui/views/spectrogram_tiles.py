"""Pictures of level over time and frequency, composed of the tiles of a sound.

Nothing here knows of widgets; it runs in the thread of a `TileLoader`.
"""

import math
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.views.colour_maps import LOWEST_DB, STEP_DB, level_colours
from audiosr_desktop.ui.views.frequency_axis import FrequencyAxis
from audiosr_desktop.ui.views.tile_cache import TileCache
from audiosr_desktop.ui.views.tile_grid import Block
from audiosr_desktop.ui.views.tile_measuring import (
    FAR_FRAMES,
    Analysis,
    Levels,
    auto_n_fft,
    lanes,
    measuring_tile,
)

COARSER = 3  # levels by which an early picture is coarser
_COARSEST = 5  # and the first one, where nothing is known
_COARSEST_USED = 7  # levels by which a tile may be coarser that stands in for others
_FEW = 64  # frames, as at a seam, that are measured as soon as a coarser look at them would be
_REDRAW_S = 0.08
_TILT_FROM_HZ = 1000.0


@dataclass(frozen=True, slots=True)
class Request:
    """What a view wants to see: [start, stop) of a sound in pictures `rows` high, one per lane.

    `tilt_db` brightens what lies above 1 kHz by so many dB a decade; the levels stay what they are.
    """

    sound: Sound
    analysis: Analysis
    axis: FrequencyAxis
    start: float
    stop: float
    columns: int
    rows: int
    low_db: float
    high_db: float
    colour_map: str
    tilt_db: float = 0.0


@dataclass(frozen=True, slots=True)
class Picture:
    """Levels and their image for a range of the sound.

    Attributes:
        start: first sample of the first column.
        hop: samples per column.
        axis: the frequencies from bottom to top.
        images: one per lane.
        levels: uint8 (lanes, rows, columns), top row first.
        complete: whether nothing better will come.
    """

    start: int
    hop: int
    axis: FrequencyAxis
    images: tuple[QImage, ...]
    levels: Levels
    complete: bool

    @property
    def stop(self) -> int:
        """One past the last sample."""
        return self.start + self.hop * int(self.levels.shape[2])

    def level_db(self, lane: int, place: float, sample: float) -> float | None:
        """Return the level at a place of the frequency axis and a time; None outside the picture."""
        rows, columns = self.levels.shape[1:]
        row = rows - 1 - math.floor(place * rows)
        column = math.floor((sample - self.start) / self.hop)
        if not (0 <= row < rows and 0 <= column < columns):
            return None
        return LOWEST_DB + STEP_DB * float(self.levels[lane, row, column])


def level_of(request: Request) -> tuple[int, int]:
    """Return the samples of a frame, and the level, that answer a request: columns of 2 ** level samples."""
    per_column = max(1.0, (request.stop - request.start) / max(1, request.columns))
    n_fft = request.analysis.n_fft or auto_n_fft(per_column, request.axis)
    # columns nearer than a 16th of a frame show nothing new
    return n_fft, max(5, math.floor(math.log2(per_column)), int(math.log2(n_fft)) - 4)


def alike(one: Request, other: Request) -> bool:
    """Return whether two requests differ in their range alone: their pictures have the same columns."""
    same_range = replace(one, start=other.start, stop=other.stop, columns=other.columns)
    return same_range == other and level_of(one) == level_of(other)


def pictures(request: Request, cache: TileCache) -> Iterator[Picture | None]:
    """Yield ever better pictures of what was asked for, and None where only time has passed."""
    cache.measured_by(request.analysis)
    making = _Making(request, cache)
    blocks = making.grid.blocks(making.level, making.start, making.stop)
    missing = [block for block in blocks if not cache.has(block)]
    if not missing:
        yield making.picture(complete=True)
        return
    few = sum(block.columns for block in missing) * (FAR_FRAMES if making.far else 1) <= _FEW
    if not few:
        yield from _first_looks(making, missing)
    middle = (request.start + request.stop) / 2
    drawn = time.monotonic()
    missing.sort(key=lambda block: abs((block.shown_from + block.shown_to) / 2 - middle))
    for position, block in enumerate(missing):
        yield from making.measured(block)
        done = position == len(missing) - 1
        if done or (not few and time.monotonic() - drawn > _REDRAW_S):  # nothing is left blank
            yield making.picture(complete=done)
            drawn = time.monotonic()


def warming() -> Iterator[None]:
    """Load what pictures are made with, before the first one is wanted: SciPy's transforms take 0.2 s."""
    silence = Sound.from_array(np.zeros((1, 4096)), 48_000)
    yield from measuring_tile(silence, Analysis(), 2048, 7, 0, frames=1)


class _Making:
    """A request, and the grid and level on which it is answered."""

    def __init__(self, request: Request, cache: TileCache) -> None:
        self.request, self.cache = request, cache
        n_fft, self.level = level_of(request)
        self.far = (1 << self.level) > 4 * n_fft  # each frame is a read of its own
        self.grid = cache.grid(request.sound, n_fft)
        length = request.sound.length
        self.start = min(max(0, int(request.start)), max(0, length - 1))
        self.stop = min(length, max(self.start + 1, math.ceil(request.stop)))

    def measured(self, block: Block, *, coarse: bool = False) -> Iterator[None]:
        """Measure a block; a first look reads and transforms as little as it can."""
        request, n_fft, column = self.request, self.grid.n_fft, 1 << block.level
        analysis = replace(request.analysis, padding=1) if coarse else request.analysis
        measuring = partial(
            measuring_tile, request.sound, analysis, n_fft, block.level, frames=1 if coarse else None
        )
        levels = yield from measuring(block.start, columns=block.columns)
        last = request.sound.length - n_fft // 2 - column // 2
        if coarse and block.start + (block.columns - 1) * column > last:  # its one frame is beyond the end
            levels[..., -1:] = yield from measuring(last, columns=1)
        self.cache.put(block, levels, coarse=coarse)
        yield None

    def gaps(self, start: int, stop: int, level: int, coarser: int) -> Iterator[tuple[int, int]]:
        """Yield the ranges of which nothing is known at a level, nor at up to so many coarser ones."""
        for block in self.grid.blocks(level, start, stop):
            if not self.cache.has(block, coarse=True):
                low, high = max(start, block.shown_from), min(stop, block.shown_to)
                if coarser:
                    yield from self.gaps(low, high, level + 1, coarser - 1)
                else:
                    yield low, high

    def picture(self, *, complete: bool) -> Picture:
        """Compose what is known."""
        request, column = self.request, 1 << self.level
        first, last = self.start >> self.level, -(-self.stop // column)
        levels = np.zeros((lanes(request.sound), request.rows, last - first), np.uint8)
        self._lay(levels, first * column, self.start, self.stop, self.level)
        edges = request.axis.row_edges(request.rows)
        table = level_colours(request.colour_map, request.low_db, request.high_db).tolist()
        images = tuple(_image(_tilted(lane, edges, request.tilt_db), table) for lane in levels)
        return Picture(first * column, column, request.axis, images, levels, complete)

    def _lay(self, levels: Levels, origin: int, start: int, stop: int, level: int) -> None:
        """Put the blocks of a range into a picture that begins at `origin`, coarser ones where they lack.

        A column shows what is measured nearest to its centre: on another grid half a column off at most.
        """
        own, end = self.level, levels.shape[2]
        half = 1 << own >> 1
        for block in self.grid.blocks(level, start, stop):
            low, high = max(start, block.shown_from), min(stop, block.shown_to)
            rows = self.cache.rows(block, self.request.axis, self.request.rows)
            if rows is None:
                if level < own + _COARSEST_USED:
                    self._lay(levels, origin, low, high, level + 1)
                continue
            first = 0 if low == self.start else max(0, -((origin + half - low) >> own))
            last = end if high == self.stop else min(end, -((origin + half - high) >> own))
            if first >= last:
                continue
            places = origin + half + (np.arange(first, last) << own) - block.start >> block.level
            source = np.clip(places, 0, block.columns - 1)
            if source[-1] - source[0] == last - first - 1:  # column by column, which needs no picking
                levels[:, :, first:last] = rows[:, ::-1, source[0] : source[-1] + 1]
            else:
                levels[:, :, first:last] = np.take(rows, source, axis=2)[:, ::-1]


def _first_looks(making: _Making, missing: list[Block]) -> Iterator[Picture | None]:
    """Measure coarse tiles where nothing is known, and yield pictures that have something everywhere."""
    start, stop, level = making.start, making.stop, making.level
    known = sum(high - low for low, high in making.gaps(start, stop, level, _COARSEST_USED))
    unknown = sum(min(stop, block.shown_to) - max(start, block.shown_from) for block in missing)
    new = known == unknown
    for steps in (_COARSEST, COARSER) if new else (COARSER,):
        for low, high in list(making.gaps(start, stop, level, steps if new else _COARSEST_USED)):
            for block in making.grid.blocks(level + steps, low, high):
                if not making.cache.has(block, coarse=True):
                    yield from making.measured(block, coarse=True)
        yield making.picture(complete=False)


def _tilted(levels: Levels, edges: npt.NDArray[np.float64], tilt_db: float) -> Levels:
    if not tilt_db:
        return levels
    decades = np.log10(np.maximum(edges[1:], _TILT_FROM_HZ) / _TILT_FROM_HZ)[::-1]
    steps = np.rint(decades * tilt_db / STEP_DB).astype(np.uint8)[:, None]
    return np.minimum(levels, 255 - steps) + steps


def _image(levels: Levels, table: list[int]) -> QImage:
    """Return levels, (rows, columns), in the 256 colours of a table, 0xffrrggbb."""
    pixels = np.ascontiguousarray(levels)
    rows, columns = pixels.shape
    image = QImage(pixels.data, columns, rows, columns, QImage.Format.Format_Indexed8)
    image.setColorTable(table)
    return image.convertToFormat(QImage.Format.Format_RGB32)  # a copy: the array goes
