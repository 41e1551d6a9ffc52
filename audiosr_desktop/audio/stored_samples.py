"""StoredSamples: samples that lie in a project."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop.audio.project_database import BLOCK

if TYPE_CHECKING:
    from audiosr_desktop.audio.project import ProjectFile


class StoredSamples:
    """Samples read from a project when asked for; any thread may read."""

    def __init__(self, owner: "ProjectFile", number: int, channels: int, length: int, dtype: str) -> None:
        self.dtype = dtype
        self._place = owner, number  # a pair that is replaced as a whole
        self._channels, self._length = channels, length
        self._last: tuple[int, NDArray[Any]] | None = None  # a pair that is replaced as a whole

    @property
    def place(self) -> tuple["ProjectFile", int]:
        """The project that is read, and the number there."""
        return self._place

    def move(self, owner: "ProjectFile", number: int) -> None:
        """Read the same samples from another project from now on."""
        self._place = owner, number

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
            AudioFileError: the project cannot be read, as when its disk was taken away.
        """
        if not 0 <= start <= stop <= self._length:
            raise ValueError(f"samples [{start}, {stop}) are not inside [0, {self._length})")
        parts = [block[:, max(0, start - first) : stop - first] for first, block in self._blocks(start, stop)]
        joined = np.concatenate(parts, axis=1) if parts else np.zeros((self._channels, 0))
        return np.ascontiguousarray(joined, dtype=dtype)

    def _blocks(self, start: int, stop: int) -> Iterator[tuple[int, NDArray[Any]]]:
        for first in range(start // BLOCK * BLOCK, stop, BLOCK):
            last = self._last
            if last is None or last[0] != first:
                owner, number = self._place
                data = np.frombuffer(owner.block(number, first), self.dtype)
                last = (first, data.reshape(-1, self._channels).T)
                self._last = last
            yield last
