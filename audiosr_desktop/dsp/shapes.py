"""Shapes in a spectrogram: what hangs together, and where the peaks are."""

import math

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

_PEAK_N_FFT = 65_536  # at most


def connected(levels: npt.NDArray[np.uint8], row: int, column: int, tolerance: int) -> npt.NDArray[np.bool_]:
    """Return the cells that hang together with one and are not more than `tolerance` quieter than it.

    Args:
        levels: (rows, columns).
        row: of the cell to begin with.
        column: of that cell.
        tolerance: in steps of the levels.
    """
    loud = levels.astype(np.int16) >= int(levels[row, column]) - tolerance
    labels, _ = scipy.ndimage.label(loud, structure=np.ones((3, 3), np.int8))
    result: npt.NDArray[np.bool_] = labels == labels[row, column]
    return result


def nearest_peak_hz(
    samples: npt.NDArray[np.float32], sample_rate: int, hz: float, reach_hz: float
) -> float | None:
    """Return the frequency of the loudest spectral peak within `reach_hz` of `hz`; None when there is none.

    Args:
        samples: (channels, samples); the spectrum is that of their middle.
        sample_rate: Hz.
        hz: where to look.
        reach_hz: how far on either side.
    """
    mono = samples.mean(axis=0)
    size = min(_PEAK_N_FFT, 1 << max(0, mono.size.bit_length() - 1))
    if size < 16:
        return None
    first = (mono.size - size) // 2
    spectrum = np.abs(scipy.fft.rfft(mono[first : first + size] * np.hanning(size)))
    step = sample_rate / size
    low, high = max(1, math.ceil((hz - reach_hz) / step)), min(spectrum.size - 2, int((hz + reach_hz) / step))
    if low > high:
        return None
    middle = spectrum[low : high + 1]
    peaks = (
        np.flatnonzero((middle >= spectrum[low - 1 : high]) & (middle > spectrum[low + 1 : high + 2])) + low
    )
    if not peaks.size:
        return None
    peak = int(peaks[np.argmax(spectrum[peaks])])
    before, at, after = (math.log(max(float(value), 1e-20)) for value in spectrum[peak - 1 : peak + 2])
    bend = before - 2 * at + after
    # a parabola through the logarithms of three bins
    return (peak + (0.5 * (before - after) / bend if bend else 0.0)) * float(step)
