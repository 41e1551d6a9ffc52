"""Change of speed with the pitch kept, block by block: waveform similarity overlap-add (WSOLA)."""

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.overlap import raised_cosine_fade

Samples = npt.NDArray[np.float32]

HOP_S = 0.02
SEARCH_S = 0.01  # a period of 50 Hz fits into the search to both sides


class TimeStretcher:
    """Play faster or slower at the same pitch.

    Every 20 ms of output the input is entered anew near the place that the speed asks for: where, within
    10 ms, it looks most like what would follow anyway. All channels are entered at the same place, so they
    stay in phase. The output begins with the first input sample, without delay.

    Args:
        speed: input seconds for each second of output, 0.25 to 4.
        sample_rate: Hz.
        channels: of every block.

    Raises:
        ValueError: the speed is out of range.

    Source: Verhelst and Roelands 1993, "An overlap-add technique based on waveform similarity (WSOLA)".
    """

    def __init__(self, speed: float, sample_rate: int, channels: int) -> None:
        if not 0.25 <= speed <= 4.0:
            raise ValueError(f"a speed lies between 0.25 and 4, not at {speed:g}")
        self._speed = speed
        self._hop = max(1, round(HOP_S * sample_rate))
        self._search = round(SEARCH_S * sample_rate)
        self._rise = raised_cosine_fade(self._hop)
        self._input = np.zeros((channels, 0), np.float32)
        self._first = 0  # place of the oldest sample that is kept
        self._taken = 0
        self._given = 0
        self._hops = 0
        self._entry = -self._hop  # where the last hop was entered; the first one continues "nothing"

    def add(self, block: Samples) -> Samples:
        """Take float32 (channels, n) and return what is ready, (channels, m)."""
        self._taken += block.shape[1]
        return self._advance(block)

    def finish(self) -> Samples:
        """Return the rest, so that the whole has round(n / speed) samples; no block may follow."""
        wanted = round(self._taken / self._speed) - self._given
        silence = np.zeros((self._input.shape[0], wanted + 4 * (self._hop + self._search)), np.float32)
        rest = self._advance(np.tile(silence, (1, 1 + int(self._speed))))
        return rest[:, :wanted]

    def _advance(self, block: Samples) -> Samples:
        self._input = np.concatenate([self._input, block], axis=1)
        end = self._first + self._input.shape[1]
        out: list[Samples] = []
        while (wanted := round(self._hops * self._hop * self._speed)) + self._search + self._hop <= end and (
            self._entry + 2 * self._hop <= end
        ):
            follows = self._slice(self._entry + self._hop)
            entry = 0 if self._hops == 0 else self._best_entry(wanted, follows)
            out.append(follows + (self._slice(entry) - follows) * self._rise if self._hops else follows)
            self._entry = entry
            self._hops += 1
            keep = max(
                self._first,
                min(entry + self._hop, round(self._hops * self._hop * self._speed)) - self._search,
            )
            self._input, self._first = self._input[:, keep - self._first :], keep
        joined = np.concatenate(out, axis=1) if out else np.zeros((block.shape[0], 0), np.float32)
        self._given += joined.shape[1]
        return joined.astype(np.float32, copy=False)

    def _slice(self, place: int) -> Samples:
        return self._input[:, place - self._first : place - self._first + self._hop]

    def _best_entry(self, wanted: int, follows: Samples) -> int:
        """Return the place near `wanted` at which the input looks most like `follows`."""
        low = max(self._first, wanted - self._search)
        reach = self._input[:, low - self._first : wanted + self._search + self._hop - self._first]
        near, pattern = reach.sum(axis=0, dtype=np.float64), follows.sum(axis=0, dtype=np.float64)
        size = 1 << int(near.size + pattern.size).bit_length()
        products = np.fft.irfft(np.fft.rfft(near, size) * np.conj(np.fft.rfft(pattern, size)), size)
        count = near.size - pattern.size + 1
        energy = np.concatenate([[0.0], np.cumsum(np.square(near))])
        energies = energy[pattern.size :] - energy[:count]
        return low + int(np.argmax(products[:count] / np.sqrt(energies + 1e-9)))
