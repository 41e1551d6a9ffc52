"""Loudness, offset and polarity: what measures a region first, or needs no parameter at all."""

from collections.abc import Mapping, Sequence

import numpy as np

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.level import LoudnessMeter, TruePeakMeter
from audiosr_desktop.effects.basic import Gain, GainEffect, Samples
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.job import Job, Progress, part_of


class NormaliseLoudness:
    """Brings the region to a loudness, or as near as its peaks allow; what is below -70 LUFS stays."""

    id = "audiosr.normalise-loudness"
    title = "Normalise loudness"
    parameters: Sequence[Parameter] = (
        Parameter("loudness_lufs", "Loudness", "float", -16.0, -60.0, 0.0, unit="LUFS"),
        Parameter(
            "ceiling_dbtp",
            "Ceiling",
            "float",
            -1.0,
            -20.0,
            20.0,
            unit="dBTP",
            help="The true peak is kept below this, even if the sound stays quieter than asked for.",
        ),
    )
    seamless = False

    def __init__(self, scratch: Scratch) -> None:
        self._gain = Gain(scratch)

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region with one gain for all channels."""
        meter = LoudnessMeter(sound.sample_rate, sound.channels)
        peaks = TruePeakMeter(sound.sample_rate, sound.channels)
        done = 0
        for block in iter_blocks(sound, region.start, region.stop):
            meter.add(block)
            peaks.add(block)
            done += block.shape[1]
            yield Progress(0.6 * done / region.length, "Measuring the loudness")
        loudness = meter.result()
        if not np.isfinite(loudness):
            return sound.slice(region.start, region.stop)
        room_db = float(values["ceiling_dbtp"]) - peaks.result_db()
        gain_db = min(float(values["loudness_lufs"]) - loudness, room_db)
        return (yield from part_of(self._gain.process(sound, region, {"gain_db": gain_db}), 0.6, 1.0))


class RemoveDc:
    """Takes the constant offset out of each channel of the region."""

    id = "audiosr.remove-dc"
    title = "Remove DC offset"
    parameters: Sequence[Parameter] = ()
    seamless = False

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region with a mean of zero in each channel."""
        total, done = np.zeros(sound.channels), 0
        for block in iter_blocks(sound, region.start, region.stop):
            total += block.sum(axis=1, dtype=np.float64)
            done += block.shape[1]
            yield Progress(0.4 * done / region.length, "Finding the offset")
        offset = (total / region.length).astype(np.float32)[:, None]
        if not offset.any():
            return sound.slice(region.start, region.stop)
        with self._scratch.writer(sound.channels) as writer:
            for block in iter_blocks(sound, region.start, region.stop):
                writer.write(block - offset)
                yield Progress(0.4 + 0.6 * writer.length / region.length, self.title)
            return Sound.from_store(writer.finish(), sound.sample_rate)


class Invert(GainEffect):
    """Turns the polarity round."""

    id = "audiosr.invert"
    title = "Invert polarity"

    def gains(self, start: int, stop: int, length: int, values: Mapping[str, Value]) -> Samples:
        """Return -1 everywhere."""
        return np.full(stop - start, -1.0, np.float32)
