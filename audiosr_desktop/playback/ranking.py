"""Blind ranking of several takes against a reference, after the manner of MUSHRA."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.abx import to_csv
from audiosr_desktop.playback.derived import band_of

Role = Literal["take", "reference", "anchor"]

ANCHOR_HZ = 3500.0  # the low anchor of ITU-R BS.1534
BEST = 100  # 80 to 100 is excellent, 0 to 20 bad
REFERENCE, ANCHOR = "hidden reference", "anchor"


@dataclass(frozen=True, slots=True)
class Stimulus:
    """One of the sounds that are rated.

    Attributes:
        name: what it is, hidden until the end.
        role: a take, the hidden reference (it should get the best mark), or the anchor (it should not).
        take: which of the sounds it is, as the caller counts them.
    """

    name: str
    role: Role
    take: int


@dataclass(frozen=True, slots=True)
class Ranking:
    """A rating of stimuli in blind order; a mark gives the next state.

    Attributes:
        stimuli: in the order in which they are shown.
        marks: 0 to 100 for each, None where none was given yet.
        facts: how it was listened to.
    """

    stimuli: tuple[Stimulus, ...]
    marks: tuple[int | None, ...]
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def finished(self) -> bool:
        """Whether every stimulus has a mark."""
        return None not in self.marks

    def marked(self, number: int, mark: int) -> "Ranking":
        """Return the ranking with a mark for a stimulus.

        Raises:
            ValueError: the mark is not within 0 and 100.
        """
        if not 0 <= mark <= BEST:
            raise ValueError(f"a mark lies between 0 and {BEST}, not at {mark}")
        marks = list(self.marks)
        marks[number] = mark
        return replace(self, marks=tuple(marks))

    def best_first(self) -> list[tuple[Stimulus, int]]:
        """Return what each stimulus is and its mark, the best first.

        Raises:
            ValueError: a mark is missing: names are told only at the end.
        """
        if not self.finished:
            raise ValueError("a ranking tells its result only after the last mark")
        pairs = [(stimulus, mark or 0) for stimulus, mark in zip(self.stimuli, self.marks, strict=True)]
        return sorted(pairs, key=lambda pair: -pair[1])

    @property
    def reliable(self) -> bool:
        """Whether the hidden reference got 90 or more, as BS.1534 asks of a listener."""
        return all(mark >= 90 for stimulus, mark in self.best_first() if stimulus.role == "reference")

    def to_json(self) -> str:
        """Return the result as a JSON document."""
        return json.dumps(
            {
                "test": "ranking",
                "reliable": self.reliable,
                "marks": [
                    {"name": stimulus.name, "role": stimulus.role, "mark": mark}
                    for stimulus, mark in self.best_first()
                ],
                "facts": dict(self.facts),
            },
            indent=2,
        )

    def to_csv(self) -> str:
        """Return a row for each stimulus: name, role, mark."""
        rows: list[tuple[str, ...]] = [("name", "role", "mark")]
        rows += [(stimulus.name, stimulus.role, str(mark)) for stimulus, mark in self.best_first()]
        return to_csv(rows)


def start_ranking(
    names: Sequence[str], rng: np.random.Generator, facts: Mapping[str, object] | None = None
) -> Ranking:
    """Return a new ranking in random order.

    Args:
        names: the sounds, the reference first; the caller plays the anchor as the sound after the last one.
        rng: for the order.
        facts: how it is listened to.

    Raises:
        ValueError: there is nothing to rank against the reference.
    """
    if len(names) < 2:
        raise ValueError("a ranking needs a reference and at least one take")
    stimuli = [Stimulus(name, "take", number) for number, name in enumerate(names) if number > 0]
    stimuli += [Stimulus(REFERENCE, "reference", 0), Stimulus(ANCHOR, "anchor", len(names))]
    order = rng.permutation(len(stimuli))
    return Ranking(tuple(stimuli[place] for place in order), (None,) * len(stimuli), dict(facts or {}))


def anchor_of(reference: Sound) -> Sound:
    """Return the reference without what lies above 3.5 kHz, as everybody hears it to be worse."""
    return band_of(reference, None, ANCHOR_HZ)
