"""Short-time spectra: a general STFT and its inverse, and the mel front end of the AudioSR models.

The front end is the one of the published checkpoints: 48 kHz, reflect padding of 784 samples at both ends,
frames of 2048 samples 480 apart, so that frame t is centred on sample 480 t + 240 and n samples give n / 480
frames.
"""

from functools import cache
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import scipy  # its parts load themselves when they are used

Samples = npt.NDArray[np.float32]
Spectrum = npt.NDArray[np.complex64]
PadMode = Literal["constant", "reflect"]

MEL_SAMPLE_RATE = 48_000
N_FFT = 2048
HOP_LENGTH = 480
N_MELS = 256
MEL_MIN_HZ = 20.0
MEL_MAX_HZ = 24_000.0
MEL_FLOOR = 1e-5
FRAME_PADDING = (N_FFT - HOP_LENGTH) // 2

_FRAMES_AT_ONCE = 256  # keeps the windowed copies within the processor's cache


@cache
def hann(n: int) -> Samples:
    """Return the periodic Hann window of n points, 0.5 - 0.5 cos(2 pi i / n); shared and read-only."""
    window: Samples = (0.5 - 0.5 * np.cos(2.0 * np.pi * np.arange(n) / n)).astype(np.float32)
    window.flags.writeable = False
    return window


@cache
def blackman_harris(n: int) -> Samples:
    """Return the periodic four-term window of n points whose side lobes lie below -92 dB; shared, read-only.

    Source: Harris, Proc. IEEE, 1978, table I.
    """
    phase = 2.0 * np.pi * np.arange(n) / n
    terms = (0.35875, -0.48829, 0.14128, -0.01168)
    orders = np.arange(len(terms))[:, None]
    window: Samples = (np.array(terms) @ np.cos(orders * phase)).astype(np.float32)
    window.flags.writeable = False
    return window


def db(amplitude: npt.ArrayLike, floor: float = 1e-10) -> npt.NDArray[Any]:
    """Return 20 log10 of an amplitude; values below `floor` count as `floor`. Float32 stays float32."""
    values = np.asarray(amplitude)
    if not np.issubdtype(values.dtype, np.floating):
        values = values.astype(np.float64)
    result: npt.NDArray[Any] = 20.0 * np.log10(np.maximum(values, values.dtype.type(floor)))
    return result


def stft(
    x: npt.NDArray[np.floating[Any]],
    n_fft: int,
    hop: int,
    *,
    win: Samples | None = None,
    center: bool = True,
    pad_mode: PadMode = "constant",
) -> Spectrum:
    """Transform sound into short-time spectra, unnormalised.

    Args:
        x: sound (…, samples), computed in float32.
        n_fft: samples in a frame.
        hop: samples from one frame to the next.
        win: n_fft points; None is a periodic Hann window.
        center: pad n_fft // 2 samples at both ends, so that frame t is centred on sample hop * t.
        pad_mode: what the padding holds: zeros, or the sound mirrored at its ends.

    Returns:
        complex64 (…, n_fft // 2 + 1, frames); no frames when x is shorter than one.
    """
    x = np.asarray(x, dtype=np.float32)
    if center:
        x = _pad_ends(x, n_fft // 2, pad_mode)
    return np.swapaxes(_spectra(x, n_fft, hop, hann(n_fft) if win is None else win), -1, -2)


def istft(
    spec: Spectrum, hop: int, length: int, *, win: Samples | None = None, center: bool = True
) -> Samples:
    """Turn short-time spectra back into sound by weighted overlap-add, the least-squares inverse of `stft`.

    Args:
        spec: complex64 (…, bins, frames) of even-sized frames, as `stft` returns it.
        hop: samples from one frame to the next.
        length: samples to return; what no frame reaches is zero.
        win: the window of the analysis; None is a periodic Hann window.
        center: whether the analysis padded half a frame at both ends.

    Returns:
        float32 (…, length).

    Source: Griffin and Lim 1984, eq. 6.
    """
    n_fft = 2 * (spec.shape[-2] - 1)
    window = hann(n_fft) if win is None else win
    sound = _overlap_add(np.swapaxes(spec, -1, -2), hop, window)
    if center:
        sound = sound[..., n_fft // 2 :]
    missing = length - sound.shape[-1]
    if missing > 0:
        sound = np.pad(sound, [(0, 0)] * (sound.ndim - 1) + [(0, missing)])
    return sound[..., :length]


@cache
def mel_filter_bank() -> Samples:
    """Return the mel matrix of the front end, float32 (256, 1025); the array is shared and read-only.

    Triangles of equal area, evenly spaced from 20 Hz to 24 kHz on Slaney's scale: linear below 1 kHz,
    logarithmic above.

    Source: Slaney, Auditory Toolbox, 1998.
    """
    edges = _mel_to_hz(np.linspace(_hz_to_mel(MEL_MIN_HZ), _hz_to_mel(MEL_MAX_HZ), N_MELS + 2))
    bins = np.linspace(0.0, MEL_SAMPLE_RATE / 2, N_FFT // 2 + 1)
    rising = (bins - edges[:-2, None]) / np.diff(edges)[:-1, None]
    falling = (edges[2:, None] - bins) / np.diff(edges)[1:, None]
    area = 2.0 / (edges[2:] - edges[:-2])
    # rounded before the area is applied, as the matrix of the published checkpoints was
    triangles = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    bank: Samples = (triangles * area[:, None]).astype(np.float32)
    bank.flags.writeable = False
    return bank


def frame_stft(x: npt.NDArray[np.floating[Any]]) -> Spectrum:
    """Transform sound with the framing of the mel front end.

    Args:
        x: sound at 48 kHz (…, n), n a multiple of 480.

    Returns:
        complex64 (…, n / 480, 1025): time first, frame t centred on sample 480 t + 240.

    Raises:
        ValueError: n is not a multiple of 480.
    """
    x = np.asarray(x, dtype=np.float32)
    length = x.shape[-1]
    if length % HOP_LENGTH:
        raise ValueError(f"the mel front end takes a multiple of {HOP_LENGTH} samples, not {length}")
    if length == 0:
        return np.zeros((*x.shape[:-1], 0, N_FFT // 2 + 1), np.complex64)
    return _spectra(_pad_ends(x, FRAME_PADDING, "reflect"), N_FFT, HOP_LENGTH, hann(N_FFT))


def inverse_frame_stft(spec: Spectrum) -> Samples:
    """Turn spectra with the framing of the mel front end back into sound.

    Exact, up to rounding, for every sample of an unchanged `frame_stft`.

    Args:
        spec: complex64 (…, frames, 1025).

    Returns:
        float32 (…, 480 frames).
    """
    if spec.shape[-2] == 0:
        return np.zeros((*spec.shape[:-2], 0), np.float32)
    sound = _overlap_add(spec, HOP_LENGTH, hann(N_FFT))
    return sound[..., FRAME_PADDING : FRAME_PADDING + HOP_LENGTH * spec.shape[-2]]


def magnitude_spectrogram(x: npt.NDArray[np.floating[Any]]) -> Samples:
    """Return |frame_stft(x)|, float32 (…, n / 480, 1025)."""
    return np.abs(frame_stft(x))


def log_mel(x: npt.NDArray[np.floating[Any]]) -> Samples:
    """Return the log-mel spectrogram that the AudioSR models work on.

    Args:
        x: sound at 48 kHz (…, n), n a multiple of 480.

    Returns:
        Natural logarithm of the mel magnitudes, floored at ln 1e-5: float32 (…, n / 480, 256).

    Raises:
        ValueError: n is not a multiple of 480.
    """
    mel = magnitude_spectrogram(x) @ mel_filter_bank().T
    logarithm: Samples = np.log(np.maximum(mel, np.float32(MEL_FLOOR), out=mel), out=mel)
    return logarithm


def _pad_ends(x: Samples, width: int, mode: PadMode) -> Samples:
    if x.shape[-1] == 0:
        mode = "constant"
    return np.pad(x, [(0, 0)] * (x.ndim - 1) + [(width, width)], mode=mode)


def _spectra(x: Samples, n_fft: int, hop: int, window: Samples) -> Spectrum:
    """Return the spectra (…, frames, bins) of the frames that lie wholly in x."""
    bins = n_fft // 2 + 1
    if x.shape[-1] < n_fft:
        return np.zeros((*x.shape[:-1], 0, bins), np.complex64)
    frames = np.lib.stride_tricks.sliding_window_view(x, n_fft, axis=-1)[..., ::hop, :]
    spectra = np.empty((*frames.shape[:-1], bins), np.complex64)
    for start in range(0, frames.shape[-2], _FRAMES_AT_ONCE):
        part = slice(start, start + _FRAMES_AT_ONCE)
        spectra[..., part, :] = scipy.fft.rfft(frames[..., part, :] * window, axis=-1)
    return spectra


def _overlap_add(spec: Spectrum, hop: int, window: Samples) -> Samples:
    """Return the weighted overlap-add (…, (frames - 1) * hop + n_fft) of spectra (…, frames, bins)."""
    n_fft, count = window.shape[0], spec.shape[-2]
    length = (count - 1) * hop + n_fft if count else 0
    steps = -(-n_fft // hop)
    sound = np.zeros((*spec.shape[:-2], count + steps, hop), np.float32)
    weight = np.zeros((count + steps, hop), np.float32)
    for start in range(0, count, _FRAMES_AT_ONCE):
        stop = min(start + _FRAMES_AT_ONCE, count)
        frames = scipy.fft.irfft(spec[..., start:stop, :], n_fft, axis=-1) * window
        # each frame is cut into pieces of one hop, so that pieces of equal rank do not overlap one another
        for step in range(steps):
            piece = frames[..., step * hop : (step + 1) * hop]
            sound[..., start + step : stop + step, : piece.shape[-1]] += piece
    for step in range(steps):
        squares = window[step * hop : (step + 1) * hop] ** 2
        weight[step : count + step, : squares.shape[0]] += squares
    # near the ends only the feet of the windows reach a sample: dividing there would amplify rounding
    sound /= np.where(weight > 1e-8, weight, 1.0)
    joined: Samples = sound.reshape(*spec.shape[:-2], -1)[..., :length]
    return joined


def _hz_to_mel(hz: float) -> float:
    return 3.0 * hz / 200.0 if hz < 1000.0 else 15.0 + 27.0 * float(np.log(hz / 1000.0) / np.log(6.4))


def _mel_to_hz(mel: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    logarithmic = 1000.0 * np.exp(np.log(6.4) / 27.0 * (mel - 15.0))
    return np.where(mel < 15.0, mel * 200.0 / 3.0, logarithmic)
