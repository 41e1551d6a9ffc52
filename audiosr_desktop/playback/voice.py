"""Voice: a strip while it is heard, with the fades at its start and end."""

import numpy as np

from audiosr_desktop.dsp.overlap import Samples, raised_cosine_fade
from audiosr_desktop.playback.mixer import TakeMixer
from audiosr_desktop.playback.strip import EDGE_S, Strip


class Voice:
    """One strip with a gate that opens and closes within 5 ms, so that nothing clicks.

    It lives in the sound card's thread alone.

    Args:
        strip: what is heard.
    """

    def __init__(self, strip: Strip) -> None:
        strip.attach()
        self.strip, self.number = strip, strip.number
        self.silent = False
        self._mixer = TakeMixer(strip.takes, strip.sample_rate, self._take(), strip.gains)
        self._curve = np.concatenate([[0.0], raised_cosine_fade(round(EDGE_S * strip.sample_rate)), [1.0]])
        self._top = self._curve.size - 1
        self._step = self._top if strip.at_once else 0

    def add_to(self, out: Samples, *, releasing: bool) -> None:
        """Add the next samples to `out`, (samples, channels).

        Releasing is to fade out; `silent` tells when that is done.
        """
        mixer, strip = self._mixer, self.strip
        mixer.take, mixer.gains, mixer.duck = self._take(), strip.gains, bool(strip.duck)
        block = np.empty_like(out)
        strip.give(block, mixer)
        if releasing or self._step < self._top:
            direction = -1 if releasing else 1
            steps = np.clip(self._step + direction * np.arange(1, len(out) + 1), 0, self._top)
            block *= self._curve[steps][:, None].astype(np.float32)
            self._step = int(steps[-1])
            self.silent = releasing and self._step == 0
        out += block

    def _take(self) -> int:
        return min(self.strip.take, self.strip.takes - 1)
