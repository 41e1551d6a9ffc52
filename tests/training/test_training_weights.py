from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from audiosr_desktop import paths  # noqa: E402
from audiosr_desktop.errors import AudioSRError, TrainingError  # noqa: E402
from audiosr_desktop.training import export, train  # noqa: E402
from audiosr_desktop.training.weights import fill, load_weights  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("task", ["vocoder", "autoencoder", "estimator", "unet"])
def test_a_bundle_gives_back_the_weights_it_was_made_of(exported, task):
    found = load_weights(exported / "made", task)
    wanted = load_weights(exported / f"{task}.pt", task)
    assert found.state.keys() == wanted.state.keys()
    for name, value in wanted.state.items():
        assert torch.equal(found.state[name], value.half().float()), name
    assert found.scale_factor == pytest.approx(0.7)
    assert found.steps == {"vocoder": 11, "autoencoder": 12, "estimator": 14, "unet": 13}[task]
    assert wanted.steps == 5


def test_the_shipped_bundle_loads_and_gives_the_outputs_of_its_graphs():
    folder = paths.shipped_models_dir() / "audiosr-compact"
    for graph in export.bundle_graphs(export.load_networks(folder, folder, folder, estimator=folder)):
        assert export.parity(graph, folder / f"{graph.name}.onnx") < 2e-5


def test_a_run_starts_from_a_bundle_and_keeps_its_scale(packed_corpus, exported, tmp_path):
    bundle = str(exported / "made")
    run = train.Run(
        task="unet",
        corpus=str(packed_corpus),
        out=str(tmp_path),
        steps=2,
        batch_size=2,
        seconds=0.32,
        start=bundle,
        autoencoder=bundle,
    )
    trainer = train.Trainer(run)
    weights = load_weights(exported / "made", "unet")
    assert trainer.task.scale_factor == weights.scale_factor
    for name, value in trainer.network.state_dict().items():
        assert torch.equal(value, weights.state[name]), name
    trainer.train_step()


def test_weights_that_do_not_fit_end_in_a_sentence(exported, tmp_path):
    weights = load_weights(exported / "vocoder.pt", "vocoder")
    with pytest.raises(TrainingError, match=r"vocoder\.pt.*Linear"):
        fill(torch.nn.Linear(2, 2), weights, exported / "vocoder.pt")
    text = tmp_path / "text.pt"
    text.write_text("no checkpoint")
    with pytest.raises(TrainingError, match=r"text\.pt"):
        load_weights(text, "unet")
    with pytest.raises(AudioSRError, match="not a model"):
        load_weights(tmp_path, "unet")
    with pytest.raises(TrainingError, match="cannot be read"):
        load_weights(Path(tmp_path / "none.pt"), "unet")
