"""FrequencyAxis: which frequencies a spectrogram shows, and where."""

import math
from collections.abc import Callable
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
        scale: "linear", "mel", "log", "bark" or "erb".
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
        return [hz for hz in ([0.0] if low <= 0.0 else []) + found if low <= hz <= high]

    def _to_scale(self, hz: float) -> float:
        to_place, _ = _SCALES[self.scale]
        bottom, top = to_place(_FLOORS_HZ.get(self.scale, 0.0)), to_place(self.nyquist_hz)
        return (to_place(hz) - bottom) / (top - bottom)

    def _from_scale(self, place: float) -> float:
        to_place, to_hz = _SCALES[self.scale]
        bottom, top = to_place(_FLOORS_HZ.get(self.scale, 0.0)), to_place(self.nyquist_hz)
        return to_hz(bottom + place * (top - bottom))


def _same(value: float) -> float:
    return value


def _mel(hz: float) -> float:
    """O'Shaughnessy, Speech Communication, 1987."""
    return 2595.0 * math.log10(1.0 + max(hz, -699.0) / 700.0)


def _mel_to_hz(mel: float) -> float:
    return 700.0 * math.expm1(mel / 2595.0 * math.log(10.0))


def _log(hz: float) -> float:
    return math.log(max(hz, 1e-3))


def _bark(hz: float) -> float:
    """Traunmüller, J. Acoust. Soc. Am. 88, 1990, eq. 6, without its corrections at the ends."""
    return 26.81 * hz / (1960.0 + hz) - 0.53


def _bark_to_hz(bark: float) -> float:
    return 1960.0 * (bark + 0.53) / (26.28 - bark)


def _erb(hz: float) -> float:
    """Glasberg and Moore, Hearing Research 47, 1990: the ERB-rate scale."""
    return 21.4 * math.log10(1.0 + 0.00437 * max(hz, -228.0))


def _erb_to_hz(erb: float) -> float:
    return math.expm1(erb / 21.4 * math.log(10.0)) / 0.00437


_SCALES: dict[str, tuple[Callable[[float], float], Callable[[float], float]]] = {
    "linear": (_same, _same),
    "mel": (_mel, _mel_to_hz),
    "log": (_log, math.exp),
    "bark": (_bark, _bark_to_hz),
    "erb": (_erb, _erb_to_hz),
}
_FLOORS_HZ = {"log": LOG_FLOOR_HZ}
