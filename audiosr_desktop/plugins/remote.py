"""The program's samples as a plugin's process sees them: read and written over the line."""

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.audio.store import SampleStore, Scratch, ScratchWriter
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.line import Line, Message
from audiosr_desktop.plugins.area import Area

SOURCE = 0  # the store that is the whole document


class Parent:
    """Asks the program, one question at a time."""

    def __init__(self, line: Line, area: Area) -> None:
        self.line, self.area = line, area
        self._ids = itertools.count(SOURCE + 1)

    def ask(self, kind: str, **facts: object) -> Message:
        """Send a message and return the answer.

        Raises:
            AudioFileError: the program could not read or write samples.
        """
        self.line.send(kind, **facts)
        answer = self.line.receive()
        assert answer is not None
        if answer["kind"] == "refused":
            raise AudioFileError(answer["text"])
        return answer

    def new_id(self) -> int:
        """Return a number for a new store."""
        return next(self._ids)


@dataclass(frozen=True, slots=True)
class RemoteStore:
    """Samples that the program holds.

    Attributes:
        parent: asks the program.
        number: by which it knows them.
        channels: number of channels.
        length: number of samples per channel.
    """

    parent: Parent
    number: int
    channels: int
    length: int

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop), read-only: whoever writes to its input has a fault."""
        if not 0 <= start <= stop <= self.length:
            raise ValueError(f"samples [{start}, {stop}) are not inside [0, {self.length})")
        room = Area.room(self.channels)
        parts = [np.zeros((self.channels, 0), np.float32)]
        for first in range(start, stop, room):
            last = min(first + room, stop)
            self.parent.ask("read", store=self.number, start=first, stop=last)
            parts.append(self.parent.area.get(self.channels, last - first))
        samples = (parts[1] if len(parts) == 2 else np.concatenate(parts, axis=1)).astype(dtype, copy=False)
        samples.setflags(write=False)
        return samples


class RemoteWriter(ScratchWriter):
    """Collects a result in the program's scratch folder."""

    def __init__(self, parent: Parent, channels: int) -> None:
        self._parent, self._channels, self._length = parent, channels, 0
        self._number = parent.new_id()
        parent.ask("writer", store=self._number, channels=channels)

    def write(self, block: NDArray[Any]) -> None:
        """Append a block, (channels, samples)."""
        block = np.asarray(block)
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise ValueError(f"a block must be ({self._channels}, samples), not {block.shape}")
        if block.dtype.kind != "f":
            raise ValueError(f"a block must be of floating point numbers, not {block.dtype}")
        room = Area.room(self._channels)
        for first in range(0, block.shape[1], room):
            part = block[:, first : first + room].astype(np.float32, copy=False)
            self._parent.area.put(part)
            self._parent.ask("write", store=self._number, length=part.shape[1])
        self._length += block.shape[1]

    def so_far(self) -> SampleStore:
        """Refuse: the program keeps what is written, and shows it when all is there."""
        raise NotImplementedError("a plugin's result can be read when it is finished")

    def finish(self) -> SampleStore:
        """Return the store of all that was written."""
        self._parent.ask("finish", store=self._number)
        return RemoteStore(self._parent, self._number, self._channels, self._length)

    def close(self) -> None:
        """Leave what was not finished to the program, which drops it with the process."""


class RemoteScratch(Scratch):
    """Gives writers whose samples the program keeps: a plugin's process writes no file of its own."""

    def __init__(self, parent: Parent) -> None:
        self._parent = parent

    def writer(self, channels: int) -> ScratchWriter:
        """Return a writer for a new store."""
        return RemoteWriter(self._parent, channels)

    def new_path(self) -> Path:
        """Refuse: there is no folder here."""
        raise NotImplementedError("a plugin's scratch has no folder; write to `writer(channels)`")


def pieces_of(sound: Sound, scratch: RemoteScratch) -> list[tuple[int, int, int]]:
    """Return a result as (store, start, stop) of stores that the program holds; others are sent to it."""
    pieces = []
    for piece in sound.pieces:
        store, start, stop = piece.store, piece.start, piece.stop
        if not isinstance(store, RemoteStore):
            with scratch.writer(sound.channels) as writer:
                for block in iter_blocks(Sound((piece,), sound.sample_rate)):
                    writer.write(block)
                store, start, stop = writer.finish(), 0, piece.length
        assert isinstance(store, RemoteStore)
        pieces.append((store.number, start, stop))
    return pieces
