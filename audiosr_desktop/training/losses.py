"""Losses on spectra."""

import torch
from torch import Tensor

RESOLUTIONS = ((2048, 480), (1024, 240), (512, 120), (256, 60))
LOG_FLOOR = 1e-5


def magnitudes(waveform: Tensor, n_fft: int, hop: int) -> Tensor:
    """Return STFT magnitudes (batch, bins, frames) of sound (batch, samples)."""
    window = torch.hann_window(n_fft, device=waveform.device)
    spectrum = torch.stft(waveform, n_fft, hop, window=window, return_complex=True)
    return torch.sqrt(spectrum.real.square() + spectrum.imag.square() + 1e-12)


def multi_resolution_stft_loss(estimate: Tensor, target: Tensor) -> Tensor:
    """Return spectral convergence plus the L1 distance of log magnitudes, mean over resolutions.

    Args:
        estimate: sound (batch, samples).
        target: the same shape.

    Source: Yamamoto et al. 2020, eqs. 4 to 7.
    """
    total = estimate.new_zeros(())
    for n_fft, hop in RESOLUTIONS:
        found, wanted = magnitudes(estimate, n_fft, hop), magnitudes(target, n_fft, hop)
        convergence = (wanted - found).norm() / wanted.norm().clamp_min(1e-4)
        distance = (torch.log(wanted + LOG_FLOOR) - torch.log(found + LOG_FLOOR)).abs().mean()
        total = total + convergence + distance
    return total / len(RESOLUTIONS)


def log_spectral_loss(estimate: Tensor, target: Tensor, floor: float = 1e-3) -> Tensor:
    """Return the log-spectral distance of two magnitude spectra (…, bins, frames) with a floor on both.

    The evaluation's own figure in a form that can be descended: root over bins, mean over frames.
    """
    difference = torch.log10((target.square() + floor**2) / (estimate.square() + floor**2))
    return torch.sqrt(difference.square().mean(dim=-2) + 1e-8).mean()


def phase_loss(estimate: Tensor, target: Tensor) -> Tensor:
    """Return the mean distance of complex spectra (batch, 2, bins, frames), relative to each bin's level."""
    level = target.square().sum(dim=1, keepdim=True).sqrt()
    return (
        (estimate - target).abs() / (level + level.mean(dim=(2, 3), keepdim=True) * 0.1 + LOG_FLOOR)
    ).mean()
