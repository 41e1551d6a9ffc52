"""Effects one after the other on a region, each of which hears what lies around it mended as well.

An effect hears beyond the region: a model hears seconds, a filter a fraction of one. If the steps before it
left the surroundings as they were, the edges of a region would sound otherwise than they do within a longer
one.
"""

from collections.abc import Mapping, Sequence

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.effect import Effect, Parameter, Value
from audiosr_desktop.effects.emerging import hidden
from audiosr_desktop.job import Job, Progress, part_of

SURROUNDINGS_S = 2.0  # further away the shipped model hears next to nothing

_TAKEN = 0.98  # share of a step's time, for the progress bar only


class Mending:
    """A region on the way through several steps.

    Args:
        sound: the whole document.
        region: what is mended.
        scratch: for long results.
    """

    def __init__(self, sound: Sound, region: Region, scratch: Scratch) -> None:
        self.now = sound
        self._heard = sound
        self._region, self._scratch = region, scratch
        margin = round(SURROUNDINGS_S * sound.sample_rate)
        self._wide = region.widened(margin, sound.length)

    def step(self, effect: Effect, values: Mapping[str, Value], *, around: bool = True) -> Job[bool]:
        """Apply an effect that others follow; returns whether it changed anything.

        Args:
            effect: what to apply.
            values: of all its parameters.
            around: apply it to the surroundings too, so that later steps hear them mended. That takes a
                region of all channels and the whole band, and an effect that does to a place what it does
                whatever the region is. No step before one that is not applied around may have been.
        """
        before = self.now
        if not around:
            assert self._heard is before
            working = apply_effect(effect, before, self._region, values, self._scratch)
            self.now = self._heard = yield from hidden(working)
            return self.now is not before
        working = apply_effect(effect, self._heard, self._wide, values, self._scratch)
        self._heard = yield from part_of(hidden(working), 0.0, _TAKEN)
        taking = apply_effect(_Taken(effect, self._heard), before, self._region, {}, self._scratch)
        self.now = yield from part_of(taking, _TAKEN, 1.0)
        return self.now is not before

    def last_step(self, effect: Effect, values: Mapping[str, Value]) -> Job[bool]:
        """Apply the last effect, to the region alone; what emerges is told as `apply_effect` tells it."""
        before = self.now
        hearing = effect if self._heard is before else _Hearing(effect, self._heard)
        self.now = yield from apply_effect(hearing, before, self._region, values, self._scratch)
        return self.now is not before


class _Hearing:
    """An effect that hears another sound around its region than the one that it changes."""

    def __init__(self, effect: Effect, heard: Sound) -> None:
        self.id, self.title, self.seamless = effect.id, effect.title, effect.seamless
        self.parameters: Sequence[Parameter] = effect.parameters
        self._effect, self._heard = effect, heard

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return what the effect makes of the region in the sound that it hears."""
        made = yield from self._effect.process(self._heard, region, values)
        unchanged = made == self._heard.slice(region.start, region.stop)
        return sound.slice(region.start, region.stop) if unchanged else made


class _Taken:
    """An effect whose result is there already, in a whole document."""

    parameters: Sequence[Parameter] = ()

    def __init__(self, effect: Effect, made: Sound) -> None:
        self.id, self.title, self.seamless = effect.id, effect.title, effect.seamless
        self._made = made

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region of that document."""
        yield Progress(1.0, self.title)
        return self._made.slice(region.start, region.stop)
