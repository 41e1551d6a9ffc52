"""The dialog of chains: modules in order, bypass, values, presets, the proposal, and one edit for all."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, Stage
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QToolButton

from audiosr_desktop import paths
from audiosr_desktop.effects.chain import Chain, Module, chain_to_json
from audiosr_desktop.effects.presets import find_preset
from audiosr_desktop.ui.dialogs.chain_dialog import ChainDialog
from audiosr_desktop.ui.gate import CHAIN_ID
from audiosr_desktop.ui.panels.effect_menu import EffectMenu
from audiosr_desktop.ui.transport import DELTA, TAKE_A

TWICE = Chain("Twice", (Module("test.halve"), Module("test.halve", {"seed": 3}, reason="Because.")), "Two.")


@pytest.fixture(autouse=True)
def own_presets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "user_presets_dir", lambda: tmp_path / "presets")


@pytest.fixture
def dialog(stage: Stage, tone_file: Path) -> Iterator[ChainDialog]:
    stage.open(tone_file)
    stage.window.actions_by_id["chain"].trigger()
    dialog = stage.window.chaining.dialog
    assert dialog is not None
    yield dialog
    dialog.close()


def test_a_chain_is_one_edit_and_can_be_reopened(stage: Stage, dialog: ChainDialog) -> None:
    document = stage.editor.document
    assert document is not None
    before = document.sound.read(0, document.sound.length)
    dialog.show_chain(TWICE)
    dialog.button("Apply").click()
    stage.idle()
    after = document.sound.read(0, document.sound.length)
    np.testing.assert_array_equal(after, before * np.float32(0.25))
    assert document.undo_stack.count() == 1
    assert document.undo_stack.undoText() == "Twice"
    step = document.history().steps[0][0]
    assert (step.effect_id, step.text) == (CHAIN_ID, "Twice")
    dialog.show_chain(Chain("Other", (Module("test.halve"),)))
    assert stage.window.reopen(step.effect_id, step.values)
    assert dialog.chain == TWICE
    stage.editor.applying.repeat()
    stage.idle()
    assert document.undo_stack.count() == 2


def test_a_module_without_its_tick_is_skipped(stage: Stage, dialog: ChainDialog) -> None:
    dialog.show_chain(TWICE)
    dialog.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert [module.bypassed for module in dialog.chain.modules] == [True, False]
    dialog.button("Apply").click()
    stage.idle()
    assert stage.halve.given["seed"] == 3
    dialog.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert not dialog.button("Apply").isEnabled()


def test_modules_are_added_edited_moved_and_removed(stage: Stage, dialog: ChainDialog) -> None:
    menu = dialog.button("Add").menu()
    assert isinstance(menu, EffectMenu)
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.offered()] == ["Super-resolution", "Halve"]
    for action in reversed(menu.offered()):
        action.trigger()
    stage.answers.chosen = {"quality": "draft"}
    dialog.button("Edit…").click()
    assert dialog.chain.modules[1] == Module("audiosr.super-resolution", {"quality": "draft"})
    assert not dialog.button("Down").isEnabled()
    dialog.button("Up").click()
    assert [module.effect for module in dialog.chain.modules] == ["audiosr.super-resolution", "test.halve"]
    assert not dialog.button("Up").isEnabled()
    dialog.button("Remove").click()
    dialog.button("Remove").click()
    assert dialog.chain.modules == ()
    assert not dialog.button("Edit…").isEnabled()


def test_presets_are_saved_after_a_question_and_imported(
    stage: Stage, dialog: ChainDialog, tmp_path: Path
) -> None:
    dialog.show_chain(TWICE)
    dialog.save()
    assert find_preset("twice").chain == TWICE
    dialog.button("Remove").click()
    stage.answers.yes = False
    dialog.save()
    assert find_preset("twice").chain == TWICE
    stage.answers.yes = True
    dialog.save()
    assert len(find_preset("twice").chain.modules) == 1
    shared = tmp_path / "shared.json"
    shared.write_text(chain_to_json(Chain("Shared", TWICE.modules)), encoding="utf-8")
    dialog.import_file(shared)
    assert dialog.chain.title == "Shared"
    assert find_preset("shared").chain.modules == TWICE.modules
    shared.write_text("no", encoding="utf-8")
    dialog.import_file(shared)
    assert "not a preset" in str(stage.answers.errors[0][1])
    assert dialog.chain.title == "Shared"


def test_the_proposal_is_shown_with_its_reasons(stage: Stage, dialog: ChainDialog) -> None:
    dialog.button("Propose").click()
    stage.idle()
    proposed = dialog.chain.modules
    tone = next(module for module in proposed if module.effect == "audiosr.remove-tone")
    assert "1000.0 Hz" in tone.reason
    assert dialog.list.count() == len(proposed)
    assert tone.reason in dialog.list.item(proposed.index(tone)).text()


def test_values_are_named_as_in_the_forms(dialog: ChainDialog) -> None:
    dialog.show_chain(
        Chain("Named", (Module("test.halve", {"seed": 7, "amount": 40.0}), Module("no.such", {"x": 1})))
    )
    assert dialog.list.item(0).text() == "Halve\nQuality standard · Amount 40 % · Seed 7"
    assert dialog.list.item(1).text() == "no.such (not there)\nx 1"


def test_what_is_not_there_is_told_and_nothing_is_changed(stage: Stage, dialog: ChainDialog) -> None:
    dialog.show_chain(Chain("Strange", (Module("no.such"),)))
    dialog.button("Apply").click()
    assert "no.such" in str(stage.answers.errors[0][1])
    assert stage.editor.document is not None
    assert not stage.editor.document.modified
    assert not stage.editor.document.locked
    assert stage.editor.document.sound.sample_rate == RATE


def preset_actions(stage: Stage) -> dict[str, QAction]:
    menu = stage.window.panel.presets
    menu.aboutToShow.emit()
    return {action.text(): action for action in menu.actions() if action.text()}


def test_values_of_the_panel_are_kept_as_a_preset_and_put_back(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    panel, answers = stage.window.panel, stage.answers
    assert list(preset_actions(stage)) == [
        "Defaults",
        "Save as a preset…",
    ]
    panel.set_value("amount", 40.0)
    panel.set_value("quality", "draft")
    answers.chosen = {"name": "Halfway"}
    preset_actions(stage)["Save as a preset…"].trigger()
    assert find_preset("halfway").chain == Chain(
        "Halfway", (Module("test.halve", {"amount": 40.0, "quality": "draft"}),)
    )
    panel.set_value("amount", 70.0)
    panel.set_value("seed", 9)
    preset_actions(stage)["Halfway"].trigger()
    assert panel.values() == {"quality": "draft", "amount": 40.0, "seed": 0}
    preset_actions(stage)["Defaults"].trigger()
    assert panel.values() == {"quality": "standard", "amount": 100.0, "seed": 0}
    answers.yes = True
    preset_actions(stage)["Save as a preset…"].trigger()  # replaces it, once that is allowed
    assert "Replace the preset?" in answers.asked
    assert find_preset("halfway").chain.modules[0].values == {}
    answers.chosen = {"name": "…"}
    preset_actions(stage)["Save as a preset…"].trigger()
    assert "letters" in str(answers.errors[0][1])


def test_what_compares_stands_beside_preview(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.window.actions_by_id["preview"].trigger()
    stage.qtbot.waitUntil(lambda: "B is with" in stage.window.preview.text, timeout=10_000)
    tools = stage.window.panel.findChildren(QToolButton)
    source, delta = (tool for tool in tools if tool.defaultAction() is not None)
    transport = stage.editor.transport
    QTest.mouseClick(source, Qt.MouseButton.LeftButton)
    assert transport.take == TAKE_A
    QTest.mouseClick(delta, Qt.MouseButton.LeftButton)
    assert transport.take == DELTA
    stage.window.preview.stop()
    assert not source.isEnabled()
