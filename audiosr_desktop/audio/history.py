"""History: the states of a document from its opening to its last edit, as values."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from audiosr_desktop.audio.file_stores import DecodedStore
from audiosr_desktop.audio.lanes import LaneStore
from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import ArrayStore, SampleStore, ScratchStore

Values: TypeAlias = Mapping[str, bool | int | float | str]


@dataclass(frozen=True, slots=True)
class Span:
    """A part of the sound that an effect made.

    Attributes:
        region: where it lies.
        title: which effect.
        details: how it was made (model, seed, cutoff …), for the badge's tool tip.
    """

    region: Region
    title: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """A document at one moment: sounds share their samples, so this is small however long the sound is."""

    sound: Sound
    spans: tuple[Span, ...] = ()
    marks: tuple[Mark, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One edit, as the history tells it.

    Attributes:
        text: its name, "Restore".
        region: what of the state before it was replaced.
        effect_id: the effect that made it; empty for an edit without one.
        values: of the effect's parameters.
        elapsed_s: how long it took.
    """

    text: str
    region: Region
    effect_id: str = ""
    values: Values = field(default_factory=dict)
    elapsed_s: float = 0.0


@dataclass(frozen=True, slots=True)
class History:
    """All of a document that can be undone and redone.

    Attributes:
        base: the state as opened.
        steps: each edit with the state that it led to.
        index: how many of the steps are done now.
        clean: at which index the document was saved; -1 when none is.
    """

    base: State
    steps: tuple[tuple[Step, State], ...] = ()
    index: int = 0
    clean: int = 0

    @property
    def present(self) -> State:
        """The state shown now."""
        return self.base if not self.index else self.steps[self.index - 1][1]

    def states(self) -> Iterator[State]:
        """Yield every state, oldest first."""
        yield self.base
        for _, state in self.steps:
            yield state


def stores_of(sound: Sound) -> list[SampleStore]:
    """Return the stores that a sound reads from, each once, before the lanes that are made of them."""
    own = [piece.store for piece in sound.pieces]
    held = [lane.store for store in own if isinstance(store, LaneStore) for lane in store.lanes]
    return list({id(store): store for store in (*held, *own)}.values())


class Space:
    """What each state holds beyond the states before it, in memory and scratch files.

    It is kept from one look to the next: of a history that went on, only what is new is looked at.
    """

    def __init__(self) -> None:
        self._states: list[State] = []
        self._sizes: list[int] = []
        self._since: dict[int, int] = {}  # which state first held a store, by its id

    def of(self, history: History) -> list[int]:
        """Return the bytes of each state of a history."""
        states = list(history.states())
        same = agreement(self._states, states)
        if same < len(self._states):
            self._since = {store: at for store, at in self._since.items() if at < same}
        del self._sizes[same:]
        for position in range(same, len(states)):
            size = 0
            for store in stores_of(states[position].sound):
                if self._since.setdefault(id(store), position) == position:
                    size += held_bytes(store)
            self._sizes.append(size)
        self._states = states
        return list(self._sizes)


def space_bytes(history: History) -> list[int]:
    """Return what each state holds beyond the states before it, in bytes."""
    return Space().of(history)


def agreement(before: Sequence[State], after: Sequence[State]) -> int:
    """Return how many states at the beginning are the same."""
    same = 0
    while same < min(len(before), len(after)) and before[same] is after[same]:
        same += 1
    return same


def held_bytes(store: SampleStore) -> int:
    """Return how much memory or scratch space a store takes; samples read from their own file take none."""
    if isinstance(store, DecodedStore):
        return held_bytes(store.decoded)
    return store.channels * store.length * 4 if isinstance(store, ArrayStore | ScratchStore) else 0
