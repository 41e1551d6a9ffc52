"""What an analysis looks for, each over a stream of blocks with memory that does not grow with the sound."""

import math

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.level import power_to_db
from audiosr_desktop.dsp.spectrum import hann

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class ClipCounter:
    """Counts samples that stand at full scale, two or more in a row.

    Args:
        channels: of the blocks.
        full_scale: largest value of the sample format; for floating point 1.0.
    """

    def __init__(self, channels: int, full_scale: float = 1.0) -> None:
        self._limit = full_scale * (1.0 - 1e-7)
        self._tail: Flags = np.zeros((channels, 2), bool)
        self._count = 0

    def add(self, block: Samples) -> None:
        """Take the next samples, float32 (channels, n)."""
        hot = np.concatenate([self._tail, np.abs(block) >= self._limit], axis=1)
        self._count += self._in_runs(hot)
        self._tail = hot[:, -2:]

    def result(self) -> int:
        """Return the number of clipped samples so far, over all channels."""
        end = np.concatenate([self._tail, np.zeros_like(self._tail[:, :1])], axis=1)
        return self._count + self._in_runs(end)

    @staticmethod
    def _in_runs(hot: Flags) -> int:
        """Count within all but the first and last, which have had or will have their turn."""
        inner = hot[:, 1:-1] & (hot[:, :-2] | hot[:, 2:])
        return int(np.count_nonzero(inner))


class NoiseFloorMeter:
    """Level of the steady noise under a sound, by minimum statistics.

    Spectra averaged over some 0.1 s are followed over 1.6 s, and the least value of each bin is taken for
    noise; narrow peaks, which are tones, are cut off. The floor is the quieter of such stretches, digital
    silence left out.

    Source: Martin 2001, "Noise power spectral density estimation based on optimal smoothing and minimum
    statistics", with plain averages in place of the optimal smoothing.

    Args:
        sample_rate: Hz.
        channels: of the blocks; the floor is the mean of their powers.
    """

    _FRAMES = 4  # half overlapping spectra in one average
    _AVERAGES = 18  # of which the least is taken
    _TONE_BINS = 15  # a bin is compared with the median over this many on each side
    _TONE_FACTOR = 4.0
    _QUANTILE = 0.1

    def __init__(self, sample_rate: int, channels: int) -> None:
        self._n_fft = 1 << max(6, round(math.log2(0.043 * sample_rate)))
        self._rest = np.zeros((channels, 0), np.float32)
        self._frames: list[Floats] = []
        self._averages: list[Floats] = []
        self._floors: list[float] = []

    def add(self, block: Samples) -> None:
        """Take the next samples, float32 (channels, n)."""
        joined = np.concatenate([self._rest, block], axis=1)
        hop = self._n_fft // 2
        count = max(0, (joined.shape[1] - self._n_fft) // hop + 1)
        self._rest = joined[:, count * hop :]
        if count == 0:
            return
        windows = np.lib.stride_tricks.sliding_window_view(joined, self._n_fft, axis=1)[:, ::hop]
        window = hann(self._n_fft)
        spectra = np.fft.rfft(windows[:, :count] * window, axis=2)
        power = np.swapaxes(np.abs(spectra).astype(np.float64) ** 2, 0, 1)
        for frame in power[windows[:, :count].any(axis=(0, 2))]:
            self._frames.append(frame)
            if len(self._frames) == self._FRAMES:
                self._averages.append(np.mean(self._frames, axis=0))
                self._frames.clear()
            if len(self._averages) == self._AVERAGES:
                self._floors.append(self._floor(self._averages))
                self._averages.clear()

    def result_db(self) -> float:
        """Return the noise floor in dBFS (RMS); minus infinity where there is nothing but digital silence."""
        floors = list(self._floors)
        rest = self._averages or ([np.mean(self._frames, axis=0)] if self._frames else [])
        if rest and (not floors or len(rest) > self._AVERAGES // 2):
            floors.append(self._floor(rest))
        return power_to_db(float(np.quantile(floors, self._QUANTILE))) if floors else -math.inf

    def _floor(self, averages: list[Floats]) -> float:
        least = np.min(averages, axis=0) / _expected_minimum(self._FRAMES, len(averages))
        width = self._TONE_BINS
        padded = np.pad(least, ((0, 0), (width, width)), mode="reflect")
        around = np.median(np.lib.stride_tricks.sliding_window_view(padded, 2 * width + 1, axis=1), axis=2)
        capped = np.minimum(least, self._TONE_FACTOR * around)
        window_power = float(np.square(hann(self._n_fft)).sum())
        return float(2.0 * capped.sum() / (self._n_fft * window_power * len(least)))


def _expected_minimum(frames: int, count: int) -> float:
    """Return the mean of the least of `count` averages, each over `frames` exponential powers of mean 1."""
    x = np.linspace(0.0, 8.0, 4001)
    terms = [(frames * x) ** order / math.factorial(order) for order in range(frames)]
    survival = np.exp(-frames * x) * np.sum(terms, axis=0)
    return float(np.trapezoid(survival**count, x))
