"""One file of the corpus as it is packed: mono, 48 kHz, 16 bits, and where its sound really ends."""

import io
import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from audiosr_desktop.dsp.cutoff import estimate_cutoff
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.training.corpus_list import Entry
from audiosr_desktop.training.corpus_musdb import read_stem
from audiosr_desktop.training.data import SAMPLE_RATE

QUIETEST = 1e-3  # peak of what is no sound to learn from
_PROBES, _PROBE_S = 8, 1.5  # excerpts in which the bandwidth is measured


@dataclass(frozen=True, slots=True)
class Places:
    """Where entries lie: `packages` holds unpacked Debian packages, `audio` the other listed sources."""

    packages: Path
    audio: Path


@dataclass(frozen=True, slots=True)
class Decoded:
    """A decoded entry.

    Attributes:
        samples: int16 (n,) at 48 kHz; empty when the entry is left out.
        bandwidth_hz: where the sound ends.
        problem: why the entry is left out; empty when it is not.
    """

    samples: npt.NDArray[np.int16]
    bandwidth_hz: float
    problem: str = ""


def decode(entry: Entry, places: Places, limit_s: float, least_hz: float) -> Decoded:
    """Decode at most `limit_s` from an entry's middle; what cannot be used says why instead."""
    nothing = np.empty(0, np.int16)
    try:
        samples, rate = _read(entry, places)
    except (
        OSError,
        KeyError,
        IndexError,
        ValueError,
        zipfile.BadZipFile,
        soundfile.LibsndfileError,
    ) as error:
        return Decoded(nothing, 0.0, f"cannot be read: {str(error) or type(error).__name__}")
    span = int(limit_s * rate)
    first = max(0, (len(samples) - span) // 2)
    mono = samples[first : first + span].mean(axis=1)
    peak = float(np.abs(mono).max(initial=0.0))
    if peak < QUIETEST or not np.isfinite(peak):
        return Decoded(nothing, 0.0, "silent")
    bandwidth_hz = entry.bandwidth_hz or measure_bandwidth(mono, rate)
    if bandwidth_hz < least_hz:
        return Decoded(nothing, bandwidth_hz, f"ends at {bandwidth_hz:.0f} Hz")
    try:
        converted = resample(mono[None], rate, SAMPLE_RATE)[0]
    except AudioSRError as error:
        return Decoded(nothing, 0.0, str(error))
    scale = min(1.0, 0.999 / float(np.abs(converted).max()))
    return Decoded(np.rint(converted * scale * 32767.0).astype(np.int16), bandwidth_hz)


def measure_bandwidth(mono: npt.NDArray[np.float32], rate: int) -> float:
    """Return where the sound of a file ends, from excerpts spread over it."""
    length = int(_PROBE_S * rate)
    starts = np.linspace(0, max(0, len(mono) - length), _PROBES).astype(int)
    probes = [mono[None, start : start + length] for start in dict.fromkeys(starts.tolist())]
    return min(estimate_cutoff(probes, rate).cutoff_hz, rate / 2, SAMPLE_RATE / 2)


def _read(entry: Entry, places: Places) -> tuple[npt.NDArray[np.float32], int]:
    root = entry.root or (places.packages if entry.origin == "apt" else places.audio) / entry.package
    outer, _, inner = entry.path.partition("!")
    path = root / outer
    if entry.origin == "musdb" and inner:
        return read_stem(path, int(inner))
    source: Path | io.BytesIO = path
    if inner:
        with zipfile.ZipFile(path) as archive:
            source = io.BytesIO(archive.read(inner.removeprefix("/")))
    samples, rate = soundfile.read(source, dtype="float32", always_2d=True)
    return samples, rate
