"""The gain on the way into a model: sound that is far quieter or louder than what it was trained on.

It is a function of the place in the document and of the sound around it, so it depends neither on the length
of the document nor on what is asked for, and it changes slowly: nothing jumps where windows meet.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from audiosr_desktop.engine.manifest import HOP_LENGTH

Samples = npt.NDArray[np.float32]

BLOCK = 64 * HOP_LENGTH  # samples of one measurement of the level: 0.64 s
TRAINED_DB = (-32.0, -6.0)  # RMS of the loudest block around: in between the sound goes in as it is
QUIETEST_DB = -70.0  # what is quieter is silence, and not raised further
HELD = 12  # blocks that a loud one goes on to count, so that the gain does not follow every pause
AHEAD = 2  # blocks that are looked ahead, so that the gain has come down when something loud begins

_READ = 8  # blocks read at once


class InputLevel:
    """Measures levels where they are needed and remembers them.

    Args:
        read: samples [a, b) of the document at 48 kHz, float32 (channels, b - a).
        length: of the document.
    """

    def __init__(self, read: Callable[[int, int], Samples], length: int) -> None:
        self._read, self._length = read, length
        self._levels_db: dict[int, float] = {}

    def gains(self, start: int, stop: int) -> Samples:
        """Return the factor for each of samples [start, stop), shared by all channels; 1 at usual levels."""
        first, last = start // BLOCK, -(-stop // BLOCK)
        self._measure(first - AHEAD - HELD, last + AHEAD + 1)
        nodes_db = [self._gain_db(node) for node in range(first, last + 1)]
        if not any(nodes_db):
            return np.ones(stop - start, np.float32)
        places = BLOCK * np.arange(first, last + 1)
        gains_db = np.interp(np.arange(start, stop), places, nodes_db)
        return (10.0 ** (gains_db / 20.0)).astype(np.float32)

    def _gain_db(self, node: int) -> float:
        """Return the gain at the start of a block: the mean of what this and the ones before need."""
        return sum(self._needed_db(max(0, node - back)) for back in range(AHEAD + 1)) / (AHEAD + 1)

    def _needed_db(self, node: int) -> float:
        around = range(node - HELD, node + AHEAD + 1)
        loudest = max((self._levels_db.get(block, QUIETEST_DB) for block in around), default=QUIETEST_DB)
        return float(np.clip(loudest, *TRAINED_DB)) - loudest

    def _measure(self, first: int, last: int) -> None:
        """Measure blocks [first, last) as far as the document has them and they are not known."""
        count = -(-self._length // BLOCK)
        missing = [block for block in range(max(0, first), min(last, count)) if block not in self._levels_db]
        if not missing:
            return
        for start in range(missing[0], missing[-1] + 1, _READ):
            stop = min(start + _READ, missing[-1] + 1)
            samples = self._read(start * BLOCK, min(stop * BLOCK, self._length))
            for block in range(start, stop):
                part = samples[:, (block - start) * BLOCK : (block - start + 1) * BLOCK].astype(np.float64)
                power = float(np.square(part - part.mean(axis=1, keepdims=True)).mean())
                self._levels_db[block] = max(QUIETEST_DB, 10.0 * float(np.log10(power + 1e-20)))
