import pytest

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import resolve_values
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines


@pytest.mark.parametrize("name", ["restore", "super-resolution", "denoise", "remove-tone", "fill-gap"])
def test_the_restoring_effects_are_there(name: str, run_scratch: Scratch) -> None:
    effect = built_in_effects(Engines(), run_scratch)[f"audiosr.{name}"]
    assert effect.id == f"audiosr.{name}"
    assert "amount" in {parameter.id for parameter in effect.parameters}


def test_ids_and_titles_are_unique_and_defaults_are_allowed(run_scratch: Scratch) -> None:
    effects = built_in_effects(Engines(), run_scratch, {})
    assert len({effect.title for effect in effects.values()}) == len(effects)
    for effect in effects.values():
        ids = [parameter.id for parameter in effect.parameters]
        assert len(set(ids)) == len(ids)
        defaults = {parameter.id: parameter.default for parameter in effect.parameters}
        assert resolve_values(effect, defaults) == defaults
