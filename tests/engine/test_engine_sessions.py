import threading
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from tiny_bundle import build_tiny_bundle

from audiosr_desktop.engine import sessions
from audiosr_desktop.engine.bundle import load_bundle
from audiosr_desktop.engine.sessions import CPU, Sessions, open_sessions
from audiosr_desktop.errors import BundleError, EngineError
from audiosr_desktop.job import run_job


def feeds(rows: int = 2, columns: int = 8) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((rows, 32, columns, 32)).astype(np.float32)
    return {"x": x, "timesteps": np.full(rows, 500, np.int64)}


def result_of(running: object) -> np.ndarray:
    try:
        while True:
            next(running)
    except StopIteration as end:
        return end.value


@pytest.fixture(scope="module")
def tiny(tiny_folder: Path) -> Sessions:
    return run_job(open_sessions(load_bundle(tiny_folder), "cpu", 1))


@pytest.fixture(scope="module")
def slow(tmp_path_factory: pytest.TempPathFactory) -> Sessions:
    folder = build_tiny_bundle(tmp_path_factory.mktemp("models") / "slow", slow=1000)
    return run_job(open_sessions(load_bundle(folder), "cpu", 1))


@pytest.mark.parametrize(("rows", "columns"), [(1, 8), (2, 64), (3, 24)])
def test_runs_any_batch_and_length(tiny: Sessions, rows: int, columns: int) -> None:
    velocity = result_of(tiny.run("ddpm", feeds(rows, columns)))
    assert velocity.shape == (rows, 16, columns, 32)
    assert velocity.dtype == np.float32


def test_report_says_what_runs(tiny: Sessions) -> None:
    assert tiny.report.asked == "cpu"
    assert (tiny.report.device, tiny.report.provider, tiny.report.reason) == ("cpu", CPU, "")


@pytest.mark.parametrize("device", ["cuda", "cuda:1", "auto"])
def test_report_is_true_when_there_is_no_gpu(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, device: str
) -> None:
    monkeypatch.setattr(sessions, "_has_cuda_driver", lambda: False)
    report = run_job(open_sessions(load_bundle(tiny_folder), device, 1)).report
    assert report.asked == device
    assert (report.device, report.provider) == ("cpu", CPU)
    assert "No NVIDIA driver" in report.reason


@pytest.mark.skipif(sessions._has_cuda_driver(), reason="CUDA works here")
@pytest.mark.filterwarnings("ignore")  # the library's own complaint about the missing provider
def test_report_is_true_when_cuda_does_not_start(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "_has_cuda_driver", lambda: True)
    monkeypatch.setattr(sessions, "preload_cuda", lambda: None)
    opened = run_job(open_sessions(load_bundle(tiny_folder), "cuda", 1))
    assert (opened.report.device, opened.report.provider) == ("cpu", CPU)
    assert "so the processor is used" in opened.report.reason
    assert result_of(opened.run("ddpm", feeds())).shape == (2, 16, 8, 32)


@pytest.mark.parametrize("device", ["gpu", "cuda:x", "cpu:1", ""])
def test_refuses_words_that_are_no_device(tiny_folder: Path, device: str) -> None:
    with pytest.raises(EngineError, match="A device is auto, cpu, cuda or cuda:N"):
        run_job(open_sessions(load_bundle(tiny_folder), device))


def test_a_wrong_length_is_an_engine_error_that_names_the_file(tiny: Sessions) -> None:
    wrong = {**feeds(), "timesteps": np.zeros(3, np.int64)}
    with pytest.raises(EngineError, match=r"ddpm\.onnx cannot be run on cpu"):
        result_of(tiny.run("ddpm", wrong))


def test_refuses_a_graph_of_other_shapes(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "odd", bins=16)
    with pytest.raises(BundleError) as caught:
        run_job(open_sessions(load_bundle(folder), "cpu", 1))
    message = str(caught.value)
    assert "vae_feature_extract.onnx" in message
    assert "expected input noise [any, 16, any, 32]" in message
    assert "found [any, 16, any, 16]" in message


def test_refuses_a_graph_in_the_place_of_another(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "odd", sha256=None)
    (folder / "ddpm.onnx").write_bytes((folder / "vae_decoder.onnx").read_bytes())
    with pytest.raises(BundleError, match=r"ddpm\.onnx is not the ddpm of odd: expected 2 inputs, found 1"):
        run_job(open_sessions(load_bundle(folder), "cpu", 1))


def test_refuses_a_vocoder_of_the_other_kind(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "odd", vocoder="waveform")
    manifest = (folder / "manifest.json").read_text().replace('"output": "waveform"', '"output": "stft"')
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(BundleError, match=r"vocoder\.onnx .* expected output \[any, 2, 1025, any\]"):
        run_job(open_sessions(load_bundle(folder), "cpu", 1))


def test_refuses_a_file_that_is_no_graph(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "odd", sha256=None)
    (folder / "vocoder.onnx").write_bytes(b"not a graph")
    with pytest.raises(BundleError, match=r"vocoder\.onnx cannot be loaded"):
        run_job(open_sessions(load_bundle(folder), "cpu", 1))


@pytest.mark.usefixtures("no_threads_left")
def test_closing_ends_a_running_graph(slow: Sessions) -> None:
    running = slow.run("ddpm", feeds())
    next(running)
    next(running)  # two ticks: the graph runs
    assert any(thread.name.startswith("graph") for thread in threading.enumerate())
    start = time.monotonic()
    running.close()
    assert time.monotonic() - start < 2.0


@pytest.mark.usefixtures("no_threads_left")
def test_a_graph_runs_again_after_it_was_ended(tmp_path: Path) -> None:
    folder = build_tiny_bundle(tmp_path / "slow", slow=60)
    opened = run_job(open_sessions(load_bundle(folder), "cpu", 1))
    running = opened.run("ddpm", feeds(1))
    next(running)
    running.close()
    assert result_of(opened.run("ddpm", feeds(1))).shape == (1, 16, 8, 32)


@pytest.mark.usefixtures("no_threads_left")
def test_fifty_cancelled_runs_leave_nothing(slow: Sessions) -> None:
    for _ in range(50):
        running = slow.run("ddpm", feeds())
        next(running)
        running.close()
    assert threading.active_count() < 10


@pytest.mark.usefixtures("no_threads_left")
def test_closing_while_loading_leaves_nothing(tiny_folder: Path) -> None:
    opening = open_sessions(load_bundle(tiny_folder), "cpu", 1)
    next(opening)
    opening.close()


def test_work_that_ends_when_its_time_is_up_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    from concurrent.futures import Future

    from audiosr_desktop.engine import sessions

    def late(future: "Future[int]", timeout: float | None = None) -> int:
        """Return the result after the time is up, as when the work ends at that moment."""
        if timeout is not None:
            sessions.wait([future])
            raise TimeoutError
        return plain(future)

    plain = Future.result
    monkeypatch.setattr(Future, "result", late)
    work = sessions._in_thread(lambda: 7, lambda: None)
    with pytest.raises(StopIteration) as end:
        while True:
            next(work)
    assert end.value.value == 7


class FakeValue:
    """An array on a GPU that is none."""

    def __init__(self, array: np.ndarray, place: tuple[str, int]) -> None:
        self.array, self.place = array, place

    @staticmethod
    def ortvalue_from_numpy(array: np.ndarray, kind: str, number: int) -> "FakeValue":
        return FakeValue(array, (kind, number))

    def numpy(self) -> np.ndarray:
        return self.array


class FakeBinding:
    def __init__(self) -> None:
        self.inputs: dict[str, FakeValue] = {}
        self.outputs: list[tuple[str, str, int]] = []
        self.results: list[FakeValue] = []

    def bind_ortvalue_input(self, name: str, value: FakeValue) -> None:
        self.inputs[name] = value

    def bind_output(self, name: str, kind: str, number: int) -> None:
        self.outputs.append((name, kind, number))

    def get_outputs(self) -> list[FakeValue]:
        return self.results


class FakeSession:
    """A graph on a GPU, behind the real one on the processor."""

    def __init__(self, real: object) -> None:
        self._real = real
        self.bound: list[FakeBinding] = []

    def __getattr__(self, name: str) -> object:
        return getattr(self._real, name)

    def run(self, *_: object) -> None:
        raise AssertionError("a graph on a GPU is run with its input there")

    def io_binding(self) -> FakeBinding:
        self.bound.append(FakeBinding())
        return self.bound[-1]

    def run_with_iobinding(self, binding: FakeBinding, options: object) -> None:
        assert options.get_run_config_entry("memory.enable_memory_arena_shrinkage") == "gpu:1;cpu:0"
        feeds = {name: value.array for name, value in binding.inputs.items()}
        binding.results = [FakeValue(out, ("cuda", 1)) for out in self._real.run(None, feeds)]


def test_on_a_gpu_input_and_output_are_bound_there(tiny: Sessions, monkeypatch: pytest.MonkeyPatch) -> None:
    mel = np.random.default_rng(0).normal(-5, 1, (1, 256, 64)).astype(np.float32)
    expected = result_of(tiny.run("vocoder", {"mel": mel}))
    graph = tiny.graphs["vocoder"]
    session = FakeSession(graph.session)
    report = sessions.ProviderReport("cuda:1", "cuda:1", sessions.CUDA)
    fake = Sessions(tiny.bundle, {"vocoder": replace(graph, session=session)}, report)
    monkeypatch.setattr(sessions.onnxruntime(), "OrtValue", FakeValue)
    assert np.array_equal(result_of(fake.run("vocoder", {"mel": mel})), expected)
    assert {value.place for value in session.bound[0].inputs.values()} == {("cuda", 1)}
    assert [place for _, *place in session.bound[0].outputs] == [["cuda", 1]]


def test_the_runtime_takes_what_is_bound(tiny: Sessions) -> None:
    """The library's own objects, on the only place that every machine has."""
    session, options = tiny.graphs["ddpm"].session, sessions.onnxruntime().RunOptions()
    found = sessions._run_bound(session, feeds(), options, ("cpu", 0))
    assert np.array_equal(found[0], result_of(tiny.run("ddpm", feeds())))


@pytest.mark.parametrize("fails_at", [1, 3])
def test_a_graph_that_cuda_refuses_brings_all_of_them_to_the_processor(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], fails_at: int
) -> None:
    """As where the card is full: the library's own way would be half here, half there, and unsaid."""
    real, asked = sessions.onnxruntime().InferenceSession, []

    def session(path: str, options: object, providers: list[object], **words: object) -> object:
        asked.append((Path(path).stem, providers[0], words))
        if providers[0] == CPU:
            return real(path, options, providers, **words)
        if sum(provider != CPU for _, provider, _ in asked) == fails_at:
            raise RuntimeError("CUDA failure 2: out of memory\nexpr=cudaMalloc")
        return SimpleNamespace(
            get_providers=lambda: [sessions.CUDA, CPU],
            get_inputs=real(path, options, [CPU]).get_inputs,
            get_outputs=real(path, options, [CPU]).get_outputs,
        )

    monkeypatch.setattr(sessions, "_gpu_asked", lambda _: (0, ""))
    monkeypatch.setattr(sessions, "preload_cuda", lambda: None)
    monkeypatch.setattr(sessions.onnxruntime(), "InferenceSession", session)
    opened = run_job(open_sessions(load_bundle(tiny_folder), "auto", 1))
    assert (opened.report.device, opened.report.provider) == ("cpu", CPU)
    assert opened.report.reason == (
        "CUDA could not be started on this machine (CUDA failure 2: out of memory), so the processor is used."
    )
    assert {graph.session.get_providers()[0] for graph in opened.graphs.values()} == {CPU}
    assert len(asked) == fails_at + 4
    assert all(words == {"enable_fallback": 0} for _, _, words in asked)
    assert asked[0][1] == (sessions.CUDA, {"device_id": 0, **sessions.CUDA_OPTIONS})
    assert capfd.readouterr().out == ""


def test_memory_on_a_gpu_can_be_limited() -> None:
    assert "gpu_mem_limit" not in sessions._cuda_options("cuda:1", 0)
    limited = sessions._cuda_options("cuda:1", 1 << 30)
    assert (limited["device_id"], limited["gpu_mem_limit"]) == (1, 1 << 30)
    assert limited["arena_extend_strategy"] == "kSameAsRequested"
