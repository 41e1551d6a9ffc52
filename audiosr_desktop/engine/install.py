"""Imports bundles into the user's data folder, and removes them.

What is imported comes from anywhere: nothing of it is trusted before it was checked, and a model's folder
appears only when it is complete, by a rename.
"""

import hashlib
import importlib
import json
import re
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from audiosr_desktop import paths
from audiosr_desktop.engine.archive import BundleFiles, open_files
from audiosr_desktop.engine.bundle import Bundle, bundle_problems, installed_bundles, load_bundle
from audiosr_desktop.engine.graph_file import external_files
from audiosr_desktop.engine.manifest import MANIFEST, read_manifest
from audiosr_desktop.engine.published import with_our_sampling
from audiosr_desktop.engine.sessions import check_graphs
from audiosr_desktop.errors import BundleError, BundleTakenError
from audiosr_desktop.job import Job, Progress, part_of

CHECKPOINT_SUFFIXES = (".bin", ".ckpt", ".pt", ".pth", ".safetensors")
SPARE_BYTES = 200 << 20
STALE_S = 24 * 3600.0

_BLOCK = 4 << 20
_TEXTS = re.compile(r"(readme|licen[cs]e|notice|model_card|card)(\.(md|txt|json))?", re.IGNORECASE)
_NOT_IN_IDS = re.compile(r"[^a-z0-9._-]+")
_STAGING = ".import-"
_LIBRARIES = {"torch", "onnx", "onnxscript", "safetensors"}


@dataclass(frozen=True, slots=True)
class ImportOptions:
    """How to import.

    Attributes:
        id: name to install the model under; empty takes the manifest's, or one made of the file's name.
        replace: take the place of an installed model of that name.
        precision: of graphs made of a checkpoint, "single" or "half".
        condition: what a checkpoint was trained to read, which it does not tell: "lowpass_mel" (the published
            ones), or "degraded_mel" (fine-tuned on noise).
    """

    id: str = ""
    replace: bool = False
    precision: str = "single"
    condition: str = "lowpass_mel"


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import.

    Attributes:
        bundle: the installed model.
        parity: of a checkpoint, each graph's largest error against torch, relative to the largest value.
        notes: sentences for the user.
    """

    bundle: Bundle
    parity: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


_DEFAULT_OPTIONS = ImportOptions()


def import_model(source: Path, options: ImportOptions = _DEFAULT_OPTIONS) -> Job[Imported]:
    """Install what the user has: a bundle, the files of the public ONNX port, or an official checkpoint.

    Raises:
        BundleError: it is none of these, is damaged or hostile, is installed already, or does not fit on the
            disk.
        TrainingError: a checkpoint cannot be made into graphs.
    """
    if source.suffix.lower() in CHECKPOINT_SUFFIXES and source.is_file():
        return (yield from _checkpoint_importer()(source, options))
    bundle = yield from import_bundle(source, bundle_id=options.id, replace=options.replace)
    return Imported(bundle)


def _checkpoint_importer() -> Callable[[Path, ImportOptions], Job[Imported]]:
    """Return the import of training, by name: training is above this room and may not be installed."""
    try:
        module = importlib.import_module("audiosr_desktop.training.import_checkpoint")
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] not in _LIBRARIES:
            raise
        raise BundleError(
            f"Importing a checkpoint needs {error.name}, which is not installed: "
            "install the extra with `pip install 'audiosr-desktop[train]'`."
        ) from error
    importer: Callable[[Path, ImportOptions], Job[Imported]] = module.import_checkpoint
    return importer


def import_bundle(source: Path, *, bundle_id: str = "", replace: bool = False) -> Job[Bundle]:
    """Copy a bundle, or the folder or zip of the public ONNX port as it is, into the user's data folder.

    Args:
        source: a folder with a manifest, or a zip file of one.
        bundle_id: name to install it under; empty takes the manifest's.
        replace: put it in the place of an installed one of that name.

    Raises:
        BundleError: it is not a bundle, is damaged, asks for files outside its folder, is installed already,
            or does not fit on the disk. Nothing is left behind then.
    """
    with open_files(source) as files:
        staging = new_staging()
        try:
            name = yield from _fill(staging, files, source, bundle_id, replace=replace)
            folder = publish(staging, name)
        finally:
            shutil.rmtree(staging, ignore_errors=True)
    return load_bundle(folder)


def _fill(staging: Path, files: BundleFiles, source: Path, bundle_id: str, *, replace: bool) -> Job[str]:
    """Put the bundle together in `staging`, checked and with a complete manifest; return its id."""
    path = staging / MANIFEST
    path.write_bytes(files.read(MANIFEST))
    manifest = read_manifest(path)
    name = chosen_id(bundle_id or str(manifest.about.get("id") or files.name))
    require_free_id(name, replace=replace)
    needed = [
        file for file in dict.fromkeys((*manifest.required_files, *manifest.sha256)) if file != MANIFEST
    ]
    texts = [file for file in files.sizes if _TEXTS.fullmatch(file) and file not in needed]
    copying = _copy(files, [*needed, *texts], staging, manifest.sha256, source)
    sums = yield from part_of(copying, 0.0, 0.5)
    graphs = [staging / file for file in manifest.graphs.values()]
    beside = [_beside(graph, file, staging) for graph in graphs for file in external_files(graph)]
    beside = [file for file in dict.fromkeys(beside) if file not in sums]
    sums |= yield from part_of(_copy(files, beside, staging, manifest.sha256, source), 0.5, 0.7)
    kept = {"id": name, "required_files": [*needed, *beside], "sha256": sums}
    is_port = "format_version" not in manifest.about
    about = with_our_sampling(manifest.about) if is_port else manifest.about
    path.write_text(manifest_text({**about, **kept}), encoding="utf-8")
    yield from part_of(check_graphs(load_bundle(staging)), 0.7, 1.0)
    return name


def remove_bundle(bundle_id: str) -> None:
    """Delete an imported bundle.

    Raises:
        BundleError: there is none of that id, it came with the program, or another one borrows from it.
    """
    folder = _user_folder(bundle_id)
    borrowers = [
        bundle.id
        for bundle in installed_bundles()
        if bundle.id != bundle_id and any(folder in path.parents for path in bundle.lent.values())
    ]
    if borrowers:
        raise BundleError(
            f"The model {bundle_id} cannot be removed: {', '.join(borrowers)} uses graphs of it; "
            "remove that one first.",
            folder,
        )
    gone = folder.with_name(f"{_STAGING}{secrets.token_hex(4)}")
    try:
        folder.rename(gone)  # one step: a model that is half deleted must not be listed
        shutil.rmtree(gone)
    except OSError as error:
        raise BundleError(f"{folder} cannot be removed: {error.strerror}.", folder) from error


def _user_folder(bundle_id: str) -> Path:
    """Return the folder of one of the user's bundles; a damaged one can be named by its folder."""
    root = paths.user_models_dir()
    usable = [bundle for bundle in installed_bundles() if bundle.id == bundle_id]
    for bundle in usable:
        if bundle.folder.parent == root:
            return bundle.folder
        origin = f"the plugin in {bundle.folder.parent.parent}" if bundle.of_plugin else "the program"
        raise BundleError(f"The model {bundle_id} came with {origin} and cannot be removed.", bundle.folder)
    for problem in bundle_problems():
        folder = root / bundle_id
        if problem.path is not None and folder in problem.path.parents and folder.parent == root:
            return folder
    raise BundleError(f"There is no imported model named {bundle_id}; `models list` shows what is installed.")


def chosen_id(name: str) -> str:
    """Return a name as an id that is safe as the name of a folder everywhere.

    Raises:
        BundleError: nothing of it is usable.
    """
    bundle_id = _NOT_IN_IDS.sub("-", name.lower().rpartition("/")[2]).strip("-._")[:64]
    if not bundle_id:
        raise BundleError(f"{name!r} cannot be a model's id: it takes letters, digits, dots and dashes.")
    return bundle_id


def require_free_id(bundle_id: str, *, replace: bool) -> None:
    """Refuse an id that is taken.

    Raises:
        BundleTakenError: a bundle of that id is installed, or a folder of that name is there, and `replace`
            is not set.
    """
    taken = any(bundle.id == bundle_id for bundle in installed_bundles())
    if (taken or (paths.user_models_dir() / bundle_id).exists()) and not replace:
        raise BundleTakenError(
            f"A model named {bundle_id} is installed already: import it under another name (--id) "
            "or in its place (--replace).",
            bundle_id,
        )


def require_space(needed: int, folder: Path) -> None:
    """Refuse to begin what the disk cannot hold.

    Raises:
        BundleError: there is less room than `needed` bytes and a reserve.
    """
    free = shutil.disk_usage(folder).free
    if needed + SPARE_BYTES > free:
        place = folder.parent if folder.name.startswith(_STAGING) else folder
        raise BundleError(
            f"There is not enough room in {place}: {(needed + SPARE_BYTES) / 1e9:.1f} GB "
            f"are needed and {free / 1e9:.1f} GB are free."
        )


def new_staging(name: str = "") -> Path:
    """Make a hidden folder where a bundle is put together, and delete forgotten ones.

    Args:
        name: of a folder that is to be found again, by an import that goes on later; empty is a new one.

    Raises:
        BundleError: the user's data folder cannot be written.
    """
    root = paths.user_models_dir()
    staging = root / f"{_STAGING}{name or secrets.token_hex(4)}"
    try:
        root.mkdir(parents=True, exist_ok=True)
        for folder in root.glob(f"{_STAGING}*"):
            if folder != staging and time.time() - folder.stat().st_mtime > STALE_S:
                shutil.rmtree(folder, ignore_errors=True)
        staging.mkdir(exist_ok=True)
    except OSError as error:
        raise BundleError(f"Models cannot be kept in {root}: {error.strerror}.", root) from error
    return staging


def publish(staging: Path, bundle_id: str) -> Path:
    """Give a complete staging folder its name, in the place of an older bundle if there is one.

    Raises:
        BundleError: the folders cannot be renamed.
    """
    target = paths.user_models_dir() / bundle_id
    old = target.with_name(f"{_STAGING}old-{secrets.token_hex(4)}")
    try:
        if target.exists():
            target.rename(old)
        staging.rename(target)
    except OSError as error:
        if old.exists() and not target.exists():
            old.rename(target)
        raise BundleError(f"{target} cannot be written: {error.strerror}.", target) from error
    shutil.rmtree(old, ignore_errors=True)
    return target


def manifest_text(manifest: Mapping[str, Any]) -> str:
    """Return a manifest as it is written to its file."""
    return json.dumps(manifest, indent=2, ensure_ascii=False) + "\n"


def _beside(graph: Path, file: str, staging: Path) -> str:
    """Return the name of a graph's other file, counted from the bundle's folder."""
    return (graph.parent.relative_to(staging) / PurePosixPath(file.replace("\\", "/"))).as_posix()


def _copy(
    files: BundleFiles, wanted: list[str], staging: Path, expected: Mapping[str, str], source: Path
) -> Job[dict[str, str]]:
    """Copy files and return their sums."""
    sums: dict[str, str] = {}
    total, done = sum(files.sizes.get(file, 0) for file in wanted), 0
    require_space(total, staging)
    for file in wanted:
        if file not in files.sizes:
            raise BundleError(f"{source} is incomplete: {file} is missing.", source)
        target, digest = staging / file, hashlib.sha256()
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with files.open(file) as reading, target.open("wb") as writing:
                while block := reading.read(_BLOCK):
                    digest.update(block)
                    writing.write(block)
                    done += len(block)
                    yield Progress(min(1.0, done / max(1, total)), f"Copying {file}")
        except OSError as error:
            raise BundleError(
                f"{file} of {source} cannot be copied: {error.strerror or error}.", source
            ) from error
        sums[file] = digest.hexdigest()
        if sums[file] != expected.get(file, sums[file]):
            raise BundleError(
                f"{file} of {source} is damaged: expected sum {expected[file]}, found {sums[file]}.", source
            )
    return sums
