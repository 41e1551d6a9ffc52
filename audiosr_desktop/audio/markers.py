"""Marks: named points and named regions of a document, and where they lie after an edit."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from audiosr_desktop.audio.chunks import Marker
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound


@dataclass(frozen=True, slots=True)
class Mark:
    """A named place in a document.

    Attributes:
        region: where; one without samples is a point, and only a region has a band.
        name: for the user; may be empty.
    """

    region: Region
    name: str = ""

    @property
    def is_point(self) -> bool:
        """Whether it marks one instant."""
        return self.region.length == 0


def in_order(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """Return marks by time, the shorter one first where two begin together."""
    return tuple(sorted(marks, key=lambda mark: (mark.region.start, mark.region.stop, mark.name)))


def edges(marks: Iterable[Mark], length: int) -> list[int]:
    """Return where Next and Previous go: points, ends of regions, start and end of the sound."""
    places = {0, length}
    for mark in marks:
        places |= {mark.region.start, mark.region.stop}
    return sorted(place for place in places if 0 <= place <= length)


def moved_region(region: Region, before: Sound, after: Sound, edited: Region) -> Region | None:
    """Return where a region lies after an edit; None when the edit took all of it away.

    Args:
        region: in samples of `before`.
        before: the sound before the edit.
        after: the sound after it; of another rate when it was resampled.
        edited: what the edit replaced, in samples of `before`.
    """
    if before.sample_rate != after.sample_rate:
        return region.at_rate(after.sample_rate / before.sample_rate)
    change = after.length - before.length
    if not change:
        return region
    start, stop = region.start, region.stop
    if start == stop:  # a point inside what was taken out goes with it
        if start <= edited.start:
            return region
        moved = start + change if start >= edited.stop else None
        return replace(region, start=moved, stop=moved) if moved is not None else None
    # what the edit replaced is no longer what it was
    new_start = start if start < edited.start else max(start, edited.stop) + change
    new_stop = stop + change if stop > edited.stop else min(stop, edited.start)
    if new_start >= new_stop:
        return None
    shift = change if start >= edited.stop else 0
    mask = region.mask.shifted(shift) if region.mask is not None else None
    return replace(region, start=new_start, stop=new_stop, mask=mask)


def moved_marks(marks: Iterable[Mark], before: Sound, after: Sound, edited: Region) -> tuple[Mark, ...]:
    """Return marks where they lie after an edit; see `moved_region`."""
    moved = ((mark, moved_region(mark.region, before, after, edited)) for mark in marks)
    return in_order(replace(mark, region=region) for mark, region in moved if region is not None)


def of_part(marks: Iterable[Mark], part: Region) -> tuple[Mark, ...]:
    """Return the marks that begin inside a part of the sound, counted from its start."""
    kept = []
    for mark in marks:
        if part.start <= mark.region.start <= part.stop:
            start, stop = mark.region.start - part.start, min(mark.region.stop, part.stop) - part.start
            kept.append(replace(mark, region=replace(mark.region, start=start, stop=stop)))
    return tuple(kept)


def from_file(markers: Iterable[Marker], sound: Sound) -> tuple[Mark, ...]:
    """Return the markers of a sound file as marks; those beyond its end are left out."""
    marks = []
    for marker in markers:
        start = round(marker.time_s * sound.sample_rate)
        stop = start + round(marker.length_s * sound.sample_rate)
        if start <= sound.length:
            marks.append(Mark(Region(start, min(stop, sound.length)), marker.name))
    return in_order(marks)


def for_file(marks: Iterable[Mark], sample_rate: int) -> list[Marker]:
    """Return marks as a sound file holds them."""
    return [
        Marker(mark.region.start / sample_rate, mark.name, mark.region.length / sample_rate) for mark in marks
    ]
