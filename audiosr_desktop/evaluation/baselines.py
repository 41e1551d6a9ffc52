"""Systems that learn nothing: what a model has to beat before it is worth its size.

Both keep the input below the cutoff, and fill the band above it frame by frame in the short-time spectrum,
with a level taken from the last kHz below the cutoff and falling by 1.5 dB a kHz, the mean over music, speech
and effects.
"""

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.spectrum import hann, istft, stft

Samples = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]

FALL_DB_PER_KHZ = 1.5
LEVEL_SPAN_HZ = 1_000.0
EDGE_MARGIN = 0.96  # nearer to the cutoff the filter's slope has begun
N_FFT = 2048
HOP_LENGTH = 512
_TINY = 1e-9
_RAYLEIGH_RMS = 1.3346  # root mean square over geometric mean of the magnitudes of Gaussian noise


def unprocessed(samples: Samples, sample_rate: int, cutoff_hz: float, rng: np.random.Generator) -> Samples:
    """Return the input: what doing nothing scores."""
    return samples


def noise_fill(samples: Samples, sample_rate: int, cutoff_hz: float, rng: np.random.Generator) -> Samples:
    """Fill the band above the cutoff with shaped noise.

    Args:
        samples: float32 (channels, n), band-limited.
        sample_rate: Hz.
        cutoff_hz: where the input ends.
        rng: for the noise, another one in each channel.

    Returns:
        float32, same shape.

    Raises:
        ValueError: the cutoff is not inside the band.
    """
    spectrum = _spectrum(samples, sample_rate, cutoff_hz)
    edge, first = _edges(sample_rate, cutoff_hz)
    level = _level(spectrum, first, edge)
    target = level * _fall(sample_rate, spectrum.shape[-2], first, edge)
    # nothing but digital silence is quieter than the rounding of 16-bit samples
    rounding = np.float32(np.sqrt(np.square(hann(N_FFT)).sum() / 12.0) / 32_768.0)
    target = np.where(level < 10.0 * _TINY, np.float32(0.0), np.maximum(target, rounding))
    # frames that know nothing of one another lose 6 dB when they overlap four times; the noise stays that
    # much below the level, where its distance is less for music and speech (1.5 in place of 1.6 at 4 kHz)
    noise = rng.standard_normal((2, *target.shape), dtype=np.float32) * np.float32(np.sqrt(0.5))
    spectrum[..., edge:, :] = (noise[0] + 1j * noise[1]) * target
    return istft(spectrum, HOP_LENGTH, samples.shape[1])


def copy_up(samples: Samples, sample_rate: int, cutoff_hz: float, rng: np.random.Generator) -> Samples:
    """Fill the band above the cutoff with copies of the octave below it, the oldest of all tricks.

    Arguments, result and errors as in `noise_fill`; `rng` is not read.
    """
    spectrum = _spectrum(samples, sample_rate, cutoff_hz)
    edge, first = _edges(sample_rate, cutoff_hz)
    lowest = max(1, edge // 2)
    source = lowest + np.arange(spectrum.shape[-2] - edge) % (edge - lowest)
    patch = spectrum[..., source, :]
    # each copy brings its own slope along: flatten it over time, keep what varies
    mean = np.exp(np.log(np.abs(patch) + _TINY).mean(axis=-1, keepdims=True))
    reference = np.exp(
        np.log(np.abs(spectrum[..., first:edge, :]) + _TINY).mean(axis=(-2, -1), keepdims=True)
    )
    spectrum[..., edge:, :] = patch * (reference / mean) * _fall(sample_rate, spectrum.shape[-2], first, edge)
    return istft(spectrum, HOP_LENGTH, samples.shape[1])


def _spectrum(samples: Samples, sample_rate: int, cutoff_hz: float) -> Spectrum:
    if not 0 < cutoff_hz < sample_rate / 2:
        raise ValueError(f"the cutoff must lie between 0 and {sample_rate / 2:g} Hz, not at {cutoff_hz:g} Hz")
    return stft(samples, N_FFT, HOP_LENGTH, center=True, pad_mode="constant")


def _edges(sample_rate: int, cutoff_hz: float) -> tuple[int, int]:
    """Return the bin where the fill starts, and the one where the band starts that gives its level."""
    step = sample_rate / N_FFT
    edge = max(2, int(cutoff_hz * EDGE_MARGIN / step))
    return edge, max(1, edge - max(1, round(LEVEL_SPAN_HZ / step)))


def _level(spectrum: Spectrum, first: int, edge: int) -> Samples:
    """Return the level of each frame in the band below the cutoff, (..., 1, frames).

    The geometric mean over the band, since the distance is one of logarithms: single partials must not raise
    the noise between them.
    """
    band = np.abs(spectrum[..., first:edge, :])
    level: Samples = np.exp(np.log(band + _TINY).mean(axis=-2, keepdims=True)) * np.float32(_RAYLEIGH_RMS)
    return level


def _fall(sample_rate: int, bins: int, first: int, edge: int) -> Samples:
    """Return the factor of each bin above the edge, (bins - edge, 1)."""
    khz = (np.arange(edge, bins) - (first + edge - 1) / 2) * sample_rate / N_FFT / 1000.0
    gain: Samples = (10.0 ** (-FALL_DB_PER_KHZ * khz / 20.0)).astype(np.float32)
    return gain[:, None]
