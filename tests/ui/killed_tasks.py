"""A program that does one thing to files again and again until it is killed, for `kill_tasks.py`.

Round n makes sound of the level n / 1000, so that what is found afterwards says of which round it is.
"""

import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np

from audiosr_desktop.audio.files import FileInfo, OutputFormat, open_sound, probe, write_sound
from audiosr_desktop.audio.history import History, State, Step
from audiosr_desktop.audio.journal import Journal, find_recoverable, recover
from audiosr_desktop.audio.project import ProjectFile, save_as
from audiosr_desktop.audio.project_values import Contents
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.job import run_job

RATE, LENGTH = 48_000, 400_000


def tell(*words: object) -> None:
    sys.stdout.write(" ".join(map(str, words)) + "\n")
    sys.stdout.flush()


def level_sound(number: int) -> Sound:
    return Sound.from_array(np.full((2, LENGTH), number / 1000, np.float32), RATE)


def number_of(sound: Sound) -> int:
    """Return of which round a sound is.

    Raises:
        AssertionError: it is of none, or of several.
    """
    samples = sound.read(0, sound.length)
    assert samples.shape == (2, LENGTH), samples.shape
    assert np.ptp(samples) == 0, "samples of several rounds"
    return round(float(samples[0, 0]) * 1000)


def level_contents(folder: Path, number: int, base: Sound | None = None) -> Contents:
    """Return a document of one step whose sounds are both of a round, or the first is a file's."""
    info = FileInfo(folder / "source.wav", "WAV", "FLOAT", "FILE", RATE, 2, LENGTH)
    step = Step(f"round {number}", Region(0, LENGTH))
    made = level_sound(number)
    return Contents(History(State(base or made), ((step, State(made)),), 1, 0), info)


def rounds(act: Callable[[int], None], first: int) -> None:
    tell("ready")
    for number in range(first, 1000):
        tell("begin", number)
        act(number)
        tell("done", number)


def save(folder: Path, first: int) -> None:
    """Save a project again and again."""
    file = ProjectFile.open(folder / "work.asrproj", "project")
    run_job(file.load(Scratch.create(folder / "runs")))
    rounds(lambda number: run_job(file.save(level_contents(folder, number))), first)


def replace(folder: Path, first: int) -> None:
    """Save new projects in the place of old ones."""
    path = folder / "work.asrproj"
    rounds(lambda number: run_job(save_as(path, level_contents(folder, number))).close(), first)


def export(folder: Path, first: int) -> None:
    """Export over an existing file."""
    kind = OutputFormat("WAV", "FLOAT")
    like = probe(folder / "out.wav")

    def act(number: int) -> None:
        run_job(write_sound(level_sound(number), folder / "out.wav", output=kind, like=like, overwrite=True))

    rounds(act, first)


def relocate(folder: Path, first: int) -> None:
    """Find a source that has another name each time, and save the project with it."""
    with Scratch.create(folder / "runs") as scratch:

        def act(number: int) -> None:
            (old,) = folder.glob("source*.wav")
            new = folder / f"source {number}.wav"
            file = ProjectFile.open(folder / "work.asrproj", "project")
            known = run_job(file.load(scratch)).info.path
            old.rename(new)
            contents = run_job(file.load(scratch, {known: new}))
            run_job(file.save(level_contents(folder, number, contents.history.base.sound)))
            file.close()

        rounds(act, first)


def recover_all(folder: Path, first: int) -> None:
    """Take over what the run before left; then keep it as the autosave of this one."""
    tell("ready")
    with Scratch.create(folder / "runs") as scratch:
        for entry in find_recoverable(folder / "runs"):
            run_job(recover(entry.path, scratch))
        tell("done", first)
        sys.stdin.readline()


def import_file(folder: Path, first: int) -> None:
    """Decode a file to the scratch folder."""
    with Scratch.create(folder / "runs") as scratch:
        rounds(lambda _: run_job(open_sound(folder / "long.ogg", scratch)).length, first)


def autosave(folder: Path, first: int) -> None:
    """Write an autosave after each step."""
    with Scratch.create(folder / "runs") as scratch:
        journal = Journal(scratch.folder)
        rounds(lambda number: journal.write(level_contents(folder, number)), first)


TASKS: dict[str, Callable[[Path, int], None]] = {
    "save": save,
    "save over another": replace,
    "export over a file": export,
    "relocate": relocate,
    "recover": recover_all,
    "import": import_file,
    "autosave": autosave,
}


if __name__ == "__main__":
    TASKS[sys.argv[1]](Path(sys.argv[2]), int(sys.argv[3]))
