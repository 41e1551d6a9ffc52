"""Playing and comparing in the window: bar, menus, variations, blind tests, the exported page."""

import json
import threading
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import Qt
from PySide6.QtGui import QAction
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QFileDialog, QInputDialog, QMenu

from audiosr_desktop.audio.region import Region
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.playback.meters import Levels
from audiosr_desktop.playback.monitor import Monitor
from audiosr_desktop.ui.dialogs.abx_dialog import AbxDialog
from audiosr_desktop.ui.dialogs.ranking_dialog import RankingDialog
from audiosr_desktop.ui.dialogs.takes_dialog import TakesDialog
from audiosr_desktop.ui.listening import translations
from audiosr_desktop.ui.transport import DELTA, TAKE_A, TAKE_B


def restored(stage: Stage, path: Path) -> None:
    """Open a file and halve a part of it."""
    stage.open(path)
    stage.editor.timeline.select(Region(24_000, 72_000))
    with stage.qtbot.waitSignal(stage.editor.applying.restored, timeout=20_000):
        stage.editor.applying.apply(stage.halve.id, {"seed": 3})


def varied(stage: Stage) -> None:
    stage.window.actions_by_id["new_variation"].trigger()
    stage.idle()


def begun(stage: Stage) -> None:
    """Wait until the levels are known, so that a blind test begins."""
    stage.qtbot.waitUntil(lambda: stage.editor.transport.blind, timeout=10_000)


def texts(menu: QMenu) -> list[str]:
    menu.aboutToShow.emit()
    return [action.text() for action in menu.actions() if action.text()]


def chosen(menu: QMenu, start: str) -> QAction:
    menu.aboutToShow.emit()
    return next(action for action in menu.actions() if action.text().startswith(start))


def heard(stage: Stage, count: int) -> np.ndarray:
    assert stage.output.last is not None
    return stage.output.last.hear(count)


def test_variations_are_rendered_compared_and_one_is_used(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    editor, menu = stage.editor, stage.window.transport_bar.takes_menu
    document = editor.document
    assert document is not None
    result = document.sound
    varied(stage)
    assert stage.halve.given["seed"] == 4
    assert document.sound is result  # compared first, used later
    assert len(editor.transport.takes) == 3
    assert editor.transport.take == 2
    stage.qtbot.waitUntil(lambda: editor.transport.levels.offset_of(2) is not None, timeout=10_000)
    assert texts(menu)[:3] == [
        "A · Source",
        "B · Halve, seed 3\t−6.0 dB",
        "C · Halve, seed 4\t−6.0 dB",
    ]
    chosen(menu, "Use take C").trigger()
    assert document.sound is editor.transport.takes[2]
    assert document.undo_stack.undoText() == "Use take C"
    assert document.spans[-1].details["seed"] == 4
    editor.undo()
    assert document.sound is result
    assert len(editor.transport.takes) == 3
    editor.undo()
    assert not editor.transport.can_compare


def test_a_variation_does_not_move_who_listens_to_the_source(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    transport = stage.editor.transport
    transport.set_loop(True)
    transport.play(24_000, 72_000)
    transport.select_take(TAKE_A)
    varied(stage)
    assert transport.take == TAKE_A
    assert transport.compared == 2
    stage.window.actions_by_id["compare"].trigger()
    assert transport.take == 2
    transport.stop()


def test_a_blind_test_keeps_its_takes_while_a_variation_is_finished(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    transport = stage.editor.transport
    stage.halve.go.clear()
    stage.window.actions_by_id["new_variation"].trigger()
    stage.qtbot.waitUntil(stage.halve.half_way.is_set, timeout=10_000)
    dialog = stage.window.listening.begin_abx([TAKE_A, TAKE_B])
    begun(stage)
    before, hidden = transport.takes, transport.player.take
    stage.halve.go.set()
    stage.idle()
    assert transport.takes is before
    assert transport.player.take == hidden
    dialog.reject()
    assert len(transport.takes) == 3


def test_a_take_gets_a_name(stage: Stage, tone_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    restored(stage, tone_file)
    monkeypatch.setattr(QInputDialog, "getText", lambda *_args, **_named: ("softer", True))
    chosen(stage.window.transport_bar.takes_menu, "Rename").trigger()
    assert texts(stage.window.transport_bar.takes_menu)[1].startswith("B · softer")


def test_a_variation_that_fails_or_is_cancelled_leaves_the_takes(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    stage.halve.go.clear()
    stage.window.actions_by_id["new_variation"].trigger()
    stage.qtbot.waitUntil(stage.halve.half_way.is_set, timeout=10_000)
    stage.editor.runner.cancel()
    stage.idle()
    assert len(stage.editor.transport.takes) == 2
    assert stage.editor.document is not None
    assert not stage.editor.document.locked


def test_the_difference_can_be_made_louder(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    transport = stage.editor.transport
    transport.select_take(DELTA)
    transport.play(30_000, 70_000)
    soft = np.abs(heard(stage, 4_800)[:, 480:]).max()
    chosen(stage.window.transport_bar.hearing_menu, "+10 dB").trigger()
    heard(stage, 480)
    assert np.abs(heard(stage, 4_800)).max() == pytest.approx(soft * 10**0.5, rel=0.1)
    assert stage.window.transport_bar.compare.text() == "Δ · difference +10 dB"
    transport.levels.set_delta_db(99.0)
    assert transport.levels.delta_db == 40.0


def test_only_the_selected_band_is_heard(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)  # tones of 1 and 3 kHz
    stage.editor.timeline.select(Region(0, 2 * RATE, 2_500.0, 3_500.0))
    stage.window.actions_by_id["band_only"].trigger()
    assert stage.editor.transport.player.band == (2_500.0, 3_500.0)
    stage.editor.transport.play(0, None)
    spectrum = np.abs(np.fft.rfft(heard(stage, 9_600)[0, 4_800:9_600] * np.hanning(4_800)))
    assert spectrum[300] > 100 * spectrum[100]  # bins of 10 Hz
    assert "band" in stage.window.transport_bar.hearing.text()
    stage.editor.timeline.select(Region(0, 2 * RATE))
    assert stage.editor.transport.player.band is None


def test_speed_and_channels_are_chosen_in_the_menu(stage: Stage, tmp_path: Path) -> None:
    stage.open(write_tone(tmp_path / "stereo.wav", channels=2))
    bar, player = stage.window.transport_bar, stage.editor.transport.player
    chosen(bar.hearing_menu, "1.5 ×").trigger()
    chosen(bar.hearing_menu, "Channel 2 alone").trigger()
    assert player.speed == 1.5
    assert player.monitor == Monitor("solo", (1,))
    assert bar.hearing.text() == "1.5 × · ch 2"
    stage.qtbot.waitUntil(lambda: player.device is not None, timeout=5_000)
    assert any("Silent · 48 kHz · latency 0 ms" in text for text in texts(bar.hearing_menu))


def test_the_cut_is_heard_before_it_is_made(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.editor.timeline.select(Region(40_000, 50_000))
    QTest.keyClick(stage.window, Qt.Key.Key_C)
    assert stage.editor.sound is not None
    x = stage.editor.sound.read(0, 2 * RATE)
    wanted = np.r_[x[0, :40_000], x[0, 50_000:60_000]]
    wanted = wanted[wanted != 0]  # as `hear` leaves them out
    np.testing.assert_allclose(heard(stage, wanted.size)[0, : wanted.size], wanted, atol=1e-6)


def test_scrubbing_moves_the_playhead_and_is_heard(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.window.view.scrubbed.emit(30_000)
    assert stage.editor.timeline.playhead == 30_000
    assert heard(stage, 2_000).any()


def test_meters_show_what_is_heard(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    transport, meter = stage.editor.transport, stage.window.transport_bar.meter
    stage.qtbot.waitUntil(lambda: transport.metering._meters is not None, timeout=20_000)
    seen: list[Levels] = []
    transport.levels_changed.connect(lambda levels: seen.append(levels) if levels is not None else None)
    transport.play(0, None)
    heard(stage, 48_000)
    stage.qtbot.waitUntil(lambda: bool(seen), timeout=5_000)
    assert stage.editor.sound is not None
    peak_db = 20 * np.log10(np.abs(stage.editor.sound.read(0, 2 * RATE)).max())
    assert max(levels.peaks_db[0] for levels in seen) == pytest.approx(peak_db, abs=0.5)
    assert np.isfinite(seen[-1].momentary_lufs)
    assert "TP −" in meter.text[0]
    assert "I −" in meter.text[0]
    transport.stop()
    assert meter.text == ("", "")


def test_abx_hides_what_is_heard_and_tells_at_the_end(
    stage: Stage, tone_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(stage, tone_file)
    transport = stage.editor.transport
    stage.window.actions_by_id["abx"].trigger()
    dialog = stage.window.findChild(AbxDialog)
    assert dialog is not None
    begun(stage)
    assert transport.looping
    assert stage.window.transport_bar.compare.text() == "A / B"
    assert stage.window.transport_bar.offset.text() == ""
    assert stage.window.transport_bar.meter.blind
    for trial in range(16):
        assert f"Trial {trial + 1} of 16" in dialog.said.text()
        for name in "ABX":
            dialog.hear_buttons[name].click()
        x = dialog.test.hidden[trial]
        assert transport.player.take == (TAKE_A if x == "A" else TAKE_B)
        (dialog.x_is_a if x == "A" else dialog.x_is_b).click()
    assert "16 of 16 correct, p = 1.5e-05. You hear a difference." in dialog.said.text()
    assert "A was Source, B was Halve, seed 3." in dialog.said.text()
    target = tmp_path / "abx.csv"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    dialog.export.click()
    assert len(target.read_text().splitlines()) == 17
    dialog.close()
    assert not transport.blind
    assert not transport.playing
    assert transport.take == TAKE_B


def test_any_two_takes_are_compared_in_an_abx_test(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    varied(stage)
    varied(stage)
    stage.window.actions_by_id["abx"].trigger()
    chooser = stage.window.findChild(TakesDialog)
    assert chooser is not None
    assert chooser.chosen() == [0, 3]  # the source and what is heard
    chooser.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert not chooser.start.isEnabled()
    chooser.list.item(2).setCheckState(Qt.CheckState.Checked)
    chooser.start.click()
    dialog = stage.window.findChild(AbxDialog)
    assert dialog is not None
    begun(stage)
    assert dialog.test.names == ("Halve, seed 4", "Halve, seed 5")
    for name, number in (("A", 2), ("B", 3)):
        dialog.hear_buttons[name].click()
        assert stage.editor.transport.player.take == number
    dialog.trials.setValue(1)
    dialog.x_is_a.click()
    assert dialog.test.facts["offsets_db"] == [0.0, 0.0]  # both are halves
    dialog.close()


def test_a_blind_test_waits_for_equal_levels_and_notes_how_it_was_heard(
    stage: Stage, tone_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(stage, tone_file)
    transport = stage.editor.transport
    stage.qtbot.waitUntil(lambda: transport.levels.settled, timeout=10_000)
    gate = threading.Event()
    monkeypatch.setattr("audiosr_desktop.ui.matching._gains", lambda *_: held_gains(gate))
    stage.editor.timeline.select(Region(30_000, 60_000))  # they are measured anew there
    stage.window.actions_by_id["abx"].trigger()
    dialog = stage.window.findChild(AbxDialog)
    assert dialog is not None
    assert dialog.said.text() == "Matching the levels…"
    assert not dialog.x_is_a.isEnabled()
    assert not transport.playing
    gate.set()
    begun(stage)
    assert transport.player._reader.gains[:2] == pytest.approx([0.5, 1.0], rel=1e-3)
    dialog.trials.setValue(5)
    dialog.duck.setChecked(True)
    assert transport.player._reader.duck
    for trial in range(5):
        assert f"Trial {trial + 1} of 5" in dialog.said.text()
        assert dialog.trials.isEnabled() == dialog.duck.isEnabled() == (trial == 0)
        dialog.x_is_a.click()
    target = tmp_path / "abx.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    dialog.export.click()
    told = json.loads(target.read_text("utf-8"))
    assert told["total"] == 5
    assert told["facts"]["duck"] is True
    assert told["facts"]["level_matched"] is True
    assert told["facts"]["offsets_db"] == [0.0, pytest.approx(-6.02, abs=0.01)]
    assert told["facts"]["loop_s"] == [30_000 / RATE, 60_000 / RATE]
    dialog.close()
    assert not transport.player._reader.duck


def held_gains(gate: threading.Event) -> Job[list[float]]:
    while not gate.is_set():
        yield Progress(0.5, "")
    return [20 * np.log10(0.5), 0.0]


def test_the_anchor_is_as_loud_as_the_source_whatever_the_difference_is(
    stage: Stage, tone_file: Path
) -> None:
    restored(stage, tone_file)
    stage.editor.transport.levels.set_delta_db(40.0)
    stage.window.actions_by_id["ranking"].trigger()
    dialog = stage.window.findChild(RankingDialog)
    assert dialog is not None
    begun(stage)
    gains = stage.editor.transport.player._reader.gains
    assert len(gains) == 3
    assert gains[2] == gains[0] < 1.0
    dialog.duck.setChecked(True)
    assert stage.editor.transport.player._reader.duck
    for slider in dialog.sliders:
        slider.setValue(90)
        assert not dialog.duck.isEnabled()  # from the first mark on
    dialog.finish_button.click()
    assert dialog.ranking.facts["duck"] is True
    dialog.close()
    assert not stage.editor.transport.player._reader.duck
    assert stage.editor.transport.player._reader.gains[2] == pytest.approx(100.0)


def test_some_takes_are_ranked(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    varied(stage)
    stage.window.actions_by_id["ranking"].trigger()
    chooser = stage.window.findChild(TakesDialog)
    assert chooser is not None
    chooser.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    chooser.start.click()
    dialog = stage.window.findChild(RankingDialog)
    assert dialog is not None
    begun(stage)
    taken = {"reference": 0, "anchor": 3, "take": 2}
    for number, stimulus in enumerate(dialog.ranking.stimuli):
        dialog.hear_buttons[number + 1].click()
        assert stage.editor.transport.player.take == taken[stimulus.role]
    assert len(dialog.ranking.stimuli) == 3
    dialog.close()


def test_takes_are_listed_in_blind_order(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    varied(stage)
    bar, transport = stage.window.transport_bar, stage.editor.transport
    chosen(bar.takes_menu, "Blind order").trigger()
    assert transport.blind
    listed = texts(bar.takes_menu)
    assert listed[:3] == ["Take 1", "Take 2", "Take 3"]
    assert not any("seed" in text or "Source" in text for text in listed)
    heard_takes = []
    for place in range(3):
        chosen(bar.takes_menu, f"Take {place + 1}").trigger()
        heard_takes.append(transport.take)
    assert sorted(heard_takes) == [0, 1, 2]
    assert bar.compare.text() == "A / B"
    chosen(bar.takes_menu, "Blind order").trigger()
    assert texts(bar.takes_menu)[1].startswith("B · Halve, seed 3")


def test_a_take_with_other_settings(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    assert stage.editor.document is not None
    result = stage.editor.document.sound
    stage.window.panel.show_values(stage.halve.id, {"quality": "draft", "amount": 50.0, "seed": 9})
    stage.window.actions_by_id["apply_as_take"].trigger()
    stage.idle()
    assert stage.editor.document.sound is result
    takes = stage.editor.variations.current()
    assert takes is not None
    assert takes.names == ["Source", "Halve, seed 3", "Halve, quality draft, amount 50 %, seed 9"]
    assert stage.editor.transport.take == 2
    menu = stage.window.transport_bar.takes_menu
    chosen(menu, "Drop take C").trigger()
    assert len(stage.editor.transport.takes) == 2
    assert not chosen(menu, "Drop take B").isEnabled()  # a step of the history needs it


def test_takes_are_kept_in_the_project(stage: Stage, tone_file: Path, tmp_path: Path) -> None:
    restored(stage, tone_file)
    varied(stage)
    stage.window.actions_by_id["new_variation"].trigger()
    stage.idle()
    menu, path = stage.window.transport_bar.takes_menu, tmp_path / "takes.asrproj"
    sounds = [sound.read(0, sound.length) for sound in stage.editor.transport.takes]
    stage.answers.project = (path, False)
    with stage.qtbot.waitSignal(stage.window.projects.saved, timeout=10_000):
        stage.window.filing.save_project()
    stage.idle()
    stage.window.filing.close_document()
    stage.open(path)
    transport = stage.editor.transport
    assert [text.partition("\t")[0] for text in texts(menu)[:4]] == [
        "A · Source",
        "B · Halve, seed 3",
        "C · Halve, seed 4",
        "D · Halve, seed 5",
    ]
    for sound, wanted in zip(transport.takes, sounds, strict=True):
        assert np.array_equal(sound.read(0, sound.length), wanted)
    transport.select_take(2)
    chosen(menu, "Use take C").trigger()
    document = stage.editor.document
    assert document is not None
    assert np.array_equal(document.sound.read(0, document.sound.length), sounds[2])
    varied(stage)  # and they go on
    assert len(transport.takes) == 5
    assert stage.halve.given["seed"] == 6


def test_takes_that_undo_cannot_reach_are_not_saved(stage: Stage, tone_file: Path) -> None:
    restored(stage, tone_file)
    document = stage.editor.document
    assert document is not None
    stage.editor.undo()
    assert len(document.reachable_takes()) == 1  # redo comes to it
    document.edit("Other", document.sound.slice(0, 100), Region(0, document.sound.length))
    assert document.reachable_takes() == ()


def test_levels_are_matched_over_the_loop(stage: Stage, tmp_path: Path) -> None:
    values = np.full((2 * RATE, 1), 0.4)
    values[RATE:] = 0.1
    soundfile.write(tmp_path / "steps.wav", values, RATE, "PCM_16")
    stage.open(tmp_path / "steps.wav")
    stage.editor.timeline.select(Region(0, RATE))
    with stage.qtbot.waitSignal(stage.editor.applying.restored, timeout=20_000):
        stage.editor.applying.apply(stage.halve.id, {"seed": 3})
    transport = stage.editor.transport
    stage.editor.timeline.select(None)

    def offset(wanted: float) -> None:
        found = lambda: transport.offset_db is not None and abs(transport.offset_db - wanted) < 0.1  # noqa: E731
        stage.qtbot.waitUntil(found, timeout=10_000)

    offset(-5.3)  # all of it
    transport.set_loop(True)
    transport.play(1_000, 40_000)
    offset(-6.02)
    transport.play(50_000, 90_000)
    offset(0.0)
    transport.stop()


def test_ranking_hides_reference_and_anchor(
    stage: Stage, tone_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    restored(stage, tone_file)
    varied(stage)
    stage.window.actions_by_id["ranking"].trigger()
    chooser = stage.window.findChild(TakesDialog)
    assert chooser is not None
    chooser.start.click()
    dialog = stage.window.findChild(RankingDialog)
    assert dialog is not None
    begun(stage)
    assert len(dialog.sliders) == 4  # two results, the reference, the anchor
    for number, stimulus in enumerate(dialog.ranking.stimuli):
        dialog.hear_buttons[number + 1].click()
        assert stage.editor.transport.player.take == stimulus.take
        assert not dialog.finish_button.isEnabled()
        dialog.sliders[number].setValue({"reference": 95, "anchor": 5, "take": 60}[stimulus.role])
    dialog.finish_button.click()
    assert dialog.said.text().splitlines()[0] == " 95  hidden reference"
    target = tmp_path / "ranking.json"
    monkeypatch.setattr(QFileDialog, "getSaveFileName", lambda *_: (str(target), ""))
    dialog.export.click()
    assert '"reliable": true' in target.read_text()
    dialog.close()
    assert len(stage.editor.transport.takes) == 3


def test_a_page_for_listening_is_written(stage: Stage, tone_file: Path, tmp_path: Path) -> None:
    restored(stage, tone_file)
    page = tmp_path / "page.html"
    with stage.qtbot.waitSignal(stage.window.listening.exported, timeout=30_000):
        stage.window.listening.export(page)
    text = page.read_text("utf-8")
    assert "Halve, seed 3" in text
    assert "1.0 s" not in text  # figures come from the data, not from the template
    assert '"Cutoff": "6000 Hz"' in text


def test_warnings_are_on_the_page_in_every_language() -> None:
    sentences = [
        "The region is silent and was left as it is.",
        "Peaks reach +1.2 dBFS: lower the level before saving as integers.",
    ]
    told = translations(sentences)
    assert told["de"].keys() == set(sentences)
    assert "+1,2 dBFS" in told["de"][sentences[1]]  # whatever the window's locale is
    assert told["de"][sentences[0]] != sentences[0]
    assert translations([]) == {}


@pytest.mark.parametrize("written", [".html", ""])
def test_a_page_or_a_folder_is_exported(
    stage: Stage, tone_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str
) -> None:
    restored(stage, tone_file)
    kinds: list[str] = []

    def ask(_parent: object, _title: str, _name: str, filters: str) -> tuple[str, str]:
        kinds.extend(filters.split(";;"))
        return str(tmp_path / "v1.2 heard"), kinds[0] if written else kinds[1]

    monkeypatch.setattr(QFileDialog, "getSaveFileName", ask)
    with stage.qtbot.waitSignal(stage.window.listening.exported, timeout=30_000):
        stage.window.actions_by_id["export_listening"].trigger()
    target = tmp_path / f"v1.2 heard{written}"
    names = {path.name for path in target.iterdir()} if target.is_dir() else set()
    assert target.is_file() == bool(written)
    assert names == (set() if written else {"index.html", "A.wav", "B.wav", "A.png", "B.png"})


def test_what_happens_to_the_device_is_told_in_the_status_bar(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.editor.transport.play(0, None)
    heard(stage, 4_800)
    assert stage.output.last is not None
    stage.output.last.active = False
    bar = stage.window.status
    stage.qtbot.waitUntil(lambda: "sound device Silent is gone" in bar.currentMessage(), timeout=10_000)
    assert not stage.editor.transport.playing
    assert stage.answers.errors == []


def test_a_device_that_goes_while_nothing_plays_is_told_too(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.qtbot.waitUntil(lambda: stage.output.last is not None, timeout=10_000)
    assert stage.output.last is not None
    stage.output.last.active = False
    bar = stage.window.status
    stage.qtbot.waitUntil(lambda: "sound device Silent is gone" in bar.currentMessage(), timeout=10_000)
    assert "stopped" not in bar.currentMessage()


def test_the_sound_device_is_made_ready_for_a_long_job(
    stage: Stage, tone_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.open(tone_file)
    told: list[bool] = []
    monkeypatch.setattr(stage.editor.transport.player, "expect_load", told.append)
    stage.editor._load_timer.setInterval(0)
    ended = threading.Event()

    def work() -> Job[None]:
        while not ended.is_set():
            yield Progress(0.5, "Working")

    stage.editor.runner.start("Long", work(), lambda _: None)
    stage.qtbot.waitUntil(lambda: told == [True], timeout=10_000)
    ended.set()
    stage.idle()
    assert told == [True, False]
