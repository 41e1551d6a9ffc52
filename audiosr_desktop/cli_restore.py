"""The sub-command `restore`: an effect, or a chain of them, on a file or a part of it."""

import argparse
import json
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from audiosr_desktop.audio.files import probe, write_sound
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.cli_output import UsageError, drive, write_json, write_table
from audiosr_desktop.cli_sound import check_output, open_input
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.conversion import resample_sound
from audiosr_desktop.effects.effect import Effect, Value, resolve_values
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.effects.super_resolution import survey_sound
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import EffectError, SoundError

PREFIX = "audiosr."
NATIVE_RATE = 48_000
LOWEST_KEPT_RATE = 44_100

_VALUE_OPTIONS = ("model", "quality", "steps", "guidance", "amount", "cutoff_hz", "seed", "device")


@dataclass(frozen=True, slots=True)
class Step:
    """One effect of a run, with a value for each of its parameters."""

    effect: Effect
    values: Mapping[str, Value]


@dataclass(frozen=True, slots=True)
class Restored:
    """What came of a run.

    Attributes:
        sound: the whole sound, restored within `region`.
        region: at the rate of `sound`.
        elapsed_s: time that the effects took, models loaded included.
        report: what the effects told: cutoff used, gain, device, provider, sum of the model, warnings …
    """

    sound: Sound
    region: Region
    elapsed_s: float
    report: Mapping[str, Any]

    @property
    def rtf(self) -> float:
        """Seconds of computing per second of restored sound."""
        return self.elapsed_s * self.sound.sample_rate / max(1, self.region.length)


def restore(arguments: argparse.Namespace) -> int:
    """Carry out `restore`."""
    _require_bounds(arguments)
    report: dict[str, Any] = {}
    with Scratch.create() as scratch:
        steps = _steps(arguments, built_in_effects(Engines(), scratch, report))
        info = probe(arguments.input)
        output = check_output(arguments.output, info, overwrite=arguments.overwrite)
        _, sound = open_input(arguments.input, scratch)
        region, warnings = _region(arguments, sound)
        restored = run_steps(steps, sound, region, scratch, report)
        drive(
            write_sound(
                restored.sound, arguments.output, output=output, like=info, overwrite=arguments.overwrite
            )
        )
    written = _written(arguments, steps, restored, info.sample_rate)
    written["warnings"] = [*warnings, *written["warnings"]]
    if arguments.json:
        write_json(written)
        return 0
    for warning in written["warnings"]:
        print(warning, file=sys.stderr)
    write_table({name: value for name, value in written.items() if value is not None and name != "warnings"})
    return 0


def run_steps(
    steps: Sequence[Step], sound: Sound, region: Region, scratch: Scratch, report: Mapping[str, Any]
) -> Restored:
    """Run effects one after the other on a region, at the rate that they need.

    Args:
        steps: in order.
        sound: the whole document.
        region: at the rate of `sound`.
        scratch: for long results.
        report: what the effects write their facts into.
    """
    started = time.monotonic()
    if rate := _raised_rate(steps, sound, region):
        region = _at_rate(region, sound.sample_rate, rate)
        sound = drive(resample_sound(sound, rate, scratch))
        region = replace(region, stop=min(region.stop, sound.length))
    for step in steps:
        sound = drive(apply_effect(step.effect, sound, region, step.values, scratch))
    return Restored(sound, region, time.monotonic() - started, report)


def _raised_rate(steps: Sequence[Step], sound: Sound, region: Region) -> int | None:
    """Return the rate to convert to first, None to keep the sound's own."""
    is_whole = region.length == sound.length
    if sound.sample_rate >= (NATIVE_RATE if is_whole else LOWEST_KEPT_RATE):
        return None
    return NATIVE_RATE if any(_adds_band(step, sound, region) for step in steps) else None


def _adds_band(step: Step, sound: Sound, region: Region) -> bool:
    if step.effect.id != PREFIX + "restore":
        return step.effect.id == PREFIX + "super-resolution"
    if not step.values["band"]:
        return False
    if sound.sample_rate < LOWEST_KEPT_RATE or step.values["cutoff_hz"]:
        return True
    # A sound of 44.1 kHz that lacks nothing is not converted for nothing
    survey = drive(survey_sound(sound, region))
    return survey is not None and not survey.cutoff.full_band


def _at_rate(region: Region, rate_in: int, rate_out: int) -> Region:
    start, stop = (round(edge * rate_out / rate_in) for edge in (region.start, region.stop))
    return replace(region, start=start, stop=stop)


def _require_bounds(arguments: argparse.Namespace) -> None:
    for low, high in (("start", "end"), ("low_hz", "high_hz")):
        first, last = getattr(arguments, low), getattr(arguments, high)
        if last is not None and last <= (first or 0.0):
            raise UsageError(f"--{low.replace('_', '-')} must be below --{high.replace('_', '-')}")


def _region(arguments: argparse.Namespace, sound: Sound) -> tuple[Region, list[str]]:
    """Return the part to work on, and what was not taken as it was asked for."""
    rate, warnings = sound.sample_rate, []
    start = round((arguments.start or 0.0) * rate)
    stop = sound.length if arguments.end is None else round(arguments.end * rate)
    if start >= sound.length:
        raise SoundError(
            f"--start {arguments.start:g} is after the end of {arguments.input}, "
            f"which lasts {sound.duration_s:.3f} s."
        )
    if stop > sound.length:
        warnings.append(
            f"The file lasts {sound.duration_s:.3f} s; --end {arguments.end:g} was taken as its end."
        )
    return Region(start, min(stop, sound.length), arguments.low_hz, arguments.high_hz), warnings


def _steps(arguments: argparse.Namespace, effects: Mapping[str, Effect]) -> list[Step]:
    """Return the effects to run; options and `--set` go to every one that has a parameter of the name."""
    given = {
        name: getattr(arguments, name) for name in _VALUE_OPTIONS if getattr(arguments, name) is not None
    }
    given.update(arguments.set)
    chain = (
        _read_chain(arguments.chain, effects)
        if arguments.chain
        else [(effects[PREFIX + arguments.effect], {})]
    )
    known = {parameter.id for effect, _ in chain for parameter in effect.parameters}
    for name in given:
        if name not in known:
            raise UsageError(
                f"there is no parameter named {name!r} here; known are {', '.join(sorted(known))}"
            )
    steps = []
    for effect, preset in chain:
        own = {parameter.id for parameter in effect.parameters}
        try:
            values = {**preset, **{name: value for name, value in given.items() if name in own}}
            steps.append(Step(effect, resolve_values(effect, values)))
        except EffectError as error:
            raise UsageError(str(error).rstrip(".")) from error
    return steps


def _read_chain(path: Path, effects: Mapping[str, Effect]) -> list[tuple[Effect, dict[str, Any]]]:
    """Read `{"effects": [{"effect": NAME, "values": {NAME: VALUE, …}}, …]}`."""
    try:
        rows = json.loads(path.read_text(encoding="utf-8"))["effects"]
        named = [(row["effect"], dict(row.get("values", {}))) for row in rows]
    except OSError as error:
        raise EffectError(f"The preset {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EffectError(
            f'{path} is not a preset: expected {{"effects": [{{"effect": NAME, "values": {{…}}}}, …]}}.'
        ) from error
    chain = []
    for name, values in named:
        effect = effects.get(PREFIX + str(name).removeprefix(PREFIX))
        if effect is None:
            raise EffectError(f"The preset {path} names an effect that is not there: {name!r}.")
        chain.append((effect, values))
    if not chain:
        raise EffectError(f"The preset {path} holds no effect.")
    return chain


def _written(
    arguments: argparse.Namespace, steps: Sequence[Step], restored: Restored, rate_in: int
) -> dict[str, Any]:
    """Return the report of `restore --json`."""
    rate, region, told = restored.sound.sample_rate, restored.region, restored.report
    values = {name: value for step in steps for name, value in step.values.items()}
    return {
        "input": arguments.input,
        "output": arguments.output,
        "effect": " + ".join(step.effect.id.removeprefix(PREFIX) for step in steps),
        **{name: told.get(name) for name in ("model", "model_sha256", "device", "provider")},
        **{name: told.get(name, values.get(name)) for name in ("seed", "steps", "quality")},
        "cutoff_hz": told.get("cutoff_hz"),
        "sample_rate_in": rate_in,
        "sample_rate_out": rate,
        "region": {
            "start_s": region.start / rate,
            "end_s": region.stop / rate,
            "low_hz": region.low_hz,
            "high_hz": region.high_hz,
        },
        "gain_db": told.get("gain_db"),
        **{name: told[name] for name in ("steps_done", "gaps", "tones", "noise_dbfs") if name in told},
        "elapsed_s": restored.elapsed_s,
        "rtf": restored.rtf,
        "peak_memory_bytes": peak_memory_bytes(),
        "warnings": list(told.get("warnings", [])),
    }


def peak_memory_bytes() -> int | None:
    """Return the most memory that this process held so far; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource  # noqa: PLC0415 - not on Windows

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024
