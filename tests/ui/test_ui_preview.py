"""Preview and forecast: ten seconds in place, the document untouched, and what a run will take."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile
from conftest import Stage, write_tone

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.timing import ModelCost, Timings
from audiosr_desktop.errors import EngineError
from audiosr_desktop.ui.forecast import Forecast
from audiosr_desktop.ui.preview import preview_region
from audiosr_desktop.ui.transport import DELTA, TAKE_A, TAKE_B


def preview(stage: Stage) -> None:
    stage.window.actions_by_id["preview"].trigger()
    stage.qtbot.waitUntil(lambda: "B is with" in stage.window.preview.text, timeout=10_000)


def test_the_span_lies_around_the_playhead_or_at_the_start_of_the_selection() -> None:
    sound = Sound.from_array(np.zeros((1, 60_000), np.float32), 1_000)
    assert preview_region(sound, None, 0) == Region(0, 10_000)
    assert preview_region(sound, None, 30_000) == Region(25_000, 35_000)
    assert preview_region(sound, None, 60_000) == Region(50_000, 60_000)
    assert preview_region(sound, Region(5_000, 8_000, 100.0, 200.0), 0) == Region(5_000, 8_000, 100.0, 200.0)
    assert preview_region(sound, Region(5_000, 50_000), 0) == Region(5_000, 15_000)


def test_a_preview_is_heard_in_place_and_leaves_the_document(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    editor = stage.editor
    assert editor.document is not None
    sound = editor.document.sound
    editor.timeline.select(Region(24_000, 48_000))
    preview(stage)
    transport = editor.transport
    assert transport.can_compare
    assert transport.take == TAKE_B
    assert transport.looping
    assert transport.playing
    heard = transport.heard_sound
    assert heard is not None
    np.testing.assert_array_equal(heard.read(24_000, 48_000), sound.read(24_000, 48_000) * np.float32(0.5))
    assert editor.document.sound is sound
    assert not editor.document.modified
    assert stage.window.panel.preview_button.isChecked()
    stage.window.actions_by_id["preview"].trigger()
    assert not stage.window.preview.on
    assert not transport.can_compare
    assert not transport.looping
    assert not transport.playing
    assert not stage.window.panel.preview_button.isChecked()


def test_a_quick_module_follows_its_values(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    preview(stage)
    first = stage.editor.transport.heard_sound
    stage.window.panel.set_value("amount", 50.0)
    stage.qtbot.waitUntil(lambda: stage.editor.transport.heard_sound is not first, timeout=10_000)
    stage.qtbot.waitUntil(lambda: "B is with" in stage.window.preview.text, timeout=10_000)
    assert stage.halve.given["amount"] == 50.0


def test_a_knob_does_not_move_who_listens_to_the_source(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    preview(stage)
    transport = stage.editor.transport
    stage.window.actions_by_id["compare"].trigger()
    assert transport.take == TAKE_A
    first = transport.takes[TAKE_B]
    stage.window.panel.set_value("amount", 50.0)
    stage.qtbot.waitUntil(lambda: transport.takes[TAKE_B] is not first, timeout=10_000)
    assert transport.playing
    assert transport.take == TAKE_A
    transport.stop()  # and who is not listening hears what was asked for
    second = transport.takes[TAKE_B]
    stage.window.panel.set_value("amount", 25.0)
    stage.qtbot.waitUntil(lambda: transport.takes[TAKE_B] is not second, timeout=10_000)
    assert transport.take == TAKE_B


def test_a_model_waits_to_be_asked_again(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.window.panel.show_values("audiosr.super-resolution", {})
    preview(stage)
    first = stage.editor.transport.heard_sound
    stage.window.panel.set_value("amount", 50.0)
    assert "again" in stage.window.preview.text
    assert stage.editor.transport.heard_sound is first


def test_values_that_change_while_it_is_prepared_are_taken(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.halve.go.clear()
    stage.window.actions_by_id["preview"].trigger()
    stage.qtbot.waitUntil(stage.halve.half_way.is_set, timeout=10_000)
    stage.window.panel.set_value("amount", 25.0)
    stage.halve.go.set()
    stage.qtbot.waitUntil(lambda: stage.halve.given.get("amount") == 25.0, timeout=10_000)
    stage.qtbot.waitUntil(lambda: "B is with" in stage.window.preview.text, timeout=10_000)


def test_an_edit_ends_the_preview(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    preview(stage)
    stage.window.apply_effect()
    assert not stage.window.preview.on
    stage.idle()
    assert stage.editor.document is not None
    assert stage.editor.document.modified


def test_switching_it_off_while_it_is_prepared_leaves_nothing(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.halve.go.clear()
    stage.window.actions_by_id["preview"].trigger()
    stage.qtbot.waitUntil(stage.halve.half_way.is_set, timeout=10_000)
    stage.window.actions_by_id["preview"].trigger()
    assert not stage.window.preview.on
    assert stage.halve.ended.wait(10.0)
    assert not stage.editor.transport.can_compare


def test_a_preview_that_fails_says_why(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    stage.halve.error = EngineError("The model is broken.")
    stage.window.actions_by_id["preview"].trigger()
    stage.qtbot.waitUntil(lambda: bool(stage.answers.errors), timeout=10_000)
    assert str(stage.answers.errors[0][1]) == "The model is broken."
    assert not stage.window.preview.on


@pytest.fixture
def low(stage: Stage, tmp_path: Path) -> Stage:
    """A recording at 16 kHz, with the playhead within it and super-resolution in the panel."""
    stage.open(write_tone(tmp_path / "low.wav", seconds=24.0, rate=16_000))
    stage.window.panel.show_values("audiosr.super-resolution", {})
    stage.editor.transport.seek(12 * 16_000)
    return stage


def test_a_new_band_is_previewed_at_a_higher_rate_without_a_step(low: Stage) -> None:
    editor, transport, timeline = low.editor, low.editor.transport, low.editor.timeline
    document = editor.document
    assert document is not None
    sound = document.sound
    seen = low.window.view.spectrogram._sound
    timeline.select(Region(32_000, 64_000))
    preview(low)
    assert [take.sample_rate for take in transport.takes] == [48_000, 48_000]
    assert "48 kHz" in low.window.preview.text
    assert transport.player.loop_span == (96_000, 192_000)
    assert transport.playing
    assert transport.take == TAKE_B
    assert low.output.last is not None
    raised, made = transport.takes
    np.testing.assert_allclose(
        raised.read(96_000, 192_000)[:, ::3], sound.read(32_000, 64_000), atol=0.02
    )  # the same sound at the same time
    np.testing.assert_array_equal(
        made.read(100_000, 190_000), raised.read(100_000, 190_000) * np.float32(0.5)
    )
    for key, take in (("compare", TAKE_A), ("compare", TAKE_B), ("delta", DELTA)):
        low.window.actions_by_id[key].trigger()
        assert transport.take == take
        assert transport.playing
    # neither the document nor what is seen and selected knows of the other rate
    assert document.sound is sound
    assert document.undo_stack.count() == 0
    assert (timeline.sample_rate, timeline.length) == (16_000, sound.length)
    assert timeline.selection == Region(32_000, 64_000)
    assert low.window.view.spectrogram._sound is seen
    low.window.actions_by_id["preview"].trigger()
    assert transport.takes == (sound,)
    assert timeline.playhead == 12 * 16_000
    assert transport.player.position == 12 * 16_000


def test_the_playhead_is_at_the_right_time_whatever_the_rate_of_the_preview(low: Stage) -> None:
    transport, timeline = low.editor.transport, low.editor.timeline
    preview(low)
    assert transport.player.loop_span == (7 * 48_000, 17 * 48_000)
    low.qtbot.waitUntil(lambda: low.output.last is not None and low.output.last.sample_rate == 48_000)
    output = low.output.last
    assert output is not None

    def heard_a_second() -> bool:
        output.pull(480)
        return transport.player.position > 8 * 48_000

    low.qtbot.waitUntil(heard_a_second, timeout=10_000)
    low.qtbot.waitUntil(lambda: timeline.playhead > 7 * 16_000, timeout=10_000)
    assert timeline.playhead == pytest.approx(transport.player.position / 3, abs=1_600)
    transport.seek(10 * 16_000)
    assert timeline.playhead == 10 * 16_000
    assert transport.player.position == 10 * 48_000
    transport.scrub(11 * 16_000)
    assert timeline.playhead == 11 * 16_000
    transport.toggle()  # ends the scrubbing, or what it played
    if not transport.playing:
        transport.toggle()
    assert transport.player.loop_span == (7 * 48_000, 17 * 48_000)  # what is previewed, not the rest


def test_the_rate_is_raised_once_for_all_values_of_a_preview(low: Stage) -> None:
    transport = low.editor.transport
    preview(low)
    raised, made = transport.takes
    low.window.panel.set_value("amount", 50.0)
    low.window.preview.start(low.new_band, low.window.panel.values())
    low.qtbot.waitUntil(lambda: transport.takes[1] is not made, timeout=10_000)
    assert transport.takes[0] is raised


@pytest.mark.parametrize("how", ["edit", "undo", "apply", "close", "other", "marker"])
def test_whatever_changes_the_document_ends_a_preview_at_a_higher_rate(
    low: Stage, how: str, tone_file: Path
) -> None:
    editor, actions = low.editor, low.window.actions_by_id
    editor.timeline.select(Region(0, 1_600))
    actions["delete"].trigger()
    editor.timeline.select(None)
    preview(low)
    if how == "edit":
        editor.timeline.select(Region(0, 1_600))
        actions["delete"].trigger()
    elif how == "undo":
        actions["undo"].trigger()
    elif how == "apply":
        low.window.apply_effect()
        assert not low.window.preview.on
        low.idle()
    elif how == "close":
        editor.close_document()
    elif how == "other":
        low.open(tone_file)
    else:
        actions["mark"].trigger()
    assert not low.window.preview.on
    assert not editor.transport.playing
    assert not editor.transport.looping
    assert editor.transport.span is None
    rates = {take.sample_rate for take in editor.transport.takes}
    assert rates == ({editor.timeline.sample_rate} if editor.document is not None else set())


def test_a_step_of_the_history_is_reopened_with_its_values(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    values = {"quality": "draft", "amount": 40.0, "seed": 7}
    assert stage.window.reopen("test.halve", values)
    assert stage.window.panel.values() == values
    assert not stage.window.reopen("", {})


@pytest.mark.parametrize(("factor", "said"), [(0.1, ""), (60.0, "min"), (400.0, "Draft would take")])
def test_what_a_run_will_take_is_said_before_it(
    factor: float, said: str, stage: Stage, tone_file: Path
) -> None:
    timings = Timings()
    panel = stage.window.panel
    forecast = Forecast(stage.editor, panel, timings)
    stage.open(tone_file)
    values = panel.values()
    timings.learn("test.halve", values, duration_s=2.0, channels=1, elapsed_s=2.0 * factor)
    forecast.show()
    assert said in panel.estimate.text()
    assert panel.estimate.draft_button.isVisibleTo(panel) == (factor == 400.0)
    if factor == 400.0:
        panel.estimate.draft_button.click()
        assert panel.values()["quality"] == "draft"
    forecast.deleteLater()


def test_a_large_model_is_not_taken_for_the_small_one(stage: Stage, tone_file: Path) -> None:
    forecast = Forecast(stage.editor, stage.window.panel, Timings())
    stage.open(tone_file)
    model = str(stage.window.panel.values().get("model", ""))
    costs = {model: ModelCost(4_400_000_000, {stage.window.panel.values()["quality"]: 10.0})}
    stage.editor.catalogue = replace(stage.editor.catalogue, costs=costs)
    forecast.show()
    assert "about 20 s and 4.4 GB – a guess" in stage.window.panel.estimate.text()
    forecast.deleteLater()


def test_runs_teach_what_the_next_will_take(stage: Stage, tone_file: Path) -> None:
    timings = Timings()
    forecast = Forecast(stage.editor, stage.window.panel, timings)
    stage.open(tone_file)
    stage.window.apply_effect()
    stage.idle()
    values = stage.window.panel.values()
    assert timings.estimate("test.halve", values, duration_s=2.0, channels=1).measured
    forecast.deleteLater()


def test_a_preview_at_a_higher_rate_can_be_exported_and_tested_blind(low: Stage, tmp_path: Path) -> None:
    low.editor.timeline.select(Region(16_000, 48_000))
    preview(low)
    assert low.window.listening.export(tmp_path / "page")
    assert not low.window.preview.on  # the export is a job
    low.idle()
    lengths = {soundfile.info(file).duration for file in (tmp_path / "page").rglob("*.wav")}
    assert lengths == {2.0}
    preview(low)
    dialog = low.window.listening.begin_abx((TAKE_A, TAKE_B))
    low.qtbot.waitUntil(
        lambda: low.editor.transport.player.loop_span == (48_000, 144_000), timeout=10_000
    )  # what is selected, at the rate of the takes
    dialog.close()
