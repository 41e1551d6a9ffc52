"""Take steady noise out of sound with the least error.

No one length of frame suits all sound: a drum wants short ones, an organ long ones. So the sound is cleaned
with several, and in each place of time and frequency the results are mixed by the error that is expected of
them there, which Stein's estimate tells without knowing the clean sound.

With one length of frame the gain is a Wiener gain in two passes. The first thresholds blocks of the noisy
spectrum (Yu, Mallat and Bacry 2008: a block keeps 1 - lambda * noise / power), the second takes the result of
the first as the model of the clean sound. Two channels are filtered together: in each block of time and
frequency the directions in which the channels carry sound in common are kept, the others hold only noise.
"""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

from audiosr_desktop.dsp.noise import NoiseProfile, frame_length, root_hann
from audiosr_desktop.dsp.spectrum import istft, stft

Samples = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]
Powers = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]

_FRAMES = (0.125, 0.5, 1.0, 4.0)  # lengths that clean, in those that measure: 5, 21, 43 and 171 ms
_MIXING_FRAME = 0.5  # the length in which results are mixed
_SHORTEST_FRAME = 16
_HOPS = 4  # in a frame
_BLOCK = (3, 5)  # bins, frames of one block of the first pass
_MODEL_BLOCK = (3, 3)  # of the second
_WIDE_BLOCK = (9, 15)  # of one block in which it is asked whether there is anything but noise
_WIDE_NOISE = (1.15, 1.45)  # its mean power for a sure no and a sure yes, the noise being 1
_OVERSUBTRACTION = 1.5
_TILE = (17, 17)  # bins, frames over which the error of a result is expected
_TRUST = 0.05 * _TILE[0] * _TILE[1]  # a result e times less likely for each so much of the noise's power
_LEAST_POWER = 1e-10  # -130 dBFS: far below any sound, and its square root fits float32 sums


def hop_length(sample_rate: int) -> int:
    """Return what the starts of stretches of one sound must be multiples of."""
    return _lengths(sample_rate)[-1] // _HOPS


def context_length(sample_rate: int) -> int:
    """Return the samples of context on each side beyond which nothing has an influence."""
    longest, mixing = _lengths(sample_rate)[-1], _mixing_length(sample_rate)
    frames = (_BLOCK[1] + _MODEL_BLOCK[1] + _WIDE_BLOCK[1]) // 2 + 1
    return 2 * longest + frames * (longest // _HOPS) + mixing + (_TILE[1] // 2 + 1) * (mixing // _HOPS)


def _lengths(sample_rate: int) -> list[int]:
    """Return the lengths of frames that sound is cleaned with, in samples, shortest first."""
    base = frame_length(sample_rate)
    return sorted({max(_SHORTEST_FRAME, int(share * base)) for share in _FRAMES})


def _mixing_length(sample_rate: int) -> int:
    return max(_SHORTEST_FRAME, int(_MIXING_FRAME * frame_length(sample_rate)))


def reduce_noise(
    samples: Samples, sample_rate: int, profile: NoiseProfile, *, reduction_db: float = 30.0
) -> Samples:
    """Take steady noise out of a stretch of sound.

    Frames lie at multiples of `hop_length` from the first sample: let stretches of one sound start at
    multiples of it, and drop `context_length` samples on each side, and the stretches make no difference.

    Args:
        samples: float32 (channels, n); more than two channels are cleaned one by one.
        sample_rate: in Hz.
        profile: the noise.
        reduction_db: by how much noise is lowered at most.

    Returns:
        float32, same shape.
    """
    if not np.any(profile.power):
        return np.array(samples, np.float32)
    samples = np.asarray(samples, np.float32)
    together = len(samples) if len(samples) == 2 else 1
    cleaned = [
        _cleaned(samples[first : first + together], sample_rate, profile, first)
        for first in range(0, len(samples), together)
    ]
    floor = np.float32(10.0 ** (-reduction_db / 20.0))
    result: Samples = (1 - floor) * np.concatenate(cleaned) + floor * samples
    return result


def _cleaned(samples: Samples, sample_rate: int, profile: NoiseProfile, first: int) -> Samples:
    """Return one or two channels without noise; `first` is the place of the first in the profile."""
    power = profile.power[first : first + len(samples)]
    mixing = _Frames(_mixing_length(sample_rate), power, profile.correlation)
    noisy = mixing.transform(samples)
    total, weights = np.zeros_like(noisy), np.zeros(noisy.shape[1:], np.float32)
    least = np.full(noisy.shape[1:], np.inf, np.float32)
    for n_fft in _lengths(sample_rate):
        frames = _Frames(n_fft, power, profile.correlation)
        spectra, gain = _filtered_twice(frames.transform(samples))
        result = mixing.transform(frames.inverse(spectra, samples.shape[1]))
        risk = (
            np.mean(np.abs(noisy - result) ** 2, axis=0)
            + 2.0 * mixing.resampled(gain, n_fft, noisy.shape[1:])
            - 1.0
        )
        risk = scipy.ndimage.uniform_filter(risk, _TILE)
        # the weights are exp(-risk), kept in range by counting from the least risk so far
        lower = np.minimum(least, risk)
        kept, share = np.exp(_TRUST * (lower - least)), np.exp(_TRUST * (lower - risk))
        total, weights, least = kept * total + share * result, kept * weights + share, lower
    return mixing.inverse(total / weights, samples.shape[1])


class _Frames:
    """The transform of one or two channels in which their noise has power 1 and does not go together.

    Args:
        n_fft: length of the frames.
        power: of the noise, float64 (channels, bins) as in `NoiseProfile`.
        correlation: of the noise between two channels.
    """

    def __init__(self, n_fft: int, power: Reals, correlation: float) -> None:
        self._n_fft = n_fft
        self._scale = np.sqrt(np.maximum(_resized(power, n_fft), _LEAST_POWER)).astype(np.float32)[:, :, None]
        # middle and side of the scaled channels carry uncorrelated noise of power 1 + r and 1 - r
        spread = np.sqrt(np.maximum(np.array([1.0 + correlation, 1.0 - correlation]), 1e-3))
        self._spread = spread.astype(np.float32)[:, None, None]

    def transform(self, samples: Samples) -> Spectrum:
        """Return the scaled spectra of (channels, n), those of two channels as middle and side."""
        padded = np.pad(samples, ((0, 0), (self._n_fft, 2 * self._n_fft)))
        spectra = stft(padded, self._n_fft, self._n_fft // _HOPS, win=root_hann(self._n_fft), center=False)
        spectra /= self._scale
        return _turned(spectra) / self._spread if len(spectra) == 2 else spectra

    def inverse(self, spectra: Spectrum, length: int) -> Samples:
        """Return the sound (channels, length) of scaled spectra."""
        if len(spectra) == 2:
            spectra = _turned(spectra * self._spread)
        hop, n_fft = self._n_fft // _HOPS, self._n_fft
        sound = istft(spectra * self._scale, hop, length + 3 * n_fft, win=root_hann(n_fft), center=False)
        return sound[:, n_fft : n_fft + length]

    def resampled(self, values: Powers, n_fft: int, shape: tuple[int, ...]) -> Powers:
        """Return values (bins, frames) of frames of another length at the bins and frames of this one."""
        smooth = scipy.ndimage.uniform_filter(
            values, (max(1, n_fft // self._n_fft), max(1, self._n_fft // n_fft))
        )
        centres = (np.arange(shape[1]) * (self._n_fft // _HOPS) - self._n_fft // 2 + n_fft // 2) / (
            n_fft // _HOPS
        )
        frames = np.clip(np.round(centres).astype(int), 0, values.shape[1] - 1)
        bins = np.minimum(np.arange(shape[0]) * n_fft // self._n_fft, values.shape[0] - 1)
        resampled: Powers = smooth[np.ix_(bins, frames)]
        return resampled


def _turned(channels: Spectrum) -> Spectrum:
    """Return middle and side of two channels, and the channels of middle and side."""
    turned: Spectrum = np.stack([channels[0] + channels[1], channels[0] - channels[1]])
    turned *= np.float32(np.sqrt(0.5))
    return turned


def _resized(power: Reals, n_fft: int) -> Reals:
    """Return the noise power (channels, bins) of frames of another length."""
    bins = power.shape[1] - 1
    share = n_fft / 2 / bins
    wide = round(1.0 / share)
    if wide > 1:  # what a shorter frame's bin hears of its neighbourhood
        power = scipy.ndimage.uniform_filter1d(power, wide + 1, axis=1, mode="mirror")
    places = np.arange(n_fft // 2 + 1) / share
    return np.stack([share * np.interp(places, np.arange(bins + 1), row) for row in power])


def _filtered_twice(noisy: Spectrum) -> tuple[Spectrum, Powers]:
    """Return spectra whose noise has power 1 without it, and the mean gain of the channels (bins, frames)."""
    loudest = np.max(np.abs(noisy) ** 2, axis=0)
    first, _ = _filtered(noisy, noisy, lambda power: np.maximum(1.0 - _OVERSUBTRACTION / power, 0.0), _BLOCK)
    first *= _presence(loudest, noise=1.5 if len(noisy) == 2 else 1.0)
    return _filtered(noisy, first, lambda power: power / (power + 1.0), _MODEL_BLOCK)


def _presence(power: Powers, noise: float) -> Powers:
    """Return 0 where a wide block holds noise alone, 1 where not: lone peaks of noise are no sound."""
    none, sure = _WIDE_NOISE
    presence: Powers = np.clip(
        (scipy.ndimage.uniform_filter(power, _WIDE_BLOCK) / noise - none) / (sure - none), 0.0, 1.0
    )
    return presence


def _filtered(
    channels: Spectrum, model: Spectrum, rule: Callable[[Powers], Powers], block: tuple[int, int]
) -> tuple[Spectrum, Powers]:
    """Apply a gain rule along the principal directions of the model's covariance in each block.

    For a Hermitian 2×2 matrix R with eigenvalues l1 and l2 any function g of it is a I + b R, with b =
    (g(l1) - g(l2)) / (l1 - l2), so that no eigenvectors are needed.

    Returns:
        The filtered channels, and the mean of the gains along the directions (bins, frames).
    """
    powers = [scipy.ndimage.uniform_filter(np.abs(row) ** 2, block) for row in model]
    if len(model) == 1:
        gain = rule(np.maximum(powers[0], 1e-12))
        return channels * gain, gain
    r00, r11 = powers
    product = model[0] * model[1].conj()
    r01 = np.empty_like(product)
    r01.real = scipy.ndimage.uniform_filter(product.real, block)
    r01.imag = scipy.ndimage.uniform_filter(product.imag, block)
    middle = (r00 + r11) / 2
    half = np.sqrt(((r00 - r11) / 2) ** 2 + np.abs(r01) ** 2)
    larger, smaller = np.maximum(middle + half, 1e-12), np.maximum(middle - half, 1e-12)
    g_larger, g_smaller = rule(larger), rule(smaller)
    b = (g_larger - g_smaller) / np.maximum(larger - smaller, 1e-9 * larger)
    a = g_larger - b * larger
    filtered = np.stack(
        [
            (a + b * r00) * channels[0] + b * r01 * channels[1],
            b * r01.conj() * channels[0] + (a + b * r11) * channels[1],
        ]
    )
    return filtered.astype(np.complex64), ((g_larger + g_smaller) / 2).astype(np.float32)
