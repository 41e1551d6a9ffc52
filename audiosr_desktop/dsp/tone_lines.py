"""Narrow lines in the spectrum of a stretch of sound: where a steady tone may lie."""

from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

from audiosr_desktop.dsp.spectrum import istft, stft

Samples = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]

LOWEST_HZ = 30.0

_PARTS = 8
_STAYING_AROUND_HZ = 24.0
_LEAST_STAYING = 30.0
_MOST_STAYING = 5  # in each octave


def candidates(
    samples: Reals,
    sample_rate: int,
    *,
    least_db: float = 16.0,
    low_hz: float = LOWEST_HZ,
    high_hz: float | None = None,
) -> list[float]:
    """Return frequencies of narrow lines: of the sound as it is, of its quiet moments, of what stays."""
    high_hz = sample_rate / 2 - LOWEST_HZ if high_hz is None else high_hz
    found: list[float] = []
    quiet = _quiet_moments(samples, sample_rate)
    # in the quiet moments a tone is heard in pieces, which widens its foot
    for sound, around_hz in ((samples, 6.0), (quiet, 40.0)):
        for at in _lines(sound, sample_rate, around_hz, least_db, (low_hz, high_hz)):
            if all(abs(at - other) > 0.3 for other in found):
                found.append(at)
    for at in _staying_lines(samples, sample_rate, (low_hz, high_hz)):
        if all(abs(at - other) > 0.1 for other in found):
            found.append(at)
    return found


def _staying_lines(samples: Reals, sample_rate: int, between_hz: tuple[float, float]) -> list[float]:
    """Return where every part of a stretch holds the same amplitude and phase, the surest places first.

    Each part's spectrum is an estimate of a tone's amplitude, the better the quieter its surroundings are. In
    dense music, where a tone is no peak, these estimates still agree with one another more than notes do.
    """
    length = samples.shape[-1]
    n_fft = scipy.fft.next_fast_len(2 * length, real=True)
    bin_hz = sample_rate / n_fft
    step = length // (_PARTS + 1)
    window = np.hanning(2 * step).astype(np.float32)
    width = max(3, int(_STAYING_AROUND_HZ / bin_hz))
    score = np.zeros(n_fft // 2 + 1, np.float32)
    for row in samples:
        total = np.zeros(score.shape, np.float32)
        power_sum = np.zeros(score.shape, np.float32)
        weighted = np.zeros(score.shape, np.complex64)
        for first in range(0, _PARTS * step, step):
            placed = np.zeros(first + 2 * step, np.float32)
            placed[first:] = row[first : first + 2 * step] * window
            spectrum = scipy.fft.rfft(placed, n_fft)
            power = np.square(np.abs(spectrum))
            weight = 1.0 / (np.exp(scipy.ndimage.uniform_filter1d(np.log(power + 1e-16), width)) + 1e-12)
            total += weight
            weighted += weight * spectrum
            power_sum += weight * power
        agreed = np.square(np.abs(weighted)) / total
        score += (_PARTS - 1) * agreed / (np.maximum(power_sum - agreed, 1e-6 * power_sum) + 1e-20)
    peaks = np.flatnonzero((score[1:-1] > score[:-2]) & (score[1:-1] >= score[2:])) + 1
    inside = (peaks * bin_hz > between_hz[0]) & (peaks * bin_hz < between_hz[1])
    peaks = peaks[(score[peaks] > _LEAST_STAYING) & inside]
    peaks = peaks[np.argsort(-score[peaks], kind="stable")]
    octaves = np.floor(np.log2(peaks * bin_hz)).astype(int)
    # a rhythm makes combs of such lines; they lie high, and must not crowd out the others
    return [
        float(hz) for octave in np.unique(octaves) for hz in bin_hz * peaks[octaves == octave][:_MOST_STAYING]
    ]


def _lines(
    samples: npt.NDArray[np.floating[Any]],
    sample_rate: int,
    around_hz: float,
    least_db: float,
    between_hz: tuple[float, float],
) -> list[float]:
    """Return the peaks of one long spectrum that stand furthest above their neighbourhood, at most 16."""
    n_fft = scipy.fft.next_fast_len(2 * samples.shape[-1], real=True)
    window = np.hanning(samples.shape[-1]).astype(np.float32)
    # channel by channel in single precision: these are the longest arrays of all
    power = np.zeros(n_fft // 2 + 1, np.float32)
    for row in samples:
        power += np.square(np.abs(scipy.fft.rfft(row.astype(np.float32) * window, n_fft)))
    bin_hz = sample_rate / n_fft
    level = np.log(power + 1e-24)
    width = max(3, int(around_hz / bin_hz))
    blocks = len(level) // width
    medians = np.median(level[: blocks * width].reshape(blocks, width), axis=1)
    around = np.interp(np.arange(len(level)), (np.arange(blocks) + 0.5) * width, medians)
    height_db = (level - around) * (10.0 / np.log(10.0))
    peaks = np.flatnonzero((level[1:-1] > level[:-2]) & (level[1:-1] >= level[2:])) + 1
    inside = (peaks * bin_hz > between_hz[0]) & (peaks * bin_hz < between_hz[1])
    peaks = peaks[(height_db[peaks] > least_db) & inside]
    found: list[float] = []
    for peak in peaks[np.argsort(-height_db[peaks])]:
        if all(abs(peak * bin_hz - other) > 2.0 for other in found):
            found.append(float(peak * bin_hz))
        if len(found) == 16:
            break
    return found


def _quiet_moments(samples: Reals, sample_rate: int) -> Samples:
    """Weigh each place in time and frequency by one over its power: tones hidden by notes stand out.

    The power is a median over neighbouring bins, in which a single line hardly shows.
    """
    n_fft = scipy.fft.next_fast_len(int(0.17 * sample_rate) // 2, real=True) * 2
    hop = n_fft // 4
    spectra = stft(samples, n_fft, hop)
    width = 24
    blocks = spectra.shape[-2] // width
    if blocks < 2:
        return np.asarray(samples, np.float32)
    power = np.abs(spectra[:, : blocks * width]) ** 2
    medians = np.median(power.reshape(power.shape[0], blocks, width, -1), axis=2)
    floor = 1e-6 * medians.max(axis=-1, keepdims=True) + 1e-12
    weights = 1.0 / (medians + floor)
    weights /= weights.max(axis=-1, keepdims=True)
    places = np.clip((np.arange(spectra.shape[-2]) - width / 2) / width, 0, blocks - 1)
    below = np.minimum(places.astype(int), blocks - 2)
    part = (places - below)[:, None].astype(np.float32)
    smooth = weights[:, below] * (1 - part) + weights[:, below + 1] * part
    return istft(spectra * smooth.astype(np.float32), hop, samples.shape[-1])
