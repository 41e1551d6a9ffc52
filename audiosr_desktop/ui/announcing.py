"""Announcer: tells a screen reader where the selection and the playhead are, once they rest."""

from collections.abc import Sequence

from PySide6.QtCore import QObject, QTimer, Slot
from PySide6.QtGui import QAccessible, QAccessibleAnnouncementEvent
from PySide6.QtWidgets import QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.channel_words import channels_words
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import format_hz, format_time
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.transport import Transport

REST_MS = 350  # a drag, or a key that is held, is told at its end


class Announcer(QObject):
    """Says what changed; the playhead is quiet while it plays.

    Args:
        timeline: what is told of.
        transport: whether it plays.
        view: the widget that the announcements come from.
        views: pictures of the sound, which are described.
    """

    def __init__(
        self, timeline: Timeline, transport: Transport, view: QWidget, views: Sequence[QWidget]
    ) -> None:
        super().__init__(view)
        self._views = views
        self._timeline, self._transport, self._view = timeline, transport, view
        self._changed: set[str] = set()
        self._told = ""
        self._happened: list[str] = []
        self._timer = QTimer(self, singleShot=True, interval=REST_MS)
        self._timer.timeout.connect(self._on_rest)
        self._timeline.selection_changed.connect(self._on_selection_changed)
        self._timeline.playhead_changed.connect(self._on_playhead_changed)

    @Slot()
    def _on_selection_changed(self) -> None:
        self._tell_soon("selection")

    @Slot()
    def _on_playhead_changed(self) -> None:
        if not self._transport.playing:
            self._tell_soon("playhead")

    @Slot(str)
    def tell(self, text: str) -> None:
        """Say a text once what it tells of rests; a later one takes its place."""
        self._told = text
        self._timer.start()

    @Slot(str)
    def add(self, text: str) -> None:
        """Say a text soon, whatever else is said; the same one only once."""
        if text and text not in self._happened:
            self._happened.append(text)
            self._timer.start()

    def _tell_soon(self, what: str) -> None:
        self._changed.add(what)
        self._timer.start()

    @Slot()
    def _on_rest(self) -> None:
        timeline, said = self._timeline, []
        self._describe_views()
        if "selection" in self._changed:
            words = selection_words(timeline.selection, timeline.sample_rate)
            picked = channels_words(timeline.picked, timeline.channels)
            said.append(f"{words}, {picked}" if picked else words)
        if "playhead" in self._changed:
            said.append(tr("Playhead {time}", time=format_time(timeline.playhead / timeline.sample_rate)))
        said += self._happened
        if self._told:
            said.append(self._told)
        self._changed.clear()
        self._told = ""
        self._happened = []
        self.announce(". ".join(text.rstrip(".") for text in said))

    def _describe_views(self) -> None:
        """Say of the views what is chosen and where the playhead is, to whoever asks."""
        timeline = self._timeline
        words = selection_words(timeline.selection, timeline.sample_rate)
        playhead = tr("Playhead {time}", time=format_time(timeline.playhead / timeline.sample_rate))
        for view in self._views:
            view.setAccessibleDescription(f"{words}. {playhead}")

    def announce(self, text: str) -> None:
        """Have a screen reader say a text; without one nothing happens."""
        if QAccessible.isActive():
            QAccessible.updateAccessibility(QAccessibleAnnouncementEvent(self._view, text))


def selection_words(selection: Region | None, sample_rate: int) -> str:
    """Return a selection as a person says it."""
    if selection is None:
        return tr("No selection")
    start, stop = (format_time(edge / sample_rate) for edge in (selection.start, selection.stop))
    words = tr("Selected {start} to {stop}", start=start, stop=stop)
    if selection.low_hz is not None or selection.high_hz is not None:
        low = format_hz(selection.low_hz or 0.0)
        high = format_hz(selection.high_hz if selection.high_hz is not None else sample_rate / 2)
        words += tr(", {low} to {high}", low=low, high=high)
    return words if selection.mask is None else tr("{words}, a free shape", words=words)
