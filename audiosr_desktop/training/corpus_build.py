"""Building a pack: entries decoded by several threads, written in one order, gone on with after a kill."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from itertools import repeat
from pathlib import Path

import numpy as np

from audiosr_desktop.training.corpus_decode import Places, decode
from audiosr_desktop.training.corpus_fetch import package_licence
from audiosr_desktop.training.corpus_list import Entry, source_of
from audiosr_desktop.training.corpus_pack import PackWriter
from audiosr_desktop.training.data import SAMPLE_RATE

_AT_ONCE = 32  # decoded ahead; more would only fill memory


def build_pack(
    entries: Sequence[Entry], places: Places, out: Path, *, limit_s: float, least_hz: float, workers: int
) -> Iterator[tuple[int, int]]:
    """Decode entries into the pack `out`, in random order; yields how many are done, and of how many.

    Entries of the split "valid" are held out within training, as is one file in forty of the others.
    """
    with (
        PackWriter(out, {"limit_s": limit_s, "least_hz": least_hz}) as pack,
        ThreadPoolExecutor(workers) as pool,
    ):
        rng = np.random.default_rng(0)
        shuffled = [entries[position] for position in rng.permutation(len(entries))]
        left = [entry for entry in shuffled if entry.key not in pack.done]
        total = len(left) + len(pack.done)
        for first in range(0, len(left), _AT_ONCE):
            some = left[first : first + _AT_ONCE]
            decoded = pool.map(decode, some, repeat(places), repeat(limit_s), repeat(least_hz))
            for entry, sound in zip(some, decoded, strict=True):
                if sound.problem:
                    pack.leave_out(entry.key, sound.problem)
                elif len(sound.samples) < SAMPLE_RATE // 100:
                    pack.leave_out(entry.key, "shorter than 10 ms")
                else:
                    pack.add(entry.key, sound.samples, _record(entry, sound.bandwidth_hz, places))
            yield len(pack.done), total
        pack.finish()


def _record(entry: Entry, bandwidth_hz: float, places: Places) -> dict[str, object]:
    licence, url = _origin(entry.origin, entry.package, places.packages)
    record: dict[str, object] = {
        "kind": entry.kind,
        "bandwidth_hz": round(bandwidth_hz, 1),
        "origin": entry.origin,
        "licence": licence,
        "url": url,
    }
    return {**record, "held_out": True} if entry.split == "valid" else record


@cache
def _origin(origin: str, package: str, packages: Path) -> tuple[str, str]:
    if origin == "apt":
        return package_licence(package, packages), f"https://packages.debian.org/{package}"
    if origin == "musdb":
        return "see the data set: for research alone", "https://sigsep.github.io/datasets/musdb.html"
    return source_of(package) if origin == "github" else ("the user's own", "")
