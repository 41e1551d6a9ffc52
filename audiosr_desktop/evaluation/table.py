"""Results of an evaluation, and the rows of means over them."""

import csv
import io
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, TypeVar

import numpy as np

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
class MendResult:
    """One mender on one damage of one file; `damages.Mended` tells the figures."""

    path: str
    kind: str
    system: str
    damage: str
    lsd: float
    suppression_db: float
    rest_changed_db: float
    si_sdr_db: float
    si_sdr_gain_db: float
    gap_lsd: float
    rtf: float


@dataclass(frozen=True, slots=True)
class Skipped:
    """A file or a row that is left out, and why."""

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


@dataclass(frozen=True, slots=True)
class MendRow:
    """The same for damage that was mended."""

    system: str
    damage: str
    kind: str
    files: int
    lsd: float
    suppression_db: float
    rest_changed_db: float
    si_sdr_db: float
    si_sdr_gain_db: float
    gap_lsd: float
    rtf: float


TITLES = {
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
MEND_TITLES = {
    "system": "System",
    "damage": "Damage",
    "kind": "Kind",
    "files": "Results",
    "lsd": "LSD",
    "suppression_db": "Tone suppressed (dB)",
    "rest_changed_db": "Rest changed (dB)",
    "si_sdr_db": "SI-SDR (dB)",
    "si_sdr_gain_db": "SI-SDR gain (dB)",
    "gap_lsd": "LSD in gaps",
    "rtf": "RTF",
}
_FIGURES = ("lsd", "lsd_high", "energy_high_db", "si_sdr_low_db")
_MEND_FIGURES = ("lsd", "suppression_db", "rest_changed_db", "si_sdr_db", "si_sdr_gain_db", "gap_lsd")


@dataclass(frozen=True, slots=True)
class Table:
    """What `evaluate` returns.

    Attributes:
        results: one for each system, file, band limit and cutoff.
        skipped: files and rows left out.
        mended: one for each mender, file and damage.
        steps: sampler steps of the systems that are points of the figure over steps.
    """

    results: tuple[Result, ...]
    skipped: tuple[Skipped, ...] = ()
    mended: tuple[MendResult, ...] = ()
    steps: Mapping[str, int] | None = None

    def rows(self) -> list[Row]:
        """Return the means, by band limit, cutoff, kind and system; "all" kinds come last."""
        rows: list[Row] = []
        for limit, cutoff_hz in unique((r.band_limit, r.cutoff_hz) for r in self.results):
            here = [r for r in self.results if r.band_limit == limit and r.cutoff_hz == cutoff_hz]
            for kind, members, files in _groups(here):
                first = members[0]
                figures = _means(members, _FIGURES)
                rows.append(Row(first.system, limit, cutoff_hz, kind, files, **figures))
        return rows

    def mend_rows(self) -> list[MendRow]:
        """Return the means by damage, kind and mender; "all" kinds come last."""
        rows: list[MendRow] = []
        for damage in unique(result.damage for result in self.mended):
            for kind, members, files in _groups([r for r in self.mended if r.damage == damage]):
                figures = _means(members, _MEND_FIGURES)
                rows.append(MendRow(members[0].system, damage, kind, files, **figures))
        return rows

    def csv(self) -> str:
        """Return the rows as CSV, names first; cells of figures that are not numbers are empty."""
        return _csv(TITLES, self.rows())

    def mend_csv(self) -> str:
        """Return the rows of mended damage as CSV."""
        return _csv(MEND_TITLES, self.mend_rows())

    def as_dict(self) -> dict[str, Any]:
        """Return rows, results and what was left out as plain values."""
        return {
            "rows": [asdict(row) for row in self.rows()],
            "mended_rows": [asdict(row) for row in self.mend_rows()],
            "results": [asdict(result) for result in self.results],
            "mended": [asdict(result) for result in self.mended],
            "skipped": [asdict(item) for item in self.skipped],
        }


def unique(items: Iterable[T]) -> list[T]:
    """Return the items without repetitions, in their order."""
    return list(dict.fromkeys(items))


def cell(value: object, form: Callable[[float], str], missing: str) -> str:
    """Return a figure as text, or `missing` where it is no number."""
    if isinstance(value, float):
        return form(value) if math.isfinite(value) else missing
    return str(value)


def _groups(results: Sequence[Any]) -> Iterable[tuple[str, list[Any], int]]:
    """Yield kind, results and their number, for each kind and system, then for all kinds."""
    kinds, systems = sorted({r.kind for r in results}), unique(r.system for r in results)
    by_kind: dict[str, list[list[Any]]] = {system: [] for system in systems}
    for kind in kinds:
        for system in systems:
            members = [r for r in results if r.kind == kind and r.system == system]
            if members:
                by_kind[system].append(members)
                yield kind, members, len(members)
    if len(kinds) > 1:
        for system in systems:
            yield ALL_KINDS, _one_a_kind(by_kind[system]), sum(map(len, by_kind[system]))


def _one_a_kind(groups: Sequence[Sequence[Any]]) -> list[Any]:
    """Return for each kind its means in the place of a result, so that every kind counts the same."""
    return [_Means(members) for members in groups]


class _Means:
    """Stands for a result: its figures are means over results."""

    def __init__(self, members: Sequence[Any]) -> None:
        self.system = members[0].system
        names = [name for name in (*_FIGURES, *_MEND_FIGURES) if hasattr(members[0], name)]
        for name, value in _means(members, tuple(names)).items():
            setattr(self, name, value)


def _means(members: Sequence[Any], names: Sequence[str]) -> dict[str, float]:
    figures = {name: _mean([getattr(member, name) for member in members]) for name in names}
    # the median leaves out the one file on which a model was loaded
    figures["rtf"] = float(np.median([member.rtf for member in members]))
    return figures


def _mean(values: list[float]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return float(np.mean(known)) if known else math.nan


def _csv(titles: Mapping[str, str], rows: Sequence[Row] | Sequence[MendRow]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(titles)
    for row in rows:
        writer.writerow(cell(getattr(row, name), "{:.6g}".format, "") for name in titles)
    return text.getvalue()
