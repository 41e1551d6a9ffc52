"""What a run on the published networks starts from: an official checkpoint, an imported model, or a run."""

import math
from collections.abc import Iterator
from pathlib import Path

import onnx
from onnx import numpy_helper
from torch import Tensor, from_numpy, nn

from audiosr_desktop.engine.bundle import Verifier, load_bundle
from audiosr_desktop.errors import TrainingError
from audiosr_desktop.job import run_job
from audiosr_desktop.training.official.checkpoint import (
    PREFIXES,
    find_parts,
    load_network,
    network,
    network_shapes,
    open_checkpoint,
    read_scale_factor,
)
from audiosr_desktop.training.official.sizes import found_sizes

# what an operator of a graph does with a tensor whose name the exporter did not keep
_ROLES = {"MatMul": "weight", "Flatten": "weight", "Reshape": "weight", "Mul": "weight", "Add": "bias"}


def load_start(path: Path, graph: str) -> tuple[nn.Module, float | None]:
    """Return one of the published networks with its weights, and the latents' scale factor if it is told.

    Args:
        path: a checkpoint in the official layout, one of this program's own runs on it, or the folder of a
            model imported from one. Scaled-down networks are taken as they are.
        graph: "ddpm", or "vae_feature_extract" for the VAE's encoder.

    Raises:
        BundleError: the file or the folder is damaged, or holds something else.
        TrainingError: it lacks that network.
    """
    return _of_bundle(path, graph) if path.is_dir() else _of_checkpoint(path, graph)


def _of_checkpoint(path: Path, graph: str) -> tuple[nn.Module, float | None]:
    checkpoint = open_checkpoint(path)
    shapes = {
        name.removeprefix(prefix): shape
        for prefix in (PREFIXES["ddpm"], PREFIXES["vae_decoder"], PREFIXES["vae_feature_extract"])
        for name, shape in checkpoint.shapes.items()
        if name.startswith(prefix)
    }
    sizes = found_sizes(shapes)
    part = find_parts(checkpoint, sizes).get(graph)
    if part is None:
        raise TrainingError(f"'{path}' has no tensors {PREFIXES[graph]}…, which a run needs.")
    made = load_network(checkpoint, part, sizes, 1.0)
    state = {name: value.clone() for name, value in made.state_dict().items()}  # of a file mapped for reading
    made.load_state_dict(state, assign=True)
    return made, read_scale_factor(checkpoint)


def _of_bundle(folder: Path, graph: str) -> tuple[nn.Module, float]:
    bundle = load_bundle(folder)
    run_job(Verifier().verify(bundle))
    model = onnx.load(bundle.graph_path(graph))
    named = {weight.name: tuple(weight.dims) for weight in model.graph.initializer}
    sizes = found_sizes(named)
    shapes = network_shapes(graph, sizes)
    state: dict[str, Tensor] = {}
    for name, value in _parameters(model):
        if name in shapes and name not in state and value.numel() == math.prod(shapes[name]):
            state[name] = value.reshape(shapes[name])
    if lost := [name for name in shapes if name not in state]:
        raise TrainingError(
            f"{bundle.graph_path(graph)} does not hold {lost[0]} and {len(lost) - 1} other tensors of the "
            "published network: start from the checkpoint that it was made of."
        )
    made = network(graph, sizes)
    made.load_state_dict(state)
    return made, bundle.manifest.scale_factor


def _parameters(model: onnx.ModelProto) -> Iterator[tuple[str, Tensor]]:
    """Yield tensors of a graph and what they are called in torch, or may be: shapes tell.

    Those that the exporter changed have numbers for names, but the operators that use them tell the layer.
    """
    values = {weight.name: weight for weight in model.graph.initializer}
    for node in model.graph.node:  # equal tensors are kept once
        if node.op_type == "Identity" and node.input[0] in values:
            values[node.output[0]] = values[node.input[0]]
    for name, value in values.items():
        if not name.startswith("onnx::"):
            yield name, _tensor(value)
    for node in model.graph.node:
        for operand in node.input:
            if operand.startswith("onnx::") and operand in values and node.op_type in _ROLES:
                value = _tensor(values[operand])
                turned = node.op_type == "MatMul" and value.ndim == 2
                yield f"{_layer(node.name)}.{_ROLES[node.op_type]}", value.t() if turned else value


def _layer(node: str) -> str:
    """Return the layer of a node, "/down.0/down.0.1/norm/Mul": each part may repeat the one before."""
    parts: list[str] = []
    for part in node.strip("/").split("/")[:-1]:
        if parts and part.startswith(f"{parts[-1]}."):
            parts.pop()
        parts.append(part)
    return ".".join(parts)


def _tensor(value: onnx.TensorProto) -> Tensor:
    return from_numpy(numpy_helper.to_array(value).copy()).float()
