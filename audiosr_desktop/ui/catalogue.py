"""Catalogue: the effects there are, and what their forms offer."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.effects.timing import ModelCost, model_key
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui.language import capitalised, tr, tr_word
from audiosr_desktop.ui.panels.parameter_form import Choices

if TYPE_CHECKING:
    from audiosr_desktop.effects.benchmark import Speed
    from audiosr_desktop.engine.bundle import Bundle


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Effects by id, in the order to show them, and the choices of parameters by name.

    `report` is what the effects write the facts of a run into. `unload_idle` forgets models that nothing used
    for some seconds. `costs` are those of the models, by id; the one that runs without a name is "".
    `benchmark` measures the model that values name.
    """

    effects: Mapping[str, Effect]
    choices: Mapping[str, Choices]
    report: dict[str, object]
    unload_idle: Callable[[float], bool] = lambda _: False
    costs: Mapping[str, ModelCost] = field(default_factory=dict)
    benchmark: Callable[[Mapping[str, Value]], "Job[Speed]"] | None = None


def load_catalogue(scratch: Scratch, threads: int = 0, gpu_memory_bytes: int = 0) -> Job[Catalogue]:
    """Load the effects, those of plugins too, and look which models are installed.

    Args:
        scratch: for their results.
        threads: that a model may use; 0 is one for each core.
        gpu_memory_bytes: most that each graph may hold on a GPU; 0 is no limit.
    """
    yield Progress(0.0, tr("Loading effects"))
    # these load scipy.signal and onnxruntime, which is slow: after the window stands, in this job's thread
    from audiosr_desktop.effects.benchmark import benchmark_model  # noqa: PLC0415
    from audiosr_desktop.effects.super_resolution import SuperResolution  # noqa: PLC0415
    from audiosr_desktop.engine.bundle import DEFAULT_BUNDLE, installed_bundles  # noqa: PLC0415
    from audiosr_desktop.engine.cuda import card_names  # noqa: PLC0415
    from audiosr_desktop.engine.engines import Engines  # noqa: PLC0415
    from audiosr_desktop.plugins.registry import all_effects  # noqa: PLC0415

    yield Progress(0.5, tr("Looking for models"))
    bundles = installed_bundles()
    report: dict[str, object] = {}
    costs = {}
    choices: dict[str, Choices] = {
        "device": ((tr("Automatic"), "auto"), ("CPU", "cpu"), *_gpus(card_names())),
    }
    if bundles:
        choices["model"] = [
            (
                tr(
                    "Recommended",
                ),
                "",
            ),
            *((bundle.manifest.title, bundle.id) for bundle in bundles),
        ]
        default = next((bundle for bundle in bundles if bundle.id == DEFAULT_BUNDLE), bundles[0])
        costs = {
            model: cost_of(bundle)
            for model, bundle in [("", default), *((bundle.id, bundle) for bundle in bundles)]
        }
        choices["quality"] = [
            (
                tr(
                    "{quality} ({steps})",
                    quality=capitalised(tr_word(quality)),
                    steps=steps_words(_span([one.manifest.default_steps[quality] for one in bundles])),
                ),
                quality,
            )
            for quality in default.manifest.default_steps
        ]
    engines = Engines(threads, gpu_memory_bytes=gpu_memory_bytes)
    effects, facts = all_effects(engines, scratch, report), dict[str, object]()
    # an instance of its own: a run may begin while a benchmark comes to its end
    benchmark = partial(benchmark_model, SuperResolution(engines, scratch, facts), facts)
    return Catalogue(effects, choices, report, engines.unload_idle, costs, benchmark if bundles else None)


def cost_of(bundle: "Bundle") -> ModelCost:
    """Return what a model takes, as its manifest says."""
    manifest = bundle.manifest
    key = model_key(bundle.id, bundle.manifest_sha256)
    return ModelCost(bundle.memory_bytes, manifest.speeds, key, manifest.window_seconds)


def _gpus(names: Sequence[str]) -> Choices:
    """Return each GPU by name; without any the word for one, so that asking for it tells what is missing."""
    if not names:
        return [("GPU (CUDA)", "cuda")]
    return [(f"GPU {number}: {name}", f"cuda:{number}") for number, name in enumerate(names)]


def steps_words(count: str) -> str:
    """Return a number of steps as a person says it."""
    return tr("1 step") if count == "1" else tr("{count} steps", count=count)


def _span(counts: Sequence[int]) -> str:
    """Return the steps that a quality takes, which hang on the model: "4", or "4–12"."""
    return "–".join(str(count) for count in dict.fromkeys((min(counts), max(counts))))
