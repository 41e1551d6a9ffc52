"""One plain training loop, configured by TOML: step, validate, checkpoint, resume.

Every step draws its randomness from (seed, step), so a run that was killed goes on as if it had not been.
"""

import argparse
import math
import sys
import time
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from audiosr_desktop.errors import AudioSRError, TrainingError
from audiosr_desktop.training.data import Batch, Corpus
from audiosr_desktop.training.tasks import AutoencoderTask, Task, UNetTask, VocoderTask
from audiosr_desktop.training.weights import fill, load_weights


@dataclass(frozen=True, slots=True)
class Run:
    """Settings of a run, as in its TOML file.

    Attributes:
        task: "vocoder", "autoencoder" or "unet".
        corpus: folder of the packed corpus.
        out: folder of checkpoints and figures.
        steps: length of the run; the learning rate falls to zero over it (half cosine).
        minutes: the run ends sooner when this much time is used up; 0 is no limit.
        batch_size: examples a step.
        seconds: length of an example; a multiple of 0.16.
        learning_rate: peak, reached after `warmup` steps.
        ema: decay of the averaged weights, which are what is exported.
        threads: CPU threads.
        device: "cpu" or "cuda".
        bfloat16: autocast of the network.
        autoencoder: checkpoint of the VAE, or a bundle, for the UNet.
        start: checkpoint or bundle whose weights the run starts from; a UNet also keeps its scale factor.
    """

    task: str
    corpus: str
    out: str
    steps: int
    minutes: float = 0.0
    batch_size: int = 8
    seconds: float = 1.28
    learning_rate: float = 5e-4
    warmup: int = 100
    ema: float = 0.998
    seed: int = 0
    threads: int = 1
    device: str = "cpu"
    bfloat16: bool = True
    checkpoint_minutes: float = 2.0
    autoencoder: str = ""
    start: str = ""


def read_run(path: Path, overrides: dict[str, Any]) -> Run:
    """Read a run's TOML file; raises TrainingError on unknown or missing settings."""
    try:
        settings = {**tomllib.loads(path.read_text(encoding="utf-8")), **overrides}
        return Run(**settings)
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        names = ", ".join(field.name for field in fields(Run))
        raise TrainingError(f"The run '{path}' cannot be used: {error}. Known settings: {names}.") from error


def build_task(run: Run, device: torch.device) -> Task:
    """Build the network a run trains."""
    if run.task == "vocoder":
        return VocoderTask(device)
    if run.task == "autoencoder":
        return AutoencoderTask(device)
    if run.task == "unet":
        return UNetTask(device, Path(run.autoencoder))
    raise TrainingError(f"There is no task '{run.task}': vocoder, autoencoder or unet.")


class Trainer:
    """State of a run: network, averaged weights, optimiser, step."""

    def __init__(self, run: Run) -> None:
        torch.set_num_threads(run.threads)
        torch.manual_seed(run.seed)
        self.run = run
        self.device = torch.device(run.device)
        self.task = build_task(run, self.device)
        self.network = self.task.network
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=run.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.corpus = Corpus(Path(run.corpus))
        self.held_out = Corpus(Path(run.corpus), held_out=True)
        self.step = 0
        self.elapsed_s = 0.0
        self.out = Path(run.out)
        self.out.mkdir(parents=True, exist_ok=True)
        if run.start:
            weights = load_weights(Path(run.start), run.task, self.device)
            fill(self.network, weights, Path(run.start))
            if isinstance(self.task, UNetTask):
                self.task.scale_factor = weights.scale_factor
        elif isinstance(self.task, UNetTask):
            self.task.prepare(self._draw(self.corpus, 10**9, size=96), np.random.default_rng(run.seed))
        self.ema = {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    def resume(self) -> None:
        """Go on from the run's last checkpoint, when there is one."""
        path = self.out / "last.pt"
        if not path.is_file():
            return
        state = torch.load(path, map_location=self.device, weights_only=True)
        self.network.load_state_dict(state["network"])
        self.optimiser.load_state_dict(state["optimiser"])
        self.ema = state["ema"]
        self.step, self.elapsed_s = state["step"], state["elapsed_s"]
        if isinstance(self.task, UNetTask):
            self.task.scale_factor = state["scale_factor"]

    def save(self) -> None:
        """Write the checkpoint beside the old one and put it in its place."""
        state = {
            "network": self.network.state_dict(),
            "ema": self.ema,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "scale_factor": self.task.scale_factor if isinstance(self.task, UNetTask) else 1.0,
        }
        temporary = self.out / "last.pt.partial"
        torch.save(state, temporary)
        temporary.replace(self.out / "last.pt")

    def progress(self) -> float:
        """Return how far the run is, 0 to 1, by steps or by minutes, whichever is further."""
        by_time = self.elapsed_s / (60.0 * self.run.minutes) if self.run.minutes else 0.0
        return min(1.0, max(self.step / self.run.steps, by_time))

    def _draw(self, corpus: Corpus, step: int, size: int = 0) -> Batch:
        rng = np.random.default_rng((self.run.seed, step))
        batch = corpus.draw(rng, size or self.run.batch_size, round(self.run.seconds * 100) * 480)
        return Batch(batch.sound.to(self.device), batch.bandwidth_hz)

    def _loss(self, batch: Batch, step: int) -> tuple[Tensor, dict[str, float]]:
        rng = np.random.default_rng((self.run.seed, step, 1))
        return self.task.loss(batch, rng, bfloat16=self.run.bfloat16)

    def train_step(self) -> dict[str, float]:
        """Take one step and return its figures."""
        began = time.monotonic()
        rate = self.run.learning_rate * min(1.0, (self.step + 1) / self.run.warmup)
        rate *= 0.5 * (1.0 + math.cos(math.pi * self.progress()))
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.network.train()
        loss, figures = self._loss(self._draw(self.corpus, self.step), self.step)
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if bool(torch.isfinite(norm)):
            self.optimiser.step()
        decay = min(self.run.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.ema[name].lerp_(value, 1.0 - decay)
        self.step += 1
        self.elapsed_s += time.monotonic() - began
        return {**figures, "loss": loss.item()}

    def validate(self, batches: int = 6) -> dict[str, float]:
        """Return the mean figures of the averaged weights on held-out sound, the same examples each time."""
        trained = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.ema)
        self.network.eval()
        totals: dict[str, float] = {}
        with torch.no_grad():
            for number in range(batches):
                _, figures = self._loss(self._draw(self.held_out, -1 - number + 10**9), number)
                for name, value in figures.items():
                    totals[name] = totals.get(name, 0.0) + value / batches
        self.network.load_state_dict(trained)
        return totals


def train(run: Run) -> None:
    """Train until the run's end, with a checkpoint and a line of figures every few minutes."""
    trainer = Trainer(run)
    trainer.resume()
    saved_at = time.monotonic()
    log_path = trainer.out / "figures.csv"
    sums: dict[str, float] = {}
    count = 0
    while trainer.progress() < 1.0:
        for name, value in trainer.train_step().items():
            sums[name] = sums.get(name, 0.0) + value
        count += 1
        if time.monotonic() - saved_at > 60.0 * run.checkpoint_minutes or trainer.progress() >= 1.0:
            trainer.save()
            held_out = trainer.validate()
            line = f"step {trainer.step} {trainer.elapsed_s / 60:.1f} min"
            line += "".join(f", {name} {value / count:.4f}" for name, value in sums.items())
            line += " | held out" + "".join(f", {name} {value:.4f}" for name, value in held_out.items())
            with log_path.open("a", encoding="utf-8") as log:
                log.write(line + "\n")
            sys.stderr.write(line + "\n")
            sums, count = {}, 0
            saved_at = time.monotonic()


def main(argv: Sequence[str]) -> int:
    """Run `audiosr-desktop train RUN.toml [NAME=VALUE…]`; returns the exit code."""
    parser = argparse.ArgumentParser(
        "audiosr-desktop train", description="Train a network of the compact model."
    )
    parser.add_argument("run", type=Path, help="TOML file with the run's settings")
    parser.add_argument("settings", nargs="*", metavar="NAME=VALUE", help="settings that replace the file's")
    arguments = parser.parse_args(argv)
    try:
        overrides = tomllib.loads("\n".join(arguments.settings))
        train(read_run(arguments.run, overrides))
    except tomllib.TOMLDecodeError as error:
        sys.stderr.write(f"A setting is not NAME=VALUE in TOML's way of writing: {error}.\n")
        return 2
    except AudioSRError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
