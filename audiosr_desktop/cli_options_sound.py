"""The options of the sub-commands that change sound or let it be heard."""

import argparse
from pathlib import Path

from audiosr_desktop.cli_grammar import (
    EFFECTS,
    Commands,
    add_command,
    add_output,
    device,
    effect,
    number,
    setting,
    whole_number,
)


def add_restore(commands: Commands) -> None:
    """Add `restore`."""
    parser = add_command(
        commands,
        "restore",
        "cli_restore:restore",
        "run an effect on a file",
        "Run an effect on a file, or on a part of it. Outside the part every sample stays as it is. "
        "Super-resolution works at 44.1 kHz and above: a file of a lower rate is converted to 48 kHz first, "
        "and so is one below 48 kHz that is restored as a whole (by `restore` only if its top is missing); "
        "a part of a file of 44.1 kHz or more keeps the rate.",
    )
    parser.add_argument("input", type=Path, metavar="IN")
    add_output(parser)
    _add_effect(parser)


def _add_effect(parser: argparse.ArgumentParser) -> None:
    """Add which effects run, on which part, with which values."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--effect",
        type=effect,
        default="restore",
        metavar="NAME",
        help=f"of {', '.join(EFFECTS)}, or the id of another one, as of a plugin; default restore: all that "
        "is found wrong",
    )
    what.add_argument(
        "--compat",
        choices=("upstream",),
        help="run an imported model exactly as the published AudioSR does, its defects included",
    )
    what.add_argument(
        "--chain",
        type=Path,
        metavar="PRESET.json",
        help="several effects with their values, in order: a file, or the name of a preset",
    )
    parser.add_argument("--start", type=number(0.0), metavar="S", help="start of the part in seconds")
    parser.add_argument("--end", type=number(0.0), metavar="S", help="end of the part in seconds")
    parser.add_argument("--low-hz", type=number(0.0), metavar="F", help="change nothing below this frequency")
    parser.add_argument(
        "--high-hz", type=number(0.0), metavar="F", help="change nothing above this frequency"
    )
    parser.add_argument("--model", metavar="ID", help="see `models list`")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--quality", choices=("draft", "standard", "best"))
    length.add_argument("--steps", type=whole_number(1, 1000), metavar="N", help="steps of the sampler")
    parser.add_argument(
        "--guidance", type=number(0.0), metavar="G", help="guidance scale of the sampler, 1 is none"
    )
    parser.add_argument(
        "--amount", type=number(0.0, 100.0), metavar="0..100", help="how much of the change is kept"
    )
    parser.add_argument(
        "--cutoff-hz", type=number(1.0), metavar="F", help="where the input ends; measured if absent"
    )
    parser.add_argument(
        "--seed", type=whole_number(0, 2**32 - 1), metavar="N", help="another one, another top"
    )
    parser.add_argument("--device", type=device, metavar="auto|cpu|cuda[:N]")
    parser.add_argument(
        "--set",
        type=setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the effect",
    )


def add_batch(commands: Commands) -> None:
    """Add `batch`."""
    parser = add_command(
        commands,
        "batch",
        "cli_batch:batch",
        "run an effect on many files and folders",
        "Run an effect on many files. Folders are searched, and their tree is kept below DIR. Files that "
        "cannot be read are told with the reason, and one that fails stops no other; the exit code is then "
        "1. An interrupted batch goes on with --resume, and does no file again whose source, parameters and "
        "model are the same; without IN it also takes the options of the run before. "
        "Variables of --name: {name} {ext} {preset} {process} {model} {rate} {bits} {channels} {seed} {date} "
        "{time} {index:03} {parent}. By default a file keeps its format if that is lossless, and becomes WAV "
        "if not; a suffix in --name, as in '{name}.flac', chooses another one.",
    )
    parser.add_argument(
        "inputs",
        nargs="*",
        metavar="IN",
        help="files and folders; - reads their names from stdin, one a line (or ended by null bytes)",
    )
    parser.add_argument(
        "--out", type=Path, required=True, metavar="DIR", help="folder of the results, made if it is missing"
    )
    _add_effect(parser)
    parser.add_argument(
        "--name", default="{name}_{preset}.{ext}", metavar="TEMPLATE", help="default {name}_{preset}.{ext}"
    )
    parser.add_argument(
        "--on-clash",
        choices=("number", "skip", "overwrite"),
        default="number",
        help="when there is a file of the name: take name-2 (default), leave the source out, or replace the "
        "file; a source is never replaced",
    )
    parser.add_argument("--resume", action="store_true", help="go on with the batch that is in DIR")
    parser.add_argument(
        "--report",
        type=Path,
        action="append",
        default=[],
        metavar="FILE.csv|json|html",
        help="write what was measured and done; may be repeated",
    )
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--jobs",
        type=whole_number(1, 256),
        default=1,
        metavar="N",
        help="processes, each with the model in memory; pays with many cores or effects without a model",
    )
    where.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="run on the workers of a Dask cluster, as tcp://host:8786 (needs the extra `cluster`); sources "
        "and DIR must lie on a file system that all of them have at the same place",
    )
    parser.add_argument(
        "--watch",
        action="store_true",
        help="go on until interrupted, and take files that appear in the folders once they are complete",
    )
    parser.add_argument("-q", "--quiet", action="store_true", help="tell only what failed")


def add_listen(commands: Commands) -> None:
    """Add `listen`."""
    parser = add_command(
        commands,
        "listen",
        "cli_listen:listen",
        "write a page to compare takes by ear, without a network",
        "Write an HTML page that holds the takes, equally loud, and plays them in step: switching, ABX with "
        "its p-value, blind ranking, spectrograms and figures. A is the reference.",
    )
    parser.add_argument("takes", type=Path, nargs="+", metavar="TAKE", help="sound files, the source first")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("listening.html"),
        metavar="PATH",
        help="a file that ends in .html, or a folder for page, takes and pictures (default: %(default)s)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace what is there")


def add_demo(commands: Commands) -> None:
    """Add `demo`."""
    parser = add_command(
        commands,
        "demo",
        "cli_demo:demo",
        "damage the bundled example, restore a part, and measure both",
        "Take away the top of the bundled example, restore a part of it, and write before.wav, after.wav and "
        "before-after.png with what was measured.",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("audiosr-demo"), metavar="DIR", help="default ./audiosr-demo"
    )
