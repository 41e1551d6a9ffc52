"""The manager of plugins, and plugins as effects of the window."""

from pathlib import Path

import numpy as np
import pytest
from conftest import Stage, write_tone
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QLineEdit, QPushButton
from pytestqt.qtbot import QtBot

from audiosr_desktop import paths
from audiosr_desktop.effects.chain import Module
from audiosr_desktop.effects.effect import Parameter
from audiosr_desktop.engine.bundle import installed_bundles
from audiosr_desktop.engine.install import remove_bundle
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import run_job
from audiosr_desktop.plugins.host import enable, list_plugins
from audiosr_desktop.plugins.manifest import NATIVE_PATHS
from audiosr_desktop.ui.catalogue import load_catalogue
from audiosr_desktop.ui.dialogs.plugin_dialog import PluginDialog
from audiosr_desktop.ui.panels.effect_menu import EffectMenu
from audiosr_desktop.ui.panels.model_card import ModelCard
from audiosr_desktop.ui.panels.parameter_form import ParameterForm

BAD = """\
from audiosr_desktop.plugins.api import BlockEffect

class Bad(BlockEffect):
    id = title = "my.bad"

    def process_block(self, block, sample_rate, values):
        raise RuntimeError("no")

def effects(scratch):
    return [Bad(scratch)]
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "data" / "plugins"
    monkeypatch.setattr(paths, "user_plugins_dir", lambda: folder)
    monkeypatch.setattr(paths, "plugin_records", lambda: tmp_path / "data" / "plugins.json")
    monkeypatch.setenv(NATIVE_PATHS, "")
    (folder / "bad").mkdir(parents=True)
    (folder / "bad" / "bad.py").write_text(BAD)
    template = (paths.plugin_template_dir() / "plugin.toml").read_text()
    for word in ("@NAME@", "@TITLE@", "@MODULE@"):
        template = template.replace(word, "bad")
    (folder / "bad" / "plugin.toml").write_text(template)
    return folder


def states(dialog: PluginDialog) -> dict[str, str]:
    return {listed.plugin.id: listed.state for listed in dialog._listed}


def settle(dialog: PluginDialog, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: not dialog.runner.busy, timeout=30_000)


def choose(dialog: PluginDialog, plugin_id: str) -> None:
    dialog.table.selectRow(list(states(dialog)).index(plugin_id))


def test_trust_is_asked_and_a_plugin_becomes_an_effect(
    stage: Stage, home: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    stage.window.show_plugins()
    dialog = stage.window.findChild(PluginDialog)
    assert dialog is not None
    settle(dialog, qtbot)
    assert states(dialog) == {"my.bad": "off", "example.stereo-width": "off"}
    choose(dialog, "example.stereo-width")
    assert "wider or narrower" in dialog.details.toPlainText()
    stage.answers.yes = False
    dialog.switch.click()
    assert stage.answers.asked[-1] == "Trust this plugin?"
    assert states(dialog)["example.stereo-width"] == "off"
    stage.answers.yes = True
    with qtbot.waitSignal(stage.editor.catalogue_changed, timeout=30_000):
        dialog.switch.click()
    settle(dialog, qtbot)
    assert states(dialog)["example.stereo-width"] == "on"
    assert dialog.switch.text() == "Disable"
    dialog.close()

    stage.open(write_tone(tmp_path / "stereo.wav", channels=2))
    chooser = stage.window.panel.chooser
    chooser.setCurrentIndex(chooser.findData("example.stereo-width"))
    form = stage.window.panel.form
    assert form is not None
    form.set_values({"width": 0.0})
    document = stage.editor.document
    assert document is not None
    before = document.sound
    stage.window.actions_by_id["preview"].trigger()
    qtbot.waitUntil(lambda: "B is with" in stage.window.preview.text, timeout=30_000)
    heard = stage.editor.transport.heard_sound
    assert heard is not None
    np.testing.assert_allclose(*heard.read(0, 48_000), atol=1e-6)
    assert document.sound is before
    stage.window.actions_by_id["preview"].trigger()
    with qtbot.waitSignal(stage.editor.applying.restored, timeout=30_000):
        stage.window.apply_effect()
    stage.idle()
    left, right = document.sound.read(0, before.length)
    np.testing.assert_allclose(left, right, atol=1e-6)
    assert document.undo_stack.undoText() == "Stereo width"
    stage.editor.undo()
    assert document.sound is before


def test_disabling_takes_the_effect_away(stage: Stage, home: Path, qtbot: QtBot) -> None:
    run_job(enable("example.stereo-width"))
    stage.window.show_plugins()
    dialog = stage.window.findChild(PluginDialog)
    assert dialog is not None
    settle(dialog, qtbot)
    assert "example.stereo-width" in stage.editor.catalogue.effects
    choose(dialog, "example.stereo-width")
    with qtbot.waitSignal(stage.editor.catalogue_changed, timeout=30_000):
        dialog.switch.click()
    settle(dialog, qtbot)
    assert "example.stereo-width" not in stage.editor.catalogue.effects
    assert stage.window.panel.chooser.findData("example.stereo-width") < 0
    dialog.close()


def test_a_plugin_that_raises_is_told_once_and_the_document_stays(
    stage: Stage, home: Path, tone_file: Path, qtbot: QtBot
) -> None:
    run_job(enable("my.bad"))
    stage.window.plugging._on_plugins_changed(list_plugins()[0])
    stage.open(tone_file)
    document = stage.editor.document
    assert document is not None
    before = document.sound
    with qtbot.waitSignal(stage.editor.failed, timeout=30_000):
        assert stage.editor.applying.apply("my.bad", {})
    stage.idle()
    assert document.sound is before
    assert not document.locked
    assert [str(error) for _, error in stage.answers.errors] == [
        "bad failed with RuntimeError: no; nothing was changed."
    ]
    dialog = PluginDialog(lambda *_: True)
    qtbot.addWidget(dialog)
    settle(dialog, qtbot)
    choose(dialog, "my.bad")
    text = dialog.details.toPlainText()
    assert "failed with RuntimeError: no" in text
    assert 'raise RuntimeError("no")' in text  # the traceback
    assert dialog.switch.text() == "Try again"
    dialog.close()


def test_the_own_window_of_a_plugin_sets_the_form(
    stage: Stage, home: Path, tone_file: Path, qtbot: QtBot
) -> None:
    code = BAD.replace("BlockEffect\n\n", "BlockEffect, Parameter\n\n").replace(
        "    def process_block",
        '    parameters = (Parameter("level", "Level", "float", 1.0, 0.0, 9.0),)\n\n'
        '    def edit(self, values):\n        return {"level": values["level"] + 2.5}\n\n'
        "    def process_block",
    )
    (home / "bad" / "bad.py").write_text(code)
    run_job(enable("my.bad"))
    stage.window.plugging._on_plugins_changed(list_plugins()[0])
    stage.open(tone_file)
    panel = stage.window.panel
    assert not panel.window_button.isVisible()
    panel.chooser.setCurrentIndex(panel.chooser.findData("my.bad"))
    assert panel.window_button.isVisible() and panel.window_button.isEnabled()
    with qtbot.waitSignal(stage.editor.runner.ended, timeout=30_000):
        panel.window_button.click()
    assert panel.values() == {"level": 3.5}
    assert stage.answers.errors == []


SAVES = """\
from audiosr_desktop.plugins.api import BlockEffect, Parameter

class Saves(BlockEffect):
    id = "my.bad"
    title = "Saves"
    parameters = (
        Parameter("level", "Level", "float", 1.0, 0.0, 9.0),
        Parameter("state", "State", "text", "", opaque=True),
    )

    def edit(self, values):
        return {"level": values["level"] + 2.5, "state": values["state"] + "s" * 100_000}

    def process_block(self, block, sample_rate, values):
        return block * block.dtype.type(len(values["state"]) / 200_000)

def effects(scratch):
    return [Saves(scratch)]
"""


def test_state_is_kept_in_the_form_chains_projects_and_history(
    stage: Stage, home: Path, tone_file: Path, tmp_path: Path, qtbot: QtBot
) -> None:
    (home / "bad" / "bad.py").write_text(SAVES)
    stage.window.chaining.show()  # open before the plugin is there
    chain_dialog = stage.window.chaining.dialog
    assert chain_dialog is not None
    run_job(enable("my.bad"))
    stage.window.plugging._on_plugins_changed(list_plugins()[0])
    stage.open(tone_file)
    document = stage.editor.document
    assert document is not None
    before = document.sound.read(0, 1000)
    panel = stage.window.panel
    panel.chooser.setCurrentIndex(panel.chooser.findData("my.bad"))
    with qtbot.waitSignal(stage.editor.runner.ended, timeout=30_000):
        panel.window_button.click()
    kept = {"level": 3.5, "state": "s" * 100_000}
    assert panel.values() == kept

    menu = chain_dialog.button("Add").menu()
    assert isinstance(menu, EffectMenu)
    menu.aboutToShow.emit()
    menu.offered()[-1].trigger()
    assert chain_dialog.chain.modules == (Module("my.bad", kept),)
    assert len(chain_dialog.list.item(0).text()) < 100
    chain_dialog.close()

    with qtbot.waitSignal(stage.editor.applying.restored, timeout=30_000):
        stage.window.apply_effect()
    stage.idle()
    np.testing.assert_array_equal(document.sound.read(0, 1000), before / 2)
    project = tmp_path / "work.asrproj"
    stage.answers.project = (project, False)
    stage.window.actions_by_id["save_as"].trigger()
    stage.idle()
    stage.window.actions_by_id["close"].trigger()
    assert panel.form is not None
    field = panel.form.field("state")
    assert [label.text() for label in field.findChildren(QLabel)] == ["100.0 kB"]
    field.findChild(QPushButton).click()
    assert panel.values() == {**kept, "state": ""}
    assert not field.findChild(QPushButton).isEnabled()
    stage.open(project)
    document = stage.editor.document
    assert document is not None
    step = document.history().steps[0][0]
    assert (step.effect_id, step.text) == ("my.bad", "Saves")
    row = stage.window.history.list.topLevelItem(1)
    assert (row.text(0), row.toolTip(0).splitlines()[-1]) == ("Saves · 3.5", "Level: 3.5")
    assert stage.window.reopen(step.effect_id, step.values)
    assert panel.values() == kept


def test_effects_of_plugins_are_in_the_menu_and_found(stage: Stage, home: Path, qtbot: QtBot) -> None:
    run_job(enable("example.stereo-width"))
    stage.window.plugging._on_plugins_changed(list_plugins()[0])
    menu = stage.window.effect_menu
    menu.aboutToShow.emit()
    assert [action.text() for action in menu.offered()] == ["Super-resolution", "Halve", "Stereo width"]
    menu.search.setText(" WIDTH")
    assert [action.text() for action in menu.offered()] == ["Stereo width"]
    qtbot.keyClick(menu.search, Qt.Key.Key_Return)
    assert stage.window.panel.effect is stage.editor.catalogue.effects["example.stereo-width"]
    menu.search.setText("no such thing")
    qtbot.keyClick(menu.search, Qt.Key.Key_Return)
    assert stage.window.panel.effect is stage.editor.catalogue.effects["example.stereo-width"]


def test_the_models_of_a_plugin_are_offered(
    stage: Stage, home: Path, tiny_folder: Path, qtbot: QtBot
) -> None:
    (home / "bad" / "models").mkdir()
    (home / "bad" / "models" / "tiny").symlink_to(tiny_folder)
    with qtbot.waitSignal(stage.editor.catalogue_changed, timeout=30_000):
        stage.window.plugging._on_plugins_changed(list_plugins()[0])
    [bundle] = [bundle for bundle in installed_bundles() if bundle.of_plugin]
    card = ModelCard(bundle, {})
    qtbot.addWidget(card)
    assert "Of a plugin" in [label.text() for label in card.findChildren(QLabel)]
    assert not card.remove_button.isEnabled()
    assert (bundle.manifest.title, bundle.id) in run_job(load_catalogue(stage.editor.scratch)).choices[
        "model"
    ]
    with pytest.raises(BundleError, match=r"came with the plugin in .*bad and cannot be removed"):
        remove_bundle(bundle.id)


def test_search_rescan_and_failures_in_the_manager(home: Path, qtbot: QtBot) -> None:
    (home / "bad" / "bad.py").write_text("raise ValueError('on import')")
    dialog = PluginDialog(lambda *_: True)
    qtbot.addWidget(dialog)
    settle(dialog, qtbot)
    choose(dialog, "my.bad")
    dialog.switch.click()
    qtbot.waitUntil(lambda: states(dialog)["my.bad"] == "failed", timeout=30_000)
    settle(dialog, qtbot)
    assert dialog.status.text() == "bad failed with ValueError: on import; nothing was changed."
    dialog.search.setText("WIDTH")
    assert [dialog.table.isRowHidden(row) for row in range(2)] == [True, False]
    dialog.search.clear()
    dialog.rescan.click()
    assert dialog.cancel.isEnabled() and not dialog.rescan.isEnabled()
    settle(dialog, qtbot)
    (home / "bad" / "plugin.toml").write_text("id = 3")
    dialog.rescan.click()
    settle(dialog, qtbot)
    assert "lacks the text of id" in dialog.status.text()
    dialog.close()


def test_files_and_fine_numbers_in_the_form(qtbot: QtBot) -> None:
    form = ParameterForm(
        [
            Parameter("table", "Table", "file", ""),
            Parameter("mix", "Mix", "float", 0.125, 0.0, 1.0),
            Parameter("gain", "Gain", "float", 0.25, -50.0, 50.0, "dB"),
        ]
    )
    qtbot.addWidget(form)
    assert form.values() == {"table": "", "mix": 0.125, "gain": 0.25}
    with qtbot.waitSignal(form.changed):
        form.field("table").findChild(QLineEdit).setText("/some/table.csv")
    assert form.values()["table"] == "/some/table.csv"
    assert form.field("table").findChild(QPushButton).text() == "Choose…"
