"""What is put into gaps of sound: samples that join both sides, with a spectrum between those of the two."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

from audiosr_desktop.dsp.autoregression import burg, interpolate, residual
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.dsp.spectrum import istft, stft

Samples = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]

CONTEXT_S = 0.2  # sound on each side that a fill is modelled on
SHORTEST_CONTEXT_S = 0.005

_ORDER_S = 0.016
_HIGHEST_ORDER = 1024
_LEVEL_S = 0.05  # sound on each side that the excitation and the level are taken from
_ENVELOPE_S = 0.06
_TYPICAL_S = 0.020  # up to here the nearest samples are aimed at, then the most natural ones
_JOIN_S = 0.003
_DITHER = 1e-5  # of the level
_LEVEL_TOLERANCE_DB = 2.0
_COARSE_S = 0.0107  # frames in which spectrum and level are led from side to side
_COARSE_BINS = 5  # over which a coarse spectrum is smoothed
_FINE_S = 0.0427  # frames that tell lines from what lies between them
_FINE_BINS = 33
_AGREEING_BINS = 61
_STEADY_FROM = (
    2.0  # natural logarithm of power; noise stands out so far on both sides at one bin in a few thousand
)
_MOST_DETAIL = 2.5  # change of a bin, natural logarithm of amplitude


def fill_gap(
    left: Samples, right: Samples, length: int, sample_rate: int, rng: np.random.Generator
) -> Samples:
    """Make up the samples between two stretches of sound.

    An autoregressive model of both sides gives the likeliest continuation, which comes nearest to what was
    lost. It dies away where sound cannot be predicted, so in a short gap noise excites the model as far as
    the level needs it. In a longer one it is a typical continuation throughout; its spectrum is then led from
    that of the left side to that of the right side, and its level kept near that of the surroundings.

    Args:
        left: known samples before the gap, float32 (channels, n), best `CONTEXT_S` of them.
        right: known samples after it.
        length: samples missing.
        sample_rate: in Hz.
        rng: draws the excitation; channels that go together get excitations that go together.

    Returns:
        float32 (channels, length).

    Raises:
        ValueError: a side is shorter than `SHORTEST_CONTEXT_S`.
    """
    shortest = min(left.shape[1], right.shape[1])
    if shortest < SHORTEST_CONTEXT_S * sample_rate:
        raise ValueError("a gap needs sound on both sides")
    order = min(round(_ORDER_S * sample_rate), _HIGHEST_ORDER, shortest // 3)
    sides = left.astype(np.float64), right.astype(np.float64)
    models = [burg((_dithered(a), _dithered(b)), order) for a, b in zip(*sides, strict=True)]
    noise = _correlated_noise(sides, models, length + order, rng)
    filled = np.zeros((left.shape[0], length))
    for channel, model in enumerate(models):
        a, b = sides[0][channel], sides[1][channel]
        if not (np.any(a) or np.any(b)):
            continue
        excitation = noise[channel, : length + len(model) - 1]
        drawn = interpolate(
            a, b, model, excitation * _residual_level(a, b, model, len(excitation), sample_rate)
        )
        if length >= _TYPICAL_S * sample_rate:
            filled[channel] = _detailed(a, _led_over(a, drawn, b, sample_rate), b, sample_rate)
        else:
            likeliest = interpolate(a, b, model, np.zeros(len(excitation)))
            filled[channel] = _as_loud(a, likeliest, drawn, b, sample_rate)
    return filled.astype(np.float32)


def _dithered(side: Reals) -> Reals:
    """Return a side with a little noise: what is foretold exactly leaves a model of such order open."""
    level = _DITHER * np.sqrt(np.mean(side**2))
    dithered: Reals = side + level * np.random.default_rng(0).standard_normal(len(side))
    return dithered


def _as_loud(left: Reals, likeliest: Reals, typical: Reals, right: Reals, sample_rate: int) -> Reals:
    """Go from the likeliest samples towards typical ones until they are nearly as loud as what is around."""
    span = round(_LEVEL_S * sample_rate)
    around = float(np.mean(np.concatenate([left[-span:], right[:span]]) ** 2))
    missing = around * 10.0 ** (-_LEVEL_TOLERANCE_DB / 10.0) - float(np.mean(likeliest**2))
    beyond = typical - likeliest
    share = np.sqrt(max(missing, 0.0) / (float(np.mean(beyond**2)) + 1e-30))
    filled: Reals = likeliest + min(share, 1.0) * beyond
    return filled


def _residual_level(left: Reals, right: Reals, model: Reals, length: int, sample_rate: int) -> Reals:
    """Return the residual's level over the gap, straight in dB from one side to the other."""
    span = round(_LEVEL_S * sample_rate)
    before, after = residual(left, model)[-span:], residual(right, model)[:span]
    levels = np.sqrt([np.mean(before**2) + 1e-30, np.mean(after**2) + 1e-30])
    level: Reals = np.exp(np.linspace(np.log(levels[0]), np.log(levels[1]), length))
    return level


def _correlated_noise(
    sides: tuple[Reals, Reals], models: list[Reals], length: int, rng: np.random.Generator
) -> Reals:
    """Return white noise (channels, length) whose channels go together as the residuals of the sound do."""
    channels = len(models)
    noise = rng.standard_normal((channels, length))
    if channels == 1:
        return noise
    first = max(len(model) for model in models) - 1
    rest = np.stack(
        [
            np.concatenate([residual(side[c], models[c])[first - len(models[c]) + 1 :] for side in sides])
            for c in range(channels)
        ]
    )
    rest /= np.sqrt(np.mean(rest**2, axis=1, keepdims=True)) + 1e-30
    together = rest @ rest.T / rest.shape[1] + 1e-9 * np.eye(channels)
    mixed: Reals = np.linalg.cholesky(together) @ noise
    return mixed / np.maximum(np.sqrt(np.diag(together)), 1e-3)[:, None]


def _led_over(left: Reals, drawn: Reals, right: Reals, sample_rate: int) -> Reals:
    """Lead the spectrum and the level of a fill from those of the left side to those of the right side."""
    n_fft = _frame_length(_COARSE_S, sample_rate)
    frames = _framed(left, drawn, right, n_fft, n_fft // 4)
    if not np.any(frames.inside):
        return drawn
    ends = _ends(left, right, n_fft, sample_rate)
    ends = _smooth(ends[0], _COARSE_BINS), _smooth(ends[1], _COARSE_BINS)
    carries = _carrying(np.maximum(*ends))
    own = _smooth(frames.log_power(), _COARSE_BINS)
    change = 0.5 * (_path(ends, carries, frames.places) - own[:, None])
    led = frames.changed(change)
    for _ in range(2):  # the second time for what the quiet bins held back
        change_db = _level_change_db(left, led, right, sample_rate)
        if change_db == 0.0:
            break
        change = change + carries * change_db * np.log(10.0) / 20.0
        led = frames.changed(change)
    return _joined(drawn, led, sample_rate)


def _detailed(left: Reals, filled: Reals, right: Reals, sample_rate: int) -> Reals:
    """Give a fill the lines that both sides have in the same places, and take away those that neither has.

    A line is what stands out of the smoothed spectrum of longer frames. The sides of noise agree on none, and
    those of a held chord on all: so much of what they show is believed as one tells of the other.
    """
    n_fft = _frame_length(_FINE_S, sample_rate)
    frames = _framed(left, filled, right, n_fft, n_fft // 8)
    if not np.any(frames.inside):
        return filled
    ends = _ends(left, right, n_fft, sample_rate)
    before, after = (_lines(end) for end in ends)
    own = _lines(frames.log_power())
    common = _smooth(before * after, _AGREEING_BINS)
    agreement = np.clip(common / (_smooth((before**2 + after**2) / 2, _AGREEING_BINS) + 1e-9), 0.0, 1.0)
    place = frames.places[None, :]
    aim = agreement[:, None] * ((1 - place) * before[:, None] + place * after[:, None])
    # a line that stands out on both sides is left to the model, which goes on with it in phase
    steady = np.clip((np.minimum(before, after) - _STEADY_FROM) / _STEADY_FROM, 0.0, 1.0)
    change = (1 - steady[:, None]) * np.clip(0.5 * (aim - own[:, None]), -_MOST_DETAIL, _MOST_DETAIL)
    detailed = frames.changed(change)
    change_db = _level_change_db(left, detailed, right, sample_rate)
    if change_db != 0.0:  # a line had carried the level
        change = change + _carrying(np.maximum(*ends)) * change_db * np.log(10.0) / 20.0
        detailed = frames.changed(change)
    return _joined(filled, detailed, sample_rate)


@dataclass(frozen=True, slots=True)
class _Frames:
    """Spectra of a fill between the ends of its sides.

    Attributes:
        spectra: complex (bins, frames).
        hop: samples from frame to frame.
        inside: bool (frames,), which are centred in the fill.
        places: of these, 0 at the left side to 1 at the right one.
        margin: samples of each side.
        length: of the fill.
    """

    spectra: npt.NDArray[np.complex64]
    hop: int
    inside: npt.NDArray[np.bool_]
    places: Reals
    margin: int
    length: int

    def log_power(self) -> Reals:
        """Return the mean log power of the fill, (bins,)."""
        mean: Reals = _log_power(self.spectra[:, self.inside]).mean(axis=1)
        return mean

    def changed(self, change: Reals) -> Reals:
        """Return the fill with a gain, natural logarithm of amplitude (bins, frames inside)."""
        gains = np.ones(self.spectra.shape, np.float32)
        gains[:, self.inside] = np.exp(change)
        whole = istft(self.spectra * gains, self.hop, self.length + 2 * self.margin, center=False)
        return whole[self.margin : self.margin + self.length].astype(np.float64)


def _framed(left: Reals, filled: Reals, right: Reals, n_fft: int, hop: int) -> _Frames:
    margin = 2 * n_fft
    whole = np.concatenate([_last(left, margin), filled, _first(right, margin)])
    spectra = stft(whole, n_fft, hop, center=False)
    centres = np.arange(spectra.shape[1]) * hop + n_fft / 2 - margin
    inside = (centres > 0) & (centres < len(filled))
    return _Frames(spectra, hop, inside, centres[inside] / len(filled), margin, len(filled))


def _ends(left: Reals, right: Reals, n_fft: int, sample_rate: int) -> tuple[Reals, Reals]:
    """Return the mean log power of the sides beside a gap, each (bins,)."""
    span = max(n_fft, round(_ENVELOPE_S * sample_rate))
    return _envelope(left[-span:], n_fft), _envelope(right[:span], n_fft)


def _lines(log_power: Reals) -> Reals:
    """Return how far each bin of a log spectrum stands above its neighbourhood."""
    return log_power - _smooth(log_power, _FINE_BINS)


def _joined(drawn: Reals, changed: Reals, sample_rate: int) -> Reals:
    """Return what a fill was changed to, but at its ends, where it meets the sound, the fill itself."""
    join = raised_cosine_fade(min(round(_JOIN_S * sample_rate), len(drawn) // 4))
    share = np.ones(len(drawn))
    share[: len(join)] = join
    share[len(share) - len(join) :] = join[::-1]
    return share * changed + (1 - share) * drawn


def _frame_length(length_s: float, sample_rate: int) -> int:
    return int(2 ** max(4, round(np.log2(length_s * sample_rate))))


def _carrying(log_power: Reals) -> Reals:
    """Return (bins, 1): 1 within 5 dB of the loudest bin, where the level is, 0 for 20 dB or more below."""
    below = (log_power - log_power.max()) / np.log(10.0)
    carries: Reals = np.clip(below / 1.5 + 4 / 3, 0.0, 1.0)[:, None]
    return carries


def _path(ends: tuple[Reals, Reals], carries: Reals, places: Reals) -> Reals:
    """Return the log power (bins, frames) on the way from one end to the other.

    Each bin goes straight in dB; the bins that carry the level go straight in power, so that a gap between a
    loud and a quiet place is as loud as the two on the whole.
    """
    place = places[None, :]
    in_db = (1 - place) * ends[0][:, None] + place * ends[1][:, None]
    in_power = np.log((1 - place) * np.exp(ends[0])[:, None] + place * np.exp(ends[1])[:, None])
    path: Reals = carries * in_power + (1 - carries) * in_db
    return path


def _level_change_db(left: Reals, filled: Reals, right: Reals, sample_rate: int) -> float:
    """Return what brings a fill within the tolerance of the level of its surroundings."""
    span = round(2 * _LEVEL_S * sample_rate)
    around = np.concatenate([left[-span:], right[:span]])
    difference_db = 10.0 * np.log10((np.mean(around**2) + 1e-20) / (np.mean(filled**2) + 1e-20))
    return float(difference_db - np.clip(difference_db, -_LEVEL_TOLERANCE_DB, _LEVEL_TOLERANCE_DB))


def _envelope(samples: Reals, n_fft: int) -> Reals:
    """Return the mean log power of a stretch, (bins,)."""
    if len(samples) < n_fft:
        samples = np.pad(samples, (0, n_fft - len(samples)), mode="wrap")
    mean: Reals = _log_power(stft(samples, n_fft, n_fft // 4, center=False)).mean(axis=1)
    return mean


def _log_power(spectra: npt.NDArray[np.complex64]) -> Reals:
    return np.log(np.abs(spectra).astype(np.float64) ** 2 + 1e-14)


def _smooth(values: npt.NDArray[np.floating[Any]], bins: int) -> Reals:
    smooth: Reals = scipy.ndimage.uniform_filter1d(np.asarray(values, np.float64), bins, mode="nearest")
    return smooth


def _last(samples: Reals, count: int) -> Reals:
    return np.pad(samples[-count:], (max(0, count - len(samples)), 0))


def _first(samples: Reals, count: int) -> Reals:
    return np.pad(samples[:count], (0, max(0, count - len(samples))))
