"""What each network learns from a batch: the vocoder, the VAE and the UNet as steps of one loop."""

from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from audiosr_desktop.training import data, losses
from audiosr_desktop.training.autoencoder import LATENT_BINS, Autoencoder, kl_to_normal
from audiosr_desktop.training.unet import UNet
from audiosr_desktop.training.vocoder import Vocoder
from audiosr_desktop.training.weights import fill, load_weights


class Task(Protocol):
    """A network with its loss."""

    @property
    def network(self) -> nn.Module:
        """What is trained."""

    def loss(
        self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool
    ) -> tuple[Tensor, dict[str, float]]:
        """Return the loss of a batch and the figures to log; only the network itself runs in bfloat16."""


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


class VocoderTask:
    """Mel of clean sound to its spectrum: log-spectral distance, STFT at four sizes, mel, some phase."""

    def __init__(self, device: torch.device) -> None:
        self.network: Vocoder = Vocoder().to(device)
        self._front = data.MelFrontEnd().to(device)

    def loss(
        self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool
    ) -> tuple[Tensor, dict[str, float]]:
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
        return total, {"stft": spectral.item(), "lsd": distance_after.item(), "mel": mel_error.item()}


class AutoencoderTask:
    """Clean and canonical mels through the VAE: L1, L1 of the texture, and a small KL."""

    def __init__(self, device: torch.device, kl_weight: float = 2e-3) -> None:
        self.network: Autoencoder = Autoencoder().to(device)
        self._front = data.MelFrontEnd().to(device)
        self._kl_weight = kl_weight

    def loss(
        self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool
    ) -> tuple[Tensor, dict[str, float]]:
        mel = self._front(batch.sound).unsqueeze(1)
        rows = mel.cpu().numpy()
        for row in range(0, len(rows), 3):  # a third of the examples are what the condition encoder will see
            rows[row, 0] = data.condition_mel(
                rows[row, 0], data.draw_cutoff(rng, batch.bandwidth_hz[row]), rng
            )
        mel = torch.from_numpy(rows).to(mel.device)
        generator = torch.Generator(device="cpu").manual_seed(int(rng.integers(2**62)))
        shape = (mel.shape[0], 16, mel.shape[2] // 8, LATENT_BINS)
        noise = torch.randn(shape, generator=generator).to(mel.device)
        with torch.autocast(mel.device.type, torch.bfloat16, enabled=bfloat16):
            decoded, mean, log_variance = (value.float() for value in self.network(mel, noise))
        error = (decoded - mel).abs().mean()
        texture = sum(((decoded - mel).diff(dim=dim)).abs().mean() for dim in (2, 3))
        kl = kl_to_normal(mean, log_variance)
        total = error + 0.5 * texture + self._kl_weight * kl
        figures = {"l1": error.item(), "kl": kl.item(), "std": torch.exp(0.5 * log_variance).mean().item()}
        return total, figures


class UNetTask:
    """Velocity of noised clean latents given the condition latent; bands a file lacks hardly count.

    Encoding costs more than the UNet's own step, so each latent is noised `draws` times.
    """

    def __init__(
        self, device: torch.device, autoencoder: Path, null_share: float = 0.08, draws: int = 4
    ) -> None:
        self.network: UNet = UNet().to(device)
        self._front = data.MelFrontEnd().to(device)
        self._null_share = null_share
        self._draws = draws
        self._encoder = Autoencoder().to(device)
        fill(self._encoder, load_weights(autoencoder, "autoencoder", device), autoencoder)
        self._encoder.eval().requires_grad_(False)
        self.scale_factor = 0.0

    def prepare(self, batch: data.Batch, rng: np.random.Generator) -> None:
        """Measure the latents' scale and the residual's deviation; needed once, before the first step."""
        self.scale_factor = 1.0
        clean, condition, _ = self._latents(batch, rng, bfloat16=False)
        self.scale_factor = float(1.0 / clean.std())
        residual = (clean - condition) * self.scale_factor
        std = residual.square().mean(dim=(0, 2)).sqrt().clamp(0.4, 1.5)
        self.network.residual_std.copy_(std.unsqueeze(1))

    def _latents(
        self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        mel = self._front(batch.sound).cpu().numpy()
        conditions = np.empty_like(mel)
        weights = np.ones((len(mel), 1, 1, LATENT_BINS), np.float32)
        for row, bandwidth in enumerate(batch.bandwidth_hz):
            mel[row], real = data.open_target(mel[row], float(bandwidth))
            weights[row, ..., real // 8 :] = 0.05
            conditions[row] = data.condition_mel(mel[row], data.draw_cutoff(rng, float(bandwidth)), rng)
        device = batch.sound.device
        both = torch.from_numpy(np.concatenate((mel, conditions)))[:, None].to(device)
        with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            mean, _ = self._encoder.encoder(both)
        clean, condition = mean.float().chunk(2)
        return clean * self.scale_factor, condition * self.scale_factor, torch.from_numpy(weights).to(device)

    def loss(
        self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool
    ) -> tuple[Tensor, dict[str, float]]:
        clean, condition, weights = (
            value.repeat(self._draws, 1, 1, 1) for value in self._latents(batch, rng, bfloat16=bfloat16)
        )
        size = len(clean)
        generator = torch.Generator(device="cpu").manual_seed(int(rng.integers(2**62)))
        noise = torch.randn(clean.shape, generator=generator).to(clean.device)
        # low noise is easy and few steps visit it: half of the draws are from the noisiest third
        times = np.where(rng.random(size) < 0.5, rng.integers(0, 1000, size), rng.integers(660, 1000, size))
        timesteps = torch.from_numpy(times).to(clean.device)
        dropped = torch.from_numpy(rng.random(size) < self._null_share).to(clean.device)
        condition = torch.where(dropped.view(-1, 1, 1, 1), torch.zeros_like(condition), condition)
        alpha = self.network.alphas[timesteps].view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
        with torch.autocast(clean.device.type, torch.bfloat16, enabled=bfloat16):
            found = self.network(torch.cat((noisy, condition), dim=1), timesteps).float()
        error = (found - velocity).square() * weights
        total = error.mean()
        high = error[timesteps >= 900].mean() if bool((timesteps >= 900).any()) else total
        return total, {"v": total.item(), "v_noisiest": high.item()}
