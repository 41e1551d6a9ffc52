"""Project files (`.asrproj`) and autosaves: a document with its whole history in one SQLite file.

`project_database` tells the format. Each save is one transaction: whenever the program is killed, the file
holds the save before or the one after.
"""

import contextlib
import sqlite3
import threading
import weakref
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audiosr_desktop.audio.atomic import file_identity, replacing
from audiosr_desktop.audio.file_stores import DecodedStore, FileStore
from audiosr_desktop.audio.history import History, State, agreement, stores_of
from audiosr_desktop.audio.links import MissingStore, SourceLink
from audiosr_desktop.audio.project_database import (
    BAD_VALUES,
    BLOCK,
    SQL_ERRORS,
    Kind,
    create_database,
    damaged,
    identity_of,
    open_database,
    reason,
    write_error,
)
from audiosr_desktop.audio.project_loading import Sources, Tables, contents_of, load_stores
from audiosr_desktop.audio.project_values import Contents, checked_channels, info_from_text, natural
from audiosr_desktop.audio.project_writing import Numbers, add_stores, write_tables
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.audio.stored_samples import StoredSamples
from audiosr_desktop.audio.takes import TakeSet
from audiosr_desktop.errors import AudioFileError, ProjectError
from audiosr_desktop.job import Job

SUFFIX = ".asrproj"


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

    def __init__(
        self, path: Path, kind: Kind, connection: sqlite3.Connection, target: Path | None = None
    ) -> None:
        self.path, self.kind = path, kind
        self.target = target or path  # whose place it will take; the user knows that one
        self.connection = connection
        self.lock = threading.RLock()
        self._numbers: Numbers = weakref.WeakKeyDictionary()
        self._states: list[State] = []  # those in the file
        self._takes: tuple[TakeSet, ...] = ()  # the same
        self._revision = ""
        self._links: weakref.WeakKeyDictionary[StoredSamples, object] = weakref.WeakKeyDictionary()
        self._inode = file_identity(path)
        self.identity = identity_of(connection)
        self._closer = weakref.finalize(self, connection.close)

    @classmethod
    def create(cls, path: Path, kind: Kind, target: Path | None = None) -> "ProjectFile":
        """Make an empty file in place of whatever is there; `target` is the name that it will get.

        Raises:
            ProjectError: it cannot be written.
        """
        try:
            return cls(path, kind, create_database(path), target)
        except (sqlite3.Error, OSError) as error:
            raise write_error(target or path, error) from error

    @classmethod
    def open(cls, path: Path, kind: Kind) -> "ProjectFile":
        """Open a file and see that it is one of ours.

        Raises:
            ProjectError: there is none, it is something else, damaged, or of a newer version.
        """
        return cls(path, kind, open_database(path, kind))

    def close(self) -> None:
        """Close the file; its samples can no longer be read."""
        with self.lock:
            self._closer()

    @property
    def replaced(self) -> bool:
        """Whether another file has the name of this one by now; the samples of this one can still be read."""
        found = file_identity(self.path)
        return found is not None and found != self._inode

    def after(self, other: "ProjectFile") -> "ProjectFile":
        """Go on from where another handle of the same file was closed.

        What was read from a file that this one took the place of is read from here, as two files of one name
        share the name of SQLite's journal, and the old one's handle would roll back what the new one writes.
        """
        self._numbers, self._states, self._revision = other._numbers, other._states, other._revision
        self._takes, self._links = other._takes, other._links
        for store, number in list(self._numbers.items()):
            if isinstance(store, StoredSamples) and store.place[0].path == self.path:
                store.move(self, number)
        return self

    # saving

    def save(self, contents: Contents) -> Job[None]:
        """Write a document's present state and history; left early or failing, the file is as it was.

        Raises:
            ProjectError: the file cannot be written, or another program saved it meanwhile.
            AudioFileError: samples cannot be read.
        """
        states = list(contents.history.states())
        same = agreement(self._states, states)
        numbers = weakref.WeakKeyDictionary(self._numbers)
        if self._is_outdated():
            same, numbers = 0, weakref.WeakKeyDictionary()
        goes_on = bool(same) and same == len(self._states) and self._takes == contents.takes
        self._states = []  # holds nothing that is no longer needed; after a failure all is written again
        try:
            self._require_in_place()
            with self.lock:
                self.connection.execute("BEGIN IMMEDIATE")
                self._require_unchanged()
            yield from add_stores(self, numbers, contents, states[same:])
            with self.lock:
                revision = write_tables(self, contents, states, same, numbers, goes_on=goes_on)
                self.connection.execute("COMMIT")
        except SQL_ERRORS as error:
            raise write_error(self.target, error) from error
        finally:
            with self.lock, contextlib.suppress(sqlite3.Error):  # closed, as when the disk is gone
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
        self._numbers, self._states, self._revision = numbers, states, revision
        self._takes = contents.takes
        if self.kind == "autosave":
            stored = (store for store in numbers if isinstance(store, StoredSamples))
            self._links = weakref.WeakKeyDictionary({store: _link_of(store) for store in stored})

    def _is_outdated(self) -> bool:
        """Return whether samples that an autosave links lie elsewhere by now, in a project saved anew."""
        return any(link != _link_of(store) for store, link in self._links.items())

    def _require_in_place(self) -> None:
        if self.replaced:
            raise ProjectError(
                f"{self.path.name} was replaced by another window meanwhile; save under another name.",
                self.path,
            )

    def _require_unchanged(self) -> None:
        row = self.connection.execute("SELECT value FROM meta WHERE name = 'revision'").fetchone()
        if (row[0] if row else "") != self._revision:
            raise ProjectError(
                f"{self.path.name} was saved by another window meanwhile; save under another name.", self.path
            )

    # loading

    def summary(self) -> Summary:
        """Read what a list of files shows.

        Raises:
            ProjectError: the file is damaged.
        """
        try:
            with self.lock:
                meta = dict(self.connection.execute("SELECT name, value FROM meta").fetchall())
                done, saved = natural(int(meta["done"])), int(meta["saved"])
                steps = dict(self.connection.execute("SELECT position, text FROM steps").fetchall())
            name = meta["project"] or info_from_text(meta["info"]).path
            return Summary(Path(name).name, done, saved, steps[done] if done else "")
        except (sqlite3.Error, *BAD_VALUES) as error:
            raise damaged(self.path, error) from error

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
            with self.lock:
                run = self.connection.execute
                tables = Tables(
                    dict(run("SELECT name, value FROM meta").fetchall()),
                    run("SELECT * FROM states ORDER BY position").fetchall(),
                    run("SELECT * FROM steps ORDER BY position").fetchall(),
                    run("SELECT id, kind, channels, length, link FROM stores").fetchall(),
                )
            stores = yield from load_stores(self, tables.stores, Sources(scratch, moved or {}))
            contents = contents_of(tables, stores, moved or {}, strict=self.kind == "project")
            self._revision = str(tables.meta["revision"])
        except (*SQL_ERRORS, *BAD_VALUES) as error:
            raise damaged(self.path, error) from error
        self._numbers = weakref.WeakKeyDictionary({store: n for n, store in stores.items()})
        whole = len(contents.history.steps) + 1 == len(tables.states)
        self._states = list(contents.history.states()) if whole else []
        return contents

    # samples

    def stored(self, number: int) -> StoredSamples:
        """Return the samples of one store in this file.

        Raises:
            ValueError: it has none of that number, or not all of its samples.
        """
        with self.lock:
            row = self.connection.execute(
                "SELECT channels, length, link FROM stores WHERE id = ? AND kind = 'samples'", (number,)
            ).fetchone()
            if row is None or row[2] not in ("<f4", "<f8"):
                raise ValueError("a store without samples")
            channels, length, dtype = checked_channels(row[0]), natural(row[1]), str(row[2])
            sizes = self.connection.execute(
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
        if self.kind == "project" and self.replaced and _journal_of(self.path).exists():
            raise AudioFileError(  # it would be taken for the journal of the old file, see `after`
                f"{self.path.name} was replaced and is being written; its samples can be read again later.",
                self.path,
            )
        try:
            with self.lock:
                row = self.connection.execute(
                    "SELECT data FROM samples WHERE store = ? AND first = ?", (number, first)
                ).fetchone()
        except SQL_ERRORS as error:
            raise AudioFileError(f"{self.path.name} cannot be read: {reason(error)}.", self.path) from error
        if row is None:
            raise AudioFileError(f"{self.path.name} lacks samples that it had; it was changed.", self.path)
        data: bytes = row[0]
        return data


def save_as(path: Path, contents: Contents, kind: Kind = "project") -> Job[ProjectFile]:
    """Save a document in a new file, which takes the place of one of that name when it is complete.

    Raises:
        ProjectError: it cannot be written.
        AudioFileError: samples cannot be read.
    """
    try:
        with replacing(path) as temporary:
            file = ProjectFile.create(temporary, kind, path)
            try:
                yield from file.save(contents)
            finally:
                file.close()
        return ProjectFile.open(path, kind).after(file)
    except OSError as error:
        raise write_error(path, error) from error


def _journal_of(path: Path) -> Path:
    return path.with_name(f"{path.name}-journal")


def _link_of(store: StoredSamples) -> object:
    """Return what an autosave's link to a project's samples hangs on."""
    owner, number = store.place
    return id(owner), number, owner.replaced


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
