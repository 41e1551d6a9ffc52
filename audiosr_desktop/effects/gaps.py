"""Gap filling: finds where sound was cut off and puts typical sound in its place, as an Effect."""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Sound, concat
from audiosr_desktop.dsp.gap_fill import CONTEXT_S, SHORTEST_CONTEXT_S, fill_gap
from audiosr_desktop.dsp.gaps import Silence, SilenceFinder, is_cut
from audiosr_desktop.effects.effect import AMOUNT, Parameter, Value
from audiosr_desktop.effects.emerging import telling_finished
from audiosr_desktop.effects.notes import Report, note, warn
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, Progress, part_of

Samples = npt.NDArray[np.float32]

SHORTEST_GAP_S = 0.005
LONGEST_GAP_S = 0.3
LONGEST_SELECTION_S = 0.5

PARAMETERS = (
    Parameter(
        "where",
        "Gaps",
        "choice",
        default="auto",
        choices=("auto", "find", "selection"),
        help="Find gaps of silence in the selection, or replace all of a short selection; auto tries both.",
    ),
    AMOUNT,
    Parameter("seed", "Seed", "int", default=0, minimum=0, maximum=2**32 - 1, advanced=True),
)


class FillGap:
    """The effect; the gaps that were filled are put into `report` when one is given."""

    id = "audiosr.fill-gap"
    title = "Fill gap"
    parameters: Sequence[Parameter] = PARAMETERS
    seamless = True

    def __init__(self, report: Report | None = None) -> None:
        self._report: Report = {} if report is None else report

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region with its gaps filled; all other samples are the sound's own.

        Raises:
            EffectError: the selection is to be replaced, but is too long or has no sound beside it.
        """
        where = str(values["where"])
        gaps = [] if where == "selection" else (yield from part_of(find_gaps(sound, region), 0.0, 0.4))
        if where == "selection" or (where == "auto" and not gaps and _is_replaceable(sound, region)):
            gaps = [_selection(sound, region)]
        if not gaps:
            warn(self._report, "No gaps were found and the sound was left as it is.")
            return sound.slice(region.start, region.stop)
        made = _Mended(sound, region)
        filling = self._fill(made, sound, gaps, int(values["seed"]))
        telling = telling_finished(filling, made.finished, made.beginning, sound.sample_rate, region.length)
        yield from part_of(telling, 0.4, 1.0)
        return made.beginning()

    def _fill(self, made: "_Mended", sound: Sound, gaps: Sequence[Silence], seed: int) -> Job[None]:
        groups, rate = _overlapping(gaps), sound.sample_rate
        for index, group in enumerate(groups):
            made.go_to(group[0].start)
            yield Progress(index / len(groups), f"Filling gap {index + 1} of {len(groups)}")
            start, stop = group[0].start, max(gap.stop for gap in group)
            made.put(start, Sound.from_array(_filled(sound, group, gaps, seed), rate))
            note(self._report, "gaps", {"start_s": start / rate, "end_s": stop / rate})
        made.go_to(sound.length)
        yield Progress(1.0, "Filling gaps")


class _Mended:
    """A region of a sound from its start on, with other samples in some places."""

    def __init__(self, sound: Sound, region: Region) -> None:
        self._sound, self._region = sound, region
        self._parts: list[Sound] = []
        self._place = region.start

    def finished(self) -> int:
        """Return how many samples there are."""
        return self._place - self._region.start

    def beginning(self) -> Sound:
        """Return these samples."""
        return concat(self._parts)

    def go_to(self, place: int) -> None:
        """Go on with the sound's own samples, up to a place."""
        stop = min(max(place, self._place), self._region.stop)
        self._parts.append(self._sound.slice(self._place, stop))
        self._place = stop

    def put(self, start: int, filled: Sound) -> None:
        """Go on with other samples, from where they begin in the sound."""
        inside = self._region.clipped(start, start + filled.length)
        self._parts.append(filled.slice(inside.start - start, inside.stop - start))
        self._place = inside.stop


def find_gaps(sound: Sound, region: Region) -> Job[list[Silence]]:
    """Return the gaps that lie in a region or reach into it, in the order of time."""
    rate = sound.sample_rate
    longest = round(LONGEST_GAP_S * rate)
    around = region.widened(longest + 1, sound.length)
    finder = SilenceFinder(sound.channels, round(SHORTEST_GAP_S * rate), longest)
    for start in range(around.start, around.stop, BLOCK):
        finder.add(sound.read(start, min(start + BLOCK, around.stop)))
        yield Progress((start - around.start) / around.length, "Finding gaps")
    moved = [
        Silence(gap.start + around.start, gap.stop + around.start, gap.channels) for gap in finder.result()
    ]
    return [
        gap
        for gap in moved
        if gap.start < region.stop and gap.stop > region.start and _is_gap(sound, gap, moved)
    ]


def _is_gap(sound: Sound, gap: Silence, gaps: Sequence[Silence]) -> bool:
    left, right = _context(sound, gap, gaps)
    least = round(SHORTEST_CONTEXT_S * sound.sample_rate)
    if min(gap.start - left, right - gap.stop) < least:
        return False
    before, after = sound.read(left, gap.start), sound.read(gap.stop, right)
    return any(is_cut(before[channel], after[channel], sound.sample_rate) for channel in gap.channels)


def _context(sound: Sound, gap: Silence, gaps: Sequence[Silence]) -> tuple[int, int]:
    """Return where the sound beside a gap begins and ends: at most `CONTEXT_S`, and no other gap in it."""
    reach = round(CONTEXT_S * sound.sample_rate)
    left, right = max(0, gap.start - reach), min(sound.length, gap.stop + reach)
    for other in gaps:
        if other is gap or not set(other.channels) & set(gap.channels):
            continue
        if other.stop <= gap.start:
            left = max(left, other.stop)
        elif other.start >= gap.stop:
            right = min(right, other.start)
    return left, right


def _overlapping(gaps: Sequence[Silence]) -> list[list[Silence]]:
    """Put gaps of different channels that overlap in time together."""
    groups: list[list[Silence]] = []
    stop = -1
    for gap in sorted(gaps, key=lambda gap: gap.start):
        if gap.start < stop:
            groups[-1].append(gap)
        else:
            groups.append([gap])
        stop = max(stop, gap.stop)
    return groups


def _filled(sound: Sound, group: Sequence[Silence], gaps: Sequence[Silence], seed: int) -> Samples:
    """Return the samples from the first to the last of a group with its gaps filled."""
    start, stop = group[0].start, max(gap.stop for gap in group)
    result = np.array(sound.read(start, stop))
    for gap in group:
        left, right = _context(sound, gap, gaps)
        rows = list(gap.channels)
        result[rows, gap.start - start : gap.stop - start] = fill_gap(
            sound.read(left, gap.start)[rows],
            sound.read(gap.stop, right)[rows],
            gap.stop - gap.start,
            sound.sample_rate,
            np.random.default_rng([seed, gap.start]),
        )
    return result


def _is_replaceable(sound: Sound, region: Region) -> bool:
    least = round(SHORTEST_CONTEXT_S * sound.sample_rate)
    beside = min(region.start, sound.length - region.stop)
    return region.length <= LONGEST_SELECTION_S * sound.sample_rate and beside >= least


def _selection(sound: Sound, region: Region) -> Silence:
    if not _is_replaceable(sound, region):
        raise EffectError(
            f"A selection to replace is at most {LONGEST_SELECTION_S:g} s long and has sound on both sides."
        )
    return Silence(region.start, region.stop, tuple(range(sound.channels)))
