"""A kill and the next start, each a process of its own: what is offered, and what its buttons do."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import RATE, write_tone

HERE = Path(__file__).parent
SAVED, DONE = ["Silence"], ["Silence", "Cut", "Cut"]


class Place:
    """A scratch folder, a source and a project that processes share."""

    def __init__(self, folder: Path) -> None:
        self.root, self.project = folder / "scratch", folder / "work.asrproj"
        self.source = write_tone(folder / "tone.wav")
        self.root.mkdir()

    def command(self, task: str) -> list[str]:
        program = str(HERE / "recovered_editor.py")
        return [sys.executable, program, task, str(self.root), str(self.source), str(self.project)]

    def kill_an_editor(self) -> dict[str, Any]:
        """Edit in a process, and kill it when it says that all is on disk."""
        with subprocess.Popen(self.command("edit"), stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            line = process.stdout.readline()
            os.kill(process.pid, signal.SIGKILL if hasattr(signal, "SIGKILL") else signal.SIGTERM)
        told: dict[str, Any] = json.loads(line)
        return told

    def start(self, task: str) -> dict[str, Any]:
        """Start the program, and return all that it told."""
        done = subprocess.run(self.command(task), capture_output=True, text=True, check=False, timeout=120)
        assert done.returncode == 0, done.stderr
        told: dict[str, Any] = {}
        for line in done.stdout.splitlines():
            told |= json.loads(line)
        return told


@pytest.fixture
def killed(tmp_path: Path) -> Place:
    place = Place(tmp_path)
    assert place.kill_an_editor() == {"ready": True, "interval_ms": 60_000}
    return place


def test_the_next_start_offers_and_restores(killed: Place) -> None:
    source, project = killed.source.read_bytes(), killed.project.read_bytes()
    told = killed.start("Restore")
    assert (told["left"], told["rows"]) == (1, 1)
    name, when, last_step, edits = told["row"]
    assert (name, last_step, edits) == ("work.asrproj", "Cut", "3")
    assert any(figure.isdigit() for figure in when)
    assert told["steps"] == DONE
    assert told["modified"]
    assert told["length"] == 2 * RATE - 4000
    assert told["selection"] == [30_000, 40_000, 500.0]  # it was changed after the last step
    assert told["errors"] == []
    assert (killed.source.read_bytes(), killed.project.read_bytes()) == (source, project)


def test_later_leaves_it_for_the_start_after_that(killed: Place) -> None:
    assert "steps" not in killed.start("Later")
    assert killed.start("Restore")["steps"] == DONE


def test_discard_says_what_goes_and_only_that_goes(killed: Place) -> None:
    told = killed.start("Discard…")
    assert "work.asrproj: 3 edits, the last one Cut" in told["question"]
    assert "Saved projects and source files stay" in told["question"]
    assert killed.start("Later")["left"] == 0
    assert killed.start("open")["saved_steps"] == SAVED


def test_a_damaged_autosave_blocks_nothing(killed: Place) -> None:
    for part in killed.root.glob("*/*.autosave*"):
        part.write_bytes(part.read_bytes()[:1500])
    told = killed.start("Later")
    assert told["left"] == 1
    assert "damaged" in told["row"][2]
    opened = killed.start("open")
    assert opened["saved_steps"] == SAVED
    assert opened["length"] == 2 * RATE


def test_a_source_that_went_meanwhile_is_told_after_recovery(killed: Place) -> None:
    killed.source.rename(killed.source.with_name("elsewhere.wav"))
    told = killed.start("Restore")
    assert told["steps"] == DONE
    ((happened, means),) = told["errors"]
    assert "tone.wav is not where it was" in happened
    assert "silent until it is found" in means
