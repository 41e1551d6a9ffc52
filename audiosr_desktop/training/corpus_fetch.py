"""Debian packages of the corpus: downloaded and unpacked, not installed."""

import re
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path

from audiosr_desktop.errors import TrainingError

_LONGEST_LICENCE = 60


def fetch_packages(packages: Sequence[str], folder: Path) -> Iterator[str]:
    """Download and unpack Debian packages below `folder`, but for those that are there; yields each.

    A package is unpacked beside its place and moved there when it is whole.

    Raises:
        TrainingError: there is no apt-get, or a package cannot be had.
    """
    missing = [package for package in packages if not (folder / package).is_dir()]
    for tool in ("apt-get", "dpkg-deb"):
        if missing and shutil.which(tool) is None:
            raise TrainingError(
                f"{len(missing)} Debian packages are missing in '{folder}' and {tool} was not found on this "
                "machine: unpack them there, or build of your own folders with --no-list."
            )
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        if package in missing:
            _fetch(package, folder)
        yield package


def _fetch(package: str, folder: Path) -> None:
    partial = folder / f".{package}.partial"
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    command = ["apt-get", "download", package]
    result = subprocess.run(command, cwd=partial, capture_output=True, text=True, check=False)
    debs = list(partial.glob("*.deb"))
    if result.returncode != 0 or not debs:
        raise TrainingError(
            f"The package '{package}' cannot be downloaded ({_last_line(result.stderr)}): run apt-get update "
            "and try again; what was fetched is kept."
        )
    unpack = ["dpkg-deb", "-x", str(debs[0]), str(partial / "x")]
    result = subprocess.run(unpack, capture_output=True, text=True, check=False)
    if result.returncode != 0:
        raise TrainingError(f"The package '{package}' cannot be unpacked ({_last_line(result.stderr)}).")
    (partial / "x").rename(folder / package)
    shutil.rmtree(partial)


def _last_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[-1].strip() if lines else "no reason given"


def package_licence(package: str, folder: Path) -> str:
    """Return the licences that an unpacked package's copyright file names, or where to read them."""
    path = folder / package / "usr/share/doc" / package / "copyright"
    if not path.is_file():
        return "not stated"
    names = re.findall(r"^\s*License:[ \t]*(\S.*)$", path.read_text(encoding="utf-8", errors="replace"), re.M)
    short = dict.fromkeys(name.strip() for name in names if len(name) <= _LONGEST_LICENCE)
    return "; ".join(short) or f"see usr/share/doc/{package}/copyright in the package"
