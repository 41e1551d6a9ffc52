"""Discriminators: networks that tell made sound, or made mels, from true ones.

Each returns the outputs of all its layers; the last is the verdict, high for true.
"""

from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

PERIODS = (2, 3, 5, 7, 11)
RESOLUTIONS = ((2048, 480), (1024, 240), (512, 120))
SLOPE = 0.1


class Layers(nn.Module):
    """A stack of two-dimensional convolutions, of which all outputs are kept."""

    def __init__(self, convolutions: list[nn.Module]) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(weight_norm(convolution) for convolution in convolutions)

    def forward(self, x: Tensor) -> list[Tensor]:
        outputs = []
        for index, convolution in enumerate(self.convolutions):
            x = convolution(x)
            outputs.append(x)
            if index < len(self.convolutions) - 1:
                x = nn.functional.leaky_relu(x, SLOPE)
        return outputs


class PeriodDiscriminator(nn.Module):
    """Sound (batch, samples), folded so that samples one period apart are neighbours.

    Source: Kong et al. 2020 (HiFi-GAN), section 2.3, with fewer channels.
    """

    def __init__(self, period: int, width: int = 16) -> None:
        super().__init__()
        self.period = period
        widths = (1, width, 2 * width, 4 * width, 8 * width)
        steps = [nn.Conv2d(few, many, (5, 1), (3, 1), padding=(2, 0)) for few, many in pairwise(widths)]
        last = [
            nn.Conv2d(widths[-1], widths[-1], (5, 1), padding=(2, 0)),
            nn.Conv2d(widths[-1], 1, (3, 1), padding=(1, 0)),
        ]
        self.layers = Layers([*steps, *last])

    def forward(self, sound: Tensor) -> list[Tensor]:
        missing = -sound.shape[-1] % self.period
        padded = nn.functional.pad(sound.unsqueeze(1), (0, missing), mode="reflect")
        outputs: list[Tensor] = self.layers(padded.view(len(sound), 1, -1, self.period))
        return outputs


class ResolutionDiscriminator(nn.Module):
    """Sound (batch, samples) as its spectrum at one resolution: real part, imaginary part, log magnitude.

    Source: Jang et al. 2021 (UnivNet), section 2.3; the complex spectrum as in Siuzdak 2023 (Vocos).
    """

    window: Tensor

    def __init__(self, n_fft: int, hop: int, width: int = 16) -> None:
        super().__init__()
        self.n_fft, self.hop = n_fft, hop
        self.register_buffer("window", torch.hann_window(n_fft), persistent=False)
        steps = [nn.Conv2d(3, width, (7, 5), (2, 1), padding=(3, 2))]
        steps += [nn.Conv2d(width, width, (5, 3), (2, stride), padding=(2, 1)) for stride in (1, 2, 2)]
        last = [nn.Conv2d(width, width, 3, padding=1), nn.Conv2d(width, 1, 3, padding=1)]
        self.layers = Layers([*steps, *last])

    def forward(self, sound: Tensor) -> list[Tensor]:
        spectrum = torch.stft(sound, self.n_fft, self.hop, window=self.window, return_complex=True)
        power = spectrum.real.square() + spectrum.imag.square()
        # amplitudes to the power 0.3: quiet partials count beside loud ones
        bent = (power + 1e-9) ** -0.35
        parts = (spectrum.real * bent, spectrum.imag * bent, 0.5 * torch.log(power + 1e-9) / 5.0 + 1.0)
        outputs: list[Tensor] = self.layers(torch.stack(parts, dim=1))
        return outputs


class MelDiscriminator(nn.Module):
    """Log-mel (batch, 1, frames, 256): patches of some 0.3 s by a third of the band.

    Source: Isola et al. 2017 (PatchGAN), section 3.2.2.
    """

    def __init__(self, width: int = 32) -> None:
        super().__init__()
        steps = [
            nn.Conv2d(1, width, 4, 2, padding=1),
            nn.Conv2d(width, 2 * width, 4, 2, padding=1),
            nn.Conv2d(2 * width, 4 * width, 4, 2, padding=1),
        ]
        self.layers = Layers([*steps, nn.Conv2d(4 * width, 1, 3, padding=1)])

    def forward(self, mel: Tensor) -> list[Tensor]:
        outputs: list[Tensor] = self.layers((mel + 5.0) / 3.0)
        return outputs


class Discriminators(nn.Module):
    """All that judge the output of one task; returns the layers of each.

    Raises:
        ValueError: nothing judges that task.
    """

    def __init__(self, task: str) -> None:
        super().__init__()
        judges: list[nn.Module]
        if task == "vocoder":
            judges = [PeriodDiscriminator(period) for period in PERIODS]
            judges += [ResolutionDiscriminator(n_fft, hop) for n_fft, hop in RESOLUTIONS]
        elif task == "autoencoder":
            judges = [MelDiscriminator()]
        else:
            raise ValueError(f"nothing judges the task {task}")
        self.judges = nn.ModuleList(judges)

    def forward(self, x: Tensor) -> list[list[Tensor]]:
        return [judge(x) for judge in self.judges]
