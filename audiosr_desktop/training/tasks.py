"""What the vocoder and the VAE learn from a batch, as steps of one loop; the rest is in `latent_tasks`."""

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from audiosr_desktop.training import data, losses
from audiosr_desktop.training.autoencoder import LATENT_BINS, LATENT_CHANNELS, Autoencoder, kl_to_normal
from audiosr_desktop.training.run import Run
from audiosr_desktop.training.vocoder import Vocoder


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a batch gave.

    Attributes:
        loss: to descend.
        figures: to log, detached.
        made: what the network made of the batch, for discriminators; None where there is nothing to judge.
        truth: what it should have made.
    """

    loss: Tensor
    figures: dict[str, Tensor] = field(default_factory=dict)
    made: Tensor | None = None
    truth: Tensor | None = None


class Task(Protocol):
    """A network with its loss."""

    network: nn.Module
    scale_factor: float

    def prepare(self, batch: data.Batch, rng: np.random.Generator) -> None:
        """Measure what the network needs to know of the data; called once, before a first step."""

    def loss(self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool) -> Outcome:
        """Return the loss of a batch; only the networks themselves run in bfloat16."""


def overlap_add(spectrum: Tensor) -> Tensor:
    """Return the sound (batch, 480 F) of frames (batch, 1025, F): inverse of `MelFrontEnd.spectrum`."""
    frames = spectrum.shape[-1]
    window = torch.hann_window(data.N_FFT, device=spectrum.device)
    blocks = torch.fft.irfft(spectrum, n=data.N_FFT, dim=1) * window[:, None]
    total = (frames - 1) * data.HOP + data.N_FFT

    def fold(columns: Tensor) -> Tensor:
        return nn.functional.fold(columns, (1, total), (1, data.N_FFT), stride=(1, data.HOP)).flatten(1)

    weight = fold(window.square()[None, :, None].expand(1, -1, frames).contiguous())
    return (fold(blocks) / weight.clamp_min(1e-3))[:, data.SIDE : total - data.SIDE]


def normal(shape: tuple[int, ...], rng: np.random.Generator, device: torch.device) -> Tensor:
    """Return standard normal noise; the same for the same state of `rng` on the same kind of device."""
    generator = torch.Generator(device).manual_seed(int(rng.integers(2**62)))
    return torch.randn(shape, generator=generator, device=device)


class VocoderTask:
    """Mel of clean sound to its spectrum: log-spectral distance, STFT at four sizes, mel, some phase."""

    def __init__(self, device: torch.device) -> None:
        self.network: nn.Module = Vocoder().to(device)
        self.scale_factor = 1.0
        self._front = data.MelFrontEnd().to(device)

    def prepare(self, batch: data.Batch, rng: np.random.Generator) -> None:
        """Nothing to measure."""

    def loss(self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool) -> Outcome:
        sound = batch.sound
        with torch.no_grad():
            wanted = self._front.spectrum(sound)
            mel = self._front(sound)
        with torch.autocast(sound.device.type, torch.bfloat16, enabled=bfloat16):
            found = self.network(mel.transpose(1, 2)).float()
        magnitude = torch.sqrt(found.square().sum(dim=1) + 1e-12)
        estimate = overlap_add(torch.complex(found[:, 0], found[:, 1]))
        spectral = losses.multi_resolution_stft_loss(estimate, sound)
        distance = losses.log_spectral_loss(magnitude, wanted.abs())
        distance_after = losses.log_spectral_loss(self._front.spectrum(estimate).abs(), wanted.abs())
        mel_error = (self._front(estimate) - mel).abs().mean()
        phase = losses.phase_loss(found, torch.stack((wanted.real, wanted.imag), dim=1))
        total = spectral + 0.5 * distance + distance_after + mel_error + 0.1 * phase
        figures = {"stft": spectral.detach(), "lsd": distance_after.detach(), "mel": mel_error.detach()}
        return Outcome(total, figures, estimate, sound)


class AutoencoderTask:
    """Clean and canonical mels through the VAE: L1, L1 of the texture, and a small KL."""

    def __init__(self, run: Run, device: torch.device) -> None:
        network = Autoencoder().to(device)
        if run.decoder_alone:
            network.encoder.requires_grad_(False)
        self.network: nn.Module = network
        self.scale_factor = 1.0
        self._front = data.MelFrontEnd().to(device)
        self._kl_weight, self._texture_weight = run.kl_weight, run.texture_weight

    def prepare(self, batch: data.Batch, rng: np.random.Generator) -> None:
        """Nothing to measure."""

    def loss(self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool) -> Outcome:
        mel = self._front(batch.sound).unsqueeze(1)
        rows = mel.cpu().numpy().copy()
        for row in range(0, len(rows), 3):  # a third of the examples are what the condition encoder will see
            rows[row, 0] = data.condition_mel(
                rows[row, 0], data.draw_cutoff(rng, batch.bandwidth_hz[row]), rng
            )
        mel = torch.from_numpy(rows).to(mel.device)
        noise = normal((mel.shape[0], LATENT_CHANNELS, mel.shape[2] // 8, LATENT_BINS), rng, mel.device)
        with torch.autocast(mel.device.type, torch.bfloat16, enabled=bfloat16):
            decoded, mean, log_variance = (value.float() for value in self.network(mel, noise))
        error = (decoded - mel).abs().mean()
        texture = (decoded - mel).diff(dim=2).abs().mean() + (decoded - mel).diff(dim=3).abs().mean()
        kl = kl_to_normal(mean, log_variance)
        total = error + self._texture_weight * texture + self._kl_weight * kl
        figures = {
            "l1": error.detach(),
            "texture": texture.detach(),
            "kl": kl.detach(),
            "std": torch.exp(0.5 * log_variance).mean().detach(),
        }
        return Outcome(total, figures, decoded, mel)
