"""Mel regressions, the systems that a diffusion model has to beat: a network that answers with one mel.

They learn from the same corpus and the same canonical condition as the compact model, and are exported as
bundles whose latent is the mel itself, folded, and whose sampler is answered in one step. So the engine runs
them like any other model, with the vocoder of the compact bundle.
"""

import argparse
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from audiosr_desktop.engine.bundle import DEFAULT_BUNDLE
from audiosr_desktop.errors import AudioSRError, TrainingError
from audiosr_desktop.training import data
from audiosr_desktop.training.export import Graph, export_graph, parity, write_manifest
from audiosr_desktop.training.mels import MelPairs
from audiosr_desktop.training.run import Run
from audiosr_desktop.training.tasks import Outcome
from audiosr_desktop.training.vocoder import N_MELS
from audiosr_desktop.training.weights import fill, load_weights

FOLD = 8  # frames and bands that go into the channels of one latent value
FRAMES_STEP = 32  # patches of 4, halved three times
CHANNELS, BINS = FOLD * FOLD, N_MELS // FOLD


class MelDnn(nn.Module):
    """Fully connected layers on each frame by itself; input and output (batch, 1, frames, 256) log-mel.

    Source: the baseline of Liu et al. 2022, "Neural vocoder is all you need for speech super-resolution".
    """

    def __init__(self, width: int = 1024, layers: int = 3) -> None:
        super().__init__()
        sizes = (N_MELS, *[width] * layers)
        hidden: list[nn.Module] = []
        for before, after in pairwise(sizes):
            hidden += [nn.Linear(before, after), nn.LayerNorm(after), nn.GELU()]
        self.hidden = nn.Sequential(*hidden)
        self.leave = _zeroed(nn.Linear(width, N_MELS))

    def forward(self, mel: Tensor) -> Tensor:
        change: Tensor = self.leave(self.hidden(_scaled(mel)))
        return mel + change


class MelResUNet(nn.Module):
    """Residual convolutions at four levels over time and frequency; (batch, 1, frames, 256), frames by 32.

    Source: the same paper; its patches of 4 × 4 are ours, to be affordable on a processor.
    """

    def __init__(self, widths: Sequence[int] = (32, 48, 64, 96)) -> None:
        super().__init__()
        self.enter = nn.Conv2d(1, widths[0], 4, stride=4)
        pairs = list(pairwise(widths))
        self.down = nn.ModuleList(_Residual(width) for width in widths)
        self.narrow = nn.ModuleList(nn.Conv2d(a, b, 2, stride=2) for a, b in pairs)
        self.widen = nn.ModuleList(nn.ConvTranspose2d(b, a, 2, stride=2) for a, b in pairs)
        self.up = nn.ModuleList(_Residual(width) for width in widths[:-1])
        self.leave = _zeroed(nn.ConvTranspose2d(widths[0], 1, 4, stride=4))

    def forward(self, mel: Tensor) -> Tensor:
        x = self.enter(_scaled(mel))
        kept = []
        for block, narrow in zip(self.down, self.narrow, strict=False):
            x = block(x)
            kept.append(x)
            x = narrow(x)
        x = self.down[-1](x)
        for block, widen in zip(reversed(self.up), reversed(self.widen), strict=True):
            x = block(widen(x) + kept.pop())
        change: Tensor = self.leave(x)
        return mel + change


class _Residual(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.GroupNorm(4, width),
            nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1),
            nn.GroupNorm(4, width),
            nn.GELU(),
            nn.Conv2d(width, width, 3, padding=1),
        )

    def forward(self, x: Tensor) -> Tensor:
        mixed: Tensor = x + self.layers(x)
        return mixed


def _scaled(mel: Tensor) -> Tensor:
    return (mel + 5.0) / 3.0


def _zeroed(layer: nn.Linear | nn.ConvTranspose2d) -> nn.Module:
    """Start from no change at all, which is the extrapolation that the condition holds."""
    nn.init.zeros_(layer.weight)
    if layer.bias is not None:
        nn.init.zeros_(layer.bias)
    return layer


NETWORKS: dict[str, type[MelDnn] | type[MelResUNet]] = {"mel_dnn": MelDnn, "mel_resunet": MelResUNet}


class RegressionTask:
    """The mean distance of log-mels; bands that a file lacks hardly count."""

    def __init__(self, run: Run, device: torch.device) -> None:
        if run.task == "mel_resunet" and run.samples % (FRAMES_STEP * data.HOP):
            raise TrainingError(f"For mel_resunet, seconds is a multiple of 0.32, not {run.seconds}.")
        self.network: nn.Module = NETWORKS[run.task]().to(device)
        self.scale_factor = 1.0
        self._mels = MelPairs(run.condition, device)

    def prepare(self, batch: data.Batch, rng: np.random.Generator) -> None:
        """Nothing to measure."""

    def loss(self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool) -> Outcome:
        wanted, given, weights = self._mels(batch, rng)
        with torch.autocast(given.device.type, torch.bfloat16, enabled=bfloat16):
            found = self.network(given).float()
        error = ((found - wanted).abs() * weights).mean()
        return Outcome(error, {"l1": error.detach()})


class _Answer(nn.Module):
    """The network as the encoder of a bundle: log-mel to corrected log-mel, folded."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network

    def forward(self, mel: Tensor, noise: Tensor) -> Tensor:
        folded: Tensor = nn.functional.pixel_unshuffle(self.network(mel), FOLD)
        return folded + 0.0 * noise


class _OneStep(nn.Module):
    """The sampler's network: at pure noise, the velocity that leads to the condition is minus it."""

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        return -x[:, CHANNELS:] + 0.0 * timesteps.view(-1, 1, 1, 1)


class _Unfold(nn.Module):
    def forward(self, z: Tensor) -> Tensor:
        return nn.functional.pixel_shuffle(z, FOLD)


def regression_graphs(network: nn.Module) -> list[Graph]:
    """Describe the graphs of a regression's bundle; the vocoder is lent by the compact one."""
    batch = torch.export.Dim("batch", min=1, max=64)
    eights = torch.export.Dim("eights", min=1, max=4096)
    columns, frames = 8 * eights, 64 * eights

    def latent(b: int, t: int, channels: int = CHANNELS) -> Tensor:
        return torch.randn(b, channels, t, BINS)

    return [
        Graph(
            "vae_feature_extract",
            _Answer(network),
            lambda b, t: {"mel": torch.randn(b, 1, FOLD * t, N_MELS) * 2 - 6, "noise": latent(b, t)},
            "latent",
            {"mel": {0: batch, 2: frames}, "noise": {0: batch, 2: columns}},
        ),
        Graph(
            "ddpm",
            _OneStep(),
            lambda b, t: {"x": latent(b, t, 2 * CHANNELS), "timesteps": torch.full((b,), 999)},
            "velocity",
            {"x": {0: batch, 2: columns}, "timesteps": {0: batch}},
        ),
        Graph(
            "vae_decoder", _Unfold(), lambda b, t: {"z": latent(b, t)}, "mel", {"z": {0: batch, 2: columns}}
        ),
    ]


def export_regression(checkpoint: Path, task: str, folder: Path) -> dict[str, float]:
    """Write a bundle of a run's averaged weights and return each graph's parity error.

    Args:
        checkpoint: of a run of the task.
        task: a key of `NETWORKS`.
        folder: made if it is not there; its name is the bundle's id.

    Raises:
        TrainingError: the checkpoint is not one of this task, or a graph is not what torch computes.
    """
    network = NETWORKS[task]()
    weights = load_weights(checkpoint, task)
    fill(network, weights, checkpoint)
    network.eval()
    folder.mkdir(parents=True, exist_ok=True)
    errors = {}
    for graph in regression_graphs(network):
        path = folder / f"{graph.name}.onnx"
        export_graph(graph, path)
        errors[graph.name] = parity(graph, path)
    write_manifest(folder, 1.0, _card(folder.name, task, weights.steps))
    return errors


def _card(name: str, task: str, steps: int) -> dict[str, Any]:
    return {
        "id": name,
        "title": f"Regression ({task})",
        "description": "Mel regression before the vocoder of the compact model: for comparison only.",
        "license": "GPL-3.0-or-later",
        "latent": {"channels": CHANNELS, "bins": BINS, "frames_per_latent": FOLD, "frames_multiple": 8},
        "cfg": {"guidance_scale": 1.0, "unconditional_latent": 0.0},
        "sampler": "ddim",
        "eta": 0.0,
        "window_seconds": 10.24,
        "condition_sampled": False,
        "default_steps": {"draft": 1, "standard": 1, "best": 1},
        "tasks": ["super-resolution"],
        "borrowed": {"vocoder": DEFAULT_BUNDLE},
        "training": {"steps": {task: steps}},
    }


def main(argv: Sequence[str]) -> int:
    """Run `python -m audiosr_desktop.training.regression CHECKPOINT TASK FOLDER`; returns the exit code."""
    parser = argparse.ArgumentParser(description="Turn a regression's checkpoint into a bundle.")
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("task", choices=NETWORKS)
    parser.add_argument("folder", type=Path)
    arguments = parser.parse_args(argv)
    try:
        errors = export_regression(arguments.checkpoint, arguments.task, arguments.folder)
    except AudioSRError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, worst in errors.items():
        sys.stdout.write(f"{name:20} max relative error {worst:.1e}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
