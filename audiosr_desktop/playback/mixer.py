"""TakeMixer: lets one of several takes through; a change is a short fade at the same place."""

from collections.abc import Sequence

import numpy as np

from audiosr_desktop.dsp.overlap import Samples, raised_cosine_fade

FADE_S = 0.005
DUCK_S = 0.05  # silence at a switch, fades included, for blind trials


class TakeMixer:
    """Lets one of several takes through; a change is a cross-fade of 5 ms, sample aligned.

    Used in the sound card's thread: the other threads only replace `take`, `gains` and `duck`.

    Args:
        count: number of takes.
        sample_rate: of the output, Hz.
        take: the one heard first.
        gains: factor per take.
        duck: go through 50 ms of silence when the take changes, which hides clicks of alignment and of level.
    """

    def __init__(
        self, count: int, sample_rate: int, take: int, gains: Sequence[float], *, duck: bool = False
    ) -> None:
        self.take = take
        self.gains = tuple(gains)
        self.duck = duck
        self._count = count
        self._heard = (take, self.gains)
        rise = raised_cosine_fade(max(1, round(FADE_S * sample_rate)))
        quiet = np.zeros(max(0, round(DUCK_S * sample_rate) - 2 * rise.size), np.float32)
        self._shapes = {  # how what was heard goes, and how what is wanted comes
            False: (1.0 - rise, rise),
            True: (
                np.concatenate([1.0 - rise, quiet, 0.0 * rise]),
                np.concatenate([0.0 * rise, quiet, rise]),
            ),
        }
        self._shape = self._shapes[False]
        self._at = rise.size  # samples of the shape that are done
        self._from = self._to = self._factors(*self._heard)

    def mix(self, blocks: Samples, out: Samples) -> None:
        """Write the next samples.

        Args:
            blocks: float32 (takes, samples, channels).
            out: float32 (samples, channels), overwritten.
        """
        wanted = (self.take, self.gains)
        if wanted != self._heard:
            self._turn_to(*wanted)
        done = 0
        if self._at < self._shape[0].size:
            done = min(len(out), self._shape[0].size - self._at)
            fall, rise = (curve[self._at : self._at + done] for curve in self._shape)
            factors = self._from[:, None] * fall + self._to[:, None] * rise
            out[:done] = np.einsum("tn,tnc->nc", factors, blocks[:, :done])
            self._at += done
        take, gains = self._heard
        np.multiply(blocks[take, done:], np.float32(gains[take]), out=out[done:])

    def _turn_to(self, take: int, gains: tuple[float, ...]) -> None:
        """Begin a change from what is heard at this moment, which may be the middle of another."""
        if self._at < self._shape[0].size:
            fall, rise = (float(curve[self._at]) for curve in self._shape)
            self._from = self._from * np.float32(fall) + self._to * np.float32(rise)
        else:
            self._from = self._to
        self._to = self._factors(take, gains)
        self._shape = self._shapes[self.duck and take != self._heard[0]]
        self._heard = (take, gains)
        self._at = 0

    def _factors(self, take: int, gains: tuple[float, ...]) -> Samples:
        factors = np.zeros(self._count, np.float32)
        factors[take] = gains[take]
        return factors
