"""Official checkpoints: read without running code and tensor by tensor, and taken apart into networks.

A file of 6.2 GB is mapped, never loaded: what inference does not use (CLAP, averaged weights, discriminators,
the second copies of VAE and vocoder, optimisers) is not even read from the disk.
"""

import hashlib
import pickle
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

from audiosr_desktop.engine.manifest import CONDITIONS
from audiosr_desktop.errors import BundleError
from audiosr_desktop.training.official.sizes import Sizes
from audiosr_desktop.training.official.unet import UNet
from audiosr_desktop.training.official.vae import ConditionEncoder, LatentDecoder
from audiosr_desktop.training.official.vocoder import Vocoder

FIRST_STAGE = "first_stage_model."
CONDITIONER = "cond_stage_models.0.vae."
PREFIXES = {
    "vae_feature_extract": CONDITIONER,
    "ddpm": "model.diffusion_model.",
    "vae_decoder": FIRST_STAGE,
    "vocoder": f"{FIRST_STAGE}vocoder.",
}
SCALE_FACTOR = "scale_factor"
NAMED_PROBLEMS = 4

# A weight of which length and direction are kept apart; torch has had two names for the parts
_NORM_PARTS = (
    ("weight_g", "weight_v"),
    ("parametrizations.weight.original0", "parametrizations.weight.original1"),
)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The tensors of a file by their names; each is read from the disk when it is asked for."""

    path: Path
    shapes: Mapping[str, tuple[int, ...]]
    source: Any  # a mapping of tensors, or an open safetensors file
    condition: str = ""  # what it was trained to read, where the file says so

    def tensor(self, name: str) -> Tensor:
        """Return a tensor in single precision."""
        found: Tensor = (
            self.source[name] if isinstance(self.source, Mapping) else self.source.get_tensor(name)
        )
        return found.to(torch.float32)


@dataclass(frozen=True, slots=True)
class Part:
    """What one graph is made of.

    Attributes:
        graph: its name.
        names: where each tensor of the network is found: one name in the file, or length and direction.
        shapes: of the network's tensors.
    """

    graph: str
    names: Mapping[str, tuple[str, ...]]
    shapes: Mapping[str, tuple[int, ...]]

    @property
    def elements(self) -> int:
        """Numbers in the network."""
        return sum(torch.Size(shape).numel() for shape in self.shapes.values())

    def tensors(self, checkpoint: Checkpoint) -> Iterator[tuple[str, Tensor]]:
        """Yield the network's tensors, weight norm folded.

        Raises:
            BundleError: one holds values that are not numbers.
        """
        for name in sorted(self.names):
            value = _folded([checkpoint.tensor(found) for found in self.names[name]])
            if not bool(torch.isfinite(value).all()):
                raise BundleError(
                    f"{checkpoint.path}: {self.names[name][0]} holds values that are not numbers."
                )
            yield name, value


def open_checkpoint(path: Path) -> Checkpoint:
    """Map a checkpoint: a torch file, its tensors at the top or under "state_dict", or safetensors.

    A run of this program on the UNet is one too: its averaged weights, under their official names.

    Raises:
        BundleError: it cannot be read, is cut short, or holds code or anything else but tensors and plain
            values.
    """
    try:
        if path.suffix.lower() == ".safetensors":
            opened: Any = safe_open(path, framework="pt")
            shapes = {name: tuple(opened.get_slice(name).get_shape()) for name in opened.keys()}  # noqa: SIM118
            return Checkpoint(path, shapes, opened)
        path.open("rb").close()  # a file that is not there is not damaged
        if not zipfile.is_zipfile(path):
            raise BundleError(
                f"{path} is not a checkpoint that can be read: it is cut short, or older than torch 1.6.",
                path,
            )
        loaded = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except OSError as error:
        raise BundleError(f"{path} cannot be read: {error.strerror or error}.", path) from error
    except pickle.UnpicklingError as error:
        raise BundleError(_refusal(path, str(error)), path) from error
    except (
        RuntimeError,
        SafetensorError,
        EOFError,
        KeyError,
        ValueError,
        TypeError,
        AttributeError,
    ) as error:
        raise BundleError(f"{path} is damaged or cut short: {_first_sentence(error)}", path) from error
    state = loaded.get("state_dict", loaded) if isinstance(loaded, Mapping) else None
    condition = ""
    if isinstance(state, Mapping) and isinstance(state.get("ema"), Mapping):
        state, condition = _run_state(state), str(state.get("condition", ""))
    if not isinstance(state, Mapping):
        raise BundleError(f"{path} is not a checkpoint: it holds no table of tensors.", path)
    tensors = {
        name: value for name, value in state.items() if isinstance(name, str) and isinstance(value, Tensor)
    }
    shapes = {name: tuple(value.shape) for name, value in tensors.items()}
    return Checkpoint(path, shapes, tensors, condition if condition in CONDITIONS else "")


def _run_state(saved: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a run of this program saved as an official file would have it."""
    state = {f"{PREFIXES['ddpm']}{name}": value for name, value in saved["ema"].items()}
    if isinstance(saved.get("scale_factor"), float):
        state[SCALE_FACTOR] = torch.tensor(saved["scale_factor"], dtype=torch.float64)
    return state


def find_parts(checkpoint: Checkpoint, sizes: Sizes) -> dict[str, Part]:
    """Return the parts that are there, complete; a part of which nothing is there is left out.

    Raises:
        BundleError: tensors are missing or have other shapes; they are named.
    """
    parts, missing, wrong = {}, [], []
    for graph in PREFIXES:
        shapes = network_shapes(graph, sizes)
        prefix = _prefix(checkpoint, graph, shapes)
        names = {name: _sources(checkpoint, prefix + name) for name in shapes}
        if not any(names.values()):
            continue
        missing += [prefix + name for name, found in names.items() if not found]
        for name, found in names.items():
            shape = checkpoint.shapes[found[-1]] if found else shapes[name]
            if shape != shapes[name]:
                wrong.append(f"{found[-1]} is {_words(shape)} instead of {_words(shapes[name])}")
        parts[graph] = Part(graph, names, shapes)
    if "ddpm" not in parts:
        wanted = PREFIXES["ddpm"] + "…"
        raise BundleError(f"{checkpoint.path} is not an AudioSR checkpoint: it has no tensors {wanted}.")
    for problems, words in ((missing, "lacks"), (wrong, "is of another model:")):
        if problems:
            more = f" and {len(problems) - NAMED_PROBLEMS} more" if len(problems) > NAMED_PROBLEMS else ""
            raise BundleError(
                f"{checkpoint.path} {words} {', '.join(problems[:NAMED_PROBLEMS])}{more}.", checkpoint.path
            )
    return parts


def network(graph: str, sizes: Sizes, scale_factor: float = 1.0) -> nn.Module:
    """Return the network of a graph; made under `torch.device("meta")` it takes no memory."""
    if graph == "vae_decoder":
        return LatentDecoder(sizes, scale_factor)
    makers: dict[str, Any] = {"vae_feature_extract": ConditionEncoder, "ddpm": UNet, "vocoder": Vocoder}
    made: nn.Module = makers[graph](sizes)
    return made


def network_shapes(graph: str, sizes: Sizes) -> dict[str, tuple[int, ...]]:
    """Return the names and shapes of a network's tensors."""
    with torch.device("meta"):
        return {name: tuple(value.shape) for name, value in network(graph, sizes).state_dict().items()}


def load_network(checkpoint: Checkpoint, part: Part, sizes: Sizes, scale_factor: float) -> nn.Module:
    """Return a part's network with its weights, which stay in the mapped file where they can."""
    with torch.device("meta"):
        made = network(part.graph, sizes, scale_factor)
    made.load_state_dict(dict(part.tensors(checkpoint)), assign=True)
    return made.eval().requires_grad_(False)


def weights_sum(checkpoint: Checkpoint, part: Part, scale_factor: float) -> str:
    """Return a sum over a part's tensors: equal sums make equal graphs."""
    digest = hashlib.sha256()
    if part.graph == "vae_decoder":  # the factor is baked into its graph
        digest.update(repr(scale_factor).encode())
    for name, value in part.tensors(checkpoint):
        digest.update(f"{name} {tuple(value.shape)}".encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def read_scale_factor(checkpoint: Checkpoint) -> float | None:
    """Return the factor of the latents, None where the file has none.

    Raises:
        BundleError: it is not a positive number.
    """
    if SCALE_FACTOR not in checkpoint.shapes:
        return None
    value = checkpoint.tensor(SCALE_FACTOR)
    if value.numel() != 1 or not 1e-6 < float(value) < 1e6:
        raise BundleError(f"{checkpoint.path}: {SCALE_FACTOR} is not a positive number.", checkpoint.path)
    return float(value)


def vaes_are_equal(checkpoint: Checkpoint) -> bool | None:
    """Tell whether the conditioner's VAE repeats the first stage's; None where the file has only one."""
    pairs = [
        (name, FIRST_STAGE + name.removeprefix(CONDITIONER))
        for name in checkpoint.shapes
        if re.match(rf"{re.escape(CONDITIONER)}(encoder|decoder|quant_conv|post_quant_conv)\.", name)
    ]
    if not pairs or not all(second in checkpoint.shapes for _, second in pairs):
        return None
    return all(torch.equal(checkpoint.tensor(first), checkpoint.tensor(second)) for first, second in pairs)


def _prefix(checkpoint: Checkpoint, graph: str, shapes: Mapping[str, tuple[int, ...]]) -> str:
    """Return where a part is found; a file with one VAE has no second one for the condition."""
    prefix = PREFIXES[graph]
    if graph == "vae_feature_extract" and not any(prefix + name in checkpoint.shapes for name in shapes):
        return FIRST_STAGE
    return prefix


def _sources(checkpoint: Checkpoint, name: str) -> tuple[str, ...]:
    if name in checkpoint.shapes:
        return (name,)
    stem = name.removesuffix("weight")
    for length, direction in _NORM_PARTS if name.endswith(".weight") else ():
        if stem + length in checkpoint.shapes and stem + direction in checkpoint.shapes:
            return stem + length, stem + direction
    return ()


def _folded(values: list[Tensor]) -> Tensor:
    """Return a weight from its length and direction; the norm is over all axes but the first."""
    if len(values) == 1:
        return values[0]
    length, direction = values
    norm = torch.linalg.vector_norm(direction, dim=tuple(range(1, direction.ndim)), keepdim=True)
    folded: Tensor = length.view(-1, *(1,) * (direction.ndim - 1)) * direction / norm
    return folded


def _refusal(path: Path, reason: str) -> str:
    found = re.search(r"GLOBAL ([\w.]+)", reason)
    what = f"the code {found.group(1)}" if found else "something else than tensors"
    return (
        f"{path} was not read: it asks for {what}, and a checkpoint may hold nothing but tensors and values."
    )


def _first_sentence(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].partition(". ")[0][:200]


def _words(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a single value"
