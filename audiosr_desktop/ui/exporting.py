"""Exporting: documents, parts of them, or each of their regions, as sound files."""

import re
from collections.abc import Callable, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal

from audiosr_desktop.audio.files import FileInfo, WriteOptions, same_file, write_sound
from audiosr_desktop.audio.history import History, State
from audiosr_desktop.audio.markers import Mark, for_file, of_part
from audiosr_desktop.audio.project import missing_sources, source_paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.job import Job, part_of
from audiosr_desktop.ui.dialogs.export_dialog import Export
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.troubles import Remedy, Trouble

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


class Exporting(QObject):
    """Writes files as jobs of the editor; sources of open documents are never written over.

    Args:
        editor: the documents and the job runner.
    """

    exported = Signal(Path)

    def __init__(self, editor: Editor, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor = editor

    def export(self, document: Document, choice: Export) -> bool:
        """Write the sound of a document or a part of it to a file; False if it must not be or a job runs."""
        region = choice.region
        problem = self._problem(document, choice.path)
        if problem is not None:
            self._editor.troubled.emit(problem)
            return False
        if choice.each_region:
            title = tr("Export the regions of {name}", name=document.path.name)
            means = tr("The document is as it was. Files of regions that were written before are whole.")
            job = regions_job(document, choice)
            told = self._teller(title, means, document, choice)
            return self._editor.runner.start(title, job, self._on_regions_exported, told)
        written = part_job(document, choice, region, choice.path, overwrite=choice.overwrite)
        index = document.undo_stack.index()

        def done(info: FileInfo) -> None:
            open_still = document in self._editor.documents.all
            whole = open_still and region is None and document.undo_stack.index() == index
            if whole and document.project_path is None:  # a project holds more than its sound
                document.set_saved()
            self.exported.emit(info.path)

        title = tr("Export {name}", name=choice.path.name)
        means = (
            tr("The document is as it was, and so is the file that was there.")
            if choice.path.exists()
            else tr("The document is as it was; no file was written.")
        )
        told = self._teller(title, means, document, choice)
        return self._editor.runner.start(title, written, done, told)

    def _teller(
        self, title: str, means: str, document: Document, choice: Export
    ) -> Callable[[Exception], None]:
        """Return what tells that writing failed, and offers another place."""
        remedies = (
            Remedy(tr("Choose another place…"), "filing.ask_export"),
            Remedy(tr("Try again"), lambda: self.export(document, choice)),
        )
        return lambda error: self._editor.troubled.emit(Trouble(title, error, means, remedies))

    def _on_regions_exported(self, written: list[FileInfo]) -> None:
        if written:
            self.exported.emit(written[-1].path)

    def _problem(self, document: Document, path: Path) -> Trouble | None:
        """Return why a file must not be written: it is a source of a document, or sound is missing."""
        means = tr("The document is as it was; no file was written.")
        for opened in self._editor.documents.all:
            if any(same_file(source, path) for source in source_paths(opened.history())):
                error = AudioFileError(
                    f"{path.name} is a source of {opened.path.name} and is never overwritten; "
                    "choose another name.",
                    path,
                )
                another = Remedy(tr("Choose another name…"), "filing.ask_export")
                return Trouble(tr("Export"), error, means, (another,))
        copied = self._editor.clipboard
        if copied is not None and any(same_file(s, path) for s in source_paths(History(State(copied)))):
            what = tr("What was copied is read from {name}; choose another name.", name=path.name)
            error = AudioFileError(what, path)
            another = Remedy(tr("Choose another name…"), "filing.ask_export")
            return Trouble(tr("Export"), error, means, (another,))
        missing = missing_sources(History(State(document.sound)))
        if missing:
            error = AudioFileError(
                f"{missing[0].path.name} is missing, and its part would be silent; open the project again "
                "and say where it is.",
                missing[0].path,
            )
            return Trouble(
                tr("Export"), error, means, (Remedy(tr("Find the missing files…"), "filing.find_sources"),)
            )
        return None
