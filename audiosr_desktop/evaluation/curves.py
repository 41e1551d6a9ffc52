"""Loss curves of training runs, from what a run writes about itself: `curves.csv`, or lines of text."""

import csv
import re
from collections.abc import Sequence
from pathlib import Path

from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.evaluation.plot import Line, write_lines_png

CURVES, TEXTS = "curves.csv", ("log.txt", "figures.csv")
LOSS = "loss"
_HELD_OUT = "held out"
_STEP = re.compile(r"step (\d+)\b")
_FIGURE = re.compile(r"([a-z_][\w]*) (-?\d[\d.e+-]*)")

Points = dict[tuple[str, str], list[tuple[float, float]]]


def read_curves(path: Path) -> Points:
    """Return the curves of a run: (part, name) to (step, value); the parts are "train" and "held out".

    Args:
        path: the run's folder, or one of its files.

    Raises:
        AudioFileError: there is no such file, it cannot be read, or it holds no figures.
    """
    file = path
    if path.is_dir():
        there = [path / name for name in (CURVES, *TEXTS) if (path / name).is_file()]
        if not there:
            names = ", ".join((CURVES, *TEXTS))
            raise AudioFileError(f"{path} is not the folder of a training run: it has none of {names}.", path)
        file = there[0]
    try:
        content = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise AudioFileError(f"{file} cannot be read as figures of a training run: {error}.", file) from error
    points = _of_table(content) if content.startswith("step,") else _of_lines(content)
    if not points:
        raise AudioFileError(f"{file} holds no figures of a training run.", file)
    return points


def _of_table(content: str) -> Points:
    points: Points = {}
    for row in csv.DictReader(content.splitlines()):
        try:
            point = float(row["step"]), float(row["value"])
            key = row["part"].replace("_", " "), row["name"]
        except (KeyError, TypeError, ValueError, AttributeError):
            continue  # a line that a kill cut short
        points.setdefault(key, []).append(point)
    return points


def _of_lines(content: str) -> Points:
    points: Points = {}
    for line in content.splitlines():
        if not (step := _STEP.match(line)):
            continue
        trained, _, held_out = line[step.end() :].partition("|")
        for part, words in (("train", trained), (_HELD_OUT, held_out.replace(_HELD_OUT, "", 1))):
            for name, value in _FIGURE.findall(words):
                points.setdefault((part, name), []).append((float(step.group(1)), float(value)))
    return points


def write_curves_png(path: Path, runs: Sequence[Path]) -> None:
    """Draw the losses of runs over their steps: of training, and the first figure of held-out sound.

    Args:
        path: PNG file, replaced if it is there.
        runs: folders or files, see `read_curves`.

    Raises:
        AudioFileError: a run cannot be read.
        OSError: the picture cannot be written.
    """
    lines = []
    for run in runs:
        points = read_curves(run)
        name = run.name if run.is_dir() else run.parent.name
        shown = [key for key in points if key == ("train", LOSS)]
        shown += [key for key in points if key[0] == _HELD_OUT][:1]
        for key in shown or list(points)[:1]:
            steps, values = zip(*points[key], strict=True)
            lines.append(Line(f"{name}, {key[0]} {key[1]}", steps, values))
    write_lines_png(path, "Training", "step", lines)
