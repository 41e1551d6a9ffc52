"""What is wrong with a sound: where its band ends, how loud it is, and the damage that can be found in it."""

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.files import FileInfo
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.dsp.cutoff import unknown_cutoff
from audiosr_desktop.dsp.level import LoudnessMeter, TruePeakMeter
from audiosr_desktop.dsp.tones import SHORTEST_S, find_tones
from audiosr_desktop.effects.gaps import find_gaps
from audiosr_desktop.effects.survey import survey_sound
from audiosr_desktop.evaluation.detectors import ClipCounter, NoiseFloorMeter
from audiosr_desktop.job import Job, Progress, part_of

Samples = npt.NDArray[np.float32]

_STRETCH_S = 12.0  # long enough to tell a tone from a note
_MOST_STRETCHES = 5  # a long sound is looked at in places
_SAME_TONE = 0.002  # relative difference in frequency
_PART_OF_STRETCHES = 0.5  # of the places, in how many a tone must be
_BITS = {"PCM_S8": 8, "PCM_U8": 8, "PCM_16": 16, "PCM_24": 24, "PCM_32": 32}


@dataclass(frozen=True, slots=True)
class FoundTone:
    """A steady tone: its frequency, and its level, a full-scale sine being 0 dBFS."""

    frequency_hz: float
    level_dbfs: float


@dataclass(frozen=True, slots=True)
class FoundGap:
    """A drop-out: digital silence, in one channel or more, that cuts the sound off."""

    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Analysis:
    """All that is found out about one file; levels of digital silence are minus infinity.

    Attributes:
        path: the file.
        sample_rate: Hz.
        channels: number of channels.
        duration_s: length.
        format: container, as libsndfile names it.
        subtype: sample format, as libsndfile names it.
        cutoff_hz: where the band ends; for full-band sound its natural end.
        cutoff_confidence: 0 to 1.
        full_band: whether nothing was cut off.
        lossy_source: whether the sound went through a lossy codec.
        loudness_lufs: integrated loudness, BS.1770-4.
        true_peak_dbtp: largest value between samples.
        clipped_samples: samples at full scale, two or more in a row, over all channels.
        noise_floor_dbfs: RMS of the steady noise.
        tones: steady tones, loudest first.
        gaps: drop-outs of 5 ms to 1 s, in the order of time.
    """

    path: str
    sample_rate: int
    channels: int
    duration_s: float
    format: str
    subtype: str
    cutoff_hz: float
    cutoff_confidence: float
    full_band: bool
    lossy_source: bool
    loudness_lufs: float
    true_peak_dbtp: float
    clipped_samples: int
    noise_floor_dbfs: float
    tones: tuple[FoundTone, ...]
    gaps: tuple[FoundGap, ...]


def analyze(sound: Sound, info: FileInfo) -> Job[Analysis]:
    """Find out what `Analysis` holds, reading the sound block by block.

    Args:
        sound: what the file holds.
        info: what the file says of itself.

    Raises:
        AudioFileError: the file cannot be read any more.
    """
    rate, channels = sound.sample_rate, sound.channels
    loudness, peak = LoudnessMeter(rate, channels), TruePeakMeter(rate, channels)
    clipping = ClipCounter(channels, _full_scale(info.subtype))
    noise = NoiseFloorMeter(rate, channels)
    done = 0
    for block in iter_blocks(sound):
        for meter in (loudness, peak, clipping, noise):
            meter.add(block)
        done += block.shape[1]
        yield Progress(0.6 * done / sound.length, "Listening")
    tones = yield from _find_tones(sound)
    whole = Region(0, sound.length)
    survey = yield from part_of(survey_sound(sound, whole), 0.9, 0.95)
    cutoff = survey.cutoff if survey is not None else unknown_cutoff(rate)
    gaps = yield from part_of(find_gaps(sound, whole), 0.95, 1.0)
    return Analysis(
        path=str(info.path),
        sample_rate=rate,
        channels=channels,
        duration_s=sound.duration_s,
        format=info.format,
        subtype=info.subtype,
        cutoff_hz=cutoff.cutoff_hz,
        cutoff_confidence=cutoff.confidence,
        full_band=cutoff.full_band,
        lossy_source=cutoff.lossy,
        loudness_lufs=loudness.result(),
        true_peak_dbtp=peak.result_db(),
        clipped_samples=clipping.result(),
        noise_floor_dbfs=noise.result_db(),
        tones=tuple(tones),
        gaps=tuple(FoundGap(gap.start / rate, gap.stop / rate) for gap in gaps),
    )


def _full_scale(subtype: str) -> float:
    bits = _BITS.get(subtype)
    return 1.0 - 2.0 ** (1 - bits) if bits else 1.0


def _places(length: int, size: int, most: int) -> list[tuple[int, int]]:
    """Return at most `most` stretches of at most `size` samples, spread evenly over the length."""
    count = min(most, max(1, math.ceil(length / size)))
    size = min(size, length)
    starts = np.linspace(0, length - size, count).round().astype(int)
    return [(int(start), int(start) + size) for start in starts]


def _find_tones(sound: Sound) -> Job[list[FoundTone]]:
    """Return the tones that run through at least half of the places looked at, loudest first."""
    if sound.duration_s < SHORTEST_S:
        return []
    places = _places(sound.length, round(_STRETCH_S * sound.sample_rate), _MOST_STRETCHES)
    groups: list[list[FoundTone]] = []
    for index, (start, stop) in enumerate(places):
        yield Progress(0.6 + 0.3 * index / len(places), "Finding tones")
        for tone in find_tones(sound.read(start, stop), sound.sample_rate):
            found = FoundTone(tone.frequency_hz, tone.level_dbfs)
            for group in groups:
                if abs(group[0].frequency_hz / found.frequency_hz - 1.0) < _SAME_TONE:
                    group.append(found)
                    break
            else:
                groups.append([found])
    kept = [group for group in groups if len(group) >= _PART_OF_STRETCHES * len(places)]
    tones = [
        FoundTone(
            float(np.mean([tone.frequency_hz for tone in group])),
            float(np.mean([tone.level_dbfs for tone in group])),
        )
        for group in kept
    ]
    return sorted(tones, key=lambda tone: -tone.level_dbfs)
