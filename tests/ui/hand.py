"""A hand for tests: clicks through menus, types into fields, answers dialogs, as a person does it."""

import time
from collections.abc import Callable
from typing import TypeVar

from PySide6.QtCore import QObject, QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QDialog,
    QLineEdit,
    QMenu,
    QWidget,
)
from pytestqt.qtbot import QtBot

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.main_window import MainWindow

LEFT, KEYS = Qt.MouseButton.LeftButton, Qt.KeyboardModifier
CTRL, SHIFT, ALT = KEYS.ControlModifier, KEYS.ShiftModifier, KEYS.AltModifier
LIMIT_MS = 20_000
W = TypeVar("W", bound=QWidget)


def plain(text: str) -> str:
    return text.replace("&", "").rstrip("…")


def click(widget: QWidget, pos: QPoint | None = None) -> None:
    assert widget.isVisible(), f"{widget} cannot be seen"
    assert widget.isEnabled(), f"{widget} is switched off"
    QTest.mouseClick(widget, LEFT, pos=pos or widget.rect().center())


def named(top: QWidget, kind: type[W], name: str) -> W:
    """Return the control that a person sees, and a screen reader tells, under a name."""
    found = [one for one in top.findChildren(kind) if one.isVisible() and one.accessibleName() == name]
    assert found, (name, [one.accessibleName() for one in top.findChildren(kind) if one.isVisible()])
    return found[0]


def button(top: QWidget, text: str) -> QAbstractButton:
    every = [one for one in top.findChildren(QAbstractButton) if one.isVisible()]
    found = [one for one in every if plain(one.text()) == text]
    assert found, (text, [one.text() for one in every])
    return found[0]


def typed(line: QWidget, text: str) -> None:
    """Click into a field, put a text in place of what stands there, and leave it by Tab."""
    edit = line.findChild(QLineEdit) if isinstance(line, QAbstractSpinBox) else line
    assert isinstance(edit, QLineEdit)
    click(edit)
    QTest.keyClick(edit, Qt.Key.Key_A, CTRL)
    QTest.keyClicks(edit, text)
    QTest.keyClick(edit, Qt.Key.Key_Tab)


def chosen(box: QComboBox, text: str) -> None:
    """Choose from a list by its keys: it opens, is walked through, and Return takes what is reached."""
    place = next(i for i in range(box.count()) if box.itemText(i).startswith(text))
    box.setFocus(Qt.FocusReason.TabFocusReason)
    QTest.keyClick(box, Qt.Key.Key_Home)
    for _ in range(place):
        QTest.keyClick(box, Qt.Key.Key_Down)
    assert box.currentText().startswith(text)


class Hand:
    """What a person does to a window.

    Args:
        window: shown and active.
        qtbot: waits.
    """

    def __init__(self, window: MainWindow, qtbot: QtBot) -> None:
        self.window, self.editor, self.qtbot = window, window.editor, qtbot

    @property
    def document(self) -> Document:
        assert self.editor.document is not None
        return self.editor.document

    @property
    def sound(self) -> Sound:
        return self.document.sound

    def samples(self) -> "object":
        return self.sound.read(0, self.sound.length)

    def steps(self) -> list[str]:
        return [command.text() for command in self.document.commands()]

    def idle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.editor.runner.busy, timeout=LIMIT_MS)

    def press(self, key: Qt.Key, how: KEYS = KEYS.NoModifier) -> None:
        self.come_back()
        QTest.keyClick(self.window, key, how)
        self.idle()

    def menu(self, *path: str, dialog: Callable[[QDialog], None] | None = None) -> None:
        """Click through the menus; what they ask is answered by `dialog`."""
        bar = self.window.menuBar()
        action = next(one for one in bar.actions() if plain(one.text()) == path[0])
        QTest.mouseClick(bar, LEFT, pos=bar.actionGeometry(action).center())
        for text in path[1:]:
            popup = QApplication.activePopupWidget()
            assert isinstance(popup, QMenu)
            action = next(one for one in popup.actions() if plain(one.text()) == text)
            assert action.isEnabled(), f"{text} is switched off"
            if text == path[-1] and dialog is not None:
                answer(dialog)
            QTest.mouseClick(popup, LEFT, pos=popup.actionGeometry(action).center())
            if (below := action.menu()) is not None:  # it opens a moment later
                self.qtbot.waitUntil(below.isVisible, timeout=LIMIT_MS)
        if action.menu() is None:
            self.come_back()
        self.idle()

    def come_back(self) -> None:
        """Be in the window again, as after any menu; offscreen nobody does that."""
        self.window.activateWindow()
        self.qtbot.waitUntil(self.window.isActiveWindow, timeout=LIMIT_MS)

    def effect(self, title: str) -> None:
        """Find an effect by the search of the Process menu."""
        self.menu("Process", "Effects")
        QTest.keyClicks(self.window.effect_menu.search, title)
        QTest.keyClick(self.window.effect_menu.search, Qt.Key.Key_Return)
        assert QApplication.activePopupWidget() is None, "a menu stays open"
        self.come_back()
        panel = self.window.panel
        assert panel.chooser.currentText() == title
        self.qtbot.waitUntil(lambda: panel.form is not None and panel.form.isVisible(), timeout=LIMIT_MS)

    def value(self, name: str, text: str, top: QWidget | None = None) -> None:
        """Give a parameter of the form, or of a dialog, another value."""
        form = top or self.window.panel
        QApplication.processEvents()  # forms are laid out then
        every = [*form.findChildren(QComboBox), *form.findChildren(QAbstractSpinBox)]
        every = [one for one in every if one.isVisible()]
        field = next((one for one in every if one.accessibleName() == name), None)
        assert field is not None, (name, [one.accessibleName() for one in every])
        if isinstance(field, QComboBox):
            chosen(field, text)
        else:
            typed(field, text)

    def span(self, start: str, stop: str) -> None:
        """Type the bounds of the selection below the views."""
        bar = self.window.selection_bar
        typed(bar.start, "0:00.000")
        typed(bar.stop, stop)
        typed(bar.start, start)
        self.window.view.spectrogram.setFocus()

    def to(self, *keys: Qt.Key) -> None:
        """Move the playhead by keys of the views."""
        self.window.view.spectrogram.setFocus()
        for key in keys:
            QTest.keyClick(self.window.view.spectrogram, key)


def answer(act: Callable[[QDialog], None]) -> None:
    """Have the next dialog that opens answered while it runs; a failure closes it and is raised again."""
    limit, over = time.monotonic() + LIMIT_MS / 1000, QApplication.activeModalWidget()
    watch = QTimer(QApplication.instance())

    def look() -> None:
        dialog = QApplication.activeModalWidget()
        there = isinstance(dialog, QDialog) and dialog is not over
        if there and not dialog.isActiveWindow():
            dialog.activateWindow()  # offscreen nobody does that
            there = False
        if not there and time.monotonic() < limit:
            return
        watch.stop()
        watch.deleteLater()
        assert isinstance(dialog, QDialog), "no dialog came"
        assert dialog is not over, "no second dialog came"
        try:
            act(dialog)
        finally:
            if dialog.isVisible() and not _went_on(dialog):
                dialog.reject()

    watch.timeout.connect(look)
    watch.start(0)


def _went_on(dialog: QObject) -> bool:
    """Tell whether a question stands over a dialog, which is then still wanted."""
    return QApplication.activeModalWidget() is not dialog
