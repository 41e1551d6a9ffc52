"""Desk: all that the player and the sound card's thread know of each other, in memory that both map."""

from collections.abc import Sequence

from audiosr_desktop.errors import PlaybackError
from audiosr_desktop.playback.memory import HasWords, Memory, Real, Word, fence
from audiosr_desktop.playback.strip import MOST_TAKES, STRIP_BYTES, Strip
from audiosr_desktop.playback.tap import TAP_BYTES, Tap

STRIPS = 4  # one is heard, one fades out, one is made ready; and one for who is very quick
_PAGE_BYTES = 4096
DESK_BYTES = _PAGE_BYTES + TAP_BYTES + STRIPS * STRIP_BYTES


class Desk(HasWords):
    """Strips that are played, what was played last, and how the device fares.

    Which strip is heard is one word: with the very next block the sound card's thread lets the old one fade
    out and the new one in, whichever process it lives in.

    Args:
        memory: `DESK_BYTES` of it.
    """

    # the player's
    live = Word(0)  # number of the stretch that is heard; with no strip's number nothing is
    tap_size = Word(1)
    # the sound card's thread's
    seen = Word(2)  # the last `live` that it followed
    tap_written = Word(3)
    block = Word(4)  # most samples asked for at once
    longest_s = Real(5)  # of all its answers
    # of who looks after the device
    active = Word(6)
    strained = Word(7)
    outdated = Word(8)
    late_blocks = Word(9)
    beat_s = Real(10)  # when it looked last, by the clock `time.monotonic`

    def __init__(self, memory: Memory) -> None:
        super().__init__(memory.bytes[:_PAGE_BYTES])
        self.memory = memory
        self._tap = memory.bytes[_PAGE_BYTES : _PAGE_BYTES + TAP_BYTES]
        rest = memory.bytes[_PAGE_BYTES + TAP_BYTES :]
        self.strips = tuple(Strip(rest[i * STRIP_BYTES : (i + 1) * STRIP_BYTES]) for i in range(STRIPS))

    def tap(self, sample_rate: int, channels: int) -> Tap:
        """Return what was played last, as one side of it."""
        return Tap(sample_rate, channels, self, self._tap)

    # the player's side

    def play(self, strip: Strip | None) -> None:
        """Hear a strip from the next block on; None lets what is heard fade out."""
        fence()
        self.live = strip.number if strip is not None else self.next_number() - 1

    def next_number(self) -> int:
        """Return a number for a stretch: above all before it; the one below it belongs to no strip."""
        return max(self.live, *(strip.number for strip in self.strips)) + 2

    def in_use(self, strip: Strip) -> bool:
        """Whether the sound card's thread plays a strip, or may still begin to."""
        number = strip.number
        return bool(number) and (
            number in (self.live, strip.heard) or (number > self.seen and self.live > self.seen)
        )

    def free_strip(self, takes: int, kept: Sequence[Strip]) -> Strip | None:
        """Return a strip that nobody plays; None when there is none just now.

        Args:
            takes: that it is wanted for.
            kept: strips that must not be used.

        Raises:
            PlaybackError: there are more takes than can be played.
        """
        if takes > MOST_TAKES:
            raise PlaybackError(f"At most {MOST_TAKES - 1} takes can be compared; delete some of them.")
        return next((strip for strip in self.strips if strip not in kept and not self.in_use(strip)), None)

    def clear(self) -> None:
        """Forget all that was played; only while no device is open."""
        for strip in self.strips:
            strip.heard = 0
        self.play(None)
        self.seen = self.live

    # the sound card's thread's side

    def strip_of(self, number: int) -> Strip | None:
        """Return the strip with a number."""
        return next((strip for strip in self.strips if strip.number == number), None)


def set_all(strips: Sequence[Strip], take: int, gains: Sequence[float], *, duck: bool) -> None:
    """Tell strips which take is heard, and how loud; those of other takes keep theirs."""
    for strip in strips:
        if len(gains) == strip.takes:
            strip.gains = tuple(gains)
        if take < strip.takes:
            strip.take = take
        strip.duck = int(duck)
