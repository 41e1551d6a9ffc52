"""The window of models: cards, imports, checks, removal, and where models are kept."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QMimeData, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot
from tiny_bundle import build_tiny_bundle
from ui_fakes import Answers

from audiosr_desktop import paths
from audiosr_desktop.effects.timing import Timings
from audiosr_desktop.engine import install
from audiosr_desktop.engine.bundle import find_bundle, installed_bundles
from audiosr_desktop.engine.install import ImportOptions, import_bundle
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import Job, Progress, run_job
from audiosr_desktop.ui.catalogue import Catalogue, cost_of, load_catalogue
from audiosr_desktop.ui.dialogs import models_dialog
from audiosr_desktop.ui.dialogs.models_dialog import ModelsDialog
from audiosr_desktop.ui.dialogs.preferences import PreferencesDialog
from audiosr_desktop.ui.panels import device_page
from audiosr_desktop.ui.panels.model_card import ModelCard, bytes_words, speed_words
from audiosr_desktop.ui.settings import Settings

WAIT_MS = 20_000


class Choosing:
    """Gives the paths it was told to."""

    def __init__(self) -> None:
        self.path: Path | None = None
        self.asked: list[bool] = []

    def __call__(self, title: str, folder: bool) -> Path | None:
        self.asked.append(folder)
        return self.path


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, tiny_folder: Path) -> Path:
    """The user's folders; the model `tiny` came with the program."""
    shutil.copytree(tiny_folder, tmp_path / "shipped" / "tiny")
    monkeypatch.setattr(paths, "shipped_models_dir", lambda: tmp_path / "shipped")
    monkeypatch.setattr(paths, "default_models_dir", lambda: tmp_path / "models")
    monkeypatch.setattr(paths, "models_choice_file", lambda: tmp_path / "config" / "models-folder.txt")
    return tmp_path


class Shelf:
    """The window of models with stand-ins around it."""

    def __init__(self, dialog: ModelsDialog, answers: Answers, choosing: Choosing, qtbot: QtBot) -> None:
        self.dialog, self.answers, self.choosing, self.qtbot = dialog, answers, choosing, qtbot

    def idle(self) -> None:
        self.qtbot.waitUntil(lambda: not self.dialog.runner.busy, timeout=WAIT_MS)

    def import_(self, path: Path) -> None:
        self.choosing.path = path
        button = self.dialog.import_folder if path.is_dir() else self.dialog.import_file
        button.click()
        self.idle()

    def texts(self, bundle_id: str) -> str:
        return "\n".join(label.text() for label in self.dialog.cards[bundle_id].findChildren(QLabel))


@pytest.fixture
def shelf(qtbot: QtBot, home: Path) -> Iterator[Shelf]:
    answers, choosing = Answers(), Choosing()
    dialog = ModelsDialog(answers, Timings(home / "timings.json"), choosing)
    qtbot.addWidget(dialog)
    dialog.show()
    yield Shelf(dialog, answers, choosing, qtbot)
    dialog.runner.stop()
    dialog.close()


def test_a_card_says_what_a_model_is_and_takes(shelf: Shelf, home: Path) -> None:
    text = shelf.texts("tiny")
    for words in ("Tiny", "For tests.", "super-resolution", "CC0-1.0", "not measured yet", "program"):
        assert words in text
    bundle = installed_bundles()[0]
    assert bytes_words(bundle.size_bytes) in text
    card = shelf.dialog.cards["tiny"]
    assert not card.remove_button.isEnabled()
    assert str(home / "models") in shelf.dialog.place.text()


def test_the_recommended_model_has_its_badge(qtbot: QtBot, home: Path) -> None:
    bundle = run_job(import_bundle(home / "shipped" / "tiny", bundle_id="audiosr-compact"))
    card = ModelCard(bundle, {"draft": 0.0512, "best": 0.25, "7": 1.0})
    qtbot.addWidget(card)
    texts = [label.text() for label in card.findChildren(QLabel)]
    assert "Recommended" in texts
    assert "Imported" in texts
    assert speed_words({"draft": 0.0512, "best": 0.25, "7": 1.0}, {"draft": 9.0}) in texts
    assert speed_words({"draft": 0.0512, "best": 0.25}, {}).startswith("Draft 0.051 · Best 0.25 s")
    assert speed_words({}, {"draft": 1.2}).startswith("not measured yet; on two cores Draft 1.2 s")


def test_text_of_a_manifest_is_not_read_as_markup(qtbot: QtBot, home: Path) -> None:
    made = build_tiny_bundle(home / "made" / "bold", title="<img src='x'>", description="<b>Big</b>")
    card = ModelCard(run_job(import_bundle(made)), {})
    qtbot.addWidget(card)
    labels = [label for label in card.findChildren(QLabel) if "<" in label.text()]
    assert len(labels) == 2
    assert all(label.textFormat() == Qt.TextFormat.PlainText for label in labels)


def test_a_model_is_imported_verified_and_removed(shelf: Shelf, home: Path) -> None:
    made = build_tiny_bundle(home / "made" / "second", title="Second")
    with shelf.qtbot.waitSignal(shelf.dialog.models_changed, timeout=WAIT_MS):
        shelf.import_(made)
    assert shelf.choosing.asked == [True]
    card = shelf.dialog.cards["second"]
    assert "Imported." in card.status.text()
    card.verify_button.click()
    shelf.idle()
    assert "as they should be" in card.status.text()
    shelf.answers.yes = False
    card.remove_button.click()
    assert "second" in shelf.dialog.cards
    shelf.answers.yes = True
    with shelf.qtbot.waitSignal(shelf.dialog.models_changed):
        card.remove_button.click()
    assert list(shelf.dialog.cards) == ["tiny"]
    assert not (home / "models" / "second").exists()
    assert shelf.answers.asked == ["Remove the model?", "Remove the model?"]


def test_a_zip_can_be_dropped(shelf: Shelf, home: Path) -> None:
    made = build_tiny_bundle(home / "made" / "second")
    packed = Path(shutil.make_archive(str(home / "packed"), "zip", made))
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(packed))])
    copy, left, none = Qt.DropAction.CopyAction, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    enter = QDragEnterEvent(QPointF(5, 5).toPoint(), copy, data, left, none)
    shelf.dialog.dragEnterEvent(enter)
    assert enter.isAccepted()
    shelf.dialog.dropEvent(QDropEvent(QPointF(5, 5), copy, data, left, none))
    shelf.idle()
    assert sorted(shelf.dialog.cards) == ["second", "tiny"]


def test_a_taken_name_is_asked_about(shelf: Shelf, home: Path) -> None:
    made = build_tiny_bundle(home / "made" / "second", title="Old")
    shelf.import_(made)
    build_tiny_bundle(made, title="New")
    shelf.answers.yes = False
    shelf.import_(made)
    assert shelf.answers.asked == ["Replace the model?"]
    assert "Old" in shelf.texts("second")
    shelf.answers.yes = True
    shelf.import_(made)
    shelf.qtbot.waitUntil(lambda: "New" in shelf.texts("second"), timeout=WAIT_MS)
    shelf.idle()
    assert shelf.answers.errors == []


def test_what_is_no_model_is_one_sentence_and_leaves_nothing(shelf: Shelf, home: Path) -> None:
    path = home / "bad.zip"
    path.write_bytes(b"no zip file")
    shelf.import_(path)
    title, error = shelf.answers.errors[0]
    assert title == "Import bad.zip"
    assert isinstance(error, BundleError)
    assert list(shelf.dialog.cards) == ["tiny"]
    assert not list((home / "models").glob("*")) if (home / "models").exists() else True


def test_a_damaged_model_is_shown_as_such_and_verify_tells(shelf: Shelf, home: Path) -> None:
    shelf.import_(build_tiny_bundle(home / "made" / "second"))
    graph = home / "models" / "second" / "vocoder.onnx"
    graph.write_bytes(graph.read_bytes()[:-1] + b"x")
    shelf.dialog.cards["second"].verify_button.click()
    shelf.idle()
    assert "expected sum" in str(shelf.answers.errors[0][1])
    graph.unlink()
    shelf.dialog.refresh()
    texts = [label.text() for label in shelf.dialog.findChildren(QLabel) if not label.isHidden()]
    assert "second" not in shelf.dialog.cards
    assert any("incomplete" in text for text in texts)


def test_an_import_can_be_cancelled(shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ended: list[str] = []

    def endless(path: Path, options: ImportOptions) -> Job[None]:
        try:
            while True:
                yield Progress(0.1, "Copying")
        finally:
            ended.append(path.name)

    monkeypatch.setattr(models_dialog, "import_model", endless)
    shelf.choosing.path = home / "some.zip"
    shelf.dialog.import_file.click()
    assert not shelf.dialog.import_file.isEnabled()
    assert not shelf.dialog.cards["tiny"].verify_button.isEnabled()
    shelf.qtbot.waitUntil(lambda: shelf.dialog.panel.stage.text() == "Copying", timeout=WAIT_MS)
    shelf.dialog.panel.cancel_button.click()
    shelf.idle()
    assert ended == ["some.zip"]
    assert shelf.dialog.import_file.isEnabled()
    assert "Cancelled" in shelf.dialog.panel.stage.text()


def test_of_a_checkpoint_it_is_asked_what_it_is(
    shelf: Shelf, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[ImportOptions] = []

    def importer(path: Path, options: ImportOptions) -> Job[None]:
        given.append(options)
        yield Progress(0.0, "Reading")
        raise BundleError("Importing a checkpoint needs torch.")

    monkeypatch.setattr(install, "_checkpoint_importer", lambda: importer)
    path = home / "tuned.ckpt"
    path.write_bytes(b"")
    shelf.answers.yes = False
    shelf.import_(path)
    assert given == []
    shelf.answers.yes = True
    shelf.answers.chosen = {
        "condition": models_dialog.CHECKPOINT[0].choices[1],
        "precision": models_dialog.CHECKPOINT[1].choices[1],
    }
    shelf.import_(path)
    assert given == [ImportOptions(precision="half", condition="degraded_mel")]
    assert "needs torch" in str(shelf.answers.errors[0][1])


def test_a_test_measures_and_is_remembered(shelf: Shelf, home: Path) -> None:
    shelf.dialog.cards["tiny"].measure_button.click()
    shelf.idle()
    card = shelf.dialog.cards["tiny"]
    assert "CPU agrees with the reference" in card.status.text()
    assert "Standard" in shelf.texts("tiny")
    key = cost_of(find_bundle("tiny")).key
    again = Timings(home / "timings.json").measured("audiosr.super-resolution", key)
    assert set(again) == {"draft", "standard", "best"}


def test_the_folder_can_be_moved(shelf: Shelf, home: Path) -> None:
    shelf.import_(build_tiny_bundle(home / "made" / "second"))
    shelf.choosing.path = home / "disk"
    shelf.dialog.move_place.click()
    shelf.idle()
    assert str(home / "disk") in shelf.dialog.place.text()
    assert (home / "disk" / "second" / "manifest.json").is_file()
    assert sorted(shelf.dialog.cards) == ["second", "tiny"]


def test_the_form_offers_what_is_installed_after_an_import(stage, home: Path, run_scratch) -> None:
    def load() -> Job[Catalogue]:
        return load_catalogue(run_scratch)

    editor = stage.editor
    editor._load_effects = load
    with stage.qtbot.waitSignal(editor.catalogue_changed, timeout=WAIT_MS):
        editor.reload_effects()
    assert [value for _, value in editor.catalogue.choices["model"]] == ["", "tiny"]
    stage.window.actions_by_id["models"].trigger()
    dialog = stage.window.models.dialog
    assert dialog is not None
    steps = {"draft": 1, "standard": 12, "best": 50}
    made = build_tiny_bundle(
        home / "made" / "second", title="Second", default_steps=steps, speeds={"draft": 3.0}
    )
    with stage.qtbot.waitSignal(editor.catalogue_changed, timeout=WAIT_MS):
        dialog.import_path(made)
    assert editor.catalogue.choices["model"][-1] == ("Second", "second")
    qualities = {value: text for text, value in editor.catalogue.choices["quality"]}
    assert qualities["draft"] == "Draft (1 step)"
    assert qualities["standard"] == "Standard (2–12 steps)"
    assert editor.catalogue.costs["second"].speeds == {"draft": 3.0}
    assert not editor.catalogue.costs["tiny"].speeds
    dialog.close()


def test_preferences_test_the_device(
    qtbot: QtBot, home: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.threads = 1
    dialog = PreferencesDialog(settings, 2)
    qtbot.addWidget(dialog)
    page = dialog.device
    page.test.click()
    qtbot.waitUntil(lambda: not page.runner.busy, timeout=WAIT_MS)
    assert "CPU agrees with the reference" in page.result.text()
    page.memory.setValue(2048)
    assert settings.gpu_memory_mb == 2048

    def failing(*_: object) -> Job[str]:
        yield Progress(0.0, "Trying")
        raise BundleError("There is no model.")

    monkeypatch.setattr(device_page, "_test", failing)
    page.test.click()
    qtbot.waitUntil(lambda: not page.runner.busy, timeout=WAIT_MS)
    assert page.result.text() == "There is no model."
    assert page.test.isEnabled()


def test_the_device_in_the_status_bar_tells_more(stage, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(stage.window.windows, "show_text", lambda title, text: said.append(text))
    stage.window.status.device.click()
    assert "No model has been loaded yet" in said[0]
    assert "a run takes: CPU" in said[0] or "a run takes: GPU" in said[0]
    assert "Threads: " in said[0]
