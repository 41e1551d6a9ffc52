"""Checkpoints in the official layout with random weights, scaled down so that an import takes seconds."""

import multiprocessing
import os
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from torch import Tensor

from audiosr_desktop.training.official.checkpoint import CONDITIONER, FIRST_STAGE, PREFIXES, network
from audiosr_desktop.training.official.sizes import Sizes

TINY = Sizes(32, (1, 1, 1, 1), 32, (1, 1, 2, 2), 64, (3, 7))
SCALE_FACTOR = 0.3342401385307312


def random_state(sizes: Sizes = TINY, seed: int = 0) -> dict[str, Tensor]:
    """Return every kind of tensor that an official file has, what inference does not use included.

    The conditioner's VAE is the first stage's, and weights are scaled so that a mel stays a mel.
    """
    torch.manual_seed(seed)
    state: dict[str, Tensor] = {}
    for graph, prefix in PREFIXES.items():
        made = network(graph, sizes)
        state |= {prefix + name: value for name, value in made.state_dict().items()}
    for name in [name for name in state if name.startswith(FIRST_STAGE) and ".vocoder." not in name]:
        state[CONDITIONER + name.removeprefix(FIRST_STAGE)] = state[name]
    for name in [name for name in state if name.startswith(CONDITIONER)]:
        state[FIRST_STAGE + name.removeprefix(CONDITIONER)] = state[name]
    state[f"{FIRST_STAGE}decoder.conv_out.bias"].fill_(-6.0)
    shadow = {"model_ema." + name.replace(".", ""): value for name, value in state.items() if name[0] == "m"}
    state |= shadow
    state["clap.model.logit_scale_a"] = torch.tensor(1.0)
    state["first_stage_model.loss.discriminator.main.0.weight"] = torch.randn(4, 1, 4, 4)
    state["betas"] = torch.linspace(0, 1, 1000)
    state["scale_factor"] = torch.tensor(SCALE_FACTOR)
    return state


def write_checkpoint(path: Path, state: dict[str, Tensor] | None = None) -> Path:
    """Save a state as torch does it, beside what a training framework keeps there."""
    whole = {"epoch": 3, "global_step": 100, "optimizer_states": [{"lr": 1e-4}]}
    torch.save({**whole, "state_dict": random_state() if state is None else state}, path)
    return path


class InThread(threading.Thread):
    """A process that is none: one that loads torch anew takes seconds."""

    exitcode = None

    def __init__(self, target, args: tuple[Any, Connection], daemon: bool) -> None:
        order, sender = args  # the importer closes its end, which a process has of its own
        super().__init__(target=target, args=(order, Connection(os.dup(sender.fileno()))), daemon=daemon)

    def terminate(self) -> None:
        """Do nothing: the work is at its end."""

    def close(self) -> None:
        """Do nothing."""


def export_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make the exports in this process from now on."""
    context = SimpleNamespace(Pipe=multiprocessing.Pipe, Process=InThread)
    monkeypatch.setattr(multiprocessing, "get_context", lambda _: context)
