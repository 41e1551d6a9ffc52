"""Layers that the compact networks share."""

import torch
from torch import Tensor, nn


class ConvNeXtBlock1d(nn.Module):
    """Depthwise convolution over time, then a two-layer network per frame, added to the input.

    Input and output (batch, width, frames). With `embedding_size` the normalised frames are scaled and
    shifted by a linear map of an embedding (batch, embedding_size), as in adaptive layer norm.

    Source: Liu et al. 2022 (ConvNeXt); Peebles and Xie 2023 (adaptive norm).
    """

    def __init__(
        self, width: int, hidden: int, kernel: int, embedding_size: int = 0, scale: float = 0.2
    ) -> None:
        super().__init__()
        self.mix_time = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width, elementwise_affine=embedding_size == 0)
        self.modulate = nn.Linear(embedding_size, 2 * width) if embedding_size else None
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), scale))
        if self.modulate is not None:
            nn.init.zeros_(self.modulate.weight)
            nn.init.zeros_(self.modulate.bias)

    def forward(self, x: Tensor, embedding: Tensor | None = None) -> Tensor:
        y = self.norm(self.mix_time(x).transpose(1, 2))
        if self.modulate is not None and embedding is not None:
            gain, shift = self.modulate(embedding).unsqueeze(1).chunk(2, dim=-1)
            y = y * (1 + gain) + shift
        y = self.scale * self.narrow(nn.functional.gelu(self.widen(y)))
        mixed: Tensor = x + y.transpose(1, 2)
        return mixed


class ConvNeXtBlock2d(nn.Module):
    """The same over time and frequency: input and output (batch, width, frames, bins)."""

    def __init__(self, width: int, hidden: int, kernel: int, scale: float = 0.2) -> None:
        super().__init__()
        self.mix = nn.Conv2d(width, width, kernel, padding=kernel // 2, groups=width)
        self.norm = nn.LayerNorm(width)
        self.widen = nn.Linear(width, hidden)
        self.narrow = nn.Linear(hidden, width)
        self.scale = nn.Parameter(torch.full((width,), scale))

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm(self.mix(x).permute(0, 2, 3, 1))
        y = self.scale * self.narrow(nn.functional.gelu(self.widen(y)))
        mixed: Tensor = x + y.permute(0, 3, 1, 2)
        return mixed
