"""Errors as a person meets them: what is told, the report, and what the buttons do."""

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QAbstractButton, QApplication, QLabel
from pytestqt.qtbot import QtBot
from ui_fakes import Halve

from audiosr_desktop.audio.links import SourceLink
from audiosr_desktop.audio.region import Region
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.errors import (
    AudioFileError,
    AudioSRError,
    BundleError,
    EffectError,
    EngineError,
    EngineMemoryError,
    PlaybackError,
    PluginError,
    ProjectError,
    SoundError,
)
from audiosr_desktop.ui import reporting
from audiosr_desktop.ui.dialogs.dialogs import WindowDialogs
from audiosr_desktop.ui.dialogs.error_dialog import ErrorDialog
from audiosr_desktop.ui.dialogs.export_dialog import Export
from audiosr_desktop.ui.dialogs.log_window import LogWindow
from audiosr_desktop.ui.dialogs.plugin_dialog import PluginDialog
from audiosr_desktop.ui.dialogs.preferences import PreferencesDialog
from audiosr_desktop.ui.reporting import Facts, report_of, without_names
from audiosr_desktop.ui.troubles import Remedy, Trouble

SAMPLES = Region(10_000, 20_000)


@pytest.fixture
def real(stage: Stage, tone_file: Path) -> Stage:
    """A window that shows real error dialogs; files are still chosen by the stand-in."""
    stage.open(tone_file)
    stage.window.dialogs = WindowDialogs(stage.window, stage.window.settings)
    return stage


def shown(stage: Stage) -> ErrorDialog:
    """Return the error dialog that is open."""

    def found() -> list[ErrorDialog]:
        return [one for one in stage.window.findChildren(ErrorDialog) if one.isVisible()]

    stage.qtbot.waitUntil(lambda: len(found()) == 1, timeout=10_000)
    return found()[0]


def press(dialog: ErrorDialog, text: str) -> None:
    button = next(one for one in dialog.findChildren(QAbstractButton) if one.text() == text)
    # a box is switched at its mark; the words beside it may be wider than they look
    QTest.mouseClick(button, Qt.MouseButton.LeftButton, pos=QPoint(12, button.height() // 2))


def words(dialog: ErrorDialog) -> str:
    return "\n".join(label.text() for label in dialog.findChildren(QLabel))


def test_the_form_is_what_happened_what_it_means_and_what_to_do(real: Stage) -> None:
    real.editor.failed.emit("Restore 1.50 s", EngineError("The graph needs more memory than there is."))
    dialog = shown(real)
    assert dialog.windowTitle() == "Restore 1.50 s"
    assert dialog.happened.text() == "The graph needs more memory than there is."
    assert dialog.means.text() == "Nothing was changed."
    assert [button.text() for button in dialog.remedies] == ["Device…", "Models…"]
    assert dialog.remedies[0].isDefault()
    QTest.keyClick(dialog, Qt.Key.Key_Escape)
    assert not dialog.isVisible()


def test_a_fault_shows_no_traceback_but_copies_one(real: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reporting, "driver_version", lambda: "NVIDIA 580.1")
    try:
        raise ValueError("odd")
    except ValueError as error:
        real.editor.failed.emit("Play", error)
    dialog = shown(real)
    assert "ValueError: odd" in words(dialog)
    assert "Traceback" not in words(dialog)
    press(dialog, "Copy report")
    assert dialog.isVisible()
    report = QGuiApplication.clipboard().text()
    for part in ("AudioSR Desktop", "Python 3", "numpy", "Device:", "NVIDIA 580.1", "Sound device:"):
        assert part in report
    assert "While: Play" in report
    assert "ValueError: odd" in report
    assert "test_ui_errors.py" in report
    press(dialog, "Show log")
    logs = [window for window in real.window.findChildren(LogWindow) if window.isVisible()]
    assert len(logs) == 1
    logs[0].reject()
    press(dialog, "Close")
    assert not dialog.isVisible()


def test_the_report_tells_the_model_and_the_values_of_the_last_run(real: Stage) -> None:
    real.halve.error = EngineError("broken")
    real.editor.timeline.select(SAMPLES)
    real.editor.applying.apply(real.halve.id, {"quality": "draft", "amount": 50.0, "seed": 77})
    dialog = shown(real)
    real.editor.catalogue.report.update(model="compact", model_sha256="a1b2" * 16)
    press(dialog, "Copy report")
    report = QGuiApplication.clipboard().text()
    assert "Model: compact " + "a1b2" * 16 in report
    assert '"quality": "draft"' in report
    assert '"seed": 77' in report
    press(dialog, "Close")


def test_names_of_files_are_in_the_report_only_if_the_user_says_so(real: Stage, tone_file: Path) -> None:
    secret = tone_file.with_name("my interview with the minister.wav")
    secret.write_bytes(b"no sound")
    real.window.filing.open_file(secret)
    dialog = shown(real)
    assert secret.name in words(dialog)
    press(dialog, "Copy report")
    without = QGuiApplication.clipboard().text()
    assert "interview" not in without
    assert str(tone_file.parent) not in without
    assert "<file 1>" in without
    press(dialog, "with names of files")
    press(dialog, "Copied")
    assert secret.name in QGuiApplication.clipboard().text()
    press(dialog, "Close")


def test_paths_of_the_program_stay_readable_and_others_go() -> None:
    text = (
        f'File "{Path(reporting.__file__)}", line 3\nFile "/home/anna/Band/take one.flac", line 1\n'
        "cannot read /mnt/disk/x/y.wav: C:\\Users\\anna\\z.wav, take1.wav\n3/4 of it"
    )
    told = without_names(text, [Path("/home/anna/Band/take one.flac")])
    assert 'File "./audiosr_desktop/ui/reporting.py", line 3' in told
    for private in ("anna", "take", "y.wav", "z.wav", "Band"):
        assert private not in told
    assert "3/4 of it" in told


def test_a_report_follows_the_causes_of_an_error() -> None:
    try:
        try:
            raise FileNotFoundError(2, "No such file", "/srv/private/thing.dat")
        except OSError as error:
            raise AudioFileError("thing.dat cannot be read.", Path("/srv/private/thing.dat")) from error
    except AudioFileError as error:
        trouble = Trouble("Open thing.dat", error)
    assert "thing.dat" in report_of(trouble, Facts(), names=True)
    assert "thing" not in report_of(trouble, Facts(), names=False)


def test_a_target_that_cannot_be_written_offers_another_and_another_try(real: Stage, tmp_path: Path) -> None:
    gone = tmp_path / "not there" / "out.wav"
    real.answers.choice = Export(gone, None, None, overwrite=False)
    real.window.actions_by_id["export"].trigger()
    dialog = shown(real)
    assert "no file was written" in dialog.means.text()
    assert [button.text() for button in dialog.remedies] == ["Choose another place…", "Try again"]
    gone.parent.mkdir()
    press(dialog, "Try again")
    real.idle()
    assert gone.stat().st_size > 1000
    gone.parent.chmod(0o755)
    real.answers.choice = Export(tmp_path / "nowhere" / "out.wav", None, None, overwrite=False)
    real.window.actions_by_id["export"].trigger()
    dialog = shown(real)
    real.answers.choice = Export(tmp_path / "other.wav", None, None, overwrite=False)
    press(dialog, "Choose another place…")
    real.idle()
    assert (tmp_path / "other.wav").stat().st_size > 1000


def test_a_full_disk_leaves_the_file_that_was_there(
    real: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = write_tone(tmp_path / "old.wav", seconds=0.1)
    before = target.read_bytes()

    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("audiosr_desktop.audio.atomic.os.fsync", full)
        real.answers.choice = Export(target, None, None, overwrite=True)
        real.window.actions_by_id["export"].trigger()
        dialog = shown(real)
    assert "so is the file that was there" in dialog.means.text()
    assert target.read_bytes() == before
    press(dialog, "Try again")
    real.idle()
    assert target.read_bytes() != before


def test_a_missing_source_can_be_found_from_the_error(real: Stage, tone_file: Path, tmp_path: Path) -> None:
    project = tmp_path / "work.asrproj"
    real.answers.project = (project, False)
    real.editor.timeline.select(SAMPLES)
    real.window.editing.silence()
    real.window.actions_by_id["save"].trigger()
    real.idle()
    assert real.editor.sound is not None
    wanted = real.editor.sound.read(0, real.editor.sound.length)
    real.window.filing.close_document()
    away = tmp_path / "elsewhere.wav"
    tone_file.rename(away)
    real.answers.moved = {}
    real.open(project)
    real.editor.timeline.select(Region(0, 5000))
    real.window.editing.silence()  # work that is not saved yet
    real.answers.choice = Export(tmp_path / "out.wav", None, None, overwrite=False)
    real.window.actions_by_id["export"].trigger()
    dialog = shown(real)
    assert "missing" in dialog.happened.text()
    real.answers.moved = {tone_file: away}
    with real.qtbot.waitSignal(real.editor.document_changed, timeout=10_000):
        press(dialog, "Find the missing files…")
    real.qtbot.waitUntil(lambda: real.editor.document is not None, timeout=10_000)
    real.idle()
    assert [type(link) for link in real.answers.missing] == [SourceLink]
    sound = real.editor.sound
    assert sound is not None
    assert not sound.read(0, 5000).any()
    assert (sound.read(5000, sound.length) == wanted[:, 5000:]).all()
    document = real.editor.document
    assert document is not None
    assert document.undo_stack.count() == 2  # the history came along


def test_a_project_that_cannot_be_saved_can_be_saved_elsewhere(real: Stage, tmp_path: Path) -> None:
    real.editor.timeline.select(SAMPLES)
    real.window.editing.silence()
    real.answers.project = (tmp_path / "not there" / "a.asrproj", False)
    real.window.actions_by_id["save"].trigger()
    dialog = shown(real)
    assert "open with all its edits" in dialog.means.text()
    real.answers.project = (tmp_path / "b.asrproj", False)
    press(dialog, "Save in another place…")
    real.idle()
    assert (tmp_path / "b.asrproj").is_file()
    document = real.editor.document
    assert document is not None
    assert not document.modified


def test_a_file_that_is_no_sound_lets_another_be_opened(real: Stage, tmp_path: Path) -> None:
    (tmp_path / "bad.wav").write_bytes(b"text")
    real.window.filing.open_file(tmp_path / "bad.wav")
    dialog = shown(real)
    assert "Nothing was opened" in dialog.means.text()
    real.answers.open_path = write_tone(tmp_path / "good.wav", seconds=0.2)
    with real.qtbot.waitSignal(real.editor.document_changed, timeout=10_000):
        press(dialog, "Open another file…")
    assert len(real.editor.documents) == 2


def test_a_fault_lets_the_work_be_saved(real: Stage, tmp_path: Path) -> None:
    real.editor.timeline.select(SAMPLES)
    real.window.editing.silence()
    real.answers.project = (tmp_path / "saved.asrproj", False)
    real.editor.failed.emit("Play", ValueError("odd"))
    press(shown(real), "Save the project…")
    real.idle()
    assert (tmp_path / "saved.asrproj").is_file()


def test_an_autosave_that_fails_says_what_that_means(real: Stage, tmp_path: Path) -> None:
    real.answers.project = (tmp_path / "saved.asrproj", False)
    real.window.autosave._writer.failed.emit(ProjectError("The disk is full."))
    dialog = shown(real)
    assert "could not bring them back" in dialog.means.text()
    press(dialog, "Save the project…")
    real.idle()
    assert (tmp_path / "saved.asrproj").is_file()


@pytest.mark.parametrize(
    ("error", "button", "window"),
    [
        (EngineError("no memory"), "Device…", PreferencesDialog),
        (PluginError("gone"), "Plugins…", PluginDialog),
    ],
)
def test_the_buttons_open_what_they_name(
    real: Stage, error: AudioSRError, button: str, window: type[PreferencesDialog | PluginDialog]
) -> None:
    real.editor.failed.emit("Restore", error)
    press(shown(real), button)
    (opened,) = [one for one in real.window.findChildren(window) if one.isVisible()]
    if isinstance(opened, PreferencesDialog):
        assert opened.tabs.currentWidget() is opened.device
    opened.close()


def test_a_missing_model_leads_to_the_models(real: Stage) -> None:
    real.editor.failed.emit("Restore", BundleError("The model is missing."))
    press(shown(real), "Models…")
    dialog = real.window.models.dialog
    assert dialog is not None
    assert dialog.isVisible()
    dialog.close()


def test_a_sound_device_that_went_can_be_tried_again(real: Stage) -> None:
    real.editor.timeline.move_playhead(5000)
    real.editor.failed.emit("Play", PlaybackError("The sound device is gone."))
    dialog = shown(real)
    assert "playhead stays" in dialog.means.text()
    press(dialog, "Try again")
    assert real.editor.transport.playing
    real.editor.transport.stop()


VALUES: dict[str, Value] = {"quality": "standard", "amount": 50.0, "seed": 7}


def run_and_fail(stage: Stage, error: Exception, values: dict[str, Value] = VALUES) -> ErrorDialog:
    """Apply the effect of the tests, which fails."""
    stage.halve.error = error
    stage.editor.applying.apply(stage.halve.id, values)
    dialog = shown(stage)
    stage.idle()
    stage.halve.error = None
    return dialog


def texts(dialog: ErrorDialog) -> list[str]:
    return [button.text() for button in dialog.remedies]


def test_too_little_memory_can_be_helped_by_draft_quality(real: Stage) -> None:
    real.editor.timeline.select(SAMPLES)
    dialog = run_and_fail(real, EngineMemoryError("The graph needs more memory than there is."))
    assert texts(dialog) == ["Draft quality", "Device…", "Models…"]
    press(dialog, "Draft quality")
    real.idle()
    assert real.halve.given == {**VALUES, "quality": "draft"}
    assert real.editor.document is not None
    assert real.editor.document.undo_stack.count() == 1
    assert real.window.panel.values()["quality"] == "draft"  # and the form shows it


def test_too_little_memory_can_be_helped_by_a_shorter_part(real: Stage, tmp_path: Path) -> None:
    real.open(write_tone(tmp_path / "long.wav", seconds=30.0))
    dialog = run_and_fail(real, EngineMemoryError("The graph needs more memory than there is."))
    press(dialog, "Try 10.00 s of it")
    real.idle()
    assert real.halve.region == Region(0, 10 * RATE)
    assert real.editor.timeline.selection == Region(0, 10 * RATE)


def test_an_error_on_the_gpu_offers_the_processor(real: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    device = Parameter("device", "Device", "choice", "auto", choices=("auto", "cpu", "cuda"))
    monkeypatch.setattr(Halve, "parameters", (*Halve.parameters, device))
    values: dict[str, Value] = {**VALUES, "quality": "draft", "device": "auto"}
    dialog = run_and_fail(real, EngineError("The graph is broken."), values)
    assert texts(dialog) == ["Device…", "Models…"]  # it ran on the processor, as the stand-in reports
    press(dialog, "Close")
    real.halve.device = "cuda:0"
    dialog = run_and_fail(real, EngineError("The GPU is gone."), values)
    assert texts(dialog)[0] == "Use CPU"
    press(dialog, "Use CPU")
    real.idle()
    assert real.halve.given["device"] == "cpu"


def test_a_chain_is_run_again_on_the_processor(real: Stage) -> None:
    chain = json.dumps({"format_version": 1, "title": "Two", "effects": [{"effect": real.halve.id}] * 2})
    real.editor.timeline.select(SAMPLES)
    real.halve.error = EngineMemoryError("The graph needs more memory than there is.")
    real.editor.applying.apply_chain(chain)
    dialog = shown(real)
    real.idle()
    real.halve.error = None
    press(dialog, "Draft quality")
    real.idle()
    assert real.halve.given["quality"] == "draft"
    assert real.editor.document is not None
    assert real.editor.document.undo_stack.text(0) == "Two"


def test_values_that_do_not_fit_lead_back_to_the_form(real: Stage) -> None:
    dialog = run_and_fail(real, EffectError("Noise is learned from at least 0.10 s of the sound."))
    real.window.panel.show_values(real.new_band.id, {})
    assert texts(dialog) == ["Change the values…"]
    press(dialog, "Change the values…")
    assert real.window.panel.chosen_id == real.halve.id
    assert real.window.panel.values() == VALUES
    focus = real.window.focusWidget()
    assert focus is not None
    assert real.window.panel.isAncestorOf(focus)


def test_a_plugin_that_fails_offers_its_values_and_the_plugins(real: Stage) -> None:
    dialog = run_and_fail(real, PluginError("It raised."))
    assert texts(dialog) == ["Change the values…", "Plugins…"]
    press(dialog, "Close")


def broken_file(path: Path) -> Path:
    samples = np.full((RATE, 2), 0.25, np.float32)
    samples[20_000:20_010, 1] = np.nan
    soundfile.write(path, samples, RATE, subtype="FLOAT")
    return path


def test_samples_that_are_no_numbers_can_be_shown_or_silenced(real: Stage, tmp_path: Path) -> None:
    real.open(broken_file(tmp_path / "broken.wav"))
    real.editor.applying.apply(real.halve.id, VALUES)
    dialog = shown(real)
    assert "is not a number" in dialog.happened.text()
    assert texts(dialog) == ["Silence it and go on", "Show the place"]
    press(dialog, "Show the place")
    assert real.editor.timeline.selection == Region(20_000, 20_010)
    assert real.editor.timeline.span < 200
    real.editor.timeline.select(None)
    real.editor.applying.apply(real.halve.id, VALUES)
    press(shown(real), "Silence it and go on")
    real.idle()
    document = real.editor.document
    assert document is not None
    assert [document.undo_stack.text(step) for step in range(2)] == ["Silence", "Halve"]
    samples = document.sound.read(0, RATE)
    assert not samples[:, 20_000:20_010].any()
    assert np.allclose(np.delete(samples, np.s_[20_000:20_010], axis=1), 0.1875)


def test_a_preview_that_fails_is_tried_again_with_less(real: Stage) -> None:
    real.window.panel.show_values(real.halve.id, VALUES)
    real.editor.timeline.select(SAMPLES)
    real.halve.error = EngineMemoryError("The graph needs more memory than there is.")
    real.window.actions_by_id["preview"].trigger()
    dialog = shown(real)
    real.halve.error = None
    press(dialog, "Draft quality")
    real.qtbot.waitUntil(lambda: real.window.preview.region is not None, timeout=10_000)
    assert real.halve.given["quality"] == "draft"
    real.window.preview.stop()
    real.editor.transport.stop()


def test_a_preset_that_cannot_be_kept_leads_to_the_presets(real: Stage) -> None:
    real.window.presetting.failed.emit("Save the preset", EffectError("A preset needs a name."))
    press(shown(real), "Chain and presets…")
    dialog = real.window.chaining.dialog
    assert dialog is not None
    assert dialog.isVisible()
    dialog.close()


def test_sound_that_does_not_fit_offers_to_convert_it(real: Stage) -> None:
    real.editor.failed.emit(
        "Paste", SoundError("Sounds with different numbers of channels cannot be joined.")
    )
    dialog = shown(real)
    assert texts(dialog) == ["Change the sample rate…", "Change the channels…"]
    press(dialog, "Close")


def test_an_error_with_nothing_to_do_closes_by_return(qtbot: QtBot) -> None:
    dialog = ErrorDialog(
        Trouble("Gain", EffectError("The selection is too short.")), lambda _: None, str, lambda: None
    )
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.remedies == []
    assert QApplication.focusWidget() is dialog.close_button or dialog.close_button.isDefault()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert not dialog.isVisible()


def test_a_remedy_acts_after_the_dialog_is_gone(qtbot: QtBot) -> None:
    order: list[str] = []
    trouble = Trouble("Export", EffectError("no"), "As it was.", (Remedy("Do it", lambda: None),))
    dialog = ErrorDialog(
        trouble,
        lambda _: order.append("open" if dialog.isVisible() else "acted"),
        str,
        lambda: None,
    )
    qtbot.addWidget(dialog)
    dialog.show()
    press(dialog, "Do it")
    assert order == ["acted"]
