"""Tries a device: runs a model's graphs on known input and compares with the plainest way of doing it."""

import time
from collections.abc import Generator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from audiosr_desktop.engine.bundle import Bundle
from audiosr_desktop.engine.ddim import timesteps
from audiosr_desktop.engine.engines import with_chosen_vocoder
from audiosr_desktop.engine.manifest import GRAPHS, HOP_LENGTH, NATIVE_RATE, QUALITIES, Manifest
from audiosr_desktop.engine.sessions import ProviderReport, Sessions, open_sessions
from audiosr_desktop.job import Job, Progress, part_of

Array = npt.NDArray[Any]

COLUMNS = 32  # of the latent: 2.56 s of the published model
LIMITS = {"cpu": 1e-3, "cuda": 2e-2}  # a GPU multiplies in TF32, which keeps 10 bits
_RUNS = 2  # the first one makes ready, the last one counts
_N_MELS = 256


@dataclass(frozen=True, slots=True)
class DeviceReport:
    """How a device did.

    Attributes:
        provider: what really ran.
        errors: of each graph, the largest difference from the reference, relative to the largest value.
        times: seconds each graph took.
        vocoder_times: seconds of another model's vocoder, by the qualities at which it stands in.
        sound_s: seconds of sound that were worked on.
    """

    provider: ProviderReport
    errors: Mapping[str, float]
    times: Mapping[str, float]
    vocoder_times: Mapping[str, float]
    sound_s: float

    @property
    def good(self) -> bool:
        """Whether every graph agrees with the reference."""
        limit = LIMITS[self.provider.device.partition(":")[0]]
        return all(error <= limit for error in self.errors.values())  # a NaN is not

    def elapsed_s(self, manifest: Manifest, quality: str) -> float:
        """Return how long that much sound takes at a quality."""
        times = {**self.times, "vocoder": self.vocoder_times.get(quality, self.times["vocoder"])}
        calls = sum(1 + manifest.is_guided(time) for time in timesteps(manifest.default_steps[quality]))
        return sum(taken * (calls if graph == "ddpm" else 1) for graph, taken in times.items())


def try_device(
    bundle: Bundle, device: str = "auto", threads: int = 0, gpu_memory_bytes: int = 0
) -> Job[DeviceReport]:
    """Run each graph of a model on a device and on the processor without any optimisation.

    Args:
        bundle: verified by the caller.
        device: auto, cpu, cuda or cuda:N.
        threads: as for `open_sessions`.
        gpu_memory_bytes: as for `open_sessions`.

    Raises:
        BundleError: a graph cannot be loaded.
        EngineError: there is no such device, or a graph fails on it.
    """
    inputs = _known_inputs(bundle.manifest)
    opening = open_sessions(bundle, device, threads, gpu_memory_bytes=gpu_memory_bytes)
    sessions = yield from part_of(opening, 0.0, 0.2)
    report = sessions.report
    running = _run_all(sessions, inputs, _RUNS, f"Running on {report.device}")
    found, times = yield from part_of(running, 0.2, 0.45)
    stand_ins = yield from part_of(_stand_ins(sessions, inputs), 0.45, 0.5)
    del sessions, opening, running  # one set of graphs in memory at a time
    plain = yield from part_of(open_sessions(bundle, "cpu", threads, optimise=False), 0.5, 0.6)
    expected, _ = yield from part_of(_run_all(plain, inputs, 1, "Running the reference"), 0.6, 1.0)
    errors = {graph: _difference(found[graph], expected[graph]) for graph in GRAPHS}
    columns_s = bundle.manifest.latent.frames_per_latent * HOP_LENGTH / NATIVE_RATE
    return DeviceReport(report, errors, times, stand_ins, COLUMNS * columns_s)


def _stand_ins(sessions: Sessions, inputs: Mapping[str, Mapping[str, Array]]) -> Job[dict[str, float]]:
    """Return how long the vocoders take that stand in for the model's own, by quality."""
    own, known, times = sessions.bundle, {}, {}
    for quality in QUALITIES:
        bundle = with_chosen_vocoder(own, "", quality)
        path = bundle.graph_path("vocoder")
        if path == own.graph_path("vocoder"):
            continue
        if path not in known:
            other = yield from open_sessions(bundle, sessions.report.asked, loaded=sessions)
            _, taken = yield from _run_all(
                other, {"vocoder": inputs["vocoder"]}, _RUNS, "Running the vocoder"
            )
            known[path] = taken["vocoder"]
        times[quality] = known[path]
    return times


def _known_inputs(manifest: Manifest) -> dict[str, dict[str, Array]]:
    """Return the same input for everyone: levels like those of music, falling over the bands."""
    latent, rng = manifest.latent, np.random.default_rng(1)
    frames = COLUMNS * latent.frames_per_latent
    mel = np.linspace(-3.0, -9.0, _N_MELS) + rng.standard_normal((1, 1, frames, _N_MELS))

    def noise(channels: int) -> Array:
        return rng.standard_normal((1, channels, COLUMNS, latent.bins)).astype(np.float32)

    pictured = mel.astype(np.float32)
    return {
        "vae_feature_extract": {"mel": pictured, "noise": noise(latent.channels)},
        "ddpm": {"x": noise(2 * latent.channels), "timesteps": np.full(1, 500, np.int64)},
        "vae_decoder": {"z": noise(latent.channels)},
        "vocoder": {"mel": np.ascontiguousarray(pictured[:, 0].transpose(0, 2, 1))},
    }


def _run_all(
    sessions: Sessions, inputs: Mapping[str, Mapping[str, Array]], runs: int, stage: str
) -> Job[tuple[dict[str, Array], dict[str, float]]]:
    outputs, times = {}, {}
    for index, graph in enumerate(inputs):
        yield Progress(index / len(inputs), stage)
        for _ in range(runs):
            began = time.perf_counter()
            running = sessions.run(graph, inputs[graph])
            outputs[graph] = yield from _told(running, Progress(index / len(inputs), stage))
            times[graph] = time.perf_counter() - began
    return outputs, times


def _told(running: Generator[None, None, Array], progress: Progress) -> Job[Array]:
    try:
        while True:
            next(running)
            yield progress
    except StopIteration as end:
        result: Array = end.value
        return result
    finally:
        running.close()


def _difference(found: Array, expected: Array) -> float:
    scale = float(np.abs(expected).max()) or 1.0
    return float(np.abs(found - expected).max()) / scale
