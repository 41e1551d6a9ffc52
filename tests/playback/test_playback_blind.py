"""ABX and ranking as plain logic."""

import itertools
import json

import numpy as np
import pytest
from scipy.stats import binomtest

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.abx import TRIALS, p_value, start_abx
from audiosr_desktop.playback.ranking import ANCHOR, REFERENCE, anchor_of, start_ranking
from audiosr_desktop.playback.takes import letter


@pytest.mark.parametrize("total", [1, 5, 16, 25])
def test_p_value_is_the_exact_binomial_test(total: int) -> None:
    for correct in range(total + 1):
        wanted = binomtest(correct, total, 0.5, alternative="greater").pvalue
        assert p_value(correct, total) == pytest.approx(wanted, rel=1e-12)


def test_x_is_drawn_evenly_and_from_the_generator() -> None:
    one, other = (start_abx(("a", "b"), np.random.default_rng(7)) for _ in range(2))
    assert one == other
    assert len(one.hidden) == TRIALS
    many = start_abx(("a", "b"), np.random.default_rng(1), 10_000).hidden
    assert many.count("A") == pytest.approx(5_000, abs=200)
    changes = sum(one != other for one, other in itertools.pairwise(many))
    assert changes == pytest.approx(5_000, abs=200)


def test_a_listener_who_hears_all_of_it() -> None:
    test = start_abx(("source", "result"), np.random.default_rng(3), facts={"loop_s": [1.0, 2.5]})
    while not test.finished:
        with pytest.raises(ValueError, match="only after the last trial"):
            test.result()
        test = test.answered(test.hidden[test.trial])
    with pytest.raises(ValueError, match="all trials"):
        test.answered("A")
    result = test.result()
    assert (result.correct, result.total, result.p_value) == (16, 16, 2.0**-16)
    assert result.heard
    told = json.loads(result.to_json())
    assert told["names"] == {"A": "source", "B": "result"}
    assert told["facts"] == {"loop_s": [1.0, 2.5]}
    assert len(told["trials"]) == 16
    assert result.to_csv().splitlines()[0] == "trial,x,answer,correct"
    assert len(result.to_csv().splitlines()) == 17


def test_a_listener_who_hears_nothing() -> None:
    test = start_abx(("a", "b"), np.random.default_rng(3), 8)
    for _ in range(8):
        test = test.answered("A")
    result = test.result()
    assert result.correct == test.hidden.count("A")
    assert not result.heard
    with pytest.raises(ValueError, match="at least one trial"):
        start_abx(("a", "b"), np.random.default_rng(3), 0)


def test_a_ranking_hides_reference_and_anchor() -> None:
    ranking = start_ranking(["source", "one", "two"], np.random.default_rng(5))
    assert sorted(stimulus.role for stimulus in ranking.stimuli) == ["anchor", "reference", "take", "take"]
    orders = {start_ranking(["s", "a", "b"], np.random.default_rng(seed)).stimuli for seed in range(60)}
    assert len(orders) > 15
    for number, stimulus in enumerate(ranking.stimuli):
        with pytest.raises(ValueError, match="only after"):
            ranking.best_first()
        mark = {REFERENCE: 95, ANCHOR: 10, "one": 60, "two": 80}[stimulus.name]
        ranking = ranking.marked(number, mark)
        assert stimulus.take == {REFERENCE: 0, ANCHOR: 3, "one": 1, "two": 2}[stimulus.name]
    assert [stimulus.name for stimulus, _ in ranking.best_first()] == [REFERENCE, "two", "one", ANCHOR]
    assert ranking.reliable
    assert json.loads(ranking.to_json())["marks"][0] == {
        "name": REFERENCE,
        "role": "reference",
        "mark": 95,
    }
    assert ranking.to_csv().splitlines()[1] == "hidden reference,reference,95"
    with pytest.raises(ValueError, match="mark"):
        ranking.marked(0, 101)
    with pytest.raises(ValueError, match="reference and at least"):
        start_ranking(["alone"], np.random.default_rng(5))


def test_the_anchor_lacks_what_lies_above() -> None:
    time_s = np.arange(48_000) / 48_000
    low, high = (np.sin(2 * np.pi * hz * time_s) for hz in (1000, 5000))
    anchor = anchor_of(Sound.from_array((low + high)[None], 48_000)).read(10_000, 20_000)
    np.testing.assert_allclose(anchor[0], low[10_000:20_000], atol=2e-4)


def test_takes_have_letters() -> None:
    assert [letter(number) for number in (0, 1, 25, 26, 27)] == ["A", "B", "Z", "AA", "AB"]
