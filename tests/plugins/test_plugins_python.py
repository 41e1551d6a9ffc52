"""Python plugins: found before their code runs, trusted by version, and effects like all others."""

import sys
import textwrap

import numpy as np
import pytest
from plugin_kit import HEAD

from audiosr_desktop import paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.effects.basic import Gain
from audiosr_desktop.effects.chain import chain_from_json, chain_steps, run_steps
from audiosr_desktop.effects.effect import Parameter
from audiosr_desktop.engine.bundle import model_folders
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import EffectError, PluginError
from audiosr_desktop.job import run_job
from audiosr_desktop.line import own_command
from audiosr_desktop.plugins import process
from audiosr_desktop.plugins.host import (
    disable,
    enable,
    list_plugins,
    new_plugin,
    plugin_effects,
    scan,
)
from audiosr_desktop.plugins.manifest import read_manifest
from audiosr_desktop.plugins.registry import all_effects, require_effect
from audiosr_desktop.plugins.switch import CHILD_SWITCH

HALVES = "def process_block(self, block, *_): return block * np.float32(0.5)"


def state_of(plugin_id: str) -> str:
    return next(listed.state for listed in list_plugins()[0] if listed.plugin.id == plugin_id)


def test_nothing_of_a_plugin_runs_before_it_is_enabled(write_plugin, run_scratch) -> None:
    folder = write_plugin("quiet", HALVES)
    (folder / "quiet.py").write_text(
        f"open({str(folder / 'ran')!r}, 'w')\n" + (folder / "quiet.py").read_text()
    )
    run_job(scan())
    all_effects(Engines(), run_scratch)
    assert state_of("test.quiet") == "off"
    assert not (folder / "ran").exists()
    run_job(enable("test.quiet"))
    assert (folder / "ran").exists()
    assert not list(folder.rglob("__pycache__"))


def test_a_changed_plugin_must_be_trusted_again(write_plugin, run_scratch, stereo) -> None:
    write_plugin("trusted", HALVES)
    run_job(enable("test.trusted"))
    [effect] = plugin_effects(run_scratch)
    folder = write_plugin("trusted", HALVES.replace("0.5", "0.25"))
    with pytest.raises(PluginError, match="was changed since it was trusted"):
        run_job(effect.process(stereo, Region(0, 100), {}))
    assert state_of("test.trusted") == "not trusted"
    assert plugin_effects(run_scratch) == []
    run_job(scan())
    assert state_of("test.trusted") == "not trusted"
    run_job(enable("test.trusted"))
    assert state_of("test.trusted") == "on"
    (folder / "data.bin").write_bytes(b"more")
    assert state_of("test.trusted") == "not trusted"


def test_disabled_plugins_give_no_effects(write_plugin, run_scratch) -> None:
    write_plugin("off", HALVES)
    run_job(enable("test.off"))
    effects = all_effects(Engines(), run_scratch)
    require_effect("test.off", effects)
    assert "audiosr.gain" in effects
    disable("test.off")
    assert plugin_effects(run_scratch) == []
    with pytest.raises(PluginError, match=r"test\.off is off: `audiosr-desktop plugins enable test\.off`"):
        require_effect("test.off", all_effects(Engines(), run_scratch))
    with pytest.raises(PluginError, match=r"There is no effect 'test.nowhere'"):
        require_effect("test.nowhere", {})
    with pytest.raises(PluginError, match=r"There is no plugin 'test.nowhere'"):
        disable("test.nowhere")


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("api = 1", "api = 2", "version 2 of the plugin interface"),
        ('licence = "MIT"', "", "lacks the text of licence"),
        ('title = "bad"', "title = 3", "lacks the text of title"),
        ('id = "test.bad"', 'id = "audiosr.bad"', "the id is two or more"),
        ('id = "test.bad"', 'id = "bad"', "the id is two or more"),
        ('"bad:effects"', '"../bad.py"', "the entry is MODULE:FUNCTION"),
        ("api = 1", "api = [", "is not a TOML file"),
    ],
)
def test_manifests_are_checked(old, new, sentence, write_plugin) -> None:
    path = write_plugin("bad", HALVES) / "plugin.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
    with pytest.raises(PluginError, match=sentence):
        read_manifest(path)
    assert any(sentence in str(problem) for problem in list_plugins()[1])


def test_effects_keep_to_the_ids_of_their_plugin(write_plugin) -> None:
    folder = write_plugin("thief", HALVES)
    code = (folder / "thief.py").read_text()
    (folder / "thief.py").write_text(code.replace('"test.thief"', '"audiosr.gain"'))
    with pytest.raises(PluginError, match=r"'audiosr.gain' does not begin with the plugin's, 'test.thief'"):
        run_job(enable("test.thief"))


def test_every_kind_of_parameter_arrives(write_plugin, apply_plugin, run_scratch, tmp_path) -> None:
    body = """
    parameters = (
        Parameter("level", "Level", "float", 0.5, 0.0, 1.0, "dB"),
        Parameter("times", "Times", "int", 2, 1, 9),
        Parameter("how", "How", "choice", "soft", choices=("soft", "hard")),
        Parameter("on", "On", "bool", False),
        Parameter("words", "Words", "text", "é"),
        Parameter("table", "Table", "file", ""),
    )
    def process_block(self, block, sample_rate, values):
        raise EffectError(repr(dict(values)))
    """
    write_plugin("takes", body)
    given = {"level": "0.25", "times": 3, "how": "hard", "on": "yes", "words": "ü", "table": "some.csv"}
    with pytest.raises(EffectError) as caught:
        apply_plugin("test.takes", given)
    told = eval(str(caught.value))
    assert told["table"].endswith("/some.csv") and told.pop("table") != "some.csv"
    assert told == {"level": 0.25, "times": 3, "how": "hard", "on": True, "words": "ü"}
    [effect] = plugin_effects(run_scratch)
    assert effect.parameters[0] == Parameter("level", "Level", "float", 0.5, 0.0, 1.0, "dB")
    with pytest.raises(EffectError, match="times is at most 9"):
        apply_plugin("test.takes", {"times": 10})


def test_a_window_of_the_plugin_gives_values(write_plugin, run_scratch) -> None:
    body = """
    parameters = (Parameter("level", "Level", "float", 0.5, 0.0, 1.0),)
    def process_block(self, block, *_): return block * 0.5
    def edit(self, values): return {"level": values["level"] * 2}
    """
    write_plugin("shows", body)
    run_job(enable("test.shows"))
    [effect] = plugin_effects(run_scratch)
    assert effect.has_window
    assert run_job(effect.edit({"level": 0.25})) == {"level": 0.5}
    with pytest.raises(PluginError, match="gave values that cannot be; nothing was changed"):
        run_job(effect.edit({"level": 0.75}))


def test_untouched_samples_come_back_as_the_same_pieces(write_plugin, apply_plugin, stereo) -> None:
    body = "def process_block(self, *_): ...\ndef process(self, sound, region, values):\n    yield\n"
    body = body.replace("yield\n", "return sound.slice(region.start, region.stop)\n    yield\n")
    write_plugin("same", body)
    assert apply_plugin("test.same") is stereo


def test_the_program_starts_itself_where_it_is_frozen(
    write_plugin, apply_plugin, stereo, monkeypatch
) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    assert own_command(CHILD_SWITCH, "audiosr_desktop.plugins.child") == [sys.executable, CHILD_SWITCH]
    words = [sys.executable, "-m", "audiosr_desktop", CHILD_SWITCH]  # as the frozen program is started
    monkeypatch.setattr(process, "own_command", lambda *_: words)
    write_plugin("halves", HALVES)
    result = apply_plugin("test.halves")
    np.testing.assert_array_equal(result.read(0, 1000), stereo.read(0, 1000) * 0.5)


def test_context_blocks_and_inner_effects(write_plugin, run_scratch, stereo) -> None:
    """A plugin reads around its region, uses an effect of the program, and mixes own and source pieces."""
    body = """
    def process_block(self, *_): ...
    def process(self, sound, region, values):
        from audiosr_desktop.effects.basic import Gain
        from audiosr_desktop.audio.sound import concat
        louder = yield from Gain(self._scratch).process(sound, region, {"gain_db": 6.0})
        half = region.length // 2
        before = Sound.from_array(sound.read(region.start - half, region.start), sound.sample_rate)
        return concat([louder.slice(0, region.length - half), before])
    """
    write_plugin("mixes", body)
    run_job(enable("test.mixes"))
    [effect] = plugin_effects(run_scratch)
    region = Region(50_000, 130_000)
    result = run_job(effect.process(stereo, region, {}))
    expected = run_job(Gain(run_scratch).process(stereo, region, {"gain_db": 6.0})).read(0, 40_000)
    np.testing.assert_array_equal(result.read(0, 40_000), expected)
    np.testing.assert_array_equal(result.read(40_000, 80_000), stereo.read(10_000, 50_000))


def test_stereo_width(apply_plugin, stereo, run_scratch) -> None:
    samples = stereo.read(0, stereo.length)
    mono = apply_plugin("example.stereo-width", {"width": 0}).read(0, stereo.length)
    np.testing.assert_allclose(mono[0], samples.mean(axis=0), atol=1e-6)
    np.testing.assert_array_equal(mono[0], mono[1])
    same = apply_plugin("example.stereo-width").read(0, stereo.length)
    np.testing.assert_allclose(same, samples, atol=1e-6)
    wide = apply_plugin("example.stereo-width", {"width": 200}).read(0, stereo.length)
    np.testing.assert_allclose(wide[0] - wide[1], 2 * (samples[0] - samples[1]), atol=1e-5)
    half = apply_plugin("example.stereo-width", {"width": 0, "amount": 50}).read(0, stereo.length)
    np.testing.assert_allclose(half, (samples + mono) / 2, atol=1e-6)
    with pytest.raises(EffectError, match="needs a stereo sound; this one has 1 channels"):
        apply_plugin("example.stereo-width", sound=Sound.from_array(samples[:1], 48_000))


def test_stereo_width_makes_the_bass_mono(apply_plugin) -> None:
    time = np.arange(96_000) / 48_000
    for frequency, kept in ((20.0, 0.15), (5000.0, 0.9)):
        tone = np.sin(2 * np.pi * frequency * time)
        sides = Sound.from_array(np.stack([tone, -tone]), 48_000)
        out = apply_plugin("example.stereo-width", {"bass_mono_hz": 200}, sound=sides).read(48_000, 96_000)
        level = float(np.abs(out).max())
        assert level < kept if frequency < 200 else level > kept
        # the same whether or not the blocks end elsewhere
        np.testing.assert_allclose(out[0], -out[1], atol=1e-6)


def test_plugins_run_in_chains(write_plugin, run_scratch, stereo) -> None:
    write_plugin("halves", HALVES)
    run_job(enable("test.halves"))
    text = '{"title": "Both", "effects": [{"effect": "test.halves", "values": {}}, {"effect": "gain", '
    chain = chain_from_json(text + '"values": {"gain_db": 6.0206}}]}', "both")
    steps = chain_steps(chain, all_effects(Engines(), run_scratch))
    run = run_job(run_steps(steps, stereo, Region(0, stereo.length), run_scratch))
    np.testing.assert_allclose(run.after.read(0, 1000), stereo.read(0, 1000), rtol=1e-4)


def test_a_band_and_a_selection_bound_a_plugin(write_plugin, run_scratch, stereo) -> None:
    write_plugin("halves", HALVES)
    run_job(enable("test.halves"))
    [effect] = plugin_effects(run_scratch)
    region = Region(10_000, 60_000, low_hz=1000.0, high_hz=2000.0)
    after = run_job(apply_effect(effect, stereo, region, {}, run_scratch))
    np.testing.assert_array_equal(after.read(0, 10_000), stereo.read(0, 10_000))
    np.testing.assert_array_equal(after.read(60_000, stereo.length), stereo.read(60_000, stereo.length))
    assert np.abs(after.read(30_000, 40_000) - stereo.read(30_000, 40_000)).max() > 0.0


def test_installed_packages_are_found_trusted_and_run(
    plugin_home, apply_plugin, stereo, tmp_path, monkeypatch
) -> None:
    """A package as pip leaves it, found by its entry point."""
    site = tmp_path / "site"
    code, about = site / "their_effects" / "__init__.py", site / "their_effects-2.1.dist-info"
    code.parent.mkdir(parents=True)
    about.mkdir()
    ran = tmp_path / "ran"
    text = HEAD.format(name="theirs", body=textwrap.indent(HALVES, "    "))
    code.write_text(f"open({str(ran)!r}, 'w')\n" + text)
    facts = "Name: their-effects\nVersion: 2.1\nSummary: Effects of theirs\nLicense: MIT\n"
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\n{facts}")
    (about / "RECORD").write_text("their_effects/__init__.py,sha256=abc,12\n")
    (about / "entry_points.txt").write_text(
        "[audiosr_desktop.effects]\ntest.theirs = their_effects:effects\nBad = x:y\n"
    )
    monkeypatch.syspath_prepend(str(site))
    monkeypatch.setenv("PYTHONPATH", str(site))
    plugins, problems = list_plugins()
    listed = next(listed for listed in plugins if listed.plugin.id == "test.theirs")
    plugin = listed.plugin
    assert (plugin.title, plugin.version, plugin.entry) == ("their-effects", "2.1", "their_effects:effects")
    assert (plugin.description, plugin.licence, plugin.path) == ("Effects of theirs", "MIT", "")
    assert (listed.state, ran.exists()) == ("off", False)
    assert [str(problem) for problem in problems if "their-effects" in str(problem)] == [
        "The entry point Bad of their-effects: the id is two or more lower-case words with dots, not 'Bad'."
    ]
    result = apply_plugin("test.theirs")
    np.testing.assert_array_equal(result.read(0, 1000), stereo.read(0, 1000) * 0.5)
    code.write_text(text)
    assert state_of("test.theirs") == "not trusted"


def test_records_that_cannot_be_read_trust_nothing(write_plugin) -> None:
    write_plugin("halves", HALVES)
    run_job(enable("test.halves"))
    paths.plugin_records().write_text("[1, 2")
    assert state_of("test.halves") == "off"


def test_a_new_plugin_runs(apply_plugin, stereo) -> None:
    folder = new_plugin("soft-half")
    assert sorted(path.name for path in folder.iterdir()) == ["plugin.toml", "soft_half.py"]
    assert "@" not in "".join(path.read_text() for path in folder.iterdir())
    result = apply_plugin("my.soft-half", {"halvings": 2})
    np.testing.assert_allclose(result.read(0, 1000), stereo.read(0, 1000) / 4, rtol=1e-6)
    with pytest.raises(PluginError, match="is there already"):
        new_plugin("soft-half")
    with pytest.raises(PluginError, match="small letters"):
        new_plugin("../escape")


def test_a_plugin_brings_a_model(write_plugin, tiny_folder) -> None:
    folder = write_plugin("models", HALVES)
    (folder / "models").mkdir()
    (folder / "models" / "tiny").symlink_to(tiny_folder)
    assert folder / "models" / "tiny" in list(model_folders())
