"""Change of a document's sample rate: an edit of its own, as a document has one rate."""

from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.resample import StreamResampler
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, Progress

MIN_RATE = 2_000
MAX_RATE = 384_000


def resample_sound(sound: Sound, sample_rate: int, scratch: Scratch) -> Job[Sound]:
    """Return a sound at another rate, of the same duration and alignment.

    Returns:
        round(samples × new rate / old rate) samples; `sound` itself when it has that rate.

    Raises:
        EffectError: the rate is not between 2 and 384 kHz.
    """
    if not MIN_RATE <= sample_rate <= MAX_RATE:
        raise EffectError(f"A sample rate is {MIN_RATE} to {MAX_RATE} Hz, not {sample_rate} Hz.")
    if sample_rate == sound.sample_rate:
        return sound
    stream = StreamResampler(sound.sample_rate, sample_rate, sound.channels)
    done = 0
    with scratch.writer(sound.channels) as writer:
        for block in iter_blocks(sound):
            writer.write(stream.add(block))
            done += block.shape[1]
            yield Progress(done / sound.length, "Changing the sample rate")
        writer.write(stream.finish())
        return Sound.from_store(writer.finish(), sample_rate)
