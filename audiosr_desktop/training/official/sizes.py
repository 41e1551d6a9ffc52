"""The sizes of the published networks; smaller ones make quick tests."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


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

# tensors, and the axis of theirs, that tell the width of each level; graphs keep the names of these
_UNET_LEVELS = {f"input_blocks.{block}.0.op.weight": 0 for block in (3, 6, 9)} | {
    "input_blocks.10.0.in_layers.2.weight": 0
}
_VAE_LEVELS = {f"encoder.down.{level}.downsample.conv.weight": 0 for level in range(3)} | {
    "encoder.conv_out.weight": 1
}
_STAGES = 5  # of the vocoder


def found_sizes(shapes: Mapping[str, tuple[int, ...]]) -> Sizes:
    """Return the sizes of networks by their tensors' shapes, the published ones of those that are absent.

    Args:
        shapes: by the tensors' names in their networks; those of the vocoder begin with "vocoder.".
    """

    def levels(axes: Mapping[str, int], width: int) -> tuple[int, ...]:
        return tuple(shapes.get(name, (0, 0))[axis] // max(width, 1) for name, axis in axes.items())

    sizes = PUBLISHED
    if unet := shapes.get("input_blocks.0.0.weight"):
        sizes = replace(sizes, unet_width=unet[0], unet_multipliers=levels(_UNET_LEVELS, unet[0]))
    if vae := shapes.get("encoder.conv_in.weight"):
        sizes = replace(sizes, vae_width=vae[0], vae_multipliers=levels(_VAE_LEVELS, vae[0]))
    if vocoder := shapes.get("vocoder.conv_pre.weight"):
        blocks = {name.split(".")[2] for name in shapes if name.startswith("vocoder.resblocks.")}
        firsts = [f"vocoder.resblocks.{block}.convs1.0.weight" for block in range(len(blocks) // _STAGES)]
        kernels = tuple(shapes[name][-1] for name in firsts if name in shapes)
        sizes = replace(sizes, vocoder_width=vocoder[0], vocoder_kernels=kernels)
    return sizes
