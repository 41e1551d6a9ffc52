"""What the UNet and the noise-aware condition encoder learn: both work on the latents of a trained VAE."""

from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from audiosr_desktop.training import data
from audiosr_desktop.training.autoencoder import Autoencoder, Encoder, kl_between
from audiosr_desktop.training.estimator import Estimator, band_weights
from audiosr_desktop.training.mels import MelPairs
from audiosr_desktop.training.run import Run
from audiosr_desktop.training.tasks import Outcome, normal
from audiosr_desktop.training.unet import UNet
from audiosr_desktop.training.weights import fill, load_weights

TIMES = 1000
MEL_CELLS = 8  # frames, and bands, in a latent position
HIGH_NOISE_FROM, LOW_NOISE_TO = 660, 330  # the thirds that draws may favour
MASKED_COLUMNS = (1, 5)  # a gap of 10 to 250 ms touches so many latent columns of 80 ms


def trained_autoencoder(run: Run, device: torch.device) -> Autoencoder:
    """Return the VAE of a run, which is not trained further."""
    network = Autoencoder().to(device)
    fill(network, load_weights(Path(run.autoencoder), "autoencoder", device), Path(run.autoencoder))
    return network.eval().requires_grad_(False)


def condition_encoder(run: Run, autoencoder: Autoencoder, device: torch.device) -> Encoder:
    """Return the encoder whose latents the UNet reads: the VAE's own, or a noise-aware one."""
    if not run.condition_encoder:
        return autoencoder.encoder
    network, path = Encoder().to(device), Path(run.condition_encoder)
    fill(network, load_weights(path, "condition_encoder", device), path)
    return network.eval().requires_grad_(False)


def trained_estimator(run: Run, device: torch.device) -> Estimator | None:
    """Return the estimator of a run, which is not trained further, or None where it names none."""
    if not run.estimator:
        return None
    network, path = Estimator().to(device), Path(run.estimator)
    fill(network, load_weights(path, "estimator", device), path)
    return network.eval().requires_grad_(False)


class UNetTask:
    """Velocity of noised clean latents given the condition latent; bands a file lacks hardly count.

    Encoding costs more than the UNet's own step, so each latent is noised several times.
    """

    def __init__(self, run: Run, device: torch.device) -> None:
        self.network: nn.Module = UNet().to(device)
        self.scale_factor = 1.0
        self.autoencoder = trained_autoencoder(run, device)
        self.encoder = condition_encoder(run, self.autoencoder, device)
        self.estimator = trained_estimator(run, device)
        self._run = run
        self._mels = MelPairs(run.condition, device)
        self._bands = band_weights().to(device)

    def prepare(self, batch: data.Batch, rng: np.random.Generator) -> None:
        """Measure the latents' scale and the residual's deviation."""
        clean, condition, _ = self._latents(batch, rng, bfloat16=False)
        self.scale_factor = float(1.0 / clean.std())
        residual = (clean - condition) * self.scale_factor
        std = residual.square().mean(dim=(0, 2)).sqrt().clamp(0.4, 1.5)
        cast(UNet, self.network).residual_std.copy_(std.unsqueeze(1))

    def _latents(
        self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool
    ) -> tuple[Tensor, Tensor, Tensor]:
        mel, condition_mel, weights = self._mels(batch, rng)
        with torch.no_grad(), torch.autocast(mel.device.type, torch.bfloat16, enabled=bfloat16):
            clean, _ = self.autoencoder.encoder(mel)
            if self.estimator is not None:
                condition_mel = self.estimator(condition_mel)
            condition, _ = self.encoder(condition_mel)
        cells = nn.functional.avg_pool2d(weights * self._bands, MEL_CELLS)
        return clean.float() * self.scale_factor, condition.float() * self.scale_factor, cells

    def loss(self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool) -> Outcome:
        clean, condition, weights = (
            value.repeat(self._run.draws, 1, 1, 1) for value in self._latents(batch, rng, bfloat16=bfloat16)
        )
        device = clean.device
        noise = normal(tuple(clean.shape), rng, device)
        timesteps = torch.from_numpy(self._times(len(clean), rng)).to(device)
        known = torch.from_numpy(self._known(len(clean), clean.shape[2], rng)).to(device)
        condition = condition * known
        alpha = cast(UNet, self.network).alphas[timesteps].view(-1, 1, 1, 1)
        noisy = alpha.sqrt() * clean + (1 - alpha).sqrt() * noise
        velocity = alpha.sqrt() * noise - (1 - alpha).sqrt() * clean
        with torch.autocast(device.type, torch.bfloat16, enabled=bfloat16):
            found = self.network(torch.cat((noisy, condition), dim=1), timesteps).float()
        error = (found - velocity).square() * weights
        if self._run.weighting == "min_snr":
            error = error * min_snr_weight(alpha, self._run.min_snr_gamma)
        figures = {"v": error.mean().detach()}
        for name, kept in (("v_noisy", timesteps >= HIGH_NOISE_FROM), ("v_clean", timesteps < LOW_NOISE_TO)):
            figures[name] = ((error.mean(dim=(1, 2, 3)) * kept).sum() / kept.sum().clamp_min(1)).detach()
        return Outcome(error.mean(), figures)

    def _times(self, size: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
        """Draw timesteps: a share from each end, the rest even."""
        chance = rng.random(size)
        high, low = self._run.high_noise_share, self._run.low_noise_share
        even = rng.integers(0, TIMES, size)
        times = np.where(chance < high, rng.integers(HIGH_NOISE_FROM, TIMES, size), even)
        return np.where(chance >= 1.0 - low, rng.integers(0, LOW_NOISE_TO, size), times)

    def _known(self, size: int, columns: int, rng: np.random.Generator) -> npt.NDArray[np.float32]:
        """Draw what is known of each condition, (size, 1, columns, 1): all, nothing, or all but a span."""
        known = np.ones((size, 1, columns, 1), np.float32)
        for row, chance in enumerate(rng.random(size)):
            if chance < self._run.null_share:
                known[row] = 0.0
            elif chance < self._run.null_share + self._run.mask_share:
                length = min(int(rng.integers(MASKED_COLUMNS[0], MASKED_COLUMNS[1] + 1)), columns)
                first = int(rng.integers(0, columns - length + 1))
                known[row, :, first : first + length] = 0.0
        return known


def min_snr_weight(alpha: Tensor, gamma: float) -> Tensor:
    """Return the weight of a velocity's squared error at alpha_bar.

    Source: Hang et al. 2023 ("Efficient diffusion training via min-SNR weighting"), section 3.4, velocity.
    """
    ratio = alpha / (1.0 - alpha).clamp_min(1e-8)
    return ratio.clamp_max(gamma) / (ratio + 1.0)


class ConditionEncoderTask:
    """Posterior of damaged sound brought to the posterior of the clean sound, from the VAE's encoder on.

    Source: Fang et al. 2021 ("Variational autoencoder for speech enhancement with a noise-aware encoder").
    """

    def __init__(self, run: Run, device: torch.device) -> None:
        self.scale_factor = 1.0
        self.autoencoder = trained_autoencoder(run, device)
        self.encoder = Encoder().to(device)
        self.encoder.load_state_dict(self.autoencoder.encoder.state_dict())
        self.estimator: Estimator | None = None  # it knows missing bands, not noise
        self.network: nn.Module = self.encoder
        self._mels = MelPairs(run.condition, device)

    def prepare(self, batch: data.Batch, rng: np.random.Generator) -> None:
        """Nothing to measure."""

    def loss(self, batch: data.Batch, rng: np.random.Generator, *, bfloat16: bool) -> Outcome:
        mel, damaged, weights = self._mels(batch, rng)
        with torch.autocast(mel.device.type, torch.bfloat16, enabled=bfloat16):
            with torch.no_grad():
                wanted, wanted_log_variance = self.autoencoder.encoder(mel)
            found, log_variance = self.network(damaged)
        pairs = (found.float(), log_variance.float(), wanted.float(), wanted_log_variance.float())
        weights = nn.functional.avg_pool2d(weights, MEL_CELLS)
        distance = ((pairs[0] - pairs[2]).abs() * weights).mean()
        divergence = kl_between(*pairs, weights)
        return Outcome(divergence, {"kl": divergence.detach(), "mean": distance.detach()})
