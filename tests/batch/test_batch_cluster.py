"""A cluster gives the bytes and the report of a local run; a worker that dies takes no file with it."""

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import batch_kit
import pytest

from audiosr_desktop.batch.api import fill_queue, local_crew, open_queue, settings_for
from audiosr_desktop.batch.cluster import ClusterCrew
from audiosr_desktop.batch.crew import Crew
from audiosr_desktop.batch.queue import Item, Queue
from audiosr_desktop.batch.recipe import Recipe
from audiosr_desktop.batch.report import report_of
from audiosr_desktop.batch.runner import Runner
from audiosr_desktop.errors import BatchError
from audiosr_desktop.job import run_job

distributed = pytest.importorskip("distributed", reason="Dask is not installed")

TIMES = ("elapsed_s", "rtf")  # what no two runs have in common

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None, silence_logs=50
    ) as made:
        yield made


def filled(out: Path, folder: Path, recipe: Recipe) -> Queue:
    queue = open_queue(out)
    run_job(fill_queue(queue, [folder], settings_for(recipe, out), resume=False))
    return queue


def told(queue: Queue, runner: Runner, out: Path) -> list[dict[str, Any]]:
    """Return the rows of the report without times, and with targets below `out`."""
    rows = report_of(queue, runner.summary())["files"]
    for row in rows:
        row.update(dict.fromkeys(TIMES))
        row["target"] = row["target"] and os.path.relpath(row["target"], out)
    return list(rows)


def run(out: Path, folder: Path, recipe: Recipe, make_crew: Any, on_end: Any = None) -> list[dict[str, Any]]:
    queue = filled(out, folder, recipe)
    runner = Runner(queue, make_crew, on_end=on_end)
    run_job(runner.run())
    rows = told(queue, runner, out)
    queue.close()
    return rows


def test_the_same_as_here_though_a_worker_is_killed(
    tmp_path: Path, sources: Path, gain: Recipe, cluster: Any
) -> None:
    for seed in range(10):
        batch_kit.write_sound(sources / "more" / f"{seed}.wav", 20 + seed)
    batch_kit.write_bad_files(sources / "bad")
    here = run(tmp_path / "here", sources, gain, lambda: local_crew(1))
    killed: list[int] = []

    def on_end(_item: Item) -> None:
        if not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            os.kill(killed[0], signal.SIGKILL)

    def crew() -> Crew:
        return ClusterCrew(cluster.scheduler_address)

    there = run(tmp_path / "there", sources, gain, crew, on_end)
    assert killed
    assert batch_kit.results(tmp_path / "there") == batch_kit.results(tmp_path / "here")
    assert len(batch_kit.results(tmp_path / "here")) == 14
    assert there == here


def test_closing_leaves_no_task_behind(tmp_path: Path, gain: Recipe, cluster: Any) -> None:
    for seed in range(12):
        batch_kit.write_sound(tmp_path / "in" / f"{seed}.wav", seed, 20.0)
    queue = filled(tmp_path / "out", tmp_path / "in", gain)
    job = Runner(queue, lambda: ClusterCrew(cluster.scheduler_address)).run()
    for _ in range(4):
        next(job)
    job.close()
    with distributed.Client(cluster, set_as_default=False) as client:
        at_work = client.run(lambda dask_worker: [str(task) for task in dask_worker.state.tasks])
        assert [task for tasks in at_work.values() for task in tasks] == []
        assert client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.tasks)) == []
    counts = queue.counts()
    assert counts["queued"] > 0
    assert counts["queued"] + counts["done"] == 12
    assert len(batch_kit.results(tmp_path / "out")) == counts["done"]
    queue.close()


def test_a_scheduler_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audiosr_desktop.batch.cluster._CONNECT_S", 0.5)
    started = time.monotonic()
    with pytest.raises(BatchError, match="no Dask scheduler at"):
        ClusterCrew("tcp://127.0.0.1:9")
    assert time.monotonic() > started
    with pytest.raises(BatchError, match="no Dask scheduler at"):
        ClusterCrew("what is this")
