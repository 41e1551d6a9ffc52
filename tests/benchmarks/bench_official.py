"""How much quicker than the published pipeline the engine is, on the same weights (random ones serve).

Run by hand:

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_official.py CHECKPOINT MODEL [SECONDS] [THREADS]

CHECKPOINT is a file in the official layout and MODEL the id it was imported under. Everything is counted in
CPU time of this process, so that a busy machine does not spoil the ratios. The baseline is the published
order of calls in torch: two encodings, 50 steps with two UNet calls each, one decoding, one vocoder. On a
busy machine take one thread: torch's others spin while they wait, and their time counts.
"""

import json
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import torch

from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.engine.bundle import find_bundle
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.engine.restorer import Restorer, Settings
from audiosr_desktop.engine.sessions import Sessions, open_sessions
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
REPEATS = {"ddpm": 3}


def cpu_s(work: Callable[[], object], warm_up: Callable[[], object], repeats: int = 1) -> float:
    """Return the least CPU time of several runs after a smaller one that warms up."""
    warm_up()
    times = []
    for _ in range(repeats):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)


def torch_parts(path: Path, columns: int) -> dict[str, float]:
    checkpoint = open_checkpoint(path)
    parts, times = find_parts(checkpoint, PUBLISHED), {}
    scale_factor = read_scale_factor(checkpoint) or 1.0
    for name, part in parts.items():
        network = load_network(checkpoint, part, PUBLISHED, scale_factor)
        work, warm_up = (partial(network, *example(name, count).values()) for count in (columns, 8))
        with torch.inference_mode():
            times[name] = cpu_s(work, warm_up, REPEATS.get(name, 1))
    return times


def example(name: str, columns: int, batch: int = 1) -> dict[str, torch.Tensor]:
    return describe_graph(name, torch.nn.Identity(), "waveform").inputs(batch, columns)


def arrays(tensors: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: value.numpy() for name, value in tensors.items()}


def run_graph(sessions: Sessions, name: str, feeds: dict[str, np.ndarray]) -> None:
    for _ in sessions.run(name, feeds):
        pass


def engine_parts(sessions: Sessions, columns: int) -> dict[str, float]:
    times = {}
    for name in ("vae_feature_extract", "ddpm", "vae_decoder", "vocoder"):
        for batch in (1, 2) if name == "ddpm" else (1,):
            work, warm_up = (
                partial(run_graph, sessions, name, arrays(example(name, count, batch)))
                for count in (columns, 8)
            )
            times[f"{name} x{batch}" if batch > 1 else name] = cpu_s(work, warm_up, REPEATS.get(name, 1))
    return times


def whole(restorer: Restorer, sound: np.ndarray, quality: str) -> float:
    manifest = restorer.bundle.manifest
    settings = Settings(CUTOFF_HZ, manifest.default_steps[quality], manifest.guidance_scale, seed=1)
    length = sound.shape[1]

    def read(start: int, stop: int) -> np.ndarray:
        part = sound[:, start:stop]
        return np.pad(part, ((0, 0), (0, stop - start - part.shape[1])))

    started = time.process_time()
    run_job(restorer.generate(read, length, 0, length, settings=settings, write=lambda _: None))
    return time.process_time() - started


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    path, model = Path(sys.argv[1]), sys.argv[2]
    seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 5.12
    threads = int(sys.argv[4]) if len(sys.argv) > 4 else 1
    columns = round(seconds * 12.5) // 8 * 8
    torch.set_num_threads(threads)
    table = {"torch": torch_parts(path, columns)}
    say(json.dumps(table))
    baseline = table["torch"]
    total = (
        2 * baseline["vae_feature_extract"]
        + 2 * UPSTREAM_STEPS * baseline["ddpm"]
        + baseline["vae_decoder"]
        + baseline["vocoder"]
    )
    bundle = find_bundle(model)
    sessions = run_job(open_sessions(bundle, "cpu", threads))
    ours = table["engine"] = engine_parts(sessions, columns)
    del sessions
    same = (
        ours["vae_feature_extract"] + UPSTREAM_STEPS * ours["ddpm x2"] + ours["vae_decoder"] + ours["vocoder"]
    )
    say(json.dumps(ours))
    say(f"published order in torch {total:8.1f} s")
    say(f"same settings            {same:8.1f} s  {total / same:5.2f} x")
    rng = np.random.default_rng(0)
    sound = lowpass(0.1 * rng.standard_normal((1, columns * 3840)), 48_000, CUTOFF_HZ, "butter", 8)
    engines = Engines(threads)
    for quality in ("standard", "draft"):
        restorer = run_job(engines.restorer(model, "cpu", quality=quality))
        found = whole(restorer, sound, quality)
        steps = bundle.manifest.default_steps[quality]
        say(f"{quality:9} ({steps:2} steps)      {found:8.1f} s  {total / found:5.2f} x")


if __name__ == "__main__":
    main()
