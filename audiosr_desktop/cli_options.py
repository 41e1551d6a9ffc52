"""The options of every sub-command. What carries a command out is only named here, and imported later."""

import argparse
import math
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from audiosr_desktop import __version__

PROGRAM = "audiosr-desktop"
EFFECTS = ("super-resolution", "denoise", "remove-tone", "fill-gap", "restore")
FILTERS = ("cheby", "ellip", "butter", "boxcar", "bessel", "resample")
SYSTEMS = ("unprocessed", "noise-fill", "copy-up", "regression", "compact", "gt-mel", "compact-blind")
DAMAGES = ("tone", "white", "gap")
QUALITIES = ("draft", "standard", "best")

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

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
        _add_restore,
        _add_batch,
        _add_analyze,
        _add_degrade,
        _add_compare,
        _add_listen,
        _add_demo,
        _add_models,
        _add_plugins,
        _add_evaluate,
        _add_setup,
        _add_completion,
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


def _add(
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


def _add_output(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="OUT",
        help="file to write; its suffix is the format",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace OUT when it exists")


def _add_restore(commands: Commands) -> None:
    parser = _add(
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
    _add_output(parser)
    _add_effect(parser)


def _add_effect(parser: argparse.ArgumentParser) -> None:
    """Add which effects run, on which part, with which values."""
    what = parser.add_mutually_exclusive_group()
    what.add_argument(
        "--effect",
        type=_effect,
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
    parser.add_argument("--device", type=_device, metavar="auto|cpu|cuda[:N]")
    parser.add_argument(
        "--set",
        type=_setting,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a parameter of the effect",
    )


def _add_batch(commands: Commands) -> None:
    parser = _add(
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


def _add_completion(commands: Commands) -> None:
    parser = _add(
        commands,
        "completion",
        "cli_completion:completion",
        "print a script that completes commands and options in a shell",
        "Print a script for the shell: source <(audiosr-desktop completion bash), the same for zsh, and "
        "audiosr-desktop completion fish | source.",
    )
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))


def _add_analyze(commands: Commands) -> None:
    parser = _add(
        commands,
        "analyze",
        "cli_measure:analyze",
        "measure files: cutoff, loudness, peaks, tones, gaps, noise",
        "Measure files. With --json, one FILE gives an object and several give a list of objects.",
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE")


def _add_compare(commands: Commands) -> None:
    parser = _add(
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


def _add_listen(commands: Commands) -> None:
    parser = _add(
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


def _add_degrade(commands: Commands) -> None:
    parser = _add(
        commands,
        "degrade",
        "cli_measure:degrade",
        "damage a file on purpose, the same way for the same seed",
        "Damage a file: low-pass, then tone and noise, then the codec, then gaps.",
    )
    parser.add_argument("input", type=Path, metavar="IN")
    _add_output(parser)
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
        type=_gap,
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


def _add_demo(commands: Commands) -> None:
    parser = _add(
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


def _add_setup(commands: Commands) -> None:
    setup = commands.add_parser(
        "setup",
        help="look whether a graphics card can be used, and fetch what it needs",
        description="Parts that not everyone needs.",
        allow_abbrev=False,
    )
    parts = setup.add_subparsers(title="parts", metavar="PART", dest="part", required=True)
    cuda = _add(
        parts,
        "cuda",
        "cli_setup:cuda",
        "NVIDIA graphics cards",
        "Look at the driver, at ONNX Runtime, at NVIDIA's libraries, and try the model on the card; says "
        "what is missing. The exit code is 0 if the card can be used.",
    )
    cuda.add_argument("--install", action="store_true", help="fetch the CUDA libraries first (1.3 GB)")
    cuda.add_argument("--yes", action="store_true", help="agree to that without a question")
    cuda.add_argument("--model", metavar="ID", help="the model to try with, see `models list`")
    cuda.add_argument("--device", type=_device, default="cuda", metavar="cuda[:N]", help="the card to try")


def _add_models(commands: Commands) -> None:
    models = commands.add_parser(
        "models",
        help="list, show, check, import and remove models",
        description="A model is a bundle: a folder with a manifest and ONNX graphs.",
        allow_abbrev=False,
    )
    actions = models.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    _add(actions, "list", "cli_models:list_", "the installed models", "List the installed models.")
    show = _add(
        actions, "show", "cli_models:show", "what a manifest says", "Show what a model's manifest says."
    )
    show.add_argument("id", metavar="ID")
    verify = _add(
        actions, "verify", "cli_models:verify", "check the files' sums", "Check the sums of the files."
    )
    verify.add_argument("id", metavar="ID", nargs="?", help="all models if absent")
    import_ = _add(
        actions,
        "import",
        "cli_models:import_",
        "install a model from a folder, a zip file or a checkpoint",
        "Install a model for this user: a bundle's folder or zip file, the folder or zip file of the "
        "public ONNX port of AudioSR, or an official checkpoint (.bin, .ckpt, .pt, .safetensors; needs "
        "the extra `train`). An import of a checkpoint that was interrupted goes on where it stopped.",
    )
    import_.add_argument("path", type=Path, metavar="PATH")
    import_.add_argument("--id", metavar="ID", help="install it under this name")
    import_.add_argument("--replace", action="store_true", help="take the place of an installed model")
    import_.add_argument(
        "--precision",
        choices=("single", "half"),
        default="single",
        help="of the graphs made of a checkpoint: single (default) everywhere, half for CUDA",
    )
    import_.add_argument(
        "--condition",
        choices=("lowpass_mel", "degraded_mel"),
        default="lowpass_mel",
        help="what a checkpoint was trained to read; degraded_mel after fine-tuning on noise",
    )
    remove = _add(
        actions, "remove", "cli_models:remove", "delete an imported model", "Delete an imported model."
    )
    remove.add_argument("id", metavar="ID")


def _add_plugins(commands: Commands) -> None:
    plugins = commands.add_parser(
        "plugins",
        help="list, scan, switch on and off plugins; begin a new one",
        description="Plugins bring effects: Python code, VST3, CLAP. They run in processes of their own.",
        allow_abbrev=False,
    )
    actions = plugins.add_subparsers(title="actions", metavar="ACTION", dest="action", required=True)
    _add(actions, "list", "cli_plugins:list_", "the plugins that are installed", "List the plugins.")
    _add(
        actions,
        "scan",
        "cli_plugins:scan_",
        "look into plugins that are new or changed",
        "Look into VST3 and CLAP plugins that are new or changed, each in a process of its own that has 30 "
        "seconds. One that fails is left out until its file changes, or it is enabled.",
    )
    enable = _add(
        actions,
        "enable",
        "cli_plugins:enable_",
        "trust a plugin and switch it on",
        "Trust this version of a plugin to run on this computer, and switch it on. A Python plugin that is "
        "changed has to be enabled again.",
    )
    enable.add_argument("id", metavar="ID")
    disable = _add(actions, "disable", "cli_plugins:disable_", "switch a plugin off", "Switch a plugin off.")
    disable.add_argument("id", metavar="ID")
    new = _add(
        actions,
        "new",
        "cli_plugins:new_",
        "write a small Python plugin to start from",
        "Write a small Python plugin to start from.",
    )
    new.add_argument("name", metavar="NAME")
    new.add_argument(
        "--out", type=Path, metavar="DIR", help="folder to put it in; the user's plugins if absent"
    )


def _add_evaluate(commands: Commands) -> None:
    parser = _add(
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
        "--systems", type=_systems, default=SYSTEMS[:6], metavar="A,B,…", help=f"of {', '.join(SYSTEMS)}"
    )
    parser.add_argument(
        "--cutoffs", type=_cutoffs, default=(2e3, 4e3, 8e3, 12e3), metavar="F,F,…", help="in Hz, or none"
    )
    parser.add_argument(
        "--damages", type=_damages, default=DAMAGES, metavar="A,B,…", help=f"of {', '.join(DAMAGES)}, or none"
    )
    parser.add_argument(
        "--filters", type=_filters, default=("resample",), metavar="A,B,…", help=f"of {', '.join(FILTERS)}"
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
        "--quality", type=_qualities, default=QUALITIES, metavar="A,B,…", help=f"of {', '.join(QUALITIES)}"
    )
    parser.add_argument(
        "--steps", type=_step_counts, default=(), metavar="N,N,…", help="also each model with so many steps"
    )
    parser.add_argument("--device", type=_device, metavar="auto|cpu|cuda[:N]")
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


def _device(text: str) -> str:
    name, colon, index = text.partition(":")
    if text in ("auto", "cpu", "cuda") or (name == "cuda" and colon and index.isdecimal()):
        return text
    raise argparse.ArgumentTypeError(f"{text!r} is not auto, cpu, cuda or cuda:N")


def _effect(text: str) -> str:
    if text in EFFECTS or "." in text:
        return text
    raise argparse.ArgumentTypeError(
        f"{text!r} is neither one of {', '.join(EFFECTS)} nor the id of another effect, which has a dot"
    )


def _setting(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _gap(text: str) -> tuple[float, float]:
    start, _, length = text.partition(":")
    try:
        gap = float(start), float(length)
    except ValueError:
        gap = -1.0, -1.0
    if not (0 <= gap[0] < math.inf and 0 < gap[1] < math.inf):
        raise argparse.ArgumentTypeError(f"{text!r} is not START:LENGTH_MS, as in 1.5:80")
    return gap


def _systems(text: str) -> tuple[str, ...]:
    return _names(text, SYSTEMS)


def _filters(text: str) -> tuple[str, ...]:
    return _names(text, FILTERS)


def _damages(text: str) -> tuple[str, ...]:
    return () if text == "none" else _names(text, DAMAGES)


def _qualities(text: str) -> tuple[str, ...]:
    return _names(text, QUALITIES)


def _step_counts(text: str) -> tuple[int, ...]:
    return tuple(map(whole_number(1, 1000), text.split(",")))


def _names(text: str, known: tuple[str, ...]) -> tuple[str, ...]:
    names = tuple(text.split(","))
    for name in names:
        if name not in known:
            raise argparse.ArgumentTypeError(f"{name!r} is not one of {', '.join(known)}")
    return names


def _cutoffs(text: str) -> tuple[float, ...]:
    return () if text == "none" else tuple(map(number(500.0, 23_000.0), text.split(",")))
