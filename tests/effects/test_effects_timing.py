from pathlib import Path

import pytest

from audiosr_desktop.effects.timing import (
    LONG_S,
    LOOK,
    RESTORE,
    Estimate,
    ModelCost,
    Timings,
    estimate_of_all,
    model_key,
)

SR = "audiosr.super-resolution"
DRAFT = {"quality": "draft", "model": "", "device": "auto", "steps": 0, "guidance": 0.0}
BEST = {**DRAFT, "quality": "best"}


def learn(timings: Timings, values: dict[str, object], factor: float, duration_s: float = 10.0) -> None:
    timings.learn(SR, values, duration_s=duration_s, channels=2, elapsed_s=factor * duration_s * 2)  # type: ignore[arg-type]


def seconds(timings: Timings, values: dict[str, object], duration_s: float = 100.0) -> float:
    return timings.estimate(SR, values, duration_s=duration_s, channels=2).seconds  # type: ignore[arg-type]


def test_before_the_first_run_it_is_a_guess_in_the_right_order() -> None:
    timings = Timings()
    found = timings.estimate(SR, DRAFT, duration_s=100.0, channels=2)
    assert not found.measured
    assert 0 < found.seconds < seconds(timings, BEST)
    assert timings.estimate("someone.else", {}, duration_s=100.0, channels=1).seconds < found.seconds


def test_runs_are_learned_and_kept(tmp_path: Path) -> None:
    timings = Timings(tmp_path / "data" / "timings.json")
    learn(timings, DRAFT, 0.5)
    for known in (timings, Timings(tmp_path / "data" / "timings.json")):
        assert seconds(known, DRAFT) == pytest.approx(100.0)
        assert known.estimate(SR, DRAFT, duration_s=1.0, channels=1).measured
    learn(timings, DRAFT, 0.1)
    assert 20.0 < seconds(timings, DRAFT) < 100.0
    assert [path.name for path in (tmp_path / "data").iterdir()] == ["timings.json"]


def test_another_quality_of_the_same_model_says_something() -> None:
    timings = Timings()
    learn(timings, DRAFT, 5.0)
    found = timings.estimate(SR, BEST, duration_s=100.0, channels=2)
    assert not found.measured
    assert found.seconds > 1_000.0
    assert found.long
    other_model = {**BEST, "model": "other"}
    assert seconds(timings, other_model) < LONG_S


def test_what_a_models_maker_says_is_the_first_guess() -> None:
    timings = Timings()
    cost = ModelCost(5_000_000_000, {"draft": 1.0, "best": 30.0})
    found = timings.estimate(SR, BEST, duration_s=100.0, channels=1, cost=cost)
    assert (found.seconds, found.measured) == (3_000.0, False)
    assert found.memory_bytes > cost.memory_bytes
    learn(timings, DRAFT, 2.0)  # so this machine is half as fast
    found = timings.estimate(SR, BEST, duration_s=100.0, channels=1, cost=cost)
    assert (found.seconds, found.measured) == (pytest.approx(6_000.0), False)


def test_the_memory_does_not_grow_with_the_length() -> None:
    timings = Timings()
    short, long = (timings.estimate(SR, DRAFT, duration_s=d, channels=2) for d in (10.0, 7_200.0))
    assert short.memory_bytes == long.memory_bytes < 1.5e9


def test_short_runs_teach_nothing() -> None:
    timings = Timings()
    learn(timings, DRAFT, 50.0, duration_s=0.5)
    assert not timings.estimate(SR, DRAFT, duration_s=1.0, channels=1).measured


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format_version": 1, "rtf": {"a": "x"}}', '{"rtf": 3}'])
def test_a_damaged_file_is_begun_anew(text: str, tmp_path: Path) -> None:
    path = tmp_path / "timings.json"
    path.write_text(text, encoding="utf-8")
    timings = Timings(path)
    learn(timings, DRAFT, 0.5)
    assert Timings(path).estimate(SR, DRAFT, duration_s=1.0, channels=1).measured


def test_a_folder_that_takes_no_file_costs_nothing(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    timings = Timings(tmp_path / "file" / "timings.json")
    learn(timings, DRAFT, 0.5)
    assert seconds(timings, DRAFT) == pytest.approx(100.0)


def test_times_belong_to_a_model_of_one_checksum_and_to_the_device_that_really_ran(tmp_path: Path) -> None:
    path = tmp_path / "timings.json"
    old, new = (ModelCost(key=model_key("compact", sha * 64)) for sha in "ab")
    timings = Timings(path)
    timings.learn(SR, DRAFT, duration_s=10.0, channels=1, elapsed_s=30.0, cost=old, device="cuda:0")
    for known in (timings, Timings(path)):

        def found(values: dict[str, object], cost: ModelCost, known: Timings = known) -> Estimate:
            return known.estimate(SR, values, duration_s=10.0, channels=1, cost=cost)  # type: ignore[arg-type]

        assert found(DRAFT, old) == Estimate(30.0, found(DRAFT, old).memory_bytes, measured=True)
        assert found({**DRAFT, "device": "cuda:0"}, old).seconds == pytest.approx(30.0)
        assert not found({**DRAFT, "device": "cpu"}, old).measured
        assert not found(DRAFT, new).measured
        assert known.knows(SR, BEST, old)  # another quality follows from it
        assert not known.knows(SR, DRAFT, new)
        assert not known.knows(SR, {**DRAFT, "device": "cpu"}, old)
    timings.learn(
        SR, DRAFT, duration_s=10.0, channels=1, elapsed_s=90.0, cost=old, device="cpu"
    )  # no GPU now
    assert timings.estimate(SR, DRAFT, duration_s=10.0, channels=1, cost=old).seconds == pytest.approx(90.0)
    assert set(timings.measured(SR, old.key)) == {"draft"}


def test_restore_goes_by_what_is_known_of_its_model() -> None:
    timings = Timings()
    guess = timings.estimate("audiosr.restore", DRAFT, duration_s=100.0, channels=1)
    learn(timings, DRAFT, 3.0)
    found = timings.estimate("audiosr.restore", DRAFT, duration_s=100.0, channels=1)
    assert found.seconds > 300.0 > guess.seconds
    assert found.measured  # the rest is next to nothing beside it
    assert not guess.measured
    assert timings.knows("audiosr.restore", DRAFT, ModelCost())


def test_restore_is_told_from_the_least_to_the_most_that_it_may_take() -> None:
    timings = Timings()
    timings.learn(LOOK, {}, duration_s=1_600.0, channels=1, elapsed_s=80.0)  # it looks at 160 s
    for step, elapsed_s in (
        ("audiosr.fill-gap", 1.0),
        ("audiosr.remove-tone", 10.0),
        ("audiosr.denoise", 9.0),
    ):
        timings.learn(step, {}, duration_s=100.0, channels=1, elapsed_s=elapsed_s)
    learn(timings, DRAFT, 0.2)
    found = timings.estimate(RESTORE, DRAFT, duration_s=1_000.0, channels=2)
    assert found.least_s == pytest.approx(2 * 80.0)
    assert found.seconds == pytest.approx(2 * (80.0 + 10.0 + 100.0 + 90.0 + 200.0))
    assert found.measured
    less = {**DRAFT, "tones": False, "band": False}
    assert timings.estimate(RESTORE, less, duration_s=1_000.0, channels=2).seconds == pytest.approx(2 * 180.0)


def test_a_chain_with_restore_goes_from_the_least_to_the_most() -> None:
    sure, open_ended = Estimate(5.0, 300, measured=True), Estimate(20.0, 400, measured=True, least_s=2.0)
    assert estimate_of_all([sure, open_ended]) == Estimate(25.0, 400, measured=True, least_s=7.0)
    assert estimate_of_all([sure, sure]).least_s is None


def test_steps_add_up_and_take_the_memory_of_the_largest() -> None:
    short, long = Estimate(1.0, 900, measured=False), Estimate(20.0, 300, measured=True)
    assert estimate_of_all([short, long]) == Estimate(21.0, 900, measured=True)
    assert not estimate_of_all([long, Estimate(20.0, 300, measured=False)]).measured
