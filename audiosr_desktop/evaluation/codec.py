"""Damage by lossy codecs: sound coded and decoded in memory, aligned to the original."""

import io
from typing import get_args

import numpy as np
import numpy.typing as npt
import soundfile

from audiosr_desktop.dsp.degrade import Codec
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.evaluation.metrics import align, shifted

Samples = npt.NDArray[np.float32]

CODECS: tuple[Codec, ...] = get_args(Codec)
_MP3_RATES = (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000)
_OPUS_RATES = (8_000, 12_000, 16_000, 24_000, 48_000)
_VORBIS_KBPS = (64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 500)  # of stereo at quality 0, 0.1, … 1
_OPUS_KBPS = (6.0, 256.0)  # of one channel at compression level 1 and 0
_SMALLEST = 0.999  # libsndfile's MP3 encoder refuses the level 1
_BLOCK = 65_536  # libsndfile's Vorbis encoder runs out of stack when given minutes at once
_MOST_DELAY = 8_192  # no codec here delays more
_HEAD = 480_000  # samples in which the delay is looked for


def through_codec(samples: Samples, sample_rate: int, codec: Codec, bitrate_kbps: float) -> Samples:
    """Code and decode a sound.

    MP3 keeps the bit rate exactly (the nearest one it has); Vorbis takes it as a quality and Opus as a mean,
    so the sound decides what comes out.

    Args:
        samples: float32 (channels, n), one or two channels.
        sample_rate: Hz; converted and back where the codec does not know it.
        codec: "mp3", "ogg" (Vorbis) or "opus".
        bitrate_kbps: of all channels together.

    Returns:
        float32, same shape, at lag 0 to the input.

    Raises:
        ValueError: a codec that is not known, more than two channels, or a bit rate that is not positive.
    """
    if codec not in CODECS:
        raise ValueError(f"the codec is one of {', '.join(CODECS)}, not {codec}")
    if not 1 <= samples.shape[0] <= 2:
        raise ValueError(f"codecs are run on one or two channels, not {samples.shape[0]}")
    if not bitrate_kbps > 0:
        raise ValueError(f"the bit rate must be above zero, not {bitrate_kbps}")
    length = samples.shape[1]
    if length == 0 or not samples.any():
        return np.array(samples, dtype=np.float32)
    rate = _codec_rate(sample_rate, codec)
    decoded = _coded(resample(samples, sample_rate, rate), rate, codec, bitrate_kbps)
    decoded = resample(decoded, rate, sample_rate)
    head = min(length, _HEAD)
    lag = align(samples[:, :head], decoded[:, : head + _MOST_DELAY], _MOST_DELAY)
    return shifted(decoded, lag, length)


def _codec_rate(sample_rate: int, codec: Codec) -> int:
    rates = {"mp3": _MP3_RATES, "opus": _OPUS_RATES}.get(codec)
    if rates is None:
        return min(sample_rate, 192_000)
    return next((rate for rate in rates if rate >= sample_rate), rates[-1])


def _coded(samples: Samples, rate: int, codec: Codec, bitrate_kbps: float) -> Samples:
    channels = samples.shape[0]
    level = _compression_level(codec, rate, channels, bitrate_kbps)
    kind = {"mp3": ("MP3", "MPEG_LAYER_III"), "ogg": ("OGG", "VORBIS"), "opus": ("OGG", "OPUS")}[codec]
    mode = {"bitrate_mode": "CONSTANT"} if codec == "mp3" else {}
    memory = io.BytesIO()
    with soundfile.SoundFile(
        memory, "w", rate, channels, kind[1], format=kind[0], compression_level=level, **mode
    ) as file:
        for start in range(0, samples.shape[1], _BLOCK):
            file.write(np.clip(samples[:, start : start + _BLOCK].T, -1.0, 1.0))
    memory.seek(0)
    decoded, _ = soundfile.read(memory, dtype="float32", always_2d=True)
    return np.ascontiguousarray(decoded.T)


def _compression_level(codec: Codec, rate: int, channels: int, bitrate_kbps: float) -> float:
    """Return libsndfile's compression level, 0 (best) to 1 (smallest), for a bit rate."""
    if codec == "mp3":
        low, high = (32.0, 320.0) if rate >= 32_000 else (8.0, 160.0) if rate >= 16_000 else (8.0, 64.0)
        level = (high - bitrate_kbps) / (high - low)
    elif codec == "ogg":
        stereo_kbps = bitrate_kbps * 2 / channels * 48_000 / rate
        level = 1.0 - float(np.interp(stereo_kbps, _VORBIS_KBPS, np.linspace(0.0, 1.0, len(_VORBIS_KBPS))))
    else:
        level = (_OPUS_KBPS[1] - bitrate_kbps / channels) / (_OPUS_KBPS[1] - _OPUS_KBPS[0])
    return float(np.clip(level, 0.0, _SMALLEST))
