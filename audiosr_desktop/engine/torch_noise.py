"""The random numbers of torch's CPU generator, without torch: the published pipeline's for the same seed."""

import numpy as np
import numpy.typing as npt

Latent = npt.NDArray[np.float32]

FILTER_KINDS = ("butter", "cheby1", "ellip", "bessel")

_GROUP = 16  # torch makes normals in groups: eight radii, eight angles
_UNIT = 2.0**-24


class TorchNoise:
    """Standard normal draws in the order of `torch.manual_seed(seed)` followed by calls of `torch.randn`.

    Args:
        seed: 0 to 2^32 - 1.

    Source: Matsumoto and Nishimura 1998 (Mersenne twister), Box and Muller 1958.
    """

    def __init__(self, seed: int) -> None:
        self._state = np.random.RandomState(seed)

    def normal(self, shape: tuple[int, ...]) -> Latent:
        """Return the next draw; it has a multiple of 16 values.

        Raises:
            ValueError: it has not; torch takes another way then.
        """
        count = int(np.prod(shape))
        if count == 0 or count % _GROUP:
            raise ValueError(f"torch draws {count} normals in another way")
        words = np.frombuffer(self._state.bytes(4 * count), "<u4") & 0xFFFFFF
        uniform = (words * _UNIT).reshape(-1, 2, _GROUP // 2)
        radius = np.sqrt(-2.0 * np.log1p(-uniform[:, 0]))
        angle = 2.0 * np.pi * uniform[:, 1]
        normals = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
        return normals.astype(np.float32).reshape(shape)


def filter_kind(seed: int) -> str:
    """Return the low-pass that the published pipeline draws for a seed."""
    return str(np.random.RandomState(seed).choice(FILTER_KINDS))
