"""Weights of a network: out of a training checkpoint, or back out of the graphs of a bundle."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from audiosr_desktop.engine.bundle import Verifier, load_bundle
from audiosr_desktop.errors import TrainingError
from audiosr_desktop.job import run_job

CLEAN_ENCODER = "vae_encoder"  # beside the graphs of the contract, when the condition encoder is another one
GRAPHS_OF = {
    "vocoder": ("vocoder",),
    "autoencoder": (CLEAN_ENCODER, "vae_decoder"),
    "condition_encoder": ("vae_feature_extract",),
    "estimator": ("vae_feature_extract",),
    "unet": ("ddpm",),
}


@dataclass(frozen=True, slots=True)
class Weights:
    """What a network starts from.

    Attributes:
        state: tensors by name, as in the network's `state_dict`.
        scale_factor: of the latents; 1 in the checkpoint of a network that does not work on latents.
        steps: how many it was trained for; 0 when a bundle does not say.
    """

    state: dict[str, Tensor]
    scale_factor: float
    steps: int


def load_weights(path: Path, task: str, device: torch.device | str = "cpu") -> Weights:
    """Read the averaged weights of a checkpoint, or those of a bundle when `path` is a folder.

    Args:
        path: a checkpoint (`last.pt`) or the folder of a bundle.
        task: which network of a bundle, a key of `GRAPHS_OF`.
        device: where the tensors go.

    Raises:
        TrainingError: the checkpoint cannot be read.
        BundleError: the bundle is damaged or not one.
    """
    if path.is_dir():
        return _bundle_weights(path, task, device)
    try:
        state = torch.load(path, map_location=device, weights_only=True)
        return Weights(state["ema"], float(state["scale_factor"]), int(state["step"]))
    except OSError as error:
        raise TrainingError(f"The checkpoint '{path}' cannot be read: {error.strerror}.") from error
    except (KeyError, TypeError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(f"'{path}' is not a checkpoint of this program's training.") from error


def fill(network: nn.Module, weights: Weights, path: Path) -> None:
    """Load weights into a network; raises TrainingError, naming `path`, when they are of another one."""
    try:
        network.load_state_dict(weights.state)
    except RuntimeError as error:
        kind = type(network).__name__
        raise TrainingError(f"The weights in '{path}' are not those of this program's {kind}.") from error


def _bundle_weights(folder: Path, task: str, device: torch.device | str) -> Weights:
    bundle = load_bundle(folder)
    run_job(Verifier().verify(bundle))
    state: dict[str, Tensor] = {}
    for graph in GRAPHS_OF[task]:
        path = folder / f"{CLEAN_ENCODER}.onnx"
        if graph != CLEAN_ENCODER:
            path = bundle.graph_path(graph)
        elif not path.is_file():
            path = bundle.graph_path("vae_feature_extract")
        state.update((name, value.to(device)) for name, value in graph_state(onnx.load(path)).items())
    state = _part_of_condition(state, task)
    training = bundle.manifest.about.get("training", {})
    steps = training.get("steps", {}).get(task, 0) if isinstance(training, dict) else 0
    return Weights(state, bundle.manifest.scale_factor, int(steps))


def _part_of_condition(state: dict[str, Tensor], task: str) -> dict[str, Tensor]:
    """Keep of a condition's graph, which may hold an estimator before the encoder, a task's own network."""
    if task == "autoencoder":
        return {name: value for name, value in state.items() if not name.startswith("estimator.")}
    prefix = {"condition_encoder": "encoder.", "estimator": "estimator."}.get(task, "")
    return {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}


def graph_state(model: onnx.ModelProto) -> dict[str, Tensor]:
    """Return the parameters in a graph that `export` wrote, under their names in torch, in single precision.

    The exporter keeps the names of all tensors but the weights of linear layers on more than two dimensions,
    which it transposes and numbers: they get their names back from the bias that is added after them. What
    the exporter computed itself is left out.
    """
    values = {weight.name: weight for weight in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Cast" and node.input[0] in values:
            values[node.output[0]] = values.pop(node.input[0])
    biases = {
        operand: name
        for node in model.graph.node
        if node.op_type == "Add"
        for operand, name in (node.input, reversed(node.input))
        if name.endswith(".bias")
    }
    state = {name: _tensor(value) for name, value in values.items() if not name.startswith("val_")}
    for node in model.graph.node:
        if node.op_type == "MatMul" and node.output[0] in biases and node.input[1] in values:
            name = biases[node.output[0]].removesuffix("bias") + "weight"
            state[name] = _tensor(values[node.input[1]]).T.contiguous()
    return {name: value for name, value in state.items() if _is_parameter(name)}


def _is_parameter(name: str) -> bool:
    """Tell the network's own tensors from tables and from constants that the exporter folded."""
    return "." in name or name in ("residual_std", "place")


def _tensor(value: onnx.TensorProto) -> Tensor:
    return torch.from_numpy(numpy_helper.to_array(value).copy()).float()
