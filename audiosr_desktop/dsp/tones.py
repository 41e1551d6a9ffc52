"""Single steady tones inside sound: find them, fit them, and give them back as sound to subtract.

A disturbing tone (hum, whistle, carrier) has one amplitude and a slowly moving frequency for as long as the
sound lasts; a note or a harmonic of a voice does not. So a tone is fitted by weighted least squares in a
narrow band, where moments in which the programme is loud count for little, and it is believed only if the
same tone explains every part of the stretch as well as the noise beside it allows.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.tone_fit import (
    INDEPENDENT,
    Fit,
    Stretch,
    Tone,
    excess_power,
    fitted,
    is_near,
    refined,
)
from audiosr_desktop.dsp.tone_lines import LOWEST_HZ, candidates

Samples = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]
Complexes = npt.NDArray[np.complex128]

SHORTEST_S = 2.0  # below this a note cannot be told from a tone
SHORTEST_FIT_S = 0.5

_DRIFT_ORDER = 6
_LEAST_SIGNIFICANCE_DB = 24.0
_HEARD_SHARE = 0.03  # of all moments, those in which a tone stands out
_SURE_DB = 31.0  # significance of one that is believed though it stands out in fewer
_NOISE_SPREAD = 0.67  # of the logarithm of the power beside a tone, up to which that is noise; 0.52 in theory
_CLEAR_ENOUGH = 8  # such moments, for their median to say anything
_LEAST_AMPLITUDE = 2e-4
_PARTS = 8
_KNOWN_FREQUENCY_RELIEF_DB = 10.0
_LEAK = 1e-6  # power of a tone that its own edges spread over the narrow band
_CROWD_HZ = 24.0
_CROWD = 4
_ROUNDS = 3
_HUM_HZ = (40.0, 130.0)  # fundamentals of the mains, of its rectified half waves too
_HARMONICS = 12
_HARMONIC_TOLERANCE = 0.004
_LEAST_REST = 1e-4  # power left without the tones, below which the sound is the tones


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
        stretch = Stretch(rest, sample_rate)
        places = [*known_hz, *candidates(stretch.samples, sample_rate)]
        fits = [fit for at in places if (fit := _steady_at(stretch, at, known_hz, found)) is not None]
        for fit in sorted(fits, key=lambda fit: -fit.significance_db):
            if len(found) == most or is_near(fit.frequency_hz, [tone.frequency_hz for tone in found]):
                continue
            if len(found) > before:  # fitted again without those that were stronger
                present = Stretch(rest, sample_rate)
                again = _steady_at(present, fit.frequency_hz, known_hz, found)
            else:
                present, again = stretch, fit
            if again is not None:
                found.append(refined(present, again).tone())
                rest -= found[-1].render(rest.shape[-1], sample_rate)
        hum = [at for at in _multiples(found, sample_rate / 2.0) if not is_near(at, known_hz)]
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
        stretch = Stretch(rest, sample_rate)
        again = fitted(stretch, tone.frequency_hz, order=max(1, len(tone.drift)))
        if again is not None and again.amplitudes.any() and is_near(again.frequency_hz, [tone.frequency_hz]):
            result[index] = refined(stretch, again).tone()
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
    stretch = Stretch(np.asarray(samples, dtype=np.float64), sample_rate)
    width = max(5.0, 0.01 * frequency_hz)
    low_hz, high_hz = frequency_hz - width, frequency_hz + width
    near = candidates(stretch.samples, sample_rate, least_db=0.0, low_hz=low_hz, high_hz=high_hz)
    fits = [fit for f in near[:4] if (fit := fitted(stretch, f, order=1)) is not None]
    if not fits:
        return None
    best = max(fits, key=lambda fit: fit.significance_db)
    drifting = fitted(stretch, best.frequency_hz, order=_DRIFT_ORDER)
    if drifting is not None and drifting.significance_db > best.significance_db + 3.0:
        best = drifting
    return refined(stretch, best).tone() if best.significance_db > 0 else None


def _is_steady(fit: Fit, *, relief_db: float = 0.0) -> bool:
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
    # steady noise makes no line; for music it takes more than a line that agrees with itself
    is_sure = fit.significance_db > _SURE_DB or np.std(np.log(fit.beside[clearest])) < _NOISE_SPREAD
    if not _is_heard(band, amplitude, beside, is_sure=bool(relief_db or is_sure)):
        return False
    informative = agreeing = 0
    for part in np.array_split(np.arange(band.shape[0]), _PARTS):
        weight = 1.0 / variance[part]
        spread = np.sqrt(1.0 / (weight.sum() * INDEPENDENT)) / abs(amplitude)
        if spread > 0.35:
            continue
        informative += 1
        departure = abs((weight * band[part]).sum() / weight.sum() - amplitude) / abs(amplitude)
        agreeing += bool(departure < max(0.05, 3.5 * spread))
    needed = 3 if fit.significance_db > 45.0 else _PARTS // 2
    return informative >= needed and agreeing >= 0.85 * informative


def _is_heard(band: Complexes, amplitude: complex, beside: Reals, *, is_sure: bool) -> bool:
    """Tell whether a tone stands out now and then, and is there wherever nothing could hide it.

    What agrees from part to part and stands out nowhere can be a rhythm that repeats.

    Args:
        band: the narrow band of one channel with the tone's phase taken out.
        amplitude: of the tone.
        beside: the programme's power, of the band's shape.
        is_sure: believe also a tone that never stands out.
    """
    excess = max(1.0, float(excess_power(np.abs(band - amplitude)[None] ** 2, beside[None])[0, 0]))
    clear = np.abs(band[excess * beside < 0.05 * abs(amplitude) ** 2]) / abs(amplitude)
    if clear.size < _HEARD_SHARE * len(band) and not is_sure:
        return False
    pauses = np.sum(clear < 0.6) > max(1.0, 0.05 * clear.size)
    # louder than its mean in most of them: the fit did not find its phase
    strays = clear.size >= _CLEAR_ENOUGH and np.median(clear) > 1.25
    return not pauses and not strays


def _steady_at(
    stretch: Stretch, frequency_hz: float, known_hz: Sequence[float], found: Sequence[Tone]
) -> Fit | None:
    """Return the steady tone at a frequency, constant or else drifting, if it is a new one."""
    relief_db = _KNOWN_FREQUENCY_RELIEF_DB if is_near(frequency_hz, known_hz) else 0.0
    taken = [tone.frequency_hz for tone in found]
    for order in (1, _DRIFT_ORDER):
        fit = fitted(stretch, frequency_hz, order=order)
        if fit is None or is_near(fit.frequency_hz, taken):
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
