"""Editing driven as a user does: keys, menus, and the two dialogs that ask for values."""

from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.generate import Generate
from audiosr_desktop.ui.catalogue import Catalogue

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)


def samples(stage: Stage) -> np.ndarray:
    sound = stage.editor.sound
    assert sound is not None
    return sound.read(0, sound.length)


def steps(stage: Stage) -> list[str]:
    assert stage.editor.document is not None
    stack = stage.editor.document.undo_stack
    return [stack.text(index) for index in range(stack.count())]


def press(stage: Stage, key: Qt.Key, how: Qt.KeyboardModifier) -> None:
    QTest.keyClick(stage.window, key, how)
    stage.idle()


@pytest.fixture
def opened(stage: Stage, tone_file: Path) -> Stage:
    stage.open(tone_file)
    stage.editor.timeline.select(Region(10_000, 20_000))
    return stage


def test_silence_trim_and_undo(opened: Stage) -> None:
    before = samples(opened)
    press(opened, Qt.Key.Key_L, CTRL | SHIFT)
    after = samples(opened)
    assert not after[:, 10_000:20_000].any()
    assert np.array_equal(
        np.delete(after, np.s_[10_000:20_000], axis=1), np.delete(before, np.s_[10_000:20_000], axis=1)
    )
    opened.editor.timeline.select(Region(5_000, 30_000))
    press(opened, Qt.Key.Key_T, CTRL)
    assert np.array_equal(samples(opened), after[:, 5_000:30_000])
    assert steps(opened) == ["Silence", "Trim"]
    for _ in range(2):
        press(opened, Qt.Key.Key_Z, CTRL)
    assert np.array_equal(samples(opened), before)


def test_the_three_ways_to_paste(opened: Stage) -> None:
    before = samples(opened)
    clip = before[:, 10_000:20_000]
    press(opened, Qt.Key.Key_C, CTRL)
    opened.editor.timeline.select(Region(40_000, 41_000))
    press(opened, Qt.Key.Key_V, CTRL)
    wanted = np.concatenate([before[:, :40_000], clip, before[:, 41_000:]], axis=1)
    assert np.array_equal(samples(opened), wanted)
    assert opened.editor.timeline.selection == Region(40_000, 50_000)
    press(opened, Qt.Key.Key_Z, CTRL)
    opened.editor.timeline.select(Region(40_000, 41_000))
    press(opened, Qt.Key.Key_V, CTRL | SHIFT)
    wanted = np.concatenate([before[:, :40_000], clip, before[:, 40_000:]], axis=1)
    assert np.array_equal(samples(opened), wanted)
    press(opened, Qt.Key.Key_Z, CTRL)
    opened.editor.timeline.select(None)
    opened.editor.transport.seek(2 * RATE - 4_000)
    press(opened, Qt.Key.Key_V, CTRL | ALT)
    mixed = samples(opened)
    assert mixed.shape[1] == 2 * RATE + 6_000
    np.testing.assert_allclose(mixed[:, -10_000:-6_000], before[:, -4_000:] + clip[:, :4_000], atol=1e-7)
    assert np.array_equal(mixed[:, -6_000:], clip[:, 4_000:])
    assert steps(opened) == ["Mix paste"]


@pytest.mark.parametrize("key", [CTRL, CTRL | SHIFT, CTRL | ALT])
def test_pasting_into_another_document_converts(
    stage: Stage, tmp_path: Path, key: Qt.KeyboardModifier
) -> None:
    stage.open(write_tone(tmp_path / "from.wav", rate=44_100))
    stage.window.actions_by_id["select_all"].trigger()
    press(stage, Qt.Key.Key_C, CTRL)
    stage.open(write_tone(tmp_path / "to.wav", channels=2))
    press(stage, Qt.Key.Key_V, key)
    assert stage.editor.sound is not None
    assert (stage.editor.sound.sample_rate, stage.editor.sound.channels) == (RATE, 2)
    assert stage.editor.sound.length == (2 * RATE if key == CTRL | ALT else 4 * RATE)
    peak = np.abs(np.fft.rfft(samples(stage)[1, :RATE])).argmax()
    assert peak == 1000  # the tone keeps its pitch
    assert not stage.answers.errors
    assert len(steps(stage)) == 1


def test_joins_are_cross_faded_on_demand(opened: Stage) -> None:
    before = samples(opened)
    plain = np.delete(before, np.s_[10_000:20_000], axis=1)
    opened.window.actions_by_id["clickless"].trigger()
    press(opened, Qt.Key.Key_Delete, Qt.KeyboardModifier.NoModifier)
    joined = samples(opened)
    changed = np.flatnonzero((joined != plain).any(axis=0))
    assert changed.size
    assert changed.min() >= 10_000
    assert changed.max() < 10_000 + round(0.005 * RATE)


def test_resample_is_an_edit_of_its_own(opened: Stage) -> None:
    opened.answers.chosen = {"sample_rate": 16_000}
    opened.window.actions_by_id["resample"].trigger()
    opened.idle()
    assert opened.editor.sound is not None
    assert (opened.editor.sound.sample_rate, opened.editor.sound.length) == (16_000, 32_000)
    assert steps(opened) == ["Resample to 16 kHz"]
    assert opened.editor.timeline.selection == Region(3_333, 6_667)
    press(opened, Qt.Key.Key_Z, CTRL)
    assert opened.editor.sound.sample_rate == RATE


def test_channels_of_a_document(stage: Stage, tmp_path: Path) -> None:
    stage.open(write_tone(tmp_path / "stereo.wav", channels=2))
    before = samples(stage)
    stage.answers.chosen = {"how": "keep channel 2"}
    stage.window.actions_by_id["channels"].trigger()
    stage.idle()
    assert np.array_equal(samples(stage), before[1:])
    stage.answers.chosen = {"how": "make stereo"}
    stage.window.actions_by_id["channels"].trigger()
    stage.idle()
    assert np.array_equal(samples(stage), before[[1, 1]])
    assert steps(stage) == ["Extract channel 2", "Make stereo"]


def test_a_tone_is_generated_at_the_playhead(opened: Stage) -> None:
    editor = opened.editor
    generate = Generate(editor.scratch)
    editor.catalogue = Catalogue({**editor.catalogue.effects, generate.id: generate}, {}, {})
    editor.catalogue_changed.emit()
    editor.timeline.select(None)
    editor.transport.seek(1_000)
    before = samples(opened)
    opened.answers.chosen = {"length_s": 0.5, "kind": "silence"}
    opened.window.actions_by_id["generate"].trigger()
    opened.idle()
    after = samples(opened)
    assert after.shape[1] == before.shape[1] + RATE // 2
    assert not after[:, 1_000 : 1_000 + RATE // 2].any()
    assert editor.timeline.selection == Region(1_000, 1_000 + RATE // 2)
    assert steps(opened) == ["Generate silence"]


def test_a_cancelled_dialog_does_nothing(opened: Stage) -> None:
    opened.answers.yes = False
    for name in ("resample", "channels", "generate"):
        opened.window.actions_by_id[name].trigger()
        opened.idle()
    assert steps(opened) == []


def test_undo_of_two_hours_is_a_reference(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    document = stage.editor.document
    assert document is not None
    long = Sound.from_store(document.sound.pieces[0].store, RATE)
    for _ in range(12):  # two and a half hours
        long = long.splice(Region(long.length, long.length), long)
    document.edit("Long", long, Region(0, 2 * RATE))
    stage.editor.timeline.select(Region(RATE, long.length - RATE))
    stage.window.actions_by_id["delete"].trigger()
    assert document.sound.length == 2 * RATE
    stage.editor.undo()
    assert document.sound is long  # no sample was read or copied


def test_what_draws_in_the_background_rests_while_a_step_is_shown(
    opened: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    loaders = opened.window.view._loaders()
    assert len(loaders) > 5
    order: list[str] = []
    shown = opened.window.view.set_sound

    def show(*given: object, **named: object) -> None:
        order.append("held" if all(loader._held for loader in loaders) else "at work")
        shown(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(opened.window.view, "set_sound", show)
    press(opened, Qt.Key.Key_X, CTRL)
    press(opened, Qt.Key.Key_Z, CTRL)
    assert order == ["held", "held"]
    opened.qtbot.waitUntil(lambda: not any(loader._held for loader in loaders))
    opened.qtbot.waitUntil(lambda: opened.window.view.spectrogram.picture is not None)
