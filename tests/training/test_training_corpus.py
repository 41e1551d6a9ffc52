import csv
import json
import shutil
import subprocess
import sys
import types
import zipfile

import numpy as np
import pytest
import soundfile

pytest.importorskip("torch", reason="needs the train extra")

from audiosr_desktop.errors import TrainingError
from audiosr_desktop.training import corpus, corpus_fetch, corpus_musdb, corpus_pack
from audiosr_desktop.training.corpus_list import LEAN_PACKAGES, read_list, shipped_list
from audiosr_desktop.training.corpus_pack import PackWriter, read_index
from audiosr_desktop.training.data import Corpus

pytestmark = pytest.mark.torch

RATE = 44_100


def noise(path, seed, seconds=0.5, cutoff_hz=None):
    path.parent.mkdir(parents=True, exist_ok=True)
    sound = np.random.default_rng(seed).normal(0, 0.1, round(seconds * RATE))
    if cutoff_hz:
        spectrum = np.fft.rfft(sound)
        spectrum[np.fft.rfftfreq(len(sound), 1 / RATE) > cutoff_hz] = 0
        sound = np.fft.irfft(spectrum, len(sound))
    soundfile.write(path, sound, RATE)


def build(folder, out, *more, kind="music"):
    words = ["build", "--no-list", "--folder", str(folder), "--kind", kind, "--out", str(out), *more]
    return corpus.main(words)


def manifest(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["split", "kind", "origin", "package", "path", "seconds", "bandwidth_hz"])
        writer.writerows(rows)


def test_the_shipped_list_holds_the_lean_packages_and_keeps_the_development_sources_apart():
    entries = read_list(shipped_list())
    assert {entry.package for entry in entries if entry.origin == "apt"} >= LEAN_PACKAGES
    train = {(entry.package, entry.path) for entry in entries if entry.split == "train"}
    assert len(train) > 9_000
    assert not train & {(entry.package, entry.path) for entry in entries if entry.split == "dev"}


def test_build_takes_listed_sources_and_leaves_out_what_cannot_be_read(tmp_path, capsys):
    mine = tmp_path / "audio" / "mine"
    mine.mkdir(parents=True)
    time = np.arange(RATE) / RATE
    soundfile.write(mine / "a.wav", 0.5 * np.sin(2 * np.pi * 440 * time), RATE)
    soundfile.write(mine / "b.flac", np.zeros(1000), 48_000)
    (mine / "c.ogg").write_text("no sound")
    with zipfile.ZipFile(mine / "d.pk3", "w") as archive:
        archive.write(mine / "a.wav", "sounds/half.wav")
    names = ("a.wav", "b.flac", "c.ogg", "d.pk3!/sounds/half.wav", "missing.wav")
    manifest(
        tmp_path / "list.csv",
        [["train", "music", "github", "mine", name, 1, 20_000] for name in names]
        + [["dev", "music", "github", "mine", "a.wav", 1, 20_000]],
    )
    assert corpus.main(["build", str(tmp_path / "list.csv"), "--out", str(tmp_path / "out")]) == 0
    records = read_index(tmp_path / "out/train")
    assert len(records) == 1  # the one in the zip is the same sound
    samples = np.fromfile(tmp_path / "out/train/samples.i16", np.int16)
    assert len(samples) == records[0]["stop"] == 48_000
    wanted = 0.5 * np.sin(2 * np.pi * 440 * np.arange(48_000) / 48_000) * 32_767
    assert np.abs(samples[1000:-1000] - wanted[1000:-1000]).max() < 40
    journal = [
        json.loads(line) for line in (tmp_path / "out/train/journal.jsonl").read_text().splitlines()[1:]
    ]
    why = {record["source"].removeprefix("mine/"): record.get("left_out", "") for record in journal}
    assert why["b.flac"] == "silent"
    assert "cannot be read" in why["c.ogg"]
    assert "cannot be read" in why["missing.wav"]
    assert sum("the same sound" in reason for reason in why.values()) == 1
    assert corpus.main(["show", str(tmp_path / "out/train")]) == 0
    assert "music" in capsys.readouterr().out


def test_ones_own_files_are_measured_and_narrow_ones_left_out(tmp_path):
    noise(tmp_path / "own/wide.wav", 1, seconds=2.0)
    noise(tmp_path / "own/sub/middle.wav", 2, seconds=2.0, cutoff_hz=16_000)
    noise(tmp_path / "own/narrow.flac", 3, seconds=2.0, cutoff_hz=7_000)
    (tmp_path / "own/notes.txt").write_text("no sound")
    assert build(tmp_path / "own", tmp_path / "out") == 0
    found = {record["source"].rsplit("/", 1)[-1]: record for record in read_index(tmp_path / "out/train")}
    assert set(found) == {"wide.wav", "middle.wav"}
    assert found["wide.wav"]["bandwidth_hz"] > 20_000
    assert found["middle.wav"]["bandwidth_hz"] == pytest.approx(16_000, rel=0.05)
    assert sum(record["held_out"] for record in found.values()) == 1
    rows = list(csv.DictReader((tmp_path / "out/train/manifest.csv").read_text().splitlines()))
    assert {row["licence"] for row in rows} == {"the user's own"}
    assert Corpus(tmp_path / "out/train").draw(np.random.default_rng(0), 2, 480).sound.shape == (2, 480)


def test_a_build_that_was_killed_goes_on_and_one_that_was_finished_is_extended(tmp_path, monkeypatch):
    monkeypatch.setattr(corpus_pack, "is_held_out", lambda key: key.endswith("new.wav"))
    for number in range(12):
        noise(tmp_path / "own" / f"{number:02}.wav", number, seconds=0.2)
    assert build(tmp_path / "own", tmp_path / "whole") == 0
    killed = tmp_path / "killed/train"
    with PackWriter(killed, {"limit_s": 90.0, "least_hz": 14_000.0}) as pack:
        whole = read_index(tmp_path / "whole/train")
        samples = np.fromfile(tmp_path / "whole/train/samples.i16", np.int16)
        for record in whole[:7]:
            kept = {"kind": "music", "bandwidth_hz": record["bandwidth_hz"]}
            pack.add(record["source"], samples[record["start"] : record["stop"]], kept)
    with (killed / "samples.i16").open("ab") as file:
        file.write(bytes(1001))  # samples without their line
    with (killed / "journal.jsonl").open("a") as file:
        file.write('{"source": "ha')  # and a line that was cut off
    assert build(tmp_path / "own", tmp_path / "killed") == 0
    for name in ("samples.i16", "index.json"):
        assert (killed / name).read_bytes() == (tmp_path / "whole/train" / name).read_bytes()
    noise(tmp_path / "own/new.wav", 99)
    assert build(tmp_path / "own", tmp_path / "killed") == 0
    extended = read_index(killed)
    assert extended[:12] == whole
    assert extended[12]["source"].endswith("new.wav")
    assert build(tmp_path / "own", tmp_path / "killed", "--limit-s", "5") == 1


def test_packages_are_fetched_once_and_moved_when_they_are_whole(tmp_path, monkeypatch):
    calls = []

    def fake(command, cwd=None, **_):
        calls.append(command[0])
        if command[0] == "apt-get":
            if command[2] == "gone":
                return subprocess.CompletedProcess(command, 100, "", "E: Unable to locate package gone\n")
            (cwd / "some_1.deb").write_text("")
        else:
            place = tmp_path / "packages/.some.partial/x/usr/share/doc/some"
            place.mkdir(parents=True)
            (place / "copyright").write_text("Files: *\nLicense: CC0-1.0\nFiles: b\nLicense: GPL-2+\n")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(corpus_fetch.subprocess, "run", fake)
    monkeypatch.setattr(corpus_fetch.shutil, "which", lambda tool: f"/usr/bin/{tool}")
    assert list(corpus_fetch.fetch_packages(["some"], tmp_path / "packages")) == ["some"]
    assert calls == ["apt-get", "dpkg-deb"]
    assert list(corpus_fetch.fetch_packages(["some"], tmp_path / "packages")) == ["some"]
    assert len(calls) == 2
    assert corpus_fetch.package_licence("some", tmp_path / "packages") == "CC0-1.0; GPL-2+"
    with pytest.raises(TrainingError, match=r"'gone' cannot be downloaded .*Unable to locate"):
        list(corpus_fetch.fetch_packages(["gone"], tmp_path / "packages"))
    monkeypatch.setattr(corpus_fetch.shutil, "which", lambda _: None)
    with pytest.raises(TrainingError, match="apt-get was not found"):
        list(corpus_fetch.fetch_packages(["other"], tmp_path / "packages"))


def test_musdb_as_wav_is_split_as_in_the_report(tmp_path):
    for number in range(100):
        track = tmp_path / "musdb/train" / f"{number:03}"
        track.mkdir(parents=True)
        for wave in corpus_musdb.WAVES:
            (track / f"{wave}.wav").touch()
    for number in range(50):
        track = tmp_path / "musdb/test" / f"{number:03}"
        track.mkdir(parents=True)
        (track / "mixture.wav").touch()
    entries = corpus_musdb.musdb_entries(tmp_path / "musdb")
    tracks = {}
    for entry in entries:
        tracks.setdefault(entry.split, set()).add(entry.path.rsplit("/", 1)[0])
    assert {split: len(names) for split, names in tracks.items()} == {"train": 90, "valid": 10, "test": 50}
    assert sum(entry.split == "train" for entry in entries) == 450


def test_held_out_tracks_of_musdb_stay_held_out(tmp_path):
    for number in range(10):
        noise(tmp_path / "musdb/train" / f"{number}" / "mixture.wav", number, seconds=0.3)
    words = ["build", "--no-list", "--musdb", str(tmp_path / "musdb"), "--out", str(tmp_path / "out")]
    assert corpus.main(words) == 0
    held_out = [record["source"] for record in read_index(tmp_path / "out/train") if record["held_out"]]
    assert "MUSDB18/train/9/mixture.wav" in held_out


def test_stems_need_pyav_and_say_so(tmp_path, monkeypatch):
    (tmp_path / "train").mkdir()
    (tmp_path / "train/A - B.stem.mp4").touch()
    monkeypatch.setattr(corpus_musdb.importlib.util, "find_spec", lambda _: None)
    with pytest.raises(TrainingError, match=r"PyAV.*\[media\]"):
        corpus_musdb.musdb_entries(tmp_path)
    monkeypatch.setattr(corpus_musdb.importlib.util, "find_spec", lambda _: object())
    assert [entry.path[-1] for entry in corpus_musdb.musdb_entries(tmp_path)] == list("01234")
    with pytest.raises(TrainingError, match="no copy of MUSDB18"):
        corpus_musdb.musdb_entries(tmp_path / "nothing")


def test_a_stem_is_read_from_its_own_stream(tmp_path, monkeypatch):
    """PyAV is an extra, so its part is played: a container of five streams of one block each."""

    class Container:
        streams = types.SimpleNamespace(audio=[types.SimpleNamespace(rate=RATE, level=n) for n in range(5)])

        def __enter__(self):
            return self

        def __exit__(self, *_):
            return False

        def decode(self, stream):
            yield stream.level
            yield stream.level + 0.5

    class Resampler:
        def __init__(self, **_):
            pass

        def resample(self, frame):
            block = types.SimpleNamespace(to_ndarray=lambda: np.full((2, 3), frame))
            return [block]

    fake = types.SimpleNamespace(open=lambda _: Container(), AudioResampler=Resampler)
    monkeypatch.setitem(sys.modules, "av", fake)
    samples, rate = corpus_musdb.read_stem(tmp_path / "x.stem.mp4", 2)
    assert rate == RATE
    np.testing.assert_array_equal(samples[:, 0], [2, 2, 2, 2.5, 2.5, 2.5])


@pytest.mark.parametrize("coding", ["vorbis", "flac"])
def test_a_pack_travels_in_parts_and_comes_back(packed_corpus, tmp_path, coding):
    words = ["pack", str(packed_corpus), "--out", str(tmp_path / "parts"), "--coding", coding]
    assert corpus.main([*words, "--part-mb", "0.25"]) == 0
    parts = sorted((tmp_path / "parts").glob("*.zip"))
    assert len(parts) > 2
    assert all(part.stat().st_size < 1e6 for part in parts)
    parts[-1].unlink()  # a writer that was cut off goes on
    before = [part.stat().st_mtime_ns for part in parts[:-1]]
    assert corpus.main([*words, "--part-mb", "0.25"]) == 0
    assert [part.stat().st_mtime_ns for part in parts[:-1]] == before
    pack = tmp_path / "back"
    assert corpus.main(["unpack", str(parts[0]), "--out", str(pack)]) == 0
    assert 0 < len(read_index(pack)) < 44
    assert corpus.main(["unpack", *map(str, parts), "--out", str(pack)]) == 0
    there, back = (
        {record["source"]: record for record in read_index(place)} for place in (packed_corpus, pack)
    )
    assert there.keys() == back.keys()
    held_out = {name for name, record in back.items() if record["held_out"]}
    assert {"made/0", "made/40"} <= held_out  # and perhaps what the first part alone had to hold out
    assert len(held_out) <= 3
    samples = [np.memmap(place / "samples.i16", np.int16, "r") for place in (packed_corpus, pack)]
    for name, record in there.items():
        one = samples[0][record["start"] : record["stop"]].astype(float)
        other = samples[1][back[name]["start"] : back[name]["stop"]].astype(float)
        assert len(one) == len(other)
        if coding == "flac":
            np.testing.assert_array_equal(one, other)
        else:
            assert np.corrcoef(one, other)[0, 1] > 0.8  # of white noise


def test_bad_input_ends_in_a_sentence(tmp_path, packed_corpus, capsys):
    (tmp_path / "bad.csv").write_text("split,kind\ntrain,music\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "part-000.zip").write_text("no zip")
    out = ["--out", str(tmp_path / "out")]
    cases = {
        "bad.csv": ["build", str(tmp_path / "bad.csv"), *out],
        "no sound file": ["build", "--no-list", "--folder", str(tmp_path / "empty"), "--kind", "music", *out],
        "of what kind": ["build", "--no-list", "--folder", str(tmp_path / "empty"), *out],
        "no kind": ["build", "--no-list", "--folder", str(tmp_path / "empty"), "--kind", "noise", *out],
        "no package nonsense": ["build", "--packages", "nonsense", *out],
        "Nothing to build": ["build", "--no-list", *out],
        "is damaged": ["unpack", str(tmp_path / "part-000.zip"), *out],
        "corpus build first": ["show", str(tmp_path / "empty")],
    }
    for said, words in cases.items():
        assert corpus.main(words) == 1, said
        assert said in capsys.readouterr().err
    with pytest.raises(TrainingError, match="cannot be extended"):
        PackWriter(packed_corpus, {})
    shutil.rmtree(tmp_path / "out", ignore_errors=True)
