import json
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

NETWORKS = ("vocoder", "autoencoder", "estimator", "unet")
CARD = {
    "id": "made",
    "title": "Made",
    "description": "For a test.",
    "license": "GPL-3.0-or-later",
    "cfg": {"guidance_scale": 1.0, "unconditional_latent": 0.0},
    "default_steps": {"draft": 1, "standard": 2, "best": 3},
    "tasks": ["super-resolution"],
    "training": {"steps": {"vocoder": 11, "autoencoder": 12, "estimator": 14, "unet": 13}},
}


@pytest.fixture
def card(tmp_path: Path) -> Path:
    """The file that tells an export what the networks do not know."""
    path = tmp_path / "card.json"
    path.write_text(json.dumps(CARD))
    return path


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with checkpoints of random weights, the card, and the bundle `made` exported from them."""
    pytest.importorskip("onnx", reason="needs the train extra")
    from audiosr_desktop.training import export
    from audiosr_desktop.training.autoencoder import Autoencoder
    from audiosr_desktop.training.estimator import Estimator
    from audiosr_desktop.training.unet import UNet
    from audiosr_desktop.training.vocoder import Vocoder

    folder = tmp_path_factory.mktemp("export")
    torch.manual_seed(0)
    for name, network in zip(NETWORKS, (Vocoder(), Autoencoder(), Estimator(), UNet()), strict=True):
        state = {key: value + 0.01 * torch.randn_like(value) for key, value in network.state_dict().items()}
        scale_factor = 0.7 if name == "unet" else 1.0
        torch.save({"ema": state, "scale_factor": scale_factor, "step": 5}, folder / f"{name}.pt")
    (folder / "card.json").write_text(json.dumps(CARD))
    arguments = [f"--{name}={folder / name}.pt" for name in NETWORKS]
    assert export.main([*arguments, f"--card={folder / 'card.json'}", f"--out={folder / 'made'}"]) == 0
    return folder


@pytest.fixture
def packed_corpus(tmp_path: Path) -> Path:
    """A minute of coloured noise in three kinds, packed as `corpus build` writes it."""
    folder = tmp_path / "pack"
    folder.mkdir()
    rng = np.random.default_rng(0)
    records, position, parts = [], 0, []
    for number in range(44):
        length = int(rng.integers(30_000, 90_000))
        sound = np.cumsum(rng.normal(0, 300, length)) * 0.01 + rng.normal(0, 2000, length)
        parts.append(np.clip(sound, -32_000, 32_000).astype(np.int16))
        kind = ("music", "speech", "effects")[number % 3]
        records.append(
            {
                "start": position,
                "stop": position + length,
                "kind": kind,
                "bandwidth_hz": 15_000.0 if number % 3 == 1 and number % 40 else 22_050.0,
                "source": f"made/{number}",
            }
        )
        position += length
    np.concatenate(parts).tofile(folder / "samples.i16")
    (folder / "index.json").write_text(json.dumps(records))
    return folder


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a scaled-down official checkpoint, `basic.ckpt`, and the model `models/basic` of it."""
    from official_checkpoint import TINY, write_checkpoint

    from audiosr_desktop import paths
    from audiosr_desktop.engine.install import ImportOptions
    from audiosr_desktop.job import run_job
    from audiosr_desktop.training.import_checkpoint import import_checkpoint

    folder = tmp_path_factory.mktemp("official")
    write_checkpoint(folder / "basic.ckpt")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "shipped_models_dir", lambda: folder / "shipped")
        patch.setattr(paths, "user_models_dir", lambda: folder / "models")
        run_job(import_checkpoint(folder / "basic.ckpt", ImportOptions(), TINY))
    return folder
