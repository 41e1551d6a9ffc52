"""What's this and hints: every action, pane, window and control is explained."""

from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, Stage
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QScrollBar,
    QTabBar,
    QToolButton,
    QWhatsThis,
    QWidget,
)
from pytestqt.qtbot import QtBot

from audiosr_desktop.audio.files import FileInfo
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.timing import Timings
from audiosr_desktop.ui.actions import ROWS
from audiosr_desktop.ui.dialogs.export_dialog import ExportDialog
from audiosr_desktop.ui.dialogs.models_dialog import ModelsDialog
from audiosr_desktop.ui.dialogs.preferences import PreferencesDialog
from audiosr_desktop.ui.dialogs.project_dialogs import SaveDialog
from audiosr_desktop.ui.dialogs.values_dialog import ValuesDialog
from audiosr_desktop.ui.explaining import named_controls
from audiosr_desktop.ui.explanations import ACTIONS, CONTROLS, PLACES
from audiosr_desktop.ui.settings import Settings

_VALUES = (QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)


def controls(top: QWidget) -> Iterator[QWidget]:
    """Return what a user can act on, without the parts of Qt's own compound controls."""
    for widget in top.findChildren(QWidget):
        inner = isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QTabBar)
        if widget.objectName().startswith("qt_") or inner or isinstance(widget, QScrollBar):
            continue
        if isinstance(widget, (*_VALUES, QAbstractButton, QAbstractItemView)) and widget.isVisibleTo(top):
            yield widget


def told(widget: QWidget, what: Callable[[QWidget], str]) -> str:
    """Return a text of a control, or of the nearest around it that has one, as Qt looks for it."""
    place: QWidget | None = widget
    while place is not None:
        if text := what(place):
            return text
        place = None if place.isWindow() else place.parentWidget()
    return ""


def speechless(top: QWidget) -> list[str]:
    """Return controls that nothing explains, and those that show no words of their own and have no hint."""
    found = []
    for widget in controls(top):
        has_words = (
            isinstance(widget, QAbstractButton) and widget.text() and not isinstance(widget, QToolButton)
        )
        wants_hint = isinstance(widget, (*_VALUES, QToolButton)) and not has_words
        if not told(widget, QWidget.whatsThis):
            found.append(f"{type(widget).__name__} {widget.accessibleName()} is not explained")
        if wants_hint and not told(widget, QWidget.toolTip):
            found.append(f"{type(widget).__name__} {widget.accessibleName()} has no hint")
    return found


def dangling(place: QWidget) -> set[str]:
    """Return sentences whose control is not there."""
    return CONTROLS.get(type(place).__name__, {}).keys() - {name for name, _ in named_controls(place)}


def test_every_action_is_explained() -> None:
    assert {row.id for row in ROWS} == ACTIONS.keys()


def test_every_control_of_the_window_is_explained(stage: Stage, tone_file: Path) -> None:
    assert speechless(stage.window) == []
    stage.open(tone_file)
    for name in ("history", "markers", "brush"):
        stage.window.actions_by_id[name].trigger()
        assert speechless(stage.window) == []
    assert not dangling(stage.window.tool_options)
    assert not dangling(stage.window.transport_bar)


@pytest.mark.parametrize(
    "action", ["first_run", "preferences", "keys", "guide", "logs", "about", "plugins", "chain", "batch"]
)
def test_every_control_of_the_windows_is_explained(stage: Stage, tone_file: Path, action: str) -> None:
    stage.open(tone_file)
    stage.window.actions_by_id[action].trigger()
    (place,) = [
        widget
        for widget in QApplication.topLevelWidgets()
        if widget.isVisible() and type(widget).__name__ in PLACES
    ]
    assert speechless(place) == []
    assert not dangling(place)
    place.close()


def test_every_control_of_the_dialogs_is_explained(stage: Stage, tmp_path: Path) -> None:
    settings = stage.window.settings
    sound = Sound.from_array(np.zeros((2, RATE), np.float32), RATE)
    info = FileInfo(tmp_path / "a.wav", "WAV", "PCM_24", "FILE", RATE, 2, RATE)
    effect = next(iter(stage.editor.catalogue.effects.values()))
    for dialog in (
        PreferencesDialog(settings, 1),
        PreferencesDialog(settings, 2),
        ExportDialog(sound, info, None, settings),
        SaveDialog(tmp_path / "one", False),
        ModelsDialog(stage.window.dialogs, Timings()),
        ValuesDialog("Values", effect.parameters, stage.window),
    ):
        stage.qtbot.addWidget(dialog)
        assert speechless(dialog) == []
        assert not dangling(dialog)


def test_shift_f1_explains_the_control_that_has_the_focus(qtbot: QtBot, settings: Settings) -> None:
    dialog = PreferencesDialog(settings)
    qtbot.addWidget(dialog)
    theme = dict(named_controls(dialog))["Theme"]
    assert theme.whatsThis() == theme.toolTip() == CONTROLS["PreferencesDialog"]["Theme"]
    dialog.show()
    dialog.activateWindow()
    qtbot.waitUntil(dialog.isActiveWindow)
    theme.setFocus()
    QTest.keyPress(theme, Qt.Key.Key_F1, Qt.KeyboardModifier.ShiftModifier)
    shown = [w for w in QApplication.topLevelWidgets() if w.metaObject().className() == "QWhatsThat"]
    QWhatsThis.hideText()
    QTest.keyRelease(theme, Qt.Key.Key_Shift)  # else it is held in whatever runs next
    assert len(shown) == 1
