"""BlockEffect: the short way to write an effect that works through the sound from start to end."""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.job import Job, Progress


class BlockEffect(ABC):
    """An effect that gets the region block by block, in order, and gives each back.

    A subclass sets `id`, `title` and `parameters` and writes `process_block`; one that remembers something
    from block to block makes it in `begin`.

    Args:
        scratch: for long results.
    """

    id: str
    title: str
    parameters: Sequence[Parameter] = ()
    seamless = False

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    def begin(self, sample_rate: int, channels: int, values: Mapping[str, Value]) -> None:  # noqa: B027
        """Get ready for a new region."""

    @abstractmethod
    def process_block(self, block: Samples, sample_rate: int, values: Mapping[str, Value]) -> Samples:
        """Return a new array in place of `block`, which is read-only: float32 (channels, samples)."""

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region, processed block by block."""
        self.begin(sound.sample_rate, sound.channels, values)
        blocks = iter_blocks(sound, region.start, region.stop)
        return (
            yield from collected(
                self.title, self._results(blocks, sound, values), sound, region, self._scratch
            )
        )

    def _results(
        self, blocks: Iterable[Samples], sound: Sound, values: Mapping[str, Value]
    ) -> Iterable[Samples]:
        for block in blocks:
            result = self.process_block(block, sound.sample_rate, values)
            if np.shape(result) != block.shape:
                raise ValueError(f"process_block returned the shape {np.shape(result)} for {block.shape}")
            yield result


def collected(
    title: str, blocks: Iterable[Samples], sound: Sound, region: Region, scratch: Scratch
) -> Job[Sound]:
    """Return blocks that follow one another as a sound, telling how much of the region is done."""
    with scratch.writer(sound.channels) as writer:
        for block in blocks:
            writer.write(block)
            yield Progress(min(1.0, writer.length / region.length), title)
        return Sound.from_store(writer.finish(), sound.sample_rate)
