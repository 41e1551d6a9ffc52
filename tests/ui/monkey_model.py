"""What edits do to a document, in plain NumPy: the model that the monkey's window is compared with."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

import numpy as np

Mark = tuple[int, int, str]  # start, stop, name


@dataclass(frozen=True)
class Model:
    """A document at one moment: samples (channels, samples), its rate, and its marks in order."""

    samples: np.ndarray
    rate: int
    marks: list[Mark] = field(default_factory=list)

    @property
    def length(self) -> int:
        return int(self.samples.shape[1])

    def marked(self, marks: list[Mark]) -> "Model":
        return replace(self, marks=sorted(marks, key=lambda mark: (mark[0], mark[1], mark[2])))


class Page:
    """A document's history: states, names of the steps, and which is shown."""

    def __init__(self, opened: Model) -> None:
        self.states, self.names, self.index = [opened], [], 0

    @property
    def present(self) -> Model:
        return self.states[self.index]

    def push(self, after: Model, name: str) -> None:
        self.index += 1
        self.states[self.index :] = [after]
        self.names[self.index - 1 :] = [name]

    def require_history(self, names: list[str], index: int) -> None:
        assert (names, index) == (self.names, self.index)


def crossed(leaving: np.ndarray, coming: np.ndarray) -> np.ndarray:
    """Go from one to the other at equal power."""
    size = leaving.shape[1]
    rise = np.sin(0.5 * np.pi * (np.arange(size) + 0.5) / max(size, 1))
    return (leaving * rise[::-1] + coming * rise).astype(np.float32)


def cut(before: Model, start: int, stop: int, join: int) -> tuple[Model, int]:
    """Take [start, stop) out; also returns how many samples after the seam are faded."""
    x = before.samples
    size = min(join, stop - start, before.length - stop) if start else 0
    samples = np.concatenate(
        [x[:, :start], crossed(x[:, start : start + size], x[:, stop : stop + size]), x[:, stop + size :]], 1
    )
    return Model(samples, before.rate).marked(kept_marks(before, start, stop, 0)), size


def put(before: Model, start: int, stop: int, clip: np.ndarray, join: int) -> tuple[Model, int, int]:
    """Put a clip in place of [start, stop); also returns how many samples are faded at its two ends."""
    x, size = before.samples, min(join, clip.shape[1] // 2)
    head = min(size, before.length - start) if start else 0
    tail = min(size, stop) if stop < before.length else 0
    middle = clip.copy()
    middle[:, :head] = crossed(x[:, start : start + head], clip[:, :head])
    end = clip.shape[1] - tail
    middle[:, end:] = crossed(clip[:, end:], x[:, stop - tail : stop])
    samples = np.concatenate([x[:, :start], middle, x[:, stop:]], 1)
    marks = before.marks if clip.shape[1] == stop - start else kept_marks(before, start, stop, clip.shape[1])
    return Model(samples, before.rate).marked(list(marks)), head, tail


def kept_marks(before: Model, start: int, stop: int, put_in: int) -> list[Mark]:
    """Return the marks after [start, stop) became `put_in` samples, sample by sample.

    A point goes with the sample before which it stands, unless it stands at the edit's start. A region keeps
    those of its samples that were not replaced, and what was put in between them.
    """
    change, kept = put_in - (stop - start), []
    for first, last, name in before.marks:
        if first == last:
            if first <= start:
                kept.append((first, last, name))
            elif first >= stop:
                kept.append((first + change, last + change, name))
            continue
        own = np.arange(first, last)
        left = own[(own < start) | (own >= stop)]
        if left.size:
            ends = [int(place if place < start else place + change) for place in (left[0], left[-1])]
            kept.append((ends[0], ends[1] + 1, name))
    return kept


def faded_in(before: np.ndarray, wet: np.ndarray, start: int, stop: int, rate: int) -> np.ndarray:
    """Return `before` with [start, stop) replaced by `wet`, which comes and goes within 10 ms."""
    length = before.shape[1]
    size = min(round(0.010 * rate), (stop - start) // 2)
    rise = 0.5 - 0.5 * np.cos(np.pi * (np.arange(size) + 0.5) / max(size, 1))
    gain = np.ones(stop - start)
    if start > 0 and size:
        gain[:size] = rise
    if stop < length and size:
        gain[-size:] = rise[::-1]
    after = before.copy()
    dry = before[:, start:stop]
    after[:, start:stop] = dry + (wet - dry) * gain
    return after


Wet = Callable[[np.ndarray], np.ndarray]


def normalised(x: np.ndarray, peak_dbfs: float) -> np.ndarray:
    top = np.abs(x).max(initial=0.0)
    return x * (10 ** (peak_dbfs / 20) / top) if top else x


def without_dc(x: np.ndarray) -> np.ndarray:
    return x - x.mean(axis=1, dtype=np.float64, keepdims=True)


def fade_in(x: np.ndarray) -> np.ndarray:
    return x * (0.5 - 0.5 * np.cos(np.pi * (np.arange(x.shape[1]) + 0.5) / x.shape[1]))


def fade_out(x: np.ndarray) -> np.ndarray:
    return fade_in(x[:, ::-1])[:, ::-1]
