"""The sub-command `evaluate`: the table of the systems asked for, over the user's sound or our clips."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from audiosr_desktop import paths
from audiosr_desktop.audio.files import probe
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.cli_output import UsageError, drive, write_json
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.bundle import Bundle, find_bundle, installed_bundles, load_bundle
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.evaluation import report
from audiosr_desktop.evaluation.curves import write_curves_png
from audiosr_desktop.evaluation.evaluate import Pictures, Plan, find_files
from audiosr_desktop.evaluation.evaluate import evaluate as evaluate_systems
from audiosr_desktop.evaluation.systems import Mender, Model, System, baseline_systems, menders

REGRESSIONS = {"mel_dnn", "mel_resunet"}  # what their manifests say they were trained for
LOSSES = "losses.png"


def evaluate(arguments: argparse.Namespace) -> int:
    """Carry out `evaluate`."""
    out: Path | None = arguments.out
    if out and out.exists() and not out.is_dir():
        raise AudioFileError(f"{out} is a file; give the name of a folder.", out)
    if arguments.losses:
        if out is None:
            raise UsageError("--losses draws into a folder: give --out DIR")
        out.mkdir(parents=True, exist_ok=True)
        write_curves_png(out / LOSSES, arguments.losses)
        if arguments.data is None:
            return 0
    data = arguments.data or paths.evaluation_sounds()
    if not data.is_dir():
        probe(data)
    pictures = None
    if out and arguments.spectrograms != "none":
        pictures = Pictures(out / "spectrograms", arguments.spectrograms == "all")
    plan = Plan(
        cutoffs=arguments.cutoffs,
        band_limits=arguments.filters,
        damages=arguments.damages,
        seed=arguments.seed,
        longest_s=arguments.seconds,
        pictures=pictures,
    )
    with Scratch.create() as scratch:
        systems, mending = _asked_for(arguments, scratch)
        table = drive(evaluate_systems(systems, find_files(data), plan, scratch=scratch, menders=mending))
    if out:
        report.write(table, out)
    if arguments.json:
        write_json(table.as_dict())
    else:
        print(report.markdown(table), end="")
    return 0


def _asked_for(arguments: argparse.Namespace, scratch: Scratch) -> tuple[list[System], list[Mender]]:
    """Return the systems in the order of the words, and the menders that belong to them."""
    baselines = baseline_systems()
    needed = {"compact", "compact-blind", "gt-mel"} & set(arguments.systems)
    models = [_model(arguments, find_bundle(id_)) for id_ in arguments.model or [None]] if needed else []
    made: dict[str, list[System]] = {name: [system] for name, system in baselines.items()}
    made["gt-mel"] = [model.true_mel() for model in models]
    made["compact-blind"] = [model.blind(scratch) for model in models]
    made["compact"] = [
        system for model in models for system in model.systems(arguments.quality, arguments.steps, scratch)
    ]
    if "regression" in arguments.systems:
        found = [load_bundle(folder) for folder in arguments.regression] or _installed_regressions()
        made["regression"] = [
            replace(system, name=bundle.id)  # one step at any quality
            for bundle in found
            for system in _model(arguments, bundle).systems(("standard",), (), scratch)
        ]
        if not found:
            print(
                "No mel regression is installed; its rows are left out (see --regression).", file=sys.stderr
            )
    systems = [system for name in arguments.systems for system in made[name]] if arguments.cutoffs else []
    mending = []
    if arguments.damages:
        known = menders(built_in_effects(Engines(), scratch), scratch)
        mending = [
            mender for mender in known if mender.name != "unprocessed" or "unprocessed" in arguments.systems
        ]
        mending += [model.mender() for model in models if model.is_noise_aware]
    return systems, mending


def _installed_regressions() -> list[Bundle]:
    return [bundle for bundle in installed_bundles() if REGRESSIONS & set(_trained_steps(bundle))]


def _trained_steps(bundle: Bundle) -> set[str]:
    training = bundle.manifest.about.get("training", {})
    steps = training.get("steps", {}) if isinstance(training, dict) else {}
    return set(steps) if isinstance(steps, dict) else set()


def _model(arguments: argparse.Namespace, bundle: Bundle) -> Model:
    engines = Engines(find=lambda _: bundle)
    return Model(bundle, engines, arguments.device or "auto", arguments.seed)
