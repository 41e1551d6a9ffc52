"""The canonical condition: one fixed form for every mel band above the cutoff, whatever the source holds.

A model that sees the pattern at the band edge learns the filter that made it, and fails on the next one.
So the engine finds the cutoff and replaces all above it by an extrapolation of the last kHz below; training
does the same. The model then only corrects an estimate that is already of the right order.
"""

from functools import cache

import numpy as np
import numpy.typing as npt

Mel = npt.NDArray[np.float32]

N_MELS = 256
SAMPLE_RATE = 48_000
LOG_FLOOR = float(np.log(1e-5))
FALL_DB_PER_KHZ = 1.5  # a mean over music, speech and effects
EDGE_MARGIN = 0.96  # bands nearer to the cutoff than this already hold the filter's slope
LEVEL_SPAN_HZ = 1_000.0

_NEPER_PER_DB = float(np.log(10.0) / 20.0)


@cache
def mel_edges_hz() -> npt.NDArray[np.float64]:
    """Return the 258 edges of the 256 Slaney bands from 20 Hz to 24 kHz; band m spans edges m to m + 2."""
    linear_top, linear_step, log_step = 1000.0, 200.0 / 3.0, np.log(6.4) / 27.0
    low = 20.0 / linear_step
    high = linear_top / linear_step + np.log(24_000.0 / linear_top) / log_step
    mels = np.linspace(low, high, N_MELS + 2)
    knee = linear_top / linear_step
    return np.where(mels < knee, mels * linear_step, linear_top * np.exp(log_step * (mels - knee)))


def known_bands(cutoff_hz: float) -> int:
    """Return how many of the 256 mel bands lie wholly in the good part of the sound."""
    return int(np.searchsorted(mel_edges_hz()[2:], cutoff_hz * EDGE_MARGIN, side="right"))


def canonical_mel(log_mel: Mel, cutoff_hz: float) -> Mel:
    """Replace the bands above the cutoff by the level below it, falling 1.5 dB a kHz.

    Args:
        log_mel: natural log of mel magnitudes, float32 (..., frames, 256).
        cutoff_hz: where the good part of the band ends.

    Returns:
        A new array of the same shape, equal to `log_mel` in the known bands.
    """
    known = known_bands(cutoff_hz)
    if known >= N_MELS or known == 0:
        return log_mel.copy()
    edges = mel_edges_hz()
    centres = edges[1:-1]
    top = edges[known + 1]
    first = min(int(np.searchsorted(centres, top - LEVEL_SPAN_HZ)), known - 1)
    level = log_mel[..., first:known].mean(axis=-1, keepdims=True)
    middle = centres[first:known].mean()
    fall = (centres[known:] - middle) / 1000.0 * FALL_DB_PER_KHZ * _NEPER_PER_DB
    result = log_mel.copy()
    result[..., known:] = np.maximum(level - fall.astype(np.float32), LOG_FLOOR)
    return result
