"""The VAE of the published AudioSR: log-mel to latent and back. Names are those of its state dict.

Pictures are (batch, channels, time, frequency).

Source: Rombach et al. 2022 (latent diffusion), as in Liu et al. 2023 (AudioSR).
"""

from collections.abc import Callable
from typing import cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from audiosr_desktop.training.autoencoder import LATENT_CHANNELS
from audiosr_desktop.training.official.sizes import PUBLISHED, Sizes

ENCODER_BLOCKS = 2
DECODER_BLOCKS = 3
LOG_VARIANCE_RANGE = (-30.0, 20.0)


def norm(channels: int) -> nn.GroupNorm:
    """Return the VAE's normalisation; the UNet's has another eps."""
    return nn.GroupNorm(32, channels, eps=1e-6)


class ResnetBlock(nn.Module):
    """Two convolutions added to the input."""

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.norm1 = norm(channels_in)
        self.conv1 = nn.Conv2d(channels_in, channels, 3, padding=1)
        self.norm2 = norm(channels)
        self.conv2 = nn.Conv2d(channels, channels, 3, padding=1)
        self.nin_shortcut = nn.Conv2d(channels_in, channels, 1) if channels_in != channels else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        y = self.conv1(functional.silu(self.norm1(x)))
        y = self.conv2(functional.silu(self.norm2(y)))
        added: Tensor = self.nin_shortcut(x) + y
        return added


class AttentionBlock(nn.Module):
    """One head of attention over all positions, added to the input."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = norm(channels)
        self.q, self.k, self.v, self.proj_out = (nn.Conv2d(channels, channels, 1) for _ in range(4))

    def forward(self, x: Tensor) -> Tensor:
        normed = self.norm(x)
        query, key, value = (layer(normed).flatten(2) for layer in (self.q, self.k, self.v))
        scale = self.q.out_channels**-0.25  # on both before they meet: half precision ends at 65504
        weights = torch.softmax((scale * query).transpose(1, 2) @ (scale * key), dim=-1)
        mixed = (value @ weights.transpose(1, 2)).view(x.shape)
        added: Tensor = x + self.proj_out(mixed)
        return added


class Downsample(nn.Module):
    """Halve both axes; padded at the right and at the bottom only."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, stride=2)

    def forward(self, x: Tensor) -> Tensor:
        halved: Tensor = self.conv(functional.pad(x, (0, 1, 0, 1)))
        return halved


class Upsample(nn.Module):
    """Double both axes by repetition, then a convolution. The UNet has the same.

    The kernel's three taps meet two inputs only, as the inputs are repeated: each of the four kinds of output
    is a 2 × 2 convolution of the inputs with taps added up: 4 multiplications where the plain way takes 9.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 3, padding=1)
        self.convolve: Callable[[Tensor, Tensor, Tensor], Tensor] = functional.conv2d

    def forward(self, x: Tensor) -> Tensor:
        bias, kinds = cast(Tensor, self.conv.bias), []
        for below, rows in enumerate(_pairs(self.conv.weight, 2)):
            for right, kernel in enumerate(_pairs(rows, 3)):
                padded = functional.pad(x, (1 - right, right, 1 - below, below))
                kinds.append(self.convolve(padded, kernel, bias))
        return functional.pixel_shuffle(torch.stack(kinds, dim=2).flatten(1, 2), 2)


def _pairs(weight: Tensor, axis: int) -> tuple[Tensor, Tensor]:
    """Return the taps that an output meets on its two inputs: of the even outputs, and of the odd ones."""
    first, middle, last = weight.unbind(axis)
    return torch.stack((first, middle + last), axis), torch.stack((first + middle, last), axis)


class Level(nn.Module):
    """The blocks of one resolution, and the way to the next one."""

    def __init__(self, channels_in: int, channels: int, blocks: int, resample: nn.Module | None) -> None:
        super().__init__()
        self.block = nn.ModuleList(
            ResnetBlock(channels_in if index == 0 else channels, channels) for index in range(blocks)
        )
        if isinstance(resample, Downsample):
            self.downsample = resample
        elif isinstance(resample, Upsample):
            self.upsample = resample

    def forward(self, x: Tensor) -> Tensor:
        for layer in (*self.block, *(layer for name, layer in self.named_children() if name != "block")):
            x = layer(x)
        return x


class Middle(nn.Module):
    """The lowest resolution, with attention."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.block_1 = ResnetBlock(channels, channels)
        self.attn_1 = AttentionBlock(channels)
        self.block_2 = ResnetBlock(channels, channels)

    def forward(self, x: Tensor) -> Tensor:
        middle: Tensor = self.block_2(self.attn_1(self.block_1(x)))
        return middle


class Encoder(nn.Module):
    """Log-mel (batch, 1, 8 T, 256) to the features of the moments (batch, 32, T, 32)."""

    def __init__(self, sizes: Sizes = PUBLISHED) -> None:
        super().__init__()
        widths = [sizes.vae_width * factor for factor in sizes.vae_multipliers]
        self.conv_in = nn.Conv2d(1, sizes.vae_width, 3, padding=1)
        self.down = nn.ModuleList()
        before = sizes.vae_width
        for index, width in enumerate(widths):
            last = index == len(widths) - 1
            self.down.append(Level(before, width, ENCODER_BLOCKS, None if last else Downsample(width)))
            before = width
        self.mid = Middle(before)
        self.norm_out = norm(before)
        self.conv_out = nn.Conv2d(before, 2 * LATENT_CHANNELS, 3, padding=1)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.conv_in(mel)
        for level in self.down:
            x = level(x)
        features: Tensor = self.conv_out(functional.silu(self.norm_out(self.mid(x))))
        return features


class Decoder(nn.Module):
    """Latent features (batch, 16, T, 32) to log-mel (batch, 1, 8 T, 256)."""

    def __init__(self, sizes: Sizes = PUBLISHED) -> None:
        super().__init__()
        widths = [sizes.vae_width * factor for factor in sizes.vae_multipliers]
        before = widths[-1]
        self.conv_in = nn.Conv2d(LATENT_CHANNELS, before, 3, padding=1)
        self.mid = Middle(before)
        levels = []
        for index, width in reversed(list(enumerate(widths))):
            levels.append(Level(before, width, DECODER_BLOCKS, Upsample(width) if index else None))
            before = width
        self.up = nn.ModuleList(reversed(levels))  # counted from the highest resolution
        self.norm_out = norm(before)
        self.conv_out = nn.Conv2d(before, 1, 3, padding=1)

    def forward(self, z: Tensor) -> Tensor:
        x = self.mid(self.conv_in(z))
        for level in reversed(list(self.up)):
            x = level(x)
        mel: Tensor = self.conv_out(functional.silu(self.norm_out(x)))
        return mel


class ConditionEncoder(nn.Module):
    """Log-mel (batch, 1, 8 T, 256) and noise (batch, 16, T, 32) to a sample of the posterior, unscaled."""

    def __init__(self, sizes: Sizes = PUBLISHED) -> None:
        super().__init__()
        self.encoder = Encoder(sizes)
        self.quant_conv = nn.Conv2d(2 * LATENT_CHANNELS, 2 * LATENT_CHANNELS, 1)

    def forward(self, mel: Tensor, noise: Tensor) -> Tensor:
        mean, log_variance = self.quant_conv(self.encoder(mel)).chunk(2, dim=1)
        sample: Tensor = mean + torch.exp(0.5 * torch.clamp(log_variance, *LOG_VARIANCE_RANGE)) * noise
        return sample


class LatentDecoder(nn.Module):
    """Scaled latent (batch, 16, T, 32) to log-mel (batch, 1, 8 T, 256)."""

    def __init__(self, sizes: Sizes = PUBLISHED, scale_factor: float = 1.0) -> None:
        super().__init__()
        self.post_quant_conv = nn.Conv2d(LATENT_CHANNELS, LATENT_CHANNELS, 1)
        self.decoder = Decoder(sizes)
        self.scale_factor = scale_factor

    def forward(self, z: Tensor) -> Tensor:
        mel: Tensor = self.decoder(self.post_quant_conv(z / self.scale_factor))
        return mel
