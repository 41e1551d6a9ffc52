"""The table for people: Markdown with the published figures beside it, and figures as PNG files."""

from collections.abc import Sequence
from pathlib import Path

from audiosr_desktop.evaluation.plot import Line, write_lines_png
from audiosr_desktop.evaluation.systems import UNPROCESSED
from audiosr_desktop.evaluation.table import ALL_KINDS, MEND_TITLES, TITLES, Row, Table, cell, unique

PUBLISHED = (
    ("GT-Mel", "0.61"),
    ("Unprocessed", "1.99–4.25"),
    ("NVSR-DNN", "1.13–1.67"),
    ("NVSR-ResUNet", "0.95–1.70"),
    ("AudioSR", "0.73–0.99"),
    ("AudioSR + Noise", "1.2–2.0"),
)
_DETAILS = ("system", "cutoff_hz", "lsd", "lsd_high", "energy_high_db", "si_sdr_low_db", "rtf")


def markdown(table: Table) -> str:
    """Return the tables as Markdown: distances by kind, all figures over all kinds, mended damage."""
    rows = table.rows()
    parts = []
    for limit in unique(row.band_limit for row in rows):
        here = [row for row in rows if row.band_limit == limit]
        kinds = unique(row.kind for row in here)
        parts += [_by_cutoff(kind, limit, [row for row in here if row.kind == kind]) for kind in kinds]
        last = [row for row in here if row.kind == kinds[-1]]
        parts.append(_listed(f"### {_kind_title(kinds[-1])}, {limit}: all figures", _DETAILS, TITLES, last))
    mended = table.mend_rows()
    if mended:
        kinds = unique(row.kind for row in mended)
        shown = [row for row in mended if row.kind == kinds[-1]]
        names = tuple(name for name in MEND_TITLES if name != "kind")
        parts.append(_listed(f"### {_kind_title(kinds[-1])}: damage mended", names, MEND_TITLES, shown))
    if rows:
        parts.append(_published())
    if table.skipped:
        left_out = "".join(f"- {item.path}: {item.reason}\n" for item in table.skipped)
        parts.append(f"Left out:\n\n{left_out}")
    return "\n".join(parts)


def _kind_title(kind: str) -> str:
    return "All kinds" if kind == ALL_KINDS else kind.capitalize()


def _by_cutoff(kind: str, limit: str, rows: Sequence[Row]) -> str:
    """Return a table of systems by cutoffs, each cell the distance and the energy above the cutoff."""
    cutoffs = unique(row.cutoff_hz for row in rows)
    found = {(row.system, row.cutoff_hz): row for row in rows}
    lines = [["System", *(f"{cutoff_hz / 1000:g} kHz" for cutoff_hz in cutoffs)]]
    for system in unique(row.system for row in rows):
        cells = []
        for cutoff_hz in cutoffs:
            row = found[system, cutoff_hz]
            cells.append(
                f"{cell(row.lsd, '{:.2f}'.format, '–')} ({cell(row.energy_high_db, '{:+.1f}'.format, '–')})"
            )
        lines.append([system, *cells])
    return f"### {_kind_title(kind)}, {limit}: LSD (energy above the cutoff, dB)\n\n{_table(lines)}"


def _listed(title: str, names: Sequence[str], titles: dict[str, str], rows: Sequence[object]) -> str:
    lines = [[titles[name] for name in names]]
    for row in rows:
        forms = ("{:g}".format if name == "cutoff_hz" else "{:.2f}".format for name in names)
        lines.append([cell(getattr(row, name), form, "–") for name, form in zip(names, forms, strict=True)])
    return f"{title}\n\n{_table(lines)}"


def _published() -> str:
    lines = [["Published, measured on other data", "LSD"], *([name, lsd] for name, lsd in PUBLISHED)]
    return f"### For reference\n\n{_table(lines)}"


def _table(lines: Sequence[Sequence[str]]) -> str:
    rows = [lines[0], ["---"] * len(lines[0]), *lines[1:]]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def write(table: Table, folder: Path) -> list[Path]:
    """Write `table.csv`, `damage.csv`, `table.md` and figures of the distance over cutoff and steps.

    Args:
        table: what there is to write; a file that would be empty is not written.
        folder: made if it is not there; files of these names are replaced.

    Returns:
        The files written.

    Raises:
        OSError: the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    texts = {"table.md": markdown(table)}
    if table.results:
        texts["table.csv"] = table.csv()
    if table.mended:
        texts["damage.csv"] = table.mend_csv()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [*(folder / name for name in texts), *_figures(table, folder)]


def _figures(table: Table, folder: Path) -> list[Path]:
    written = []
    steps = table.steps or {}
    rows = table.rows()
    for limit in unique(row.band_limit for row in rows):
        here = [row for row in rows if row.band_limit == limit]
        kind = unique(row.kind for row in here)[-1]
        here = [row for row in here if row.kind == kind]
        # an empty band is ten times as far away as any system, which would leave those one flat line
        lines = _lines_by_cutoff([r for r in here if r.system not in steps and r.system != UNPROCESSED])
        if lines and len(lines[0].x) > 1:
            written.append(folder / f"lsd_by_cutoff_{limit}.png")
            title = f"LSD by cutoff, {kind}, {limit} (less is better)"
            write_lines_png(written[-1], title, "cutoff, Hz", lines, log_x=True)
        points = [row for row in here if row.system in steps]
        if points:
            written.append(folder / f"lsd_by_step_{limit}.png")
            lines = [
                Line(
                    f"{cutoff_hz:g} Hz",
                    [float(steps[row.system]) for row in points if row.cutoff_hz == cutoff_hz],
                    [row.lsd for row in points if row.cutoff_hz == cutoff_hz],
                )
                for cutoff_hz in unique(row.cutoff_hz for row in points)
            ]
            title = f"LSD by steps of the sampler, {kind}, {limit}"
            write_lines_png(written[-1], title, "steps", lines, log_x=True)
    return written


def _lines_by_cutoff(rows: Sequence[Row]) -> list[Line]:
    return [
        Line(
            system,
            [row.cutoff_hz for row in rows if row.system == system],
            [row.lsd for row in rows if row.system == system],
        )
        for system in unique(row.system for row in rows)
    ]
