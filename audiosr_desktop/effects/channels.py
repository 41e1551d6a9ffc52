"""Channels: which goes where, within a region or for a whole document, and fitting one sound to another."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, iter_blocks
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.conversion import resample_sound
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, Progress, part_of

Matrix = npt.NDArray[np.float32]

_STEREO = {  # rows are outputs
    "swap": ((0.0, 1.0), (1.0, 0.0)),
    "mono": ((0.5, 0.5), (0.5, 0.5)),
    "left": ((1.0, 0.0), (1.0, 0.0)),
    "right": ((0.0, 1.0), (0.0, 1.0)),
    "invert-left": ((-1.0, 0.0), (0.0, 1.0)),
    "invert-right": ((1.0, 0.0), (0.0, -1.0)),
}


def remix(sound: Sound, matrix: Matrix, scratch: Scratch) -> Job[Sound]:
    """Make each channel a sum of others.

    Args:
        sound: with as many channels as the matrix has columns.
        matrix: (new channels, old channels), gains.
        scratch: for long results.
    """
    done = 0
    with scratch.writer(matrix.shape[0]) as writer:
        for block in iter_blocks(sound):
            writer.write(matrix @ block)
            done += block.shape[1]
            yield Progress(done / sound.length, "Mixing channels")
        return Sound.from_store(writer.finish(), sound.sample_rate)


def fitting_matrix(channels: int, wanted: int) -> Matrix:
    """Return how a sound is given another number of channels.

    Mono goes to all channels, all channels are averaged to mono; otherwise the channels that both have stay
    where they are, new ones are silent and those beyond are left out.
    """
    if channels == 1:
        return np.ones((wanted, 1), np.float32)
    if wanted == 1:
        return np.full((1, channels), 1.0 / channels, np.float32)
    return np.eye(wanted, channels, dtype=np.float32)


def single_matrix(channels: int, kept: int) -> Matrix:
    """Return what takes one channel out of a sound.

    Raises:
        EffectError: there is no such channel.
    """
    if not 0 <= kept < channels:
        raise EffectError(f"There is no channel {kept + 1}; the sound has {channels}.")
    return np.eye(channels, dtype=np.float32)[kept : kept + 1]


def fitted(sound: Sound, sample_rate: int, channels: int, scratch: Scratch) -> Job[Sound]:
    """Return a sound at the rate and with the channels of the document that it is pasted into."""
    share = 0.5 if sound.channels != channels else 0.0
    if sound.channels != channels:
        matrix = fitting_matrix(sound.channels, channels)
        sound = yield from part_of(remix(sound, matrix, scratch), 0.0, share)
    return (yield from part_of(resample_sound(sound, sample_rate, scratch), share, 1.0))


def mixed(sound: Sound, start: int, added: Sound, scratch: Scratch) -> Job[Sound]:
    """Add a sound to another from a place on; what reaches beyond the end makes it longer.

    Args:
        sound: to edit; outside the added part its samples stay.
        start: where the added sound begins, at most the length of `sound`.
        added: of the same rate and channels.
        scratch: for long results.
    """
    both = min(sound.length - start, added.length)
    done = 0
    with scratch.writer(sound.channels) as writer:
        for block in iter_blocks(added, 0, both):
            writer.write(block + sound.read(start + done, start + done + block.shape[1]))
            done += block.shape[1]
            yield Progress(done / both, "Mixing")
        summed = Sound.from_store(writer.finish(), sound.sample_rate)
    end = Region(start, start + both)
    whole = sound.splice(end, summed)
    return whole.splice(Region(whole.length, whole.length), added.slice(both, added.length))


class Channels:
    """Swaps, averages, doubles or inverts the channels of a stereo sound; the number of channels stays."""

    id = "audiosr.channels"
    title = "Channels"
    parameters: Sequence[Parameter] = (Parameter("how", "Do", "choice", "swap", choices=tuple(_STEREO)),)
    seamless = False

    def __init__(self, scratch: Scratch) -> None:
        self._scratch = scratch

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region with its channels rearranged.

        Raises:
            EffectError: the sound is not stereo.
        """
        if sound.channels != 2:
            raise EffectError(f"Channels works on stereo sound; this one has {sound.channels}.")
        matrix = np.array(_STEREO[str(values["how"])], np.float32)
        part = sound.slice(region.start, region.stop)
        return (yield from remix(part, matrix, self._scratch))
