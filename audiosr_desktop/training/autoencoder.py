"""The VAE on log-mel: 8 frames by 8 bands become one latent position of 16 channels."""

import torch
from torch import Tensor, nn

from audiosr_desktop.training.layers import ConvNeXtBlock2d

LATENT_CHANNELS = 16
LATENT_BINS = 32


class Encoder(nn.Module):
    """Log-mel (batch, 1, frames, 256) to mean and log variance, (batch, 16, frames / 8, 32) each."""

    def __init__(self, width: int = 96, blocks: int = 3) -> None:
        super().__init__()
        self.squeeze = nn.Sequential(
            nn.Conv2d(1, 16, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(16, 64, 3, stride=2, padding=1),
            nn.GELU(),
            nn.Conv2d(64, width, 3, stride=2, padding=1),
        )
        self.place = nn.Parameter(torch.zeros(width, 1, LATENT_BINS))
        self.blocks = nn.Sequential(*(ConvNeXtBlock2d(width, 3 * width, 5) for _ in range(blocks)))
        self.leave = nn.Conv2d(width, 2 * LATENT_CHANNELS, 1)

    def forward(self, mel: Tensor) -> tuple[Tensor, Tensor]:
        x = self.squeeze((mel + 5.0) / 3.0) + self.place
        mean, log_variance = self.leave(self.blocks(x)).chunk(2, dim=1)
        return mean, torch.clamp(log_variance, -12.0, 4.0)


class Decoder(nn.Module):
    """Latent (batch, 16, T, 32) to log-mel (batch, 1, 8 T, 256)."""

    def __init__(self, width: int = 128, blocks: int = 4) -> None:
        super().__init__()
        self.enter = nn.Conv2d(LATENT_CHANNELS, width, 3, padding=1)
        self.place = nn.Parameter(torch.zeros(width, 1, LATENT_BINS))
        self.blocks = nn.Sequential(*(ConvNeXtBlock2d(width, 3 * width, 5) for _ in range(blocks)))
        self.unfold = nn.Sequential(
            nn.Conv2d(width, 24 * 16, 1),
            nn.PixelShuffle(4),
            nn.GELU(),
            nn.Conv2d(24, 24, 3, padding=1),
            nn.GELU(),
            nn.Conv2d(24, 4, 3, padding=1),
            nn.PixelShuffle(2),
        )

    def forward(self, latent: Tensor) -> Tensor:
        decoded: Tensor = self.unfold(self.blocks(self.enter(latent) + self.place)) * 3.0 - 5.0
        return decoded


class Autoencoder(nn.Module):
    """Encoder and decoder together, for training.

    Source: Kingma and Welling 2014; latent layout as AudioSR's (Liu et al. 2024).
    """

    def __init__(self) -> None:
        super().__init__()
        self.encoder = Encoder()
        self.decoder = Decoder()

    def forward(self, mel: Tensor, noise: Tensor | None = None) -> tuple[Tensor, Tensor, Tensor]:
        """Return the decoded mel, the posterior's mean and log variance; without noise of the mean."""
        mean, log_variance = self.encoder(mel)
        latent = mean if noise is None else mean + torch.exp(0.5 * log_variance) * noise
        return self.decoder(latent), mean, log_variance


class ConditionGraph(nn.Module):
    """Log-mel and noise to a condition latent, unscaled, as a graph; an estimator may come before it."""

    def __init__(self, encoder: Encoder, estimator: nn.Module | None = None) -> None:
        super().__init__()
        self.encoder = encoder
        self.estimator = estimator

    def forward(self, mel: Tensor, noise: Tensor) -> Tensor:
        estimate = mel if self.estimator is None else self.estimator(mel)
        mean, log_variance = self.encoder(estimate)
        latent: Tensor = mean + torch.exp(0.5 * log_variance) * noise
        return latent


class DecoderGraph(nn.Module):
    """Decoder as a graph, with the scale factor baked in."""

    def __init__(self, decoder: Decoder, scale_factor: float) -> None:
        super().__init__()
        self.decoder = decoder
        self.scale_factor = scale_factor

    def forward(self, z: Tensor) -> Tensor:
        mel: Tensor = self.decoder(z / self.scale_factor)
        return mel


def kl_to_normal(mean: Tensor, log_variance: Tensor) -> Tensor:
    """Return the Kullback-Leibler divergence to a standard normal, mean over elements, in nats."""
    return 0.5 * (mean.square() + log_variance.exp() - 1.0 - log_variance).mean()


def kl_between(
    mean: Tensor,
    log_variance: Tensor,
    mean_to: Tensor,
    log_variance_to: Tensor,
    weights: Tensor | None = None,
) -> Tensor:
    """Return the divergence from the first posterior to the second, mean over elements, nats.

    Trains a condition encoder to see the clean sound's posterior in damaged sound (Fang et al. 2021, eq. 9).
    `weights` scale each element's part and must be of a shape that broadcasts.
    """
    ratio = torch.exp(log_variance - log_variance_to)
    distance = (mean - mean_to).square() * torch.exp(-log_variance_to)
    divergence = 0.5 * (ratio + distance - 1.0 - log_variance + log_variance_to)
    return (divergence if weights is None else divergence * weights).mean()
