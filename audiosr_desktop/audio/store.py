"""SampleStore: read-only samples, in memory or in the scratch folder."""

import contextlib
import os
import secrets
import shutil
import tempfile
import threading
import weakref
from io import FileIO
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol, Self, TypeAlias

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop import paths
from audiosr_desktop.audio.run_folders import AUTOSAVES, remove_stale, take_lock
from audiosr_desktop.errors import AudioFileError

Samples: TypeAlias = NDArray[np.float32]

_IN_MEMORY_BYTES = 8_000_000  # results smaller than this need no file


class SampleStore(Protocol):
    """Samples that never change."""

    @property
    def channels(self) -> int:
        """Number of channels."""

    @property
    def length(self) -> int:
        """Number of samples per channel."""

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop) as (channels, stop - start): a new array or a read-only view."""


class ArrayStore:
    """Samples held in memory.

    Args:
        samples: (channels, samples); copied as float32 and frozen.
    """

    def __init__(self, samples: NDArray[Any]) -> None:
        if samples.ndim != 2 or samples.shape[0] < 1:
            raise ValueError(f"samples must be (channels, samples), not {samples.shape}")
        self._samples: Samples = np.array(samples, dtype=np.float32, order="C")
        self._samples.setflags(write=False)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self._samples.shape[0])

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return int(self._samples.shape[1])

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop); a read-only view for float32."""
        check_range(start, stop, self.length)
        part = self._samples[:, start:stop]
        return part if part.dtype == dtype else part.astype(dtype)


class SilenceStore:
    """Digital silence of any length; it takes no space."""

    def __init__(self, channels: int, length: int) -> None:
        if channels < 1 or length < 0:
            raise ValueError(f"silence needs a channel and no negative length, not {channels}, {length}")
        self._channels, self._length = channels, length

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._channels

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return zeros."""
        check_range(start, stop, self.length)
        return np.zeros((self._channels, stop - start), dtype)


class ScratchStore:
    """Samples in a float32 file of the scratch folder, interleaved; any thread may read.

    Read by position and not mapped: pages of a mapping count as memory of the program, and a two-hour
    sound would fill it. The file goes when nothing uses the store any more.
    """

    def __init__(self, path: Path, channels: int, length: int) -> None:
        self._channels = channels
        self._length = length
        self._path = path
        self._lock = threading.Lock()
        self._file = path.open("rb", buffering=0)
        self._finalizer = weakref.finalize(self, _drop_file, self._file, path)

    @property
    def path(self) -> Path:
        """The scratch file."""
        return self._path

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._channels

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop) as a new array.

        Raises:
            AudioFileError: the scratch file cannot be read, as when its disk was taken away.
        """
        check_range(start, stop, self.length)
        interleaved = np.empty((stop - start, self._channels), np.float32)
        wanted = interleaved.data.cast("B") if interleaved.size else memoryview(b"")
        try:
            with self._lock:
                self._file.seek(start * self._channels * 4)
                while wanted and (got := self._file.readinto(wanted)):  # one read gives at most 2 GiB
                    wanted = wanted[got:]
        except (OSError, ValueError) as error:  # ValueError: the scratch folder was closed
            raise AudioFileError(f"A scratch file cannot be read: {error}.", self._path) from error
        if wanted:
            raise AudioFileError("A scratch file was cut short by another program.", self._path)
        samples = np.ascontiguousarray(interleaved.T)
        return samples if samples.dtype == dtype else samples.astype(dtype)

    def grow(self, length: int) -> None:
        """Tell that the file has become longer; what was there before stays as it is."""
        self._length = length

    def close(self, *, keep: bool = False) -> None:
        """Delete the file, or leave it to the autosave that names it; later reads fail."""
        if keep:
            self._finalizer.detach()
            self._file.close()
        else:
            self._finalizer()


class ScratchWriter:
    """Collects the blocks of one long result; a short one stays in memory.

    As a context manager it drops what was written unless `finish` was reached.
    """

    def __init__(self, scratch: "Scratch", channels: int) -> None:
        if channels < 1:
            raise ValueError(f"a store needs at least one channel, not {channels}")
        self._scratch = scratch
        self._channels = channels
        self._length = 0
        self._blocks: list[Samples] = []
        self._path: Path | None = None
        self._file: FileIO | None = None
        self._store: ScratchStore | None = None  # while it grows
        self._done = False

    @property
    def length(self) -> int:
        """Number of samples written so far."""
        return self._length

    def so_far(self) -> SampleStore:
        """Return a store of what was written; it grows with each block, and `finish` returns the same.

        It is always a file, which stays as long as the store is used, even where the writer is not finished.
        """
        if self._done:
            raise ValueError("the writer is finished")
        if self._store is None:
            path = self._path or self._spill()
            self._store = ScratchStore(path, self._channels, self._length)
            self._scratch.adopt(self._store)
        return self._store

    def write(self, block: NDArray[Any]) -> None:
        """Append a block.

        Args:
            block: (channels, samples), taken as float32.

        Raises:
            AudioFileError: the scratch disk is full or gone.
        """
        if self._done:
            raise ValueError("the writer is finished")
        if block.ndim != 2 or block.shape[0] != self._channels:
            raise ValueError(f"a block must be ({self._channels}, samples), not {block.shape}")
        if self._file is not None:
            self._append(self._file, block)
            self._length += block.shape[1]
            if self._store is not None:
                self._store.grow(self._length)
            return
        self._length += block.shape[1]
        self._blocks.append(np.array(block, dtype=np.float32, order="C"))
        if self._length * self._channels * 4 > _IN_MEMORY_BYTES:
            self._spill()

    def finish(self) -> SampleStore:
        """Return the store of all that was written."""
        if self._done:
            raise ValueError("the writer is finished")
        self._done = True
        if self._file is None or self._path is None:
            blocks = self._blocks or [np.zeros((self._channels, 0), np.float32)]
            self._blocks = []
            return ArrayStore(np.concatenate(blocks, axis=1))
        self._file.close()
        store = self._store or ScratchStore(self._path, self._channels, self._length)
        self._store = None
        self._scratch.adopt(store)
        return store

    def close(self) -> None:
        """Drop what was written, unless it was finished."""
        if self._done:
            return
        self._done = True
        self._blocks = []
        if self._store is not None and self._file is not None:
            self._file.close()
            self._store = None  # the file goes with the last who uses it
        elif self._file is not None and self._path is not None:
            _drop_file(self._file, self._path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _spill(self) -> Path:
        path = self._path = self._scratch.new_path()
        try:
            file = self._file = path.open("wb", buffering=0)
        except OSError as error:
            raise AudioFileError(
                f"The scratch folder cannot be written: {error.strerror}.", self._path
            ) from error
        for block in self._blocks:
            self._append(file, block)
        self._blocks = []
        return path

    def _append(self, file: FileIO, block: NDArray[Any]) -> None:
        rest = np.ascontiguousarray(block.T, dtype=np.float32).reshape(-1).data.cast("B")
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError as error:
            self.close()
            raise AudioFileError(
                f"The scratch folder {self._scratch.folder} cannot be written: {error.strerror}; "
                "free some space and try again.",
                self._path,
            ) from error


class Scratch:
    """The folder of one run of the program for samples that are too many for memory.

    A lock on a file in it tells other runs that it is in use. What a killed run left is removed by the next
    one, unless it holds autosaves: those wait until someone took over the folder and closed it.
    """

    def __init__(self, folder: Path, lock: FileIO) -> None:
        self.folder = folder
        self._lock = lock
        self._stores: weakref.WeakSet[ScratchStore] = weakref.WeakSet()

    @classmethod
    def create(cls, root: Path | None = None) -> "Scratch":
        """Make a folder under `root` (`paths.scratch_root()`; the system's temporary folder when that fails).

        Raises:
            AudioFileError: neither folder can be written.
        """
        roots = [root] if root is not None else [paths.scratch_root(), Path(tempfile.gettempdir())]
        problem: OSError | None = None
        for place in roots:
            try:
                place.mkdir(parents=True, exist_ok=True)
                remove_stale(place)
                folder = place / f"audiosr-{os.getpid()}-{secrets.token_hex(4)}"
                folder.mkdir(mode=0o700)
                return cls(folder, take_lock(folder))
            except OSError as error:
                problem = error
        raise AudioFileError(f"No scratch folder can be made: {problem}.", roots[0]) from problem

    def writer(self, channels: int) -> ScratchWriter:
        """Return a writer for a new store."""
        return ScratchWriter(self, channels)

    def new_path(self) -> Path:
        """Return a new file name in the folder."""
        return self.folder / f"{secrets.token_hex(8)}.f32"

    def copy_of(self, path: Path, channels: int, length: int) -> ScratchStore:
        """Take a scratch file of a killed run into this folder; it stays where it is, too.

        Raises:
            OSError: it is not there.
            ValueError: it is cut short.
        """
        if path.stat().st_size != channels * length * 4:
            raise ValueError(f"{path.name} is cut short")
        copy = self.new_path()
        try:
            os.link(path, copy)
        except OSError:  # another disk, or one without links
            shutil.copyfile(path, copy)
        store = ScratchStore(copy, channels, length)
        self.adopt(store)
        return store

    def adopt(self, store: ScratchStore) -> None:
        """Close `store` together with the folder."""
        self._stores.add(store)

    def close(self) -> None:
        """Remove the folder; its stores can no longer be read. One with an autosave is left for later."""
        kept = any(self.folder.glob(AUTOSAVES))
        for store in list(self._stores):
            store.close(keep=kept)
        self._lock.close()
        if kept:
            return
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def check_range(start: int, stop: int, length: int) -> None:
    """Raise ValueError unless [start, stop) lies inside a store."""
    if not 0 <= start <= stop <= length:
        raise ValueError(f"samples [{start}, {stop}) are not inside [0, {length})")


def _drop_file(file: FileIO, path: Path) -> None:
    file.close()
    with contextlib.suppress(OSError):  # the folder may be gone already
        path.unlink(missing_ok=True)
