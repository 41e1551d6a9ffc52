"""The batch window: files come by drop, the queue is shown and changed, a run ends in a sheet."""

import json
import time
from collections.abc import Iterator
from pathlib import Path

import batch_kit
import pytest
from conftest import Stage, write_tone
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from audiosr_desktop import paths
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.batch.crew import Crew, ThreadCrew
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.ui.batch_session import BatchSession
from audiosr_desktop.ui.dialogs.batch_window import BatchWindow
from audiosr_desktop.ui.panels.batch_form import BatchForm

ENDS = 20_000


class Held:
    """A crew that begins only when it is let."""

    def __init__(self) -> None:
        self.free = False

    def __call__(self) -> Crew:
        crew = ThreadCrew()
        begin = crew.events

        def events(timeout_s: float):  # type: ignore[no-untyped-def]
            if self.free:
                yield from begin(timeout_s)
            else:
                time.sleep(0.01)

        crew.events = events  # type: ignore[method-assign]
        return crew


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for seed in range(3):
        batch_kit.write_sound(tmp_path / "in" / "sub" / f"take {seed}.wav", seed)
    (tmp_path / "in" / "bad.wav").write_text("no sound")
    return tmp_path / "in"


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def window(qtbot: QtBot, tmp_path: Path, held: Held) -> Iterator[BatchWindow]:
    with Scratch.create(tmp_path / "scratch") as scratch:
        effects = built_in_effects(Engines(), scratch)
        session = BatchSession(tmp_path / "queue.sqlite", held)
        form = BatchForm(lambda: effects, lambda: ("audiosr.gain", {"gain_db": -6.0}))
        window = BatchWindow(session, form, ask_clash=lambda _count: "number")
        window.show()
        yield window
        held.free = True
        session.close()
        window.close()
        window.deleteLater()
        session.deleteLater()
        QApplication.processEvents()


def drop(widget: QWidget, *paths: Path) -> None:
    data = QMimeData()
    data.setUrls([QUrl.fromLocalFile(str(path)) for path in paths])
    button, keys = Qt.MouseButton.LeftButton, Qt.KeyboardModifier.NoModifier
    place, action = QPoint(20, 20), Qt.DropAction.CopyAction
    QApplication.sendEvent(widget, QDragEnterEvent(place, action, data, button, keys))
    QApplication.sendEvent(widget, QDropEvent(QPointF(place), action, data, button, keys))


def filled(window: BatchWindow, qtbot: QtBot, *paths: Path) -> None:
    with qtbot.waitSignal(window.session.files_changed, timeout=ENDS):
        drop(window.table.viewport(), *paths)


def shown(window: BatchWindow, column: int = 0) -> list[str]:
    model = window.model
    return [model.data(model.index(row, column)) for row in range(model.rowCount())]


def button(window: BatchWindow, name: str) -> QPushButton:
    found = window.findChild(QPushButton, name)
    assert isinstance(found, QPushButton)
    return found


def run(window: BatchWindow, qtbot: QtBot) -> None:
    with qtbot.waitSignal(window.session.run_ended, timeout=ENDS):
        button(window, "start").click()
    qtbot.waitUntil(lambda: not window.session.running)


def test_a_dropped_folder_is_done_and_told(
    window: BatchWindow, held: Held, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    assert not button(window, "start").isEnabled()
    filled(window, qtbot, folder)
    assert shown(window) == ["bad.wav", "sub/take 0.wav", "sub/take 1.wav", "sub/take 2.wav"]
    assert shown(window, 2) == ["✗ Failed", "Waiting", "Waiting", "Waiting"]
    assert "cannot be read" in shown(window, 3)[0]
    held.free = True
    run(window, qtbot)
    assert shown(window, 2)[1:] == ["✓ Done"] * 3
    assert window.end_sheet.isVisible()
    assert window.end_text.text().startswith("3 done, 1 failed, 0 skipped")
    names = {f"in/sub/take {seed}_gain.wav" for seed in range(3)}
    assert set(batch_kit.results(tmp_path / "Restored")) == names
    window.save_report(tmp_path / "report.json")
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["settings"]["recipe"]["steps"] == [["audiosr.gain", {"gain_db": -6.0}]]
    (folder / "bad.wav").unlink()
    batch_kit.write_sound(folder / "bad.wav", 9)
    button(window, "retry_failed").click()
    assert shown(window, 2)[0] == "Waiting"
    run(window, qtbot)
    assert window.session.queue.counts()["done"] == 4


def test_the_queue_is_ordered_by_buttons_and_keys(window: BatchWindow, folder: Path, qtbot: QtBot) -> None:
    filled(window, qtbot, folder)
    window.table.selectRow(3)
    button(window, "up").click()
    button(window, "up").click()
    assert shown(window) == ["bad.wav", "sub/take 2.wav", "sub/take 0.wav", "sub/take 1.wav"]
    button(window, "down").click()
    assert shown(window)[2] == "sub/take 2.wav"
    window.table.setFocus()
    qtbot.keyClick(window.table, Qt.Key.Key_Delete)
    assert shown(window) == ["bad.wav", "sub/take 0.wav", "sub/take 1.wav"]


def test_pause_add_and_stop_while_it_runs(
    window: BatchWindow, held: Held, folder: Path, qtbot: QtBot
) -> None:
    filled(window, qtbot, folder / "sub" / "take 0.wav")
    button(window, "start").click()
    qtbot.waitUntil(lambda: bool(window.session.working()), timeout=ENDS)
    assert not window.form.isEnabled()
    button(window, "pause").click()
    assert button(window, "pause").text() == "Go on"
    filled(window, qtbot, folder / "sub" / "take 1.wav")
    with qtbot.waitSignal(window.session.run_ended, timeout=ENDS):
        held.free = True
    assert window.session.queue.counts() | {"done": 1, "queued": 1} == window.session.queue.counts()
    held.free = False
    button(window, "start").click()
    qtbot.waitUntil(lambda: bool(window.session.working()), timeout=ENDS)
    button(window, "cancel").click()
    qtbot.waitUntil(lambda: not window.session.running, timeout=ENDS)
    assert shown(window, 2) == ["✓ Done", "Waiting"]


def test_the_sample_follows_the_template(window: BatchWindow, folder: Path, qtbot: QtBot) -> None:
    filled(window, qtbot, folder / "sub")
    window.form.template.setText("{index:03} {name} {preset}.flac")
    assert window.form.sample.text() == "→ 001 take 0 gain.flac"
    assert button(window, "start").isEnabled()
    window.form.template.setText("{nome}.wav")
    assert "unknown variable {nome}" in window.form.sample.text()
    assert not button(window, "start").isEnabled()


def test_clashes_are_asked_about_once(
    window: BatchWindow, held: Held, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    asked: list[int] = []
    answers = [None, "overwrite"]
    window._ask_clash = lambda count: (asked.append(count), answers.pop(0))[1]  # type: ignore[assignment, return-value, func-returns-value]
    filled(window, qtbot, folder / "sub")
    window.form.clash.setCurrentIndex(window.form.clash.findData("ask"))
    window.form.template.setText("{name}.{ext}")
    out = tmp_path / "out"
    window.form.folder.setText(str(out))
    batch_kit.write_sound(out / "take 1.wav", 77)
    before = (out / "take 1.wav").read_bytes()
    held.free = True
    button(window, "start").click()
    assert not window.session.running
    run(window, qtbot)
    assert asked == [1, 1]
    assert (out / "take 1.wav").read_bytes() != before
    assert len(batch_kit.results(out)) == 3


def test_files_are_there_after_a_restart(
    window: BatchWindow, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    filled(window, qtbot, folder)
    again = BatchSession(tmp_path / "queue.sqlite")
    assert [item.path.name for item in again.queue.items()] == [
        "bad.wav",
        "take 0.wav",
        "take 1.wav",
        "take 2.wav",
    ]
    again.close()


def test_a_folder_dropped_on_the_editor_opens_the_batch(stage: Stage, folder: Path, qtbot: QtBot) -> None:
    drop(stage.window, folder)
    batch = stage.window.batch.batch
    assert batch is not None
    assert batch.isVisible()
    qtbot.waitUntil(lambda: batch.model.rowCount() == 4, timeout=ENDS)
    batch.close()
    stage.window.actions_by_id["batch"].trigger()
    assert batch.isVisible()


def test_a_result_is_compared_with_its_source_in_the_editor(
    stage: Stage, folder: Path, qtbot: QtBot, tmp_path: Path
) -> None:
    stage.window.show_batch()
    batch = stage.window.batch.batch
    assert batch is not None
    source = batch_kit.write_sound(tmp_path / "low.wav", 3, 1.0, rate=16_000)
    result = batch_kit.write_sound(tmp_path / "high.wav", 4, 1.0, rate=48_000)
    batch.compare_wanted.emit(source, result)
    qtbot.waitUntil(lambda: stage.editor.transport.can_compare, timeout=ENDS)
    document = stage.editor.document
    assert document is not None
    assert document.path == source
    assert document.sound.sample_rate == 48_000
    assert not document.modified


def test_what_the_files_that_wait_will_take_is_said_before_the_start(
    stage: Stage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "in").mkdir()
    for name, channels in (("mono.wav", 1), ("stereo.wav", 2)):
        write_tone(tmp_path / "in" / name, seconds=2.0, channels=channels)
    timings = stage.window.forecast.timings
    timings.learn("test.halve", stage.window.panel.values(), duration_s=2.0, channels=1, elapsed_s=20.0)
    monkeypatch.setattr(paths, "batch_queue", lambda: tmp_path / "queue.sqlite")
    stage.window.batch.show_batch([tmp_path / "in"])
    batch = stage.window.batch.batch
    assert batch is not None
    batch.form.process.setCurrentIndex(batch.form.process.findData("editor"))
    qtbot.waitUntil(lambda: "about 60 s" in batch.estimate.text(), timeout=ENDS)
    batch.table.selectRow(0)
    batch.remove_selected()
    assert "about 40 s" in batch.estimate.text() or "about 20 s" in batch.estimate.text()
    batch.table.selectRow(0)
    batch.remove_selected()
    assert batch.estimate.text() == ""


@pytest.mark.parametrize("wants_cpu", [True, False])
def test_a_gpu_that_is_missed_is_said_before_the_batch(
    stage: Stage, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wants_cpu: bool
) -> None:
    (tmp_path / "in").mkdir()
    write_tone(tmp_path / "in" / "long.wav", seconds=2.0)
    stage.want_gpu()
    stage.answers.yes = wants_cpu
    timings = stage.window.forecast.timings
    on_cpu = {**stage.window.panel.values(), "device": "cpu"}
    timings.learn("test.halve", on_cpu, duration_s=2.0, channels=1, elapsed_s=40.0)
    monkeypatch.setattr(paths, "batch_queue", lambda: tmp_path / "queue.sqlite")
    stage.window.batch.show_batch([tmp_path / "in"])
    batch = stage.window.batch.batch
    assert batch is not None
    batch.form.process.setCurrentIndex(batch.form.process.findData("editor"))
    qtbot.waitUntil(button(batch, "start").isEnabled, timeout=ENDS)
    button(batch, "start").click()
    qtbot.waitUntil(lambda: bool(stage.answers.notices), timeout=ENDS)
    stage.idle()
    (notice,) = stage.answers.notices
    assert "On the CPU this takes about 40 s" in notice.text
    qtbot.waitUntil(lambda: not batch.session.running, timeout=ENDS)
    settings = batch.session.queue.settings
    if wants_cpu:
        assert settings is not None
        assert settings.recipe.steps[0][1]["device"] == "cpu"
    else:
        assert settings is None
        assert shown(batch, 2) == ["Waiting"]
