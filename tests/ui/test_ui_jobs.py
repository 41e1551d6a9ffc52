"""JobThread, JobRunner and TileLoader: every end of a job, and nothing left running."""

import threading
import time
from collections.abc import Iterator

import pytest
from conftest import running_threads
from pytestqt.qtbot import QtBot

from audiosr_desktop.errors import EngineError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui.job_runner import JobEnd, JobRunner
from audiosr_desktop.ui.job_thread import EMIT_S, JobThread
from audiosr_desktop.ui.panels.job_panel import JobPanel, rough_time
from audiosr_desktop.ui.tile_loader import TileLoader


def counting(closed: threading.Event, steps: int = 5, error: Exception | None = None) -> Job[str]:
    try:
        for step in range(steps):
            yield Progress(step / steps, str(step))
        if error is not None:
            raise error
        return "done"
    finally:
        closed.set()


def endless(closed: threading.Event) -> Job[None]:
    try:
        while True:
            yield Progress(0.5, "on and on")
    finally:
        closed.set()


def ends_of(thread: JobThread, qtbot: QtBot) -> list[str]:
    ends: list[str] = []
    thread.succeeded.connect(lambda result: ends.append(f"succeeded {result}"))
    thread.failed.connect(lambda error: ends.append(f"failed {error}"))
    thread.cancelled.connect(lambda: ends.append("cancelled"))
    with qtbot.waitSignal(thread.finished, timeout=5_000):
        thread.start()
    qtbot.waitUntil(lambda: bool(ends), timeout=5_000)
    return ends


def test_a_job_that_ends_succeeds_once(qtbot: QtBot) -> None:
    closed = threading.Event()
    assert ends_of(JobThread(counting(closed)), qtbot) == ["succeeded done"]
    assert closed.is_set()


def test_progress_of_a_fast_job_is_thinned_out_but_its_last_is_told(qtbot: QtBot) -> None:
    told: list[str] = []
    began = time.monotonic()
    thread = JobThread(counting(threading.Event(), steps=50_000))
    thread.progressed.connect(lambda progress: told.append(progress.stage))
    assert ends_of(thread, qtbot) == ["succeeded done"]
    assert told[0] == "0"
    assert told[-1] == "49999"
    assert len(told) <= (time.monotonic() - began) / EMIT_S + 2


def test_a_job_that_fails_fails_once_with_its_own_error(qtbot: QtBot) -> None:
    closed = threading.Event()
    job = counting(closed, error=EngineError("No graph."))
    assert ends_of(JobThread(job), qtbot) == ["failed No graph."]
    assert closed.is_set()


def test_a_job_that_is_cancelled_cleans_up(qtbot: QtBot) -> None:
    closed = threading.Event()
    thread = JobThread(endless(closed))
    thread.progressed.connect(lambda _: thread.requestInterruption())
    assert ends_of(thread, qtbot) == ["cancelled"]
    assert closed.is_set()


def test_the_runner_runs_one_job_at_a_time(qtbot: QtBot) -> None:
    runner, closed, results = JobRunner(), threading.Event(), []
    with qtbot.waitSignal(runner.ended, timeout=5_000) as ended:
        assert runner.start("first", counting(closed), results.append)
        assert not runner.start("second", counting(threading.Event()))
    assert results == ["done"]
    assert ended.args is not None
    assert ended.args[0].title == "first"
    assert not runner.busy
    assert runner.start("third", counting(closed))
    runner.stop()


def test_stop_waits_for_the_thread(qtbot: QtBot) -> None:
    runner, closed, results = JobRunner(), threading.Event(), []
    with qtbot.waitSignal(runner.progressed, timeout=5_000):
        runner.start("endless", endless(closed), results.append)
    runner.stop()
    assert closed.is_set()
    assert not runner.busy
    qtbot.waitUntil(lambda: "JobThread" not in running_threads(), timeout=5_000)
    assert results == []


def test_the_panel_never_goes_back_and_tells_the_ends_apart(qtbot: QtBot) -> None:
    panel = JobPanel()
    qtbot.addWidget(panel)
    panel.on_started("Restore 1.50 s")
    panel.on_progressed(Progress(0.5, "Step 5 of 10"))
    panel.on_progressed(Progress(0.3, "Step 3 of 10"))
    assert panel.bar.value() == 500
    panel.acknowledge_cancel()
    assert panel.stage.text() == "Cancelling…"
    assert not panel.cancel_button.isEnabled()
    for end, word in (
        (JobEnd("x", None, cancelled=True, elapsed_s=1), "Cancelled"),
        (JobEnd("x", EngineError("no"), cancelled=False, elapsed_s=1), "Failed"),
        (JobEnd("x", None, cancelled=False, elapsed_s=1), "Done in 1.00 s"),
    ):
        panel.on_ended(end)
        assert word in panel.stage.text()


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.2, "1 s"), (17.01, "17 s"), (179, "3 min"), (7500, "2 h 5 min")]
)
def test_times_to_wait_are_rough(seconds: float, text: str) -> None:
    assert rough_time(seconds) == text


def test_only_the_newest_request_is_drawn_to_its_end(qtbot: QtBot) -> None:
    loader = TileLoader()
    held, dropped = threading.Event(), threading.Event()

    def old() -> Iterator[str | None]:
        try:
            yield "old, rough"
            held.wait(10)
            yield None
            yield "old, fine"
        finally:
            dropped.set()

    seen: list[tuple[int, str]] = []
    loader.loaded.connect(lambda number, picture: seen.append((number, picture)))
    with qtbot.waitSignal(loader.loaded, timeout=5_000):
        first = loader.load(old())
    with qtbot.waitSignal(loader.finished, timeout=5_000):
        second = loader.load(iter(["new"]))
        held.set()
    assert dropped.is_set()
    assert seen == [(first, "old, rough"), (second, "new")]
    assert loader.number == second
    loader.close()
    qtbot.waitUntil(lambda: "_LoaderThread" not in running_threads(), timeout=5_000)


def test_a_loader_that_is_held_draws_nothing_and_then_the_newest(qtbot: QtBot) -> None:
    loader = TileLoader()
    drawn: list[str] = []

    def told(name: str) -> Iterator[str]:
        drawn.append(name)
        yield name

    begun, go_on = threading.Event(), threading.Event()

    def long() -> Iterator[str]:
        begun.set()
        yield "long, rough"
        go_on.wait(5)
        yield "long, while it rests"

    with qtbot.waitSignal(loader.loaded, timeout=5_000):
        loader.load(long())
    assert begun.is_set()
    loader.hold()
    go_on.set()
    loader.load(told("overtaken"))
    newest = loader.load(told("newest"))
    with qtbot.waitSignal(loader.finished, timeout=5_000) as finished:
        loader.go_on()
    assert finished.args == [newest]
    assert drawn == ["newest"]
    loader.hold()
    loader.load(told("never"))
    loader.close()  # also while it is held
    assert drawn == ["newest"]


@pytest.mark.parametrize("error", [EngineError("no disk"), RuntimeError("a fault")])
def test_a_picture_that_fails_does_not_stop_the_loader(qtbot: QtBot, error: Exception) -> None:
    loader = TileLoader()

    def broken() -> Iterator[str]:
        yield "one"
        raise error

    with qtbot.waitSignal(loader.failed, timeout=5_000) as failed:
        loader.load(broken())
    assert failed.args == [error]
    with qtbot.waitSignal(loader.finished, timeout=5_000):
        loader.load(iter(["two"]))
    loader.close()
