"""Benchmark: how fast a model runs on this computer, before it is used for the first time."""

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import Effect, Value, resolve_values
from audiosr_desktop.effects.notes import Report
from audiosr_desktop.job import Job, Progress, told_as

SOUND_S = 5.0
LIMIT_S = 5.0  # of computing: a model that is slower is measured by how far it came
PASSES = 3  # of a quick model, within that time; the best counts, as other programs only make it slower
_RATE = 48_000
_EDGE_HZ = 6_000.0
_STAGE = "Measuring how fast this computer is"


@dataclass(frozen=True, slots=True)
class Speed:
    """What was measured.

    Attributes:
        device: that really ran the model, "cpu" or "cuda:0".
        rtf: seconds of computing per second of one channel.
    """

    device: str
    rtf: float


def benchmark_model(
    effect: Effect,
    report: Report,
    values: Mapping[str, Value],
    clock: Callable[[], float] = time.perf_counter,
) -> Job[Speed]:
    """Run super-resolution on five seconds of noise, for five seconds after loading at most.

    Args:
        effect: super-resolution, with a report of its own.
        report: that the effect writes into; its "device" tells that the model is loaded.
        values: model, quality, steps, guidance, device and vocoder are taken from them.
        clock: tells seconds.

    Raises:
        AudioSRError: the model cannot be loaded or run.
    """
    known = {parameter.id for parameter in effect.parameters}
    given = {name: value for name, value in values.items() if name in known}
    asked = resolve_values(effect, {**given, "cutoff_hz": _EDGE_HZ, "fill_holes": False, "seed": 0})
    best, spent = math.inf, 0.0
    for _ in range(PASSES):
        took = yield from _timed(effect, report, asked, clock)
        best, spent = min(best, took), spent + took
        if spent + best > LIMIT_S:
            break
    return Speed(str(report["device"]), best / SOUND_S)


def _timed(
    effect: Effect, report: Report, values: Mapping[str, Value], clock: Callable[[], float]
) -> Job[float]:
    """Return the seconds that the sound takes with the model loaded; of a slow model, by its first part."""
    sound = _programme()
    report.clear()
    began, first, taken = 0.0, 0.0, 0.0
    job = told_as(
        effect.process(sound, Region(0, sound.length), values),
        lambda told: Progress(told.fraction, _STAGE),
    )
    try:
        for told in job:
            now = clock()
            if not began and "device" in report:
                began, first = now, told.fraction
            yield told
            if began:
                taken = clock() - began
                if taken >= LIMIT_S and told.fraction > first:
                    return taken * (1.0 - first) / (told.fraction - first)
    finally:
        job.close()
    return max(clock() - began, 1e-6)


def _programme() -> Sound:
    """Return five seconds of steady noise below the edge: what is generated does not change the time."""
    size = round(SOUND_S * _RATE)
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(0.0, 0.1, size))
    spectrum[round(_EDGE_HZ * SOUND_S) :] = 0.0
    return Sound.from_array(np.fft.irfft(spectrum, size)[np.newaxis].astype(np.float32), _RATE)
