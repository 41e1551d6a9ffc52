"""A/B: several takes of one sound, heard at the same place, at the same level, with a short fade between."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.job import Job, Progress

FADE_S = 0.008
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


class TakeMixer:
    """Lets one of several takes through; a change is a fade of 8 ms, sample aligned.

    Used in the sound card's thread: the other threads only replace `take` and `gains`.

    Args:
        count: number of takes.
        sample_rate: of the output, Hz.
        take: the one heard first.
        gains: factor per take.
    """

    def __init__(self, count: int, sample_rate: int, take: int, gains: Sequence[float]) -> None:
        self.take = take
        self.gains = tuple(gains)
        self._step = 1.0 / max(1, round(FADE_S * sample_rate))
        self._weights = np.zeros(count)
        self._weights[take] = 1.0
        self._now = self.gains

    def mix(self, blocks: Samples, out: Samples) -> None:
        """Write the next samples.

        Args:
            blocks: float32 (takes, samples, channels).
            out: float32 (samples, channels), overwritten.
        """
        take, gains = self.take, self.gains
        if self._weights[take] >= 1.0 and self._now == gains:
            np.multiply(blocks[take], np.float32(gains[take]), out=out)
            return
        factors = self._ramps(take, gains, len(out))
        out[:] = np.einsum("tn,tnc->nc", factors, blocks)

    def _ramps(self, take: int, gains: tuple[float, ...], length: int) -> Samples:
        """Return factors (takes, length) that move weights and gains towards what is wanted."""
        time = np.arange(1, length + 1)
        direction = np.full(len(gains), -self._step)
        direction[take] = self._step
        weights: NDArray[np.float64] = np.clip(self._weights[:, None] + direction[:, None] * time, 0.0, 1.0)
        # A third take may be half way out when the next change comes: the sum stays 1 all the same.
        weights /= weights.sum(axis=0)
        self._weights = weights[:, -1]
        before, after = (np.array(values)[:, None] for values in (self._now, gains))
        most = self._step * time
        moved = before + np.clip(after - before, -most, most)
        self._now = gains if np.array_equal(moved[:, -1:], after) else tuple(moved[:, -1])
        factors: Samples = (weights * moved).astype(np.float32)
        return factors
