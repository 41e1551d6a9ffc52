"""Waves: min/max envelope and RMS of what is visible, and the image of it. Knows no widgets."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QColor, QImage

from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.sound import Sound

Floats = npt.NDArray[np.float32]

LOWEST_DB = -60.0  # bottom of the logarithmic scale
_SPARSE = (60, 240)  # columns of the first pictures, before the whole sound was read
_SPARSE_READ = 256


@dataclass(frozen=True, slots=True)
class WaveRequest:
    """What a view wants: [start, stop) in about `columns` columns, as images `rows` high, one per channel.

    `gain` is the vertical zoom; `logarithmic` shows decibels.
    """

    sound: Sound
    peaks: Peaks | None
    start: float
    stop: float
    columns: int
    rows: int
    gain: float
    logarithmic: bool
    envelope: QColor
    core: QColor
    clip: QColor


@dataclass(frozen=True, slots=True)
class Waves:
    """An answer.

    Attributes:
        start: first sample of the first column.
        hop: samples per column.
        mins: (channels, columns); with `maxs` the envelope. At a hop of 1 both are the samples themselves.
        maxs: (channels, columns).
        images: one per channel.
    """

    start: int
    hop: int
    mins: Floats
    maxs: Floats
    images: tuple[QImage, ...]

    @property
    def stop(self) -> int:
        """One past the last sample."""
        return self.start + self.hop * int(self.mins.shape[1])

    def peak_at(self, sample: float, channel: int) -> float | None:
        """Return the largest magnitude in the column of a time."""
        column = math.floor((sample - self.start) / self.hop)
        if not 0 <= column < self.mins.shape[1]:
            return None
        return max(float(self.maxs[channel, column]), -float(self.mins[channel, column]))


def alike(one: WaveRequest, other: WaveRequest) -> bool:
    """Return whether two requests differ in their range alone: their pictures have the same columns."""
    same_range = replace(one, start=other.start, stop=other.stop, columns=other.columns)
    return same_range == other and _range_of(one)[2] == _range_of(other)[2]


def _range_of(request: WaveRequest) -> tuple[int, int, int]:
    """Return first sample, end and samples per column."""
    start, stop = max(0, int(request.start)), min(request.sound.length, math.ceil(request.stop))
    return start, stop, max(1, int((stop - start) / max(1, request.columns)))


def waves(request: WaveRequest) -> Iterator[Waves]:
    """Yield the picture; rough ones where the whole sound was not read yet."""
    sound = request.sound
    start, stop, hop = _range_of(request)
    if start >= stop:
        return
    if request.peaks is None and hop > _SPARSE_READ:
        for columns in _SPARSE:
            yield _sparse(request, start, stop, columns)
        return
    start = start // hop * hop  # on a grid, so that columns do not shimmer while scrolling
    peaks = request.peaks or Peaks(sound, ())
    whole = (stop - start) // hop
    parts = [peaks.window(start, start + whole * hop, whole)] if whole else []
    if (stop - start) % hop:
        parts.append(peaks.window(start + whole * hop, stop, 1))
    mins, maxs, rms = (np.concatenate(part, axis=1) for part in zip(*parts, strict=True))
    yield _picture(request, start, hop, (mins, maxs, rms))


def _sparse(request: WaveRequest, start: int, stop: int, at_most: int) -> Waves:
    """Look at a few short stretches: what a long sound looks like before it was read."""
    sound = request.sound
    columns = min(at_most, stop - start)
    hop = -(-(stop - start) // columns)
    blocks = [
        sound.read_padded(first + (hop - _SPARSE_READ) // 2, first + (hop + _SPARSE_READ) // 2)
        for first in range(start, stop, hop)
    ]
    mins = np.stack([block.min(axis=1) for block in blocks], axis=1)
    maxs = np.stack([block.max(axis=1) for block in blocks], axis=1)
    rms = np.stack([np.sqrt(np.mean(block * block, axis=1)) for block in blocks], axis=1)
    return _picture(request, start, hop, (mins, maxs, rms))


def _picture(request: WaveRequest, start: int, hop: int, level: tuple[Floats, Floats, Floats]) -> Waves:
    mins, maxs, rms = (np.nan_to_num(part, nan=0.0, posinf=1.0, neginf=-1.0) for part in level)
    images = tuple(wave_image(request, *channel) for channel in zip(mins, maxs, rms, strict=True))
    return Waves(start, hop, mins, maxs, images)


def wave_image(request: WaveRequest, low: Floats, high: Floats, rms: Floats) -> QImage:
    """Draw one channel.

    Args:
        request: height, scale and colours.
        low: (columns,) minimum.
        high: maximum.
        rms: root mean square.

    Returns:
        A transparent image of (columns, rows): the envelope, within it the RMS, clipped columns marked.
    """
    rows = request.rows
    middle = rows / 2
    top = middle - middle * height_of(high, request.gain, logarithmic=request.logarithmic)
    bottom = middle - middle * height_of(low, request.gain, logarithmic=request.logarithmic)
    # a column reaches to its neighbour, so that a steep wave has no holes
    joined_top, joined_bottom = top.copy(), bottom.copy()
    joined_top[1:] = np.minimum(top[1:], bottom[:-1])
    joined_bottom[1:] = np.maximum(bottom[1:], top[:-1])
    top, bottom = joined_top, joined_bottom
    thin = np.maximum(0.0, 1.0 - (bottom - top)) / 2
    top, bottom = top - thin, bottom + thin
    core = middle * height_of(rms, request.gain, logarithmic=request.logarithmic)
    edges = np.arange(rows, dtype=np.float32)[:, None]
    cover = np.minimum(edges + 1, bottom) - np.maximum(edges, top)
    alpha = (np.clip(cover, 0.0, 1.0) * 255).astype(np.uint8)
    pixels = np.take(_ramp(request.envelope), alpha)
    inside = (np.abs(edges + 0.5 - middle) <= core) & (alpha > 127)
    pixels[inside] = _ramp(request.core)[255]
    clipped = (high >= 1.0) | (low <= -1.0)
    if clipped.any():
        pixels[:, clipped] = np.take(_ramp(request.clip), alpha[:, clipped])
        cap = max(2, rows // 40)
        pixels[:cap, clipped] = pixels[-cap:, clipped] = _ramp(request.clip)[255]
    columns = pixels.shape[1]
    image = QImage(pixels.data, columns, rows, columns * 4, QImage.Format.Format_ARGB32_Premultiplied)
    return image.copy()


def height_of(values: Floats, gain: float, *, logarithmic: bool) -> Floats:
    """Return amplitudes as heights: -1 at the bottom of a lane, 0 in the middle, 1 at the top."""
    scaled = values * np.float32(gain)
    if logarithmic:
        level = 20.0 * np.log10(np.maximum(np.abs(scaled), 1e-9))
        scaled = np.sign(scaled) * np.maximum(0.0, 1.0 - level / LOWEST_DB)
    heights: Floats = np.clip(scaled, -1.0, 1.0).astype(np.float32)
    return heights


def _ramp(colour: QColor) -> npt.NDArray[np.uint32]:
    """Return a colour at each opacity, premultiplied 0xaarrggbb."""
    alpha = np.arange(256, dtype=np.uint32)
    red, green, blue = (
        (alpha * np.uint32(part) + 127) // 255 for part in (colour.red(), colour.green(), colour.blue())
    )
    ramp: npt.NDArray[np.uint32] = (
        alpha << np.uint32(24) | red << np.uint32(16) | green << np.uint32(8) | blue
    )
    return ramp
