"""Damage other than a missing band, and how well it was mended: a tone, white noise, gaps."""

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.degrade import Damage, Gap, apply_damage
from audiosr_desktop.evaluation.metrics import RATIO_BOUND_DB, lsd, lsd_within, si_sdr_db

Samples = npt.NDArray[np.float32]
DamageKind = Literal["tone", "white", "gap"]

DAMAGE_KINDS: tuple[DamageKind, ...] = get_args(DamageKind)
TONE_HZ = (200.0, 12_000.0)
TONE_AMPLITUDES = (0.01, 0.1)
WHITE_SNR_DB = 20.0
GAP_LENGTHS_MS = (50.0, 100.0)
GAPS_A_FILE = 4
TONE_BAND_HZ = 20.0  # to both sides: what lies nearer to the tone counts as the tone
_HEARD_DB = -50.0  # a gap in silence measures nothing


@dataclass(frozen=True, slots=True)
class Case:
    """One damage of one sound.

    Attributes:
        kind: of damage.
        name: in the table.
        damage: what is done.
    """

    kind: DamageKind
    name: str
    damage: Damage

    def apply(self, truth: Samples, sample_rate: int, rng: np.random.Generator) -> Samples:
        """Return the damaged sound; shapes and errors as in `apply_damage`."""
        return apply_damage(truth, sample_rate, self.damage, rng)


def draw_cases(
    kinds: tuple[DamageKind, ...], truth: Samples, sample_rate: int, rng: np.random.Generator
) -> list[Case]:
    """Draw the damage of a sound; the same state of `rng` gives the same.

    Tones lie anywhere from 200 Hz to 12 kHz; white noise lies 20 dB below the sound; gaps lie where the sound
    is heard, and there are none in sound that is too short for them.
    """
    cases = []
    for amplitude in TONE_AMPLITUDES:
        tone_hz = float(np.exp(rng.uniform(*np.log(TONE_HZ))))
        damage = Damage(tone_hz=tone_hz, tone_amplitude=amplitude)
        cases.append(Case("tone", f"tone {amplitude:g}", damage))
    rms = float(np.sqrt(np.mean(np.square(truth, dtype=np.float64))))
    noise = Damage(white_amplitude=rms * 10.0 ** (-WHITE_SNR_DB / 20.0))
    cases.append(Case("white", f"white {WHITE_SNR_DB:g} dB", noise))
    for length_ms in GAP_LENGTHS_MS:
        gaps = _draw_gaps(truth, sample_rate, length_ms, rng)
        if gaps:
            cases.append(Case("gap", f"gaps {length_ms:g} ms", Damage(gaps=gaps)))
    return [case for case in cases if case.kind in kinds]


def _draw_gaps(
    truth: Samples, sample_rate: int, length_ms: float, rng: np.random.Generator
) -> tuple[Gap, ...]:
    """Draw a gap in each of some equal parts of the sound, away from their ends."""
    length = round(length_ms * sample_rate / 1000)
    part = truth.shape[1] // GAPS_A_FILE
    if part < 4 * length:
        return ()
    gaps = []
    for index in range(GAPS_A_FILE):
        starts = index * part + rng.integers(length, part - 2 * length, 20)
        for start in starts:
            power = float(np.mean(np.square(truth[:, start : start + length], dtype=np.float64)))
            if power > 10.0 ** (_HEARD_DB / 10.0):
                gaps.append(Gap(float(start / sample_rate), length_ms))
                break
    return tuple(gaps)


@dataclass(frozen=True, slots=True)
class Mended:
    """How well; NaN where a figure says nothing of the damage.

    Attributes:
        lsd: log-spectral distance of the whole.
        suppression_db: by how much the tone is lower than it was.
        rest_changed_db: energy of the change outside the tone's band, over that of the sound there.
        si_sdr_db: of the whole.
        si_sdr_gain_db: above that of the damaged sound.
        gap_lsd: log-spectral distance of frames centred in gaps.
    """

    lsd: float
    suppression_db: float = math.nan
    rest_changed_db: float = math.nan
    si_sdr_db: float = math.nan
    si_sdr_gain_db: float = math.nan
    gap_lsd: float = math.nan


def measure(case: Case, truth: Samples, damaged: Samples, estimate: Samples, sample_rate: int) -> Mended:
    """Measure an estimate of `truth` that was made of `damaged`; all float32 (channels, n)."""
    whole = lsd(truth, estimate, sample_rate)
    if case.kind == "tone":
        assert case.damage.tone_hz is not None
        tone, rest = tone_figures(truth, damaged, estimate, sample_rate, case.damage.tone_hz)
        return Mended(whole, suppression_db=tone, rest_changed_db=rest)
    if case.kind == "white":
        after, before = si_sdr_db(truth, estimate), si_sdr_db(truth, damaged)
        return Mended(whole, si_sdr_db=after, si_sdr_gain_db=after - before)
    places = [
        (round(gap.start_s * sample_rate), round((gap.start_s + gap.length_ms / 1000) * sample_rate))
        for gap in case.damage.gaps
    ]
    return Mended(whole, gap_lsd=lsd_within(truth, estimate, sample_rate, places))


def tone_figures(
    truth: Samples, damaged: Samples, estimate: Samples, sample_rate: int, tone_hz: float
) -> tuple[float, float]:
    """Return by how many dB a tone was lowered, and the change of the rest in dB; within ±120 dB.

    The error within 20 Hz of the tone is what is left of it; the error elsewhere, over the sound there, is
    the change. A window with low side lobes keeps the two apart.
    """
    window = np.blackman(truth.shape[1])
    tone, error, sound = (
        np.square(np.abs(np.fft.rfft(window * samples.astype(np.float64)))).sum(axis=0)
        for samples in (damaged - truth, estimate - truth, truth)
    )
    near = np.abs(np.fft.rfftfreq(truth.shape[1], 1.0 / sample_rate) - tone_hz) <= TONE_BAND_HZ
    return _db(tone[near].sum(), error[near].sum()), _db(error[~near].sum(), sound[~near].sum())


def _db(above: float, below: float) -> float:
    least = 10.0 ** (-RATIO_BOUND_DB / 10.0)
    if above <= least * below:
        return -RATIO_BOUND_DB
    return RATIO_BOUND_DB if below <= least * above else float(10.0 * np.log10(above / below))
