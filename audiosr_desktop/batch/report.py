"""The report of a batch: one table for programs (CSV, JSON) and a page for people (HTML, all in one file)."""

import base64
import csv
import html
import io
import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from audiosr_desktop import __version__
from audiosr_desktop.audio.atomic import replacing
from audiosr_desktop.batch.queue import Item, Queue
from audiosr_desktop.batch.runner import Summary, in_words
from audiosr_desktop.errors import BatchError

SUFFIXES = (".csv", ".json", ".html")
COLUMNS = (
    *("source", "target", "state", "reason", "effects", "model", "model_sha256", "device", "provider"),
    *("seed", "steps", "quality", "duration_s", "channels", "sample_rate_in", "sample_rate_out"),
    *("format_in", "format_out", "cutoff_hz", "cutoff_hz_before", "cutoff_hz_after", "gain_db"),
    *("level_dbfs_before", "level_dbfs_after", "loudness_lufs_before", "loudness_lufs_after"),
    *("true_peak_dbtp_before", "true_peak_dbtp_after", "elapsed_s", "rtf", "warnings"),
    *("source_sha256", "output_sha256"),
)


def check_report(path: Path) -> None:
    """Refuse a report that cannot be written, before the work is done.

    Raises:
        BatchError: the suffix is not one of `SUFFIXES`, or there is no such folder.
    """
    if path.suffix.lower() not in SUFFIXES:
        raise BatchError(f"The report {path} must end in one of {', '.join(SUFFIXES)}.")
    if path.is_dir() or not path.parent.is_dir():
        raise BatchError(f"The report {path} cannot be written: its folder does not exist, or it is one.")


def report_of(queue: Queue, summary: Summary) -> dict[str, Any]:
    """Return the report as JSON holds it: `summary`, `settings` and `files` in the order of the queue."""
    settings = queue.settings
    return {
        "program": f"audiosr-desktop {__version__}",
        "summary": asdict(summary),
        "settings": None if settings is None else settings.as_json(),
        "files": [row_of(item) for item in queue.items()],
    }


def row_of(item: Item) -> dict[str, Any]:
    """Return what the report tells of one file; a column is None where there is nothing to tell."""
    known: dict[str, Any] = {
        **item.facts,
        "source": str(item.path),
        "target": str(item.target) if item.state == "done" else None,
        "state": item.state,
        "reason": item.reason or None,
        "duration_s": item.info.get("duration_s"),
    }
    return {name: known.get(name) for name in COLUMNS}


def write_report(path: Path, queue: Queue, summary: Summary) -> None:
    """Write a report; the suffix says which.

    Raises:
        BatchError: it cannot be written.
    """
    write = {".csv": _csv, ".json": _json, ".html": _html}[path.suffix.lower()]
    text = write(queue, summary)
    try:
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
    except OSError as error:
        raise BatchError(f"The report {path} cannot be written: {error.strerror}.") from error


def _json(queue: Queue, summary: Summary) -> str:
    return json.dumps(report_of(queue, summary), indent=1, default=float) + "\n"


def _csv(queue: Queue, _summary: Summary) -> str:
    text = io.StringIO()
    table = csv.DictWriter(text, COLUMNS)
    table.writeheader()
    for item in queue.items():
        table.writerow({name: _cell(value) for name, value in row_of(item).items()})
    return text.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, list):
        return "; ".join(map(str, value))
    return "" if value is None else value


_STYLE = """
body { font: 14px/1.5 system-ui, sans-serif; margin: 2em auto; max-width: 78em; padding: 0 1em;
  color: #222; background: #fff }
h1 { font-size: 1.4em; margin-bottom: .2em }
h2 { font-size: 1em; margin: 0; overflow-wrap: anywhere }
article { border-top: 1px solid #ddd; padding: 1em 0; display: grid; gap: 1em;
  grid-template-columns: minmax(16em, 1fr) auto }
.sum, .to, figcaption, details, td:first-child { color: #555 }
.to { overflow-wrap: anywhere }
.state { font-weight: 600 }
.failed .state { color: #b00020 }
.done .state { color: #1b6e3c }
.skipped .state, .warn { color: #7a5c00 }
figure { display: inline-block; margin: 0 0 0 .5em; text-align: center }
figcaption { font-size: .85em }
img { display: block }
table { border-collapse: collapse; margin-top: .4em }
td, th { padding: .1em .8em .1em 0; text-align: right; font-weight: 400 }
th:first-child, td:first-child { text-align: left }
@media (prefers-color-scheme: dark) {
  body { background: #16181d; color: #e6e6e6 }
  .sum, .to, figcaption, details, td:first-child { color: #a9adb5 }
  article { border-color: #333 }
  .failed .state { color: #ff8a95 }
  .done .state { color: #7fd6a0 }
  .skipped .state, .warn { color: #e3c56b }
}
@media (max-width: 60em) { article { grid-template-columns: 1fr } }
"""
_PAIRS = (
    ("Cutoff", "cutoff_hz", "Hz", 0),
    ("Loudness", "loudness_lufs", "LUFS", 1),
    ("True peak", "true_peak_dbtp", "dBTP", 1),
    ("Level", "level_dbfs", "dBFS", 1),
)


def _html(queue: Queue, summary: Summary) -> str:
    told = (
        f"{summary.done} done, {summary.failed} failed, {summary.skipped} skipped, {summary.left} left; "
        f"{in_words(summary.elapsed_s)} for {in_words(summary.audio_s)} of sound."
    )
    files = "\n".join(_article(item, *queue.pictures(item.id)) for item in queue.items())
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>Batch report</title><style>{_STYLE}</style>\n<h1>Batch report</h1>\n"
        f'<p class="sum">{html.escape(told)}</p>\n{files}\n</html>\n'
    )


def _article(item: Item, before: bytes, after: bytes) -> str:
    facts = item.facts
    lines = [f"<h2>{_text(item.path)}</h2>"]
    if item.state == "done":
        lines.append(f'<div class="to">→ {_text(item.target)}</div>')
    state = f'<span class="state">{item.state}</span>'
    lines.append(f"<div>{state}{': ' + _text(item.reason) if item.reason else ''}</div>")
    lines += [f'<div class="warn">{_text(warning)}</div>' for warning in facts.get("warnings", [])]
    if facts:
        lines += [_table(facts), _details(facts)]
    pictures = "".join(
        f'<figure><img alt="Spectrogram {name}" src="data:image/png;base64,'
        f'{base64.b64encode(picture).decode()}"><figcaption>{name}</figcaption></figure>'
        for name, picture in (("before", before), ("after", after))
        if picture
    )
    return f'<article class="{item.state}"><div>{"".join(lines)}</div><div>{pictures}</div></article>'


def _table(facts: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><td>{title}</td><td>{_number(facts.get(name + '_before'), digits)}</td>"
        f"<td>{_number(facts.get(name + '_after'), digits)}</td><td>{unit}</td></tr>"
        for title, name, unit, digits in _PAIRS
    )
    return f"<table><tr><th></th><th>before</th><th>after</th><th></th></tr>{rows}</table>"


def _details(facts: Mapping[str, Any]) -> str:
    words = [
        ", ".join(facts["effects"]),
        f"{facts['format_in']} {facts['sample_rate_in']} Hz",
        f"→ {facts['format_out']} {facts['sample_rate_out']} Hz",
        f"model {facts['model']} {str(facts['model_sha256'])[:12]}" if facts.get("model") else "no model ran",
        f"seed {facts['seed']}",
        f"{facts['duration_s']:.2f} s of sound in {facts['elapsed_s']:.2f} s (RTF {facts['rtf']:.3f})",
    ]
    return f"<details><summary>How it was made</summary>{_text(' · '.join(words))}</details>"


def _number(value: float | None, digits: int) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _text(value: object) -> str:
    return html.escape(str(value))
