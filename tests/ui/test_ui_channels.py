"""Picking channels as a person does: buttons at the lanes, keys, the selection bar; and what obeys it."""

from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QPointF, Qt
from PySide6.QtTest import QTest
from test_ui_editing import CTRL, SHIFT, press, samples, steps

from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.region import Region
from audiosr_desktop.playback.monitor import Monitor
from audiosr_desktop.ui.announcing import Announcer
from audiosr_desktop.ui.autosave import view_of, view_values
from audiosr_desktop.ui.views.track_view import TrackView


@pytest.fixture
def opened(stage: Stage, tmp_path: Path) -> Stage:
    stage.open(write_tone(tmp_path / "two.wav", channels=2))
    return stage


def click(
    view: TrackView, place: QPointF, keys: Qt.KeyboardModifier = Qt.KeyboardModifier.NoModifier
) -> None:
    QTest.mouseClick(view, Qt.MouseButton.LeftButton, keys, place.toPoint())


def test_the_buttons_at_the_lanes_pick_a_channel(opened: Stage) -> None:
    timeline, view = opened.editor.timeline, opened.window.view
    timeline.select(Region(10_000, 20_000))
    click(view.waveform, view.waveform.button_of(1).center())
    assert timeline.selection == Region(10_000, 20_000, channels=(1,))
    assert len(view.waveform.boxes_of(timeline.selection)) == 1
    assert opened.window.selection_bar.channel.currentText() == "Right channel"
    assert "right channel" in opened.window.panel.hint.text()
    click(view.spectrogram, view.spectrogram.button_of(0).center())
    assert timeline.selection == Region(10_000, 20_000, channels=(0,))
    click(view.spectrogram, view.spectrogram.button_of(1).center(), CTRL)
    assert timeline.selection == Region(10_000, 20_000)  # both is all
    click(view.waveform, view.waveform.button_of(0).center())
    click(view.waveform, view.waveform.button_of(0).center())
    assert timeline.selection == Region(10_000, 20_000)


def test_keys_and_the_selection_bar_pick_and_new_selections_keep_it(opened: Stage) -> None:
    timeline, bar = opened.editor.timeline, opened.window.selection_bar
    seen = []
    for _ in range(3):
        press(opened, Qt.Key.Key_C, SHIFT)
        seen.append(timeline.picked)
    assert seen == [(0,), (1,), None]
    bar.channel.setCurrentIndex(2)
    bar.channel.activated.emit(2)
    assert timeline.picked == (1,)
    press(opened, Qt.Key.Key_A, CTRL)
    assert timeline.selection == Region(0, 2 * RATE, channels=(1,))
    timeline.select(None)
    assert timeline.chosen == Region(0, 2 * RATE, channels=(1,))
    press(opened, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert timeline.picked is None
    assert timeline.chosen is None


def test_the_edges_of_a_selection_are_in_its_own_lane_only(opened: Stage) -> None:
    timeline, view = opened.editor.timeline, opened.window.view.waveform
    timeline.select(Region(10_000, 20_000, channels=(0,)))
    x = view.x_of(10_000)
    own, other = (view.edge_at(QPointF(x, rect.center().y())).name for rect in view.lane_rects())
    assert (own, other) == ("LEFT", "NOTHING")


@pytest.mark.parametrize("selected", [True, False])
def test_effects_and_edits_keep_to_the_picked_channel(opened: Stage, *, selected: bool) -> None:
    timeline = opened.editor.timeline
    if selected:
        timeline.select(Region(10_000, 20_000))
    timeline.pick([1])
    before = samples(opened)
    opened.window.panel.show_values(opened.halve.id, {})
    opened.halve.go.set()
    opened.window.apply_effect()
    opened.idle()
    after = samples(opened)
    assert np.array_equal(after[0], before[0])
    inner = np.s_[11_000:19_000] if selected else np.s_[:]
    assert np.allclose(after[1, inner], before[1, inner] / 2)
    assert steps(opened) == ["Halve (right channel)"]
    assert opened.editor.document is not None
    assert opened.editor.document.spans[0].region.channels == (1,)


def test_cut_copy_paste_and_trim_in_one_channel_move_nothing(opened: Stage) -> None:
    timeline, editor = opened.editor.timeline, opened.editor
    before = samples(opened)
    timeline.select(Region(10_000, 12_000, channels=(0,)))
    press(opened, Qt.Key.Key_X, CTRL)
    clip = editor.clipboard
    assert clip is not None
    assert np.array_equal(clip.read(0, clip.length), before[:1, 10_000:12_000])
    cut = samples(opened)
    assert cut.shape == before.shape
    assert not cut[0, 10_000:12_000].any()
    assert np.array_equal(cut[1], before[1])
    assert not opened.window.actions_by_id["paste_insert"].isEnabled()
    timeline.select(Region(30_000, 31_000, channels=(1,)))
    press(opened, Qt.Key.Key_V, CTRL)
    pasted = samples(opened)
    assert np.array_equal(pasted[0], cut[0])
    assert np.array_equal(pasted[1, 30_000:31_000], before[0, 10_000:11_000])
    assert np.array_equal(
        np.delete(pasted[1], np.s_[30_000:31_000]), np.delete(before[1], np.s_[30_000:31_000])
    )
    press(opened, Qt.Key.Key_V, CTRL | Qt.KeyboardModifier.AltModifier)
    mixed = samples(opened)
    assert np.allclose(mixed[1, 30_000:32_000], pasted[1, 30_000:32_000] + before[0, 10_000:12_000])
    assert np.array_equal(mixed[0], pasted[0])
    press(opened, Qt.Key.Key_T, CTRL)
    assert not samples(opened)[1, :30_000].any()
    assert np.array_equal(samples(opened)[0], mixed[0])
    assert steps(opened) == ["Cut", "Paste", "Mix paste", "Trim"]


def test_marks_views_and_memory_know_the_channel(opened: Stage) -> None:
    timeline, document = opened.editor.timeline, opened.editor.document
    assert document is not None
    timeline.select(Region(10_000, 12_000, channels=(1,)))
    press(opened, Qt.Key.Key_M, Qt.KeyboardModifier.NoModifier)
    kept = view_of(view_values(timeline.kept_view()))
    timeline.pick(None)
    timeline.select(None)
    opened.window.marking.go_to(document.marks[0])
    assert timeline.selection == Region(10_000, 12_000, channels=(1,))
    opened.window.marking.go_to(Mark(Region(5, 500)))
    assert timeline.selection == Region(5, 500)
    assert kept is not None
    timeline.show_kept(kept)
    assert timeline.picked == (1,)
    timeline.select(Region(5, 500))
    timeline.pick(None)
    timeline.show_selection_before()
    assert timeline.selection == Region(5, 500, channels=(1,))
    timeline.show_selection_after()
    assert timeline.picked is None


def test_the_picture_is_seen_with_the_focus_and_the_buttons_over_it(opened: Stage) -> None:
    view = opened.window.view.spectrogram
    opened.qtbot.waitUntil(lambda: view.picture is not None and view.picture.complete, timeout=10_000)
    view.setFocus()
    opened.qtbot.waitUntil(view.hasFocus)
    own = view.lane_rects()[1].center().toPoint()
    low, high = view.y_of_hz(1000.0, 1), view.y_of_hz(9000.0, 1)
    assert low is not None
    assert high is not None
    shown = view.grab().toImage()
    columns = range(own.x() - 50, own.x() + 50)  # the noise differs from pixel to pixel
    colours = [sum(shown.pixelColor(x, int(y)).lightness() for x in columns) / 100 for y in (low, high)]
    assert colours[0] > colours[1] + 40  # the tone is seen, and brighter than the noise above it


def test_a_picked_channel_is_heard_alone(opened: Stage) -> None:
    timeline, transport = opened.editor.timeline, opened.editor.transport
    transport.hearing.set_monitor(Monitor("mono"))
    timeline.select(Region(10_000, 30_000))
    press(opened, Qt.Key.Key_C, SHIFT)
    press(opened, Qt.Key.Key_C, SHIFT)
    assert timeline.selection == Region(10_000, 30_000, channels=(1,))
    assert transport.player.monitor == Monitor("solo", (1,))
    assert opened.window.transport_bar.hearing.text() == "1 × · ch 2"
    press(opened, Qt.Key.Key_Space, Qt.KeyboardModifier.NoModifier)
    assert transport.playing
    timeline.select(Region(12_000, 30_000))  # another selection, the same channel
    assert transport.player.monitor == Monitor("solo", (1,))
    press(opened, Qt.Key.Key_Escape, Qt.KeyboardModifier.NoModifier)
    assert transport.player.monitor == Monitor("mono")  # as it was chosen before


def test_several_picked_channels_are_heard_without_the_others(opened: Stage, tmp_path: Path) -> None:
    opened.open(write_tone(tmp_path / "six.wav", channels=6))
    opened.editor.timeline.pick((0, 3))
    assert opened.editor.transport.player.monitor == Monitor("solo", (0, 3))
    assert opened.window.transport_bar.hearing.text() == "1 × · ch 1, 4"


def test_a_screen_reader_is_told_of_the_channel(opened: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(Announcer, "announce", lambda _, text: said.append(text))
    opened.editor.timeline.pick([0])
    opened.qtbot.waitUntil(lambda: bool(said), timeout=5_000)
    assert said[-1].startswith("No selection, left channel")


def test_a_sound_of_one_channel_has_nothing_to_pick(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    assert not stage.window.actions_by_id["next_channel"].isEnabled()
    assert not stage.window.selection_bar.channel.isVisible()
    assert stage.window.view.waveform.button_at(stage.window.view.waveform.button_of(0).center()) is None
