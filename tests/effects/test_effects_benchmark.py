"""The measurement of a model before its first use."""

from collections.abc import Callable, Mapping

import pytest

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.benchmark import LIMIT_S, SOUND_S, benchmark_model
from audiosr_desktop.effects.effect import Value
from audiosr_desktop.effects.super_resolution import PARAMETERS, SuperResolution
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import BundleError
from audiosr_desktop.job import Job, Progress, run_job


class Clock:
    """Time that passes when the model says so."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Model:
    """Takes 30 s to load, then a time for each tenth of the sound."""

    id, title, seamless, parameters = "audiosr.super-resolution", "Super-resolution", False, PARAMETERS

    def __init__(self, report: dict[str, object], clock: Clock, tenths: Callable[[int], float]) -> None:
        self.report, self.clock, self.tenths = report, clock, tenths
        self.runs = 0
        self.closed = 0
        self.given: Mapping[str, Value] = {}

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        self.runs += 1
        self.given = values
        assert region == Region(0, sound.length)
        assert sound.duration_s == SOUND_S
        try:
            self.clock.now += 30.0
            yield Progress(0.2, "Loading the model")
            self.report["device"] = "cuda:0"
            yield Progress(0.2, "Generating")
            for tenth in range(10):
                self.clock.now += self.tenths(self.runs)
                yield Progress(0.2 + 0.08 * (tenth + 1), "Generating")
            return sound
        finally:
            self.closed += 1


def test_a_quick_model_is_measured_without_its_loading_by_its_best_pass() -> None:
    report: dict[str, object] = {"device": "left from before"}
    clock = Clock()
    model = Model(report, clock, lambda run: (0.1, 0.05, 0.2)[run - 1])
    given = {"quality": "best", "device": "cuda", "gaps": True, "cutoff_hz": 0.0}
    speed = run_job(benchmark_model(model, report, given, clock))
    assert (speed.device, model.runs, model.closed) == ("cuda:0", 3, 3)
    assert speed.rtf == pytest.approx(0.5 / SOUND_S)
    assert (model.given["quality"], model.given["device"]) == ("best", "cuda")
    assert float(model.given["cutoff_hz"]) > 0.0  # so that the model runs, whatever the sound is


def test_a_slow_model_is_measured_by_how_far_it_came() -> None:
    report: dict[str, object] = {}
    clock = Clock()
    model = Model(report, clock, lambda _: 4.0)
    speed = run_job(benchmark_model(model, report, {}, clock))
    assert speed.rtf == pytest.approx(40.0 / SOUND_S)
    assert (model.runs, model.closed) == (1, 1)
    assert clock.now - 30.0 < LIMIT_S + 2 * 4.0


def test_it_can_be_cancelled() -> None:
    report: dict[str, object] = {}
    clock = Clock()
    model = Model(report, clock, lambda _: 1.0)
    job = benchmark_model(model, report, {}, clock)
    for _ in range(3):
        assert "how fast this computer is" in next(job).stage
    job.close()
    assert model.closed == 1


def test_a_model_that_is_not_there_says_so(run_scratch: Scratch, engines: Engines) -> None:
    facts: dict[str, object] = {}
    effect = SuperResolution(engines, run_scratch, facts)
    with pytest.raises(BundleError):
        run_job(benchmark_model(effect, facts, {"model": "none-such"}))


@pytest.mark.usefixtures("tiny_shipped")
def test_the_real_effect_is_measured(run_scratch: Scratch, engines: Engines) -> None:
    facts: dict[str, object] = {}
    speed = run_job(benchmark_model(SuperResolution(engines, run_scratch, facts), facts, {"device": "cpu"}))
    assert speed.device == "cpu"
    assert speed.rtf > 0.0
