"""Writing a project: what a save puts into the tables."""

import secrets
import weakref
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from audiosr_desktop.audio.file_stores import DecodedStore, FileStore
from audiosr_desktop.audio.history import State, stores_of
from audiosr_desktop.audio.lanes import LaneStore
from audiosr_desktop.audio.links import MissingStore, SourceLink, link_to, relative_path
from audiosr_desktop.audio.project_database import BLOCK
from audiosr_desktop.audio.project_values import (
    Contents,
    info_to_text,
    lanes_to_text,
    marks_to_text,
    pieces_to_bytes,
    spans_to_text,
    step_row,
    takes_to_text,
    to_text,
)
from audiosr_desktop.audio.store import SampleStore, ScratchStore, SilenceStore
from audiosr_desktop.audio.stored_samples import StoredSamples
from audiosr_desktop.job import Job, Progress

if TYPE_CHECKING:
    from audiosr_desktop.audio.project import ProjectFile

Numbers = weakref.WeakKeyDictionary[SampleStore, int]


def add_stores(
    file: "ProjectFile",
    numbers: Numbers,
    contents: Contents,
    new_states: Sequence[State],
) -> Job[None]:
    """Write the samples, or the links to them, that the file lacks; `numbers` gets theirs.

    Args:
        file: in a transaction.
        numbers: of all stores in the file.
        contents: of the document.
        new_states: those of its history that the file lacks.

    Raises:
        AudioFileError: samples cannot be read.
    """
    new = _stores(contents, new_states)
    fresh = [store for store in new.values() if store not in numbers]
    # lanes name the numbers of the stores that hold their samples
    fresh.sort(key=lambda store: isinstance(store, LaneStore))
    total, done = sum(store.length for store in fresh) or 1, 0
    for store in fresh:
        if isinstance(store, LaneStore):
            kind, link = "lanes", lanes_to_text(store, numbers)
        else:
            kind, link = _place(file, store, self_contained=contents.self_contained)
        with file.lock:
            cursor = file.connection.execute(
                "INSERT INTO stores (kind, channels, length, link) VALUES (?, ?, ?, ?)",
                (kind, store.channels, store.length, link),
            )
        number = cursor.lastrowid
        assert number is not None, "a row was inserted"
        if kind == "samples":
            for first in range(0, store.length, BLOCK):
                yield Progress((done + first) / total, f"Saving {file.target.name}")
                part = store.read(first, min(first + BLOCK, store.length), np.dtype(link).type)
                data = np.ascontiguousarray(part.T, dtype=link).tobytes()
                with file.lock:
                    file.connection.execute("INSERT INTO samples VALUES (?, ?, ?)", (number, first, data))
        done += store.length
        numbers[store] = number
    yield Progress(1.0, f"Saving {file.target.name}")


def _stores(contents: Contents, states: Sequence[State]) -> dict[int, SampleStore]:
    """Return the stores of some states of a document, and of its takes, by their ids."""
    sounds = [state.sound for state in states] + [sound for takes in contents.takes for sound in takes.sounds]
    return {id(store): store for sound in sounds for store in stores_of(sound)}


def _place(file: "ProjectFile", store: SampleStore, *, self_contained: bool) -> tuple[str, str]:
    """Return kind and link of a store."""
    if isinstance(store, SilenceStore):
        return "silence", ""
    if isinstance(store, MissingStore):
        return "file", _link_text(file, store.link)
    if isinstance(store, FileStore | DecodedStore) and store.is_current and not self_contained:
        return "file", _link_text(file, link_to(store.path))
    if file.kind == "autosave" and isinstance(store, ScratchStore):
        return "scratch", store.path.name
    if file.kind == "autosave" and isinstance(store, StoredSamples):
        owner, number = store.place
        if owner.kind == "project" and not owner.replaced:
            return "project", to_text([str(owner.path), number, owner.identity])
    dtype = store.dtype if isinstance(store, FileStore | DecodedStore | StoredSamples) else np.float32
    return "samples", np.dtype(dtype).newbyteorder("<").str


def _link_text(file: "ProjectFile", link: SourceLink) -> str:
    relative = relative_path(link.path, file.path.parent)
    return to_text([str(link.path), relative, link.size, link.digest])


def write_tables(
    file: "ProjectFile",
    contents: Contents,
    states: Sequence[State],
    same: int,
    numbers: Numbers,
    *,
    goes_on: bool,
) -> str:
    """Write states, steps and texts, and throw samples away that nothing needs any more.

    Args:
        file: in a transaction.
        contents: of the document.
        states: of its history.
        same: how many of them, from the first on, the file has already.
        numbers: of all stores in the file.
        goes_on: all that the file has stays, so that only what is new is looked at.

    Returns:
        The revision of the file from now on.
    """
    run = file.connection.execute
    history, revision = contents.history, secrets.token_hex(8)
    ids = {key: numbers[store] for key, store in _stores(contents, states[same if goes_on else 0 :]).items()}
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
        "saved": str(history.index if file.kind == "project" else history.clean),
        "self_contained": str(int(contents.self_contained)),
        "project": str(contents.project_path or ""),
        "takes": takes_to_text(contents.takes, ids),
        "revision": revision,
    }
    file.connection.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", meta.items())
    if goes_on:
        return revision
    # samples that no state needs go, unless something in the program still reads them from here
    needed = set(ids.values())
    places = [store.place for store in numbers if isinstance(store, StoredSamples)]
    read = {number for owner, number in places if owner is file}
    for (number,) in run("SELECT id FROM stores").fetchall():
        if number not in needed | read:
            run("DELETE FROM samples WHERE store = ?", (number,))
            run("DELETE FROM stores WHERE id = ?", (number,))
    for store in [store for store, number in numbers.items() if number not in needed | read]:
        del numbers[store]
    return revision
