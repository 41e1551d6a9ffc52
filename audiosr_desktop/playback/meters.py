"""Meters: what is heard, measured: peaks, true peak and loudness."""

import math
from dataclasses import dataclass

from audiosr_desktop.audio.store import Samples
from audiosr_desktop.dsp.level import LoudnessMeter, TruePeakMeter, peak_db

MOMENTARY_S = 0.4
SHORT_TERM_S = 3.0


@dataclass(frozen=True, slots=True)
class Levels:
    """What the meters show.

    Attributes:
        peaks_db: highest sample of each channel since the last look, dBFS.
        true_peak_db: highest value between the samples since the start of playing, dBTP.
        momentary_lufs: loudness of the last 400 ms.
        short_term_lufs: loudness of the last 3 s.
        integrated_lufs: gated loudness since the start of playing.
    """

    peaks_db: tuple[float, ...]
    true_peak_db: float
    momentary_lufs: float
    short_term_lufs: float
    integrated_lufs: float


class Meters:
    """Measures a stream of blocks as it is played.

    Args:
        sample_rate: Hz.
        channels: 1 to 8.
    """

    def __init__(self, sample_rate: int, channels: int) -> None:
        self.sample_rate, self.channels = sample_rate, channels
        self.reset()

    def reset(self) -> None:
        """Forget what was heard: playing starts anew."""
        self._loudness = LoudnessMeter(self.sample_rate, self.channels)
        self._true_peak = TruePeakMeter(self.sample_rate, self.channels)

    def add(self, block: Samples) -> Levels:
        """Take float32 (channels, n) and return the levels now."""
        self._loudness.add(block)
        self._true_peak.add(block)
        return Levels(
            tuple(peak_db(channel) if channel.size else -math.inf for channel in block),
            self._true_peak.result_db(),
            self._loudness.recent(MOMENTARY_S),
            self._loudness.recent(SHORT_TERM_S),
            self._loudness.result(),
        )
