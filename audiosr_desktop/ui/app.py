"""The program's window from start to end: builds every long-lived object and hands them on."""

import logging
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QEvent, QObject, QSettings, Qt, Signal, Slot
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication

from audiosr_desktop import __version__, paths
from audiosr_desktop.audio.journal import find_recoverable
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.timing import Timings
from audiosr_desktop.job import Job
from audiosr_desktop.log import start_crash_log
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.catalogue import Catalogue, load_catalogue
from audiosr_desktop.ui.collecting import Collector
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.icons import app_icon
from audiosr_desktop.ui.language import install_language
from audiosr_desktop.ui.main_window import NAME, MainWindow
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.start_up import share_memory_pools, use_plain_import
from audiosr_desktop.ui.theme import apply_theme, chosen_theme
from audiosr_desktop.ui.troubles import Trouble

SWITCH_S = 0.0005

_log = logging.getLogger(__name__)


class FaultCatcher(QObject):
    """Shows what no other place caught, from whichever thread it came, once for each kind."""

    caught = Signal(object)

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window
        self._seen: set[tuple[type, str]] = set()
        self.caught.connect(self._on_caught)

    def install(self) -> None:
        """Take uncaught exceptions of all threads."""
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    @staticmethod
    def uninstall() -> None:
        """Give the hooks back."""
        sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__

    def _hook(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
            return
        _log.critical("uncaught", exc_info=(kind, error, trace))
        self.caught.emit(error)

    def _thread_hook(self, arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            self._hook(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    @Slot(object)
    def _on_caught(self, error: Exception) -> None:
        kind = (type(error), str(error))
        if kind not in self._seen:  # a fault in drawing comes 60 times a second
            self._seen.add(kind)
            self._window.dialogs.show_error(Trouble(NAME, error))


class FileOpener(QObject):
    """Opens what the system hands over while the program runs; macOS names files in no other way."""

    def __init__(self, window: MainWindow) -> None:
        super().__init__(window)
        self._window = window

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(event, QFileOpenEvent) and event.url().isLocalFile():
            self._window.filing.open_files([Path(event.url().toLocalFile())])
            return True
        return super().eventFilter(watched, event)


def run(files: Sequence[Path]) -> int:
    """Show the window until it is closed.

    Args:
        files: what to open; without any the bundled example.

    Returns:
        The exit code.
    """
    start_crash_log()
    use_plain_import()
    share_memory_pools()
    # threads that draw pictures hand the interpreter over sooner: twice the frames a second while panning
    sys.setswitchinterval(SWITCH_S)
    app = QApplication.instance()
    if not isinstance(app, QApplication):
        app = QApplication(sys.argv[:1])
    app.setApplicationName("audiosr-desktop")
    app.setApplicationDisplayName(NAME)
    app.setApplicationVersion(__version__)
    app.setDesktopFileName("audiosr-desktop")
    app.setWindowIcon(app_icon())
    settings = Settings(QSettings("audiosr-desktop", "audiosr-desktop"))
    install_language(app, settings.language)
    apply_theme(app, chosen_theme(settings.theme))
    left = find_recoverable()
    with Scratch.create() as scratch:

        def load() -> Job[Catalogue]:
            return load_catalogue(scratch, settings.threads, settings.gpu_memory_mb << 20)

        editor = Editor(scratch, Player(), load)
        window = MainWindow(editor, settings, timings=Timings(paths.timings_file()))
        catcher = FaultCatcher(window)
        catcher.install()
        opener = FileOpener(window)
        app.installEventFilter(opener)
        collector = Collector(lambda: editor.transport.playing, window)
        collector.start()
        editor.catalogue_changed.connect(collector.leave_out, Qt.ConnectionType.SingleShotConnection)
        try:
            window.show()
            window.view.spectrogram.warm_up()
            editor.start()
            example = paths.example_sound()
            window.filing.offer_recovery(left)
            if files or (example.is_file() and not left):
                window.filing.open_files(files or [example])
            if settings.first_run:
                window.windows.show_first_run()
            return app.exec()
        finally:
            catcher.uninstall()
            app.removeEventFilter(opener)
            editor.close()
            window.view.close_loaders()
            collector.stop()  # the threads have ended
