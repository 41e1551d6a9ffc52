"""What the player is asked for, as values: which takes, how they are heard, and over which range."""

from collections.abc import Sequence
from dataclasses import dataclass

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.derived import band_of
from audiosr_desktop.playback.monitor import ALL_CHANNELS, Monitor

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Order:
    """What the reader is asked to play; None as the place is where the present voice is."""

    turn: int
    at: int | None
    span: Span
    loop: bool
    hole: Span | None = None


@dataclass(frozen=True, slots=True)
class Hearing:
    """How takes are listened to; a change of any of it is a new voice at the same place."""

    takes: tuple[Sound, ...] = ()
    speed: float = 1.0
    monitor: Monitor = ALL_CHANNELS
    band: tuple[float | None, float | None] | None = None

    def heard_takes(self) -> list[Sound]:
        """Return the takes as they are heard: all of them, or only a band."""
        return [*self.takes] if self.band is None else [band_of(take, *self.band) for take in self.takes]

    @property
    def kind(self) -> tuple[int, int]:
        """Rate and channels of the takes."""
        return (self.takes[0].sample_rate, self.takes[0].channels)

    @property
    def length(self) -> int:
        """Samples of the longest take."""
        return max((take.length for take in self.takes), default=0)


def factors(gains_db: Sequence[float], count: int) -> tuple[float, ...]:
    """Return gains as factors, 1 for each of `count` takes when none is given.

    Raises:
        ValueError: there are fewer or more gains than takes.
    """
    if gains_db and len(gains_db) != count:
        raise ValueError(f"{count} takes need {count} gains, not {len(gains_db)}")
    return tuple(10.0 ** (gain / 20.0) for gain in gains_db) or (1.0,) * count
