"""An example of a plugin: mid and side are weighed anew, and the bass can be kept in the middle."""

import math

import numpy as np

from audiosr_desktop.plugins.api import AMOUNT, BlockEffect, EffectError, Parameter


class StereoWidth(BlockEffect):
    """Scales the side, (left - right) / 2; the middle, (left + right) / 2, stays."""

    id = "example.stereo-width"
    title = "Stereo width"
    parameters = (
        Parameter(
            "width",
            "Width",
            "float",
            100.0,
            0.0,
            200.0,
            "%",
            help="0 is mono, 100 leaves the sound, 200 doubles the sides.",
        ),
        Parameter(
            "bass_mono_hz",
            "Mono below",
            "float",
            0.0,
            0.0,
            500.0,
            "Hz",
            help="The sides below this frequency are taken away; 0 keeps them.",
        ),
        AMOUNT,
    )

    def begin(self, sample_rate, channels, values):
        if channels != 2:
            raise EffectError(f"Stereo width needs a stereo sound; this one has {channels} channels.")
        # first-order high pass of the side; what it remembers goes on from block to block
        self._pole = math.exp(-2.0 * math.pi * values["bass_mono_hz"] / sample_rate)
        self._rest = np.zeros(1)

    def process_block(self, block, sample_rate, values):
        left, right = block.astype(np.float64)
        middle, side = (left + right) / 2.0, (left - right) / 2.0 * (values["width"] / 100.0)
        if values["bass_mono_hz"] > 0.0:
            side = side - self._lowest(side)
        return np.stack([middle + side, middle - side]).astype(np.float32)

    def _lowest(self, side):
        """Return the slow part of the side: a one-pole low pass, low[n] = p low[n-1] + (1 - p) side[n]."""
        from scipy.signal import lfilter  # noqa: PLC0415 - it takes a while to load

        pole = self._pole
        low, self._rest = lfilter([1.0 - pole], [1.0, -pole], side, zi=self._rest)
        return low


def effects(scratch):
    return [StereoWidth(scratch)]
