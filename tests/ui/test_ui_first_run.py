"""The very first start: the sheet, the example, before and after, and not a word to the network."""

import socket
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QLabel
from pytestqt.qtbot import QtBot

from audiosr_desktop.ui import app as program
from audiosr_desktop.ui.dialogs.first_run import FirstRunDialog
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.transport import TAKE_A, TAKE_B

Steps = Iterator[Callable[[], object]]


def drive(steps: Steps) -> list[Exception]:
    """Go on with the steps, beside the program's own events, whenever what they wait for holds."""
    trouble: list[Exception] = []

    def go_on(holds: Callable[[], object]) -> None:
        try:
            while holds():
                holds = next(steps)
            QTimer.singleShot(20, lambda: go_on(holds))
        except StopIteration:
            pass
        except Exception as error:  # noqa: BLE001 - the program's own loop must end
            trouble.append(error)
            QApplication.exit(1)

    QTimer.singleShot(0, lambda: go_on(lambda: True))
    return trouble


def found(kind: type) -> object:
    """Return the window of a kind that is shown; a test before may have left one that is not deleted yet."""
    shown = (widget for widget in QApplication.topLevelWidgets() if widget.isVisible())
    return next((widget for widget in shown if isinstance(widget, kind)), None)


def first_start() -> Steps:
    """What a new user does: start, restore, compare, take it back, quit."""
    yield lambda: found(MainWindow) and found(FirstRunDialog)
    window, sheet = found(MainWindow), found(FirstRunDialog)
    assert isinstance(window, MainWindow)
    assert isinstance(sheet, FirstRunDialog)
    assert window.isEnabled()
    assert not sheet.isModal(), "the window can be used at once"
    assert any("CPU" in label.text() or "GPU" in label.text() for label in sheet.findChildren(QLabel))
    sheet.view.setCurrentIndex(sheet.view.findData("spectrogram"))
    QTest.mouseClick(sheet.start, Qt.MouseButton.LeftButton)
    assert not sheet.isVisible()
    window.activateWindow()  # a window manager does it
    yield window.isActiveWindow

    editor = window.editor
    yield lambda: editor.document and window.panel.apply_button.isEnabled()
    assert editor.document is not None
    assert window.windowTitle().startswith("example")
    before = editor.document.sound
    QTest.mouseClick(window.panel.apply_button, Qt.MouseButton.LeftButton)
    yield lambda: editor.transport.can_compare and not editor.runner.busy
    assert editor.document.sound is not before
    assert editor.transport.take == TAKE_B
    QTest.keyClick(window, Qt.Key.Key_A)
    assert editor.transport.take == TAKE_A

    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    yield lambda: not editor.document.modified
    window.close()


@pytest.mark.model
def test_first_start_leads_to_before_and_after(
    qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
        monkeypatch.setenv(f"XDG_{kind}_HOME", str(tmp_path / kind.lower()))
    QSettings.setPath(QSettings.Format.NativeFormat, QSettings.Scope.UserScope, str(tmp_path / "config"))
    monkeypatch.setattr(program, "start_crash_log", lambda: None)  # it would take the test run's place
    asked: list[object] = []

    def connect(_socket: socket.socket, address: object) -> None:
        asked.append(address)
        raise OSError("no network")

    monkeypatch.setattr(socket.socket, "connect", connect)
    trouble = drive(first_start())
    code = program.run([])
    assert trouble == []
    assert code == 0
    assert asked == []
    assert not QSettings("audiosr-desktop", "audiosr-desktop").value("window/first_run", type=bool)
    assert QSettings("audiosr-desktop", "audiosr-desktop").value("view/opening") in (None, "spectrogram")
