"""The vocoder of the published AudioSR: log-mel to sound at 48 kHz. Names are those of its state dict.

Source: Kong et al. 2020 (HiFi-GAN), as in Liu et al. 2023.
"""

import torch
from torch import Tensor, nn
from torch.nn import functional

from audiosr_desktop.training.official.sizes import PUBLISHED, Sizes
from audiosr_desktop.training.vocoder import N_MELS

RATES = (6, 5, 4, 2, 2)
KERNELS = (12, 10, 8, 4, 4)
DILATIONS = (1, 3, 5)
SLOPE = 0.1
LAST_SLOPE = 0.01


class ResidualBlock(nn.Module):
    """Three pairs of convolutions, each added to its input; the first of a pair is dilated."""

    def __init__(self, channels: int, kernel: int) -> None:
        super().__init__()
        self.convs1 = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, dilation=step, padding=(kernel - 1) * step // 2)
            for step in DILATIONS
        )
        self.convs2 = nn.ModuleList(
            nn.Conv1d(channels, channels, kernel, padding=(kernel - 1) // 2) for _ in DILATIONS
        )

    def forward(self, x: Tensor) -> Tensor:
        for first, second in zip(self.convs1, self.convs2, strict=True):
            y = first(functional.leaky_relu(x, SLOPE))
            x = x + second(functional.leaky_relu(y, SLOPE))
        return x


class Vocoder(nn.Module):
    """Log-mel (batch, 256, frames) to sound (batch, 1, 480 frames + 16).

    The 16 samples come from the second stage, whose padding is half a sample short on both sides.
    """

    def __init__(self, sizes: Sizes = PUBLISHED) -> None:
        super().__init__()
        width = sizes.vocoder_width
        self.branches = len(sizes.vocoder_kernels)
        self.conv_pre = nn.Conv1d(N_MELS, width, 7, padding=3)
        self.ups = nn.ModuleList()
        self.resblocks = nn.ModuleList()
        for rate, kernel in zip(RATES, KERNELS, strict=True):
            padding = (kernel - rate) // 2
            self.ups.append(nn.ConvTranspose1d(width, width // 2, kernel, stride=rate, padding=padding))
            width //= 2
            self.resblocks.extend(ResidualBlock(width, size) for size in sizes.vocoder_kernels)
        self.conv_post = nn.Conv1d(width, 1, 7, padding=3)

    def forward(self, mel: Tensor) -> Tensor:
        x = self.conv_pre(mel)
        for stage, up in enumerate(self.ups):
            x = up(functional.leaky_relu(x, SLOPE))
            first = stage * self.branches
            total = self.resblocks[first](x)
            for block in self.resblocks[first + 1 : first + self.branches]:
                total = total + block(x)
            x = total / self.branches
        return torch.tanh(self.conv_post(functional.leaky_relu(x, LAST_SLOPE)))
