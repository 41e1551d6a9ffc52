"""The whole way on a tiny setting, by the commands a user types: sound, corpus, networks, bundle, table."""

import json
from pathlib import Path

import pytest
import soundfile

torch = pytest.importorskip("torch", reason="needs the train extra")
pytest.importorskip("onnx", reason="needs the train extra")

from audiosr_desktop import paths  # noqa: E402
from audiosr_desktop.cli import main  # noqa: E402
from audiosr_desktop.training.weights import load_weights  # noqa: E402

pytestmark = pytest.mark.torch

CLIPS = Path(__file__).resolve().parents[1] / "clips"
SHIPPED = paths.shipped_models_dir() / "audiosr-compact"


def run(*words):
    assert main([str(word) for word in words]) == 0, words


def test_from_sound_to_a_trained_bundle_that_restores(tmp_path, card, capsys, monkeypatch):
    for kind in ("CONFIG", "DATA"):  # what it makes is no model of whoever runs the tests
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    work = tmp_path / "work"
    run("corpus", "build", "--no-list", "--folder", CLIPS, "--kind", "music", "--out", work)
    few = [f'corpus="{work}/train"', "steps=2", "batch_size=2", "seconds=0.32", "warmup=1"]
    runs = Path(main.__code__.co_filename).parent / "training/runs"

    def train(name, *settings):
        out = work / "runs" / name
        sounds = f"validate_sounds={int(name == 'unet')}"
        run("train", runs / f"{name}.toml", f'out="{out}"', sounds, *few, *settings)
        assert (out / "curves.csv").is_file()
        return out / "last.pt"

    vocoder = train("vocoder")
    judged = f'vocoder="{vocoder}"'
    vocoder = train("vocoder_adversarial", f'start="{vocoder}"')
    vae = train("autoencoder", judged)
    encoder = train("condition_encoder", f'autoencoder="{vae}"', judged)
    estimator = train("estimator")
    reads = [f'autoencoder="{vae}"', f'condition_encoder="{encoder}"', f'estimator="{estimator}"']
    unet = train("unet", *reads, judged, "draws=1")
    shipped = [f'autoencoder="{SHIPPED}"', f'estimator="{SHIPPED}"', judged, "draws=1"]
    tones = train("noise_tones", f'start="{SHIPPED}"', *shipped)
    train("noise_tones_white", f'start="{tones}"', *shipped)
    assert "lsd_high_4k" in (work / "runs/unet/log.txt").read_text()

    made = paths.user_models_dir() / "made"
    networks = ["--vocoder", vocoder, "--autoencoder", vae, "--unet", unet, "--condition-encoder", encoder]
    networks += ["--estimator", estimator]
    run("export", *networks, "--card", card, "--out", made)
    trained_here = (("autoencoder", vae), ("condition_encoder", encoder), ("estimator", estimator))
    for task, path in trained_here:  # training can go on from it
        kept, trained = load_weights(made, task).state, load_weights(path, task).state
        assert all(torch.equal(kept[name], value.half().float()) for name, value in trained.items())
    clip = CLIPS / "music_tabla.flac"
    capsys.readouterr()
    few_systems = ["--systems", "unprocessed,compact", "--cutoffs", "4000", "--seconds", "1.0"]
    run("evaluate", clip, *few_systems, "--model", "made", "--quality", "draft", "--json")
    rows = json.loads(capsys.readouterr().out)["rows"]
    assert {"unprocessed", "made-draft"} <= {row["system"] for row in rows}
    out = tmp_path / "restored.wav"
    words = ["--effect", "super-resolution", "--cutoff-hz", 4000, "--end", 1.0, "--quality", "draft"]
    run("restore", clip, "-o", out, "--model", "made", *words, "--json")
    told = json.loads(capsys.readouterr().out)
    assert told["model"] == "made"
    assert soundfile.info(out).frames == soundfile.info(clip).frames
