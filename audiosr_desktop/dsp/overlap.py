"""Fades and windows: how neighbouring pieces of sound are joined.

Fades are sampled half way between samples, so a fade and its reverse are complementary and no sample is 0 or
1 exactly.
"""

from typing import Literal

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Shape = Literal["linear", "raised-cosine", "equal-power"]


def linear_fade(length: int) -> Samples:
    """Return a rising straight line, float32 (length,); it and its reverse sum to 1."""
    return ((np.arange(length) + 0.5) / max(length, 1)).astype(np.float32)


def raised_cosine_fade(length: int) -> Samples:
    """Return a rising half cosine, float32 (length,); it and its reverse sum to 1.

    For joining sounds that agree (the same sound, processed differently).
    """
    position = (np.arange(length) + 0.5) / max(length, 1)
    return (0.5 - 0.5 * np.cos(np.pi * position)).astype(np.float32)


def equal_power_fade(length: int) -> Samples:
    """Return a rising quarter sine, float32 (length,); the squares of it and its reverse sum to 1.

    For joining sounds that have nothing to do with each other (noise, generated sound): the level stays.
    """
    position = (np.arange(length) + 0.5) / max(length, 1)
    return np.sin(0.5 * np.pi * position).astype(np.float32)


def fade(shape: Shape, length: int) -> Samples:
    """Return the rising fade of the given shape, float32 (length,)."""
    if shape == "linear":
        return linear_fade(length)
    return raised_cosine_fade(length) if shape == "raised-cosine" else equal_power_fade(length)


def crossfade(before: Samples, after: Samples, shape: Shape = "raised-cosine") -> Samples:
    """Go from one sound to another of the same shape over their whole length.

    Args:
        before: float32 (..., samples), heard at the start.
        after: same shape, heard at the end.
        shape: see the fades above.

    Returns:
        float32, same shape.

    Raises:
        ValueError: the shapes differ.
    """
    if before.shape != after.shape:
        raise ValueError(f"cannot cross-fade shapes {before.shape} and {after.shape}")
    rising = fade(shape, before.shape[-1])
    return before * rising[::-1] + after * rising


def tapered_window(length: int, fade_in: int, fade_out: int, shape: Shape = "raised-cosine") -> Samples:
    """Return a window that rises over `fade_in` samples, stays at 1, and falls over `fade_out`.

    Windows laid so that each fall meets the next rise of the same length add up to 1 (their squares do, with
    "equal-power").

    Raises:
        ValueError: the fades do not fit into the length.
    """
    if fade_in < 0 or fade_out < 0 or fade_in + fade_out > length:
        raise ValueError(f"fades of {fade_in} and {fade_out} samples do not fit into {length}")
    window = np.ones(length, np.float32)
    window[:fade_in] = fade(shape, fade_in)
    window[length - fade_out :] = fade(shape, fade_out)[::-1]
    return window
