"""Where the band of a sound ends: the edge that a low-pass, a change of rate or a codec left.

The likeliest filter of a bank tells where an edge is (`edge_fit`); what is decided here is whether it is one
that somebody made, where exactly a cliff lies, and whether a codec left it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

from audiosr_desktop.dsp.edge_fit import (
    DARKEST_DB,
    FINE,
    LOWEST_EDGE_HZ,
    LOWEST_HZ,
    Edge,
    Profile,
    likeliest_edge,
    octave_grid,
)
from audiosr_desktop.dsp.spectrum import hann, stft

Samples = npt.NDArray[np.floating[Any]]

FULL_BAND_HZ = 19_000.0  # an edge up here takes nothing that matters away; good encoders end at 19 to 20 kHz

_HIGHEST_HZ = 19_500.0
_BIN_HZ = 11.7
_MAX_FRAMES = 1_200

# Evidence that makes an edge one; untouched sound stays below 60 and, where its bend is steep, below 20
_CERTAIN, _LIKELY_GENTLE, _LIKELY_STEEP = 140.0, 75.0, 25.0
_EMPTIER_DB = 5.0  # what is cut off lies at least 8 dB lower (in 16 bits), a dull passage at most 2 dB
_LOSSY_SHARE = 0.006
_LOWEST_LOSSY_HZ = 8_500.0  # below, the gaps between the partials of music look like holes


@dataclass(frozen=True, slots=True)
class CutoffEstimate:
    """Where the band of a sound ends.

    Attributes:
        cutoff_hz: half-amplitude point (-6 dB) of the edge; of full-band sound its end or half the rate.
        confidence: 0 (nothing to go by) to 1.
        full_band: nothing below 19 kHz, or below 0.9 of half the rate, is missing.
        lossy: the edge and the holes below it look like those of a lossy codec.
        hole_share: part of the cells of time and frequency below the edge that hold nothing, 0 to 1.
        steep: the edge is clear, and falls faster than any sound does by itself.
    """

    cutoff_hz: float
    confidence: float
    full_band: bool
    lossy: bool
    hole_share: float
    steep: bool = False


def estimate_cutoff(blocks: Samples | Sequence[Samples], sample_rate: int) -> CutoffEstimate:
    """Find where the band of a sound ends.

    Args:
        blocks: (channels, samples), or several such pieces spread over a long sound; pieces under 120 ms may
            be skipped.
        sample_rate: in Hz.

    Returns:
        The edge. Silence, steady tones, very short sound and sound without an edge count as full band.
    """
    powers = _frame_powers([blocks] if isinstance(blocks, np.ndarray) else blocks, sample_rate)
    if len(powers) == 0 or _top(sample_rate) < 1.5 * LOWEST_EDGE_HZ:
        return unknown_cutoff(sample_rate)
    return _estimate(powers, sample_rate)


def unknown_cutoff(sample_rate: int) -> CutoffEstimate:
    """Return the estimate for sound that says nothing about its band, such as silence."""
    return CutoffEstimate(sample_rate / 2.0, 0.0, full_band=True, lossy=False, hole_share=0.0)


def _top(sample_rate: int) -> float:
    """Return where looking for edges ends: above lie the ends of good encoders and of recordings."""
    return min(_HIGHEST_HZ, 0.93 * sample_rate / 2.0)


def _estimate(powers: npt.NDArray[np.float32], sample_rate: int) -> CutoffEstimate:
    nyquist, top = sample_rate / 2.0, _top(sample_rate)
    bin_hz = nyquist / (powers.shape[1] - 1)
    limit = min(FULL_BAND_HZ, 0.9 * nyquist)
    profiles = _profiles(powers, sample_rate, top)
    edge = likeliest_edge(profiles, sample_rate, top)
    hz = _sharpened(powers, bin_hz, edge.hz, 0.98 * limit)
    found = hz < limit and _is_found(edge, profiles[0][1], octave_grid(top), hz)
    if found:
        confidence = 1.0 - 0.5 * float(np.exp(-max(edge.evidence, 0.0) / 150.0))
    else:
        confidence = float(np.clip(1.0 - edge.evidence / 150.0, 0.1, 0.9))
        hz = _natural_end(powers, bin_hz, limit, nyquist)
    holes = _hole_share(powers, bin_hz, min(hz, top))
    lossy = holes > _LOSSY_SHARE and hz > _LOWEST_LOSSY_HZ
    steep = found and edge.steep and edge.evidence > _LIKELY_GENTLE
    return CutoffEstimate(hz, confidence, full_band=not found, lossy=lossy, hole_share=holes, steep=steep)


def is_emptier(
    inside: Sequence[Samples], outside: Sequence[Samples], sample_rate: int, edge_hz: float
) -> bool:
    """Tell whether a part of a recording holds less above an edge than its quietest other moments do.

    A dull passage of a recording of full band keeps the noise that the recording has everywhere; what a
    filter or a telephone cut off does not.

    Args:
        inside: sound of the part, float32 (channels, n) each.
        outside: sound of the rest of the recording; without any the answer is True.
        sample_rate: in Hz.
        edge_hz: where the part seems to end.
    """
    within, beside = (_levels_above(blocks, sample_rate, edge_hz) for blocks in (inside, outside))
    if not within.size or not beside.size:
        return True
    return float(np.median(within)) < float(np.percentile(beside, 10.0)) - _EMPTIER_DB


def _levels_above(blocks: Sequence[Samples], sample_rate: int, edge_hz: float) -> npt.NDArray[np.float32]:
    """Return the level above an edge in each frame that holds sound, in dB."""
    powers = _frame_powers(blocks, sample_rate)
    bin_hz, top_hz = sample_rate / 2.0 / (powers.shape[1] - 1), _top(sample_rate)
    low_hz = min(1.15 * edge_hz, 0.5 * (edge_hz + top_hz))
    above = powers[:, int(low_hz / bin_hz) : int(top_hz / bin_hz)]
    levels: npt.NDArray[np.float32] = 10.0 * np.log10(np.median(above, axis=1) + 1e-20)
    return levels


def _is_found(edge: Edge, mean: Profile, grid: npt.NDArray[np.float64], hz: float) -> bool:
    """Decide whether an edge is one: natural sound bends too, but not at its loudest moments."""
    below = mean[(grid > 0.5 * hz) & (grid < 0.85 * hz)]
    above = mean[grid > min(1.35 * hz, 0.95 * grid[-1])]
    dark = max(float(np.median(above)), float(mean.max()) - 75.0, DARKEST_DB)
    if np.mean(below > dark + 6.0) < 0.4:  # a few steady tones have no band to end
        return False
    if edge.evidence > _CERTAIN:
        return True
    drop = float(np.percentile(below, 90.0) - above.max())
    return drop > 5.0 and edge.evidence > (_LIKELY_STEEP if edge.steep or drop > 30.0 else _LIKELY_GENTLE)


def _frame_powers(blocks: Sequence[Samples], sample_rate: int) -> npt.NDArray[np.float32]:
    """Return the power of the frames that hold sound, (frames, bins), mean over channels."""
    n_fft = 2 ** round(np.log2(sample_rate / _BIN_HZ))
    usable = [block for block in blocks if block.shape[-1] >= n_fft]
    total = sum(block.shape[-1] for block in usable)
    hop = max(n_fft // 2, -(-total // _MAX_FRAMES))
    parts = []
    for block in usable:
        spectra = stft(block, n_fft, hop, center=False)
        parts.append(np.mean(spectra.real**2 + spectra.imag**2, axis=0).T)
    if not parts:
        return np.zeros((0, n_fft // 2 + 1), np.float32)
    powers = np.concatenate(parts) / np.sum(hann(n_fft) ** 2)
    energies = powers[:, 4:].sum(axis=1)  # without DC and rumble
    loudest = float(energies.max(initial=0.0))
    kept: npt.NDArray[np.float32] = powers[(energies > 1e-6 * loudest) & (energies > 1e-11)]
    return kept


def _profiles(powers: npt.NDArray[np.float32], sample_rate: int, top: float) -> list[tuple[float, Profile]]:
    """Return weighted long-term spectra on the grid, each a view of the sound that the others have not."""
    grid = octave_grid(top)
    n_fft = 2 * (powers.shape[1] - 1)
    levels = 10.0 * np.log10(powers + 1e-20)
    spans = (grid[:, None] * 2.0 ** np.array([-1 / 16, 1 / 16]) * n_fft / sample_rate).astype(int)

    def across_partials(spectrum: npt.NDArray[np.floating[Any]]) -> Profile:
        return np.array([np.median(spectrum[low : high + 2]) for low, high in spans], dtype=np.float32)

    mean = 10.0 * np.log10(_above_floor(powers.mean(axis=0)) + 1e-20)
    width = np.maximum(grid * n_fft / sample_rate * (2.0 ** (0.5 / FINE) - 1.0), 1.5)
    sums = np.concatenate([[0.0], np.cumsum(10.0 ** (mean / 10.0), dtype=np.float64)])
    low = np.round(grid * n_fft / sample_rate - width).astype(int)
    high = np.maximum(np.round(grid * n_fft / sample_rate + width).astype(int), low + 2)
    banded = 10.0 * np.log10((sums[high] - sums[low]) / (high - low) + 1e-20)
    profiles = [
        (0.5, banded.astype(np.float32)),
        (0.5, across_partials(mean)),
        (1.0, across_partials(levels.mean(axis=0))),
    ]
    # dull, middling and bright moments: one filter, three different sounds
    split = slice(int(2.0 * LOWEST_HZ * n_fft / sample_rate), None)
    third = slice(int(LOWEST_HZ * n_fft / sample_rate), split.start)
    last = int(top * n_fft / sample_rate)
    brightness = levels[:, split.start : last].mean(axis=1) - levels[:, third].mean(axis=1)
    for part in np.array_split(np.argsort(brightness), 3):
        if len(part) >= 8:
            profiles.append((0.7, across_partials(levels[part].mean(axis=0))))
    return profiles


def _above_floor(power: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Take a flat floor of noise away from a mean spectrum, down to a tenth of it."""
    smooth = scipy.ndimage.median_filter(power, 65, mode="nearest")
    floor = float(np.percentile(smooth[len(smooth) // 50 : -len(smooth) // 50], 1.0))
    return np.asarray(np.maximum(power - floor, 0.1 * floor), dtype=np.float32)


class _Cliffs:
    """A fine spectrum, searched for places where it falls at once, as codecs and resamplers make them."""

    def __init__(
        self, levels: npt.NDArray[np.float32], loudest: npt.NDArray[np.float32], bin_hz: float
    ) -> None:
        self._levels = np.maximum(levels, DARKEST_DB)
        self._loudest_above = np.maximum.accumulate(loudest[: int(0.99 * len(loudest))][::-1])[::-1]
        self._bin_hz = bin_hz

    def highest_fall(self, places: npt.NDArray[np.float64]) -> float:
        """Return the one of some frequencies at which the spectrum falls most."""
        return float(max(places, key=self.fall_db))

    def fall_db(self, hz: float) -> float:
        return self._level(0.96 * hz, hz) - self._level(hz, 1.04 * hz)

    def is_sheer(self, hz: float, least_db: float, share: float) -> bool:
        """Whether a share of the fall around a frequency happens at once."""
        at_once = self._level(0.95 * hz, 0.985 * hz) - self._level(1.015 * hz, 1.05 * hz)
        whole = self._level(0.85 * hz, 0.93 * hz) - self._level(1.07 * hz, 1.15 * hz)
        return at_once > max(least_db, share * whole)

    def is_end(self, hz: float, least_db: float) -> bool:
        """Whether all that lies above a frequency, partials and rare moments too, is much fainter."""
        above = self._loudest_above[min(int(1.03 * hz / self._bin_hz), len(self._loudest_above) - 1)]
        return self._level(0.95 * hz, 0.985 * hz) - float(above) > least_db

    def _level(self, low_hz: float, high_hz: float) -> float:
        first = min(int(low_hz / self._bin_hz), len(self._levels) - 4)
        return float(np.median(self._levels[first : max(int(high_hz / self._bin_hz), first + 4)]))


def _sharpened(powers: npt.NDArray[np.float32], bin_hz: float, edge_hz: float, limit_hz: float) -> float:
    """Return the cliff at an edge, else one above it, else the edge: the fit is too coarse for cliffs."""
    mean = 10.0 * np.log10(powers.mean(axis=0) + 1e-20)
    typical = np.maximum(10.0 * np.log10(powers + 1e-20), DARKEST_DB).mean(axis=0)
    cliffs = [_Cliffs(levels, mean, bin_hz) for levels in (typical, mean)]
    near = edge_hz * np.linspace(0.92, 1.08, 81)
    hz = cliffs[0].highest_fall(near[near <= max(edge_hz, limit_hz)])
    if cliffs[0].is_sheer(hz, 10.0, 0.8):
        return hz
    if 1.2 * edge_hz < limit_hz:
        # a codec may leave so little below its edge that the bend before it looks like a gentle filter
        for cliff in cliffs:
            hz = cliff.highest_fall(np.geomspace(1.2 * edge_hz, limit_hz, 200))
            whole = cliff.is_sheer(hz, 20.0, 0.65) and cliff.is_end(hz, 20.0)
            if whole and _hole_share(powers, bin_hz, edge_hz) > _LOSSY_SHARE:
                return hz
    return edge_hz


def _natural_end(powers: npt.NDArray[np.float32], bin_hz: float, low_hz: float, nyquist: float) -> float:
    """Return where full-band sound ends above `low_hz`, half the sample rate if it does not."""
    mean = 10.0 * np.log10(powers.mean(axis=0) + 1e-20)
    cliff = _Cliffs(mean, mean, bin_hz)
    hz = cliff.highest_fall(np.linspace(low_hz, 0.96 * nyquist, 200))
    return hz if cliff.fall_db(hz) > 12.0 else nyquist


def _hole_share(powers: npt.NDArray[np.float32], bin_hz: float, edge_hz: float) -> float:
    """Return the share of cells (a frame, 8 bins) in the upper half of the band that a codec left empty.

    Natural sound has hardly a cell 15 dB below the median of the cells around it.
    """
    first, last = int(0.5 * edge_hz / bin_hz), int(0.95 * edge_hz / bin_hz)
    cells = powers[:, first : first + (last - first) // 8 * 8].reshape(len(powers), -1, 8).mean(axis=2)
    levels = 10.0 * np.log10(cells + 1e-20)
    around = scipy.ndimage.median_filter(levels, size=(1, 15), mode="nearest")
    return float(np.mean(levels < around - 15.0))
