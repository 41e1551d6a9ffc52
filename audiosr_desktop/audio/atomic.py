"""A file that appears only when it is complete."""

import contextlib
import os
import re
import secrets
import shutil
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path

_PART = re.compile(r"\.[0-9a-f]{16}\.part(-journal)?")
_ABANDONED_S = 24 * 3600.0


@contextlib.contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """Give a name beside `target` to write to; at the end of the block that file takes its place.

    When the block fails or is left early, the new file goes and `target` is as it was.

    Raises:
        OSError: the file cannot be flushed to the disk or renamed.
    """
    temporary = target.parent / f".{secrets.token_hex(8)}.part"
    _remove_abandoned(target.parent)
    try:
        yield temporary
        put_in_place(temporary, target)
    finally:
        with contextlib.suppress(OSError):  # renamed, or its folder is gone
            temporary.unlink(missing_ok=True)


@cache
def _remove_abandoned(folder: Path) -> None:
    """Remove what killed runs left half written, once nobody can be writing it any more.

    Once for a folder: a batch writes thousands of files into one.
    """
    for path in folder.glob(".*.part*"):
        with contextlib.suppress(OSError):  # gone, or not ours to delete
            if _PART.fullmatch(path.name) and time.time() - path.stat().st_mtime > _ABANDONED_S:
                path.unlink()


def file_identity(path: Path) -> tuple[int, int] | None:
    """Return device and number of a file, whatever its name; None where there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


def put_in_place(temporary: Path, target: Path) -> None:
    """Rename a complete file to `target`, so that a loss of power leaves the old or the new one.

    Raises:
        OSError: the file cannot be flushed to the disk or renamed, as onto another disk.
    """
    if target.exists():
        shutil.copymode(target, temporary)
    with temporary.open("rb+") as file:
        os.fsync(file.fileno())
    temporary.replace(target)
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    """Make the rename last through a loss of power, where the system can."""
    with contextlib.suppress(OSError):  # Windows opens no folders
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
