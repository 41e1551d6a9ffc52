"""Reading a project: from the tables to a document's history."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from audiosr_desktop.audio.file_stores import DecodedStore, FileStore
from audiosr_desktop.audio.files import FileInfo, open_sound
from audiosr_desktop.audio.history import History, State
from audiosr_desktop.audio.links import MissingStore, SourceLink
from audiosr_desktop.audio.project_database import BAD_VALUES, BLOCK
from audiosr_desktop.audio.project_values import (
    Contents,
    checked_channels,
    from_text,
    info_from_text,
    lanes_of,
    natural,
    sound_of,
    state_of,
    step_of,
    store_numbers,
    takes_of,
)
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import SampleStore, Scratch, SilenceStore
from audiosr_desktop.errors import AudioFileError, ProjectError
from audiosr_desktop.job import Job, Progress

if TYPE_CHECKING:
    from audiosr_desktop.audio.project import ProjectFile


@dataclass(frozen=True, slots=True)
class Sources:
    """Where samples outside the file come from."""

    scratch: Scratch
    moved: Mapping[Path, Path]
    projects: dict[str, "ProjectFile"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tables:
    """The rows of a project.

    Attributes:
        meta: texts by name.
        states: by position.
        steps: by position.
        stores: in any order.
    """

    meta: Mapping[str, str]
    states: Sequence[tuple[Any, ...]]
    steps: Sequence[tuple[Any, ...]]
    stores: Sequence[tuple[Any, ...]]


def contents_of(
    tables: Tables, stores: Mapping[int, SampleStore], moved: Mapping[Path, Path], *, strict: bool
) -> Contents:
    """Return what the tables say.

    Args:
        tables: all of a file.
        stores: samples by their number in the file.
        moved: new paths of sources by old ones.
        strict: samples that are missing are damage; otherwise states and takes that need them are left out.

    Raises:
        ValueError, KeyError, TypeError, SoundError: the file is damaged.
    """
    meta = tables.meta
    sounds = _Sounds(stores, strict=strict)
    history = _load_history(meta, tables.states, tables.steps, sounds)
    takes = takes_of(meta.get("takes", "[]"), sounds)
    found = {s.path for s in stores.values() if isinstance(s, FileStore | DecodedStore)}
    info = _info_where_it_is(info_from_text(meta["info"]), found, moved)
    project = Path(meta["project"]) if meta["project"] else None
    view = from_text(meta["view"])
    if not isinstance(view, dict):
        raise TypeError("the view is no set of values")
    return Contents(history, info, view, project, meta["self_contained"] == "1", takes)


def load_stores(
    file: "ProjectFile", rows: Sequence[tuple[Any, ...]], sources: Sources
) -> Job[dict[int, SampleStore]]:
    """Return the samples of a file by their number; of an autosave those that are still there.

    Raises:
        ProjectError, AudioFileError, ValueError: they are damaged or, of a project, cannot be read.
    """
    stores: dict[int, SampleStore] = {}
    in_order = sorted(rows, key=lambda row: row[1] == "lanes")  # they need the others
    for place, (number, kind, channels, length, link) in enumerate(in_order):
        yield Progress(place / len(rows), f"Opening {file.path.name}")
        shape = checked_channels(channels), natural(length)
        try:
            if kind == "samples" and file.kind == "project":
                store: SampleStore = file.stored(number)
            elif kind == "lanes":
                store = lanes_of(link, shape[1], stores)
            elif kind == "samples":  # the autosave goes once it is recovered
                store = _copied(file.stored(number), sources.scratch)
            else:
                store = yield from _linked(file, kind, shape, link, sources)
        except (ProjectError, AudioFileError, OSError, *BAD_VALUES):
            if file.kind == "project":
                raise
            continue  # states that need it are left out
        if (store.channels, store.length) != shape:
            raise ValueError("a store of another size")
        stores[number] = store
    return stores


def _linked(
    file: "ProjectFile", kind: object, shape: tuple[int, int], link: str, sources: Sources
) -> Job[SampleStore]:
    """Return samples that lie elsewhere."""
    if kind == "silence":
        return SilenceStore(*shape)
    if kind == "file":
        name, relative, size, digest = from_text(link)
        source = SourceLink(Path(str(name)), natural(size), str(digest))
        path = source.found(file.path.parent, str(relative), sources.moved)
        if path is None:
            return MissingStore(source, *shape)
        sound = yield from open_sound(path, sources.scratch)
        return sound.pieces[0].store
    if kind == "scratch" and file.kind == "autosave":
        return sources.scratch.copy_of(file.path.parent / Path(link).name, *shape)
    if kind == "project" and file.kind == "autosave":
        name, number, *identity = from_text(link)
        if name not in sources.projects:
            sources.projects[name] = type(file).open(Path(str(name)), "project")
        project = sources.projects[name]
        if identity not in ([], [project.identity]):
            raise ValueError("samples of a project that another one took the place of")
        return project.stored(natural(number))
    raise ValueError(f"a store of kind {kind!r}")


class _Sounds:
    """Makes sounds of pieces; the same pieces are one sound, as edits are told apart by it.

    Args:
        stores: by their number in the file.
        strict: samples that are missing are damage; otherwise such a sound is None.
    """

    def __init__(self, stores: Mapping[int, SampleStore], *, strict: bool) -> None:
        self._stores, self._strict = stores, strict
        self._known: dict[tuple[bytes, object], Sound] = {}

    def __call__(self, pieces: bytes, rate: object) -> Sound | None:
        if not store_numbers(pieces) <= self._stores.keys():
            if self._strict:
                raise ValueError("samples are missing")
            return None
        if (pieces, rate) not in self._known:
            self._known[pieces, rate] = sound_of(pieces, rate, self._stores)
        return self._known[pieces, rate]


def _load_history(
    meta: Mapping[str, str],
    state_rows: Sequence[tuple[Any, ...]],
    step_rows: Sequence[tuple[Any, ...]],
    sounds: _Sounds,
) -> History:
    count, index, clean = len(state_rows), natural(int(meta["done"])), int(meta["saved"])
    in_order = [row[0] for row in state_rows] == list(range(count))
    if not in_order or [row[0] for row in step_rows] != list(range(1, count)) or index >= count:
        raise ValueError("the history has gaps")
    states: list[State | None] = []
    for _, rate, pieces, spans, marks in state_rows:
        sound = sounds(pieces, rate)
        states.append(state_of(sound, spans, marks) if sound is not None else None)
    first = last = index
    while first > 0 and states[first - 1] is not None:
        first -= 1
    while last + 1 < count and states[last + 1] is not None:
        last += 1
    kept = [state for state in states[first : last + 1] if state is not None]
    if states[index] is None:
        raise ValueError("samples of the present state are missing")
    steps = [step_of(row[1:]) for row in step_rows[first:last]]
    clean = clean - first if first <= clean <= last else -1
    return History(kept[0], tuple(zip(steps, kept[1:], strict=True)), index - first, clean)


def _copied(store: SampleStore, scratch: Scratch) -> SampleStore:
    with scratch.writer(store.channels) as writer:
        for first in range(0, store.length, BLOCK):
            writer.write(store.read(first, min(first + BLOCK, store.length)))
        return writer.finish()


def _info_where_it_is(info: FileInfo, found: set[Path], moved: Mapping[Path, Path]) -> FileInfo:
    path = moved.get(info.path, info.path)
    if path not in found:
        path = next((other for other in found if other.name == info.path.name), path)
    return replace(info, path=path)
