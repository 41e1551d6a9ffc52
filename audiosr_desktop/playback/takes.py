"""Takes: several versions of one region, and the gains at which they are equally loud."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.job import Job, Progress

LOUDNESS_FROM_S = 3.0  # below this, gated loudness says little: RMS is compared
MOST_GAIN_DB = 24.0


def matched_gains_db(takes: Sequence[Sound], start: int, stop: int) -> Job[list[float]]:
    """Find the gains that make all takes as loud as the softest one in [start, stop).

    Takes are only turned down: none can clip that did not before. Integrated loudness (ITU-R BS.1770-4) is
    compared when the span has 3 s or more, RMS when it is shorter. A silent take keeps its level.

    Returns:
        One gain per take, 0 or below, dB.
    """
    from audiosr_desktop.dsp.level import LoudnessMeter, power_to_db  # noqa: PLC0415  loads scipy: not at start

    levels = []
    for number, take in enumerate(takes):
        length = max(1, min(stop, take.length) - start)
        meter = LoudnessMeter(take.sample_rate, take.channels)
        power, count = 0.0, 0
        for block in iter_blocks(take, min(start, take.length), min(stop, take.length)):
            yield Progress((number + min(1.0, count / length)) / len(takes), "Matching levels")
            if (stop - start) >= LOUDNESS_FROM_S * take.sample_rate:
                meter.add(block)
            power += float(np.square(block, dtype=np.float64).sum()) / take.channels
            count += block.shape[1]
        if (stop - start) >= LOUDNESS_FROM_S * take.sample_rate:
            levels.append(meter.result())
        else:
            levels.append(power_to_db(power / count) if count else -math.inf)
    heard = [level for level in levels if math.isfinite(level)]
    softest = min(heard, default=0.0)
    return [max(softest - level, -MOST_GAIN_DB) if math.isfinite(level) else 0.0 for level in levels]


@dataclass(frozen=True, slots=True)
class Take:
    """One of several versions of a region.

    Attributes:
        name: for the user, "Variation 2".
        sound: the region's samples alone.
        facts: how it was made (effect, seed, model, settings); plain values that JSON can hold.
    """

    name: str
    sound: Sound
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakeSet:
    """All takes of one region: the first is the source, what was there before. A value that can be stored.

    Attributes:
        region: where they belong, in samples of the document.
        takes: the source first, then results, oldest first.
        chosen: number of the one that is in the document.
    """

    region: Region
    takes: tuple[Take, ...]
    chosen: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.chosen < len(self.takes):
            raise ValueError(f"take {self.chosen} of {len(self.takes)} cannot be chosen")

    def added(self, take: Take) -> "TakeSet":
        """Return the set with one more take, which is not chosen."""
        return replace(self, takes=(*self.takes, take))

    def renamed(self, number: int, name: str) -> "TakeSet":
        """Return the set with another name for a take."""
        takes = list(self.takes)
        takes[number] = replace(takes[number], name=name)
        return replace(self, takes=tuple(takes))

    def with_chosen(self, number: int) -> "TakeSet":
        """Return the set with another take chosen.

        Raises:
            ValueError: there is no such take.
        """
        return replace(self, chosen=number)

    def without(self, number: int) -> "TakeSet":
        """Return the set with one take less.

        Raises:
            ValueError: it is the source, or the chosen one.
        """
        if number in (0, self.chosen):
            raise ValueError("neither the source nor the take in use can be dropped")
        kept = tuple(take for index, take in enumerate(self.takes) if index != number)
        return replace(self, takes=kept, chosen=self.chosen - (number < self.chosen))

    def in_place(self, around: Sound) -> list[Sound]:
        """Return the whole document with each take in its place.

        Raises:
            SoundError: the document has another rate or number of channels than the takes.
        """
        where = Region(self.region.start, self.region.stop)
        return [around.splice(where, take.sound) for take in self.takes]


def letter(number: int) -> str:
    """Return the letter of a take: A, B … Z, then AA, AB and so on."""
    return (letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)
