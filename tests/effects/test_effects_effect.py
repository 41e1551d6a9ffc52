from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import AMOUNT, Effect, Parameter, Value, resolve_values
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job

LEVEL = Parameter("level_db", "Level", "float", default=0.0, minimum=-60.0, maximum=12.0, unit="dB")
COUNT = Parameter("count", "Count", "int", default=3, minimum=1, maximum=9)
SHAPE = Parameter("shape", "Shape", "choice", default="round", choices=("round", "square"))
LOUD = Parameter("loud", "Loud", "bool", default=False)
NAME = Parameter("name", "Name", "text", default="")


class Fake:
    id = "test.fake"
    title = "Fake"
    parameters: Sequence[Parameter] = (LEVEL, COUNT, SHAPE, LOUD, NAME, AMOUNT)
    seamless = False

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        return sound.slice(region.start, region.stop)
        yield


def test_defaults_and_given_values() -> None:
    effect: Effect = Fake()
    assert resolve_values(effect, {}) == {
        "level_db": 0.0,
        "count": 3,
        "shape": "round",
        "loud": False,
        "name": "",
        "amount": 100.0,
    }
    given_values = {"level_db": -6, "count": "4", "shape": "square", "loud": "yes", "name": "x", "amount": 50}
    values = resolve_values(effect, given_values)
    assert values == {
        "level_db": -6.0,
        "count": 4,
        "shape": "square",
        "loud": True,
        "name": "x",
        "amount": 50.0,
    }
    assert isinstance(values["level_db"], float)
    assert isinstance(values["count"], int)
    assert resolve_values(effect, values) == values


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("gain", 1, "Fake has no parameter named 'gain'; it has level_db, count"),
        ("level_db", 13, "level_db is at most 12 dB, not 13"),
        ("level_db", "-61", "level_db is at least -60 dB, not -61"),
        ("level_db", "loud", "level_db is a number, not 'loud'"),
        ("level_db", True, "level_db is a number, not True"),
        ("level_db", float("nan"), "level_db is a number"),
        ("count", 2.5, "count is a whole number, not 2.5"),
        ("count", "many", "count is a whole number"),
        ("shape", "oval", "shape is one of round, square, not 'oval'"),
        ("loud", "maybe", "loud is on or off, not 'maybe'"),
    ],
)
def test_refuses_in_one_sentence(name: str, value: object, words: str) -> None:
    with pytest.raises(EffectError) as caught:
        resolve_values(Fake(), {name: value})
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@settings(deadline=None)
@given(value=st.one_of(st.none(), st.integers(), st.floats(), st.text(), st.lists(st.integers(), max_size=2)))
def test_any_value_is_taken_or_refused(value: object) -> None:
    for parameter in Fake.parameters:
        try:
            checked = parameter.checked(value)
        except EffectError:
            continue
        assert parameter.checked(checked) == checked
