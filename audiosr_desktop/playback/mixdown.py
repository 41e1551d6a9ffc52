"""Mixdown: what the sound card's thread does; it takes no lock that another could hold, and reads no file."""

import time

from audiosr_desktop.dsp.overlap import Samples
from audiosr_desktop.playback.desk import Desk
from audiosr_desktop.playback.memory import fence
from audiosr_desktop.playback.strip import Strip
from audiosr_desktop.playback.tap import Tap
from audiosr_desktop.playback.voice import Voice


class Mixdown:
    """Fills each block with what the desk says, in whichever process the sound card's thread lives.

    Args:
        desk: what is played.
        sample_rate: of the output, Hz.
    """

    def __init__(self, desk: Desk, sample_rate: int) -> None:
        self.desk = desk
        self.sample_rate = sample_rate
        self._voices: list[Voice] = []  # the newest first
        self._live = 0
        self._tap: Tap | None = None
        desk.block, desk.longest_s = 0, 0.0

    def __call__(self, out: Samples) -> None:
        """Fill one block, (samples, channels)."""
        began = time.perf_counter()
        desk, live = self.desk, self.desk.live
        out[:] = 0.0
        if live != self._live:
            self._turn_to(live)
        if self._voices:
            for voice in self._voices:
                voice.add_to(out, releasing=voice.number != live)
            self._let_go()
            if self._tap is None:
                self._tap = desk.tap(self.sample_rate, out.shape[1])
            self._tap.put(out)
        desk.block = max(desk.block, len(out))
        desk.longest_s = max(desk.longest_s, time.perf_counter() - began)

    def _turn_to(self, live: int) -> None:
        fence()
        strip = self.desk.strip_of(live)
        if strip is not None:
            strip.skip(self._ahead(strip))
            self._voices.insert(0, Voice(strip))
            strip.heard = live
            fence()
        self._live = self.desk.seen = live

    def _ahead(self, strip: Strip) -> int:
        """Return how much of a strip is left out: what the one before gave while this one was made ready."""
        other = self.desk.strip_of(strip.follows) if strip.follows else None
        if other is None:
            return 0
        given = other.read if other.heard == other.number else self._ahead(other)
        return round((given - strip.follows_from) * other.speed / strip.speed)

    def _let_go(self) -> None:
        if any(voice.silent for voice in self._voices):
            for voice in self._voices:
                if voice.silent:
                    voice.strip.heard = 0
            self._voices = [voice for voice in self._voices if not voice.silent]
