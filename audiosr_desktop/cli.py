"""The `audiosr-desktop` command: runs one sub-command or the window, and turns errors into exit codes.

Neither Qt nor torch nor anything slow is imported here: what carries a sub-command out is imported when it is
asked for. So are the window, which is above the command line, and training, whose libraries may be missing.
"""

import argparse
import contextlib
import difflib
import importlib
import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import FrameType, ModuleType

from audiosr_desktop.cli_options import PROGRAM, TRAINING_COMMANDS, build_parser, editor_parser
from audiosr_desktop.cli_output import UsageError
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.log import start_logging
from audiosr_desktop.playback.switch import DEVICE_MODULE, DEVICE_SWITCH
from audiosr_desktop.plugins.switch import CHILD_MODULE, CHILD_SWITCH

DONE, FAILED, WRONG_USAGE, INTERRUPTED = 0, 1, 2, 130
_TRAINING_LIBRARIES = {"torch", "onnx", "onnxscript"}
# What a frozen program starts itself as
_PROCESSES = {CHILD_SWITCH: CHILD_MODULE, DEVICE_SWITCH: DEVICE_MODULE}

_log = logging.getLogger(__name__)


def run() -> None:
    """Run the program as a process of its own and end it with its exit code."""
    if len(sys.argv) > 1 and sys.argv[1] in _PROCESSES:
        importlib.import_module(_PROCESSES[sys.argv[1]]).main()
    for stream in (sys.stdout, sys.stderr):
        # A file name that is not UTF-8 must not end a run in an encoding error
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    # SIGTERM takes the road of Ctrl+C, so that a job still ends with its clean-up
    signal.signal(signal.SIGTERM, _interrupt)
    code = main(sys.argv[1:])
    try:
        sys.stdout.flush()
    except OSError:
        # The interpreter would flush again while it ends, and complain
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = code or FAILED
    sys.exit(code)


def _interrupt(_signal_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(argv: Sequence[str]) -> int:
    """Run the program on the words that follow its name.

    Returns:
        The exit code: 0 done, 1 failed (one sentence is on stderr), 2 wrong usage, 130 interrupted.
    """
    try:
        arguments = _parse(list(argv))
    except SystemExit as end:  # argparse ends so, after --help and after wrong usage
        return end.code if isinstance(end.code, int) else WRONG_USAGE
    with _logging(arguments.verbose) as log_path:
        return _guarded(arguments, log_path)


def _guarded(arguments: argparse.Namespace, log_path: Path | None) -> int:
    try:
        code = _handler(arguments)(arguments)
        sys.stdout.flush()
        return code
    except UsageError as error:
        print(f"{PROGRAM} {arguments.command}: error: {error}", file=sys.stderr)
        return WRONG_USAGE
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except SystemExit as end:  # the parsers of the training commands
        return end.code if isinstance(end.code, int) else WRONG_USAGE
    except AudioSRError as error:
        _log.info("failed", exc_info=error)
        message = str(error)
    except BrokenPipeError:
        message = "The output was cut short: the program that read it has ended."
    except MemoryError:
        message = "There is not enough memory for this: close other programs or restore a shorter region."
    except OSError as error:
        _log.info("failed", exc_info=error)
        place = f"'{error.filename}': " if error.filename else ""
        message = f"A file could not be read or written: {place}{error.strerror or error}."
    except Exception as error:  # noqa: BLE001 - the last door before the user
        _log.exception("unexpected error")
        where = f"the log {log_path} tells where" if log_path else "run it again with -v to see where"
        message = f"This is a fault in the program ({type(error).__name__}: {error}); {where}."
    print(" ".join(message.split()), file=sys.stderr)
    return FAILED


@contextlib.contextmanager
def _logging(verbose: bool) -> Iterator[Path | None]:
    """Log while one command runs, and close what was opened for it."""
    logger = logging.getLogger("audiosr_desktop")
    before = list(logger.handlers)
    path = start_logging(verbose=verbose)
    try:
        yield path
    finally:
        for handler in set(logger.handlers) - set(before):
            logger.removeHandler(handler)
            handler.close()


def _parse(argv: list[str]) -> argparse.Namespace:
    parser, commands = build_parser()
    first = next((word for word in argv if not word.startswith("-")), None)
    if first in TRAINING_COMMANDS:
        rest = argv[argv.index(first) + 1 :]
        return argparse.Namespace(command=first, rest=rest, verbose=False)
    if first in commands:
        return parser.parse_args(argv)
    if {"-h", "--help", "--version"} & set(argv):
        return parser.parse_args([word for word in argv if word.startswith("-")])

    editor = editor_parser(parser.usage)
    arguments = editor.parse_args(argv)
    if first is not None and first.isalpha() and not Path(first).exists():
        close = difflib.get_close_matches(first, commands, n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ""
        editor.error(f"{first!r} is neither a file nor a command{hint}")
    arguments.command = None
    return arguments


def _handler(arguments: argparse.Namespace) -> Callable[[argparse.Namespace], int]:
    if arguments.command is None:
        return _open_editor
    if arguments.command in TRAINING_COMMANDS:
        return _run_training
    module, function = arguments.handler.split(":")
    handler: Callable[[argparse.Namespace], int] = getattr(
        importlib.import_module(f"audiosr_desktop.{module}"), function
    )
    return handler


def _run_training(arguments: argparse.Namespace) -> int:
    try:
        module = importlib.import_module(f"audiosr_desktop.training.{arguments.command}")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _TRAINING_LIBRARIES:
            raise
        raise AudioSRError(
            f"`{arguments.command}` needs {error.name}, which is not installed: "
            "install the extra with `pip install 'audiosr-desktop[train]'`."
        ) from error
    code: int = module.main(arguments.rest)
    return code


def _open_editor(arguments: argparse.Namespace) -> int:
    if sys.platform == "linux" and not any(
        os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM")
    ):
        raise AudioSRError(
            f"There is no screen to open the editor on; `{PROGRAM} restore IN -o OUT` works without one."
        )
    window = _window()
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # Python's handler would wait for Qt's event loop
    code: int = window.run(arguments.files)
    return code


def _window() -> ModuleType:
    try:
        return importlib.import_module("audiosr_desktop.ui.app")
    except ImportError as error:
        raise AudioSRError(
            f"The window cannot start ({error}): `bash installer/run.sh` installs what is missing."
        ) from error


if __name__ == "__main__":
    run()
