"""Free shapes: what was drawn in a spectrogram as masks, and masks as pictures over it."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QColor, QImage, QPainter, QPolygonF

from audiosr_desktop.audio.mask import FULL, ROWS, Gains, Mask, grid_of, softened
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import region_of
from audiosr_desktop.ui.views.frequency_axis import FrequencyAxis
from audiosr_desktop.ui.views.spectrogram_tiles import Picture

_ROUND = 24  # corners of a brush's tip
_MAX_IMAGE_COLUMNS = 2000


@dataclass(frozen=True, slots=True)
class Plane:
    """How places in a view become times and frequencies.

    Attributes:
        sample_at: time of an x.
        hz_at: frequency of a y, kept inside the band.
        sample_rate: of the sound.
        length: of the sound, samples.
        samples_per_pixel: width of a pixel.
        hz_per_pixel: height of a pixel where the shape was begun.
        softness_px: width of the soft edges.
    """

    sample_at: Callable[[float], float]
    hz_at: Callable[[float], float]
    sample_rate: int
    length: int
    samples_per_pixel: float
    hz_per_pixel: float
    softness_px: float


def lasso_region(points: Sequence[QPointF], plane: Plane) -> Region | None:
    """Return what lies inside a closed line."""
    if len(points) < 3:
        return None
    return _filled([_dense([*points, points[0]])], plane)


def brush_region(points: Sequence[QPointF], radius_px: float, plane: Plane) -> Region | None:
    """Return what a round brush went over."""
    spots = _dense(points, max(1.0, radius_px / 2))
    turns = [2 * math.pi * corner / _ROUND for corner in range(_ROUND)]
    tips = [
        [QPointF(at.x() + radius_px * math.cos(turn), at.y() + radius_px * math.sin(turn)) for turn in turns]
        for at in spots
    ]
    return _filled(tips, plane)


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


def mask_image(
    mask: Mask, axis: FrequencyAxis, rows: int, span: tuple[float, float], colour: QColor
) -> tuple[QImage, int, int]:
    """Draw the part of a mask that is visible: a tint, and a line where the gain is one half.

    Args:
        mask: what to draw.
        axis: the visible frequencies.
        rows: height in pixels.
        span: the visible samples.
        colour: of tint and line.

    Returns:
        The image, and the samples at which it begins and ends.
    """
    first = max(0, int(span[0] / mask.hop) - mask.first)
    last = min(mask.columns, math.ceil(span[1] / mask.hop) - mask.first + 1)
    step = max(1, -(-(last - first) // _MAX_IMAGE_COLUMNS))
    hz = np.array([axis.hz_at(1.0 - (row + 0.5) / rows) for row in range(rows)])
    sources = np.clip(np.rint(hz / axis.nyquist_hz * (ROWS - 1)), 0, ROWS - 1).astype(np.intp)
    part = mask.gains[:, first : max(first, last) : step][sources]
    inside = np.pad(part >= (FULL + 1) // 2, 1)
    edge = inside[1:-1, 1:-1] & ~(inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:])
    alpha = np.where(edge, FULL, part // 4).astype(np.uint32)
    channels = (colour.red(), colour.green(), colour.blue())
    red, green, blue = (alpha * np.uint32(value) // np.uint32(FULL) for value in channels)
    pixels = np.ascontiguousarray(
        alpha << np.uint32(24) | red << np.uint32(16) | green << np.uint32(8) | blue
    )
    height, width = pixels.shape
    image = QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied).copy()
    start = (mask.first + first) * mask.hop - mask.hop // 2
    return image, start, start + width * step * mask.hop


def _dense(points: Sequence[QPointF], step: float = 2.0) -> list[QPointF]:
    """Return a line with a point every few pixels: a straight one may be bent on the axis of the mask."""
    found = [points[0]]
    for before, after in pairwise(points):
        way = after - before
        count = max(1, math.ceil(math.hypot(way.x(), way.y()) / step))
        found += [before + way * (index / count) for index in range(1, count + 1)]
    return found


def _filled(outlines: Sequence[Sequence[QPointF]], plane: Plane) -> Region | None:
    """Return the inside of closed lines, given in pixels of the view."""
    xs = [point.x() for outline in outlines for point in outline]
    start = max(0, math.floor(plane.sample_at(min(xs))))
    stop = min(plane.length, math.ceil(plane.sample_at(max(xs))))
    if start >= stop:
        return None
    first, columns, hop = grid_of(start, stop)
    row_hz = plane.sample_rate / 2 / (ROWS - 1)
    image = QImage(columns, ROWS, QImage.Format.Format_Grayscale8)
    image.fill(0)
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(QColor(FULL, FULL, FULL))
    for outline in outlines:
        corners = [
            # the middle of column c lies at sample c * hop, that of row r at r * row_hz
            QPointF(
                plane.sample_at(point.x()) / hop - first + 0.5,
                plane.hz_at(point.y()) / row_hz + 0.5,
            )
            for point in outline
        ]
        painter.drawPolygon(QPolygonF(corners), Qt.FillRule.WindingFill)
    painter.end()
    stride = image.bytesPerLine()
    pixels = np.frombuffer(image.constBits(), np.uint8).reshape(ROWS, stride)[:, :columns]
    return _soft_region(pixels.copy(), first, hop, (start, stop), plane)


def _soft_region(gains: Gains, first: int, hop: int, bounds: tuple[int, int], plane: Plane) -> Region | None:
    """Give a shape its soft edges, which grow inwards and outwards by half their width."""
    columns = round(plane.softness_px * plane.samples_per_pixel / hop)
    rows = round(plane.softness_px * plane.hz_per_pixel / (plane.sample_rate / 2 / (ROWS - 1)))
    margin = min(columns, first)
    wide = np.pad(gains, ((0, 0), (margin, columns)))
    reach = columns * hop
    outer = (max(0, bounds[0] - reach), min(plane.length, bounds[1] + reach))
    return region_of(Mask(first - margin, hop, softened(wide, rows, columns)), outer, plane.sample_rate)
