"""The options of the sub-commands that damage and measure sound."""

from pathlib import Path

from audiosr_desktop.cli_grammar import (
    DAMAGES,
    FILTERS,
    QUALITIES,
    SYSTEMS,
    Commands,
    add_command,
    add_output,
    cutoffs,
    damages,
    device,
    filters,
    gap,
    number,
    qualities,
    step_counts,
    systems,
    whole_number,
)


def add_analyze(commands: Commands) -> None:
    """Add `analyze`."""
    parser = add_command(
        commands,
        "analyze",
        "cli_measure:analyze",
        "measure files: cutoff, loudness, peaks, tones, gaps, noise",
        "Measure files. With --json, one FILE gives an object and several give a list of objects.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")


def add_compare(commands: Commands) -> None:
    """Add `compare`."""
    parser = add_command(
        commands,
        "compare",
        "cli_measure:compare",
        "measure how far a file is from its reference",
        "Measure EST against REF after the delay and the level between them are found and taken out; "
        "both are told. EST is converted to the rate of REF where they differ.",
    )
    parser.add_argument("reference", type=Path, metavar="REF")
    parser.add_argument("estimate", type=Path, metavar="EST")
    parser.add_argument(
        "--cutoff-hz", type=number(1.0), metavar="F", help="measure above and below F as well"
    )


def add_degrade(commands: Commands) -> None:
    """Add `degrade`."""
    parser = add_command(
        commands,
        "degrade",
        "cli_measure:degrade",
        "damage a file on purpose, the same way for the same seed",
        "Damage a file: low-pass, then tone and noise, then the codec, then gaps.",
    )
    parser.add_argument("input", type=Path, metavar="IN")
    add_output(parser)
    parser.add_argument("--lowpass-hz", type=number(1.0), metavar="F", help="take away what lies above F")
    parser.add_argument(
        "--filter", choices=FILTERS, help="of the low-pass (default cheby); resample: to 2F and back"
    )
    parser.add_argument(
        "--order", type=whole_number(2, 10), metavar="2..10", help="of the low-pass (default 8)"
    )
    parser.add_argument("--tone-hz", type=number(1.0), metavar="F", help="add a tone")
    parser.add_argument(
        "--tone-amplitude",
        type=number(0.0, 1.0),
        metavar="A",
        help="of the tone; 1 is full scale (default 0.05)",
    )
    parser.add_argument(
        "--white-amplitude", type=number(0.0, 1.0), metavar="A", help="add noise of this deviation"
    )
    parser.add_argument(
        "--gap",
        type=gap,
        action="append",
        default=[],
        metavar="START:LENGTH_MS",
        help="silence; may be repeated",
    )
    parser.add_argument("--codec", choices=("mp3", "ogg", "opus"), help="encode and decode")
    parser.add_argument(
        "--bitrate", type=whole_number(8, 512), metavar="KBPS", help="of the codec (default 64)"
    )
    parser.add_argument(
        "--random",
        action="store_true",
        help="draw low-pass, tone, noise, codec, gaps and level from the seed",
    )
    parser.add_argument("--seed", type=whole_number(0, 2**63 - 1), default=0, metavar="N", help="default 0")


def add_evaluate(commands: Commands) -> None:
    """Add `evaluate`."""
    parser = add_command(
        commands,
        "evaluate",
        "cli_evaluate:evaluate",
        "the table of spectral distances over clean sound",
        "Damage clean sound, let each system mend it, and measure the result against what it was. The "
        "kind of a file is what stands before the first underscore of its name, or the name of its folder.",
    )
    parser.add_argument(
        "data",
        type=Path,
        nargs="?",
        help="a file or folder of clean sound; our own clips if absent",
    )
    parser.add_argument(
        "--systems", type=systems, default=SYSTEMS[:6], metavar="A,B,…", help=f"of {', '.join(SYSTEMS)}"
    )
    parser.add_argument(
        "--cutoffs", type=cutoffs, default=(2e3, 4e3, 8e3, 12e3), metavar="F,F,…", help="in Hz, or none"
    )
    parser.add_argument(
        "--damages", type=damages, default=DAMAGES, metavar="A,B,…", help=f"of {', '.join(DAMAGES)}, or none"
    )
    parser.add_argument(
        "--filters", type=filters, default=("resample",), metavar="A,B,…", help=f"of {', '.join(FILTERS)}"
    )
    parser.add_argument(
        "--model",
        action="append",
        metavar="ID",
        help="a bundle that `compact` and `gt-mel` run; may be repeated",
    )
    parser.add_argument(
        "--regression",
        action="append",
        type=Path,
        default=[],
        metavar="FOLDER",
        help="a bundle of a mel regression; may be repeated; installed ones are taken if absent",
    )
    parser.add_argument(
        "--quality", type=qualities, default=QUALITIES, metavar="A,B,…", help=f"of {', '.join(QUALITIES)}"
    )
    parser.add_argument(
        "--steps", type=step_counts, default=(), metavar="N,N,…", help="also each model with so many steps"
    )
    parser.add_argument("--device", type=device, metavar="auto|cpu|cuda[:N]")
    parser.add_argument("--seed", type=whole_number(0, 2**32 - 1), default=0, metavar="N")
    parser.add_argument("--seconds", type=number(0.5), metavar="S", help="at most this much of each file")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write CSV, Markdown and figures there")
    parser.add_argument(
        "--spectrograms",
        choices=("none", "first", "all"),
        default="first",
        help="with --out: of no file, of the first of each kind (default), of all",
    )
    parser.add_argument(
        "--losses",
        action="append",
        type=Path,
        default=[],
        metavar="RUN",
        help="with --out: draw a training run's curves; may be repeated; without DATA nothing else is done",
    )
