"""Fine-tuning of the published UNet on damaged sound: it learns to read another condition, the VAE stays."""

from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor, nn

from audiosr_desktop.engine.ddim import TRAIN_STEPS, alphas_cumprod
from audiosr_desktop.errors import TrainingError
from audiosr_desktop.training import data
from audiosr_desktop.training.autoencoder import LATENT_BINS, LATENT_CHANNELS
from audiosr_desktop.training.mels import MelPairs
from audiosr_desktop.training.official.start import load_start
from audiosr_desktop.training.run import Run
from audiosr_desktop.training.tasks import Outcome, normal

UNCONDITIONAL = -11.4981  # each element of the unscaled condition of the unguided half
MEL_CELLS = 8  # frames, and bands, in a latent position
COLUMNS_MULTIPLE = 8  # of the latent: the UNet halves it three times


class OfficialUNetTask:
    """Velocity of noised latents given the latent of the damaged mel; both encoded by the frozen VAE.

    Unlike the compact model's, this UNet has no preconditioning, reads samples of the posterior, and knows
    the absence of a condition by one value.

    Source: Liu et al. 2023, section 3; the report on AudioSR and noise, sections 3, 4 and 6.
    """

    def __init__(self, run: Run, device: torch.device) -> None:
        if not run.start or not run.autoencoder:
            raise TrainingError(f"The task {run.task} needs start and autoencoder: a checkpoint or a model.")
        columns = run.samples / (data.HOP * MEL_CELLS)
        if columns % COLUMNS_MULTIPLE:
            raise TrainingError(f"The task {run.task} takes seconds that are a multiple of 0.64.")
        network, scale_factor = load_start(Path(run.start), "ddpm")
        encoder, also = load_start(Path(run.autoencoder), "vae_feature_extract")
        if scale_factor is None and also is None:
            raise TrainingError(f"Neither '{run.start}' nor '{run.autoencoder}' holds a scale_factor.")
        self.network: nn.Module = network.to(device).requires_grad_(True).train()
        self.scale_factor = cast(float, scale_factor if scale_factor is not None else also)
        self.encoder = encoder.to(device).eval().requires_grad_(False)
        self._alphas = torch.from_numpy(alphas_cumprod().astype(np.float32)).to(device)
        self._mels = MelPairs(run.condition, device)
        self._draws, self._null_share = run.draws, run.null_share

    def prepare(self, batch: data.Batch, rng: np.random.Generator) -> None:
        """Nothing to measure: the scale factor comes with the weights."""

    def loss(self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool) -> Outcome:
        mel, condition_mel, weights = self._mels(batch, rng)
        with torch.no_grad(), torch.autocast(mel.device.type, torch.bfloat16, enabled=bfloat16):
            clean, condition = (self._encoded(picture, rng) for picture in (mel, condition_mel))
        cells = nn.functional.avg_pool2d(weights, MEL_CELLS)
        clean, condition, cells = (value.repeat(self._draws, 1, 1, 1) for value in (clean, condition, cells))
        blind = torch.from_numpy(rng.random(len(clean)) < self._null_share).to(clean.device)
        absent = UNCONDITIONAL * self.scale_factor
        condition = torch.where(blind.view(-1, 1, 1, 1), absent, condition)
        timesteps = torch.from_numpy(rng.integers(0, TRAIN_STEPS, len(clean))).to(clean.device)
        noise = normal(tuple(clean.shape), rng, clean.device)
        alpha = self._alphas[timesteps].view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
        with torch.autocast(clean.device.type, torch.bfloat16, enabled=bfloat16):
            found = self.network(torch.cat((noisy, condition), dim=1), timesteps).float()
        error = ((found - velocity).square() * cells).mean()
        return Outcome(error, {"v": error.detach()})

    def _encoded(self, mel: Tensor, rng: np.random.Generator) -> Tensor:
        """Return scaled samples of the posterior, (batch, 16, T, 32)."""
        shape = (len(mel), LATENT_CHANNELS, mel.shape[2] // MEL_CELLS, LATENT_BINS)
        latent: Tensor = self.encoder(mel, normal(shape, rng, mel.device))
        return latent.float() * self.scale_factor
