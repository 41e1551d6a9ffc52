"""Projects, recovery, history, markers and export, driven as a user does."""

import shutil
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QPoint, Qt, QTimer
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QMessageBox
from pytestqt.qtbot import QtBot

from audiosr_desktop.audio.files import FileInfo, OutputFormat, file_markers, probe
from audiosr_desktop.audio.history import Step
from audiosr_desktop.audio.journal import Recoverable, find_recoverable
from audiosr_desktop.audio.links import link_to
from audiosr_desktop.audio.markers import Mark
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import Combine
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import Parameter
from audiosr_desktop.errors import AudioFileError, ProjectError
from audiosr_desktop.ui.dialogs.export_dialog import Export, ExportDialog
from audiosr_desktop.ui.dialogs.project_dialogs import RelocateDialog, SaveDialog
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.panels.history_panel import name_of
from audiosr_desktop.ui.recovery import RecoveryDialog
from audiosr_desktop.ui.settings import Settings

CTRL, SHIFT, ALT = (
    Qt.KeyboardModifier.ControlModifier,
    Qt.KeyboardModifier.ShiftModifier,
    Qt.KeyboardModifier.AltModifier,
)
NONE = Qt.KeyboardModifier.NoModifier


def document_of(stage: Stage) -> Document:
    assert stage.editor.document is not None
    return stage.editor.document


def samples(stage: Stage) -> np.ndarray:
    sound = document_of(stage).sound
    return sound.read(0, sound.length)


def steps(stage: Stage) -> list[str]:
    return [command.text() for command in document_of(stage).commands()]


@pytest.fixture
def edited(stage: Stage, tone_file: Path) -> Stage:
    """Two edits and a marker."""
    stage.open(tone_file)
    stage.editor.timeline.select(Region(10_000, 20_000))
    with stage.qtbot.waitSignal(stage.editor.applying.restored, timeout=20_000):
        stage.editor.applying.apply(stage.halve.id, {"quality": "draft", "amount": 50.0, "seed": 3})
    stage.idle()
    stage.editor.timeline.select(Region(30_000, 40_000))
    QTest.keyClick(stage.window, Qt.Key.Key_Delete)
    stage.editor.transport.seek(5_000)
    QTest.keyClick(stage.window, Qt.Key.Key_M)
    return stage


def save(stage: Stage, path: Path, *, self_contained: bool = False) -> None:
    stage.answers.project = (path, self_contained)
    with stage.qtbot.waitSignal(stage.window.projects.saved, timeout=10_000):
        QTest.keyClick(stage.window, Qt.Key.Key_S, CTRL)
    stage.idle()


def test_a_project_keeps_the_whole_history(edited: Stage, tmp_path: Path, tone_file: Path) -> None:
    path = tmp_path / "work.asrproj"
    source = tone_file.read_bytes()
    after = samples(edited)
    edited.editor.timeline.select(Region(100, 900, 500.0, 5_000.0))
    edited.editor.timeline.show(50.0, 8_000.0)
    seen = edited.editor.timeline.kept_view()
    save(edited, path)
    assert not document_of(edited).modified
    assert edited.window.windowTitle().startswith("work.asrproj")
    edited.window.filing.close_document()
    assert edited.answers.asked == ["Save project"]  # nothing was unsaved
    edited.open(path)
    assert np.array_equal(samples(edited), after)
    assert steps(edited) == ["Halve", "Delete", "Add marker"]
    assert document_of(edited).commands()[0].step.values == {"quality": "draft", "amount": 50.0, "seed": 3}
    assert [span.details["seed"] for span in document_of(edited).spans] == [3]
    assert document_of(edited).marks == (Mark(Region(5_000, 5_000), "Marker 1"),)
    timeline = edited.editor.timeline
    assert (timeline.start, timeline.stop, timeline.selection) == (seen.start, seen.stop, seen.selection)
    assert edited.editor.transport.can_compare is False  # the last change of sound took samples out
    for _ in range(3):
        QTest.keyClick(edited.window, Qt.Key.Key_Z, CTRL)
    assert np.array_equal(samples(edited), soundfile.read(tone_file, dtype="float32", always_2d=True)[0].T)
    assert document_of(edited).modified
    assert tone_file.read_bytes() == source
    assert edited.window.settings.recent_files[0] == str(path)


def test_saving_again_needs_no_question(edited: Stage, tmp_path: Path) -> None:
    path = tmp_path / "work.asrproj"
    save(edited, path)
    asked = len(edited.answers.asked)
    edited.editor.undo()
    assert document_of(edited).modified
    save(edited, path)
    assert len(edited.answers.asked) == asked
    edited.window.filing.close_document()
    edited.open(path)
    assert document_of(edited).undo_stack.canRedo()
    assert not document_of(edited).marks


@pytest.mark.parametrize("keep", ["save", "discard", "cancel"])
def test_closing_asks_what_becomes_of_unsaved_work(edited: Stage, tmp_path: Path, keep: str) -> None:
    edited.answers.keep = keep  # type: ignore[assignment]
    edited.answers.project = (tmp_path / "kept.asrproj", False)
    QTest.keyClick(edited.window, Qt.Key.Key_W, CTRL)
    edited.idle()
    assert (edited.editor.document is None) == (keep != "cancel")
    assert (tmp_path / "kept.asrproj").exists() == (keep == "save")


def test_a_job_that_could_not_save_keeps_the_document_open(edited: Stage, tmp_path: Path) -> None:
    edited.answers.keep = "save"
    edited.answers.project = (tmp_path / "no such folder" / "x.asrproj", False)
    assert not edited.window.close()
    assert edited.window.isVisible()
    assert isinstance(edited.answers.errors[-1][1], ProjectError)
    edited.answers.keep = "discard"


def test_missing_sources_are_asked_for(edited: Stage, tmp_path: Path, tone_file: Path) -> None:
    path, after = tmp_path / "work.asrproj", samples(edited)
    save(edited, path)
    edited.window.filing.close_document()
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    away = tone_file.rename(moved / "renamed.wav")
    edited.window.filing.open_file(path)
    edited.idle()
    assert edited.editor.document is None  # cancelled
    assert [link.path for link in edited.answers.missing] == [tone_file]
    edited.answers.moved = {tone_file: away}
    edited.open(path)
    edited.qtbot.waitUntil(lambda: edited.editor.document is not None, timeout=10_000)
    assert np.array_equal(samples(edited), after)


def test_a_source_is_never_overwritten(edited: Stage, tone_file: Path, tmp_path: Path) -> None:
    before = tone_file.read_bytes()
    edited.answers.choice = Export(tone_file, None, None, overwrite=True)
    edited.window.actions_by_id["export"].trigger()
    edited.idle()
    assert isinstance(edited.answers.errors[-1][1], AudioFileError)
    assert tone_file.read_bytes() == before


def test_sound_that_is_missing_is_not_exported_as_silence(
    edited: Stage, tone_file: Path, tmp_path: Path
) -> None:
    save(edited, tmp_path / "work.asrproj")
    edited.window.filing.close_document()
    tone_file.unlink()
    edited.answers.moved = {}  # open all the same
    edited.open(tmp_path / "work.asrproj")
    edited.answers.choice = Export(tmp_path / "out.wav", None, None, overwrite=False)
    edited.window.actions_by_id["export"].trigger()
    edited.idle()
    assert "missing" in str(edited.answers.errors[-1][1])
    assert not (tmp_path / "out.wav").exists()


@pytest.mark.parametrize("content", [b"", b"text", b"SQLite format 3\0" + bytes(2000)])
def test_a_bad_project_is_one_sentence(stage: Stage, tmp_path: Path, content: bytes) -> None:
    bad = tmp_path / "bad.asrproj"
    bad.write_bytes(content)
    with stage.qtbot.waitSignal(stage.editor.troubled, timeout=10_000):
        stage.window.filing.open_file(bad)
    assert isinstance(stage.answers.errors[0][1], ProjectError)
    assert stage.editor.document is None


# recovery


def dead_copy(stage: Stage, tmp_path: Path) -> Path:
    """Copy what a kill at this moment would leave."""
    stage.window.autosave.wait()
    folder = tmp_path / "dead" / "audiosr-1-dead"
    shutil.copytree(stage.editor.scratch.folder, folder)
    return folder


def test_each_step_is_on_disk_when_it_is_done(edited: Stage, tmp_path: Path) -> None:
    after = samples(edited)
    folder = dead_copy(edited, tmp_path)
    entries = find_recoverable(tmp_path / "dead")
    assert [(e.title, e.steps, e.last_step) for e in entries] == [("tone.wav", 3, "Add marker")]
    edited.window.filing.close_document()
    edited.window.autosave.wait()
    assert not list(edited.editor.scratch.folder.glob("*.autosave"))
    with edited.qtbot.waitSignal(edited.window.projects.recovered, timeout=10_000):
        edited.window.filing.offer_recovery(entries)
    assert np.array_equal(samples(edited), after)
    assert steps(edited) == ["Halve", "Delete", "Add marker"]
    assert document_of(edited).modified
    assert not folder.exists()
    assert list(edited.editor.scratch.folder.glob("*.autosave"))  # it is safe from the first moment on
    edited.editor.undo()
    assert not document_of(edited).marks


def test_what_is_no_step_is_on_disk_within_a_minute(edited: Stage, tmp_path: Path) -> None:
    autosave, timeline = edited.window.autosave, edited.editor.timeline
    timeline.select(Region(1_000, 2_000))
    timeline.move_playhead(1_234)
    assert autosave._timer.isActive()
    assert autosave._timer.interval() == 60_000
    autosave._timer.timeout.emit()
    dead_copy(edited, tmp_path)
    entries = find_recoverable(tmp_path / "dead")
    edited.window.filing.close_document()
    with edited.qtbot.waitSignal(edited.window.projects.recovered, timeout=10_000):
        edited.window.filing.offer_recovery(entries)
    assert (timeline.selection, timeline.playhead) == (Region(1_000, 2_000), 1_234)


def test_later_and_discard(edited: Stage, tmp_path: Path) -> None:
    folder = dead_copy(edited, tmp_path)
    entries = find_recoverable(tmp_path / "dead")
    edited.answers.recovery = lambda found: ([], [])
    edited.window.filing.offer_recovery(entries)
    assert folder.exists()
    edited.answers.recovery = lambda found: ([], list(found))
    edited.window.filing.offer_recovery(entries)
    assert not folder.exists()
    assert len(edited.editor.documents) == 1


def test_a_damaged_autosave_does_not_block_the_project(edited: Stage, tmp_path: Path) -> None:
    path = tmp_path / "work.asrproj"
    save(edited, path)
    QTest.keyClick(edited.window, Qt.Key.Key_Z, CTRL)
    folder = dead_copy(edited, tmp_path)
    for part in folder.glob("*.autosave*"):
        part.write_bytes(part.read_bytes()[:1500])
    edited.window.filing.close_document()
    entries = find_recoverable(tmp_path / "dead")
    edited.window.filing.offer_recovery(entries)
    edited.idle()
    assert edited.editor.document is None
    assert all(isinstance(error, ProjectError) for _, error in edited.answers.errors)
    edited.open(path)
    assert steps(edited) == ["Halve", "Delete", "Add marker"]
    assert not document_of(edited).modified


def entry(name: str, problem: str = "") -> Recoverable:
    from datetime import datetime

    return Recoverable(Path(f"/x/{name}.autosave"), name, datetime(2026, 1, 2, 3, 4), 7, "Gain", problem)


def test_the_recovery_dialog(qtbot: QtBot, monkeypatch: pytest.MonkeyPatch) -> None:
    entries = [entry("good"), entry("bad", "It is damaged.")]
    dialog = RecoveryDialog(entries)
    qtbot.addWidget(dialog)
    assert dialog.ticked() == entries[:1]
    dialog.restore_button.click()
    assert dialog.restore == entries[:1]
    dialog = RecoveryDialog(entries)
    qtbot.addWidget(dialog)
    row = dialog.list.topLevelItem(1)
    assert row is not None
    assert "damaged" in row.text(2)
    row.setCheckState(0, Qt.CheckState.Checked)
    told: list[str] = []

    def answer(*words: object) -> QMessageBox.StandardButton:
        told.append(str(words[2]))
        return QMessageBox.StandardButton.Discard

    monkeypatch.setattr(QMessageBox, "question", answer)
    dialog.discard_button.click()
    assert dialog.discard == entries
    assert "good: 7 edits, the last one Gain" in told[0]
    assert not dialog.restore


# history


def test_the_history_jumps_and_shows_values_and_space(edited: Stage) -> None:
    window, panel = edited.window, edited.window.history
    texts = [panel.list.topLevelItem(row).text(0) for row in range(4)]  # type: ignore[union-attr]
    assert texts[0] == "As opened"
    assert texts[1].startswith("Halve · draft")
    assert texts[2:] == ["Delete", "Add marker"]
    assert "kB" in panel.space.text()
    level = Parameter("gain_db", "Gain", "float", 0.0, unit="dB")
    assert name_of(Step("Gain", Region(0, 1), "x", {"gain_db": -6.0}), {"gain_db": level}) == "Gain · −6 dB"
    first = panel.list.topLevelItem(1)
    assert first is not None
    assert "Seed: 3" in first.toolTip(0)
    place = panel.list.visualItemRect(first).center()
    QTest.mouseClick(panel.list.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(20, place.y()))
    assert document_of(edited).undo_stack.index() == 1
    assert document_of(edited).sound.length == 2 * RATE
    assert panel.values_button.isEnabled()
    QTest.mouseClick(panel.values_button, Qt.MouseButton.LeftButton)
    assert window.panel.effect is edited.halve
    assert window.panel.values() == {"quality": "draft", "amount": 50.0, "seed": 3}
    panel.list.setFocus()
    QTest.keyClick(panel.list, Qt.Key.Key_Down)
    assert document_of(edited).undo_stack.index() == 2


def test_the_last_process_is_repeated_on_the_present_selection(edited: Stage) -> None:
    edited.editor.timeline.select(Region(50_000, 60_000))
    with edited.qtbot.waitSignal(edited.editor.applying.restored, timeout=20_000):
        QTest.keyClick(edited.window, Qt.Key.Key_R, CTRL)
    assert edited.halve.region == Region(50_000, 60_000)
    assert edited.halve.given["amount"] == 50.0
    assert document_of(edited).commands()[-1].step.values["seed"] == 3


# markers


def test_markers_and_regions_by_keys(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    editor = stage.editor
    for at in (10_000, 50_000):
        editor.transport.seek(at)
        QTest.keyClick(stage.window, Qt.Key.Key_M)
    editor.timeline.select(Region(60_000, 70_000, 400.0, 900.0))
    QTest.keyClick(stage.window, Qt.Key.Key_M)
    document = document_of(stage)
    assert [mark.name for mark in document.marks] == ["Marker 1", "Marker 2", "Region 1"]
    assert document.marks[2].region == Region(60_000, 70_000, 400.0, 900.0)
    editor.timeline.select(None)
    editor.transport.seek(20_000)
    went = []
    for _ in range(5):
        QTest.keyClick(stage.window, Qt.Key.Key_Right, ALT)
        went.append(editor.timeline.playhead)
    assert went == [50_000, 60_000, 70_000, 2 * RATE, 2 * RATE]
    QTest.keyClick(stage.window, Qt.Key.Key_Left, ALT)
    assert editor.timeline.playhead == 70_000
    editor.timeline.select(Region(0, 5_000))
    QTest.keyClick(stage.window, Qt.Key.Key_Delete)
    assert [mark.region.start for mark in document.marks] == [5_000, 45_000, 55_000]
    assert editor.timeline.marks == document.marks
    QTest.keyClick(stage.window, Qt.Key.Key_Z, CTRL)
    assert [mark.region.start for mark in document.marks] == [10_000, 50_000, 60_000]
    for _ in range(3):
        QTest.keyClick(stage.window, Qt.Key.Key_Z, CTRL)
    assert document.marks == ()


def test_a_drawn_shape_is_kept_in_a_region(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    editor = stage.editor
    editor.timeline.select(Region(10_000, 40_000, 500.0, 3_000.0))
    editor.timeline.combine(Region(20_000, 30_000, 800.0, 2_000.0), Combine.SUBTRACT)
    shape = editor.timeline.selection
    assert shape is not None
    assert shape.mask is not None
    QTest.keyClick(stage.window, Qt.Key.Key_M)
    editor.timeline.select(None)
    (mark,) = document_of(stage).marks
    assert mark.region == shape
    panel = stage.window.markers
    stage.window.markers_dock.raise_()
    row = panel.list.topLevelItem(0)
    QTest.mouseClick(
        panel.list.viewport(), Qt.MouseButton.LeftButton, pos=panel.list.visualItemRect(row).center()
    )
    assert editor.timeline.selection == shape


def test_the_markers_panel(edited: Stage) -> None:
    panel, editor = edited.window.markers, edited.editor
    edited.window.markers_dock.raise_()
    editor.timeline.select(Region(20_000, 30_000))
    QTest.mouseClick(panel.add_button, Qt.MouseButton.LeftButton)
    editor.timeline.select(None)
    row = panel.list.topLevelItem(1)
    assert row is not None
    assert (row.text(0), row.text(1), row.text(2)) == ("Region 1", "00:00.417", "208 ms")
    QTest.mouseClick(
        panel.list.viewport(), Qt.MouseButton.LeftButton, pos=panel.list.visualItemRect(row).center()
    )
    assert editor.timeline.selection == Region(20_000, 30_000)
    row.setText(0, "Chorus")
    assert [mark.name for mark in document_of(edited).marks] == ["Marker 1", "Chorus"]
    QTest.mouseClick(panel.delete_button, Qt.MouseButton.LeftButton)
    assert [mark.name for mark in document_of(edited).marks] == ["Marker 1"]
    editor.undo()
    editor.undo()
    assert [mark.name for mark in document_of(edited).marks] == ["Marker 1", "Region 1"]


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".aiff", ".mp3", ".ogg"])
def test_markers_go_into_files_and_come_back(edited: Stage, tmp_path: Path, suffix: str) -> None:
    edited.editor.timeline.select(Region(24_000, 36_000))
    QTest.keyClick(edited.window, Qt.Key.Key_M)
    target = tmp_path / f"out{suffix}"
    edited.answers.choice = Export(target, None, None, overwrite=False)
    with edited.qtbot.waitSignal(edited.window.filing.exported, timeout=20_000):
        edited.window.actions_by_id["export"].trigger()
    markers = file_markers(probe(target))
    assert [marker.name for marker in markers] == ["Marker 1", "Region 1"]
    assert [round(marker.time_s, 3) for marker in markers] == [0.104, 0.5]
    if suffix in (".wav", ".mp3"):
        assert markers[1].length_s == pytest.approx(0.25, abs=0.001)
    edited.idle()
    edited.open(target)
    assert [mark.name for mark in document_of(edited).marks] == ["Marker 1", "Region 1"]
    assert not document_of(edited).modified


def test_a_region_is_exported_with_its_own_markers(edited: Stage, tmp_path: Path) -> None:
    target = tmp_path / "part.wav"
    edited.answers.choice = Export(target, None, Region(4_000, 9_000), overwrite=False)
    with edited.qtbot.waitSignal(edited.window.filing.exported, timeout=20_000):
        edited.window.actions_by_id["export"].trigger()
    assert soundfile.info(target).frames == 5_000
    assert [round(marker.time_s * RATE) for marker in file_markers(probe(target))] == [1_000]


# export


def test_each_region_goes_to_a_file_of_its_own(stage: Stage, tone_file: Path, tmp_path: Path) -> None:
    stage.open(tone_file)
    regions = Region(1_000, 3_000), Region(5_000, 9_000)
    marks = (Mark(Region(7, 7), "point"), Mark(regions[0], "a/b"), Mark(regions[1]))
    document_of(stage).edit_marks("Marks", marks)
    (tmp_path / "out 2.wav").write_bytes(b"mine")
    stage.answers.choice = Export(tmp_path / "out.wav", None, None, overwrite=False, each_region=True)
    with stage.qtbot.waitSignal(stage.window.filing.exported, timeout=20_000):
        stage.window.actions_by_id["export"].trigger()
    source = soundfile.read(tone_file, dtype="int16")[0]
    for name, region in zip(("out 1 a_b.wav", "out 2-2.wav"), regions, strict=True):
        written = soundfile.read(tmp_path / name, dtype="int16")[0]
        assert np.array_equal(written, source[region.start : region.stop])
    assert (tmp_path / "out 2.wav").read_bytes() == b"mine"
    assert not (tmp_path / "out.wav").exists()
    assert document_of(stage).modified  # parts are not the document


def test_the_export_dialog_offers_each_region(qtbot: QtBot, settings: Settings, tmp_path: Path) -> None:
    sound = Sound.from_array(np.zeros((2, RATE), np.float32), RATE)
    info = FileInfo(tmp_path / "a.wav", "WAV", "PCM_24", "FILE", RATE, 2, RATE)
    marks = (Mark(Region(5, 50), "one"), Mark(Region(100, 900), "two"))
    dialog = ExportDialog(sound, info, None, settings, marks=marks)
    qtbot.addWidget(dialog)
    dialog.part.setCurrentIndex(dialog.part.count() - 1)
    dialog.accept()
    assert dialog.choice is not None
    assert dialog.choice.each_region
    assert dialog.choice.region is None


def test_dither_is_offered_where_the_depth_drops(qtbot: QtBot, settings: Settings, tmp_path: Path) -> None:
    sound = Sound.from_array(np.zeros((2, RATE), np.float32), RATE)
    info = FileInfo(tmp_path / "a.wav", "WAV", "PCM_24", "FILE", RATE, 2, RATE)
    marks = (Mark(Region(5, 5), "point"), Mark(Region(100, 900), "Verse"))
    dialog = ExportDialog(sound, info, None, settings, marks=marks)
    qtbot.addWidget(dialog)
    assert [dialog.part.itemText(row).partition(" (")[0] for row in range(2)] == ["Whole file", "Verse"]
    assert not dialog.dither.isEnabled()
    dialog.depth_box.setCurrentIndex(dialog.depth_box.findData("16 bit"))
    assert dialog.dither.isEnabled()
    dialog.part.setCurrentIndex(1)
    dialog.tags.setChecked(False)
    dialog.accept()
    choice = dialog.choice
    assert choice is not None
    assert (choice.region, choice.dither, choice.tags) == (Region(100, 900), True, False)


def test_dither_makes_the_error_independent_of_the_sound(stage: Stage, tmp_path: Path) -> None:
    time = np.arange(RATE) / RATE
    quiet = 1.6 / 32768 * np.sin(2 * np.pi * 1_000 * time)
    soundfile.write(tmp_path / "quiet.wav", quiet, RATE, "FLOAT")
    stage.open(tmp_path / "quiet.wav")
    third = {}
    for dither in (False, True):
        target = tmp_path / f"{dither}.wav"
        output = OutputFormat("WAV", "PCM_16")
        stage.answers.choice = Export(target, output, None, overwrite=False, dither=dither)
        with stage.qtbot.waitSignal(stage.window.filing.exported, timeout=20_000):
            stage.window.actions_by_id["export"].trigger()
        stage.idle()
        spectrum = np.abs(np.fft.rfft(soundfile.read(target)[0])) / RATE * 2 * 32768
        third[dither] = spectrum[3_000]
        assert spectrum[1_000] == pytest.approx(1.6, rel=0.1)
    assert third[False] > 0.1
    assert third[True] < third[False] / 5


def test_save_dialog_adds_the_suffix(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = SaveDialog(tmp_path / "one", False)
    qtbot.addWidget(dialog)
    dialog.self_contained.setChecked(True)
    dialog.accept()
    assert dialog.choice == (tmp_path / "one.asrproj", True)


def test_save_dialog_says_below_the_field_what_is_wrong(qtbot: QtBot, tmp_path: Path) -> None:
    dialog = SaveDialog(tmp_path / "one", False)
    qtbot.addWidget(dialog)
    dialog.show()
    assert dialog.save.isEnabled()
    assert not dialog.remark.isVisible()
    dialog.path.setText(str(tmp_path / "nowhere" / "one"))
    assert dialog.remark.isVisible()
    assert f"The folder {tmp_path / 'nowhere'} does not exist." in dialog.remark.text()
    assert not dialog.save.isEnabled()
    QTest.keyClick(dialog.path, Qt.Key.Key_Return)
    assert dialog.choice is None
    (tmp_path / "nowhere").mkdir()
    QTest.keyClicks(dialog.path, "2")
    assert not dialog.remark.isVisible()
    QTest.keyClick(dialog.path, Qt.Key.Key_Return)
    assert dialog.choice == (tmp_path / "nowhere" / "one2.asrproj", False)


@pytest.mark.parametrize("replace", [False, True])
def test_replacing_is_asked_with_what_it_does_on_the_button(
    qtbot: QtBot, tmp_path: Path, replace: bool
) -> None:
    (tmp_path / "one.asrproj").write_bytes(b"x")
    dialog = SaveDialog(tmp_path / "one", False)
    qtbot.addWidget(dialog)
    seen: list[str] = []

    def answer() -> None:
        (box,) = dialog.findChildren(QMessageBox)
        seen.extend(button.text().replace("&", "") for button in box.buttons())
        wanted = "Replace" if replace else "Cancel"
        next(one for one in box.buttons() if one.text().replace("&", "") == wanted).click()

    QTimer.singleShot(0, answer)
    dialog.accept()
    assert sorted(seen) == ["Cancel", "Replace"]
    assert (dialog.choice is not None) == replace


def test_relocate_takes_what_fits_and_what_lies_beside(qtbot: QtBot, tmp_path: Path) -> None:
    sources = [write_tone(tmp_path / f"{n}.wav", seconds=0.1 * n) for n in (1, 2)]
    links = [link_to(path) for path in sources]
    (tmp_path / "new").mkdir()
    for path in sources:
        path.rename(tmp_path / "new" / path.name)
    dialog = RelocateDialog(links, str(tmp_path))
    qtbot.addWidget(dialog)
    assert not dialog.take(links[0], tmp_path / "new" / "2.wav")
    assert "2.wav is not the file" in dialog.remarks[0].text()
    assert dialog.find_buttons[0].accessibleDescription() in dialog.remarks[0].text()
    assert dialog.take(links[0], tmp_path / "new" / "1.wav")
    assert [remark.text() for remark in dialog.remarks] == ["", ""]
    assert dialog.found == {path: tmp_path / "new" / path.name for path in sources}
