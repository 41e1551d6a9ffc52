"""A packed corpus: one file of int16 samples and an index, written so that a kill costs nothing.

While it grows, `journal.jsonl` has a line for each entry that is done, written after its samples;
`index.json` is written at the end. A pack may be extended later: what the journal holds is not done again.
"""

import csv
import hashlib
import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from audiosr_desktop.errors import TrainingError
from audiosr_desktop.training.data import SAMPLE_RATE

SAMPLES, INDEX, JOURNAL, TABLE = "samples.i16", "index.json", "journal.jsonl", "manifest.csv"
_HELD_OUT_EVERY = 40
_TABLE_COLUMNS = ("source", "kind", "held_out", "seconds", "bandwidth_hz", "origin", "licence", "url")


def is_held_out(key: str) -> bool:
    """Tell one file in forty, by its name, so that it stays held out when a pack is extended."""
    return zlib.crc32(key.encode()) % _HELD_OUT_EVERY == 0


def _name_sum(excerpt: Mapping[str, Any]) -> int:
    return zlib.crc32(excerpt["source"].encode())


class PackWriter:
    """Adds entries to a pack, each sound once.

    Args:
        folder: of the pack; what is there is gone on with.
        settings: how entries are decoded; another pack's samples do not mix with these.

    Raises:
        TrainingError: the folder holds a pack of other settings, or one without a journal.
    """

    def __init__(self, folder: Path, settings: Mapping[str, Any]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self.done: set[str] = set()
        self._excerpts: list[dict[str, Any]] = []
        self._sums: dict[str, str] = {}
        journal = folder / JOURNAL
        if journal.is_file():
            self._read_journal(journal, dict(settings))
        elif (folder / INDEX).is_file():
            raise TrainingError(
                f"'{folder}' holds a finished pack that cannot be extended: take another folder."
            )
        else:
            journal.write_text(json.dumps({"settings": dict(settings)}) + "\n", encoding="utf-8")
        self._position = max((excerpt["stop"] for excerpt in self._excerpts), default=0)
        mode = "r+b" if (folder / SAMPLES).is_file() else "w+b"
        self._samples = (folder / SAMPLES).open(mode)
        self._samples.truncate(2 * self._position)  # what was cut off before its line was written
        self._samples.seek(0, os.SEEK_END)
        self._journal = journal.open("a", encoding="utf-8")

    def _read_journal(self, path: Path, settings: dict[str, Any]) -> None:
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        whole = [line for line in lines if line.endswith("\n")]
        if len(whole) < len(lines):  # the last line was cut off
            path.write_text("".join(whole), encoding="utf-8")
        try:
            head, *records = [json.loads(line) for line in whole]
        except ValueError as error:
            raise TrainingError(f"'{path}' is damaged: remove that folder and build it again.") from error
        if head["settings"] != settings:
            raise TrainingError(
                f"'{path.parent}' was begun with {head['settings']}, not {settings}: take another folder, "
                "or the same settings."
            )
        for record in records:
            self._note(record)

    def _note(self, record: dict[str, Any]) -> None:
        self.done.add(record["source"])
        if "chosen" in record:
            next(one for one in self._excerpts if one["source"] == record["source"])["held_out"] = True
        elif "left_out" not in record:
            self._excerpts.append(record)
            self._sums[record["sum"]] = record["source"]

    def add(self, source: str, samples: npt.NDArray[np.int16], record: Mapping[str, Any]) -> None:
        """Add an entry's samples; a sound that is in the pack already is left out."""
        digest = hashlib.sha1(samples.tobytes(), usedforsecurity=False).hexdigest()
        if digest in self._sums:
            self.leave_out(source, f"the same sound as {self._sums[digest]}")
            return
        samples.tofile(self._samples)
        self._samples.flush()
        stop = self._position + len(samples)
        place = {"source": source, "start": self._position, "stop": stop, "sum": digest}
        self._position = stop
        self._write({"held_out": is_held_out(source), **place, **record})

    def leave_out(self, source: str, reason: str) -> None:
        """Note that an entry is not in the pack, so that it is not tried again."""
        self._write({"source": source, "left_out": reason})

    def _write(self, record: dict[str, Any]) -> None:
        self._journal.write(json.dumps(record) + "\n")
        self._journal.flush()
        self._note(record)

    def finish(self) -> None:
        """Write the index and the table of sources."""
        os.fsync(self._samples.fileno())
        if len(self._excerpts) > 1 and not any(excerpt["held_out"] for excerpt in self._excerpts):
            # Training needs something to validate on. The choice is noted: it must hold when the pack grows.
            self._write({"source": min(self._excerpts, key=_name_sum)["source"], "chosen": "held out"})
        kept = ("start", "stop", "kind", "bandwidth_hz", "source", "held_out")
        index = [{name: excerpt[name] for name in kept} for excerpt in self._excerpts]
        _replace(self._folder / INDEX, json.dumps(index))
        temporary = self._folder / f"{TABLE}.partial"
        with temporary.open("w", newline="", encoding="utf-8") as file:
            table = csv.DictWriter(file, _TABLE_COLUMNS, extrasaction="ignore", restval="")
            table.writeheader()
            for excerpt in self._excerpts:
                seconds = (excerpt["stop"] - excerpt["start"]) / SAMPLE_RATE
                table.writerow({**excerpt, "seconds": f"{seconds:.2f}"})
        temporary.replace(self._folder / TABLE)

    def close(self) -> None:
        """Close the files; the pack can be gone on with."""
        self._samples.close()
        self._journal.close()

    def __enter__(self) -> Self:
        """Return the writer."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the files."""
        self.close()


def _replace(path: Path, text: str) -> None:
    temporary = path.with_name(f"{path.name}.partial")
    temporary.write_text(text, encoding="utf-8")
    temporary.replace(path)


def read_index(folder: Path) -> list[dict[str, Any]]:
    """Return the excerpts of a finished pack; raises TrainingError when there is none."""
    try:
        excerpts: list[dict[str, Any]] = json.loads((folder / INDEX).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TrainingError(f"No packed corpus in '{folder}': run corpus build first.") from error
    return excerpts
