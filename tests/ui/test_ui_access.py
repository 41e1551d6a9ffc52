"""Without a mouse and without sight: names, roles, tab order, keys that can be changed, decimal marks."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, Stage
from PySide6.QtCore import QLocale, Qt
from PySide6.QtGui import QAccessible, QAction, QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QCheckBox,
    QComboBox,
    QDialog,
    QKeySequenceEdit,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QPushButton,
    QSlider,
    QToolButton,
    QVBoxLayout,
    QWidget,
)
from pytestqt.qtbot import QtBot
from ui_fakes import Answers

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.timing import Timings
from audiosr_desktop.ui.announcing import REST_MS
from audiosr_desktop.ui.dialogs.about_dialog import AboutDialog
from audiosr_desktop.ui.dialogs.first_run import FirstRunDialog
from audiosr_desktop.ui.dialogs.keys_dialog import KeysDialog
from audiosr_desktop.ui.dialogs.models_dialog import ModelsDialog
from audiosr_desktop.ui.dialogs.preferences import PreferencesDialog
from audiosr_desktop.ui.panels.fields import ChoiceBox, NumberBox
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.shortcuts import Shortcuts
from audiosr_desktop.ui.theme import DARK, DARK_STRONG, LIGHT, LIGHT_STRONG, Theme, apply_theme
from audiosr_desktop.ui.views.tools import Tool

_CONTROLS = (
    QAbstractButton,
    QAbstractItemView,
    QAbstractSlider,
    QAbstractSpinBox,
    QComboBox,
    QKeySequenceEdit,
    QLineEdit,
)
_INSIDE = ("qt_", "ScrollLeftButton", "ScrollRightButton")  # parts of Qt's own compound widgets


def controls(top: QWidget) -> Iterator[QWidget]:
    """Return what a user can act on."""
    for widget in top.findChildren(QWidget):
        inner = isinstance(widget.parent(), QAbstractSpinBox | QComboBox | QKeySequenceEdit)
        if widget.objectName().startswith(_INSIDE) or inner or not widget.isVisibleTo(top):
            continue
        if isinstance(widget, _CONTROLS) or widget.focusPolicy() & Qt.FocusPolicy.TabFocus:
            yield widget


def nameless(top: QWidget) -> list[str]:
    found = []
    for widget in controls(top):
        interface = QAccessible.queryAccessibleInterface(widget)
        name = interface.text(QAccessible.Text.Name)
        if not name.strip() or interface.role() == QAccessible.Role.NoRole:
            found.append(f"{type(widget).__name__} in {type(widget.parent()).__name__} {widget.objectName()}")
    return found


@pytest.fixture
def opened(stage: Stage, tone_file: Path) -> Stage:
    stage.open(tone_file)
    return stage


def test_every_control_of_the_window_has_a_name(opened: Stage) -> None:
    assert len(list(controls(opened.window))) > 30
    assert nameless(opened.window) == []


def test_every_control_of_the_empty_window_has_a_name(stage: Stage) -> None:
    assert nameless(stage.window) == []


def test_every_control_of_the_dialogs_has_a_name(opened: Stage) -> None:
    settings = opened.window.settings
    shortcuts = opened.window.windows.shortcuts
    assert shortcuts is not None
    dialogs: list[QDialog] = [
        PreferencesDialog(settings),
        KeysDialog(shortcuts),
        AboutDialog(),
        ModelsDialog(Answers(), Timings()),
    ]
    for dialog in dialogs:
        opened.qtbot.addWidget(dialog)
        assert nameless(dialog) == []


def test_every_action_has_a_text_and_menus_reach_them_all(opened: Stage) -> None:
    window = opened.window
    in_menus: set[str] = set()
    for menu_action in window.menuBar().actions():
        menu = menu_action.menu()
        in_menus |= {action.objectName() for action in menu.actions()}  # type: ignore[attr-defined]
    for name, action in window.actions_by_id.items():
        assert action.text()
        assert name in in_menus, f"{name} can be reached by its key only"


def test_tab_goes_round_through_every_control(opened: Stage) -> None:
    window = opened.window
    opened.editor.timeline.select(Region(RATE // 2, RATE, 1000.0, 2000.0))
    wanted = {
        widget
        for widget in controls(window)
        if widget.isEnabled() and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
    }
    window.view.waveform.setFocus()
    seen: list[QWidget] = []
    for _ in range(200):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus in seen:
            break
        seen.append(focus)
        QTest.keyClick(focus, Qt.Key.Key_Tab)
    missed = [f"{type(widget).__name__} {widget.accessibleName()}" for widget in wanted - set(seen)]
    assert not missed
    # the row of values is walked from left to right
    bar = window.selection_bar
    line = [bar.start, bar.stop, bar.length, bar.low, bar.centre, bar.high, bar.width_]
    places = [seen.index(widget) for widget in line]
    assert places == sorted(places)


def test_selection_and_playhead_can_be_set_without_a_mouse(opened: Stage) -> None:
    window, timeline = opened.window, opened.editor.timeline
    window.view.waveform.setFocus()
    QTest.keyClick(window.view.waveform, Qt.Key.Key_Right)
    assert timeline.playhead > 0
    QTest.keyClick(window, Qt.Key.Key_BracketLeft)
    QTest.keyClick(window.view.waveform, Qt.Key.Key_Left, Qt.KeyboardModifier.ControlModifier)
    assert timeline.selection is not None
    seen = set()
    for _ in range(8):
        QTest.keyClick(window, Qt.Key.Key_F6)
        seen.add(QApplication.focusWidget())
    assert {window.view.waveform, window.view.spectrogram, window.selection_bar.start} <= seen


def test_keys_can_be_changed_and_conflicts_are_named(opened: Stage) -> None:
    window = opened.window
    shortcuts = window.windows.shortcuts
    assert shortcuts is not None
    dialog = KeysDialog(shortcuts)
    opened.qtbot.addWidget(dialog)
    dialog.show()
    dialog.choose("zero")
    dialog.edit.setKeySequence(QKeySequence("L"))
    dialog.take.click()
    assert "Loop" in dialog.message.text()
    assert "zero crossings" in dialog.message.text()
    assert [key.toString() for key in window.actions_by_id["zero"].shortcuts()] == ["Z"]
    dialog.edit.setKeySequence(QKeySequence("Ctrl+Alt+7"))
    dialog.take.click()
    assert [key.toString() for key in window.actions_by_id["zero"].shortcuts()] == ["Ctrl+Alt+7"]
    assert "Ctrl+Alt+7" in window.actions_by_id["zero"].toolTip()
    dialog.edit.setKeySequence(QKeySequence("Z"))
    dialog.add.click()
    assert [key.toString() for key in window.actions_by_id["zero"].shortcuts()] == ["Ctrl+Alt+7", "Z"]
    dialog.clear.click()
    assert window.actions_by_id["zero"].shortcuts() == []
    dialog.choose("loop")
    dialog.edit.setKeySequence(QKeySequence("Z"))
    dialog.take.click()
    dialog.choose("zero")
    dialog.reset.click()
    assert "Not changed" in dialog.message.text()
    dialog.reset_all.click()
    assert [key.toString() for key in window.actions_by_id["zero"].shortcuts()] == ["Z"]
    assert opened.window.settings.shortcuts == []
    dialog.search.setText("loop")
    shown = [row for row in range(dialog.table.rowCount()) if not dialog.table.isRowHidden(row)]
    assert 1 <= len(shown) < 6
    dialog.close()


def test_changed_keys_are_there_at_the_next_start(qtbot: QtBot, settings: Settings) -> None:
    def two() -> dict[str, QAction]:
        made = {name: QAction(name) for name in ("one", "two")}
        made["one"].setShortcuts([QKeySequence("A"), QKeySequence("Ctrl+A")])
        return made

    first = two()
    assert (
        Shortcuts(first, settings).set_keys("two", [QKeySequence("Ctrl+Shift+,"), QKeySequence("B")]) is None
    )
    second = two()
    shortcuts = Shortcuts(second, settings)
    assert [key.toString() for key in second["two"].shortcuts()] == ["Ctrl+Shift+,", "B"]
    assert shortcuts.set_keys("two", [QKeySequence("Ctrl+A")]) == "one"
    assert shortcuts.reset("two") is None
    assert settings.shortcuts == []


def test_no_two_actions_have_the_same_key(stage: Stage) -> None:
    seen: dict[str, str] = {}
    for name, action in stage.window.actions_by_id.items():
        for key in action.shortcuts():
            text = key.toString()
            assert text not in seen, f"{name} and {seen[text]} both have {text}"
            seen[text] = name


LOCALES = ["en_US", "de_DE", "fr_FR", "de_CH", "sv_SE", "pt_BR"]


@pytest.mark.parametrize("name", LOCALES)
@pytest.mark.parametrize("typed", ["-2.5", "-2,5", "−2.5"])
def test_point_and_comma_are_both_understood(qtbot: QtBot, name: str, typed: str) -> None:
    box = NumberBox()
    qtbot.addWidget(box)
    box.setLocale(QLocale(name))
    box.setRange(-100.0, 100.0)
    box.setSuffix(" dB, so.")  # its own marks stay
    box.show()
    box.setFocus()
    box.selectAll()
    QGuiApplication.clipboard().setText(typed)  # a true minus is on few keyboards
    QTest.keyClick(box, Qt.Key.Key_V, Qt.KeyboardModifier.ControlModifier)
    QTest.keyClick(box, Qt.Key.Key_Return)
    assert box.value() == -2.5


@pytest.mark.parametrize("name", LOCALES)
@pytest.mark.parametrize(
    ("typed", "hz"), [("1234.5", 1234.5), ("1234,5", 1234.5), ("1.234", 1.234), ("2e3", 2e3)]
)
def test_fields_of_the_selection_understand_both_in_every_locale(
    opened: Stage, name: str, typed: str, hz: float
) -> None:
    before = QLocale()
    QLocale.setDefault(QLocale(name))
    try:
        opened.editor.timeline.select(Region(0, RATE, None, 9000.0))
        low = opened.window.selection_bar.low
        low.setFocus()
        low.selectAll()
        QTest.keyClicks(low, typed)
        QTest.keyClick(low, Qt.Key.Key_Return)
        selection = opened.editor.timeline.selection
        assert selection is not None
        assert selection.low_hz == hz
        start = opened.window.selection_bar.start
        start.setFocus()
        start.selectAll()
        QTest.keyClicks(start, "0,25" if "," in typed else "0.25")
        QTest.keyClick(start, Qt.Key.Key_Return)
        selection = opened.editor.timeline.selection
        assert selection is not None
        assert selection.start == RATE // 4
    finally:
        QLocale.setDefault(before)


def test_space_can_be_left_to_the_controls(opened: Stage) -> None:
    window, transport = opened.window, opened.editor.transport
    button = window.selection_bar.findChild(QLineEdit)
    assert button is not None
    level = next(
        widget
        for widget in window.transport_bar.findChildren(QAbstractButton)
        if widget.accessibleName() == "Level matching" or "Level matching" in widget.toolTip()
    )
    level.setFocus()
    before = window.settings.level_match
    QTest.keyClick(level, Qt.Key.Key_Return)
    assert window.settings.level_match is not before
    QTest.keyClick(level, Qt.Key.Key_Space)
    assert transport.playing
    QTest.keyClick(level, Qt.Key.Key_Space)
    assert not transport.playing
    window.settings.space_plays = False
    QTest.keyClick(level, Qt.Key.Key_Space)
    assert not transport.playing
    assert window.settings.level_match is before
    window.view.waveform.setFocus()
    QTest.keyClick(window.view.waveform, Qt.Key.Key_Space)
    assert transport.playing
    transport.stop()


def test_space_keeps_its_meaning_while_a_screen_reader_runs(
    opened: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    window, transport = opened.window, opened.editor.transport
    monkeypatch.setattr(QAccessible, "isActive", lambda: True)
    window.apply_space()
    box = window.panel.preview_button
    box.setFocus()
    QTest.keyClick(box, Qt.Key.Key_Space)
    assert not transport.playing
    window.view.waveform.setFocus()
    QTest.keyClick(window.view.waveform, Qt.Key.Key_Space)
    assert transport.playing
    transport.stop()


def test_space_and_letters_are_typed_in_text_fields(opened: Stage) -> None:
    window, start = opened.window, opened.window.selection_bar.start
    start.setFocus()
    start.selectAll()
    for typed in "1 0":
        QTest.keyClick(start, typed)
    assert not opened.editor.transport.playing
    assert start.text() == "1 0"
    assert window.view.spectrogram.tool is not Tool.HAND  # which has the key 1


def test_the_first_run_sheet_takes_choices_or_can_be_skipped(qtbot: QtBot, settings: Settings) -> None:
    played: list[Sound] = []

    def play(sound: Sound) -> str:
        played.append(sound)
        return "" if len(played) == 1 else "No sound device was found; plug one in."

    dialog = FirstRunDialog(settings, "CPU", play)
    qtbot.addWidget(dialog)
    assert nameless(dialog) == []
    dialog.show()
    dialog.test.click()
    assert played[0].channels == 2
    samples = played[0].read(0, played[0].length)
    half = samples.shape[1] // 2
    assert np.abs(samples).max() <= 0.1
    assert not samples[1, :half].any()
    assert not samples[0, half:].any()
    dialog.test.click()
    assert "No sound device" in dialog.heard.text()
    dialog.view.setCurrentIndex(dialog.view.findData("spectrogram"))
    dialog.skip.click()
    assert not settings.first_run
    assert settings.opening_view == "both"
    again = FirstRunDialog(settings, "CPU", play)
    qtbot.addWidget(again)
    again.view.setCurrentIndex(again.view.findData("spectrogram"))
    again.theme.setCurrentIndex(again.theme.findData("light"))
    again.start.click()
    assert (settings.opening_view, settings.theme) == ("spectrogram", "light")


def test_the_first_run_sheet_is_in_the_help_menu(stage: Stage) -> None:
    stage.window.actions_by_id["first_run"].trigger()
    (dialog,) = stage.window.findChildren(FirstRunDialog)
    assert dialog.isVisible()
    dialog.skip.click()
    assert not dialog.isVisible()


THEMES = [DARK, LIGHT, DARK_STRONG, LIGHT_STRONG]
THEME_NAMES = ["dark", "light", "dark, strong", "light, strong"]


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def _over(front: str, alpha: int, back: str) -> str:
    """Return what a colour that lets the one behind shine through looks like."""
    parts = [(int(front[at : at + 2], 16), int(back[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round((one * alpha + other * (255 - alpha)) / 255):02x}" for one, other in parts)


@pytest.mark.parametrize("theme", THEMES, ids=THEME_NAMES)
def test_text_has_enough_contrast(theme: Theme) -> None:
    pairs = {
        f"{front} on {back}": (getattr(theme, front), getattr(theme, back))
        for front in ("text", "quiet_text", "disabled_text", "link")
        for back in ("window", "panel", "field")
    }
    pairs["chosen row, main button"] = (theme.accent_text, theme.accent)
    pairs["badge"] = (theme.text, _over(theme.window, 225, theme.canvas))
    pairs["time over the selection in the ruler"] = (
        theme.quiet_text,
        _over(theme.selection, 45, theme.window),
    )
    pairs["what is wrong with a field"] = (theme.clip, theme.window)
    pairs["clipped samples"] = (theme.clip, theme.canvas)
    pairs["cutoff and its tag"] = (theme.cutoff, "#0a0c10")
    # a line over a picture has an edge of the canvas' colour; over a spectrogram both are the dark ones
    for name in ("marker", "restored", "selection", "playhead"):
        pairs[f"{name} over the waveform"] = (getattr(theme, name), theme.canvas)
        pairs[f"{name} over the spectrogram"] = (getattr(DARK, name), DARK.canvas)
    assert {name: round(_contrast(*pair), 2) for name, pair in pairs.items() if _contrast(*pair) < 4.5} == {}


@pytest.mark.parametrize("theme", THEMES, ids=THEME_NAMES)
def test_the_focus_can_be_seen_on_everything(theme: Theme) -> None:
    for back in (theme.window, theme.panel, theme.field, theme.canvas):
        assert _contrast(theme.focus, back) >= 3.0  # of what is no text, WCAG 2.1 asks for this


@pytest.mark.parametrize("theme", THEMES, ids=THEME_NAMES)
def test_borders_and_states_of_controls_have_enough_contrast(theme: Theme) -> None:
    found = {
        f"{name} on {back}": round(_contrast(getattr(theme, name), getattr(theme, back)), 2)
        for name in ("border", "accent", "focus")
        for back in ("window", "panel", "field", "canvas")
    }
    assert {name: ratio for name, ratio in found.items() if ratio < 3.0} == {}  # WCAG 2.1, 1.4.11


def column_of(stage: Stage, widgets: list[QWidget]) -> QDialog:
    box = QDialog()
    stage.qtbot.addWidget(box)
    layout = QVBoxLayout(box)
    for widget in widgets:
        layout.addWidget(widget)
    return box


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_controls_are_drawn_with_these_borders(opened: Stage, theme: Theme) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    made: list[QWidget] = [
        QPushButton("Press"),
        QLineEdit("Text"),
        NumberBox(),
        ChoiceBox(),
        QProgressBar(),
        QCheckBox("Check"),
        QListWidget(),
    ]
    box = column_of(opened, made)
    apply_theme(app, theme)
    try:
        box.show()
        shown = box.grab().toImage()
        for widget in made:
            place = widget.geometry()
            # from outside to its middle: the border is what is met first
            y = place.center().y()
            row = [shown.pixelColor(x, y).name() for x in range(place.left() - 4, place.left() + 12)]
            edge = next(at for at, colour in enumerate(row) if colour != row[0])
            kind = type(widget).__name__
            assert _contrast(row[edge], row[0]) >= 3.0, f"{kind} to what is around it"
            assert _contrast(row[edge], row[edge + 3]) >= 3.0, f"{kind} to what is inside"
    finally:
        box.close()
        app.setStyleSheet("")


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
@pytest.mark.parametrize("pane", ["waveform", "spectrogram"])
def test_a_marker_is_set_off_from_any_picture(opened: Stage, theme: Theme, pane: str) -> None:
    window, timeline = opened.window, opened.editor.timeline
    window.view.set_theme(theme)
    view = getattr(window.view, pane)
    opened.qtbot.waitUntil(lambda: view.picture is not None, timeout=10_000)
    timeline.move_playhead(RATE)
    window.marking.add()
    timeline.move_playhead(0)
    shown, x = view.grab().toImage(), round(view.x_of(RATE))
    colours = [[shown.pixelColor(x + by, y).name() for y in range(40, 160)] for by in (-1, 0, 1)]
    drawn = theme if pane == "waveform" else DARK
    assert colours[1].count(drawn.marker) > 30
    for edge in (colours[0], colours[2]):
        beside = [one for one, line in zip(edge, colours[1], strict=True) if line == drawn.marker]
        assert min(_contrast(drawn.marker, one) for one in beside) >= 3.0


@pytest.mark.parametrize("theme", [DARK, LIGHT], ids=lambda theme: theme.name)
def test_a_control_that_gets_the_focus_looks_different(opened: Stage, theme: Theme) -> None:
    app = QApplication.instance()
    assert isinstance(app, QApplication)
    made: list[QWidget] = [
        QPushButton("Press"),
        QLineEdit("Text"),
        NumberBox(),
        ChoiceBox(),
        QSlider(Qt.Orientation.Horizontal),
    ]
    for on in (False, True):
        check, switch = QCheckBox("Check"), QToolButton()
        check.setChecked(on)
        switch.setCheckable(True)
        switch.setText("Switch")
        switch.setChecked(on)
        switch.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        made += [check, switch]
    box = column_of(opened, made)
    apply_theme(app, theme)
    try:
        with opened.qtbot.waitActive(box):
            box.show()
            box.activateWindow()
        for place, widget in enumerate(made):
            made[place - 1].setFocus()
            without = widget.grab().toImage()
            QTest.keyClick(made[place - 1], Qt.Key.Key_Tab)
            assert widget.hasFocus()
            assert widget.grab().toImage() != without, type(widget).__name__
        check = made[-2]
        assert isinstance(check, QCheckBox)
        made[0].setFocus()
        marks = check.grab().toImage()
        colours = {marks.pixelColor(x, y).name() for x in range(16) for y in range(marks.height())}
        assert theme.accent in colours  # the box
        assert "#ffffff" in colours  # and the check in it
    finally:
        box.close()
        app.setStyleSheet("")


def test_selection_and_playhead_are_announced_when_they_rest(
    stage: Stage, tone_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.open(tone_file)
    said: list[str] = []
    monkeypatch.setattr(stage.window.announcer, "announce", said.append)
    timeline = stage.editor.timeline
    stage.qtbot.wait(2 * REST_MS)
    said.clear()
    for stop in range(1000, RATE, 1000):  # as a drag does
        timeline.select(Region(0, stop), live=True)
    timeline.select(Region(0, RATE, 1000.0, 6020.0))
    timeline.move_playhead(RATE // 2)
    stage.qtbot.waitUntil(lambda: bool(said), timeout=10_000)
    timeline.select(None)
    stage.qtbot.waitUntil(lambda: len(said) == 2, timeout=10_000)
    assert said == [
        "Selected 00:00.000 to 00:01.000, 1.00 kHz to 6.02 kHz. Playhead 00:00.500",
        "No selection",
    ]


def test_the_views_can_be_asked_what_is_chosen(opened: Stage) -> None:
    timeline = opened.editor.timeline
    timeline.select(Region(0, RATE, 1000.0, 6020.0))
    timeline.move_playhead(RATE // 2)
    wanted = "Selected 00:00.000 to 00:01.000, 1.00 kHz to 6.02 kHz. Playhead 00:00.500"
    for view in (opened.window.view.waveform, opened.window.view.spectrogram):
        interface = QAccessible.queryAccessibleInterface(view)
        opened.qtbot.waitUntil(
            lambda one=interface: one.text(QAccessible.Text.Description) == wanted, timeout=10_000
        )


def test_controls_with_a_value_tell_it(opened: Stage) -> None:
    opened.editor.timeline.select(Region(0, RATE, 1000.0, 2000.0))
    kinds = (QAbstractSlider, QAbstractSpinBox, QComboBox, QLineEdit)
    found = 0
    for widget in controls(opened.window):
        if isinstance(widget, kinds) and widget.isEnabled():
            interface = QAccessible.queryAccessibleInterface(widget)
            told = interface.text(QAccessible.Text.Value)
            if interface.valueInterface() is not None:
                told = told or str(interface.valueInterface().currentValue())
            assert told.strip(), f"{type(widget).__name__} {widget.accessibleName()}"
            found += 1
    assert found > 10


def test_the_readout_keeps_its_name_and_is_told_when_the_pointer_rests(stage: Stage) -> None:
    readout = stage.window.status.readout
    stage.window.status.show_readout("00:01.000   440 Hz")
    assert readout.accessibleName() == "Under the pointer"
    assert readout.accessibleDescription() == ""
    stage.qtbot.waitUntil(lambda: readout.accessibleDescription() == "00:01.000   440 Hz", timeout=10_000)
