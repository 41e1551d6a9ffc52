"""An editor in a process of its own that edits, or recovers what a killed one left, for the recovery tests.

It does what the program does at its start, with the real dialogs; what a person would press is pressed here.
Each line on standard output is one JSON value.
"""

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

os.environ["QT_QPA_PLATFORM"] = "offscreen"

from PySide6.QtCore import QSettings, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QMessageBox, QWidget
from ui_fakes import Halve, OutputMaker, catalogue_job

from audiosr_desktop.audio.journal import find_recoverable
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.dialogs.error_dialog import ErrorDialog
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.recovery import RecoveryDialog
from audiosr_desktop.ui.settings import Settings

LIMIT_S = 60.0


def tell(**facts: object) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def turn_until(done: Callable[[], bool]) -> None:
    limit = time.monotonic() + LIMIT_S
    while not done():
        QApplication.processEvents()
        if time.monotonic() > limit:
            sys.exit("nothing came of it")


def press(top: QWidget, text: str) -> None:
    button = next(one for one in top.findChildren(QAbstractButton) if one.text().replace("&", "") == text)
    QTest.mouseClick(button, Qt.MouseButton.LeftButton)


def edit(window: MainWindow, source: Path, project: Path) -> None:
    """Open, save, edit, change what is selected, and wait to be killed."""
    editor = window.editor
    window.filing.open_file(source)
    turn_until(lambda: editor.document is not None and not editor.runner.busy)
    document = editor.document
    assert document is not None
    editor.timeline.select(Region(1000, 5000))
    window.editing.silence()
    window.projects.save_in(document, project, self_contained=False)
    turn_until(lambda: not editor.runner.busy)
    for start in (10_000, 20_000):
        editor.timeline.select(Region(start, start + 2000))
        window.editing.cut()
    window.autosave.wait()
    editor.timeline.select(Region(30_000, 40_000, 500.0, 2000.0))
    window.autosave._timer.timeout.emit()  # a minute later
    window.autosave.wait()
    tell(ready=True, interval_ms=window.autosave._timer.interval())
    turn_until(lambda: False)


def recover(window: MainWindow, root: Path, answer: str) -> None:
    """Press a button of the dialog that the start shows, and tell what came of it."""

    def on_dialog() -> None:
        (dialog,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, RecoveryDialog)]
        row = dialog.list.topLevelItem(0)
        assert row is not None
        tell(rows=dialog.list.topLevelItemCount(), row=[row.text(column) for column in range(4)])
        if answer == "Discard…":
            row.setCheckState(0, Qt.CheckState.Checked)
            QTimer.singleShot(0, on_question)
        press(dialog, answer)

    def on_question() -> None:
        (box,) = [one for one in QApplication.topLevelWidgets() if isinstance(one, QMessageBox)]
        tell(question=box.text())
        press(box, "Discard")

    left = find_recoverable(root)
    tell(left=len(left))
    if left:
        QTimer.singleShot(0, on_dialog)
        window.filing.offer_recovery(left)
        turn_until(lambda: not window.editor.runner.busy)
    document, timeline = window.editor.document, window.editor.timeline
    if document is not None:
        chosen = timeline.selection
        tell(
            steps=[command.text() for command in document.commands()],
            modified=document.modified,
            length=document.sound.length,
            selection=[chosen.start, chosen.stop, chosen.low_hz] if chosen is not None else None,
        )
    errors = [one for one in window.findChildren(ErrorDialog) if one.isVisible()]
    tell(errors=[[one.happened.text(), one.means.text()] for one in errors])
    for one in errors:
        one.reject()
    if document is not None:
        document.undo_stack.setClean()


def open_project(window: MainWindow, project: Path) -> None:
    window.filing.open_file(project)
    turn_until(lambda: window.editor.document is not None and not window.editor.runner.busy)
    document = window.editor.document
    assert document is not None
    tell(saved_steps=[command.text() for command in document.commands()], length=document.sound.length)


def main() -> None:
    task, root, source, project = sys.argv[1], *(Path(name) for name in sys.argv[2:5])
    app = QApplication([])
    settings = Settings(QSettings(str(root.parent / f"{os.getpid()}.ini"), QSettings.Format.IniFormat))
    facts: dict[str, object] = {}
    with Scratch.create(root) as scratch:
        editor = Editor(scratch, Player(OutputMaker()), lambda: catalogue_job(facts, Halve(facts)))
        window = MainWindow(editor, settings)
        window.show()
        editor.start()
        turn_until(lambda: bool(editor.catalogue.effects))
        if task == "edit":
            edit(window, source, project)
        elif task == "open":
            open_project(window, project)
        else:
            recover(window, root, task)
        window.close()
        app.processEvents()


if __name__ == "__main__":
    main()
