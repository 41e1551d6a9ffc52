"""Vocoder: log-mel to the complex spectrum of the sound, frame by frame."""

import numpy as np
import torch
from torch import Tensor, nn

from audiosr_desktop.engine.condition import mel_edges_hz
from audiosr_desktop.training.layers import ConvNeXtBlock1d

N_MELS = 256
N_BINS = 1025
BIN_HZ = 48_000 / 2048


def bin_interpolation() -> tuple[Tensor, Tensor]:
    """Return for each of the 1025 bins the lower of its two nearest mel bands, and the upper one's share.

    The vocoder only learns what this envelope lacks, which is most of the training saved.
    """
    centres = mel_edges_hz()[1:-1]
    bins = np.arange(N_BINS) * BIN_HZ
    lower = np.clip(np.searchsorted(centres, bins), 1, N_MELS - 1) - 1
    share = np.clip((bins - centres[lower]) / (centres[lower + 1] - centres[lower]), 0.0, 1.0)
    return torch.from_numpy(lower), torch.from_numpy(share.astype(np.float32))


class Vocoder(nn.Module):
    """ConvNeXt over frames that gives magnitude and phase of each STFT bin.

    Input `mel` (batch, 256, frames), natural log of mel magnitudes. Output (batch, 2, 1025, frames): real and
    imaginary part of the STFT (n_fft 2048, hop 480, periodic Hann, frame t centred on sample 480 t + 240).

    Source: Siuzdak 2023 (Vocos), without its time-domain parts.
    """

    lower: Tensor
    share: Tensor

    def __init__(self, width: int = 320, hidden: int = 960, blocks: int = 5, kernel: int = 7) -> None:
        super().__init__()
        self.enter = nn.Conv1d(N_MELS, width, 3, padding=1)
        self.blocks = nn.ModuleList(ConvNeXtBlock1d(width, hidden, kernel) for _ in range(blocks))
        self.norm = nn.LayerNorm(width)
        self.leave = nn.Linear(width, 3 * N_BINS)
        lower, share = bin_interpolation()
        self.register_buffer("lower", lower, persistent=False)
        self.register_buffer("share", share, persistent=False)
        # a Slaney band is normalised to unit area: one bin of level 1 reads 1 / BIN_HZ
        self.log_offset = float(np.log(BIN_HZ))

    def forward(self, mel: Tensor) -> Tensor:
        x = self.enter((mel + 5.0) / 3.0)
        for block in self.blocks:
            x = block(x)
        change, real, imaginary = self.leave(self.norm(x.transpose(1, 2))).chunk(3, dim=-1)
        frames = mel.transpose(1, 2)
        below, above = frames[..., self.lower], frames[..., self.lower + 1]
        level = below + self.share * (above - below) + self.log_offset
        magnitude = torch.exp(torch.clamp(level + change, max=8.0))
        length = torch.rsqrt(real.square() + imaginary.square() + 1e-6)
        spectrum = torch.stack((magnitude * real * length, magnitude * imaginary * length), dim=1)
        return spectrum.transpose(2, 3)
