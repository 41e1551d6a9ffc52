"""Stores over sound files: one that is read where it lies, and one that was decoded first."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from audiosr_desktop.audio.formats import read_dtype
from audiosr_desktop.audio.store import SampleStore, check_range
from audiosr_desktop.errors import AudioFileError


class _SteadyFile(soundfile.SoundFile):  # type: ignore[misc]
    """A file that stays where a read left it.

    The binding asks where it is and seeks there again around each read of a file that can seek. In FLAC that
    decodes once more, and for short reads of any format it takes longer than reading.
    """

    def seekable(self) -> bool:
        """Return False, which leaves all seeking to the caller."""
        return False


class _OfFile:
    """What belongs to a file of some name, as long as no other file takes that name."""

    def __init__(self, path: Path) -> None:
        self._path, self._stamp = path, _stamp(path)

    @property
    def path(self) -> Path:
        """The sound file."""
        return self._path

    @property
    def is_current(self) -> bool:
        """Whether the file of that name still is the one that was opened or decoded."""
        return _stamp(self._path) == self._stamp


class FileStore(_OfFile):
    """Samples read from their own sound file when asked for; any thread may read.

    For formats whose decoder finds each sample exactly after a seek; the file stays open, so
    replacing it by a rename does not disturb the reader.

    Args:
        path: the file.
        length: number of samples that the file holds.
    """

    def __init__(self, path: Path, length: int) -> None:
        self._lock = threading.Lock()
        try:
            self._file = _SteadyFile(native_name(path))
        except (soundfile.LibsndfileError, OSError) as error:
            raise AudioFileError(f"{path.name} cannot be opened: {error}.", path) from error
        self._length = length
        self._position = 0
        super().__init__(path)

    @property
    def dtype(self) -> type[np.floating[Any]]:
        """The float type that holds all bits of its samples."""
        return read_dtype(self._file.subtype)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return int(self._file.channels)

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop) as a new array.

        Raises:
            AudioFileError: the file gives an error or ends early, as when its disk was taken away.
        """
        check_range(start, stop, self.length)
        with self._lock:
            try:
                if start != self._position:  # a seek in FLAC decodes again: go on where we are
                    self._position = self._file.seek(start)
                samples = self._file.read(out=np.empty((stop - start, self.channels), dtype))
            except (soundfile.LibsndfileError, OSError) as error:
                self._position = -1
                raise AudioFileError(
                    f"{self._path.name} cannot be read at sample {start}: {error}; "
                    "the file is damaged or no longer there.",
                    self._path,
                ) from error
            self._position = start + len(samples)
        if len(samples) != stop - start:
            raise AudioFileError(
                f"{self._path.name} ends at sample {start + len(samples)} of {self.length}; "
                "the file was cut short.",
                self._path,
            )
        return np.ascontiguousarray(samples.T)


class DecodedStore(_OfFile):
    """Samples of a lossy sound file, decoded once into another store."""

    dtype = np.float32

    def __init__(self, path: Path, decoded: SampleStore) -> None:
        super().__init__(path)
        self._decoded = decoded

    @property
    def decoded(self) -> SampleStore:
        """Where the samples are."""
        return self._decoded

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._decoded.channels

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._decoded.length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop)."""
        return self._decoded.read(start, stop, dtype)


def native_name(path: Path) -> Path | bytes:
    """Return a path as libsndfile's binding takes it, names that are no UTF-8 included."""
    return path if sys.platform == "win32" else os.fsencode(path)


def _stamp(path: Path) -> tuple[int, int, int] | None:
    """Return what changes when another file takes the name."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_size, found.st_mtime_ns, found.st_ino
