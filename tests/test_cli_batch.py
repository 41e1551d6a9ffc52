"""`batch` and `completion` on the command line: options, exit codes, what is printed."""

import io
import json
import shutil
import subprocess
import sys
from pathlib import Path

import batch_kit
import pytest
import soundfile

from audiosr_desktop import paths
from audiosr_desktop.cli import main
from audiosr_desktop.cli_options import build_parser


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_folder: Path) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    shutil.copytree(tiny_folder, paths.user_models_dir() / "tiny")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in range(3):
        batch_kit.write_sound(tmp_path / "in" / f"take {seed}.wav", seed, rate=16_000)
    return tmp_path / "in"


@pytest.fixture
def preset(tmp_path: Path) -> str:
    return str(batch_kit.write_gain_preset(tmp_path / "quiet.json"))


def test_a_folder_through_the_model(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "out"
    words = ["--effect", "super-resolution", "--model", "tiny", "--quality", "draft", "--seed", "5", "--json"]
    assert (
        main(
            ["batch", str(folder), "--out", str(out), "--name", "{name} {model} {rate} {seed}.{ext}", *words]
        )
        == 0
    )
    report = json.loads(capsys.readouterr().out)
    rows = report["files"]
    assert [Path(row["target"]).name for row in rows] == [
        f"take {seed} tiny 48000 5.wav" for seed in range(3)
    ]
    assert {row["seed"] for row in rows} == {5}
    assert {row["model"] for row in rows} == {"tiny"}
    assert len({row["model_sha256"] for row in rows}) == 1
    assert {row["sample_rate_out"] for row in rows} == {48_000}
    # the same as `restore` gives for one of them
    alone = tmp_path / "alone.wav"
    source = str(folder / "take 1.wav")
    assert main(["restore", source, "-o", str(alone), *words[:-1]]) == 0
    assert alone.read_bytes() == Path(rows[1]["target"]).read_bytes()


def test_one_bad_file_makes_the_exit_code_1(
    folder: Path, tmp_path: Path, preset: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.wav").write_text("no sound")
    report = tmp_path / "report.csv"
    words = ["batch", str(folder), "--out", str(tmp_path / "out"), "--chain", preset]
    assert main([*words, "--report", str(report)]) == 1
    told = capsys.readouterr()
    assert told.out.count("→") == 3
    assert "3 done, 1 failed, 0 skipped" in told.out
    assert "bad.wav cannot be read as sound" in told.err
    assert report.read_text().count("\n") == 5
    assert main([*words, "--resume", "--quiet"]) == 1
    assert capsys.readouterr().out == ""
    (folder / "bad.wav").unlink()
    batch_kit.write_sound(folder / "bad.wav", 9)
    assert main(["batch", "--resume", "--out", str(tmp_path / "out")]) == 0, "the options are kept"
    assert capsys.readouterr().out.count("→") == 1


def test_names_come_from_stdin(
    folder: Path, tmp_path: Path, preset: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for text, out in (
        (f"{folder / 'take 0.wav'}\n\n{folder / 'take 1.wav'}\n", "a"),
        (f"{folder / 'take 2.wav'}\0", "b"),
    ):
        monkeypatch.setattr(sys, "stdin", io.StringIO(text))
        assert main(["batch", "-", "--out", str(tmp_path / out), "--chain", preset, "-q"]) == 0
    assert set(batch_kit.results(tmp_path / "a")) == {"take 0_quiet.wav", "take 1_quiet.wav"}
    assert set(batch_kit.results(tmp_path / "b")) == {"take 2_quiet.wav"}


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        (["--out", "OUT"], 2, "name files or folders"),
        (["IN"], 2, "--out"),
        (["IN", "--out", "OUT", "--jobs", "0"], 2, "--jobs"),
        (["IN", "--out", "OUT", "--jobs", "2", "--scheduler", "tcp://x:1"], 2, "--scheduler"),
        (["IN", "--out", "OUT", "--set", "volume=3"], 2, "no parameter named 'volume'"),
        (["take.wav", "--watch", "--out", "OUT"], 2, "--watch needs a folder"),
        (["IN", "--out", "OUT", "--name", "{title}.wav"], 1, "unknown variable {title}"),
        (["IN", "--out", "OUT", "--report", "report.txt"], 1, "must end in one of"),
        (["IN", "--out", "OUT", "--model", "nowhere"], 1, "no model named nowhere"),
        (["--resume", "--out", "OUT"], 1, "There is no batch"),
        (["IN", "--out", "IN/take 0.wav"], 1, "is a file"),
    ],
)
def test_wrong_usage(
    folder: Path, words: list[str], code: int, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    places = {"IN": str(folder), "OUT": str(folder.parent / "out")}
    for name, place in places.items():
        words = [word.replace(name, place) for word in words]
    assert main(["batch", *words]) == code
    error = capsys.readouterr().err
    assert told in error
    assert "Traceback" not in error


def test_part_and_band_reach_every_file(folder: Path, tmp_path: Path, preset: str) -> None:
    words = ["--start", "0.1", "--end", "0.2", "--name", "{name}.{ext}"]
    assert main(["batch", str(folder), "--out", str(tmp_path / "out"), "--chain", preset, *words, "-q"]) == 0
    before, rate = soundfile.read(folder / "take 0.wav", dtype="int16")
    after, _ = soundfile.read(tmp_path / "out" / "take 0.wav", dtype="int16")
    start, stop = rate // 10, rate // 5
    assert (before[:start] == after[:start]).all()
    assert (before[stop:] == after[stop:]).all()
    assert (before[start:stop] != after[start:stop]).any()


def test_bash_completes_commands_options_and_choices() -> None:
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("there is no bash")
    program = [sys.executable, "-m", "audiosr_desktop", "completion"]
    script = subprocess.run(
        [*program, "bash"], cwd=batch_kit.ROOT, capture_output=True, text=True, check=True
    ).stdout

    def completed(*words: str) -> set[str]:
        line = " ".join(f"'{word}'" for word in ("audiosr-desktop", *words))
        ask = f"COMP_WORDS=({line}); COMP_CWORD={len(words)}; _audiosr_desktop"
        code = f"{script}\n{ask}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        found = subprocess.run([bash, "-c", code], capture_output=True, text=True, check=True)
        return set(found.stdout.split())

    assert completed("ba") == {"batch"}
    assert completed("batch", "--on") == {"--on-clash"}
    assert completed("batch", "--on-clash", "") == {"number", "skip", "overwrite"}
    assert completed("models", "ver") == {"verify"}
    assert "--json" in completed("models", "verify", "--")
    assert completed("completion", "z") == {"zsh"}


def test_fish_and_zsh_get_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    commands = build_parser()[1]
    for shell in ("fish", "zsh"):
        assert main(["completion", shell]) == 0
        script = capsys.readouterr().out
        assert all(command in script for command in commands)
        assert "on-clash" in script
