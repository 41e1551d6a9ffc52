"""The denoiser: a UNet over latent frames that corrects the condition instead of starting from nothing."""

import math

import torch
from torch import Tensor, nn

from audiosr_desktop.engine.ddim import alphas_cumprod
from audiosr_desktop.training.autoencoder import LATENT_BINS, LATENT_CHANNELS
from audiosr_desktop.training.layers import ConvNeXtBlock1d

ROW = LATENT_CHANNELS * LATENT_BINS  # values of one latent frame


class UNet(nn.Module):
    """Velocity of a noisy latent, given the condition latent.

    Input `x` (batch, 32, T, 32): noisy latent and condition, both scaled; `timesteps` (batch,) int64, 0 to
    999. Output (batch, 16, T, 32). T must be even.

    The condition is already an estimate of the clean latent, so the network works on what is left: with the
    residual clean - condition taken as normal with deviation s, the best velocity without any network is
    known in closed form, and the network adds a correction of unit scale to it (preconditioning as in Karras
    et al. 2022, section 5, with the condition as mean). Frequency rows are folded into channels: what is
    missing above depends on all that is below.

    Source: Salimans and Ho 2022 (velocity); Ronneberger et al. 2015 (UNet).
    """

    alphas: Tensor
    frequencies: Tensor
    residual_std: Tensor

    def __init__(
        self,
        width: int = 448,
        blocks: tuple[int, int, int] = (1, 2, 1),
        kernel: int = 5,
        embedding_size: int = 64,
    ) -> None:
        super().__init__()
        self.enter = nn.Conv1d(2 * ROW, width, 1)
        self.embed = nn.Sequential(nn.Linear(embedding_size, 128), nn.GELU(), nn.Linear(128, embedding_size))

        def stage(count: int) -> nn.ModuleList:
            return nn.ModuleList(
                ConvNeXtBlock1d(width, 2 * width, kernel, embedding_size) for _ in range(count)
            )

        self.down, self.middle, self.up = map(stage, blocks)
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, ROW)
        nn.init.zeros_(self.leave.weight)
        nn.init.zeros_(self.leave.bias)
        half = embedding_size // 2
        self.register_buffer(
            "frequencies", torch.exp(-math.log(1e4) * torch.arange(half) / half), persistent=False
        )
        alphas = torch.from_numpy(alphas_cumprod().copy()).float()
        self.register_buffer("alphas", alphas, persistent=False)
        self.register_buffer("residual_std", torch.ones(LATENT_CHANNELS, 1, LATENT_BINS))

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        latent, condition = x.chunk(2, dim=1)
        alpha = self.alphas[timesteps].view(-1, 1, 1, 1)
        noise_part = 1.0 - alpha
        offset = latent - alpha.sqrt() * condition
        variance = self.residual_std.square()
        spread = alpha * variance + noise_part
        prior = (alpha * noise_part).sqrt() * (
            1.0 - variance
        ) / spread * offset - noise_part.sqrt() * condition
        correction = self._correct(offset * spread.rsqrt(), condition, timesteps)
        return prior + self.residual_std * spread.rsqrt() * correction

    def _correct(self, offset: Tensor, condition: Tensor, timesteps: Tensor) -> Tensor:
        angles = timesteps.unsqueeze(1).to(self.frequencies.dtype) * self.frequencies
        embedding = self.embed(torch.cat((angles.cos(), angles.sin()), dim=1))
        rows = torch.cat((offset, condition), dim=1).permute(0, 1, 3, 2).flatten(1, 2)
        x = self.enter(rows)
        for block in self.down:
            x = block(x, embedding)
        y = nn.functional.avg_pool1d(x, 2)
        for block in self.middle:
            y = block(y, embedding)
        x = x + y.repeat_interleave(2, dim=2)
        for block in self.up:
            x = block(x, embedding)
        out: Tensor = self.leave(self.norm(x.transpose(1, 2)))
        shape = (*out.shape[:2], LATENT_CHANNELS, LATENT_BINS)
        return out.reshape(shape).permute(0, 2, 1, 3)
