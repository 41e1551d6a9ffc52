"""A running job in the window: what is shown of it, cancelling, quitting meanwhile, its end, a missed GPU."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pytest
from conftest import Stage, open_samples, write_tone
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPushButton, QWidget
from pytestqt.qtbot import QtBot

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.chain import Chain, Module, chain_to_json
from audiosr_desktop.effects.effect import Value
from audiosr_desktop.engine import cuda
from audiosr_desktop.engine.cuda import Check
from audiosr_desktop.errors import EngineError
from audiosr_desktop.job import Job, Progress, run_job
from audiosr_desktop.ui.catalogue import load_catalogue
from audiosr_desktop.ui.dialogs.gpu_dialog import GpuDialog, GpuNotice
from audiosr_desktop.ui.job_runner import JobEnd
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.notifying import LEAST_S


def begin(stage: Stage, path: Path) -> None:
    """Run an effect until it is held half way."""
    stage.open(path)
    stage.halve.go.clear()
    stage.window.apply_effect()
    stage.qtbot.waitUntil(stage.halve.half_way.is_set, timeout=10_000)


def test_percentage_times_stage_and_device_are_shown(stage: Stage, tone_file: Path) -> None:
    begin(stage, tone_file)
    panel = stage.window.panel.job_panel
    stage.qtbot.waitUntil(lambda: "elapsed" in panel.times.text(), timeout=5_000)
    assert panel.percent.text() == f"{panel.bar.value() // 10} %" == "49 %"
    assert panel.percent.isVisibleTo(stage.window)
    assert panel.stage.text() == "Held"
    assert panel.times.text().endswith(" · CPU")
    assert stage.window.status.device.text() == "CPU"
    stage.halve.go.set()
    stage.idle()
    assert not panel.percent.isVisibleTo(stage.window)
    stage.window.filing.open_file(write_tone(tone_file.parent / "other.wav"))
    assert stage.window.running.device_words() == ""  # no model runs
    stage.idle()


def test_the_run_and_what_it_did_can_be_seen_in_a_small_window(stage: Stage, tone_file: Path) -> None:
    panel = stage.window.panel

    def is_seen(widget: QWidget) -> bool:
        return widget.visibleRegion().boundingRect().height() >= widget.height() > 0

    stage.window.resize(1000, 480)
    begin(stage, tone_file)
    stage.qtbot.waitUntil(lambda: is_seen(panel.job_panel.cancel_button), timeout=5_000)
    stage.halve.go.set()
    stage.idle()
    assert panel.summary.text()
    stage.qtbot.waitUntil(lambda: is_seen(panel.summary), timeout=5_000)


def test_a_click_on_cancel_is_answered_at_once(stage: Stage, tone_file: Path) -> None:
    begin(stage, tone_file)
    panel = stage.window.panel.job_panel
    stage.qtbot.waitUntil(panel.cancel_button.isVisible, timeout=5_000)
    QTest.mouseClick(panel.cancel_button, Qt.MouseButton.LeftButton)
    assert panel.stage.text() == "Cancelling…"
    assert not panel.cancel_button.isEnabled()
    stage.idle()
    assert "Nothing was changed" in panel.stage.text()


def test_escape_never_cancels_a_job(stage: Stage, tone_file: Path) -> None:
    begin(stage, tone_file)
    QTest.keyClick(stage.window, Qt.Key.Key_Escape)
    assert stage.editor.runner.busy
    QTest.keyClick(stage.window, Qt.Key.Key_Period, Qt.KeyboardModifier.ControlModifier)
    stage.idle()
    assert stage.editor.document is not None
    assert not stage.editor.document.modified


def test_a_job_goes_on_in_the_background_and_the_window_closes_at_its_end(
    stage: Stage, tone_file: Path
) -> None:
    begin(stage, tone_file)
    stage.answers.leave, stage.answers.keep = "wait", "discard"
    assert not stage.window.close()
    assert stage.window.isMinimized()
    assert stage.editor.runner.busy
    stage.halve.go.set()
    stage.qtbot.waitUntil(lambda: not stage.window.isVisible(), timeout=10_000)
    assert stage.answers.asked == ["Quit while a job runs?", "Quit?"]  # its result is not saved
    assert stage.editor.document is None or not stage.editor.runner.busy


def test_who_thinks_better_of_it_stays(stage: Stage, tone_file: Path) -> None:
    begin(stage, tone_file)
    stage.answers.leave = "wait"
    assert not stage.window.close()
    stage.answers.leave = "stay"
    assert not stage.window.close()
    stage.halve.go.set()
    stage.idle()
    QApplication.processEvents()
    assert stage.window.isVisible()


def test_the_window_comes_back_when_a_job_fails_in_the_background(stage: Stage, tone_file: Path) -> None:
    begin(stage, tone_file)
    stage.answers.leave = "wait"
    assert not stage.window.close()
    stage.halve.error = EngineError("The model broke.")
    stage.halve.go.set()
    stage.idle()
    QApplication.processEvents()
    assert stage.window.isVisible()
    assert not stage.window.isMinimized()
    assert str(stage.answers.errors[0][1]) == "The model broke."


def test_the_end_is_told_quietly_and_only_to_who_looks_elsewhere(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[tuple[str, str]] = []
    beeps: list[bool] = []
    monkeypatch.setattr(QApplication, "beep", lambda: beeps.append(True))
    notifier = stage.window.notifier
    notifier.send = lambda title, text: sent.append((title, text))
    long, short = LEAST_S + 1.0, LEAST_S / 2
    done = JobEnd("Restore 1.50 s", None, cancelled=False, elapsed_s=long)
    notifier.on_ended(done)  # the window has the focus
    monkeypatch.setattr(stage.window, "isActiveWindow", lambda: False)
    notifier.on_ended(JobEnd("x", None, cancelled=True, elapsed_s=long))
    notifier.on_ended(JobEnd("x", None, cancelled=False, elapsed_s=short))
    assert sent == []
    notifier.on_ended(done)
    notifier.on_ended(JobEnd("Restore", EngineError("no"), cancelled=False, elapsed_s=long))
    assert sent == [("Restore 1.50 s", "Done in 3 s."), ("Restore", "Failed. Nothing was changed.")]
    assert beeps == []  # off by default
    stage.window.settings.end_sound = True
    notifier.on_ended(done)
    assert beeps == [True]


@pytest.fixture
def on_gpu(stage: Stage, tone_file: Path) -> Stage:
    """An effect in the panel that is to run on a GPU, on a machine without one."""
    stage.open(tone_file)
    stage.want_gpu()
    return stage


def applied(stage: Stage) -> Mapping[str, Value]:
    stage.halve.given = {}
    stage.window.actions_by_id["apply"].trigger()
    stage.qtbot.waitUntil(lambda: bool(stage.halve.given), timeout=10_000)
    stage.idle()
    return stage.halve.given


def test_a_gpu_that_is_missed_is_said_once_before_the_job(on_gpu: Stage) -> None:
    assert applied(on_gpu)["device"] == "cpu"
    (notice,) = on_gpu.answers.notices
    assert notice.text.startswith("The GPU cannot be used: there is no NVIDIA driver. On the CPU this takes")
    assert "Install NVIDIA's driver." in notice.details
    assert "AudioSR Desktop" in notice.report
    assert on_gpu.window.panel.values()["device"] == "cpu"  # what is shown is what was run
    on_gpu.window.panel.set_value("device", "cuda:0")
    assert applied(on_gpu)["device"] == "cpu"
    assert len(on_gpu.answers.notices) == 1


def test_who_does_not_want_the_processor_runs_nothing(on_gpu: Stage) -> None:
    on_gpu.answers.yes = False
    on_gpu.window.actions_by_id["apply"].trigger()
    on_gpu.qtbot.waitUntil(lambda: bool(on_gpu.answers.notices), timeout=10_000)
    on_gpu.idle()
    assert on_gpu.halve.given == {}
    assert on_gpu.editor.document is not None
    assert not on_gpu.editor.document.modified


def chain(stage: Stage) -> None:
    module = Module(stage.halve.id, {"device": "cuda:0", "quality": "draft"})
    stage.editor.applying.apply_chain(chain_to_json(Chain("Both", (Module(stage.halve.id), module))))


def take(stage: Stage) -> None:
    stage.window.panel.set_value("device", "cpu")
    applied(stage)
    stage.window.panel.set_value("device", "cuda")
    stage.window.actions_by_id["apply_as_take"].trigger()


def preview(stage: Stage) -> None:
    stage.window.actions_by_id["preview"].trigger()


@pytest.mark.parametrize("begin", [chain, take, preview])
def test_a_missed_gpu_is_said_before_every_kind_of_run(on_gpu: Stage, begin: Callable[[Stage], None]) -> None:
    begin(on_gpu)
    on_gpu.qtbot.waitUntil(lambda: bool(on_gpu.answers.notices), timeout=10_000)
    on_gpu.qtbot.waitUntil(lambda: on_gpu.halve.given.get("device") == "cpu", timeout=10_000)
    on_gpu.idle()
    assert len(on_gpu.answers.notices) == 1
    begin(on_gpu)  # nothing is asked any more
    on_gpu.idle()
    assert len(on_gpu.answers.notices) == 1


@pytest.mark.parametrize("begin", [chain, take, preview])
def test_no_kind_of_run_begins_where_the_processor_is_not_wanted(
    on_gpu: Stage, begin: Callable[[Stage], None]
) -> None:
    on_gpu.answers.yes = False
    begin(on_gpu)
    on_gpu.qtbot.waitUntil(lambda: bool(on_gpu.answers.notices), timeout=10_000)
    before = on_gpu.halve.given
    on_gpu.idle()
    assert on_gpu.halve.given is before
    assert not on_gpu.window.preview.on


def test_a_chain_is_kept_and_repeated_with_the_processor(on_gpu: Stage) -> None:
    chain(on_gpu)
    document = on_gpu.editor.document
    assert document is not None
    on_gpu.qtbot.waitUntil(lambda: document.modified, timeout=10_000)
    on_gpu.idle()
    assert '"device": "cpu"' in str(document.commands()[-1].step.values["chain"])
    on_gpu.halve.given = {}
    on_gpu.window.actions_by_id["repeat"].trigger()
    on_gpu.qtbot.waitUntil(lambda: bool(on_gpu.halve.given), timeout=10_000)
    on_gpu.idle()
    assert len(on_gpu.answers.notices) == 1


def test_a_gpu_that_is_there_is_used_without_a_word(on_gpu: Stage) -> None:
    def look() -> Job[list[Check]]:
        yield Progress(0.0, "Looking at the GPU")
        return [Check("driver", True, "a card")]

    on_gpu.window.gpu.look = look
    assert applied(on_gpu)["device"] == "cuda"
    assert on_gpu.answers.notices == []


def test_the_notice_has_details_and_a_report_to_copy(qtbot: QtBot) -> None:
    dialog = GpuDialog(GpuNotice("It cannot be used.", "✗ driver: none", "AudioSR Desktop\ndriver: none"))
    qtbot.addWidget(dialog)
    dialog.show()
    assert not dialog.details.isVisible()
    dialog.show_details.click()
    assert dialog.details.isVisible()
    assert dialog.details.toPlainText() == "✗ driver: none"
    dialog.copy.click()
    assert QGuiApplication.clipboard().text() == "AudioSR Desktop\ndriver: none"
    assert dialog.isVisible()
    QTest.keyClick(dialog, Qt.Key.Key_Return)
    assert dialog.result() == GpuDialog.DialogCode.Accepted
    assert all(isinstance(button, QPushButton) for button in (dialog.use_cpu, dialog.copy))


def test_the_shipped_model_is_cancelled_in_time_and_tells_how_far_it_is(
    qtbot: QtBot, real: MainWindow, tmp_path: Path
) -> None:
    rng = np.random.default_rng(5)
    samples = np.cumsum(rng.normal(0.0, 0.01, 60 * 48_000)) * 1e-3 + rng.normal(0.0, 0.02, 60 * 48_000)
    sound = open_samples(real, qtbot, tmp_path / "long.wav", samples)
    real.panel.show_values("audiosr.super-resolution", {"cutoff_hz": 6_000.0, "device": "cpu"})
    told: list[Progress] = []
    real.editor.runner.progressed.connect(told.append)
    QTest.mouseClick(real.panel.apply_button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: any("window 2" in progress.stage for progress in told), timeout=60_000)
    panel = real.panel.job_panel
    assert panel.percent.text() != "0 %"
    began = time.monotonic()
    QTest.mouseClick(panel.cancel_button, Qt.MouseButton.LeftButton)
    assert panel.stage.text() == "Cancelling…"
    qtbot.waitUntil(lambda: not real.editor.runner.busy, timeout=20_000)
    assert time.monotonic() - began < 10.0  # what is aimed at is 2 s; other programs may run
    assert real.editor.sound is sound
    assert all(progress.stage for progress in told)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert real.panel.job_panel.keep_button.isVisibleTo(real)  # what was finished can be kept


def test_each_gpu_is_offered_by_name(monkeypatch: pytest.MonkeyPatch, run_scratch: Scratch) -> None:
    monkeypatch.setattr(cuda, "card_names", lambda: ["Card 4", "Card 5"])
    offered = dict(run_job(load_catalogue(run_scratch)).choices["device"])
    assert offered == {
        "Automatic": "auto",
        "CPU": "cpu",
        "GPU 0: Card 4": "cuda:0",
        "GPU 1: Card 5": "cuda:1",
    }
    monkeypatch.setattr(cuda, "card_names", list)
    assert ("GPU (CUDA)", "cuda") in run_job(load_catalogue(run_scratch)).choices["device"]
