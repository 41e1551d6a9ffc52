"""The state of a run: networks, averaged weights, optimisers, step; and what one step does.

All randomness of a step comes from (seed, step, process), so a run that was killed goes on as if it had not
been, and what was drawn can be drawn again.
"""

import math
import os
import pickle
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from audiosr_desktop.errors import TrainingError
from audiosr_desktop.training.adversary import Adversary
from audiosr_desktop.training.batches import Batches
from audiosr_desktop.training.data import Batch, Corpus
from audiosr_desktop.training.estimator import EstimatorTask
from audiosr_desktop.training.latent_tasks import ConditionEncoderTask, UNetTask
from audiosr_desktop.training.official.task import OfficialUNetTask
from audiosr_desktop.training.parallel import Process
from audiosr_desktop.training.regression import NETWORKS, RegressionTask
from audiosr_desktop.training.run import Run
from audiosr_desktop.training.tasks import AutoencoderTask, Outcome, Task, VocoderTask
from audiosr_desktop.training.weights import fill, load_weights

_HELD_OUT_STEP = 10**9  # steps from here on are those of held-out batches and of the first measurement
_PREPARED_EXAMPLES = 96
_TASKS: Mapping[str, Callable[[Run, torch.device], Task]] = {
    "vocoder": lambda _, device: VocoderTask(device),
    "autoencoder": AutoencoderTask,
    "estimator": EstimatorTask,
    "unet": UNetTask,
    "condition_encoder": ConditionEncoderTask,
    "official_unet": OfficialUNetTask,
    **dict.fromkeys(NETWORKS, RegressionTask),
}
_LOSS = 2  # a stream of randomness of one step, beside those of `batches`


def build_task(run: Run, device: torch.device) -> Task:
    """Build the network that a run trains."""
    return _TASKS[run.task](run, device)


def is_quick_in_bfloat16(device: torch.device) -> bool:
    """Tell whether a device computes in bfloat16; a processor that imitates it takes ten times as long."""
    if device.type != "cpu":
        return True
    abilities = torch.cpu.get_capabilities()
    return bool(abilities.get("avx512_bf16") or abilities.get("amx_bf16"))


class _Losing(nn.Module):
    """A task's loss as a module, which is what torch spreads over processes."""

    def __init__(self, task: Task) -> None:
        super().__init__()
        self.network = task.network
        self._loss = task.loss

    def forward(self, batch: Batch, rng: np.random.Generator, bfloat16: bool) -> Outcome:
        return self._loss(batch, rng, bfloat16=bfloat16)


class Trainer:
    """A run in progress; `resume` goes on from its last checkpoint."""

    def __init__(self, run: Run, process: Process | None = None) -> None:
        self.process = process or Process(torch.device(run.device))
        self.run = run
        torch.set_num_threads(run.threads)
        torch.manual_seed(run.seed)
        device = self.process.device
        self.task = build_task(run, device)
        self.network = self.task.network
        self._bfloat16 = run.bfloat16 and is_quick_in_bfloat16(device)
        self.corpus = Corpus(Path(run.corpus))
        self.held_out = Corpus(Path(run.corpus), held_out=True)
        self.batches = Batches(self.corpus, run, self.process.rank)
        self._held_out_batches = Batches(self.held_out, run)
        self.step = 0
        self.elapsed_s = 0.0
        self.out = Path(run.out)
        self.out.mkdir(parents=True, exist_ok=True)
        self._begin(device)
        if run.channels_last:
            self.network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        if run.compile:
            self.network.compile()
        self.optimiser = torch.optim.AdamW(
            self.network.parameters(), lr=run.learning_rate, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.adversary = Adversary(run, self.process) if run.adversarial else None
        self._losing = self.process.spread(_Losing(self.task))
        self.ema = {name: value.detach().clone() for name, value in self.network.state_dict().items()}

    def _begin(self, device: torch.device) -> None:
        """Take the weights of `start`, or measure what the network needs to know of the data."""
        if isinstance(self.task, OfficialUNetTask):
            pass  # it was made with the weights of `start`, as they say how large it is
        elif self.run.start:
            weights = load_weights(Path(self.run.start), self.run.task, device)
            fill(self.network, weights, Path(self.run.start))
            self.task.scale_factor = weights.scale_factor
        elif not self.checkpoint.is_file():
            first = Batches(self.corpus, self.run).draw(_HELD_OUT_STEP, _PREPARED_EXAMPLES)
            self.task.prepare(first.to(device), np.random.default_rng(self.run.seed))
        self.task.scale_factor = self.process.agreed(self.task.scale_factor)

    @property
    def checkpoint(self) -> Path:
        """Where the run's state is kept."""
        return self.out / "last.pt"

    def resume(self) -> None:
        """Go on from the run's last checkpoint, when there is one.

        Raises:
            TrainingError: it is of another network, or not a checkpoint.
        """
        if not self.checkpoint.is_file():
            return
        try:
            state = torch.load(self.checkpoint, map_location=self.process.device, weights_only=True)
            self.network.load_state_dict(state["network"])
            self.optimiser.load_state_dict(state["optimiser"])
            if self.adversary is not None and "adversary" in state:
                self.adversary.load_state_dict(state["adversary"])
            self.ema = state["ema"]
            self.step, self.elapsed_s = state["step"], state["elapsed_s"]
            self.task.scale_factor = state["scale_factor"]
        except (KeyError, ValueError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
            raise TrainingError(
                f"The run cannot go on from '{self.checkpoint}', which is of another network or damaged: "
                "take another folder for `out`, or remove that file."
            ) from error

    def save(self) -> None:
        """Write the checkpoint beside the old one and put it in its place; the leading process alone."""
        if not self.process.leads:
            return
        state: dict[str, Any] = {
            "network": self.network.state_dict(),
            "ema": self.ema,
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "elapsed_s": self.elapsed_s,
            "scale_factor": self.task.scale_factor,
            "condition": self.run.condition,
        }
        if self.adversary is not None:
            state["adversary"] = self.adversary.state_dict()
        temporary = self.checkpoint.with_suffix(".pt.partial")
        with temporary.open("wb") as file:
            torch.save(state, file)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(self.checkpoint)

    def progress(self) -> float:
        """Return how far the run is, 0 to 1, by steps or by minutes, whichever is further."""
        by_time = self.elapsed_s / (60.0 * self.run.minutes) if self.run.minutes else 0.0
        return min(1.0, max(self.step / self.run.steps, by_time))

    def _rng(self, step: int) -> np.random.Generator:
        return np.random.default_rng((self.run.seed, step, self.process.rank, _LOSS))

    def train_step(self) -> dict[str, Tensor]:
        """Take one step and return its figures, detached; they are not waited for."""
        began = time.monotonic()
        share = (
            min(1.0, (self.step + 1) / self.run.warmup) * 0.5 * (1.0 + math.cos(math.pi * self.progress()))
        )
        for group in self.optimiser.param_groups:
            group["lr"] = self.run.learning_rate * share
        self.network.train()
        batch = self.batches.next(self.step).to(self.process.device)
        outcome: Outcome = self._losing(batch, self._rng(self.step), self._bfloat16)
        figures, loss = dict(outcome.figures), outcome.loss
        judged = self.adversary is not None and self.step >= self.run.adversarial_start
        if judged and self.adversary is not None:
            against, more = self.adversary.against(outcome)
            figures, loss = {**figures, **more}, loss + against
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        if bool(torch.isfinite(norm)):
            self.optimiser.step()
        if judged and self.adversary is not None:
            figures |= self.adversary.learn(outcome, share)
        self._average()
        self.step += 1
        self.elapsed_s = self.process.agreed(self.elapsed_s + time.monotonic() - began)
        return {**figures, "loss": loss.detach(), "norm": norm.detach()}

    def _average(self) -> None:
        decay = min(self.run.ema, (self.step + 1) / (self.step + 10))
        with torch.no_grad():
            for name, value in self.network.state_dict().items():
                self.ema[name].lerp_(value, 1.0 - decay)

    def validate(self, batches: int = 6) -> dict[str, float]:
        """Return the mean figures of the averaged weights on held-out sound, the same examples each time."""
        totals: dict[str, float] = {}
        with self.averaged(), torch.no_grad():
            for number in range(batches):
                batch = self._held_out_batches.draw(_HELD_OUT_STEP - 1 - number).to(self.process.device)
                rng = np.random.default_rng((self.run.seed, number, 0, _LOSS))
                outcome = self.task.loss(batch, rng, bfloat16=self._bfloat16)
                for name, value in outcome.figures.items():
                    totals[name] = totals.get(name, 0.0) + value.item() / batches
        return totals

    @contextmanager
    def averaged(self) -> Iterator[None]:
        """Put the averaged weights into the network for a while."""
        trained = {name: value.clone() for name, value in self.network.state_dict().items()}
        self.network.load_state_dict(self.ema)
        self.network.eval()
        try:
            yield
        finally:
            self.network.load_state_dict(trained)
            self.network.train()

    def close(self) -> None:
        """Stop the threads that prepare batches."""
        self.batches.close()
