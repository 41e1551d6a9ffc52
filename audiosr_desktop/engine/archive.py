"""The files of a bundle that is to be imported, from a folder or a zip file, with hostile ones refused."""

import contextlib
import os
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO

from audiosr_desktop.engine.graph_file import is_inside
from audiosr_desktop.engine.manifest import MANIFEST
from audiosr_desktop.errors import BundleError

MAX_FILES = 10_000
MAX_BYTES = 32 << 30
MAX_MANIFEST_BYTES = 4 << 20
MAX_RATIO = 50  # weights hardly shrink at all
RATIO_FREE_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class BundleFiles:
    """The files of a bundle by their names relative to its manifest.

    Attributes:
        sizes: bytes of each file; names are checked to stay inside.
        name: name to give the bundle if its manifest has none.
        opener: opens one of the files.
    """

    sizes: Mapping[str, int]
    name: str
    opener: Callable[[str], IO[bytes]]

    @contextlib.contextmanager
    def open(self, file: str) -> Iterator[IO[bytes]]:
        """Open one of the files.

        Raises:
            BundleError: what is packed is damaged.
        """
        try:
            with self.opener(file) as opened:
                yield opened
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
            raise BundleError(
                f"{file} in the zip file is damaged or packed in a strange way: {error}."
            ) from error

    def read(self, file: str) -> bytes:
        """Return a small file.

        Raises:
            BundleError: it is not small, or damaged.
        """
        if self.sizes[file] > MAX_MANIFEST_BYTES:
            raise BundleError(f"{file} has {self.sizes[file] / 1e6:.0f} MB, which is not a manifest.")
        with self.open(file) as opened:
            return opened.read(MAX_MANIFEST_BYTES)


@contextlib.contextmanager
def open_files(source: Path) -> Iterator[BundleFiles]:
    """Open a folder or a zip file that holds a bundle.

    Raises:
        BundleError: it is neither, holds no manifest, or holds what no bundle does: names that lead outside,
            links, encrypted files, or more than its size can honestly hold.
    """
    if source.is_dir():
        yield _folder_files(source)
        return
    try:
        with zipfile.ZipFile(source) as archive:
            yield _zip_files(archive, source)
    except zipfile.BadZipFile as error:
        raise BundleError(
            f"{source} is not a model: it is no folder, no zip file and no checkpoint.", source
        ) from error
    except OSError as error:
        raise BundleError(f"{source} cannot be read: {error.strerror or error}.", source) from error


def _folder_files(source: Path) -> BundleFiles:
    below = [path.parent.name for path in source.glob(f"*/{MANIFEST}")]
    folder = source / _manifest_place(source, [""] * (source / MANIFEST).is_file() + below)
    root = folder.resolve()
    sizes: dict[str, int] = {}
    for place, _, names in os.walk(root):
        for name in names:
            path = Path(place) / name
            if not path.resolve().is_relative_to(root):
                raise BundleError(f"{path} is a link out of the model's folder, which is not allowed.", path)
            if path.is_file():
                sizes[path.relative_to(root).as_posix()] = path.stat().st_size
        if len(sizes) > MAX_FILES:
            raise BundleError(f"{source} holds more than {MAX_FILES} files, which is not a model.", source)
    return BundleFiles(sizes, root.name, lambda file: (root / file).open("rb"))


def _zip_files(archive: zipfile.ZipFile, source: Path) -> BundleFiles:
    entries = [entry for entry in archive.infolist() if not entry.is_dir()]
    _check_entries(entries, source)
    manifests = [entry.filename for entry in entries if PurePosixPath(entry.filename).name == MANIFEST]
    place = _manifest_place(
        source, [name[: -len(MANIFEST) - 1] for name in manifests if name.count("/") <= 1]
    )
    prefix = f"{place}/" if place else ""
    inside = {
        entry.filename.removeprefix(prefix): entry for entry in entries if entry.filename.startswith(prefix)
    }
    sizes = {name: entry.file_size for name, entry in inside.items()}
    return BundleFiles(sizes, place or source.stem, lambda file: archive.open(inside[file]))


def _manifest_place(source: Path, places: list[str]) -> str:
    """Return the folder that holds the manifest: the top one (""), or the only one below it."""
    if not places:
        raise BundleError(f"{source} is not a model: it has no {MANIFEST}.", source)
    if "" not in places and len(places) > 1:
        raise BundleError(f"{source} holds several models: import them one by one.", source)
    return "" if "" in places else places[0]


def _check_entries(entries: list[zipfile.ZipInfo], source: Path) -> None:
    packed = source.stat().st_size
    total = sum(entry.file_size for entry in entries)
    if len(entries) > MAX_FILES or total > MAX_BYTES or total > MAX_RATIO * packed + RATIO_FREE_BYTES:
        raise BundleError(
            f"{source} claims to hold {total / 1e9:.1f} GB in {len(entries)} files, packed into "
            f"{packed / 1e6:.1f} MB: it is not unpacked.",
            source,
        )
    names = set()
    for entry in entries:
        if not is_inside(entry.filename):
            raise BundleError(f"{source} holds {entry.filename!r}, which leads out of its folder.", source)
        if stat.S_ISLNK(entry.external_attr >> 16):
            raise BundleError(f"{source} holds a link, {entry.filename!r}, which is not allowed.", source)
        if entry.flag_bits & 1:
            raise BundleError(f"{source} is encrypted: unpack it first.", source)
        if entry.filename.lower() in names:
            raise BundleError(f"{source} holds {entry.filename!r} twice.", source)
        names.add(entry.filename.lower())
