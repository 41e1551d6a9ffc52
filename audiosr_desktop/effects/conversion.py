"""Change of a document's sample rate: an edit of its own, as a document has one rate."""

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.resample import StreamResampler, resample_published, resampled_length
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, Progress

MIN_RATE = 2_000
MAX_RATE = 384_000

_PUBLISHED_BLOCK = 16_384  # each sample takes up to a hundred products, which are held at once


def resample_sound(
    sound: Sound, sample_rate: int, scratch: Scratch, *, published: bool = False
) -> Job[Sound]:
    """Return a sound at another rate, of the same duration and alignment.

    Args:
        sound: any.
        sample_rate: wanted, Hz.
        scratch: for the result.
        published: by the kernel of the published AudioSR, for who wants its very result.

    Returns:
        round(samples × new rate / old rate) samples; `sound` itself when it has that rate.

    Raises:
        EffectError: the rate is not between 2 and 384 kHz.
    """
    if not MIN_RATE <= sample_rate <= MAX_RATE:
        raise EffectError(f"A sample rate is {MIN_RATE} to {MAX_RATE} Hz, not {sample_rate} Hz.")
    if sample_rate == sound.sample_rate:
        return sound
    if published:
        return (yield from _resampled_as_published(sound, sample_rate, scratch))
    stream = StreamResampler(sound.sample_rate, sample_rate, sound.channels)
    done = 0
    with scratch.writer(sound.channels) as writer:
        for block in iter_blocks(sound):
            writer.write(stream.add(block))
            done += block.shape[1]
            yield Progress(done / sound.length, "Changing the sample rate")
        writer.write(stream.finish())
        return Sound.from_store(writer.finish(), sample_rate)


def _resampled_as_published(sound: Sound, sample_rate: int, scratch: Scratch) -> Job[Sound]:
    def read(start: int, stop: int) -> npt.NDArray[np.float32]:
        inside = sound.read(max(0, start), min(sound.length, stop))
        return np.pad(inside, ((0, 0), (max(0, -start), max(0, stop - sound.length))))

    length = resampled_length(sound.length, sound.sample_rate, sample_rate)
    with scratch.writer(sound.channels) as writer:
        for start in range(0, length, _PUBLISHED_BLOCK):
            stop = min(length, start + _PUBLISHED_BLOCK)
            writer.write(resample_published(read, sound.sample_rate, sample_rate, start, stop))
            yield Progress(stop / length, "Changing the sample rate")
        return Sound.from_store(writer.finish(), sample_rate)
