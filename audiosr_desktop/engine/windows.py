"""Windows over a document: where they lie, and how their results are joined.

Windows lie on a grid counted from the first sample of the document, whatever the selection is, and each is
always computed whole. So what is generated at a place depends on the document alone: a region restored by
itself and the same region within a longer one are the same.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.engine.manifest import HOP_LENGTH, NATIVE_RATE, Manifest
from audiosr_desktop.errors import BundleError

Samples = npt.NDArray[np.float32]

CONTEXT_SHARE = 8  # one part in eight of a window is context, on each side


@dataclass(frozen=True, slots=True)
class Window:
    """One run of the graphs; all in samples at 48 kHz but for `first_column`.

    Attributes:
        start: first sample read.
        stop: one past the last; beyond the document's end where that is not on the grid.
        core_start: from here on this window's result counts …
        core_stop: … until here, where the next window's takes over.
        first_column: index of the first latent column, counted from the document's start.
    """

    start: int
    stop: int
    core_start: int
    core_stop: int
    first_column: int


@dataclass(frozen=True, slots=True)
class Grid:
    """The windows of a document.

    Attributes:
        length: of the document, in samples at 48 kHz.
        column: samples of one latent column.
        window: columns of a whole window.
        context: columns on each side that are computed and discarded.
        multiple: a window has a multiple of this many columns.
        tail: columns beyond the document's end that are computed and discarded: where windows end, networks
            see zeros, and 0.3 s before that is 43 dB below the sound.
    """

    length: int
    column: int
    window: int
    context: int
    multiple: int
    tail: int = 0

    @classmethod
    def of(cls, manifest: Manifest, length: int) -> "Grid":
        """Return the grid that a bundle's windows make over a document.

        Raises:
            BundleError: the bundle's windows are too short to hold context and something between.
        """
        latent = manifest.latent
        column = latent.frames_per_latent * HOP_LENGTH
        multiple = latent.frames_multiple
        window = round(manifest.window_seconds * NATIVE_RATE) // column // multiple * multiple
        context = max(1, window // CONTEXT_SHARE // multiple) * multiple
        if window < 3 * context:
            raise BundleError(
                f"The model {manifest.id} cannot be used: its window of {manifest.window_seconds:g} s is too "
                f"short for latents that come in {multiple}s."
            )
        # the published networks look at a whole window at once: they would hear the tail everywhere
        tail = 0 if manifest.condition == "lowpass_mel" else context
        return cls(length, column, window, context, multiple, tail)

    @property
    def fade(self) -> int:
        """Half the samples over which two windows are cross-faded: one column on each side of the border."""
        return self.column

    def windows(self, start: int, stop: int) -> Iterator[Window]:
        """Yield the windows that samples [start, stop) are made of."""
        columns = -(-self.length // self.column)
        end = -(-(columns + self.tail) // self.multiple) * self.multiple
        if columns <= self.window:  # a short document is one window
            yield Window(0, end * self.column, 0, self.length, 0)
            return
        core = self.window - 2 * self.context
        last = (columns - 1) // core
        first_index = max(0, (start - self.fade) // (core * self.column))
        last_index = min(last, (stop - 1 + self.fade) // (core * self.column))
        for index in range(first_index, last_index + 1):
            first = max(0, index * core - self.context)
            final = min(end, (index + 1) * core + self.context)
            core_stop = self.length if index == last else (index + 1) * core * self.column
            yield Window(
                first * self.column, final * self.column, index * core * self.column, core_stop, first
            )


class Joiner:
    """Joins the results of neighbouring windows and cuts out what was asked for.

    Args:
        grid: where the windows lie.
        start: first sample wanted.
        stop: one past the last.
    """

    def __init__(self, grid: Grid, start: int, stop: int) -> None:
        self._grid = grid
        self._start = start
        self._stop = stop
        self._tail: Samples | None = None  # of the window before, around the border
        self._border = 0

    def add(self, window: Window, result: Samples) -> Samples:
        """Take the next window's result, (channels, window.stop - window.start); return what is ready."""
        fade, length = self._grid.fade, self._grid.length
        begin = max(0, window.core_start - fade)
        end = length if window.core_stop == length else window.core_stop - fade
        joined = result[:, begin - window.start : end - window.start]
        if self._tail is not None and self._border == window.core_start:
            width = min(2 * fade, joined.shape[1])
            joined = joined.copy()
            joined[:, :width] = fade_alike(self._tail, result[:, begin - window.start :][:, : 2 * fade])[
                :, :width
            ]
        self._border = window.core_stop
        self._tail = result[
            :, window.core_stop - fade - window.start : window.core_stop + fade - window.start
        ]
        first, final = max(begin, self._start), min(end, self._stop)
        return joined[:, first - begin : max(first, final) - begin]


def fade_alike(before: Samples, after: Samples) -> Samples:
    """Cross-fade two versions of one sound at constant power, however alike they are.

    Plain fades of sounds that agree keep their level if they sum to 1, and of unrelated ones if their squares
    do; generated sound is somewhere between. The likeness is measured over the whole fade.

    Args:
        before: float32 (channels, n), heard at the start.
        after: same shape, heard at the end.
    """
    energy = float(np.vdot(before, before)) * float(np.vdot(after, after))
    likeness = max(0.0, float(np.vdot(before, after)) / energy**0.5) if energy > 0.0 else 1.0
    rising = raised_cosine_fade(before.shape[-1])
    falling = 1.0 - rising
    power = rising**2 + falling**2 + np.float32(2.0 * min(1.0, likeness)) * rising * falling
    faded: Samples = (before * falling + after * rising) / np.sqrt(power)
    return faded
