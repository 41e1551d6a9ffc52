"""The sub-command `evaluate`: the table of the systems asked for, over the user's sound or the example."""

import argparse
from typing import Any

from audiosr_desktop import paths
from audiosr_desktop.audio.files import probe
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.cli_output import drive, write_json
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.evaluation.evaluate import (
    System,
    baseline_systems,
    effect_system,
    find_files,
)
from audiosr_desktop.evaluation.evaluate import (
    evaluate as evaluate_systems,
)


def evaluate(arguments: argparse.Namespace) -> int:
    """Carry out `evaluate`."""
    data = arguments.data or paths.clean_example_sound()
    if not data.is_dir():
        probe(data)
    if arguments.out and arguments.out.exists() and not arguments.out.is_dir():
        raise AudioFileError(f"{arguments.out} is a file; give the name of a folder.", arguments.out)
    with Scratch.create() as scratch:
        job = evaluate_systems(
            _systems(arguments, scratch),
            find_files(data),
            arguments.cutoffs,
            scratch=scratch,
            band_limits=arguments.filters,
            seed=arguments.seed,
            longest_s=arguments.seconds,
            pictures=arguments.out,
        )
        table = drive(job)
    if arguments.out:
        table.write(arguments.out)
    if arguments.json:
        write_json(table.as_dict())
    else:
        print(table.markdown(), end="")
    return 0


def _systems(arguments: argparse.Namespace, scratch: Scratch) -> list[System]:
    effect = built_in_effects(Engines(), scratch)["audiosr.super-resolution"]
    values: dict[str, Any] = {
        "quality": arguments.quality,
        "seed": arguments.seed,
        "model": arguments.model or "",
        "device": arguments.device or "auto",
    }
    known = {
        **baseline_systems(),
        # One step from noise gives the mean of what is possible: the model as a mere regression
        "regression": effect_system("regression", effect, {**values, "steps": 1}, scratch),
        "compact": effect_system("compact", effect, values, scratch),
        # As a user gets it: the cutoff is not told but found
        "compact-blind": effect_system("compact-blind", effect, values, scratch, cutoff_parameter=None),
    }
    return [known[name] for name in arguments.systems]
