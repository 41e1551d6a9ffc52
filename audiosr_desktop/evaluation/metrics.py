"""How far an estimate is from the reference: log-spectral distance, SI-SDR and others, on arrays.

Everywhere: reference first, then the estimate, both float32 (channels, n) of the same shape and rate; a value
is the mean over channels. `align` and `level_gain_db` make pairs comparable; `comparison` does all at once.
"""

from collections.abc import Callable, Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt

Samples = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]

RATIO_BOUND_DB = 120.0  # ratios are kept within this: equal sounds would be infinitely good
_LSD_EPS = 1e-12
_NUWAVE2_POWER_FLOOR = 1e-8
_FRAMES_AT_ONCE = 256


def lsd(
    reference: Samples,
    estimate: Samples,
    sample_rate: int,
    *,
    low_hz: float = 0.0,
    high_hz: float | None = None,
) -> float:
    """Return the log-spectral distance as `ssr_eval` and the AudioSR papers compute it.

    Hann windows of 2048/441 hops at 44.1 kHz (2229/480 at 48 kHz, in proportion elsewhere), centred, zeros
    beyond the ends; the mean over frames of the root mean square over frequency of log10(|S|² / |Ŝ|²).
    Frames in which the reference is digital silence are skipped.

    Args:
        reference: the truth.
        estimate: what is judged.
        sample_rate: Hz.
        low_hz: only bins from here on.
        high_hz: only bins below this; None is all up to half the rate.

    Returns:
        The distance; 0.0 is equal spectra, NaN a reference that is silent all through.

    Raises:
        ValueError: the shapes differ, or the band holds no bin.

    Source: Liu et al. 2022, "Neural vocoder is all you need for speech super-resolution", and its `ssr_eval`.
    """
    return lsd_bands(reference, estimate, sample_rate, [(low_hz, high_hz)])[0]


def lsd_bands(
    reference: Samples, estimate: Samples, sample_rate: int, bands: Sequence[tuple[float, float | None]]
) -> list[float]:
    """Return `lsd` for several bands [low_hz, high_hz) at the price of one."""
    n_fft, hop = int(2048 / (44_100 / sample_rate)), int(sample_rate / 100)
    kept = [_bins(n_fft, sample_rate, low_hz, high_hz) for low_hz, high_hz in bands]

    def distances(truth: Floats, found: Floats) -> Floats:
        squares = np.log10(truth**2 / (found + _LSD_EPS) ** 2 + _LSD_EPS) ** 2
        return np.sqrt([np.mean(squares[:, band], axis=1) for band in kept])

    return _mean_over_frames(reference, estimate, n_fft, hop, distances, skip_silence=True)


def lsd_nuwave2(reference: Samples, estimate: Samples) -> float:
    """Return the log-spectral distance with the constants of NU-Wave 2.

    Frames of 2048 samples 512 apart whatever the rate, powers clamped at 1e-8, no frame skipped.

    Source: Han and Lee 2022, "NU-Wave 2: A general neural audio upsampling model for various sampling rates".
    """

    def distance(truth: Floats, found: Floats) -> Floats:
        logs = [np.log10(np.maximum(power**2, _NUWAVE2_POWER_FLOOR)) for power in (truth, found)]
        return np.sqrt([np.mean((logs[0] - logs[1]) ** 2, axis=1)])

    return _mean_over_frames(reference, estimate, 2048, 512, distance, skip_silence=False)[0]


def lsd_within(
    reference: Samples, estimate: Samples, sample_rate: int, places: Sequence[tuple[int, int]]
) -> float:
    """Return `lsd` of the frames whose centres lie in places [start, stop) in samples, as in filled gaps.

    Frames see what lies beside a place too, as every frame does. NaN where no frame is left.
    """
    n_fft, hop = int(2048 / (44_100 / sample_rate)), int(sample_rate / 100)
    side = n_fft // 2
    values = []
    for truth, found in zip(*_checked(reference, estimate), strict=True):
        pair = [np.pad(samples.astype(np.float64), (side, n_fft)) for samples in (truth, found)]
        for start, stop in places:
            for centre in range(start, stop, hop):
                frames = [samples[centre : centre + n_fft] for samples in pair]
                if frames[0].any():
                    s, e = (np.abs(np.fft.rfft(frame * _hann(n_fft))) for frame in frames)
                    power = np.log10(s**2 / (e + _LSD_EPS) ** 2 + _LSD_EPS)
                    values.append(np.sqrt(np.mean(power**2)))
    return float(np.mean(values)) if values else float("nan")


def band_energy_db(
    reference: Samples, estimate: Samples, sample_rate: int, low_hz: float, high_hz: float | None = None
) -> float:
    """Return the energy of the estimate in a band over that of the reference, in dB; below 0 is too little.

    Args:
        reference: the truth.
        estimate: what is judged.
        sample_rate: Hz.
        low_hz: the band starts here.
        high_hz: and ends below this; None is up to half the rate.

    Returns:
        Energies summed over the whole sound and all channels, as a ratio within ±120 dB.
    """
    n_fft = 2048
    band = _bins(n_fft, sample_rate, low_hz, high_hz)
    sums = [0.0, 0.0]
    for index, samples in enumerate(_checked(reference, estimate)):
        for channel in samples:
            for magnitude, _ in _spectra(channel, n_fft, n_fft // 2):
                sums[index] += float(np.sum(magnitude[:, band] ** 2))
    return _ratio_db(sums[1], sums[0])


def si_sdr_db(reference: Samples, estimate: Samples) -> float:
    """Return the scale-invariant signal-to-distortion ratio in dB, within ±120 dB.

    Source: Le Roux et al. 2019, "SDR – half-baked or well done?", eq. 5.
    """
    ratios = []
    for truth, found in zip(*_checked(reference, estimate), strict=True):
        s, e = truth.astype(np.float64), found.astype(np.float64)
        energy = float(s @ s)
        target = s * (float(e @ s) / energy) if energy else s
        ratios.append(_ratio_db(float(target @ target), float(np.sum((e - target) ** 2))))
    return float(np.mean(ratios))


def snr_db(reference: Samples, estimate: Samples) -> float:
    """Return the energy of the reference over that of the difference, in dB, within ±120 dB."""
    truth, found = _checked(reference, estimate)
    difference = found.astype(np.float64) - truth
    return _ratio_db(float(np.sum(np.square(truth, dtype=np.float64))), float(np.sum(difference**2)))


def si_sdr_below_db(reference: Samples, estimate: Samples, sample_rate: int, cutoff_hz: float) -> float:
    """Return the SI-SDR of what lies below the cutoff (what lies above is cut off both, exactly)."""
    truth, found = _checked(reference, estimate)
    return si_sdr_db(_below(truth, sample_rate, cutoff_hz), _below(found, sample_rate, cutoff_hz))


def align(reference: Samples, estimate: Samples, max_lag: int | None = None) -> int:
    """Return how many samples later the estimate runs: estimate[n + lag] goes with reference[n].

    Args:
        reference: (channels, n).
        estimate: (channels, m); the lengths may differ.
        max_lag: largest lag looked at; None is all.

    Returns:
        The lag of the highest cross-correlation summed over channels; 0 if one of the sounds is silent.
    """
    length = reference.shape[1] + estimate.shape[1]
    size = 1 << max(length - 1, 1).bit_length()
    spectrum = np.zeros(size // 2 + 1, np.complex128)
    for truth, found in zip(reference, estimate, strict=True):
        spectrum += np.fft.rfft(found.astype(np.float64), size) * np.conj(
            np.fft.rfft(truth.astype(np.float64), size)
        )
    correlation = np.fft.irfft(spectrum, size)
    reach = max(reference.shape[1], estimate.shape[1]) - 1
    reach = max(0, reach if max_lag is None else min(max_lag, reach))
    lags = np.arange(-reach, reach + 1)
    values = correlation[lags]
    if not values.max() > 0:
        return 0
    best = np.flatnonzero(values >= values.max() * (1.0 - 1e-9))
    return int(lags[best[np.argmin(np.abs(lags[best]))]])


def shifted(samples: Samples, lag: int, length: int) -> Samples:
    """Return samples [lag, lag + length), zero where there are none: an estimate with its lag taken out."""
    first, last = max(0, lag), max(0, min(samples.shape[1], lag + length))
    inner = samples[:, min(first, last) : last]
    before = min(max(0, -lag), length)
    return np.pad(inner, ((0, 0), (before, length - before - inner.shape[1])))


def level_gain_db(
    reference: Samples, estimate: Samples, sample_rate: int, high_hz: float | None = None
) -> float:
    """Return the gain on the estimate that makes its energy below `high_hz` the reference's (±120 dB)."""
    return -band_energy_db(reference, estimate, sample_rate, 0.0, high_hz)


def _ratio_db(above: float, below: float) -> float:
    if above <= 0 and below <= 0:
        return 0.0
    bound = 10.0 ** (RATIO_BOUND_DB / 10.0)
    if above >= below * bound:
        return RATIO_BOUND_DB
    return -RATIO_BOUND_DB if above * bound <= below else float(10.0 * np.log10(above / below))


def _checked(reference: Samples, estimate: Samples) -> tuple[Samples, Samples]:
    if reference.shape != estimate.shape or reference.ndim != 2:
        raise ValueError(f"shapes must be equal (channels, n), not {reference.shape} and {estimate.shape}")
    return reference, estimate


def _below(samples: Samples, sample_rate: int, cutoff_hz: float) -> Samples:
    spectrum = np.fft.rfft(samples, axis=1)
    spectrum[:, np.fft.rfftfreq(samples.shape[1], 1.0 / sample_rate) >= cutoff_hz] = 0.0
    return np.fft.irfft(spectrum, samples.shape[1], axis=1).astype(np.float32)


def _bins(n_fft: int, sample_rate: int, low_hz: float, high_hz: float | None) -> slice:
    step = sample_rate / n_fft
    first = int(np.ceil(low_hz / step))
    last = n_fft // 2 + 1 if high_hz is None else min(n_fft // 2 + 1, int(np.ceil(high_hz / step)))
    if first >= last:
        raise ValueError(
            f"there is nothing between {low_hz:g} and {high_hz} Hz at a rate of {sample_rate} Hz"
        )
    return slice(first, last)


def _mean_over_frames(
    reference: Samples,
    estimate: Samples,
    n_fft: int,
    hop: int,
    distance: Callable[[Floats, Floats], Floats],
    *,
    skip_silence: bool,
) -> list[float]:
    """Return means over frames and channels of the distances (kinds, frames) that `distance` gives."""
    means = []
    for truth, found in zip(*_checked(reference, estimate), strict=True):
        values = []
        pairs = zip(_spectra(truth, n_fft, hop), _spectra(found, n_fft, hop), strict=True)
        for (s, heard), (e, _) in pairs:
            kept = heard if skip_silence else np.ones_like(heard)
            values.append(distance(s[kept], e[kept]))
        joined = np.concatenate(values, axis=1)
        means.append(joined.mean(axis=1) if joined.size else np.full(len(joined), np.nan))
    known = [mean for mean in means if not np.isnan(mean).any()]
    return [float(value) for value in (np.mean(known, axis=0) if known else means[0])]


def _spectra(channel: Samples, n_fft: int, hop: int) -> Iterator[tuple[Floats, npt.NDArray[np.bool_]]]:
    """Yield magnitudes (frames, bins) of some frames at a time, and which frames are not digital silence.

    In double precision: the error of a single-precision FFT would be a noise floor within the empty bands.
    """
    half = n_fft // 2
    padded = np.pad(channel, (half, half))
    count = max(0, 1 + (padded.size - n_fft) // hop)
    for start in range(0, count, _FRAMES_AT_ONCE):
        stop = min(count, start + _FRAMES_AT_ONCE)
        part = padded[start * hop : (stop - 1) * hop + n_fft]
        frames = np.lib.stride_tricks.sliding_window_view(part, n_fft)[::hop]
        heard = np.asarray(frames.any(axis=1))
        yield np.abs(np.fft.rfft(frames * _hann(n_fft), axis=1)), heard


@cache
def _hann(n: int) -> Floats:
    window: Floats = 0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)
    window.flags.writeable = False
    return window
