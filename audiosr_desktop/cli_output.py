"""What every sub-command shares: driving a job with a progress bar, JSON and tables on stdout."""

import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from audiosr_desktop.job import Job, Progress, run_job

T = TypeVar("T")

_BAR_WIDTH = 24
_CLEAR_LINE = "\r\x1b[K"


class UsageError(Exception):
    """The options contradict one another; ends with exit code 2."""


def drive(job: Job[T], *, quiet: bool = False) -> T:
    """Drive a job in this thread, with a progress bar on stderr where that is a terminal."""
    if quiet or not sys.stderr.isatty():
        return run_job(job)
    try:
        return run_job(job, _draw_bar)
    finally:
        sys.stderr.write(_CLEAR_LINE)
        sys.stderr.flush()


def _draw_bar(progress: Progress) -> None:
    done = round(_BAR_WIDTH * min(max(progress.fraction, 0.0), 1.0))
    bar = "#" * done + "-" * (_BAR_WIDTH - done)
    sys.stderr.write(f"{_CLEAR_LINE}{bar} {100 * progress.fraction:3.0f} %  {progress.stage}")
    sys.stderr.flush()


def write_json(value: object) -> None:
    """Print one JSON document; numbers that JSON lacks, as the level of silence, become null."""
    print(json.dumps(_plain(value), indent=2, allow_nan=False))


def _plain(value: object) -> object:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [_plain(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    number = float(value)  # type: ignore[arg-type]  # float and NumPy's scalars are what is left
    return number if math.isfinite(number) else None


def write_table(rows: Mapping[str, object]) -> None:
    """Print names and values in two columns."""
    width = max(map(len, rows), default=0)
    for name, value in rows.items():
        print(f"{name:<{width}}  {_in_words(value)}")


def _in_words(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int | str | Path):
        return str(value)
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_in_words(item)}" for key, item in value.items())
    if isinstance(value, Sequence):
        return "; ".join(map(_in_words, value)) or "none"
    number = float(value)  # type: ignore[arg-type]
    return f"{number:.6g}" if math.isfinite(number) else "–"
