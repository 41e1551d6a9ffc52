"""Checkpoints to a bundle: ONNX graphs with half-precision weights, a manifest, parity by stage."""

import argparse
import hashlib
import json
import sys
import tempfile
import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from audiosr_desktop.engine.runtime import onnxruntime
from audiosr_desktop.errors import AudioSRError, TrainingError
from audiosr_desktop.training.autoencoder import (
    LATENT_BINS,
    LATENT_CHANNELS,
    Autoencoder,
    ConditionGraph,
    DecoderGraph,
    Encoder,
)
from audiosr_desktop.training.estimator import Estimator
from audiosr_desktop.training.run import CONDITIONS
from audiosr_desktop.training.unet import UNet
from audiosr_desktop.training.vocoder import N_MELS, Vocoder
from audiosr_desktop.training.weights import CLEAN_ENCODER, fill, load_weights

N = TypeVar("N", bound=nn.Module)

OPSET = 20
OUTPUTS = {"vae_feature_extract": "latent", CLEAN_ENCODER: "latent", "ddpm": "velocity", "vae_decoder": "mel"}
PARITY_LIMIT = 1e-4  # against torch with the same (rounded) weights
PARITY_SIZES = (
    (1, 8),
    (2, 16),
    (4, 40),
)  # batch and latent frames: a size frozen in a graph shows at the second


@dataclass(frozen=True, slots=True)
class Graph:
    """One graph of the bundle: its module and how to make inputs of a batch and a number of latent frames."""

    name: str
    module: nn.Module
    inputs: Callable[[int, int], dict[str, Tensor]]
    output: str
    dynamic: Mapping[str, Mapping[int, Any]]


@dataclass(frozen=True, slots=True)
class Networks:
    """What a bundle is made of.

    Attributes:
        condition_encoder: reads damaged sound; None takes the VAE's own encoder.
        estimator: guesses the mel that the encoder reads; None reads the condition as it is.
        condition: what it reads, as in the manifest.
    """

    vocoder: Vocoder
    autoencoder: Autoencoder
    unet: UNet
    scale_factor: float
    condition_encoder: Encoder | None = None
    estimator: Estimator | None = None
    condition: str = "canonical_mel"


def load_networks(
    vocoder: Path,
    autoencoder: Path,
    unet: Path,
    condition_encoder: Path | None = None,
    *,
    estimator: Path | None = None,
    condition: str = "canonical_mel",
) -> Networks:
    """Load averaged weights of checkpoints or bundles in half precision, and the latents' scale factor."""
    return Networks(
        _rounded(Vocoder(), "vocoder", vocoder),
        _rounded(Autoencoder(), "autoencoder", autoencoder),
        _rounded(UNet(), "unet", unet),
        load_weights(unet, "unet").scale_factor,
        _rounded(Encoder(), "condition_encoder", condition_encoder) if condition_encoder else None,
        _rounded(Estimator(), "estimator", estimator) if estimator else None,
        condition,
    )


def _rounded(network: N, task: str, path: Path) -> N:
    weights = load_weights(path, task)
    halved = {
        name: value.half().float() if value.is_floating_point() else value
        for name, value in weights.state.items()
    }
    fill(network, replace(weights, state=halved), path)
    network.eval()
    return network


def bundle_graphs(networks: Networks) -> list[Graph]:
    """Describe the graphs of the bundle.

    They are the four of the contract, and the encoder of clean sound if that is another one than the
    condition's, so that training can go on from the bundle.
    """
    condition = networks.condition_encoder or networks.autoencoder.encoder
    modules: dict[str, nn.Module] = {
        "vae_feature_extract": ConditionGraph(condition, networks.estimator),
        "ddpm": networks.unet,
        "vae_decoder": DecoderGraph(networks.autoencoder.decoder, networks.scale_factor),
        "vocoder": networks.vocoder,
    }
    if networks.condition_encoder is not None:
        modules[CLEAN_ENCODER] = ConditionGraph(networks.autoencoder.encoder)
    return [describe_graph(name, module, "spectrum") for name, module in modules.items()]


def describe_graph(name: str, module: nn.Module, vocoder_output: str) -> Graph:
    """Describe a graph by the name that it has in every bundle."""
    batch = torch.export.Dim("batch", min=1, max=64)
    eights = torch.export.Dim("eights", min=1, max=4096)
    columns, frames = 8 * eights, 64 * eights
    latent = (LATENT_CHANNELS, LATENT_BINS)

    def noise(b: int, t: int, channels: int) -> Tensor:
        return torch.randn(b, channels, t, latent[1])

    def mel(b: int, t: int) -> Tensor:
        return torch.randn(b, 1, 8 * t, N_MELS) * 2 - 6

    def encoder_inputs(b: int, t: int) -> dict[str, Tensor]:
        return {"mel": mel(b, t), "noise": noise(b, t, latent[0])}

    makers: dict[str, Callable[[int, int], dict[str, Tensor]]] = {
        "vae_feature_extract": encoder_inputs,
        CLEAN_ENCODER: encoder_inputs,
        "ddpm": lambda b, t: {"x": noise(b, t, 2 * latent[0]), "timesteps": torch.arange(b) * 300 + 37},
        "vae_decoder": lambda b, t: {"z": noise(b, t, latent[0])},
        "vocoder": lambda b, t: {"mel": mel(b, t)[:, 0].transpose(1, 2).contiguous()},
    }
    free = {"mel": {0: batch, 2: frames}, "timesteps": {0: batch}}
    inputs = makers[name](1, 8)
    dynamic = {key: free.get(key, {0: batch, 2: columns}) for key in inputs}
    return Graph(name, module, makers[name], OUTPUTS.get(name, vocoder_output), dynamic)


def halve_weights(model: onnx.ModelProto) -> None:
    """Store large weights in half precision, each followed by a cast: half the file, computed in single.

    Only what half precision holds exactly: `load_networks` rounded the weights, but tables such as the noise
    schedule must stay as they are.
    """
    casts = []
    for weight in model.graph.initializer:
        if weight.data_type != onnx.TensorProto.FLOAT or np.prod(weight.dims) < 256:
            continue
        name, values = weight.name, numpy_helper.to_array(weight)
        with np.errstate(over="ignore"):
            halved = values.astype(np.float16)
        if not np.array_equal(halved.astype(np.float32), values):
            continue
        half = numpy_helper.from_array(halved, f"{name}.half")
        weight.CopyFrom(half)
        casts.append(
            onnx.helper.make_node("Cast", [half.name], [name], f"{name}.cast", to=onnx.TensorProto.FLOAT)
        )
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    del model.graph.value_info[:]


def export_graph(graph: Graph, path: Path) -> None:
    """Write one graph with its weights in half precision."""
    inputs = graph.inputs(2, 16)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        program = torch.onnx.export(
            graph.module,
            tuple(inputs.values()),
            dynamo=True,
            opset_version=OPSET,
            verbose=False,
            external_data=False,
            dynamic_shapes=tuple(graph.dynamic[name] for name in inputs),
            input_names=list(inputs),
            output_names=[graph.output],
        )
    if program is None:
        raise TrainingError(f"The graph {graph.name} was not exported.")
    with tempfile.TemporaryDirectory() as folder:
        program.save(Path(folder) / "graph.onnx")
        model = onnx.load(Path(folder) / "graph.onnx")
    halve_weights(model)
    # names of source lines and packages only swell the file
    for node in model.graph.node:
        del node.metadata_props[:]
        node.doc_string = ""
    onnx.checker.check_model(model)
    onnx.save(model, path)


def parity(
    graph: Graph,
    path: Path,
    *,
    sizes: Sequence[tuple[int, int]] = PARITY_SIZES,
    limit: float = PARITY_LIMIT,
    reference: nn.Module | None = None,
) -> float:
    """Return the largest error of a graph against torch over several sizes, relative to the largest value.

    Args:
        graph: how to make inputs.
        path: of the graph's file.
        sizes: batch and latent frames of each comparison.
        limit: an error above it is a failure.
        reference: what to compare with; the graph's own module if absent.

    Raises:
        TrainingError: the error is above the limit.
    """
    options = onnxruntime().SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # half precision, which a processor lacks, brings a page of warnings
    session = onnxruntime().InferenceSession(path, options, providers=["CPUExecutionProvider"])
    worst = 0.0
    module = reference or graph.module
    for batch, columns in sizes:
        inputs = graph.inputs(batch, columns)
        with torch.no_grad():
            wanted = module(*inputs.values()).numpy()
        found = session.run(None, {name: value.numpy() for name, value in inputs.items()})[0]
        if found.shape != wanted.shape:
            raise TrainingError(f"{graph.name} gives {found.shape} where torch gives {wanted.shape}.")
        worst = max(worst, float(np.abs(found - wanted).max() / np.abs(wanted).max()))
    if not worst <= limit:  # a NaN is no agreement either
        raise TrainingError(f"{graph.name} differs from torch by {worst:.1e}, more than {limit:.0e}.")
    return worst


def write_manifest(
    folder: Path, scale_factor: float, card: Mapping[str, Any], condition: str = "canonical_mel"
) -> None:
    """Write the manifest; `card` holds what the networks do not know: texts, steps, training."""
    files = sorted(path.name for path in folder.glob("*.onnx"))
    manifest = {
        "format_version": 1,
        "sampling_rate": 48_000,
        "stft": {"n_fft": 2048, "hop": 480, "win": 2048},
        "mel": {"n_mels": N_MELS, "fmin": 20, "fmax": 24_000, "floor": 1e-5},
        "latent": {
            "channels": LATENT_CHANNELS,
            "bins": LATENT_BINS,
            "frames_per_latent": 8,
            "frames_multiple": 8,
        },
        "scale_factor": scale_factor,
        "scheduler": {"type": "cosine", "steps": 1000, "prediction": "v"},
        "condition": condition,
        "vocoder": {"output": "stft", "n_fft": 2048, "hop": 480},
        "opset": OPSET,
        "graphs": {Path(name).stem: name for name in files},
        "required_files": files,
        "sha256": {name: hashlib.sha256((folder / name).read_bytes()).hexdigest() for name in files},
        **card,
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / "manifest.json").write_text(text + "\n", encoding="utf-8")


def export(networks: Networks, card: Mapping[str, Any], folder: Path) -> dict[str, float]:
    """Write a bundle into `folder` and return each graph's parity error."""
    folder.mkdir(parents=True, exist_ok=True)
    errors = {}
    for graph in bundle_graphs(networks):
        path = folder / f"{graph.name}.onnx"
        export_graph(graph, path)
        errors[graph.name] = parity(graph, path)
    write_manifest(folder, networks.scale_factor, card, networks.condition)
    return errors


def main(argv: Sequence[str]) -> int:
    """Run `audiosr-desktop export …`; returns the exit code."""
    parser = argparse.ArgumentParser(
        "audiosr-desktop export",
        description="Turn checkpoints into a bundle. In the place of a checkpoint may stand the folder of "
        "another bundle, whose network is taken over.",
    )
    parser.add_argument("--vocoder", type=Path, required=True)
    parser.add_argument("--autoencoder", type=Path, required=True)
    parser.add_argument("--unet", type=Path, required=True)
    parser.add_argument("--condition-encoder", type=Path, help="noise-aware encoder (default: the VAE's own)")
    parser.add_argument("--estimator", type=Path, help="guesses the mel to encode (default: none)")
    parser.add_argument(
        "--condition", choices=CONDITIONS, default=CONDITIONS[0], help="what the UNet was trained to read"
    )
    parser.add_argument(
        "--card", type=Path, required=True, help="JSON with id, title, description, licence, steps, …"
    )
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args(argv)
    try:
        card = json.loads(arguments.card.read_text(encoding="utf-8"))
        networks = load_networks(
            arguments.vocoder,
            arguments.autoencoder,
            arguments.unet,
            arguments.condition_encoder,
            estimator=arguments.estimator,
            condition=arguments.condition,
        )
        errors = export(networks, card, arguments.out)
    except (OSError, ValueError) as error:
        sys.stderr.write(f"The card '{arguments.card}' cannot be read: {error}.\n")
        return 1
    except AudioSRError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    for name, worst in errors.items():
        sys.stdout.write(f"{name:20} max relative error {worst:.1e}\n")
    return 0
