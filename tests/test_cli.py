"""The frame of the command line: which command runs, exit codes, what is said when something goes wrong."""

import argparse
import contextlib
import errno
import importlib
import json
import logging
import math
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from audiosr_desktop import cli, cli_options, cli_output
from audiosr_desktop.cli_output import UsageError
from audiosr_desktop.errors import SoundError
from audiosr_desktop.job import Job, Progress

ROOT = Path(__file__).resolve().parent.parent
CLIP = ROOT / "tests" / "clips" / "speech_it_syllables.flac"


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


def with_handler(monkeypatch: pytest.MonkeyPatch, handler: Callable[[argparse.Namespace], int]) -> None:
    monkeypatch.setattr(cli, "_handler", lambda _arguments: handler)


def failing(error: BaseException) -> Callable[[argparse.Namespace], int]:
    def handler(_arguments: argparse.Namespace) -> int:
        raise error

    return handler


# Which command


def every_command() -> list[list[str]]:
    _, names = cli_options.build_parser()
    with_actions = {
        "models": ("list", "show", "verify", "import", "remove"),
        "plugins": ("list", "scan", "enable", "disable", "new"),
        "setup": ("cuda",),
    }
    plain = [[name] for name in names if name not in (*cli_options.TRAINING_COMMANDS, *with_actions)]
    return [*plain, *([name, action] for name, words in with_actions.items() for action in words)]


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_has_help_v_and_json(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([*words, "--help"]) == 0
    said = capsys.readouterr().out
    assert "--json" in said
    assert "-v" in said


@pytest.mark.parametrize("words", every_command(), ids=" ".join)
def test_every_command_names_code_that_is_there(words: list[str]) -> None:
    parser, _ = cli_options.build_parser()
    needed = {
        "restore": ["a", "-o", "b"],
        "batch": ["a", "--out", "b"],
        "completion": ["bash"],
        "analyze": ["a"],
        "degrade": ["a", "-o", "b"],
        "compare": ["a", "b"],
        "listen": ["a", "b"],
    }
    needed |= {f"models {action}": ["a"] for action in ("show", "import", "remove")}
    needed |= {f"plugins {action}": ["a"] for action in ("enable", "disable", "new")}
    arguments = parser.parse_args([*words, *needed.get(" ".join(words), [])])
    module, function = arguments.handler.split(":")
    assert callable(getattr(importlib.import_module(f"audiosr_desktop.{module}"), function))


def test_help_lists_the_commands(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    said = capsys.readouterr().out
    for name in ("restore", "analyze", "degrade", "compare", "demo", "models", "evaluate", "train"):
        assert f"\n    {name} " in said
    assert "130 interrupted" in said


def test_help_beside_a_file_is_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["song.wav", "--help"]) == 0
    assert capsys.readouterr().out.startswith("usage:")


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("audiosr-desktop 0.")


@pytest.mark.parametrize("module", ["audiosr_desktop", "audiosr_desktop.cli"])
def test_the_modules_are_the_program_too(module: str) -> None:
    program = [sys.executable, "-m", module]
    said = subprocess.run([*program, "--version"], check=True, capture_output=True).stdout
    assert said.startswith(b"audiosr-desktop 0.")
    assert subprocess.run([*program, "analyse", "a.wav"], check=False, capture_output=True).returncode == 2


def test_misspelt_command_is_wrong_usage_with_a_hint(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["analyse", "a.wav"]) == 2
    assert "did you mean 'analyze'?" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["restore"],
        ["restore", "a.wav"],
        ["restore", "a.wav", "-o", "b.wav", "--effect", "magic"],
        ["restore", "a.wav", "-o", "b.wav", "--quality", "best", "--steps", "5"],
        ["restore", "a.wav", "-o", "b.wav", "--amount", "101"],
        ["restore", "a.wav", "-o", "b.wav", "--start", "nan"],
        ["restore", "a.wav", "-o", "b.wav", "--steps", "0"],
        ["restore", "a.wav", "-o", "b.wav", "--device", "tpu"],
        ["restore", "a.wav", "-o", "b.wav", "--set", "=3"],
        ["restore", "a.wav", "-o", "b.wav", "--over"],
        ["degrade", "a.wav", "-o", "b.wav", "--order", "11"],
        ["degrade", "a.wav", "-o", "b.wav", "--gap", "3"],
        ["degrade", "a.wav", "-o", "b.wav", "--gap", "1:-5"],
        ["evaluate", "--systems", "magic"],
        ["models"],
        ["--nonsense"],
    ],
    ids=" ".join,
)
def test_wrong_usage_ends_with_2(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(words) == 2
    captured = capsys.readouterr()
    assert "error:" in captured.err
    assert captured.out == ""


# The window and training, which are found by name


class Window:
    def __init__(self) -> None:
        self.opened: list[Path] | None = None

    def run(self, paths: list[Path]) -> int:
        self.opened = paths
        return 0


def test_files_open_the_editor(monkeypatch: pytest.MonkeyPatch) -> None:
    window = Window()
    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setitem(sys.modules, "audiosr_desktop.ui.app", window)
    before = signal.getsignal(signal.SIGTERM)
    try:
        assert cli.main(["one.wav", "a folder/two.flac"]) == 0
    finally:
        signal.signal(signal.SIGTERM, before)
    assert window.opened == [Path("one.wav"), Path("a folder/two.flac")]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems always have a screen")
def test_no_screen_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    assert cli.main(["song.wav"]) == 1
    assert "no screen" in capsys.readouterr().err


def test_missing_window_libraries_are_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def importing(name: str) -> None:
        raise ImportError("libEGL.so.1: cannot open shared object file")

    monkeypatch.setenv("QT_QPA_PLATFORM", "offscreen")
    monkeypatch.setattr("importlib.import_module", importing)
    assert cli.main([]) == 1
    said = capsys.readouterr().err
    assert "libEGL.so.1" in said
    assert said.count("\n") == 1


def test_training_without_its_extra_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def importing(name: str) -> None:
        assert name == "audiosr_desktop.training.train"
        raise ModuleNotFoundError("No module named 'torch'", name="torch")

    monkeypatch.setattr("importlib.import_module", importing)
    assert cli.main(["train", "run.toml"]) == 1
    assert capsys.readouterr().err == (
        "`train` needs torch, which is not installed: install the extra with "
        "`pip install 'audiosr-desktop[train]'`.\n"
    )


def test_training_gets_its_words_and_gives_its_exit_code(monkeypatch: pytest.MonkeyPatch) -> None:
    got: list[list[str]] = []

    class Training:
        @staticmethod
        def main(argv: list[str]) -> int:
            got.append(argv)
            return 7

    monkeypatch.setattr("importlib.import_module", lambda _name: Training)
    assert cli.main(["corpus", "build", "--help", "-v"]) == 7
    assert got == [["build", "--help", "-v"]]


# Ends


def test_expected_error_is_its_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_handler(monkeypatch, failing(SoundError("The sound is not there;\n  look for it.")))
    assert cli.main(["demo"]) == 1
    assert capsys.readouterr() == ("", "The sound is not there; look for it.\n")


def test_wrong_combination_is_wrong_usage(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_handler(monkeypatch, failing(UsageError("--a needs --b")))
    assert cli.main(["demo"]) == 2
    assert capsys.readouterr().err == "audiosr-desktop demo: error: --a needs --b\n"


def test_interrupt_is_130(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with_handler(monkeypatch, failing(KeyboardInterrupt()))
    assert cli.main(["demo"]) == 130
    assert capsys.readouterr().err == "Interrupted.\n"


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (MemoryError(), "not enough memory"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), "cut short"),
        (OSError(errno.ENOSPC, "No space left on device", "/x/y"), "'/x/y': No space left on device"),
    ],
)
def test_troubles_of_the_machine_are_one_sentence(
    error: BaseException, sentence: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_handler(monkeypatch, failing(error))
    assert cli.main(["demo"]) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_fault_of_the_program_goes_to_the_log(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_handler(monkeypatch, failing(ZeroDivisionError("by zero")))
    assert cli.main(["demo"]) == 1
    said = capsys.readouterr().err
    assert "fault in the program (ZeroDivisionError: by zero)" in said
    assert "Traceback" not in said
    log = next(word for word in said.split() if word.endswith(".log"))
    assert "ZeroDivisionError" in Path(log).read_text()


def test_verbose_shows_the_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with_handler(monkeypatch, failing(ZeroDivisionError("by zero")))
    assert cli.main(["demo", "-v"]) == 1
    assert "Traceback" in capsys.readouterr().err
    assert cli.main(["-v", "demo"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_log_is_closed_after_each_command(monkeypatch: pytest.MonkeyPatch) -> None:
    with_handler(monkeypatch, lambda _arguments: 0)
    before = list(logging.getLogger("audiosr_desktop").handlers)
    assert cli.main(["demo"]) == 0
    assert logging.getLogger("audiosr_desktop").handlers == before


# Output


def test_json_has_no_numbers_that_json_lacks(capsys: pytest.CaptureFixture[str]) -> None:
    cli_output.write_json(
        {"silence": -math.inf, "level": np.float32(0.5), "tones": ({"f": 1},), "path": Path("ä"), "yes": True}
    )
    said = capsys.readouterr().out
    assert json.loads(said) == {"silence": None, "level": 0.5, "tones": [{"f": 1}], "path": "ä", "yes": True}


def test_table_is_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    cli_output.write_table({"a": None, "long": [{"f": 1.0}, {"f": 2.5}], "yes": True, "none": []})
    assert capsys.readouterr().out.splitlines() == ["a     –", "long  f 1; f 2.5", "yes   yes", "none  none"]


def counting() -> Job[int]:
    yield Progress(0.25, "Counting")
    return 3


def test_progress_is_drawn_on_a_terminal_only(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli_output.drive(counting()) == 3
    assert capsys.readouterr() == ("", "")
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert cli_output.drive(counting()) == 3
    drawn = capsys.readouterr()
    assert drawn.out == ""
    assert " 25 %  Counting" in drawn.err
    assert drawn.err.endswith("\r\x1b[K")


# As a process of its own


def start(*words: str, **settings: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-m", "audiosr_desktop", *words],
        cwd=ROOT,
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.skipif(sys.platform == "win32", reason="no such pipes there")
def test_broken_pipe_is_no_traceback() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    try:
        result = subprocess.run(
            [sys.executable, "-m", "audiosr_desktop", "models", "list", "--json"],
            cwd=ROOT,
            stdout=writing,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    finally:
        os.close(writing)
    assert result.returncode == 1
    assert result.stderr == "The output was cut short: the program that read it has ended.\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_full_disk_behind_stdout_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        result = subprocess.run(
            [sys.executable, "-m", "audiosr_desktop", "models", "list"],
            cwd=ROOT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
            check=False,
        )
    assert result.returncode == 1
    assert result.stderr.count("\n") == 1
    assert "No space left" in result.stderr


@contextlib.contextmanager
def opened_by_reader(pipe: Path, process: "subprocess.Popen[str]") -> Iterator[None]:
    """Hold the writing end of a named pipe that the process has opened for reading."""
    descriptor = None
    while descriptor is None:
        try:
            descriptor = os.open(pipe, os.O_WRONLY | os.O_NONBLOCK)
        except OSError:  # nobody reads yet
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=0.05)
                pytest.fail(f"ended before it read the pipe: {process.communicate()}")
    try:
        yield
    finally:
        os.close(descriptor)


@pytest.fixture
def heard_interrupts() -> Iterator[None]:
    """Let child processes hear Ctrl+C: one that was started in the background inherits its being ignored."""
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, kept)


@pytest.mark.usefixtures("heard_interrupts")
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_process_ends_with_130_and_leaves_nothing(number: signal.Signals, tmp_path: Path) -> None:
    # A named pipe as the preset holds the process at a known place: it waits for a writer
    pipe = tmp_path / "preset.json"
    os.mkfifo(pipe)
    out = tmp_path / "out"
    out.mkdir()
    process = start("restore", str(CLIP), "-o", str(out / "new.wav"), "--chain", str(pipe))
    with opened_by_reader(pipe, process):
        process.send_signal(number)
        output, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert (output, said) == ("", "Interrupted.\n")
    assert list(out.iterdir()) == []


def test_start_is_quick() -> None:
    started = time.monotonic()
    process = start("--version")
    output, _ = process.communicate(timeout=60)
    assert output.startswith("audiosr-desktop ")
    assert (
        time.monotonic() - started < 10
    )  # far above what it takes, far below what SciPy, Qt and torch would
