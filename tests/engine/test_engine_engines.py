from pathlib import Path

import pytest
from tiny_bundle import build_port_bundle, build_tiny_bundle

from audiosr_desktop import paths
from audiosr_desktop.engine.bundle import find_bundle
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import Progress, run_job


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path)
    monkeypatch.setattr(paths, "user_models_dir", lambda: tmp_path / "none")
    build_tiny_bundle(tmp_path / "audiosr-compact")
    build_tiny_bundle(tmp_path / "other")
    return tmp_path


@pytest.mark.usefixtures("models")
def test_keeps_the_last_restorer_and_loads_another_when_asked() -> None:
    engines = Engines(threads=1)
    seen: list[Progress] = []
    first = run_job(engines.restorer(device="cpu"), seen.append)
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1.0
    assert first.bundle.id == "audiosr-compact"
    assert run_job(engines.restorer("audiosr-compact", "cpu")) is first
    other = run_job(engines.restorer("other", "cpu"))
    assert other.bundle.id == "other"
    assert run_job(engines.restorer("other", "auto")) is not other


def test_a_model_damaged_since_is_refused(models: Path) -> None:
    engines = Engines(threads=1)
    run_job(engines.restorer(device="cpu"))
    graph = models / "audiosr-compact" / "vocoder.onnx"
    graph.write_bytes(graph.read_bytes()[:-3])
    with pytest.raises(BundleError, match=r"vocoder\.onnx is damaged: expected sum \w+, found \w+"):
        run_job(engines.restorer(device="cpu"))


@pytest.mark.usefixtures("models")
def test_cancelled_loading_can_be_repeated() -> None:
    engines = Engines(threads=1)
    job = engines.restorer(device="cpu")
    next(job)
    job.close()
    assert run_job(engines.restorer(device="cpu")).bundle.id == "audiosr-compact"


def test_another_vocoder_shares_the_other_graphs(models: Path) -> None:
    build_port_bundle(models / "port", vocoders={"draft": "audiosr-compact", "best": "not there"})
    engines = Engines(threads=1)
    own = run_job(engines.restorer("port", "cpu", quality="best"))
    assert own.bundle.manifest.vocoder_output == "waveform"
    quick = run_job(engines.restorer("port", "cpu", quality="draft"))
    assert quick.bundle.manifest.vocoder_output == "stft"
    assert quick.bundle.graph_path("vocoder") == find_bundle().graph_path("vocoder")
    assert quick.sessions.graphs["ddpm"] is own.sessions.graphs["ddpm"]
    assert quick.sessions.graphs["vocoder"] is not own.sessions.graphs["vocoder"]
    told = run_job(engines.restorer("port", "cpu", vocoder="audiosr-compact"))
    assert told is quick
    assert run_job(engines.restorer("port", "cpu", vocoder="own", quality="draft")) is not quick


def test_an_idle_model_is_unloaded_and_a_busy_one_is_not(models: Path) -> None:
    engines = Engines(threads=1)
    assert not engines.unload_idle(0.0)
    first = run_job(engines.restorer(device="cpu"))
    assert not engines.unload_idle(3600.0)
    assert run_job(engines.restorer(device="cpu")) is first
    assert engines.unload_idle(0.0)
    assert run_job(engines.restorer(device="cpu")) is not first
