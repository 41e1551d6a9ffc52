"""Recipe and settings of a batch: what is done to every file, and where results go; both survive as JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, get_args

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.chain import NATIVE_RATE, PREFIX, Step
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.effects.notes import Report
from audiosr_desktop.effects.part import Part
from audiosr_desktop.engine.bundle import find_bundle
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import BatchError, BundleError
from audiosr_desktop.plugins.registry import all_effects

Clash: TypeAlias = Literal["number", "skip", "overwrite"]
CLASHES: tuple[str, ...] = get_args(Clash)
_ADD_BAND = (PREFIX + "restore", PREFIX + "super-resolution")
DEFAULT_TEMPLATE = "{name}_{preset}.{ext}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """Effects by id with a value for each of their parameters, in order, on a part of each file.

    Attributes:
        steps: (effect id, values by parameter).
        preset: what the chain is called; `{preset}` in names.
        part: of each file; the whole by default.
    """

    steps: tuple[tuple[str, Mapping[str, Value]], ...]
    preset: str
    part: Part = field(default_factory=Part)

    @classmethod
    def of(cls, steps: Sequence[Step], preset: str, part: Part | None = None) -> "Recipe":
        """Return the recipe of steps whose values are all given."""
        return cls(tuple((step.effect.id, dict(step.values)) for step in steps), preset, part or Part())

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Recipe":
        """Return what `as_json` gave."""
        steps = tuple((str(name), dict(values)) for name, values in saved["steps"])
        return cls(steps, saved["preset"], Part(**saved["part"]))

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "steps": [[name, dict(values)] for name, values in self.steps],
            "preset": self.preset,
            "part": asdict(self.part),
        }

    @property
    def process(self) -> str:
        """The effects' short names: "denoise+gain"."""
        return "+".join(name.removeprefix(PREFIX) for name, _ in self.steps)

    @property
    def seed(self) -> int:
        """The first seed among the values, 0 where no effect has one."""
        return next((int(values["seed"]) for _, values in self.steps if "seed" in values), 0)

    def planned_rate(self, sample_rate: int) -> int:
        """Return the rate that a file of `sample_rate` gets, as far as that is known before it is heard."""
        adds_band = any(name in _ADD_BAND for name, _ in self.steps)
        return max(sample_rate, NATIVE_RATE) if adds_band else sample_rate

    def models(self) -> dict[str, str]:
        """Return the sums of the manifests of the models that may run, by id.

        A model that is not named may be missing: most effects need none.

        Raises:
            BundleError: a model that is named is not there or not usable.
        """
        found = {}
        for name in sorted({str(values["model"]) for _, values in self.steps if "model" in values}):
            try:
                bundle = find_bundle(name or None)
            except BundleError:
                if name:
                    raise
            else:
                found[bundle.id] = bundle.manifest_sha256
        return found


def build_steps(recipe: Recipe, engines: Engines, scratch: Scratch, report: Report) -> list[Step]:
    """Return the steps of a recipe, ready to run; this is the one place where a batch makes effects.

    Raises:
        BatchError: the recipe names an effect that is not there, as one of a plugin on another machine.
    """
    effects: Mapping[str, Effect] = all_effects(engines, scratch, report)
    for name, _ in recipe.steps:
        if name not in effects:
            raise BatchError(f"There is no effect {name!r} here; known are {', '.join(effects)}.")
    return [Step(effects[name], values) for name, values in recipe.steps]


@dataclass(frozen=True, slots=True)
class Settings:
    """How a batch is carried out; the same for all of its files.

    Attributes:
        recipe: what is done.
        out: folder of the results, which mirrors the tree of the sources; None puts them into a folder
            "Restored" beside each source.
        template: of the names; see `naming.VARIABLES`.
        on_clash: what happens when a name is taken.
        pictures: whether small spectrograms are made for the report.
        started: local date and time of the first start, "2026-01-31 23-59-59"; `{date}` and `{time}`.
    """

    recipe: Recipe
    out: Path | None
    template: str = DEFAULT_TEMPLATE
    on_clash: Clash = "number"
    pictures: bool = False
    started: str = "2000-01-01 00-00-00"

    def begun(self, started: str) -> "Settings":
        """Return these settings with the start of an earlier run."""
        return replace(self, started=started)

    def as_json(self) -> dict[str, Any]:
        """Return what JSON can hold."""
        return {
            "recipe": self.recipe.as_json(),
            "out": None if self.out is None else str(self.out),
            "template": self.template,
            "on_clash": self.on_clash,
            "pictures": self.pictures,
            "started": self.started,
        }

    @classmethod
    def from_json(cls, saved: Mapping[str, Any]) -> "Settings":
        """Return what `as_json` gave."""
        out = saved["out"]
        rest = {name: saved[name] for name in ("template", "on_clash", "pictures", "started")}
        return cls(Recipe.from_json(saved["recipe"]), None if out is None else Path(out), **rest)
