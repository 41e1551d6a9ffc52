"""Voice: a feed while it is heard, with the fades at its start and end."""

import numpy as np

from audiosr_desktop.audio.store import Samples
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.playback.feed import EDGE_S, Feed
from audiosr_desktop.playback.mixer import TakeMixer


class Voice:
    """One feed with a gate that opens and closes within 5 ms, so that nothing clicks.

    The sound card's thread calls `add_to`; others only call `release` and read.

    Args:
        feed: what is heard.
        mixer: which take of it, how loud.
        open_at_once: begin without a fade: where a sound begins there is nothing to cut.
        follows: the voice that this one takes over from, at the very sample; None starts by itself.
        follows_from: output samples that `follows` had given when this feed's start was chosen.
    """

    def __init__(
        self,
        feed: Feed,
        mixer: TakeMixer,
        *,
        open_at_once: bool = False,
        follows: "Voice | None" = None,
        follows_from: int = 0,
    ) -> None:
        self.feed = feed
        self.mixer = mixer
        self.silent = False
        self.error: AudioSRError | None = None  # why the feed ends before its time
        self._follows, self._follows_from = follows, follows_from
        self._curve = np.concatenate([[0.0], raised_cosine_fade(round(EDGE_S * feed.sample_rate)), [1.0]])
        self._top = self._curve.size - 1
        self._step = self._top if open_at_once else 0
        self._releasing = False

    def release(self) -> None:
        """Fade out; `silent` tells when that is done."""
        self._releasing = True

    def add_to(self, out: Samples) -> None:
        """Add the next samples to `out`, (samples, channels)."""
        if self.silent:
            return
        if self._follows is not None:
            self._join(self._follows)
        block = np.empty_like(out)
        self.feed.consume(block, self.mixer)
        if self._releasing or self._step < self._top:
            direction = -1 if self._releasing else 1
            steps = np.clip(self._step + direction * np.arange(1, len(out) + 1), 0, self._top)
            block *= self._curve[steps][:, None].astype(np.float32)
            self._step = int(steps[-1])
            self.silent = self._releasing and self._step == 0
        out += block

    def _join(self, other: "Voice") -> None:
        """Leave out what the other voice gave while this feed was made ready."""
        given = other.feed.given - self._follows_from
        self.feed.skip(round(given * other.feed.speed / self.feed.speed))
        self._follows = None
