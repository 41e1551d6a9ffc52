"""The main job, driven as a user does: open, select with the mouse, restore, undo, compare, export."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RATE, Stage, running_threads, write_tone
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from audiosr_desktop.audio.files import OutputFormat
from audiosr_desktop.audio.region import Region
from audiosr_desktop.errors import AudioFileError, EffectError
from audiosr_desktop.ui.dialogs.export_dialog import Export
from audiosr_desktop.ui.job_runner import JobEnd
from audiosr_desktop.ui.transport import TAKE_A, TAKE_B
from audiosr_desktop.ui.views.track_view import TrackView


def drag(view: TrackView, start: QPointF, stop: QPointF) -> None:
    """Drag with the left button in a few moves."""
    QTest.mousePress(view, Qt.MouseButton.LeftButton, pos=start.toPoint())
    for step in range(1, 6):
        QTest.mouseMove(view, (start + (stop - start) * (step / 5)).toPoint())
    QTest.mouseRelease(view, Qt.MouseButton.LeftButton, pos=stop.toPoint())


def place(view: TrackView, seconds: float, hz: float) -> QPointF:
    """Return the pixel of a time and a frequency in the spectrogram."""
    y = view.y_of_hz(hz, 0)
    assert y is not None
    return QPointF(view.x_of(seconds * RATE), y)


def test_restores_a_selection_and_everything_after_it(stage: Stage, tone_file: Path, tmp_path: Path) -> None:
    window, editor, qtbot = stage.window, stage.editor, stage.qtbot
    stage.open(tone_file)
    document = editor.document
    assert document is not None
    before = document.sound.read(0, 2 * RATE)

    spectrogram = window.view.spectrogram
    drag(spectrogram, place(spectrogram, 0.5, 5000), place(spectrogram, 1.25, 500))
    selection = editor.timeline.selection
    assert selection is not None
    per_pixel = editor.timeline.span / spectrogram.area().width()
    assert abs(selection.start - 0.5 * RATE) <= per_pixel
    assert abs(selection.stop - 1.25 * RATE) <= per_pixel
    assert selection.low_hz == pytest.approx(500, abs=100)
    assert selection.high_hz == pytest.approx(5000, abs=100)

    seen = []
    editor.runner.progressed.connect(seen.append)
    assert "selection" in window.panel.apply_button.text()
    with qtbot.waitSignal(editor.applying.restored, timeout=20_000):
        QTest.mouseClick(window.panel.apply_button, Qt.MouseButton.LeftButton)
        assert document.locked
        assert not window.panel.apply_button.isEnabled()
    fractions = [progress.fraction for progress in seen]
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.9

    after = document.sound.read(0, 2 * RATE)
    assert np.array_equal(after[:, : selection.start], before[:, : selection.start])
    assert np.array_equal(after[:, selection.stop :], before[:, selection.stop :])
    assert np.abs(after[:, selection.start : selection.stop]).max() < 0.35
    assert document.modified
    assert [span.region for span in document.spans] == [selection]
    assert editor.transport.can_compare
    assert editor.transport.take == TAKE_B
    assert "seed 0" in window.panel.summary.text().lower()

    QTest.keyClick(window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier)
    assert np.array_equal(document.sound.read(0, 2 * RATE), before)
    assert not document.modified
    assert document.spans == ()
    QTest.keyClick(
        window, Qt.Key.Key_Z, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.ShiftModifier
    )
    assert np.array_equal(document.sound.read(0, 2 * RATE), after)

    target = tmp_path / "out.wav"
    stage.answers.choice = Export(target, OutputFormat("WAV", "FLOAT"), None, overwrite=False)
    with qtbot.waitSignal(window.filing.exported, timeout=20_000):
        window.actions_by_id["export"].trigger()
    written, rate = soundfile.read(target, dtype="float32", always_2d=True)
    assert rate == RATE
    assert np.array_equal(written.T, after)
    assert not document.modified
    assert np.array_equal(soundfile.read(tone_file, dtype="float32", always_2d=True)[0].T, before)


def test_opens_a_dropped_file(stage: Stage, tone_file: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(tone_file))])
    actions, buttons, keys = (
        Qt.DropAction.CopyAction,
        Qt.MouseButton.LeftButton,
        Qt.KeyboardModifier.NoModifier,
    )
    enter = QDragEnterEvent(QPoint(50, 50), actions, data, buttons, keys)
    QApplication.sendEvent(stage.window, enter)
    assert enter.isAccepted()
    with stage.qtbot.waitSignal(stage.editor.document_changed, timeout=10_000):
        QApplication.sendEvent(stage.window, QDropEvent(QPointF(50, 50), actions, data, buttons, keys))
    assert stage.editor.document is not None
    assert stage.editor.document.path == tone_file


def test_opens_from_the_dialog(stage: Stage, tone_file: Path) -> None:
    stage.answers.open_path = tone_file
    with stage.qtbot.waitSignal(stage.editor.document_changed, timeout=10_000):
        stage.window.actions_by_id["open"].trigger()
    assert stage.window.windowTitle().startswith("tone.wav")
    assert stage.window.settings.recent_files == [str(tone_file)]


@pytest.mark.parametrize("content", [b"", b"this is text", b"RIFF\x00\x00\x00\x00WAVE"])
def test_a_bad_file_is_one_sentence_and_the_document_stays(
    stage: Stage, tone_file: Path, tmp_path: Path, content: bytes
) -> None:
    stage.open(tone_file)
    bad = tmp_path / "bad.wav"
    bad.write_bytes(content)
    document = stage.editor.document
    with stage.qtbot.waitSignal(stage.editor.troubled, timeout=10_000):
        stage.window.filing.open_file(bad)
    assert stage.editor.document is document
    ((title, error),) = stage.answers.errors
    assert title == "Open bad.wav"
    assert isinstance(error, AudioFileError)
    assert "\n" not in str(error)


def test_the_whole_file_is_restored_without_a_selection(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    assert stage.window.panel.apply_button.text().endswith("00:02")
    with stage.qtbot.waitSignal(stage.editor.applying.restored, timeout=20_000):
        QTest.keyClick(stage.window, Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
    assert stage.halve.region == Region(0, 2 * RATE)


def test_cancel_half_way_changes_nothing(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    document = stage.editor.document
    assert document is not None
    sound = document.sound
    stage.halve.go.clear()
    stage.window.apply_effect()
    stage.qtbot.waitUntil(stage.halve.half_way.is_set, timeout=10_000)
    assert not stage.window.actions_by_id["undo"].isEnabled()
    with stage.qtbot.waitSignal(stage.editor.runner.ended, timeout=2_000) as ended:
        QTest.keyClick(stage.window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    assert ended.args is not None
    end = ended.args[0]
    assert isinstance(end, JobEnd)
    assert end.cancelled
    assert stage.halve.ended.is_set()  # the job's own clean-up ran
    assert document.sound is sound
    assert not document.modified
    assert not document.locked
    assert not stage.answers.errors
    assert "Cancelled" in stage.window.panel.job_panel.stage.text()


def test_fifty_cancels_leak_no_thread(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.qtbot.waitUntil(lambda: stage.editor.peaks() is not None, timeout=10_000)
    stage.qtbot.waitUntil(lambda: "JobThread" not in running_threads(), timeout=10_000)
    stage.halve.go.clear()
    for _ in range(50):
        stage.window.apply_effect()
        stage.qtbot.waitUntil(stage.halve.half_way.is_set, timeout=10_000)
        with stage.qtbot.waitSignal(stage.editor.runner.ended, timeout=2_000):
            stage.window.running.cancel()
    stage.qtbot.waitUntil(lambda: "JobThread" not in running_threads(), timeout=5_000)
    assert stage.editor.document is not None
    assert not stage.editor.document.modified


@pytest.mark.parametrize(
    "error", [EffectError("The model is missing: import one."), RuntimeError("something broke")]
)
def test_a_failing_job_shows_one_sentence_and_changes_nothing(
    stage: Stage, tone_file: Path, error: Exception
) -> None:
    stage.open(tone_file)
    stage.halve.error = error
    with stage.qtbot.waitSignal(stage.editor.failed, timeout=10_000):
        stage.window.apply_effect()
    assert [shown for _, shown in stage.answers.errors] == [error]
    document = stage.editor.document
    assert document is not None
    assert not document.modified
    assert not document.locked
    assert stage.window.panel.apply_button.isEnabled()


def test_super_resolution_raises_a_low_rate_as_an_edit_of_its_own(stage: Stage, tmp_path: Path) -> None:
    stage.open(write_tone(tmp_path / "low.wav", rate=16_000))
    editor = stage.editor
    document = editor.document
    assert document is not None
    editor.timeline.select(Region(8_000, 24_000))
    with stage.qtbot.waitSignal(editor.applying.restored, timeout=20_000):
        editor.applying.apply(stage.new_band.id, {"seed": 7})
    assert document.sound.sample_rate == 48_000
    assert document.sound.length == 2 * 48_000
    assert stage.new_band.region == Region(24_000, 72_000)
    stack = document.undo_stack
    assert [stack.text(index) for index in range(stack.count())] == ["Resample to 48 kHz", "Super-resolution"]
    assert editor.timeline.selection == Region(24_000, 72_000)
    assert editor.transport.can_compare
    editor.undo()
    assert document.sound.sample_rate == 48_000
    editor.undo()
    assert document.sound.sample_rate == 16_000
    assert editor.timeline.selection == Region(8_000, 24_000)
    assert editor.timeline.length == 32_000


def test_a_whole_file_of_44_kHz_is_raised_and_comes_back_bit_for_bit(stage: Stage, tmp_path: Path) -> None:
    stage.open(write_tone(tmp_path / "cd.wav", rate=44_100, channels=2))
    editor, document = stage.editor, stage.editor.document
    assert document is not None
    sound = document.sound
    before = sound.read(0, sound.length)
    with stage.qtbot.waitSignal(editor.applying.restored, timeout=20_000):
        editor.applying.apply(stage.new_band.id, {"seed": 7})
    assert document.sound.sample_rate == 48_000
    stack = document.undo_stack
    assert [stack.text(index) for index in range(stack.count())] == ["Resample to 48 kHz", "Super-resolution"]
    editor.undo()
    editor.undo()
    assert document.sound.sample_rate == 44_100
    np.testing.assert_array_equal(document.sound.read(0, document.sound.length), before)


def test_a_kept_rate_is_kept_where_a_region_is_restored(stage: Stage, tmp_path: Path) -> None:
    stage.open(write_tone(tmp_path / "cd.wav", rate=44_100))
    stage.editor.timeline.select(Region(1_000, 40_000))
    with stage.qtbot.waitSignal(stage.editor.applying.restored, timeout=20_000):
        stage.editor.applying.apply(stage.new_band.id, {})
    assert stage.editor.sound is not None
    assert stage.editor.sound.sample_rate == 44_100


def test_a_and_b_are_heard_at_the_same_place(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    with stage.qtbot.waitSignal(stage.editor.applying.restored, timeout=20_000):
        stage.window.apply_effect()
    transport = stage.editor.transport
    transport.levels.set_matched(False)
    QTest.keyClick(stage.window, Qt.Key.Key_Space)
    assert transport.playing
    assert stage.output.last is not None
    loud = np.abs(stage.output.last.hear(4800)).max()
    QTest.keyClick(stage.window, Qt.Key.Key_A)
    assert transport.take == TAKE_A
    assert stage.window.actions_by_id["compare"].isChecked()
    stage.output.last.hear(2400)  # over the fade
    source = np.abs(stage.output.last.hear(4800)).max()
    assert source == pytest.approx(2 * loud, rel=0.1)
    QTest.keyClick(stage.window, Qt.Key.Key_D)
    stage.output.last.hear(2400)
    assert np.abs(stage.output.last.hear(2400)).max() == pytest.approx(loud, rel=0.1)
    stage.qtbot.waitUntil(lambda: stage.editor.timeline.playhead > 4800, timeout=5_000)
    QTest.keyClick(stage.window, Qt.Key.Key_Space)
    assert not transport.playing


def test_closing_while_a_job_runs_asks(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.halve.go.clear()
    stage.window.apply_effect()
    stage.qtbot.waitUntil(stage.halve.half_way.is_set, timeout=10_000)
    stage.answers.leave = "stay"
    assert not stage.window.close()
    assert stage.window.isVisible()
    assert stage.answers.asked == ["Quit while a job runs?"]
    stage.answers.leave = "cancel"
    assert stage.window.close()
    assert stage.halve.ended.is_set()


def test_edits_that_were_not_exported_are_asked_about(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    with stage.qtbot.waitSignal(stage.editor.applying.restored, timeout=20_000):
        stage.window.apply_effect()
    stage.answers.yes = False
    stage.window.filing.close_document()
    assert stage.editor.document is not None
    assert stage.answers.asked == ["Close the file?"]


def test_cut_paste_delete_are_edits(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    editor = stage.editor
    assert editor.sound is not None
    before = editor.sound.read(0, editor.sound.length)
    editor.timeline.select(Region(1_000, 5_000))
    stage.window.actions_by_id["cut"].trigger()
    assert editor.sound.length == 2 * RATE - 4_000
    editor.timeline.move_playhead(1_000)
    stage.window.actions_by_id["paste"].trigger()
    assert np.array_equal(editor.sound.read(0, editor.sound.length), before)
    stage.window.actions_by_id["delete"].trigger()  # what was pasted is selected
    assert editor.sound.length == 2 * RATE - 4_000
    for _ in range(3):
        editor.undo()
    assert np.array_equal(editor.sound.read(0, editor.sound.length), before)
