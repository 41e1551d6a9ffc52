"""Holes that a lossy codec leaves below the end of the band: where they are, and how loud they should be."""

import numpy as np
import numpy.typing as npt
from scipy.ndimage import median_filter, uniform_filter

from audiosr_desktop.engine.manifest import N_FFT, NATIVE_RATE

Samples = npt.NDArray[np.float32]

CELL_BINS = 8
LEAST_DEPTH_DB = 15.0  # natural sound has hardly a cell this far below the median of the cells around it
FILLED_DEPTH_DB = 10.0  # a codec leaves out what is quieter than its surroundings

_LOWEST_SHARE = 0.4  # of the cutoff; further down, the gaps between the partials of music look like holes
_AROUND_CELLS = 31
_BIN_HZ = NATIVE_RATE / N_FFT


def fill_holes(magnitude: Samples, cutoff_hz: float) -> tuple[Samples, Samples]:
    """Raise the magnitudes in holes to what sound around them suggests.

    Args:
        magnitude: of `frame_stft`, (channels, frames, 1025).
        cutoff_hz: end of the good band.

    Returns:
        The magnitudes with the holes filled, and how far each place is a hole, 0 to 1, both of that shape.
    """
    share = np.zeros_like(magnitude)
    first = int(_LOWEST_SHARE * cutoff_hz / _BIN_HZ)
    count = (int(cutoff_hz / _BIN_HZ) - first) // CELL_BINS
    if count < 3 or magnitude.shape[1] == 0:
        return magnitude, share
    inside = slice(first, first + count * CELL_BINS)
    shape = (*magnitude.shape[:2], count, CELL_BINS)
    power = np.square(magnitude[..., inside]).reshape(shape).mean(axis=-1)
    level_db = 10.0 * np.log10(power + np.float32(1e-20))
    around_db = median_filter(level_db, size=(1, 1, min(_AROUND_CELLS, 2 * (count // 2) + 1)), mode="nearest")
    empty = (level_db < around_db - LEAST_DEPTH_DB).astype(np.float32)
    target = np.repeat(10.0 ** ((around_db - FILLED_DEPTH_DB) / 20.0), CELL_BINS, axis=-1)
    holes = np.repeat(empty, CELL_BINS, axis=-1)
    filled = magnitude.copy()
    filled[..., inside] = np.where(holes > 0.0, np.maximum(filled[..., inside], target), filled[..., inside])
    # the edges of the mask are smooth in time and frequency, as a window of the transform is
    share[..., inside] = uniform_filter(holes, size=(1, 3, 5), mode="nearest")
    return filled, share
