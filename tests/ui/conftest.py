"""Fixtures of the window's tests: offscreen, own settings, and nothing left running or open."""

import gc
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")

import numpy as np
import pytest
import soundfile
from hand import Hand
from PySide6.QtCore import QCoreApplication, QEvent, QSettings, QThread
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from ui_fakes import Answers, Halve, NewBand, OutputMaker, catalogue_job, own_effects_job

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Parameter
from audiosr_desktop.engine.cuda import Check
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui import job_thread, tile_loader
from audiosr_desktop.ui.catalogue import load_catalogue
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.theme import DARK, apply_theme

RATE = 48_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The offscreen platform says at every window what it cannot do."""
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(
                pytest.mark.qt_log_ignore("This plugin does not support", r"raise\(\)", extend=True)
            )


_running: list[str] = []  # append and remove are atomic


def counted(kind: type[QThread]) -> None:
    """Make the threads of a class known while they run."""
    run = kind.run

    def run_counted(thread: QThread) -> None:
        _running.append(kind.__name__)
        try:
            run(thread)
        finally:
            _running.remove(kind.__name__)

    kind.run = run_counted  # type: ignore[method-assign]


for thread_class in (job_thread.JobThread, tile_loader._LoaderThread):
    counted(thread_class)


def running_threads() -> list[str]:
    """Return the threads that run now: Python's and our Qt ones."""
    names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
    return [name for name in names if not name.startswith("Dummy")] + list(_running)


@pytest.fixture(autouse=True, scope="package")
def garbage_stays() -> Iterator[None]:
    """Leave garbage to `nothing_left_behind`: another thread that collects would delete what is Qt's."""
    gc.collect()
    gc.freeze()
    gc.disable()
    yield
    gc.enable()
    gc.unfreeze()


@pytest.fixture(autouse=True)
def nothing_left_behind(garbage_stays: None) -> Iterator[None]:
    before = len(running_threads())
    yield
    app = QApplication.instance()
    if isinstance(app, QApplication):
        still_open = [type(widget).__name__ for widget in app.topLevelWidgets() if widget.isVisible()]
        assert not still_open, f"windows left open: {still_open}"
    limit = time.monotonic() + 2.0
    while len(left := running_threads()) > before:
        assert time.monotonic() < limit, f"threads left running: {left}"
    gc.collect()


@pytest.fixture
def settings(tmp_path: Path, qapp: QApplication) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


def write_tone(path: Path, *, seconds: float = 2.0, rate: int = RATE, channels: int = 1) -> Path:
    """Write tones of 1 and 3 kHz, with a little noise, 16 bit."""
    time = np.arange(round(seconds * rate)) / rate
    noise = np.random.default_rng(1).standard_normal((time.size, channels)) * 0.01
    tone = 0.3 * np.sin(2 * np.pi * 1000 * time) + 0.1 * np.sin(2 * np.pi * 3000 * time)
    soundfile.write(path, tone[:, None] + noise, rate, "PCM_16")
    return path


@pytest.fixture
def tone_file(tmp_path: Path) -> Path:
    return write_tone(tmp_path / "tone.wav")


@pytest.fixture
def dark(qapp: QApplication) -> Iterator[None]:
    """The program's dark theme, whose borders are thinner than the system's."""
    apply_theme(qapp, DARK)
    yield
    qapp.setStyleSheet("")


@dataclass
class Stage:
    """A window with stand-ins around it."""

    window: MainWindow
    editor: Editor
    answers: Answers
    halve: Halve
    new_band: NewBand
    output: OutputMaker
    qtbot: QtBot

    def open(self, path: Path) -> None:
        with self.qtbot.waitSignal(self.editor.document_changed, timeout=10_000):
            self.window.filing.open_file(path)
        self.idle()

    def idle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.editor.runner.busy, timeout=20_000)

    def want_gpu(self) -> None:
        """Have the effect in the panel ask for a GPU, on a machine without one."""
        self.halve.parameters = (*self.halve.parameters, Parameter("device", "Device", "text", "auto"))
        self.editor.catalogue_changed.emit()
        self.window.panel.set_value("device", "cuda")

        def look() -> Job[list[Check]]:
            yield Progress(0.0, "Looking at the GPU")
            return [Check("driver", False, "there is no NVIDIA driver", "Install NVIDIA's driver.")]

        self.window.gpu.look = look


@pytest.fixture
def stage(qtbot: QtBot, tmp_path: Path, settings: Settings) -> Iterator[Stage]:
    report: dict[str, object] = {}
    halve, new_band, output, answers = Halve(report), NewBand(report), OutputMaker(), Answers()
    with Scratch.create(tmp_path / "scratch") as scratch:
        editor = Editor(scratch, Player(output), lambda: catalogue_job(report, halve, new_band))
        window = MainWindow(editor, settings, answers)
        window.resize(1200, 800)
        with qtbot.waitActive(window):  # shortcuts need it
            window.show()
            window.activateWindow()
        with qtbot.waitSignal(editor.catalogue_changed):
            editor.start()
        yield Stage(window, editor, answers, halve, new_band, output, qtbot)
        halve.go.set()
        new_band.go.set()
        answers.yes, answers.keep = True, "discard"
        window.close()
        window.deleteLater()
        editor.deleteLater()
        QApplication.processEvents()
        # now and here: otherwise the garbage collection may delete them later, in whichever thread it runs
        QCoreApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete.value))


@pytest.fixture
def real(qtbot: QtBot, run_scratch: Scratch, settings: Settings) -> Iterator[MainWindow]:
    """The window with the effects of the program."""
    editor = Editor(run_scratch, Player(OutputMaker()), lambda: load_catalogue(run_scratch))
    window = MainWindow(editor, settings, Answers())
    window.show()
    with qtbot.waitSignal(editor.catalogue_changed, timeout=60_000):
        editor.start()
    yield window
    window.close()


@pytest.fixture
def hand(qtbot: QtBot, run_scratch: Scratch, settings: Settings) -> Iterator[Hand]:
    """A window with the program's own dialogs, and its effects that need no model."""
    editor = Editor(run_scratch, Player(OutputMaker()), lambda: own_effects_job(run_scratch))
    window = MainWindow(editor, settings)
    window.resize(1360, 900)
    with qtbot.waitActive(window):
        window.show()
        window.activateWindow()
    with qtbot.waitSignal(editor.catalogue_changed):
        editor.start()
    yield Hand(window, qtbot)
    for document in editor.documents.all:
        document.undo_stack.setClean()
    window.close()
    for one in (window, editor):
        one.deleteLater()
    QCoreApplication.sendPostedEvents(None, int(QEvent.Type.DeferredDelete.value))


def open_samples(window: MainWindow, qtbot: QtBot, path: Path, samples: np.ndarray) -> Sound:
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    with qtbot.waitSignal(window.editor.document_changed, timeout=10_000):
        window.filing.open_file(path)
    qtbot.waitUntil(lambda: not window.editor.runner.busy, timeout=10_000)
    assert window.editor.sound is not None
    return window.editor.sound
