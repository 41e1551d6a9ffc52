"""Mask: how much of each place in time and frequency is chosen, for shapes that are no rectangle."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Gains = npt.NDArray[np.uint8]

ROWS = 1025  # from 0 Hz to the Nyquist frequency
HOP = 1024  # samples per column of a short mask; a long one has a power of two times as many
MAX_COLUMNS = 8192  # so that a mask of any length stays below 9 MB
FULL = 255


@dataclass(frozen=True, eq=False)
class Mask:
    """Gains on a grid of time and frequency that is laid from the first sample of the sound.

    Attributes:
        first: number of the first column; column c is centred on sample c * hop.
        hop: samples per column, `HOP` times a power of two.
        gains: uint8 (1025, columns): 0 is not chosen, 255 wholly; read-only, lowest frequency first.
    """

    first: int
    hop: int
    gains: Gains

    def __post_init__(self) -> None:
        if self.gains.ndim != 2 or self.gains.shape[0] != ROWS or self.gains.dtype != np.uint8:
            raise ValueError(
                f"a mask needs uint8 ({ROWS}, columns), not {self.gains.dtype} {self.gains.shape}"
            )
        if self.hop % HOP or self.first < 0:
            raise ValueError(f"a mask cannot begin at column {self.first} of {self.hop} samples")
        self.gains.flags.writeable = False

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mask) and (
            self is other
            or (
                (self.first, self.hop) == (other.first, other.hop) and np.array_equal(self.gains, other.gains)
            )
        )

    def __hash__(self) -> int:
        return hash((self.first, self.hop, self.gains.shape))

    @property
    def columns(self) -> int:
        """Number of columns."""
        return int(self.gains.shape[1])

    @property
    def start(self) -> int:
        """First sample that the mask can reach."""
        return max(0, self.first * self.hop - self.hop // 2)

    @property
    def stop(self) -> int:
        """One past the last sample that it can reach."""
        return (self.first + self.columns) * self.hop - self.hop // 2

    @cached_property
    def runs(self) -> tuple[tuple[int, int], ...]:
        """The spans of samples in which anything is chosen, in the order of time."""
        used = np.concatenate([[False], self.gains.any(axis=0), [False]])
        edges = np.flatnonzero(used[1:] != used[:-1]).reshape(-1, 2) + self.first
        half = self.hop // 2
        return tuple((max(0, int(low) * self.hop - half), int(high) * self.hop - half) for low, high in edges)

    def gains_at(self, centres: npt.NDArray[np.float64], bins: int) -> npt.NDArray[np.float32]:
        """Return the gains of frames, between the columns and rows by linear interpolation.

        Args:
            centres: samples on which the frames are centred.
            bins: of a frame, from 0 Hz to the Nyquist frequency.

        Returns:
            float32 (bins, frames), 0 to 1.
        """
        places = centres / self.hop - self.first + 1.0  # in the gains with a clear column at either end
        padded = np.pad(self.gains, ((0, 0), (1, 1)))
        left = np.clip(np.floor(places), 0, padded.shape[1] - 2).astype(np.intp)
        share = np.clip(places - left, 0.0, 1.0).astype(np.float32)
        columns = padded[:, left] * (1.0 - share) + padded[:, left + 1] * share
        rows = np.linspace(0.0, ROWS - 1, bins)
        below = np.minimum(rows.astype(np.intp), ROWS - 2)
        mix = (rows - below).astype(np.float32)[:, None]
        result: npt.NDArray[np.float32] = (
            columns[below] * (1.0 - mix) + columns[below + 1] * mix
        ) / np.float32(FULL)
        return result

    def on_grid(self, first: int, columns: int, hop: int) -> Gains:
        """Return the gains on another grid: columns are averaged or repeated, and clear outside the mask."""
        ratio = max(1, hop // self.hop)
        inner = self.gains
        if ratio > 1:
            # wide column c holds the narrow ones whose centres lie in it, from ratio * c - ratio / 2
            shift = self.first + ratio // 2
            before, after = shift % ratio, -(shift + self.columns) % ratio
            padded = np.pad(inner, ((0, 0), (before, after)))
            pooled = padded.reshape(ROWS, -1, ratio).mean(axis=2)
            # what is chosen at all stays so: a thin part does not fade away
            inner = np.maximum(np.rint(pooled), pooled > 0).astype(np.uint8)
            own_first = shift // ratio
            indices = np.arange(first, first + columns) - own_first
        else:
            centres = np.arange(first, first + columns) * (hop / self.hop)
            indices = np.floor(centres + 0.5).astype(np.intp) - self.first
        inside = (indices >= 0) & (indices < inner.shape[1])
        out = np.zeros((ROWS, columns), np.uint8)
        out[:, inside] = inner[:, indices[inside]]
        return out

    def shifted(self, samples: int) -> "Mask | None":
        """Return the mask moved in time, to the nearest column; None when it would begin before the sound."""
        first = self.first + round(samples / self.hop)
        return Mask(first, self.hop, self.gains) if first >= 0 else None

    def at_rate(self, ratio: float) -> "Mask":
        """Return the mask for the same sound at `ratio` times the sample rate."""
        start, stop = self.start * ratio, self.stop * ratio
        first, columns, hop = grid_of(start, stop)
        sources = (
            np.rint(np.arange(first, first + columns) * hop / ratio / self.hop).astype(np.intp) - self.first
        )
        rows = np.rint(np.arange(ROWS) * ratio).astype(np.intp)
        gains = np.zeros((ROWS, columns), np.uint8)
        good_rows, good = rows < ROWS, (sources >= 0) & (sources < self.columns)
        gains[np.ix_(good_rows, good)] = self.gains[np.ix_(rows[good_rows], sources[good])]
        return Mask(first, hop, gains)


def grid_of(start: float, stop: float) -> tuple[int, int, int]:
    """Return first column, number of columns and hop of a grid that covers samples [start, stop)."""
    hop = HOP
    while (stop - start) / hop > MAX_COLUMNS - 2:
        hop *= 2
    first = int((start + hop // 2) // hop)
    last = int(-(-(stop + hop // 2) // hop))
    return first, max(1, last - first), hop


def box_gains(
    first: int,
    columns: int,
    hop: int,
    span: tuple[float, float],
    rows: tuple[float, float],
) -> Gains:
    """Return a rectangle on a grid; cells that it covers in part have the part as their gain.

    Args:
        first: first column.
        columns: how many.
        hop: samples per column.
        span: samples from, to.
        rows: from, to, in rows of the grid; the cell of row r reaches from r - 0.5 to r + 0.5.
    """
    centres = np.arange(first, first + columns, dtype=np.float64)
    time = _cover(centres, span[0] / hop, span[1] / hop)
    height = _cover(np.arange(ROWS, dtype=np.float64), *rows)
    gains: Gains = np.rint(FULL * height[:, None] * time).astype(np.uint8)
    return gains


def softened(gains: Gains, rows: int, columns: int) -> Gains:
    """Return gains with edges that rise over about `rows` rows and `columns` columns."""
    result = gains.astype(np.float32)
    for axis, size in ((0, rows), (1, columns)):
        for _ in range(2 if size > 1 else 0):  # two boxes are a triangle
            result = _box_blur(result, size // 2, axis)
    blurred: Gains = np.rint(result).astype(np.uint8)
    return blurred


def _cover(centres: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    covered: npt.NDArray[np.float64] = np.clip(
        np.minimum(centres + 0.5, high) - np.maximum(centres - 0.5, low), 0.0, 1.0
    )
    return covered


def _box_blur(values: npt.NDArray[np.float32], reach: int, axis: int) -> npt.NDArray[np.float32]:
    if reach < 1:
        return values
    width = 2 * reach + 1
    pads = [(0, 0), (0, 0)]
    pads[axis] = (reach + 1, reach)
    # at the bottom and the top of the band the edge goes on outside; in time there is silence
    padded = np.pad(values, pads, mode="edge" if axis == 0 else "constant")
    sums = np.cumsum(padded, axis=axis, dtype=np.float64)
    upper = np.take(sums, range(width, sums.shape[axis]), axis=axis)
    lower = np.take(sums, range(sums.shape[axis] - width), axis=axis)
    result: npt.NDArray[np.float32] = ((upper - lower) / width).astype(np.float32)
    return result
