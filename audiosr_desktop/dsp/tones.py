"""Single steady tones inside sound: find them, fit them, and give them back as sound to subtract.

A disturbing tone (hum, whistle, carrier) has one amplitude and a slowly moving frequency for as long as the
sound lasts; a note or a harmonic of a voice does not. So a tone is fitted by weighted least squares in a
narrow band, where moments in which the programme is loud count for little, and it is believed only if the
same tone explains every part of the stretch as well as the noise beside it allows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

from audiosr_desktop.dsp.spectrum import istft, stft

Samples = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

LOWEST_HZ = 30.0
SHORTEST_S = 2.0  # below this a note cannot be told from a tone
SHORTEST_FIT_S = 0.5

_KERNEL_HZ = 8.0  # half the width of the band that holds the tone
_WIDE_KERNELS_HZ = (16.0, 32.0, 64.0)  # these tell loud moments from quiet ones more finely
_FLAT_HZ = 2.5  # of it, what a drifting tone may use
# all in widths of the kernel
_BAND = 8.0  # half the width of the band taken around a candidate
_BESIDE = np.array([-4.0, -3.0, -2.0, 2.0, 3.0, 4.0])  # where the programme's own level is read
_FRAMES = 4.0  # moments taken of the narrow band in a second
_EDGE = 0.96  # the narrow band's memory: moments nearer to an end are left out
_INDEPENDENT = 1.0 / _FRAMES  # independent values per moment of the narrow band
_DRIFT_ORDER = 6
_ERROR_PARTS = 24

_LEAST_EXCESS = 0.1
_LEAST_SIGNIFICANCE_DB = 24.0
_LEAST_AMPLITUDE = 2e-4
_LEAST_CHANNEL_SNR = 30.0  # below it, a channel is without the tone that the others have
_PARTS = 8
_KNOWN_FREQUENCY_RELIEF_DB = 10.0
_LEAK = 1e-6  # power of a tone that its own edges spread over the narrow band
_SAME_HZ = 0.5
_CROWD_HZ = 24.0
_CROWD = 4
_ROUNDS = 3
_HUM_HZ = (40.0, 130.0)  # fundamentals of the mains, of its rectified half waves too
_HARMONICS = 12
_HARMONIC_TOLERANCE = 0.004
_STAYING_AROUND_HZ = 24.0
_LEAST_STAYING = 30.0
_MOST_STAYING = 5  # in each octave
_CLEAR_FOR_DRIFT = 4.0  # power of a drifting tone over its surroundings, for its phase to be followed
_LEAST_REST = 1e-4  # power left without the tones, below which the sound is the tones


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


def find_tones(
    samples: Samples, sample_rate: int, *, most: int = 16, known_hz: Sequence[float] = ()
) -> list[Tone]:
    """Find the steady tones in a stretch of sound, strongest first.

    Args:
        samples: float32 (channels, n); 8 to 24 s serve best.
        sample_rate: in Hz.
        most: tones to return at most.
        known_hz: tones found in the neighbourhood; there a weaker trace is believed.

    Returns:
        Tones in the order in which they must be subtracted. None for less than two seconds of sound, nor
        where the sound consists of steady tones alone: then they are not a disturbance.
    """
    if samples.shape[-1] < SHORTEST_S * sample_rate or not np.any(samples):
        return []
    rest = np.array(samples, dtype=np.float64)
    found: list[Tone] = []
    for _ in range(_ROUNDS):  # a strong tone can hide another from the search
        before = len(found)
        stretch = _Stretch(rest, sample_rate)
        places = [*known_hz, *_candidates(stretch)]
        fits = [fit for at in places if (fit := _steady_at(stretch, at, known_hz, found)) is not None]
        for fit in sorted(fits, key=lambda fit: -fit.significance_db):
            if len(found) == most or _is_near(fit.frequency_hz, [tone.frequency_hz for tone in found]):
                continue
            if len(found) > before:  # fitted again without those that were stronger
                present = _Stretch(rest, sample_rate)
                again = _steady_at(present, fit.frequency_hz, known_hz, found)
            else:
                present, again = stretch, fit
            if again is not None:
                found.append(_refined(present, again).tone())
                rest -= found[-1].render(rest.shape[-1], sample_rate)
        hum = [at for at in _multiples(found, sample_rate / 2.0) if not _is_near(at, known_hz)]
        if len(found) == before and not hum:
            break
        known_hz = [*known_hz, *hum]  # what belongs to a hum is believed on a weaker trace
    found = _fitted_again(found, rest, sample_rate)
    is_all = np.mean(rest**2) < _LEAST_REST * np.mean(np.square(samples, dtype=np.float64))
    return [] if is_all else [tone for tone in found if not _is_crowded(tone, found)]


def _is_crowded(tone: Tone, found: Sequence[Tone]) -> bool:
    """Tell a line of a comb: vibrato and a rhythm that repeats exactly make many at small distances."""
    near = [other for other in found if abs(other.frequency_hz - tone.frequency_hz) < _CROWD_HZ]
    return len(near) >= _CROWD


def _fitted_again(found: Sequence[Tone], rest: Reals, sample_rate: int) -> list[Tone]:
    """Fit each tone once more with all others taken away, which stood in the way when it was found.

    `rest`, float64 (channels, n), is the sound without the tones, and is kept so.
    """
    if len(found) < 2:
        return list(found)
    result = list(found)
    for index, tone in enumerate(found):
        rest += tone.render(rest.shape[-1], sample_rate)
        stretch = _Stretch(rest, sample_rate)
        again = _fit(stretch, tone.frequency_hz, order=max(1, len(tone.drift)))
        if again is not None and again.amplitudes.any() and _is_near(again.frequency_hz, [tone.frequency_hz]):
            result[index] = _refined(stretch, again).tone()
        rest -= result[index].render(rest.shape[-1], sample_rate)
    return result


def fit_tone(samples: Samples, sample_rate: int, frequency_hz: float) -> Tone | None:
    """Fit the tone nearest to a frequency that the user names, without asking whether it is steady.

    Args:
        samples: float32 (channels, n).
        sample_rate: in Hz.
        frequency_hz: where to look; the strongest line within 1 % (at least 5 Hz) is taken.

    Returns:
        The tone, or None where the stretch is too short or silent or the frequency lies outside the band.
    """
    if samples.shape[-1] < SHORTEST_FIT_S * sample_rate or not 0 < frequency_hz < sample_rate / 2:
        return None
    stretch = _Stretch(np.asarray(samples, dtype=np.float64), sample_rate)
    width = max(5.0, 0.01 * frequency_hz)
    low_hz, high_hz = frequency_hz - width, frequency_hz + width
    near = _candidates(stretch, least_db=0.0, low_hz=low_hz, high_hz=high_hz)
    fits = [fit for f in near[:4] if (fit := _fit(stretch, f, order=1)) is not None]
    if not fits:
        return None
    best = max(fits, key=lambda fit: fit.significance_db)
    drifting = _fit(stretch, best.frequency_hz, order=_DRIFT_ORDER)
    if drifting is not None and drifting.significance_db > best.significance_db + 3.0:
        best = drifting
    return _refined(stretch, best).tone() if best.significance_db > 0 else None


class _Stretch:
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
class _Fit:
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
        return Tone(
            frequency_hz=float(self.frequency_hz),
            amplitudes=tuple(float(a) for a in np.abs(self.amplitudes)),
            phases=tuple(float(p) for p in np.angle(self.amplitudes)),
            drift=tuple(float(d) for d in self.drift),
            significance_db=self.significance_db,
        )


def _refined(stretch: _Stretch, fit: _Fit) -> _Fit:
    """Return a fit, or the same tone fitted in a wider band where that is surer.

    A narrow band has a long memory: it smears a drum over the quiet moment beside it. A wide one hears that
    moment, but more of what sounds at other frequencies all the time.
    """
    fits = [fit]
    for kernel_hz in _WIDE_KERNELS_HZ:
        if not 2.0 * kernel_hz < fit.frequency_hz < stretch.sample_rate / 2 - 2.0 * kernel_hz:
            break
        wider = _fit(stretch, fit.frequency_hz, order=max(1, len(fit.drift)), kernel_hz=kernel_hz)
        if wider is None or not _is_near(wider.frequency_hz, [fit.frequency_hz]):
            continue
        if np.array_equal(wider.amplitudes != 0.0, fit.amplitudes != 0.0):
            fits.append(wider)
    return min(fits, key=lambda each: each.error)


def _fit(
    stretch: _Stretch,
    frequency_hz: float,
    *,
    order: int,
    kernel_hz: float = _KERNEL_HZ,
    may_move: bool = True,
) -> _Fit | None:
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
            variance = beside * np.minimum(_excess(rest, beside), 1.0) + _running_mean(rest)
    weights = 1.0 / variance
    flat = band * np.exp(-1j * (powers @ phase))
    amplitudes = (weights * flat).sum(axis=1) / weights.sum(axis=1)
    snrs = np.abs(amplitudes) ** 2 * weights.sum(axis=1) * _INDEPENDENT
    snr = float(snrs.sum())
    error = _expected_error(flat - amplitudes[:, None], weights)
    amplitudes = np.where(snrs > _LEAST_CHANNEL_SNR, amplitudes, 0.0)
    # the slope of the phase is frequency: it belongs to the frequency, the rest is drift
    fitted_hz = frequency_hz + float(phase[0]) / half / (2.0 * np.pi)
    at_middle = amplitudes * np.exp(2j * np.pi * frequency_hz * half)
    if may_move and abs(fitted_hz - frequency_hz) > 0.2:  # off the even part of the band: take the band there
        return _fit(stretch, fitted_hz, order=order, kernel_hz=kernel_hz, may_move=False)
    drift = np.concatenate([[0.0], phase[1:]]) if order > 1 else np.zeros(0)
    significance_db = float(10.0 * np.log10(snr + 1e-12))
    return _Fit(fitted_hz, at_middle, drift, flat, beside, variance, significance_db, error)


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


def _excess(rest: Reals, beside: Reals) -> Reals:
    """Return how much more power is left over at a tone than beside it, (channels, 1); notes lie anywhere.

    For noise, half of the powers lie below ln 2 of their mean.
    """
    excess: Reals = np.median(rest / beside, axis=1, keepdims=True) / np.log(2.0)
    return np.maximum(excess, _LEAST_EXCESS)


def _running_mean(power: Reals, width: int = 5) -> Reals:
    kernel = np.full(width, 1.0 / width)
    return np.stack([np.convolve(row, kernel, "same") for row in power])


def _is_steady(fit: _Fit, *, relief_db: float = 0.0) -> bool:
    """Tell a tone from a note: the same amplitude explains every part as well as its surroundings allow."""
    if fit.significance_db < _LEAST_SIGNIFICANCE_DB - relief_db:
        return False
    if float(np.abs(fit.amplitudes).max()) < _LEAST_AMPLITUDE:
        return False
    constant = (1.0 / fit.variance * fit.band).sum(axis=1) / (1.0 / fit.variance).sum(axis=1)
    clearest = int(np.argmax(np.abs(constant) ** 2 * (1.0 / fit.variance).sum(axis=1)))
    amplitude, band, variance = constant[clearest], fit.band[clearest], fit.variance[clearest]
    beside = fit.beside[clearest] + _LEAK * abs(amplitude) ** 2
    if np.median(np.abs(band - amplitude) ** 2 / beside) > 4.0:
        return False
    excess = max(1.0, float(_excess(np.abs(band - amplitude)[None] ** 2, beside[None])[0, 0]))
    clear = np.abs(band[excess * beside < 0.05 * abs(amplitude) ** 2]) / abs(amplitude)
    if clear.size and (np.mean(clear < 0.6) > 0.05 or np.median(clear) > 1.25):
        return False  # it pauses where nothing could hide it, or the fit did not find its phase
    informative = agreeing = 0
    for part in np.array_split(np.arange(band.shape[0]), _PARTS):
        weight = 1.0 / variance[part]
        spread = np.sqrt(1.0 / (weight.sum() * _INDEPENDENT)) / abs(amplitude)
        if spread > 0.35:
            continue
        informative += 1
        departure = abs((weight * band[part]).sum() / weight.sum() - amplitude) / abs(amplitude)
        agreeing += bool(departure < max(0.05, 3.5 * spread))
    needed = 3 if fit.significance_db > 45.0 else _PARTS // 2
    return informative >= needed and agreeing >= 0.85 * informative


def _steady_at(
    stretch: _Stretch, frequency_hz: float, known_hz: Sequence[float], found: Sequence[Tone]
) -> _Fit | None:
    """Return the steady tone at a frequency, constant or else drifting, if it is a new one."""
    relief_db = _KNOWN_FREQUENCY_RELIEF_DB if _is_near(frequency_hz, known_hz) else 0.0
    taken = [tone.frequency_hz for tone in found]
    for order in (1, _DRIFT_ORDER):
        fit = _fit(stretch, frequency_hz, order=order)
        if fit is None or _is_near(fit.frequency_hz, taken):
            continue
        if _is_steady(fit, relief_db=relief_db):
            return fit
    return None


def _multiples(found: Sequence[Tone], nyquist_hz: float) -> list[float]:
    """Return where the other harmonics of a hum lie, of which at least two were found; none without a hum."""
    for tone in sorted(found, key=lambda tone: tone.frequency_hz):
        base_hz = tone.frequency_hz
        if not _HUM_HZ[0] <= base_hz <= _HUM_HZ[1]:
            continue
        # the highest harmonic tells the fundamental most exactly
        ranks = {
            round(other.frequency_hz / base_hz): other.frequency_hz
            for other in found
            if abs(other.frequency_hz / base_hz - round(other.frequency_hz / base_hz)) < _HARMONIC_TOLERANCE
        }
        if len(ranks) < 2:
            continue
        exact_hz = ranks[max(ranks)] / max(ranks)
        count = min(_HARMONICS, int((nyquist_hz - LOWEST_HZ) / exact_hz))
        return [rank * exact_hz for rank in range(1, count + 1) if rank not in ranks]
    return []


def _is_near(frequency_hz: float, others: Sequence[float]) -> bool:
    return any(abs(frequency_hz - other) < _SAME_HZ for other in others)


def _candidates(
    stretch: _Stretch, *, least_db: float = 16.0, low_hz: float = LOWEST_HZ, high_hz: float | None = None
) -> list[float]:
    """Return frequencies of narrow lines: of the sound as it is, of its quiet moments, of what stays."""
    high_hz = stretch.sample_rate / 2 - LOWEST_HZ if high_hz is None else high_hz
    found: list[float] = []
    quiet = _quiet_moments(stretch.samples, stretch.sample_rate)
    # in the quiet moments a tone is heard in pieces, which widens its foot
    for sound, around_hz in ((stretch.samples, 6.0), (quiet, 40.0)):
        for at in _lines(sound, stretch.sample_rate, around_hz, least_db, (low_hz, high_hz)):
            if all(abs(at - other) > 0.3 for other in found):
                found.append(at)
    for at in _staying_lines(stretch.samples, stretch.sample_rate, (low_hz, high_hz)):
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
