"""Exporting: the jobs that write a document, a part of it, or each of its regions to files."""

import re
from collections.abc import Sequence
from pathlib import Path

from audiosr_desktop.audio.files import FileInfo, WriteOptions, write_sound
from audiosr_desktop.audio.markers import Mark, for_file, of_part
from audiosr_desktop.audio.region import Region
from audiosr_desktop.job import Job, part_of
from audiosr_desktop.ui.dialogs.export_dialog import Export
from audiosr_desktop.ui.document import Document

_UNSAFE = re.compile(r'[<>:"/\\|?*\x00-\x1f]+')


def part_job(
    document: Document, choice: Export, region: Region | None, path: Path, *, overwrite: bool
) -> Job[FileInfo]:
    """Return the job that writes a part of a document, None is all of it, to a file."""
    sound = document.sound if region is None else document.sound.slice(region.start, region.stop)
    marks = document.marks if region is None else of_part(document.marks, region)
    options = WriteOptions(
        dither=choice.dither,
        metadata=choice.tags,
        # markers that nobody touched are carried over as they are
        markers=None if marks == document.history().base.marks else for_file(marks, sound.sample_rate),
    )
    return write_sound(
        sound, path, output=choice.output, like=document.info, overwrite=overwrite, options=options
    )


def region_files(marks: Sequence[Mark], path: Path) -> list[tuple[Region, Path]]:
    """Return the regions among marks with a file for each beside `path`, none of which exists yet.

    The files are called after `path`, the number of the region, and its name.
    """
    regions = [mark for mark in marks if not mark.is_point]
    digits, found = len(str(len(regions))), []
    for number, mark in enumerate(regions, 1):
        name = _UNSAFE.sub("_", mark.name).strip(" .")[:80]
        stem = f"{path.stem} {number:0{digits}d}" + (f" {name}" if name else "")
        target, again = path.with_name(stem + path.suffix), 2
        while target.exists():
            target, again = path.with_name(f"{stem}-{again}{path.suffix}"), again + 1
        found.append((mark.region, target))
    return found


def regions_job(document: Document, choice: Export) -> Job[list[FileInfo]]:
    """Return the job that writes each region to a file of its own; those written before a failure stay.

    Raises:
        AudioFileError: a file cannot be written.
    """
    parts, written = region_files(document.marks, choice.path), []
    for place, (region, path) in enumerate(parts):
        job = part_job(document, choice, region, path, overwrite=False)
        written.append((yield from part_of(job, place / len(parts), (place + 1) / len(parts))))
    return written
