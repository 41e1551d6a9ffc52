"""The batch for scripts, in a few lines.

    from pathlib import Path
    from audiosr_desktop.batch.api import recipe_of, run_batch

    report = run_batch([Path("tapes")], Path("restored"), recipe_of("restore", quality="draft"))
    print(report["summary"]["failed"], [file["reason"] for file in report["files"]])

The command line and the window use the same functions.
"""

import os
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.batch.crew import Crew, ThreadCrew
from audiosr_desktop.batch.naming import check_template
from audiosr_desktop.batch.placing import Placer
from audiosr_desktop.batch.processes import ProcessCrew
from audiosr_desktop.batch.queue import Item, Queue
from audiosr_desktop.batch.recipe import DEFAULT_TEMPLATE, Clash, Recipe, Settings
from audiosr_desktop.batch.report import report_of, write_report
from audiosr_desktop.batch.runner import Runner
from audiosr_desktop.batch.sources import STATE_FOLDER, find_sources, look_at
from audiosr_desktop.effects.chain import PREFIX, Step
from audiosr_desktop.effects.effect import resolve_values
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import BatchError
from audiosr_desktop.job import Job, Progress, part_of, run_job
from audiosr_desktop.plugins.registry import all_effects


def recipe_of(effect: str = "restore", **values: object) -> Recipe:
    """Return the recipe of one effect, by its short name, with values for some of its parameters.

    Raises:
        EffectError: the effect has no such parameter, or cannot take the value.
        BatchError: there is no such effect.
    """
    with Scratch.create() as scratch:
        effects = all_effects(Engines(), scratch)
    chosen = effects.get(PREFIX + effect.removeprefix(PREFIX)) or effects.get(effect)
    if chosen is None:
        raise BatchError(f"There is no effect {effect!r}; known are {', '.join(effects)}.")
    return Recipe.of([Step(chosen, resolve_values(chosen, values))], effect.removeprefix(PREFIX))


def run_batch(
    inputs: Sequence[Path],
    out: Path,
    recipe: Recipe,
    *,
    template: str = DEFAULT_TEMPLATE,
    on_clash: Clash = "number",
    jobs: int = 1,
    resume: bool = False,
    reports: Sequence[Path] = (),
    on_end: Callable[[Item], None] | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> dict[str, Any]:
    """Run a recipe over files and folders.

    Args:
        inputs: files and folders; folders are searched.
        out: folder of the results; made if it is missing.
        recipe: what is done.
        template: of the names.
        on_clash: number, skip or overwrite.
        jobs: processes that work at the same time.
        resume: go on with the batch that is in `out`, and do no file again that is done.
        reports: files to write: .csv, .json, .html.
        on_end: called with each file that ends.
        on_progress: called with the progress of the whole.

    Returns:
        The report: `summary`, `settings` and `files`.

    Raises:
        AudioSRError: the batch cannot be run. A file that fails raises nothing; the report has the reason.
    """
    pictures = any(path.suffix.lower() == ".html" for path in reports)
    settings = settings_for(recipe, out, template=template, on_clash=on_clash, pictures=pictures)
    queue = open_queue(out)
    try:
        run_job(fill_queue(queue, inputs, settings, resume=resume))
        runner = Runner(queue, lambda: local_crew(jobs), on_end=on_end)
        summary = run_job(runner.run(), on_progress)
        for path in reports:
            write_report(path, queue, summary)
        return report_of(queue, summary)
    finally:
        queue.close()


def settings_for(
    recipe: Recipe,
    out: Path | None,
    *,
    template: str = DEFAULT_TEMPLATE,
    on_clash: Clash = "number",
    pictures: bool = False,
) -> Settings:
    """Return settings that begin now.

    Raises:
        BatchError: the template gives no names of sound files.
        BundleError: a model that is named is not there.
    """
    check_template(template)
    recipe.models()
    absolute = None if out is None else Path(os.path.abspath(out))  # noqa: PTH100 - links are kept
    return Settings(recipe, absolute, template, on_clash, pictures, time.strftime("%Y-%m-%d %H-%M-%S"))


def open_queue(out: Path) -> Queue:
    """Open the queue that lies in a target folder; it is made with the folder if it is not there.

    Raises:
        BatchError: the folder cannot be written.
    """
    if out.exists() and not out.is_dir():
        raise BatchError(f"{out} is a file; give the name of a folder.")
    return Queue(Path(os.path.abspath(out)) / STATE_FOLDER / "queue.sqlite")  # noqa: PTH100


def fill_queue(
    queue: Queue, inputs: Iterable[Path], settings: Settings, *, resume: bool, watching: bool = False
) -> Job[int]:
    """Bring a queue up to date: what is new is added, what is done stays done where nothing changed.

    Args:
        queue: of the target folder.
        inputs: files and folders.
        settings: of this run; a run that is resumed keeps its date, so that names stay.
        resume: keep what is in the queue; else it begins empty.
        watching: a `Watcher` adds the files; results that were taken away are not made again.

    Returns:
        How many files are new.
    """
    ignored = [] if settings.out is None else [settings.out]
    sources = [] if watching else (yield from part_of(find_sources(inputs, ignored), 0.0, 0.5))
    with queue.working():
        if not resume:
            if before := queue.settings:
                Placer(queue, before).remove_partial()
            queue.clear()
        elif before := queue.settings:
            settings = settings.begun(before.started)
        queue.set_settings(settings)
        if resume:
            placer = Placer(queue, settings)
            placer.recover()
            yield from part_of(placer.recheck(may_be_gone=watching), 0.5, 1.0)
        return queue.add(sources)


def retry(queue: Queue, ids: Iterable[int]) -> None:
    """Queue files again that failed or were skipped, with what they say of themselves now."""
    for item_id in ids:
        item = queue.item(item_id)
        if item is not None and item.state in ("failed", "skipped"):
            queue.requeue(item_id, look_at(item.path, item.top, in_tree=item.in_tree))


def local_crew(jobs: int) -> Crew:
    """Return a crew of this machine.

    Args:
        jobs: 1 works in threads of this process, more in as many processes.
    """
    return ThreadCrew() if jobs <= 1 else ProcessCrew(jobs)
