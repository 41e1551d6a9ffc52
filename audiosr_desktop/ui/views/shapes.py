"""Free shapes: what was drawn in a spectrogram, as masks."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from audiosr_desktop.audio.mask import FULL, ROWS, Gains, Mask, grid_of, softened
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import region_of
from audiosr_desktop.ui.views.spectrogram_tiles import Picture

Floats = npt.NDArray[Any]
_LEAST_PIXELS = 1e-3


@dataclass(frozen=True, slots=True)
class Plane:
    """How places in a view become times and frequencies.

    Attributes:
        sample_at: time of an x.
        y_of: height of a frequency, beyond the lane when it is out of sight.
        sample_rate: of the sound.
        length: of the sound, samples.
        samples_per_pixel: width of a pixel.
        hz_per_pixel: height of a pixel where the shape was begun.
        softness_px: width of the soft edges.
    """

    sample_at: Callable[[float], float]
    y_of: Callable[[float], float]
    sample_rate: int
    length: int
    samples_per_pixel: float
    hz_per_pixel: float
    softness_px: float


def lasso_region(points: Sequence[QPointF], plane: Plane) -> Region | None:
    """Return what lies inside a closed line."""
    if len(points) < 3:
        return None
    line = QPolygonF(list(points))
    return _drawn(lambda painter: painter.drawPolygon(line), line.boundingRect(), plane)


def brush_region(points: Sequence[QPointF], radius_px: float, plane: Plane) -> Region | None:
    """Return what a round brush went over."""
    line = brush_line(points)
    pen = QPen(QColor(FULL, FULL, FULL), 2 * radius_px)
    pen.setCapStyle(Qt.PenCapStyle.RoundCap)
    pen.setJoinStyle(Qt.PenJoinStyle.RoundJoin)

    def draw(painter: QPainter) -> None:
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(pen)
        painter.drawPolyline(line)

    box = line.boundingRect().adjusted(-radius_px, -radius_px, radius_px, radius_px)
    return _drawn(draw, box, plane)


def brush_line(points: Sequence[QPointF]) -> QPolygonF:
    """Return the way of a brush, which is never without length: a pen draws nothing then."""
    return QPolygonF([*points, points[-1] + QPointF(0.01, 0.0)])


def wand_region(
    picture: Picture, lane: int, at: tuple[float, float], tolerance_db: float, plane: Plane
) -> Region | None:
    """Return what hangs together with a place of a picture and is about as loud.

    Args:
        picture: what the view shows.
        lane: which channel's picture.
        at: time in samples, and place of the frequency axis.
        tolerance_db: how much quieter it may be.
        plane: the view's.
    """
    from audiosr_desktop.dsp.shapes import connected  # noqa: PLC0415 - loads a part of SciPy that is seldom used
    from audiosr_desktop.ui.views.colour_maps import STEP_DB  # noqa: PLC0415

    rows, columns = picture.levels.shape[1:]
    row = rows - 1 - math.floor(at[1] * rows)
    column = math.floor((at[0] - picture.start) / picture.hop)
    if not (0 <= row < rows and 0 <= column < columns):
        return None
    found = connected(picture.levels[lane], row, column, round(tolerance_db / STEP_DB))
    used = np.flatnonzero(found.any(axis=0))
    start = picture.start + int(used[0]) * picture.hop
    stop = min(plane.length, picture.start + (int(used[-1]) + 1) * picture.hop)
    marked = np.where(found, FULL, 0).astype(np.uint8)
    used_rows = np.flatnonzero(found.any(axis=1))
    box = QRectF(QPointF(float(used[0]), float(used_rows[0])), QPointF(used[-1] + 1.0, used_rows[-1] + 1.0))

    def column_at(sample: Floats) -> Floats:
        return (sample - picture.start) / picture.hop

    def row_of(hz: float) -> float:
        return float(rows - picture.axis.place_of(hz) * rows)

    return _on_grid(marked, box, (start, stop), column_at, row_of, plane=plane)


def _drawn(draw: Callable[[QPainter], None], box: QRectF, plane: Plane) -> Region | None:
    """Return what is painted in pixels of the view.

    Args:
        draw: paints the shape in white.
        box: what it can reach.
        plane: the view's.
    """
    start = max(0, math.floor(plane.sample_at(box.left())))
    stop = min(plane.length, math.ceil(plane.sample_at(box.right())))
    if start >= stop:
        return None
    left, top = math.floor(box.left()), math.floor(box.top())
    width, height = math.ceil(box.right()) - left + 1, math.ceil(box.bottom()) - top + 1
    image = QImage(width, height, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.translate(-left, -top)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(FULL, FULL, FULL))
    draw(painter)
    painter.end()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(height, image.bytesPerLine())[:, :width]

    def column_at(sample: Floats) -> Floats:
        return (sample - plane.sample_at(float(left))) / plane.samples_per_pixel

    def row_of(hz: float) -> float:
        return plane.y_of(hz) - top

    return _on_grid(pixels, box.translated(-left, -top), (start, stop), column_at, row_of, plane=plane)


def _on_grid(
    pixels: Gains,
    box: QRectF,
    bounds: tuple[int, int],
    column_at: Callable[[Floats], Floats],
    row_of: Callable[[float], float],
    *,
    plane: Plane,
) -> Region | None:
    """Return a shape in pixels as a mask: a cell of the grid has the part of it that is in the shape.

    What is thinner than two cells is not thinned out by what lies beside it: it would fade away.

    Args:
        pixels: (rows, columns), 0 to 255.
        box: of the shape, in these pixels.
        bounds: samples from, to.
        column_at: pixel of a sample.
        row_of: pixel of a frequency, from the top.
        plane: the view's.
    """
    first, columns, hop = grid_of(*bounds)
    edges = column_at((np.arange(first, first + columns + 1) - 0.5) * hop)
    gains = _averaged(pixels, edges, (box.left(), box.right()), axis=1)
    hz = np.clip((np.arange(ROWS + 1) - 0.5) / (ROWS - 1), 0.0, 1.0) * plane.sample_rate / 2
    heights = np.array([row_of(float(value)) for value in hz])
    gains = _averaged(gains, heights[::-1], (box.top(), box.bottom()), axis=0)[::-1]
    return _soft_region(np.rint(gains).astype(np.uint8), first, hop, bounds, plane)


def _averaged(values: npt.NDArray[Any], edges: Floats, span: tuple[float, float], *, axis: int) -> Floats:
    """Average values along an axis between each edge and the next, zeros lying beyond their ends.

    Args:
        values: two-dimensional.
        edges: rising places on the axis.
        span: what is meant; where it is thinner than two of the cells, these end with it.
        axis: along which.
    """
    size = values.shape[axis]
    low, high = edges[:-1], edges[1:]
    inside = (high > span[0]) & (low < span[1])
    if span[1] - span[0] < 2 * float((high - low).max(where=inside, initial=0.0)):
        low, high = np.clip(low, *span), np.clip(high, *span)
        low, high = np.where(inside, low, -2.0), np.where(inside, high, -1.0)
        # all that it covers, and of pixels at its edges the part that it covers of them
        from_, to = np.floor(low).astype(np.intp), np.ceil(high).astype(np.intp)
        counts = np.maximum(high - low, _LEAST_PIXELS)
    else:
        from_, to = np.rint(low).astype(np.intp), np.rint(high).astype(np.intp)
        thin = to <= from_  # less than a pixel: the one in its middle
        from_ = np.where(thin, np.floor((low + high) / 2).astype(np.intp), from_)
        to = np.where(thin, from_ + 1, to)
        counts = (to - from_).astype(np.float64)
    sums = np.cumsum(values, axis=axis, dtype=np.float32)
    sums = np.concatenate([np.zeros_like(np.take(sums, [0], axis)), sums], axis=axis)
    totals = np.take(sums, np.clip(to, 0, size), axis) - np.take(sums, np.clip(from_, 0, size), axis)
    result: Floats = np.minimum(totals / (counts if axis == 1 else counts[:, None]), FULL)
    return result


def _soft_region(gains: Gains, first: int, hop: int, bounds: tuple[int, int], plane: Plane) -> Region | None:
    """Give a shape its soft edges, which grow inwards and outwards by half their width."""
    columns = round(plane.softness_px * plane.samples_per_pixel / hop)
    rows = round(plane.softness_px * plane.hz_per_pixel / (plane.sample_rate / 2 / (ROWS - 1)))
    margin = min(columns, first)
    wide = np.pad(gains, ((0, 0), (margin, columns)))
    reach = columns * hop
    outer = (max(0, bounds[0] - reach), min(plane.length, bounds[1] + reach))
    return region_of(Mask(first - margin, hop, softened(wide, rows, columns)), outer, plane.sample_rate)
