"""Low-pass filters: the families that damage sound in training, and the low-pass of the official pipeline."""

import math
from functools import cache
from typing import Any, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

Samples = npt.NDArray[np.float32]
Sections: TypeAlias = npt.NDArray[np.float64]
Family = Literal["cheby", "ellip", "butter", "bessel", "boxcar"]
UpstreamFilter = Literal["butter", "cheby1", "ellip", "bessel"]

FAMILIES: tuple[Family, ...] = get_args(Family)
RIPPLE_DB = 0.1
STOPBAND_DB = 60.0
MAX_ORDER = 10


def lowpass(
    x: npt.NDArray[np.floating[Any]],
    sample_rate: int,
    cutoff_hz: float,
    family: Family,
    order: int = 8,
    *,
    zero_phase: bool = True,
) -> Samples:
    """Remove what lies above a cutoff.

    Whatever the family and the order, `cutoff_hz` is the half-power point (-3 dB) of one pass. `zero_phase`
    runs the filter forwards and backwards: the cutoff is then the half-amplitude point (-6 dB). "boxcar" is
    the ideal filter: every bin of the whole sound's spectrum above the cutoff is zero; it has no order.

    Args:
        x: sound (…, samples); computed in float64.
        sample_rate: in Hz.
        cutoff_hz: above 0, below half the sample rate.
        family: "cheby" (type 1) and "ellip" have 0.1 dB ripple, "ellip" a stop band of 60 dB a pass; "bessel"
            has the flattest group delay and the gentlest slope.
        order: 1 to 10.
        zero_phase: no delay and twice the attenuation; otherwise one causal pass.

    Returns:
        float32, same shape as x.

    Raises:
        ValueError: the cutoff, the order or the family is out of range.
    """
    if not 0.0 < cutoff_hz < sample_rate / 2:
        raise ValueError(f"a cutoff lies between 0 and {sample_rate / 2:g} Hz, not at {cutoff_hz:g} Hz")
    if family not in FAMILIES:
        raise ValueError(f"a low-pass is one of {', '.join(FAMILIES)}, not {family}")
    if not 1 <= order <= MAX_ORDER:
        raise ValueError(f"a low-pass has an order of 1 to {MAX_ORDER}, not {order}")
    if x.shape[-1] == 0:
        return x.astype(np.float32)
    if family == "boxcar":
        return _boxcar(x, sample_rate, cutoff_hz)
    sections = design_lowpass(sample_rate, cutoff_hz, family, order)
    wide = x.astype(np.float64)
    filtered = _both_ways(sections, wide) if zero_phase else scipy.signal.sosfilt(sections, wide, axis=-1)
    return np.asarray(filtered, dtype=np.float32)


def design_lowpass(sample_rate: int, cutoff_hz: float, family: Family, order: int) -> Sections:
    """Return second-order sections (sections, 6) of a recursive low-pass, -3 dB at the cutoff."""
    # the bilinear transform bends the axis of frequency: the scale of the prototype holds on the bent one
    bent = np.tan(np.pi * cutoff_hz / sample_rate) / _half_power_point(family, order)
    edge = np.arctan(bent) / np.pi * 2.0
    return _sections(family, order, edge, analog=False)


def simulate_lowpass_upstream(
    x: npt.NDArray[np.floating[Any]], cutoff_hz: float, filter_type: UpstreamFilter, sample_rate: int = 48_000
) -> Samples:
    """Low-pass sound as the official AudioSR pipeline does before it encodes the condition.

    Filter of order 8 both ways, down to twice the cutoff and up again, filter both ways once more.

    Args:
        x: sound (…, samples); computed in float64.
        cutoff_hz: its whole part is used.
        filter_type: the kind the official pipeline draws at random for each call.
        sample_rate: in Hz.

    Returns:
        float32, same shape as x.

    Raises:
        ValueError: the cutoff is not between 1 Hz and half the sample rate.

    Source: Liu et al. 2023, AudioSR, and the package audiosr 0.0.7.
    """
    share = int(cutoff_hz) / (sample_rate / 2)
    if not 0.0 < share < 1.0:
        raise ValueError(f"a cutoff lies between 1 and {sample_rate / 2:g} Hz, not at {cutoff_hz:g} Hz")
    sections = _upstream_sections(filter_type, share)
    length = x.shape[-1]
    low_rate = int(
        share * sample_rate
    )  # may be one Hz short of twice the cutoff: kept, it is what upstream does
    filtered = _both_ways(sections, x.astype(np.float64))
    narrow = scipy.signal.resample_poly(filtered, low_rate, sample_rate, axis=-1)
    wide = scipy.signal.resample_poly(narrow, sample_rate, low_rate, axis=-1)[..., :length]
    wide = np.pad(wide, [(0, 0)] * (x.ndim - 1) + [(0, length - wide.shape[-1])])
    return _both_ways(sections, wide).astype(np.float32)


def bandpass_taps(
    sample_rate: int,
    low_hz: float | None,
    high_hz: float | None,
    *,
    edge_octaves: float,
    least_edge_hz: float,
    stop_db: float,
) -> npt.NDArray[np.float64]:
    """Return a linear-phase band-pass of an odd number of taps, -6 dB at its bounds.

    Args:
        sample_rate: Hz.
        low_hz: lower bound; None is 0.
        high_hz: upper bound; None is the Nyquist frequency.
        edge_octaves: width of the fall about each bound, half of it outside.
        least_edge_hz: its least width.
        stop_db: how far down everything beyond the falls lies.

    Source: Kaiser 1974, "Nonrecursive digital filter design using the I0-sinh window function".
    """
    nyquist = sample_rate / 2
    bounds = [(low_hz, -1.0), (nyquist if high_hz is None else high_hz, 1.0)]
    parts = []
    for bound, sign in bounds:
        if bound is None or bound <= 0.0:
            continue
        edge_hz = max(least_edge_hz, bound * (2.0 ** (edge_octaves / 2) - 2.0 ** (-edge_octaves / 2)))
        half = 0 if bound >= nyquist else math.ceil((stop_db - 7.95) / 14.36 * sample_rate / edge_hz / 2)
        n = np.arange(-half, half + 1)
        share = min(bound, nyquist) / nyquist
        parts.append(sign * share * np.sinc(share * n) * np.kaiser(n.size, 0.1102 * (stop_db - 8.7)))
    taps: npt.NDArray[np.float64] = np.zeros(max(part.size for part in parts))
    for part in parts:
        margin = (taps.size - part.size) // 2
        taps[margin : taps.size - margin] += part
    return taps


def _both_ways(sections: Sections, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    # SciPy's own length of the padding, less where the sound is shorter
    taps = 2 * len(sections) + 1 - min(int((sections[:, 2] == 0).sum()), int((sections[:, 5] == 0).sum()))
    padding = min(3 * taps, x.shape[-1] - 1)
    filtered: npt.NDArray[np.float64] = scipy.signal.sosfiltfilt(sections, x, axis=-1, padlen=padding)
    return filtered


def _boxcar(x: npt.NDArray[np.floating[Any]], sample_rate: int, cutoff_hz: float) -> Samples:
    length = x.shape[-1]
    size = scipy.fft.next_fast_len(length, real=True)
    spectrum = scipy.fft.rfft(x.astype(np.float64), size, axis=-1)
    spectrum[..., int(cutoff_hz * size / sample_rate) + 1 :] = 0.0
    return np.asarray(scipy.fft.irfft(spectrum, size, axis=-1)[..., :length], dtype=np.float32)


def _sections(family: Family, order: int, edge: float, *, analog: bool) -> Sections:
    kind = {"cheby": "cheby1", "bessel": "bessel_mag"}.get(family, family)
    sections: Sections = scipy.signal.iirfilter(
        order, edge, rp=RIPPLE_DB, rs=STOPBAND_DB, btype="lowpass", analog=analog, ftype=kind, output="sos"
    )
    return sections


@cache
def _half_power_point(family: Family, order: int) -> float:
    """Return where the analog prototype with its edge at 1 rad/s falls to -3 dB."""
    if family in ("butter", "bessel"):
        return 1.0
    sections = _sections(family, order, 1.0, analog=True)

    def above_half(frequency: float) -> float:
        powers = (1j * frequency) ** np.array([2, 1, 0])
        response = np.prod((sections[:, :3] @ powers) / (sections[:, 3:] @ powers))
        return float(np.abs(response) ** 2 - 0.5)

    return float(scipy.optimize.brentq(above_half, 0.1, 10.0))


def _upstream_sections(filter_type: UpstreamFilter, share: float) -> Sections:
    order = 8
    sections: Sections
    if filter_type == "butter":
        sections = scipy.signal.butter(order, share, output="sos")
    elif filter_type == "cheby1":
        sections = scipy.signal.cheby1(order, 0.1, share, output="sos")
    elif filter_type == "ellip":
        sections = scipy.signal.ellip(order, 0.1, 60, share, output="sos")
    elif filter_type == "bessel":
        sections = scipy.signal.bessel(order, share, output="sos")
    else:
        raise ValueError(f"the official pipeline has no filter named {filter_type}")
    return sections
