"""Print the manual page audiosr-desktop(1), made from the options themselves."""

import argparse
import sys
from collections.abc import Iterator

from audiosr_desktop import __version__
from audiosr_desktop.cli_options import PROGRAM, TRAINING_COMMANDS, build_parser

_ABOUT = (
    "is an audio editor that gives damaged recordings back what they lost: the top of the spectrum, "
    "and it removes tones, noise and gaps. Without a command it opens the editor on the named files. "
    "The commands do the same work without a screen."
)


def main() -> None:
    """Print the page in the man format."""
    sys.stdout.reconfigure(encoding="utf-8")  # type: ignore[union-attr]
    print("\n".join(page()))


def page() -> Iterator[str]:
    """Yield the lines of the page."""
    parser, _ = build_parser()
    commands = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    yield f'.TH AUDIOSR\\-DESKTOP 1 "" "{PROGRAM} {__version__}" "User Commands"'
    yield ".SH NAME"
    yield f"{_text(PROGRAM)} \\- audio editor that restores damaged sound"
    yield ".SH SYNOPSIS"
    yield f".B {_text(PROGRAM)}\n.RI [ FILE ...]\n.br\n.B {_text(PROGRAM)}\n.I COMMAND\n.RI [ OPTIONS ...]"
    yield ".SH DESCRIPTION"
    yield f".B {_text(PROGRAM)}\n{_text(_ABOUT)}"
    yield ".SH OPTIONS"
    yield from _options(parser)
    yield ".SH COMMANDS"
    summaries = {choice.dest: choice.help or "" for choice in commands._choices_actions}
    for name, command in commands.choices.items():
        yield f".SS {_text(name)}"
        yield _text(f"{command.description or _sentence(summaries[name])}")
        if name not in TRAINING_COMMANDS:
            usage = " ".join(command.format_usage().removeprefix("usage: ").split())
            yield f".PP\n.B {_text(usage)}"
            yield from _options(command)
    yield ".SH EXIT STATUS"
    yield "0: done. 1: failed; one sentence on the standard error says why. 2: wrong usage. 130: interrupted."
    yield ".SH LICENSE"
    yield "GNU General Public License, version 3 or later."


def _options(parser: argparse.ArgumentParser) -> Iterator[str]:
    for action in parser._actions:
        if action.help in (None, argparse.SUPPRESS):
            continue
        if isinstance(action, argparse._SubParsersAction):
            for name, command in action.choices.items():
                if parser.prog != PROGRAM:
                    yield f".TP\n.B {_text(name)}\n{_text(command.description or '')}"
                    yield from _options(command)
            continue
        names = ", ".join(f"\\fB{_text(name)}\\fR" for name in action.option_strings)
        value = _text(_value(action))
        head = f"{names} \\fI{value}\\fR" if names and value else names or f"\\fI{value}\\fR"
        words = (action.help or "").replace("%%", "%").replace("%(default)s", str(action.default))
        yield f".TP\n{head}\n{_text(_sentence(words))}"


def _value(action: argparse.Action) -> str:
    if action.option_strings and action.nargs == 0:
        return ""
    if action.metavar:
        return action.metavar if isinstance(action.metavar, str) else " ".join(action.metavar)
    return "|".join(map(str, action.choices)) if action.choices else action.dest.upper()


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') or not text else '.'}"


def _text(text: str) -> str:
    """Escape what the man format would take for its own."""
    escaped = " ".join(text.split()).replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped[:1] in (".", "'") else escaped


if __name__ == "__main__":
    main()
