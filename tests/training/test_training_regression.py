import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from audiosr_desktop.dsp.degrade import band_limit  # noqa: E402
from audiosr_desktop.engine.bundle import load_bundle  # noqa: E402
from audiosr_desktop.engine.engines import Engines  # noqa: E402
from audiosr_desktop.errors import TrainingError  # noqa: E402
from audiosr_desktop.evaluation.metrics import band_energy_db  # noqa: E402
from audiosr_desktop.evaluation.systems import Model  # noqa: E402
from audiosr_desktop.job import run_job  # noqa: E402
from audiosr_desktop.training import regression, train  # noqa: E402

pytestmark = pytest.mark.torch


def _run(packed_corpus, out, task, **settings):
    values = {"steps": 1000, "batch_size": 3, "seconds": 0.32, "warmup": 1, "ema": 0.5, "bfloat16": False}
    return train.Run(task=task, corpus=str(packed_corpus), out=str(out), **{**values, **settings})


@pytest.mark.parametrize("task", regression.NETWORKS)
def test_a_regression_starts_from_the_extrapolation_and_learns(packed_corpus, tmp_path, task):
    trainer = train.Trainer(_run(packed_corpus, tmp_path / task, task, learning_rate=2e-3))
    mel = torch.randn(1, 1, 32, 256)
    assert torch.equal(trainer.network(mel), mel)
    before = trainer.validate(1)["l1"]
    for _ in range(12):
        trainer.train_step()
    assert trainer.validate(1)["l1"] < before
    trainer.close()


def test_a_length_that_does_not_divide_is_refused(packed_corpus, tmp_path):
    with pytest.raises(TrainingError, match=r"multiple of 0\.32"):
        train.Trainer(_run(packed_corpus, tmp_path, "mel_resunet", seconds=0.48))


@pytest.mark.model
def test_a_regression_runs_in_the_engine_as_a_bundle(tmp_path, run_scratch):
    network = regression.MelDnn()
    state = {"ema": network.state_dict(), "scale_factor": 1.0, "step": 7}
    torch.save(state, tmp_path / "last.pt")
    folder = tmp_path / "nvsr-test"
    assert regression.main([str(tmp_path / "last.pt"), "mel_dnn", str(folder)]) == 0
    bundle = load_bundle(folder)
    assert bundle.manifest.about["training"]["steps"] == {"mel_dnn": 7}
    system = Model(bundle, Engines(1, find=lambda _: bundle)).systems(("standard",), (), run_scratch)[0]
    rng = np.random.default_rng(0)
    truth = (0.05 * rng.standard_normal((2, 48_000))).astype(np.float32)
    limited = band_limit(truth, 48_000, 6_000.0, "resample")
    restored = run_job(system.run(limited, 6_000.0, rng))
    # an untrained one gives the extrapolation: noise that falls by 1.5 dB a kHz
    assert band_energy_db(truth, limited, 48_000, 7_000.0) < -40
    assert -20 < band_energy_db(truth, restored, 48_000, 7_000.0) < 0


def test_a_checkpoint_of_another_network_is_one_sentence(tmp_path, capsys):
    state = {"ema": regression.MelDnn().state_dict(), "scale_factor": 1.0, "step": 7}
    torch.save(state, tmp_path / "last.pt")
    assert regression.main([str(tmp_path / "last.pt"), "mel_resunet", str(tmp_path / "out")]) == 1
    assert capsys.readouterr().err.count("\n") == 1
