"""Sound: a piece table of read-only samples and its rate."""

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.store import ArrayStore, Samples, SampleStore
from audiosr_desktop.errors import SoundError

F = TypeVar("F", bound=np.floating[Any])

BLOCK = 65536  # samples that loops over a whole sound read at once


@dataclass(frozen=True, slots=True)
class Piece:
    """Samples [start, stop) of a store."""

    store: SampleStore
    start: int
    stop: int

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.stop <= self.store.length:
            raise ValueError(
                f"[{self.start}, {self.stop}) is not inside a store of {self.store.length} samples"
            )

    @property
    def length(self) -> int:
        """Number of samples."""
        return self.stop - self.start


@dataclass(frozen=True, slots=True, weakref_slot=True)
class Sound:
    """Sound as a piece table: a file is not copied, and an edit shares every sample it does not touch.

    Attributes:
        pieces: in the order of time, at least one; a sound without samples has one empty piece, which
            keeps the number of channels. Neighbours that continue one another are joined.
        sample_rate: in Hz.
    """

    pieces: tuple[Piece, ...]
    sample_rate: int
    _ends: "array[int]" = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.sample_rate < 1:
            raise ValueError(f"a sample rate must be positive, not {self.sample_rate}")
        if not self.pieces:
            raise ValueError("a sound needs at least one piece")
        channels = self.pieces[0].store.channels
        if any(piece.store.channels != channels for piece in self.pieces):
            raise SoundError("Sounds with different numbers of channels cannot be joined.")
        object.__setattr__(self, "pieces", _tidy(self.pieces))
        object.__setattr__(self, "_ends", array("q", accumulate(piece.length for piece in self.pieces)))

    @classmethod
    def from_array(cls, samples: NDArray[Any], sample_rate: int) -> "Sound":
        """Return a sound that holds a float32 copy of `samples`, (channels, samples)."""
        return cls.from_store(ArrayStore(samples), sample_rate)

    @classmethod
    def from_store(cls, store: SampleStore, sample_rate: int) -> "Sound":
        """Return the whole of a store as a sound."""
        return cls((Piece(store, 0, store.length),), sample_rate)

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._ends[-1]

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self.pieces[0].store.channels

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.length / self.sample_rate

    @overload
    def read(self, start: int, stop: int) -> Samples: ...

    @overload
    def read(self, start: int, stop: int, dtype: type[F]) -> NDArray[F]: ...

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop), and nothing else is read.

        Args:
            start: first sample, 0 or more.
            stop: one past the last sample, at most `length`.
            dtype: np.float32, or np.float64 for the full depth of 32-bit integer and double files.

        Returns:
            (channels, stop - start): a new array or a read-only view.

        Raises:
            AudioFileError: a store's file cannot be read.
        """
        if not 0 <= start <= stop <= self.length:
            raise ValueError(f"samples [{start}, {stop}) are not inside [0, {self.length})")
        parts = [piece.store.read(piece.start, piece.stop, dtype) for piece in self._between(start, stop)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts, axis=1)

    def read_padded(self, start: int, stop: int) -> Samples:
        """Return samples [start, stop) as float32, zero where they lie outside the sound."""
        first, last = (min(max(edge, 0), self.length) for edge in (start, stop))
        inner = self.read(first, max(first, last))
        before = min(max(0, -start), stop - start)
        after = stop - start - before - inner.shape[1]
        return np.pad(inner, ((0, 0), (before, after))) if before or after else inner

    def slice(self, start: int, stop: int) -> "Sound":
        """Return samples [start, stop) as a sound that shares them."""
        if not 0 <= start <= stop <= self.length:
            raise ValueError(f"samples [{start}, {stop}) are not inside [0, {self.length})")
        return Sound(tuple(self._between(start, stop)), self.sample_rate)

    def splice(self, region: Region, inserted: "Sound") -> "Sound":
        """Return this sound with the samples of `region` replaced by `inserted`, of any length.

        Raises:
            SoundError: the rates or the numbers of channels differ.
        """
        return concat([self.slice(0, region.start), inserted, self.slice(region.stop, self.length)])

    def _between(self, start: int, stop: int) -> list[Piece]:
        """Return the pieces of [start, stop), an empty one when it is empty.

        Whole ones are the same objects, so that the states of a long history share them.
        """
        index = min(bisect_right(self._ends, start), len(self.pieces) - 1)
        found: list[Piece] = []
        while not found or start < stop:
            piece = self.pieces[index]
            offset = piece.stop - self._ends[index]  # from a place in the sound to one in the store
            end = min(stop, self._ends[index])
            whole = end - start == piece.length
            found.append(piece if whole else Piece(piece.store, start + offset, end + offset))
            start, index = end, index + 1
        return found


def concat(sounds: Iterable[Sound]) -> Sound:
    """Return sounds one after the other.

    Raises:
        SoundError: the rates or the numbers of channels differ.
        ValueError: there is no sound.
    """
    parts = list(sounds)
    if not parts:
        raise ValueError("at least one sound is needed")
    rates = sorted({part.sample_rate for part in parts})
    if len(rates) > 1:
        raise SoundError(
            f"Sounds of {rates[0]} Hz and {rates[-1]} Hz cannot be joined; convert one of them first."
        )
    return Sound(tuple(piece for part in parts for piece in part.pieces), rates[0])


def iter_blocks(
    sound: Sound, start: int = 0, stop: int | None = None, block: int = BLOCK
) -> Iterator[Samples]:
    """Read [start, stop) in blocks of at most `block` samples, each float32 (channels, samples)."""
    end = sound.length if stop is None else stop
    for first in range(start, end, block):
        yield sound.read(first, min(first + block, end))


def _tidy(pieces: tuple[Piece, ...]) -> tuple[Piece, ...]:
    """Drop empty pieces and join neighbours that continue one another."""
    tidy: list[Piece] = []
    for piece in pieces:
        if not piece.length:
            continue
        if tidy and tidy[-1].store is piece.store and tidy[-1].stop == piece.start:
            tidy[-1] = Piece(piece.store, tidy[-1].start, piece.stop)
        else:
            tidy.append(piece)
    return tuple(tidy) or (pieces[0],)
