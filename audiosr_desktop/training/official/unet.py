"""The UNet of the published AudioSR: the velocity of a noisy latent. Names are those of its state dict.

Source: Dhariwal and Nichol 2021 (UNet), Rombach et al. 2022 (transformer blocks), as in Liu et al. 2023.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from audiosr_desktop.training.autoencoder import LATENT_CHANNELS
from audiosr_desktop.training.official.sizes import PUBLISHED, Sizes
from audiosr_desktop.training.official.vae import Upsample

BLOCKS = 2
HEAD_CHANNELS = 32
TRANSFORMERS = 2  # the second is upstream's "extra self-attention layer"
LONGEST_PERIOD = 10_000.0


class ResidualBlock(nn.Module):
    """Two convolutions with the embedded time between them, added to the input."""

    def __init__(self, channels_in: int, channels: int, embedding: int) -> None:
        super().__init__()
        self.in_layers = nn.Sequential(
            nn.GroupNorm(32, channels_in), nn.SiLU(), nn.Conv2d(channels_in, channels, 3, padding=1)
        )
        self.emb_layers = nn.Sequential(nn.SiLU(), nn.Linear(embedding, channels))
        self.out_layers = nn.Sequential(
            nn.GroupNorm(32, channels),
            nn.SiLU(),
            nn.Identity(),  # dropout of 0 in training
            nn.Conv2d(channels, channels, 3, padding=1),
        )
        self.skip_connection = (
            nn.Conv2d(channels_in, channels, 1) if channels_in != channels else nn.Identity()
        )

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:
        y = self.in_layers(x) + self.emb_layers(embedding)[:, :, None, None]
        added: Tensor = self.skip_connection(x) + self.out_layers(y)
        return added


class SelfAttention(nn.Module):
    """Attention of positions (batch, positions, channels) among themselves, heads of 32 channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.to_q, self.to_k, self.to_v = (nn.Linear(channels, channels, bias=False) for _ in range(3))
        self.to_out = nn.Sequential(nn.Linear(channels, channels))

    def forward(self, x: Tensor) -> Tensor:
        batch, positions, channels = x.shape
        heads = channels // HEAD_CHANNELS
        query, key, value = (
            layer(x).view(batch, positions, heads, HEAD_CHANNELS).transpose(1, 2)
            for layer in (self.to_q, self.to_k, self.to_v)
        )
        weights = torch.softmax(query @ key.transpose(2, 3) * HEAD_CHANNELS**-0.5, dim=-1)
        mixed = (weights @ value).transpose(1, 2).reshape(batch, positions, channels)
        out: Tensor = self.to_out(mixed)
        return out


class GatedLinear(nn.Module):
    """A linear layer whose first half is scaled by the GELU of its second.

    Source: Shazeer 2020 (GEGLU).
    """

    def __init__(self, channels: int, hidden: int) -> None:
        super().__init__()
        self.proj = nn.Linear(channels, 2 * hidden)

    def forward(self, x: Tensor) -> Tensor:
        value, gate = self.proj(x).chunk(2, dim=-1)
        gated: Tensor = value * functional.gelu(gate)
        return gated


class FeedForward(nn.Module):
    """The two layers of a transformer block that look at one position."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.net = nn.Sequential(
            GatedLinear(channels, 4 * channels), nn.Identity(), nn.Linear(4 * channels, channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.net(x)
        return out


class TransformerBlock(nn.Module):
    """Self-attention twice (there is no context for the second), then the feed-forward layers."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.attn1, self.attn2 = SelfAttention(channels), SelfAttention(channels)
        self.ff = FeedForward(channels)
        self.norm1, self.norm2, self.norm3 = (nn.LayerNorm(channels) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.attn1(self.norm1(x))
        x = x + self.attn2(self.norm2(x))
        out: Tensor = x + self.ff(self.norm3(x))
        return out


class SpatialTransformer(nn.Module):
    """A transformer block over all positions of a picture, added to it."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.norm = nn.GroupNorm(32, channels, eps=1e-6)
        self.proj_in = nn.Conv2d(channels, channels, 1)
        self.transformer_blocks = nn.ModuleList([TransformerBlock(channels)])
        self.proj_out = nn.Conv2d(channels, channels, 1)

    def forward(self, x: Tensor) -> Tensor:
        y = self.proj_in(self.norm(x))
        rows = y.flatten(2).transpose(1, 2)
        for block in self.transformer_blocks:
            rows = block(rows)
        added: Tensor = x + self.proj_out(rows.transpose(1, 2).reshape(y.shape))
        return added


class Downsample(nn.Module):
    """Halve both axes; padded on all sides, unlike the VAE's."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.op = nn.Conv2d(channels, channels, 3, stride=2, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        halved: Tensor = self.op(x)
        return halved


class Block(nn.Sequential):
    """Layers one after the other, of which the residual blocks see the time."""

    def forward(self, x: Tensor, embedding: Tensor) -> Tensor:  # type: ignore[override]
        for layer in self:
            x = layer(x, embedding) if isinstance(layer, ResidualBlock) else layer(x)
        return x


class UNet(nn.Module):
    """Velocity (batch, 16, T, 32) of a noisy latent at a time; T is a multiple of 8.

    Input `x` (batch, 32, T, 32): noisy latent and condition, both scaled; `timesteps` (batch,) int64, 0 to
    999.
    """

    def __init__(self, sizes: Sizes = PUBLISHED) -> None:
        super().__init__()
        width = sizes.unet_width
        embedding = 4 * width
        self.width = width
        self.time_embed = nn.Sequential(
            nn.Linear(width, embedding), nn.SiLU(), nn.Linear(embedding, embedding)
        )
        self.input_blocks = nn.ModuleList([Block(nn.Conv2d(2 * LATENT_CHANNELS, width, 3, padding=1))])
        skips, channels, last = [width], width, len(sizes.unet_multipliers) - 1
        for level, factor in enumerate(sizes.unet_multipliers):
            for _ in range(BLOCKS):
                block = Block(ResidualBlock(channels, width * factor, embedding))
                channels = width * factor
                block.extend(_attention(level, channels))
                self.input_blocks.append(block)
                skips.append(channels)
            if level < last:
                self.input_blocks.append(Block(Downsample(channels)))
                skips.append(channels)
        self.middle_block = Block(
            ResidualBlock(channels, channels, embedding),
            *_attention(last, channels),
            ResidualBlock(channels, channels, embedding),
        )
        self.output_blocks = nn.ModuleList()
        for level, factor in reversed(list(enumerate(sizes.unet_multipliers))):
            for index in range(BLOCKS + 1):
                block = Block(ResidualBlock(channels + skips.pop(), width * factor, embedding))
                channels = width * factor
                block.extend(_attention(level, channels))
                if level and index == BLOCKS:
                    block.append(Upsample(channels))
                self.output_blocks.append(block)
        self.out = nn.Sequential(
            nn.GroupNorm(32, channels), nn.SiLU(), nn.Conv2d(channels, LATENT_CHANNELS, 3, padding=1)
        )

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        embedding = self.time_embed(time_features(timesteps, self.width).to(x.dtype))
        skips = []
        for block in self.input_blocks:
            x = block(x, embedding)
            skips.append(x)
        x = self.middle_block(x, embedding)
        for block in self.output_blocks:
            x = block(torch.cat((x, skips.pop()), dim=1), embedding)
        velocity: Tensor = self.out(x)
        return velocity


def time_features(timesteps: Tensor, count: int) -> Tensor:
    """Return cosines, then sines, of times (batch,) at `count` / 2 frequencies: float32 (batch, count)."""
    half = count // 2
    steps = torch.arange(half, dtype=torch.float32, device=timesteps.device)
    angles = timesteps[:, None].float() * torch.exp(-math.log(LONGEST_PERIOD) / half * steps)
    return torch.cat((torch.cos(angles), torch.sin(angles)), dim=1)


def _attention(level: int, channels: int) -> list[nn.Module]:
    """Return the attention of a level: all but the highest resolution have it."""
    return [SpatialTransformer(channels) for _ in range(TRANSFORMERS)] if level else []
