"""`analyze`, `compare`, `degrade`, `models` and `evaluate` on the command line."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audiosr_desktop import paths
from audiosr_desktop.cli import main

ROOT = Path(__file__).resolve().parent.parent
BELL = ROOT / "tests" / "clips" / "effects_bell.flac"
ANALYSIS_KEYS = {
    *("path", "sample_rate", "channels", "duration_s", "format", "subtype", "cutoff_hz", "cutoff_confidence"),
    *(
        "lossy_source",
        "loudness_lufs",
        "true_peak_dbtp",
        "clipped_samples",
        "noise_floor_dbfs",
        "tones",
        "gaps",
    ),
}
COMPARISON_KEYS = {"lsd", "lsd_high", "lsd_low", "si_sdr_db", "snr_db", "loudness_difference_lu"}


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture
def bell(tmp_path: Path) -> Path:
    """Return two seconds of a clip."""
    samples, rate = soundfile.read(BELL, frames=96_000)
    soundfile.write(tmp_path / "bell.wav", samples, rate)
    return tmp_path / "bell.wav"


@pytest.fixture
def tiny(tiny_folder: Path) -> Path:
    return Path(shutil.copytree(tiny_folder, paths.user_models_dir() / "tiny"))


def run(*words: object) -> int:
    return main([*map(str, words)])


def document(capsys: pytest.CaptureFixture[str]) -> Any:
    captured = capsys.readouterr()
    assert captured.err == ""
    return json.loads(captured.out)


# analyze


def test_analysis_of_one_file_is_an_object(bell: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", bell, "--json") == 0
    report = document(capsys)
    assert set(report) >= ANALYSIS_KEYS
    assert (report["path"], report["sample_rate"], report["channels"]) == (str(bell), 48_000, 2)
    assert report["duration_s"] == pytest.approx(2.0)


def test_analysis_of_several_files_is_a_list_and_goes_on_after_a_bad_one(
    bell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bad = tmp_path / "bad.wav"
    bad.touch()
    assert run("analyze", bell, bad, bell, "--json") == 1
    captured = capsys.readouterr()
    assert [report["path"] for report in json.loads(captured.out)] == [str(bell), str(bell)]
    assert "bad.wav" in captured.err
    assert captured.err.count("\n") == 1


def test_analysis_for_people_names_every_figure(bell: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("analyze", bell) == 0
    said = capsys.readouterr().out
    assert {line.split()[0] for line in said.splitlines() if line} >= ANALYSIS_KEYS


@pytest.mark.parametrize("samples", [np.zeros((48_000, 1)), np.full((48_000, 1), 0.5), np.zeros((480, 2))])
def test_silence_dc_and_short_clips_are_analyzed(
    samples: np.ndarray[Any, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "in.wav", samples, 48_000)
    assert run("analyze", tmp_path / "in.wav", "--json") == 0
    assert document(capsys)["tones"] == []


@pytest.mark.parametrize("command", ["analyze", "compare"])
def test_not_a_number_is_one_sentence(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples = np.zeros((48_000, 1))
    samples[24_000] = np.nan
    soundfile.write(tmp_path / "in.wav", samples, 48_000, subtype="FLOAT")
    words = [tmp_path / "in.wav"] * (2 if command == "compare" else 1)
    assert run(command, *words, "--json") == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1
    assert "0.500 s" in captured.err


# compare


def test_comparison_takes_out_delay_and_level(
    bell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples, rate = soundfile.read(bell)
    moved = np.concatenate([np.zeros((100, 2)), 0.5 * samples])[: len(samples)]
    soundfile.write(tmp_path / "moved.wav", moved, rate, subtype="FLOAT")
    assert run("compare", bell, tmp_path / "moved.wav", "--cutoff-hz", 4000, "--json") == 0
    report = document(capsys)
    assert set(report) >= COMPARISON_KEYS
    assert report["lag_samples"] == 100
    assert report["gain_db"] == pytest.approx(6.02, abs=0.1)
    assert report["lsd"] < 0.2
    assert report["loudness_difference_lu"] == pytest.approx(-6.02, abs=0.2)


def test_comparison_without_a_cutoff_has_no_bands(bell: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("compare", bell, bell, "--json") == 0
    report = document(capsys)
    assert report["lsd"] == pytest.approx(0.0, abs=1e-6)
    assert (report["lsd_high"], report["lsd_low"]) == (None, None)


def test_comparison_brings_the_estimate_to_the_rate_of_the_reference(
    bell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    samples, _ = soundfile.read(bell)
    soundfile.write(tmp_path / "low.wav", samples[::2], 24_000)
    assert run("compare", bell, tmp_path / "low.wav", "--json") == 0
    report = document(capsys)
    assert (report["sample_rate"], report["sample_rate_estimate"]) == (48_000, 24_000)


def test_comparison_of_other_channels_is_one_sentence(
    bell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    soundfile.write(tmp_path / "mono.wav", soundfile.read(bell)[0][:, 0], 48_000)
    assert run("compare", bell, tmp_path / "mono.wav") == 1
    assert capsys.readouterr().err.count("\n") == 1


# degrade


def test_degrade_is_the_same_for_the_same_seed(
    bell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--white-amplitude", 0.01, "--tone-hz", 1000]
    for name, seed in (("a.wav", 1), ("b.wav", 1), ("c.wav", 2)):
        assert run("degrade", bell, "-o", tmp_path / name, "--seed", seed, *words, "--json") == 0
        assert document(capsys)["seed"] == seed
    assert (tmp_path / "a.wav").read_bytes() == (tmp_path / "b.wav").read_bytes()
    assert (tmp_path / "a.wav").read_bytes() != (tmp_path / "c.wav").read_bytes()


@pytest.mark.parametrize("family", ["cheby", "ellip", "butter", "boxcar", "bessel", "resample"])
def test_lowpass_takes_the_top(family: str, bell: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    assert run("degrade", bell, "-o", out, "--lowpass-hz", 3000, "--filter", family, "--order", 8) == 0
    before, after = (np.abs(np.fft.rfft(soundfile.read(path)[0][:, 0])) for path in (bell, out))
    assert len(after) == len(before)
    assert np.square(after[16_000:]).sum() < 0.05 * np.square(before[16_000:]).sum()
    assert np.square(after[:1_000]).sum() == pytest.approx(np.square(before[:1_000]).sum(), rel=0.1)


def test_gaps_are_silent_even_after_a_codec(bell: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.wav"
    words = ["--gap", "0.5:50", "--gap", "1.25:20", "--codec", "ogg", "--bitrate", 96]
    assert run("degrade", bell, "-o", out, *words) == 0
    samples, _ = soundfile.read(out)
    assert len(samples) == 96_000
    assert not samples[24_000:26_400].any()
    assert not samples[60_000:60_960].any()
    assert samples[23_000:24_000].any()


def test_random_damage_is_told(bell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("degrade", bell, "-o", tmp_path / "out.wav", "--random", "--seed", 5, "--json") == 0
    assert set(document(capsys)["damage"]) >= {"lowpass_hz", "filter", "order", "tone_hz", "gaps", "codec"}
    words = ["--random", "--codec", "mp3", "--bitrate", 48, "--overwrite", "--json"]
    assert run("degrade", bell, "-o", tmp_path / "out.wav", *words) == 0
    told = document(capsys)
    assert (told["codec"], told["bitrate"]) == ("mp3", 48)


@pytest.mark.parametrize(
    "words",
    [
        [],
        ["--random", "--lowpass-hz", "3000"],
        ["--order", "3"],
        ["--tone-amplitude", "0.1"],
        ["--bitrate", "64", "--lowpass-hz", "3000"],
    ],
    ids=" ".join,
)
def test_contradictions_are_wrong_usage(
    words: list[str], bell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("degrade", bell, "-o", tmp_path / "out.wav", *words) == 2
    assert capsys.readouterr().err.startswith("audiosr-desktop degrade: error: ")


@pytest.mark.parametrize(
    "words", [["--lowpass-hz", "24000"], ["--tone-hz", "30000"], ["--gap", "2:50"]], ids=" ".join
)
def test_damage_outside_the_sound_is_one_sentence(
    words: list[str], bell: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("degrade", bell, "-o", tmp_path / "out.wav", *words) == 1
    assert capsys.readouterr().err.count("\n") == 1
    assert not (tmp_path / "out.wav").exists()


def test_codec_for_many_channels_is_one_sentence(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    soundfile.write(tmp_path / "in.wav", np.zeros((4_800, 4)), 48_000)
    assert run("degrade", tmp_path / "in.wav", "-o", tmp_path / "out.wav", "--codec", "mp3") == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "fault" not in said


# models


def test_models_are_listed_shown_and_verified(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "list", "--json") == 0
    listed = {model["id"]: model for model in document(capsys)}
    assert listed["tiny"]["folder"] == str(tiny)
    assert listed["tiny"]["size_bytes"] == sum(path.stat().st_size for path in tiny.glob("*.onnx"))
    assert run("models", "show", "tiny", "--json") == 0
    shown = document(capsys)
    assert shown["scale_factor"] == 0.3
    assert len(shown["manifest_sha256"]) == 64
    assert run("models", "verify", "tiny", "--json") == 0
    assert document(capsys) == {"good": ["tiny"], "problems": []}


def test_models_for_people(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["list"], ["show", "tiny"], ["verify", "tiny"]):
        assert run("models", *words) == 0
        assert "tiny" in capsys.readouterr().out


def test_damaged_model_fails_verification_with_both_sums(
    tiny: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with (tiny / "vocoder.onnx").open("ab") as file:
        file.write(b"\x00")
    assert run("models", "verify") == 1
    said = capsys.readouterr().err
    assert "vocoder.onnx" in said
    assert "expected" in said
    assert "found" in said


def test_unusable_model_is_told_beside_the_list(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tiny / "ddpm.onnx").unlink()
    assert run("models", "list", "--json") == 0
    captured = capsys.readouterr()
    assert "tiny" not in {model["id"] for model in json.loads(captured.out)}
    assert "ddpm.onnx" in captured.err


def test_unknown_model_is_one_sentence(tiny: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "show", "huge") == 1
    assert capsys.readouterr().err.count("\n") == 1


def test_models_come_and_go(tiny_folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("models", "import", str(tiny_folder), "--id", "guest", "--json") == 0
    assert json.loads(capsys.readouterr().out)["id"] == "guest"
    assert run("models", "verify", "guest") == 0
    assert run("models", "import", str(tiny_folder), "--id", "guest") == 1
    assert "--replace" in capsys.readouterr().err
    assert run("models", "import", str(tiny_folder), "--id", "guest", "--replace") == 0
    assert run("models", "remove", "guest", "--json") == 0
    assert run("models", "remove", "guest") == 1
    assert run("models", "import", str(tmp_path / "nothing.bin")) == 1


# evaluate


def test_evaluation_makes_a_table(
    bell: Path, tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "table"
    words = ["--systems", "unprocessed,noise-fill,compact,gt-mel", "--model", "tiny", "--quality", "draft"]
    words += ["--cutoffs", "4000", "--steps", "1,2", "--damages", "white", "--spectrograms", "all"]
    code = run("evaluate", bell, *words, "--seconds", 1, "--out", out, "--json")
    captured = capsys.readouterr()
    assert code == 0, captured.err
    table = json.loads(captured.out)
    assert [row["system"] for row in table["rows"]] == [
        *("unprocessed", "noise-fill", "tiny-draft", "tiny-1-step", "tiny-2-steps", "gt-mel-tiny")
    ]
    assert all(row["lsd"] > 0 for row in table["rows"])
    assert [row["system"] for row in table["mended_rows"]] == ["unprocessed", "effect", "restore"]
    names = {path.name for path in out.iterdir()}
    assert names == {"table.md", "table.csv", "damage.csv", "lsd_by_step_resample.png", "spectrograms"}
    assert len(list((out / "spectrograms").iterdir())) == 5 + 2


def test_evaluation_takes_a_regression_from_its_folder_and_says_when_there_is_none(
    bell: Path, tiny_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["--cutoffs", "4000", "--damages", "none", "--seconds", 1]
    regression = ["--systems", "regression", "--regression", tiny_folder]
    assert run("evaluate", bell, *words, *regression, "--json") == 0
    assert [row["system"] for row in document(capsys)["rows"]] == ["tiny"]
    assert run("evaluate", bell, *words, "--systems", "copy-up,regression") == 0
    captured = capsys.readouterr()
    assert "copy-up" in captured.out
    assert "--regression" in captured.err


def test_evaluation_draws_the_losses_of_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "figures.csv").write_text("step 1 0.1 min, loss 2.0\nstep 2 0.2 min, loss 1.0\n")
    assert run("evaluate", "--losses", tmp_path, "--out", tmp_path / "out") == 0
    assert (tmp_path / "out" / "losses.png").read_bytes().startswith(b"\x89PNG")
    assert run("evaluate", "--losses", tmp_path) == 2
    assert run("evaluate", "--losses", tmp_path / "none", "--out", tmp_path / "out") == 1
    assert capsys.readouterr().err.count("\n") == 2


@pytest.mark.parametrize(
    "words", [["--cutoffs", "none", "--damages", "none"], ["--steps", "0"], ["--quality", "x"]]
)
def test_evaluation_without_sense_is_refused(
    words: list[str], bell: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("evaluate", bell, "--systems", "unprocessed", *words) in (1, 2)
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("make", [Path.mkdir, Path.touch], ids=["empty folder", "empty file"])
def test_evaluation_of_nothing_is_one_sentence(
    make: Callable[[Path], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make(tmp_path / "data.wav")
    assert run("evaluate", tmp_path / "data.wav", "--systems", "unprocessed") == 1
    assert capsys.readouterr().err.count("\n") == 1
