"""Spectrogram tiles: levels of a sound over time and frequency at any zoom, and pictures composed of them.

Nothing here knows of widgets; it runs in the thread of a `TileLoader`.
"""

import math
import time
from collections import OrderedDict
from collections.abc import Generator, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.spectrum import blackman_harris, stft
from audiosr_desktop.ui.views.colour_maps import LOWEST_DB, STEP_DB, level_colours
from audiosr_desktop.ui.views.frequency_axis import FrequencyAxis

Levels = npt.NDArray[np.uint8]

TILE_COLUMNS = 128
COARSER = 3  # levels by which the first picture is coarser
_COARSEST = 5  # the same where frames lie far apart, before that: each is a read of its own
_COARSEST_USED = 11  # levels by which a tile may be coarser that stands in for one
_CACHE_BYTES = 96_000_000
_ASIDE = 4  # sounds whose own tiles are kept
_MAX_FRAMES = 8  # frames averaged into one column; more would not look different
_FAR_FRAMES = 4  # where even so many leave most of the sound unread, each is read by itself
_READS_AT_ONCE = 64
_REDRAW_S = 0.08
_TILT_FROM_HZ = 1000.0


@dataclass(frozen=True, slots=True)
class Analysis:
    """How levels are measured.

    Attributes:
        n_fft: samples of a frame; 0 chooses by the zoom.
        window: "Hann", "Blackman–Harris", "Hamming" or "Kaiser".
        overlap: least overlap of the frames in percent.
        padding: how many times longer the transform is than the frame.
    """

    n_fft: int = 0
    window: str = "Hann"
    overlap: float = 75.0
    padding: int = 2


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


def lanes(sound: Sound) -> int:
    """Return in how many lanes a sound is shown: each channel, or the sum of more than two."""
    return sound.channels if sound.channels <= 2 else 1


def auto_n_fft(samples_per_column: float, axis: FrequencyAxis) -> int:
    """Return the frame size for a zoom: short where time is looked at closely, long where frequency is."""
    time_power = 11 if samples_per_column >= 96 else 10 if samples_per_column >= 32 else 9
    frequency_power = min(2, max(0, math.floor(-math.log2(axis.top - axis.bottom)) - 1))
    return 1 << (time_power + frequency_power)


@dataclass(slots=True, eq=False)
class _Tile:
    """Levels of a tile, and the rows that were last made of them for some scale of frequencies."""

    levels: Levels
    rows: Levels | None = None
    scale: tuple[FrequencyAxis, int] | None = None

    @property
    def nbytes(self) -> int:
        return self.levels.nbytes + (self.rows.nbytes if self.rows is not None else 0)


class TileCache:
    """Tiles by (frame size, zoom level, index), the least used dropped first. For one thread.

    Those of the last sounds are laid aside, so that undo and redo find them again.
    """

    def __init__(self, limit_bytes: int = _CACHE_BYTES) -> None:
        self._tiles: OrderedDict[tuple[int, int, int], _Tile] = OrderedDict()
        self._aside: list[tuple[Sound, dict[tuple[int, int, int], _Tile]]] = []
        self._limit, self._bytes = limit_bytes, 0
        self._sound: Sound | None = None
        self._analysis = Analysis()

    def show(self, sound: Sound, analysis: Analysis) -> None:
        """Take another sound or another way to measure; tiles of parts that both sounds share are kept."""
        if self._sound is sound and self._analysis == analysis:
            return
        old = self._sound
        alike = old is not None and (old.channels, old.sample_rate) == (sound.channels, sound.sample_rate)
        if old is None or not alike or analysis != self._analysis:
            self._tiles.clear()
            self._aside.clear()
            self._bytes = 0
        else:
            self._lay_aside(old, *changed_range(old, sound))
            self._take_back(sound)
        self._sound, self._analysis = sound, analysis

    def get(self, n_fft: int, level: int, index: int) -> Levels | None:
        """Return a tile if it is there."""
        tile = self._tiles.get((n_fft, level, index))
        if tile is not None:
            self._tiles.move_to_end((n_fft, level, index))
        return tile.levels if tile is not None else None

    def rows(self, n_fft: int, level: int, index: int, axis: FrequencyAxis, count: int) -> Levels | None:
        """Return a tile as `count` rows of an axis, lowest first; made once, as each picture needs them."""
        tile = self._tiles.get((n_fft, level, index))
        if tile is None:
            return None
        if tile.scale != (axis, count):
            self._bytes -= tile.nbytes
            tile.rows, tile.scale = (
                rows_of(tile.levels, axis.row_edges(count), axis.nyquist_hz),
                (axis, count),
            )
            self._bytes += tile.nbytes
        return tile.rows

    def put(self, n_fft: int, level: int, index: int, tile: Levels) -> None:
        """Keep a tile."""
        self._tiles[n_fft, level, index] = _Tile(tile)
        self._bytes += tile.nbytes
        while self._bytes > self._limit:
            if self._aside:
                self._bytes -= _size_of(self._aside.pop(0)[1])
            else:
                self._bytes -= self._tiles.popitem(last=False)[1].nbytes

    def coarser(self, n_fft: int, level: int, index: int, reach: int = _COARSEST_USED) -> int | None:
        """Return how many levels above a tile the nearest one lies that stands in for it; None for none."""
        for steps in range(1, min(reach, TILE_COLUMNS.bit_length() - 1) + 1):
            if (n_fft, level + steps, index >> steps) in self._tiles:
                return steps
        return None

    def _lay_aside(self, sound: Sound, start: int, stop: float) -> None:
        """Keep what is true of a sound alone for when it is shown again."""
        own = {}
        for n_fft, level, index in list(self._tiles):
            width = TILE_COLUMNS << level
            if index * width - n_fft < stop and (index + 1) * width + n_fft > start:
                own[n_fft, level, index] = self._tiles.pop((n_fft, level, index))
        self._aside.append((sound, own))
        while len(self._aside) > _ASIDE:
            self._bytes -= _size_of(self._aside.pop(0)[1])

    def _take_back(self, sound: Sound) -> None:
        place = next((place for place, (known, _) in enumerate(self._aside) if known is sound), None)
        if place is not None:
            self._tiles.update(self._aside.pop(place)[1])


def _size_of(tiles: Mapping[tuple[int, int, int], _Tile]) -> int:
    return sum(tile.nbytes for tile in tiles.values())


def changed_range(before: Sound, after: Sound) -> tuple[int, float]:
    """Return the range outside which two sounds have the same samples in the same place; may be endless."""
    start = _common_head(before, after)
    if before.length != after.length:
        return start, math.inf
    reversed_pair = _common_tail(before, after)
    return start, max(start, after.length - reversed_pair)


def pictures(request: Request, cache_: TileCache) -> Iterator[Picture | None]:
    """Yield ever better pictures of what was asked for, and None where only time has passed."""
    cache_.show(request.sound, request.analysis)
    per_column = max(1.0, (request.stop - request.start) / max(1, request.columns))
    level = max(5, math.floor(math.log2(per_column)))
    n_fft = request.analysis.n_fft or auto_n_fft(per_column, request.axis)
    level = max(level, int(math.log2(n_fft)) - 4)  # columns nearer than a 16th of a frame show nothing new
    width = TILE_COLUMNS << level
    last = -(-request.sound.length // width)
    tiles = range(max(0, int(request.start // width)), min(last, max(1, math.ceil(request.stop / width))))
    missing = [index for index in tiles if cache_.get(n_fft, level, index) is None]
    far = (1 << level) > n_fft and not any(cache_.coarser(n_fft, level, index) for index in missing)
    for steps in (_COARSEST, COARSER) if far else (COARSER,):
        reach = steps if far else _COARSEST_USED
        for index in sorted({index >> steps for index in missing}):
            near = [one for one in missing if one >> steps == index]
            if not any(cache_.coarser(n_fft, level, one, reach) for one in near):
                yield from _measure_into(cache_, request, n_fft, level + steps, index, coarse=True)
        yield _composed(request, cache_, n_fft, level, tiles, complete=not missing)
        if not missing:
            return
    middle = (request.start + request.stop) / 2 / width - 0.5
    drawn = time.monotonic()
    for position, index in enumerate(sorted(missing, key=lambda index: abs(index - middle))):
        yield from _measure_into(cache_, request, n_fft, level, index)
        done = position == len(missing) - 1
        if done or time.monotonic() - drawn > _REDRAW_S:
            yield _composed(request, cache_, n_fft, level, tiles, complete=done)
            drawn = time.monotonic()


def warming() -> Iterator[None]:
    """Load what pictures are made with, before the first one is wanted: SciPy's transforms take 0.2 s."""
    silence = Sound.from_array(np.zeros((1, 4096)), 48_000)
    yield from measuring_tile(silence, Analysis(), 2048, 7, 0, frames=1)


def _measure_into(
    cache_: TileCache, request: Request, n_fft: int, level: int, index: int, *, coarse: bool = False
) -> Iterator[None]:
    # a first look reads and transforms as little as it can
    analysis = replace(request.analysis, padding=1) if coarse else request.analysis
    frames = 1 if coarse else None
    tile = yield from measuring_tile(request.sound, analysis, n_fft, level, index, frames=frames)
    cache_.put(n_fft, level, index, tile)
    yield None


def measuring_tile(
    sound: Sound, analysis: Analysis, n_fft: int, level: int, index: int, *, frames: int | None = None
) -> Generator[None, None, Levels]:
    """Measure the levels of one tile; it can be stopped, or made to rest, every few milliseconds.

    Args:
        sound: read in the tile and half a frame around it, zeros beyond its ends.
        analysis: window, overlap and padding.
        n_fft: samples of a frame.
        level: a column is 2 ** level samples.
        index: the tile's number from the start.
        frames: frames averaged into a column; None is what the overlap asks for, up to 8.

    Returns:
        uint8 (lanes, bins, 128): levels in steps of `STEP_DB` from `LOWEST_DB`; a full-scale sine is 0 dBFS.
    """
    column = 1 << level
    dense_hop = n_fft * (1.0 - analysis.overlap / 100.0)
    count = frames or min(_MAX_FRAMES, max(1, 1 << math.ceil(math.log2(max(1.0, column / dense_hop)))))
    count = min(count, column)
    if column > 4 * n_fft * count:
        count = min(count, _FAR_FRAMES)
    hop = column // count
    first = index * TILE_COLUMNS * column + hop // 2  # centre of the first frame
    window, size, gain = _window(analysis.window, n_fft, analysis.padding)
    total = TILE_COLUMNS * count
    if hop <= 2 * size:
        samples = _mono_beyond_stereo(
            sound.read_padded(first - size // 2, first - size // 2 + (total - 1) * hop + size)
        )
        spectra = stft(samples, size, hop, win=window, center=False)
    else:  # frames far apart are read one by one
        starts = first - size // 2 + hop * np.arange(total)
        parts = []
        for number, start in enumerate(starts[starts < sound.length]):
            if number % _READS_AT_ONCE == _READS_AT_ONCE - 1:
                yield None
            parts.append(_mono_beyond_stereo(sound.read_padded(int(start), int(start) + size)))
        block = np.stack(parts, axis=1)
        yield None
        found = stft(block, size, size, win=window, center=False)[..., 0]
        spectra = np.zeros((block.shape[0], size // 2 + 1, total), np.complex64)
        spectra[..., : found.shape[1]] = np.swapaxes(found, 1, 2)
    yield None
    power = np.square(spectra.real) + np.square(spectra.imag)
    if count > 1:
        power = np.add.reduceat(power, np.arange(0, total, count), axis=2) * np.float32(1 / count)
    level_db = 10.0 * np.log10(np.maximum(power * np.float32(gain * gain), np.float32(1e-17)))
    return np.clip(np.rint((level_db - LOWEST_DB) / STEP_DB), 0, 255).astype(np.uint8)


@cache
def _window(name: str, n_fft: int, padding: int) -> tuple[npt.NDArray[np.float32], int, float]:
    """Return the padded window, its length, and the factor that makes a full-scale sine 1."""
    phase = 2.0 * np.pi * np.arange(n_fft) / n_fft
    if name == "Kaiser":
        window = np.kaiser(n_fft + 1, 9.0)[:-1]
    elif name == "Blackman–Harris":
        window = blackman_harris(n_fft).astype(np.float64)
    else:
        first = 0.54 if name == "Hamming" else 0.5
        window = first - (1.0 - first) * np.cos(phase)
    size = n_fft * padding
    padded = np.zeros(size, np.float32)
    padded[(size - n_fft) // 2 : (size - n_fft) // 2 + n_fft] = window
    return padded, size, 2.0 / float(window.sum())


def _mono_beyond_stereo(samples: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    return samples if samples.shape[0] <= 2 else samples.mean(axis=0, keepdims=True)


def _composed(
    request: Request, cache_: TileCache, n_fft: int, level: int, tiles: range, *, complete: bool
) -> Picture:
    edges = request.axis.row_edges(request.rows)
    lane_count = lanes(request.sound)
    levels = np.zeros((lane_count, request.rows, TILE_COLUMNS * len(tiles)), np.uint8)
    for place, index in enumerate(tiles):
        part = cache_.rows(n_fft, level, index, request.axis, request.rows)
        if part is None:
            steps = cache_.coarser(n_fft, level, index)
            if steps is None:
                continue
            whole = cache_.rows(n_fft, level + steps, index >> steps, request.axis, request.rows)
            assert whole is not None
            share = TILE_COLUMNS >> steps
            first = (index & ((1 << steps) - 1)) * share
            part = np.repeat(whole[:, :, first : first + share], 1 << steps, axis=2)
        levels[:, :, place * TILE_COLUMNS : (place + 1) * TILE_COLUMNS] = part[:, ::-1]
    table = level_colours(request.colour_map, request.low_db, request.high_db)
    images = tuple(_image(np.take(table, _tilted(lane, edges, request.tilt_db))) for lane in levels)
    return Picture((tiles.start * TILE_COLUMNS) << level, 1 << level, request.axis, images, levels, complete)


def _tilted(levels: Levels, edges: npt.NDArray[np.float64], tilt_db: float) -> Levels:
    if not tilt_db:
        return levels
    decades = np.log10(np.maximum(edges[1:], _TILT_FROM_HZ) / _TILT_FROM_HZ)[::-1]
    steps = np.rint(decades * tilt_db / STEP_DB).astype(np.uint8)[:, None]
    return np.minimum(levels, 255 - steps) + steps


def rows_of(tile: Levels, edges: npt.NDArray[np.float64], nyquist_hz: float) -> Levels:
    """Return a tile's bins as rows: the loudest bin of a row, or between two bins where rows are finer.

    Args:
        tile: (lanes, bins, columns).
        edges: frequencies at the edges of the rows, rising.
        nyquist_hz: frequency of the last bin.

    Returns:
        uint8 (lanes, rows, columns), lowest row first.
    """
    bins = tile.shape[1]
    scaled = edges / nyquist_hz * (bins - 1)
    centre = np.clip((scaled[:-1] + scaled[1:]) / 2, 0, bins - 1)
    low = np.clip(np.ceil(scaled[:-1]).astype(np.intp), 0, bins - 1)
    high = np.clip(np.ceil(scaled[1:]).astype(np.intp), low + 1, bins)
    indices = np.minimum(np.stack([low, high], axis=1).reshape(-1), bins - 1)
    pooled: Levels = np.maximum.reduceat(tile, indices, axis=1)[:, ::2]
    fine = np.flatnonzero(np.diff(scaled) < 1.5)
    if fine.size:
        below = np.minimum(centre[fine].astype(np.intp), bins - 2)
        share = ((centre[fine] - below) * 256).astype(np.uint16)[:, None]
        mixed = tile[:, below] * (256 - share) + tile[:, below + 1] * share
        pooled[:, fine] = (mixed >> np.uint16(8)).astype(np.uint8)
    return pooled


def _image(colours: npt.NDArray[np.uint32]) -> QImage:
    pixels = np.ascontiguousarray(colours)
    rows, columns = pixels.shape
    image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_RGB32)
    return image.copy()  # the picture owns its pixels; the array goes


def _common_head(before: Sound, after: Sound) -> int:
    position = 0
    for old, new in zip(before.pieces, after.pieces, strict=False):
        if old.store is not new.store or old.start != new.start:
            return position
        position += min(old.length, new.length)
        if old.length != new.length:
            return position
    return position


def _common_tail(before: Sound, after: Sound) -> int:
    length = 0
    for old, new in zip(reversed(before.pieces), reversed(after.pieces), strict=False):
        if old.store is not new.store or old.stop != new.stop:
            return length
        length += min(old.length, new.length)
        if old.length != new.length:
            return length
    return length
