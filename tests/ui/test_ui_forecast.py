"""What a run will take: measured on first use of a model, learned from runs, and summed up for chains."""

import threading
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from conftest import RATE, Stage, write_tone
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from ui_fakes import NewBand

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.effects.benchmark import Speed
from audiosr_desktop.effects.chain import Chain, Module
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.effects.timing import LOOK, MENDED, RESTORE, SUPER_RESOLUTION, ModelCost
from audiosr_desktop.errors import EngineError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui import benchmarking

COST = ModelCost(1_000_000_000, {"draft": 30.0, "standard": 60.0}, "slow@0123", 0.0)
MODEL = (
    Parameter("model", "Model", "text", ""),
    Parameter("quality", "Quality", "choice", "standard", choices=("draft", "standard")),
    Parameter("device", "Device", "text", "auto", advanced=True),
)


class Bench:
    """Stands for the measurement of a model; it waits until the test lets it go on."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.error: Exception | None = None
        self.asked: list[Mapping[str, Value]] = []
        self.closed = threading.Event()

    def __call__(self, values: Mapping[str, Value]) -> Job[Speed]:
        self.asked.append(values)
        self.closed.clear()
        try:
            while not self.go.wait(0.002):
                yield Progress(0.5, "Measuring how fast this computer is")
            if self.error is not None:
                raise self.error
            return Speed("cuda:0", 3.0)
        finally:
            self.closed.set()


@pytest.fixture
def bench(stage: Stage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A model that takes long by what its maker says, chosen in the panel for ten seconds of sound."""
    monkeypatch.setattr(benchmarking, "REST_MS", 1)
    stage.window.forecast.benchmarking._rest.setInterval(1)
    bench = Bench()
    stage.new_band.parameters = (*MODEL, *stage.new_band.parameters[1:])
    stage.editor.catalogue = replace(stage.editor.catalogue, costs={"": COST}, benchmark=bench)
    stage.editor.catalogue_changed.emit()
    stage.open(write_tone(tmp_path / "ten.wav", seconds=10.0))
    stage.window.panel.show_values(SUPER_RESOLUTION, {})
    return bench


def says(stage: Stage, text: str) -> None:
    stage.qtbot.waitUntil(lambda: text in stage.window.panel.estimate.text(), timeout=10_000)


def begins(stage: Stage, bench: Bench) -> None:
    says(stage, "Measuring how fast this computer is")
    stage.qtbot.waitUntil(lambda: bool(bench.asked), timeout=10_000)


def test_a_model_is_measured_when_its_estimate_is_first_wanted(stage: Stage, bench: Bench) -> None:
    begins(stage, bench)
    assert stage.window.panel.apply_button.isEnabled()  # nothing waits for it
    bench.go.set()
    says(stage, "Takes about 30 s")
    assert not stage.window.panel.estimate.skip_button.isVisibleTo(stage.window)
    assert [asked["quality"] for asked in bench.asked] == ["standard"]
    stage.window.panel.set_value("quality", "draft")
    says(stage, "Takes about 15 s")  # by what its maker says of the qualities
    stage.editor.timeline.select(Region(0, 240_000))
    says(stage, "Takes about 8 s")
    assert len(bench.asked) == 1
    measured = stage.window.forecast.timings.measured(SUPER_RESOLUTION, COST.key)
    assert measured == {"standard": pytest.approx(3.0)}


def test_it_can_be_skipped_and_is_not_begun_again(stage: Stage, bench: Bench) -> None:
    begins(stage, bench)
    QTest.mouseClick(stage.window.panel.estimate.skip_button, Qt.MouseButton.LeftButton)
    assert bench.closed.wait(10.0)
    says(stage, "a guess")
    assert "10 min" in stage.window.panel.estimate.text()
    stage.editor.timeline.select(Region(0, 240_000))
    says(stage, "5 min")
    assert len(bench.asked) == 1


@pytest.mark.parametrize("what", ["run", "preview", "play"])
def test_whatever_the_user_does_goes_before_it(stage: Stage, bench: Bench, what: str) -> None:
    begins(stage, bench)
    stage.new_band.go.clear()
    if what == "run":
        stage.window.actions_by_id["apply"].trigger()
    elif what == "preview":
        stage.window.actions_by_id["preview"].trigger()
    else:
        stage.window.actions_by_id["play"].trigger()
    assert bench.closed.wait(10.0)
    stage.qtbot.waitUntil(lambda: not stage.window.forecast.benchmarking.running, timeout=10_000)
    assert len(bench.asked) == 1
    stage.new_band.go.set()
    stage.idle()
    stage.window.preview.stop()
    stage.editor.transport.stop()
    if what == "run":  # which said it all
        assert stage.window.forecast.timings.measured(SUPER_RESOLUTION, COST.key)
    else:
        stage.qtbot.waitUntil(lambda: len(bench.asked) == 2, timeout=10_000)


def test_a_model_that_fails_is_left_to_the_run(stage: Stage, bench: Bench) -> None:
    bench.error = EngineError("The model is broken.")
    bench.go.set()
    says(stage, "a guess")
    stage.qtbot.waitUntil(bench.closed.is_set, timeout=10_000)
    stage.qtbot.waitUntil(lambda: not stage.window.forecast.benchmarking.running, timeout=10_000)
    assert stage.answers.errors == []
    stage.editor.timeline.select(Region(0, 240_000))
    says(stage, "5 min")
    assert len(bench.asked) == 1


def test_a_chain_says_what_its_steps_take_together(stage: Stage, bench: Bench) -> None:
    bench.go.set()
    says(stage, "Takes about 30 s")
    forecast = stage.window.forecast
    forecast.timings.learn("test.halve", {}, duration_s=10.0, channels=1, elapsed_s=20.0)
    stage.window.actions_by_id["chain"].trigger()
    dialog = stage.window.chaining.dialog
    assert dialog is not None
    assert dialog.estimate.text() == ""
    halve = Module("test.halve", {"quality": "standard"})
    dialog.show_chain(Chain("Both", (halve, Module(SUPER_RESOLUTION))))
    forecast.timings.learn("test.halve", {"quality": "standard"}, duration_s=10.0, channels=1, elapsed_s=20.0)
    forecast.show()
    assert "about 50 s and 1.0 GB." in dialog.estimate.text()
    dialog.list.item(1).setCheckState(Qt.CheckState.Unchecked)
    assert "about 20 s" in dialog.estimate.text()
    stage.editor.timeline.select(Region(0, 240_000))
    assert "about 10 s" in dialog.estimate.text()
    dialog.list.item(0).setCheckState(Qt.CheckState.Unchecked)
    assert dialog.estimate.text() == ""
    assert not dialog.estimate.isVisibleTo(dialog)
    dialog.close()


class Mend(NewBand):
    """Stands for Restore."""

    id = RESTORE
    title = "Restore"

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        made = yield from super().process(sound, region, values)
        self.report["times"] = [(LOOK, 40.0), ("audiosr.denoise", 30.0)]
        return made


@pytest.fixture
def mend(stage: Stage, bench: Bench) -> Mend:
    """Restore, chosen for ten seconds that end at 5 kHz, on a machine where everything was measured."""
    effect = Mend(stage.editor.catalogue.report)
    switches = [Parameter(name, name, "bool", default=True) for name in MENDED]
    effect.parameters = (*MODEL, *switches, *NewBand.parameters[1:])
    effects = {**stage.editor.catalogue.effects, effect.id: effect}
    stage.editor.catalogue = replace(stage.editor.catalogue, effects=effects)
    stage.editor.catalogue_changed.emit()
    timings = stage.window.forecast.timings
    for step, elapsed_s in ((LOOK, 1.0), *((step, 10.0) for step in MENDED.values())):
        given = {"model": "", "quality": "standard", "device": "auto"} if step == SUPER_RESOLUTION else {}
        timings.learn(step, given, duration_s=10.0, channels=1, elapsed_s=elapsed_s, cost=COST)
    noise = np.random.default_rng(1).normal(0.0, 0.1, 480_000)
    sound = Sound.from_array(lowpass(noise[None].astype(np.float32), RATE, 5_000.0, "ellip", 8), RATE)
    assert stage.editor.document is not None
    stage.editor.document.edit("Noise", sound, Region(0, sound.length))
    stage.window.panel.show_values(RESTORE, {})
    return effect


def test_what_restore_takes_is_a_range_until_the_sound_was_looked_at(stage: Stage, mend: Mend) -> None:
    estimate = stage.window.panel.estimate
    says(stage, "Takes 1 s to 41 s and up to 1.0 GB, by what is found.")
    stage.window.panel.set_value("noise", False)
    says(stage, "Takes 1 s to 31 s")
    QTest.mouseClick(estimate.look_button, Qt.MouseButton.LeftButton)
    stage.idle()
    says(stage, "To be run: Super-resolution. Takes about 11 s and 1.0 GB.")
    assert not estimate.look_button.isVisibleTo(stage.window)
    stage.window.panel.set_value("seed", 5)  # nothing else is found with it
    says(stage, "To be run: Super-resolution.")
    stage.editor.timeline.select(Region(0, 240_000))
    says(stage, "Takes 1 s to 16 s")
    assert estimate.look_button.isVisibleTo(stage.window)
    stage.editor.timeline.select(None)
    says(stage, "To be run: Super-resolution.")
    stage.window.panel.set_value("band", False)
    says(stage, "Takes 1 s to 21 s")


def test_a_chain_with_restore_tells_what_was_found_or_a_range(stage: Stage, mend: Mend) -> None:
    chaining = stage.window.chaining
    chaining.show()
    assert chaining.dialog is not None
    both = Chain("Both", (Module(RESTORE), Module("audiosr.super-resolution")))
    chaining.dialog.show_chain(both)
    assert "Takes 11 s to 51 s" in chaining.dialog.estimate.text()
    chaining.propose()
    stage.idle()
    chaining.dialog.show_chain(both)
    assert "Takes about 31 s" in chaining.dialog.estimate.text()  # white noise is noise, too
    values = {"model": "", "quality": "standard", "device": "auto"}
    assert "Takes 1 s to 41 s" in stage.window.forecast.text_of_files([(RESTORE, values)], 10.0)
    chaining.dialog.close()


def test_restore_teaches_what_each_of_its_steps_took(stage: Stage, mend: Mend) -> None:
    timings = stage.window.forecast.timings
    stage.window.actions_by_id["apply"].trigger()
    stage.idle()
    assert timings.estimate(LOOK, {}, duration_s=10.0, channels=1).seconds == pytest.approx(20.5)
    assert timings.estimate("audiosr.denoise", {}, duration_s=10.0, channels=1).seconds == pytest.approx(20.0)


def test_every_step_of_a_chain_teaches(stage: Stage, tone_file: Path) -> None:
    stage.open(tone_file)
    values = {"quality": "draft", "amount": 100.0, "seed": 0}
    chain = '{"title": "Two", "effects": [{"effect": "test.halve", "values": {"quality": "draft"}}]}'
    stage.editor.applying.apply_chain(chain)
    stage.idle()
    timings = stage.window.forecast.timings
    assert timings.estimate("test.halve", values, duration_s=2.0, channels=1).measured


def test_a_part_costs_the_windows_around_it(stage: Stage, bench: Bench) -> None:
    stage.editor.catalogue = replace(stage.editor.catalogue, costs={"": replace(COST, window_s=4.0)})
    wait = stage.window.forecast.wait_s
    effect, values = stage.new_band, stage.window.panel.values()
    whole, part = wait(effect, values, 10.0, 1), wait(effect, values, 1.0, 1)
    assert part == pytest.approx(whole / 2)
    assert wait(effect, values, 9.0, 1) == pytest.approx(whole)  # no more than there is


def test_a_short_wait_is_not_worth_a_measurement(stage: Stage, bench: Bench) -> None:
    begins(stage, bench)
    quick = replace(COST, speeds={"draft": 0.4, "standard": 0.5}, key="quick@0123")
    stage.editor.catalogue = replace(stage.editor.catalogue, costs={"": quick})
    stage.window.forecast.benchmarking.interrupt()
    stage.qtbot.waitUntil(lambda: not stage.window.forecast.benchmarking.running, timeout=10_000)
    says(stage, "Takes about 5 s")
    assert not stage.window.forecast.benchmarking._rest.isActive()
    assert len(bench.asked) == 1
