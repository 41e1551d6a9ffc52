"""Training corpus: from a manifest of public packages and folders to one packed file of mono 48 kHz sound.

The manifest is a CSV with the columns `split, kind, origin, package, path, seconds, bandwidth_hz`; `origin`
is `apt` (a Debian package, `path` inside it) or another word (`path` below a folder named as the package).
`x.pk3!/y` is file y in the zip x.pk3.
"""

import argparse
import csv
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from itertools import repeat
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from audiosr_desktop.errors import AudioSRError, TrainingError

SAMPLE_RATE = 48_000


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the manifest."""

    split: str
    kind: str
    origin: str
    package: str
    path: str
    seconds: float
    bandwidth_hz: float


@dataclass(frozen=True, slots=True)
class Excerpt:
    """Where one file's sound lies in the packed array, in samples at 48 kHz."""

    start: int
    stop: int
    kind: str
    bandwidth_hz: float
    source: str


def read_manifest(path: Path) -> list[Entry]:
    """Read the manifest; raises TrainingError when a column is missing."""
    try:
        with path.open(newline="", encoding="utf-8") as file:
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
                for row in csv.DictReader(file)
            ]
    except OSError as error:
        raise TrainingError(f"The manifest '{path}' cannot be read: {error.strerror}.") from error
    except (KeyError, ValueError) as error:
        raise TrainingError(f"The manifest '{path}' is not usable: {error}.") from error


def fetch_packages(packages: Sequence[str], folder: Path) -> Iterator[str]:
    """Download and unpack Debian packages below `folder`, but for those that are there; yields each."""
    if shutil.which("apt-get") is None:
        raise TrainingError("The corpus is made of Debian packages: apt-get was not found on this machine.")
    folder.mkdir(parents=True, exist_ok=True)
    for package in packages:
        target = folder / package
        if not target.is_dir():
            partial = folder / f".{package}.partial"
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            result = subprocess.run(
                ["apt-get", "download", package], cwd=partial, capture_output=True, check=False
            )
            debs = list(partial.glob("*.deb"))
            if result.returncode != 0 or not debs:
                raise TrainingError(
                    f"The package '{package}' cannot be downloaded: run apt-get update and try again."
                )
            subprocess.run(["dpkg-deb", "-x", debs[0], partial / "x"], check=True)
            (partial / "x").rename(target)
            shutil.rmtree(partial)
        yield package


def _read_bytes(entry: Entry, packages: Path, audio: Path) -> bytes:
    root = packages if entry.origin == "apt" else audio
    inner = entry.path.split("!/", 1)
    path = root / entry.package / inner[0]
    if len(inner) == 1:
        return path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        return archive.read(inner[1])


def decode(entry: Entry, packages: Path, audio: Path, limit_s: float) -> npt.NDArray[np.int16] | None:
    """Decode one entry to mono 48 kHz, at most `limit_s` from its middle; None when it cannot be read."""
    try:
        samples, rate = soundfile.read(
            io.BytesIO(_read_bytes(entry, packages, audio)), dtype="float32", always_2d=True
        )
    except (OSError, KeyError, zipfile.BadZipFile, soundfile.LibsndfileError):
        return None
    span = int(limit_s * rate)
    first = max(0, (len(samples) - span) // 2)
    mono = samples[first : first + span].mean(axis=1)
    if rate != SAMPLE_RATE:
        mono = soxr.resample(mono, rate, SAMPLE_RATE)
    peak = float(np.abs(mono).max(initial=0.0))
    if peak < 1e-3 or not np.isfinite(peak):
        return None
    scaled: npt.NDArray[np.int16] = np.rint(mono * min(1.0, 0.999 / peak) * 32767.0).astype(np.int16)
    return scaled


def pack(
    entries: Sequence[Entry], packages: Path, audio: Path, out: Path, *, limit_s: float, workers: int
) -> Iterator[int]:
    """Write `out/samples.i16` and `out/index.json`; yields how many entries are done.

    The index is written last, so a pack that was cut off is seen as none and made again.
    """
    out.mkdir(parents=True, exist_ok=True)
    index: list[Excerpt] = []
    position = 0
    with (out / "samples.i16").open("wb") as file, ProcessPoolExecutor(workers) as pool:
        decoded = pool.map(decode, entries, repeat(packages), repeat(audio), repeat(limit_s), chunksize=4)
        for done, (entry, samples) in enumerate(zip(entries, decoded, strict=True), 1):
            if samples is not None:
                samples.tofile(file)
                stop = position + len(samples)
                source = f"{entry.package}/{entry.path}"
                index.append(Excerpt(position, stop, entry.kind, entry.bandwidth_hz, source))
                position = stop
            yield done
    temporary = out / "index.json.partial"
    temporary.write_text(json.dumps([asdict(excerpt) for excerpt in index]), encoding="utf-8")
    temporary.replace(out / "index.json")


def _build(arguments: argparse.Namespace) -> None:
    entries = [entry for entry in read_manifest(arguments.manifest) if entry.split == arguments.split]
    wanted = set(arguments.packages or [])
    packages = arguments.out / "packages"
    if wanted:
        entries = [entry for entry in entries if entry.origin != "apt" or entry.package in wanted]
    needed = sorted({entry.package for entry in entries if entry.origin == "apt"})
    for number, package in enumerate(fetch_packages(needed, packages), 1):
        sys.stderr.write(f"package {number}/{len(needed)} {package}\n")
    rng = np.random.default_rng(0)
    shuffled = [entries[position] for position in rng.permutation(len(entries))]
    audio = arguments.audio or arguments.manifest.parent / "audio"
    for done in pack(
        shuffled,
        packages,
        audio,
        arguments.out / arguments.split,
        limit_s=arguments.limit_s,
        workers=arguments.jobs,
    ):
        if done % 500 == 0:
            sys.stderr.write(f"decoded {done}/{len(shuffled)}\n")


def _show(arguments: argparse.Namespace) -> None:
    hours: dict[str, float] = {}
    for record in json.loads((arguments.pack / "index.json").read_text(encoding="utf-8")):
        seconds = (record["stop"] - record["start"]) / SAMPLE_RATE
        hours[record["kind"]] = hours.get(record["kind"], 0.0) + seconds / 3600
    for kind, value in sorted(hours.items()):
        sys.stdout.write(f"{kind:12} {value:7.2f} h\n")


def main(argv: Sequence[str]) -> int:
    """Run `audiosr-desktop corpus …`; returns the exit code."""
    parser = argparse.ArgumentParser(
        "audiosr-desktop corpus", description="Build and show the training corpus."
    )
    commands = parser.add_subparsers(required=True)
    build = commands.add_parser("build", help="download, decode and pack what a manifest lists")
    build.add_argument("manifest", type=Path)
    build.add_argument("--out", type=Path, required=True, help="folder for packages and packs (several GB)")
    build.add_argument("--audio", type=Path, help="folder of the entries that are not in packages")
    build.add_argument("--packages", nargs="*", help="only these packages")
    build.add_argument("--split", default="train")
    build.add_argument("--limit-s", type=float, default=90.0, help="seconds taken from each file's middle")
    build.add_argument("--jobs", type=int, default=2)
    build.set_defaults(run=_build)
    show = commands.add_parser("show", help="hours by kind of a pack")
    show.add_argument("pack", type=Path)
    show.set_defaults(run=_show)
    arguments = parser.parse_args(argv)
    try:
        arguments.run(arguments)
    except AudioSRError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0
