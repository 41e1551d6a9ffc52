"""Official checkpoints to installed bundles, as a Job that goes on where it was interrupted."""

import hashlib
import multiprocessing
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from audiosr_desktop.engine.bundle import Bundle, installed_bundles, load_bundle
from audiosr_desktop.engine.install import (
    Imported,
    ImportOptions,
    chosen_id,
    manifest_text,
    new_staging,
    publish,
    require_free_id,
    require_space,
)
from audiosr_desktop.engine.manifest import GRAPHS, MANIFEST, Loan
from audiosr_desktop.engine.published import with_our_sampling
from audiosr_desktop.engine.sessions import check_graphs
from audiosr_desktop.errors import BundleError, TrainingError
from audiosr_desktop.job import Job, Progress, part_of
from audiosr_desktop.training.official.checkpoint import (
    PREFIXES,
    SCALE_FACTOR,
    Checkpoint,
    Part,
    find_parts,
    open_checkpoint,
    read_scale_factor,
)
from audiosr_desktop.training.official.graphs import OPSET
from audiosr_desktop.training.official.sizes import PUBLISHED, Sizes
from audiosr_desktop.training.official.worker import Failure, Made, Order, Stage, work

BYTES = {"single": 4, "half": 2}
TICK_S = 0.05

_FILE_NAMES_THAT_TELL_NOTHING = ("pytorch_model", "model", "last", "checkpoint")


def import_checkpoint(source: Path, options: ImportOptions, sizes: Sizes = PUBLISHED) -> Job[Imported]:
    """Make a bundle of a checkpoint and install it.

    A graph whose weights an installed bundle has already is borrowed from there; so is one that the file
    lacks altogether. When the job is closed, or the program killed, the finished graphs are kept for a day
    and the next import of the same file begins after them.

    Args:
        source: a torch file or safetensors.
        options: see `ImportOptions`.
        sizes: of the networks.

    Raises:
        BundleError: the file is not an AudioSR checkpoint, is damaged or hostile, the name is taken, or the
            disk is full.
        TrainingError: a graph differs from its network, or the export failed.
    """
    checkpoint = open_checkpoint(source)
    parts = find_parts(checkpoint, sizes)
    name = chosen_id(options.id or _default_id(source, options.precision))
    require_free_id(name, replace=options.replace)
    bundles = [
        bundle
        for bundle in installed_bundles()
        if bundle.id != name and bundle.manifest.about.get("precision") == options.precision
    ]
    scale_factor, lender = _scale_factor_and_lender(checkpoint, parts, bundles)
    staging = new_staging(_staging_name(source, options.precision))
    try:
        _require_space(parts, options.precision, staging)
        order = Order(source, sizes, scale_factor, options.precision, staging, _lenders(bundles))
        made = yield from part_of(_made_elsewhere(order), 0.0, 0.95)
        if lender is not None:
            made.loans |= {graph: _loan(lender, graph) for graph in GRAPHS if graph not in parts}
        if checkpoint.condition:
            options = replace(options, condition=checkpoint.condition)
        manifest = _manifest(name, source, made, scale_factor, options)
        (staging / MANIFEST).write_text(manifest_text(manifest), encoding="utf-8")
        yield from part_of(check_graphs(load_bundle(staging)), 0.95, 1.0)
        for path in staging.glob("*.record"):
            path.unlink()
        folder = publish(staging, name)
    finally:
        if not any(staging.glob("*.record")):
            shutil.rmtree(staging, ignore_errors=True)
    bundle = load_bundle(folder)
    parity = {graph: record.parity for graph, record in made.records.items()}
    return Imported(bundle, parity, _notes(made, bundle))


def _default_id(source: Path, precision: str) -> str:
    """Return a name: the file's, or that of its folder where every such file has the same name."""
    stem = source.resolve().parent.name if source.stem in _FILE_NAMES_THAT_TELL_NOTHING else source.stem
    return f"{stem}-half" if precision == "half" else stem


def _staging_name(source: Path, precision: str) -> str:
    """Return a name that the same import finds again."""
    facts = source.stat()
    text = f"{source.resolve()} {facts.st_size} {facts.st_mtime_ns} {precision}"
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _require_space(parts: Mapping[str, Part], precision: str, staging: Path) -> None:
    there = sum(path.stat().st_size for path in staging.glob("*.onnx"))
    needed = sum(part.elements for part in parts.values()) * BYTES[precision]
    require_space(max(0, int(1.02 * needed) - there), staging)


def _scale_factor_and_lender(
    checkpoint: Checkpoint, parts: Mapping[str, Part], bundles: list[Bundle]
) -> tuple[float, Bundle | None]:
    """Return the latents' factor, and the bundle that lends the graphs of which the file has nothing."""
    scale_factor = read_scale_factor(checkpoint)
    missing = [graph for graph in GRAPHS if graph not in parts]
    if not missing:
        if scale_factor is None:
            raise BundleError(f"{checkpoint.path} lacks {SCALE_FACTOR}.", checkpoint.path)
        return scale_factor, None
    for bundle in bundles:
        own = bundle.manifest
        fits = scale_factor is None or own.scale_factor == scale_factor
        if fits and all(graph in own.graphs and graph in own.weights_sha256 for graph in missing):
            return own.scale_factor, bundle
    wanted = ", ".join(f"{PREFIXES[graph]}…" for graph in missing)
    raise BundleError(
        f"{checkpoint.path} lacks {wanted}: import a complete AudioSR checkpoint of the same scale factor "
        "and precision first, from which this one can borrow them.",
        checkpoint.path,
    )


def _lenders(bundles: list[Bundle]) -> dict[tuple[str, str], Loan]:
    return {
        (graph, found): _loan(bundle, graph)
        for bundle in bundles
        for graph, found in bundle.manifest.weights_sha256.items()
        if graph in bundle.manifest.graphs
    }


def _loan(bundle: Bundle, graph: str) -> Loan:
    return Loan(bundle.id, bundle.manifest.sha256.get(bundle.manifest.graphs[graph], ""))


def _made_elsewhere(order: Order) -> Job[Made]:
    """Let a process of its own do the work; closing the job ends it."""
    context = multiprocessing.get_context("spawn")  # a fork would inherit the window and its threads
    answers, sender = context.Pipe(duplex=False)
    process = context.Process(target=work, args=(order, sender), daemon=True)
    process.start()
    sender.close()
    stage = Stage(0.0, "Starting the export")
    try:
        while True:
            yield Progress(stage.fraction, stage.text)
            if not answers.poll(TICK_S):
                continue
            answer = answers.recv()
            if isinstance(answer, Made):
                return answer
            if isinstance(answer, Failure):
                if answer.expected:
                    raise TrainingError(answer.text)
                raise TrainingError(f"The export of {order.source} failed ({answer.text}).")
            stage = answer
    except EOFError as error:
        process.join()
        raise TrainingError(
            f"The export of {order.source} ended early (code {process.exitcode}): there may be too little "
            "memory; close other programs and import it again."
        ) from error
    finally:
        answers.close()
        process.terminate()
        process.join()
        process.close()


def _manifest(
    name: str, source: Path, made: Made, scale_factor: float, options: ImportOptions
) -> dict[str, Any]:
    files = {graph: f"{graph}.onnx" for graph in GRAPHS if graph in made.records}
    manifest = {
        "format_version": 1,
        "id": name,
        "title": f"AudioSR ({name})",
        "description": f"Imported from {source.name}.",
        "model": "AudioSR",
        "license": "as stated where the checkpoint comes from",
        "tasks": ["super-resolution"],
        "opset": OPSET,
        "precision": options.precision,
        "sampling_rate": 48_000,
        "stft": {"n_fft": 2048, "hop": 480, "win": 2048},
        "mel": {"n_mels": 256, "fmin": 20, "fmax": 24_000, "floor": 1e-5},
        "latent": {"channels": 16, "bins": 32, "frames_per_latent": 8, "frames_multiple": 8},
        "scale_factor": scale_factor,
        "scheduler": {"type": "cosine", "steps": 1000, "prediction": "v"},
        "cfg": {"guidance_scale": 3.5, "unconditional_latent": -11.4981},
        "condition": options.condition,
        "vocoder": {"output": "waveform", "n_fft": 2048, "hop": 480},
        "window_seconds": 10.24,
        "graphs": files,
        "borrowed": {
            graph: {"bundle": loan.bundle, "sha256": loan.sha256} for graph, loan in made.loans.items()
        },
        "required_files": list(files.values()),
        "sha256": {files[graph]: record.sha256 for graph, record in made.records.items()},
        "weights_sha256": made.weights,
        "parity": {graph: record.parity for graph, record in made.records.items()},
    }
    return with_our_sampling(manifest)


def _notes(made: Made, bundle: Bundle) -> tuple[str, ...]:
    notes = []
    if made.vaes_equal is not None:
        notes.append(
            "The checkpoint's two VAEs are equal and one is kept."
            if made.vaes_equal
            else "The checkpoint's two VAEs differ: the condition is encoded by its own, as upstream does."
        )
    if made.loans:
        lent = ", ".join(f"{graph} from {loan.bundle}" for graph, loan in sorted(made.loans.items()))
        notes.append(f"{bundle.id} borrows {lent}.")
    return tuple(notes)
