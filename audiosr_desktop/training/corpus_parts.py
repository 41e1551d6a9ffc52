"""A pack in parts that travel: zip files of compressed excerpts, each with its own index, and back again."""

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import soundfile

from audiosr_desktop.errors import TrainingError
from audiosr_desktop.training.corpus_pack import INDEX, SAMPLES, PackWriter, read_index
from audiosr_desktop.training.data import KIND_SHARES, SAMPLE_RATE

Coding = Literal["vorbis", "flac"]

VORBIS_LEVEL = 0.5  # quality 5
_BLOCK = 65_536  # libsndfile's Vorbis encoder runs out of stack when given minutes at once
_AT_ONCE = 64


def encode(samples: npt.NDArray[np.int16], coding: Coding) -> bytes:
    """Return mono sound at 48 kHz as a file."""
    memory = io.BytesIO()
    kind = {"vorbis": ("OGG", "VORBIS"), "flac": ("FLAC", "PCM_16")}[coding]
    level = VORBIS_LEVEL if coding == "vorbis" else 0.8
    with soundfile.SoundFile(
        memory, "w", SAMPLE_RATE, 1, kind[1], format=kind[0], compression_level=level
    ) as file:
        for start in range(0, len(samples), _BLOCK):
            file.write(samples[start : start + _BLOCK])
    return memory.getvalue()


def write_parts(
    pack: Path, out: Path, *, part_bytes: int, hours: float, coding: Coding, excerpt_s: float, seed: int
) -> Iterator[tuple[Path, float]]:
    """Write a pack as parts of at most `part_bytes`; yields each part and its hours.

    The first parts hold the same mix as the last. Parts that are there are kept, so a writer that was cut off
    goes on; the settings must be the same.

    Args:
        pack: what `corpus build` wrote.
        out: folder of `part-000.zip` and so on.
        part_bytes: of a part; one excerpt is always put in.
        hours: of all parts together; kinds are taken in the shares of training until they run out.
        coding: of the excerpts.
        excerpt_s: of a file at most, from its middle.
        seed: of the order.
    """
    out.mkdir(parents=True, exist_ok=True)
    samples = np.memmap(pack / SAMPLES, dtype=np.int16, mode="r")
    excerpts = _mixed(read_index(pack), excerpt_s, np.random.default_rng(seed))
    left_s, number, there = 3600.0 * hours, 0, _finished(out)
    part: list[tuple[dict[str, Any], bytes]] = []
    size = 0

    def flush() -> tuple[Path, float]:
        nonlocal part, size, number
        path = out / f"part-{number:03}.zip"
        written = _write_part(path, part, coding)
        part, size, number = [], 0, number + 1
        return path, written

    for index in there:
        number += 1
        left_s -= sum(record["samples"] for record in index) / SAMPLE_RATE
    known = {record["source"] for index in there for record in index}
    for excerpt in excerpts:
        if left_s <= 0:
            break
        if excerpt["source"] in known:
            continue
        data = encode(samples[excerpt["start"] : excerpt["stop"]], coding)
        if part and size + len(data) > part_bytes:
            yield flush()
        kept = {name: excerpt[name] for name in ("source", "kind", "bandwidth_hz", "held_out")}
        part.append(({**kept, "samples": excerpt["stop"] - excerpt["start"]}, data))
        size += len(data) + 512  # the zip's own bytes and the line of the index
        left_s -= (excerpt["stop"] - excerpt["start"]) / SAMPLE_RATE
    if part:
        yield flush()


def _mixed(index: list[dict[str, Any]], excerpt_s: float, rng: np.random.Generator) -> list[dict[str, Any]]:
    """Return excerpts in an order in which every stretch has the kinds in the shares of training."""
    longest = int(excerpt_s * SAMPLE_RATE)
    taken: dict[str, float] = {}
    placed = []
    for number, place in enumerate(rng.permutation(len(index))):
        record = index[place]
        start, stop = record["start"], record["stop"]
        start += max(0, stop - start - longest) // 2
        stop = min(stop, start + longest)
        share = KIND_SHARES.get(record["kind"], min(KIND_SHARES.values()))
        taken[record["kind"]] = taken.get(record["kind"], 0.0) + (stop - start) / share
        held_out = record.get("held_out", int(place) % 40 == 0)
        placed.append(
            ((taken[record["kind"]], number), {**record, "start": start, "stop": stop, "held_out": held_out})
        )
    return [record for _, record in sorted(placed, key=lambda pair: pair[0])]


def _write_part(path: Path, part: Sequence[tuple[dict[str, Any], bytes]], coding: Coding) -> float:
    temporary = path.with_suffix(".partial")
    suffix = {"vorbis": "ogg", "flac": "flac"}[coding]
    with zipfile.ZipFile(temporary, "w", zipfile.ZIP_STORED) as archive:
        index = [{**record, "file": f"{place:05}.{suffix}"} for place, (record, _) in enumerate(part)]
        archive.writestr(zipfile.ZipInfo(INDEX), json.dumps(index), zipfile.ZIP_DEFLATED)
        for record, (_, data) in zip(index, part, strict=True):
            archive.writestr(zipfile.ZipInfo(record["file"]), data)
    temporary.replace(path)
    return float(sum(record["samples"] for record, _ in part)) / SAMPLE_RATE / 3600.0


def _finished(out: Path) -> list[list[dict[str, Any]]]:
    return [_part_index(path) for path in sorted(out.glob("part-*.zip"))]


def _part_index(path: Path) -> list[dict[str, Any]]:
    try:
        with zipfile.ZipFile(path) as archive:
            records: list[dict[str, Any]] = json.loads(archive.read(INDEX))
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise TrainingError(f"The part '{path}' is damaged: copy or write it again.") from error
    return records


def unpack_parts(parts: Sequence[Path], out: Path, workers: int) -> Iterator[int]:
    """Decode parts into a pack that training reads; yields how many excerpts are done.

    Parts may come one by one: what the pack holds is not decoded again.
    """
    with PackWriter(out, {"parts": True}) as pack, ThreadPoolExecutor(workers) as pool:
        for path in parts:
            records = [record for record in _part_index(path) if record["source"] not in pack.done]
            with zipfile.ZipFile(path) as archive:
                for first in range(0, len(records), _AT_ONCE):
                    some = records[first : first + _AT_ONCE]
                    files = [archive.read(record["file"]) for record in some]
                    for record, samples in zip(some, pool.map(_decoded, files), strict=True):
                        kept = {name: record[name] for name in ("kind", "bandwidth_hz", "held_out")}
                        pack.add(record["source"], samples[: record["samples"]], kept)
                    yield len(pack.done)
        pack.finish()


def _decoded(data: bytes) -> npt.NDArray[np.int16]:
    samples, _ = soundfile.read(io.BytesIO(data), dtype="int16")
    result: npt.NDArray[np.int16] = samples
    return result
