"""Following: keeps the playhead in view while sound is played."""

from PySide6.QtCore import QObject, Slot

from audiosr_desktop.ui.timeline import Timeline

_MARGIN = 0.97  # of the visible range, before the page is turned


class Following(QObject):
    """Turns the page, or scrolls, with the playhead; a scroll by the user suspends it until the next play.

    Args:
        timeline: what is visible, and the playhead.
    """

    def __init__(self, timeline: Timeline, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._timeline = timeline
        self._suspended = False
        self.on = True
        self.smooth = False  # keep the playhead in the middle instead of turning pages

    @Slot()
    def suspend(self) -> None:
        """Leave the view where the user scrolled it."""
        self._suspended = True

    def resume(self) -> None:
        """Follow again: something else is played."""
        self._suspended = False

    def show(self, position: int, *, playing: bool) -> None:
        """Move the playhead, and the view with it while sound is played."""
        timeline = self._timeline
        timeline.move_playhead(position)
        if not (self.on and playing) or self._suspended:
            return
        if self.smooth:
            timeline.scroll(position - (timeline.start + timeline.stop) / 2)
            return
        limit = timeline.start + timeline.span * _MARGIN
        if limit <= position < timeline.stop < timeline.length:
            timeline.page_to(round(timeline.stop))
        else:
            timeline.page_to(position)  # it may have jumped by many pages
