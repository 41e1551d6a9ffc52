"""The real effects behind the window, with a tiny model."""

from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RATE, open_samples, write_tone
from PySide6.QtCore import QPoint, Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QMenu
from pytestqt.qtbot import QtBot
from ui_fakes import Answers, OutputMaker

from audiosr_desktop import paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.catalogue import load_catalogue
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.transport import DELTA, TAKE_A


@pytest.fixture
def installed(tiny_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tiny model among the user's."""
    monkeypatch.setattr(paths, "user_models_dir", lambda: tiny_folder.parent)
    return tiny_folder


def opened_window(
    qtbot: QtBot, scratch: Scratch, settings: Settings, answers: Answers, path: Path
) -> MainWindow:
    """Return a window with the program's own effects that shows a file."""
    editor = Editor(scratch, Player(OutputMaker()), lambda: load_catalogue(scratch))
    window = MainWindow(editor, settings, answers)
    window.show()
    with qtbot.waitSignal(editor.catalogue_changed, timeout=60_000):
        editor.start()
    with qtbot.waitSignal(editor.document_changed, timeout=10_000):
        window.filing.open_file(path)
    qtbot.waitUntil(lambda: not editor.runner.busy, timeout=10_000)
    return window


def test_super_resolution_runs_from_the_panel(
    qtbot: QtBot, installed: Path, run_scratch: Scratch, settings: Settings, tmp_path: Path
) -> None:
    answers = Answers()
    window = opened_window(
        qtbot, run_scratch, settings, answers, write_tone(tmp_path / "tone.wav", seconds=4.0)
    )
    editor = window.editor
    assert editor.sound is not None
    before = editor.sound.read(0, 4 * RATE)
    panel = window.panel
    panel.chooser.setCurrentIndex(panel.chooser.findData("audiosr.super-resolution"))
    panel.set_value("model", installed.name)
    panel.set_value("cutoff_hz", 6000.0)
    editor.timeline.select(Region(RATE, 3 * RATE))
    with qtbot.waitSignal(editor.applying.restored, timeout=120_000) as restored:
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


def test_another_model_makes_another_take(
    qtbot: QtBot, installed: Path, run_scratch: Scratch, settings: Settings, tmp_path: Path
) -> None:
    window = opened_window(
        qtbot, run_scratch, settings, Answers(), write_tone(tmp_path / "tone.wav", seconds=2.0)
    )
    editor = window.editor
    panel = window.panel
    panel.chooser.setCurrentIndex(panel.chooser.findData("audiosr.super-resolution"))
    panel.set_value("model", installed.name)
    panel.set_value("cutoff_hz", 6000.0)
    with qtbot.waitSignal(editor.applying.restored, timeout=120_000):
        panel.apply_button.click()
    assert editor.document is not None
    result = editor.document.sound
    panel.set_value("model", "audiosr-compact")
    window.actions_by_id["apply_as_take"].trigger()
    qtbot.waitUntil(lambda: not editor.runner.busy, timeout=120_000)
    takes = editor.variations.current()
    assert takes is not None
    assert [take.facts.get("model") for take in takes.takes] == [None, installed.name, "audiosr-compact"]
    assert "model audiosr-compact" in takes.names[2]
    assert editor.transport.take == 2
    assert editor.document.sound is result  # compared first
    window.close()


def test_a_line_in_the_spectrogram_is_taken_by_a_right_click(
    qtbot: QtBot, run_scratch: Scratch, settings: Settings, tmp_path: Path
) -> None:
    editor = Editor(run_scratch, Player(OutputMaker()), lambda: load_catalogue(run_scratch))
    window = MainWindow(editor, settings, Answers())
    window.show()
    with qtbot.waitSignal(editor.catalogue_changed, timeout=60_000):
        editor.start()
    seconds = np.arange(4 * RATE) / RATE
    noise = np.random.default_rng(1).normal(0.0, 0.01, seconds.size)
    path = tmp_path / "whistle.wav"
    soundfile.write(path, noise + 0.05 * np.sin(2 * np.pi * 3_000.0 * seconds), RATE, subtype="FLOAT")
    with qtbot.waitSignal(editor.document_changed, timeout=10_000):
        window.filing.open_file(path)
    qtbot.waitUntil(lambda: not editor.runner.busy, timeout=10_000)
    spectrogram = window.view.spectrogram
    y = spectrogram.y_of_hz(3_010.0, 0)
    assert y is not None
    place = QPoint(round(spectrogram.x_of(2 * RATE)), round(y))
    QTest.mousePress(spectrogram, Qt.MouseButton.RightButton, pos=place)
    menu = QApplication.activePopupWidget()
    assert isinstance(menu, QMenu)
    take = next(action for action in menu.actions() if action.text().startswith("Remove the tone at 3.0"))
    take.trigger()
    menu.close()
    effect = window.panel.effect
    assert effect is not None
    assert effect.id == "audiosr.remove-tone"
    assert window.panel.values()["frequency_hz"] == pytest.approx(3_000.0, abs=10.0)
    with qtbot.waitSignal(editor.applying.restored, timeout=60_000):
        window.panel.apply_button.click()
    assert "Tones: 3.00 kHz (−26 dBFS)" in window.panel.summary.text()
    window.close()


def noisy_tones(seconds: float = 4.0) -> np.ndarray:
    """Return steady noise, alone in the first second, then with notes in it."""
    at = np.arange(round(seconds * RATE)) / RATE
    notes = 0.2 * np.sin(2 * np.pi * 700 * at) * (np.sin(2 * np.pi * 1.5 * at) > 0) * (at > 1.0)
    return notes + np.random.default_rng(3).normal(0.0, 0.01, at.size)


def test_denoise_learns_from_the_selection_and_follows_its_values_while_it_plays(
    qtbot: QtBot, real: MainWindow, tmp_path: Path
) -> None:
    sound = open_samples(real, qtbot, tmp_path / "hiss.wav", noisy_tones())
    panel, editor = real.panel, real.editor
    panel.show_values("audiosr.remove-tone", {})
    assert not panel.learn_button.isVisible()
    panel.show_values("audiosr.denoise", {"noise": "coloured"})
    assert panel.learn_button.isVisible()
    assert not panel.learn_button.isEnabled()
    editor.timeline.select(Region(4_800, 43_200))
    panel.learn_button.click()
    editor.timeline.select(None)
    values = panel.values()
    assert (values["learn_start_s"], values["learn_end_s"]) == pytest.approx((0.1, 0.9))
    heard = []
    real.actions_by_id["preview"].trigger()
    for wanted in ({}, {"reduction_db": 6.0}, {"output": "noise"}):
        for name, value in wanted.items():
            panel.set_value(name, value)
        qtbot.waitUntil(lambda: "B is with" in real.preview.text and not real.preview.busy, timeout=60_000)
        assert editor.transport.playing and editor.transport.looping
        take = editor.transport.heard_sound
        assert take is not None
        heard.append(float(np.std(take.read(4_800, 43_200))))
    assert heard[0] < 0.3 * heard[1] < 0.3 * 0.01
    assert heard[2] == pytest.approx(0.005, rel=0.1)  # what a reduction by 6 dB takes away
    real.actions_by_id["preview"].trigger()
    assert editor.sound is sound
    assert not editor.transport.can_compare
    assert not editor.transport.looping


def test_filled_gaps_are_listed(qtbot: QtBot, real: MainWindow, tmp_path: Path) -> None:
    samples = noisy_tones()
    samples[48_000:50_400] = 0.0
    samples[120_000:120_720] = 0.0
    sound = open_samples(real, qtbot, tmp_path / "gaps.wav", samples)
    real.panel.show_values("audiosr.fill-gap", {})
    with qtbot.waitSignal(real.editor.applying.restored, timeout=60_000):
        real.panel.apply_button.click()
    assert "Gaps: 1.00 s (50 ms), 2.50 s (15 ms)" in real.panel.summary.text()
    assert real.editor.sound is not sound


def test_a_sound_that_lacks_nothing_is_told_so(qtbot: QtBot, real: MainWindow, tmp_path: Path) -> None:
    at = np.arange(4 * RATE) / RATE
    swell = 0.1 * (1.0 + np.sin(2 * np.pi * 0.9 * at))  # it breathes, so it is no steady noise
    gated = swell * np.random.default_rng(1).normal(0.0, 1.0, at.size) * (np.sin(2 * np.pi * 0.5 * at) > 0)
    sound = open_samples(real, qtbot, tmp_path / "fine.wav", gated)
    real.panel.show_values("audiosr.restore", {})
    with qtbot.waitSignal(real.editor.applying.restored, timeout=60_000):
        real.panel.apply_button.click()
    assert "othing was found to restore" in real.panel.summary.text()
    assert real.editor.sound is sound
    assert real.editor.document is not None
    assert real.editor.document.undo_stack.count() == 0


def test_a_full_disk_while_a_gap_is_filled_is_one_sentence_and_changes_nothing(
    qtbot: QtBot, real: MainWindow, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise AudioFileError("The scratch folder cannot be written: No space left on device.")

    samples = noisy_tones()
    samples[48_000:50_400] = 0.0
    sound = open_samples(real, qtbot, tmp_path / "gaps.wav", samples)
    real.panel.show_values("audiosr.fill-gap", {"amount": 50.0})
    monkeypatch.setattr("audiosr_desktop.audio.store.ScratchWriter.write", full)
    real.panel.apply_button.click()
    qtbot.waitUntil(lambda: not real.editor.runner.busy, timeout=60_000)
    assert isinstance(real.dialogs, Answers)
    assert [str(error) for _, error in real.dialogs.errors] == [
        "The scratch folder cannot be written: No space left on device."
    ]
    assert "Nothing was changed" in real.panel.job_panel.stage.text()
    assert real.editor.sound is sound
    monkeypatch.undo()
    real.panel.apply_button.click()  # and it works again when there is room
    qtbot.waitUntil(lambda: real.editor.sound is not sound, timeout=60_000)


def test_a_removed_tone_follows_its_reduction_while_it_plays(
    qtbot: QtBot, real: MainWindow, tmp_path: Path
) -> None:
    at = np.arange(4 * RATE) / RATE
    noise = np.random.default_rng(1).normal(0.0, 0.001, at.size)
    sound = open_samples(real, qtbot, tmp_path / "tone.wav", noise + 0.1 * np.sin(2 * np.pi * 1_500.3 * at))
    real.take_tone(1_500.3)
    assert real.panel.values()["frequency_hz"] == pytest.approx(1_500.3)
    left = []
    real.actions_by_id["preview"].trigger()
    for reduction_db in (120.0, 20.0):
        real.panel.set_value("reduction_db", reduction_db)
        qtbot.waitUntil(lambda: "B is with" in real.preview.text and not real.preview.busy, timeout=60_000)
        assert real.editor.transport.playing
        take = real.editor.transport.heard_sound
        assert take is not None
        left.append(float(np.std(take.read(RATE, 3 * RATE))))
    assert left[0] < 0.002
    assert left[1] == pytest.approx(0.1 / np.sqrt(2) / 10, rel=0.1)
    real.actions_by_id["preview"].trigger()
    assert real.editor.sound is sound
    assert not real.editor.transport.can_compare


@pytest.mark.parametrize("rate", [8_000, 16_000])
def test_a_phone_recording_is_previewed_with_its_new_band_by_the_shipped_model(
    qtbot: QtBot, real: MainWindow, tmp_path: Path, rate: int
) -> None:
    at = np.arange(14 * rate) / rate
    tones = sum(np.sin(2 * np.pi * 220 * number * at) / number for number in range(1, rate // 480))
    voice = 0.1 * tones * (0.6 + 0.4 * np.sin(2 * np.pi * 3 * at))
    path = tmp_path / "phone.wav"
    soundfile.write(path, voice + np.random.default_rng(1).normal(0.0, 0.003, at.size), rate)
    with qtbot.waitSignal(real.editor.document_changed, timeout=10_000):
        real.filing.open_file(path)
    qtbot.waitUntil(lambda: not real.editor.runner.busy, timeout=10_000)
    document, transport = real.editor.document, real.editor.transport
    assert document is not None
    sound = document.sound
    real.panel.show_values("audiosr.super-resolution", {"quality": "draft"})
    transport.seek(7 * rate)
    QTest.keyClick(real, Qt.Key.Key_V)
    qtbot.waitUntil(lambda: real.preview.region is not None, timeout=60_000)
    assert real.preview.region == Region(2 * rate, 12 * rate)
    assert real.status.device.text() == "CPU"
    source, made = (take.read(3 * 48_000, 11 * 48_000)[0] for take in transport.takes)
    powers = [np.square(np.abs(np.fft.rfft(take * np.hanning(take.size)))) for take in (source, made)]
    hz = np.fft.rfftfreq(source.size, 1 / 48_000)
    above, below = (hz > 0.55 * rate) & (hz < 20_000), hz < 0.35 * rate
    added = 10 * np.log10(powers[1][above].sum() / powers[0][above].sum())
    assert added > 20.0  # there is a band where there was none …
    kept = 10 * np.log10(powers[1][below].sum() / powers[0][below].sum())
    assert abs(kept) < 0.1  # … and what was there is what it was
    outside = [take.read(0, 48_000) for take in transport.takes]
    assert np.array_equal(*outside)
    QTest.keyClick(real, Qt.Key.Key_A)
    assert transport.take == TAKE_A
    QTest.keyClick(real, Qt.Key.Key_D)
    assert transport.take == DELTA
    QTest.keyClick(real, Qt.Key.Key_V)
    assert transport.takes == (sound,)
    assert document.sound is sound
    assert document.undo_stack.count() == 0
    assert real.editor.timeline.sample_rate == rate
