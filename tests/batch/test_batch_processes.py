"""Processes that die: the file is tried once more, and fails when it takes a second one with it."""

from pathlib import Path

import batch_kit
import pytest

from audiosr_desktop.batch.crew import Event, Failed, Finished
from audiosr_desktop.batch.processes import ProcessCrew
from audiosr_desktop.batch.recipe import Recipe
from audiosr_desktop.batch.work import Task


def wait_for_end(crew: ProcessCrew) -> Event:
    for _ in range(1_200):
        for event in crew.events(0.1):
            if isinstance(event, Finished | Failed):
                return event
    pytest.fail("the file never ended")


@pytest.mark.parametrize("deaths", [1, 2])
def test_a_process_that_dies_is_replaced(tmp_path: Path, gain: Recipe, deaths: int) -> None:
    source = batch_kit.write_sound(tmp_path / "a.wav", 1)
    task = Task(1, source, tmp_path / "part" / "1.wav", gain, {}, False)
    crew = ProcessCrew(1)
    try:
        crew.start(task)
        assert crew.room == 0
        ends: list[Event] = []
        for _ in range(deaths):  # while it still loads its libraries
            crew._hands[0].process.kill()
            crew._hands[0].process.join()
            ends += crew.events(5.0)
        end = ends[0] if ends else wait_for_end(crew)
        if deaths == 1:
            assert isinstance(end, Finished)
            assert task.staged.is_file()
        else:
            assert isinstance(end, Failed)
            assert "died twice" in end.reason
        assert crew.room == 1
    finally:
        crew.close()
    assert not crew._hands[0].process.is_alive()
