"""What an evaluation compares: systems that make a missing band, and systems that mend other damage."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.effect import Effect
from audiosr_desktop.effects.super_resolution import SuperResolution
from audiosr_desktop.engine.bundle import DEFAULT_BUNDLE, Bundle
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.engine.restorer import Settings
from audiosr_desktop.engine.resynthesis import Resynthesizer
from audiosr_desktop.evaluation.baselines import copy_up, noise_fill, unprocessed
from audiosr_desktop.evaluation.damages import DAMAGE_KINDS, DamageKind
from audiosr_desktop.job import Job

Samples = npt.NDArray[np.float32]

SAMPLE_RATE = 48_000
UNPROCESSED = "unprocessed"
NOISE_TASKS = {"denoise", "remove-tone"}  # in the manifest of a bundle that was trained on noise

Run: TypeAlias = Callable[[Samples, float, np.random.Generator], Samples | Job[Samples]]
Mend: TypeAlias = Callable[[Samples, DamageKind], Samples | Job[Samples]]


@dataclass(frozen=True, slots=True)
class System:
    """Something that makes the band above a cutoff.

    Attributes:
        name: in the table.
        run: takes band-limited samples float32 (channels, n) at 48 kHz, the cutoff in Hz and a generator;
            returns samples of the same shape, or a job that does.
        uses_truth: `run` is given the sound as it was: an upper bound, such as a vocoder on true mels.
        steps: of the sampler, where the row is a point of the figure over steps; 0 elsewhere.
    """

    name: str
    run: Run
    uses_truth: bool = False
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Mender:
    """Something that mends damage other than a missing band.

    Attributes:
        name: in the table.
        run: takes damaged samples and the kind of damage; returns as a system does.
        kinds: of damage that it is measured on.
    """

    name: str
    run: Mend
    kinds: tuple[DamageKind, ...] = DAMAGE_KINDS


def baseline_systems() -> dict[str, System]:
    """Return the systems that need no model, by name."""
    runs = {UNPROCESSED: unprocessed, "noise-fill": noise_fill, "copy-up": copy_up}
    return {name: System(name, _at_native_rate(run)) for name, run in runs.items()}


def _at_native_rate(baseline: Callable[[Samples, int, float, np.random.Generator], Samples]) -> Run:
    def run(samples: Samples, cutoff_hz: float, rng: np.random.Generator) -> Samples:
        return baseline(samples, SAMPLE_RATE, cutoff_hz, rng)

    return run


def effect_system(
    name: str,
    effect: Effect,
    values: Mapping[str, object],
    scratch: Scratch,
    *,
    cutoff_parameter: str | None = "cutoff_hz",
) -> System:
    """Return an effect as a system.

    Args:
        name: in the table.
        effect: applied to the whole sound, on the road of every edit.
        values: its parameters, as far as they are not the defaults.
        scratch: for long results.
        cutoff_parameter: the parameter that is given the true cutoff; None lets the effect find it.
    """

    def run(samples: Samples, cutoff_hz: float, rng: np.random.Generator) -> Job[Samples]:
        given = dict(values) if cutoff_parameter is None else {**values, cutoff_parameter: cutoff_hz}
        return _applied(effect, samples, given, scratch)

    return System(name, run)


def _applied(
    effect: Effect, samples: Samples, values: Mapping[str, object], scratch: Scratch
) -> Job[Samples]:
    sound = Sound.from_array(samples, SAMPLE_RATE)
    result = yield from apply_effect(effect, sound, Region(0, sound.length), values, scratch)
    return result.read(0, result.length)


@dataclass(frozen=True, slots=True)
class Model:
    """A bundle that is measured; each has engines of its own, so that none is loaded twice.

    Attributes:
        bundle: of which all are rows.
        engines: that load it.
        device: auto, cpu, cuda or cuda:N.
        seed: of the sampler.
    """

    bundle: Bundle
    engines: Engines
    device: str = "auto"
    seed: int = 0

    @property
    def label(self) -> str:
        """What its rows begin with."""
        return "compact" if self.bundle.id == DEFAULT_BUNDLE else self.bundle.id

    @property
    def is_noise_aware(self) -> bool:
        """Whether it was trained to take noise away, as the system of the report was."""
        manifest = self.bundle.manifest
        return manifest.condition == "degraded_mel" or bool(NOISE_TASKS & set(manifest.tasks))

    def systems(self, qualities: Sequence[str], steps: Sequence[int], scratch: Scratch) -> list[System]:
        """Return a system for each quality and each number of steps; the cutoff is told."""
        effect = SuperResolution(self.engines, scratch)
        made = [
            effect_system(f"{self.label}-{quality}", effect, {**self._values(), "quality": quality}, scratch)
            for quality in qualities
        ]
        for count in steps:
            name = f"{self.label}-{count}-step{'s' if count > 1 else ''}"
            system = effect_system(name, effect, {**self._values(), "steps": count}, scratch)
            made.append(replace(system, steps=count))
        return made

    def blind(self, scratch: Scratch) -> System:
        """Return the model as a user gets it: the cutoff is not told but found."""
        effect = SuperResolution(self.engines, scratch)
        return effect_system(f"{self.label}-blind", effect, self._values(), scratch, cutoff_parameter=None)

    def true_mel(self) -> System:
        """Return the vocoder on true mels: no model before it can do better."""

        def run(samples: Samples, cutoff_hz: float, rng: np.random.Generator) -> Job[Samples]:
            synthesizer = yield from self._resynthesizer()
            return (yield from synthesizer.vocode(samples))

        return System("gt-mel" if self.label == "compact" else f"gt-mel-{self.label}", run, uses_truth=True)

    def mender(self) -> Mender:
        """Return the whole model on noise, as the report measures it: every band is generated anew."""

        def run(samples: Samples, kind: DamageKind) -> Job[Samples]:
            synthesizer = yield from self._resynthesizer()
            manifest = self.bundle.manifest
            settings = Settings(
                cutoff_hz=SAMPLE_RATE / 2,
                steps=manifest.default_steps["standard"],
                guidance_scale=manifest.guidance_scale,
                seed=self.seed,
            )
            return (yield from synthesizer.regenerate(samples, settings))

        return Mender(f"{self.label}-noise", run)

    def _values(self) -> dict[str, object]:
        return {"model": self.bundle.id, "device": self.device, "seed": self.seed}

    def _resynthesizer(self) -> Job[Resynthesizer]:
        restorer = yield from self.engines.restorer(self.bundle.id, self.device)
        return Resynthesizer(restorer.sessions)


def menders(effects: Mapping[str, Effect], scratch: Scratch) -> list[Mender]:
    """Return nothing at all, the effect made for each damage, and the one that finds out by itself."""
    ids = {"tone": "audiosr.remove-tone", "white": "audiosr.denoise", "gap": "audiosr.fill-gap"}

    def by_kind(samples: Samples, kind: DamageKind) -> Job[Samples]:
        return _applied(effects[ids[kind]], samples, {}, scratch)

    def restored(samples: Samples, kind: DamageKind) -> Job[Samples]:
        return _applied(effects["audiosr.restore"], samples, {}, scratch)

    return [
        Mender(UNPROCESSED, lambda samples, kind: samples),
        Mender("effect", by_kind),
        Mender("restore", restored),
    ]
