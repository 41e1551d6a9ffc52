"""The gain on the way into a model: sound that is far quieter or louder than what it was trained on.

It is a function of the place in the document and of the sound around it, so it depends neither on the length
of the document nor on what is asked for, and it changes slowly: nothing jumps where windows meet.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from audiosr_desktop.engine.manifest import HOP_LENGTH

Samples = npt.NDArray[np.float32]

BLOCK = 16 * HOP_LENGTH  # samples of one measurement of the level: 0.16 s
MEAN = 4  # blocks, this one and those before it, whose mean power is a level
TRAINED_DB = (-32.0, -6.0)  # the loudest level around: in between the sound goes in as it is
QUIETEST_DB = -70.0  # what is quieter is silence, and not raised further
HELD = 48  # blocks that a loud one goes on to count, so that the gain does not follow every pause
AHEAD = MEAN - 1  # blocks that are looked ahead, so that the gain has come down when something loud begins

_SMOOTH = 3  # blocks over which a change of the gain is spread
_READ = 32  # blocks read at once


class InputLevel:
    """Measures levels where they are needed and remembers them.

    Args:
        read: samples [a, b) of the document at 48 kHz, float32 (channels, b - a).
        length: of the document.
    """

    def __init__(self, read: Callable[[int, int], Samples], length: int) -> None:
        self._read, self._length = read, length
        self._powers: dict[int, float] = {}

    def gains(self, start: int, stop: int) -> Samples:
        """Return the factor for each of samples [start, stop), shared by all channels; 1 at usual levels."""
        first, last = start // BLOCK, -(-stop // BLOCK)
        earliest = max(0, first - (_SMOOTH - 1))
        self._measure(earliest - HELD - (MEAN - 1), last + AHEAD + 1)
        needed_db = self._needed_db(earliest, last + 1)
        nodes_db = [
            sum(needed_db[max(0, node - back) - earliest] for back in range(_SMOOTH)) / _SMOOTH
            for node in range(first, last + 1)
        ]
        if not any(nodes_db):
            return np.ones(stop - start, np.float32)
        places = BLOCK * np.arange(first, last + 1)
        gains_db = np.interp(np.arange(start, stop), places, nodes_db)
        return (10.0 ** (gains_db / 20.0)).astype(np.float32)

    def _needed_db(self, first: int, stop: int) -> list[float]:
        """Return what the starts of blocks [first, stop) need by themselves."""
        levels_db = [self._level_db(block) for block in range(first - HELD, stop + AHEAD)]
        loudest_db = [max(levels_db[place : place + HELD + AHEAD + 1]) for place in range(stop - first)]
        return [float(np.clip(loudest, *TRAINED_DB)) - loudest for loudest in loudest_db]

    def _level_db(self, block: int) -> float:
        """Return the level of a block and those before it, as far as the document has any."""
        blocks = range(max(0, block - MEAN + 1), block + 1)
        power = sum(self._powers.get(index, 0.0) for index in blocks) / max(1, len(blocks))
        return max(QUIETEST_DB, 10.0 * float(np.log10(power + 1e-20)))

    def _measure(self, first: int, last: int) -> None:
        """Measure blocks [first, last) as far as the document has them and they are not known."""
        count = -(-self._length // BLOCK)
        missing = [block for block in range(max(0, first), min(last, count)) if block not in self._powers]
        if not missing:
            return
        for start in range(missing[0], missing[-1] + 1, _READ):
            stop = min(start + _READ, missing[-1] + 1)
            samples = self._read(start * BLOCK, min(stop * BLOCK, self._length))
            for block in range(start, stop):
                part = samples[:, (block - start) * BLOCK : (block - start + 1) * BLOCK].astype(np.float64)
                self._powers[block] = float(np.square(part - part.mean(axis=1, keepdims=True)).mean())
