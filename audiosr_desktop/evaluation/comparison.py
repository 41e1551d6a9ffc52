"""All figures of one pair at once, after a delay and a gain between the two are found and taken out."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.level import db_to_gain, integrated_loudness
from audiosr_desktop.errors import SoundError
from audiosr_desktop.evaluation.metrics import (
    RATIO_BOUND_DB,
    align,
    band_energy_db,
    level_gain_db,
    lsd,
    lsd_bands,
    lsd_nuwave2,
    shifted,
    si_sdr_db,
    snr_db,
)

Samples = npt.NDArray[np.float32]

MOST_LAG_S = 0.5


@dataclass(frozen=True, slots=True)
class Comparison:
    """Figures of one pair; NaN where the reference is silent.

    Attributes:
        lag_samples: how much later the estimate ran; taken out of all figures.
        gain_db: level match that was applied to the estimate for all figures but `lsd_as_is`.
        lsd: log-spectral distance over the whole band.
        lsd_as_is: the same without the level match.
        lsd_high: bins from the cutoff on; None without a cutoff.
        lsd_low: bins below the cutoff; None without a cutoff.
        lsd_nuwave2: with the constants of NU-Wave 2.
        energy_high_db: energy above the cutoff against the reference; None without a cutoff.
        si_sdr_db: scale-invariant signal-to-distortion ratio.
        snr_db: signal-to-noise ratio.
        loudness_difference_lu: loudness of the estimate, as it is, less that of the reference.
    """

    lag_samples: int
    gain_db: float
    lsd: float
    lsd_as_is: float
    lsd_high: float | None
    lsd_low: float | None
    lsd_nuwave2: float
    energy_high_db: float | None
    si_sdr_db: float
    snr_db: float
    loudness_difference_lu: float


def compare(
    reference: Samples, estimate: Samples, sample_rate: int, cutoff_hz: float | None = None
) -> Comparison:
    """Measure an estimate against its reference, after an integer delay and a gain are found and taken out.

    Args:
        reference: float32 (channels, n).
        estimate: float32 (channels, m) at the same rate; cut or padded to n.
        sample_rate: Hz.
        cutoff_hz: where the generated band starts; levels are then matched below it.

    Raises:
        SoundError: the numbers of channels differ, or the cutoff is outside the band.
    """
    if reference.shape[0] != estimate.shape[0]:
        raise SoundError(
            f"A sound of {estimate.shape[0]} channels cannot be compared with one of {reference.shape[0]};"
            " convert one of them first."
        )
    if cutoff_hz is not None and not 0 < cutoff_hz < sample_rate / 2:
        raise SoundError(f"The cutoff of {cutoff_hz:g} Hz must lie between 0 and {sample_rate / 2:g} Hz.")
    lag = align(reference, estimate, int(MOST_LAG_S * sample_rate))
    raw = shifted(estimate, lag, reference.shape[1])
    gain_db = level_gain_db(reference, raw, sample_rate, cutoff_hz)
    level = raw * np.float32(db_to_gain(gain_db))
    has_cutoff = cutoff_hz is not None
    whole, low, high = lsd_bands(
        reference, level, sample_rate, [(0.0, None), (0.0, cutoff_hz), (cutoff_hz or 0.0, None)]
    )
    return Comparison(
        lag_samples=lag,
        gain_db=gain_db,
        lsd=whole,
        lsd_as_is=lsd(reference, raw, sample_rate),
        lsd_high=high if has_cutoff else None,
        lsd_low=low if has_cutoff else None,
        lsd_nuwave2=lsd_nuwave2(reference, level),
        energy_high_db=band_energy_db(reference, level, sample_rate, cutoff_hz or 0.0)
        if has_cutoff
        else None,
        si_sdr_db=si_sdr_db(reference, level),
        snr_db=snr_db(reference, level),
        loudness_difference_lu=_loudness_difference_lu(reference, raw, sample_rate),
    )


def _loudness_difference_lu(reference: Samples, estimate: Samples, sample_rate: int) -> float:
    truth, found = (integrated_loudness(samples, sample_rate) for samples in (reference, estimate))
    if truth == found:
        return 0.0
    return float(np.clip(found - truth, -RATIO_BOUND_DB, RATIO_BOUND_DB))
