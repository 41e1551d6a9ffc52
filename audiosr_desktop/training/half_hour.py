"""Half an hour on a lent GPU: parts of the corpus in, one network trained in one call, averaged weights out.

Such a machine is bare and forgets everything, a call is cut off after minutes, and little fits back. So every
call brings its parts of the corpus, trains within its minutes and leaves half-precision weights behind; work
goes on from the last checkpoint, or else from the bundle. `models/TRAINING.md` has the calls in order.
"""

import argparse
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from audiosr_desktop.errors import AudioSRError, TrainingError
from audiosr_desktop.training.corpus_parts import unpack_parts
from audiosr_desktop.training.figures import CURVES
from audiosr_desktop.training.parallel import joined
from audiosr_desktop.training.run import Run
from audiosr_desktop.training.train import train
from audiosr_desktop.training.weights import load_weights

LARGEST_BYTES = 15 * 2**20  # of a file that comes back

_GPU = {
    "device": "cuda",
    "workers": 12,
    "threads": 4,
    "warmup": 200,
    "ema": 0.9985,
    "checkpoint_minutes": 1.5,
}
_BY_TASK: dict[str, dict[str, Any]] = {
    "vocoder": {"batch_size": 48, "seconds": 1.0, "learning_rate": 6e-4},
    "autoencoder": {"batch_size": 64, "seconds": 1.28, "learning_rate": 1e-3, "channels_last": True},
    "estimator": {"batch_size": 96, "seconds": 1.28, "learning_rate": 1.5e-3},
    "unet": {"batch_size": 96, "seconds": 2.56, "learning_rate": 8e-4, "mask_share": 0.1},
    "condition_encoder": {"batch_size": 48, "seconds": 1.28, "learning_rate": 5e-4},
}
_TINY = {
    "device": "cpu",
    "workers": 2,
    "threads": 1,
    "warmup": 1,
    "batch_size": 2,
    "seconds": 0.32,
    "steps": 2,
    "validate_sounds": 1,
}


def stage_run(
    task: str, work: Path, bundle: Path, minutes: float, *, adversarial: bool, fresh: bool, tiny: bool
) -> Run:
    """Return the settings of one stage.

    Args:
        task: which network.
        work: folder of the pack and of the runs, outside the checkout.
        bundle: what stages that have not been trained here are taken from.
        minutes: of training; the learning rate falls to zero over them.
        adversarial: train against discriminators, from the spectral stage or the bundle on.
        fresh: start from nothing instead of the bundle's weights.
        tiny: two steps on the processor, to see that all is in place.
    """

    def trained(name: str) -> str:
        checkpoint = work / "runs" / name / "last.pt"
        return str(checkpoint if checkpoint.is_file() else bundle)

    settings: dict[str, Any] = {"steps": 1_000_000, "minutes": minutes, **_GPU, **_BY_TASK[task]}
    settings |= {
        "validate_minutes": 1e6,
        "start": "" if fresh or task == "condition_encoder" else str(bundle),
    }
    vocoder = "vocoder-adversarial" if (work / "runs/vocoder-adversarial/last.pt").is_file() else "vocoder"
    name = task
    if adversarial:
        name = f"{task}-adversarial"
        settings |= {"adversarial": True, "start": trained(task), "learning_rate": 2e-4}
    if task in ("unet", "condition_encoder"):
        settings |= {"autoencoder": trained("autoencoder")}
        if settings["autoencoder"] != str(bundle):
            settings["start"] = ""  # latents of another VAE mean something else
    if task == "unet":
        settings |= {"estimator": trained("estimator")}
    if task == "condition_encoder":
        settings |= {"damage": {"tone": 0.4, "white": 0.4, "codec": 0.1}}
    if task != "vocoder":
        settings |= {"vocoder": trained(vocoder)}
    if tiny:
        settings |= _TINY
    return Run(task=task, corpus=str(work / "pack"), out=str(work / "runs" / name), **settings)


def take_parts(folders: Sequence[Path], work: Path, workers: int) -> None:
    """Copy parts out of the checkout and decode those that are new."""
    kept = work / "parts"
    kept.mkdir(parents=True, exist_ok=True)
    for part in (part for folder in folders for part in sorted(folder.glob("*.zip"))):
        if not (kept / part.name).is_file():
            shutil.copyfile(part, kept / f"{part.name}.partial")
            (kept / f"{part.name}.partial").rename(kept / part.name)
    parts = sorted(kept.glob("*.zip"))
    if not parts:
        raise TrainingError(
            f"No part of a corpus in {' '.join(map(str, folders)) or kept}: run corpus pack first."
        )
    for _ in unpack_parts(parts, work / "pack", workers):
        pass


def bring_back(run: Run, out: Path) -> Path:
    """Write a run's averaged weights in half precision, its log and its curves for the way back.

    Returns:
        The file of weights, which `export` and `start` take as a checkpoint.

    Raises:
        TrainingError: it is too large to come back.
    """
    out.mkdir(parents=True, exist_ok=True)
    source = Path(run.out)
    weights = load_weights(source / "last.pt", run.task)
    halved = {
        name: value.half() if value.is_floating_point() else value for name, value in weights.state.items()
    }
    path = out / f"{source.name}.pt"
    torch.save({"ema": halved, "scale_factor": weights.scale_factor, "step": weights.steps}, path)
    for name in ("log.txt", CURVES):
        shutil.copyfile(source / name, out / f"{source.name}-{name}")
    if path.stat().st_size > LARGEST_BYTES:
        raise TrainingError(f"'{path}' is {path.stat().st_size / 2**20:.0f} MiB, too large to come back.")
    return path


def main(argv: Sequence[str]) -> int:
    """Run `python -m audiosr_desktop.training.half_hour TASK …`; returns the exit code."""
    parser = argparse.ArgumentParser(
        "python -m audiosr_desktop.training.half_hour", description="Train one network on a lent GPU."
    )
    parser.add_argument("task", choices=tuple(_BY_TASK))
    parser.add_argument("--parts", type=Path, nargs="*", default=[], help="folders of parts that came along")
    parser.add_argument("--work", type=Path, required=True, help="folder outside the checkout")
    parser.add_argument("--out", type=Path, required=True, help="folder that comes back")
    parser.add_argument("--bundle", type=Path, default=Path("models/audiosr-compact"))
    parser.add_argument("--minutes", type=float, default=8.0, help="of training, not of decoding")
    parser.add_argument("--adversarial", action="store_true")
    parser.add_argument("--fresh", action="store_true", help="from nothing instead of the bundle's weights")
    parser.add_argument("--workers", type=int, default=12, help="threads that decode")
    parser.add_argument("--tiny", action="store_true", help="two steps on the processor: a dry run")
    arguments = parser.parse_args(argv)
    try:
        take_parts(arguments.parts, arguments.work, arguments.workers)
        run = stage_run(
            arguments.task,
            arguments.work,
            arguments.bundle,
            arguments.minutes,
            adversarial=arguments.adversarial,
            fresh=arguments.fresh,
            tiny=arguments.tiny,
        )
        with joined(run.device) as process:
            train(run, process)
        path = bring_back(run, arguments.out)
    except (AudioSRError, ValueError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    sys.stdout.write(f"{path} {path.stat().st_size / 2**20:.1f} MiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
