"""Projects whose file was replaced while they are open: nothing is lost, and no other samples are read."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from audiosr_desktop.audio.files import FileInfo
from audiosr_desktop.audio.history import History, State, Step
from audiosr_desktop.audio.journal import Journal, find_recoverable, recover
from audiosr_desktop.audio.project import ProjectFile, save_as
from audiosr_desktop.audio.project_values import Contents
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.errors import AudioFileError, ProjectError
from audiosr_desktop.job import run_job

RATE = 48_000
LONG = 400_000  # several rows of samples


def sound_of(level: float, length: int = LONG) -> Sound:
    return Sound.from_array(np.full((1, length), level, np.float32), RATE)


def contents_of(*sounds: Sound, path: Path, project: Path | None = None) -> Contents:
    info = FileInfo(path, "WAV", "FLOAT", "FILE", RATE, 1, sounds[0].length)
    steps = tuple((Step("Paste", Region(0, 0)), State(sound)) for sound in sounds[1:])
    return Contents(History(State(sounds[0]), steps, len(steps), 0), info, {}, project)


def levels(sound: Sound) -> set[float]:
    return {float(level) for level in np.unique(sound.read(0, sound.length))}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "work.asrproj"


@pytest.fixture
def opened(path: Path, run_scratch: Scratch) -> tuple[ProjectFile, Contents]:
    """A project with two states, loaded: its samples are read from it."""
    run_job(save_as(path, contents_of(sound_of(0.25), sound_of(0.5), path=path))).close()
    file = ProjectFile.open(path, "project")
    return file, run_job(file.load(run_scratch))


def test_a_project_that_was_replaced_takes_no_save(opened: tuple[ProjectFile, Contents], path: Path) -> None:
    file, contents = opened
    run_job(save_as(path, contents_of(sound_of(0.75), path=path))).close()
    before = path.read_bytes()
    with pytest.raises(ProjectError, match="another window"):
        run_job(file.save(contents))
    assert path.read_bytes() == before


def test_samples_are_read_from_the_file_that_took_the_old_ones_place(
    opened: tuple[ProjectFile, Contents], path: Path, run_scratch: Scratch
) -> None:
    """The old file's connection would take the new file's journal for its own, and roll it back."""
    _, contents = opened
    new = run_job(save_as(path, contents))
    later = contents_of(contents.history.base.sound, sound_of(0.1, 3_000_000), path=path)
    saving = new.save(later)
    for _ in range(20):  # in the middle of a transaction
        next(saving)
    journal = path.with_name(f"{path.name}-journal")
    assert journal.exists()
    assert levels(contents.history.base.sound) == {0.25}
    assert levels(contents.history.present.sound) == {0.5}
    assert journal.exists()
    run_job(saving)
    again = run_job(ProjectFile.open(path, "project").load(run_scratch))
    assert levels(again.history.present.sound) == {np.float32(0.1)}


def test_what_only_the_old_file_holds_is_never_read_beside_a_foreign_journal(
    opened: tuple[ProjectFile, Contents], path: Path
) -> None:
    _, contents = opened
    present = contents.history.present.sound
    new = run_job(save_as(path, contents_of(contents.history.base.sound, path=path)))
    assert levels(present) == {0.5}  # as nobody writes
    saving = new.save(contents_of(sound_of(0.1, 3_000_000), path=path))
    for _ in range(20):
        next(saving)
    with pytest.raises(AudioFileError, match="replaced"):
        levels(present)
    run_job(saving)
    assert levels(present) == {0.5}


def test_an_autosave_follows_the_samples_into_the_new_file(
    opened: tuple[ProjectFile, Contents], path: Path, tmp_path: Path, run_scratch: Scratch
) -> None:
    _, contents = opened
    contents = replace(contents, project_path=path)
    with_edit = replace(contents, history=replace(contents.history, clean=-1))
    root = tmp_path / "killed"
    with Scratch.create(root) as scratch:
        journal = Journal(scratch.folder)
        journal.write(with_edit)
        other = sound_of(0.75)
        steps = (*contents.history.steps, (Step("Paste", Region(0, 0)), State(other)))
        grown = replace(contents, history=History(contents.history.base, steps, 2, -1))
        new = run_job(save_as(path, replace(grown, history=History(State(other), steps, 2, 2))))
        journal.write(grown)
        for file in (new, journal._file):
            file.close()  # type: ignore[union-attr]
    (left,) = find_recoverable(root)
    found, _ = run_job(recover(left.path, run_scratch))
    assert levels(found.history.present.sound) == {0.75}
    assert levels(found.history.base.sound) == {0.25}
    assert levels(found.history.steps[0][1].sound) == {0.5}


def test_an_autosave_reads_no_samples_of_another_project(
    opened: tuple[ProjectFile, Contents], path: Path, tmp_path: Path, run_scratch: Scratch
) -> None:
    _, contents = opened
    root = tmp_path / "killed"
    with Scratch.create(root) as scratch:
        journal = Journal(scratch.folder)
        journal.write(replace(contents, history=replace(contents.history, clean=-1)))
        journal._file.close()  # type: ignore[union-attr]
    path.unlink()
    run_job(save_as(path, contents_of(sound_of(0.9), sound_of(0.8), path=path))).close()
    (left,) = find_recoverable(root)
    with pytest.raises(ProjectError, match="missing"):
        run_job(recover(left.path, run_scratch))
