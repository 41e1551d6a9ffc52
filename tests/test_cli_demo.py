"""`demo`: the main job on the bundled example."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile

from audiosr_desktop import paths
from audiosr_desktop.cli import main
from audiosr_desktop.engine import bundle


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_folder: Path) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    # The tiny bundle in place of the shipped one, which takes its time
    shutil.copytree(tiny_folder, tmp_path / "models" / "tiny")
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path / "models")
    monkeypatch.setattr(bundle, "DEFAULT_BUNDLE", "tiny")


def test_demo_writes_and_measures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "a folder" / "demo"
    assert main(["demo", "--out", str(out), "--json"]) == 0
    captured = capsys.readouterr()
    report = json.loads(captured.out)
    assert {path.name for path in out.iterdir()} == {"before.wav", "after.wav", "before-after.png"}
    assert report["outside_bit_identical"] is True
    assert report["cutoff_hz"] == pytest.approx(6_000, rel=0.05)
    assert report["lsd_before"] > report["lsd_after"] > 0
    assert report["energy_above_cutoff_before_db"] < -20
    assert report["rtf"] > 0
    assert report["device"]
    before, after = (soundfile.read(out / name, dtype="int16")[0] for name in ("before.wav", "after.wav"))
    changed = np.flatnonzero((before != after).any(axis=1)) / 48_000
    assert 2.0 <= changed[0] < 2.05
    assert 5.95 < changed[-1] < 6.0
    assert (out / "before-after.png").read_bytes().startswith(b"\x89PNG")

    assert main(["demo", "--out", str(out)]) == 0  # again, over its own files
    said = capsys.readouterr().out
    assert "lsd_after" in said
    assert "before-after.png" in said


def test_demo_without_a_model_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path / "nowhere")
    assert main(["demo", "--out", str(tmp_path / "demo")]) == 1
    assert "No model is installed" in capsys.readouterr().err
    assert not (tmp_path / "demo" / "after.wav").exists()


def test_demo_into_a_file_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "taken").touch()
    assert main(["demo", "--out", str(tmp_path / "taken")]) == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_examples_are_what_they_say() -> None:
    clean, narrow = (soundfile.info(path) for path in (paths.clean_example_sound(), paths.example_sound()))
    assert (clean.samplerate, clean.channels, clean.frames) == (48_000, 2, 384_000)
    assert (narrow.samplerate, narrow.channels, narrow.frames) == (48_000, 2, 384_000)
    spectra = [
        np.square(np.abs(np.fft.rfft(soundfile.read(path)[0][:, 0])))
        for path in (paths.clean_example_sound(), paths.example_sound())
    ]
    step_hz = 48_000 / 384_000
    above, below = slice(round(7_000 / step_hz), None), slice(0, round(5_500 / step_hz))
    assert spectra[1][above].sum() < 1e-3 * spectra[0][above].sum()
    assert spectra[1][below].sum() == pytest.approx(
        spectra[0][below].sum(), rel=0.05
    )  # 0.1 dB of ripple, twice
    assert (paths.example_sound().parent / "LICENSES.md").is_file()
