"""Steady noise: measure its spectrum under sound, or learn it where it is heard alone."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

from audiosr_desktop.dsp.spectrum import hann, stft

Samples = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]

_FRAME_S = 0.0427
_BAND_BINS = 16
_TILE_FRAMES = 8
_LEAST_LEARNED = 4  # frames
_SMOOTH_LEARNED = 100  # frames with which no smoothing is needed

# Quantiles of a tile's power for white Gaussian noise of power 1, from 20,000 simulated tiles
_QUANTILE = 0.05
_QUANTILE_OF_NOISE = 0.743
_SPREAD_OF_NOISE = 1.155  # 20 % quantile over 5 % quantile
_SPREAD_TOLERANCE = 1.12

_SLOPES_POWER = (-1.5, 0.0)  # of noise: exponents of frequency; -1 is pink, 0 white
_SLOPE_SHARE = 0.8
_SLOPES_NEPER = (-1.5 * np.log(2.0), 0.0)  # the same as natural logarithms an octave

_PLATEAU_TOLERANCE_DB = 0.7
_SHORTEST_PLATEAU = 4  # bands
_PAUSE_SHARE = 0.03  # of the tiles are looked at as a pause, the quietest
_LEAST_PAUSE = 3  # tiles
_PAUSE_FLATNESS_DB, _PAUSE_FLAT_SHARE = 1.0, 0.7  # so many bands lie so near to the middle one
_PAUSE_STEADINESS_DB = 0.9  # deviation of a band's tiles; that of noise is 0.6
_DITHER_DBFS = -88.0  # a plateau below is the rounding of 16 bits, believed only where there is no other


@dataclass(frozen=True, slots=True)
class NoiseProfile:
    """The steady noise of a sound.

    Attributes:
        power: mean |STFT|² of the noise per channel and bin, float64 (channels, bins), in frames of
            `frame_length` under the root of a Hann window.
        correlation: of the noise between the two channels of a stereo sound, -1 to 1.
        level_dbfs: RMS of the noise over the whole band, mean of the channels; -inf without noise.
        steady_share: share of the bands, 0 to 1, in which the noise was heard alone for part of the time.
    """

    power: Reals
    correlation: float
    level_dbfs: float
    steady_share: float


def frame_length(sample_rate: int) -> int:
    """Return the n_fft in which noise is measured: a power of two of about 43 ms."""
    return int(2 ** max(5, round(np.log2(_FRAME_S * sample_rate))))


class NoiseMeter:
    """Measures the steady noise of a sound from stretches of it.

    Each band's power is taken over tiles of 16 bins and 8 frames. Where the programme pauses now and then,
    the lowest tiles are noise alone, and their spread is that of Gaussian noise. White noise shows as a run
    of such bands on one level, which is then its level everywhere: a waterfall or a fan is steady too, but it
    is not flat. Coloured noise is taken as measured; bands in which the programme never pauses get the level
    of the nearest band that did.

    Args:
        channels: of the sound.
        sample_rate: in Hz.
    """

    def __init__(self, channels: int, sample_rate: int) -> None:
        self._channels = channels
        self._sample_rate = sample_rate
        self._n_fft = frame_length(sample_rate)
        self._tiles: list[Reals] = []
        self._cross: list[Reals] = []

    def add(self, samples: Samples) -> None:
        """Take in a stretch, float32 (channels, n); less than one tile is not looked at."""
        spectra = stft(samples, self._n_fft, self._n_fft // 4, win=root_hann(self._n_fft), center=False)
        tiles = spectra.shape[-1] // _TILE_FRAMES
        if tiles == 0:
            return
        self._tiles.append(_tiled(np.abs(spectra) ** 2, tiles))
        if self._channels == 2:
            self._cross.append(_tiled((spectra[0] * spectra[1].conj()).real, tiles))

    def result(self, *, coloured: bool = False) -> NoiseProfile:
        """Return the noise of all stretches taken in: white noise only, or noise of any spectrum."""
        bins = self._n_fft // 2 + 1
        if not self._tiles:
            return NoiseProfile(np.zeros((self._channels, bins)), 0.0, -np.inf, 0.0)
        tiles = np.concatenate(self._tiles, axis=-1)
        sounding = tiles[:, :, tiles.sum(axis=(0, 1)) > 0.0]  # digital silence says nothing about the noise
        if sounding.shape[-1] < 8:
            return NoiseProfile(np.zeros((self._channels, bins)), 0.0, -np.inf, 0.0)
        low = np.quantile(sounding, _QUANTILE, axis=-1)
        spread = np.quantile(sounding, 0.2, axis=-1) / np.maximum(low, 1e-30)
        steady = (spread < _SPREAD_OF_NOISE * _SPREAD_TOLERANCE) & (low > 0.0)
        level = low / _QUANTILE_OF_NOISE
        reference = level[:, :1] * 0.0 + np.sum(
            root_hann(self._n_fft) ** 2
        )  # power of full-scale white noise
        if coloured:
            bands = np.stack([_completed(*row) for row in zip(level, steady, strict=True)])
        else:
            rows = zip(level / reference, steady, sounding / reference[..., None], strict=True)
            bands = reference * np.stack([_white(*row) for row in rows])
        power = np.stack([_per_bin(row, bins) for row in bands])
        return NoiseProfile(
            power=power,
            correlation=self._correlation(tiles, bands) if self._channels == 2 else 0.0,
            level_dbfs=_level_dbfs(power, self._n_fft),
            steady_share=float(np.mean(steady)),
        )

    def _correlation(self, tiles: Reals, bands: Reals) -> float:
        cross = np.concatenate(self._cross, axis=-1)
        alone = np.all((tiles < 1.3 * bands[:, :, None]) & (tiles > 0.0), axis=0)
        total = np.sqrt(tiles[0][alone].sum() * tiles[1][alone].sum())
        return float(np.clip(cross[alone].sum() / total, -1.0, 1.0)) if total > 0.0 else 0.0


def white_profile(channels: int, sample_rate: int, level_dbfs: float) -> NoiseProfile:
    """Return the profile of white noise of a given RMS level, another noise in each channel."""
    n_fft = frame_length(sample_rate)
    power = 10.0 ** (level_dbfs / 10.0) * float(np.sum(root_hann(n_fft) ** 2))
    return NoiseProfile(np.full((channels, n_fft // 2 + 1), power), 0.0, level_dbfs, 1.0)


def learned_profile(samples: Samples, sample_rate: int) -> NoiseProfile:
    """Return the profile of a stretch that holds nothing but noise.

    Args:
        samples: float32 (channels, n); half a second or more serves best.
        sample_rate: in Hz.

    Raises:
        ValueError: the stretch is shorter than four frames.
    """
    n_fft = frame_length(sample_rate)
    spectra = stft(samples, n_fft, n_fft // 4, win=root_hann(n_fft), center=False)
    if spectra.shape[-1] < _LEAST_LEARNED:
        raise ValueError(f"noise is learned from at least {least_learned(sample_rate)} samples")
    power = np.square(np.abs(spectra), dtype=np.float64).mean(axis=-1)
    # few frames leave the mean rough: neighbouring bins make up for them, but a longer stretch keeps lines
    width = 1 + 2 * min(4, _SMOOTH_LEARNED // spectra.shape[-1])
    smooth = np.stack([scipy.ndimage.uniform_filter(row, width, mode="nearest") for row in power])
    correlation = 0.0
    if len(samples) == 2:
        cross = float((spectra[0] * spectra[1].conj()).real.sum(dtype=np.float64))
        total = float(np.sqrt(power[0].sum() * power[1].sum())) * spectra.shape[-1]
        correlation = float(np.clip(cross / total, -1.0, 1.0)) if total > 0.0 else 0.0
    return NoiseProfile(smooth, correlation, _level_dbfs(smooth, n_fft), 1.0)


def least_learned(sample_rate: int) -> int:
    """Return the fewest samples that noise can be learned from."""
    return frame_length(sample_rate) + (_LEAST_LEARNED - 1) * (frame_length(sample_rate) // 4)


def root_hann(n_fft: int) -> Samples:
    """Return the window of all transforms of noise: analysis and synthesis alike."""
    return np.sqrt(hann(n_fft))


def _tiled(power: npt.NDArray[Any], tiles: int) -> Reals:
    """Average (…, bins, frames) over tiles: float64 (…, bands, tiles)."""
    bands = (power.shape[-2] - 1) // _BAND_BINS
    cut = power[..., 1 : 1 + bands * _BAND_BINS, : tiles * _TILE_FRAMES]
    shape = (*power.shape[:-2], bands, _BAND_BINS, tiles, _TILE_FRAMES)
    averaged: Reals = cut.reshape(shape).mean(axis=(-3, -1), dtype=np.float64)
    return averaged


def _completed(level: Reals, steady: npt.NDArray[np.bool_]) -> Reals:
    """Give bands without a pause the level that the bands with one suggest, or their own if lower.

    Between such bands the level is straight in dB over the logarithm of frequency. Below the lowest it goes
    on at most of the slope of the three octaves above: programmes pause least where noise is often strongest,
    and what they leave there may be programme itself.
    """
    if not np.any(steady):
        return np.zeros_like(level)
    octaves = np.log2(np.arange(len(level)) + 0.5)
    known, heights = octaves[steady], np.log(level[steady])
    guessed = np.interp(octaves, known, heights)
    near = known < known[0] + 3.0
    if known[near][-1] > known[0] + 0.5:
        # bands lie ever closer on an axis of octaves: each counts for the octaves that it covers
        slope, _ = np.polyfit(known[near], heights[near], 1, w=2.0 ** (-0.5 * known[near]))
        slope = _SLOPE_SHARE * np.clip(slope, *_SLOPES_NEPER)
        guessed += slope * np.minimum(octaves - known[0], 0.0)
    completed: Reals = np.minimum(np.exp(guessed), np.where(level > 0.0, level, 0.0))
    return completed


def _white(level: Reals, steady: npt.NDArray[np.bool_], tiles: Reals) -> Reals:
    """Return white noise's power in each band: by its flat bands, or where there are none by a pause."""
    found = _flat(level, steady)
    return found if np.any(found) else np.minimum(_in_pause(tiles), level)


def _in_pause(tiles: Reals) -> float:
    """Return the power of white noise in the quietest moments of (bands, n), 0 where they are no such noise.

    Speech may leave too few moments for a quantile of each band, above all at a telephone's rate; but in a
    pause all bands are on one level at once.
    """
    count = max(_LEAST_PAUSE, round(_PAUSE_SHARE * tiles.shape[1]))
    quietest = tiles[:, np.argsort(tiles.sum(axis=0))[:count]]
    quietest_db = 10.0 * np.log10(np.maximum(quietest, 1e-20))
    level_db = 10.0 * np.log10(np.maximum(quietest.mean(axis=1), 1e-20))
    middle_db = float(np.median(level_db))
    flat = np.mean(np.abs(level_db - middle_db) < _PAUSE_FLATNESS_DB) >= _PAUSE_FLAT_SHARE
    steady = np.median(quietest_db.std(axis=1)) < _PAUSE_STEADINESS_DB
    return float(10.0 ** (middle_db / 10.0)) if flat and steady and middle_db > _DITHER_DBFS else 0.0


def _flat(level: Reals, steady: npt.NDArray[np.bool_]) -> Reals:
    """Give every band the level of the longest flat run of steady bands, or its own where that is lower.

    Args:
        level: noise power per band, full-scale white noise being 1.
        steady: the bands whose tiles spread as noise does.
    """
    level_db = 10.0 * np.log10(np.maximum(level, 1e-20))
    runs = [_flat_run(level_db, steady, start) for start in range(len(level))]
    for least_db in (_DITHER_DBFS, -np.inf):
        long = [run for run in runs if len(run) >= _SHORTEST_PLATEAU and run.mean() > least_db]
        if long:
            plateau_db = float(max(long, key=len).mean())
            return np.where(level_db > plateau_db - 1.0, 10.0 ** (plateau_db / 10.0), level)
    return np.zeros_like(level)


def _flat_run(level_db: Reals, steady: npt.NDArray[np.bool_], start: int) -> Reals:
    """Return the levels of the neighbours from `start` on that stay together, two thirds of them steady."""
    stop = start + 1
    while stop < len(level_db) and abs(level_db[stop] - level_db[start:stop].mean()) < _PLATEAU_TOLERANCE_DB:
        stop += 1
    run = slice(start, stop)
    return level_db[run] if steady[run].mean() > 0.66 else level_db[:0]


def _per_bin(bands: Reals, bins: int) -> Reals:
    """Return the power of each bin, straight in dB over the logarithm of frequency between the bands."""
    if not np.all(bands > 0.0):
        return np.interp(np.arange(bins), 1 + (np.arange(len(bands)) + 0.5) * _BAND_BINS, bands)
    edges = 1.0 + np.arange(len(bands) + 1) * _BAND_BINS
    centres = np.log(np.sqrt(edges[:-1] * edges[1:]))
    places = np.log(np.maximum(np.arange(bins), 1.0))
    heights = np.log(bands)
    power: Reals = np.exp(np.interp(places, centres, heights))
    if len(bands) > 1:  # below the first centre, which lies two octaves above the first bin
        slope = np.clip((heights[1] - heights[0]) / (centres[1] - centres[0]), *_SLOPES_POWER)
        power[places < centres[0]] *= np.exp(slope * (places[places < centres[0]] - centres[0]))
    for band in range(min(4, len(bands))):  # the lowest bands are wide as octaves go: keep their means
        inside = slice(1 + band * _BAND_BINS, 1 + (band + 1) * _BAND_BINS)
        power[inside] *= bands[band] / power[inside].mean()
    return power


def _level_dbfs(power: Reals, n_fft: int) -> float:
    mean = float(power.mean()) / float(np.sum(root_hann(n_fft) ** 2))
    return 10.0 * float(np.log10(mean)) if mean > 0.0 else -np.inf
