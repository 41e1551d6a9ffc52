"""Overview, wipe and borders between panes without a mouse: keys, ring, and what a screen reader tells."""

from pathlib import Path

import pytest
from conftest import RATE, Stage
from PySide6.QtCore import Qt
from PySide6.QtGui import QAccessible
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QWidget
from test_ui_views import wheel

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.dialogs.plugin_dialog import PluginDialog
from audiosr_desktop.ui.handles import BORDER_PX, KeySplitter, Stride
from audiosr_desktop.ui.theme import DARK

KEY = Qt.Key
SHIFT = Qt.KeyboardModifier.ShiftModifier
SLIDER = QAccessible.Role.Slider


@pytest.fixture
def opened(stage: Stage, tone_file: Path) -> Stage:
    stage.open(tone_file)
    return stage


@pytest.fixture
def wiped(opened: Stage) -> Stage:
    """A window with something to compare, and the wipe on."""
    opened.editor.timeline.select(Region(10_000, 40_000))
    opened.editor.applying.apply(opened.halve.id, {"quality": "draft", "amount": 100.0, "seed": 1})
    opened.idle()
    opened.window.actions_by_id["wipe"].trigger()
    return opened


def tab_to(widget: QWidget, first: QWidget) -> None:
    """Press Tab until a widget has the focus."""
    first.setFocus()
    for _ in range(200):
        focus = QApplication.focusWidget()
        assert focus is not None
        if focus is widget:
            return
        QTest.keyClick(focus, KEY.Key_Tab)
    raise AssertionError(f"Tab does not reach {widget.accessibleName()}")


def told(widget: QWidget) -> tuple[QAccessible.Role, str, object, str]:
    interface = QAccessible.queryAccessibleInterface(widget)
    value = interface.valueInterface()
    return (
        interface.role(),
        interface.text(QAccessible.Text.Name),
        value.currentValue() if value is not None else None,
        interface.text(QAccessible.Text.Description),
    )


def looks_focused(widget: QWidget, other: QWidget) -> bool:
    """Return whether a widget looks different while it has the focus."""
    widget.setFocus(Qt.FocusReason.TabFocusReason)
    assert widget.hasFocus()
    focused = widget.grab().toImage()
    other.setFocus()
    return widget.grab().toImage() != focused


def test_the_overview_scrolls_with_the_keys(opened: Stage) -> None:
    timeline, overview = opened.editor.timeline, opened.window.view.overview
    timeline.show(0, RATE / 2)
    tab_to(overview, opened.window.view.waveform)
    QTest.keyClick(overview, KEY.Key_Right)
    assert timeline.start == pytest.approx(RATE / 20)
    assert timeline.playhead == 0  # the arrows are not those of the views here
    QTest.keyClick(overview, KEY.Key_Right, SHIFT)
    assert timeline.start == pytest.approx(RATE / 20 + RATE / 200)
    assert timeline.selection is None
    QTest.keyClick(overview, KEY.Key_PageDown)
    assert timeline.start == pytest.approx(RATE / 20 + RATE / 200 + RATE / 2)
    QTest.keyClick(overview, KEY.Key_End)
    assert timeline.stop == timeline.length
    QTest.keyClick(overview, KEY.Key_PageUp)
    QTest.keyClick(overview, KEY.Key_Left)
    assert timeline.start == pytest.approx(RATE * (1.5 - 0.5 - 0.05))
    QTest.keyClick(overview, KEY.Key_Home)
    assert timeline.start == 0
    assert timeline.span == pytest.approx(RATE / 2)


def test_the_overview_tells_and_takes_its_value(opened: Stage) -> None:
    timeline, overview = opened.editor.timeline, opened.window.view.overview
    timeline.show(RATE / 4, RATE * 3 / 4)
    wanted = (SLIDER, "Overview of the whole sound", 250, "Visible: 00:00.250 to 00:00.750")
    assert told(overview) == wanted
    assert overview.maximum() == 1500
    QAccessible.queryAccessibleInterface(overview).valueInterface().setCurrentValue(1000)
    assert timeline.start == RATE
    assert looks_focused(overview, opened.window.view.waveform)


def test_the_wheel_over_the_overview_zooms_about_the_pointer(opened: Stage) -> None:
    timeline, overview = opened.editor.timeline, opened.window.view.overview
    before = timeline.span
    wheel(overview, overview.rect().center().toPointF(), 1)
    assert timeline.span == pytest.approx(before / 2**0.25)
    assert timeline.start == pytest.approx(timeline.length - timeline.stop, rel=0.1)


def test_the_wipe_follows_the_keys(wiped: Stage) -> None:
    view = wiped.window.view.spectrogram
    handle = view.wipe_handle
    tab_to(handle, view)
    playhead = wiped.editor.timeline.playhead
    for key, keys, place in (
        (KEY.Key_Right, Qt.KeyboardModifier.NoModifier, 0.51),
        (KEY.Key_Up, Qt.KeyboardModifier.NoModifier, 0.52),
        (KEY.Key_Left, SHIFT, 0.519),
        (KEY.Key_PageUp, Qt.KeyboardModifier.NoModifier, 0.619),
        (KEY.Key_PageDown, Qt.KeyboardModifier.NoModifier, 0.519),
        (KEY.Key_End, Qt.KeyboardModifier.NoModifier, 1.0),
        (KEY.Key_Right, Qt.KeyboardModifier.NoModifier, 1.0),
        (KEY.Key_Home, Qt.KeyboardModifier.NoModifier, 0.0),
    ):
        QTest.keyClick(handle, key, keys)
        assert view.wipe.place == pytest.approx(place)
        assert handle.geometry().center().x() == pytest.approx(view.wipe.x(view.area()), abs=1.5)
    assert wiped.editor.timeline.playhead == playhead
    view.wipe.move_to(0.25)
    assert told(handle) == (SLIDER, "Wipe between before and after", 250, "Before up to 00:00.500")
    assert looks_focused(handle, view)


def test_a_wipe_that_ends_gives_the_focus_back(wiped: Stage) -> None:
    view = wiped.window.view.spectrogram
    tab_to(view.wipe_handle, view)
    wiped.window.actions_by_id["wipe"].trigger()
    assert not view.wipe_handle.isVisible()
    assert view.hasFocus()


def test_what_keys_move_is_announced_when_it_rests(wiped: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(wiped.window.announcer, "announce", said.append)
    view = wiped.window.view
    wiped.editor.timeline.show(0, RATE)
    for handle, words in (
        (view.overview, "Visible: 00:00.100 to 00:01.100"),
        (view.spectrogram.wipe_handle, "Before up to 00:00.610"),
    ):
        handle.setFocus()
        QTest.keyClick(handle, KEY.Key_Right)
        wiped.qtbot.waitUntil(lambda wanted=words: bool(said) and said[-1].endswith(wanted), timeout=10_000)


def test_the_border_between_the_views_follows_the_keys(opened: Stage) -> None:
    view = opened.window.view
    border = view.splitter.handle(1)
    tab_to(border, view.waveform)
    height = view.waveform.height()
    playhead = opened.editor.timeline.playhead
    QTest.keyClick(border, KEY.Key_Down)
    assert view.waveform.height() == height + BORDER_PX[Stride.STEP]
    QTest.keyClick(border, KEY.Key_Up, SHIFT)
    assert view.waveform.height() == height + BORDER_PX[Stride.STEP] - 1
    QTest.keyClick(border, KEY.Key_Home)
    assert view.waveform.height() == view.waveform.minimumSizeHint().height()
    QTest.keyClick(border, KEY.Key_End)
    assert view.spectrogram.height() == view.spectrogram.minimumSizeHint().height()
    assert opened.editor.timeline.playhead == playhead
    role, name, _, share = told(border)
    assert role is not QAccessible.Role.NoRole
    assert name == "Border between Waveform and Spectrogram"
    heights = [part.height() for part in (view.waveform, view.spectrogram)]
    assert share == f"Waveform: {round(100 * heights[0] / sum(heights))} %"
    assert looks_focused(border, view.waveform)


def test_the_borders_of_the_panes_follow_the_keys(dark: None, opened: Stage) -> None:
    window, wait = opened.window, opened.qtbot.waitUntil
    across, down = window.grips
    window.resize(1600, 900)
    tab_to(across, window.view.waveform)
    dock = window.restore_dock
    wait(lambda: across.geometry().left() > 1200)
    width = dock.width()
    QTest.keyClick(across, KEY.Key_PageUp)  # to the left, too
    wait(lambda: dock.width() == width + BORDER_PX[Stride.PAGE])
    QTest.keyClick(across, KEY.Key_Right)
    wait(lambda: dock.width() == width + BORDER_PX[Stride.PAGE] - BORDER_PX[Stride.STEP])
    wait(lambda: told(across)[:3] == (SLIDER, "Width of the pane Effect", dock.width()))
    assert looks_focused(across, window.view.waveform)
    tab_to(down, across)
    height = dock.height()
    QTest.keyClick(down, KEY.Key_End)
    wait(lambda: dock.height() > height)
    wait(lambda: told(down)[2] == dock.height())  # not what was asked for
    height = dock.height()  # what the pane holds no longer keeps it from becoming smaller
    QTest.keyClick(down, KEY.Key_Up)
    wait(lambda: dock.height() == height - BORDER_PX[Stride.STEP])
    window.actions_by_id["history"].trigger()
    window.actions_by_id["markers"].trigger()
    wait(lambda: not down.isVisible())


def test_the_border_in_the_plugins_window_is_one_of_these(opened: Stage) -> None:
    opened.window.actions_by_id["plugins"].trigger()
    (dialog,) = opened.window.findChildren(PluginDialog)
    (parts,) = dialog.findChildren(KeySplitter)
    border, height = parts.handle(1), parts.sizes()[0]
    assert border.accessibleName() == "Border between Plugins and About the plugin"
    border.setFocus()
    QTest.keyClick(border, KEY.Key_Up)
    assert parts.sizes()[0] == height - BORDER_PX[Stride.STEP]
    dialog.close()


def test_the_ring_has_the_colour_of_the_theme(dark: None, opened: Stage) -> None:
    overview = opened.window.view.overview
    overview.setFocus(Qt.FocusReason.TabFocusReason)
    image = overview.grab().toImage()
    colours = {image.pixelColor(x, overview.height() // 2).name() for x in range(50, 70)}
    assert DARK.focus in colours
