"""Which plugins there are: manifests in folders, entry points, native files. No plugin's code runs here."""

import hashlib
import os
import re
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from typing import Literal, TypeAlias

from audiosr_desktop import paths
from audiosr_desktop.errors import PluginError

API = 1
MANIFEST = "plugin.toml"
GROUP = "audiosr_desktop.effects"
NATIVE_PATHS = "AUDIOSR_PLUGIN_PATH"  # folders of native plugins, in place of those of the system

Kind: TypeAlias = Literal["python", "vst3", "clap"]

_DESCRIBED = 2  # greater whenever more is told of native plugins: they are asked again then
_KEYS = ("id", "title", "version", "entry", "description", "licence")
_ID = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)+")
_ENTRY = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


@dataclass(frozen=True, slots=True)
class Plugin:
    """What is known of a plugin before its code runs.

    Attributes:
        id: stable and dotted; the ids of its effects are this one or begin with it and a dot.
        title: for the user.
        version: its author's.
        kind: Python code, or a native format.
        entry: "module:function" of Python code; empty where a plugin only brings models.
        description: what it is for.
        licence: as its author tells it.
        path: the folder or file; that of an entry point's distribution is empty.
        stamp: changes when any of its code does. For Python it is a sum, and what trust is given to.
    """

    id: str
    title: str
    version: str
    kind: Kind
    entry: str = ""
    description: str = ""
    licence: str = ""
    path: str = ""
    stamp: str = ""


def find_plugins() -> tuple[list[Plugin], list[PluginError]]:
    """Return the plugins that are installed, and why others cannot be used; of one id the first counts.

    The user's folder is looked at first, then installed packages, then what came with the program, then the
    native formats.
    """
    found: dict[str, Plugin] = {}
    problems = []
    for plugin in _all():
        if isinstance(plugin, PluginError):
            problems.append(plugin)
        else:
            found.setdefault(plugin.id, plugin)
    return list(found.values()), problems


def _all() -> Iterator[Plugin | PluginError]:
    yield from _in_folder(paths.user_plugins_dir())
    yield from _entry_points()
    yield from _in_folder(paths.shipped_plugins_dir())
    for folder in native_folders():
        yield from _native_files(folder)


def _in_folder(root: Path) -> Iterator[Plugin | PluginError]:
    for path in sorted(root.glob(f"*/{MANIFEST}")):
        try:
            yield read_manifest(path)
        except PluginError as error:
            yield error


def read_manifest(path: Path) -> Plugin:
    """Read a `plugin.toml`.

    Raises:
        PluginError: it cannot be read, lacks a key, or asks for another version of the interface.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise PluginError(f"{path} cannot be read: {error.strerror}.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PluginError(f"{path} is not a TOML file: {error}.") from error
    missing = [key for key in _KEYS if not isinstance(data.get(key), str)]
    if missing:
        raise PluginError(f"{path} lacks the text of {', '.join(missing)}.")
    plugin = Plugin(
        **{key: data[key] for key in _KEYS},
        kind="python",
        path=str(path.parent),
        stamp=_code_sum(path.parent),
    )
    _check(plugin, data, str(path))
    return plugin


def _check(plugin: Plugin, data: Mapping[str, object], where: str) -> None:
    if data.get("api") != API:
        raise PluginError(
            f"{where} asks for version {data.get('api')!r} of the plugin interface; this program has {API}."
        )
    if not _ID.fullmatch(plugin.id) or plugin.id.startswith("audiosr."):
        raise PluginError(f"{where}: the id is two or more lower-case words with dots, not {plugin.id!r}.")
    if plugin.entry and not _ENTRY.fullmatch(plugin.entry):
        raise PluginError(f"{where}: the entry is MODULE:FUNCTION, not {plugin.entry!r}.")


def stamp_now(plugin: Plugin) -> str:
    """Return the stamp of a Python plugin's code as it is now; empty where it is gone.

    Raises:
        PluginError: a file of it cannot be read.
    """
    if plugin.path:
        return _code_sum(Path(plugin.path))
    found = (point for point in metadata.entry_points(group=GROUP) if point.name == plugin.id)
    return next((_package_sum(point) for point in found), "")


def _code_sum(folder: Path) -> str:
    """Return a sum over a plugin's files but models, which have sums of their own, and compiled code."""
    files = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*"))}
    return _sum({name: path for name, path in files.items() if not name.startswith("models/")})


def _package_sum(point: metadata.EntryPoint) -> str:
    """Return a sum over the files of the package that offers an entry point, and what it names."""
    package = point.dist
    listed = (package.files if package is not None else None) or []
    return _sum({str(file): Path(str(file.locate())) for file in sorted(listed)}, point.value)


def _sum(files: Mapping[str, Path], *words: str) -> str:
    total = hashlib.sha256("\0".join(words).encode())
    for name, path in files.items():
        if "__pycache__" in path.parts or not path.is_file():
            continue
        total.update(f"{name}\0".encode("utf-8", "surrogateescape"))
        try:
            with path.open("rb") as file:
                total.update(hashlib.file_digest(file, "sha256").digest())
        except OSError as error:
            raise PluginError(f"{path} cannot be read: {error.strerror}.") from error
    return total.hexdigest()


def _entry_points() -> Iterator[Plugin | PluginError]:
    for point in metadata.entry_points(group=GROUP):
        package = point.dist
        if package is None:
            continue
        about = package.metadata
        try:
            plugin = Plugin(
                point.name,
                _fact(about, "Name") or point.name,
                package.version,
                "python",
                point.value.replace(" ", ""),
                _fact(about, "Summary"),
                _fact(about, "License-Expression") or _fact(about, "License"),
                stamp=_package_sum(point),
            )
            _check(plugin, {"api": API}, f"The entry point {point.name} of {plugin.title}")
        except PluginError as error:
            yield error
        else:
            yield plugin


def _fact(about: metadata.PackageMetadata, name: str) -> str:
    return str(about[name]) if name in about else ""


def native_folders() -> list[Path]:
    """Return where VST3 and CLAP plugins lie on this system, the user's own folders first."""
    if (given := os.environ.get(NATIVE_PATHS)) is not None:
        return [Path(part) for part in given.split(os.pathsep) if part]
    home = Path.home()
    roots: Sequence[Path]
    if sys.platform == "darwin":
        roots = [place / "Library/Audio/Plug-Ins" for place in (home, Path("/"))]
        return [root / kind for root in roots for kind in ("VST3", "CLAP")]
    if sys.platform == "win32":
        shared = Path(os.environ.get("COMMONPROGRAMFILES", r"C:\Program Files\Common Files"))
        own = Path(os.environ.get("LOCALAPPDATA", home)) / "Programs" / "Common"
        return [root / kind for root in (own, shared) for kind in ("VST3", "CLAP")]
    own_kinds = [home / ".vst3", home / ".clap"]
    return own_kinds + [
        Path(root) / kind for root in ("/usr/local/lib", "/usr/lib") for kind in ("vst3", "clap")
    ]


def _native_files(folder: Path) -> Iterator[Plugin]:
    kinds: dict[str, Kind] = {".vst3": "vst3", ".clap": "clap"}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        kind = kinds.get(path.suffix.lower())
        if kind is not None:
            name = f"{kind}.{slug(path.stem)}"
            yield Plugin(name, path.stem, "", kind, path=str(path), stamp=_time_and_size(path))


def slug(name: str) -> str:
    """Return a name as a word of an id."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-") or "plugin"


def _time_and_size(path: Path) -> str:
    """Return what tells whether a native plugin, a file or a folder of files, is still the same."""
    files = [path] if path.is_file() else [inner for inner in path.rglob("*") if inner.is_file()]
    facts = [file.stat() for file in files]
    latest = max((fact.st_mtime_ns for fact in facts), default=0)
    return f"{_DESCRIBED}-{latest}-{sum(fact.st_size for fact in facts)}"
