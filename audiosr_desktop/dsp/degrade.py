"""Seeded damage for training, evaluation and `degrade`: low-pass, codec, single tone, white noise, gaps.

The ranges are those of the report on AudioSR with a noise-aware encoder, section 4: low-pass of random family
and order 2 to 10 at 2 to 16 kHz, a tone of 100 Hz to 15 kHz and amplitude 0.001 to 0.2, white noise of
amplitude 0.001 to 0.02; gaps, codecs and plain resampling are ours.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.dsp.resample import resample

Samples = npt.NDArray[np.float32]
Filter = Literal["cheby", "ellip", "butter", "boxcar", "bessel", "resample"]
Codec = Literal["mp3", "ogg", "opus"]
Coder = Callable[[Samples, int, Codec, float], Samples]
"""Codes and decodes samples (channels, n), at lag 0: rate, codec, kbit/s of all channels together."""

FILTERS: tuple[Filter, ...] = get_args(Filter)
LOWPASS_HZ = (2_000.0, 16_000.0)
ORDERS = (2, 10)
TONE_HZ = (100.0, 15_000.0)
TONE_AMPLITUDE = (0.001, 0.2)
WHITE_AMPLITUDE = (0.001, 0.02)
GAP_MS = (10.0, 250.0)

GAIN_DB = (-12.0, 0.0)
CODEC_KBPS: dict[Codec, tuple[float, float]] = {
    "mp3": (32.0, 128.0),
    "ogg": (48.0, 128.0),
    "opus": (16.0, 96.0),
}
_MOST_GAPS = 3
_MOST_CODEC_CHANNELS = 2


@dataclass(frozen=True, slots=True)
class Chances:
    """How likely `random_damage` draws each kind, 0 to 1.

    Attributes:
        undamaged: nothing at all; the others hold for the rest.
        lowpass: a low-pass of random family, order and cutoff.
        tone: a single tone.
        white: white noise.
        gaps: one to three gaps.
        codec: a lossy codec; 0 where the caller has none.
        level: another gain, and the polarity turned in half of those cases.
        noise_first: tone and noise before the low-pass.
    """

    undamaged: float = 0.1
    lowpass: float = 0.8
    tone: float = 0.25
    white: float = 0.25
    gaps: float = 0.15
    codec: float = 0.0
    level: float = 0.0
    noise_first: float = 0.5

    def __post_init__(self) -> None:
        for field in fields(self):
            if not 0.0 <= getattr(self, field.name) <= 1.0:
                raise ValueError(f"the chance {field.name} is 0 to 1, not {getattr(self, field.name)}")


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch of sound set to zero."""

    start_s: float
    length_ms: float


@dataclass(frozen=True, slots=True)
class Damage:
    """What is done to a sound; fields left alone do nothing.

    The order is: gain and polarity, low-pass, tone and noise (or these before the low-pass), codec, gaps.

    Attributes:
        lowpass_hz: cutoff; None is no low-pass.
        filter: its family, or "resample" for a change of rate to twice the cutoff and back.
        order: its order; not used by "resample".
        tone_hz: frequency of a single tone; None is no tone.
        tone_amplitude: its amplitude, 1.0 being full scale; its phase is random.
        white_amplitude: standard deviation of Gaussian white noise, another one in each channel; 0 is none.
        gaps: stretches set to zero, last of all.
        noise_first: tone and noise before the low-pass, as the report's code did; its text has them after.
        codec: lossy codec; None is none.
        bitrate_kbps: of the codec, all channels together.
        gain_db: level of the whole sound.
        inverted: polarity turned.
    """

    lowpass_hz: float | None = None
    filter: Filter = "cheby"
    order: int = 8
    tone_hz: float | None = None
    tone_amplitude: float = 0.05
    white_amplitude: float = 0.0
    gaps: tuple[Gap, ...] = ()
    noise_first: bool = False
    codec: Codec | None = None
    bitrate_kbps: float = 64.0
    gain_db: float = 0.0
    inverted: bool = False

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
        if self.codec is not None and self.codec not in CODEC_KBPS:
            raise ValueError(f"the codec is one of {', '.join(CODEC_KBPS)}, not {self.codec}")
        if not self.bitrate_kbps > 0 or not np.isfinite(self.gain_db):
            raise ValueError("a bit rate must be above zero, and a gain a number")
        if any(not (gap.start_s >= 0 and gap.length_ms > 0) for gap in self.gaps):
            raise ValueError("a gap must start at 0 s or later and be longer than 0 ms")


def random_damage(
    rng: np.random.Generator, duration_s: float, sample_rate: int = 48_000, chances: Chances | None = None
) -> Damage:
    """Draw damage as the models are trained on; by default one draw in ten is no damage at all.

    Args:
        rng: where the choice comes from; the same state gives the same damage.
        duration_s: length of the sound, which gaps must fall into.
        sample_rate: of the sound; frequencies stay below half of it.
        chances: of each kind; None takes those of `Chances`.
    """
    chances = chances or Chances()
    highest_hz = 0.45 * sample_rate
    if rng.random() < chances.undamaged:
        return Damage()
    has_lowpass = rng.random() < chances.lowpass and highest_hz > LOWPASS_HZ[0]
    has_tone = rng.random() < chances.tone
    has_white = rng.random() < chances.white
    drawn = Damage(
        lowpass_hz=_between(rng, LOWPASS_HZ[0], min(LOWPASS_HZ[1], highest_hz)) if has_lowpass else None,
        filter=FILTERS[int(rng.integers(len(FILTERS)))],
        order=int(rng.integers(ORDERS[0], ORDERS[1] + 1)),
        tone_hz=_between(rng, TONE_HZ[0], min(TONE_HZ[1], highest_hz)) if has_tone else None,
        tone_amplitude=_between(rng, *TONE_AMPLITUDE),
        white_amplitude=_between(rng, *WHITE_AMPLITUDE) if has_white else 0.0,
        gaps=_random_gaps(rng, duration_s) if rng.random() < chances.gaps else (),
        noise_first=bool(rng.random() < chances.noise_first),
    )
    # drawn last, so that a seed gives the same filter, noise and gaps whether or not there are codecs
    if rng.random() < chances.codec:
        codec = tuple(CODEC_KBPS)[int(rng.integers(len(CODEC_KBPS)))]
        drawn = replace(drawn, codec=codec, bitrate_kbps=_between(rng, *CODEC_KBPS[codec]))
    if rng.random() < chances.level:
        drawn = replace(drawn, gain_db=_between(rng, *GAIN_DB), inverted=bool(rng.random() < 0.5))
    return drawn


def _between(rng: np.random.Generator, low: float, high: float) -> float:
    return float(rng.uniform(low, high))


def _random_gaps(rng: np.random.Generator, duration_s: float) -> tuple[Gap, ...]:
    gaps = []
    for _ in range(int(rng.integers(1, _MOST_GAPS + 1))):
        length_ms = min(_between(rng, *GAP_MS), 250.0 * duration_s)  # never more than a quarter of the sound
        if length_ms > 0:
            gaps.append(Gap(_between(rng, 0.0, duration_s - length_ms / 1000.0), length_ms))
    return tuple(gaps)


def apply_damage(
    samples: Samples,
    sample_rate: int,
    damage: Damage,
    rng: np.random.Generator,
    through_codec: Coder | None = None,
) -> Samples:
    """Damage a sound.

    Args:
        samples: float32 (channels, n).
        sample_rate: Hz.
        damage: what to do.
        rng: for the phase of the tone and for the noise; the same state gives the same samples.
        through_codec: runs the codec, which this room cannot (`evaluation.codec.through_codec`); channels
            are handed to it two by two.

    Returns:
        A new float32 array of the same shape; it may go beyond full scale.

    Raises:
        ValueError: the low-pass or the tone lies at or above half the rate, or the damage has a codec and
            there is nothing to run it with.
    """
    if damage.codec is not None and through_codec is None:
        raise ValueError(f"the codec {damage.codec} was asked for, but no codecs were given")
    nyquist_hz = sample_rate / 2
    for what, frequency_hz in (("low-pass", damage.lowpass_hz), ("tone", damage.tone_hz)):
        if frequency_hz is not None and frequency_hz >= nyquist_hz:
            raise ValueError(f"the {what} at {frequency_hz:g} Hz must lie below {nyquist_hz:g} Hz")
    result = np.array(samples, dtype=np.float32)
    if damage.gain_db or damage.inverted:
        result *= np.float32((-1.0 if damage.inverted else 1.0) * 10.0 ** (damage.gain_db / 20.0))
    if damage.noise_first:
        result = _add_noise(result, sample_rate, damage, rng)
    if damage.lowpass_hz is not None:
        result = band_limit(result, sample_rate, damage.lowpass_hz, damage.filter, damage.order)
    if not damage.noise_first:
        result = _add_noise(result, sample_rate, damage, rng)
    if damage.codec is not None and through_codec is not None:
        pairs = range(0, len(result), _MOST_CODEC_CHANNELS)
        parts = [result[first : first + _MOST_CODEC_CHANNELS] for first in pairs]
        coded = [through_codec(part, sample_rate, damage.codec, damage.bitrate_kbps) for part in parts]
        result = np.concatenate(coded)
    for gap in damage.gaps:  # after the codec, which would smear them
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
