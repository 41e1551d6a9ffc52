"""Plugins that do harm: each ends in one sentence, and the sound is as it was."""

import sys
import time

import numpy as np
import pytest
from plugin_kit import RATE

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.errors import EffectError, PluginError
from audiosr_desktop.job import run_job
from audiosr_desktop.plugins.host import enable, list_plugins, plugin_effects
from audiosr_desktop.plugins.process import Limits

HARM = {
    "raises": ("return block / 0 + undefined", "failed with NameError", "name 'undefined' is not defined"),
    "crashes": ("import ctypes; ctypes.string_at(0)", "crashed (SIGSEGV)", "Segmentation fault"),
    "exits": ("import os; os._exit(3)", "crashed (exit code 3)", ""),
    "leaves": ("raise SystemExit", "failed with SystemExit", "SystemExit"),
    "turns": (
        "return np.ascontiguousarray(block.T)",
        "failed with ValueError: process_block returned the",
        "",
    ),
    "adds": ("return np.concatenate([block, block], axis=1)", "failed with ValueError", ""),
    "none": ("return None", "failed with ValueError: process_block returned the shape ()", ""),
    "nan": ("return block * np.float32('nan')", "returned samples that are not numbers", ""),
    "doubles": ("return block.astype(complex)", "failed with ValueError: a block must be of floating", ""),
    "overwrites": ("block *= 0.5; return block", "failed with ValueError: output array is read-only", ""),
}
WHOLE = {  # of `process` itself
    "short": ("return sound.slice(0, 1000)\n    yield", "returned 1000 samples of 2 channels"),
    "mono": ("return Sound.from_array(sound.read(0, sound.length)[:1], 48000)\n    yield", "of 1 channels"),
    "rate": ("return Sound(sound.pieces, 44100)\n    yield", "at 44100 Hz in place of"),
    "nothing": ("yield Progress(1.0, '')", "failed with TypeError: process returned NoneType"),
    "endless": (
        "with self._scratch.writer(2) as writer:\n        while True: writer.write(sound.read(0, 65536))",
        "returned more than 16 times the samples",
    ),
}


@pytest.mark.parametrize("name", HARM)
def test_harm_is_contained_and_its_cause_kept(name, write_plugin, apply_plugin, stereo) -> None:
    body, sentence, details = HARM[name]
    write_plugin(name, f"def process_block(self, block, sample_rate, values):\n    {body}")
    before = stereo.read(0, stereo.length).copy()
    with pytest.raises(PluginError) as caught:
        apply_plugin(f"test.{name}")
    assert sentence in str(caught.value)
    assert str(caught.value).endswith("; nothing was changed.")
    assert details in caught.value.details
    np.testing.assert_array_equal(stereo.read(0, stereo.length), before)
    listed = next(listed for listed in list_plugins()[0] if listed.plugin.id == f"test.{name}")
    assert listed.state == "failed"
    assert listed.record.failure == str(caught.value)
    assert listed.record.details == caught.value.details


@pytest.mark.parametrize("name", WHOLE)
def test_wrong_results_are_refused(name, write_plugin, apply_plugin) -> None:
    body, sentence = WHOLE[name]
    write_plugin(
        name,
        f"def process_block(self, *_): ...\ndef process(self, sound, region, values):\n    {body}",
    )
    with pytest.raises(PluginError, match=sentence):
        apply_plugin(f"test.{name}")


@pytest.mark.parametrize(
    "loop", ["pass", "yield Progress(0.5, 'still')", "sound.read(0, 1 << 16)"], ids=["busy", "tells", "reads"]
)
def test_what_loops_for_ever_is_ended(loop, write_plugin, apply_plugin) -> None:
    body = (
        f"def process_block(self, *_): ...\ndef process(self, sound, *_):\n    while True: {loop}\n    yield"
    )
    write_plugin("loops", body)
    with pytest.raises(PluginError, match=r"gave no sign of work for 1\.5 s and was ended"):
        apply_plugin("test.loops", limits=Limits(silence_s=1.5))


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not hold a process to a limit")
def test_what_fills_the_memory_is_ended(write_plugin, apply_plugin) -> None:
    body = "def process_block(self, block, *_):\n    kept = []\n    while True: kept.append(np.ones(1 << 22))"
    write_plugin("fills", body)
    with pytest.raises(PluginError, match="fills ran out of the memory it may have"):
        apply_plugin("test.fills", limits=Limits(memory_bytes=384 << 20))


@pytest.mark.parametrize(
    ("top", "sentence"),
    [
        ("raise RuntimeError('on import')", "failed with RuntimeError: on import"),
        ("while True: pass", "gave no sign of work for 1.5 s"),
        ("import ctypes; ctypes.string_at(0)", r"crashed \(SIGSEGV\)"),
        ("import os; os.write(1, b'garbage'); effects = 3", "failed with TypeError"),
        ("def effects(scratch): return [3]", "failed with AttributeError"),
    ],
)
def test_harm_on_loading_is_contained(top, sentence, write_plugin) -> None:
    folder = write_plugin("loading", "")
    (folder / "loading.py").write_text(top)
    with pytest.raises(PluginError, match=sentence):
        run_job(enable("test.loading", Limits(scan_s=1.5 if "while" in top else 30.0)))
    assert list_plugins()[0][0].state == "failed"


def test_a_plugin_that_refuses_stays_on(write_plugin, apply_plugin) -> None:
    write_plugin("refuses", "def process_block(self, *_): raise EffectError('Choose less.')")
    with pytest.raises(EffectError, match=r"^Choose less\.$"):
        apply_plugin("test.refuses")
    assert list_plugins()[0][0].state == "on"


def test_a_plugin_that_failed_does_not_run_again(write_plugin, apply_plugin, run_scratch, stereo) -> None:
    write_plugin("once", "def process_block(self, *_): raise KeyError('x')")
    run_job(enable("test.once"))
    [effect] = plugin_effects(run_scratch)
    for sentence in ("failed with KeyError: 'x'", "is switched off, because it failed"):
        with pytest.raises(PluginError, match=sentence):
            run_job(effect.process(stereo, Region(0, RATE), {}))
    assert plugin_effects(run_scratch) == []


def test_cancelling_ends_the_process(write_plugin, run_scratch: Scratch, stereo: Sound) -> None:
    write_plugin("slow", "def process_block(self, block, *_):\n    while True: pass")
    run_job(enable("test.slow"))
    [effect] = plugin_effects(run_scratch)
    job = effect.process(stereo, Region(0, RATE), {})
    next(job)
    started = time.monotonic()
    job.close()
    assert time.monotonic() - started < 10.0
    assert not list(run_scratch.folder.glob("plugin-*"))
    assert list_plugins()[0][0].state == "on"
