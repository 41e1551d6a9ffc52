"""Moves the folder of imported models to where the user wants it."""

import os
import secrets
import shutil
from pathlib import Path

from audiosr_desktop import paths
from audiosr_desktop.engine.install import require_space
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import Job, Progress

_BLOCK = 4 << 20


def move_models(target: Path) -> Job[Path]:
    """Move all imported models, and keep later ones there too.

    Models are copied first and the old ones are deleted last, so that at every moment all of them are in the
    folder that is in force. When the job is closed early, nothing has changed.

    Args:
        target: a folder of the user; its default place undoes the choice.

    Returns:
        The folder in force.

    Raises:
        BundleError: the folder is the program's own or cannot be written, has models of the same names, or
            the disk is too small.
    """
    source, target = paths.user_models_dir(), target.absolute()
    if target.resolve() == source.resolve():
        return source
    shipped = paths.shipped_models_dir().resolve()
    if target.resolve().is_relative_to(paths.program_dir().resolve()) or target.resolve() == shipped:
        raise BundleError(f"{target} belongs to the program: choose a folder of your own.", target)
    folders = [path for path in _folders(source) if not path.name.startswith(".")]
    clash = next((folder.name for folder in folders if (target / folder.name).exists()), None)
    if clash:
        raise BundleError(f"{target} holds a folder {clash} already: choose an empty folder.", target)
    made: list[Path] = []
    try:
        target.mkdir(parents=True, exist_ok=True)
        yield from _copy_all(folders, target, made)
        _choose(target)
        made.clear()
    except OSError as error:
        raise BundleError(f"Models cannot be kept in {target}: {error.strerror or error}.", target) from error
    finally:
        for folder in made:
            shutil.rmtree(folder, ignore_errors=True)
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return target


def _folders(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if path.is_dir()) if root.is_dir() else []


def _copy_all(folders: list[Path], target: Path, made: list[Path]) -> Job[None]:
    files = [path for folder in folders for path in sorted(folder.rglob("*")) if path.is_file()]
    total, done = sum(path.stat().st_size for path in files), 0
    require_space(total, target)
    for folder in folders:
        made.append(target / folder.name)
        made[-1].mkdir()
    for path in files:
        copy = target / path.relative_to(folders[0].parent)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with path.open("rb") as reading, copy.open("xb") as writing:
            while block := reading.read(_BLOCK):
                writing.write(block)
                done += len(block)
                yield Progress(min(1.0, done / max(1, total)), f"Moving {path.parent.name}")
            writing.flush()
            os.fsync(writing.fileno())
    yield Progress(1.0, "Moving models")


def _choose(folder: Path) -> None:
    """Put a folder in force, in one step."""
    choice = paths.models_choice_file()
    if folder == paths.default_models_dir():
        choice.unlink(missing_ok=True)
        return
    choice.parent.mkdir(parents=True, exist_ok=True)
    beside = choice.with_name(f".{choice.name}-{secrets.token_hex(4)}")
    beside.write_text(f"{folder}\n", encoding="utf-8")
    beside.replace(choice)
