"""FrequencyAxis: which frequencies a spectrogram shows, and where."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audiosr_desktop.ui.readout import multiples, round_step

LOG_FLOOR_HZ = 20.0  # a logarithmic axis has no zero
_MIN_SPAN = 1 / 64  # of the whole axis


@dataclass(frozen=True, slots=True)
class FrequencyAxis:
    """Maps frequencies to places: 0 at the bottom of a lane, 1 at its top.

    Attributes:
        nyquist_hz: half the sample rate, the top of the whole axis.
        scale: "linear", "mel" or "log".
        bottom: lowest visible place of the whole axis, 0 to 1.
        top: highest visible place.
    """

    nyquist_hz: float
    scale: str = "linear"
    bottom: float = 0.0
    top: float = 1.0

    def hz_at(self, place: float) -> float:
        """Return the frequency at a place of the visible part."""
        return self._from_scale(self.bottom + place * (self.top - self.bottom))

    def place_of(self, hz: float) -> float:
        """Return the place of a frequency; below 0 or above 1 when it is out of sight."""
        return (self._to_scale(hz) - self.bottom) / (self.top - self.bottom)

    def row_edges(self, rows: int) -> npt.NDArray[np.float64]:
        """Return the frequencies at the edges of `rows` rows, lowest first: rows + 1 values."""
        places = np.linspace(self.bottom, self.top, rows + 1)
        return np.array([self._from_scale(place) for place in places], dtype=np.float64)

    def zoomed(self, factor: float, about: float) -> "FrequencyAxis":
        """Return the axis with `factor` times less in sight, the place `about` staying where it is."""
        span = min(1.0, max(_MIN_SPAN, (self.top - self.bottom) / factor))
        fixed = self.bottom + about * (self.top - self.bottom)
        bottom = min(max(0.0, fixed - about * span), 1.0 - span)
        return FrequencyAxis(self.nyquist_hz, self.scale, bottom, bottom + span)

    def scrolled(self, places: float) -> "FrequencyAxis":
        """Return the axis moved up by a part of what is visible."""
        span = self.top - self.bottom
        bottom = min(max(0.0, self.bottom + places * span), 1.0 - span)
        return FrequencyAxis(self.nyquist_hz, self.scale, bottom, bottom + span)

    def ticks(self, at_most: int) -> list[float]:
        """Return round frequencies for the ruler."""
        low, high = self.hz_at(0.0), self.hz_at(1.0)
        if self.scale == "linear" or high < 4 * max(low, LOG_FLOOR_HZ):
            return list(multiples(round_step(high - low, at_most), low, high))
        decade = math.floor(math.log10(max(low, LOG_FLOOR_HZ)))
        found = [
            factor * 10.0**power
            for power in range(decade, math.ceil(math.log10(high)) + 1)
            for factor in (1, 2, 5)
        ]
        return [hz for hz in found if low <= hz <= high]

    def _to_scale(self, hz: float) -> float:
        if self.scale == "linear":
            return hz / self.nyquist_hz
        if self.scale == "mel":
            return _mel(hz) / _mel(self.nyquist_hz)
        octaves = math.log(self.nyquist_hz / LOG_FLOOR_HZ)
        return math.log(max(hz, 1e-3) / LOG_FLOOR_HZ) / octaves

    def _from_scale(self, place: float) -> float:
        if self.scale == "linear":
            return place * self.nyquist_hz
        if self.scale == "mel":
            return 700.0 * math.expm1(place * _mel(self.nyquist_hz) / 2595.0 * math.log(10.0))
        return LOG_FLOOR_HZ * math.exp(place * math.log(self.nyquist_hz / LOG_FLOOR_HZ))


def _mel(hz: float) -> float:
    """O'Shaughnessy, Speech Communication, 1987."""
    return 2595.0 * math.log10(1.0 + hz / 700.0)
