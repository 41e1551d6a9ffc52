"""How a sub-command is added, and what the values of options may be."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

EFFECTS = ("super-resolution", "denoise", "remove-tone", "fill-gap", "restore")
FILTERS = ("cheby", "ellip", "butter", "boxcar", "bessel", "resample")
SYSTEMS = ("unprocessed", "noise-fill", "copy-up", "regression", "compact", "gt-mel", "compact-blind")
DAMAGES = ("tone", "white", "gap")
QUALITIES = ("draft", "standard", "best")

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"


def add_command(
    commands: Commands, name: str, handler: str, help_: str, description: str
) -> argparse.ArgumentParser:
    """Add a sub-command that the function `module:function` carries out."""
    parser = commands.add_parser(name, help=help_, description=description, allow_abbrev=False)
    parser.set_defaults(handler=handler)
    # The default is left out, because it would hide a -v in front of the sub-command
    parser.add_argument(
        "-v",
        "--verbose",
        action="store_true",
        default=argparse.SUPPRESS,
        help="log to stderr, with tracebacks",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document on stdout")
    return parser


def add_group(
    commands: Commands, name: str, help_: str, description: str, *, parts: str = "action"
) -> Commands:
    """Add a sub-command that has sub-commands of its own, one of which must be given."""
    parser = commands.add_parser(name, help=help_, description=description, allow_abbrev=False)
    return parser.add_subparsers(title=f"{parts}s", metavar=parts.upper(), dest=parts, required=True)


def add_output(parser: argparse.ArgumentParser) -> None:
    """Add the file to write."""
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="file to write; its suffix is the format",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT when it exists")


def number(minimum: float = -math.inf, maximum: float = math.inf) -> Callable[[str], float]:
    """Return an option type: a finite number from `minimum` to `maximum`."""

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a number") from None
        if not math.isfinite(value) or not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(_range_in_words(text, minimum, maximum))
        return value

    return parse


def whole_number(minimum: int, maximum: int) -> Callable[[str], int]:
    """Return an option type: a whole number from `minimum` to `maximum`."""

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise argparse.ArgumentTypeError(f"{text!r} is not a whole number") from None
        if not minimum <= value <= maximum:
            raise argparse.ArgumentTypeError(_range_in_words(text, minimum, maximum))
        return value

    return parse


def _range_in_words(text: str, minimum: float, maximum: float) -> str:
    if math.isinf(maximum):
        return f"{text} is not a number of at least {minimum:g}"
    return f"{text} is not between {minimum:g} and {maximum:g}"


def device(text: str) -> str:
    """Read a device: auto, cpu, cuda or cuda:N."""
    name, colon, index = text.partition(":")
    if text in ("auto", "cpu", "cuda") or (name == "cuda" and colon and index.isdecimal()):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not auto, cpu, cuda or cuda:N")


def effect(text: str) -> str:
    """Read the name of an effect of ours, or the id of any."""
    if text in EFFECTS or "." in text:
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} is neither one of {', '.join(EFFECTS)} nor the id of another effect, which has a dot"
    )


def setting(text: str) -> tuple[str, str]:
    """Read NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def gap(text: str) -> tuple[float, float]:
    """Read START:LENGTH_MS, in seconds and milliseconds."""
    start, _, length = text.partition(":")
    try:
        gap = float(start), float(length)
    except ValueError:
        gap = -1.0, -1.0
    if not (0 <= gap[0] < math.inf and 0 < gap[1] < math.inf):
        raise argparse.ArgumentTypeError(f"{text!r} is not START:LENGTH_MS, as in 1.5:80")
    return gap


def systems(text: str) -> tuple[str, ...]:
    """Read names of systems, with commas."""
    return _names(text, SYSTEMS)


def filters(text: str) -> tuple[str, ...]:
    """Read names of filters, with commas."""
    return _names(text, FILTERS)


def damages(text: str) -> tuple[str, ...]:
    """Read names of damages, with commas, or none."""
    return () if text == "none" else _names(text, DAMAGES)


def qualities(text: str) -> tuple[str, ...]:
    """Read names of qualities, with commas."""
    return _names(text, QUALITIES)


def step_counts(text: str) -> tuple[int, ...]:
    """Read numbers of steps, with commas."""
    return tuple(map(whole_number(1, 1000), text.split(",")))


def _names(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(known)}")
    return names


def cutoffs(text: str) -> tuple[float, ...]:
    """Read frequencies in Hz, with commas, or none."""
    return () if text == "none" else tuple(map(number(500.0, 23_000.0), text.split(",")))
