"""What isolation costs: time against the same effect in this process, and memory over the length of a region.

Run it by hand: `python tests/benchmarks/bench_plugins.py [HOURS]`. It needs the package zam-plugins for VST3.
"""

import resource
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from audiosr_desktop import paths
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import BLOCK, Sound
from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.job import run_job
from audiosr_desktop.plugins.blocks import BlockEffect
from audiosr_desktop.plugins.hosted import HostedEffect, describe_plugin
from audiosr_desktop.plugins.manifest import Plugin, read_manifest
from audiosr_desktop.plugins.process import Limits

RATE = 48_000
VST3 = Path("/usr/lib/vst3/ZamCompX2.vst3")


def long_sound(scratch: Scratch, seconds: float) -> Sound:
    """Write stereo noise to the scratch folder."""
    block = (np.random.default_rng(1).standard_normal((2, BLOCK)) * 0.1).astype(np.float32)
    with scratch.writer(2) as writer:
        for _ in range(round(seconds * RATE / BLOCK)):
            writer.write(block)
        return Sound.from_store(writer.finish(), RATE)


def children_bytes() -> int:
    """Return the memory of this process's children now."""
    total = 0
    for path in Path("/proc/self/task").glob("*/children"):
        for child in path.read_text().split():
            lines = Path(f"/proc/{child}/status").read_text().splitlines()
            total += sum(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
    return total


def measured(work: Callable[[], object]) -> tuple[float, float, int]:
    """Return the seconds, the seconds of CPU (children included), and the most memory that children held."""
    peak, done = 0, threading.Event()

    def watch() -> None:
        nonlocal peak
        while not done.wait(0.02):
            try:
                peak = max(peak, children_bytes())
            except OSError:
                continue  # it ended while it was looked at

    def cpu() -> float:
        both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
        return sum(use.ru_utime + use.ru_stime for use in both)

    watcher = threading.Thread(target=watch)
    watcher.start()
    before, started = cpu(), time.monotonic()
    work()
    elapsed, used = time.monotonic() - started, cpu() - before
    done.set()
    watcher.join()
    return elapsed, used, peak


def hosted(plugin: Plugin, scratch: Scratch) -> HostedEffect:
    """Return the effect of a native plugin, or of a Python one as if it were trusted."""
    [description] = run_job(describe_plugin(plugin, Limits()))
    return HostedEffect(plugin, description, scratch)


def report(name: str, seconds: float, work: Callable[[], object]) -> float:
    """Measure, print a line, and return the seconds of CPU."""
    elapsed, used, peak = measured(work)
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    sys.stdout.write(
        f"{name:<44} {seconds / 60:6.1f} min: {elapsed:7.2f} s, CPU {used:7.2f} s, "
        f"RTF {elapsed / seconds:.5f}, program {own / 1e6:.0f} MB, plugin {peak / 1e6:.0f} MB\n"
    )
    return used


class Half(BlockEffect):
    """The same as the isolated one below."""

    id = title = "my.half"

    def process_block(self, block: Samples, sample_rate: int, values: object) -> Samples:
        """Return half."""
        return block * np.float32(0.5)


MANIFEST = """\
id = "my.half"
title = "Half"
version = "1"
api = 1
entry = "half:effects"
description = ""
licence = ""
"""
CODE = """\
from audiosr_desktop.plugins.api import BlockEffect

class Half(BlockEffect):
    id = title = "my.half"

    def process_block(self, block, sample_rate, values):
        return block * block.dtype.type(0.5)

def effects(scratch):
    return [Half(scratch)]
"""


def bench(seconds: float, inside: Half, outside: HostedEffect, scratch: Scratch) -> None:
    """Measure one length."""
    sound = long_sound(scratch, seconds)
    region = Region(0, sound.length)
    here = report("halving, in this process", seconds, lambda: run_job(inside.process(sound, region, {})))
    apart = report("halving, isolated", seconds, lambda: run_job(outside.process(sound, region, {})))
    sys.stdout.write(f"{'':<44} ratio of CPU {apart / here:.2f}\n")
    if VST3.exists():
        native = hosted(Plugin("vst3.zamcompx2", "ZamCompX2", "", "vst3", path=str(VST3)), scratch)
        values = {parameter.id: parameter.default for parameter in native.parameters}
        apart = report("VST3, isolated", seconds, lambda: run_job(native.process(sound, region, values)))
        from audiosr_desktop.plugins.vst3 import vst3_effects  # only where there is one

        [same] = vst3_effects(native.plugin, scratch, None)
        here = report("VST3, in this process", seconds, lambda: run_job(same.process(sound, region, values)))
        sys.stdout.write(f"{'':<44} ratio of CPU {apart / here:.2f}\n")


def main(hours: float) -> None:
    """Print the table."""
    with tempfile.TemporaryDirectory() as folder, Scratch.create() as scratch:
        paths.plugin_records = lambda: Path(folder) / "plugins.json"
        (Path(folder) / "plugin.toml").write_text(MANIFEST)
        (Path(folder) / "half.py").write_text(CODE)
        outside = hosted(read_manifest(Path(folder) / "plugin.toml"), scratch)
        for seconds in (10.0, 600.0, 3600.0 * hours):
            bench(seconds, Half(scratch), outside, scratch)


if __name__ == "__main__":
    main(float(sys.argv[1]) if len(sys.argv) > 1 else 2.0)
