"""How much quicker than the published pipeline the engine is, on the same weights (random ones serve).

Run by hand:

    python tests/benchmarks/bench_official.py CHECKPOINT MODEL [SECONDS] [THREADS] [parts|whole]

CHECKPOINT is a file in the official layout and MODEL the id it was imported under (`bench_import.py` makes
both). The baseline is the published order of calls in torch: two encodings, 50 steps with two UNet calls
each, one decoding, one vocoder. All is given in seconds that passed and in CPU time of this process, the best
of several runs in turn. Only an idle machine tells the first; on a busy one take one thread and the second,
as torch's other threads spin while they wait.
"""

import resource
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch

from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.engine.bundle import find_bundle
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.engine.manifest import GRAPHS
from audiosr_desktop.engine.restorer import Restorer, Settings
from audiosr_desktop.engine.sessions import Sessions, open_sessions, processor_cores
from audiosr_desktop.job import run_job
from audiosr_desktop.training.export import describe_graph
from audiosr_desktop.training.official.checkpoint import (
    find_parts,
    load_network,
    open_checkpoint,
    read_scale_factor,
)
from audiosr_desktop.training.official.sizes import PUBLISHED

CUTOFF_HZ = 6000.0
UPSTREAM_STEPS = 50
REPEATS = {"vae_feature_extract": 4, "ddpm": 8, "vae_decoder": 3, "vocoder": 2, "whole": 2}


@dataclass(frozen=True, slots=True)
class Spent:
    """Seconds that passed, and seconds of CPU time."""

    wall: float
    cpu: float

    def __add__(self, other: "Spent") -> "Spent":
        return Spent(self.wall + other.wall, self.cpu + other.cpu)

    def __rmul__(self, count: int) -> "Spent":
        return Spent(count * self.wall, count * self.cpu)


def spent(work: Callable[[], object]) -> Spent:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return Spent(time.perf_counter() - wall, time.process_time() - cpu)


def least(works: Mapping[str, Callable[[], object]], repeats: int) -> dict[str, Spent]:
    """Run works in turn, several times, and return what each took at its best.

    In turn, so that a machine that others use, or that is a share of another one, is the same to all.
    """
    found: dict[str, list[Spent]] = {name: [] for name in works}
    for _ in range(repeats):
        for name, work in works.items():
            found[name].append(spent(work))
    return {name: Spent(min(s.wall for s in all_), min(s.cpu for s in all_)) for name, all_ in found.items()}


def measured_parts(path: Path, sessions: Sessions, columns: int) -> dict[str, Spent]:
    """Return what each graph takes, by its name, and "torch " before it in torch."""
    checkpoint = open_checkpoint(path)
    scale_factor, times = read_scale_factor(checkpoint) or 1.0, {}
    for name, part in find_parts(checkpoint, PUBLISHED).items():
        network = load_network(checkpoint, part, PUBLISHED, scale_factor)

        def works(count: int, name: str = name, network: torch.nn.Module = network) -> dict[str, partial]:
            made = {f"torch {name}": partial(network, *example(name, count).values())}
            for batch in (1, 2) if name == "ddpm" else (1,):
                feeds = arrays(example(name, count, batch))
                made[f"{name} x{batch}" if batch > 1 else name] = partial(run_graph, sessions, name, feeds)
            return made

        with torch.inference_mode():
            least(works(8), 1)  # warms up
            found = least(works(columns), REPEATS[name])
        for key, one in found.items():
            row(key, one)
        times |= found
    return times


def example(name: str, columns: int, batch: int = 1) -> dict[str, torch.Tensor]:
    return describe_graph(name, torch.nn.Identity(), "waveform").inputs(batch, columns)


def arrays(tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in tensors.items()}


def run_graph(sessions: Sessions, name: str, feeds: dict[str, np.ndarray]) -> None:
    for _ in sessions.run(name, feeds):
        pass


def whole(restorer: Restorer, sound: np.ndarray, quality: str) -> None:
    manifest = restorer.bundle.manifest
    settings = Settings(CUTOFF_HZ, manifest.default_steps[quality], manifest.guidance_scale, seed=1)
    length = sound.shape[1]

    def read(start: int, stop: int) -> np.ndarray:
        part = sound[:, start:stop]
        return np.pad(part, ((0, 0), (0, stop - start - part.shape[1])))

    run_job(restorer.generate(read, length, 0, length, settings=settings, write=lambda _: None))


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def row(name: str, found: Spent, baseline: Spent | None = None) -> None:
    ratios = f"{baseline.wall / found.wall:8.2f} x {baseline.cpu / found.cpu:8.2f} x" if baseline else ""
    say(f"{name:32} {found.wall:8.2f} s {found.cpu:8.2f} s {ratios}")


def in_order(parts: Mapping[str, Spent], *, encodings: int, unet_calls: int) -> Spent:
    """Return what the published order of calls takes."""
    return (
        encodings * parts["vae_feature_extract"]
        + unet_calls * UPSTREAM_STEPS * parts["ddpm"]
        + parts["vae_decoder"]
        + parts["vocoder"]
    )


def whole_runs(model: str, columns: int, threads: int, baseline: Spent | None) -> None:
    rng = np.random.default_rng(0)
    sound = lowpass(0.1 * rng.standard_normal((1, columns * 3840)), 48_000, CUTOFF_HZ, "butter", 8)
    engines = Engines(threads)
    for quality in ("standard", "draft"):
        restorer = run_job(engines.restorer(model, "cpu", quality=quality))
        whole(restorer, sound[:, : 8 * 3840], quality)  # warms up
        found = least({quality: partial(whole, restorer, sound, quality)}, REPEATS["whole"])[quality]
        row(f"{quality}, {restorer.bundle.manifest.default_steps[quality]} steps, whole", found, baseline)


def main() -> None:
    path, model = Path(sys.argv[1]), sys.argv[2]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 5.12
    threads = int(sys.argv[4]) if len(sys.argv) > 4 else processor_cores()
    wanted = sys.argv[5] if len(sys.argv) > 5 else "parts whole"
    columns = round(seconds * 12.5) // 8 * 8
    torch.set_num_threads(threads)
    say(f"{columns / 12.5:.2f} s of sound, {threads} threads: passed, CPU, and how many times as quick")
    baseline = None
    if "parts" in wanted:
        parts = measured_parts(path, run_job(open_sessions(find_bundle(model), "cpu", threads)), columns)
        baseline = in_order({name: parts[f"torch {name}"] for name in GRAPHS}, encodings=2, unet_calls=2)
        row("published order in torch", baseline)
        same = in_order({**parts, "ddpm": parts["ddpm x2"]}, encodings=1, unet_calls=1)
        row("same settings", same, baseline)
    if "whole" in wanted:
        whole_runs(model, columns, threads, baseline)
    say(f"memory at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.2f} GB")


if __name__ == "__main__":
    main()
