"""Fine-tuning of the published UNet: what it starts from, how it learns, and that its result is a model."""

from pathlib import Path

import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

import onnx  # noqa: E402
from official_checkpoint import SCALE_FACTOR, TINY, export_here, random_state  # noqa: E402
from safetensors.torch import save_file  # noqa: E402

from audiosr_desktop import paths  # noqa: E402
from audiosr_desktop.engine.install import ImportOptions, remove_bundle  # noqa: E402
from audiosr_desktop.engine.manifest import GRAPHS  # noqa: E402
from audiosr_desktop.errors import BundleError, TrainingError  # noqa: E402
from audiosr_desktop.job import run_job  # noqa: E402
from audiosr_desktop.training import train  # noqa: E402
from audiosr_desktop.training.import_checkpoint import import_checkpoint  # noqa: E402
from audiosr_desktop.training.official.checkpoint import find_parts, open_checkpoint  # noqa: E402
from audiosr_desktop.training.official.start import load_start  # noqa: E402

pytestmark = pytest.mark.torch

PREFIXES = {"ddpm": "model.diffusion_model.", "vae_feature_extract": "cond_stage_models.0.vae."}


def run_file(folder: Path, corpus: Path, **settings: object) -> Path:
    values = {
        "task": "official_unet",
        "corpus": str(corpus),
        "steps": 2,
        "batch_size": 1,
        "seconds": 0.64,
        "draws": 2,
        "warmup": 1,
        "ema": 0.5,
        "learning_rate": 1e-3,
        "bfloat16": False,
        "condition": "degraded_mel",
        **settings,
    }
    text = "\n".join(
        f"{name} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for name, value in values.items()
    )
    path = folder / "run.toml"
    path.write_text(f"{text}\n[damage]\nlowpass = 1.0\ntone = 0.5\nwhite = 0.5\ngaps = 0.0\n")
    return path


@pytest.mark.parametrize("graph", ["ddpm", "vae_feature_extract"])
def test_a_checkpoint_and_the_model_made_of_it_give_the_same_weights(home: Path, graph: str) -> None:
    state = {
        name.removeprefix(PREFIXES[graph]): value
        for name, value in random_state().items()
        if name.startswith(PREFIXES[graph])
    }
    for path in (home / "basic.ckpt", home / "models" / "basic"):
        network, scale_factor = load_start(path, graph)
        assert scale_factor == pytest.approx(SCALE_FACTOR, rel=1e-6)
        found = network.state_dict()
        assert found
        for name, value in found.items():
            assert torch.equal(value, state[name]), name


def test_both_halves_of_the_experiment(home: Path, packed_corpus: Path, tmp_path: Path) -> None:
    source, last = str(home / "basic.ckpt"), tmp_path / "tones" / "last.pt"
    first = run_file(tmp_path, packed_corpus, out=str(last.parent), start=source, autoencoder=source)
    assert train.main([str(first)]) == 0
    assert train.main([str(first), "steps=3"]) == 0  # goes on
    made = torch.load(last, weights_only=True)
    assert made["step"] == 3
    before, _ = load_start(home / "basic.ckpt", "ddpm")
    assert not torch.equal(made["ema"]["out.2.weight"], before.state_dict()["out.2.weight"])

    # an import reads it as a file of a UNet alone
    checkpoint = open_checkpoint(last)
    parts = find_parts(checkpoint, TINY)
    assert set(parts) == {"ddpm"}
    for name, value in parts["ddpm"].tensors(checkpoint):
        assert torch.equal(value, made["ema"][name]), name

    # the second half starts from the first one's checkpoint, and reads the VAE of the imported model
    settings = {"start": str(last), "autoencoder": str(home / "models" / "basic")}
    second = train.Trainer(
        train.read_run(run_file(tmp_path, packed_corpus, out=str(tmp_path / "white"), **settings), {})
    )
    assert torch.equal(second.network.state_dict()["out.2.weight"], made["ema"]["out.2.weight"])
    assert second.task.scale_factor == pytest.approx(SCALE_FACTOR)
    second.close()


def test_the_result_of_a_run_is_imported_as_a_model(
    home: Path, packed_corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: home / "shipped")
    monkeypatch.setattr(paths, "user_models_dir", lambda: home / "models")
    export_here(monkeypatch)
    source = str(home / "basic.ckpt")
    # without learning, so that the UNet is the lender's: to export it takes long
    settings = {"start": source, "autoencoder": source, "learning_rate": 0.0, "steps": 1}
    assert train.main([str(run_file(tmp_path, packed_corpus, out=str(tmp_path / "run"), **settings))]) == 0
    tuned = run_job(import_checkpoint(tmp_path / "run/last.pt", ImportOptions(id="tuned"), TINY)).bundle
    assert tuned.manifest.condition == "degraded_mel"  # which the file says
    assert {graph: loan.bundle for graph, loan in tuned.manifest.borrowed.items()} == dict.fromkeys(
        GRAPHS, "basic"
    )
    assert tuned.manifest.scale_factor == pytest.approx(SCALE_FACTOR)
    remove_bundle("tuned")


def test_the_unet_learns_and_the_vae_stays(home: Path, packed_corpus: Path, tmp_path: Path) -> None:
    source = str(home / "basic.ckpt")
    settings = {"start": source, "autoencoder": source, "steps": 1000, "draws": 4}
    path = run_file(tmp_path, packed_corpus, out=str(tmp_path / "run"), **settings)
    trainer = train.Trainer(train.read_run(path, {}))
    encoder = [value.clone() for value in trainer.task.encoder.state_dict().values()]
    before = trainer.validate(1)["v"]
    for _ in range(12):
        trainer.train_step()
    assert trainer.validate(1)["v"] < before
    assert all(map(torch.equal, encoder, trainer.task.encoder.state_dict().values()))
    trainer.close()


def test_without_a_condition_the_unet_sees_one_value(home: Path, packed_corpus: Path, tmp_path: Path) -> None:
    source = str(home / "basic.ckpt")
    settings = {"start": source, "autoencoder": source, "null_share": 1.0}
    path = run_file(tmp_path, packed_corpus, out=str(tmp_path / "run"), **settings)
    trainer = train.Trainer(train.read_run(path, {}))
    seen = []
    trainer.network.register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0][:, 16:]))
    trainer.train_step()
    trainer.close()
    assert torch.allclose(seen[0], torch.tensor(-11.4981 * SCALE_FACTOR))


def test_what_it_cannot_start_from_is_one_sentence(home: Path, packed_corpus: Path, tmp_path: Path) -> None:
    def begin(**settings: object) -> None:
        sources = {"start": str(home / "basic.ckpt"), "autoencoder": str(home / "basic.ckpt")}
        path = run_file(tmp_path, packed_corpus, out=str(tmp_path / "run"), **{**sources, **settings})
        train.Trainer(train.read_run(path, {}))

    with pytest.raises(TrainingError, match="needs start"):
        begin(start="")
    with pytest.raises(TrainingError, match=r"multiple of 0\.64"):
        begin(seconds=0.48)
    unet = {name: value for name, value in random_state().items() if name.startswith("model.")}
    save_file(unet, tmp_path / "unet.safetensors")
    with pytest.raises(TrainingError, match="has no tensors cond_stage"):
        begin(autoencoder=str(tmp_path / "unet.safetensors"))
    with pytest.raises(BundleError, match="cannot be read"):
        begin(start=str(tmp_path / "absent.ckpt"))
    folder = tmp_path / "other"
    (home / "models" / "basic").rename(folder)
    try:
        model = onnx.load(folder / "ddpm.onnx")
        del model.graph.node[:]
        onnx.save(model, folder / "ddpm.onnx")
        with pytest.raises(BundleError, match="damaged"):
            begin(start=str(folder))
    finally:
        folder.rename(home / "models" / "basic")
