"""A part of a sound in seconds and Hz, as the command line and a batch name it for sounds of any rate."""

from dataclasses import dataclass

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.errors import SoundError


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a sound of any rate and length, as a user names it; None leaves a side open.

    Attributes:
        start_s: first second.
        end_s: where it ends, in seconds.
        low_hz: nothing changes below.
        high_hz: nothing changes above.
    """

    start_s: float | None = None
    end_s: float | None = None
    low_hz: float | None = None
    high_hz: float | None = None

    def of(self, sound: Sound, name: str) -> tuple[Region, list[str]]:
        """Return the region of a sound, and what was not taken as it was asked for.

        Raises:
            SoundError: the part begins after the end of the sound; `name` says which.
        """
        rate, warnings = sound.sample_rate, []
        start = round((self.start_s or 0.0) * rate)
        stop = sound.length if self.end_s is None else round(self.end_s * rate)
        if start >= sound.length:
            raise SoundError(
                f"--start {self.start_s or 0.0:g} is after the end of {name}, "
                f"which lasts {sound.duration_s:.3f} s."
            )
        if stop > sound.length:
            warnings.append(
                f"The file lasts {sound.duration_s:.3f} s; --end {self.end_s:g} was taken as its end."
            )
        return Region(start, min(stop, sound.length), self.low_hz, self.high_hz), warnings
