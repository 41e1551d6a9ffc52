"""The edge that a filter left in a spectrum: where it most likely is, and how likely.

The spectrum of natural sound is unknown, that of a filter is not. Seen in dB on an axis of octaves, a
filtered spectrum is the sum of both. Sound is modelled as a Gaussian process on that axis (a fall of some dB
an octave, slow drift, small rough detail), and every filter of a bank is taken away from the measured
spectrum at each place in turn: the one that leaves the likeliest sound tells the edge. Noise floors, dither
or hiss, limit how deep a filter can be seen, so its response ends there.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

from audiosr_desktop.dsp.filters import Family, design_lowpass

Profile = npt.NDArray[np.float32]  # a level in dB for each frequency of a grid

LOWEST_HZ = 400.0
LOWEST_EDGE_HZ = 1_000.0
DARKEST_DB = -112.0  # under the noise of 16 bits nothing is told from nothing
FINE = 36  # points of a profile an octave
_COARSE = 18
_EDGES_PER_OCTAVE = 60

# The bank: design, order, and how much likelihood the rare gentle designs must win by. All run both ways.
_BANK: tuple[tuple[Family, int, float], ...] = (
    *(("butter", order, 2.5 if order == 4 else 0.0) for order in (4, 6, 8, 10)),
    *(("bessel", order, 5.0) for order in (4, 6, 8)),
    *(("cheby", order, 0.0) for order in (4, 6, 8, 10)),
    *(("ellip", order, 0.0) for order in (4, 6, 8)),
    ("boxcar", 0, 0.0),
)
_DEEPEST_DB = -250.0

# Natural sound on an axis of octaves, relative sizes; found on filtered music, speech and effects
_FALL_DB = -8.0  # an octave
_SLOPE_DB = 1.0
_DRIFT_DB = 0.5
_DETAIL_DB, _DETAIL_OCTAVES = 1.0, 0.06
_ROUGHNESS_DB = 0.2
_LEVEL_DB = 100.0
_PRIOR_SHARE = 1.5


@dataclass(frozen=True, slots=True)
class Edge:
    """The likeliest edge.

    Attributes:
        hz: half-amplitude point.
        evidence: log-likelihood won against sound without an edge.
        steep: whether the filter falls 40 dB within a third of an octave.
    """

    hz: float
    evidence: float
    steep: bool


def likeliest_edge(profiles: list[tuple[float, Profile]], sample_rate: int, top: float) -> Edge:
    """Find the likeliest edge: in the whole spectrum coarsely, then twice closely around the best place.

    Args:
        profiles: long-term spectra on `octave_grid(top)`, each with its weight.
        sample_rate: in Hz.
        top: where looking for edges ends, in Hz.
    """
    edges, grid = _edges(top), octave_grid(top)
    floored = [(weight, *_floored(profile)) for weight, profile in profiles]
    step = FINE // _COARSE
    score = np.zeros((len(_BANK), len(edges)))
    responses = _responses(sample_rate, top)
    coarse = responses[:, :, ::step]
    for weight, profile, floor in floored:
        score += weight * _log_likelihoods(profile[::step], floor, coarse, edges, grid[::step])
    best = int(np.argmax(score.max(axis=0)))
    for _ in range(2):
        near = slice(*np.searchsorted(edges, edges[best] * np.array([0.57, 1.75])))
        points = slice(*np.searchsorted(grid, edges[best] * np.array([0.5, 2.0])))
        points = slice(min(points.start, len(grid) - FINE), points.stop)
        score = np.zeros((len(_BANK), near.stop - near.start))
        for weight, profile, floor in floored:
            part = responses[:, near, points]
            score += weight * _log_likelihoods(profile[points], floor, part, edges[near], grid[points])
        design, place = np.unravel_index(int(np.argmax(score)), score.shape)
        best = near.start + int(place)
    at = np.searchsorted(grid, edges[best] * 2.0 ** (1 / 3))
    reach = responses[design, best, min(at, len(grid) - 1)]
    return Edge(float(edges[best]), float(score.max()), bool(reach < -40.0))


@cache
def octave_grid(top: float) -> npt.NDArray[np.float64]:
    """Return the frequencies of a profile in Hz, 36 an octave from 400 Hz up to `top`."""
    count = int(np.log2(top / LOWEST_HZ) * FINE) + 1
    return LOWEST_HZ * 2.0 ** (np.arange(count) / FINE)


@cache
def _edges(top: float) -> npt.NDArray[np.float64]:
    count = int(np.log2(0.975 * top / LOWEST_EDGE_HZ) * _EDGES_PER_OCTAVE) + 1
    return LOWEST_EDGE_HZ * 2.0 ** (np.arange(count) / _EDGES_PER_OCTAVE)


@cache
def _responses(sample_rate: int, top: float) -> npt.NDArray[np.float32]:
    """Return the bank in dB, (filters, edges, points)."""
    # bent as the bilinear transform bends it, every recursive filter is one curve over the ratio to its edge
    bend = np.pi / sample_rate
    ratio = np.tan(bend * octave_grid(top)) / np.tan(bend * _edges(top))[:, None]
    return np.stack([_curve(family, order, ratio) for family, order, _ in _BANK])


def _curve(family: Family, order: int, ratio: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    if family == "boxcar":
        return np.where(ratio > 1.0, _DEEPEST_DB, 0.0).astype(np.float32)
    rate, edge = 48_000, 1_000.0
    sections = design_lowpass(rate, edge, family, order)
    at = np.arctan(np.geomspace(1e-3, 1e3, 8192) * np.tan(np.pi * edge / rate))  # half the phase of z
    powers = np.exp(-2j * at)[:, None] ** np.arange(3)
    response = np.prod((powers @ sections[:, :3].T) / (powers @ sections[:, 3:].T), axis=1)
    decibels = np.maximum(40.0 * np.log10(np.abs(response) + 1e-12), _DEEPEST_DB)
    decibels = np.minimum.accumulate(decibels)  # the ripples of a stop band are no sound
    return np.interp(np.log(ratio), np.linspace(np.log(1e-3), np.log(1e3), 8192), decibels).astype(np.float32)


def _floored(profile: Profile) -> tuple[Profile, float]:
    limited = np.maximum(profile, DARKEST_DB)
    floor = float(np.percentile(scipy.ndimage.median_filter(limited, FINE // 4, mode="nearest"), 3.0))
    return np.maximum(limited, floor), floor


def _log_likelihoods(
    profile: Profile,
    floor: float,
    responses: npt.NDArray[np.float32],
    edges: npt.NDArray[np.float64],
    grid: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Return the log-likelihoods over that of no edge, (filters, edges)."""
    first = np.minimum(np.searchsorted(grid, edges / 1.6), len(grid) - 1)
    last = np.maximum(np.searchsorted(grid, edges / 1.1), first + 1)
    sums = np.concatenate([[0.0], np.cumsum(profile, dtype=np.float64)])
    depths = np.maximum((sums[last] - sums[first]) / (last - first) - floor, 0.0).astype(np.float32)
    whitener = _whitener(len(grid), round(1.0 / np.log2(grid[1] / grid[0])))
    natural = profile - np.float32(_FALL_DB) * np.log2(grid / grid[0]).astype(np.float32)
    sound = natural - np.maximum(responses, -depths[:, None])
    errors = sound.reshape(-1, len(grid)) @ whitener.T
    count = len(grid)
    known = _PRIOR_SHARE * count  # a prior on the roughness: without it very smooth sound proves anything
    squares = np.einsum("ij,ij->i", errors, errors).reshape(responses.shape[:2]) + known
    plain = whitener @ natural
    scale = -0.5 * count * (1.0 + _PRIOR_SHARE)
    gains = scale * np.log(squares / (plain @ plain + known))
    result: npt.NDArray[np.float64] = gains - np.array([[penalty] for _, _, penalty in _BANK])
    return result


@cache
def _whitener(count: int, per_octave: int) -> npt.NDArray[np.float32]:
    """Return the inverse of the Cholesky factor of the covariance of natural sound on `count` points."""
    octaves = np.arange(count) / per_octave
    apart = np.abs(octaves[:, None] - octaves)
    from_middle = octaves - octaves.mean()
    covariance = (
        _LEVEL_DB**2
        + _SLOPE_DB**2 * np.outer(from_middle, from_middle)
        + _DRIFT_DB**2 * np.minimum(octaves[:, None], octaves)
        + _DETAIL_DB**2 * np.exp(-apart / _DETAIL_OCTAVES)
        + _ROUGHNESS_DB**2 * np.eye(count)
    )
    factor = np.linalg.cholesky(covariance)
    inverse: npt.NDArray[np.float64] = scipy.linalg.solve_triangular(factor, np.eye(count), lower=True)
    return inverse.astype(np.float32)
