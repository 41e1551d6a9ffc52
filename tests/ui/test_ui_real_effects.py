"""The real effects behind the window, with a tiny model."""

from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, write_tone
from pytestqt.qtbot import QtBot
from ui_fakes import Answers, OutputMaker

from audiosr_desktop import paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.catalogue import load_catalogue
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.settings import Settings


@pytest.fixture
def installed(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model among the user's."""
    monkeypatch.setattr(paths, "user_models_dir", lambda: tiny_folder.parent)
    return tiny_folder


def test_super_resolution_runs_from_the_panel(
    qtbot: QtBot, installed: Path, run_scratch: Scratch, settings: Settings, tmp_path: Path
) -> None:
    answers = Answers()
    editor = Editor(run_scratch, Player(OutputMaker()), lambda: load_catalogue(run_scratch))
    window = MainWindow(editor, settings, answers)
    window.show()
    with qtbot.waitSignal(editor.catalogue_changed, timeout=60_000):
        editor.start()
    with qtbot.waitSignal(editor.document_changed, timeout=10_000):
        window.open_file(write_tone(tmp_path / "tone.wav", seconds=4.0))
    qtbot.waitUntil(lambda: not editor.runner.busy, timeout=10_000)
    assert editor.sound is not None
    before = editor.sound.read(0, 4 * RATE)
    panel = window.panel
    panel.chooser.setCurrentIndex(panel.chooser.findData("audiosr.super-resolution"))
    panel.set_value("model", installed.name)
    panel.set_value("cutoff_hz", 6000.0)
    editor.timeline.select(Region(RATE, 3 * RATE))
    with qtbot.waitSignal(editor.restored, timeout=120_000) as restored:
        panel.apply_button.click()
    assert restored.args is not None
    facts = restored.args[0].facts
    assert facts["model"] == installed.name
    assert facts["device"] == "cpu"
    assert window.status.device.text() == "CPU"
    assert "6.00 kHz" in panel.summary.text()
    after = editor.sound.read(0, 4 * RATE)
    assert np.array_equal(after[:, :RATE], before[:, :RATE])
    assert np.array_equal(after[:, 3 * RATE :], before[:, 3 * RATE :])
    assert not np.array_equal(after, before)
    assert not answers.errors
    window.close()
