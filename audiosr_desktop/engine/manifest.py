"""The manifest of a bundle: `manifest.json` as frozen values, checked at the door.

It is a superset of the manifest that the public ONNX port of AudioSR writes, so that the port's folders load
as they are: keys it lacks have defaults here, and keys that it names differently are read under both names.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from audiosr_desktop.engine.graph_file import is_inside
from audiosr_desktop.errors import BundleError

MANIFEST = "manifest.json"
GRAPHS = ("vae_feature_extract", "ddpm", "vae_decoder", "vocoder")
CONDITIONS = ("canonical_mel", "lowpass_mel", "degraded_mel")
SAMPLERS = ("ddim", "dpm")
QUALITIES = ("draft", "standard", "best")
NATIVE_RATE = 48_000
N_FFT = 2048
HOP_LENGTH = 480
MIN_WINDOW_S = 2.56  # context on both sides must leave something in the middle
MAX_WINDOW_S = 60.0
ALL_TIMES = (0, 999)

Gains = tuple[tuple[float, float], ...]
"""Rising cutoffs in Hz, each with a gain in dB."""

_WORDS = {
    int: "a whole number",
    float: "a number",
    str: "text",
    bool: "true or false",
    dict: "an object",
    list: "a list",
}


@dataclass(frozen=True, slots=True)
class Latent:
    """Shape of the latent: `channels` by time by `bins`, one column per `frames_per_latent` mel frames.

    The graphs take a number of columns that is a multiple of `frames_multiple`.
    """

    channels: int = 16
    bins: int = 32
    frames_per_latent: int = 8
    frames_multiple: int = 8


@dataclass(frozen=True, slots=True)
class Loan:
    """A graph that lies in another bundle.

    Attributes:
        bundle: id of the bundle that owns it.
        sha256: sum that its file must have; empty where the borrower takes what there is.
    """

    bundle: str
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What `manifest.json` says about the graphs beside it.

    Attributes:
        id: the bundle's name on the command line and in reports.
        title: name for the user.
        description: a sentence or two for the user.
        license: of the weights.
        latent: shape of the latent.
        scale_factor: the condition latent times this is what the UNet sees.
        eta: noise of the sampler, 0 deterministic to 1 as DDPM.
        sampler: "ddim" or "dpm".
        guidance_scale: default guidance; 1 is none.
        guidance_interval: first and last of the times, 0 to 999, at which guidance is applied.
        unconditional_latent: fill of the unscaled condition latent of the unguided half.
        condition: what the condition encoder reads, one of `CONDITIONS`.
        band_gain_db: gain of the generated band that makes up for the model's mean error of level, by cutoff,
            for each of `QUALITIES`.
        condition_sampled: whether the encoder's noise input gets noise, or zeros to give the mean.
        window_seconds: length the graphs were trained on; at most this much is run at once.
        vocoder_output: "waveform", or "stft" where the vocoder returns the spectrum to invert.
        graphs: file of each of `GRAPHS` that is the bundle's own.
        borrowed: where the other graphs come from.
        weights_sha256: sums of the tensors that imported graphs were made of, by graph.
        required_files: everything the bundle needs, relative to its folder.
        sha256: hexadecimal sums of files.
        default_steps: sampler steps of each of `QUALITIES`.
        vocoders: bundles whose vocoder is quicker and is taken, by quality, where it is installed.
        speeds: seconds that two processor cores take for a second of one channel, by quality; a first
            guess, until the machine was measured.
        tasks: what the bundle was trained for.
        about: the rest of the manifest (training, evaluation, …) as it is written.
    """

    id: str
    title: str
    description: str
    license: str
    latent: Latent
    scale_factor: float
    eta: float
    sampler: str
    guidance_scale: float
    unconditional_latent: float
    condition: str
    condition_sampled: bool
    band_gain_db: Mapping[str, Gains]
    window_seconds: float
    vocoder_output: str
    graphs: Mapping[str, str]
    required_files: tuple[str, ...]
    sha256: Mapping[str, str]
    default_steps: Mapping[str, int]
    tasks: tuple[str, ...]
    about: Mapping[str, Any] = field(default_factory=dict)
    guidance_interval: tuple[int, int] = ALL_TIMES
    borrowed: Mapping[str, Loan] = field(default_factory=dict)
    weights_sha256: Mapping[str, str] = field(default_factory=dict)
    vocoders: Mapping[str, str] = field(default_factory=dict)
    speeds: Mapping[str, float] = field(default_factory=dict)

    def is_guided(self, time: int, scale: float | None = None) -> bool:
        """Tell whether guidance is applied at a time, 0 to 999; `scale` is the manifest's if absent."""
        first, last = self.guidance_interval
        return (self.guidance_scale if scale is None else scale) != 1.0 and first <= time <= last


class _Reader:
    """Typed access to a JSON object; every complaint names the file, the key, what was expected and found."""

    def __init__(self, data: Mapping[str, Any], path: Path, prefix: str = "") -> None:
        self.data, self.path, self.prefix = data, path, prefix

    def get(self, key: str, kind: type, default: Any = None, *, also: str = "") -> Any:
        name = also if also and key not in self.data else key
        value = self.data.get(name, default)
        if value is None:
            raise self.error(name, _WORDS[kind], "nothing")
        good = isinstance(value, int | float) if kind is float else isinstance(value, kind)
        if not good or (kind in (int, float) and isinstance(value, bool)):
            raise self.error(name, _WORDS[kind], json.dumps(value)[:60])
        return float(value) if kind is float else value

    def positive(self, key: str, default: int, *, also: str = "") -> int:
        value: int = self.get(key, int, default, also=also)
        if value < 1:
            raise self.error(key, "a positive whole number", str(value))
        return value

    def one_of(self, key: str, choices: tuple[str, ...], default: str) -> str:
        value: str = self.get(key, str, default)
        if value not in choices:
            raise self.error(key, f"one of {', '.join(choices)}", value)
        return value

    def exactly(self, key: str, wanted: float, *, also: str = "") -> None:
        value = self.get(key, float, wanted, also=also)
        if value != wanted:
            raise self.error(key, f"{wanted:g}", f"{value:g}")

    def part(self, key: str) -> "_Reader":
        return _Reader(self.get(key, dict, {}), self.path, f"{self.prefix}{key}.")

    def error(self, key: str, expected: str, found: str) -> BundleError:
        return BundleError(f"{self.path}: {self.prefix}{key}: expected {expected}, found {found}.", self.path)


def read_manifest(path: Path) -> Manifest:
    """Read and check a manifest.

    Raises:
        BundleError: it is missing, not JSON, or a key is not what the engine can run.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise BundleError(f"{path.parent} is not a model: it has no {MANIFEST}.", path) from error
    except (OSError, ValueError) as error:
        raise BundleError(f"{path} cannot be read as JSON: {error}.", path) from error
    if not isinstance(data, dict):
        raise BundleError(f"{path}: expected an object, found {type(data).__name__}.", path)
    return _manifest(_Reader(data, path))


def _manifest(top: _Reader) -> Manifest:
    top.exactly("sampling_rate", NATIVE_RATE)
    _check_front_end(top)
    latent, cfg, scheduler, vocoder = (top.part(key) for key in ("latent", "cfg", "scheduler", "vocoder"))
    scheduler.exactly("steps", 1000, also="num_train_timesteps")
    scheduler.one_of("prediction" if "prediction" in scheduler.data else "parameterization", ("v",), "v")
    scheduler.one_of("beta_schedule" if "beta_schedule" in scheduler.data else "type", ("cosine",), "cosine")
    window_s = top.get("window_seconds", float, 10.24)
    if not MIN_WINDOW_S <= window_s <= MAX_WINDOW_S:
        raise top.error("window_seconds", f"{MIN_WINDOW_S:g} to {MAX_WINDOW_S:g}", f"{window_s:g}")
    condition = top.one_of("condition", CONDITIONS, "lowpass_mel")
    name = top.get("id", str, top.path.parent.name)
    borrowed = _borrowed(top)
    graphs = _graph_files(top, borrowed)
    steps = top.part("default_steps")
    defaults = {"draft": 10, "standard": 50, "best": 100}  # of a port that does not say: upstream's habits
    sums = top.get("sha256", dict, {})
    return Manifest(
        id=name,
        title=top.get("title", str, top.get("model", str, name)),
        description=top.get("description", str, ""),
        license=top.get("license", str, "not stated"),
        latent=Latent(
            channels=latent.positive("channels", 16),
            bins=latent.positive("bins", 32, also="f_size"),
            frames_per_latent=latent.positive("frames_per_latent", 8, also="vae_downsample"),
            frames_multiple=latent.positive("frames_multiple", 8),
        ),
        scale_factor=top.get("scale_factor", float),
        eta=top.get("eta", float, scheduler.get("eta", float, 0.0)),
        sampler=top.one_of("sampler", SAMPLERS, "ddim"),
        guidance_scale=cfg.get("guidance_scale", float, 1.0),
        guidance_interval=_interval(cfg),
        unconditional_latent=cfg.get("unconditional_latent", float, -11.4981, also="unconditional_value"),
        condition=condition,
        condition_sampled=top.get("condition_sampled", bool, condition == "lowpass_mel"),
        band_gain_db=_gains_by_quality(top),
        window_seconds=window_s,
        vocoder_output=vocoder.one_of("output", ("stft", "waveform"), "waveform"),
        graphs=graphs,
        borrowed=borrowed,
        weights_sha256={
            str(graph): str(found) for graph, found in top.get("weights_sha256", dict, {}).items()
        },
        required_files=_required_files(top, graphs),
        sha256={_inside(top, "sha256", file): str(sums[file]).lower() for file in sums},
        default_steps={quality: _steps(steps, quality, defaults[quality]) for quality in QUALITIES},
        vocoders={str(quality): str(name) for quality, name in top.get("vocoders", dict, {}).items()},
        speeds=_speeds(top.part("speeds")),
        tasks=tuple(str(task) for task in top.get("tasks", list, ["super-resolution"])),
        about=top.data,
    )


def _check_front_end(top: _Reader) -> None:
    """Refuse another framing or mel: the engine has one, and a wrong one would sound wrong silently."""
    stft, mel, vocoder = top.part("stft"), top.part("mel"), top.part("vocoder")
    for part in (stft, vocoder):
        part.exactly("n_fft", N_FFT)
        part.exactly("hop", HOP_LENGTH)
    stft.exactly("win", N_FFT)
    mel.exactly("n_mels", 256)
    mel.exactly("fmin", 20)
    mel.exactly("fmax", 24_000)
    mel.exactly("floor", 1e-5, also="log_clip_val")


def _interval(cfg: _Reader) -> tuple[int, int]:
    """Return the times between which guidance is applied; all where the manifest does not say."""
    ends = cfg.get("interval", list, list(ALL_TIMES))
    if len(ends) != 2 or not all(type(end) is int for end in ends) or not 0 <= ends[0] <= ends[1] <= 999:
        raise cfg.error("interval", "two rising whole numbers of 0 to 999", json.dumps(ends)[:60])
    return ends[0], ends[1]


def _gains_by_quality(top: _Reader) -> dict[str, Gains]:
    """Return gains for each quality; what is not given by quality is for all of them."""
    value = top.data.get("band_gain_db", 0.0)
    if not isinstance(value, dict):
        return dict.fromkeys(QUALITIES, _gains(top, "band_gain_db", value))
    part = top.part("band_gain_db")
    return {quality: _gains(part, quality, part.data.get(quality)) for quality in QUALITIES}


def _gains(reader: _Reader, key: str, value: Any) -> Gains:
    """Return gains in dB by cutoff; a number alone is for every cutoff."""
    pairs = value if isinstance(value, list) else [[1.0, value]]
    numbers = [number for pair in pairs if isinstance(pair, list) and len(pair) == 2 for number in pair]
    good = all(type(number) in (int, float) and abs(number) < 1e6 for number in numbers)
    cutoffs = numbers[::2]
    if (
        not good
        or not pairs
        or len(numbers) != 2 * len(pairs)
        or cutoffs != sorted(set(cutoffs))
        or cutoffs[0] <= 0
    ):
        expected = "a number, or rising cutoffs in Hz with a gain in dB each"
        raise reader.error(key, expected, json.dumps(value)[:60])
    return tuple((float(cutoff), float(gain)) for cutoff, gain in pairs)


def _steps(reader: _Reader, quality: str, default: int) -> int:
    steps = reader.positive(quality, default)
    if steps > 1000:
        raise reader.error(quality, "at most 1000 steps", str(steps))
    return steps


def _speeds(reader: _Reader) -> dict[str, float]:
    speeds = {quality: reader.get(quality, float) for quality in QUALITIES if quality in reader.data}
    for quality, speed in speeds.items():
        if not 0.0 < speed < 1e6:
            raise reader.error(quality, "a positive number", f"{speed:g}")
    return speeds


def _borrowed(top: _Reader) -> dict[str, Loan]:
    """Return the graphs of other bundles: an id, or an id and a sum, for each."""
    loans = {}
    for graph, entry in top.get("borrowed", dict, {}).items():
        named = {"bundle": entry} if isinstance(entry, str) else entry
        if graph not in GRAPHS or not isinstance(named, dict):
            raise top.error(
                f"borrowed.{graph}", "the id of a model for one of its graphs", json.dumps(entry)[:60]
            )
        loan = _Reader(named, top.path, f"borrowed.{graph}.")
        loans[graph] = Loan(loan.get("bundle", str), loan.get("sha256", str, "").lower())
    return loans


def _graph_files(top: _Reader, borrowed: Mapping[str, Loan]) -> dict[str, str]:
    """Return the file of each graph; the public port describes graphs there and names files after them."""
    graphs = top.get("graphs", dict, {} if borrowed else None)
    files = {}
    for graph in (graph for graph in GRAPHS if graph not in borrowed):
        if graph not in graphs:
            raise top.error(f"graphs.{graph}", "a file name", "nothing")
        entry = graphs[graph]
        files[graph] = _inside(top, f"graphs.{graph}", entry if isinstance(entry, str) else f"{graph}.onnx")
    return files


def _required_files(top: _Reader, graphs: Mapping[str, str]) -> tuple[str, ...]:
    listed = [_inside(top, "required_files", file) for file in top.get("required_files", list, [])]
    return tuple(dict.fromkeys([*graphs.values(), *(file for file in listed if file != MANIFEST)]))


def _inside(top: _Reader, key: str, file: object) -> str:
    """Return `file` when it names something inside the bundle's folder."""
    if not isinstance(file, str) or not is_inside(file):
        raise top.error(key, "a file inside the bundle's folder", repr(file))
    return file
