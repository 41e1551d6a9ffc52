"""Results of an evaluation: rows of means, written as CSV, Markdown and bars."""

import csv
import io
import math
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from audiosr_desktop.evaluation.picture import Bars, write_bars_png

T = TypeVar("T")

ALL_KINDS = "all"


@dataclass(frozen=True, slots=True)
class Result:
    """One system on one file; figures are NaN where the truth is silent.

    Attributes:
        path: the file.
        kind: of sound.
        system: name of the system.
        band_limit: how the band was taken away.
        cutoff_hz: where.
        lsd: log-spectral distance over the whole band.
        lsd_high: bins from the cutoff on.
        energy_high_db: energy above the cutoff against the truth.
        si_sdr_low_db: SI-SDR of what lies below the cutoff.
        rtf: seconds taken per second and channel of sound.
    """

    path: str
    kind: str
    system: str
    band_limit: str
    cutoff_hz: float
    lsd: float
    lsd_high: float
    energy_high_db: float
    si_sdr_low_db: float
    rtf: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file that could not be measured on, and why."""

    path: str
    reason: str


@dataclass(frozen=True, slots=True)
class Row:
    """Means over the files of one kind, the median for the time; for "all", means over the kinds."""

    system: str
    band_limit: str
    cutoff_hz: float
    kind: str
    files: int
    lsd: float
    lsd_high: float
    energy_high_db: float
    si_sdr_low_db: float
    rtf: float


_FIGURES = ("lsd", "lsd_high", "energy_high_db", "si_sdr_low_db", "rtf")
_TITLES = {
    "system": "System",
    "band_limit": "Band limit",
    "cutoff_hz": "Cutoff (Hz)",
    "kind": "Kind",
    "files": "Files",
    "lsd": "LSD",
    "lsd_high": "LSD above",
    "energy_high_db": "Energy above (dB)",
    "si_sdr_low_db": "SI-SDR below (dB)",
    "rtf": "RTF",
}


@dataclass(frozen=True, slots=True)
class Table:
    """What `evaluate` returns.

    Attributes:
        results: one for each system, file, band limit and cutoff.
        skipped: files left out.
    """

    results: tuple[Result, ...]
    skipped: tuple[Skipped, ...] = ()

    def rows(self) -> list[Row]:
        """Return the means, by band limit, cutoff, kind and system; "all" kinds come last."""
        rows: list[Row] = []
        for limit in _unique(result.band_limit for result in self.results):
            for cutoff_hz in _unique(result.cutoff_hz for result in self.results):
                here = [r for r in self.results if r.band_limit == limit and r.cutoff_hz == cutoff_hz]
                kinds = sorted({result.kind for result in here})
                by_kind = [
                    _mean_row(kind, [r for r in here if r.kind == kind and r.system == system])
                    for kind in kinds
                    for system in _unique(result.system for result in here)
                ]
                rows += by_kind
                if len(kinds) > 1:
                    rows += [
                        _mean_row(ALL_KINDS, [row for row in by_kind if row.system == system])
                        for system in _unique(result.system for result in here)
                    ]
        return rows

    def csv(self) -> str:
        """Return the rows as CSV, names first; cells of figures that are not numbers are empty."""
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(_TITLES)
        for row in self.rows():
            writer.writerow(_cell(getattr(row, name), "{:.6g}".format, "") for name in _TITLES)
        return text.getvalue()

    def markdown(self) -> str:
        """Return the rows as a Markdown table, and below it the files that were left out."""
        lines = [" | ".join(_TITLES.values()), " | ".join("---" for _ in _TITLES)]
        for row in self.rows():
            cells = (
                _cell(getattr(row, name), "{:g}".format if name == "cutoff_hz" else "{:.2f}".format, "–")
                for name in _TITLES
            )
            lines.append(" | ".join(cells))
        text = "".join(f"| {line} |\n" for line in lines)
        if self.skipped:
            text += "\nLeft out:\n\n" + "".join(f"- {item.path}: {item.reason}\n" for item in self.skipped)
        return text

    def as_dict(self) -> dict[str, Any]:
        """Return rows, results and files left out as plain values."""
        return {
            "rows": [asdict(row) for row in self.rows()],
            "results": [asdict(result) for result in self.results],
            "skipped": [asdict(item) for item in self.skipped],
        }

    def write(self, folder: Path) -> list[Path]:
        """Write `table.csv`, `table.md` and a picture of the distances for each band limit and cutoff.

        Args:
            folder: made if it is not there; files of these names are replaced.

        Returns:
            The files written.

        Raises:
            OSError: the folder cannot be written.
        """
        folder.mkdir(parents=True, exist_ok=True)
        written = [folder / "table.csv", folder / "table.md"]
        written[0].write_text(self.csv(), encoding="utf-8")
        written[1].write_text(self.markdown(), encoding="utf-8")
        rows = self.rows()
        for limit, cutoff_hz in _unique((row.band_limit, row.cutoff_hz) for row in rows):
            here = [row for row in rows if row.band_limit == limit and row.cutoff_hz == cutoff_hz]
            systems = _unique(row.system for row in here)
            groups = [
                Bars(kind, [row.lsd for row in here if row.kind == kind])
                for kind in _unique(row.kind for row in here)
            ]
            path = folder / f"lsd_{limit}_{cutoff_hz:g}.png"
            title = f"LSD, {limit} to {cutoff_hz:g} Hz (less is better)"
            write_bars_png(path, title, systems, groups)
            written.append(path)
        return written


def _unique(items: Iterable[T]) -> list[T]:
    return list(dict.fromkeys(items))


def _mean_row(kind: str, members: "list[Result] | list[Row]") -> Row:
    first = members[0]
    figures = {name: _mean([getattr(member, name) for member in members]) for name in _FIGURES}
    # the median leaves out the one file on which a model was loaded
    figures["rtf"] = float(np.median([member.rtf for member in members]))
    files = sum(member.files if isinstance(member, Row) else 1 for member in members)
    return Row(first.system, first.band_limit, first.cutoff_hz, kind, files, **figures)


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def _cell(value: object, form: Callable[[float], str], missing: str) -> str:
    if isinstance(value, float):
        return form(value) if math.isfinite(value) else missing
    return str(value)
