"""The table that says what a system is worth: systems × band limits × cutoffs × kinds of sound.

Sound is band-limited, given to each system, and what comes back is measured against the sound as it was. The
log-spectral distance is never given without the energy above the cutoff: shaped noise alone makes a good
distance.
"""

import time
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.files import open_sound
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.dsp.degrade import Filter, band_limit
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.effect import Effect
from audiosr_desktop.errors import SoundError
from audiosr_desktop.evaluation.baselines import copy_up, noise_fill, unprocessed
from audiosr_desktop.evaluation.metrics import band_energy_db, lsd_bands, si_sdr_below_db
from audiosr_desktop.evaluation.picture import Panel, write_spectrograms_png
from audiosr_desktop.evaluation.table import Result, Skipped, Table
from audiosr_desktop.job import Job, Progress, part_of

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 48_000
LOWEST_RATE = 44_100  # a file below this has no truth to measure against
CUTOFFS_HZ = (2_000.0, 4_000.0, 8_000.0, 12_000.0)
SOUND_SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".aifc", ".caf", ".w64")

Run: TypeAlias = Callable[[Samples, float, np.random.Generator], Samples | Job[Samples]]


@dataclass(frozen=True, slots=True)
class System:
    """Something that makes the band above a cutoff.

    Attributes:
        name: in the table.
        run: takes band-limited samples float32 (channels, n) at 48 kHz, the cutoff in Hz and a generator;
        returns
            samples of the same shape, or a job that does.
        uses_truth: `run` is given the sound as it was: an upper bound, such as a vocoder on true mels.
    """

    name: str
    run: Run
    uses_truth: bool = False


def baseline_systems() -> dict[str, System]:
    """Return the systems that need no model, by name."""
    runs = {"unprocessed": unprocessed, "noise-fill": noise_fill, "copy-up": copy_up}
    return {name: System(name, _at_native_rate(run)) for name, run in runs.items()}


def _at_native_rate(baseline: Callable[[Samples, int, float, np.random.Generator], Samples]) -> Run:
    def run(samples: Samples, cutoff_hz: float, rng: np.random.Generator) -> Samples:
        return baseline(samples, SAMPLE_RATE, cutoff_hz, rng)

    return run


def effect_system(
    name: str,
    effect: Effect,
    values: Mapping[str, object],
    scratch: Scratch,
    *,
    cutoff_parameter: str | None = "cutoff_hz",
) -> System:
    """Return an effect as a system.

    Args:
        name: in the table.
        effect: applied to the whole sound, on the road of every edit.
        values: its parameters, as far as they are not the defaults.
        scratch: for long results.
        cutoff_parameter: the parameter that is given the true cutoff; None lets the effect find it.
    """

    def run(samples: Samples, cutoff_hz: float, rng: np.random.Generator) -> Job[Samples]:
        given = dict(values) if cutoff_parameter is None else {**values, cutoff_parameter: cutoff_hz}
        sound = Sound.from_array(samples, SAMPLE_RATE)
        result = yield from apply_effect(effect, sound, Region(0, sound.length), given, scratch)
        return result.read(0, result.length)

    return System(name, run)


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


def evaluate(
    systems: Sequence[System],
    files: Sequence[Path],
    cutoffs: Sequence[float] = CUTOFFS_HZ,
    *,
    scratch: Scratch,
    band_limits: Sequence[Filter] = ("resample",),
    order: int = 8,
    seed: int = 0,
    longest_s: float | None = None,
    pictures: Path | None = None,
) -> Job[Table]:
    """Measure systems on files.

    Args:
        systems: what is compared.
        files: sound files, at 44.1 kHz or more; `kind_of` sorts them.
        cutoffs: in Hz, below 24 kHz.
        scratch: for lossy files, which are decoded.
        band_limits: how the band is taken away: "resample" or families of filters.
        order: of the filters.
        seed: the same seed gives the same figures, but for the time taken.
        longest_s: only so much of each file is used.
        pictures: folder for spectrograms of the first file of each kind; None draws none.

    Raises:
        AudioFileError: a file cannot be read.
        SoundError: no system, file or cutoff, or a system changes the shape of the sound.
    """
    if not (systems and files and cutoffs and band_limits):
        raise SoundError("An evaluation needs a system, a file, a cutoff and a way to limit the band.")
    if not all(0 < cutoff_hz < SAMPLE_RATE / 2 for cutoff_hz in cutoffs):
        raise SoundError(f"A cutoff must lie between 0 and {SAMPLE_RATE // 2} Hz.")
    results: list[Result] = []
    skipped: list[Skipped] = []
    drawn: set[str] = set()
    for index, path in enumerate(files):
        first, last = index / len(files), (index + 1) / len(files)
        yield Progress(first, path.name)
        truth = yield from part_of(_read_truth(path, scratch, longest_s), first, first)
        if isinstance(truth, str):
            skipped.append(Skipped(str(path), truth))
            continue
        folder = pictures if kind_of(path) not in drawn else None
        drawn.add(kind_of(path))
        trials = [
            _Trial(path, truth, limit, order, cutoff_hz, (seed, index, number))
            for number, (limit, cutoff_hz) in enumerate(product(band_limits, cutoffs))
        ]
        for number, trial in enumerate(trials):
            begin = first + (last - first) * number / len(trials)
            end = first + (last - first) * (number + 1) / len(trials)
            results += yield from part_of(_run_trial(trial, systems, folder), begin, end)
    yield Progress(1.0, "Done")
    return Table(tuple(results), tuple(skipped))


@dataclass(frozen=True, slots=True)
class _Trial:
    path: Path
    truth: Samples
    limit: Filter
    order: int
    cutoff_hz: float
    seed: tuple[int, int, int]


def _read_truth(path: Path, scratch: Scratch, longest_s: float | None) -> Job[Samples | str]:
    """Return a file's sound at 48 kHz, or why it cannot be measured on."""
    sound = yield from open_sound(path, scratch)
    if sound.sample_rate < LOWEST_RATE:
        return f"its rate of {sound.sample_rate} Hz leaves no band above the cutoff to compare with"
    length = sound.length if longest_s is None else min(sound.length, round(longest_s * sound.sample_rate))
    truth = sound.read(0, length)
    if not truth.any():
        return "it is silent"
    return resample(truth, sound.sample_rate, SAMPLE_RATE)


def _run_trial(trial: _Trial, systems: Sequence[System], pictures: Path | None) -> Job[list[Result]]:
    limited = band_limit(trial.truth, SAMPLE_RATE, trial.cutoff_hz, trial.limit, trial.order)
    results = []
    panels = [Panel("truth", trial.truth)]
    for index, system in enumerate(systems):
        yield Progress(index / len(systems), f"{trial.path.name}, {trial.cutoff_hz:g} Hz, {system.name}")
        estimate, seconds = yield from part_of(
            _run_system(trial, system, limited), index / len(systems), (index + 1) / len(systems)
        )
        results.append(_measured(trial, system, estimate, seconds))
        panels.append(Panel(system.name, estimate))
    if pictures is not None:
        pictures.mkdir(parents=True, exist_ok=True)
        name = f"{trial.path.stem}_{trial.limit}_{trial.cutoff_hz:g}.png"
        write_spectrograms_png(pictures / name, panels, SAMPLE_RATE, width=320, height=320)
    return results


def _run_system(trial: _Trial, system: System, limited: Samples) -> Job[tuple[Samples, float]]:
    given = trial.truth if system.uses_truth else limited
    began = time.perf_counter()
    made = system.run(given.copy(), trial.cutoff_hz, np.random.default_rng(trial.seed))
    estimate = (yield from made) if isinstance(made, Generator) else made
    seconds = time.perf_counter() - began
    if estimate.shape != trial.truth.shape:
        raise SoundError(
            f"{system.name} made {estimate.shape} samples of {trial.truth.shape}: it cannot be measured."
        )
    return estimate, seconds


def _measured(trial: _Trial, system: System, estimate: Samples, seconds: float) -> Result:
    truth, cutoff_hz = trial.truth, trial.cutoff_hz
    whole, high = lsd_bands(truth, estimate, SAMPLE_RATE, [(0.0, None), (cutoff_hz, None)])
    return Result(
        path=str(trial.path),
        kind=kind_of(trial.path),
        system=system.name,
        band_limit=trial.limit,
        cutoff_hz=cutoff_hz,
        lsd=whole,
        lsd_high=high,
        energy_high_db=band_energy_db(truth, estimate, SAMPLE_RATE, cutoff_hz),
        si_sdr_low_db=si_sdr_below_db(truth, estimate, SAMPLE_RATE, cutoff_hz),
        rtf=seconds / (truth.size / SAMPLE_RATE),
    )
