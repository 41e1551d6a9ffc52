"""The mapped file through which samples cross between the program and a plugin's process."""

import mmap
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float32]

AREA_BYTES = 4 << 20  # of samples that cross at once


class Area:
    """A mapped file through which samples cross; whoever speaks writes, whoever answers reads."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), AREA_BYTES)
        self._samples: Samples = np.frombuffer(self._map, np.float32)

    @staticmethod
    def make(path: Path) -> None:
        """Make the file."""
        path.write_bytes(b"")
        with path.open("r+b") as file:
            file.truncate(AREA_BYTES)

    @staticmethod
    def room(channels: int) -> int:
        """Return how many samples of so many channels cross at once."""
        return AREA_BYTES // (4 * channels)

    def put(self, samples: Samples) -> None:
        """Write a block, (channels, samples)."""
        self._samples[: samples.size].reshape(samples.shape)[...] = samples

    def get(self, channels: int, length: int) -> Samples:
        """Return a copy of a block that the other side wrote."""
        return self._samples[: channels * length].reshape(channels, length).copy()

    def close(self) -> None:
        """Let the file go."""
        del self._samples  # a map with a view cannot be closed
        self._map.close()
