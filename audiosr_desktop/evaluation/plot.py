"""Curves as PNG files, painted like the spectrograms: a line and dots for each series, round numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from audiosr_desktop.evaluation.glyphs import GLYPH_HEIGHT
from audiosr_desktop.evaluation.picture import (
    BOTTOM,
    INK,
    LEFT,
    MARGIN,
    PALE,
    SERIES,
    TOP,
    Image,
    paper,
    text,
    ticks,
    write_png,
)

Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT = 640, 360
_ROW = 18  # of the legend
_DOT = 2
_MOST_DOTS = 40  # of a line; more would hide it


@dataclass(frozen=True, slots=True)
class Line:
    """A curve: its name, and where its points lie; points that are not numbers leave a hole."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


def write_lines_png(
    path: Path, title: str, x_title: str, lines: Sequence[Line], *, log_x: bool = False
) -> None:
    """Draw curves over one axis; the values' axis spans what is there.

    Args:
        path: PNG file, replaced if it is there.
        title: stands above.
        x_title: stands below.
        lines: with colours that come again after twelve.
        log_x: a logarithmic axis, marked where the points lie; all x must be above zero.

    Raises:
        OSError: the file cannot be written.
    """
    legend = _ROW * len(lines)
    image = paper(LEFT + WIDTH + MARGIN, TOP + legend + HEIGHT + BOTTOM + _ROW)
    text(image, MARGIN, 8, title)
    xs = _known([value for line in lines for value in line.x])
    low, high = _span(_known([value for line in lines for value in line.y]))
    top = TOP + legend
    columns = _columns(xs, log_x=log_x)
    for value in _marks(low, high):
        row = top + round((HEIGHT - 1) * (high - value) / (high - low))
        image[row, LEFT : LEFT + WIDTH] = PALE
        text(image, LEFT - 6, row - 3, f"{value:g}", right=True, size=1)
    for value in np.unique(xs) if log_x else ticks(float(xs.max(initial=0.0))):
        column = LEFT + round(float(columns(np.array([value]))[0]))
        image[top + HEIGHT : top + HEIGHT + 5, min(column, LEFT + WIDTH - 1)] = INK
        text(image, column, top + HEIGHT + 9, f"{value:g}", middle=True, size=1)
    text(image, LEFT + WIDTH // 2, top + HEIGHT + 24, x_title, middle=True, size=1)
    for index, line in enumerate(lines):
        colour = SERIES[index % len(SERIES)]
        image[TOP + _ROW * index : TOP + _ROW * index + GLYPH_HEIGHT, MARGIN : MARGIN + 14] = colour
        text(image, MARGIN + 22, TOP + _ROW * index, line.name)
        x = columns(np.asarray(line.x, np.float64))
        y = (HEIGHT - 1) * (high - np.asarray(line.y, np.float64)) / (high - low)
        _draw(image[top : top + HEIGHT, LEFT : LEFT + WIDTH], x, y, colour)
    image[top + HEIGHT, LEFT : LEFT + WIDTH] = INK
    write_png(path, image)


def _columns(xs: Floats, *, log_x: bool) -> Callable[[Floats], Floats]:
    """Return what gives the columns of values, for an axis over `xs`."""
    low, high = _span(np.log(xs) if log_x else np.append(xs, 0.0), room=0.0)
    return lambda values: (WIDTH - 1) * ((np.log(values) if log_x else values) - low) / (high - low)


def _known(values: Sequence[float]) -> Floats:
    array = np.asarray(values, np.float64)
    return array[np.isfinite(array)]


def _span(values: Floats, room: float = 0.05) -> tuple[float, float]:
    if values.size == 0:
        return 0.0, 1.0
    low, high = float(values.min()), float(values.max())
    extra = room * (high - low) if high > low else 0.5
    return low - extra, high + extra


def _marks(low: float, high: float) -> list[float]:
    """Return round numbers between two."""
    step = ticks(high - low)
    size = step[1] if len(step) > 1 else high - low
    first, last = int(np.ceil(low / size)), int(np.floor(high / size))
    return [round(index * size, 10) for index in range(first, last + 1)]


def _draw(area: Image, x: Floats, y: Floats, colour: tuple[int, int, int]) -> None:
    """Draw straight lines between points, and the points as dots where they are few."""
    kept = np.isfinite(x) & np.isfinite(y)
    for index in range(len(x) - 1):
        if kept[index] and kept[index + 1]:
            count = 2 + int(max(abs(x[index + 1] - x[index]), abs(y[index + 1] - y[index])))
            columns = np.linspace(x[index], x[index + 1], count).round().astype(int)
            rows = np.linspace(y[index], y[index + 1], count).round().astype(int)
            for thick in (0, 1):
                area[np.clip(rows + thick, 0, len(area) - 1), np.clip(columns, 0, WIDTH - 1)] = colour
    if kept.sum() <= _MOST_DOTS:
        for column, row in zip(x[kept].round().astype(int), y[kept].round().astype(int), strict=True):
            left, top = max(0, column - _DOT), max(0, row - _DOT)
            area[top : row + _DOT + 2, left : column + _DOT + 2] = colour
