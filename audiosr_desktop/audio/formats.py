"""Which file formats can be written, and how samples become their numbers."""

from pathlib import Path
from typing import Any

import numpy as np
import soundfile
from numpy.typing import NDArray

from audiosr_desktop.errors import AudioFileError

LOSSY_QUALITY = 0.8  # 0 to 1: Vorbis quality 8, MP3 and Opus near the top of their range

_BY_SUFFIX = {
    ".wav": "WAV",
    ".wave": "WAV",
    ".bwf": "WAV",
    ".rf64": "RF64",
    ".w64": "W64",
    ".aif": "AIFF",
    ".aiff": "AIFF",
    ".aifc": "AIFF",
    ".flac": "FLAC",
    ".caf": "CAF",
    ".au": "AU",
    ".snd": "AU",
    ".ogg": "OGG",
    ".oga": "OGG",
    ".opus": "OGG",
    ".mp3": "MP3",
}
# What a folder is searched for: all that is written, and what is only read
SOUND_SUFFIXES = frozenset(_BY_SUFFIX) | {".mp2", ".voc", ".sph", ".nist", ".paf", ".ircam", ".sf", ".svx"}
_LOSSY = {"VORBIS", "OPUS", "MPEG_LAYER_I", "MPEG_LAYER_II", "MPEG_LAYER_III"}

# What carries the samples of a subtype, best first. A second pass of a block codec would change samples that
# nobody edited, so those become plain numbers of the same depth.
_CARRIERS = {
    "PCM_S8": ("PCM_S8", "PCM_U8", "PCM_16"),
    "PCM_U8": ("PCM_U8", "PCM_S8", "PCM_16"),
    "PCM_16": ("PCM_16",),
    "PCM_24": ("PCM_24", "PCM_32", "PCM_16"),
    "PCM_32": ("PCM_32", "DOUBLE", "PCM_24"),
    "FLOAT": ("FLOAT", "DOUBLE", "PCM_24"),
    "DOUBLE": ("DOUBLE", "FLOAT", "PCM_24"),
    "ULAW": ("ULAW", "PCM_16"),
    "ALAW": ("ALAW", "PCM_16"),
    # libsndfile's ALAC encoder damages loud sound of more than 16 bits: plain numbers instead
    "ALAC_16": ("PCM_16",),
    "ALAC_20": ("PCM_24",),
    "ALAC_24": ("PCM_24",),
    "ALAC_32": ("PCM_32", "PCM_24"),
    "IMA_ADPCM": ("PCM_16",),
    "MS_ADPCM": ("PCM_16",),
    "GSM610": ("PCM_16",),
    "VOX_ADPCM": ("PCM_16",),
    "DWVW_12": ("PCM_16",),
    "DWVW_16": ("PCM_16",),
    "DPCM_8": ("PCM_16",),
    "DPCM_16": ("PCM_16",),
}
_DEFAULT_CARRIERS = ("PCM_24",)  # decoded lossy sound, and sound without a source
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32, "ULAW": 16, "ALAW": 16}
_BITS |= {"ALAC_16": 16, "ALAC_20": 20, "ALAC_24": 24, "ALAC_32": 32}
_SEEKABLE = {*_BITS, "FLOAT", "DOUBLE"}


def choose_format(path: Path, source_format: str | None, source_subtype: str | None) -> tuple[str, str]:
    """Return format and subtype for `path`'s suffix that lose nothing of the source's samples.

    Raises:
        AudioFileError: the suffix names no format that can be written.
    """
    suffix = path.suffix.lower()
    name = _BY_SUFFIX.get(suffix)
    if name is None:
        known = " ".join(sorted(_BY_SUFFIX))
        raise AudioFileError(f"{path.name} cannot be written: choose one of {known}.", path)
    if suffix == ".opus":
        return ("OGG", "OPUS")
    if name == "OGG":
        return ("OGG", "OPUS" if source_subtype == "OPUS" else "VORBIS")
    if name == "MP3":
        return ("MP3", "MPEG_LAYER_III")
    if name == "WAV" and source_format == "WAVEX":
        name = "WAVEX"
    possible = soundfile.available_subtypes(name)
    carriers = _CARRIERS.get(source_subtype or "", _DEFAULT_CARRIERS)
    return (name, next(subtype for subtype in (*carriers, "PCM_16") if subtype in possible))


def can_write(suffix: str) -> bool:
    """Return whether files of a suffix (".wav") can be written."""
    return suffix.lower() in _BY_SUFFIX


def bits_of(subtype: str) -> int:
    """Return the bits of a sample: 32 and 64 for float, 0 for lossy and other coded sound."""
    return {"FLOAT": 32, "DOUBLE": 64, "ULAW": 8, "ALAW": 8}.get(subtype, _BITS.get(subtype, 0))


def is_lossy(subtype: str) -> bool:
    """Return whether samples come back changed."""
    return subtype in _LOSSY


def is_seekable(format_: str, subtype: str) -> bool:
    """Return whether a seek finds each sample exactly, so that the file need not be decoded first."""
    return subtype in _SEEKABLE and format_ not in {"OGG", "MP3"}


def read_dtype(subtype: str) -> type[np.floating[Any]]:
    """Return the float type that holds all bits of a sample format."""
    return np.float64 if subtype in {"PCM_32", "DOUBLE", "ALAC_32"} else np.float32


def bytes_per_sample(subtype: str) -> int:
    """Return the size of one number in a file that is not compressed; 4 where that is not known."""
    return {8: 1, 16: 2, 20: 3, 24: 3}.get(_BITS.get(subtype, 0), 8 if subtype == "DOUBLE" else 4)


def integer_bits(subtype: str) -> int | None:
    """Return the bits of an integer sample format; None for floats and lossy coding."""
    return _BITS.get(subtype)


def encode(samples: NDArray[Any], subtype: str, dither: np.random.Generator | None = None) -> NDArray[Any]:
    """Return samples as the numbers that libsndfile takes for a sample format, exactly.

    libsndfile itself scales by one less than full scale when it writes float samples as integers, which
    changes sound that only passes through; scaled here, what was read is written again.

    Args:
        samples: float (channels, samples); full scale is 1. Beyond it integers are clipped.
        subtype: of the file.
        dither: where the noise comes from that makes the rounding error independent of the sound: two uniform
            numbers of one step, whose sum has a triangular density (Lipshitz et al., JAES 40, 1992).

    Returns:
        (samples, channels): int32 with the number in its upper bits, or float.
    """
    interleaved = samples.T
    bits = _BITS.get(subtype)
    if bits is None:
        return interleaved.astype(np.float64 if subtype == "DOUBLE" else np.float32)
    full = 2.0 ** (bits - 1)
    wide = interleaved.astype(np.float64) if bits > 24 else interleaved
    scaled = wide * full
    if dither is not None:
        scaled = scaled + (dither.random(wide.shape) - dither.random(wide.shape))
    numbers = np.clip(np.rint(scaled), -full, full - 1).astype(np.int32)
    return np.left_shift(numbers, 32 - bits)
