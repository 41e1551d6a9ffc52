"""What a corpus is made of: the shipped list of free sound, the user's folders, MUSDB18.

A list is a CSV (or CSV.XZ) with the columns `split, kind, origin, package, path, seconds, bandwidth_hz`.
`origin` is `apt` (a Debian package, `path` inside it), `github` (a repository; `path` below a folder named as
the package), or `folder`. `x.pk3!/y` is file y in the zip x.pk3; `x.stem.mp4!2` is stream 2 of x.
"""

import csv
import io
import lzma
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from audiosr_desktop import paths
from audiosr_desktop.errors import TrainingError
from audiosr_desktop.training.data import KIND_SHARES

SUFFIXES = (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff", ".caf", ".w64")

# 1.8 GB of packages for most of the sound; all 74 are 4.3 GB
LEAN_PACKAGES = frozenset(
    (
        "ufoai-music",
        "wesnoth-1.16-music",
        "hedgewars-data",
        "supertux-data",
        "nexuiz-music",
        "colobot-common-sounds",
        "singularity-music",
        "marsshooter-data",
        "klettres-data",
        "starfighter-data",
        "fretsonfire-songs-sectoid",
        "pushover-data",
        "enigma-data",
        "zaz-data",
        "hydrogen-drumkits",
        "ufoai-sound",
        "ktuberling-data",
        "qabcs-data",
        "davegnukem-data",
        "krank",
        "warmux-data",
        "wordwarvi-sound",
        "plee-the-bear-data",
        "bucklespring-data",
        "gigalomania-data",
        "xmoto-data",
        "pax-britannica-data",
        "raincat-data",
        "lmms-common",
        "glob2-data",
        "hex-a-hop-data",
        "endless-sky-data",
    )
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the corpus.

    Attributes:
        split: "train", "valid" (held out within training), "dev" or "test".
        kind: one of the kinds that training draws by.
        origin: "apt", "github", "folder" or "musdb".
        package: name of the package, or of the folder.
        path: inside it.
        seconds: length; 0 where it is not known yet.
        bandwidth_hz: where the sound ends; 0 where it is to be measured.
        root: folder that `path` lies in; None below the folder of all packages.
    """

    split: str
    kind: str
    origin: str
    package: str
    path: str
    seconds: float = 0.0
    bandwidth_hz: float = 0.0
    root: Path | None = None

    @property
    def key(self) -> str:
        """The entry's name in a pack."""
        return f"{self.package}/{self.path}"


def shipped_list() -> Path:
    """Return the list that comes with the program."""
    return paths.resources_dir() / "corpus" / "list.csv.xz"


def read_list(path: Path) -> list[Entry]:
    """Read a list; raises TrainingError when it cannot be read or a column is missing."""
    try:
        data = path.read_bytes()
        text = (lzma.decompress(data) if path.suffix == ".xz" else data).decode("utf-8")
        return [
            Entry(
                row["split"],
                row["kind"],
                row["origin"],
                row["package"],
                row["path"],
                float(row["seconds"]),
                float(row["bandwidth_hz"]),
            )
            for row in csv.DictReader(io.StringIO(text))
        ]
    except OSError as error:
        raise TrainingError(f"The list '{path}' cannot be read: {error.strerror}.") from error
    except (KeyError, ValueError, lzma.LZMAError) as error:
        raise TrainingError(f"The list '{path}' is not usable: {error}.") from error


def source_of(package: str) -> tuple[str, str]:
    """Return licence and address of a listed repository; empty texts where there is none."""
    table = paths.resources_dir() / "corpus" / "sources.csv"
    with table.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            if row["package"] == package:
                return row["licence"], row["url"]
    return "", ""


def folder_entries(folder: Path, kind: str, split: str) -> list[Entry]:
    """List the sound files of a user's folder; raises TrainingError when there are none."""
    if kind not in KIND_SHARES:
        raise TrainingError(f"There is no kind '{kind}': {', '.join(KIND_SHARES)}.")
    if not folder.is_dir():
        raise TrainingError(f"The folder '{folder}' is not there.")
    entries = [
        Entry(
            split,
            kind,
            "folder",
            folder.resolve().as_posix(),
            path.relative_to(folder).as_posix(),
            root=folder,
        )
        for path in _sound_files(folder)
    ]
    if not entries:
        raise TrainingError(f"The folder '{folder}' holds no sound file ({' '.join(SUFFIXES)}).")
    return entries


def _sound_files(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.suffix.lower() in SUFFIXES and path.is_file())
