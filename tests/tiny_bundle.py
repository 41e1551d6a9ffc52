"""A valid bundle of a few nodes a graph, so that the whole restore job runs in a second without weights.

The networks are crude but honest: the encoder averages the mel, the sampler's clean latent is the condition
plus a smoothed bit of the noise, the decoder repeats, and the vocoder gives each bin the level of its mel
band. Each node looks at few neighbours only, as the real ones do.
"""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from audiosr_desktop.engine.condition import mel_edges_hz
from audiosr_desktop.engine.ddim import alphas_cumprod

SCALE_FACTOR = 0.3
CHANNELS, BINS = 16, 32
OPSET = 17

FLOAT, INT64 = TensorProto.FLOAT, TensorProto.INT64


def build_tiny_bundle(
    folder: Path,
    *,
    vocoder: str = "stft",
    slow: int = 0,
    bins: int = BINS,
    **manifest: Any,
) -> Path:
    """Write a bundle into `folder` and return it.

    Args:
        folder: made if missing; its name is the bundle's id.
        vocoder: "stft" or "waveform" (16 samples too many, as the published one).
        slow: large multiplications that a run of the UNet takes besides; 1000 last many seconds.
        bins: of the latent in the graphs; other than 32 makes them wrong.
        manifest: keys to set in the manifest; None leaves a key out.
    """
    folder.mkdir(parents=True, exist_ok=True)
    graphs = {
        "vae_feature_extract": _encoder(bins),
        "ddpm": _unet(slow, bins),
        "vae_decoder": _decoder(),
        "vocoder": _vocoder_spectrum() if vocoder == "stft" else _vocoder_waveform(),
    }
    for name, model in graphs.items():
        onnx.checker.check_model(model)
        (folder / f"{name}.onnx").write_bytes(model.SerializeToString())
    entries: dict[str, Any] = {
        "format_version": 1,
        "id": folder.name,
        "title": "Tiny",
        "description": "For tests.",
        "license": "CC0-1.0",
        "opset": OPSET,
        "sampling_rate": 48_000,
        "stft": {"n_fft": 2048, "hop": 480, "win": 2048},
        "mel": {"n_mels": 256, "fmin": 20, "fmax": 24_000, "floor": 1e-5},
        "latent": {"channels": CHANNELS, "bins": BINS, "frames_per_latent": 8, "frames_multiple": 8},
        "scale_factor": SCALE_FACTOR,
        "scheduler": {"type": "cosine", "steps": 1000, "prediction": "v"},
        "cfg": {"guidance_scale": 1.0, "unconditional_latent": 0.0},
        "condition": "canonical_mel",
        "window_seconds": 5.12,
        "graphs": {name: f"{name}.onnx" for name in graphs},
        "vocoder": {"output": vocoder, "n_fft": 2048, "hop": 480},
        "required_files": [f"{name}.onnx" for name in graphs],
        "default_steps": {"draft": 1, "standard": 2, "best": 4},
        "sampler": "ddim",
        "eta": 0.0,
        "tasks": ["super-resolution"],
    }
    entries.update(manifest)
    if "sha256" not in entries:
        entries["sha256"] = {f"{name}.onnx": sum_of(folder / f"{name}.onnx") for name in graphs}
    kept = {key: value for key, value in entries.items() if value is not None}
    (folder / "manifest.json").write_text(json.dumps(kept, indent=1), encoding="utf-8")
    return folder


def build_port_bundle(folder: Path, **more: Any) -> Path:
    """Write a bundle whose manifest has the keys of the public ONNX port, and nothing else but `more`."""
    build_tiny_bundle(folder, vocoder="waveform")
    manifest = {
        "model": "haoheliu/audiosr_basic",
        "license": "MIT",
        "opset": 17,
        "sampling_rate": 48000,
        "stft": {
            "n_fft": 2048,
            "hop": 480,
            "win": 2048,
            "center": False,
            "pad_reflect": 784,
            "window": "hann",
        },
        "mel": {
            "n_mels": 256,
            "fmin": 20,
            "fmax": 24000,
            "log_clip_val": 1e-05,
            "basis_file": "mel_basis.npy",
        },
        "latent": {"channels": 16, "f_size": 32, "vae_downsample": 8, "frames_per_second": 12.5},
        "scale_factor": SCALE_FACTOR,
        "scheduler": {
            "type": "ddim",
            "beta_schedule": "cosine",
            "linear_start": 0.0015,
            "linear_end": 0.0195,
            "num_train_timesteps": 1000,
            "eta": 1.0,
            "parameterization": "v",
            "alphas_cumprod_file": "alphas_cumprod.npy",
            "timestep_spacing": "uniform_plus_one",
        },
        "cfg": {"guidance_scale": 3.5, "unconditional_value": -11.4981},
        "lowpass": {"order": 8, "cutoff_percentile": 0.985, "types": ["butter", "cheby1", "ellip", "bessel"]},
        "window_seconds": 5.12,
        "graphs": {
            "vocoder": {"input": "mel [B,256,frames]", "output": "wav [B,frames*480]"},
            "vae_decoder": {"input": "z [B,16,T,32]", "output": "mel [B,1,T*8,256]"},
            "vae_feature_extract": {"input": "mel + noise", "output": "cond latent [B,16,T,32] (unscaled)"},
            "ddpm": {"input": "x [B,32,T,32] + timesteps [B] int64", "output": "v prediction [B,16,T,32]"},
        },
    }
    (folder / "manifest.json").write_text(json.dumps(manifest | more), encoding="utf-8")
    return folder


def sum_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def write_graph_with_outside_data(path: Path, location: str) -> None:
    """Write a decoder whose weights lie in another file."""
    model = _decoder()
    tensor = next(tensor for tensor in model.graph.initializer if tensor.name == "weight")
    tensor.ClearField("raw_data")
    tensor.data_location = TensorProto.EXTERNAL
    entry = tensor.external_data.add()
    entry.key, entry.value = "location", location
    path.write_bytes(model.SerializeToString())


def _encoder(bins: int) -> onnx.ModelProto:
    weight = np.zeros((CHANNELS, 1, 1, 1), np.float32)
    weight[:, 0, 0, 0] = np.linspace(1.0, 0.2, CHANNELS)
    pool = 256 // bins
    nodes = [
        helper.make_node("AveragePool", ["mel"], ["pooled"], kernel_shape=[8, pool], strides=[8, pool]),
        helper.make_node("Conv", ["pooled", "weight"], ["mean"], kernel_shape=[1, 1]),
        helper.make_node("Mul", ["noise", "deviation"], ["spread"]),
        helper.make_node("Add", ["mean", "spread"], ["latent"]),
    ]
    inputs = [_value("mel", ["B", 1, "F", 256]), _value("noise", ["B", CHANNELS, "T", bins])]
    output = _value("latent", ["B", CHANNELS, "T", bins])
    return _model(nodes, inputs, output, weight=weight, deviation=np.float32(0.05))


def _unet(slow: int, bins: int) -> onnx.ModelProto:
    """Return the velocity that leads to condition + 0.1 tanh(noisy latent smoothed over time)."""
    alphas = alphas_cumprod()
    smooth = np.full((CHANNELS, 1, 5, 1), 0.2, np.float32)
    nodes = [
        helper.make_node("Slice", ["x", "zero", "half", "axis"], ["noisy"]),
        helper.make_node("Slice", ["x", "half", "all", "axis"], ["condition"]),
        helper.make_node("Gather", ["signals", "timesteps"], ["a_flat"]),
        helper.make_node("Gather", ["noises", "timesteps"], ["s_flat"]),
        helper.make_node("Reshape", ["a_flat", "column"], ["a"]),
        helper.make_node("Reshape", ["s_flat", "column"], ["s"]),
        helper.make_node("Conv", ["noisy", "smooth"], ["near"], group=CHANNELS, pads=[2, 0, 2, 0]),
        helper.make_node("Tanh", ["near"], ["bent"]),
        helper.make_node("Mul", ["bent", "tenth"], ["texture"]),
        helper.make_node("Add", ["condition", "texture"], ["clean"]),
        helper.make_node("Mul", ["a", "clean"], ["scaled"]),
        helper.make_node("Sub", ["noisy", "scaled"], ["rest"]),
        helper.make_node("Div", ["rest", "s"], ["noise"]),
        helper.make_node("Mul", ["a", "noise"], ["first"]),
        helper.make_node("Mul", ["s", "clean"], ["second"]),
        helper.make_node("Sub", ["first", "second"], ["v" if slow else "velocity"]),
    ]
    extra: dict[str, Any] = {}
    if slow:
        nodes += _slow_chain(slow)
        extra["identity"] = np.eye(1024, dtype=np.float32)
    inputs = [_value("x", ["B", 2 * CHANNELS, "T", bins]), _value("timesteps", ["B"], INT64)]
    return _model(
        nodes,
        inputs,
        _value("velocity", ["B", CHANNELS, "T", bins]),
        zero=np.array([0], np.int64),
        half=np.array([CHANNELS], np.int64),
        all=np.array([2 * CHANNELS], np.int64),
        axis=np.array([1], np.int64),
        column=np.array([-1, 1, 1, 1], np.int64),
        signals=np.sqrt(alphas).astype(np.float32),
        noises=np.sqrt(1.0 - alphas).astype(np.float32),
        smooth=smooth,
        tenth=np.float32(0.1),
        **extra,
    )


def _slow_chain(count: int) -> list[onnx.NodeProto]:
    """Return nodes that multiply large matrices many times before they give `v` as `velocity`."""
    nodes = [
        helper.make_node("ReduceMean", ["v"], ["level"], keepdims=0),
        helper.make_node("Mul", ["identity", "level"], ["chain_0"]),
    ]
    for index in range(count):
        nodes.append(helper.make_node("MatMul", [f"chain_{index}", "identity"], [f"chain_{index + 1}"]))
    nodes.append(helper.make_node("ReduceMean", [f"chain_{count}"], ["nothing"], keepdims=0))
    nodes.append(helper.make_node("Mul", ["nothing", "tenth"], ["less"]))
    nodes.append(helper.make_node("Add", ["v", "less"], ["velocity"]))
    return nodes


def _decoder() -> onnx.ModelProto:
    weight = np.zeros((1, CHANNELS, 1, 1), np.float32)
    weight[0, 0] = 1.0 / SCALE_FACTOR
    nodes = [
        helper.make_node("Conv", ["z", "weight"], ["small"], kernel_shape=[1, 1]),
        helper.make_node(
            "Resize",
            ["small", "", "scales"],
            ["mel"],
            mode="nearest",
            coordinate_transformation_mode="asymmetric",
            nearest_mode="floor",
        ),
    ]
    inputs = [_value("z", ["B", CHANNELS, "T", BINS])]
    scales = np.array([1, 1, 8, 8], np.float32)
    return _model(nodes, inputs, _value("mel", ["B", 1, "F", 256]), weight=weight, scales=scales)


def _vocoder_spectrum() -> onnx.ModelProto:
    """Return each bin at the level of its band, with a phase that follows from the level."""
    bins = np.arange(1025) * 48_000 / 2048
    bands = np.clip(np.searchsorted(mel_edges_hz()[1:-1], bins), 0, 255)
    nodes = [
        helper.make_node("Gather", ["mel", "bands"], ["spread"], axis=1),
        helper.make_node("Exp", ["spread"], ["level"]),
        helper.make_node("Mul", ["level", "bin_hz"], ["magnitude"]),
        helper.make_node("Mul", ["spread", "turns"], ["angle"]),
        helper.make_node("Cos", ["angle"], ["cosine"]),
        helper.make_node("Sin", ["angle"], ["sine"]),
        helper.make_node("Mul", ["magnitude", "cosine"], ["real"]),
        helper.make_node("Mul", ["magnitude", "sine"], ["imaginary"]),
        helper.make_node("Unsqueeze", ["real", "one"], ["first"]),
        helper.make_node("Unsqueeze", ["imaginary", "one"], ["second"]),
        helper.make_node("Concat", ["first", "second"], ["spectrum"], axis=1),
    ]
    turns = np.random.default_rng(1).uniform(1.0, 4.0, (1025, 1)).astype(np.float32)
    return _model(
        nodes,
        [_value("mel", ["B", 256, "F"])],
        _value("spectrum", ["B", 2, 1025, "F"]),
        bands=bands.astype(np.int64),
        bin_hz=np.float32(48_000 / 2048),
        turns=turns,
        one=np.array([1], np.int64),
    )


def _vocoder_waveform() -> onnx.ModelProto:
    """Return 480 F + 16 samples: each band as a tone of its own, with the level of the frame."""
    rng = np.random.default_rng(2)
    time = (np.arange(496) - 247.5) / 48_000
    centres = mel_edges_hz()[1:-1]
    tones = np.cos(2 * np.pi * centres[:, None] * time + rng.uniform(0, 6.28, (256, 1)))
    weight = (0.05 * np.hanning(496) * tones)[:, None].astype(np.float32)
    nodes = [
        helper.make_node("Exp", ["mel"], ["level"]),
        helper.make_node("ConvTranspose", ["level", "weight"], ["wave"], strides=[480]),
    ]
    return _model(nodes, [_value("mel", ["B", 256, "F"])], _value("wave", ["B", 1, "N"]), weight=weight)


def _value(name: str, shape: list[Any], kind: int = FLOAT) -> onnx.ValueInfoProto:
    return helper.make_tensor_value_info(name, kind, shape)


def _model(
    nodes: list[onnx.NodeProto],
    inputs: list[onnx.ValueInfoProto],
    output: onnx.ValueInfoProto,
    **constants: Any,
) -> onnx.ModelProto:
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()]
    graph = helper.make_graph(nodes, "tiny", inputs, [output], initializers)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=8)
