"""Tiles: levels of a stretch of a sound over time and frequency, measured at any zoom. Knows no widgets."""

import math
from collections.abc import Generator
from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.spectrum import blackman_harris, stft
from audiosr_desktop.ui.views.colour_maps import LOWEST_DB, STEP_DB
from audiosr_desktop.ui.views.frequency_axis import FrequencyAxis

Levels = npt.NDArray[np.uint8]

TILE_COLUMNS = 128
_MAX_FRAMES = 8  # frames averaged into one column; more would not look different
FAR_FRAMES = 4  # where even so many leave most of the sound unread, each is read by itself
_FRAMES_AT_ONCE = 64  # a few megabytes, and a few milliseconds


@dataclass(frozen=True, slots=True)
class Analysis:
    """How levels are measured.

    Attributes:
        n_fft: samples of a frame; 0 chooses by the zoom.
        window: "Hann", "Blackman–Harris", "Hamming" or "Kaiser".
        overlap: least overlap of the frames in percent.
        padding: how many times longer the transform is than the frame.
    """

    n_fft: int = 0
    window: str = "Hann"
    overlap: float = 75.0
    padding: int = 2


def lanes(sound: Sound) -> int:
    """Return in how many lanes a sound is shown: each channel, or the sum of more than two."""
    return sound.channels if sound.channels <= 2 else 1


def auto_n_fft(samples_per_column: float, axis: FrequencyAxis) -> int:
    """Return the frame size for a zoom: short where time is looked at closely, long where frequency is."""
    time_power = 11 if samples_per_column >= 96 else 10 if samples_per_column >= 32 else 9
    frequency_power = min(2, max(0, math.floor(-math.log2(axis.top - axis.bottom)) - 1))
    return 1 << (time_power + frequency_power)


def measuring_tile(
    sound: Sound,
    analysis: Analysis,
    n_fft: int,
    level: int,
    start: int,
    *,
    columns: int = TILE_COLUMNS,
    frames: int | None = None,
) -> Generator[None, None, Levels]:
    """Measure the levels of one tile; it can be stopped, or made to rest, every few milliseconds.

    Args:
        sound: read in the tile and half a frame around it, zeros beyond its ends.
        analysis: window, overlap and padding.
        n_fft: samples of a frame.
        level: a column is 2 ** level samples.
        start: first sample of the first column; may lie before the sound.
        columns: how many.
        frames: frames averaged into a column; None is what the overlap asks for, up to 8.

    Returns:
        uint8 (lanes, bins, columns): levels in steps of `STEP_DB` from `LOWEST_DB`; a full-scale sine is
        0 dBFS.
    """
    column = 1 << level
    dense_hop = n_fft * (1.0 - analysis.overlap / 100.0)
    count = frames or min(_MAX_FRAMES, max(1, 1 << math.ceil(math.log2(max(1.0, column / dense_hop)))))
    count = min(count, column)
    if column > 4 * n_fft * count:
        count = min(count, FAR_FRAMES)
    hop = column // count
    first = start + hop // 2  # centre of the first frame
    window, size, gain = _window(analysis.window, n_fft, analysis.padding)
    step = max(1, _FRAMES_AT_ONCE // count)
    found: list[Levels] = []
    for place in range(0, columns, step):
        total = min(step, columns - place) * count
        begin = first + place * column - size // 2
        if hop <= 2 * size:
            spectra = stft(_read(sound, begin, (total - 1) * hop + size), size, hop, win=window, center=False)
        else:
            spectra = _far_spectra(sound, begin + hop * np.arange(total), size, window)
        yield None
        found.append(_levels(spectra, count, gain))
        yield None
    return np.concatenate(found, axis=2)


def _far_spectra(
    sound: Sound, starts: npt.NDArray[np.int64], size: int, window: npt.NDArray[np.float32]
) -> npt.NDArray[np.complex64]:
    """Return the spectra of frames that lie far apart, (lanes, bins, frames); each is read by itself."""
    there = max(1, int((starts < sound.length).sum()))
    block = np.stack([_read(sound, int(place), size) for place in starts[:there]], axis=1)
    spectra = np.zeros((block.shape[0], size // 2 + 1, len(starts)), np.complex64)
    found = stft(block, size, size, win=window, center=False)[..., 0]
    spectra[..., :there] = np.swapaxes(found, 1, 2)
    return spectra


def _levels(spectra: npt.NDArray[np.complex64], count: int, gain: float) -> Levels:
    """Return the levels of columns of `count` frames each."""
    power = np.square(spectra.real) + np.square(spectra.imag)
    if count > 1:
        power = np.add.reduceat(power, np.arange(0, power.shape[2], count), axis=2) * np.float32(1 / count)
    level_db = 10.0 * np.log10(np.fmax(power * np.float32(gain * gain), np.float32(1e-17)))
    return np.clip(np.rint((level_db - LOWEST_DB) / STEP_DB), 0, 255).astype(np.uint8)


@cache
def _window(name: str, n_fft: int, padding: int) -> tuple[npt.NDArray[np.float32], int, float]:
    """Return the padded window, its length, and the factor that makes a full-scale sine 1."""
    phase = 2.0 * np.pi * np.arange(n_fft) / n_fft
    if name == "Kaiser":
        window = np.kaiser(n_fft + 1, 9.0)[:-1]
    elif name == "Blackman–Harris":
        window = blackman_harris(n_fft).astype(np.float64)
    else:
        first = 0.54 if name == "Hamming" else 0.5
        window = first - (1.0 - first) * np.cos(phase)
    size = n_fft * padding
    padded = np.zeros(size, np.float32)
    padded[(size - n_fft) // 2 : (size - n_fft) // 2 + n_fft] = window
    return padded, size, 2.0 / float(window.sum())


def _read(sound: Sound, start: int, count: int) -> npt.NDArray[np.float32]:
    """Return samples as they are shown: each channel, or the mean of more than two."""
    samples = sound.read_padded(start, start + count)
    return samples if samples.shape[0] <= 2 else samples.mean(axis=0, keepdims=True)


def rows_of(tile: Levels, edges: npt.NDArray[np.float64], nyquist_hz: float) -> Levels:
    """Return a tile's bins as rows: the loudest bin of a row, or between two bins where rows are finer.

    Args:
        tile: (lanes, bins, columns).
        edges: frequencies at the edges of the rows, rising.
        nyquist_hz: frequency of the last bin.

    Returns:
        uint8 (lanes, rows, columns), lowest row first.
    """
    bins = tile.shape[1]
    scaled = edges / nyquist_hz * (bins - 1)
    centre = np.clip((scaled[:-1] + scaled[1:]) / 2, 0, bins - 1)
    low = np.clip(np.ceil(scaled[:-1]).astype(np.intp), 0, bins - 1)
    high = np.clip(np.ceil(scaled[1:]).astype(np.intp), low + 1, bins)
    indices = np.minimum(np.stack([low, high], axis=1).reshape(-1), bins - 1)
    pooled: Levels = np.maximum.reduceat(tile, indices, axis=1)[:, ::2]
    fine = np.flatnonzero(np.diff(scaled) < 1.5)
    if fine.size:
        below = np.minimum(centre[fine].astype(np.intp), bins - 2)
        share = ((centre[fine] - below) * 256).astype(np.uint16)[:, None]
        mixed = tile[:, below] * (256 - share) + tile[:, below + 1] * share
        pooled[:, fine] = (mixed >> np.uint16(8)).astype(np.uint8)
    return pooled
