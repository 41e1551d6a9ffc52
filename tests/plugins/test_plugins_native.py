"""Real VST3 and CLAP plugins: found, run apart, and rendered as their library renders them."""

import base64
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile
from plugin_kit import LIMITS, VST3, needs_zam

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.errors import EffectError, PluginError
from audiosr_desktop.job import run_job
from audiosr_desktop.plugins.host import enable, list_plugins, plugin_effects, scan
from audiosr_desktop.plugins.process import Limits

CLIP = Path(__file__).parents[1] / "clips" / "music_tabla.flac"

RENDER = """
import sys, json, numpy as np, pedalboard
path, values, source, target = sys.argv[1:]
def render(samples):
    plugin = pedalboard.load_plugin(path)
    for name, value in json.loads(values).items():
        setattr(plugin, name, value)
    return plugin(samples, 48000, reset=True)
samples = np.load(source)
try:
    out = render(samples)
except ValueError:
    out = np.concatenate([render(row[None]) for row in samples])
np.save(target, out)
"""


@pytest.fixture
def clip() -> Sound:
    samples, rate = soundfile.read(CLIP, dtype="float32", always_2d=True)
    assert rate == 48_000
    left = samples.T[0, : 4 * rate]
    return Sound.from_array(np.stack([left, np.roll(left, 300) * 0.7]), rate)


def rendered(name: str, values: str, clip: Sound, tmp_path: Path) -> np.ndarray:
    """Return the library's own rendering, made in a process without our code."""
    np.save(tmp_path / "in.npy", clip.read(0, clip.length))
    words = [str(VST3 / name), values, str(tmp_path / "in.npy"), str(tmp_path / "out.npy")]
    subprocess.run([sys.executable, "-c", RENDER, *words], check=True, capture_output=True, timeout=120)
    found: np.ndarray = np.load(tmp_path / "out.npy")
    return found


@needs_zam
@pytest.mark.parametrize(
    ("name", "vst3", "clap"),
    [
        ("ZamCompX2", {"threshold_db": -30.0, "ratio": 8.0}, {"threshold": -30.0, "ratio": 8.0}),
        ("ZaMaximX2", {"threshold_db": -20.0}, {"threshold": -20.0}),
        ("ZamEQ2", {"boost_cut_1_db": 6.0}, {"boost_cut_1": 6.0}),
    ],
    ids=["stereo", "latency", "mono"],
)
def test_rendered_as_by_the_library(  # noqa: PLR0917
    name, vst3, clap, native, apply_plugin, clip, tmp_path
) -> None:
    native(f"{name}.vst3", f"{name}.clap")
    mine = apply_plugin(f"vst3.{name.lower()}", vst3, clip).read(0, clip.length)
    expected = rendered(f"{name}.vst3", str(vst3).replace("'", '"'), clip, tmp_path)
    np.testing.assert_array_equal(mine, expected)
    assert np.abs(mine - clip.read(0, clip.length)).max() > 0.01
    other = apply_plugin(f"clap.{name.lower()}", clap, clip).read(0, clip.length)
    np.testing.assert_allclose(other, mine, atol=2e-5)


@needs_zam
def test_latency_is_taken_out(native, apply_plugin, clip) -> None:
    """A limiter that has nothing to limit only delays, by 10 ms: here it does nothing."""
    native("ZaMaximX2.vst3", "ZaMaximX2.clap")
    quiet = Sound.from_array(clip.read(0, clip.length) * 0.05, 48_000)
    for kind in ("vst3", "clap"):
        out = apply_plugin(f"{kind}.zamaximx2", {}, quiet).read(0, quiet.length)
        np.testing.assert_allclose(out, quiet.read(0, quiet.length), atol=1e-4)


@needs_zam
@pytest.mark.parametrize("channels", [1, 3, 8])
def test_channels_that_the_plugin_does_not_have(channels, native, apply_plugin, clip) -> None:
    native("ZamCompX2.vst3", "ZamCompX2.clap")
    left = clip.read(0, 48_000)[:1]
    sound = Sound.from_array(np.repeat(left, channels, axis=0), 48_000)
    values = {"threshold_db": -30.0}
    out = apply_plugin("vst3.zamcompx2", values, sound).read(0, sound.length)
    assert out.shape == (channels, 48_000)
    np.testing.assert_allclose(out, np.repeat(out[:1], channels, axis=0), atol=1e-6)
    other = apply_plugin("clap.zamcompx2", {"threshold": -30.0}, sound).read(0, sound.length)
    np.testing.assert_allclose(other, out, atol=2e-5)


@needs_zam
def test_what_rings_on_can_be_kept(native, apply_plugin, clip) -> None:
    native("ZamDelay.clap")
    values = {"time": 300.0, "invert": True, "feedback": 0.5, "dry_wet": 1.0, "ring_s": 2.0}
    out = apply_plugin("clap.zamdelay", values, clip).read(0, clip.length)
    before, cut = clip.read(0, clip.length), clip.length - 96_000
    ringing = out[:, cut:] - before[:, cut:]
    assert np.abs(ringing[:, :24_000]).max() > 0.01
    assert np.abs(ringing[:, -2_400:]).max() < np.abs(ringing[:, :24_000]).max() / 4


@needs_zam
def test_saved_state_is_set_before_the_values(native, apply_plugin, clip, run_scratch) -> None:
    native("ZamCompX2.vst3")
    code = (
        "import pedalboard, sys, base64\n"
        f"p = pedalboard.load_plugin({str(VST3 / 'ZamCompX2.vst3')!r})\n"
        "p.threshold_db = -35.0\nsys.stdout.write(base64.b64encode(p.raw_state).decode())"
    )
    run = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, timeout=120)
    state = run.stdout.decode()
    assert base64.b64decode(state)
    same = apply_plugin("vst3.zamcompx2", {"threshold_db": -35.0}, clip)
    loaded = apply_plugin("vst3.zamcompx2", {"threshold_db": -35.0, "plugin_state": state}, clip)
    np.testing.assert_array_equal(loaded.read(0, clip.length), same.read(0, clip.length))
    with pytest.raises(EffectError, match="plugin_state is not what ZamCompX2 saved"):
        apply_plugin("vst3.zamcompx2", {"plugin_state": "?"}, clip)


@needs_zam
def test_scan_remembers_and_leaves_out_what_failed(native, tmp_path, run_scratch, clip) -> None:
    native("ZamCompX2.vst3", "ZamCompX2.clap")
    broken = tmp_path / "native" / "Broken.vst3"
    broken.write_bytes(b"not a plugin")
    states = {
        listed.plugin.id: listed.state for listed in run_job(scan())[0] if listed.plugin.kind != "python"
    }
    assert states == {"clap.zamcompx2": "on", "vst3.zamcompx2": "on", "vst3.broken": "failed"}
    failed = next(listed for listed in list_plugins()[0] if listed.plugin.id == "vst3.broken")
    assert failed.record.failure.startswith("Broken failed with ")
    effect = next(effect for effect in plugin_effects(run_scratch) if effect.id == "vst3.zamcompx2")
    assert effect.title == "ZamCompX2 (VST3)"
    listed = next(listed for listed in list_plugins()[0] if listed.plugin.id == "vst3.zamcompx2")
    assert listed.version.count(".") == 2
    kinds = {parameter.id: parameter.kind for parameter in effect.parameters}
    assert (kinds["ratio"], kinds["sidechain"]) == ("float", "bool")
    ids = [parameter.id for parameter in effect.parameters]
    assert ids[:3] == ["attack_ms", "release_ms", "knee_db"]
    assert not {"buffer_size_frames", "sample_rate_frames", "current_program"} & set(ids)
    # nothing is new: no process is started, and none could be within so short a time
    assert run_job(scan(Limits(scan_s=0.0)))[0] == list_plugins()[0]
    broken.write_bytes(b"still not one")
    assert "vst3.broken" in [
        listed.plugin.id for listed in list_plugins()[0] if listed.state == "not scanned"
    ]


@needs_zam
def test_meters_are_no_parameters(native, apply_plugin, clip, run_scratch) -> None:
    """Neither is automatable, but a meter is shown and a direction is set."""
    native("ZamCompX2.vst3", "ZamHeadX2.vst3")
    run_job(scan())
    found = {
        effect.id: {parameter.id for parameter in effect.parameters} for effect in plugin_effects(run_scratch)
    }
    assert not {"gain_reduction_db", "output_level_db"} & found["vst3.zamcompx2"]
    assert {"azimuth", "elevation", "width"} <= found["vst3.zamheadx2"]
    ahead = apply_plugin("vst3.zamheadx2", {"azimuth": 0.0}, clip).read(0, clip.length)
    aside = apply_plugin("vst3.zamheadx2", {"azimuth": 90.0}, clip).read(0, clip.length)
    assert np.abs(ahead - aside).max() > 0.01


@needs_zam
def test_a_slow_scan_is_ended(native) -> None:
    native("ZamCompX2.vst3")
    with pytest.raises(PluginError, match=r"ZamCompX2 gave no sign of work for 0.01 s and was ended"):
        run_job(enable("vst3.zamcompx2", Limits(scan_s=0.01)))


@needs_zam
def test_a_native_plugin_that_fails_stays_on(native, run_scratch, clip) -> None:
    native("ZamCompX2.vst3")
    run_job(enable("vst3.zamcompx2"))
    [effect] = plugin_effects(run_scratch, Limits(silence_s=0.01))
    values = {parameter.id: parameter.default for parameter in effect.parameters}
    with pytest.raises(PluginError, match="gave no sign of work"):
        run_job(effect.process(clip, Region(0, clip.length), values))
    [effect] = plugin_effects(run_scratch, LIMITS)
    assert run_job(effect.process(clip, Region(0, clip.length), values)).length == clip.length
