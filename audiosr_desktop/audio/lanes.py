"""Lanes: some channels of a sound as a sound of their own, and put back beside the others."""

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Piece, Sound
from audiosr_desktop.audio.store import SampleStore


@dataclass(frozen=True, slots=True)
class Lane:
    """One channel of a store, from a sample on.

    Attributes:
        store: where the samples are; never a `LaneStore`.
        channel: which of its channels.
        start: the sample of the store that is the first one here.
    """

    store: SampleStore
    channel: int
    start: int


class LaneStore:
    """Channels of other stores side by side: it holds no samples, and so keeps all their bits.

    Args:
        lanes: one for each channel.
        length: samples that every lane has from its start on.
    """

    def __init__(self, lanes: Sequence[Lane], length: int) -> None:
        if not lanes or any(not 0 <= lane.channel < lane.store.channels for lane in lanes):
            raise ValueError("each lane needs a channel that its store has")
        if any(lane.start < 0 or lane.start + length > lane.store.length for lane in lanes):
            raise ValueError(f"a lane has no {length} samples")
        self.lanes, self._length = tuple(lanes), length

    @property
    def channels(self) -> int:
        """Number of channels."""
        return len(self.lanes)

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop) as a new array; each store is read once.

        Raises:
            AudioFileError: a store's file cannot be read.
        """
        if not 0 <= start <= stop <= self._length:
            raise ValueError(f"samples [{start}, {stop}) are not inside [0, {self._length})")
        out = np.empty((len(self.lanes), stop - start), dtype)
        read: dict[tuple[int, int], NDArray[Any]] = {}
        for place, lane in enumerate(self.lanes):
            key = id(lane.store), lane.start
            if key not in read:
                read[key] = lane.store.read(lane.start + start, lane.start + stop, dtype)
            out[place] = read[key][lane.channel]
        return out


def picked(sound: Sound, channels: Sequence[int]) -> Sound:
    """Return some channels of a sound, in the order given; no samples are copied.

    Raises:
        IndexError: there is no such channel.
    """
    pieces = []
    for piece in sound.pieces:
        lanes = _lanes_of(piece)
        pieces.append(_piece([lanes[channel] for channel in channels], piece.length))
    return Sound(tuple(pieces), sound.sample_rate)


def channels_of(sound: Sound, region: Region) -> Sound:
    """Return the channels that a region means as a sound of their own; the sound itself for all."""
    return sound if region.channels is None else picked(sound, region.channels)


def put_back(sound: Sound, part: Sound, channels: Sequence[int]) -> Sound:
    """Return a sound with some of its channels replaced; the others stay the same samples.

    Args:
        sound: with all channels.
        part: what takes the place of `channels`, in their order; as long as `sound`.
        channels: which.

    Raises:
        ValueError: the lengths, rates or numbers of channels do not fit.
    """
    wanted = (sound.length, sound.sample_rate, len(channels))
    if (part.length, part.sample_rate, part.channels) != wanted:
        raise ValueError(f"channels of another shape than {wanted}")
    pieces = []
    for whole, other in _side_by_side(sound, part):
        before = _lanes_of(whole)
        lanes = list(before)
        for channel, lane in zip(channels, _lanes_of(other), strict=True):
            lanes[channel] = lane
        # where nothing differs the piece stays the one it was: views and projects know it by its store
        pieces.append(whole if tuple(lanes) == before else _piece(lanes, whole.length))
    return Sound(tuple(pieces), sound.sample_rate) if pieces else sound


def _lanes_of(piece: Piece) -> tuple[Lane, ...]:
    """Return a piece's channels, down to the stores that hold samples."""
    if isinstance(piece.store, LaneStore):
        return tuple(Lane(lane.store, lane.channel, lane.start + piece.start) for lane in piece.store.lanes)
    return tuple(Lane(piece.store, channel, piece.start) for channel in range(piece.store.channels))


def _piece(lanes: Sequence[Lane], length: int) -> Piece:
    """Return lanes as a piece: of their own store where they are all of one, in its order."""
    first = lanes[0]
    if len(lanes) == first.store.channels and all(
        lane.store is first.store and lane.start == first.start and lane.channel == place
        for place, lane in enumerate(lanes)
    ):
        return Piece(first.store, first.start, first.start + length)
    return Piece(LaneStore(lanes, length), 0, length)


def _side_by_side(first: Sound, second: Sound) -> Iterator[tuple[Piece, Piece]]:
    """Yield the pieces of two sounds of one length, cut where either has a seam."""
    ends = [tuple(accumulate(piece.length for piece in sound.pieces)) for sound in (first, second)]
    start = 0
    for stop in sorted({end for row in ends for end in row if end}):
        yield _part(first, ends[0], start, stop), _part(second, ends[1], start, stop)
        start = stop


def _part(sound: Sound, ends: Sequence[int], start: int, stop: int) -> Piece:
    index = bisect_right(ends, start)
    piece = sound.pieces[index]
    offset = piece.stop - ends[index]
    return Piece(piece.store, start + offset, stop + offset)
