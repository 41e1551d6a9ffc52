"""What is done to one file: read and measure, run the effects, write and measure; each stage is a job.

The stages know nothing of the queue: a thread, a process or a machine of a cluster gives the same bytes.
"""

import hashlib
import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audiosr_desktop.audio.files import (
    FileInfo,
    open_sound,
    output_format,
    probe,
    require_finite,
    write_sound,
)
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.batch.recipe import Recipe, build_steps
from audiosr_desktop.dsp.level import LoudnessMeter, TruePeakMeter
from audiosr_desktop.effects.chain import run_steps
from audiosr_desktop.effects.survey import survey_sound
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import AudioFileError, BatchError
from audiosr_desktop.evaluation.picture import thumbnail_png
from audiosr_desktop.job import Job, Progress, part_of

_RESERVE_BYTES = 1_000_000  # of the target's disk, for the queue
_HASH_BLOCK = 1 << 20
# What the effects tell that the report repeats
_TOLD = ("model", "model_sha256", "device", "provider", "steps", "quality", "cutoff_hz", "gain_db")


@dataclass(frozen=True, slots=True)
class Task:
    """One file to work on, as it is handed to whoever does the work.

    Attributes:
        id: of the item in the queue.
        source: the file.
        staged: where the complete result is written; its folder is made, its suffix is the format.
        recipe: what is done.
        models: sums of the manifests of the models that may run, by id.
        pictures: whether small spectrograms are made.
    """

    id: int
    source: Path
    staged: Path
    recipe: Recipe
    models: Mapping[str, str]
    pictures: bool


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file that is open, checked and measured."""

    task: Task
    info: FileInfo
    sound: Sound
    sha256: str
    stamp: tuple[int, int, int]
    figures: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Computed:
    """A file after the effects: the sound, and what they told."""

    prepared: Prepared
    sound: Sound
    facts: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a file: all that the report tells of it, and pictures as PNG files or empty bytes."""

    facts: Mapping[str, Any]
    fingerprint: str
    pictures: tuple[bytes, bytes]


class Workshop:
    """Effects with their models, loaded once and used for one file after the other.

    Args:
        scratch: for long results.
        threads: threads that a graph may use; 0 is one for each processor core.
    """

    def __init__(self, scratch: Scratch, threads: int = 0) -> None:
        self.scratch = scratch
        self._engines = Engines(threads)
        self._report: dict[str, Any] = {}

    def prepare(self, task: Task) -> Job[Prepared]:
        """Open a file, decode it if it is lossy, check its samples and measure it."""
        stamp = stamp_of(task.source)
        sha256 = yield from part_of(sum_of(task.source), 0.0, 0.2)
        info = probe(task.source)
        sound = yield from part_of(open_sound(task.source, self.scratch), 0.2, 0.5)
        yield from part_of(require_finite(sound, path=task.source), 0.5, 0.6)
        figures = yield from part_of(measure(sound), 0.6, 1.0)
        return Prepared(task, info, sound, sha256, stamp, figures)

    def compute(self, prepared: Prepared) -> Job[Computed]:
        """Run the effects; one file at a time."""
        task = prepared.task
        self._report.clear()
        found = task.recipe.models()
        for name, expected in task.models.items():
            if found.get(name) != expected:
                raise BatchError(f"The model {name} here is another one than the batch was started with.")
        steps = build_steps(task.recipe, self._engines, self.scratch, self._report)
        region, warnings = task.recipe.part.of(prepared.sound, task.source.name)
        run = yield from run_steps(steps, prepared.sound, region, self.scratch, report=self._report)
        told = self._report
        facts = {
            **{name: told.get(name) for name in _TOLD},
            "effects": list(told.get("steps_done", [])) or [name for name, _ in task.recipe.steps],
            "seed": told.get("seed", task.recipe.seed),
            "elapsed_s": run.elapsed_s,
            "rtf": run.rtf,
            "warnings": [*warnings, *map(str, told.get("warnings", []))],
        }
        return Computed(prepared, run.after, facts)

    def finish(self, computed: Computed) -> Job[Outcome]:
        """Write the result and measure it."""
        prepared, sound = computed.prepared, computed.sound
        task, staged = prepared.task, prepared.task.staged
        staged.parent.mkdir(parents=True, exist_ok=True)
        output = output_format(staged, prepared.info)
        job = write_sound(sound, staged, output=output, like=prepared.info, overwrite=True)
        written = yield from part_of(job, 0.0, 0.5)
        _require_reserve(staged)
        figures = yield from part_of(measure(sound), 0.5, 0.8)
        yield Progress(0.8, "Drawing")
        pictures = (b"", b"")
        if task.pictures:  # on one scale of frequencies
            before, top_hz = prepared.sound, max(prepared.sound.sample_rate, sound.sample_rate) / 2.0
            pictures = thumbnail_png(before, top_hz=top_hz), thumbnail_png(sound, top_hz=top_hz)
        sha256 = yield from part_of(sum_of(staged), 0.9, 1.0)
        facts = {
            "source_sha256": prepared.sha256,
            "source_stamp": list(prepared.stamp),
            "output_sha256": sha256,
            "output_bytes": staged.stat().st_size,
            "duration_s": prepared.info.duration_s,
            "channels": prepared.info.channels,
            "sample_rate_in": prepared.info.sample_rate,
            "sample_rate_out": written.sample_rate,
            "format_in": f"{prepared.info.format} {prepared.info.subtype}",
            "format_out": f"{written.format} {written.subtype}",
            **{f"{name}_before": value for name, value in prepared.figures.items()},
            **{f"{name}_after": value for name, value in figures.items()},
            **computed.facts,
        }
        fingerprint = fingerprint_of(prepared.sha256, task.recipe, task.models)
        return Outcome(facts, fingerprint, pictures)

    def process(self, task: Task) -> Job[Outcome]:
        """Do all three stages, one after the other."""
        prepared = yield from part_of(self.prepare(task), 0.0, 0.1)
        computed = yield from part_of(self.compute(prepared), 0.1, 0.9)
        return (yield from part_of(self.finish(computed), 0.9, 1.0))


def measure(sound: Sound) -> Job[dict[str, float | None]]:
    """Measure what the report compares; None where there is no such figure, as the loudness of silence."""
    loudness = LoudnessMeter(sound.sample_rate, sound.channels)
    peak = TruePeakMeter(sound.sample_rate, sound.channels)
    for first in range(0, sound.length, BLOCK):
        yield Progress(0.7 * first / sound.length, "Measuring")
        block = sound.read(first, min(first + BLOCK, sound.length))
        loudness.add(block)
        peak.add(block)
    survey = yield from part_of(survey_sound(sound, Region(0, sound.length)), 0.7, 1.0)
    figures = {
        "cutoff_hz": None if survey is None else survey.cutoff.cutoff_hz,
        "level_dbfs": None if survey is None else survey.level_db,
        "loudness_lufs": loudness.result(),
        "true_peak_dbtp": peak.result_db(),
    }
    return {
        name: None if value is None or value == -float("inf") else value for name, value in figures.items()
    }


def _require_reserve(staged: Path) -> None:
    """Refuse a result that fills the disk to the brim: the queue lies there too.

    Raises:
        AudioFileError: too little is left; the result is removed.
    """
    free = shutil.disk_usage(staged.parent).free
    if free < _RESERVE_BYTES:
        staged.unlink()
        raise AudioFileError(
            f"The disk of {staged.parents[2]} is full: the result would leave {free / 1e6:.1f} MB free.",
            staged,
        )


def fingerprint_of(source_sha256: str, recipe: Recipe, models: Mapping[str, str]) -> str:
    """Return one sum of all that a result depends on: the source, the parameters, the models."""
    made_of = json.dumps([source_sha256, recipe.as_json(), dict(models)], sort_keys=True)
    return hashlib.sha256(made_of.encode()).hexdigest()


def sum_of(path: Path) -> Job[str]:
    """Return the SHA-256 of a file.

    Raises:
        AudioFileError: it cannot be read.
    """
    digest = hashlib.sha256()
    try:
        size, read = max(1, path.stat().st_size), 0
        with path.open("rb") as file:
            while block := file.read(_HASH_BLOCK):
                digest.update(block)
                read += len(block)
                yield Progress(min(1.0, read / size), "Reading")
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {error.strerror}.", path) from error
    return digest.hexdigest()


def stamp_of(path: Path) -> tuple[int, int, int]:
    """Return size and times of change: while they stay, a file is taken for the same without reading it.

    Raises:
        AudioFileError: there is no such file.
    """
    try:
        status = path.stat()
    except OSError as error:
        raise AudioFileError(f"{path} cannot be read: {error.strerror}.", path) from error
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns
