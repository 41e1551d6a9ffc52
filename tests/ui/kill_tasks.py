"""Kills a process while it saves, replaces, exports, relocates, recovers or imports; looks at what is left.

Run by hand: `python tests/ui/kill_tasks.py [KILLS OF EACH KIND]`, 20 by default.
"""

import random
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import soundfile
from killed_tasks import LENGTH, RATE, TASKS, level_contents, number_of

from audiosr_desktop.audio.files import open_sound
from audiosr_desktop.audio.journal import Journal, find_recoverable, recover
from audiosr_desktop.audio.project import ProjectFile, missing_sources, save_as
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.job import run_job

PROGRAM = Path(__file__).with_name("killed_tasks.py")
LIMIT_S = 120.0


def prepared(folder: Path, kind: str) -> None:
    """Lay out what a kind of task begins with: everything is of round 0."""
    soundfile.write(folder / "source.wav", np.zeros((LENGTH, 2), np.float32), RATE, "FLOAT")
    run_job(save_as(folder / "work.asrproj", level_contents(folder, 0))).close()
    soundfile.write(folder / "out.wav", np.zeros((LENGTH, 2), np.float32), RATE, "FLOAT")
    if kind == "relocate":
        with Scratch.create(folder / "check") as scratch:
            base = run_job(open_sound(folder / "source.wav", scratch))
            run_job(save_as(folder / "work.asrproj", level_contents(folder, 0, base))).close()
    elif kind == "import":
        noise = np.random.default_rng(1).normal(0.0, 0.1, (60 * RATE, 1)).astype(np.float32)
        with soundfile.SoundFile(folder / "long.ogg", "w", RATE, 1, "VORBIS") as file:
            for start in range(0, len(noise), 65_536):
                file.write(noise[start : start + 65_536])
    elif kind == "recover":
        with Scratch.create(folder / "runs") as scratch:
            journal = Journal(scratch.folder)
            journal.write(level_contents(folder, 0))
            shutil.copytree(scratch.folder, folder / "runs" / "audiosr-1-dead")
            journal.discard()


def kill_once(folder: Path, kind: str, first: int, chance: random.Random) -> tuple[int, int, float, str]:
    """Run a task, kill it, and return the last round that was done, the last one begun, and what it said.

    The moment lies up to one and a half rounds after one of the first rounds was told.
    """
    lines_wanted, times, lines = chance.randint(1, 5), [time.monotonic()], []
    command = [sys.executable, str(PROGRAM), kind, str(folder), str(first)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        watch = threading.Timer(LIMIT_S, process.kill)
        watch.start()
        try:
            wanted = 1 if kind == "recover" else lines_wanted
            while len(lines) < wanted and (line := process.stdout.readline()):
                lines.append(line)
                times.append(time.monotonic())
            time.sleep(chance.uniform(0.0, 0.12))
        finally:
            watch.cancel()
            process.kill()
        lines += process.stdout.readlines()
        problem = process.stderr.read()
    numbers = {word: [int(s.split()[1]) for s in lines if s.startswith(word)] for word in ("begin", "done")}
    done = max(numbers["done"], default=first - 1)
    said = problem.strip().splitlines()[-1] if "Traceback" in problem else ""
    return done, max([done, *numbers["begin"]]), times[-1] - times[0], said


def project_number(folder: Path, scratch: Scratch) -> int:
    """Return of which round a project is, and see that all of it can be read."""
    path = folder / "work.asrproj"
    with closing(ProjectFile.open(path, "project")) as file:
        history = run_job(file.load(scratch)).history
        number = number_of(history.present.sound)
        assert history.steps[0][0].text == f"round {number}"
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    return number


def relocated_number(folder: Path, scratch: Scratch) -> int:
    """Return of which round a project is whose source may have to be found once more."""
    (source,) = folder.glob("source*.wav")
    assert soundfile.info(source).frames == LENGTH
    with closing(ProjectFile.open(folder / "work.asrproj", "project")) as file:
        contents = run_job(file.load(scratch))
        if missing_sources(contents.history):
            contents = run_job(file.load(scratch, {contents.info.path: source}))
        assert not missing_sources(contents.history), "its link is lost"
        assert not contents.history.base.sound.read(0, LENGTH).any()
        return number_of(contents.history.present.sound)


def exported_number(folder: Path, _: Scratch) -> int:
    found, rate = soundfile.read(folder / "out.wav", dtype="float32")
    assert (found.shape, rate) == ((LENGTH, 2), RATE), "half a file"
    assert np.ptp(found) == 0
    return round(float(found[0, 0]) * 1000)


def autosaved_number(folder: Path, scratch: Scratch) -> int:
    """Return of which round the newest autosave is; the others are copies of it."""
    found = [entry for entry in find_recoverable(folder / "runs") if not entry.problem]
    assert found, "nothing is left to recover"
    shutil.rmtree(folder / "copy", ignore_errors=True)
    copied = folder / "copy" / found[0].path.parent.name
    shutil.copytree(found[0].path.parent, copied)
    contents, journal = run_job(recover(copied / found[0].path.name, scratch))
    number = number_of(contents.history.present.sound)
    journal.discard()
    return number


def nothing_left(folder: Path, _: Scratch) -> int:
    Scratch.create(folder / "runs").close()
    assert not list((folder / "runs").iterdir()), "scratch files of the killed run are left"
    return -1


CHECKS: dict[str, Callable[[Path, Scratch], int]] = {
    "save": project_number,
    "save over another": project_number,
    "export over a file": exported_number,
    "relocate": relocated_number,
    "recover": autosaved_number,
    "import": nothing_left,
    "autosave": autosaved_number,
}


def run_kills(folder: Path, kind: str, count: int, seed: int) -> tuple[list[str], int]:
    """Kill a kind of task again and again; return the problems, and how many kills fell into a round."""
    chance, problems, inside, kept = random.Random(seed), [], 0, 0
    prepared(folder, kind)
    with Scratch.create(folder / "check") as scratch:
        for kill in range(count):
            done, begun, _, said = kill_once(folder, kind, kept + 1, chance)
            inside += begun > done if kind != "recover" else done == kept
            if kind == "autosave" and done == kept:  # killed before the first one was whole
                shutil.rmtree(folder / "runs", ignore_errors=True)
                continue
            try:
                found = CHECKS[kind](folder, scratch)
            except Exception as error:  # noqa: BLE001 - whatever it is, it is what was looked for
                problems.append(f"{kind}, kill {kill}: {type(error).__name__}: {error}")
                break
            if said:
                problems.append(f"{kind}, kill {kill}: {said}")
            if kind == "recover":
                problems += [f"{kind}, kill {kill}: of round {found}"] if found else []
            elif kind == "autosave":
                if not done <= found <= begun:
                    problems.append(f"{kind}, kill {kill}: found round {found} of {done} to {begun}")
                shutil.rmtree(folder / "runs")
            elif kind != "import":
                if not max(kept, done) <= found <= begun:
                    problems.append(f"{kind}, kill {kill}: found round {found} of {done} to {begun}")
                kept = found
    return problems, inside


def main() -> None:
    """Kill each kind of task, and print what was found."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    for kind in TASKS:
        with tempfile.TemporaryDirectory() as folder:
            problems, inside = run_kills(Path(folder), kind, count, seed=7)
            left = len([*Path(folder).glob(".*.part*")])
            line = f"{kind}: {count} kills, {inside} within a round, {left} part files left, {problems}"
            sys.stdout.write(line + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    main()
