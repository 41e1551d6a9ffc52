"""Several documents in tabs, driven as a user does."""

from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from audiosr_desktop.audio.region import Region


@pytest.fixture
def two(stage: Stage, tmp_path: Path) -> tuple[Stage, Path, Path]:
    one = write_tone(tmp_path / "one.wav")
    other = write_tone(tmp_path / "other.wav", seconds=1.0, rate=44_100)
    stage.open(one)
    stage.open(other)
    return stage, one, other


def drop(stage: Stage, paths: list[Path]) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    how = Qt.DropAction.CopyAction, data, Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    QApplication.sendEvent(stage.window, QDragEnterEvent(QPoint(50, 50), *how))
    QApplication.sendEvent(stage.window, QDropEvent(QPointF(50, 50), *how))


def test_all_dropped_files_are_opened_and_bad_ones_named(stage: Stage, tmp_path: Path) -> None:
    good = [write_tone(tmp_path / f"{name}.wav", seconds=0.2) for name in "abc"]
    bad = tmp_path / "bad.wav"
    bad.write_bytes(b"this is text")
    drop(stage, [good[0], bad, *good[1:]])
    stage.qtbot.waitUntil(lambda: len(stage.editor.documents) == 3, timeout=10_000)
    assert [document.path for document in stage.editor.documents.all] == good
    assert [title for title, _ in stage.answers.errors] == ["Open bad.wav"]
    assert stage.window.tabs.count() == 3
    assert stage.window.tabs.isVisible()


def test_each_document_keeps_its_view_selection_and_history(two: tuple[Stage, Path, Path]) -> None:
    stage, one, other = two
    timeline, tabs = stage.editor.timeline, stage.window.tabs
    assert timeline.sample_rate == 44_100
    timeline.select(Region(100, 2_000))
    stage.window.actions_by_id["delete"].trigger()
    timeline.select(Region(5_000, 9_000, 500.0, None))
    timeline.show(4_000.0, 12_000.0)
    stage.editor.transport.seek(7_000)
    seen = (timeline.start, timeline.stop)

    QTest.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(0).center())
    assert stage.editor.document is not None
    assert stage.editor.document.path == one
    assert (timeline.length, timeline.sample_rate, timeline.selection) == (2 * RATE, RATE, None)
    assert (timeline.start, timeline.stop, timeline.playhead) == (0.0, 2.0 * RATE, 0)
    assert not stage.window.actions_by_id["undo"].isEnabled()

    QTest.keyClick(stage.window, Qt.Key.Key_PageDown, Qt.KeyboardModifier.ControlModifier)
    assert stage.editor.document.path == other
    assert (timeline.start, timeline.stop, timeline.playhead) == (*seen, 7_000)
    assert timeline.selection == Region(5_000, 9_000, 500.0, None)
    assert timeline.length == 44_100 - 1_900
    stage.window.actions_by_id["undo"].trigger()
    assert timeline.length == 44_100


def test_the_player_follows_the_document_that_is_shown(two: tuple[Stage, Path, Path]) -> None:
    stage, _, _ = two
    transport = stage.editor.transport
    assert transport.heard_sound is stage.editor.sound
    stage.editor.timeline.select(Region(0, 20_000))
    with stage.qtbot.waitSignal(stage.editor.applying.restored, timeout=20_000):
        stage.window.apply_effect()
    assert transport.can_compare
    stage.window.filing.previous_document()
    assert not transport.can_compare
    assert transport.heard_sound is stage.editor.sound
    stage.window.filing.next_document()
    assert transport.can_compare


def test_a_job_ends_in_its_own_document(two: tuple[Stage, Path, Path]) -> None:
    stage, one, _ = two
    first, second = stage.editor.documents.all
    stage.halve.go.clear()
    stage.window.apply_effect()
    stage.qtbot.waitUntil(stage.halve.half_way.is_set, timeout=10_000)
    stage.editor.documents.show(first)
    shown = first.sound
    stage.window.tabs.close_wanted.emit(second)  # refused: its job runs
    assert len(stage.editor.documents) == 2
    with stage.qtbot.waitSignal(stage.editor.applying.restored, timeout=20_000):
        stage.halve.go.set()
    assert stage.editor.document is first
    assert first.path == one
    assert first.sound is shown
    assert not first.modified
    assert second.modified
    assert "•" in stage.window.tabs.tabText(1)


def test_opening_an_open_file_shows_its_tab(two: tuple[Stage, Path, Path]) -> None:
    stage, one, _ = two
    stage.window.filing.open_file(one)
    assert len(stage.editor.documents) == 2
    assert stage.editor.document is stage.editor.documents.all[0]


def test_closing_a_tab_shows_the_one_beside_it(two: tuple[Stage, Path, Path]) -> None:
    stage, one, _ = two
    QTest.keyClick(stage.window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert [document.path for document in stage.editor.documents.all] == [one]
    assert stage.editor.timeline.length == 2 * RATE
    assert not stage.window.tabs.isVisible()
    QTest.keyClick(stage.window, Qt.Key.Key_W, Qt.KeyboardModifier.ControlModifier)
    assert stage.editor.document is None
    assert stage.window.pages.currentIndex() == 0


def test_tabs_can_be_moved(two: tuple[Stage, Path, Path]) -> None:
    stage, one, other = two
    shown = stage.editor.document
    stage.window.tabs.moveTab(1, 0)
    assert [document.path for document in stage.editor.documents.all] == [other, one]
    assert stage.editor.document is shown
    stage.window.tabs.setCurrentIndex(1)
    assert stage.editor.document is stage.editor.documents.all[1]


def test_edits_in_one_document_leave_the_other(two: tuple[Stage, Path, Path]) -> None:
    stage, _, _ = two
    first, second = stage.editor.documents.all
    before = first.sound.read(0, first.sound.length)
    stage.window.actions_by_id["select_all"].trigger()
    stage.editor.timeline.select(Region(0, 1000))
    stage.window.actions_by_id["cut"].trigger()
    assert second.sound.length == 43_100
    assert np.array_equal(first.sound.read(0, first.sound.length), before)
    assert not first.modified
