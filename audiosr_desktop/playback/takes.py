"""Takes while they are compared: their letters, and the gains at which they are equally loud."""

import math
from collections.abc import Sequence

import numpy as np

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


def letter(number: int) -> str:
    """Return the letter of a take: A, B … Z, then AA, AB and so on."""
    return (letter(number // 26 - 1) if number >= 26 else "") + chr(ord("A") + number % 26)
