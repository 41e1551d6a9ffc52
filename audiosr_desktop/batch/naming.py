"""Names of results: the template and its variables, the folder that mirrors the source's, and clashes."""

import os
import string
import sys
import unicodedata
from collections.abc import Callable, Mapping
from pathlib import Path

from audiosr_desktop.audio.formats import bits_of, can_write, choose_format, is_lossy
from audiosr_desktop.batch.recipe import Clash, Settings
from audiosr_desktop.errors import BatchError

VARIABLES = {
    "name": "name of the source without its suffix",
    "ext": "suffix of the format: the source's if that is lossless, else wav",
    "preset": "name of the preset, or of the effect",
    "process": "the effects that run",
    "model": "id of the model",
    "rate": "sample rate of the result",
    "bits": "bits of its samples",
    "channels": "number of channels",
    "seed": "seed of the random numbers",
    "date": "day of the start, 2026-01-31",
    "time": "time of the start, 23-59-59",
    "index": "place in the queue; {index:03} fills with zeros",
    "parent": "name of the source's folder",
}
RESTORED = "Restored"  # the folder beside the source
_MOST_BYTES = 230  # of a name: most systems take 255, and a number may be added
_WINDOWS_RESERVED = {
    "CON",
    "PRN",
    "AUX",
    "NUL",
    *(f"{port}{n}" for port in ("COM", "LPT") for n in range(1, 10)),
}


def check_template(template: str) -> None:
    """Refuse a template that cannot give names of sound files.

    Raises:
        BatchError: an unknown variable, a folder in it, or a suffix that no format has.
    """
    sample = sample_name(template)
    if Path(template).name != template or "\\" in template:
        raise BatchError(f"The name template {template!r} holds a folder; give the folder with --out.")
    if not can_write(Path(sample).suffix):
        raise BatchError(
            f"The name template {template!r} must end in .{{ext}} or in the suffix of a format, as .wav."
        )


def sample_name(template: str, settings: Settings | None = None, source: Path | None = None) -> str:
    """Return what a template makes of a source, or of an example.

    Raises:
        BatchError: the template cannot be read, or names an unknown variable.
    """
    values: dict[str, object] = {
        **dict.fromkeys(VARIABLES, ""),
        "name": "Interview 03",
        **{"ext": "wav", "preset": "restore", "process": "restore", "model": "audiosr-compact"},
        **{"rate": 48_000, "bits": 24, "channels": 2, "seed": 0, "index": 1, "parent": "Tapes"},
        **{"date": "2026-01-31", "time": "23-59-59"},
    }
    if settings is not None:
        values |= {"preset": settings.recipe.preset, "process": settings.recipe.process}
        values |= {"seed": settings.recipe.seed}
    if source is not None:
        suffix = source.suffix.lower()
        lossless = can_write(suffix) and suffix not in {".mp3", ".ogg", ".oga", ".opus"}
        values |= {"name": source.stem, "parent": source.parent.name}
        values |= {"ext": suffix[1:] if lossless else "wav"}
    return _fill(template, values)


def file_name(
    settings: Settings,
    source: Path,
    facts: Mapping[str, object],
    *,
    index: int,
    model: str,
) -> str:
    """Return the name of a source's result, before clashes are looked for.

    Args:
        settings: template and recipe.
        source: the file.
        facts: what it is: `format`, `subtype`, `channels`, and `rate`, that of the result.
        index: place in the queue, from 1.
        model: id of the model that may run.

    Raises:
        AudioFileError: the template's suffix cannot be written.
    """
    subtype = str(facts["subtype"])
    kept = can_write(source.suffix) and not is_lossy(subtype)
    extension = source.suffix[1:] if kept else "wav"
    date, _, time = settings.started.partition(" ")
    values: dict[str, object] = {
        "name": source.stem,
        "ext": extension,
        "preset": settings.recipe.preset,
        "process": settings.recipe.process,
        "model": model,
        "rate": facts["rate"],
        "channels": facts["channels"],
        "seed": settings.recipe.seed,
        "date": date,
        "time": time,
        "index": index,
        "parent": source.parent.name,
        "bits": 0,  # not known before the suffix is
    }
    suffix = Path(_fill(settings.template, values)).suffix
    _, written = choose_format(Path("x" + suffix), str(facts["format"]), subtype)
    values["bits"] = bits_of(written) or written.lower()
    return _fill(settings.template, values)


def target_folder(settings: Settings, path: Path, top: Path, *, in_tree: bool) -> Path:
    """Return the folder of a source's result.

    Args:
        settings: its target folder.
        path: the source.
        top: the folder that was named, or the source's own.
        in_tree: whether a folder was named, whose tree is kept.
    """
    root = target_root(settings, top, in_tree=in_tree)
    below = path.parent.relative_to(top)
    return root / top.name / below if in_tree and settings.out is None else root / below


def target_root(settings: Settings, top: Path, *, in_tree: bool) -> Path:
    """Return the folder below which the results of a source named as `top` lie."""
    if settings.out is not None:
        return settings.out
    return (top.parent if in_tree else top) / RESTORED


def resolve_clash(
    wanted: Path,
    rule: Clash,
    *,
    taken: Callable[[Path], bool],
    is_source: Callable[[Path], bool],
) -> Path | None:
    """Return where to write; None where the rule says that the file is skipped.

    Args:
        wanted: the target's name.
        rule: for a file that is there already.
        taken: whether another file of this batch has the name; such a clash is numbered, whatever the rule.
        is_source: whether the path leads to a source of this batch, by links too; a source is never written.
    """
    if not taken(wanted):
        if not _exists(wanted):
            return wanted
        if rule == "skip":
            return None
        if rule == "overwrite" and not is_source(wanted) and not wanted.is_dir():
            return wanted
    return next(
        path
        for number in range(2, 1_000_000)
        if not taken(path := wanted.with_name(f"{wanted.stem}-{number}{wanted.suffix}")) and not _exists(path)
    )


def same_name_key(path: Path) -> str:
    """Return what two names share that some file systems take for one: letter case and composed accents."""
    text = os.fsencode(path).decode("utf-8", "backslashreplace")
    return unicodedata.normalize("NFC", text).casefold()


def _exists(path: Path) -> bool:
    return path.exists() or path.is_symlink()


def _fill(template: str, values: Mapping[str, object]) -> str:
    parts = []
    try:
        for literal, variable, form, conversion in string.Formatter().parse(template):
            parts.append(literal)
            if variable is None:
                continue
            if variable not in VARIABLES or conversion:
                raise BatchError(
                    f"The name template {template!r} has an unknown variable {{{variable}}}; "
                    f"known are {', '.join(f'{{{name}}}' for name in VARIABLES)}."
                )
            parts.append(format(values[variable], form or ""))
    except ValueError as error:
        raise BatchError(f"The name template {template!r} cannot be read: {error}.") from error
    return _fitting("".join(parts))


def _fitting(name: str) -> str:
    """Return a name that file systems take: no separators, no longer than they allow."""
    bad = '<>:"/\\|?*' if sys.platform == "win32" else "/\\"
    clean = "".join("_" if letter in bad or ord(letter) < 32 else letter for letter in name)
    stem, dot, suffix = clean.rpartition(".")
    if not stem:
        stem, dot, suffix = clean, "", ""
    room = _MOST_BYTES - len(os.fsencode(dot + suffix))
    while len(encoded := os.fsencode(stem)) > room:
        stem = stem[: -max(1, (len(encoded) - room) // 4)]
    stem = stem.rstrip(" .") or "_"
    if sys.platform == "win32" and stem.upper() in _WINDOWS_RESERVED:
        stem = f"_{stem}"
    return stem + dot + suffix
