"""What a graph must look like: its inputs, in name or place, and the shape of its first output."""

from dataclasses import dataclass
from typing import Any

from audiosr_desktop.engine.bundle import Bundle
from audiosr_desktop.engine.manifest import N_FFT, Manifest
from audiosr_desktop.errors import BundleError

Shape = tuple[int | None, ...]

_FLOAT, _INT64 = "tensor(float)", "tensor(int64)"
_N_MELS = 256


@dataclass(frozen=True, slots=True)
class _Tensor:
    """An input or output a graph must have; None in the shape stands for any length."""

    name: str
    shape: Shape
    type: str = _FLOAT


def checked_names(bundle: Bundle, graph: str, session: Any) -> dict[str, str]:
    """Return the graph's own name of each input of the contract: the same name, or the same place.

    Args:
        bundle: whose manifest tells the sizes.
        graph: one of `GRAPHS`.
        session: the loaded graph.

    Raises:
        BundleError: inputs or output are not those of the contract.
    """
    inputs, outputs = _contract(bundle.manifest, graph)
    path = bundle.graph_path(graph)
    found = session.get_inputs()
    by_name = {tensor.name: tensor for tensor in found}
    if len(found) != len(inputs):
        raise _mismatch(bundle, graph, f"{len(inputs)} inputs", f"{len(found)}")
    names = {}
    for index, wanted in enumerate(inputs):
        tensor = by_name.get(wanted.name, found[index])
        if tensor.type != wanted.type or not _fits(tensor.shape, wanted.shape, every=True):
            expected = f"input {wanted.name} {_words(wanted.shape)} of {wanted.type}"
            raise _mismatch(bundle, graph, expected, f"{_words(tensor.shape)} of {tensor.type}")
        names[wanted.name] = tensor.name
    if len(set(names.values())) != len(names):
        raise BundleError(f"{path}: two inputs have the name or the place of one.", path)
    result = session.get_outputs()[0]
    if result.type != _FLOAT or not any(_fits(result.shape, shape, every=False) for shape in outputs):
        expected = " or ".join(_words(shape) for shape in outputs)
        raise _mismatch(bundle, graph, f"output {expected}", f"{_words(result.shape)} of {result.type}")
    return names


def _contract(manifest: Manifest, graph: str) -> tuple[list[_Tensor], list[Shape]]:
    """Return the inputs of a graph, and the shapes its first output may have."""
    channels, bins = manifest.latent.channels, manifest.latent.bins
    latent: Shape = (None, channels, None, bins)
    picture: Shape = (None, 1, None, _N_MELS)
    if graph == "vae_feature_extract":
        return [_Tensor("mel", picture), _Tensor("noise", latent)], [latent]
    if graph == "ddpm":
        x = _Tensor("x", (None, 2 * channels, None, bins))
        return [x, _Tensor("timesteps", (None,), _INT64)], [latent]
    if graph == "vae_decoder":
        return [_Tensor("z", latent)], [picture]
    spectrum: Shape = (None, 2, N_FFT // 2 + 1, None)
    outputs = [spectrum] if manifest.vocoder_output == "stft" else [(None, None), (None, 1, None)]
    return [_Tensor("mel", (None, _N_MELS, None))], outputs


def _fits(found: list[Any], wanted: Shape, *, every: bool) -> bool:
    """Compare shapes; with `every`, free lengths must be free (exporters lose that in outputs)."""
    return len(found) == len(wanted) and all(
        (not every or not isinstance(size, int))
        if free is None
        else not isinstance(size, int) or size == free
        for size, free in zip(found, wanted, strict=True)
    )


def _mismatch(bundle: Bundle, graph: str, expected: str, found: str) -> BundleError:
    path = bundle.graph_path(graph)
    return BundleError(f"{path} is not the {graph} of {bundle.id}: expected {expected}, found {found}.", path)


def _words(shape: Any) -> str:
    return "[" + ", ".join(str(size) if isinstance(size, int) else "any" for size in shape) + "]"
