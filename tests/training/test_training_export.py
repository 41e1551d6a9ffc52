import json

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
onnx = pytest.importorskip("onnx", reason="needs the train extra")

from audiosr_desktop.engine.bundle import Verifier, load_bundle  # noqa: E402
from audiosr_desktop.job import run_job  # noqa: E402
from audiosr_desktop.training import export  # noqa: E402
from audiosr_desktop.training.autoencoder import Autoencoder  # noqa: E402
from audiosr_desktop.training.unet import UNet  # noqa: E402
from audiosr_desktop.training.vocoder import Vocoder  # noqa: E402

pytestmark = pytest.mark.torch

CARD = {
    "id": "made",
    "title": "Made",
    "description": "For a test.",
    "license": "GPL-3.0-or-later",
    "cfg": {"guidance_scale": 1.0, "unconditional_latent": 0.0},
    "default_steps": {"draft": 1, "standard": 2, "best": 3},
    "tasks": ["super-resolution"],
}


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle from checkpoints with random weights, and the errors that were found."""
    folder = tmp_path_factory.mktemp("export")
    torch.manual_seed(0)
    for name, network in (("vocoder", Vocoder()), ("autoencoder", Autoencoder()), ("unet", UNet())):
        state = {"ema": network.state_dict(), "scale_factor": 0.7 if name == "unet" else 1.0}
        torch.save(state, folder / f"{name}.pt")
    (folder / "card.json").write_text(json.dumps(CARD))
    arguments = [f"--{name}={folder / name}.pt" for name in ("vocoder", "autoencoder", "unet")]
    assert export.main([*arguments, f"--card={folder / 'card.json'}", f"--out={folder / 'made'}"]) == 0
    return folder


def test_the_engine_loads_what_was_exported(bundle, capsys):
    loaded = load_bundle(bundle / "made")
    run_job(Verifier().verify(loaded))
    assert loaded.manifest.scale_factor == pytest.approx(0.7)
    assert loaded.manifest.condition == "canonical_mel"
    assert sum(path.stat().st_size for path in (bundle / "made").iterdir()) < 24e6


def test_parity_is_measured_and_has_a_limit(bundle):
    networks = export.load_networks(*(bundle / f"{name}.pt" for name in ("vocoder", "autoencoder", "unet")))
    graphs = {graph.name: graph for graph in export.bundle_graphs(*networks)}
    decoder = graphs["vae_decoder"]
    assert export.parity(decoder, bundle / "made/vae_decoder.onnx") < 1e-5
    with torch.no_grad():
        decoder.module.decoder.place += 0.5
    with pytest.raises(export.TrainingError, match="differs"):
        export.parity(decoder, bundle / "made/vae_decoder.onnx")


def test_weights_are_stored_in_half_precision(bundle):
    model = onnx.load(bundle / "made/ddpm.onnx")
    kinds = {
        weight.data_type for weight in model.graph.initializer if np.prod(weight.dims) > 1000
    }  # the schedule has 1000 values and must stay exact
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert (bundle / "made/ddpm.onnx").stat().st_size < 2.2 * sum(p.numel() for p in UNet().parameters())


def test_a_missing_checkpoint_is_one_sentence(tmp_path, capsys):
    (tmp_path / "card.json").write_text("{}")
    nothing = str(tmp_path / "none.pt")
    arguments = ["--vocoder", nothing, "--autoencoder", nothing, "--unet", nothing]
    assert export.main([*arguments, "--card", str(tmp_path / "card.json"), "--out", str(tmp_path)]) == 1
    assert "none.pt" in capsys.readouterr().err
