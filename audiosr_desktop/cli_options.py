"""The parser of the command line. What carries a command out is only named there, and imported later."""

import argparse
from pathlib import Path

from audiosr_desktop import __version__
from audiosr_desktop import cli_options_measure as measure
from audiosr_desktop import cli_options_parts as parts
from audiosr_desktop import cli_options_sound as sound

PROGRAM = "audiosr-desktop"

# Modules of the extra `train`, which read their own options
TRAINING_COMMANDS = {
    "train": "train the compact model",
    "export": "make a bundle of a training checkpoint",
    "corpus": "build the training corpus",
}


def build_parser() -> tuple[argparse.ArgumentParser, list[str]]:
    """Return the parser of all sub-commands, and their names."""
    parser = argparse.ArgumentParser(
        PROGRAM,
        usage=f"{PROGRAM} [FILE…]\n       {PROGRAM} COMMAND [OPTIONS…]",
        description="Audio editor that restores damaged sound. Without a command it opens the editor.",
        epilog=f"`{PROGRAM} COMMAND --help` tells the options of a command. "
        "Exit codes: 0 done, 1 failed, 2 wrong usage, 130 interrupted.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"{PROGRAM} {__version__}")
    parser.add_argument("-v", "--verbose", action="store_true", help="log to stderr, with tracebacks")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", dest="command", prog=PROGRAM)
    for add in (
        sound.add_restore,
        sound.add_batch,
        measure.add_analyze,
        measure.add_degrade,
        measure.add_compare,
        sound.add_listen,
        sound.add_demo,
        parts.add_models,
        parts.add_plugins,
        measure.add_evaluate,
        parts.add_setup,
        parts.add_completion,
    ):
        add(commands)
    for name, text in TRAINING_COMMANDS.items():
        commands.add_parser(name, help=f"{text} (needs the extra `train`)", add_help=False)
    return parser, list(commands.choices)


def editor_parser(usage: str | None) -> argparse.ArgumentParser:
    """Return the parser of `audiosr-desktop [FILE…]`."""
    parser = argparse.ArgumentParser(PROGRAM, usage=usage, add_help=False, allow_abbrev=False)
    parser.add_argument("files", nargs="*", type=Path)
    parser.add_argument("-v", "--verbose", action="store_true")
    return parser
