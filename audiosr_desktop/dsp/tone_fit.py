"""The fit of one steady tone to a stretch of sound: weighted least squares in a narrow band.

Moments in which the programme is loud count for little. What varies from part to part tells how exact a fit
is, so that fits in bands of several widths can be compared.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

Reals = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

_KERNEL_HZ = 8.0  # half the width of the band that holds the tone
_WIDE_KERNELS_HZ = (16.0, 32.0, 64.0)  # these tell loud moments from quiet ones more finely
_FLAT_HZ = 2.5  # of it, what a drifting tone may use
# all in widths of the kernel
_BAND = 8.0  # half the width of the band taken around a candidate
_BESIDE = np.array([-4.0, -3.0, -2.0, 2.0, 3.0, 4.0])  # where the programme's own level is read
_FRAMES = 4.0  # moments taken of the narrow band in a second
_EDGE = 0.96  # the narrow band's memory: moments nearer to an end are left out
INDEPENDENT = 1.0 / _FRAMES  # independent values per moment of the narrow band
_ERROR_PARTS = 24
_LEAST_EXCESS = 0.1
_LEAST_CHANNEL_SNR = 30.0  # below it, a channel is without the tone that the others have
_CLEAR_FOR_DRIFT = 4.0  # power of a drifting tone over its surroundings, for its phase to be followed
_SAME_HZ = 0.5


@dataclass(frozen=True, slots=True)
class Tone:
    """One tone within a stretch of sound.

    Attributes:
        frequency_hz: mean frequency.
        amplitudes: peak amplitude in each channel.
        phases: radians in each channel at the middle of the stretch.
        drift: coefficients of u, u², … of the phase in radians, u from -1 to 1 over the stretch.
        significance_db: how far the tone stands above what the programme beside it could fake.
    """

    frequency_hz: float
    amplitudes: tuple[float, ...]
    phases: tuple[float, ...]
    drift: tuple[float, ...]
    significance_db: float

    @property
    def level_dbfs(self) -> float:
        """Level of the loudest channel, a full-scale sine being 0 dBFS."""
        return float(20.0 * np.log10(max(*self.amplitudes, 1e-12)))

    def render(self, length: int, sample_rate: int) -> Reals:
        """Return the tone as sound, float64 (channels, length), for the stretch it was fitted on."""
        middle = length / sample_rate / 2
        time = np.arange(length) / sample_rate - middle
        u = time / middle
        phase = 2.0 * np.pi * self.frequency_hz * time
        power = np.ones_like(u)
        for coefficient in self.drift:
            power = power * u
            phase += coefficient * power
        return np.stack([a * np.cos(phase + p) for a, p in zip(self.amplitudes, self.phases, strict=True)])


class Stretch:
    """A stretch of sound with its spectrum, from which narrow bands are cut cheaply."""

    def __init__(self, samples: Reals, sample_rate: int) -> None:
        self.samples = samples
        self.sample_rate = sample_rate
        self.length = samples.shape[-1]
        # half a second of zeros keeps the two ends apart in the circular transform
        self.padded = scipy.fft.next_fast_len(self.length + sample_rate // 2, real=True)
        self.spectrum: Complexes = scipy.fft.rfft(samples, self.padded)
        self.bin_hz = sample_rate / self.padded

    def narrow_band(
        self, frequency_hz: float, flat_hz: float = 0.0, kernel_hz: float = _KERNEL_HZ
    ) -> tuple[Complexes, Reals, Reals]:
        """Return the band around a frequency as slow complex values, `_FRAMES` for each width of the kernel.

        Args:
            frequency_hz: the middle of the band.
            flat_hz: half the width over which the band is even.
            kernel_hz: half the width of the band.

        Returns:
            The band shifted to 0 Hz, scaled so that a tone's modulus is its amplitude (channels, frames); the
            programme's power beside it (channels, frames); moments in s from the stretch's middle (frames,).
        """
        centre = round(frequency_hz / self.bin_hz)
        half = round(_BAND * kernel_hz / self.bin_hz)
        bins = np.arange(centre - half, centre + half)
        inside = (bins >= 0) & (bins < self.spectrum.shape[-1])
        block = np.where(inside, self.spectrum[:, np.clip(bins, 0, self.spectrum.shape[-1] - 1)], 0.0)
        offset_hz = (bins - centre) * self.bin_hz
        beside_hz = _BESIDE * kernel_hz
        heard = np.abs(frequency_hz + beside_hz - self.sample_rate / 4) < self.sample_rate / 4 - kernel_hz
        places = (0.0, *(beside_hz[heard] if heard.any() else beside_hz))
        kernels = np.stack([_raised_cosine(offset_hz - at, flat_hz, kernel_hz) for at in places])
        bands = np.fft.ifft(np.fft.ifftshift(block[:, None] * kernels, axes=-1), axis=-1)
        bands *= 2.0 * bands.shape[-1] / self.padded
        rate = self.sample_rate * bands.shape[-1] / self.padded
        time = np.arange(bands.shape[-1]) / rate
        edge = _EDGE / kernel_hz
        usable = (time > edge) & (time < self.length / self.sample_rate - edge)
        kept = np.flatnonzero(usable)[:: max(1, int(rate / (_FRAMES * kernel_hz)))]
        time = time[kept]
        beside = np.abs(bands[:, 1:, kept]) ** 2
        # 1.78 is exp(Euler's constant): the mean of log power lies that far below the power
        power: Reals = 1.78 * np.exp(np.mean(np.log(beside + 1e-20), axis=1)) + 1e-16
        band = bands[:, 0, kept] * np.exp(-2j * np.pi * (frequency_hz - centre * self.bin_hz) * time)
        middle = self.length / self.sample_rate / 2
        return band, power, time - middle


def _raised_cosine(offset_hz: Reals, flat_hz: float, kernel_hz: float) -> Reals:
    beyond = np.clip((np.abs(offset_hz) - flat_hz) / (kernel_hz - flat_hz), 0.0, 1.0)
    shape: Reals = 0.5 + 0.5 * np.cos(np.pi * beyond)
    return shape


@dataclass(frozen=True, slots=True)
class Fit:
    """A fitted tone with what is needed to judge it."""

    frequency_hz: float
    amplitudes: Complexes  # at the middle of the stretch
    drift: Reals
    band: Complexes  # the narrow band with the tone's phase taken out: the amplitude plus the programme
    beside: Reals
    variance: Reals
    significance_db: float
    error: float  # expected power of the error of the amplitudes, all channels together

    def tone(self) -> Tone:
        """Return the tone alone."""
        return Tone(
            frequency_hz=float(self.frequency_hz),
            amplitudes=tuple(float(a) for a in np.abs(self.amplitudes)),
            phases=tuple(float(p) for p in np.angle(self.amplitudes)),
            drift=tuple(float(d) for d in self.drift),
            significance_db=self.significance_db,
        )


def refined(stretch: Stretch, fit: Fit) -> Fit:
    """Return a fit, or the same tone fitted in a wider band where that is surer.

    A narrow band has a long memory: it smears a drum over the quiet moment beside it. A wide one hears that
    moment, but more of what sounds at other frequencies all the time.
    """
    fits = [fit]
    for kernel_hz in _WIDE_KERNELS_HZ:
        if not 2.0 * kernel_hz < fit.frequency_hz < stretch.sample_rate / 2 - 2.0 * kernel_hz:
            break
        wider = fitted(stretch, fit.frequency_hz, order=max(1, len(fit.drift)), kernel_hz=kernel_hz)
        if wider is None or not is_near(wider.frequency_hz, [fit.frequency_hz]):
            continue
        if np.array_equal(wider.amplitudes != 0.0, fit.amplitudes != 0.0):
            fits.append(wider)
    return min(fits, key=lambda each: each.error)


def fitted(
    stretch: Stretch,
    frequency_hz: float,
    *,
    order: int,
    kernel_hz: float = _KERNEL_HZ,
    may_move: bool = True,
) -> Fit | None:
    """Fit amplitude and a phase polynomial by reweighted Gauss–Newton least squares on the narrow band."""
    band, beside, time = stretch.narrow_band(frequency_hz, _FLAT_HZ if order > 1 else 0.0, kernel_hz)
    if band.shape[-1] < 2 * order + 2:
        return None
    if order > 1 and np.median(np.abs(band) ** 2 / beside, axis=1).max() < _CLEAR_FOR_DRIFT:
        return None
    half = stretch.length / stretch.sample_rate / 2
    powers = np.vander(time / half, order + 1, increasing=True)[:, 1:]
    phase = _unwrapped_phase(band, beside, powers) if order > 1 else np.zeros(1)
    variance = beside.copy()
    amplitudes = np.zeros(band.shape[0], np.complex128)
    flat = band
    for turn in range(14):
        weights = 1.0 / variance
        flat = band * np.exp(-1j * (powers @ phase))
        amplitudes = (weights * flat).sum(axis=1) / weights.sum(axis=1)
        phase = phase + _phase_step(flat, amplitudes, weights, powers)
        if turn >= 2:  # notes at the tone's own frequency show only in what the tone leaves over
            rest = np.abs(flat - amplitudes[:, None]) ** 2
            variance = beside * np.minimum(excess_power(rest, beside), 1.0) + _running_mean(rest)
    weights = 1.0 / variance
    flat = band * np.exp(-1j * (powers @ phase))
    amplitudes = (weights * flat).sum(axis=1) / weights.sum(axis=1)
    snrs = np.abs(amplitudes) ** 2 * weights.sum(axis=1) * INDEPENDENT
    snr = float(snrs.sum())
    error = _expected_error(flat - amplitudes[:, None], weights)
    amplitudes = np.where(snrs > _LEAST_CHANNEL_SNR, amplitudes, 0.0)
    # the slope of the phase is frequency: it belongs to the frequency, the rest is drift
    fitted_hz = frequency_hz + float(phase[0]) / half / (2.0 * np.pi)
    at_middle = amplitudes * np.exp(2j * np.pi * frequency_hz * half)
    if may_move and abs(fitted_hz - frequency_hz) > 0.2:  # off the even part of the band: take the band there
        return fitted(stretch, fitted_hz, order=order, kernel_hz=kernel_hz, may_move=False)
    drift = np.concatenate([[0.0], phase[1:]]) if order > 1 else np.zeros(0)
    significance_db = float(10.0 * np.log10(snr + 1e-12))
    return Fit(fitted_hz, at_middle, drift, flat, beside, variance, significance_db, error)


def _expected_error(rest: Complexes, weights: Reals) -> float:
    """Return the expected power of a weighted mean's error from how it varies between parts of the stretch.

    Unlike the weights alone it does not trust them, so that fits with other weights can be compared.

    Source: White 1980, the heteroskedasticity-consistent ("sandwich") variance.
    """
    parts = np.array_split(weights * rest, min(_ERROR_PARTS, rest.shape[1]), axis=1)
    sums = np.array([part.sum(axis=1) for part in parts])
    return float((np.sum(np.abs(sums) ** 2, axis=0) / weights.sum(axis=1) ** 2).sum())


def _phase_step(flat: Complexes, amplitudes: Complexes, weights: Reals, powers: Reals) -> Reals:
    """Return the Gauss–Newton step of the phase coefficients; each channel keeps a free constant phase."""
    order = powers.shape[1]
    normal = np.zeros((order, order))
    gradient = np.zeros(order)
    for values, amplitude, precision in zip(flat, amplitudes, weights, strict=True):
        if abs(amplitude) == 0.0:
            continue
        weight = precision * abs(amplitude) ** 2
        centred = powers - (weight[:, None] * powers).sum(axis=0) / weight.sum()
        normal += (centred * weight[:, None]).T @ centred
        gradient += (centred * weight[:, None]).T @ (values / amplitude - 1.0).imag
    if not np.trace(normal) > 0.0:
        return np.zeros(order)
    step: Reals = np.linalg.solve(normal + 1e-9 * np.trace(normal) * np.eye(order), gradient)
    return np.clip(step, -1.0, 1.0)


def _unwrapped_phase(band: Complexes, beside: Reals, powers: Reals) -> Reals:
    """Return a first guess of a drifting tone's phase from the channel in which it is clearest."""
    clearest = int(np.argmax(np.median(np.abs(band) ** 2 / beside, axis=1)))
    angle = np.unwrap(np.angle(band[clearest]))
    columns = np.column_stack([np.ones(len(angle)), powers])
    solution: Reals = np.linalg.lstsq(columns, angle, rcond=None)[0]
    return solution[1:]


def excess_power(rest: Reals, beside: Reals) -> Reals:
    """Return how much more power is left over at a tone than beside it, (channels, 1); notes lie anywhere.

    For noise, half of the powers lie below ln 2 of their mean.
    """
    excess: Reals = np.median(rest / beside, axis=1, keepdims=True) / np.log(2.0)
    return np.maximum(excess, _LEAST_EXCESS)


def _running_mean(power: Reals, width: int = 5) -> Reals:
    kernel = np.full(width, 1.0 / width)
    return np.stack([np.convolve(row, kernel, "same") for row in power])


def is_near(frequency_hz: float, others: Sequence[float]) -> bool:
    """Tell whether a frequency is that of one of the others, as far as fits can tell."""
    return any(abs(frequency_hz - other) < _SAME_HZ for other in others)
