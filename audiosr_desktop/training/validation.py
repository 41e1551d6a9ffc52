"""Held-out sound through the networks in training, by the engine's own road and the evaluation's figures."""

import json
import tempfile
from collections.abc import Callable, Generator, Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from audiosr_desktop.dsp.degrade import band_limit
from audiosr_desktop.engine.bundle import Bundle
from audiosr_desktop.engine.manifest import GRAPHS, MANIFEST, Manifest, read_manifest
from audiosr_desktop.engine.restorer import Restorer, Settings
from audiosr_desktop.engine.sessions import ProviderReport, Sessions
from audiosr_desktop.evaluation.metrics import band_energy_db, lsd_bands
from audiosr_desktop.job import run_job
from audiosr_desktop.training.autoencoder import LATENT_CHANNELS, ConditionGraph, DecoderGraph
from audiosr_desktop.training.data import FULL_BAND_HZ, SAMPLE_RATE, Corpus, MelFrontEnd
from audiosr_desktop.training.latent_tasks import ConditionEncoderTask, UNetTask
from audiosr_desktop.training.run import Run
from audiosr_desktop.training.tasks import Task, overlap_add
from audiosr_desktop.training.vocoder import Vocoder
from audiosr_desktop.training.weights import fill, load_weights

Samples = npt.NDArray[np.float32]

SECONDS = 5.12
CUTOFFS_HZ = (4_000.0, 8_000.0)
STEPS = 4
HIGHEST_HZ = 20_000.0  # most of the corpus ends above by its sample rate
_MOST_DRAWS = 40  # a sound


class TorchSessions(Sessions):
    """Torch networks in the place of a bundle's graphs, so that the engine runs what is being trained."""

    def __init__(
        self, networks: Mapping[str, nn.Module], scale_factor: float, condition: str, device: torch.device
    ) -> None:
        super().__init__(
            Bundle(Path(), _manifest(scale_factor, condition), ""),
            {},
            ProviderReport(str(device), str(device), "torch"),
        )
        self._networks = networks
        self._device = device

    def run(self, graph: str, feeds: Mapping[str, npt.NDArray[np.generic]]) -> Generator[None, None, Samples]:
        """Run one network on the inputs of its graph, in the order of the contract."""
        yield
        tensors = [torch.from_numpy(np.ascontiguousarray(array)).to(self._device) for array in feeds.values()]
        with torch.no_grad():
            found: Tensor = self._networks[graph](*tensors)
        output: Samples = found.float().cpu().numpy()
        return output


def _manifest(scale_factor: float, condition: str) -> Manifest:
    """Return the manifest that a bundle of the networks would have, as far as the engine reads it."""
    facts = {
        "id": "training",
        "graphs": {graph: f"{graph}.onnx" for graph in GRAPHS},
        "scale_factor": scale_factor,
        "condition": condition,
        "condition_sampled": False,
        "eta": 1.0,
        "cfg": {"guidance_scale": 1.0, "unconditional_latent": 0.0},
        "vocoder": {"output": "stft"},
    }
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / MANIFEST
        path.write_text(json.dumps(facts), encoding="utf-8")
        return read_manifest(path)


def restored(restorer: Restorer, narrow: Samples, cutoff_hz: float, steps: int) -> Samples:
    """Return band-limited sound (1, samples) with the band that a model makes for it."""
    padding = SAMPLE_RATE
    padded = np.pad(narrow, ((0, 0), (padding, 12 * SAMPLE_RATE)))
    made: list[Samples] = []
    job = restorer.generate(
        lambda start, stop: padded[:, start + padding : stop + padding],
        narrow.shape[1],
        0,
        narrow.shape[1],
        settings=Settings(cutoff_hz, steps, 1.0, 0),
        write=made.append,
    )
    run_job(job)
    return narrow + np.concatenate(made, axis=1)


def full_band_sounds(corpus: Corpus, count: int, rng: np.random.Generator) -> list[Samples]:
    """Draw up to `count` excerpts (1, samples) of sound that reaches the top of the band."""
    sounds = []
    for _ in range(_MOST_DRAWS * count):
        batch = corpus.draw(rng, 1, round(SECONDS * SAMPLE_RATE))
        if batch.bandwidth_hz[0] >= FULL_BAND_HZ:
            sounds.append(batch.sound.numpy())
        if len(sounds) == count:
            break
    return sounds


class ConditionAsAnswer(nn.Module):
    """Stands for a UNet that answers with the condition: its velocity at pure noise is minus the latent."""

    def forward(self, x: Tensor, timesteps: Tensor) -> Tensor:
        return -x[:, LATENT_CHANNELS:]


def vocoder_of(run: Run, device: torch.device) -> Vocoder | None:
    """Return the trained vocoder that a run names, if it names one."""
    if not run.vocoder:
        return None
    network, path = Vocoder().to(device), Path(run.vocoder)
    fill(network, load_weights(path, "vocoder", device), path)
    return network.eval()


class Judge:
    """Measures a run's network on held-out excerpts: LSD above a cutoff, and energy there against the truth.

    The vocoder is judged on true mels, the VAE by what the vocoder makes of its mels, the UNet and the
    condition encoder by restoring band-limited sound. All but the vocoder need a vocoder (`Run.vocoder`);
    a run without one is not judged by sound.
    """

    def __init__(self, run: Run, task: Task, corpus: Corpus, device: torch.device) -> None:
        self._task, self._device, self._run = task, device, run
        self._front = MelFrontEnd().to(device)
        self._vocoder = vocoder_of(run, device)
        self._make = self._maker()
        sounds = run.validate_sounds if self._make is not None else 0
        self._sounds = full_band_sounds(corpus, sounds, np.random.default_rng((run.seed, 2)))

    def measure(self) -> dict[str, float]:
        """Return mean figures of the network as it is now; the caller puts the averaged weights in."""
        sums: dict[str, list[float]] = {}
        for sound in self._sounds:
            for cutoff_hz in CUTOFFS_HZ:
                assert self._make is not None
                made = self._make(sound, cutoff_hz)
                whole, high = lsd_bands(sound, made, SAMPLE_RATE, [(0.0, None), (cutoff_hz, HIGHEST_HZ)])
                energy = band_energy_db(sound, made, SAMPLE_RATE, cutoff_hz, HIGHEST_HZ)
                figures = {"lsd": whole, "lsd_high": high, "energy_db": energy}
                for name, value in figures.items():
                    sums.setdefault(f"{name}_{cutoff_hz / 1000:g}k", []).append(value)
        return {name: float(np.mean(values)) for name, values in sums.items()}

    def _maker(self) -> Callable[[Samples, float], Samples] | None:
        run, task = self._run, self._task
        if run.task == "vocoder":
            return lambda sound, _: self._sound_of(self._mel(sound), task.network)
        if self._vocoder is None:
            return None
        if run.task == "autoencoder":
            return lambda sound, _: self._sound_of(self._decoded(sound), self._vocoder)
        # a regression is judged by its loss, and by the evaluation once it is a bundle
        return self._restore if isinstance(task, UNetTask | ConditionEncoderTask) else None

    def _restore(self, sound: Samples, cutoff_hz: float) -> Samples:
        """Restore band-limited sound with the UNet, or with the condition encoder's latent as it is."""
        task = self._task
        assert isinstance(task, UNetTask | ConditionEncoderTask)
        assert self._vocoder is not None
        samples = isinstance(task, UNetTask)
        networks = {
            "vae_feature_extract": ConditionGraph(task.encoder, task.estimator),
            "ddpm": task.network if samples else ConditionAsAnswer(),
            "vae_decoder": DecoderGraph(task.autoencoder.decoder, task.scale_factor),
            "vocoder": self._vocoder,
        }
        sessions = TorchSessions(networks, task.scale_factor, self._run.condition, self._device)
        narrow = band_limit(sound, SAMPLE_RATE, cutoff_hz, "resample")
        return restored(Restorer(sessions), narrow, cutoff_hz, STEPS if samples else 1)

    def _mel(self, sound: Samples) -> Tensor:
        mel: Tensor = self._front(torch.from_numpy(sound).to(self._device))
        return mel

    def _sound_of(self, mel: Tensor, vocoder: nn.Module | None) -> Samples:
        assert vocoder is not None
        with torch.no_grad():
            spectrum = vocoder(mel.transpose(1, 2)).float()
            sound = overlap_add(torch.complex(spectrum[:, 0], spectrum[:, 1]))
        made: Samples = sound.cpu().numpy()
        return made

    def _decoded(self, sound: Samples) -> Tensor:
        with torch.no_grad():
            decoded: Tensor = self._task.network(self._mel(sound).unsqueeze(1))[0][:, 0]
        return decoded
