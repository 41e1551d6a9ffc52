"""Convolutions with few multiplications against plain ones."""

from functools import partial
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="needs the train extra")

import onnx  # noqa: E402
import onnxruntime  # noqa: E402
from official_checkpoint import SCALE_FACTOR, TINY, write_checkpoint  # noqa: E402
from torch.nn import functional  # noqa: E402

from audiosr_desktop.training.official import graphs, vae  # noqa: E402
from audiosr_desktop.training.official.checkpoint import find_parts, open_checkpoint  # noqa: E402
from audiosr_desktop.training.official.winograd import Convolution, quicken, transforms  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.mark.parametrize("size", [2, 3])
def test_the_transforms_are_exact(size: int) -> None:
    rng = np.random.default_rng(size)
    results, kernels, inputs = transforms(size)
    kernel, tile = rng.standard_normal(size), rng.standard_normal(3 + size)
    found = results @ ((kernels @ kernel) * (inputs @ tile))
    assert np.allclose(found, np.correlate(tile, kernel), atol=1e-12)


@pytest.mark.parametrize("size", [2, 3])
@pytest.mark.parametrize("shape", [(1, 5, 4, 4), (2, 33, 8, 12), (3, 1, 12, 4)])
def test_equals_the_plain_convolution(size: int, shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    batch, channels_in, rows, columns = shape
    padding = size - 2  # a kernel of two comes with its picture padded
    x = torch.randn(batch, channels_in, rows + 3 - size, columns + 3 - size)
    weight, bias = torch.randn(7, channels_in, size, size), torch.randn(7)
    with torch.no_grad():
        found = Convolution(size)(x, weight, bias, padding=padding)
    wanted = functional.conv2d(x.double(), weight.double(), bias.double(), padding=padding).float()
    assert found.shape == wanted.shape == (batch, 7, rows, columns)
    assert float((found - wanted).abs().max() / wanted.abs().max()) < 3e-6


@pytest.mark.parametrize("part", ["encoder", "decoder"])
def test_a_quickened_network_has_the_same_weights_and_results(part: str) -> None:
    torch.manual_seed(0)
    made = vae.ConditionEncoder(TINY) if part == "encoder" else vae.LatentDecoder(TINY)
    inputs = [torch.randn(2, 16, 8, 32)]
    if part == "encoder":
        inputs.insert(0, torch.randn(2, 1, 64, 256))
    names = list(made.state_dict())
    with torch.no_grad():
        wanted = made(*inputs)
        assert torch.equal(quicken(made)(*inputs), wanted)  # so narrow a network stays as it is
        found = quicken(made, least_channels=32)(*inputs)
    assert not torch.equal(found, wanted)
    assert float((found - wanted).abs().max() / wanted.abs().max()) < 1e-5
    assert list(made.state_dict()) == names


def test_graphs_of_an_import_are_quick_and_do_not_keep_larger_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(graphs, "quicken", partial(quicken, least_channels=32))
    checkpoint = open_checkpoint(write_checkpoint(tmp_path / "basic.ckpt"))
    part = find_parts(checkpoint, TINY)["vae_decoder"]
    error = graphs.write_graph(checkpoint, part, TINY, SCALE_FACTOR, precision="single", folder=tmp_path)
    assert error < 1e-4
    model = onnx.load(tmp_path / "vae_decoder.onnx")
    sizes = [node.attribute for node in model.graph.node if node.op_type == "Conv"]
    kernels = [list(entry.ints) for entries in sizes for entry in entries if entry.name == "kernel_shape"]
    assert kernels.count([6, 6]) == 28  # of the middle, and three blocks on each of four levels
    assert kernels.count([5, 5]) == 12
    options = onnxruntime.SessionOptions()
    options.optimized_model_filepath = str(tmp_path / "kept.onnx")
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_EXTENDED
    onnxruntime.InferenceSession(tmp_path / "vae_decoder.onnx", options, providers=["CPUExecutionProvider"])
    kept = sum(np.prod(weight.dims) for weight in onnx.load(tmp_path / "kept.onnx").graph.initializer)
    assert kept < 1.5 * part.elements
