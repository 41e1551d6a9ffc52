"""MaskPicture: how a selection that is no rectangle looks over the spectrogram."""

import numpy as np
import numpy.typing as npt
from PySide6.QtGui import QImage

from audiosr_desktop.audio.mask import FULL, ROWS, Gains, Mask
from audiosr_desktop.ui.views.frequency_axis import FrequencyAxis

_TINT = 4  # the part of the gain that the tint has as opacity


class MaskPicture:
    """A tint, and a line where the gain is one half, in pixels of the view; the last one is kept."""

    def __init__(self) -> None:
        self._key: tuple[object, ...] = ()
        self._image = QImage()

    def image(
        self, mask: Mask, axis: FrequencyAxis, span: tuple[float, float], size: tuple[int, int]
    ) -> QImage:
        """Draw the part of a mask that is visible, in white.

        Args:
            mask: what to draw.
            axis: the visible frequencies.
            span: the samples from the left to the right edge of the picture.
            size: columns and rows in pixels.
        """
        key = (mask, axis, span, size)
        if key != self._key:
            self._key, self._image = key, _drawn(mask_pixels(mask, axis, span, size))
        return self._image


def mask_pixels(mask: Mask, axis: FrequencyAxis, span: tuple[float, float], size: tuple[int, int]) -> Gains:
    """Return the gains of a mask in the pixels of a view, uint8 (rows, columns), top row first.

    Between the mask's columns they are interpolated; where a pixel has several, the greatest counts.
    """
    columns, rows = size
    hz = np.array([axis.hz_at(1.0 - (row + 0.5) / rows) for row in range(rows)])
    sources = np.clip(np.rint(hz / axis.nyquist_hz * (ROWS - 1)), 0, ROWS - 1).astype(np.intp)
    per_pixel = (span[1] - span[0]) / columns
    step = max(1, int(per_pixel / mask.hop))
    gains = mask.gains[sources]
    if step > 1:
        gains = np.maximum.reduceat(gains, np.arange(0, mask.columns, step), axis=1)
    padded = np.pad(gains, ((0, 0), (1, 1)))
    centres = span[0] + per_pixel * (np.arange(columns) + 0.5)
    # a column of several is centred on their middle
    places = (centres / mask.hop - mask.first - (step - 1) / 2) / step + 1.0
    left = np.clip(np.floor(places), 0, padded.shape[1] - 2).astype(np.intp)
    share = np.clip(places - left, 0.0, 1.0).astype(np.float32)
    mixed = padded[:, left] * (1.0 - share) + padded[:, left + 1] * share
    result: Gains = np.rint(mixed).astype(np.uint8)
    return result


def _drawn(gains: Gains) -> QImage:
    inside = np.pad(gains >= (FULL + 1) // 2, 1, mode="edge")
    within = inside[:-2, 1:-1] & inside[2:, 1:-1] & inside[1:-1, :-2] & inside[1:-1, 2:]
    edge = inside[1:-1, 1:-1] & ~within
    alpha: npt.NDArray[np.uint32] = np.where(edge, FULL, gains // _TINT).astype(np.uint32)
    pixels = np.ascontiguousarray(alpha * np.uint32(0x01010101))  # white, premultiplied
    height, width = pixels.shape
    return QImage(pixels.data, width, height, width * 4, QImage.Format.Format_ARGB32_Premultiplied).copy()
