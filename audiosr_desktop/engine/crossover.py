"""From generated sound to what is added to the input: crossover and silence gate."""

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

from audiosr_desktop.dsp.spectrum import N_FFT, frame_stft, inverse_frame_stft
from audiosr_desktop.engine.manifest import NATIVE_RATE

Samples = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]

CROSSOVER_SHARE = 0.92  # the crossover goes from this share of the cutoff up to the cutoff
SILENCE_DB = -70.0
DIGITAL_SILENCE_DB = -100.0

_BIN_HZ = NATIVE_RATE / N_FFT
_GATE_SLOPE_DB = 6.0
_PAUSE_HOLD = 100  # frames on each side; less than a window's context, so that windows agree
_EDGE_HOLD = 3
_GATE_SMOOTH = 5  # frames
_FIRST_HEARD_BIN = 3  # a constant and its leakage through the window lie below
_WINDOW_POWER = 0.375 * N_FFT  # sum of the squared Hann window


def silence_gate(spectrum: Spectrum) -> Samples:
    """Return 0 where the input is silent and 1 where it is not, with smooth passages between.

    Silence is a level below -70 dBFS for a second to both sides, or digital silence at once: the hiss of a
    pause between words goes on above the cutoff as it does below, or every pause would sound like a hole.

    Args:
        spectrum: `frame_stft` of the input, (channels, frames, 1025).

    Returns:
        float32 (channels, frames).
    """
    power = np.square(np.abs(spectrum[..., _FIRST_HEARD_BIN:])).sum(axis=-1) * (2.0 / (N_FFT * _WINDOW_POWER))
    level_db = 10.0 * np.log10(np.maximum(power, 1e-20))
    quiet = _held(_soft_step(level_db, SILENCE_DB), _PAUSE_HOLD)
    digital = _held(_soft_step(level_db, DIGITAL_SILENCE_DB), _EDGE_HOLD)
    side = _GATE_SMOOTH // 2
    smooth = np.pad(np.minimum(quiet, digital), ((0, 0), (side, side)), mode="edge")
    gate: Samples = np.lib.stride_tricks.sliding_window_view(smooth, _GATE_SMOOTH, axis=-1).mean(
        axis=-1, dtype=np.float32
    )
    return gate


def _soft_step(level_db: Samples, threshold_db: float) -> Samples:
    step: Samples = np.clip((level_db - threshold_db) / _GATE_SLOPE_DB + 0.5, 0.0, 1.0)
    return step


def _held(gate: Samples, frames: int) -> Samples:
    """Return the largest value within `frames` to both sides."""
    held: Samples = scipy.ndimage.maximum_filter1d(gate, 2 * frames + 1, axis=-1, mode="nearest")
    return held


def join(
    spectrum: Spectrum,
    gate: Samples,
    generated: Samples,
    cutoff_hz: float,
    gain_db: float,
    *,
    holes: Samples | None = None,
) -> Samples:
    """Take the generated sound above the cutoff, and the input below.

    The sounds are unrelated near the cutoff, so the crossover keeps the sum of the powers. What the input
    holds above the crossover (a filter's slope, holes of a codec) is taken away with it. Below the crossover
    nothing is added but where there are holes.

    Args:
        spectrum: `frame_stft` of the input, (channels, frames, 1025).
        gate: `silence_gate` of it, (channels, frames).
        generated: float32 (channels, 480 frames), at the input's level.
        cutoff_hz: end of the input's good band.
        gain_db: of the generated band.
        holes: how far a place of the spectrum is a hole to be filled, 0 to 1, of its shape; None fills none.

    Returns:
        What is to be added to the input, float32 (channels, 480 frames).
    """
    made = frame_stft(generated)
    rise = _rise(cutoff_hz)
    made *= (rise if holes is None else np.maximum(rise, holes)) * np.float32(10.0 ** (gain_db / 20.0))
    made -= spectrum * (1.0 - np.sqrt(np.maximum(0.0, 1.0 - rise**2)))
    made *= gate[..., None]
    return inverse_frame_stft(made)


def _rise(cutoff_hz: float) -> Samples:
    """Return the generated sound's gain in each bin: a quarter sine from the crossover's start to its end."""
    start = CROSSOVER_SHARE * cutoff_hz
    position = (np.arange(N_FFT // 2 + 1) * _BIN_HZ - start) / (cutoff_hz - start)
    rise: Samples = np.sin(0.5 * np.pi * np.clip(position, 0.0, 1.0)).astype(np.float32)
    return rise
