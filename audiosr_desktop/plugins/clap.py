"""CLAP plugins as effects; imported in the plugin's process alone."""

import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.effects.effect import Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.plugins import clap_abi as abi
from audiosr_desktop.plugins.clap_host import ClapHost, has_window, show_window
from audiosr_desktop.plugins.clap_unit import Library, Unit, events_of, no_events
from audiosr_desktop.plugins.manifest import Plugin, slug
from audiosr_desktop.plugins.native import RING, STATE, NativeEffect, state_of, state_text
from audiosr_desktop.plugins.screen import require_screen

_BLOCK = 8192  # samples a plugin gets at once
_WINDOW_RATE, _WINDOW_BLOCK = 48_000, 512  # of the silence it gets while its window is open


def clap_effects(plugin: Plugin, scratch: Scratch, only: str | None) -> list[NativeEffect]:
    """Load the effects of a file; see `vst3_effects`."""
    library = Library(Path(plugin.path))
    effects = []
    for clap_id, name, version, features in library.contents():
        effect_id = plugin.id if library.count == 1 else f"{plugin.id}.{slug(clap_id)}"
        if only in (None, effect_id) and "instrument" not in features:
            effects.append(_effect(library, clap_id, (name, version), effect_id, scratch))
    if not effects:
        raise EffectError(f"{plugin.title} is an instrument: it plays notes and takes no sound.")
    return effects


def _effect(
    library: Library, clap_id: str, told: tuple[str, str], effect_id: str, scratch: Scratch
) -> NativeEffect:
    name, version = told
    seen = library.create(clap_id)
    known = {key: setting for key, setting in seen.settings().items() if key not in (RING.id, STATE.id)}

    def open_instance(sample_rate: int, channels: int, values: Mapping[str, Value]) -> _Clap:
        unit, state = library.create(clap_id), state_of(values, name)
        if state and not unit.load(state):
            raise EffectError(f"{STATE.id} is not what {name} saved.")
        unit.choose_layout(channels)
        own = {setting.number: setting.number_for(values[key]) for key, setting in known.items()}
        return _Clap(unit, library.host, sample_rate, own)

    def edit(values: Mapping[str, Value]) -> dict[str, Value]:
        require_screen(name)
        running = open_instance(_WINDOW_RATE, 2, values)
        unit, silence = running.unit, np.zeros((running.channels, _WINDOW_BLOCK), np.float32)
        show_window(unit, library.host, name, lambda: running.process(silence))
        now = {key: setting.value_for(unit.value(setting.number)) for key, setting in known.items()}
        return {**values, **now, STATE.id: state_text(unit.save())}

    return NativeEffect(
        effect_id,
        f"{name} (CLAP)",
        [setting.parameter for setting in known.values()],
        open_instance,
        version=version,
        scratch=scratch,
        edit=edit if has_window(seen) else None,
    )


class _Clap:
    """A plugin that runs; its latency is taken out here."""

    def __init__(self, unit: Unit, host: ClapHost, sample_rate: int, values: Mapping[int, float]) -> None:
        inputs, outputs = unit.widths(is_input=True), unit.widths(is_input=False)
        if not (inputs and outputs and inputs[0] and outputs[0]):
            raise EffectError(f"{unit.name} does not take sound in and give sound out.")
        self.channels = inputs[0]
        self.unit, self._host, self._values = unit, host, dict(values)
        self._inputs, self._outputs = inputs, outputs
        plugin, address = unit.plugin, unit.address
        if not (plugin.activate(address, sample_rate, 1, _BLOCK) and plugin.start_processing(address)):
            raise EffectError(f"{unit.name} cannot run at {sample_rate} Hz.")
        self._late = int(unit.latency.get(address)) if unit.latency is not None else 0
        self._time = 0

    def process(self, block: Samples) -> Samples:
        """Return what comes out, without the first samples that are latency."""
        parts = [self._step(block[:, first : first + _BLOCK]) for first in range(0, block.shape[1], _BLOCK)]
        out = np.concatenate(parts, axis=1)
        dropped = min(self._late, out.shape[1])
        self._late -= dropped
        return out[:, dropped:]

    def _step(self, block: Samples) -> Samples:
        length = block.shape[1]
        fed = [np.zeros((width, length), np.float32) for width in self._inputs]
        fed[0][:] = block
        out = [np.zeros((width, length), np.float32) for width in self._outputs]
        events, self._values = events_of(self._values), {}  # values are told once, with the first block
        pushed = no_events()
        (inputs, _in), (outputs, _out) = _buffers(fed), _buffers(out)  # the rows must live while it works
        process = abi.Process(
            self._time,
            length,
            None,
            inputs,
            outputs,
            len(fed),
            len(out),
            ctypes.pointer(events),
            ctypes.pointer(pushed),
        )
        if self.unit.plugin.process(self.unit.address, ctypes.byref(process)) == abi.PROCESS_ERROR:
            raise RuntimeError(f"{self.unit.name} told of an error while it processed")
        self._host.turn(self.unit)
        self._time += length
        result = out[0]
        if result.shape[0] < self.channels:
            return np.repeat(result[:1], self.channels, axis=0)
        return result[: self.channels]


def _buffers(ports: list[Samples]) -> tuple[Any, list[Any]]:
    """Return C buffers over the arrays, and what must stay alive with them."""
    pointer = ctypes.POINTER(ctypes.c_float)
    rows = [(pointer * port.shape[0])(*[row.ctypes.data_as(pointer) for row in port]) for port in ports]
    buffers = (abi.AudioBuffer * len(ports))()
    for buffer, port, row in zip(buffers, ports, rows, strict=True):
        buffer.data32 = ctypes.cast(row, ctypes.POINTER(pointer))
        buffer.channels = port.shape[0]
    return buffers, rows
