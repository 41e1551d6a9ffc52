"""Reporting: what a developer needs to know of an error, without the names of the user's files."""

import ctypes
import json
import re
import sys
import traceback
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from audiosr_desktop.audio.project import source_paths
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.ui.dialogs.about_dialog import report as versions
from audiosr_desktop.ui.troubles import Trouble

if TYPE_CHECKING:
    from audiosr_desktop.ui.window_frame import WindowFrame

_LONGEST = 200  # letters of a value; longer ones are the state of a plugin
_SUFFIXES = "wav wave bwf rf64 w64 aif aiff aifc flac ogg oga opus mp3 m4a caf au snd asrproj json zip"
_NAME = re.compile(
    rf"[^\s'\"/\\<>]+\.(?:{'|'.join(_SUFFIXES.split())}|safetensors|ckpt|bin|pt)\b", re.IGNORECASE
)
_PART = r"(?:(?!: )[^\\/\n'\"<>|])"
_PATH = re.compile(rf"(?<![\w.~>])(?:[A-Za-z]:[\\/]|[\\/])(?:{_PART}+[\\/])+(?:(?!, |; ){_PART})*")
_VERSION_BYTES = 96


@dataclass(frozen=True, slots=True)
class Facts:
    """What of the program's state belongs into a report.

    Attributes:
        device: what computes, in words.
        sound_device: what plays.
        model: the model that ran, or would, with the sum of its manifest.
        effect: id and values of the effect that was applied last.
        run: what the last run told of itself.
        files: files of the user whose names may appear.
    """

    device: str = ""
    sound_device: str = ""
    model: str = ""
    effect: str = ""
    run: Mapping[str, object] = field(default_factory=dict)
    files: tuple[Path, ...] = ()


def facts_of(window: "WindowFrame") -> Facts:
    """Return what is known now."""
    editor = window.editor
    told = editor.catalogue.report
    files: list[Path] = [Path(name) for name in window.settings.recent_files]
    for document in editor.documents.all:
        files += [document.path, document.info.path, *source_paths(document.history())]
    last = editor.applying.last
    effect = f"{last[0]} {json.dumps(_short(last[1]))}" if last is not None else ""
    model = str(told.get("model", "")), str(told.get("model_sha256", ""))
    return Facts(
        window.windows.device or window.status.details,
        editor.transport.chosen_device,
        " ".join(model if all(model) else _usual_model(last[1] if last is not None else {})),
        effect,
        _short(told),
        tuple(files),
    )


def report_of(trouble: Trouble, facts: Facts, *, names: bool) -> str:
    """Return the report of an error.

    Args:
        trouble: what failed.
        facts: the state of the program.
        names: whether names of files are in it; only if the user said so.
    """
    lines = [
        versions(facts.device),
        f"Driver: {driver_version() or 'no NVIDIA driver'}",
        f"Sound device: {facts.sound_device or 'the default of the system'}",
        f"Model: {facts.model or 'none'}",
        f"Last effect: {facts.effect or 'none'}",
        f"Last run: {json.dumps(dict(facts.run)) if facts.run else 'none'}",
        f"While: {trouble.title}",
        "",
        "".join(traceback.format_exception(trouble.error)),
    ]
    text = "\n".join(lines)
    return text if names else without_names(text, [*facts.files, *files_of(trouble.error)])


def files_of(error: BaseException) -> Iterator[Path]:
    """Yield the files that an error and its causes name."""
    seen: set[int] = set()
    one: BaseException | None = error
    while one is not None and id(one) not in seen:
        seen.add(id(one))
        for name in ("path", "filename", "filename2"):
            value = getattr(one, name, None)
            if isinstance(value, str | Path) and str(value):
                yield Path(value)
        one = one.__cause__ or one.__context__


def without_names(text: str, files: Iterable[Path]) -> str:
    """Return a text in which files of the user are numbered; places of the program are kept in short.

    Also what merely looks like a path or the name of a sound or a project is taken out.
    """
    package = Path(__file__).parents[2]
    for place, word in ((str(package), "."), (sys.prefix, "python"), (sys.base_prefix, "python")):
        if len(place) > 1:
            text = text.replace(place, word)
    for number, file in enumerate(sorted(set(files), key=lambda file: (-len(str(file)), str(file))), 1):
        for name in (str(file), file.name, file.stem):
            if len(name) > 1:
                text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", f"<file {number}>", text)
    text = text.replace(str(Path.home()), "~")
    return _NAME.sub("<file>", _PATH.sub("<path>", text))


def driver_version() -> str:
    """Return the version of NVIDIA's driver; empty where there is none."""
    with suppress(OSError, AttributeError):
        library = ctypes.CDLL("nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1")
        if library.nvmlInit_v2() == 0:
            try:
                told = ctypes.create_string_buffer(_VERSION_BYTES)
                if library.nvmlSystemGetDriverVersion(told, _VERSION_BYTES) == 0:
                    return f"NVIDIA {told.value.decode('ascii', 'replace')}"
            finally:
                library.nvmlShutdown()
    return ""


def _usual_model(values: Mapping[str, object]) -> tuple[str, str]:
    """Return the model that values ask for, and the sum of its manifest."""
    # it loads the engine, which the window does not at its start
    from audiosr_desktop.engine.bundle import DEFAULT_BUNDLE, find_bundle  # noqa: PLC0415

    name = str(values.get("model") or DEFAULT_BUNDLE)
    try:
        return name, find_bundle(name).manifest_sha256
    except AudioSRError as error:
        return name, f"({error})"


def _short(values: Mapping[str, object]) -> dict[str, object]:
    plain = {name: value for name, value in values.items() if isinstance(value, bool | int | float | str)}
    return {name: value for name, value in plain.items() if len(str(value)) <= _LONGEST}
