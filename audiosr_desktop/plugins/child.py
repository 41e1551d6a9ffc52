"""The process that runs one plugin: it is asked what is in the plugin, or to process a region."""

import faulthandler
import importlib
import os
import sys
import time
import traceback
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import Effect
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.line import Message, line_of_stdio
from audiosr_desktop.plugins.area import Area
from audiosr_desktop.plugins.describe import describe_as_data
from audiosr_desktop.plugins.manifest import Plugin
from audiosr_desktop.plugins.remote import SOURCE, Parent, RemoteScratch, RemoteStore, pieces_of

_TELL_S = 0.05


def main() -> None:
    """Carry out one task of the program that started this process."""
    line = line_of_stdio()
    start = line.receive()
    assert start is not None
    crash = Path(start["crash"]).open("w", encoding="utf-8")  # noqa: SIM115 - open until the process ends
    faulthandler.enable(crash)
    _limit_memory(start["memory_bytes"])
    parent = Parent(line, Area(Path(start["area"])))
    task = line.receive()
    assert task is not None
    try:
        _carry_out(Plugin(**start["plugin"]), task, parent)
    except AudioSRError as error:
        line.send("refused", text=str(error))
    except MemoryError:
        line.send("failed", text="ran out of the memory it may have", details="")
    except BaseException as error:  # noqa: BLE001 - even SystemExit is a fault of the plugin
        text = "".join(traceback.format_exception_only(error)).strip().partition("\n")[0]
        line.send("failed", text=f"failed with {text}", details=traceback.format_exc())
    # at once: some native plugins crash while the interpreter ends
    os._exit(0)


def _limit_memory(limit: int) -> None:
    if sys.platform != "win32":
        import resource  # noqa: PLC0415 - not on Windows

        kind = resource.RLIMIT_DATA if sys.platform == "linux" else resource.RLIMIT_AS
        with suppress(ValueError, OSError):  # a lower limit is in force
            resource.setrlimit(kind, (limit, limit))


def _carry_out(plugin: Plugin, task: Message, parent: Parent) -> None:
    scratch = RemoteScratch(parent)
    effects = load_effects(plugin, scratch, task.get("effect"))
    if task["kind"] == "describe":
        parent.line.send("described", effects=[describe_as_data(effect) for effect in effects])
        return
    effect: Any = next(effect for effect in effects if effect.id == task["effect"])
    if task["kind"] == "edit":
        parent.line.send("edited", values=dict(effect.edit(task["values"])))
        return
    sound = Sound.from_store(
        RemoteStore(parent, SOURCE, task["channels"], task["length"]), task["sample_rate"]
    )
    job, told = effect.process(sound, Region(*task["region"]), task["values"]), 0.0
    try:
        while True:
            progress = next(job)
            if time.monotonic() - told > _TELL_S:
                told = time.monotonic()
                parent.line.send("progress", fraction=float(progress.fraction), stage=str(progress.stage))
    except StopIteration as end:
        result = end.value
    if not isinstance(result, Sound):
        raise TypeError(f"process returned {type(result).__name__}, not a Sound")
    facts: dict[str, Any] = {"channels": result.channels, "sample_rate": result.sample_rate}
    parent.line.send("result", pieces=pieces_of(result, scratch), **facts)


def load_effects(plugin: Plugin, scratch: RemoteScratch, only: str | None) -> Sequence[Effect]:
    """Run the plugin's code and return its effects; `only` spares a native file that holds many the rest."""
    if plugin.kind == "vst3":
        from audiosr_desktop.plugins.vst3 import vst3_effects  # noqa: PLC0415 - it loads pedalboard

        return vst3_effects(plugin, scratch, only)
    if plugin.kind == "clap":
        from audiosr_desktop.plugins.clap import clap_effects  # noqa: PLC0415

        return clap_effects(plugin, scratch, only)
    if not plugin.entry:
        return []
    # neither left in the plugin's folder nor taken from there: its sum does not cover compiled code
    sys.dont_write_bytecode = True
    sys.pycache_prefix = os.devnull
    if plugin.path:
        sys.path.insert(0, plugin.path)
    module, _, function = plugin.entry.partition(":")
    effects: Sequence[Effect] = list(getattr(importlib.import_module(module), function)(scratch))
    return effects


if __name__ == "__main__":
    main()
