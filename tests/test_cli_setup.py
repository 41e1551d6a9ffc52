"""`setup cuda`: what it says, what it returns, and that it fetches nothing without a yes."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from audiosr_desktop import cli_setup
from audiosr_desktop.cli import main
from audiosr_desktop.engine.cuda import Check
from audiosr_desktop.job import Job, Progress

GOOD = [Check("driver", True, "Card 4"), Check("ONNX Runtime", True, "1.31")]
BAD = [*GOOD, Check("CUDA and cuDNN", False, "missing: libcudnn.so.9", "Install it.")]


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return what was run; a stand-in for pip does nothing."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    ran: list[list[str]] = []

    def run(command: list[str], **_options: object) -> SimpleNamespace:
        ran.append(command)
        return SimpleNamespace(returncode=0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(cli_setup, "check_machine", lambda: iter(BAD))
    return ran


def trial(*_words: object) -> Job[Check]:
    yield Progress(0.5, "Trying")
    return Check("trial", True, "20 times as fast")


def test_says_what_is_missing(capsys: pytest.CaptureFixture[str], own_folders: list[list[str]]) -> None:
    assert main(["setup", "cuda"]) == 1
    said = capsys.readouterr()
    assert "NO  CUDA and cuDNN: missing: libcudnn.so.9\n    Install it.\n" in said.out
    assert said.err == "The graphics card cannot be used: missing: libcudnn.so.9.\n"
    assert not own_folders


def test_tries_the_card_when_all_is_there(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cli_setup, "check_machine", lambda: iter(GOOD))
    monkeypatch.setattr(cli_setup, "try_card", trial)
    assert main(["setup", "cuda", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["usable"] is True
    assert [check["name"] for check in report["checks"]] == ["driver", "ONNX Runtime", "trial"]


def test_fetches_only_after_a_yes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, own_folders: list[list[str]]
) -> None:
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: False))
    assert main(["setup", "cuda", "--install"]) == 1
    assert "add --yes" in capsys.readouterr().err
    monkeypatch.setattr(sys, "stdin", SimpleNamespace(isatty=lambda: True))
    monkeypatch.setattr("builtins.input", lambda _question: "n")
    assert main(["setup", "cuda", "--install"]) == 1
    assert capsys.readouterr().err == "Nothing was fetched.\n"
    assert not own_folders

    monkeypatch.setattr("builtins.input", lambda _question: "y")
    main(["setup", "cuda", "--install"])
    main(["setup", "cuda", "--install", "--yes"])
    assert [command[:4] for command in own_folders] == [[sys.executable, "-m", "pip", "install"]] * 2


def test_the_packaged_program_says_what_to_install(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, own_folders: list[list[str]]
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert main(["setup", "cuda", "--install", "--yes"]) == 1
    assert "audiosr-desktop-cuda" in capsys.readouterr().err
    assert not own_folders
