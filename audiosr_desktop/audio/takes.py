"""Takes: several versions of one region of a document."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from audiosr_desktop.audio.history import State, Step
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound


@dataclass(frozen=True, slots=True)
class Take:
    """One of several versions.

    Attributes:
        name: for the user, "Restore, seed 2".
        sound: the whole document with this take in its place.
        step: which effect made it, with what values; of the source only the text counts.
        facts: how it was made (seed, model, cutoff …); plain values.
    """

    name: str
    sound: Sound
    step: Step
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class TakeSet:
    """All takes of one region: the first is the source, what was there before; results follow, oldest first.

    Attributes:
        region: where they differ, in samples of the document.
        takes: of one rate, one number of channels and one length.
    """

    region: Region
    takes: tuple[Take, ...]

    def __post_init__(self) -> None:
        kinds = {(t.sound.sample_rate, t.sound.channels, t.sound.length) for t in self.takes}
        if len(kinds) != 1:
            raise ValueError("takes must agree in rate, channels and length")

    @property
    def sounds(self) -> tuple[Sound, ...]:
        """The whole document with each of them."""
        return tuple(take.sound for take in self.takes)

    @property
    def names(self) -> list[str]:
        """Their names."""
        return [take.name for take in self.takes]

    def added(self, take: Take) -> "TakeSet":
        """Return the set with one more take.

        Raises:
            ValueError: it has another rate, length or number of channels.
        """
        return replace(self, takes=(*self.takes, take))

    def renamed(self, number: int, name: str) -> "TakeSet":
        """Return the set with another name for a take."""
        takes = list(self.takes)
        takes[number] = replace(takes[number], name=name)
        return replace(self, takes=tuple(takes))

    def without(self, number: int) -> "TakeSet":
        """Return the set with one take less.

        Raises:
            ValueError: it is the source.
        """
        if not number:
            raise ValueError("the source cannot be dropped")
        return replace(self, takes=(*self.takes[:number], *self.takes[number + 1 :]))

    def number_of(self, sound: Sound) -> int:
        """Return which take a state of the document holds, 0 when it is none of the results."""
        return next((i for i, take in enumerate(self.takes) if i and take.sound is sound), 0)

    def belongs_to(self, states: Iterable[State]) -> bool:
        """Return whether a result is one of the states of a document, so that it can be reached."""
        return any(self.number_of(state.sound) for state in states)
