"""Sources: the sound files below the files and folders that a user names, and why others cannot be used."""

import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from audiosr_desktop.audio.files import FileInfo, probe
from audiosr_desktop.audio.formats import SOUND_SUFFIXES
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.job import Job, Progress

STATE_FOLDER = ".audiosr-batch"  # in a target folder: the queue and what is not complete yet


@dataclass(frozen=True, slots=True)
class Source:
    """A file to work on, or one that cannot be worked on.

    Attributes:
        path: absolute.
        top: the folder that was named, or the file's own.
        in_tree: whether a folder was named.
        info: what the file says of itself; None where `reason` says why it cannot be read.
        reason: one sentence.
    """

    path: Path
    top: Path
    in_tree: bool
    info: FileInfo | None
    reason: str = ""


def find_sources(inputs: Iterable[Path], ignored: Iterable[Path] = ()) -> Job[list[Source]]:
    """Look at the files named and at the sound files in the folders named, in the order of their names.

    What cannot be read is in the list, with the reason; a file that is reached twice is in it once. Hidden
    files and files without the suffix of a sound are left out, unless they are named themselves.

    Args:
        inputs: files and folders.
        ignored: folders that are not searched, as the target of the batch.
    """
    found: list[Source] = []
    for path, top, in_tree, reason in find_files(inputs, ignored):
        found.append(look_at(path, top, in_tree=in_tree, reason=reason))
        yield Progress(0.0, f"Looking for files: {len(found)}")
    return found


def find_files(
    inputs: Iterable[Path], ignored: Iterable[Path] = ()
) -> Iterator[tuple[Path, Path, bool, str]]:
    """Yield what `find_sources` looks at: path, folder named, whether one was, and why it is unreadable."""
    seen: set[str] = set()
    leave_out = {os.path.realpath(folder) for folder in ignored}
    for given in inputs:
        place = Path(os.path.abspath(given))  # noqa: PTH100 - `resolve` would follow links
        in_tree = place.is_dir()
        for path, reason in _below(place, leave_out):
            identity = os.path.realpath(path)
            if identity not in seen:
                seen.add(identity)
                yield path, place if in_tree else place.parent, in_tree, reason


def look_at(path: Path, top: Path, *, in_tree: bool, reason: str = "") -> Source:
    """Return a source with what its file says of itself, or the reason why it cannot be read."""
    if reason:
        return Source(path, top, in_tree, None, reason)
    try:
        return Source(path, top, in_tree, probe(path))
    except AudioFileError as error:
        return Source(path, top, in_tree, None, str(error))


def _below(place: Path, leave_out: set[str]) -> Iterator[tuple[Path, str]]:
    """Yield files and, for folders that cannot be read, the reason."""
    if not place.is_dir():
        yield place, ""
        return
    problems: list[OSError] = []
    for folder, folders, names in os.walk(place, onerror=problems.append):
        here = Path(folder)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".") and os.path.realpath(here / name) not in leave_out
        )
        for name in sorted(names):
            if not name.startswith(".") and Path(name).suffix.lower() in SOUND_SUFFIXES:
                yield here / name, ""
    for problem in problems:
        yield Path(problem.filename), f"The folder {problem.filename} cannot be read: {problem.strerror}."
