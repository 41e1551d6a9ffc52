"""A watched folder: complete files are taken once, growing ones and own results are left alone."""

from pathlib import Path

import batch_kit

from audiosr_desktop.batch.api import fill_queue, local_crew, open_queue, settings_for
from audiosr_desktop.batch.queue import Queue
from audiosr_desktop.batch.recipe import Recipe
from audiosr_desktop.batch.runner import Runner
from audiosr_desktop.batch.watch import Watcher
from audiosr_desktop.job import run_job


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def watched(folder: Path, out: Path, recipe: Recipe) -> tuple[Queue, Watcher, Clock]:
    queue = open_queue(out)
    run_job(fill_queue(queue, [folder], settings_for(recipe, out), resume=True, watching=True))
    clock = Clock()
    return queue, Watcher(queue, [folder], clock=clock), clock


def look(watcher: Watcher, clock: Clock, times: int = 2) -> None:
    for _ in range(times):
        clock.now += 3.0
        watcher.find_more()


def names(queue: Queue, *states: str) -> list[str]:
    return [item.path.name for item in queue.items(*states)]


def test_a_file_is_taken_when_it_is_complete(tmp_path: Path, gain: Recipe) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    queue, watcher, clock = watched(folder, tmp_path / "out", gain)
    whole = batch_kit.write_sound(tmp_path / "x.wav", 1).read_bytes()
    look(watcher, clock, 1)
    assert names(queue) == []
    for part in (100, 5_000, len(whole)):  # it grows between the looks
        (folder / "x.wav").write_bytes(whole[:part])
        look(watcher, clock, 1)
        assert names(queue) == []
    look(watcher, clock, 1)
    assert names(queue, "queued") == ["x.wav"]
    look(watcher, clock)
    assert names(queue) == ["x.wav"]
    queue.close()


def test_a_file_that_pauses_while_it_is_written_is_waited_for(tmp_path: Path, gain: Recipe) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    queue, watcher, clock = watched(folder, tmp_path / "out", gain)
    whole = batch_kit.write_sound(tmp_path / "x.wav", 1).read_bytes()
    (folder / "x.wav").write_bytes(whole[:5_000])
    (folder / "never.wav").write_text("no sound")
    look(watcher, clock, 5)
    assert names(queue) == []
    (folder / "x.wav").write_bytes(whole)
    look(watcher, clock, 2)
    assert names(queue, "queued") == ["x.wav"]
    clock.now += 60.0
    look(watcher, clock)
    assert names(queue, "failed") == ["never.wav"]
    queue.close()


def test_own_results_are_no_sources_even_in_the_folder_itself(tmp_path: Path, gain: Recipe) -> None:
    folder = tmp_path / "both"
    batch_kit.write_sound(folder / "x.wav", 1)
    queue, watcher, clock = watched(folder, folder, gain)
    look(watcher, clock)
    run_job(Runner(queue, lambda: local_crew(1)).run())
    look(watcher, clock)
    assert names(queue) == ["x.wav"]
    assert set(batch_kit.results(folder)) == {"x.wav", "x_gain.wav"}
    queue.close()


def test_the_run_goes_on_until_it_is_closed(tmp_path: Path, gain: Recipe) -> None:
    folder = tmp_path / "in"
    folder.mkdir()
    queue, watcher, clock = watched(folder, tmp_path / "out", gain)

    def find_more() -> None:
        clock.now += 3.0
        watcher.find_more()

    runner = Runner(queue, lambda: local_crew(1), find_more=find_more)
    job = runner.run()
    for seed in (1, 2):  # the second one appears after the first is done
        batch_kit.write_sound(folder / f"{seed}.wav", seed)
        while queue.counts()["done"] < seed:
            next(job)
    (tmp_path / "out" / "1_gain.wav").unlink()  # taken away by whoever waits for it
    job.close()
    assert runner.summary().left == 0
    run_job(fill_queue(queue, [folder], settings_for(gain, tmp_path / "out"), resume=True, watching=True))
    assert queue.counts()["done"] == 2
    queue.close()
