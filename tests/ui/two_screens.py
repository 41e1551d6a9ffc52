"""A window that goes from a screen to one of another scale and back; tells what was drawn at each.

    python two_screens.py FILE FOLDER [fresh]       fresh: it is opened on the second screen and stays there

Screens and their scales are read from the environment when Qt starts, so this is a process of its own.
Standard output is one JSON value.
"""

import hashlib
import json
import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QEventLoop, QPoint, QSettings, QTimer
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QApplication, QToolButton, QWidget
from ui_fakes import Answers, Halve, NewBand, OutputMaker, catalogue_job

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.dialogs.about_dialog import AboutDialog
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.theme import DARK, apply_theme
from audiosr_desktop.ui.views.spectrogram_canvas import SpectrogramCanvas

SIZE = (1200, 800)


def turn(ms: int = 50) -> None:
    loop = QEventLoop()
    QTimer.singleShot(ms, loop.quit)
    loop.exec()


def wait(done: Callable[[], bool]) -> None:
    for _ in range(600):
        if done():
            return
        turn()
    sys.exit("nothing came of it")


def calm(widget: QWidget) -> QImage:
    """Return what a widget shows once that has not changed for some time."""
    before, same = QImage(), 0
    for _ in range(200):
        turn(100)
        now = widget.grab().toImage()
        same = same + 1 if now == before else 0
        if same == 5:
            return now
        before = now
    sys.exit("it is never calm")


def facts(window: MainWindow, about: AboutDialog) -> dict[str, object]:
    """Tell what is drawn on this screen, in device pixels."""
    shown, ratio = calm(window), window.devicePixelRatioF()
    canvas, waves = window.findChildren(SpectrogramCanvas)[0], window.view.waveform
    assert canvas.picture is not None
    assert waves.picture is not None
    button = next(one for one in window.findChildren(QToolButton) if one.defaultAction() is not None)
    icon = button.icon().pixmap(button.iconSize(), ratio)
    logo = about.findChildren(QWidget, "logo")[0].pixmap()
    overview = window.view.overview.grab().toImage()
    return {
        "screen": window.screen().name(),
        "ratio": ratio,
        "size": window.size().toTuple(),
        "pixels": shown.size().toTuple(),
        "sum": hashlib.sha256(shown.constBits()).hexdigest(),
        "overview": hashlib.sha256(overview.constBits()).hexdigest(),
        "rows": canvas.picture.images[0].height() / canvas.lane_rects()[0].height(),
        "wave_rows": waves.picture.images[0].height() / waves.lane_rects()[0].height(),
        "icon": icon.width() / button.iconSize().width(),
        "logo": logo.width() / 96,
        "dialog_ratio": about.devicePixelRatioF(),
        "menu_ratio": window.effect_menu.devicePixelRatioF(),
    }


def main() -> None:
    app = QApplication(sys.argv[:1])
    app.setCursorFlashTime(0)
    apply_theme(app, DARK)
    two = app.screens()[1]
    report: dict[str, object] = {}
    file, folder, fresh = Path(sys.argv[1]), Path(sys.argv[2]), "fresh" in sys.argv
    settings = Settings(QSettings(str(folder / "settings.ini"), QSettings.Format.IniFormat))
    with Scratch.create(folder / "scratch") as scratch:
        effects = Halve(report), NewBand(report)
        editor = Editor(scratch, Player(OutputMaker()), lambda: catalogue_job(report, *effects))
        window = MainWindow(editor, settings, Answers())
        start, stop = QPoint(20, 20), two.geometry().topLeft() + QPoint(30, 40)
        window.move(stop if fresh else start)
        window.resize(*SIZE)
        window.show()
        about = AboutDialog("", window)
        about.move(stop if fresh else start)
        about.show()
        editor.start()
        wait(lambda: bool(editor.catalogue.effects))
        window.filing.open_file(file)
        wait(lambda: editor.document is not None and not editor.runner.busy)
        window.panel.job_panel.clear()  # it tells how long opening took
        editor.timeline.select(Region(20_000, 60_000, 1000.0, 5000.0))
        window.effect_menu.popup(window.mapToGlobal(QPoint(40, 40)))
        told = [facts(window, about)]
        if not fresh:
            for place in (stop, start):
                window.effect_menu.close()
                for widget in (window, about):
                    widget.move(place)
                window.effect_menu.popup(window.mapToGlobal(QPoint(40, 40)))
                told.append(facts(window, about))
        window.effect_menu.close()
        about.close()
        sys.stdout.write(json.dumps(told))
        sys.stdout.flush()
        editor.close()
        window.view.close_loaders()


if __name__ == "__main__":
    main()
    os._exit(0)
