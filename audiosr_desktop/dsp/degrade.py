"""Seeded damage for training, evaluation and the `degrade` command: low-pass, single tone, white noise, gaps.

The ranges are those of the report on AudioSR with a noise-aware encoder, section 4: low-pass of random family
and order 2 to 10 at 2 to 16 kHz, a tone of 100 Hz to 15 kHz and amplitude 0.001 to 0.2, white noise of
amplitude 0.001 to 0.02; gaps and plain resampling are ours.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.dsp.resample import resample

Samples = npt.NDArray[np.float32]
Filter = Literal["cheby", "ellip", "butter", "boxcar", "bessel", "resample"]

FILTERS: tuple[Filter, ...] = get_args(Filter)
LOWPASS_HZ = (2_000.0, 16_000.0)
ORDERS = (2, 10)
TONE_HZ = (100.0, 15_000.0)
TONE_AMPLITUDE = (0.001, 0.2)
WHITE_AMPLITUDE = (0.001, 0.02)
GAP_MS = (10.0, 250.0)

UNDAMAGED_CHANCE = 0.1
LOWPASS_CHANCE = 0.8
TONE_CHANCE = 0.25
WHITE_CHANCE = 0.25
GAPS_CHANCE = 0.15
NOISE_FIRST_CHANCE = 0.5
_MOST_GAPS = 3


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of sound set to zero."""

    start_s: float
    length_ms: float


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done to a sound; fields left alone do nothing.

    Attributes:
        lowpass_hz: cutoff; None is no low-pass.
        filter: its family, or "resample" for a change of rate to twice the cutoff and back.
        order: its order; not used by "resample".
        tone_hz: frequency of a single tone; None is no tone.
        tone_amplitude: its amplitude, 1.0 being full scale; its phase is random.
        white_amplitude: standard deviation of Gaussian white noise, another one in each channel; 0 is none.
        gaps: stretches set to zero, last of all.
        noise_first: tone and noise before the low-pass, as the report's code did; its text has them after.
    """

    lowpass_hz: float | None = None
    filter: Filter = "cheby"
    order: int = 8
    tone_hz: float | None = None
    tone_amplitude: float = 0.05
    white_amplitude: float = 0.0
    gaps: tuple[Gap, ...] = ()
    noise_first: bool = False

    def __post_init__(self) -> None:
        if self.filter not in FILTERS:
            raise ValueError(f"the filter is one of {', '.join(FILTERS)}, not {self.filter}")
        if not ORDERS[0] <= self.order <= ORDERS[1]:
            raise ValueError(f"the order of the filter is {ORDERS[0]} to {ORDERS[1]}, not {self.order}")
        for name in ("lowpass_hz", "tone_hz"):
            value = getattr(self, name)
            if value is not None and not (np.isfinite(value) and value > 0):
                raise ValueError(f"{name} must be above zero, not {value}")
        if not (self.tone_amplitude >= 0 and self.white_amplitude >= 0):
            raise ValueError("amplitudes of noise must not be negative")
        if any(not (gap.start_s >= 0 and gap.length_ms > 0) for gap in self.gaps):
            raise ValueError("a gap must start at 0 s or later and be longer than 0 ms")


def random_damage(rng: np.random.Generator, duration_s: float, sample_rate: int = 48_000) -> Damage:
    """Draw damage as the models are trained on; one draw in ten is no damage at all.

    Args:
        rng: where the choice comes from; the same state gives the same damage.
        duration_s: length of the sound, which gaps must fall into.
        sample_rate: of the sound; frequencies stay below half of it.
    """
    highest_hz = 0.45 * sample_rate
    if rng.random() < UNDAMAGED_CHANCE:
        return Damage()
    has_lowpass = rng.random() < LOWPASS_CHANCE and highest_hz > LOWPASS_HZ[0]
    has_tone = rng.random() < TONE_CHANCE
    has_white = rng.random() < WHITE_CHANCE
    return Damage(
        lowpass_hz=_between(rng, LOWPASS_HZ[0], min(LOWPASS_HZ[1], highest_hz)) if has_lowpass else None,
        filter=FILTERS[int(rng.integers(len(FILTERS)))],
        order=int(rng.integers(ORDERS[0], ORDERS[1] + 1)),
        tone_hz=_between(rng, TONE_HZ[0], min(TONE_HZ[1], highest_hz)) if has_tone else None,
        tone_amplitude=_between(rng, *TONE_AMPLITUDE),
        white_amplitude=_between(rng, *WHITE_AMPLITUDE) if has_white else 0.0,
        gaps=_random_gaps(rng, duration_s) if rng.random() < GAPS_CHANCE else (),
        noise_first=bool(rng.random() < NOISE_FIRST_CHANCE),
    )


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _random_gaps(rng: np.random.Generator, duration_s: float) -> tuple[Gap, ...]:
    gaps = []
    for _ in range(int(rng.integers(1, _MOST_GAPS + 1))):
        length_ms = min(_between(rng, *GAP_MS), 250.0 * duration_s)  # never more than a quarter of the sound
        if length_ms > 0:
            gaps.append(Gap(_between(rng, 0.0, duration_s - length_ms / 1000.0), length_ms))
    return tuple(gaps)


def apply_damage(samples: Samples, sample_rate: int, damage: Damage, rng: np.random.Generator) -> Samples:
    """Damage a sound.

    Args:
        samples: float32 (channels, n).
        sample_rate: Hz.
        damage: what to do.
        rng: for the phase of the tone and for the noise; the same state gives the same samples.

    Returns:
        A new float32 array of the same shape; it may go beyond full scale.

    Raises:
        ValueError: the low-pass or the tone lies at or above half the rate.
    """
    nyquist_hz = sample_rate / 2
    for what, frequency_hz in (("low-pass", damage.lowpass_hz), ("tone", damage.tone_hz)):
        if frequency_hz is not None and frequency_hz >= nyquist_hz:
            raise ValueError(f"the {what} at {frequency_hz:g} Hz must lie below {nyquist_hz:g} Hz")
    result = np.array(samples, dtype=np.float32)
    if damage.noise_first:
        result = _add_noise(result, sample_rate, damage, rng)
    if damage.lowpass_hz is not None:
        result = band_limit(result, sample_rate, damage.lowpass_hz, damage.filter, damage.order)
    if not damage.noise_first:
        result = _add_noise(result, sample_rate, damage, rng)
    for gap in damage.gaps:
        start = round(gap.start_s * sample_rate)
        result[:, start : start + max(1, round(gap.length_ms * sample_rate / 1000))] = 0.0
    return result


def band_limit(samples: Samples, sample_rate: int, cutoff_hz: float, kind: Filter, order: int = 8) -> Samples:
    """Take away what lies above the cutoff, by a zero-phase low-pass or by resampling.

    Args:
        samples: float32 (channels, n).
        sample_rate: Hz.
        cutoff_hz: below half the rate.
        kind: family of the filter; "resample" goes to a rate of twice the cutoff and back.
        order: order of the filter.

    Returns:
        float32, same shape and alignment.
    """
    if kind != "resample":
        return lowpass(samples, sample_rate, cutoff_hz, kind, order)
    low_rate = max(1, round(2.0 * cutoff_hz))
    back = resample(resample(samples, sample_rate, low_rate), low_rate, sample_rate)
    length = samples.shape[1]  # two roundings can miss it by part of a low-rate sample
    return back[:, :length] if back.shape[1] >= length else _padded(back, length)


def _padded(samples: Samples, length: int) -> Samples:
    return np.pad(samples, ((0, 0), (0, length - samples.shape[1])))


def _add_noise(samples: Samples, sample_rate: int, damage: Damage, rng: np.random.Generator) -> Samples:
    length = samples.shape[1]
    if damage.tone_hz is not None:
        phase = rng.uniform(0.0, 2.0 * np.pi)
        cycles = damage.tone_hz / sample_rate * np.arange(length, dtype=np.float64)
        tone = damage.tone_amplitude * np.sin(2.0 * np.pi * cycles + phase)
        samples = samples + tone.astype(np.float32)
    if damage.white_amplitude > 0:
        noise = rng.standard_normal(samples.shape, dtype=np.float32)
        samples = samples + np.float32(damage.white_amplitude) * noise
    return samples
