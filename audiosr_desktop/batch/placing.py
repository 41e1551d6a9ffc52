"""Where results go: names that are free, a folder for what is not complete, and the last step to the target.

A result is written into a folder of the queue's own within the target folder, so that the last step is a
rename. What a killed run left there is found by the next one.
"""

import contextlib
import shutil
from collections.abc import Mapping
from pathlib import Path

from audiosr_desktop.audio.atomic import file_identity, put_in_place
from audiosr_desktop.batch.naming import file_name, resolve_clash, target_folder, target_root
from audiosr_desktop.batch.queue import Item, Queue
from audiosr_desktop.batch.recipe import Settings
from audiosr_desktop.batch.sources import STATE_FOLDER, look_at
from audiosr_desktop.batch.work import Outcome, Task, fingerprint_of, stamp_of, sum_of
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.job import Job, Progress, run_job


class Placer:
    """Chooses targets for the files of a queue and brings results there.

    Args:
        queue: whose items.
        settings: of the queue.

    Raises:
        BundleError: a model that is named is not there.
    """

    def __init__(self, queue: Queue, settings: Settings) -> None:
        self._queue = queue
        self._settings = settings
        self._models: Mapping[str, str] = settings.recipe.models()
        self._identities: set[tuple[int, int]] = set()
        self._counted = 0

    def target(self, item: Item, rate: int | None = None) -> Path | None:
        """Return where an item's result goes; None where it is skipped.

        Args:
            item: a name that it was given by an interrupted run stays.
            rate: of the result, where that is known.

        Raises:
            AudioFileError: the template's suffix cannot be written.
        """
        settings = self._settings
        if item.target is not None and rate is None and not item.target.exists():
            return item.target
        facts = dict(item.info)
        facts["rate"] = rate or settings.recipe.planned_rate(int(facts["sample_rate"]))
        model = next(iter(self._models), "")
        name = file_name(settings, item.path, facts, index=item.id, model=model)
        folder = target_folder(settings, item.path, item.top, in_tree=item.in_tree)
        return resolve_clash(
            folder / name,
            settings.on_clash,
            taken=lambda path: self._queue.is_taken(path, item.id),
            is_source=self._is_source,
        )

    def staged(self, item: Item, target: Path) -> Path:
        """Return where a result is until it is complete."""
        return self._partial(item) / f"{item.id}{target.suffix}"

    def task(self, item: Item, staged: Path) -> Task:
        """Return an item as a task for a crew."""
        settings = self._settings
        return Task(item.id, item.path, staged, settings.recipe, self._models, settings.pictures)

    def place(self, item: Item, outcome: Outcome) -> None:
        """Bring a complete result to its place, in steps after each of which a kill does no harm."""
        target, facts = item.target, outcome.facts
        assert target is not None and item.staged is not None
        rate = int(facts["sample_rate_out"])
        try:
            if self._is_in_the_way(target) or self._says_other_rate(item, rate):
                target = self.target(item, rate)
                if target is None:
                    self._queue.fail(item.id, f"{item.target} was put there by another program meanwhile.")
                    return
            target.parent.mkdir(parents=True, exist_ok=True)
            self._queue.keep_result(item.id, target, outcome.fingerprint, facts, outcome.pictures)
            put_in_place(item.staged, target)
        except OSError as error:
            reason = error.strerror or str(error)
            self._queue.fail(item.id, f"{target} cannot be written ({reason}); nothing was changed.")
        else:
            self._queue.finish(item.id)

    def recover(self) -> None:
        """Finish what an interrupted run had complete, and queue again what it had begun."""
        for item in self._queue.items("written"):
            expected = item.facts["output_sha256"]
            if item.target is not None and (_moved(item, expected) or _has_sum(item.target, expected)):
                self._queue.finish(item.id)
            else:
                self._queue.put_back(item.id)
        for item in self._queue.items("running"):
            self._queue.put_back(item.id)
        self.remove_partial()

    def remove_partial(self) -> None:
        """Remove what is not complete."""
        for folder in {self._partial(item) for item in self._queue.items()}:
            shutil.rmtree(folder, ignore_errors=True)
            with contextlib.suppress(OSError):  # the queue lies there, or another batch works there
                folder.parent.rmdir()

    def recheck(self, *, may_be_gone: bool = False) -> Job[None]:
        """Queue again what is done no more: its source, parameters or model changed, or its result is gone.

        What failed is queued again too.

        Args:
            may_be_gone: a result that is not there any more was taken away on purpose.
        """
        items = self._queue.items("done", "failed", "skipped")
        for index, item in enumerate(items):
            yield Progress(index / len(items), "Looking at what is done")
            if item.state != "done" or not self._is_still_done(item, may_be_gone=may_be_gone):
                source = look_at(item.path, item.top, in_tree=item.in_tree)
                self._queue.requeue(item.id, source)

    def _is_still_done(self, item: Item, *, may_be_gone: bool) -> bool:
        facts = item.facts
        try:
            assert item.target is not None
            is_gone = may_be_gone and not item.target.exists()
            if not is_gone and item.target.stat().st_size != facts["output_bytes"]:
                return False
            sha256 = facts["source_sha256"]
            if list(stamp_of(item.path)) != facts["source_stamp"]:
                sha256 = run_job(sum_of(item.path))
        except (OSError, AudioFileError):
            return False
        return item.fingerprint == fingerprint_of(sha256, self._settings.recipe, self._models)

    def _partial(self, item: Item) -> Path:
        root = target_root(self._settings, item.top, in_tree=item.in_tree)
        return root / STATE_FOLDER / self._queue.token

    def _is_in_the_way(self, target: Path) -> bool:
        return target.exists() and (self._settings.on_clash != "overwrite" or self._is_source(target))

    def _says_other_rate(self, item: Item, rate: int) -> bool:
        planned = self._settings.recipe.planned_rate(int(item.info["sample_rate"]))
        return "{rate" in self._settings.template and rate != planned

    def _is_source(self, path: Path) -> bool:
        """Return whether a path leads to a source of this batch, by a symbolic or a hard link too."""
        count = sum(self._queue.counts().values())
        if count != self._counted:
            self._counted = count
            self._identities = set(filter(None, map(file_identity, self._queue.source_names())))
        return file_identity(path) in self._identities


def _moved(item: Item, expected: str) -> bool:
    """Bring a complete result to its place; False where it is not there, or the target cannot be written."""
    assert item.target is not None
    if item.staged is None or not _has_sum(item.staged, expected):
        return False
    try:
        put_in_place(item.staged, item.target)
    except OSError:
        return False
    return True


def _has_sum(path: Path, expected: str) -> bool:
    try:
        return run_job(sum_of(path)) == expected
    except AudioFileError:
        return False
