"""The table that says what a system is worth: systems × band limits × cutoffs × kinds of sound, and damage.

Sound is band-limited, given to each system, and what comes back is measured against the sound as it was; then
tones, noise and gaps are laid over it and mended. The log-spectral distance is never given without the energy
above the cutoff: shaped noise alone makes a good distance.
"""

import time
from collections.abc import Generator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.files import open_sound, require_finite
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.degrade import Filter, band_limit
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.errors import AudioFileError, SoundError
from audiosr_desktop.evaluation.damages import DAMAGE_KINDS, DamageKind, draw_cases, measure
from audiosr_desktop.evaluation.metrics import band_energy_db, lsd_bands, si_sdr_below_db
from audiosr_desktop.evaluation.picture import Panel, write_spectrograms_png
from audiosr_desktop.evaluation.systems import SAMPLE_RATE, UNPROCESSED, Mender, System
from audiosr_desktop.evaluation.table import MendResult, Result, Skipped, Table
from audiosr_desktop.job import Job, Progress, part_of

Samples = npt.NDArray[np.float32]

LOWEST_RATE = 44_100  # a file below this has no truth to measure against
SHORTEST_S = 0.1
CUTOFFS_HZ = (2_000.0, 4_000.0, 8_000.0, 12_000.0)
SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".caf", ".w64")


def find_files(data: Path) -> list[Path]:
    """Return a sound file, or the sound files in a folder and below, sorted.

    Raises:
        SoundError: there is none.
    """
    if data.is_file():
        return [data]
    found = sorted(
        path for path in data.rglob("*") if path.suffix.lower() in SOUND_SUFFIXES and path.is_file()
    )
    if not found:
        raise SoundError(f"There is no sound file in {data}; give a sound file or a folder of them.")
    return found


def kind_of(path: Path) -> str:
    """Return the kind of sound: the file's name before the first underscore, or else its folder's name."""
    prefix, underscore, _ = path.stem.partition("_")
    return prefix if underscore and prefix else path.parent.name


@dataclass(frozen=True, slots=True)
class Pictures:
    """Spectrograms to draw: truth, damaged and restored side by side.

    Attributes:
        folder: made if it is not there.
        every_file: draw all files, and not only the first of each kind.
    """

    folder: Path
    every_file: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What an evaluation measures.

    Attributes:
        cutoffs: in Hz, below 24 kHz.
        band_limits: how the band is taken away: "resample" or families of filters.
        order: of the filters.
        damages: kinds of damage that the menders are measured on.
        seed: the same seed gives the same figures, but for the time taken.
        longest_s: only so much of each file is used; None is all.
        pictures: spectrograms; None draws none.
    """

    cutoffs: Sequence[float] = CUTOFFS_HZ
    band_limits: Sequence[Filter] = ("resample",)
    order: int = 8
    damages: tuple[DamageKind, ...] = DAMAGE_KINDS
    seed: int = 0
    longest_s: float | None = None
    pictures: Pictures | None = None

    def __post_init__(self) -> None:
        if not all(0 < cutoff_hz < SAMPLE_RATE / 2 for cutoff_hz in self.cutoffs):
            raise SoundError(f"A cutoff must lie between 0 and {SAMPLE_RATE // 2} Hz.")


def evaluate(
    systems: Sequence[System],
    files: Sequence[Path],
    plan: Plan | None = None,
    *,
    scratch: Scratch,
    menders: Sequence[Mender] = (),
) -> Job[Table]:
    """Measure systems on files; a file that cannot be measured on is left out and named.

    Args:
        systems: what is compared on sound of a narrow band.
        files: sound files, at 44.1 kHz or more; `kind_of` sorts them.
        plan: what is measured.
        scratch: for lossy files, which are decoded.
        menders: what is compared on other damage.

    Raises:
        SoundError: nothing to measure, no file that it can be measured on, or a system changes the shape of
            the sound.
    """
    plan = plan or Plan()
    if not files or not ((systems and plan.cutoffs and plan.band_limits) or (menders and plan.damages)):
        raise SoundError("An evaluation needs a file, and systems with cutoffs or with kinds of damage.")
    results: list[Result] = []
    mended: list[MendResult] = []
    skipped: list[Skipped] = []
    drawn: set[str] = set()
    for index, path in enumerate(files):
        first, last = index / len(files), (index + 1) / len(files)
        yield Progress(first, path.name)
        try:
            truth = yield from part_of(_read_truth(path, scratch, plan.longest_s), first, first)
        except (AudioFileError, SoundError) as error:
            skipped.append(Skipped(str(path), str(error)))
            continue
        pictures = plan.pictures
        if pictures is not None and not pictures.every_file and kind_of(path) in drawn:
            pictures = None
        drawn.add(kind_of(path))
        sheet = _Sheet(path, truth, plan, (plan.seed, index), pictures.folder if pictures else None)
        middle = (first + last) / 2 if menders and plan.damages else last
        results += yield from part_of(_band_trials(sheet, systems), first, middle)
        mended += yield from part_of(_mend_trials(sheet, menders), middle, last)
    if not results and not mended:
        raise SoundError(f"No file can be measured on. {skipped[0].path}: {skipped[0].reason}")
    yield Progress(1.0, "Done")
    steps = {system.name: system.steps for system in systems if system.steps}
    return Table(tuple(results), tuple(skipped), tuple(mended), steps)


@dataclass(frozen=True, slots=True)
class _Sheet:
    """A file and what all its trials need."""

    path: Path
    truth: Samples
    plan: Plan
    seed: tuple[int, int]
    pictures: Path | None

    def draw(self, damage: str, system: str, damaged: Samples, estimate: Samples) -> None:
        if self.pictures is None or system == UNPROCESSED:
            return
        self.pictures.mkdir(parents=True, exist_ok=True)
        panels = [Panel("truth", self.truth), Panel(damage, damaged), Panel(system, estimate)]
        name = f"{self.path.stem}_{damage}_{system}.png".replace(" ", "-")
        write_spectrograms_png(self.pictures / name, panels, SAMPLE_RATE, width=400, height=360)

    def facts(self, system: str, seconds: float) -> Mapping[str, str | float]:
        rtf = seconds / (self.truth.size / SAMPLE_RATE)
        return {"path": str(self.path), "kind": kind_of(self.path), "system": system, "rtf": rtf}


def _read_truth(path: Path, scratch: Scratch, longest_s: float | None) -> Job[Samples]:
    """Return a file's sound at 48 kHz; raises what says why it cannot be measured on."""
    sound = yield from open_sound(path, scratch)
    yield from require_finite(sound)
    if sound.sample_rate < LOWEST_RATE:
        raise SoundError(
            f"its rate of {sound.sample_rate} Hz leaves no band above the cutoff to compare with"
        )
    length = sound.length if longest_s is None else min(sound.length, round(longest_s * sound.sample_rate))
    if length < SHORTEST_S * sound.sample_rate:
        raise SoundError(f"it is shorter than {SHORTEST_S:g} s")
    truth = sound.read(0, length)
    if not truth.any():
        raise SoundError("it is silent")
    return resample(truth, sound.sample_rate, SAMPLE_RATE)


def _band_trials(sheet: _Sheet, systems: Sequence[System]) -> Job[list[Result]]:
    plan, truth = sheet.plan, sheet.truth
    trials = list(product(plan.band_limits, plan.cutoffs)) if systems else []
    results = []
    count = len(trials) * len(systems)
    for number, (limit, cutoff_hz) in enumerate(trials):
        limited = band_limit(truth, SAMPLE_RATE, cutoff_hz, limit, plan.order)
        for place, system in enumerate(systems, number * len(systems)):
            yield Progress(place / count, f"{sheet.path.name}, {cutoff_hz:g} Hz, {system.name}")
            given = truth if system.uses_truth else limited
            made = system.run(given.copy(), cutoff_hz, np.random.default_rng((*sheet.seed, number)))
            running = _timed(system.name, made, truth.shape)
            estimate, seconds = yield from part_of(running, place / count, (place + 1) / count)
            whole, high = lsd_bands(truth, estimate, SAMPLE_RATE, [(0.0, None), (cutoff_hz, None)])
            results.append(
                Result(
                    **sheet.facts(system.name, seconds),  # type: ignore[arg-type]
                    band_limit=limit,
                    cutoff_hz=cutoff_hz,
                    lsd=whole,
                    lsd_high=high,
                    energy_high_db=band_energy_db(truth, estimate, SAMPLE_RATE, cutoff_hz),
                    si_sdr_low_db=si_sdr_below_db(truth, estimate, SAMPLE_RATE, cutoff_hz),
                )
            )
            sheet.draw(f"{limit} {cutoff_hz:g} Hz", system.name, limited, estimate)
    return results


def _mend_trials(sheet: _Sheet, menders: Sequence[Mender]) -> Job[list[MendResult]]:
    rng = np.random.default_rng((*sheet.seed, _DAMAGE_STREAM))
    cases = draw_cases(sheet.plan.damages, sheet.truth, SAMPLE_RATE, rng) if menders else []
    damaged = [case.apply(sheet.truth, SAMPLE_RATE, rng) for case in cases]
    trials = [
        (case, sound, mender)
        for case, sound in zip(cases, damaged, strict=True)
        for mender in menders
        if case.kind in mender.kinds
    ]
    results = []
    for place, (case, sound, mender) in enumerate(trials):
        yield Progress(place / len(trials), f"{sheet.path.name}, {case.name}, {mender.name}")
        running = _timed(mender.name, mender.run(sound.copy(), case.kind), sheet.truth.shape)
        estimate, seconds = yield from part_of(running, place / len(trials), (place + 1) / len(trials))
        figures = asdict(measure(case, sheet.truth, sound, estimate, SAMPLE_RATE))
        facts = sheet.facts(mender.name, seconds)
        results.append(MendResult(**facts, damage=case.name, **figures))  # type: ignore[arg-type]
        sheet.draw(case.name, mender.name, sound, estimate)
    return results


_DAMAGE_STREAM = 1 << 20  # beyond the numbers of the band trials


def _timed(name: str, made: Samples | Job[Samples], shape: tuple[int, ...]) -> Job[tuple[Samples, float]]:
    began = time.perf_counter()
    estimate = (yield from made) if isinstance(made, Generator) else made
    seconds = time.perf_counter() - began
    if estimate.shape != shape:
        raise SoundError(f"{name} made {estimate.shape} samples of {shape}: it cannot be measured.")
    return estimate, seconds
