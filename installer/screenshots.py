"""Draw the pictures of the guide and of the README from the running program: `bash installer/screenshots.sh`.

Everything is real: the bundled example, the bundled model, the window. Only the loudspeaker is left out, and
the settings are those of a first start, in a folder that is thrown away.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QPoint, QSettings, Qt, QTimer
from PySide6.QtGui import QImage
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget

from audiosr_desktop import paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.cli import main as main_command
from audiosr_desktop.errors import PlaybackError
from audiosr_desktop.playback.output import Output
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.catalogue import load_catalogue
from audiosr_desktop.ui.dialogs.first_run import FirstRunDialog
from audiosr_desktop.ui.dialogs.keys_dialog import KeysDialog
from audiosr_desktop.ui.dialogs.plugin_dialog import PluginDialog
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.theme import apply_theme, chosen_theme
from audiosr_desktop.ui.views.spectrogram_canvas import SpectrogramCanvas
from audiosr_desktop.ui.views.tools import Tool

LIMIT_S = 180.0
CALM_S = 4
SIZE = (1360, 820)
HELP = paths.resources_dir() / "help" / "images"


def let_run(ms: int) -> None:
    """Let the program run for a while; QTest's own waiting keeps the interpreter from all other threads."""
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


class Studio:
    """The window, and what is needed to make it show something."""

    def __init__(self, scratch: Scratch, folder: Path) -> None:
        self.settings = Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
        self.settings.first_run = False
        self.settings.theme = "dark"
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.setCursorFlashTime(0)  # a blinking cursor is never calm
        apply_theme(application, chosen_theme("dark"))
        self.editor = Editor(scratch, Player(_no_output), lambda: load_catalogue(scratch))
        self.edges: list[object] = []  # of the band, as they are found
        self.editor.measurements.cutoff_changed.connect(self.edges.append)
        self.window = MainWindow(self.editor, self.settings)
        self.window.resize(*SIZE)
        self.window.show()
        self.editor.start()

    def wait(self, until: Callable[[], bool]) -> None:
        """Let the program run until something holds."""
        limit = time.monotonic() + LIMIT_S
        while not until():
            if time.monotonic() > limit:
                sys.exit("The window did not come to what the picture is to show.")
            let_run(50)

    def settle(self) -> None:
        """Wait for the end of jobs and pictures: until nothing has changed for some seconds."""
        self.wait(lambda: not self.editor.runner.busy)
        before, same = QImage(), 0
        for _ in range(60):
            let_run(1000)
            now = self.window.grab().toImage()
            same = same + 1 if now == before else 0
            if same == CALM_S:
                return
            before = now

    def shoot(self, name: str, widget: QWidget | None = None) -> None:
        """Write what a widget shows."""
        picture = (widget or self.window).grab().toImage().convertToFormat(QImage.Format.Format_RGB888)
        if not picture.save(str(HELP / f"{name}.png")):
            sys.exit(f"{HELP / name}.png cannot be written.")

    def seconds(self, start: float, end: float) -> Region:
        """Return a region of the example."""
        assert self.editor.sound is not None
        rate = self.editor.sound.sample_rate
        return Region(round(start * rate), round(end * rate))


def _no_output(*_words: object) -> Output:
    raise PlaybackError("There is no loudspeaker in a picture.")


def take_all(studio: Studio) -> None:
    """Go through the guide, and take a picture at each stop."""
    window, editor = studio.window, studio.editor
    studio.wait(lambda: bool(editor.catalogue.effects))
    window.filing.open_example()
    studio.wait(lambda: editor.document is not None and bool(studio.edges))
    studio.settle()
    studio.shoot("opened")

    welcome = FirstRunDialog(
        studio.settings, "CPU. No NVIDIA driver was found, so the processor is used.", lambda _: "", window
    )
    welcome.show()
    studio.shoot("welcome", welcome)
    welcome.close()

    editor.timeline.select(studio.seconds(2.0, 6.0))
    studio.settle()
    studio.shoot("selected")
    window.apply_effect()
    studio.wait(lambda: editor.transport.can_compare)
    studio.settle()
    studio.shoot("restored")
    window.actions_by_id["wipe"].trigger()
    studio.settle()
    studio.shoot("wipe")
    window.actions_by_id["wipe"].trigger()

    window.actions_by_id["lasso"].trigger()
    _draw_lasso(window)
    studio.settle()
    studio.shoot("lasso")

    keys = KeysDialog(window.windows.shortcuts, window)  # type: ignore[arg-type]
    keys.show()
    studio.shoot("keys", keys)
    keys.close()
    window.batch.show_batch([paths.example_sound(), paths.clean_example_sound()])
    studio.settle()
    batch = next(
        widget for widget in QApplication.topLevelWidgets() if type(widget).__name__ == "BatchWindow"
    )
    studio.shoot("batch", batch)
    batch.close()
    _take_plugins(studio)


def _take_plugins(studio: Studio) -> None:
    """Write a plugin as the guide tells, trust it, and show it in the manager."""
    for words in (["new", "soft-half"], ["enable", "my.soft-half"]):
        if main_command(["plugins", *words]):
            sys.exit("The plugin of the guide does not work.")
    studio.window.show_plugins()
    manager = next(widget for widget in studio.window.findChildren(PluginDialog) if widget.isVisible())
    studio.wait(lambda: not manager.runner.busy and manager.table.rowCount() > 0)
    manager.table.selectRow(0)
    studio.settle()
    studio.shoot("plugins", manager)
    manager.close()


def _draw_lasso(window: MainWindow) -> None:
    window.view.set_tool(Tool.LASSO)
    canvas = window.view.findChildren(SpectrogramCanvas)[0]
    width, height = canvas.width(), canvas.height()
    points = [(0.55, 0.55), (0.62, 0.35), (0.74, 0.3), (0.8, 0.5), (0.72, 0.7), (0.6, 0.72), (0.55, 0.56)]
    places = [QPoint(round(x * width), round(y * height / 2)) for x, y in points]
    QTest.mousePress(canvas, Qt.MouseButton.LeftButton, pos=places[0])
    for place in places[1:]:
        QTest.mouseMove(canvas, place, 20)
    QTest.mouseRelease(canvas, Qt.MouseButton.LeftButton, pos=places[-1])


def main() -> None:
    """Take all pictures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.environ["HOME"] = name  # so that places are told as a user sees them: "~/.local/share/…"
        for kind in ("CONFIG", "CACHE", "DATA", "STATE"):
            os.environ.pop(f"XDG_{kind}_HOME", None)
        application = QApplication(sys.argv[:1])
        application.setStyle("Fusion")
        with Scratch.create(folder / "scratch") as scratch:
            studio = Studio(scratch, folder)
            try:
                take_all(studio)
            finally:
                studio.editor.close()
                studio.window.view.close_loaders()


if __name__ == "__main__":
    main()
