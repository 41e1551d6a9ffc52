"""The one road of every edit: check, process, limit to the band, mix, fade at the edges, splice."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

from audiosr_desktop.audio.files import require_finite
from audiosr_desktop.audio.lanes import picked, put_back
from audiosr_desktop.audio.mask import Mask
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Piece, Sound, concat
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.filters import bandpass_taps
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.dsp.spectrum import blackman_harris, istft, stft
from audiosr_desktop.effects.effect import AMOUNT, Effect, resolve_values
from audiosr_desktop.effects.emerging import Beginning, Emerging, emerging_as
from audiosr_desktop.errors import EffectError, SoundError
from audiosr_desktop.job import Job, Progress, part_of, told_as

Samples = npt.NDArray[np.float32]

FADE_S = 0.010
CHECKED_CONTEXT_S = 16.0  # effects read this much around the region, at most
BAND_EDGE_OCTAVES = 1.0 / 12.0
BAND_EDGE_LEAST_HZ = 8.0  # a twelfth of an octave at 100 Hz; steeper edges would ring for seconds
BAND_STOP_DB = 100.0
MASK_N_FFT = 4096  # with the window below, what is outside a shape by 100 Hz or 45 ms changes by < -90 dB
MASK_RATE = 48_000  # up to here; frames at higher rates last as long

# shares of the time, for the progress bar only: what takes long is the effect
_CHECKED, _PROCESSED = 0.01, 0.97


@dataclass(frozen=True, slots=True)
class _Edges:
    """How many samples of a region the change takes to come in and to go out."""

    length: int
    fade_in: int
    fade_out: int

    def gains(self, start: int, stop: int) -> Samples:
        """Return the gain of the change at samples [start, stop) of the region."""
        gains = np.ones(stop - start, np.float32)
        rise, fall = raised_cosine_fade(self.fade_in)[start:stop], raised_cosine_fade(self.fade_out)[::-1]
        gains[: rise.size] = rise
        first = max(start, self.length - self.fade_out)
        if first < stop:
            offset = self.length - self.fade_out
            gains[first - start :] *= fall[first - offset : stop - offset]
        return gains


def apply_effect(
    effect: Effect, sound: Sound, region: Region, given: Mapping[str, object], scratch: Scratch
) -> Job[Sound]:
    """Return `sound` with an effect applied to a region of it.

    Outside the region the samples are those of `sound`, in its own stores; the length does not change. So are
    those of channels that the region leaves out.
    Inside, the change (effect minus sound) is limited to the region's band, scaled by "amount" and faded over
    10 ms at the edges of the region, but not where these are the ends of the sound.

    Args:
        effect: what to apply.
        sound: the whole document.
        region: where; it is cut to the sound, and an empty one changes nothing.
        given: values by parameter; the others take their defaults.
        scratch: for long results.

    Returns:
        A new sound, or `sound` itself when nothing changed.

    Raises:
        EffectError: a value is not possible, or the effect returned something else than it was asked for.
        SoundError: the sound holds samples that are not numbers.
    """
    region = region.clipped(0, sound.length)
    if region.channels is not None:  # the effect knows of no others, so that it cannot mix them in
        part = picked(sound, region.channels)
        working = apply_effect(effect, part, region.of_channels(None), given, scratch)
        changed = yield from emerging_as(working, partial(_beside, sound, region.channels))
        return sound if changed is part else put_back(sound, changed, region.channels)
    values = resolve_values(effect, given)
    amount = float(values[AMOUNT.id]) / 100.0 if AMOUNT in effect.parameters else 1.0
    if region.length == 0 or amount == 0.0:
        return sound
    around = region.widened(round(CHECKED_CONTEXT_S * sound.sample_rate), sound.length)
    yield from part_of(require_finite(sound, around), 0.0, _CHECKED)
    dry = sound.slice(region.start, region.stop)
    edges = _edges(effect, sound, region)
    working = told_as(effect.process(sound, region, values), _Emergence(sound, region, amount, edges).told)
    wet = yield from part_of(working, _CHECKED, _PROCESSED)
    if wet == dry:
        return sound
    yield from part_of(_check_result(effect, dry, wet), _PROCESSED, _PROCESSED + _CHECKED)
    if amount == 1.0 and not region.has_band:
        yield Progress(1.0, "Joining")
        return sound.splice(region, _joined(dry, wet, edges))
    with scratch.writer(dry.channels) as writer:
        for start, change in _changes(dry, wet, region):
            stop = start + change.shape[1]
            writer.write(dry.read(start, stop) + change * (np.float32(amount) * edges.gains(start, stop)))
            mixed_from = _PROCESSED + _CHECKED
            yield Progress(mixed_from + (1.0 - mixed_from) * stop / dry.length, "Mixing")
        mixed = Sound.from_store(writer.finish(), dry.sample_rate)
    if region.mask is None:
        return sound.splice(region, mixed)
    for low, high in _spans_inside(region.mask, region):  # between them the samples stay those of the sound
        span = Region(region.start + low, region.start + high)
        sound = sound.splice(span, mixed.slice(low, high))
    return sound


def _beside(sound: Sound, channels: Sequence[int], told: Emerging) -> Emerging:
    """Return what emerges of some channels as it stands beside the others."""
    after = put_back(sound, told.after, channels)
    region, chosen = told.region.of_channels(channels), told.chosen.of_channels(channels)
    return replace(told, before=sound, after=after, region=region, chosen=chosen)


class _Emergence:
    """Puts the finished beginning of an effect's result into the document as the whole will be."""

    def __init__(self, sound: Sound, region: Region, amount: float, edges: _Edges) -> None:
        self._sound, self._region, self._edges = sound, region, edges
        is_mixed = amount != 1.0 or region.has_band
        self._mixed = _MixedStore(sound, region, amount) if is_mixed else None

    def told(self, progress: Progress) -> Progress:
        """Return progress with the document as it stands, where an effect told how its result begins."""
        if not isinstance(progress, Beginning):
            return progress
        sound, region, wet = self._sound, self._region, progress.sound
        if self._mixed is not None:
            self._mixed.grow(wet)
            wet = Sound((Piece(self._mixed, 0, self._mixed.length),), sound.sample_rate)
        fade = round(FADE_S * sound.sample_rate)
        if not 2 * fade <= wet.length < region.length:
            return Progress(progress.fraction, progress.stage)
        edges = _Edges(wet.length, self._edges.fade_in, fade)  # it ends without a click
        done = replace(region, stop=region.start + wet.length)
        after = sound.splice(done, _joined(sound.slice(done.start, done.stop), wet, edges))
        return Emerging(progress.fraction, progress.stage, sound, after, done, region)


class _MixedStore:
    """What an effect has finished, limited to band and amount where it is read; it grows."""

    def __init__(self, sound: Sound, region: Region, amount: float) -> None:
        self._sound, self._region, self._amount = sound, region, np.float32(amount)
        self._reach = _reach(region, sound.sample_rate)
        self._wet: Sound | None = None
        self._length = 0

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._sound.channels

    @property
    def length(self) -> int:
        """Number of samples; the filter of the band needs some beyond them."""
        return self._length

    def grow(self, wet: Sound) -> None:
        """Take a longer beginning of the effect's result."""
        self._wet, self._length = wet, max(0, wet.length - self._reach)

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> npt.NDArray[Any]:
        """Return samples [start, stop), as they will be in the result."""
        wet = self._wet
        if wet is None or not 0 <= start <= stop <= self._length:
            raise ValueError(f"[{start}, {stop}) is not inside [0, {self._length})")
        if start == stop:
            return np.zeros((self.channels, 0), dtype)
        low, high = max(0, start - self._reach), min(wet.length, stop + self._reach)
        part = replace(self._region, start=self._region.start + low, stop=self._region.start + high)
        dry = self._sound.slice(part.start, part.stop)
        changes = [change for _, change in _changes(dry, wet.slice(low, high), part)]
        mixed = dry.read(0, dry.length) + self._amount * np.concatenate(changes, axis=1)
        return mixed[:, start - low : stop - low].astype(dtype, copy=False)


def _check_result(effect: Effect, dry: Sound, wet: Sound) -> Job[None]:
    """Refuse what an effect must not return; plugins are outside data."""
    wanted = (dry.length, dry.channels, dry.sample_rate)
    found = (wet.length, wet.channels, wet.sample_rate)
    if wanted != found:
        got, asked = (f"{length}, {channels}, {rate} Hz" for length, channels, rate in (found, wanted))
        raise EffectError(
            f"{effect.title} returned another shape (samples, channels, rate) than it was asked for: "
            f"{got} in place of {asked}."
        )
    try:
        yield from require_finite(wet)
    except SoundError as error:
        raise EffectError(
            f"{effect.title} returned samples that are not numbers; nothing was changed."
        ) from error


def _edges(effect: Effect, sound: Sound, region: Region) -> _Edges:
    if effect.seamless:
        return _Edges(region.length, 0, 0)
    fade = min(round(FADE_S * sound.sample_rate), region.length // 2)
    return _Edges(region.length, fade if region.start > 0 else 0, fade if region.stop < sound.length else 0)


def _joined(dry: Sound, wet: Sound, edges: _Edges) -> Sound:
    """Return the result with faded edges; the rest is what the effect wrote, not copied again."""
    last = edges.length - edges.fade_out
    parts = [
        _faded(dry, wet, edges, 0, edges.fade_in),
        wet.slice(edges.fade_in, last),
        _faded(dry, wet, edges, last, edges.length),
    ]
    return concat(parts)


def _faded(dry: Sound, wet: Sound, edges: _Edges, start: int, stop: int) -> Sound:
    before = dry.read(start, stop)
    change = wet.read(start, stop) - before
    return Sound.from_array(before + change * edges.gains(start, stop), dry.sample_rate)


def _changes(dry: Sound, wet: Sound, region: Region) -> Iterator[tuple[int, Samples]]:
    """Yield (start, wet minus dry) block by block, the region's band or shape only."""
    if region.mask is not None:
        yield from _shaped_changes(dry, wet, region, region.mask)
        return
    if region.has_band:
        yield from _banded_changes(dry, wet, region)
        return
    for start in range(0, dry.length, BLOCK):
        stop = min(start + BLOCK, dry.length)
        yield start, wet.read(start, stop) - dry.read(start, stop)


def _banded_changes(dry: Sound, wet: Sound, region: Region) -> Iterator[tuple[int, Samples]]:
    """Yield (start, wet minus dry), filtered to the region's band, without any delay.

    A filter that stays the same, unlike frames that are scaled, lets nothing past its edges, however low.
    """
    taps = _band_taps(region, dry.sample_rate)
    half = taps.size // 2
    size = scipy.fft.next_fast_len(BLOCK + 2 * half, real=True)
    response = scipy.fft.rfft(taps, size).astype(np.complex64)
    for start in range(0, dry.length, BLOCK):
        stop = min(start + BLOCK, dry.length)
        outer, end = start - half, stop + half
        change = wet.read_padded(outer, end) - dry.read_padded(outer, end)
        filtered = scipy.fft.irfft(scipy.fft.rfft(change, size) * response, size)
        # what wraps around lies before 2 * half
        yield start, filtered[:, 2 * half : 2 * half + stop - start]


def _band_taps(region: Region, sample_rate: int) -> npt.NDArray[np.float64]:
    """Return the filter of a region's band."""
    return bandpass_taps(
        sample_rate,
        region.low_hz,
        region.high_hz,
        edge_octaves=BAND_EDGE_OCTAVES,
        least_edge_hz=BAND_EDGE_LEAST_HZ,
        stop_db=BAND_STOP_DB,
    )


def _mask_n_fft(sample_rate: int) -> int:
    return MASK_N_FFT << max(0, math.ceil(math.log2(sample_rate / MASK_RATE)))


def _reach(region: Region, sample_rate: int) -> int:
    """Return how far the change at a place hangs on what lies beside it, in samples."""
    if region.mask is not None:
        return _mask_n_fft(sample_rate)
    return _band_taps(region, sample_rate).size // 2 if region.has_band else 0


def _shaped_changes(dry: Sound, wet: Sound, region: Region, mask: Mask) -> Iterator[tuple[int, Samples]]:
    """Yield (start, wet minus dry), each place in time and frequency scaled by the mask.

    Where the mask chooses nothing at any frequency the change is exactly zero.
    """
    n_fft = _mask_n_fft(dry.sample_rate)
    hop, window, bins = n_fft // 8, blackman_harris(n_fft), n_fft // 2 + 1
    spans = _spans_inside(mask, region)
    fade = round(FADE_S * dry.sample_rate)
    # frames are counted from the document's start, so that the result does not depend on the region's
    for begin in range(-(region.start % hop), dry.length, BLOCK):
        start, stop = max(0, begin), min(begin + BLOCK, dry.length)
        support = _support(spans, dry.length, start, stop, fade)
        if not support.any():
            yield start, np.zeros((dry.channels, stop - start), np.float32)
            continue
        outer, end = begin - n_fft, begin + BLOCK + n_fft
        change = wet.read_padded(outer, end) - dry.read_padded(outer, end)
        spectrum = stft(change, n_fft, hop, win=window, center=False)
        centres = region.start + outer + n_fft / 2 + hop * np.arange(spectrum.shape[-1])
        gains = mask.gains_at(centres.astype(np.float64), bins)
        change = istft(spectrum * gains, hop, end - outer, win=window, center=False)
        yield start, change[:, start - outer : stop - outer] * support


def _spans_inside(mask: Mask, region: Region) -> list[tuple[int, int]]:
    """Return where a mask chooses anything, counted from the region's start."""
    clipped = ((max(low, region.start), min(high, region.stop)) for low, high in mask.runs)
    return [(low - region.start, high - region.start) for low, high in clipped if low < high]


def _support(spans: list[tuple[int, int]], length: int, start: int, stop: int, fade: int) -> Samples:
    """Return the gain in time over [start, stop): 1 in the spans, faded inside their edges, 0 elsewhere."""
    gains = np.zeros(stop - start, np.float32)
    for low, high in spans:
        first, last = max(low, start), min(high, stop)
        if first < last:
            reach = min(fade, (high - low) // 2)
            # at the edges of the region the caller lays the fades
            edges = _Edges(high - low, reach if low > 0 else 0, reach if high < length else 0)
            gains[first - start : last - start] = edges.gains(first - low, last - low)
    return gains
