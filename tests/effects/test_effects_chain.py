import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.chain import (
    Chain,
    Module,
    Step,
    chain_from_json,
    chain_steps,
    chain_to_json,
    read_chain,
    run_steps,
)
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.effects.gaps import FillGap
from audiosr_desktop.effects.notes import Report
from audiosr_desktop.effects.tones import RemoveTone
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job, Progress, run_job

VALUES = st.one_of(st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text())
MODULES = st.builds(
    Module,
    st.sampled_from(["audiosr.denoise", "my.plugin"]),
    st.dictionaries(st.text(), VALUES),
    st.booleans(),
    st.text(),
)


class Times:
    """An effect that multiplies."""

    title = "Times"
    parameters: Sequence[Parameter] = (Parameter("factor", "Factor", "float", default=2.0),)
    seamless = True

    def __init__(self, id: str = "test.times") -> None:
        self.id = id
        self.rates: list[int] = []

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        self.rates.append(sound.sample_rate)
        yield Progress(0.5, "Multiplying")
        inside = sound.read(region.start, region.stop)
        return Sound.from_array(inside * np.float32(values["factor"]), sound.sample_rate)


def of(*modules: Module) -> Chain:
    return Chain("Test", modules)


@given(st.builds(Chain, st.text(min_size=1), st.lists(MODULES, min_size=1).map(tuple), st.text()))
def test_a_chain_survives_the_round_trip_through_json(chain: Chain) -> None:
    assert chain_from_json(chain_to_json(chain), "x") == chain


def test_a_preset_of_the_first_form_is_read_and_named_by_its_file(tmp_path: Path) -> None:
    path = tmp_path / "old one.json"
    path.write_text('{"effects": [{"effect": "denoise", "values": {"reduction_db": 9}}]}', encoding="utf-8")
    chain = Chain("old one", (Module("audiosr.denoise", {"reduction_db": 9}),))
    assert read_chain(path) == chain


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"effects": 3}',
        '{"effects": []}',
        '{"effects": [3]}',
        '{"effects": [{"values": {}}]}',
        '{"effects": [{"effect": "denoise", "values": {"a": [1]}}]}',
        '{"effects": [{"effect": "denoise", "bypass": 1}]}',
        '{"effects": [{"effect": 4}]}',
        '{"title": 3, "effects": [{"effect": "denoise"}]}',
    ],
)
def test_what_is_no_preset_is_refused_in_one_sentence(text: str) -> None:
    with pytest.raises(EffectError, match="preset"):
        chain_from_json(text, "bad.json")


def test_a_preset_of_a_later_version_is_told_so() -> None:
    with pytest.raises(EffectError, match="later version"):
        chain_from_json(json.dumps({"format_version": 2, "effects": [{"effect": "denoise"}]}), "new.json")


def test_bypassed_modules_are_checked_but_not_run() -> None:
    effects = {"test.times": Times()}
    chain = of(Module("test.times", {"factor": 3.0}, bypassed=True), Module("test.times"))
    assert [step.values for step in chain_steps(chain, effects)] == [{"factor": 2.0}]
    with pytest.raises(EffectError, match="factor"):
        chain_steps(of(Module("test.times", {"factor": "x"}, bypassed=True)), effects)
    with pytest.raises(EffectError, match=r"not there: 'no\.such'"):
        chain_steps(of(Module("no.such")), effects)


def test_given_values_go_before_those_of_the_chain() -> None:
    steps = chain_steps(
        of(Module("test.times", {"factor": 3.0})), {"test.times": Times()}, {"factor": 5, "other": 1}
    )
    assert [step.values for step in steps] == [{"factor": 5.0}]


def test_steps_run_in_order_within_the_region_and_report_progress(run_scratch: Scratch) -> None:
    sound = Sound.from_array(np.ones((2, 100), np.float32), 48_000)
    effect = Times()
    steps = [Step(effect, {"factor": 2.0}), Step(effect, {"factor": 5.0})]
    told: list[float] = []
    run = run_job(
        run_steps(steps, sound, Region(10, 20), run_scratch), lambda step: told.append(step.fraction)
    )
    after = run.after.read(0, 100)
    assert (after[:, 10:20] == 10.0).all()
    assert (np.delete(after, np.arange(10, 20), axis=1) == 1.0).all()
    assert run.before is sound
    assert told == sorted(told)


@pytest.mark.parametrize(
    ("effect_id", "rate", "whole", "expected"),
    [
        ("audiosr.super-resolution", 22_050, True, 48_000),
        ("audiosr.super-resolution", 44_100, True, 48_000),
        ("audiosr.super-resolution", 44_100, False, 44_100),
        ("audiosr.super-resolution", 96_000, True, 96_000),
        ("audiosr.denoise", 22_050, True, 22_050),
    ],
)
def test_only_a_new_band_raises_the_rate(
    effect_id: str, rate: int, whole: bool, expected: int, run_scratch: Scratch
) -> None:
    effect = Times(effect_id)
    sound = Sound.from_array(np.zeros((1, rate), np.float32), rate)
    region = Region(0, rate) if whole else Region(rate // 4, rate // 2)
    run = run_job(run_steps([Step(effect, {"factor": 1.0})], sound, region, run_scratch))
    assert effect.rates == [expected]
    assert run.after.sample_rate == expected
    assert run.region.start == round(region.start * expected / rate)
    assert run.after.length == expected


def test_the_stage_names_the_step_and_the_progress_goes_over_all_by_their_weights(
    run_scratch: Scratch,
) -> None:
    sound = Sound.from_array(np.ones((1, 4_800), np.float32), 48_000)
    steps = [Step(Times(f"test.{name}"), {"factor": 2.0}) for name in ("short", "long", "last")]
    told: list[Progress] = []
    weights = {"test.short": 1.0, "test.long": 8.0, "test.last": 1.0}
    run = run_job(
        run_steps(steps, sound, Region(0, 4_800), run_scratch, weigh=lambda step: weights[step.effect.id]),
        told.append,
    )
    half_ways = {progress.stage: progress.fraction for progress in told if "Multiplying" in progress.stage}
    assert list(half_ways) == [f"Step {number} of 3 · Times · Multiplying" for number in (1, 2, 3)]
    assert list(half_ways.values()) == pytest.approx([0.05, 0.5, 0.95], abs=0.02)
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert len(run.times) == 3
    assert 0.0 < sum(run.times) <= run.elapsed_s


def test_a_single_step_needs_no_number(run_scratch: Scratch) -> None:
    sound = Sound.from_array(np.ones((1, 4_800), np.float32), 48_000)
    told: list[Progress] = []
    run_job(run_steps([Step(Times(), {"factor": 2.0})], sound, Region(0, 4_800), run_scratch), told.append)
    assert "Multiplying" in [progress.stage for progress in told]


class Heard:
    """The mean over half a second to both sides, in the place of a model that hears its surroundings."""

    id, title, seamless = "audiosr.super-resolution", "Heard", False
    parameters: Sequence[Parameter] = ()

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        yield Progress(1.0, self.title)
        reach = sound.sample_rate // 2
        around = sound.read_padded(region.start - reach, region.stop + reach)
        sums = np.cumsum(around, axis=1, dtype=np.float64)
        mean = (sums[:, 2 * reach :] - sums[:, : -2 * reach]) / (2 * reach)
        return Sound.from_array(mean.astype(np.float32), sound.sample_rate)


@pytest.mark.parametrize(("first", "hears"), [("audiosr.denoise", True), ("test.times", False)])
def test_a_model_hears_what_was_mended_around_the_region(
    first: str, hears: bool, run_scratch: Scratch
) -> None:
    rate = 48_000
    sound = Sound.from_array(np.random.default_rng(0).random((1, 4 * rate), np.float32), rate)
    steps = [Step(Times(first), {"factor": 0.5}), Step(Heard(), {})]
    region = Region(rate, 2 * rate)
    alone = run_job(run_steps(steps, sound, region, run_scratch)).after
    whole = run_job(run_steps(steps, sound, Region(0, sound.length), run_scratch)).after
    inside = (region.start + rate // 10, region.stop - rate // 10)
    assert np.allclose(alone.read(*inside), whole.read(*inside), atol=1e-5) == hears
    assert np.array_equal(alone.read(0, region.start), sound.read(0, region.start))
    assert np.array_equal(alone.read(region.stop, sound.length), sound.read(region.stop, sound.length))


def test_a_tone_that_is_heard_beside_the_region_alone_is_not_told(run_scratch: Scratch) -> None:
    """Tones are removed in stretches of 20 s, and around the region for what later steps hear."""
    rate, report = 8_000, Report()
    samples = 0.01 * np.random.default_rng(0).standard_normal((1, 60 * rate))
    samples[:, : 20 * rate] += 0.05 * np.cos(2 * np.pi * 1_234.5 * np.arange(20 * rate) / rate)
    sound = Sound.from_array(samples.astype(np.float32), rate)
    steps = [
        Step(RemoveTone(run_scratch, report), {"frequency_hz": 0.0, "reduction_db": 120.0}),
        Step(Times("audiosr.denoise"), {"factor": 0.5}),
    ]
    run_job(run_steps(steps[:1], sound, Region(10 * rate, 20 * rate), run_scratch, report=report))
    (tone,) = report["tones"]  # type: ignore[misc]
    assert tone == {
        "frequency_hz": pytest.approx(1_234.5, abs=0.1),
        "level_dbfs": pytest.approx(-26.0, abs=1.0),
    }
    report.clear()
    run_job(run_steps(steps, sound, Region(19 * rate, 21 * rate), run_scratch, report=report))
    assert "tones" not in report


def test_a_gap_beside_the_region_is_filled_to_be_heard_and_is_not_told(run_scratch: Scratch) -> None:
    rate, report = 48_000, Report()
    samples = np.random.default_rng(0).standard_normal((1, 6 * rate)).astype(np.float32)
    for gap in (2.0, 3.0):
        samples[:, round(gap * rate) : round((gap + 0.1) * rate)] = 0.0
    sound, region = Sound.from_array(samples, rate), Region(round(2.5 * rate), 4 * rate)
    steps = [Step(FillGap(report), {"where": "find", "seed": 0}), Step(Heard(), {})]
    alone = run_job(run_steps(steps, sound, region, run_scratch, report=report)).after
    assert report["gaps"] == [{"start_s": 3.0, "end_s": 3.1}]
    whole = run_job(run_steps(steps, sound, Region(0, sound.length), run_scratch)).after
    inside = (region.start + rate // 10, region.stop - rate // 10)
    assert np.allclose(alone.read(*inside), whole.read(*inside), atol=1e-5)
    assert not alone.read(2 * rate, 2 * rate + 4_800).any()


def test_a_short_selection_may_be_the_gap_itself(run_scratch: Scratch) -> None:
    """What is beside it stays as it is, as it would be replaced, too."""
    rate = 8_000
    samples = np.random.default_rng(0).standard_normal((1, 6 * rate)).astype(np.float32)
    sound, region = Sound.from_array(samples, rate), Region(3 * rate, 3 * rate + 800)
    steps = [Step(FillGap(), {"where": "auto", "seed": 0}), Step(Times("audiosr.denoise"), {"factor": 1.0})]
    after = run_job(run_steps(steps, sound, region, run_scratch)).after
    assert not np.array_equal(after.read(region.start, region.stop), sound.read(region.start, region.stop))
    assert np.array_equal(after.read(0, region.start), sound.read(0, region.start))
    assert np.array_equal(after.read(region.stop, sound.length), sound.read(region.stop, sound.length))
