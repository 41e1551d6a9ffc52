"""Collector: Python's garbage is collected in the window's thread, and in no other."""

import gc
from collections.abc import Callable

from PySide6.QtCore import QObject, QTimer, Slot

_CHECK_MS = 200


class Collector(QObject):
    """Collects garbage between events of the window's thread, from `start` to `stop`.

    The interpreter collects in whatever thread happens to allocate. Windows and their parts often lie in
    cycles, and Qt's objects must not be deleted outside their thread: the program would die later, elsewhere.

    Looking through everything takes 60 to 80 ms once the effects are loaded, in which no other thread gets
    the interpreter, not even the sound card's. So what was loaded is left out, and while sound is played only
    what is young is looked through.

    Args:
        playing: whether sound is played.
    """

    def __init__(self, playing: Callable[[], bool] = lambda: False, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._playing = playing
        self._timer = QTimer(self)
        self._timer.setInterval(_CHECK_MS)
        self._timer.timeout.connect(self._on_due)
        self._interpreter_collects = gc.isenabled()

    def start(self) -> None:
        """Take over from the interpreter; what is there already is not looked through again."""
        self._interpreter_collects = gc.isenabled()
        gc.disable()
        self.leave_out()
        self._timer.start()

    @Slot()
    def leave_out(self) -> None:
        """Look through nothing again that is there now: much was loaded that stays."""
        gc.collect()
        gc.freeze()

    def stop(self) -> None:
        """Give the task back to the interpreter, if it had it."""
        self._timer.stop()
        gc.unfreeze()
        if self._interpreter_collects:
            gc.enable()

    @Slot()
    def _on_due(self) -> None:
        for generation in (1, 0) if self._playing() else (2, 1, 0):
            if gc.get_count()[generation] > gc.get_threshold()[generation]:
                gc.collect(generation)
                return
