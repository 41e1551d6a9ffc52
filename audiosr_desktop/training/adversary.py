"""The adversarial part of a run: discriminators, their optimiser, and what both sides descend."""

from typing import Any

import torch
from torch import Tensor, nn

from audiosr_desktop.training.discriminators import Discriminators
from audiosr_desktop.training.parallel import Process
from audiosr_desktop.training.run import Run
from audiosr_desktop.training.tasks import Outcome


def judge_loss(true: list[list[Tensor]], made: list[list[Tensor]]) -> Tensor:
    """Return the discriminators' hinge loss, mean over discriminators.

    Source: Lim and Ye 2017 (geometric GAN).
    """
    losses = [
        nn.functional.relu(1.0 - right[-1]).mean() + nn.functional.relu(1.0 + wrong[-1]).mean()
        for right, wrong in zip(true, made, strict=True)
    ]
    return torch.stack(losses).mean()


def fool_loss(made: list[list[Tensor]]) -> Tensor:
    """Return the generator's hinge loss: how far its output is from being judged true."""
    return torch.stack([nn.functional.relu(1.0 - layers[-1]).mean() for layers in made]).mean()


def feature_loss(true: list[list[Tensor]], made: list[list[Tensor]]) -> Tensor:
    """Return the L1 distance of the discriminators' inner layers, each relative to its level.

    Source: Kumar et al. 2019 (MelGAN), eq. 4; relative as in Kumar et al. 2023 and others.
    """
    distances = [
        (right.detach() - wrong).abs().mean() / right.detach().abs().mean().clamp_min(1e-4)
        for layers in zip(true, made, strict=True)
        for right, wrong in zip(layers[0][:-1], layers[1][:-1], strict=True)
    ]
    return torch.stack(distances).mean()


class Adversary:
    """Discriminators beside a task; each training step asks them for the loss, then lets them learn."""

    def __init__(self, run: Run, process: Process) -> None:
        self._run = run
        self.networks = Discriminators(run.task).to(process.device)
        if run.channels_last:
            self.networks.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._judge = process.spread(self.networks)
        self.optimiser = torch.optim.AdamW(
            self.networks.parameters(), lr=run.discriminator_rate, betas=(0.8, 0.99), weight_decay=0.01
        )

    def against(self, outcome: Outcome) -> tuple[Tensor, dict[str, Tensor]]:
        """Return what the generator has to descend because of the discriminators, and its figures."""
        assert outcome.made is not None
        assert outcome.truth is not None
        self.networks.requires_grad_(False)
        with self._autocast(outcome.made):
            with torch.no_grad():
                true = self.networks(outcome.truth)
            made = self.networks(outcome.made)
        self.networks.requires_grad_(True)
        fooled, features = fool_loss(made).float(), feature_loss(true, made).float()
        total = self._run.adversarial_weight * fooled + self._run.feature_weight * features
        return total, {"fool": fooled.detach(), "features": features.detach()}

    def learn(self, outcome: Outcome, rate_share: float) -> dict[str, Tensor]:
        """Take the discriminators' own step on the same output; the rate falls as the generator's does."""
        assert outcome.made is not None
        assert outcome.truth is not None
        for group in self.optimiser.param_groups:
            group["lr"] = self._run.discriminator_rate * rate_share
        both = torch.cat((outcome.truth, outcome.made.detach()))
        with self._autocast(both):
            layers = self._judge(both)
        halves = [[layer.chunk(2) for layer in judge] for judge in layers]
        true, made = ([[layer[half] for layer in judge] for judge in halves] for half in (0, 1))
        loss = judge_loss(true, made).float()
        self.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = nn.utils.clip_grad_norm_(self.networks.parameters(), 10.0)
        if bool(torch.isfinite(norm)):
            self.optimiser.step()
        return {"judge": loss.detach()}

    def _autocast(self, like: Tensor) -> torch.autocast:
        # on the processor bfloat16 convolutions are slower than single precision
        return torch.autocast(
            like.device.type, torch.bfloat16, enabled=self._run.bfloat16 and like.device.type == "cuda"
        )

    def state_dict(self) -> dict[str, Any]:
        """Return what a checkpoint keeps."""
        return {"networks": self.networks.state_dict(), "optimiser": self.optimiser.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from a checkpoint."""
        self.networks.load_state_dict(state["networks"])
        self.optimiser.load_state_dict(state["optimiser"])
