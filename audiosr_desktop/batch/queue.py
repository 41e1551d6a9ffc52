"""The queue of a batch: an SQLite file that a loss of power or a kill at any moment leaves whole.

A file goes from queued to running, to written (its result is complete but not yet at its place) and to done;
or it fails, or is skipped. What was running when a run ended is queued again by the next one,
what was written is brought to its place, so that no file is done twice and none half.
"""

import contextlib
import json
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from audiosr_desktop.batch.naming import same_name_key
from audiosr_desktop.batch.recipe import Settings
from audiosr_desktop.batch.sources import Source
from audiosr_desktop.errors import BatchError

State: TypeAlias = Literal["queued", "running", "written", "done", "failed", "skipped"]
STATES: tuple[str, ...] = get_args(State)

_FORMAT = 1
_SCHEMA = """
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS items (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    place REAL NOT NULL,
    state TEXT NOT NULL,
    path BLOB NOT NULL UNIQUE,
    top BLOB NOT NULL,
    in_tree INTEGER NOT NULL,
    info TEXT,
    duration_s REAL NOT NULL DEFAULT 0,
    reason TEXT NOT NULL DEFAULT '',
    target BLOB,
    target_key TEXT,
    staged BLOB,
    fingerprint TEXT,
    facts TEXT,
    before BLOB,
    after BLOB
);
CREATE INDEX IF NOT EXISTS by_place ON items (state, place);
CREATE INDEX IF NOT EXISTS by_target ON items (target_key);
"""
_COLUMNS = "id, place, state, path, top, in_tree, info, reason, target, staged, fingerprint, facts"


@dataclass(frozen=True, slots=True)
class Item:
    """One file of the queue.

    Attributes:
        id: stays the same.
        state: see `State`.
        path: the source.
        top: the folder that was named, or the source's own.
        in_tree: whether a folder was named.
        info: format, subtype, sample_rate, channels, duration_s; empty where the file could not be read.
        reason: why it failed or was skipped, one sentence.
        target: where its result goes, once that is chosen.
        staged: where its result is until it is complete.
        fingerprint: what its result was made of, once it is done.
        facts: what was measured and done; empty until then.
    """

    id: int
    state: str
    path: Path
    top: Path
    in_tree: bool
    info: Mapping[str, Any]
    reason: str
    target: Path | None
    staged: Path | None
    fingerprint: str
    facts: Mapping[str, Any]

    @property
    def duration_s(self) -> float:
        """Length of the source, 0 where it is not known."""
        return float(self.info.get("duration_s", 0.0))


class Queue:
    """The files of one batch in the order in which they are worked on; any thread may call it.

    Args:
        path: the SQLite file; made with its folder if it is not there.

    Raises:
        BatchError: the file cannot be opened, or is no queue.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._db = sqlite3.connect(path, timeout=30.0, check_same_thread=False, isolation_level=None)
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(_SCHEMA)
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or error
            raise BatchError(f"The queue {path} cannot be opened: {reason}.") from error
        with self._change() as db:
            db.execute("INSERT OR IGNORE INTO meta VALUES ('format', ?)", (str(_FORMAT),))
            db.execute("INSERT OR IGNORE INTO meta VALUES ('token', ?)", (secrets.token_hex(4),))

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @property
    def token(self) -> str:
        """A name for this queue that no other has; folders of incomplete results carry it."""
        return str(self._one("SELECT value FROM meta WHERE name = 'token'")[0])

    @contextlib.contextmanager
    def working(self) -> Iterator[None]:
        """Hold the queue for one run; the system gives it free when the run is killed.

        Raises:
            BatchError: another run works on it.
        """
        lock = sqlite3.connect(self.path.with_suffix(".lock"), timeout=0.0, isolation_level=None)
        try:
            try:
                lock.execute("BEGIN EXCLUSIVE")
            except sqlite3.OperationalError as error:
                raise BatchError(
                    f"Another run works on the batch {self.path.parent}: wait for its end."
                ) from error
            yield
        finally:
            lock.close()

    # settings

    @property
    def settings(self) -> Settings | None:
        """What was asked for; None in a new queue."""
        row = self._one("SELECT value FROM meta WHERE name = 'settings'")
        return Settings.from_json(json.loads(row[0])) if row else None

    def set_settings(self, settings: Settings) -> None:
        """Keep what is asked for."""
        saved = json.dumps(settings.as_json())
        with self._change() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('settings', ?)", (saved,))

    # what the user does

    def add(self, sources: Iterable[Source]) -> int:
        """Append files; those that are in the queue already are left where they are.

        Returns:
            How many are new.
        """
        added = 0
        with self._change() as db:
            place = db.execute("SELECT coalesce(max(place), 0) FROM items").fetchone()[0]
            for source in sources:
                place += 1
                added += db.execute(
                    "INSERT OR IGNORE INTO items "
                    "(place, state, path, top, in_tree, info, duration_s, reason) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                    (
                        place,
                        "failed" if source.reason else "queued",
                        os.fsencode(source.path),
                        os.fsencode(source.top),
                        source.in_tree,
                        _known(source),
                        _duration_s(source),
                        _storable(source.reason),
                    ),
                ).rowcount
        return added

    def move(self, ids: Sequence[int], before: int | None) -> None:
        """Put files in front of another one, in the order given; None puts them at the end."""
        moved = list(dict.fromkeys(ids))
        with self._change() as db:
            rest = [
                row[0] for row in db.execute("SELECT id FROM items ORDER BY place") if row[0] not in moved
            ]
            at = rest.index(before) if before in rest else len(rest)
            order = [*rest[:at], *moved, *rest[at:]]
            db.executemany("UPDATE items SET place = ? WHERE id = ?", list(enumerate(order, 1)))

    def remove(self, ids: Iterable[int]) -> None:
        """Take files out of the queue; those that are being worked on stay."""
        with self._change() as db:
            db.executemany(
                "DELETE FROM items WHERE id = ? AND state NOT IN ('running', 'written')",
                [(item_id,) for item_id in ids],
            )

    def requeue(self, item_id: int, source: Source) -> None:
        """Queue a file again, with what it says of itself now; it fails at once if it cannot be read."""
        with self._change() as db:
            db.execute(
                "UPDATE items SET state = ?, info = ?, duration_s = ?, reason = ?, target = NULL, "
                "target_key = NULL, staged = NULL, fingerprint = NULL, facts = NULL, "
                "before = NULL, after = NULL WHERE id = ?",
                (
                    "failed" if source.reason else "queued",
                    _known(source),
                    _duration_s(source),
                    _storable(source.reason),
                    item_id,
                ),
            )

    def clear(self) -> None:
        """Forget all files, and begin to count anew."""
        with self._change() as db:
            db.execute("DELETE FROM items")
            db.execute("DELETE FROM sqlite_sequence")

    # what a run does

    def next_queued(self) -> Item | None:
        """Return the file whose turn it is."""
        row = self._one(f"SELECT {_COLUMNS} FROM items WHERE state = 'queued' ORDER BY place LIMIT 1")
        return None if row is None else _item(row)

    def start(self, item_id: int, target: Path, staged: Path) -> bool:
        """Mark a queued file as being worked on; False if it was taken away meanwhile."""
        return self._set(
            item_id,
            ("queued",),
            state="running",
            target=os.fsencode(target),
            target_key=same_name_key(target),
            staged=os.fsencode(staged),
        )

    def keep_result(
        self,
        item_id: int,
        target: Path,
        fingerprint: str,
        facts: Mapping[str, Any],
        pictures: tuple[bytes, bytes],
    ) -> None:
        """Keep what came of a file whose result is complete, before it is brought to its place."""
        self._set(
            item_id,
            ("running", "written"),
            state="written",
            target=os.fsencode(target),
            target_key=same_name_key(target),
            fingerprint=fingerprint,
            facts=json.dumps(facts, default=float),
            before=pictures[0],
            after=pictures[1],
        )

    def finish(self, item_id: int) -> None:
        """Mark a file as done: its result is at its place."""
        self._set(item_id, ("written",), state="done", staged=None)

    def fail(self, item_id: int, reason: str) -> None:
        """Mark a file as failed; its name stays its own: names must not depend on who was first."""
        self._set(item_id, STATES, state="failed", reason=_storable(reason), target=None, staged=None)

    def skip(self, item_id: int, reason: str) -> None:
        """Mark a file as skipped."""
        self._set(item_id, ("queued",), state="skipped", reason=_storable(reason))

    def put_back(self, item_id: int) -> None:
        """Queue a file again that was being worked on; it keeps its target's name."""
        self._set(item_id, ("running", "written"), state="queued", staged=None)

    # reading

    def items(self, *states: str) -> list[Item]:
        """Return the files in these states, or all, in their order."""
        chosen = states or STATES
        marks = ", ".join("?" * len(chosen))
        with self._lock:
            rows = self._db.execute(
                f"SELECT {_COLUMNS} FROM items WHERE state IN ({marks}) ORDER BY place", chosen
            ).fetchall()
        return [_item(row) for row in rows]

    def item(self, item_id: int) -> Item | None:
        """Return one file."""
        row = self._one(f"SELECT {_COLUMNS} FROM items WHERE id = ?", (item_id,))
        return None if row is None else _item(row)

    def pictures(self, item_id: int) -> tuple[bytes, bytes]:
        """Return the small spectrograms before and after as PNG files; empty where there are none."""
        row = self._one("SELECT before, after FROM items WHERE id = ?", (item_id,))
        return (row[0] or b"", row[1] or b"") if row else (b"", b"")

    def counts(self) -> dict[str, int]:
        """Return how many files are in each state."""
        with self._lock:
            found = dict(self._db.execute("SELECT state, count(*) FROM items GROUP BY state").fetchall())
        return {state: found.get(state, 0) for state in STATES}

    def seconds_left(self) -> float:
        """Return the length of all files that are not finished."""
        row = self._one("SELECT total(duration_s) FROM items WHERE state IN ('queued', 'running', 'written')")
        return float(row[0])

    def is_taken(self, target: Path, by_other_than: int) -> bool:
        """Return whether another file of the queue has this target."""
        key = same_name_key(target)
        row = self._one("SELECT 1 FROM items WHERE target_key = ? AND id != ? LIMIT 1", (key, by_other_than))
        return row is not None

    def source_names(self) -> list[Path]:
        """Return all sources."""
        with self._lock:
            rows = self._db.execute("SELECT path FROM items").fetchall()
        return [Path(os.fsdecode(row[0])) for row in rows]

    def target_names(self) -> list[Path]:
        """Return all targets that were given."""
        with self._lock:
            rows = self._db.execute("SELECT target FROM items WHERE target IS NOT NULL").fetchall()
        return [Path(os.fsdecode(row[0])) for row in rows]

    def _set(self, item_id: int, states: Sequence[str], **values: object) -> bool:
        columns = ", ".join(f"{name} = ?" for name in values)
        marks = ", ".join("?" * len(states))
        with self._change() as db:
            changed = db.execute(
                f"UPDATE items SET {columns} WHERE id = ? AND state IN ({marks})",
                (*values.values(), item_id, *states),
            )
            return changed.rowcount > 0

    def _one(self, statement: str, values: Sequence[object] = ()) -> Any:
        with self._lock:
            return self._db.execute(statement, values).fetchone()

    @contextlib.contextmanager
    def _change(self) -> Iterator[sqlite3.Connection]:
        """Do all of a change or nothing of it."""
        with self._lock:
            try:
                self._db.execute("BEGIN IMMEDIATE")
                yield self._db
                self._db.execute("COMMIT")
            except sqlite3.Error as error:
                self._roll_back()
                raise BatchError(f"The queue {self.path} cannot be written: {error}.") from error
            except BaseException:
                self._roll_back()
                raise

    def _roll_back(self) -> None:
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")


def _storable(text: str) -> str:
    """Return text that SQLite takes: it may hold a file's name that is no UTF-8."""
    return text.encode("utf-8", "backslashreplace").decode()


def _known(source: Source) -> str | None:
    info = source.info
    if info is None:
        return None
    names = ("format", "subtype", "sample_rate", "channels", "duration_s")
    return json.dumps({name: getattr(info, name) for name in names})


def _duration_s(source: Source) -> float:
    return 0.0 if source.info is None else source.info.duration_s


def _item(row: Sequence[Any]) -> Item:
    item_id, _, state, path, top, in_tree, info, reason, target, staged, fingerprint, facts = row
    return Item(
        id=item_id,
        state=state,
        path=Path(os.fsdecode(path)),
        top=Path(os.fsdecode(top)),
        in_tree=bool(in_tree),
        info=json.loads(info) if info else {},
        reason=reason,
        target=None if target is None else Path(os.fsdecode(target)),
        staged=None if staged is None else Path(os.fsdecode(staged)),
        fingerprint=fingerprint or "",
        facts=json.loads(facts) if facts else {},
    )
