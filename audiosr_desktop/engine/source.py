"""A sound of any rate, as the models read it: at 48 kHz, by place."""

from math import gcd

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.resample import resample, resampled_length
from audiosr_desktop.engine.manifest import NATIVE_RATE

Samples = npt.NDArray[np.float32]

MARGIN = 4096  # samples on each side of what is converted; the converter's filter reaches less far


class NativeSource:
    """Reads a sound at 48 kHz; what a place holds does not depend on how much is read at once.

    Parts start at places where a sample of the sound and one at 48 kHz fall together (44.1 kHz: every 147 and
    160 samples), so every part has the alignment of the whole.
    """

    def __init__(self, sound: Sound) -> None:
        divisor = gcd(sound.sample_rate, NATIVE_RATE)
        self.sound = sound
        self.period = sound.sample_rate // divisor
        self.native_period = NATIVE_RATE // divisor
        self.length = resampled_length(sound.length, sound.sample_rate, NATIVE_RATE)

    def read(self, start: int, stop: int) -> Samples:
        """Return samples [start, stop) at 48 kHz, float32 (channels, n), zero outside the sound."""
        rate = self.sound.sample_rate
        if rate == NATIVE_RATE:
            return self.sound.read_padded(start, stop)
        first = (start - MARGIN) // self.native_period
        last = -(-(stop + MARGIN) // self.native_period)
        part = self.sound.read_padded(first * self.period, last * self.period)
        offset = start - first * self.native_period
        return resample(part, rate, NATIVE_RATE)[:, offset : offset + stop - start]

    def around(self, start: int, stop: int) -> tuple[int, int, int]:
        """Return what must be made at 48 kHz so that samples [start, stop) of the sound can be.

        Returns:
            First and last sample at 48 kHz, and the sample of the sound that the first one falls on.
        """
        if self.sound.sample_rate == NATIVE_RATE:
            return start, stop, start
        first = max(0, start - MARGIN) // self.period
        last = -(-(stop + MARGIN) // self.period)
        return first * self.native_period, min(last * self.native_period, self.length), first * self.period
