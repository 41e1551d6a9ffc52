"""Convolutions with few multiplications, for graphs that run on a processor.

Four by four results of a 3 x 3 kernel take 144 multiplications the plain way and 36 this way, as products of
a transformed picture and a transformed kernel. The results are the same but for rounding.

Source: Lavin and Gray 2016 ("Fast algorithms for convolutional neural networks").
"""

import math
from functools import partial

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional

from audiosr_desktop.training.official.vae import Upsample

TILE = 4  # results of a tile along each axis
LEAST_CHANNELS = 128  # with fewer, the transforms take what the products save
# Where the polynomials are evaluated, beside infinity. A third of the rounding error of 0, ±1, ±2.
POINTS = (0.0, math.sqrt(0.5), -math.sqrt(0.5), math.sqrt(2.0), -math.sqrt(2.0))

Matrix = npt.NDArray[np.float64]


def transforms(size: int) -> tuple[Matrix, Matrix, Matrix]:
    """Return what makes results of products, products' kernels of a kernel, and their inputs of a tile.

    With n = 4 + size - 1 the matrices are (4, n), (n, size) and (n, n). Each works along one axis:
    results = first @ ((second @ kernel) * (third @ inputs)).

    Source: Barabasz et al. 2020 ("Error analysis and improving the accuracy of Winograd convolution").
    """
    points = np.array(POINTS[: TILE + size - 2])
    count = len(points) + 1
    results = np.vander(points, TILE, increasing=True).T
    kernels = np.vander(points, size, increasing=True)
    inputs = np.zeros((count, count))
    for row, point in enumerate(points):
        others = np.delete(points, row)
        kernels[row] /= np.prod(point - others)
        inputs[row, : count - 1] = np.poly(others)[::-1]
    inputs[-1] = np.poly(points)[::-1]
    last_result, last_kernel = np.eye(TILE)[:, -1:], np.eye(size)[-1:]
    return np.hstack([results, last_result]), np.vstack([kernels, last_kernel]), inputs


class Convolution(nn.Module):
    """Plain convolutions of one kernel size whose results are as large as their (padded) pictures allow."""

    results: Tensor
    kernels: Tensor
    inputs: Tensor

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size
        for name, matrix in zip(("results", "kernels", "inputs"), transforms(size), strict=True):
            both_axes = torch.from_numpy(np.kron(matrix, matrix)).float()
            self.register_buffer(name, both_axes, persistent=False)

    def forward(self, x: Tensor, weight: Tensor, bias: Tensor, padding: int = 0) -> Tensor:
        """Convolve pictures (batch, channels, rows, columns); rows and columns of the result are fours."""
        batch, channels_in, channels = x.shape[0], weight.shape[1], weight.shape[0]
        edge = TILE + self.size - 1
        cut = self.inputs.view(edge**2, 1, edge, edge)
        tiles = functional.conv2d(x.reshape(-1, 1, *x.shape[2:]), cut, stride=TILE, padding=padding)
        rows, columns = tiles.shape[2:]
        tiles = tiles.transpose(0, 1).reshape(edge**2, batch, channels_in, -1)
        products = self._kernels(x, weight) @ tiles
        pixels = (self.results @ products.reshape(edge**2, -1)).view(TILE**2, batch * channels, rows, columns)
        made = functional.pixel_shuffle(pixels.transpose(0, 1), TILE)
        return made.view(batch, channels, *made.shape[2:]) + bias.view(-1, 1, 1)

    def _kernels(self, x: Tensor, weight: Tensor) -> Tensor:
        """Return the transformed kernels, (n², 1, channels, channels_in).

        They take up to four times the room of the kernels. The zeros depend on the picture, so that the
        runtime makes the transformed kernels when they are needed instead of keeping all of them.
        """
        zero = x.new_zeros(x.shape[0])[:1]
        flat = (self.kernels + zero) @ weight.flatten(2).flatten(0, 1).t()
        return flat.view(-1, 1, *weight.shape[:2])


def quicken(network: nn.Module, least_channels: int = LEAST_CHANNELS) -> nn.Module:
    """Let the plain 3 x 3 convolutions and the doublings of a network take fewer multiplications.

    Names and values of its parameters stay. Where such layers are, pictures must have sides of fours.
    """
    three, two = Convolution(3), Convolution(2)
    for layer in list(network.modules()):
        if isinstance(layer, nn.Conv2d) and _is_plain(layer, least_channels):
            layer.forward = partial(_forward, three, layer)  # type: ignore[method-assign]
        elif isinstance(layer, Upsample) and layer.conv.in_channels >= least_channels:
            layer.convolve = two
    return network


def _is_plain(layer: nn.Conv2d, least_channels: int) -> bool:
    narrow = min(layer.in_channels, layer.out_channels) < least_channels
    return not narrow and (layer.kernel_size, layer.stride, layer.padding) == ((3, 3), (1, 1), (1, 1))


def _forward(convolution: Convolution, layer: nn.Conv2d, x: Tensor) -> Tensor:
    assert layer.bias is not None
    made: Tensor = convolution(x, layer.weight, layer.bias, padding=1)
    return made
