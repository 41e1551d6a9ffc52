"""Kills a real editing process at random moments and looks at what is found again.

Run by hand: `python tests/ui/kills.py [KILLS]`, 100 by default.
"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import soundfile
from killed_editor import edit, sum_of

from audiosr_desktop.audio.files import open_sound, probe
from audiosr_desktop.audio.history import History, State
from audiosr_desktop.audio.journal import discard, find_recoverable, recover
from audiosr_desktop.audio.project import ProjectFile
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.job import run_job
from audiosr_desktop.ui.document import Document

PROGRAM = Path(__file__).with_name("killed_editor.py")
LIMIT_S = 120.0  # for one run of the program, however busy the machine is


@dataclass
class Tally:
    """What a run of kills found."""

    kills: int = 0
    during_save: int = 0
    during_step: int = 0
    during_start: int = 0
    recovered: int = 0
    steps: int = 0
    problems: list[str] = field(default_factory=list)


def write_source(path: Path) -> Path:
    values = 0.1 * np.random.default_rng(5).standard_normal((48_000, 2))
    soundfile.write(path, values, 48_000, "PCM_24")
    return path


def expected(source: Path, scratch: Scratch, steps: int, known: dict[int, str]) -> str:
    """Return the check-sum after a number of steps, computed in this process."""
    if steps not in known:
        document = Document(History(State(run_job(open_sound(source, scratch)))), probe(source))
        for number in range(1, steps + 1):
            edit(document, scratch, number)
            known[number] = sum_of(document.sound)
        known.setdefault(0, sum_of(document.history().base.sound))
    return known[steps]


@dataclass(frozen=True, slots=True)
class Moment:
    """When to kill: so long after so many lines were told, or after the start when `lines` is 0.

    What a program has told hangs on what it did, not on how busy the machine is.
    """

    lines: int
    delay_s: float


def random_moment(chance: random.Random, start_s: float, most_lines: int) -> Moment:
    """Draw a moment: one in four while the program starts and recovers, the others while it edits.

    Args:
        chance: where it comes from.
        start_s: how long the last start took.
        most_lines: after which the kill comes at the latest.
    """
    if chance.random() < 0.25:
        return Moment(0, chance.uniform(0.0, start_s))
    return Moment(chance.randint(1, most_lines), chance.uniform(0.0, 0.08))


def kill_once(folder: Path, moment: Moment) -> tuple[list[str], float]:
    """Run the program, kill it, and return the lines that it wrote and how long it took to the first."""
    arguments = [sys.executable, str(PROGRAM), str(folder / "runs"), str(folder / "source.wav")]
    began, first_s = time.monotonic(), 0.0
    with subprocess.Popen(
        [*arguments, str(folder / "work.asrproj")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        watch = threading.Timer(LIMIT_S, process.kill)
        watch.start()
        try:
            lines = []
            while len(lines) < moment.lines and (line := process.stdout.readline()):
                lines.append(line)
                first_s = first_s or time.monotonic() - began
            time.sleep(moment.delay_s)
        finally:
            watch.cancel()
            process.kill()
        told = len(lines)
        lines += process.stdout.readlines()
        problem = process.stderr.read()
    if "Traceback" in problem:
        lines.append(f"error {problem.splitlines()[-1]}")
    elif told < moment.lines:
        lines.append(f"error only {told} lines within {LIMIT_S:g} s")
    return [line.strip() for line in lines if line.endswith("\n") or line.startswith("error")], first_s


def last_number(lines: list[str], word: str, default: int) -> int:
    found = [int(line.split()[1]) for line in lines if line.startswith(f"{word} ")]
    return found[-1] if found else default


def run_kills(folder: Path, count: int, seed: int, most_lines: int = 24, fresh_after: int = 24) -> Tally:
    """Kill the program again and again; each start goes on from what the kill before left.

    Args:
        folder: empty; for the source, the project, and the scratch folders.
        count: kills.
        seed: of the moments.
        most_lines: that the program tells before its kill.
        fresh_after: steps after which a new document is begun, as checking takes longer the more there are.
    """
    source = write_source(folder / "source.wav")
    project, runs, chance = folder / "work.asrproj", folder / "runs", random.Random(seed)
    before, tally, known, saved, kept, start_s = source.read_bytes(), Tally(), {}, 0, 0, 1.0
    with Scratch.create(folder / "check") as scratch:
        for kill in range(count):
            lines, first_s = kill_once(folder, random_moment(chance, start_s, most_lines))
            start_s = first_s or start_s
            begun = last_number(lines, "start", kept)
            told, running = last_number(lines, "done", begun), last_number(lines, "begin", begun)
            saved = max(saved, last_number(lines, "saved", 0))
            saving = max(saved, last_number(lines, "saving", 0))
            tally.kills += 1
            tally.during_save += saving > saved
            tally.during_step += running > told
            tally.during_start += not first_s
            problems = [line for line in lines if line.startswith("error")]
            if begun != kept:
                problems.append(f"started with {begun} steps where {kept} were left")
            if source.read_bytes() != before:
                problems.append("the source was changed")
            if project.exists() or saved:
                steps, digest = project_state(project, scratch)
                if not saved <= steps <= saving or digest != expected(source, scratch, steps, known):
                    problems.append(f"the project has {steps} steps of {saved} to {saving}, or other samples")
                saved = steps
            found = find_recoverable(runs)
            for entry in found[1:]:  # killed between taking over and throwing away
                discard(entry.path)
            if found:
                steps, digest = autosave_state(found[0].path, folder / "copy", scratch)
                tally.recovered += 1
                tally.steps += steps - begun
                if not told <= steps <= running or digest != expected(source, scratch, steps, known):
                    problems.append(f"the autosave has {steps} of {told} to {running} steps, or other sound")
                if steps > fresh_after:
                    discard(found[0].path)
            elif told > saved:
                problems.append(f"{told - saved} steps are lost")
            kept = steps if found and steps <= fresh_after else 0
            if not find_recoverable(runs):  # the next start is a new document
                project.unlink(missing_ok=True)
                saved = kept = 0
            tally.problems += [f"kill {kill}: {problem}" for problem in problems]
    return tally


def project_state(project: Path, scratch: Scratch) -> tuple[int, str]:
    """Return how many steps a project holds, and the check-sum of its sound."""
    file = ProjectFile.open(project, "project")
    try:
        history = run_job(file.load(scratch)).history
        return history.index, sum_of(history.present.sound)
    finally:
        file.close()


def autosave_state(path: Path, place: Path, scratch: Scratch) -> tuple[int, str]:
    """Recover a copy of what a kill left."""

    def copy(start: str, stop: str) -> object:
        return os.link(start, stop) if start.endswith(".f32") else shutil.copyfile(start, stop)

    copied = place / path.parent.name
    shutil.copytree(path.parent, copied, copy_function=copy)
    contents, journal = run_job(recover(copied / path.name, scratch))
    state = contents.history.index, sum_of(contents.history.present.sound)
    journal.discard()
    return state


def main() -> None:
    """Kill as often as the first argument says (100), and print what was found."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 100
    with tempfile.TemporaryDirectory() as folder:
        sys.stdout.write(f"{run_kills(Path(folder), count, seed=1, most_lines=40)}\n")


if __name__ == "__main__":
    main()
