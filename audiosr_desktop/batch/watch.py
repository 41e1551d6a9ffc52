"""A watched folder: files are taken when they are complete, and what the batch itself wrote is left alone."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path

from audiosr_desktop.batch.naming import same_name_key
from audiosr_desktop.batch.queue import Queue
from audiosr_desktop.batch.sources import Source, find_files, look_at

SETTLE_S = 2.0  # a file that did not change for so long is complete
PATIENCE_S = 60.0  # one that stays unreadable for so long is told as failed


class Watcher:
    """Adds files to a queue as they appear.

    Args:
        queue: gets the files.
        inputs: folders, and files, to look at.
        settle_s: how long size and time of change must stay the same.
        patience_s: how long a file may stay unreadable: a writer may have paused.
        clock: seconds, for tests.
    """

    def __init__(
        self,
        queue: Queue,
        inputs: Sequence[Path],
        *,
        settle_s: float = SETTLE_S,
        patience_s: float = PATIENCE_S,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._queue = queue
        self._inputs = inputs
        self._settle_s = settle_s
        self._patience_s = patience_s
        self._clock = clock
        self._seen: dict[Path, tuple[tuple[int, int], float]] = {}
        self._looked = -settle_s

    def find_more(self) -> None:
        """Look for files that are complete and not in the queue; call it as often as you like."""
        now = self._clock()
        if now - self._looked < self._settle_s / 2:
            return
        self._looked = now
        known = {same_name_key(path) for path in self._queue.source_names()}
        outputs = {same_name_key(path) for path in self._queue.target_names()}
        found, seen = [], {}
        for path, top, in_tree in self._candidates():
            key = same_name_key(path)
            if key in known or key in outputs:
                continue
            source, state = self._look(path, top, in_tree=in_tree, now=now)
            if source is not None:
                found.append(source)
            elif state is not None:
                seen[path] = state
        self._seen = seen
        self._queue.add(found)

    def _candidates(self) -> list[tuple[Path, Path, bool]]:
        settings = self._queue.settings
        out = None if settings is None else settings.out
        files = find_files(self._inputs, [] if out is None else [out])
        return [(path, top, in_tree) for path, top, in_tree, reason in files if not reason]

    def _look(
        self, path: Path, top: Path, *, in_tree: bool, now: float
    ) -> tuple[Source | None, tuple[tuple[int, int], float] | None]:
        """Return the source when the file is complete, else what is remembered of it."""
        try:
            status = path.stat()
        except OSError:  # gone again
            return None, None
        state = (status.st_size, status.st_mtime_ns)
        before, since = self._seen.get(path, (state, now))
        if before != state:
            return None, (state, now)
        if now - since < self._settle_s:
            return None, (state, since)
        source = look_at(path, top, in_tree=in_tree)
        if source.reason and now - since < self._patience_s:
            return None, (state, since)
        return source, None
