"""Noise reduction: measures steady noise over the whole sound and takes it out of a region, as an Effect."""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.denoise import context_length, hop_length, reduce_noise
from audiosr_desktop.dsp.noise import (
    NoiseMeter,
    NoiseProfile,
    learned_profile,
    least_learned,
    white_profile,
)
from audiosr_desktop.effects.effect import AMOUNT, Parameter, Value
from audiosr_desktop.effects.emerging import telling_beginning
from audiosr_desktop.effects.notes import Report, warn
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, Progress, part_of

LOWEST_DBFS = -120.0  # as a level of the noise: none is given, it is to be measured
LEAST_NOISE_DBFS = -93.0  # below this it is the rounding of 16 bits
SURVEY_S = 120.0  # a longer sound is measured in stretches spread over it
STRETCH_S = 5.0
LEARNED_S = 30.0  # more of a steady noise teaches nothing
CHUNK_S = 4.0

PARAMETERS = (
    Parameter(
        "reduction_db",
        "Reduction",
        "float",
        default=30.0,
        minimum=0.0,
        maximum=60.0,
        unit="dB",
        help="By how much noise is lowered at most.",
    ),
    Parameter(
        "floor_dbfs",
        "Floor",
        "float",
        default=LOWEST_DBFS,
        minimum=LOWEST_DBFS,
        maximum=0.0,
        unit="dBFS",
        help="Noise is not lowered below this level; a trace of it can sound more natural than none.",
    ),
    Parameter(
        "noise",
        "Noise",
        "choice",
        default="white",
        choices=("white", "coloured"),
        help="White is hiss; coloured is any steady noise, and also takes rain, wind or a fan for noise.",
    ),
    Parameter(
        "output",
        "Output",
        "choice",
        default="cleaned",
        choices=("cleaned", "noise"),
        help="Noise gives what is taken away, to hear whether anything good is in it.",
    ),
    AMOUNT,
    Parameter(
        "learn_start_s",
        "Noise alone from",
        "float",
        default=0.0,
        minimum=0.0,
        unit="s",
        advanced=True,
        help="Where a stretch begins that holds nothing but the noise; its spectrum is then learned there.",
    ),
    Parameter(
        "learn_end_s",
        "Noise alone to",
        "float",
        default=0.0,
        minimum=0.0,
        unit="s",
        advanced=True,
        help="Where that stretch ends; 0 estimates the noise from the whole sound.",
        automatic=True,
    ),
    Parameter(
        "noise_dbfs",
        "Noise level",
        "float",
        default=LOWEST_DBFS,
        minimum=LOWEST_DBFS,
        maximum=0.0,
        unit="dBFS",
        advanced=True,
        help="RMS level of white noise; the lowest value measures it.",
        automatic=True,
    ),
)


class Denoise:
    """The effect; the level of the noise is put into `report` when one is given."""

    id = "audiosr.denoise"
    title = "Denoise"
    parameters: Sequence[Parameter] = PARAMETERS
    seamless = False

    def __init__(self, scratch: Scratch, report: Report | None = None) -> None:
        self._scratch = scratch
        self._report: Report = {} if report is None else report

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region with less noise; the sound as it is where no steady noise is heard.

        Raises:
            EffectError: the stretch to learn from is not in the sound, too short, or silent.
        """
        # measuring takes a quarter of the time of reducing, and no more than SURVEY_S are measured
        measured_s = min(sound.duration_s, SURVEY_S) / 4.0
        share = measured_s / (measured_s + region.length / sound.sample_rate)
        profile = yield from part_of(_profile(sound, values), 0.0, share)
        above_floor_db = max(0.0, profile.level_dbfs - float(values["floor_dbfs"]))
        reduction_db = min(float(values["reduction_db"]), above_floor_db)
        if profile.level_dbfs < LEAST_NOISE_DBFS or reduction_db == 0.0:
            why = "steady noise" if profile.level_dbfs < LEAST_NOISE_DBFS else "noise to reduce"
            warn(self._report, f"No {why} was found and the sound was left as it is.")
            return sound.slice(region.start, region.stop)
        self._report["noise_dbfs"] = round(profile.level_dbfs, 1)
        reducing = self._reduced(sound, region, profile, reduction_db, taken=values["output"] == "noise")
        return (yield from part_of(reducing, share, 1.0))

    def _reduced(
        self, sound: Sound, region: Region, profile: NoiseProfile, reduction_db: float, *, taken: bool
    ) -> Job[Sound]:
        rate, hop = sound.sample_rate, hop_length(sound.sample_rate)
        # chunks and frames are counted from the document's start, so that the region has no influence
        chunk = hop * max(1, round(CHUNK_S * rate / hop))
        context = hop * -(-context_length(rate) // hop)
        with self._scratch.writer(sound.channels) as writer:

            def reducing() -> Job[None]:
                for begin in range(region.start // chunk * chunk, region.stop, chunk):
                    outer = begin - context
                    dry = np.nan_to_num(sound.read_padded(outer, begin + chunk + context))
                    wet = reduce_noise(dry, rate, profile, reduction_db=reduction_db)
                    if taken:
                        wet = dry - wet
                    inside = region.clipped(begin, begin + chunk)
                    writer.write(wet[:, inside.start - outer : inside.stop - outer])
                    yield Progress((inside.stop - region.start) / region.length, "Reducing noise")

            yield from telling_beginning(reducing(), writer, rate, region.length)
            return Sound.from_store(writer.finish(), rate)


def _profile(sound: Sound, values: Mapping[str, Value]) -> Job[NoiseProfile]:
    """Return the noise as it is given, learned or measured."""
    if float(values["learn_end_s"]) > 0.0:
        yield Progress(0.5, "Learning the noise")
        return _learned(sound, float(values["learn_start_s"]), float(values["learn_end_s"]))
    if float(values["noise_dbfs"]) > LOWEST_DBFS:
        return white_profile(sound.channels, sound.sample_rate, float(values["noise_dbfs"]))
    return (yield from measure_noise(sound, coloured=values["noise"] == "coloured"))


def _learned(sound: Sound, start_s: float, end_s: float) -> NoiseProfile:
    rate = sound.sample_rate
    start, stop = round(start_s * rate), min(round(end_s * rate), sound.length)
    least = least_learned(rate)
    if stop - start < least:
        raise EffectError(
            f"Noise is learned from at least {least / rate:.2f} s of the sound, "
            f"not from {start_s:g} to {end_s:g} s of {sound.duration_s:g} s."
        )
    samples = np.nan_to_num(sound.read(start, min(stop, start + round(LEARNED_S * rate))))
    profile = learned_profile(samples, rate)
    if profile.level_dbfs < LEAST_NOISE_DBFS:
        raise EffectError(
            f"From {start_s:g} to {end_s:g} s there is no noise to learn; select where it is heard."
        )
    return profile


def measure_noise(sound: Sound, *, coloured: bool = False) -> Job[NoiseProfile]:
    """Measure the steady noise of a whole sound, or of stretches spread over a long one.

    What is measured does not depend on the region that is worked on, so neither does the result.
    """
    meter = NoiseMeter(sound.channels, sound.sample_rate)
    for start, stop, share in _stretches(sound):
        block = sound.read(start, stop)
        if np.all(np.isfinite(block)):
            meter.add(block)
        yield Progress(share, "Measuring the noise")
    return meter.result(coloured=coloured)


def _stretches(sound: Sound) -> Iterator[tuple[int, int, float]]:
    """Yield the start and stop of each stretch to measure, and the share that is done with it."""
    stretch = round(STRETCH_S * sound.sample_rate)
    count = -(-sound.length // stretch)
    kept = min(count, round(SURVEY_S / STRETCH_S))
    for index in range(kept):
        start = index * count // kept * stretch
        yield start, min(start + stretch, sound.length), (index + 1) / kept
