"""NativeEffect: a VST3 or CLAP plugin as an effect; it runs in the plugin's process."""

import base64
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Protocol

import numpy as np

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Sound
from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job
from audiosr_desktop.plugins.blocks import collected

RING = Parameter(
    "ring_s",
    "Let ring",
    "float",
    0.0,
    0.0,
    60.0,
    "s",
    advanced=True,
    help="In this last part of the region the plugin gets silence, and what rings on is added to the sound.",
)
STATE = Parameter(
    "plugin_state",
    "Saved state",
    "text",
    "",
    advanced=True,
    opaque=True,
    help="What the plugin itself saved, as base64; the other values go before it.",
)
MOST_CHOICES = 200
_MOST_LATE_S = 30.0  # of silence until the last samples come out


class Instance(Protocol):
    """A plugin that runs at one sample rate with its values set."""

    @property
    def channels(self) -> int:
        """How many channels it works on together."""

    def process(self, block: Samples) -> Samples:
        """Return what comes out for a block; at first it may be less, by the plugin's latency."""
        ...


Opener = Callable[[int, int, Mapping[str, Value]], Instance]  # sample rate, channels wished for, values


class NativeEffect:
    """A native plugin; where it has fewer channels than the sound, several instances run side by side.

    Args:
        effect_id: as everywhere.
        title: for the user.
        parameters: those of the plugin; letting ring and the saved state are added.
        open_instance: makes an instance, with as many channels as it can be brought to take.
        version: its author's.
        scratch: for long results.
        edit: shows the plugin's own window and returns the values it was closed with; None where it has none.
    """

    seamless = False

    def __init__(
        self,
        effect_id: str,
        title: str,
        parameters: Sequence[Parameter],
        open_instance: Opener,
        *,
        version: str,
        scratch: Scratch,
        edit: Callable[[Mapping[str, Value]], dict[str, Value]] | None = None,
    ) -> None:
        self.edit = edit
        self.id, self.title, self.version = effect_id, title, version
        self.parameters = (*parameters, RING, STATE)
        self._open, self._scratch = open_instance, scratch

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region as the plugin renders it, in time with what went in."""
        blocks = self._blocks(sound, region, values)
        return (yield from collected(self.title, blocks, sound, region, self._scratch))

    def _blocks(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Iterator[Samples]:
        instances = [self._open(sound.sample_rate, sound.channels, values)]
        width = instances[0].channels
        for _ in range(width, sound.channels, width):
            instances.append(self._open(sound.sample_rate, sound.channels, values))
        fed = region.length - min(region.length, round(float(values[RING.id]) * sound.sample_rate))
        start = done = 0
        while start < region.length + _MOST_LATE_S * sound.sample_rate:
            # the last block of the region is not padded: libraries render it as short, too
            length = min(BLOCK, region.length - start) if start < region.length else BLOCK
            block = np.zeros((sound.channels, length), np.float32)
            if count := min(max(fed - start, 0), length):
                block[:, :count] = sound.read(region.start + start, region.start + start + count)
            start += length
            out = _side_by_side(instances, block)[:, : region.length - done]
            first = max(fed, done)
            if first < (end := done + out.shape[1]):
                out[:, first - done :] += sound.read(region.start + first, region.start + end)
            done = end
            yield out
            if done == region.length:
                return


def _side_by_side(instances: Sequence[Instance], block: Samples) -> Samples:
    """Return the channels of a block, each group through its instance.

    Where the last group is short of channels, it gets the last one again and what comes of that is dropped.
    """
    width, outs = instances[0].channels, []
    for index, instance in enumerate(instances):
        group = block[index * width : (index + 1) * width]
        missing = width - group.shape[0]
        if missing:
            group = np.concatenate([group, np.repeat(group[-1:], missing, axis=0)])
        outs.append(instance.process(group)[: width - missing])
    return np.concatenate(outs).astype(np.float32, copy=True)


def state_of(values: Mapping[str, Value], name: str) -> bytes:
    """Return what a plugin of this name once saved; nothing where the values hold none.

    Raises:
        EffectError: it is no base64.
    """
    try:
        return base64.b64decode(str(values[STATE.id]), validate=True)
    except ValueError as error:
        raise EffectError(f"{STATE.id} is not what {name} saved.") from error


def state_text(state: bytes) -> str:
    """Return what a plugin saved as a value."""
    return base64.b64encode(state).decode()


def value_within(parameter: Parameter, value: float | str) -> Value:
    """Return what a plugin says as a value that the parameter takes."""
    if parameter.kind in ("choice", "text"):
        return str(value)
    number = float(value)
    if parameter.kind == "bool":
        return number >= 0.5
    if parameter.minimum is None or parameter.maximum is None:
        return number
    number = min(max(number, parameter.minimum), parameter.maximum)
    return round(number) if parameter.kind == "int" else number
