"""The sub-command `restore`: an effect, or a chain of them, on a file or a part of it."""

import argparse
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from audiosr_desktop.audio.files import probe, write_sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.cli_output import UsageError, drive, write_json, write_table
from audiosr_desktop.cli_sound import check_output, open_input
from audiosr_desktop.effects.chain import PREFIX, Chain, ChainRun, Module, Step, chain_steps, run_steps
from audiosr_desktop.effects.effect import Effect
from audiosr_desktop.effects.part import Part
from audiosr_desktop.effects.presets import find_preset
from audiosr_desktop.effects.upstream import UpstreamSuperResolution
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import EffectError
from audiosr_desktop.plugins.registry import all_effects, require_effect

_VALUE_OPTIONS = ("model", "quality", "steps", "guidance", "amount", "cutoff_hz", "seed", "device")


def restore(arguments: argparse.Namespace) -> int:
    """Carry out `restore`."""
    require_bounds(arguments)
    report: dict[str, Any] = {}
    with Scratch.create() as scratch:
        engines = Engines()
        effects = all_effects(engines, scratch, report)
        upstream = UpstreamSuperResolution(engines, scratch, report)  # for who asks for it, not in any menu
        steps = chosen_steps(arguments, chosen_chain(arguments), {**effects, upstream.id: upstream})
        info = probe(arguments.input)
        output = check_output(arguments.output, info, overwrite=arguments.overwrite)
        _, sound = open_input(arguments.input, scratch)
        region, warnings = part_of_sound(arguments).of(sound, str(arguments.input))
        run = drive(run_steps(steps, sound, region, scratch, report=report))
        drive(
            write_sound(run.after, arguments.output, output=output, like=info, overwrite=arguments.overwrite)
        )
    written = _written(arguments, steps, run, report, info.sample_rate)
    written["warnings"] = [*warnings, *written["warnings"]]
    if arguments.json:
        write_json(written)
        return 0
    for warning in written["warnings"]:
        print(warning, file=sys.stderr)
    if "proposal" in written:
        written["proposal"] = [row["reason"] for row in written["proposal"]]
    write_table({name: value for name, value in written.items() if value is not None and name != "warnings"})
    return 0


def require_bounds(arguments: argparse.Namespace) -> None:
    """Refuse a part that ends before it starts."""
    for low, high in (("start", "end"), ("low_hz", "high_hz")):
        first, last = getattr(arguments, low), getattr(arguments, high)
        if last is not None and last <= (first or 0.0):
            raise UsageError(f"--{low.replace('_', '-')} must be below --{high.replace('_', '-')}")


def part_of_sound(arguments: argparse.Namespace) -> Part:
    """Return the part that `--start`, `--end`, `--low-hz` and `--high-hz` name."""
    return Part(arguments.start, arguments.end, arguments.low_hz, arguments.high_hz)


def chosen_chain(arguments: argparse.Namespace) -> Chain:
    """Return what `--chain`, `--compat` or `--effect` names; values that options give are not in it yet."""
    if arguments.chain is not None:
        return find_preset(arguments.chain).chain
    if arguments.compat is not None:
        return Chain(UpstreamSuperResolution.title, (Module(UpstreamSuperResolution.id),))
    name = arguments.effect
    return Chain(name, (Module(name if "." in name else PREFIX + name),))


def chosen_steps(arguments: argparse.Namespace, chain: Chain, effects: Mapping[str, Effect]) -> list[Step]:
    """Return the steps of a chain; options and `--set` go to every module that has a parameter of the name.

    Raises:
        PluginError: an effect is not there.
        UsageError: no module has a parameter of a name, or it cannot take the value.
    """
    given = {
        name: getattr(arguments, name) for name in _VALUE_OPTIONS if getattr(arguments, name) is not None
    }
    given.update(arguments.set)
    for module in chain.modules:
        require_effect(module.effect, effects)
    plain = chain_steps(chain, effects)
    known = {parameter.id for step in plain for parameter in step.effect.parameters}
    for name in given:
        if name not in known:
            raise UsageError(
                f"there is no parameter named {name!r} here; known are {', '.join(sorted(known))}"
            )
    try:
        return chain_steps(chain, effects, given)
    except EffectError as error:
        raise UsageError(str(error).rstrip(".")) from error


def _written(
    arguments: argparse.Namespace,
    steps: Sequence[Step],
    run: ChainRun,
    told: Mapping[str, Any],
    rate_in: int,
) -> dict[str, Any]:
    """Return the report of `restore --json`."""
    rate, region = run.after.sample_rate, run.region
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
        **{
            name: told[name]
            for name in ("proposal", "steps_done", "gaps", "tones", "noise_dbfs")
            if name in told
        },
        "elapsed_s": run.elapsed_s,
        "rtf": run.rtf,
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
