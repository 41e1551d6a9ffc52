"""Delta: the difference of two sounds, computed where it is read, for hearing what an edit did."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop.audio.sound import Sound


class DifferenceStore:
    """Samples of `after` minus those of `before`; both have the same length and channels."""

    def __init__(self, before: Sound, after: Sound) -> None:
        self._before, self._after = before, after

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._after.channels

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._after.length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop) of the difference."""
        return self._after.read(start, stop, dtype) - self._before.read(start, stop, dtype)


def difference(before: Sound, after: Sound) -> Sound:
    """Return `after` minus `before` as a sound."""
    return Sound.from_store(DifferenceStore(before, after), after.sample_rate)
