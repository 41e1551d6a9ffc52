"""Training examples: random excerpts of the packed corpus, their mels and their damage."""

import json
import math
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from audiosr_desktop.dsp.spectrum import mel_filter_bank
from audiosr_desktop.engine.condition import (
    EDGE_MARGIN,
    LOG_FLOOR,
    N_MELS,
    canonical_mel,
    known_bands,
    mel_edges_hz,
)
from audiosr_desktop.errors import TrainingError

SAMPLE_RATE = 48_000
HOP = 480
N_FFT = 2048
SIDE = (N_FFT - HOP) // 2
KIND_SHARES = {"music": 0.55, "speech": 0.25, "effects": 0.15, "instruments": 0.05}
FULL_BAND_HZ = 19_500.0
CUTOFF_JITTER = (0.95, 1.03)  # the engine's estimate is not exact either
REAL_SHARE = 0.85  # of a narrow file's band; above, its encoder let go now and then: not to be learnt
HOLE_FROM_HZ = 14_000.0  # bands from here to `OPEN_END_HZ` may be holes of an encoder
HOLE_NEPER = 3.5  # a hole lies so far (30 dB) below what the bands beneath let expect
OPEN_END_HZ = 20_500.0  # above this a file's end is the end of 44.1 kHz sound, which the model may learn


@dataclass(frozen=True, slots=True)
class Batch:
    """Examples: sound as it should be and, where damage was drawn, as the model is given it.

    Attributes:
        sound: float32 (batch, samples).
        bandwidth_hz: where each row's file ends.
        damaged: the same shape; None where the mel alone is damaged, later.
        cutoff_hz: end of the good band of each damaged row.
    """

    sound: Tensor
    bandwidth_hz: npt.NDArray[np.float64]
    damaged: Tensor | None = None
    cutoff_hz: npt.NDArray[np.float64] | None = None

    def to(self, device: torch.device) -> "Batch":
        """Return the batch with its sound on a device."""
        damaged = None if self.damaged is None else self.damaged.to(device, non_blocking=True)
        return replace(self, sound=self.sound.to(device, non_blocking=True), damaged=damaged)


class Corpus:
    """A packed corpus, mapped; draws excerpts by kind and prefers full-band files.

    Args:
        folder: what `corpus build` wrote.
        held_out: take the held-out files (about one in forty) instead of the others.
    """

    def __init__(self, folder: Path, *, held_out: bool = False) -> None:
        try:
            records = json.loads((folder / "index.json").read_text(encoding="utf-8"))
            self._samples = np.memmap(folder / "samples.i16", dtype=np.int16, mode="r")
        except OSError as error:
            raise TrainingError(f"No packed corpus in '{folder}': run corpus build first.") from error
        # packs of earlier versions do not say which files are held out
        kept = [
            record
            for number, record in enumerate(records)
            if bool(record.get("held_out", number % 40 == 0)) == held_out
        ]
        self._starts = np.array([record["start"] for record in kept])
        self._stops = np.array([record["stop"] for record in kept])
        self._bandwidths = np.array([record["bandwidth_hz"] for record in kept])
        kinds = np.array([record["kind"] for record in kept])
        weights = (self._stops - self._starts) * np.where(self._bandwidths >= FULL_BAND_HZ, 3.0, 1.0)
        present = {kind: share for kind, share in KIND_SHARES.items() if (kinds == kind).any()}
        if not present:
            raise TrainingError(f"The corpus in '{folder}' holds no sound of a known kind.")
        chances = np.zeros(len(kept))
        for kind, share in present.items():
            chosen = kinds == kind
            chances[chosen] = share * weights[chosen] / weights[chosen].sum()
        self._chances = chances / chances.sum()

    def draw(self, rng: np.random.Generator, size: int, samples: int) -> Batch:
        """Draw `size` excerpts of `samples` each; short files are joined until the length is reached."""
        rows = np.zeros((size, samples), np.float32)
        bandwidths = np.zeros(size)
        for row in range(size):
            filled, band = 0, math.inf
            while filled < samples:
                file = rng.choice(len(self._chances), p=self._chances)
                start, stop = int(self._starts[file]), int(self._stops[file])
                count = min(samples - filled, stop - start)
                first = start + int(rng.integers(0, stop - start - count + 1))
                rows[row, filled : filled + count] = self._samples[first : first + count]
                filled += count
                band = min(band, float(self._bandwidths[file]))
                if count < HOP:
                    break
            bandwidths[row] = band
        rows /= 32768.0
        level = np.sqrt(np.mean(rows**2, axis=1, keepdims=True)) + 1e-4
        target = 10.0 ** (rng.normal(-21.0, 5.0, (size, 1)) / 20.0)
        gain = np.minimum(target / level, 0.98 / (np.abs(rows).max(axis=1, keepdims=True) + 1e-4))
        polarity = rng.choice([-1.0, 1.0], (size, 1))
        return Batch(torch.from_numpy((rows * gain * polarity).astype(np.float32)), bandwidths)


class MelFrontEnd(torch.nn.Module):
    """The engine's log-mel in torch: sound (batch, 480 F) to natural-log mel (batch, F, 256)."""

    bank: Tensor
    window: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("bank", torch.from_numpy(mel_filter_bank().copy()))
        self.register_buffer("window", torch.hann_window(N_FFT))

    def spectrum(self, sound: Tensor) -> Tensor:
        """Return the complex STFT (batch, 1025, F), frame t centred on sample 480 t + 240."""
        padded = torch.nn.functional.pad(sound.unsqueeze(1), (SIDE, SIDE), mode="reflect").squeeze(1)
        return torch.stft(padded, N_FFT, HOP, window=self.window, center=False, return_complex=True)

    def forward(self, sound: Tensor) -> Tensor:
        mel = self.bank @ self.spectrum(sound).abs()
        return torch.log(mel.clamp_min(1e-5)).transpose(1, 2)


def draw_cutoff(rng: np.random.Generator, bandwidth_hz: float) -> float:
    """Draw a cutoff of 2 to 16 kHz that leaves something to restore, low ones more often."""
    top = min(16_000.0, 0.85 * bandwidth_hz)
    return float(np.exp(rng.uniform(np.log(2_000.0), np.log(max(top, 2_500.0)))))


def filter_slope(rng: np.random.Generator, cutoff_hz: float) -> npt.NDArray[np.float32]:
    """Draw the log response of a random low-pass in the 256 bands: none (brick wall), or Butterworth 2 to 10.

    The bands above the cutoff are replaced anyway; what a gentle filter changes is the level just below it.
    """
    if rng.random() < 0.5:
        return np.zeros(N_MELS, np.float32)
    order = int(rng.integers(2, 11))
    ratio = mel_edges_hz()[1:-1] / cutoff_hz
    slope: npt.NDArray[np.float32] = (-0.5 * np.log1p(ratio ** (2 * order))).astype(np.float32)
    return slope


def condition_mel(
    mel: npt.NDArray[np.float32], cutoff_hz: float, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """Damage a clean log-mel (frames, 256) and bring it to the canonical form, with an uncertain cutoff."""
    damaged = np.maximum(mel + filter_slope(rng, cutoff_hz), LOG_FLOOR)
    return canonical_mel(damaged, cutoff_hz * rng.uniform(*CUTOFF_JITTER))


def open_target(mel: npt.NDArray[np.float32], bandwidth_hz: float) -> tuple[npt.NDArray[np.float32], int]:
    """Continue a narrow file's mel above its own end, so that the model does not learn to end there.

    Returns:
        The mel and how many of its bands are real.
    """
    if bandwidth_hz >= OPEN_END_HZ:
        return mel, N_MELS
    end = bandwidth_hz * REAL_SHARE
    return canonical_mel(mel, end), known_bands(end / EDGE_MARGIN)


def holes(mel: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """Tell which cells of a clean log-mel (frames, 256) are holes that a lossy encoder left in the top."""
    centres = mel_edges_hz()[1:-1]
    top = (centres >= HOLE_FROM_HZ) & (centres < OPEN_END_HZ)
    return top & (mel < canonical_mel(mel, HOLE_FROM_HZ) - HOLE_NEPER)
