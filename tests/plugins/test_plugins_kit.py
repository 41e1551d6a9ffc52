"""Native plugins of our own (`kit.c`): layouts, latency, state, parameters, and harm in native code."""

import numpy as np
import pytest
from plugin_kit import LIMITS

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.chain import (
    Chain,
    Module,
    chain_from_json,
    chain_steps,
    chain_to_json,
    run_steps,
)
from audiosr_desktop.effects.effect import Parameter
from audiosr_desktop.errors import EffectError, PluginError
from audiosr_desktop.job import run_job
from audiosr_desktop.plugins.host import enable, list_plugins, plugin_effects
from audiosr_desktop.plugins.native import state_text
from audiosr_desktop.plugins.process import Limits

GOOD = "clap.kit.kit-good"
HARM = {
    "crash": r"kit crashed \(SIGSEGV\); nothing was changed\.",
    "loop": r"kit gave no sign of work for 1\.5 s and was ended; nothing was changed\.",
    "nan": r"kit returned samples that are not numbers; nothing was changed\.",
    "fill": r"kit crashed \(SIG\w+\); nothing was changed\.",
    "refuse": r"kit failed with .* told of an error while it processed; nothing was changed\.",
}


@pytest.fixture
def effects(kit, native, run_scratch):
    """The effects of the kit, by id."""
    native(kit)
    run_job(enable("clap.kit"))
    return {effect.id: effect for effect in plugin_effects(run_scratch, LIMITS)}


def values_of(effect, **given):
    return {**{parameter.id: parameter.default for parameter in effect.parameters}, **given}


def state(added: float) -> str:
    return state_text(b"KIT1" + np.float32(added).tobytes())


def test_a_file_of_several_tells_what_is_in_it(effects) -> None:
    assert {effect.id.rpartition("-")[2] for effect in effects.values()} == {
        "good",
        "overwrite",
        "shut",
        *HARM,
    }
    listed = next(listed for listed in list_plugins()[0] if listed.plugin.id == "clap.kit")
    assert listed.version == "1.2.3"
    assert effects[GOOD].title == "Good (CLAP)"
    assert effects[GOOD].parameters[:4] == (
        Parameter("level", "Level", "float", 0.0, -60.0, 12.0, "dB"),
        Parameter("shape", "Shape", "choice", "Hard", choices=("Soft", "Hard", "Fold")),
        Parameter("count", "Count", "int", 3, 1.0, 5.0),
        Parameter("flip", "Flip", "bool", False),
    )


@pytest.mark.parametrize("channels", [1, 2, 3, 8])
def test_all_layouts_come_back_in_time(channels, effects, apply_plugin) -> None:
    noise = np.random.default_rng(channels).standard_normal((channels, 100_000)).astype(np.float32)
    sound = Sound.from_array(noise, 48_000)
    out = apply_plugin(GOOD, {"level": -20.0, "flip": True, "shape": "Fold"}, sound).read(0, sound.length)
    np.testing.assert_allclose(out, -0.1 * noise, rtol=1e-5)


def test_state_goes_to_the_plugin(effects, apply_plugin, stereo) -> None:
    out = apply_plugin(GOOD, {"plugin_state": state(0.5)})
    np.testing.assert_allclose(out.read(0, 1000), stereo.read(0, 1000) + 0.5, atol=1e-6)
    for text in ("?", state_text(b"other" * 9), state_text(b"KI")):
        with pytest.raises(EffectError, match="plugin_state is not what Good saved"):
            apply_plugin(GOOD, {"plugin_state": text})


def test_state_of_the_own_window_is_saved_and_kept_in_presets(effects, screen, stereo, run_scratch) -> None:
    effect = effects[GOOD]
    assert effect.has_window
    values = run_job(effect.edit(values_of(effect, plugin_state=state(0.5), flip=True)))
    assert values["plugin_state"] == state(0.75)
    assert (values["level"], values["flip"], values["shape"]) == (-6.0, True, "Hard")
    text = chain_to_json(Chain("Kept", (Module(GOOD, values),)))
    steps = chain_steps(chain_from_json(text, "kept"), effects)
    after = run_job(run_steps(steps, stereo, Region(0, stereo.length), run_scratch)).after
    expected = 0.75 - 10 ** (-6 / 20) * stereo.read(0, 1000)
    np.testing.assert_allclose(after.read(0, 1000), expected, atol=1e-6)


def test_a_window_that_ends_its_process_is_told_in_one_sentence(effects, screen) -> None:
    effect = effects["clap.kit.kit-shut"]
    with pytest.raises(PluginError, match=r"^kit crashed \(exit code 1\); nothing was changed\.$"):
        run_job(effect.edit(values_of(effect)))
    assert run_job(effects[GOOD].edit(values_of(effects[GOOD])))["level"] == -6.0


@pytest.mark.parametrize("name", HARM)
def test_harm_in_native_code_is_contained(name, effects, apply_plugin, stereo) -> None:
    before = stereo.read(0, stereo.length).copy()
    limits = Limits(silence_s=1.5 if name == "loop" else 30.0, memory_bytes=384 << 20)
    with pytest.raises(PluginError, match=f"^{HARM[name]}$"):
        apply_plugin(f"clap.kit.kit-{name}", limits=limits)
    np.testing.assert_array_equal(stereo.read(0, stereo.length), before)


def test_a_plugin_that_writes_to_its_input_leaves_the_document(effects, apply_plugin, stereo) -> None:
    before = stereo.read(0, stereo.length).copy()
    out = apply_plugin("clap.kit.kit-overwrite")
    np.testing.assert_array_equal(out.read(0, 1000), np.zeros((2, 1000), np.float32))
    np.testing.assert_array_equal(stereo.read(0, stereo.length), before)
