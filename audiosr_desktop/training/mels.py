"""Pairs of mels to learn from: as they should be, and as the networks are given them."""

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from audiosr_desktop.engine.condition import canonical_mel
from audiosr_desktop.training import data

LACKING_WEIGHT = 0.05  # of bands that a file lacks
HOLE_WEIGHT = 0.3  # of cells in which its encoder left nothing


class MelPairs:
    """Mels of a batch as they should be and as the condition encoder is given them.

    Args:
        condition: see `Run`.
        device: of the mels.
    """

    def __init__(self, condition: str, device: torch.device) -> None:
        self._front = data.MelFrontEnd().to(device)
        self._canonical = condition == "canonical_mel"
        self._device = device

    def __call__(self, batch: data.Batch, rng: np.random.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Return clean and condition mels, and how much each cell counts, all (batch, 1, frames, 256)."""
        clean = self._front(batch.sound).cpu().numpy().copy()
        damaged = None if batch.damaged is None else self._front(batch.damaged).cpu().numpy()
        conditions = np.empty_like(clean)
        weights = np.ones_like(clean)
        for row, bandwidth in enumerate(batch.bandwidth_hz):
            clean[row], real = data.open_target(clean[row], float(bandwidth))
            weights[row] = np.where(data.holes(clean[row]), HOLE_WEIGHT, 1.0)
            weights[row, :, real:] = LACKING_WEIGHT
            if damaged is None or batch.cutoff_hz is None:
                cutoff_hz = data.draw_cutoff(rng, float(bandwidth))
                conditions[row] = data.condition_mel(clean[row], cutoff_hz, rng)
            else:
                conditions[row] = self._condition(damaged[row], float(batch.cutoff_hz[row]), rng)
        wanted, given, counts = (
            torch.from_numpy(cells)[:, None].to(self._device) for cells in (clean, conditions, weights)
        )
        return wanted, given, counts

    def _condition(
        self, mel: npt.NDArray[np.float32], cutoff_hz: float, rng: np.random.Generator
    ) -> npt.NDArray[np.float32]:
        if not self._canonical:
            return mel
        return canonical_mel(mel, cutoff_hz * rng.uniform(*data.CUTOFF_JITTER))
