"""A region of two hours: neither the program nor the plugin's process holds more than for a short one."""

import resource
import sys
from pathlib import Path

import numpy as np
import pytest
from plugin_kit import needs_zam

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound, concat
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.apply import apply_effect
from audiosr_desktop.job import run_job
from audiosr_desktop.plugins.host import enable, plugin_effects

RATE = 8_000  # so that two hours are 230 MB
MINUTE = 60 * RATE
SPARE = 48 << 20


def children_bytes() -> int:
    """Return the most memory that a child of this process held."""
    most = 0
    for path in Path("/proc/self/task").glob("*/children"):
        for child in path.read_text().split():
            try:
                lines = Path(f"/proc/{child}/status").read_text().splitlines()
            except OSError:
                continue  # it ended while it was looked at
            most += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return most


def own_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


@needs_zam
@pytest.mark.skipif(sys.platform != "linux", reason="memory is read from /proc")
@pytest.mark.timeout(600)
def test_two_hours_in_bounded_memory(native, run_scratch: Scratch) -> None:
    native("ZamCompX2.vst3")
    run_job(enable("vst3.zamcompx2"))
    [effect] = plugin_effects(run_scratch)
    noise = np.random.default_rng(2).standard_normal((1, MINUTE)).astype(np.float32) * 0.1
    minute = Sound.from_array(noise, RATE)

    def peak(sound: Sound) -> tuple[int, Sound]:
        job = apply_effect(effect, sound, Region(0, sound.length), {"threshold_db": -40.0}, run_scratch)
        most = 0
        while True:
            try:
                next(job)
            except StopIteration as end:
                return most, end.value
            most = max(most, children_bytes())

    short, _ = peak(minute)
    before = own_bytes()
    hours = concat([minute] * 120)
    long, result = peak(hours)
    assert result.length == hours.length == 2 * 3600 * RATE
    assert np.abs(result.read(hours.length - MINUTE, hours.length) - noise).max() > 0.01
    assert long - short < SPARE
    assert own_bytes() - before < SPARE
