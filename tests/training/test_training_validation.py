from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from audiosr_desktop import paths  # noqa: E402
from audiosr_desktop.dsp.degrade import band_limit  # noqa: E402
from audiosr_desktop.engine.bundle import load_bundle  # noqa: E402
from audiosr_desktop.engine.restorer import Restorer, Settings  # noqa: E402
from audiosr_desktop.engine.sessions import open_sessions  # noqa: E402
from audiosr_desktop.job import run_job  # noqa: E402
from audiosr_desktop.training import validation  # noqa: E402
from audiosr_desktop.training.data import Corpus  # noqa: E402
from audiosr_desktop.training.run import Run  # noqa: E402
from audiosr_desktop.training.trainer import build_task  # noqa: E402
from audiosr_desktop.training.weights import fill, load_weights  # noqa: E402

pytestmark = pytest.mark.torch

CPU = torch.device("cpu")
SHIPPED = paths.shipped_models_dir() / "audiosr-compact"


def _judge(task, packed_corpus, **settings):
    bundle = str(SHIPPED)
    values = {"vocoder": bundle, "autoencoder": bundle, "estimator": bundle, "validate_sounds": 1, **settings}
    run = Run(task=task, corpus=str(packed_corpus), out="", steps=1, **values)
    built = build_task(run, CPU)
    weights = load_weights(SHIPPED, task)
    fill(built.network, weights, Path())
    built.network.eval()
    built.scale_factor = weights.scale_factor
    return validation.Judge(run, built, Corpus(packed_corpus), CPU)


def test_validation_hears_what_the_exported_bundle_would_make(packed_corpus):
    judge = _judge("unet", packed_corpus)
    sound = validation.full_band_sounds(Corpus(packed_corpus), 1, np.random.default_rng(1))[0][:, :96_000]
    narrow = band_limit(sound, 48_000, 4_000.0, "resample")
    restorer = Restorer(run_job(open_sessions(load_bundle(SHIPPED), "cpu", 1)))
    wanted = validation.restored(restorer, narrow, 4_000.0, validation.STEPS) - narrow
    found = judge._restore(sound, 4_000.0) - narrow
    settings = Settings(cutoff_hz=4_000.0, steps=validation.STEPS, guidance_scale=1.0, seed=0)
    gain = np.float32(10 ** (restorer.band_gain_db(settings) / 20))  # calibrated after training
    # rounding turns the phase of bins that hold next to nothing, so not every sample is equal
    assert np.linalg.norm(gain * found - wanted) < 0.02 * np.linalg.norm(wanted)
    assert np.abs(wanted).max() > 1e-3


@pytest.mark.parametrize("task", ["vocoder", "autoencoder", "unet", "condition_encoder"])
def test_every_task_is_judged_on_held_out_sound(packed_corpus, task):
    figures = _judge(task, packed_corpus).measure()
    assert set(figures) == {
        f"{name}_{cutoff}k" for name in ("lsd", "lsd_high", "energy_db") for cutoff in (4, 8)
    }
    assert 0.2 < figures["lsd_high_4k"] < 3.5  # the noise is like nothing that was trained on
    assert abs(figures["energy_db_4k"]) < 15


def test_without_a_vocoder_there_is_nothing_to_judge_by(packed_corpus):
    assert _judge("autoencoder", packed_corpus, vocoder="").measure() == {}
