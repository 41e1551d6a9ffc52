from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import build_port_bundle, build_tiny_bundle

from audiosr_desktop import paths
from audiosr_desktop.engine import sessions
from audiosr_desktop.engine.bundle import load_bundle
from audiosr_desktop.engine.device_test import try_device
from audiosr_desktop.engine.manifest import GRAPHS
from audiosr_desktop.errors import EngineError
from audiosr_desktop.job import run_job


def test_a_good_device_agrees_with_the_reference(tiny_folder: Path) -> None:
    bundle = load_bundle(tiny_folder)
    stages: list[str] = []
    report = run_job(try_device(bundle, "cpu", 1), lambda progress: stages.append(progress.stage))
    assert report.good
    assert set(report.errors) == set(report.times) == set(GRAPHS)
    assert report.provider.device == "cpu"
    assert report.sound_s == pytest.approx(2.56)
    assert {"Running on cpu", "Running the reference"} <= set(stages)
    once, four = report.elapsed_s(bundle.manifest, "draft"), report.elapsed_s(bundle.manifest, "best")
    assert four - once == pytest.approx(3 * report.times["ddpm"])


def test_guidance_calls_the_unet_twice(tmp_path: Path) -> None:
    made = build_tiny_bundle(tmp_path / "guided", cfg={"guidance_scale": 3.5, "unconditional_latent": 0.0})
    report = run_job(try_device(load_bundle(made), "cpu", 1))
    manifest = load_bundle(made).manifest
    others = sum(report.times.values()) - report.times["ddpm"]
    assert report.elapsed_s(manifest, "draft") - others == pytest.approx(2 * report.times["ddpm"])


def test_speeds_count_what_a_quality_really_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Guidance in a part of the times only, and another model's vocoder where it stands in."""
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path)
    monkeypatch.setattr(paths, "user_models_dir", lambda: tmp_path / "none")
    build_tiny_bundle(tmp_path / "quick")
    cfg = {"guidance_scale": 3.5, "unconditional_value": -11.5, "interval": [166, 786]}
    steps = {"draft": 4, "standard": 4, "best": 4}
    made = build_port_bundle(tmp_path / "port", cfg=cfg, default_steps=steps, vocoders={"draft": "quick"})
    report = run_job(try_device(load_bundle(made), "cpu", 1))
    assert set(report.vocoder_times) == {"draft"}
    manifest = load_bundle(made).manifest
    calls = 4 + sum(166 <= time <= 786 for time in (999, 749, 499, 249))
    others = report.times["vae_feature_extract"] + report.times["vae_decoder"]
    own = others + report.times["vocoder"] + calls * report.times["ddpm"]
    assert report.elapsed_s(manifest, "best") == pytest.approx(own)
    quick = others + report.vocoder_times["draft"] + calls * report.times["ddpm"]
    assert report.elapsed_s(manifest, "draft") == pytest.approx(quick)


@pytest.mark.parametrize("spoil", [lambda out: out * 1.1, lambda out: out * np.nan])
def test_a_device_that_computes_nonsense_is_told(
    tiny_folder: Path, monkeypatch: pytest.MonkeyPatch, spoil: Callable[[np.ndarray], np.ndarray]
) -> None:
    run = sessions.Sessions.run

    def spoiled(self: sessions.Sessions, graph: str, feeds: dict[str, np.ndarray]) -> object:
        out = yield from run(self, graph, feeds)
        return spoil(out) if graph == "vocoder" and self.report.asked == "auto" else out

    monkeypatch.setattr(sessions.Sessions, "run", spoiled)
    report = run_job(try_device(load_bundle(tiny_folder), "auto", 1))
    assert not report.good
    assert [graph for graph, error in report.errors.items() if not error < 0.01] == ["vocoder"]


def test_a_test_can_be_cancelled_and_fails_with_its_own_error(
    tiny_folder: Path, no_threads_left: None
) -> None:
    job = try_device(load_bundle(tiny_folder), "cpu", 1)
    next(job)
    job.close()
    with pytest.raises(EngineError, match="A device is"):
        run_job(try_device(load_bundle(tiny_folder), "tpu"))
