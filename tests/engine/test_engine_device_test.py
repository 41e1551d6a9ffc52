from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tiny_bundle import build_tiny_bundle

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
