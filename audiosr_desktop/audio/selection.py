"""Selections put together: add, take away, intersect, and the harmonics of a band."""

from enum import Enum

import numpy as np

from audiosr_desktop.audio.mask import FULL, ROWS, Gains, Mask, box_gains, cover, grid_of
from audiosr_desktop.audio.region import Region

_Range = tuple[float, float]


class Combine(Enum):
    """What a new shape does with the selection there is."""

    REPLACE = "replace"
    ADD = "add"
    SUBTRACT = "subtract"
    INTERSECT = "intersect"


def combined(old: Region | None, new: Region | None, how: Combine, sample_rate: int) -> Region | None:
    """Return what is chosen after `new` was added to `old`, taken from it, or both have in common.

    Rectangles stay rectangles where the result is one; anything else becomes a mask. Where two soft edges
    meet, the stronger counts in a sum, the weaker in an intersection, and the difference in taking away. The
    channels are those of `old`.

    Returns:
        None when nothing is left.
    """
    if how is Combine.REPLACE:
        return new
    result = _combined(old, new, how, sample_rate)
    return result.of_channels(old.channels) if result is not None and old is not None else result


def _combined(old: Region | None, new: Region | None, how: Combine, sample_rate: int) -> Region | None:
    if old is None or new is None:
        return {Combine.ADD: old or new, Combine.SUBTRACT: old, Combine.INTERSECT: None}[how]
    if old.mask is None and new.mask is None:
        exact = _rectangle(old, new, how)
        if exact is not None:
            return exact if exact.length else None
    if old.stop <= new.start or new.stop <= old.start:
        if how is Combine.SUBTRACT:
            return old
        if how is Combine.INTERSECT:
            return None
    start, stop = min(old.start, new.start), max(old.stop, new.stop)
    first, columns, hop = grid_of(start, stop)
    mine, other = (gains_of(region, first, columns, hop, sample_rate) for region in (old, new))
    if how is Combine.ADD:
        gains = np.maximum(mine, other)
    elif how is Combine.INTERSECT:
        gains = np.minimum(mine, other)
    else:
        gains = np.where(mine > other, mine - other, 0).astype(np.uint8)
    bounds = {
        Combine.ADD: (start, stop),
        Combine.SUBTRACT: (old.start, old.stop),
        Combine.INTERSECT: (max(old.start, new.start), min(old.stop, new.stop)),
    }[how]
    return region_of(Mask(first, hop, gains), bounds, sample_rate)


def gains_of(region: Region, first: int, columns: int, hop: int, sample_rate: int) -> Gains:
    """Return a region on a grid."""
    if region.mask is None:
        return box_gains(first, columns, hop, (region.start, region.stop), _rows(region, sample_rate))
    gains = region.mask.on_grid(first, columns, hop)
    # the bounds may have been drawn in since the mask was made
    box = box_gains(first, columns, hop, (region.start, region.stop), _rows(region, sample_rate))
    return np.where(box > 0, gains, 0).astype(np.uint8)


def region_of(mask: Mask, bounds: tuple[int, int], sample_rate: int) -> Region | None:
    """Return a mask as a region whose bounds lie close around it.

    Args:
        mask: the shape.
        bounds: samples outside which nothing is chosen, whatever the columns reach.
        sample_rate: of the sound.

    Returns:
        None when nothing is chosen.
    """
    columns, rows = np.flatnonzero(mask.gains.any(axis=0)), np.flatnonzero(mask.gains.any(axis=1))
    if not columns.size:
        return None
    first, last = int(columns[0]), int(columns[-1])
    kept = Mask(mask.first + first, mask.hop, mask.gains[:, first : last + 1].copy())
    start, stop = max(kept.start, bounds[0]), min(kept.stop, bounds[1])
    if start >= stop:
        return None
    row_hz = sample_rate / 2 / (ROWS - 1)
    low = None if rows[0] == 0 else (float(rows[0]) - 0.5) * row_hz
    high = None if rows[-1] == ROWS - 1 else (float(rows[-1]) + 0.5) * row_hz
    if low is None and high is None and bool((kept.gains == FULL).all()):
        return Region(start, stop)
    return Region(start, stop, low, high, kept)


def harmonics(region: Region, sample_rate: int) -> Region | None:
    """Return the band of a region and the bands of the same width at the multiples of its centre.

    Returns:
        None when the region has no two bounds, or no multiple lies below the Nyquist frequency.
    """
    if region.low_hz is None or region.high_hz is None:
        return None
    nyquist = sample_rate / 2
    centre, half = (region.low_hz + region.high_hz) / 2, (region.high_hz - region.low_hz) / 2
    if 2 * centre - half >= nyquist:
        return None
    first, columns, hop = grid_of(region.start, region.stop)
    gains = gains_of(region, first, columns, hop, sample_rate)
    row_hz = nyquist / (ROWS - 1)
    time = box_gains(first, columns, hop, (region.start, region.stop), (-0.5, 0.5))[0]
    band = np.zeros(ROWS)
    for number in range(2, int((nyquist + half) / centre) + 1):
        bounds = ((number * centre - half) / row_hz, (number * centre + half) / row_hz)
        band = np.maximum(band, cover(np.arange(ROWS, dtype=np.float64), *bounds))
    comb = np.rint(band[:, None] * time).astype(np.uint8)
    whole = Mask(first, hop, np.maximum(gains, comb))
    found = region_of(whole, (region.start, region.stop), sample_rate)
    return None if found is None else found.of_channels(region.channels)


def _rows(region: Region, sample_rate: int) -> tuple[float, float]:
    row_hz = sample_rate / 2 / (ROWS - 1)
    low = -0.5 if region.low_hz is None else region.low_hz / row_hz
    high = ROWS - 0.5 if region.high_hz is None else region.high_hz / row_hz
    return low, high


def _rectangle(old: Region, new: Region, how: Combine) -> Region | None:
    """Return the result where it is a rectangle (an empty one is nothing); None where it is none."""
    if how is Combine.INTERSECT:
        return _made(_common(_times(old), _times(new)), _common(_band(old), _band(new)))
    return _rectangle_of_both(old, new) if how is Combine.ADD else _rectangle_left(old, new)


def _rectangle_of_both(old: Region, new: Region) -> Region | None:
    times, other_times, band, other_band = _times(old), _times(new), _band(old), _band(new)
    if _holds(times, other_times) and _holds(band, other_band):
        return old
    if _holds(other_times, times) and _holds(other_band, band):
        return new
    if band == other_band and _touch(times, other_times):
        return _made(_around(times, other_times), band)
    if times == other_times and _touch(band, other_band):
        return _made(times, _around(band, other_band))
    return None


def _rectangle_left(old: Region, new: Region) -> Region | None:
    times, other_times, band, other_band = _times(old), _times(new), _band(old), _band(new)
    in_time, in_band = _holds(other_times, times), _holds(other_band, band)
    if in_time and in_band:
        return Region(old.start, old.start)
    left_times, left_band = _cut(times, other_times), _cut(band, other_band)
    if in_band and left_times is not None:
        return _made(left_times, band)
    if in_time and left_band is not None:
        return _made(times, left_band)
    return None


def _times(region: Region) -> _Range:
    return region.start, region.stop


def _band(region: Region) -> _Range:
    return (
        0.0 if region.low_hz is None else region.low_hz,
        float("inf") if region.high_hz is None else region.high_hz,
    )


def _made(times: _Range, band: _Range) -> Region:
    start, stop = int(times[0]), int(max(times))
    if band[0] >= band[1]:
        return Region(start, start)
    low = band[0] if band[0] > 0.0 else None
    return Region(start, stop, low, band[1] if band[1] != float("inf") else None)


def _common(first: _Range, second: _Range) -> _Range:
    low = max(first[0], second[0])
    return low, max(low, min(first[1], second[1]))


def _around(first: _Range, second: _Range) -> _Range:
    return min(first[0], second[0]), max(first[1], second[1])


def _touch(first: _Range, second: _Range) -> bool:
    return first[0] <= second[1] and second[0] <= first[1]


def _holds(outer: _Range, inner: _Range) -> bool:
    return outer[0] <= inner[0] and inner[1] <= outer[1]


def _cut(whole: _Range, taken: _Range) -> _Range | None:
    """Return what is left when a range is taken away; None when two parts are."""
    if taken[1] <= whole[0] or taken[0] >= whole[1]:
        return whole
    if taken[0] <= whole[0]:
        return taken[1], whole[1]
    if taken[1] >= whole[1]:
        return whole[0], taken[0]
    return None
