"""TileLoader: pictures made in the background, for the newest request only."""

import logging
import threading
from collections.abc import Generator, Iterator

from PySide6.QtCore import QObject, QThread, Signal

from audiosr_desktop.errors import AudioSRError

_log = logging.getLogger(__name__)


class TileLoader(QObject):
    """Draws what a view asked for last, in a thread of its own.

    A request is a generator of ever better pictures. Each has a number; when a newer one is made, the older
    is closed at its next picture, and a picture that is still on its way is told by its old number.
    """

    loaded = Signal(int, object)  # number of the request, picture
    finished = Signal(int)  # the request was drawn to its end
    failed = Signal(Exception)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._number = 0
        self._waiting: tuple[int, Iterator[object]] | None = None
        self._condition = threading.Condition()
        self._closing = self._held = False
        self._thread = _LoaderThread(self)

    @property
    def number(self) -> int:
        """The number of the newest request."""
        return self._number

    def load(self, pictures: Iterator[object]) -> int:
        """Draw these pictures rather than those asked for before; returns the request's number."""
        with self._condition:
            self._number += 1
            self._waiting = (self._number, pictures)
            self._condition.notify()
        if not self._thread.isRunning() and not self._closing:
            self._thread.start()
        return self._number

    def hold(self) -> None:
        """Rest from the next picture on, until `go_on`: the window's own thread has something to do."""
        self._held = True

    def go_on(self) -> None:
        """Draw again, what was asked for meanwhile first."""
        with self._condition:
            self._held = False
            self._condition.notify()

    def close(self) -> None:
        """Stop and wait for the thread."""
        with self._condition:
            self._closing = True
            self._number += 1
            self._condition.notify()
        self._thread.wait()

    def draw_all(self) -> None:
        """Serve requests until `close`; runs in the loader's thread."""
        while (request := self._next()) is not None:
            number, pictures = request
            try:
                self._draw(number, pictures)
            except AudioSRError as error:
                self.failed.emit(error)
            except Exception as error:  # noqa: BLE001 - goes to the log and to the window
                _log.exception("a picture could not be drawn")
                self.failed.emit(error)

    def _next(self) -> tuple[int, Iterator[object]] | None:
        with self._condition:
            while (self._held or self._waiting is None) and not self._closing:
                self._condition.wait()
            request, self._waiting = self._waiting, None
            return None if self._closing else request

    def _rest(self) -> None:
        with self._condition:
            while self._held and not self._closing:
                self._condition.wait()

    def _draw(self, number: int, pictures: Iterator[object]) -> None:
        try:
            for picture in pictures:
                if self._held:
                    self._rest()
                if number != self._number:
                    return
                if picture is not None:  # None is only a place to stop at
                    self.loaded.emit(number, picture)
            if number == self._number:
                self.finished.emit(number)
        finally:
            if isinstance(pictures, Generator):
                pictures.close()


class _LoaderThread(QThread):
    def __init__(self, loader: TileLoader) -> None:
        super().__init__(loader)
        self._loader = loader

    def run(self) -> None:
        self._loader.draw_all()
