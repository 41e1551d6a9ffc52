"""Autosaves: what each document looks like after its last step, in the scratch folder of the program.

A killed program leaves its folder behind; the autosaves in it say which scratch files are whose. The next
start lists them: each can be taken over, thrown away, or left for later.
"""

import secrets
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from audiosr_desktop.audio.project import ProjectFile, save_as
from audiosr_desktop.audio.project_values import Contents
from audiosr_desktop.audio.run_folders import AUTOSAVES, holding, killed_runs
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.job import Job, run_job


class Journal:
    """The autosave of one document.

    Args:
        folder: the scratch folder of this run.
    """

    def __init__(self, folder: Path) -> None:
        suffix = AUTOSAVES.removeprefix("*")
        self.path = folder / f"{secrets.token_hex(8)}{suffix}"
        self._file: ProjectFile | None = None

    def write(self, contents: Contents) -> None:
        """Save the present state; takes milliseconds, as long sounds lie in files of their own.

        Raises:
            ProjectError: the scratch folder cannot be written.
        """
        if self._file is None:  # the first one appears when it is complete
            self._file = run_job(save_as(self.path, contents, "autosave"))
        else:
            run_job(self._file.save(contents))

    def discard(self) -> None:
        """Delete the autosave: its document was saved and closed, or given up."""
        if self._file is not None:
            self._file.close()
            self._file = None
        remove_autosave(self.path)


@dataclass(frozen=True, slots=True)
class Recoverable:
    """An autosave of a killed run.

    Attributes:
        path: the autosave.
        title: name of the project or the file.
        when: time of the last autosave.
        steps: edits that it holds.
        last_step: name of the last one.
        problem: why it cannot be restored; empty when it can.
    """

    path: Path
    title: str
    when: datetime
    steps: int = 0
    last_step: str = ""
    problem: str = ""


def find_recoverable(root: Path | None = None) -> list[Recoverable]:
    """Return what killed runs left, newest first; folders with nothing to recover are removed."""
    found = []
    for folder in killed_runs(root):
        here = [entry for path in sorted(folder.glob(AUTOSAVES)) if (entry := _examine(path)) is not None]
        found += here
        if not here:
            shutil.rmtree(folder, ignore_errors=True)
    return sorted(found, key=lambda entry: entry.when, reverse=True)


def _examine(path: Path) -> Recoverable | None:
    """Return what an autosave holds; None when its document was saved."""
    when = datetime.fromtimestamp(max(p.stat().st_mtime for p in _parts(path)))
    try:
        file = ProjectFile.open(path, "autosave")
        try:
            summary = file.summary()
        finally:
            file.close()
    except AudioSRError as error:
        return Recoverable(path, path.name, when, problem=str(error))
    if summary.done == summary.saved:
        return None
    return Recoverable(path, summary.title, when, summary.done, summary.last_step)


def recover(path: Path, scratch: Scratch) -> Job[tuple[Contents, Journal]]:
    """Take over what an autosave holds, with its scratch files; then it goes.

    Args:
        path: of the autosave.
        scratch: of this run.

    Returns:
        What it held, and the autosave that goes on from there.

    Raises:
        AudioFileError: another run holds it.
        ProjectError: the autosave is damaged, or samples of its last state are gone.
    """
    with holding(path.parent):
        file = ProjectFile.open(path, "autosave")
        try:
            contents = yield from file.load(scratch)
        finally:
            file.close()
        journal = Journal(scratch.folder)
        journal.write(contents)
    discard(path)
    return contents, journal


def discard(path: Path) -> None:
    """Throw an autosave away, and with the last one of its folder all scratch files.

    Raises:
        AudioFileError: another run holds it.
    """
    with holding(path.parent):
        remove_autosave(path)
    if not any(path.parent.glob(AUTOSAVES)):
        shutil.rmtree(path.parent, ignore_errors=True)


def remove_autosave(path: Path) -> None:
    """Delete an autosave and what SQLite keeps beside it."""
    for part in _parts(path):
        part.unlink(missing_ok=True)


def _parts(path: Path) -> list[Path]:
    return [path, *path.parent.glob(f"{path.name}-*")]
