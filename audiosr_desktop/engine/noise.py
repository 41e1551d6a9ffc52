"""Noise for the sampler: a pure function of the seed and the place in the document.

Windows that overlap see the same noise where they overlap, and a region restored alone sees what it would see
within a longer one. The bits come from Philox, whose counter is the place; they are turned into normals here
and not by NumPy's Generator, whose method may change from one release to the next.
"""

import numpy as np
import numpy.typing as npt

Latent = npt.NDArray[np.float32]

START = 0
"""Stream of the latent that sampling starts from."""
ENCODER = 1
"""Stream of the condition encoder's sample."""
FIRST_STEP = 2
"""Stream of the first sampler step; the others follow."""

_WORDS_PER_COUNT = 4  # 64-bit words that one value of Philox's counter gives
_UNIT = 2.0**-32


def noise_for_frames(
    seed: int, first: int, count: int, *, stream: int = START, channels: int = 16, bins: int = 32
) -> Latent:
    """Return standard normal noise for latent columns of a document.

    Args:
        seed: 0 or more; all 64 bits count.
        first: index of the first column, counted from the start of the document.
        count: number of columns.
        stream: which of the independent noises: `START`, `ENCODER`, `FIRST_STEP` + step.
        channels: of the latent; with `bins` an even number of values a column.
        bins: of the latent.

    Returns:
        float32 (channels, count, bins).

    Source: Box and Muller 1958; Salmon et al. 2011 (Philox).
    """
    words = channels * bins // 2
    counts = -(-words // _WORDS_PER_COUNT)
    key = np.array([seed & 0xFFFF_FFFF_FFFF_FFFF, stream], np.uint64)
    bits = np.random.Philox(key=key, counter=first * counts).random_raw(count * counts * _WORDS_PER_COUNT)
    bits = bits.reshape(count, -1)[:, :words]
    # half a step above zero, so that the logarithm is finite
    radius = np.sqrt(-2.0 * np.log(((bits >> np.uint64(32)) + 0.5) * _UNIT))
    angle = 2.0 * np.pi * _UNIT * (bits & np.uint64(0xFFFF_FFFF))
    normals = np.concatenate([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    return np.ascontiguousarray(normals.reshape(count, channels, bins).transpose(1, 0, 2), np.float32)
