"""Sessions: the loaded graphs of a bundle, the choice of what runs them, and runs that can be ended.

A graph runs in a thread of its own while the generator that asked for it yields; closing the generator ends
the run, so nothing above needs a token to cancel.
"""

import contextlib
import ctypes
import io
import logging
import os
import sys
from collections.abc import Callable, Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt

from audiosr_desktop.engine.bundle import Bundle
from audiosr_desktop.engine.graph_contract import checked_names
from audiosr_desktop.engine.manifest import GRAPHS
from audiosr_desktop.engine.runtime import onnxruntime
from audiosr_desktop.errors import BundleError, EngineError, EngineMemoryError
from audiosr_desktop.job import Job, Progress

Array = npt.NDArray[Any]
T = TypeVar("T")

TICK_S = 0.05
# how the runtime, its allocators and CUDA say it
_OUT_OF_MEMORY = (
    "out of memory",
    "failed to allocate memory",
    "bad_alloc",
    "bad allocation",
    "cuda failure 2",
)
CPU = "CPUExecutionProvider"
CUDA = "CUDAExecutionProvider"
CUDA_OPTIONS = {
    "arena_extend_strategy": "kSameAsRequested",  # doubling would take memory that other programs need
    "cudnn_conv_algo_search": "HEURISTIC",  # trying all algorithms again for each length takes seconds
}

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ProviderReport:
    """What runs the graphs.

    Attributes:
        asked: the device asked for: auto, cpu, cuda, cuda:N.
        device: the one in use: cpu or cuda:N.
        provider: ONNX Runtime's name of it.
        reason: why it is not what was asked for, a sentence; empty when it is.
    """

    asked: str
    device: str
    provider: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class _Graph:
    """A loaded graph: its file, its session, and the names that it gives to the inputs of the contract."""

    path: Path
    session: Any
    names: Mapping[str, str]


class _NoCudaError(Exception):
    """A graph is not to be had on the GPU; the text says why, if it is known."""


class Sessions:
    """The graphs of one bundle, ready to run; `open_sessions` makes them."""

    def __init__(self, bundle: Bundle, graphs: Mapping[str, _Graph], report: ProviderReport) -> None:
        self.bundle = bundle
        self.report = report
        self._arena = "cpu:0" if report.provider == CPU else f"gpu:{report.device.partition(':')[2]};cpu:0"
        self.graphs = graphs

    def has(self, graph: str, path: Path) -> bool:
        """Tell whether a graph is loaded from a file."""
        return self.graphs[graph].path == path

    def run(self, graph: str, feeds: Mapping[str, Array]) -> Generator[None, None, Array]:
        """Run one graph; yields every 50 ms while it runs. Closing the generator ends the run.

        Args:
            graph: one of `GRAPHS`.
            feeds: inputs by their names in the contract.

        Returns:
            The graph's first output, float32.

        Raises:
            EngineMemoryError: the graph needs more memory than there is.
            EngineError: the graph fails.
        """
        loaded = self.graphs[graph]
        named = {loaded.names[name]: np.ascontiguousarray(array) for name, array in feeds.items()}
        options = onnxruntime().RunOptions()
        if graph != "ddpm":  # it runs many times in a row; the others give their memory back
            options.add_run_config_entry("memory.enable_memory_arena_shrinkage", self._arena)

        def stop() -> None:
            options.terminate = True

        def work() -> list[Array]:
            if self.report.provider == CUDA:
                place = "cuda", int(self.report.device.partition(":")[2])
                return _run_bound(loaded.session, named, options, place)
            outputs: list[Array] = loaded.session.run(None, named, options)
            return outputs

        try:
            outputs = yield from _in_thread(work, stop)
        except Exception as error:
            file = self.bundle.graph_path(graph)
            kind = EngineMemoryError if _is_out_of_memory(error) else EngineError
            raise kind(
                f"The model's {file.name} cannot be run on {self.report.device}: {_first_line(error)}"
            ) from error
        result: Array = outputs[0]
        return result


def open_sessions(
    bundle: Bundle,
    device: str = "auto",
    threads: int = 0,
    *,
    loaded: Sessions | None = None,
    gpu_memory_bytes: int = 0,
    optimise: bool = True,
) -> Job[Sessions]:
    """Load the four graphs of a bundle.

    Args:
        bundle: its files, verified by the caller.
        device: auto, cpu, cuda or cuda:N; where there is no such GPU the processor is used, and the report
            says why.
        threads: threads a graph may use; 0 is one for each processor core that this program may use.
        loaded: sessions of another bundle on that device; graphs that both have are not loaded again.
        gpu_memory_bytes: most that each graph may hold on a GPU; 0 is no limit.
        optimise: let the runtime rewrite the graphs; without it they run node by node, as a reference.

    Raises:
        BundleError: a graph cannot be loaded, or its inputs and outputs are not those of the contract.
        EngineError: `device` is not a device.
    """
    asked_id, reason = _gpu_asked(device)
    report = ProviderReport(device, "cpu", CPU, reason)
    if loaded is not None and any(loaded.has(graph, bundle.graph_path(graph)) for graph in GRAPHS):
        report = loaded.report  # what it found out about the GPU holds
    elif asked_id is not None:
        preload_cuda()
        report = ProviderReport(device, f"cuda:{asked_id}", CUDA)
    load = partial(_load, bundle, threads=threads, optimise=optimise, gpu_memory_bytes=gpu_memory_bytes)
    try:
        graphs = yield from _load_all(bundle, load, report, loaded)
    except _NoCudaError as error:
        # all of them: graphs that run here and there would make the report untrue
        why = f"CUDA could not be started on this machine{error}, so the processor is used."
        report = ProviderReport(device, "cpu", CPU, reason=why)
        graphs = yield from _load_all(bundle, load, report, None)
    yield Progress(1.0, "Loading the model")
    return Sessions(bundle, graphs, report)


def _load_all(
    bundle: Bundle, load: Callable[..., Job[Any]], report: ProviderReport, loaded: Sessions | None
) -> Job[dict[str, _Graph]]:
    """Load the graphs that `loaded` has not.

    Raises:
        _NoCudaError: the report says CUDA, and one is not to be had there.
    """
    graphs = {}
    for index, graph in enumerate(GRAPHS):
        path = bundle.graph_path(graph)
        if loaded is not None and loaded.has(graph, path):
            graphs[graph] = loaded.graphs[graph]
            continue
        session = yield from load(graph, report, fraction=index / len(GRAPHS))
        graphs[graph] = _Graph(path, session, checked_names(bundle, graph, session))
    return graphs


def check_graphs(bundle: Bundle) -> Job[None]:
    """Load each graph once, without making it ready to run, and compare it with the contract.

    Raises:
        BundleError: a graph cannot be loaded, or its inputs and outputs are not those of the contract.
    """
    report = ProviderReport("cpu", "cpu", CPU)
    for index, graph in enumerate(GRAPHS):
        fraction = index / len(GRAPHS)
        session = yield from _load(bundle, graph, report, threads=1, fraction=fraction, optimise=False)
        checked_names(bundle, graph, session)
        del session  # one at a time in memory


def _load(
    bundle: Bundle,
    graph: str,
    report: ProviderReport,
    *,
    threads: int,
    fraction: float,
    optimise: bool = True,
    gpu_memory_bytes: int = 0,
) -> Job[Any]:
    path = bundle.graph_path(graph)
    options = onnxruntime().SessionOptions()
    if not optimise:
        options.graph_optimization_level = onnxruntime().GraphOptimizationLevel.ORT_DISABLE_ALL
    options.intra_op_num_threads = threads or processor_cores()
    options.log_severity_level = 3
    # spinning threads would fight with those of the other sessions and of the window
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    providers: list[Any] = [CPU]
    on_gpu = report.provider == CUDA
    if on_gpu:
        providers.insert(0, (CUDA, _cuda_options(report.device, gpu_memory_bytes)))
    # its own fall-back prints to stdout, and would move a graph in the middle of the work, unsaid
    make = partial(onnxruntime().InferenceSession, str(path), options, providers, enable_fallback=0)
    loading = _in_thread(make, lambda: options.set_load_cancellation_flag(True))
    try:
        while True:
            next(loading)
            yield Progress(fraction, "Loading the model")
    except StopIteration as end:
        session = end.value
    except Exception as error:
        if on_gpu:
            raise _NoCudaError(f" ({_first_line(error)})") from error
        raise BundleError(f"{path} cannot be loaded: {_first_line(error)}", path) from error
    finally:
        loading.close()
    if session.get_providers()[0] != report.provider:  # where NVIDIA's libraries are missing it only logs
        raise _NoCudaError
    return session


def _cuda_options(device: str, memory_bytes: int) -> dict[str, Any]:
    options: dict[str, Any] = {"device_id": int(device.partition(":")[2]), **CUDA_OPTIONS}
    return {**options, "gpu_mem_limit": memory_bytes} if memory_bytes else options


def _run_bound(session: Any, feeds: Mapping[str, Array], options: Any, place: tuple[str, int]) -> list[Array]:
    """Run a graph whose input and output lie in a place ("cuda", 0); only the first output is copied back.

    Inputs go there in one copy each before the run, not piece by piece while the graph waits.
    """
    binding = session.io_binding()
    for name, array in feeds.items():
        value = onnxruntime().OrtValue.ortvalue_from_numpy(array, *place)
        binding.bind_ortvalue_input(name, value)
    for output in session.get_outputs():
        binding.bind_output(output.name, *place)
    session.run_with_iobinding(binding, options)
    return [binding.get_outputs()[0].numpy()]


def _in_thread(work: Callable[[], T], stop: Callable[[], None]) -> Generator[None, None, T]:
    """Do `work` in a thread of its own; when closed early, call `stop` and wait for the thread."""
    with ThreadPoolExecutor(1, thread_name_prefix="graph") as executor:
        future: Future[T] = executor.submit(work)
        try:
            while True:
                # not `result(timeout)`: work that ends just after the time is up would pass for a failure
                if wait([future], TICK_S).done:
                    return future.result()
                yield
        finally:
            if not future.done():
                stop()
                wait([future])


def _gpu_asked(device: str) -> tuple[int | None, str]:
    """Return which GPU to use, or None for the processor and why."""
    kind, _, number = device.partition(":")
    if kind not in ("auto", "cpu", "cuda") or (number and (kind != "cuda" or not number.isdecimal())):
        raise EngineError(f"A device is auto, cpu, cuda or cuda:N, not {device!r}.")
    if kind == "cpu":
        return None, ""
    if not _has_cuda_driver():
        return None, "No NVIDIA driver was found, so the processor is used."
    if CUDA not in onnxruntime().get_available_providers():
        return None, "This build of ONNX Runtime has no CUDA, so the processor is used."
    return int(number or 0), ""


def expected_device(device: str = "auto") -> tuple[str, str]:
    """Return what sessions will ask for, "cpu" or "cuda:N", and why it is not the GPU, if it is not.

    What is really used is known once a session is loaded: its report tells.
    """
    number, reason = _gpu_asked(device)
    return ("cpu", reason) if number is None else (f"cuda:{number}", "")


def _has_cuda_driver() -> bool:
    """Try to load the driver: ONNX Runtime lists CUDA on every machine, whether it has a GPU or not."""
    try:
        ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
    except OSError:
        return False
    return True


def preload_cuda() -> None:
    """Let ONNX Runtime find the CUDA libraries that came as Python packages."""
    runtime = onnxruntime()
    if hasattr(runtime, "preload_dlls"):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):  # it prints what it does not find, into our JSON
            runtime.preload_dlls()
        _log.info("CUDA libraries: %s", " ".join(said.getvalue().split()) or "found")


def processor_cores() -> int:
    """Return how many cores this program may use."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count() or 1


def _is_out_of_memory(error: Exception) -> bool:
    text = str(error).lower()
    return isinstance(error, MemoryError) or any(words in text for words in _OUT_OF_MEMORY)


def _first_line(error: Exception) -> str:
    text = str(error).strip().splitlines()
    return text[0][:300] if text else type(error).__name__
