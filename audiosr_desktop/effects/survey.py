"""What is measured on a whole sound before anything is done to it: the end of its band and its level."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Sound
from audiosr_desktop.dsp.cutoff import CutoffEstimate, estimate_cutoff, is_emptier
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
    counts, unless the region is only dull. Silence has neither: None.

    Args:
        sound: the whole document.
        region: what is to be worked on.
        clean: takes known noise and tones out of a block before it is measured; they hide an edge.
    """
    heard = yield from part_of(_heard_blocks(sound, 0, sound.length, clean), 0.0, 0.7)
    if not heard:
        return None
    blocks = [block for _, block in heard]
    power = sum(float(np.square(block, dtype=np.float64).sum()) for block in blocks)
    level_db = 10.0 * float(np.log10(power / sum(block.size for block in blocks)))
    cutoff = estimate_cutoff(blocks, sound.sample_rate)
    if cutoff.full_band and region.length < sound.length:
        part = yield from part_of(_heard_blocks(sound, region.start, region.stop, clean), 0.7, 1.0)
        cutoff = _narrower([block for _, block in part], _outside(heard, region), sound.sample_rate, cutoff)
    yield Progress(1.0, "Measuring")
    return Survey(cutoff, level_db)


def _narrower(
    inside: Sequence[Samples], outside: Sequence[Samples], sample_rate: int, whole: CutoffEstimate
) -> CutoffEstimate:
    """Return the cutoff of a part of a full-band sound, where it is cut off there and not only dull."""
    if not inside:
        return whole
    found = estimate_cutoff(inside, sample_rate)
    if found.full_band or found.steep or is_emptier(inside, outside, sample_rate, found.cutoff_hz):
        return found
    return whole


def _outside(heard: Sequence[tuple[int, Samples]], region: Region) -> list[Samples]:
    """Return what of blocks, each with its place, lies outside a region."""
    parts = []
    for first, block in heard:
        parts += [block[:, : max(0, region.start - first)], block[:, max(0, region.stop - first) :]]
    return [part for part in parts if part.shape[1]]


def _heard_blocks(
    sound: Sound, start: int, stop: int, clean: Cleaner | None
) -> Job[list[tuple[int, Samples]]]:
    """Read blocks spread evenly over [start, stop), each with its place and less its mean; no silent ones."""
    heard = []
    for index, first in enumerate(_spread(start, stop)):
        block = sound.read(first, min(first + BLOCK, stop))
        block = block - block.mean(axis=1, keepdims=True)
        power = float(np.square(block, dtype=np.float64).mean())
        if np.isfinite(power) and power > 10.0 ** (SILENCE_DB / 10.0):
            heard.append((first, clean(block) if clean is not None else block))
        yield Progress(min(1.0, (index + 1) / SURVEY_BLOCKS), "Measuring")
    return heard


def _spread(start: int, stop: int) -> Iterator[int]:
    count = -(-(stop - start) // BLOCK)
    kept = min(count, SURVEY_BLOCKS)
    return (start + index * count // kept * BLOCK for index in range(kept))
