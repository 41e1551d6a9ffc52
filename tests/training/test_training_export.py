import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")
onnx = pytest.importorskip("onnx", reason="needs the train extra")


from audiosr_desktop.engine.bundle import Verifier, load_bundle  # noqa: E402
from audiosr_desktop.job import run_job  # noqa: E402
from audiosr_desktop.training import export  # noqa: E402
from audiosr_desktop.training.unet import UNet  # noqa: E402

pytestmark = pytest.mark.torch


def test_the_engine_loads_what_was_exported(exported):
    loaded = load_bundle(exported / "made")
    run_job(Verifier().verify(loaded))
    assert loaded.manifest.scale_factor == pytest.approx(0.7)
    assert loaded.manifest.condition == "canonical_mel"
    assert sum(path.stat().st_size for path in (exported / "made").iterdir()) < 24e6


def test_parity_is_measured_and_has_a_limit(exported):
    networks = export.load_networks(*(exported / f"{name}.pt" for name in ("vocoder", "autoencoder", "unet")))
    graphs = {graph.name: graph for graph in export.bundle_graphs(networks)}
    decoder = graphs["vae_decoder"]
    assert export.parity(decoder, exported / "made/vae_decoder.onnx") < 1e-5
    with torch.no_grad():
        decoder.module.decoder.place += 0.5
    with pytest.raises(export.TrainingError, match="differs"):
        export.parity(decoder, exported / "made/vae_decoder.onnx")


def test_weights_are_stored_in_half_precision(exported):
    model = onnx.load(exported / "made/ddpm.onnx")
    kinds = {
        weight.data_type for weight in model.graph.initializer if np.prod(weight.dims) > 1000
    }  # the schedule has 1000 values and must stay exact
    assert kinds == {onnx.TensorProto.FLOAT16}
    assert (exported / "made/ddpm.onnx").stat().st_size < 2.2 * sum(p.numel() for p in UNet().parameters())


def test_a_missing_checkpoint_is_one_sentence(tmp_path, capsys):
    (tmp_path / "card.json").write_text("{}")
    nothing = str(tmp_path / "none.pt")
    arguments = ["--vocoder", nothing, "--autoencoder", nothing, "--unet", nothing]
    assert export.main([*arguments, "--card", str(tmp_path / "card.json"), "--out", str(tmp_path)]) == 1
    assert "none.pt" in capsys.readouterr().err


def test_a_noise_aware_encoder_stands_beside_the_clean_one(exported, tmp_path, monkeypatch):
    state = export.Encoder().state_dict()
    torch.save({"ema": state, "scale_factor": 1.0, "step": 3}, tmp_path / "aware.pt")
    checkpoints = [exported / f"{name}.pt" for name in ("vocoder", "autoencoder", "unet")]
    networks = export.load_networks(*checkpoints, tmp_path / "aware.pt", condition="degraded_mel")
    graphs = {graph.name: graph.module for graph in export.bundle_graphs(networks)}
    assert graphs["vae_encoder"].encoder is networks.autoencoder.encoder
    assert graphs["vae_feature_extract"].estimator is None
    assert torch.equal(graphs["vae_feature_extract"].encoder.leave.bias, state["leave.bias"].half().float())
    assert networks.condition == "degraded_mel"
    monkeypatch.setattr(export, "bundle_graphs", lambda _: [])  # writing graphs is tested above
    made = Path(shutil.copytree(exported / "made", tmp_path / "made"))
    export.export(networks, json.loads((exported / "card.json").read_text()), made)
    assert load_bundle(made).manifest.condition == "degraded_mel"


def test_the_estimator_stands_before_the_encoder(exported):
    checkpoints = [exported / f"{name}.pt" for name in ("vocoder", "autoencoder", "unet")]
    networks = export.load_networks(*checkpoints, estimator=exported / "estimator.pt")
    graph = next(graph for graph in export.bundle_graphs(networks) if graph.name == "vae_feature_extract")
    path = exported / "made/vae_feature_extract.onnx"
    assert export.parity(graph, path) < 1e-5
    graph.module.estimator = None
    with pytest.raises(export.TrainingError, match="differs"):
        export.parity(graph, path)
