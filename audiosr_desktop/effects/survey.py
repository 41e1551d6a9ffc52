"""What is measured on a whole sound before anything is done to it: the end of its band and its level."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Sound
from audiosr_desktop.dsp.cutoff import CutoffEstimate, estimate_cutoff
from audiosr_desktop.job import Job, Progress, part_of

Samples = npt.NDArray[np.float32]
Cleaner = Callable[[Samples], Samples]

SURVEY_BLOCKS = 64  # blocks of a long sound that are looked at
SILENCE_DB = -70.0


@dataclass(frozen=True, slots=True)
class Survey:
    """What is measured before anything is generated.

    Attributes:
        cutoff: of the whole sound, or of the region where the whole is full-band.
        level_db: RMS of the blocks that are not silent.
    """

    cutoff: CutoffEstimate
    level_db: float


def survey_sound(sound: Sound, region: Region, clean: Cleaner | None = None) -> Job[Survey | None]:
    """Measure cutoff and level on blocks of the whole sound, so that they do not depend on the region.

    Where the whole sound is full-band but the region is not (a telephone call in a film), the region's cutoff
    counts. Silence has neither: None.

    Args:
        sound: the whole document.
        region: what is to be worked on.
        clean: takes known noise and tones out of a block before it is measured; they hide an edge.
    """
    blocks = yield from part_of(_heard_blocks(sound, 0, sound.length, clean), 0.0, 0.7)
    if not blocks:
        return None
    power = sum(float(np.square(block, dtype=np.float64).sum()) for block in blocks)
    level_db = 10.0 * float(np.log10(power / sum(block.size for block in blocks)))
    cutoff = estimate_cutoff(blocks, sound.sample_rate)
    if cutoff.full_band and region.length < sound.length:
        inside = yield from part_of(_heard_blocks(sound, region.start, region.stop, clean), 0.7, 1.0)
        if inside:
            cutoff = estimate_cutoff(inside, sound.sample_rate)
    yield Progress(1.0, "Measuring")
    return Survey(cutoff, level_db)


def _heard_blocks(sound: Sound, start: int, stop: int, clean: Cleaner | None) -> Job[list[Samples]]:
    """Read blocks spread evenly over [start, stop), without their mean; leave out silent and broken ones."""
    heard = []
    for index, first in enumerate(_spread(start, stop)):
        block = sound.read(first, min(first + BLOCK, stop))
        block = block - block.mean(axis=1, keepdims=True)
        power = float(np.square(block, dtype=np.float64).mean())
        if np.isfinite(power) and power > 10.0 ** (SILENCE_DB / 10.0):
            heard.append(clean(block) if clean is not None else block)
        yield Progress(min(1.0, (index + 1) / SURVEY_BLOCKS), "Measuring")
    return heard


def _spread(start: int, stop: int) -> Iterator[int]:
    count = -(-(stop - start) // BLOCK)
    kept = min(count, SURVEY_BLOCKS)
    return (start + index * count // kept * BLOCK for index in range(kept))
