"""The sub-command `batch`: a recipe over many files, with a queue that outlives the process."""

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.batch.api import fill_queue, local_crew, open_queue, settings_for
from audiosr_desktop.batch.crew import Crew
from audiosr_desktop.batch.queue import Item, Queue
from audiosr_desktop.batch.recipe import Recipe, Settings
from audiosr_desktop.batch.report import check_report, report_of, write_report
from audiosr_desktop.batch.runner import Runner, Summary, in_words
from audiosr_desktop.batch.watch import Watcher
from audiosr_desktop.cli_output import UsageError, drive, write_json
from audiosr_desktop.cli_restore import chosen_chain, chosen_steps, part_of_sound, require_bounds
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import BatchError
from audiosr_desktop.plugins.registry import all_effects

_CLEAR_LINE = "\r\x1b[K"


def batch(arguments: argparse.Namespace) -> int:
    """Carry out `batch`."""
    require_bounds(arguments)
    if not arguments.inputs and not arguments.resume:
        raise UsageError("name files or folders, - to read names from stdin, or --resume")
    if arguments.watch and not any(Path(word).is_dir() for word in arguments.inputs):
        raise UsageError("--watch needs a folder to watch")
    for path in arguments.report:
        check_report(path)
    with contextlib.closing(open_queue(arguments.out)) as queue:
        settings = _settings(arguments, queue)
        inputs = list(_inputs(arguments.inputs))
        resume = arguments.resume or arguments.watch
        drive(fill_queue(queue, inputs, settings, resume=resume, watching=arguments.watch))
        tell = _quiet if arguments.json or arguments.quiet else _tell
        find_more = Watcher(queue, inputs).find_more if arguments.watch else None
        runner = Runner(queue, _crew(arguments), find_more=find_more, on_end=tell)
        try:
            drive(runner.run(), quiet=arguments.quiet)
        except KeyboardInterrupt:
            print(f"`--resume --out {arguments.out}` goes on with what is left.", file=sys.stderr)
            raise
        finally:
            for path in arguments.report:
                write_report(path, queue, runner.summary())
        return _end(arguments, queue, runner.summary())


def _settings(arguments: argparse.Namespace, queue: Queue) -> Settings:
    if not arguments.inputs:
        saved = queue.settings
        if saved is None:
            raise BatchError(f"There is no batch in {arguments.out} to go on with; name files or folders.")
        return saved
    with Scratch.create() as scratch:
        steps = chosen_steps(arguments, chosen_chain(arguments), all_effects(Engines(), scratch))
    preset = arguments.effect if arguments.chain is None else Path(arguments.chain).stem
    return settings_for(
        Recipe.of(steps, preset, part_of_sound(arguments)),
        arguments.out,
        template=arguments.name,
        on_clash=arguments.on_clash,
        pictures=any(path.suffix.lower() == ".html" for path in arguments.report),
    )


def _inputs(words: list[str]) -> Iterator[Path]:
    for word in words:
        if word != "-":
            yield Path(word)
            continue
        text = sys.stdin.read()
        names = text.split("\0") if "\0" in text else text.splitlines()
        yield from (Path(name) for name in names if name)


def _crew(arguments: argparse.Namespace) -> Callable[[], Crew]:
    address, jobs = arguments.scheduler, arguments.jobs
    if address is None:
        return lambda: local_crew(jobs)
    from audiosr_desktop.batch.cluster import ClusterCrew  # noqa: PLC0415 - where it is asked for

    return lambda: ClusterCrew(address)


def _tell(item: Item) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(_CLEAR_LINE)
    if item.state == "done":
        print(f"{item.path} → {item.target}", flush=True)
        for warning in item.facts.get("warnings", []):
            print(f"  {warning}", flush=True)
    elif item.state == "skipped":
        print(f"{item.path} skipped: {item.reason}", flush=True)


def _quiet(_item: Item) -> None:
    return


def _end(arguments: argparse.Namespace, queue: Queue, summary: Summary) -> int:
    if arguments.json:
        write_json(report_of(queue, summary))
    elif not arguments.quiet:
        print(
            f"{summary.done} done, {summary.failed} failed, {summary.skipped} skipped; "
            f"{in_words(summary.elapsed_s)} for {in_words(summary.audio_s)} of sound."
        )
    for item in queue.items("failed"):
        print(f"{item.path}: {item.reason}", file=sys.stderr)
    return 1 if summary.failed else 0
