"""Change of sample rate: whole arrays, or a stream of blocks with the same result.

The length is exact (samples × new rate / old rate, rounded) and so is the alignment: the resampler is linear
phase and its delay is taken out, so sound before and after cross-correlates best at lag 0.
"""

import math
from collections.abc import Callable, Iterable, Iterator

import numpy as np
import numpy.typing as npt
import soxr

Samples = npt.NDArray[np.float32]

QUALITY = "VHQ"
PUBLISHED_ZEROS = 6  # zero crossings of the sinc on each side
PUBLISHED_ROLLOFF = 0.99  # of the lower Nyquist frequency
BLOCK = 65_536  # samples fed at once, so that a long sound needs no second copy in the resampler


def resampled_length(length: int, rate_in: int, rate_out: int) -> int:
    """Return the number of samples after a change of rate, halves rounded up."""
    return (2 * length * rate_out + rate_in) // (2 * rate_in)


class StreamResampler:
    """Resample block by block; the blocks joined are what `resample` gives for the whole.

    Args:
        rate_in: rate of the blocks, Hz.
        rate_out: rate wanted, Hz.
        channels: channels of every block.

    Raises:
        ValueError: a rate or the number of channels is not positive.
    """

    def __init__(self, rate_in: int, rate_out: int, channels: int) -> None:
        if rate_in <= 0 or rate_out <= 0 or channels <= 0:
            raise ValueError(f"cannot resample {channels} channels from {rate_in} Hz to {rate_out} Hz")
        self.rate_in = rate_in
        self.rate_out = rate_out
        self.channels = channels
        self._taken = 0
        self._given = 0
        self._stream = (
            None
            if rate_in == rate_out
            else soxr.ResampleStream(rate_in, rate_out, channels, dtype="float32", quality=QUALITY)
        )

    def add(self, block: Samples) -> Samples:
        """Take float32 (channels, n) and return what is ready by now, (channels, m), m often 0 at first."""
        if block.shape[0] != self.channels:
            raise ValueError(f"the block has {block.shape[0]} channels, not {self.channels}")
        self._taken += block.shape[1]
        if self._stream is None or block.shape[1] == 0:
            return np.array(block, dtype=np.float32)
        return self._counted(self._push(block, last=False))

    def finish(self) -> Samples:
        """Return the rest, so that the whole has exactly `resampled_length` samples; no block may follow."""
        wanted = resampled_length(self._taken, self.rate_in, self.rate_out) - self._given
        if self._stream is None:
            return np.zeros((self.channels, 0), np.float32)
        # a sample or two of silence more, so that rounding up never lacks the last sample
        extra = np.zeros((self.channels, self.rate_in // self.rate_out + 2), np.float32)
        rest = self._push(extra, last=True)
        self._given += wanted
        if rest.shape[1] < wanted:  # sounds of a few samples only
            rest = np.pad(rest, ((0, 0), (0, wanted - rest.shape[1])))
        return rest[:, :wanted]

    def _push(self, block: Samples, *, last: bool) -> Samples:
        assert self._stream is not None
        interleaved = np.ascontiguousarray(block.T, dtype=np.float32)
        return np.ascontiguousarray(self._stream.resample_chunk(interleaved, last=last).T)

    def _counted(self, out: Samples) -> Samples:
        self._given += out.shape[1]
        return out


def resample_blocks(
    blocks: Iterable[Samples], rate_in: int, rate_out: int, channels: int
) -> Iterator[Samples]:
    """Resample a stream of float32 (channels, n) blocks; empty results are left out."""
    stream = StreamResampler(rate_in, rate_out, channels)
    for block in blocks:
        out = stream.add(block)
        if out.shape[1]:
            yield out
    rest = stream.finish()
    if rest.shape[1]:
        yield rest


def resample(samples: Samples, rate_in: int, rate_out: int) -> Samples:
    """Change the rate of a whole sound.

    Args:
        samples: float32 (channels, n).
        rate_in: its rate, Hz.
        rate_out: rate wanted, Hz.

    Returns:
        float32 (channels, round(n × rate_out / rate_in)), aligned to the input; a copy when the rates agree.

    Raises:
        ValueError: a rate is not positive.
    """
    starts = range(0, samples.shape[1], BLOCK)
    blocks = (samples[:, start : start + BLOCK] for start in starts)
    parts = list(resample_blocks(blocks, rate_in, rate_out, samples.shape[0]))
    return np.concatenate(parts, axis=1) if parts else np.zeros((samples.shape[0], 0), np.float32)


def resample_published(
    read: Callable[[int, int], Samples], rate_in: int, rate_out: int, start: int, stop: int
) -> Samples:
    """Return a part of a sound at another rate, by the short kernel that the published AudioSR uses.

    A sinc of six zero crossings under a Hann window: its passband droops more than that of `resample`, which
    is why only the published pipeline takes it.

    Args:
        read: gives float32 (channels, n) between two places at `rate_in`; silence outside the sound.
        rate_in: its rate, Hz.
        rate_out: rate wanted, Hz.
        start: first sample wanted, at `rate_out`.
        stop: one past the last.

    Returns:
        float32 (channels, stop - start).

    Source: Smith, "Digital Audio Resampling"; figures as in torchaudio.functional.resample's defaults.
    """
    common = math.gcd(rate_in, rate_out)
    old, new = rate_in // common, rate_out // common
    band = PUBLISHED_ROLLOFF * min(old, new)
    reach = math.ceil(PUBLISHED_ZEROS * old / band)
    wanted = np.arange(start, stop, dtype=np.int64)
    nearest = wanted * old // new
    taps = nearest[:, None] + np.arange(-reach, reach + 2)
    times = band * (taps / old - wanted[:, None] / new)  # in zero crossings
    window = np.cos(np.clip(times / PUBLISHED_ZEROS, -1.0, 1.0) * np.pi / 2.0) ** 2
    kernel = np.sinc(times) * window * (band / old)
    first, last = int(nearest[0]) - reach, int(nearest[-1]) + reach + 2
    samples = read(first, last)
    return np.stack([(row[taps - first] * kernel).sum(axis=1) for row in samples]).astype(np.float32)
