"""BlindTests: takes that are heard without a word about which is which."""

from typing import TYPE_CHECKING

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.timeline import Timeline

if TYPE_CHECKING:
    from audiosr_desktop.ui.transport import Transport


class BlindTests:
    """Loops takes for a test, and says whether what tells them apart is to be hidden.

    Args:
        transport: whose takes are heard.
        player: what plays them.
        timeline: what is selected.
    """

    def __init__(self, transport: "Transport", player: Player, timeline: Timeline) -> None:
        self._transport, self._player, self._timeline = transport, player, timeline
        self._testing = False
        self._ordered = False

    @property
    def hidden(self) -> bool:
        """Whether nothing that tells takes apart may be shown."""
        return self._testing or self._ordered

    def set_order(self, blind: bool) -> None:
        """Show nothing that tells the takes apart, or show it again, whatever is tested."""
        self._ordered = blind
        self._transport.state_changed.emit()

    def begin(self, anchor: Sound | None = None, *, duck: bool = False) -> None:
        """Loop what is selected.

        Args:
            anchor: one more sound behind the takes, as loud as the source.
            duck: go through a short silence at each change.
        """
        self._testing = True
        if anchor is not None:
            self._transport.load(anchor)
        self._player.set_duck(duck)
        self._transport.set_loop(True)
        span = self._timeline.selection or Region(0, self._timeline.length)
        self._transport.play(span.start, span.stop)

    def hear(self, number: int) -> None:
        """Hear one of the takes, or the anchor behind them, without a word about it."""
        self._player.select_take(number)

    def end(self) -> None:
        """Stop, and show again what is heard."""
        self._testing = False
        self._transport.stop()
        self._transport.set_loop(False)
        self._player.set_duck(False)
        self._transport.load()
        self._transport.select_take(self._transport.compared)
