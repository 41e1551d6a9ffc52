"""Mask: how much of each place in time and frequency is chosen, for shapes that are no rectangle."""

import base64
import struct
import zlib
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

Gains = npt.NDArray[np.uint8]

ROWS = 1025  # from 0 Hz to the Nyquist frequency
HOP = 1024  # samples per column of a short mask; a long one has a power of two times as many
MAX_COLUMNS = 4096  # so that a mask of any length stays below 5 MB, and is drawn at once
FULL = 255
_HEAD = 24  # bytes before the gains of a packed mask


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

    def packed(self) -> str:
        """Return the mask as text, for a project."""
        head = struct.pack("<QQQ", self.first, self.hop, self.columns)
        return base64.b85encode(zlib.compress(head + self.gains.tobytes(), 6)).decode("ascii")

    @classmethod
    def unpacked(cls, text: str) -> "Mask":
        """Return the mask that `packed` wrote.

        Raises:
            ValueError: the text is none.
        """
        unpacker = zlib.decompressobj()
        try:
            data = unpacker.decompress(base64.b85decode(text), _HEAD + ROWS * MAX_COLUMNS)
        except zlib.error as error:
            raise ValueError("a mask is damaged") from error
        if len(data) < _HEAD or unpacker.unconsumed_tail:
            raise ValueError("a mask is damaged")
        first, hop, columns = struct.unpack_from("<QQQ", data)
        if len(data) != _HEAD + ROWS * columns or not columns or not hop:
            raise ValueError("a mask is damaged")
        return cls(first, hop, np.frombuffer(data, np.uint8, offset=_HEAD).reshape(ROWS, columns))

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
    time = cover(centres, span[0] / hop, span[1] / hop)
    height = cover(np.arange(ROWS, dtype=np.float64), *rows)
    gains: Gains = np.rint(FULL * height[:, None] * time).astype(np.uint8)
    return gains


def softened(gains: Gains, rows: int, columns: int) -> Gains:
    """Return gains with edges that rise over about `rows` rows and `columns` columns."""
    used = np.flatnonzero(gains.any(axis=1))
    if not used.size:
        return gains
    # only the rows that the edges can reach
    low, high = max(0, int(used[0]) - rows), min(ROWS, int(used[-1]) + rows + 1)
    part = gains[low:high]
    for reach in (rows // 2, rows - rows // 2):  # two boxes are a triangle
        # at the bottom and the top of the band the edge goes on outside; in time there is silence
        part = _box_blur(part, reach // 2, "edge")
    for reach in (columns // 2, columns - columns // 2):
        part = _box_blur(part.T, reach // 2, "constant").T
    result = np.zeros_like(gains)
    result[low:high] = part
    return result


def cover(centres: npt.NDArray[np.float64], low: float, high: float) -> npt.NDArray[np.float64]:
    """Return how much of each cell, one wide about its centre, lies between two bounds."""
    covered: npt.NDArray[np.float64] = np.clip(
        np.minimum(centres + 0.5, high) - np.maximum(centres - 0.5, low), 0.0, 1.0
    )
    return covered


def _box_blur(values: Gains, reach: int, mode: Literal["edge", "constant"]) -> Gains:
    """Average along the first axis over `reach` places on either side."""
    if reach < 1:
        return values
    width = 2 * reach + 1
    padded = np.pad(values, ((reach + 1, reach), (0, 0)), mode=mode)
    sums = np.cumsum(padded, axis=0, dtype=np.int32)  # 255 in each of a mask's rows or columns fits well
    result: Gains = ((sums[width:] - sums[:-width] + width // 2) // width).astype(np.uint8)
    return result
