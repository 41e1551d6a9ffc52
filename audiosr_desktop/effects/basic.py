"""Gain, normalising, fades and silence."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.job import Job, Progress, part_of

Samples = npt.NDArray[np.float32]

_FADE_FLOOR_DB = -60.0  # where an even fade in decibels begins
FADE_SHAPE = Parameter(
    "shape",
    "Shape",
    "choice",
    "smooth",
    choices=("smooth", "linear", "equal-power", "decibels"),
    help="Smooth is a half cosine, equal-power a quarter sine; decibels rises evenly from -60 dB.",
)


class GainEffect(ABC):
    """An effect that multiplies each sample by a number that depends on its place alone."""

    id: str
    title: str
    parameters: Sequence[Parameter] = ()
    seamless = False

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    @abstractmethod
    def gains(self, start: int, stop: int, length: int, values: Mapping[str, Value]) -> Samples:
        """Return the gains of samples [start, stop) of a region of `length` samples."""

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region multiplied by the gains."""
        done = 0
        with self._scratch.writer(sound.channels) as writer:
            for block in iter_blocks(sound, region.start, region.stop):
                stop = done + block.shape[1]
                writer.write(block * self.gains(done, stop, region.length, values))
                done = stop
                yield Progress(done / region.length, self.title)
            return Sound.from_store(writer.finish(), sound.sample_rate)


class Gain(GainEffect):
    """Makes the region louder or quieter."""

    id = "audiosr.gain"
    title = "Gain"
    parameters = (
        Parameter("gain_db", "Gain", "float", default=0.0, minimum=-120.0, maximum=60.0, unit="dB"),
    )

    def gains(self, start: int, stop: int, length: int, values: Mapping[str, Value]) -> Samples:
        """Return one gain for all."""
        return np.full(stop - start, 10.0 ** (float(values["gain_db"]) / 20.0), np.float32)


class FadeIn(GainEffect):
    """Lets the region rise from silence."""

    id = "audiosr.fade-in"
    title = "Fade in"
    parameters: Sequence[Parameter] = (FADE_SHAPE,)
    seamless = True

    def gains(self, start: int, stop: int, length: int, values: Mapping[str, Value]) -> Samples:
        """Return the rise."""
        place = (np.arange(start, stop) + 0.5) / length
        return _rise(place, str(values["shape"])).astype(np.float32)


class FadeOut(FadeIn):
    """Lets the region fall to silence."""

    id = "audiosr.fade-out"
    title = "Fade out"

    def gains(self, start: int, stop: int, length: int, values: Mapping[str, Value]) -> Samples:
        """Return the fall."""
        return super().gains(length - stop, length - start, length, values)[::-1]


class Silence(GainEffect):
    """Takes all sound out of the region."""

    id = "audiosr.silence"
    title = "Silence"

    def gains(self, start: int, stop: int, length: int, values: Mapping[str, Value]) -> Samples:
        """Return zeros."""
        return np.zeros(stop - start, np.float32)


class Normalise:
    """Brings the highest peak of the region to a given level; silence stays as it is."""

    id = "audiosr.normalise"
    title = "Normalise"
    parameters: Sequence[Parameter] = (
        Parameter("peak_dbfs", "Peak", "float", default=-1.0, minimum=-60.0, maximum=0.0, unit="dBFS"),
    )
    seamless = False

    def __init__(self, scratch: Scratch) -> None:
        self._gain = Gain(scratch)

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region with one gain for all channels."""
        peak, done = 0.0, 0
        for block in iter_blocks(sound, region.start, region.stop):
            peak = max(peak, float(np.abs(block).max()))
            done += block.shape[1]
            yield Progress(0.4 * done / region.length, "Finding the peak")
        if peak == 0.0:
            return sound.slice(region.start, region.stop)
        gain_db = float(values["peak_dbfs"]) - 20.0 * float(np.log10(peak))
        return (yield from part_of(self._gain.process(sound, region, {"gain_db": gain_db}), 0.4, 1.0))


def _rise(place: npt.NDArray[np.float64], shape: str) -> npt.NDArray[np.float64]:
    """Return the gain of a fade at places between 0 and 1."""
    if shape == "linear":
        return place
    if shape == "equal-power":
        return np.sin(0.5 * np.pi * place)
    if shape == "decibels":
        return 10.0 ** (_FADE_FLOOR_DB * (1.0 - place) / 20.0)
    smooth: npt.NDArray[np.float64] = 0.5 - 0.5 * np.cos(np.pi * place)
    return smooth
