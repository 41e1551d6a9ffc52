"""`audiosr-desktop corpus`: build the training corpus, show it, and carry it in parts."""

import argparse
import csv
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from audiosr_desktop.errors import AudioSRError, TrainingError
from audiosr_desktop.training.corpus_build import build_pack
from audiosr_desktop.training.corpus_decode import Places
from audiosr_desktop.training.corpus_fetch import fetch_packages
from audiosr_desktop.training.corpus_list import LEAN_PACKAGES, Entry, folder_entries, read_list, shipped_list
from audiosr_desktop.training.corpus_musdb import musdb_entries
from audiosr_desktop.training.corpus_pack import TABLE, read_index
from audiosr_desktop.training.corpus_parts import unpack_parts, write_parts
from audiosr_desktop.training.data import KIND_SHARES, SAMPLE_RATE


def _entries(arguments: argparse.Namespace, audio: Path) -> list[Entry]:
    """Collect what is asked for: listed packages, repositories that are there, folders, MUSDB18."""
    entries: list[Entry] = []
    if not arguments.no_list:
        listed = read_list(arguments.list or shipped_list())
        wanted = set(arguments.packages or ([] if arguments.all or arguments.list else LEAN_PACKAGES))
        unknown = wanted - {entry.package for entry in listed if entry.origin == "apt"}
        if unknown:
            raise TrainingError(f"The list has no package {', '.join(sorted(unknown))}.")
        for entry in listed:
            there = not wanted or entry.package in wanted
            if entry.origin != "apt":
                there = (audio / entry.package).is_dir()
            if there:
                entries.append(entry)
    folders, kinds = arguments.folder, arguments.kind
    if len(kinds) not in (1, len(folders)):
        raise TrainingError("Say of what kind the folders are: --kind once, or once for each --folder.")
    for folder, kind in zip(folders, kinds * len(folders) if len(kinds) == 1 else kinds, strict=True):
        entries += folder_entries(folder, kind, arguments.split)
    if arguments.musdb:
        entries += musdb_entries(arguments.musdb)
    splits = {arguments.split, "valid"} if arguments.split == "train" else {arguments.split}
    chosen = [entry for entry in entries if entry.split in splits]
    if not chosen:
        raise TrainingError(f"Nothing to build for the split {arguments.split}.")
    return chosen


def _build(arguments: argparse.Namespace) -> None:
    packages = arguments.unpacked or arguments.out / "packages"
    audio = arguments.audio or (arguments.list or arguments.out / "list").parent / "audio"
    entries = _entries(arguments, audio)
    needed = sorted({entry.package for entry in entries if entry.origin == "apt"})
    for number, package in enumerate(fetch_packages(needed, packages), 1):
        _progress(f"package {number}/{len(needed)} {package}")
    out = arguments.out / arguments.split
    jobs = build_pack(
        entries,
        Places(packages, audio),
        out,
        limit_s=arguments.limit_s,
        least_hz=arguments.least_hz,
        workers=arguments.jobs,
    )
    for done, total in jobs:
        _progress(f"decoded {done}/{total}")
    _end_progress()
    _write_hours(out)


def _show(arguments: argparse.Namespace) -> None:
    _write_hours(arguments.pack)


def _write_hours(folder: Path) -> None:
    index = read_index(folder)
    table = folder / TABLE
    rows = [("kind", "files", "hours", "held out", "full band")]
    for kind in (*KIND_SHARES, "all"):
        some = [record for record in index if kind in (record["kind"], "all")]
        if some:
            hours = _hours(some)
            held_out = _hours(record for record in some if record.get("held_out", False))
            full = _hours(record for record in some if record["bandwidth_hz"] >= 19_500)
            rows.append(
                (kind, str(len(some)), f"{hours:.2f}", f"{held_out:.2f}", f"{100 * full / hours:.0f} %")
            )
    sys.stdout.writelines("".join(f"{cell:>12}" for cell in row) + "\n" for row in rows)
    if table.is_file():
        with table.open(newline="", encoding="utf-8") as file:
            licences = sorted({row["licence"] for row in csv.DictReader(file)} - {""})
        sys.stdout.write(f"{len(licences)} licences, each file's in {table}\n")


def _hours(records: Iterable[dict[str, int]]) -> float:
    return sum(record["stop"] - record["start"] for record in records) / SAMPLE_RATE / 3600.0


def _pack(arguments: argparse.Namespace) -> None:
    parts = write_parts(
        arguments.pack,
        arguments.out,
        part_bytes=int(arguments.part_mb * 1e6),
        hours=arguments.hours,
        coding=arguments.coding,
        excerpt_s=arguments.excerpt_s,
        seed=arguments.seed,
    )
    for path, hours in parts:
        sys.stdout.write(f"{path} {path.stat().st_size / 1e6:.1f} MB {hours:.2f} h\n")


def _unpack(arguments: argparse.Namespace) -> None:
    for done in unpack_parts(arguments.parts, arguments.out, arguments.jobs):
        _progress(f"decoded {done}")
    _end_progress()
    _write_hours(arguments.out)


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{text:<60}")
        sys.stderr.flush()


def _end_progress() -> None:
    if sys.stderr.isatty():
        sys.stderr.write("\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "audiosr-desktop corpus", description="Build and show the training corpus."
    )
    commands = parser.add_subparsers(required=True)
    build = commands.add_parser("build", help="download, decode and pack; goes on where it was cut off")
    build.add_argument("list", type=Path, nargs="?", help="list of files (default: the one that is shipped)")
    build.add_argument("--out", type=Path, required=True, help="folder for packages and packs (several GB)")
    build.add_argument("--packages", nargs="*", help="only these packages of the list (default: a lean set)")
    build.add_argument("--all", action="store_true", help="all packages of the list, 4.3 GB")
    build.add_argument("--no-list", action="store_true", help="no list, only folders and MUSDB18")
    build.add_argument("--unpacked", type=Path, help="folder of unpacked packages (default: OUT/packages)")
    build.add_argument("--audio", type=Path, help="folder of the listed sources that are not in packages")
    build.add_argument("--folder", type=Path, action="append", default=[], help="sound of one's own")
    build.add_argument("--kind", action="append", default=[], help=f"its kind: {', '.join(KIND_SHARES)}")
    build.add_argument("--musdb", type=Path, help="a copy of MUSDB18: 90 tracks train, 10 held out, 50 test")
    build.add_argument("--split", choices=("train", "dev", "test"), default="train")
    build.add_argument("--limit-s", type=float, default=90.0, help="seconds taken from each file's middle")
    build.add_argument("--least-hz", type=float, default=14_000.0, help="leave out what ends below this")
    build.add_argument("--jobs", type=int, default=2)
    build.set_defaults(run=_build)
    show = commands.add_parser("show", help="hours by kind of a pack, and its licences")
    show.add_argument("pack", type=Path)
    show.set_defaults(run=_show)
    pack = commands.add_parser("pack", help="write a pack in parts that travel to another machine")
    pack.add_argument("pack", type=Path)
    pack.add_argument("--out", type=Path, required=True)
    pack.add_argument("--part-mb", type=float, default=40.0)
    pack.add_argument("--hours", type=float, default=8.0, help="of all parts together")
    pack.add_argument("--coding", choices=("vorbis", "flac"), default="vorbis")
    pack.add_argument("--excerpt-s", type=float, default=30.0, help="of each file at most")
    pack.add_argument("--seed", type=int, default=0)
    pack.set_defaults(run=_pack)
    unpack = commands.add_parser("unpack", help="decode parts into a pack that training reads")
    unpack.add_argument("parts", type=Path, nargs="+")
    unpack.add_argument("--out", type=Path, required=True)
    unpack.add_argument("--jobs", type=int, default=2)
    unpack.set_defaults(run=_unpack)
    return parser


def main(argv: Sequence[str]) -> int:
    """Run `audiosr-desktop corpus …`; returns the exit code."""
    arguments = _parser().parse_args(argv)
    try:
        arguments.run(arguments)
    except AudioSRError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"The corpus cannot be written: {error}.\n")
        return 1
    return 0
