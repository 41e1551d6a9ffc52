"""Tone removal: finds steady single tones and subtracts exactly them, as an Effect."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Piece, Sound, concat
from audiosr_desktop.audio.store import Scratch, ScratchWriter
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.dsp.tone_fit import Tone
from audiosr_desktop.dsp.tones import find_tones, fit_tone
from audiosr_desktop.effects.effect import AMOUNT, Parameter, Value
from audiosr_desktop.effects.emerging import telling_finished
from audiosr_desktop.effects.notes import PLACES, Report, note, warn
from audiosr_desktop.job import Job, Progress, told_as

Samples = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]

SEGMENT_S = 20  # a tone is fitted on this much at once; the last segment is up to 34 s long
HOP_S = 14
FADE_S = 2
SAME_HZ = 0.5
MOST_PLACES = 8  # that a long sound is looked at for a proposal

_WRITING = 0.1  # share of the time

PARAMETERS = (
    Parameter(
        "frequency_hz",
        "Frequency",
        "float",
        default=0.0,
        minimum=0.0,
        maximum=192_000.0,
        unit="Hz",
        help="The tone to remove, within 1 %; 0 finds all steady tones.",
        automatic=True,
    ),
    Parameter(
        "reduction_db",
        "Reduction",
        "float",
        default=120.0,
        minimum=0.0,
        maximum=120.0,
        unit="dB",
        advanced=True,
        help="By how much a tone is lowered.",
    ),
    AMOUNT,
)


class RemoveTone:
    """The effect; the tones that were removed are put into `report` when one is given."""

    id = "audiosr.remove-tone"
    title = "Remove tone"
    parameters: Sequence[Parameter] = PARAMETERS
    seamless = False

    def __init__(self, scratch: Scratch, report: Report | None = None) -> None:
        self._scratch = scratch
        self._report: Report = {} if report is None else report

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region without its tones; the sound as it is where none is found."""
        grid = _Grid(sound.length, sound.sample_rate)
        finder = _Finder(sound, grid, region, float(values["frequency_hz"]))
        gain = 1.0 - 10.0 ** (-float(values["reduction_db"]) / 20.0)
        with self._scratch.writer(sound.channels) as writer:
            made = _Cleaned(sound, region, writer)
            telling = telling_finished(
                _subtract(made, grid, finder, gain),
                made.finished,
                made.beginning,
                sound.sample_rate,
                region.length,
            )
            yield from telling
            if not writer.length:
                warn(self._report, "No steady tone was found and the sound was left as it is.")
                return sound.slice(region.start, region.stop)
            for found in _summary(finder.tones, grid):
                note(self._report, "tones", found)
            return made.whole()


class _Cleaned:
    """A region of a sound from its start on: its own samples up to the first tone, then a writer's."""

    def __init__(self, sound: Sound, region: Region, writer: ScratchWriter) -> None:
        self.sound, self.region, self._writer = sound, region, writer
        self._own = region.start  # up to here the samples are the sound's

    def finished(self) -> int:
        """Return how many samples there are."""
        return self._own - self.region.start + self._writer.length

    def beginning(self) -> Sound:
        """Return these samples while there will be more."""
        rate, length = self.sound.sample_rate, self._writer.length
        return self._after_own(Sound((Piece(self._writer.so_far(), 0, length),), rate) if length else None)

    def whole(self) -> Sound:
        """Return these samples when they are all."""
        return self._after_own(Sound.from_store(self._writer.finish(), self.sound.sample_rate))

    def _after_own(self, written: Sound | None) -> Sound:
        own = self.sound.slice(self.region.start, self._own)
        return own if written is None else concat([own, written])

    def put(self, stop: int, cleaned: Samples | None) -> None:
        """Go on up to a place in the sound, with its own samples where there are no others."""
        start = self.region.start + self.finished()
        if cleaned is None and not self._writer.length:
            self._own = stop
        else:
            self._writer.write(self.sound.read(start, stop) if cleaned is None else cleaned)


def _subtract(made: _Cleaned, grid: "_Grid", finder: "_Finder", gain: float) -> Job[None]:
    """Find the tones of one segment after the other, and subtract them where all that are heard are known."""
    sound, region = made.sound, made.region
    rendered: dict[int, Reals] = {}
    for start in range(region.start, region.stop, BLOCK):
        stop = min(start + BLOCK, region.stop)
        heard = grid.heard(start, stop)
        for index in heard:
            yield from told_as(finder.find(index), partial(_part, (start - region.start) / region.length))
        tones = finder.tones
        rendered = {k: rendered[k] if k in rendered else grid.render(k, tones[k]) for k in heard if tones[k]}
        block = _without(sound.read(start, stop), start, grid, rendered, gain) if rendered else None
        made.put(stop, block)
        written = (stop - region.start) / region.length
        yield _part(written, Progress(finder.done, "Removing tones"))


def _part(written: float, progress: Progress) -> Progress:
    """Return the progress of a run of which a part is written; finding takes nearly all of the time."""
    return replace(progress, fraction=(1.0 - _WRITING) * progress.fraction + _WRITING * written)


def _without(
    block: Samples, start: int, grid: "_Grid", rendered: Mapping[int, Reals], gain: float
) -> Samples:
    """Return the samples from `start` on less the tones of the segments that are heard there."""
    total = np.zeros(block.shape)
    stop = start + block.shape[1]
    for index, segment in rendered.items():
        first = grid.start(index)
        low, high = max(start, first), min(stop, first + segment.shape[1])
        total[:, low - start : high - start] += segment[:, low - first : high - first]
    return (block - gain * total).astype(np.float32)


@dataclass(frozen=True, slots=True)
class _Grid:
    """Overlapping segments counted from the start of a sound, so that no region has an influence on them."""

    length: int
    sample_rate: int

    @property
    def count(self) -> int:
        """Number of segments."""
        return max(1, 1 + (self.length - SEGMENT_S * self.sample_rate) // (HOP_S * self.sample_rate))

    def start(self, index: int) -> int:
        """Return the first sample of a segment."""
        return index * HOP_S * self.sample_rate

    def stop(self, index: int) -> int:
        """Return one past the last sample of a segment; the last one goes to the end of the sound."""
        if index == self.count - 1:
            return self.length
        return self.start(index) + SEGMENT_S * self.sample_rate

    def heard(self, start: int, stop: int) -> range:
        """Return the segments whose tones are heard within [start, stop)."""
        margin = (SEGMENT_S - HOP_S - FADE_S) // 2 * self.sample_rate
        hop = HOP_S * self.sample_rate
        # segment k is heard from its start + margin to its start + hop + margin + fade
        first = -((margin + FADE_S * self.sample_rate + hop - start) // hop) if start >= margin else 0
        last = (stop - 1 - margin) // hop
        return range(max(0, min(first, self.count - 1)), max(0, min(last, self.count - 1)) + 1)

    def place(self, index: int) -> dict[str, float]:
        """Return where the tones of a segment are heard, in seconds."""
        margin, hop = (SEGMENT_S - HOP_S - FADE_S) / 2, float(HOP_S)
        start_s = index * hop + margin if index > 0 else 0.0
        stop_s = (index + 1) * hop + margin + FADE_S
        end_s = self.length / self.sample_rate
        return {"start_s": start_s, "end_s": stop_s if index < self.count - 1 else end_s}

    def render(self, index: int, tones: Sequence[Tone]) -> Reals:
        """Return a segment's tones, faded where the neighbours' take over."""
        length = self.stop(index) - self.start(index)
        sound = np.sum([tone.render(length, self.sample_rate) for tone in tones], axis=0)
        fade = raised_cosine_fade(FADE_S * self.sample_rate).astype(np.float64)
        margin = (SEGMENT_S - HOP_S - FADE_S) // 2 * self.sample_rate
        gains = np.ones(length)
        if index > 0:
            gains[:margin] = 0.0
            gains[margin : margin + len(fade)] = fade
        if index < self.count - 1:
            place = HOP_S * self.sample_rate + margin
            gains[place : place + len(fade)] = fade[::-1]
            gains[place + len(fade) :] = 0.0
        result: Reals = sound * gains
        return result


class _Finder:
    """Finds the tones of the segments that a region hears, one after the other.

    Args:
        sound: the document.
        grid: where its segments lie.
        region: what is worked on.
        frequency_hz: of the tone that is meant, 0 finds all.
    """

    def __init__(self, sound: Sound, grid: _Grid, region: Region, frequency_hz: float) -> None:
        self._sound, self._grid, self._frequency_hz = sound, grid, frequency_hz
        self._wanted = grid.heard(region.start, region.stop)
        around = range(max(0, self._wanted.start - 1), min(grid.count, self._wanted.stop + 1))
        self._around = self._wanted if frequency_hz > 0.0 else around
        self._found: dict[int, list[Tone]] = {}
        self.tones: dict[int, list[Tone]] = {}

    @property
    def done(self) -> float:
        """Share of the work that is done."""
        return (len(self._found) + len(self.tones)) / (len(self._around) + len(self._wanted))

    def find(self, index: int) -> Job[None]:
        """Put the tones of a segment among `tones`, if they are not there."""
        if index in self.tones:
            return
        sound, grid = self._sound, self._grid
        if self._frequency_hz > 0.0:
            yield Progress(self.done, "Fitting the tone")
            tone = fit_tone(_segment(sound, grid, index), sound.sample_rate, self._frequency_hz)
            self._found[index] = self.tones[index] = [] if tone is None else [tone]
            return
        for near in range(max(index - 1, self._around.start), min(index + 2, self._around.stop)):
            if near not in self._found:
                yield Progress(self.done, "Finding tones")
                self._found[near] = find_tones(_segment(sound, grid, near), sound.sample_rate)
        self.tones[index] = self._found[index]
        if missing := _missing(self._found, index):  # heard before and after: a weak trace is the same tone
            yield Progress(self.done, "Finding tones")
            self.tones[index] = find_tones(_segment(sound, grid, index), sound.sample_rate, known_hz=missing)


def heard_tones(sound: Sound, region: Region) -> Job[list[dict[str, float]]]:
    """Return the steady tones of a region, loudest first; a long one is looked at in places.

    Returns:
        `frequency_hz` and `level_dbfs` of each.
    """
    grid = _Grid(sound.length, sound.sample_rate)
    wanted = grid.heard(region.start, region.stop)
    kept = min(len(wanted), MOST_PLACES)
    found: dict[int, list[Tone]] = {}
    for index in range(kept):
        yield Progress(index / kept, "Finding tones")
        segment = wanted[index * len(wanted) // kept]
        found[segment] = find_tones(_segment(sound, grid, segment), sound.sample_rate)
    return [{name: row[name] for name in ("frequency_hz", "level_dbfs")} for row in _summary(found, grid)]


def _segment(sound: Sound, grid: _Grid, index: int) -> Samples:
    return np.nan_to_num(sound.read(grid.start(index), grid.stop(index)))


def _missing(found: Mapping[int, list[Tone]], index: int) -> list[float]:
    """Return frequencies that both neighbours (or the only one) have and the segment has not."""
    beside = [found[k] for k in (index - 1, index + 1) if k in found]
    if not beside:
        return []
    return [
        tone.frequency_hz
        for tone in beside[0]
        if all(_has(tones, tone.frequency_hz) for tones in beside)
        and not _has(found[index], tone.frequency_hz)
    ]


def _has(tones: Sequence[Tone], frequency_hz: float) -> bool:
    return any(abs(tone.frequency_hz - frequency_hz) < SAME_HZ for tone in tones)


def _summary(tones: Mapping[int, list[Tone]], grid: _Grid) -> Iterator[dict[str, Any]]:
    """Yield each tone once, loudest first: as it is in the loudest of its places, and all of them."""
    rows = [
        {
            "frequency_hz": round(tone.frequency_hz, 2),
            "level_dbfs": round(tone.level_dbfs, 1),
            **grid.place(index),
        }
        for index, found in tones.items()
        for tone in found
    ]
    rows.sort(key=lambda row: -row["level_dbfs"])
    while rows:
        loudest = rows[0]
        same = [row for row in rows if abs(row["frequency_hz"] - loudest["frequency_hz"]) < SAME_HZ]
        rows = [row for row in rows if row not in same]
        told = {name: loudest[name] for name in ("frequency_hz", "level_dbfs")}
        yield {**told, PLACES: same}
