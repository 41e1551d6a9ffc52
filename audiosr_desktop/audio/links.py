"""Links to sound files: how a project knows its sources again, and what stands in for one that is gone."""

import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SAMPLED_BYTES = (
    65_536  # read at both ends of a file: enough to tell recordings apart, at once for any length
)


@dataclass(frozen=True, slots=True)
class SourceLink:
    """A sound file as a project remembers it.

    Attributes:
        path: where it was.
        size: in bytes.
        digest: SHA-256 of its first and last 64 KiB.
    """

    path: Path
    size: int
    digest: str

    def fits(self, path: Path) -> bool:
        """Return whether a file is the one that was linked."""
        try:
            return path.is_file() and path.stat().st_size == self.size and _digest(path) == self.digest
        except OSError:
            return False

    def found(self, folder: Path, relative: str, moved: Mapping[Path, Path]) -> Path | None:
        """Return where the file is now: where the user says, where it was, or beside the project.

        Args:
            folder: the project's.
            relative: the path from the project's folder when it was saved.
            moved: new paths by old ones, from the user.
        """
        places = [moved[self.path]] if self.path in moved else []
        places += [self.path, folder / relative] if relative else [self.path]
        return next((place for place in places if self.fits(place)), None)


def link_to(path: Path) -> SourceLink:
    """Return the link to a file that is there.

    Raises:
        OSError: it cannot be read.
    """
    whole = Path(os.path.abspath(path))  # noqa: PTH100 - a link stays a link
    return SourceLink(whole, whole.stat().st_size, _digest(whole))


def relative_path(path: Path, folder: Path) -> str:
    """Return a path as seen from a folder; empty where there is none, as between two drives."""
    try:
        return Path(os.path.relpath(path, folder)).as_posix()
    except ValueError:
        return ""


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_SAMPLED_BYTES))
        file.seek(max(0, path.stat().st_size - _SAMPLED_BYTES))
        digest.update(file.read(_SAMPLED_BYTES))
    return digest.hexdigest()


class MissingStore:
    """Silence in place of a source that was not found; saving keeps the link, so that it can come back."""

    def __init__(self, link: SourceLink, channels: int, length: int) -> None:
        self.link = link
        self._channels, self._length = channels, length

    @property
    def channels(self) -> int:
        """Number of channels."""
        return self._channels

    @property
    def length(self) -> int:
        """Number of samples per channel."""
        return self._length

    def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> NDArray[Any]:
        """Return zeros."""
        if not 0 <= start <= stop <= self._length:
            raise ValueError(f"samples [{start}, {stop}) are not inside [0, {self._length})")
        return np.zeros((self._channels, stop - start), dtype)
