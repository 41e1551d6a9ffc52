"""Networks of an official checkpoint to ONNX graphs, each compared with torch."""

import hashlib
import json
import os
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from audiosr_desktop.training.export import Graph, describe_graph, parity
from audiosr_desktop.training.official.checkpoint import Checkpoint, Part, load_network
from audiosr_desktop.training.official.sizes import Sizes
from audiosr_desktop.training.official.winograd import quicken

OPSET = 18
QUICKENED = ("vae_feature_extract", "vae_decoder")  # half precision is for GPUs, whose libraries do as much
LIMITS = {"single": 1e-4, "half": 3e-2}
COMPARED = ((1, 8), (2, 16), (1, 24))  # batch and latent columns: a frozen size shows at the second


@dataclass(frozen=True, slots=True)
class GraphRecord:
    """A finished graph, as an import that goes on finds it.

    Attributes:
        sha256: of the file.
        weights_sha256: of the tensors that it was made of.
        parity: largest error against torch, relative to the largest value.
    """

    sha256: str
    weights_sha256: str
    parity: float


class HalfPrecision(nn.Module):
    """A network that computes in half precision; what goes in and out stays in single."""

    def __init__(self, network: nn.Module) -> None:
        super().__init__()
        self.network = network.half()

    def forward(self, first: Tensor, *others: Tensor) -> Tensor:
        inputs = [value.half() if value.is_floating_point() else value for value in (first, *others)]
        out: Tensor = self.network(*inputs)
        return out.float()


def write_graph(
    checkpoint: Checkpoint, part: Part, sizes: Sizes, scale_factor: float, *, precision: str, folder: Path
) -> float:
    """Write the graph of a part and return its error against torch; the file appears when it is complete.

    Raises:
        TrainingError: the graph differs from the network.
    """
    network = module = load_network(checkpoint, part, sizes, scale_factor)
    if precision == "half":
        module = HalfPrecision(load_network(checkpoint, part, sizes, scale_factor)).eval()
    elif part.graph in QUICKENED:
        module = quicken(load_network(checkpoint, part, sizes, scale_factor))
    graph = describe_graph(part.graph, module, "waveform")
    temporary = folder / f"{part.graph}.part"
    # a processor has no half precision: a column takes seconds, and only the UNet needs eight
    _trace(graph, temporary, columns=1 if precision == "half" and part.graph != "ddpm" else 8)
    with torch.random.fork_rng():
        torch.manual_seed(0)
        error = parity(graph, temporary, sizes=COMPARED, limit=LIMITS[precision], reference=network)
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(folder / f"{part.graph}.onnx")
    return error


def _trace(graph: Graph, path: Path, columns: int) -> None:
    """Write a graph with the exporter that runs the network once: seconds, where the other takes minutes.

    A size that it freezes shows in the comparison with torch.
    """
    inputs = graph.inputs(1, columns)
    axes = {name: {axis: f"{name}_{axis}" for axis in free} for name, free in graph.dynamic.items()}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's own deprecations
        torch.onnx.export(
            graph.module,
            tuple(inputs.values()),
            path,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(inputs),
            output_names=[graph.output],
            dynamic_axes=axes,
        )


def write_record(folder: Path, graph: str, weights_sha256: str, error: float) -> GraphRecord:
    """Remember a finished graph, so that an interrupted import does not make it again."""
    record = GraphRecord(_file_sum(folder / f"{graph}.onnx"), weights_sha256, error)
    temporary = folder / f"{graph}.record.part"
    temporary.write_text(json.dumps(asdict(record)), encoding="utf-8")
    temporary.replace(folder / f"{graph}.record")
    return record


def read_record(folder: Path, graph: str) -> GraphRecord | None:
    """Return what is known of a graph that is finished and whole, None where it has to be made."""
    try:
        record = GraphRecord(**json.loads((folder / f"{graph}.record").read_text(encoding="utf-8")))
        return record if _file_sum(folder / f"{graph}.onnx") == record.sha256 else None
    except (OSError, ValueError, TypeError):
        return None


def _file_sum(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
