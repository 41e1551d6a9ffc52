"""The folders of runs: locks that tell which are in use, and what killed runs left."""

import contextlib
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from io import FileIO
from pathlib import Path

from audiosr_desktop import paths
from audiosr_desktop.errors import AudioFileError

if sys.platform != "win32":
    import fcntl

AUTOSAVES = "*.autosave"  # what keeps a killed run's folder
_ORPHAN_AGE_S = 3600.0  # a folder without a lock file may be one that is just being made


def take_lock(folder: Path) -> FileIO:
    """Mark a folder as in use for as long as the file that is returned stays open.

    Raises:
        OSError: another run uses it.
    """
    lock = (folder / "lock").open("wb", buffering=0)
    if sys.platform != "win32":  # there an open file cannot be deleted, which is lock enough
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            lock.close()
            raise
    return lock


def remove_stale(root: Path) -> None:
    """Remove the folders of runs that ended without removing theirs."""
    for folder in root.glob("audiosr-*-*"):
        with contextlib.suppress(OSError):  # in use, or being removed by another run
            if not any(folder.glob(AUTOSAVES)) and _is_stale(folder):
                shutil.rmtree(folder, ignore_errors=True)


def killed_runs(root: Path | None = None) -> list[Path]:
    """Return the folders with autosaves that no running program holds."""
    roots = [root] if root is not None else [paths.scratch_root(), Path(tempfile.gettempdir())]
    found = []
    for place in roots:
        for folder in sorted(place.glob("audiosr-*-*")):
            with contextlib.suppress(OSError):  # in use
                if any(folder.glob(AUTOSAVES)) and _is_stale(folder):
                    found.append(folder)
    return found


@contextlib.contextmanager
def holding(folder: Path) -> Iterator[None]:
    """Keep a killed run's folder from other runs meanwhile.

    Raises:
        AudioFileError: another run holds it, or it is gone.
    """
    try:
        lock = take_lock(folder)
    except OSError as error:
        raise AudioFileError(f"{folder} is in use by another window, or gone.", folder) from error
    with lock:
        yield


def _is_stale(folder: Path) -> bool:
    lock = folder / "lock"
    if not lock.exists():
        return time.time() - folder.stat().st_mtime > _ORPHAN_AGE_S
    if sys.platform == "win32":
        lock.unlink()  # PermissionError while its run holds it open
    else:
        with lock.open("rb") as held:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)  # BlockingIOError while its run lives
    return True
