"""Chains: effects in order, each with its values, that run as one; and their JSON form."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from audiosr_desktop.audio.lanes import channels_of
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.conversion import resample_sound
from audiosr_desktop.effects.effect import Effect, Value, resolve_values
from audiosr_desktop.effects.emerging import within
from audiosr_desktop.effects.gaps import LONGEST_SELECTION_S
from audiosr_desktop.effects.notes import Report, keep_inside
from audiosr_desktop.effects.surroundings import Mending
from audiosr_desktop.effects.survey import survey_sound
from audiosr_desktop.effects.timing import guessed_factor
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, part_of, told_as

T = TypeVar("T")

FORMAT_VERSION = 1
PREFIX = "audiosr."  # may be left out in presets and on the command line
NATIVE_RATE = 48_000
LOWEST_KEPT_RATE = 44_100

_RESTORE, _SUPER_RESOLUTION = PREFIX + "restore", PREFIX + "super-resolution"
_UPSTREAM = PREFIX + "upstream"  # works at 48 kHz alone
_FILL_GAP = PREFIX + "fill-gap"
_MENDING = frozenset(PREFIX + name for name in ("remove-tone", "denoise", "super-resolution"))
_FORM = '{"format_version": 1, "title": …, "effects": [{"effect": NAME, "values": {…}, "bypass": false}, …]}'


@dataclass(frozen=True, slots=True)
class Module:
    """One place in a chain.

    Attributes:
        effect: id of the effect.
        values: by parameter; parameters that are not named take their defaults.
        bypassed: whether it is skipped.
        reason: why it stands here, a sentence; a proposal gives one.
    """

    effect: str
    values: Mapping[str, Value] = field(default_factory=dict)
    bypassed: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Chain:
    """Effects in the order in which they run; as a file it is a preset.

    Attributes:
        title: for the user.
        modules: in order.
        description: what it is for, a sentence.
    """

    title: str
    modules: tuple[Module, ...]
    description: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """One effect of a run, with a value for each of its parameters."""

    effect: Effect
    values: Mapping[str, Value]


def guessed_weight(step: Step) -> float:
    """Return a guess of the time that a step takes; only ratios count."""
    return guessed_factor(step.effect.id, step.values)


@dataclass(frozen=True, slots=True)
class ChainRun:
    """What a run gave.

    Attributes:
        before: the sound the effects worked on: the one given, or that at a higher rate.
        after: with the effects; `before` itself when there was nothing to do.
        region: in samples of both.
        elapsed_s: time that it took, models loaded included.
        times: that of each step, in their order.
    """

    before: Sound
    after: Sound
    region: Region
    elapsed_s: float
    times: tuple[float, ...] = ()

    @property
    def rtf(self) -> float:
        """Seconds of computing per second of sound."""
        return self.elapsed_s * self.after.sample_rate / max(1, self.region.length)


def chain_from_json(text: str, name: str) -> Chain:
    """Read a preset.

    Args:
        text: JSON.
        name: of the preset or its file, for messages and where it has no title.

    Raises:
        EffectError: it is not a preset, or one of a later version of the program.
    """
    try:
        data = json.loads(text)
        version = data.get("format_version", 1)
        if isinstance(version, int) and version > FORMAT_VERSION:
            raise EffectError(f"The preset {name} was made by a later version of the program.")
        modules = tuple(_module(row) for row in data["effects"])
        title, description = data.get("title", ""), data.get("description", "")
        if not (isinstance(title, str) and isinstance(description, str)):
            raise TypeError
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EffectError(f"{name} is not a preset: expected {_FORM}.") from error
    if not modules:
        raise EffectError(f"The preset {name} holds no effect.")
    return Chain(title or Path(name).stem, modules, description)


def _module(row: Mapping[str, Any]) -> Module:
    values, effect, bypassed = dict(row.get("values", {})), row["effect"], row.get("bypass", False)
    reason = row.get("reason", "")
    if not (isinstance(effect, str) and isinstance(bypassed, bool) and isinstance(reason, str)):
        raise TypeError
    if not all(isinstance(value, bool | int | float | str) for value in values.values()):
        raise TypeError
    return Module(effect if "." in effect else PREFIX + effect, values, bypassed, reason)


def chain_to_data(chain: Chain) -> dict[str, Any]:
    """Return a chain as what its JSON form holds."""
    rows = []
    for module in chain.modules:
        row: dict[str, Any] = {"effect": module.effect, "values": dict(module.values)}
        if module.bypassed:
            row["bypass"] = True
        if module.reason:
            row["reason"] = module.reason
        rows.append(row)
    named = {"title": chain.title, "description": chain.description}
    return {"format_version": FORMAT_VERSION, **named, "effects": rows}


def chain_to_json(chain: Chain) -> str:
    """Return the JSON form of a chain."""
    return json.dumps(chain_to_data(chain), indent=2, ensure_ascii=False) + "\n"


def read_chain(path: Path) -> Chain:
    """Read a preset from a file.

    Raises:
        EffectError: it cannot be read, or is not a preset.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise EffectError(f"The preset {path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise EffectError(f"{path} is not a preset: expected {_FORM}.") from error
    return chain_from_json(text, str(path))


def chain_steps(
    chain: Chain, effects: Mapping[str, Effect], given: Mapping[str, object] | None = None
) -> list[Step]:
    """Return the steps of a chain that are not bypassed, with all their values.

    Args:
        chain: what to run.
        effects: by id.
        given: values that go before those of the chain, in every module that has a parameter of the name.

    Raises:
        EffectError: an effect is not there, has no parameter of a name, or cannot take a value.
    """
    steps = []
    for module in chain.modules:
        effect = effects.get(module.effect)
        if effect is None:
            raise EffectError(f"{chain.title} names an effect that is not there: {module.effect!r}.")
        own = {parameter.id for parameter in effect.parameters}
        values = {**module.values, **{name: value for name, value in (given or {}).items() if name in own}}
        step = Step(effect, resolve_values(effect, values))
        if not module.bypassed:
            steps.append(step)
    return steps


def run_steps(
    steps: Sequence[Step],
    sound: Sound,
    region: Region,
    scratch: Scratch,
    *,
    report: Report | None = None,
    weigh: Callable[[Step], float] = guessed_weight,
) -> Job[ChainRun]:
    """Run effects one after the other on a region, at the rate that they need.

    The progress goes over all of them, by the share of the time that each is expected to take. Of several
    steps the stage names the one that runs. What emerges is told when the last one makes it: before, it is
    no result.

    Args:
        steps: in order.
        sound: the whole document.
        region: at the rate of `sound`.
        scratch: for long results.
        report: what the effects write into; what they did around the region alone is taken out of it.
        weigh: tells how long a step takes beside others; only ratios count.
    """
    started = time.monotonic()
    region = region.clipped(0, sound.length)
    rate, done = sound.sample_rate, 0.06
    wanted = [(step.effect.id, step.values) for step in steps]
    sound, region = yield from part_of(at_rate_needed(wanted, sound, region, scratch), 0.0, done)
    if rate == sound.sample_rate:
        done = 0.01
    mending, hears = Mending(sound, region, scratch), _hears_around(steps, region)
    times: list[float] = []
    for number, (step, share) in enumerate(zip(steps, step_shares(steps, weigh), strict=True), 1):
        step_began = time.monotonic()
        if number == len(steps):
            working = mending.last_step(step.effect, step.values)
        else:
            around = hears and not _may_replace(step, sound, region)
            working = mending.step(step.effect, step.values, around=around)
        working = named_step(within(working, sound), number, len(steps), step.effect.title)
        yield from part_of(working, done, done + share * (1.0 - done))
        done += share * (1.0 - done)
        times.append(time.monotonic() - step_began)
    if report is not None:
        keep_inside(report, region, sound.sample_rate)
    return ChainRun(sound, mending.now, region, time.monotonic() - started, tuple(times))


def _hears_around(steps: Sequence[Step], region: Region) -> bool:
    """Tell whether all steps, but for gaps filled first, do the same to a place whatever the region is."""
    is_plain = region.mask is None and region.channels is None and not region.has_band
    ids = [step.effect.id for step in steps]
    return is_plain and _MENDING.issuperset(ids[1:] if ids[:1] == [_FILL_GAP] else ids)


def _may_replace(step: Step, sound: Sound, region: Region) -> bool:
    """Tell whether a step may take all of the region for a gap."""
    if step.effect.id != _FILL_GAP or step.values["where"] == "find":
        return False
    is_short = region.length <= LONGEST_SELECTION_S * sound.sample_rate
    return is_short or step.values["where"] == "selection"


def named_step(job: Job[T], number: int, count: int, title: str) -> Job[T]:
    """Run one of several steps; its stages name it: "Step 2 of 3 · Denoise · Reducing noise"."""
    if count < 2:
        return job
    return told_as(
        job, lambda told: replace(told, stage=f"Step {number} of {count} · {title} · {told.stage}")
    )


def step_shares(steps: Sequence[Step], weigh: Callable[[Step], float] = guessed_weight) -> list[float]:
    """Return which share of what is left of the progress bar each step takes."""
    weights = [max(1e-9, weigh(step)) for step in steps]
    return [weight / sum(weights[index:]) for index, weight in enumerate(weights)]


def at_rate_needed(
    steps: Sequence[tuple[str, Mapping[str, Value]]], sound: Sound, region: Region, scratch: Scratch
) -> Job[tuple[Sound, Region]]:
    """Return a sound and a region of it at the rate at which steps work on them.

    That is 48 kHz for a new band that a lower rate cannot hold. A selected part keeps a rate of 44.1 kHz or
    more, as the rest of the document must stay as it is.

    Args:
        steps: ids of effects, each with all its values.
        sound: the whole document.
        region: of it.
        scratch: for the sound at another rate.
    """
    rate = yield from part_of(_rate_needed(steps, sound, region), 0.0, 0.2)
    if rate == sound.sample_rate:
        return sound, region
    region = region.at_rate(rate / sound.sample_rate)
    published = any(effect_id == _UPSTREAM for effect_id, _ in steps)
    sound = yield from part_of(resample_sound(sound, rate, scratch, published=published), 0.2, 1.0)
    return sound, region.clipped(0, sound.length)


def _rate_needed(steps: Sequence[tuple[str, Mapping[str, Value]]], sound: Sound, region: Region) -> Job[int]:
    if any(effect_id == _UPSTREAM for effect_id, _ in steps):
        return NATIVE_RATE
    is_whole = region.length == sound.length and region.channels is None
    if sound.sample_rate >= (NATIVE_RATE if is_whole else LOWEST_KEPT_RATE):
        return sound.sample_rate
    worked_on = channels_of(sound, region)
    for effect_id, values in steps:
        if (yield from _adds_band(effect_id, values, worked_on, region)):
            return NATIVE_RATE
    return sound.sample_rate


def _adds_band(effect_id: str, values: Mapping[str, Value], sound: Sound, region: Region) -> Job[bool]:
    if effect_id != _RESTORE:
        return effect_id == _SUPER_RESOLUTION
    if not values["band"]:
        return False
    if sound.sample_rate < LOWEST_KEPT_RATE or values["cutoff_hz"]:
        return True
    # a sound of 44.1 kHz that lacks nothing is not converted for nothing
    survey = yield from survey_sound(sound, region)
    return survey is not None and not survey.cutoff.full_band
