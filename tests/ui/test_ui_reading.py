"""Tab goes as one reads, everything fits and stands in line, and what is only seen is said."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QCoreApplication, QLocale, QPoint, QRect, Qt
from PySide6.QtGui import QGuiApplication, QKeySequence
from PySide6.QtTest import QTest
from PySide6.QtWidgets import (
    QAbstractButton,
    QApplication,
    QFormLayout,
    QLabel,
    QLineEdit,
    QMenu,
    QTableWidget,
    QWidget,
)
from pytestqt.qtbot import QtBot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui import appearance
from audiosr_desktop.ui.actions import ROWS
from audiosr_desktop.ui.dialogs.keys_dialog import KeysDialog
from audiosr_desktop.ui.dialogs.preferences import PreferencesDialog
from audiosr_desktop.ui.explanations import PLACES
from audiosr_desktop.ui.language import install_language
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.panels.fields import NumberBox
from audiosr_desktop.ui.panels.selection_bar import SelectionBar
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.shortcuts import Shortcuts
from audiosr_desktop.ui.tab_order import stops_of
from audiosr_desktop.ui.theme import DARK, LIGHT
from audiosr_desktop.ui.timeline import Timeline

WINDOWS = [
    "first_run",
    "preferences",
    "keys",
    "about",
    "plugins",
    "chain",
    "batch",
    "models",
    "logs",
    "guide",
]


@pytest.fixture
def opened(stage: Stage, tone_file: Path) -> Stage:
    stage.open(tone_file)
    return stage


@pytest.fixture
def large_letters(qapp: QApplication) -> Iterator[None]:
    usual = qapp.font()
    large = qapp.font()
    large.setPointSizeF(1.5 * usual.pointSizeF())
    qapp.setFont(large)
    yield
    qapp.setFont(usual)


@pytest.fixture(params=["en", "de"])
def language(qapp: QApplication, request: pytest.FixtureRequest) -> Iterator[str]:
    locale = QLocale()
    translators = install_language(qapp, request.param)
    yield request.param
    for translator in translators:
        QCoreApplication.removeTranslator(translator)
    QLocale.setDefault(locale)


def walked(start: QWidget, key: Qt.Key = Qt.Key.Key_Tab) -> list[QWidget]:
    """Return where Tab goes from here until it comes back."""
    start.setFocus()
    seen: list[QWidget] = []
    while (focus := QApplication.focusWidget()) not in seen:
        assert focus is not None
        seen.append(focus)
        QTest.keyClick(focus, key)
    assert focus is seen[0], f"Tab is caught at {type(focus).__name__} {focus.accessibleName()}"
    return seen


def named(widget: QWidget) -> str:
    text = widget.text() if isinstance(widget, QAbstractButton) else ""
    return f"{type(widget).__name__} {widget.accessibleName() or text}"


def test_tab_goes_through_the_window_as_one_reads(opened: Stage) -> None:
    window = opened.window
    opened.editor.timeline.select(Region(RATE // 2, RATE, 1000.0, 2000.0))
    view, panel = window.view, window.panel
    seen = walked(view.overview)
    wanted = [view.overview, view.waveform, view.splitter.handle(1), view.spectrogram]
    for place in (window.transport_bar, window.selection_bar, panel, window.history):
        wanted += [stop for stop in stops_of(place) if stop.isVisible() and stop.isEnabled()]
    assert panel.form is not None
    assert panel.form.field("quality") in wanted
    assert [named(stop) for stop in seen if stop in wanted] == [named(stop) for stop in wanted]
    assert walked(view.overview, Qt.Key.Key_Backtab) == [seen[0], *seen[:0:-1]]


def test_tab_and_f6_stop_at_nothing_that_is_behind_a_tab(opened: Stage) -> None:
    window = opened.window
    for _ in range(2):
        shown, hidden = window.history, window.markers
        if window.markers_dock.isEnabled():
            shown, hidden = hidden, shown
        assert shown.list in walked(window.view.waveform)
        stops = set(walked(window.view.waveform))
        assert not {stop for stop in stops if hidden.isAncestorOf(stop)}
        panes = set()
        for _ in range(8):
            window.next_pane()
            panes.add(QApplication.focusWidget())
        assert shown.list in panes
        assert hidden.list not in panes
        (window.history_dock if hidden is window.history else window.markers_dock).raise_()
        opened.qtbot.waitUntil(hidden.isEnabled, timeout=5000)


def open_window(stage: Stage, action: str) -> QWidget:
    stage.window.actions_by_id[action].trigger()
    (place,) = [
        widget
        for widget in QApplication.topLevelWidgets()
        if widget.isVisible() and type(widget).__name__ in PLACES
    ]
    place.activateWindow()
    stage.qtbot.waitUntil(place.isActiveWindow, timeout=5000)
    return place


def place_of(widget: QWidget) -> QRect:
    return QRect(widget.mapTo(widget.window(), QPoint(0, 0)), widget.size())


@pytest.mark.parametrize("action", WINDOWS)
def test_tab_goes_through_the_windows_as_one_reads(opened: Stage, action: str) -> None:
    place = open_window(opened, action)
    try:
        first = QApplication.focusWidget() or place.nextInFocusChain()
        seen = walked(first)
        top = min(range(len(seen)), key=lambda at: (place_of(seen[at]).top(), place_of(seen[at]).left()))
        seen = seen[top:] + seen[:top]
        for one, next_one in pairwise(seen):
            before, after = place_of(one), place_of(next_one)
            beside = after.left() >= before.right()
            below = after.top() >= before.top() - 4
            assert below or beside, f"from {named(one)} up to {named(next_one)}"
            assert next_one.isVisible()
    finally:
        place.close()


def form_rows(top: QWidget) -> Iterator[tuple[QLabel, QRect]]:
    for form in top.findChildren(QFormLayout):
        for row in range(form.rowCount()):
            label = form.itemAt(row, QFormLayout.ItemRole.LabelRole)
            field = form.itemAt(row, QFormLayout.ItemRole.FieldRole)
            text = label.widget() if label is not None else None
            if field is not None and isinstance(text, QLabel) and text.text() and text.isVisible():
                yield text, field.geometry()


@pytest.mark.parametrize("action", ["first_run", "preferences", "batch"])
@pytest.mark.usefixtures("dark")
def test_labels_stand_beside_the_middle_of_their_fields(opened: Stage, action: str) -> None:
    place = open_window(opened, action)
    try:
        rows = list(form_rows(place))
        assert len(rows) >= 3
        for label, field in rows:
            assert abs(label.geometry().center().y() - field.center().y()) <= 1, label.text()
    finally:
        place.close()


@pytest.mark.usefixtures("dark", "large_letters", "language")
def test_large_letters_fit_into_a_small_window(stage: Stage, tmp_path: Path) -> None:
    window = stage.window
    assert window.minimumSizeHint().width() <= 1024  # empty
    stage.open(write_tone(tmp_path / "two.wav", channels=2))
    stage.editor.timeline.select(Region(RATE // 2, RATE, 1000.0, 2000.0))
    window.resize(1024, 640)
    assert window.size().toTuple() == (1024, 640)
    for bar in (window.transport_bar, window.selection_bar, window.panel):
        for stop in stops_of(bar):
            if stop.isVisible() and not window.panel.form.isAncestorOf(stop):  # type: ignore[union-attr]
                assert window.rect().contains(place_of(stop)), named(stop)
    for line in window.selection_bar.findChildren(QLineEdit):
        assert line.fontMetrics().horizontalAdvance(line.text()) < line.width() - 12, named(line)
    rows = {place_of(line).top() for line in window.selection_bar.findChildren(QLineEdit)}
    assert len(rows) > 1  # they took a second line
    window.resize(1360, 860)


@pytest.mark.usefixtures("dark")
def test_times_of_hours_fit_into_their_fields(qtbot: QtBot) -> None:
    timeline = Timeline()
    bar = SelectionBar(timeline)
    qtbot.addWidget(bar)
    timeline.set_sound(3700 * RATE, RATE)
    line = bar.stop
    for length, text in ((RATE, "1:01:40.000"), (10, "1:01:40.000000")):  # a short one is told more finely
        timeline.select(Region(timeline.length - length, timeline.length))
        assert line.text() == text
        assert line.fontMetrics().horizontalAdvance(line.text()) < line.width() - 12


@pytest.mark.usefixtures("dark")
def test_a_form_is_not_covered_by_its_scroll_bar(real: MainWindow, qtbot: QtBot, tmp_path: Path) -> None:
    with qtbot.waitSignal(real.editor.document_changed, timeout=10_000):
        real.filing.open_file(write_tone(tmp_path / "tone.wav"))
    real.resize(1200, 560)
    for effect_id in real.editor.catalogue.effects:
        real.panel.show_values(effect_id, {})
        form = real.panel.form
        assert form is not None
        view = form.parentWidget().parentWidget()  # the viewport of the scroll area
        qtbot.waitUntil(lambda one=form, seen=view: one.geometry().right() < seen.width(), timeout=5000)
        for pinned in (real.panel.chooser, real.panel.apply_button, real.panel.preview_button):
            assert real.rect().contains(place_of(pinned)), effect_id
    qtbot.waitUntil(lambda: not real.editor.runner.busy, timeout=20_000)


def test_what_happens_is_said(opened: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    window, said = opened.window, []
    monkeypatch.setattr(window.announcer, "announce", said.append)

    def wait_for(words: str) -> None:
        opened.qtbot.waitUntil(lambda: any(words in one for one in said), timeout=10_000)
        said.clear()

    window.apply_effect()
    opened.idle()
    wait_for("Done in")
    window.actions_by_id["compare"].trigger()
    wait_for("A · source")
    window.actions_by_id["compare"].trigger()
    wait_for("B · result")
    window.actions_by_id["loop"].trigger()
    wait_for("Loop: on")
    window.actions_by_id["loop"].trigger()
    wait_for("Loop: off")
    window.actions_by_id["hand"].trigger()
    wait_for("Hand")
    opened.halve.error = ValueError("no")
    window.apply_effect()
    opened.idle()
    wait_for("Failed. Nothing was changed")
    window.status.showMessage("Written: a.wav")
    wait_for("Written: a.wav")
    opened.open(write_tone(tmp_path / "second.wav"))
    wait_for("second.wav")
    window.actions_by_id["previous_document"].trigger()
    wait_for("tone.wav")


def test_the_take_is_not_said_in_a_blind_test(opened: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    window, said = opened.window, []
    window.apply_effect()
    opened.idle()
    monkeypatch.setattr(window.announcer, "add", said.append)
    monkeypatch.setattr(type(opened.editor.transport), "blind", property(lambda _: True))
    window.actions_by_id["compare"].trigger()
    assert said == []


def test_the_position_can_be_read(opened: Stage) -> None:
    opened.editor.timeline.move_playhead(RATE // 2)
    assert opened.window.transport_bar.position.accessibleDescription() == "00:00.500"


def test_the_channels_are_not_read_out_with_each_selection(stage: Stage, tmp_path: Path) -> None:
    stage.open(write_tone(tmp_path / "two.wav", channels=2))
    chooser, made = stage.window.selection_bar.channel, []
    chooser.model().rowsInserted.connect(made.append)
    stage.editor.timeline.select(Region(0, RATE))
    stage.editor.timeline.select(Region(0, RATE // 2))
    assert made == []


def test_which_switches_are_on_is_seen_in_the_menus(opened: Stage) -> None:
    for row in ROWS:
        action = opened.window.actions_by_id[row.id]
        assert action.isIconVisibleInMenu() is not action.isCheckable()


@pytest.mark.parametrize("language", ["de"], indirect=True)
def test_hints_name_keys_as_the_keyboard_does(language: str, stage: Stage) -> None:
    assert stage.window.actions_by_id["open"].toolTip() == "Öffnen (Strg+O)"
    assert stage.window.actions_by_id["to_start"].toolTip() == "Zum Anfang (Pos1)"


@pytest.mark.parametrize("action", WINDOWS)
@pytest.mark.usefixtures("dark", "language")
def test_buttons_are_not_cut_and_their_letters_are_used_once(opened: Stage, action: str) -> None:
    place = open_window(opened, action)
    buttons = [button for button in place.findChildren(QAbstractButton) if button.isVisible()]
    texts = [button.text() for button in buttons]
    cut = [button.text() for button in buttons if button.width() < button.sizeHint().width()]
    place.close()
    assert cut == []
    letters = [QKeySequence.mnemonic(text).toString() for text in texts]
    used = [letter for letter in letters if letter]
    assert len(used) == len(set(used))


def test_minus_signs_are_the_same_everywhere(qtbot: QtBot) -> None:
    box = NumberBox()
    qtbot.addWidget(box)
    box.setRange(-100.0, 100.0)
    box.setSuffix(" dB")
    box.setValue(-6.0)
    assert box.text() == "−6.00 dB"
    box.stepBy(1)
    assert box.value() == -5.0


def test_keys_are_changed_with_keys_alone(opened: Stage, settings: Settings) -> None:
    window = opened.window
    dialog = open_window(opened, "keys")
    assert isinstance(dialog, KeysDialog)
    assert QApplication.focusWidget() is dialog.search
    QTest.keyClicks(dialog.search, "zero cross")
    QTest.keyClick(dialog.search, Qt.Key.Key_Tab)
    assert isinstance(QApplication.focusWidget(), QTableWidget)
    QTest.keyClick(dialog.table, Qt.Key.Key_Down)
    dialog.choose("zero")
    QTest.keyClick(dialog.table, Qt.Key.Key_Tab)
    focus = QApplication.focusWidget()
    assert focus is not None
    assert dialog.edit is focus or dialog.edit.isAncestorOf(focus)
    QTest.keyClick(dialog.edit, Qt.Key.Key_L)
    opened.qtbot.waitUntil(lambda: dialog.edit.keySequence() == QKeySequence("L"), timeout=5000)
    dialog.take.setFocus()
    QTest.keyClick(dialog.take, Qt.Key.Key_Space)
    assert "Loop" in dialog.message.text()
    assert "zero crossings" in dialog.message.text()
    dialog.edit.setKeySequence(QKeySequence("Ctrl+Alt+8"))
    QTest.keyClick(dialog.take, Qt.Key.Key_Space)
    assert window.actions_by_id["zero"].shortcut().toString() == "Ctrl+Alt+8"
    dialog.close()
    again = Shortcuts({"zero": window.actions_by_id["zero"]}, settings)  # as at the next start
    assert again.keys("zero") == [QKeySequence("Ctrl+Alt+8")]


def test_the_sheet_of_keys_names_actions_and_not_steps(opened: Stage) -> None:
    opened.window.apply_effect()
    opened.idle()
    assert opened.window.actions_by_id["undo"].text() == "&Undo: Halve"
    shortcuts = opened.window.windows.shortcuts
    assert shortcuts is not None
    assert shortcuts.title("undo") == "Undo"


def test_the_window_follows_the_system_from_dark_to_light(
    opened: Stage, monkeypatch: pytest.MonkeyPatch, qapp: QApplication
) -> None:
    window = opened.window
    window.settings.theme = "system"
    before = window.theme
    other = LIGHT if before is DARK else DARK
    monkeypatch.setattr(appearance, "chosen_theme", lambda setting: other if setting == "system" else before)
    try:
        QGuiApplication.styleHints().colorSchemeChanged.emit(Qt.ColorScheme.Unknown)
        assert window.theme is other
        assert window.view.waveform.theme is other
        assert window.transport_bar.meter.theme is other
        assert qapp.palette().window().color().name() == other.window
        icon = window.actions_by_id["open"].icon().pixmap(24).toImage()
        colours = {icon.pixelColor(x, y).name() for x in range(24) for y in range(24)}
        assert other.text in colours
        window.settings.theme = "dark" if before is DARK else "light"
        assert window.theme is before
    finally:
        qapp.setStyleSheet("")


def test_preferences_fit_their_pages_in_every_language(
    language: str, settings: Settings, qtbot: QtBot
) -> None:
    dialog = PreferencesDialog(settings)
    qtbot.addWidget(dialog)
    dialog.show()
    for page in range(dialog.tabs.count()):
        dialog.tabs.setCurrentIndex(page)
        for label in dialog.tabs.currentWidget().findChildren(QLabel):
            if label.isVisible() and not label.wordWrap():
                assert label.sizeHint().width() <= label.width(), label.text()


@pytest.mark.usefixtures("language")
def test_letters_of_each_menu_are_used_once(opened: Stage) -> None:
    menus = [opened.window.menuBar(), *opened.window.menuBar().findChildren(QMenu)]
    double = []
    for menu in menus:
        by_letter: dict[str, list[str]] = {}
        for action in menu.actions():
            if letter := QKeySequence.mnemonic(action.text()).toString():
                by_letter.setdefault(letter, []).append(action.text())
        double += [texts for texts in by_letter.values() if len(texts) > 1]
    assert double == []
