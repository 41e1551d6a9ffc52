"""Project files (`.asrproj`) and autosaves: a document with its whole history in one SQLite file.

The format, version 1. `application_id` is 0x41535250 ("ASRP") and `user_version` the version of the format; a
newer one is refused. Five tables, and nothing else is accepted:

- `meta(name, value)`: texts by name. `info` (the source file's format, JSON), `view` (JSON), `done` and
  `saved` (how many steps are done, and at how many the document was saved; -1 for none), `takes` (JSON;
  the pieces as in `states`, base64; files of older programs lack it),
  `self_contained` (0 or 1), `revision` (drawn at each save), `project` (of an autosave: the path of the
  project).
- `stores(id, kind, channels, length, link)`: where samples are. `samples`: in this file, `link` their type
  ("<f4" or "<f8"). `file`: a sound file, `link` its path, path from the project's folder, size and SHA-256
  of both ends (JSON). `silence`. And in autosaves only: `scratch` (a float32 file beside it, `link` its
  name) and `project` (samples of a saved project, `link` its path and the number there).
- `samples(store, first, data)`: interleaved little-endian samples from sample `first` on, 65536 at most.
- `states(position, sample_rate, pieces, spans, marks)`: the sound of each state as rows of three 64-bit
  integers (store, start, stop); restored spans and marks as JSON. Position 0 is the sound as opened.
- `steps(position, …)`: the edit that led to the state of that position.

Each save is one transaction: whenever the program is killed, the file holds the save before or the one after.
Samples never change, so a save writes only those that are new.
"""

import contextlib
import secrets
import sqlite3
import threading
import weakref
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from audiosr_desktop.audio.atomic import replacing
from audiosr_desktop.audio.files import FileInfo, open_sound
from audiosr_desktop.audio.history import History, State, stores_of
from audiosr_desktop.audio.links import MissingStore, SourceLink, link_to, relative_path
from audiosr_desktop.audio.project_values import (
    Contents,
    checked_channels,
    from_text,
    info_from_text,
    info_to_text,
    marks_to_text,
    natural,
    pieces_to_bytes,
    sound_of,
    spans_to_text,
    state_of,
    step_of,
    step_row,
    store_numbers,
    takes_of,
    takes_to_text,
    to_text,
)
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import (
    DecodedStore,
    FileStore,
    SampleStore,
    Scratch,
    ScratchStore,
    SilenceStore,
)
from audiosr_desktop.errors import AudioFileError, ProjectError, SoundError
from audiosr_desktop.job import Job, Progress

SUFFIX = ".asrproj"
FORMAT_VERSION = 1
APPLICATION_ID = 0x41535250
BLOCK = 65_536  # samples in a row
_BUSY_S = 10.0
_SCHEMA = {
    "meta": "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL)",
    "stores": "CREATE TABLE stores (id INTEGER PRIMARY KEY AUTOINCREMENT, kind TEXT NOT NULL, "
    "channels INTEGER NOT NULL, length INTEGER NOT NULL, link TEXT NOT NULL)",
    "samples": "CREATE TABLE samples (store INTEGER NOT NULL, first INTEGER NOT NULL, data BLOB NOT NULL, "
    "PRIMARY KEY (store, first))",
    "states": "CREATE TABLE states (position INTEGER PRIMARY KEY, sample_rate INTEGER NOT NULL, "
    "pieces BLOB NOT NULL, spans TEXT NOT NULL, marks TEXT NOT NULL)",
    "steps": "CREATE TABLE steps (position INTEGER PRIMARY KEY, text TEXT NOT NULL, start INTEGER NOT NULL, "
    "stop INTEGER NOT NULL, low_hz REAL, high_hz REAL, effect TEXT NOT NULL, parameters TEXT NOT NULL, "
    "elapsed_s REAL NOT NULL)",
}
_SQL_ERRORS = (sqlite3.Error, UnicodeError)  # a damaged schema cannot even be told
_BAD_VALUES = (
    zlib.error,
    ValueError,
    KeyError,
    TypeError,
    OverflowError,
    AttributeError,
    SoundError,
    RecursionError,
)

Kind = Literal["project", "autosave"]


@dataclass(frozen=True, slots=True)
class _Sources:
    """Where samples outside the file come from."""

    scratch: Scratch
    moved: Mapping[Path, Path]
    projects: dict[str, "ProjectFile"] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Summary:
    """What a file says of itself without its history being loaded.

    Attributes:
        title: name of the project, or of the sound file while there is none.
        done: steps that are done.
        saved: at how many steps the document was saved; -1 for none.
        last_step: name of the last one done.
    """

    title: str
    done: int
    saved: int
    last_step: str


class ProjectFile:
    """An open project or autosave: it saves states, and its samples are read from it.

    Any thread may use it. An autosave gives up durability on a loss of power for speed, and links what lies
    in scratch files and projects instead of copying it.
    """

    def __init__(self, path: Path, kind: Kind, connection: sqlite3.Connection) -> None:
        self.path, self.kind = path, kind
        self._connection = connection
        self._lock = threading.RLock()
        self._numbers: weakref.WeakKeyDictionary[SampleStore, int] = weakref.WeakKeyDictionary()
        self._states: list[State] = []  # those in the file
        self._revision = ""
        self._closer = weakref.finalize(self, connection.close)

    @classmethod
    def create(cls, path: Path, kind: Kind) -> "ProjectFile":
        """Make an empty file in place of whatever is there.

        Raises:
            ProjectError: it cannot be written.
        """
        try:
            path.unlink(missing_ok=True)
            connection = _connect(path, "rwc")
            with contextlib.ExitStack() as undo:
                undo.callback(connection.close)
                connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
                for statement in _SCHEMA.values():
                    connection.execute(statement)
                undo.pop_all()
        except (sqlite3.Error, OSError) as error:
            raise _write_error(path, error) from error
        return cls(path, kind, connection)

    @classmethod
    def open(cls, path: Path, kind: Kind) -> "ProjectFile":
        """Open a file and see that it is one of ours.

        Raises:
            ProjectError: there is none, it is something else, damaged, or of a newer version.
        """
        try:
            with path.open("rb") as file:
                if file.read(16) != b"SQLite format 3\0":
                    raise ProjectError(f"{path.name} is no project, or it is damaged.", path)
            connection = _connect(path, "rw")
        except (OSError, sqlite3.Error) as error:
            raise ProjectError(f"{path.name} cannot be opened: {_reason(error)}.", path) from error
        try:
            _require_ours(connection, path)
            if kind == "autosave":
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = NORMAL")
        except ProjectError:
            connection.close()
            raise
        except _SQL_ERRORS as error:
            connection.close()
            raise _damaged(path, error) from error
        return cls(path, kind, connection)

    def close(self) -> None:
        """Close the file; its samples can no longer be read."""
        with self._lock:
            self._closer()

    def after(self, other: "ProjectFile") -> "ProjectFile":
        """Go on from where another handle of the same file was closed."""
        self._numbers, self._states, self._revision = other._numbers, other._states, other._revision
        return self

    # saving

    def save(self, contents: Contents) -> Job[None]:
        """Write a document's present state and history; left early or failing, the file is as it was.

        Raises:
            ProjectError: the file cannot be written, or another program saved it meanwhile.
            AudioFileError: samples cannot be read.
        """
        states = list(contents.history.states())
        same = _agreement(self._states, states)
        self._states = []  # holds nothing that is no longer needed; after a failure all is written again
        numbers = weakref.WeakKeyDictionary(self._numbers)
        try:
            with self._lock:
                self._connection.execute("BEGIN IMMEDIATE")
                self._require_unchanged()
            yield from self._add_stores(numbers, contents)
            with self._lock:
                revision = self._write(contents, states, same, numbers)
                self._connection.execute("COMMIT")
        except _SQL_ERRORS as error:
            raise _write_error(self.path, error) from error
        finally:
            with self._lock, contextlib.suppress(sqlite3.Error):  # closed, as when the disk is gone
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
        self._numbers, self._states, self._revision = numbers, states, revision

    def _require_unchanged(self) -> None:
        row = self._connection.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
        if (row[0] if row else "") != self._revision:
            raise ProjectError(
                f"{self.path.name} was saved by another window meanwhile; save under another name.", self.path
            )

    def _add_stores(
        self,
        numbers: weakref.WeakKeyDictionary[SampleStore, int],
        contents: Contents,
    ) -> Job[None]:
        new = {id(store): store for sound in contents.sounds() for store in stores_of(sound)}
        fresh = [store for store in new.values() if store not in numbers]
        total, done = sum(store.length for store in fresh) or 1, 0
        for store in fresh:
            kind, link = self._place(store, self_contained=contents.self_contained)
            with self._lock:
                cursor = self._connection.execute(
                    "INSERT INTO stores (kind, channels, length, link) VALUES (?, ?, ?, ?)",
                    (kind, store.channels, store.length, link),
                )
            number = cursor.lastrowid
            assert number is not None, "a row was inserted"
            if kind == "samples":
                for first in range(0, store.length, BLOCK):
                    yield Progress((done + first) / total, f"Saving {self.path.name}")
                    part = store.read(first, min(first + BLOCK, store.length), np.dtype(link).type)
                    data = np.ascontiguousarray(part.T, dtype=link).tobytes()
                    with self._lock:
                        self._connection.execute(
                            "INSERT INTO samples VALUES (?, ?, ?)", (number, first, data)
                        )
            done += store.length
            numbers[store] = number
        yield Progress(1.0, f"Saving {self.path.name}")

    def _place(self, store: SampleStore, *, self_contained: bool) -> tuple[str, str]:
        """Return kind and link of a store."""
        if isinstance(store, SilenceStore):
            return "silence", ""
        if isinstance(store, MissingStore):
            return "file", self._link_text(store.link)
        if isinstance(store, FileStore | DecodedStore) and store.is_current and not self_contained:
            return "file", self._link_text(link_to(store.path))
        if self.kind == "autosave" and isinstance(store, ScratchStore):
            return "scratch", store.path.name
        if self.kind == "autosave" and isinstance(store, StoredSamples) and store.owner.kind == "project":
            return "project", to_text([str(store.owner.path), store.number])
        dtype = store.dtype if isinstance(store, FileStore | DecodedStore | StoredSamples) else np.float32
        return "samples", np.dtype(dtype).newbyteorder("<").str

    def _link_text(self, link: SourceLink) -> str:
        relative = relative_path(link.path, self.path.parent)
        return to_text([str(link.path), relative, link.size, link.digest])

    def _write(
        self,
        contents: Contents,
        states: Sequence[State],
        same: int,
        numbers: weakref.WeakKeyDictionary[SampleStore, int],
    ) -> str:
        run = self._connection.execute
        history, revision = contents.history, secrets.token_hex(8)
        ids = {id(store): numbers[store] for sound in contents.sounds() for store in stores_of(sound)}
        run("DELETE FROM states WHERE position >= ?", (same,))
        run("DELETE FROM steps WHERE position >= ?", (same,))
        for position in range(same, len(states)):
            state = states[position]
            pieces = pieces_to_bytes(state.sound, ids)
            texts = spans_to_text(state.spans), marks_to_text(state.marks)
            run(
                "INSERT INTO states VALUES (?, ?, ?, ?, ?)",
                (position, state.sound.sample_rate, pieces, *texts),
            )
            if position:
                row = step_row(history.steps[position - 1][0])
                run("INSERT INTO steps VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (position, *row))
        meta = {
            "info": info_to_text(contents.info),
            "view": to_text(dict(contents.view)),
            "done": str(history.index),
            "saved": str(history.index if self.kind == "project" else history.clean),
            "self_contained": str(int(contents.self_contained)),
            "project": str(contents.project_path or ""),
            "takes": takes_to_text(contents.takes, ids),
            "revision": revision,
        }
        self._connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
        # samples that no state needs go, unless something in the program still reads them from here
        needed = set(ids.values())
        read = {store.number for store in numbers if isinstance(store, StoredSamples) and store.owner is self}
        for (number,) in run("SELECT id FROM stores").fetchall():
            if number not in needed | read:
                run("DELETE FROM samples WHERE store = ?", (number,))
                run("DELETE FROM stores WHERE id = ?", (number,))
        for store in [store for store, number in numbers.items() if number not in needed | read]:
            del numbers[store]
        return revision

    # loading

    def summary(self) -> Summary:
        """Read what a list of files shows.

        Raises:
            ProjectError: the file is damaged.
        """
        try:
            with self._lock:
                meta = dict(self._connection.execute("SELECT name, value FROM meta").fetchall())
                done, saved = natural(int(meta["done"])), int(meta["saved"])
                steps = dict(self._connection.execute("SELECT position, text FROM steps").fetchall())
            name = meta["project"] or info_from_text(meta["info"]).path
            return Summary(Path(name).name, done, saved, steps[done] if done else "")
        except (sqlite3.Error, *_BAD_VALUES) as error:
            raise _damaged(self.path, error) from error

    def load(self, scratch: Scratch, moved: Mapping[Path, Path] | None = None) -> Job[Contents]:
        """Read all states; of an autosave, the present one and those around it that can still be read.

        Args:
            scratch: for sources that must be decoded.
            moved: new paths of sources by old ones, from the user. A source that is not found is replaced
                by a `MissingStore`.

        Raises:
            ProjectError: the file is damaged.
        """
        try:
            with self._lock:
                run = self._connection.execute
                meta = dict(run("SELECT name, value FROM meta").fetchall())
                state_rows = run("SELECT * FROM states ORDER BY position").fetchall()
                step_rows = run("SELECT * FROM steps ORDER BY position").fetchall()
                store_rows = run("SELECT id, kind, channels, length, link FROM stores").fetchall()
            stores = yield from self._load_stores(store_rows, _Sources(scratch, moved or {}))
            sounds = _Sounds(stores, strict=self.kind == "project")
            history = _load_history(meta, state_rows, step_rows, sounds)
            takes = takes_of(meta.get("takes", "[]"), sounds)
            info = info_from_text(meta["info"])
            found = {s.path for s in stores.values() if isinstance(s, FileStore | DecodedStore)}
            info = _info_where_it_is(info, found, moved or {})
            project = Path(meta["project"]) if meta["project"] else None
            view = from_text(meta["view"])
            if not isinstance(view, dict):
                raise TypeError("the view is no set of values")
            self._revision = str(meta["revision"])
            self._numbers = weakref.WeakKeyDictionary({store: n for n, store in stores.items()})
            self._states = list(history.states()) if len(history.steps) + 1 == len(state_rows) else []
            return Contents(history, info, view, project, meta["self_contained"] == "1", takes)
        except _SQL_ERRORS as error:
            raise _damaged(self.path, error) from error
        except _BAD_VALUES as error:
            raise _damaged(self.path, error) from error

    def _load_stores(
        self, rows: Sequence[tuple[Any, ...]], sources: "_Sources"
    ) -> Job[dict[int, SampleStore]]:
        stores: dict[int, SampleStore] = {}
        for place, (number, kind, channels, length, link) in enumerate(rows):
            yield Progress(place / len(rows), f"Opening {self.path.name}")
            shape = checked_channels(channels), natural(length)
            try:
                if kind == "samples" and self.kind == "project":
                    store: SampleStore = self.stored(number)
                elif kind == "samples":  # the autosave goes once it is recovered
                    store = _copied(self.stored(number), sources.scratch)
                else:
                    store = yield from self._linked(kind, shape, link, sources)
            except (ProjectError, AudioFileError, OSError, *_BAD_VALUES):
                if self.kind == "project":
                    raise
                continue  # states that need it are left out
            if (store.channels, store.length) != shape:
                raise ValueError("a store of another size")
            stores[number] = store
        return stores

    def _linked(
        self, kind: object, shape: tuple[int, int], link: str, sources: "_Sources"
    ) -> Job[SampleStore]:
        """Return samples that lie elsewhere."""
        if kind == "silence":
            return SilenceStore(*shape)
        if kind == "file":
            name, relative, size, digest = from_text(link)
            source = SourceLink(Path(str(name)), natural(size), str(digest))
            path = source.found(self.path.parent, str(relative), sources.moved)
            if path is None:
                return MissingStore(source, *shape)
            sound = yield from open_sound(path, sources.scratch)
            return sound.pieces[0].store
        if kind == "scratch" and self.kind == "autosave":
            return sources.scratch.copy_of(self.path.parent / Path(link).name, *shape)
        if kind == "project" and self.kind == "autosave":
            name, number = from_text(link)
            if name not in sources.projects:
                sources.projects[name] = ProjectFile.open(Path(str(name)), "project")
            return sources.projects[name].stored(natural(number))
        raise ValueError(f"a store of kind {kind!r}")

    # samples

    def stored(self, number: int) -> "StoredSamples":
        """Return the samples of one store in this file.

        Raises:
            ValueError: it has none of that number, or not all of its samples.
        """
        with self._lock:
            row = self._connection.execute(
                "SELECT channels, length, link FROM stores WHERE id = ? AND kind = 'samples'", (number,)
            ).fetchone()
            if row is None or row[2] not in ("<f4", "<f8"):
                raise ValueError("a store without samples")
            channels, length, dtype = checked_channels(row[0]), natural(row[1]), str(row[2])
            sizes = self._connection.execute(
                "SELECT first, length(data) FROM samples WHERE store = ? ORDER BY first", (number,)
            ).fetchall()
        width = channels * np.dtype(dtype).itemsize
        wanted = [(first, min(BLOCK, length - first) * width) for first in range(0, length, BLOCK)]
        if sizes != wanted:
            raise ValueError("samples are missing")
        return StoredSamples(self, number, channels, length, dtype)

    def block(self, number: int, first: int) -> bytes:
        """Return the samples of a row.

        Raises:
            AudioFileError: it cannot be read.
        """
        try:
            with self._lock:
                row = self._connection.execute(
                    "SELECT data FROM samples WHERE store = ? AND first = ?", (number, first)
                ).fetchone()
        except _SQL_ERRORS as error:
            raise AudioFileError(f"{self.path.name} cannot be read: {_reason(error)}.", self.path) from error
        if row is None:
            raise AudioFileError(f"{self.path.name} lacks samples that it had; it was changed.", self.path)
        data: bytes = row[0]
        return data


class StoredSamples:
    """Samples read from a project when asked for; any thread may read."""

    def __init__(self, owner: ProjectFile, number: int, channels: int, length: int, dtype: str) -> None:
        self.owner, self.number, self.dtype = owner, number, dtype
        self._channels, self._length = channels, length
        self._last: tuple[int, NDArray[Any]] | None = None  # a pair that is replaced as a whole

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._channels

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return samples [start, stop) as a new array.

        Raises:
            AudioFileError: the project cannot be read, as when its disk was taken away.
        """
        if not 0 <= start <= stop <= self._length:
            raise ValueError(f"samples [{start}, {stop}) are not inside [0, {self._length})")
        parts = [block[:, max(0, start - first) : stop - first] for first, block in self._blocks(start, stop)]
        joined = np.concatenate(parts, axis=1) if parts else np.zeros((self._channels, 0))
        return np.ascontiguousarray(joined, dtype=dtype)

    def _blocks(self, start: int, stop: int) -> Iterator[tuple[int, NDArray[Any]]]:
        for first in range(start // BLOCK * BLOCK, stop, BLOCK):
            last = self._last
            if last is None or last[0] != first:
                data = np.frombuffer(self.owner.block(self.number, first), self.dtype)
                last = (first, data.reshape(-1, self._channels).T)
                self._last = last
            yield last


def save_as(path: Path, contents: Contents, kind: Kind = "project") -> Job[ProjectFile]:
    """Save a document in a new file, which takes the place of one of that name when it is complete.

    Raises:
        ProjectError: it cannot be written.
        AudioFileError: samples cannot be read.
    """
    try:
        with replacing(path) as temporary:
            file = ProjectFile.create(temporary, kind)
            try:
                yield from file.save(contents)
            finally:
                file.close()
        return ProjectFile.open(path, kind).after(file)
    except OSError as error:
        raise _write_error(path, error) from error


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


def missing_sources(history: History) -> list[SourceLink]:
    """Return the sources that a history lacks, each once."""
    stores = (store for state in history.states() for store in stores_of(state.sound))
    return list({store.link: None for store in stores if isinstance(store, MissingStore)})


def source_paths(history: History) -> set[Path]:
    """Return the sound files that a history reads or links, which nothing may overwrite."""
    found = set()
    for state in history.states():
        for store in stores_of(state.sound):
            if isinstance(store, FileStore | DecodedStore):
                found.add(store.path)
            elif isinstance(store, MissingStore):
                found.add(store.link.path)
    return found


def _copied(store: SampleStore, scratch: Scratch) -> SampleStore:
    with scratch.writer(store.channels) as writer:
        for first in range(0, store.length, BLOCK):
            writer.write(store.read(first, min(first + BLOCK, store.length)))
        return writer.finish()


def _connect(path: Path, mode: str) -> sqlite3.Connection:
    address = f"{path.absolute().as_uri()}?mode={mode}"
    connection = sqlite3.connect(
        address, timeout=_BUSY_S, isolation_level=None, check_same_thread=False, uri=True
    )
    connection.execute("PRAGMA trusted_schema = OFF")
    connection.execute("PRAGMA cell_size_check = ON")
    connection.text_factory = _text
    return connection


def _text(data: bytes) -> str:
    return data.decode(errors="replace")


def _require_ours(connection: sqlite3.Connection, path: Path) -> None:
    """Refuse another program's database, a newer version, and tables that are not ours."""
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application != APPLICATION_ID:
        raise ProjectError(f"{path.name} is no project of this program.", path)
    if version > FORMAT_VERSION:
        raise ProjectError(f"{path.name} was made by a newer version of this program; update it.", path)
    found = connection.execute(
        "SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'"
    ).fetchall()
    if dict(found) != _SCHEMA or version < 1:
        raise ProjectError(f"{path.name} is damaged: its tables are not those of a project.", path)


def _agreement(before: Sequence[State], after: Sequence[State]) -> int:
    """Return how many states at the beginning are the same."""
    same = 0
    while same < min(len(before), len(after)) and before[same] is after[same]:
        same += 1
    return same


def _info_where_it_is(info: FileInfo, found: set[Path], moved: Mapping[Path, Path]) -> FileInfo:
    path = moved.get(info.path, info.path)
    if path not in found:
        path = next((other for other in found if other.name == info.path.name), path)
    return replace(info, path=path)


def _write_error(path: Path, error: Exception) -> ProjectError:
    return ProjectError(
        f"{path} cannot be written ({_reason(error)}): is the disk full or read-only? Nothing was changed.",
        path,
    )


def _damaged(path: Path, error: Exception) -> ProjectError:
    return ProjectError(f"{path.name} is damaged and cannot be opened ({_reason(error)}).", path)


def _reason(error: BaseException) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split()).rstrip(".")[:120]
    return text or type(error).__name__
