"""The sizes of the published networks; smaller ones make quick tests."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Sizes:
    """Widths of the three networks. All widths are multiples of 32, the number of groups of the norms.

    Attributes:
        vae_width: channels of the VAE's first level.
        vae_multipliers: of the width on its four levels.
        unet_width: channels of the UNet's first level.
        unet_multipliers: of the width on its four levels.
        vocoder_width: channels after the vocoder's first convolution; halved five times.
        vocoder_kernels: of the residual blocks of each of its stages.
    """

    vae_width: int = 128
    vae_multipliers: tuple[int, ...] = (1, 2, 4, 8)
    unet_width: int = 128
    unet_multipliers: tuple[int, ...] = (1, 2, 3, 5)
    vocoder_width: int = 1536
    vocoder_kernels: tuple[int, ...] = (3, 7, 11, 15)


PUBLISHED = Sizes()
"""AudioSR basic and speech."""
