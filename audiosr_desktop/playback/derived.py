"""Derived sounds: computed from others where they are read, for listening to a difference or to a band."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop.audio.sound import Sound

STOPBAND_DB = 80.0
_HALF_S = 2048 / 48_000  # half the filter's length: the slope is then about 60 Hz wide


class DifferenceStore:
    """Samples of `after` minus those of `before`; both have the same length and channels."""

    def __init__(self, before: Sound, after: Sound) -> None:
        self._before, self._after = before, after

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._after.channels

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._after.length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop) of the difference."""
        return self._after.read(start, stop, dtype) - self._before.read(start, stop, dtype)


class BandStore:
    """Samples of a sound within a band of frequencies, without any delay.

    Each read takes what the filter needs from both sides of it, so any part sounds as it does in the whole.
    """

    def __init__(self, sound: Sound, low_hz: float | None, high_hz: float | None) -> None:
        self._sound = sound
        self._taps = band_taps(sound.sample_rate, low_hz, high_hz)

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._sound.channels

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._sound.length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop) of the band."""
        half = self._taps.size // 2
        around = self._sound.read_padded(start - half, stop + half)
        size = 1 << (around.shape[1] - 1).bit_length()
        spectrum = np.fft.rfft(around, size) * np.fft.rfft(self._taps, size)
        # the filter is as long as both margins, so what wraps around falls into them
        return np.fft.irfft(spectrum, size)[:, 2 * half : 2 * half + stop - start].astype(dtype)


def band_taps(sample_rate: int, low_hz: float | None, high_hz: float | None) -> NDArray[np.float64]:
    """Return a linear-phase band-pass with an odd number of taps, 80 dB down outside, -6 dB at its edges.

    Source: Kaiser 1974, "Nonrecursive digital filter design using the I0-sinh window function".
    """
    half = round(_HALF_S * sample_rate)
    n = np.arange(-half, half + 1)
    nyquist = sample_rate / 2

    def lowpass(edge_hz: float) -> NDArray[np.float64]:
        share = min(edge_hz, nyquist) / nyquist
        return np.asarray(share * np.sinc(share * n))

    taps = lowpass(nyquist if high_hz is None else high_hz) - lowpass(low_hz or 0.0)
    return taps * np.kaiser(n.size, 0.1102 * (STOPBAND_DB - 8.7))


def difference(before: Sound, after: Sound) -> Sound:
    """Return `after` minus `before` as a sound."""
    return Sound.from_store(DifferenceStore(before, after), after.sample_rate)


def band_of(sound: Sound, low_hz: float | None, high_hz: float | None) -> Sound:
    """Return what a sound holds between two frequencies; None is no bound."""
    return Sound.from_store(BandStore(sound, low_hz, high_hz), sound.sample_rate)
