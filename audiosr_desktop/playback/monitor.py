"""Monitor: what each loudspeaker hears of a sound's channels."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from audiosr_desktop.audio.store import Samples


@dataclass(frozen=True, slots=True)
class Monitor:
    """How the channels are listened to.

    Attributes:
        mode: "all" as they are, "mono" their mean, "side" half the difference of the first two, "solo"
            some alone.
        channels: those that "solo" means, from 0.
    """

    mode: Literal["all", "mono", "side", "solo"] = "all"
    channels: tuple[int, ...] = ()


ALL_CHANNELS = Monitor()


def fold_matrix(channels: int, outputs: int, monitor: Monitor = ALL_CHANNELS) -> Samples:
    """Return what each output hears of each channel, float32 (outputs, channels).

    A mono sound is heard everywhere; where there are more channels than outputs they are shared out evenly.
    Channels alone are heard like a sound of these channels. The side of a mono sound is silence; a channel
    that is not there is the last one.
    """
    if monitor.mode == "solo":
        alone = sorted({min(channel, channels - 1) for channel in monitor.channels})
        matrix = np.zeros((outputs, channels), np.float32)
        matrix[:, alone] = fold_matrix(len(alone), outputs)
        return matrix
    if monitor.mode == "all":
        if channels == 1:
            return np.ones((outputs, 1), np.float32)
        matrix = np.zeros((outputs, channels), np.float32)
        for channel in range(channels):
            matrix[channel % outputs, channel] = 1.0
        if channels > outputs:
            matrix /= matrix.sum(axis=1, keepdims=True)
        return matrix
    row = np.zeros(channels, np.float32)
    if monitor.mode == "mono":
        row[:] = 1.0 / channels
    elif channels > 1:
        row[:2] = 0.5, -0.5
    return np.tile(row, (outputs, 1))
