"""The published AudioSR pipeline as an Effect, defects included: level, low-pass and splices are its own."""

from collections.abc import Mapping, Sequence

import numpy as np

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.effects.notes import Report, warn
from audiosr_desktop.engine.bundle import installed_bundles
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.engine.manifest import NATIVE_RATE
from audiosr_desktop.engine.upstream import (
    GUIDANCE_SCALE,
    SEED,
    STEPS,
    UpstreamSettings,
    restore_upstream,
)
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, part_of

CONDITION = "lowpass_mel"

PARAMETERS = (
    Parameter("model", "Model", "text", default="", help="Id of an imported model; empty takes the first."),
    Parameter("steps", "Steps", "int", default=STEPS, minimum=1, maximum=1000),
    Parameter("guidance", "Guidance", "float", default=GUIDANCE_SCALE, minimum=0.0, maximum=20.0),
    Parameter("seed", "Seed", "int", default=SEED, minimum=0, maximum=2**32 - 1),
    Parameter("device", "Device", "text", default="auto", help="auto, cpu, cuda or cuda:N."),
)


class UpstreamSuperResolution:
    """The effect; the reference knows one channel, so each channel is a run of its own with the same seed."""

    id = "audiosr.upstream"
    title = "AudioSR as published"
    parameters: Sequence[Parameter] = PARAMETERS
    seamless = False

    def __init__(self, engines: Engines, scratch: Scratch, report: Report | None = None) -> None:
        self._engines = engines
        self._scratch = scratch
        self._report: Report = {} if report is None else report

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        """Return the region as the published pipeline makes it of the region alone.

        Raises:
            BundleError: the model is not there or damaged.
            EffectError: the sound is not at 48 kHz, or the model is none of the published kind.
            EngineError: the pipeline cannot work on this sound.
        """
        if sound.sample_rate != NATIVE_RATE:
            raise EffectError(
                f"The published pipeline works at {NATIVE_RATE} Hz; convert the sound, which has "
                f"{sound.sample_rate} Hz, first."
            )
        model = str(values["model"]) or _first_published()
        restorer = yield from part_of(
            self._engines.restorer(model, str(values["device"]), vocoder="own"), 0.0, 0.1
        )
        bundle, provider = restorer.bundle, restorer.sessions.report
        if bundle.manifest.condition != CONDITION:
            raise EffectError(f"The model {bundle.id} is not one that the published pipeline could run.")
        settings = UpstreamSettings(int(values["steps"]), float(values["guidance"]), int(values["seed"]))
        with self._scratch.writer(sound.channels) as writer:
            made, rows = [], sound.read(region.start, region.stop)
            for index, row in enumerate(rows):
                start, share = 0.1 + 0.9 * index / len(rows), 0.9 / len(rows)
                running = restore_upstream(restorer.sessions, row, settings)
                result = yield from part_of(running, start, start + share)
                made.append(result.sound)
            writer.write(np.stack(made))
            self._report.update(
                model=bundle.id,
                model_sha256=bundle.manifest_sha256,
                device=provider.device,
                provider=provider.provider,
                seed=settings.seed,
                steps=settings.steps,
                quality="",
                cutoff_hz=result.cutoff_hz,
                filter_kind=result.filter_kind,
            )
            if len(rows) > 1:
                warn(self._report, "The published pipeline knows one channel: each was made by itself.")
            return Sound.from_store(writer.finish(), sound.sample_rate)


def _first_published() -> str:
    """Return the id of a model that the published pipeline could run.

    Raises:
        EffectError: none is installed.
    """
    for bundle in installed_bundles():
        if bundle.manifest.condition == CONDITION:
            return bundle.id
    raise EffectError("No AudioSR model is installed: import one with `models import`.")
