"""Restorer: sound to mel, mel to latent, sampling, and back to sound, window by window, as a Job."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.dsp.spectrum import MEL_FLOOR, frame_stft, inverse_frame_stft, log_mel, mel_filter_bank
from audiosr_desktop.engine import noise
from audiosr_desktop.engine.bundle import Bundle
from audiosr_desktop.engine.condition import EDGE_MARGIN, canonical_mel, known_bands
from audiosr_desktop.engine.crossover import CROSSOVER_SHARE, join, silence_gate
from audiosr_desktop.engine.ddim import guided, sample
from audiosr_desktop.engine.holes import fill_holes
from audiosr_desktop.engine.input_level import InputLevel
from audiosr_desktop.engine.manifest import HOP_LENGTH, N_FFT, NATIVE_RATE
from audiosr_desktop.engine.sessions import Sessions
from audiosr_desktop.engine.windows import Grid, Joiner, Window
from audiosr_desktop.errors import EngineError, EngineMemoryError
from audiosr_desktop.job import Job, Progress, part_of, told_as

Samples = npt.NDArray[np.float32]
Latent = npt.NDArray[np.float32]
T = TypeVar("T")

ROWS_AT_ONCE = 2  # channels in one run of the graphs
LOWPASS_ORDER = 8

# shares of a window's time, for the progress bar only
_ENCODED, _SAMPLED, _DECODED = 0.05, 0.80, 0.85


@dataclass(frozen=True, slots=True)
class Settings:
    """How to generate.

    Attributes:
        cutoff_hz: end of the input's good band.
        steps: of the sampler.
        guidance_scale: 1 is none and takes half the time.
        seed: of all noise.
        band_gain_db: gain of the generated band.
        fill_holes: also generate below the cutoff what a lossy codec left out there.
    """

    cutoff_hz: float
    steps: int
    guidance_scale: float
    seed: int
    band_gain_db: float = 0.0
    fill_holes: bool = False


@dataclass(frozen=True, slots=True)
class Generated:
    """How a run went.

    Attributes:
        windows: windows that the graphs ran on.
        silent_windows: windows that held only silence, where nothing was generated.
        singly: whether memory ran out, so that channels were generated one by one.
    """

    windows: int
    silent_windows: int
    singly: bool = False


class Restorer:
    """Generates with one bundle what a sound lacks above its cutoff."""

    def __init__(self, sessions: Sessions) -> None:
        self.sessions = sessions
        self.bundle: Bundle = sessions.bundle
        self._manifest = sessions.bundle.manifest
        self._rows = ROWS_AT_ONCE

    def band_gain_db(self, settings: Settings) -> float:
        """Return the gain of the generated band; measured on a document, it would hang on its length.

        Between the cutoffs and steps of the manifest it goes with their logarithms.
        """
        cutoff_hz = max(settings.cutoff_hz, 1.0)
        own = {}
        for quality, gains in self._manifest.band_gain_db.items():
            cutoffs, gains_db = zip(*gains, strict=True)
            steps = self._manifest.default_steps[quality]
            own[steps] = float(np.interp(np.log(cutoff_hz), np.log(cutoffs), gains_db))
        by_steps = sorted(own.items())
        at = np.log([steps for steps, _ in by_steps])
        gain_db = np.interp(np.log(settings.steps), at, [gain_db for _, gain_db in by_steps])
        return settings.band_gain_db + float(gain_db)

    def generate(
        self,
        read: Callable[[int, int], Samples],
        length: int,
        start: int,
        stop: int,
        *,
        settings: Settings,
        write: Callable[[Samples], None],
    ) -> Job[Generated]:
        """Generate what is to be added to samples [start, stop) of a document at 48 kHz.

        Never more than two windows are held. The result at a place depends on the document and the settings
        alone, not on `start` and `stop`.

        Args:
            read: samples [a, b) of the document, float32 (channels, b - a), zero outside it.
            length: of the document.
            start: first sample.
            stop: one past the last.
            settings: see `Settings`.
            write: takes the result block by block, float32 (channels, n), stop - start samples in all.

        Raises:
            BundleError: the bundle's windows cannot be laid out.
            EngineMemoryError: there is not even memory for one channel.
            EngineError: a graph fails, or returns what the contract does not say.
        """
        grid = Grid.of(self._manifest, length)
        joiner = Joiner(grid, start, stop)
        windows = list(grid.windows(start, stop)) if stop > start else []
        count = len(windows)
        gain_db = self.band_gain_db(settings)
        level = InputLevel(read, length)
        silent = 0
        for index, window in enumerate(windows):
            sound = _read_mirrored(read, window, length)
            spectrum = frame_stft(sound)
            gate = silence_gate(spectrum)
            if gate.any():
                magnitude, holes = np.abs(spectrum), None
                if settings.fill_holes:
                    magnitude, holes = fill_holes(magnitude, settings.cutoff_hz)
                gains = level.gains(window.start, window.stop)
                working = self._window(window, sound, magnitude, gains, settings)
                generated = yield from _progress(working, index, count)
                added = join(spectrum, gate, generated, settings.cutoff_hz, gain_db, holes=holes)
            else:
                added = np.zeros_like(sound)
                silent += 1
            write(joiner.add(window, added))
            yield Progress((index + 1) / count, f"Generating · window {index + 1}/{count}")
        return Generated(count - silent, silent, self._rows < ROWS_AT_ONCE)

    def _window(
        self, window: Window, sound: Samples, magnitude: Samples, gains: Samples, settings: Settings
    ) -> Job[Samples]:
        """Generate one window at the level that `gains` give it; channels that are equal are generated once.

        Where memory runs out the channels go one by one, from then on.
        """
        loud, magnitude = sound * gains, magnitude * gains[HOP_LENGTH // 2 :: HOP_LENGTH, None]
        rows = loud[:1] if np.all(sound == sound[:1]) else loud
        made: list[Samples] = []
        done = 0
        while done < len(rows):
            batch = slice(done, min(done + self._rows, len(rows)))
            working = self._generate(window, rows[batch], magnitude[batch], settings)
            part = batch.stop - done
            try:
                made.append((yield from part_of(working, done / len(rows), batch.stop / len(rows))) / gains)
            except EngineMemoryError:
                if part == 1:
                    raise
                self._rows = 1
                continue
            done = batch.stop
        return np.broadcast_to(np.concatenate(made), sound.shape)

    def _generate(
        self, window: Window, sound: Samples, magnitude: Samples, settings: Settings
    ) -> Job[Samples]:
        """Return sound of the whole band for a window, (rows, samples), from its sound and its magnitudes."""
        mel = _log_mel(magnitude)
        condition_mel, mel = self._condition_mel(sound, mel, settings.cutoff_hz)
        condition = yield from self._encode(window, condition_mel, settings)
        latent = yield from part_of(self._sample(window, condition, settings), _ENCODED, _SAMPLED)
        decoded = yield from self._run("vae_decoder", {"z": latent}, _SAMPLED)
        known = known_bands(settings.cutoff_hz * CROSSOVER_SHARE / EDGE_MARGIN)
        frames = magnitude.shape[1]
        self._check("vae_decoder", decoded, (len(sound), 1, frames, mel.shape[-1]))
        decoded = decoded[:, 0]
        decoded[..., :known] = mel[..., :known]  # below the crossover the vocoder hears the input itself
        return (yield from self._vocode(decoded, _DECODED))

    def _vocode(self, mel: Samples, share: float) -> Job[Samples]:
        """Return the vocoder's sound, (rows, 480 frames), of mels (rows, frames, 256)."""
        output = yield from self._run("vocoder", {"mel": np.swapaxes(mel, 1, 2)}, share)
        return self._waveform(output, *mel.shape[:2])

    def _condition_mel(self, sound: Samples, mel: Samples, cutoff_hz: float) -> tuple[Samples, Samples]:
        """Return what the encoder reads, and the mel whose known bands are kept; (rows, frames, 256) both."""
        if self._manifest.condition == "canonical_mel":
            return canonical_mel(mel, cutoff_hz), mel
        if self._manifest.condition == "lowpass_mel":
            lowpassed = log_mel(lowpass(sound, NATIVE_RATE, cutoff_hz, "butter", LOWPASS_ORDER))
            return lowpassed, lowpassed
        return mel, mel

    def _encode(self, window: Window, mel: Samples, settings: Settings) -> Job[Latent]:
        """Return the condition as the UNet reads it, scaled, (rows, channels, columns, bins)."""
        latent = self._manifest.latent
        columns = mel.shape[1] // latent.frames_per_latent
        drawn = np.zeros((len(mel), latent.channels, columns, latent.bins), np.float32)
        if self._manifest.condition_sampled:
            drawn += self._noise(window, columns, settings.seed, noise.ENCODER)
        feeds = {"mel": mel[:, None], "noise": drawn}
        condition = yield from self._run("vae_feature_extract", feeds, 0.0)
        self._check("vae_feature_extract", condition, feeds["noise"].shape)
        return condition * np.float32(self._manifest.scale_factor)

    def _sample(self, window: Window, condition: Latent, settings: Settings) -> Job[Latent]:
        """Sample clean latents; all rows start from the same noise, so that channels stay together."""
        rows, columns = len(condition), condition.shape[2]
        scale = settings.guidance_scale
        without = self._manifest.unconditional_latent * self._manifest.scale_factor

        def velocity(latent: Latent, time: int) -> Generator[None, None, Latent]:
            x = np.concatenate([latent, condition], axis=1)
            is_guided = self._manifest.is_guided(time, scale)
            if is_guided:  # both halves of the guided pair in one run
                blind = np.concatenate([latent, np.full_like(condition, without)], axis=1)
                x = np.concatenate([x, blind])
            times = np.full(len(x), time, np.int64)
            found = yield from self.sessions.run("ddpm", {"x": x, "timesteps": times})
            self._check("ddpm", found, (len(x), *latent.shape[1:]))
            return guided(found[:rows], found[rows:], scale) if is_guided else found

        start = np.repeat(self._noise(window, columns, settings.seed, noise.START), rows, axis=0)
        sampling = sample(
            velocity,
            start,
            settings.steps,
            sampler=self._manifest.sampler,
            eta=self._manifest.eta,
            step_noise=lambda step: self._noise(window, columns, settings.seed, noise.FIRST_STEP + step),
        )
        return (yield from _told_by_step(sampling, settings.steps))

    def _noise(self, window: Window, columns: int, seed: int, stream: int) -> Latent:
        """Return noise (1, channels, columns, bins) for the columns of a window."""
        latent = self._manifest.latent
        return noise.noise_for_frames(
            seed, window.first_column, columns, stream=stream, channels=latent.channels, bins=latent.bins
        )[None]

    def _waveform(self, output: Latent, rows: int, frames: int) -> Samples:
        """Return the vocoder's sound, (rows, 480 frames)."""
        if self._manifest.vocoder_output == "stft":
            self._check("vocoder", output, (rows, 2, N_FFT // 2 + 1, frames))
            spectrum = np.empty((rows, output.shape[2], frames), np.complex64)
            spectrum.real, spectrum.imag = output[:, 0], output[:, 1]
            return inverse_frame_stft(np.ascontiguousarray(np.swapaxes(spectrum, 1, 2)))
        wave, samples = output.reshape(rows, -1), HOP_LENGTH * frames
        surplus = wave.shape[1] - samples
        if surplus < 0 or surplus >= HOP_LENGTH:
            self._check("vocoder", wave, (rows, samples))
        return wave[:, surplus // 2 : surplus // 2 + samples]  # the surplus is even on both sides

    def _run(self, graph: str, feeds: dict[str, Latent], share: float) -> Job[Latent]:
        running = self.sessions.run(graph, feeds)
        return (yield from told_as(running, lambda _: Progress(share, "")))

    def _check(self, graph: str, found: Latent, expected: tuple[int, ...]) -> None:
        if found.shape != expected:
            raise EngineError(
                f"The model {self.bundle.id} is broken: {self.bundle.graph_path(graph)} returned "
                f"{found.shape} where {expected} was expected."
            )


def _read_mirrored(read: Callable[[int, int], Samples], window: Window, length: int) -> Samples:
    """Read a window; beyond the document's end it goes back, as a sudden end would ring in all bands."""
    there = read(window.start, min(window.stop, length))
    missing = window.stop - window.start - there.shape[1]
    return np.pad(there, ((0, 0), (0, missing)), mode="symmetric") if missing else there


def _log_mel(magnitude: Samples) -> Samples:
    mel: Samples = np.log(np.maximum(magnitude @ mel_filter_bank().T, np.float32(MEL_FLOOR)))
    return mel


def _told_by_step(sampling: Generator[float, None, T], steps: int) -> Job[T]:
    """Run a sampler; the stage says which of its steps it is at, from the first one on."""

    def told(share: float) -> Progress:
        return Progress(share, f"step {min(int(share * steps + 1e-6) + 1, steps)}/{steps}")

    yield told(0.0)
    return (yield from told_as(sampling, told))


def _progress(working: Job[T], index: int, count: int) -> Job[T]:
    """Run a window's work as part of the job."""

    def told(inside: Progress) -> Progress:
        stage = f"Generating · window {index + 1}/{count}"
        if inside.stage:
            stage = f"Generating · window {index + 1}/{count} · {inside.stage}"
        return Progress((index + inside.fraction) / count, stage)

    return told_as(working, told)
