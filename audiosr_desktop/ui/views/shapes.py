"""Free shapes: what was drawn in a spectrogram as masks, and masks as pictures over it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPen, QPolygonF

from audiosr_desktop.audio.mask import FULL, ROWS, Gains, Mask, grid_of, softened
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import region_of
from audiosr_desktop.ui.views.spectrogram_tiles import Picture


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
    first, count, hop = grid_of(start, stop)
    # each cell of the grid looks up the cell of the picture it lies in
    sources = ((np.arange(first, first + count) * hop - picture.start) / picture.hop).astype(np.intp)
    hz = np.arange(ROWS) * plane.sample_rate / 2 / (ROWS - 1)
    places = np.array([picture.axis.place_of(float(value)) for value in hz])
    inside = (places >= 0) & (places < 1)
    rows_of_grid = np.clip(rows - 1 - np.floor(places * rows).astype(np.intp), 0, rows - 1)
    gains = found[np.ix_(rows_of_grid, np.clip(sources, 0, columns - 1))] & inside[:, None]
    return _soft_region(np.where(gains, FULL, 0).astype(np.uint8), first, hop, (start, stop), plane)


def _drawn(draw: Callable[[QPainter], None], box: QRectF, plane: Plane) -> Region | None:
    """Return what is painted in pixels of the view; each cell of the grid looks up the pixel it lies in.

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
    first, columns, hop = grid_of(start, stop)
    centres = np.arange(first, first + columns) * float(hop)
    xs = np.floor((centres - plane.sample_at(float(left))) / plane.samples_per_pixel).astype(np.intp)
    heights = [plane.y_of(row * plane.sample_rate / 2 / (ROWS - 1)) - top for row in range(ROWS)]
    ys = np.floor(heights).astype(np.intp)
    inside = ((ys >= 0) & (ys < height))[:, None] & (xs >= 0) & (xs < width)
    found = pixels[np.ix_(np.clip(ys, 0, height - 1), np.clip(xs, 0, width - 1))]
    return _soft_region(np.where(inside, found, 0).astype(np.uint8), first, hop, (start, stop), plane)


def _soft_region(gains: Gains, first: int, hop: int, bounds: tuple[int, int], plane: Plane) -> Region | None:
    """Give a shape its soft edges, which grow inwards and outwards by half their width."""
    columns = round(plane.softness_px * plane.samples_per_pixel / hop)
    rows = round(plane.softness_px * plane.hz_per_pixel / (plane.sample_rate / 2 / (ROWS - 1)))
    margin = min(columns, first)
    wide = np.pad(gains, ((0, 0), (margin, columns)))
    reach = columns * hop
    outer = (max(0, bounds[0] - reach), min(plane.length, bounds[1] + reach))
    return region_of(Mask(first - margin, hop, softened(wide, rows, columns)), outer, plane.sample_rate)
