"""A crew of the workers of a Dask cluster; the one module that needs the extra `cluster`.

Workers read the sources and write the results by the paths of this machine, so they need the same file system
mounted at the same place, and the same version of the program. Each loads its models once. A task whose
worker dies goes to another one; a task that nobody waits for any more ends at its next cancel point.
"""

import contextlib
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.batch.crew import Event, Failed, Finished, drive_guarded
from audiosr_desktop.batch.work import Outcome, Task, Workshop
from audiosr_desktop.errors import BatchError
from audiosr_desktop.job import Progress

_CONNECT_S = 15.0
_STOP_S = 15.0
_AHEAD = 2  # tasks for each thread of the cluster, so that none waits for the next one


class ClusterCrew:
    """Hands tasks to a cluster.

    Args:
        address: of the scheduler: "tcp://host:8786".

    Raises:
        BatchError: Dask is not installed, the scheduler does not answer, or it has no worker.
    """

    def __init__(self, address: str) -> None:
        try:
            from distributed import Client  # noqa: PLC0415 - the extra `cluster`
        except ImportError as error:
            raise BatchError(
                "A cluster needs Dask, which is not installed: `pip install 'audiosr-desktop[cluster]'`."
            ) from error
        try:
            self._client = Client(address, timeout=_CONNECT_S, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise BatchError(f"There is no Dask scheduler at {address}: {error}.") from error
        self._futures: dict[Any, Task] = {}
        self._ended: list[Any] = []
        self._lock = threading.Condition()
        self._size = self._threads()
        if not self._size:
            self._client.close()
            raise BatchError(
                f"The cluster at {address} has no workers: start some with `dask worker {address}`."
            )

    @property
    def room(self) -> int:
        """How many more tasks it takes now."""
        return _AHEAD * self._size - len(self._futures)

    def start(self, task: Task) -> None:
        """Take a task."""
        future = self._client.submit(
            work, task, pure=False, key=f"audiosr-{task.staged.parent.name}-{task.id}-{time.monotonic_ns()}"
        )
        self._futures[future] = task
        future.add_done_callback(self._on_done)

    def events(self, timeout_s: float) -> Iterator[Event]:
        """Yield what happened; waits at most `timeout_s` for the first of it."""
        with self._lock:
            if not self._ended:
                self._lock.wait(timeout_s)
            ended, self._ended = self._ended, []
        for future in ended:
            task = self._futures.pop(future)
            yield self._event(task, future)
        if ended:
            self._size = self._threads() or self._size

    def close(self) -> None:
        """Take back all tasks, and wait until no worker is at one of them."""
        keys = {future.key for future in self._futures}
        with contextlib.suppress(Exception):  # the scheduler may be gone, and with it the tasks
            self._client.cancel(list(self._futures), force=True)
            limit = time.monotonic() + _STOP_S
            while keys and time.monotonic() < limit:
                busy = self._client.run(_tasks_at_work)
                if not keys & {key for at_work in busy.values() for key in at_work}:
                    break
                time.sleep(0.1)
        self._client.close()

    def _on_done(self, future: Any) -> None:
        with self._lock:
            self._ended.append(future)
            self._lock.notify()

    def _threads(self) -> int:
        return sum(self._client.nthreads().values())

    @staticmethod
    def _event(task: Task, future: Any) -> Event:
        try:
            reason, outcome = future.result()
        except Exception as error:  # noqa: BLE001 - whatever befell the worker
            kind = type(error).__name__
            if kind == "KilledWorker":
                return Failed(task.id, "Every worker that tried it died: was there too little memory?")
            return Failed(task.id, f"The cluster could not do it ({kind}: {error}).")
        if outcome is None:
            return Failed(task.id, reason)
        return Finished(task.id, outcome)


@dataclass(frozen=True, slots=True)
class _Bench:
    """What a worker keeps from task to task; its threads compute one after the other."""

    workshop: Workshop
    computing: threading.Lock


def work(task: Task) -> tuple[str, Outcome | None]:
    """Do a task on a worker; return why it failed, or what came of it."""
    from distributed import get_worker  # noqa: PLC0415 - the extra `cluster`

    worker = get_worker()
    bench = _bench(worker)
    key = worker.get_current_task()
    outcomes: list[Outcome] = []

    def unwanted() -> bool:
        state = worker.state.tasks.get(key)
        return state is None or state.state == "cancelled"

    def quiet(_progress: Progress) -> None:
        return

    prepared: list[Any] = []
    computed: list[Any] = []
    workshop = bench.workshop
    reason = drive_guarded(workshop.prepare(task), unwanted, quiet, prepared.append)
    if prepared:
        with bench.computing:
            reason = drive_guarded(workshop.compute(prepared[0]), unwanted, quiet, computed.append)
    if computed:
        reason = drive_guarded(workshop.finish(computed[0]), unwanted, quiet, outcomes.append)
    return reason, outcomes[0] if outcomes else None


_BENCH = "audiosr_bench"
_making = threading.Lock()


def _bench(worker: Any) -> _Bench:
    """Return the worker's own, made at its first task."""
    with _making:
        bench: _Bench | None = getattr(worker, _BENCH, None)
        if bench is None:
            bench = _Bench(Workshop(Scratch.create(), max(1, worker.state.nthreads)), threading.Lock())
            setattr(worker, _BENCH, bench)
        return bench


def _tasks_at_work(dask_worker: Any) -> list[str]:
    return [str(task.key) for task in dask_worker.state.executing | dask_worker.state.long_running] + [
        str(task.key) for task in dask_worker.state.tasks.values() if task.state == "cancelled"
    ]
