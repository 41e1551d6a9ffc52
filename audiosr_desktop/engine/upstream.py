"""The published pipeline, step by step, for who wants its very result; its defects are part of it.

Only what would crash is not repeated: lengths are counted in whole samples, and
what the filter design refuses is one sentence.

Source: Liu et al. 2023 (AudioSR), and the package audiosr 0.0.7.
"""

from collections.abc import Generator
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.filters import UpstreamFilter, simulate_lowpass_upstream
from audiosr_desktop.dsp.spectrum import istft, log_mel, magnitude_spectrogram, stft
from audiosr_desktop.engine.ddim import alphas_cumprod, ddim_step, guided, upstream_timesteps
from audiosr_desktop.engine.manifest import NATIVE_RATE
from audiosr_desktop.engine.sessions import Sessions
from audiosr_desktop.engine.torch_noise import TorchNoise, filter_kind
from audiosr_desktop.errors import EngineError
from audiosr_desktop.job import Job, Progress, told_as

Samples = npt.NDArray[np.float32]
Latent = npt.NDArray[np.float32]

SEGMENT = 245_760  # 5.12 s: lengths are filled up to a multiple
MAX_SEGMENTS = 8  # all is run at once, and attention takes memory with the square of the length
STEPS, GUIDANCE_SCALE, SEED, ETA = 50, 3.5, 42, 1.0

_SHARE = 0.985
_PEAK = 0.5
_LOWEST_CUTOFF_HZ = 1000.0
_N_FFT, _HOP = 2048, 512
_RATIO_RANGE = (0.8, 1.2)
_STAGE = "Generating as published"
_ENCODED, _SAMPLED = 0.06, 0.8  # shares of the time, for the progress only


@dataclass(frozen=True, slots=True)
class UpstreamSettings:
    """What can be set in the published pipeline."""

    steps: int = STEPS
    guidance_scale: float = GUIDANCE_SCALE
    seed: int = SEED


@dataclass(frozen=True, slots=True)
class UpstreamResult:
    """What came of a run.

    Attributes:
        sound: float32 (samples,), as long as the input.
        cutoff_hz: the quantile that the pipeline takes for the end of the band.
        filter_kind: the low-pass that the seed drew.
    """

    sound: Samples
    cutoff_hz: float
    filter_kind: str


def restore_upstream(sessions: Sessions, sound: Samples, settings: UpstreamSettings) -> Job[UpstreamResult]:
    """Run the published pipeline on one channel.

    Args:
        sessions: of a bundle whose condition is "lowpass_mel".
        sound: float32 (samples,) at 48 kHz, at most `MAX_SEGMENTS` of 5.12 s.
        settings: see `UpstreamSettings`.

    Raises:
        EngineError: the sound is too long or has no band that the pipeline could find, the number of steps is
            one that it cannot take, or a graph fails.
    """
    manifest = sessions.bundle.manifest
    wave = prepared(sound)
    cutoff_hz = quantile_cutoff_hz(wave)
    kind = filter_kind(settings.seed)
    lowpassed = lowpass_simulation(wave, cutoff_hz, kind)
    mel = log_mel(lowpassed)
    shape = (1, manifest.latent.channels, len(mel) // manifest.latent.frames_per_latent, manifest.latent.bins)
    noise = TorchNoise(settings.seed)
    noise.normal(shape)  # the full-band latent's, drawn and not used
    feeds = {"mel": mel[None, None], "noise": noise.normal(shape)}
    condition = yield from _run(sessions, "vae_feature_extract", feeds, 0.0)
    _require_shape(sessions, condition, shape)
    latent = yield from _sample(sessions, condition * np.float32(manifest.scale_factor), noise, settings)
    decoded = yield from _run(sessions, "vae_decoder", {"z": latent}, _SAMPLED)
    joined = with_low_bands(decoded.reshape(mel.shape), mel)
    made = yield from _run(sessions, "vocoder", {"mel": joined.T[None]}, 0.5 + 0.5 * _SAMPLED)
    restored = normalised_end(with_low_bins(made.reshape(-1), lowpassed))
    return UpstreamResult(restored[: len(sound)], cutoff_hz, kind)


def prepared(sound: Samples) -> Samples:
    """Remove the mean, bring the peak to 0.5, fill up with zeros to a multiple of 5.12 s."""
    segments = max(1, -(-len(sound) // SEGMENT))
    if segments > MAX_SEGMENTS:
        raise EngineError(
            f"The published pipeline runs all at once, and {len(sound) / NATIVE_RATE:.0f} s are too much: "
            f"choose at most {MAX_SEGMENTS * SEGMENT / NATIVE_RATE:.0f} s, or leave out --compat upstream."
        )
    centred = sound - sound.mean()
    scaled = np.float32(_PEAK) * centred / (np.abs(centred).max() + np.float32(1e-8))
    return np.pad(scaled.astype(np.float32), (0, segments * SEGMENT - len(sound)))


def quantile_index(magnitude: Samples) -> int:
    """Return the bin at which 98.5 % of the summed magnitudes (frames, bins) lie below."""
    below = np.cumsum(magnitude.sum(axis=0, dtype=np.float64))
    found = np.flatnonzero(below[1:] < _SHARE * below[-1])
    return int(found[-1]) + 1 if found.size else 0


def quantile_cutoff_hz(wave: Samples) -> float:
    """Return where the published pipeline believes the band to end; 24 kHz where that is below 1 kHz."""
    magnitude = magnitude_spectrogram(wave)[:, :-1]
    cutoff_hz = quantile_index(magnitude) / magnitude.shape[1] * NATIVE_RATE / 2
    return cutoff_hz if cutoff_hz >= _LOWEST_CUTOFF_HZ else NATIVE_RATE / 2


def lowpass_simulation(wave: Samples, cutoff_hz: float, kind: str) -> Samples:
    """Low-pass as the pipeline does before it encodes.

    Raises:
        EngineError: there is no band to keep.
    """
    try:
        return simulate_lowpass_upstream(wave, cutoff_hz, cast(UpstreamFilter, kind))
    except ValueError as error:
        raise EngineError(
            "The sound is silent or ends below 1 kHz, where the published pipeline fails: leave out "
            "--compat upstream."
        ) from error


def with_low_bands(decoded: Samples, lowpass_mel: Samples) -> Samples:
    """Overwrite the decoded log-mel's bands below the cutoff with the input's; (frames, 256) both."""
    result = decoded.copy()
    known = quantile_index(np.exp(lowpass_mel))
    result[:, :known] = lowpass_mel[:, :known]
    return result


def with_low_bins(made: Samples, lowpassed: Samples) -> Samples:
    """Overwrite the vocoder's spectrum below the cutoff with the input's, scaled by one bin's ratio."""
    theirs, spectrum = stft(lowpassed, _N_FFT, _HOP), stft(made, _N_FFT, _HOP)
    frames = min(theirs.shape[1], spectrum.shape[1])
    known = quantile_index(np.abs(theirs).T)
    there, here = np.abs(theirs[known]).sum(), np.abs(spectrum[known]).sum()
    ratio = np.float32(np.clip(there / here if here > 0.0 else 1.0, *_RATIO_RANGE))
    spectrum[:known, :frames] = theirs[:known, :frames] / ratio
    return istft(spectrum, _HOP, len(made))


def normalised_end(made: Samples) -> Samples:
    """Bring the peak to 0.5, then remove the mean."""
    peak = np.abs(made).max()
    scaled = made * (np.float32(_PEAK) / peak) if peak > 0.0 else made
    result: Samples = scaled - scaled.mean()
    return result


def _sample(
    sessions: Sessions, condition: Latent, noise: TorchNoise, settings: UpstreamSettings
) -> Job[Latent]:
    manifest, alphas = sessions.bundle.manifest, alphas_cumprod()
    without = np.full_like(condition, manifest.unconditional_latent * manifest.scale_factor)
    try:
        times = upstream_timesteps(settings.steps)
    except ValueError as error:
        raise EngineError(
            f"The published sampler fails with {settings.steps} steps: take another number, or leave out "
            "--compat upstream."
        ) from error
    is_guided = settings.guidance_scale != 1.0
    latent = noise.normal(condition.shape)
    for index, time in enumerate(times):
        rows = [np.concatenate([latent, beside], axis=1) for beside in (condition, without)[: 1 + is_guided]]
        feeds = {"x": np.concatenate(rows), "timesteps": np.full(len(rows), time, np.int64)}
        share = _ENCODED + (_SAMPLED - _ENCODED) * index / len(times)
        stage = f"Generating as published · step {index + 1}/{len(times)}"
        velocity = yield from _run(sessions, "ddpm", feeds, share, stage)
        _require_shape(sessions, velocity, (len(rows), *condition.shape[1:]))
        if is_guided:
            velocity = guided(velocity[:1], velocity[1:], settings.guidance_scale)
        before = float(alphas[times[index + 1]] if index + 1 < len(times) else alphas[0])
        drawn = noise.normal(condition.shape)
        latent = ddim_step(latent, velocity, float(alphas[time]), before, eta=ETA, noise=drawn)
        yield Progress(_ENCODED + (_SAMPLED - _ENCODED) * (index + 1) / len(times), stage)
    return latent


def _run(
    sessions: Sessions, graph: str, feeds: dict[str, Latent], share: float, stage: str = _STAGE
) -> Job[Latent]:
    running: Generator[None, None, Latent] = sessions.run(graph, feeds)
    return (yield from told_as(running, lambda _: Progress(share, stage)))


def _require_shape(sessions: Sessions, found: Latent, expected: tuple[int, ...]) -> None:
    if found.shape != expected:
        raise EngineError(
            f"The model {sessions.bundle.id} is broken: a graph returned {found.shape} where {expected} was "
            "expected."
        )
