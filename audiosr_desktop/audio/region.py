"""Region: what an effect works on."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Region:
    """A half-open range of samples, and optionally a band of frequencies.

    Attributes:
        start: first sample.
        stop: one past the last sample.
        low_hz: lower bound of the band; None is no bound.
        high_hz: upper bound of the band; None is no bound.
    """

    start: int
    stop: int
    low_hz: float | None = None
    high_hz: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.start <= self.stop:
            raise ValueError(f"a region needs 0 <= start <= stop, not {self.start}, {self.stop}")
        if self.low_hz is not None and self.high_hz is not None and not self.low_hz < self.high_hz:
            raise ValueError(f"a region needs low_hz below high_hz, not {self.low_hz}, {self.high_hz}")

    @property
    def length(self) -> int:
        """Number of samples."""
        return self.stop - self.start

    @property
    def has_band(self) -> bool:
        """Whether only a band of frequencies is meant."""
        return self.low_hz is not None or self.high_hz is not None

    def clipped(self, start: int, stop: int) -> "Region":
        """Return the part inside [start, stop), empty at the nearer bound when there is none."""
        first = min(max(self.start, start), stop)
        return Region(first, max(first, min(self.stop, stop)), self.low_hz, self.high_hz)

    def widened(self, margin: int, end: int) -> "Region":
        """Return the region with `margin` samples more on each side, kept inside [0, end)."""
        return Region(max(0, self.start - margin), min(end, self.stop + margin), self.low_hz, self.high_hz)
