"""Tone removal: finds steady single tones and subtracts exactly them, as an Effect."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.dsp.tone_fit import Tone
from audiosr_desktop.dsp.tones import find_tones, fit_tone
from audiosr_desktop.effects.effect import AMOUNT, Parameter, Value
from audiosr_desktop.effects.notes import Report, note, warn
from audiosr_desktop.job import Job, Progress, part_of

Samples = npt.NDArray[np.float32]
Reals = npt.NDArray[np.float64]

SEGMENT_S = 20  # a tone is fitted on this much at once; the last segment is up to 34 s long
HOP_S = 14
FADE_S = 2
SAME_HZ = 0.5
MOST_PLACES = 8  # that a long sound is looked at for a proposal

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
        finding = _tones_by_segment(sound, grid, region, float(values["frequency_hz"]))
        tones = yield from part_of(finding, 0.0, 0.8)
        if not any(tones.values()):
            warn(self._report, "No steady tone was found and the sound was left as it is.")
            return sound.slice(region.start, region.stop)
        for found in _summary(tones):
            note(self._report, "tones", found)
        gain = 1.0 - 10.0 ** (-float(values["reduction_db"]) / 20.0)
        return (yield from part_of(self._subtracted(sound, region, grid, tones, gain), 0.8, 1.0))

    def _subtracted(
        self, sound: Sound, region: Region, grid: "_Grid", tones: Mapping[int, list[Tone]], gain: float
    ) -> Job[Sound]:
        rendered: dict[int, Reals] = {}
        with self._scratch.writer(sound.channels) as writer:
            for start in range(region.start, region.stop, BLOCK):
                stop = min(start + BLOCK, region.stop)
                block = sound.read(start, stop)
                heard = grid.heard(start, stop)
                rendered = {
                    k: rendered[k] if k in rendered else grid.render(k, tones[k]) for k in heard if tones[k]
                }
                if rendered:
                    total = np.zeros(block.shape)
                    for index, segment in rendered.items():
                        first = grid.start(index)
                        low, high = max(start, first), min(stop, first + segment.shape[1])
                        total[:, low - start : high - start] += segment[:, low - first : high - first]
                    block = (block - gain * total).astype(np.float32)
                writer.write(block)
                yield Progress((stop - region.start) / region.length, "Removing tones")
            return Sound.from_store(writer.finish(), sound.sample_rate)


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


def _tones_by_segment(
    sound: Sound, grid: _Grid, region: Region, frequency_hz: float
) -> Job[dict[int, list[Tone]]]:
    """Return the tones of each segment that the region hears."""
    wanted = grid.heard(region.start, region.stop)
    if frequency_hz > 0.0:
        fitted = {}
        for index in wanted:
            yield Progress((index - wanted.start) / len(wanted), "Fitting the tone")
            tone = fit_tone(_segment(sound, grid, index), sound.sample_rate, frequency_hz)
            fitted[index] = [] if tone is None else [tone]
        return fitted
    around = range(max(0, wanted.start - 1), min(grid.count, wanted.stop + 1))
    found: dict[int, list[Tone]] = {}
    for index in around:
        yield Progress(0.7 * (index - around.start) / len(around), "Finding tones")
        found[index] = find_tones(_segment(sound, grid, index), sound.sample_rate)
    result = {}
    for index in wanted:
        yield Progress(0.7 + 0.3 * (index - wanted.start) / len(wanted), "Finding tones")
        result[index] = found[index]
        if missing := _missing(found, index):  # heard before and after: a weak trace is the same tone
            result[index] = find_tones(_segment(sound, grid, index), sound.sample_rate, known_hz=missing)
    return result


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
    return list(_summary(found))


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


def _summary(tones: Mapping[int, list[Tone]]) -> Iterator[dict[str, float]]:
    """Yield each tone once, loudest first, with its highest level."""
    seen: list[float] = []
    for tone in sorted((t for row in tones.values() for t in row), key=lambda t: -t.level_dbfs):
        if all(abs(tone.frequency_hz - other) >= SAME_HZ for other in seen):
            seen.append(tone.frequency_hz)
            yield {"frequency_hz": round(tone.frequency_hz, 2), "level_dbfs": round(tone.level_dbfs, 1)}
