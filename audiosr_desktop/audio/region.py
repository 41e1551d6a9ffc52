"""Region: what an effect works on."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from audiosr_desktop.audio.mask import Mask


@dataclass(frozen=True, slots=True)
class Region:
    """A half-open range of samples, and optionally a band of frequencies, a shape within both, some channels.

    Attributes:
        start: first sample.
        stop: one past the last sample.
        low_hz: lower bound of the band; None is no bound.
        high_hz: upper bound of the band; None is no bound.
        mask: a shape that lies within these bounds; None is all of them.
        channels: which are meant, in rising order; None is all of them.
    """

    start: int
    stop: int
    low_hz: float | None = None
    high_hz: float | None = None
    mask: Mask | None = None
    channels: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.stop:
            raise ValueError(f"a region needs 0 <= start <= stop, not {self.start}, {self.stop}")
        if self.low_hz is not None and self.high_hz is not None and not self.low_hz < self.high_hz:
            raise ValueError(f"a region needs low_hz below high_hz, not {self.low_hz}, {self.high_hz}")
        if self.channels is not None and (not self.channels or self.channels != rising(self.channels)):
            raise ValueError(f"a region needs channels in rising order, not {self.channels}")

    @property
    def length(self) -> int:
        """Number of samples."""
        return self.stop - self.start

    @property
    def has_band(self) -> bool:
        """Whether only a part of the frequencies is meant."""
        return self.low_hz is not None or self.high_hz is not None or self.mask is not None

    def clipped(self, start: int, stop: int) -> "Region":
        """Return the part inside [start, stop), empty at the nearer bound when there is none."""
        first = min(max(self.start, start), stop)
        return replace(self, start=first, stop=max(first, min(self.stop, stop)))

    def widened(self, margin: int, end: int) -> "Region":
        """Return the region with `margin` samples more on each side, kept inside [0, end)."""
        start, stop = max(0, self.start - margin), min(end, self.stop + margin)
        return replace(self, start=start, stop=stop, mask=None)

    def at_rate(self, ratio: float) -> "Region":
        """Return the same part of the same sound at `ratio` times the sample rate."""
        mask = self.mask.at_rate(ratio) if self.mask is not None else None
        return replace(self, start=round(self.start * ratio), stop=round(self.stop * ratio), mask=mask)

    def of_channels(self, channels: Iterable[int] | None) -> "Region":
        """Return the same region of some channels, or of all."""
        return replace(self, channels=None if channels is None else rising(channels))


def rising(channels: Iterable[int]) -> tuple[int, ...]:
    """Return channels in the order in which a region names them, each once."""
    return tuple(sorted({channel for channel in channels if channel >= 0}))
