"""The database of a project or an autosave: its tables, how it is made and opened, and what refuses it.

The format, version 1. `application_id` is 0x41535250 ("ASRP") and `user_version` the version of the format; a
newer one is refused. Five tables, and nothing else is accepted:

- `meta(name, value)`: texts by name. `info` (the source file's format, JSON), `view` (JSON), `done` and
  `saved` (how many steps are done, and at how many the document was saved; -1 for none), `takes` (JSON;
  the pieces as in `states`, base64; files of older programs lack it),
  `self_contained` (0 or 1), `revision` (drawn at each save), `identity` (drawn when the file is made; files
  of older programs lack it), `project` (of an autosave: the path of the project).
- `stores(id, kind, channels, length, link)`: where samples are. `samples`: in this file, `link` their type
  ("<f4" or "<f8"). `file`: a sound file, `link` its path, path from the project's folder, size and SHA-256
  of both ends (JSON). `silence`. `lanes`: channels of other stores, `link` a row of store, channel and
  first sample for each (JSON). And in autosaves only: `scratch` (a float32 file beside it, `link` its
  name) and `project` (samples of a saved project, `link` its path, the number there, and its identity).
- `samples(store, first, data)`: interleaved little-endian samples from sample `first` on, 65536 at most.
- `states(position, sample_rate, pieces, spans, marks)`: the sound of each state as rows of three 64-bit
  integers (store, start, stop); restored spans and marks as JSON. Position 0 is the sound as opened.
- `steps(position, …)`: the edit that led to the state of that position; mask and channels of its region stand
  among its values.

Each save is one transaction: whenever the program is killed, the file holds the save before or the one after.
Samples never change, so a save writes only those that are new.
"""

import contextlib
import secrets
import sqlite3
import zlib
from pathlib import Path
from typing import Literal

from audiosr_desktop.errors import ProjectError, SoundError

FORMAT_VERSION = 1
APPLICATION_ID = 0x41535250
BLOCK = 65_536  # samples in a row
_BUSY_S = 10.0
SCHEMA = {
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
SQL_ERRORS = (sqlite3.Error, UnicodeError)  # a damaged schema cannot even be told
BAD_VALUES = (
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


def create_database(path: Path) -> sqlite3.Connection:
    """Make an empty database in place of whatever is there.

    Raises:
        sqlite3.Error, OSError: it cannot be written.
    """
    path.unlink(missing_ok=True)
    connection = _connect(path, "rwc")
    with contextlib.ExitStack() as undo:
        undo.callback(connection.close)
        connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
        connection.execute(f"PRAGMA user_version = {FORMAT_VERSION}")
        for statement in SCHEMA.values():
            connection.execute(statement)
        connection.execute("INSERT INTO meta VALUES ('identity', ?)", (secrets.token_hex(8),))
        undo.pop_all()
    return connection


def open_database(path: Path, kind: Kind) -> sqlite3.Connection:
    """Open a database and see that it is one of ours.

    Raises:
        ProjectError: there is none, it is something else, damaged, or of a newer version.
    """
    try:
        with path.open("rb") as file:
            if file.read(16) != b"SQLite format 3\0":
                raise ProjectError(f"{path.name} is no project, or it is damaged.", path)
        connection = _connect(path, "rw")
    except (OSError, sqlite3.Error) as error:
        raise ProjectError(f"{path.name} cannot be opened: {reason(error)}.", path) from error
    try:
        _require_ours(connection, path)
        if kind == "autosave":
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = NORMAL")
    except ProjectError:
        connection.close()
        raise
    except SQL_ERRORS as error:
        connection.close()
        raise damaged(path, error) from error
    return connection


def identity_of(connection: sqlite3.Connection) -> str:
    """Return what was drawn when a file was made; empty in files of older programs."""
    try:
        row = connection.execute("SELECT value FROM meta WHERE name = 'identity'").fetchone()
    except SQL_ERRORS:  # damaged: reading the rest tells how
        return ""
    return str(row[0]) if row else ""


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
    if dict(found) != SCHEMA or version < 1:
        raise ProjectError(f"{path.name} is damaged: its tables are not those of a project.", path)


def write_error(path: Path, error: Exception) -> ProjectError:
    """Return what is told when a database cannot be written."""
    return ProjectError(
        f"{path} cannot be written ({reason(error)}): is the disk full or read-only? Nothing was changed.",
        path,
    )


def damaged(path: Path, error: Exception) -> ProjectError:
    """Return what is told when a database cannot be read."""
    return ProjectError(f"{path.name} is damaged and cannot be opened ({reason(error)}).", path)


def reason(error: BaseException) -> str:
    """Return in a few words why something failed."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    text = " ".join(str(error).split()).rstrip(".")[:120]
    return text or type(error).__name__
