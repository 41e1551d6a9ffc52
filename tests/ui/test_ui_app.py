"""The program from its start to its end, with everything real but the screen and the loudspeaker."""

import gc
import logging
import sys
import threading
from pathlib import Path

import pytest
from conftest import Stage, write_tone
from PySide6.QtCore import QSettings, QTimer, QUrl
from PySide6.QtGui import QFileOpenEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from audiosr_desktop import paths
from audiosr_desktop.ui import app as program
from audiosr_desktop.ui.main_window import MainWindow


def test_run_opens_the_file_and_ends_with_the_window(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path / "config"))
    monkeypatch.setattr(program, "start_crash_log", lambda: None)  # it would take the test run's place
    # pytest keeps log records; one that names an error keeps the frames it came through, and so the window
    caplog.set_level(logging.CRITICAL, "audiosr_desktop")
    tone = write_tone(tmp_path / "tone.wav")
    seen: list[str] = []

    def look() -> None:
        window = next(
            (widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow)), None
        )
        if window is None or window.editor.document is None or not window.editor.catalogue.effects:
            QTimer.singleShot(20, look)
            return
        seen.extend([window.windowTitle(), *window.editor.catalogue.effects])
        window.close()

    QTimer.singleShot(0, look)
    assert program.run([tone]) == 0
    assert seen[0].startswith("tone.wav")
    assert {"audiosr.restore", "audiosr.super-resolution"} <= set(seen)
    assert not list(paths.scratch_root().glob("audiosr-*"))
    assert sys.excepthook is sys.__excepthook__
    gc.collect()
    left = [widget for widget in QApplication.topLevelWidgets() if isinstance(widget, MainWindow)]
    assert left == [], "a signal holds the window: connect it to a method, not to what holds one"


def test_a_file_that_the_system_hands_over_is_opened(stage: Stage, tmp_path: Path) -> None:
    opener = program.FileOpener(stage.window)
    application = QApplication.instance()
    assert application is not None
    application.installEventFilter(opener)
    try:
        tone = QUrl.fromLocalFile(str(write_tone(tmp_path / "a tone.wav")))
        assert QApplication.sendEvent(application, QFileOpenEvent(tone))
        stage.qtbot.waitUntil(lambda: stage.window.windowTitle().startswith("a tone.wav"), timeout=10_000)
    finally:
        application.removeEventFilter(opener)


def test_what_nobody_caught_is_shown_once(stage: Stage) -> None:
    catcher = program.FaultCatcher(stage.window)
    catcher.install()
    try:
        error = ValueError("a fault")
        for _ in range(3):
            sys.excepthook(ValueError, error, None)
        thread = threading.Thread(target=lambda: {}[1])
        thread.start()
        thread.join()
        stage.qtbot.waitUntil(lambda: len(stage.answers.errors) == 2, timeout=5_000)
    finally:
        catcher.uninstall()
    kinds = [type(shown) for _, shown in stage.answers.errors]
    assert kinds == [ValueError, KeyError]
