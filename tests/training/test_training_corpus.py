import csv
import json

import numpy as np
import pytest
import soundfile

pytest.importorskip("soxr")

from audiosr_desktop.training import corpus


def _manifest(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["split", "kind", "origin", "package", "path", "seconds", "bandwidth_hz"])
        writer.writerows(rows)


def test_build_packs_folders_and_leaves_out_what_cannot_be_read(tmp_path, capsys):
    sounds = tmp_path / "audio" / "mine"
    sounds.mkdir(parents=True)
    time = np.arange(44_100) / 44_100
    soundfile.write(sounds / "a.wav", 0.5 * np.sin(2 * np.pi * 440 * time), 44_100)
    soundfile.write(sounds / "b.flac", np.zeros(1000), 48_000)
    (sounds / "c.ogg").write_text("no sound")
    _manifest(
        tmp_path / "list.csv",
        [["train", "music", "folder", "mine", name, 1, 20_000] for name in ("a.wav", "b.flac", "c.ogg")]
        + [["dev", "music", "folder", "mine", "a.wav", 1, 20_000]],
    )
    arguments = ["build", str(tmp_path / "list.csv"), "--out", str(tmp_path / "out"), "--jobs", "1"]
    assert corpus.main(arguments) == 0
    records = json.loads((tmp_path / "out/train/index.json").read_text())
    assert [record["source"] for record in records] == ["mine/a.wav"]
    samples = np.fromfile(tmp_path / "out/train/samples.i16", np.int16)
    assert len(samples) == records[0]["stop"] == 48_000
    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000) * 32_767
    assert np.abs(samples[1000:-1000] - wanted[1000:-1000]).max() < 40
    assert corpus.main(["show", str(tmp_path / "out/train")]) == 0
    assert "music" in capsys.readouterr().out


def test_a_bad_manifest_ends_in_a_sentence(tmp_path, capsys):
    (tmp_path / "bad.csv").write_text("split,kind\ntrain,music\n")
    assert corpus.main(["build", str(tmp_path / "bad.csv"), "--out", str(tmp_path)]) == 1
    assert "bad.csv" in capsys.readouterr().err
