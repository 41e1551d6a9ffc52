"""Kill −9 at random moments: source and saved project are intact, every finished step comes back."""

import sys
from pathlib import Path

import pytest
from kill_tasks import run_kills as run_task_kills
from killed_tasks import TASKS
from kills import run_kills


@pytest.mark.skipif(sys.platform == "win32", reason="a process is ended in another way there")
def test_a_killed_process_loses_no_finished_step(tmp_path: Path) -> None:
    tally = run_kills(tmp_path, 10, seed=20)
    assert tally.problems == []
    assert tally.kills == 10
    assert tally.recovered
    assert tally.steps


@pytest.mark.skipif(sys.platform == "win32", reason="a process is ended in another way there")
@pytest.mark.parametrize("kind", TASKS)
def test_a_kill_in_the_middle_leaves_the_old_or_the_new(tmp_path: Path, kind: str) -> None:
    problems, _ = run_task_kills(tmp_path, kind, 2, seed=3)
    assert problems == []
