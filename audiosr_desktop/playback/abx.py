"""ABX: can the listener tell two takes apart? Blind trials with an exact test at the end."""

import csv
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from math import comb
from typing import Literal

import numpy as np

Answer = Literal["A", "B"]

TRIALS = 16
LEVEL = 0.05  # a result this unlikely by guessing counts as heard


@dataclass(frozen=True, slots=True)
class AbxTest:
    """A run of trials; answering gives the next state, and nothing is told before the last one.

    Attributes:
        names: what A and B are, hidden from the listener until the end.
        hidden: what X is in each trial.
        answers: what the listener said, one per finished trial.
        facts: how it was listened to: span, levels, speed, channels, band, duck.
    """

    names: tuple[str, str]
    hidden: tuple[Answer, ...]
    answers: tuple[Answer, ...] = ()
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def trial(self) -> int:
        """Number of the present trial, from 0; the number of trials at the end."""
        return len(self.answers)

    @property
    def finished(self) -> bool:
        """Whether all trials were answered."""
        return len(self.answers) == len(self.hidden)

    def answered(self, answer: Answer) -> "AbxTest":
        """Return the test with the present trial answered.

        Raises:
            ValueError: all trials were answered.
        """
        if self.finished:
            raise ValueError("all trials were answered")
        return replace(self, answers=(*self.answers, answer))

    def result(self) -> "AbxResult":
        """Return what the finished test says.

        Raises:
            ValueError: it is not finished: who sees a p-value on the way can stop at will.
        """
        if not self.finished:
            raise ValueError("an ABX test tells its result only after the last trial")
        correct = sum(x == answer for x, answer in zip(self.hidden, self.answers, strict=True))
        return AbxResult(self, correct, len(self.hidden), p_value(correct, len(self.hidden)))


@dataclass(frozen=True, slots=True)
class AbxResult:
    """What a finished test says.

    Attributes:
        test: the test with all its answers.
        correct: how often X was recognised.
        total: number of trials.
        p_value: how likely guessing does as well or better.
    """

    test: AbxTest
    correct: int
    total: int
    p_value: float

    @property
    def heard(self) -> bool:
        """Whether the takes were told apart, at the level of 5 %."""
        return self.p_value < LEVEL

    def to_json(self) -> str:
        """Return the result as a JSON document."""
        return json.dumps(
            {
                "test": "abx",
                "names": {"A": self.test.names[0], "B": self.test.names[1]},
                "correct": self.correct,
                "total": self.total,
                "p_value": self.p_value,
                "trials": [
                    {"x": x, "answer": answer}
                    for x, answer in zip(self.test.hidden, self.test.answers, strict=True)
                ],
                "facts": dict(self.test.facts),
            },
            indent=2,
        )

    def to_csv(self) -> str:
        """Return a row for each trial: number, X, answer, correct or not."""
        rows: list[tuple[str, ...]] = [("trial", "x", "answer", "correct")]
        for number, (x, answer) in enumerate(zip(self.test.hidden, self.test.answers, strict=True), start=1):
            rows.append((str(number), x, answer, str(int(x == answer))))
        return to_csv(rows)


def start_abx(
    names: tuple[str, str],
    rng: np.random.Generator,
    trials: int = TRIALS,
    facts: Mapping[str, object] | None = None,
) -> AbxTest:
    """Return a new test; X is drawn anew for each trial, A and B equally likely.

    Raises:
        ValueError: there is no trial.
    """
    if trials < 1:
        raise ValueError("an ABX test needs at least one trial")
    hidden: tuple[Answer, ...] = tuple("B" if bit else "A" for bit in rng.integers(0, 2, trials))
    return AbxTest(names, hidden, (), dict(facts or {}))


def p_value(correct: int, total: int) -> float:
    """Return how likely guessing gets `correct` or more of `total` right (exact binomial, one-sided)."""
    return float(sum(comb(total, hits) for hits in range(correct, total + 1)) / 2**total)


def to_csv(rows: list[tuple[str, ...]]) -> str:
    """Return rows as CSV text."""
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue()
