"""The estimator: a first guess of the mel that was lost, frame by frame, which the condition encoder reads.

The canonical condition says only how loud the last kHz below the cutoff is. What all the bands below tell of
those above is learnt best on the mel itself, where time is as fine as in the sound; the latent's columns of
80 ms blur it. The UNet then has less to make up.
"""

import numpy as np
import torch
from torch import Tensor, nn

from audiosr_desktop.engine.condition import mel_edges_hz
from audiosr_desktop.training import data
from audiosr_desktop.training.layers import ConvNeXtBlock1d
from audiosr_desktop.training.mels import MelPairs
from audiosr_desktop.training.run import Run
from audiosr_desktop.training.tasks import Outcome
from audiosr_desktop.training.vocoder import N_MELS

LSD_PER_NEPER = 2.0 / float(np.log(10.0))  # log10 of power per natural log of magnitude
VOCODER_LSD = 0.7  # what the vocoder adds whatever the mel
EVEN_SHARE = 0.3  # of the weight goes to all bands alike, or those below 4 kHz would hardly count


class Estimator(nn.Module):
    """Canonical log-mel (batch, 1, frames, 256) to an estimate of the clean one, of the same shape.

    Source: Liu et al. 2022, "Neural vocoder is all you need for speech super-resolution" (a mel regression);
    Liu et al. 2022 (ConvNeXt).
    """

    def __init__(self, width: int = 320, hidden: int = 640, blocks: int = 6, kernel: int = 9) -> None:
        super().__init__()
        self.enter = nn.Conv1d(N_MELS, width, 1)
        self.blocks = nn.ModuleList(ConvNeXtBlock1d(width, hidden, kernel) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, N_MELS)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.enter((mel[:, 0].transpose(1, 2) + 5.0) / 3.0)
        for block in self.blocks:
            x = block(x)
        change: Tensor = self.leave(self.norm(x.transpose(1, 2)))
        return mel + change.unsqueeze(1)


def band_weights() -> Tensor:
    """Return the weights of the mel bands in the loss, (256,), mean 1: mostly their widths, as in the LSD."""
    edges = mel_edges_hz()
    widths = torch.from_numpy(edges[2:] - edges[:-2]).float()
    return EVEN_SHARE + (1.0 - EVEN_SHARE) * widths / widths.mean()


def mel_distance(found: Tensor, wanted: Tensor, weights: Tensor) -> Tensor:
    """Return the log-spectral distance that sound made of a mel would have, mean over frames.

    Args:
        found: natural log-mel (batch, 1, frames, 256).
        wanted: the same shape.
        weights: of each cell, the same shape.
    """
    squares = ((found - wanted) * LSD_PER_NEPER).square() * weights
    return (squares.sum(dim=-1) / weights.sum(dim=-1) + VOCODER_LSD**2).sqrt().mean()


class EstimatorTask:
    """Mel of damaged sound to the mel of clean sound, by the distance that the evaluation measures."""

    def __init__(self, run: Run, device: torch.device) -> None:
        self.network: nn.Module = Estimator().to(device)
        self.scale_factor = 1.0
        self._mels = MelPairs(run.condition, device)
        self._bands = band_weights().to(device)

    def prepare(self, batch: data.Batch, rng: np.random.Generator) -> None:
        """Nothing to measure."""

    def loss(self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool) -> Outcome:
        wanted, given, counts = self._mels(batch, rng)
        weights = counts * self._bands
        with torch.autocast(given.device.type, torch.bfloat16, enabled=bfloat16):
            found = self.network(given).float()
        distance = mel_distance(found, wanted, weights)
        error = ((found - wanted).abs() * weights).mean()
        return Outcome(distance, {"distance": distance.detach(), "l1": error.detach()})
