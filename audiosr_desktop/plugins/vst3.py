"""VST3 plugins by pedalboard; imported in the plugin's process alone."""

import math
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pedalboard

from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.plugins.manifest import Plugin, slug
from audiosr_desktop.plugins.native import (
    MOST_CHOICES,
    RING,
    STATE,
    NativeEffect,
    state_of,
    state_text,
    value_within,
)
from audiosr_desktop.plugins.screen import require_screen

_OF_THE_WRAPPER = {"buffer_size_frames", "sample_rate_frames", "latency_frames", "current_program"}
_INNER_BLOCK = 8192  # the library's own, so that what it renders at once is the same
_TRIED_RATE = 48_000


def vst3_effects(plugin: Plugin, scratch: Scratch, only: str | None) -> list[NativeEffect]:
    """Load the effects of a file; instruments are left out.

    Args:
        plugin: the file.
        scratch: for long results.
        only: id of the one that is needed; None for all.

    Raises:
        EffectError: it holds no effect.
    """
    names = list(pedalboard.VST3Plugin.get_plugin_names_for_file(plugin.path))
    effects = []
    for name in names:
        effect_id = plugin.id if len(names) == 1 else f"{plugin.id}.{slug(name)}"
        if only in (None, effect_id):
            loaded = _load(plugin.path, name)
            if not loaded.is_instrument:
                effects.append(_effect(plugin.path, name, effect_id, loaded, scratch))
    if not effects:
        raise EffectError(f"{plugin.title} is an instrument: it plays notes and takes no sound.")
    return effects


def _load(path: str, name: str) -> Any:
    return pedalboard.VST3Plugin(path, plugin_name=name)


def _effect(path: str, name: str, effect_id: str, loaded: Any, scratch: Scratch) -> NativeEffect:
    def ready(values: Mapping[str, Value]) -> Any:
        unit = _load(path, name)
        if state := state_of(values, name):
            unit.raw_state = state
        for key, value in values.items():
            if key not in (RING.id, STATE.id) and (now := getattr(unit, key)) != value:
                setattr(unit, key, float(value) if isinstance(now, float) else value)
        return unit

    def open_instance(sample_rate: int, channels: int, values: Mapping[str, Value]) -> _Vst3:
        return _Vst3(ready(values), sample_rate, channels)

    def edit(values: Mapping[str, Value]) -> dict[str, Value]:
        require_screen(name)
        unit = ready(values)
        try:
            unit.show_editor()  # until the user closes it
        except RuntimeError as error:
            raise EffectError(f"The window of {name} cannot be shown ({error}).") from error
        now = {parameter.id: value_within(parameter, getattr(unit, parameter.id)) for parameter in parameters}
        return {**values, **now, STATE.id: state_text(unit.raw_state)}

    found = {
        key: _parameter(key, parameter, getattr(loaded, key))
        for key, parameter in loaded.parameters.items()
        if key not in _OF_THE_WRAPPER
    }
    meters = _meters(loaded, found)
    parameters = [parameter for key, parameter in found.items() if key not in meters]
    return NativeEffect(
        effect_id,
        f"{name} (VST3)",
        parameters,
        open_instance,
        version=str(loaded.version),
        scratch=scratch,
        edit=edit,
    )


def _meters(unit: Any, keys: Iterable[str]) -> set[str]:
    """Return those parameters that only show something and take no value; what the unit is set to is lost.

    The library does not pass on the flag that says so. A meter is neither for automation nor among what the
    plugin saves; of a setting at most one of them is true.
    """
    doubtful = {key: unit.parameters[key] for key in keys if not unit.parameters[key].is_automatable}
    if not doubtful:
        return set()
    try:
        running = _Vst3(unit, _TRIED_RATE, 2)
    except EffectError:  # so nothing can be set and looked for
        return set()
    silence, meters = np.zeros((running.channels, _INNER_BLOCK), np.float32), set()
    for key, parameter in doubtful.items():
        before = unit.raw_state
        parameter.raw_value = 0.1 if parameter.raw_value > 0.5 else 0.9
        running.process(silence)  # a value reaches the plugin with its next block
        if unit.raw_state == before:
            meters.add(key)
    return meters


def _parameter(key: str, given: Any, value: Any) -> Parameter:
    """Return a parameter as the form shows it, with what the plugin starts from as its default."""
    unit = (given.label or "").strip()
    if given.type is bool:
        return Parameter(key, given.name, "bool", bool(value))
    if given.type is str:
        words = tuple(dict.fromkeys(map(str, given.valid_values)))
        few = len(words) <= MOST_CHOICES and str(value) in words
        return Parameter(
            key, given.name, "choice" if few else "text", str(value), choices=words if few else ()
        )
    low, high, step = given.range
    if not (low is not None and high is not None and math.isfinite(low) and math.isfinite(high)):
        return Parameter(key, given.name, "float", float(value), unit=unit)
    value = min(max(float(value), low), high)
    if (low, high, step) == (0.0, 1.0, 1.0):
        return Parameter(key, given.name, "bool", value >= 0.5)
    whole = step == 1.0 and low == round(low) and value == round(value)
    return Parameter(
        key, given.name, "int" if whole else "float", int(value) if whole else value, low, high, unit
    )


class _Vst3:
    """An instance; the library itself takes the plugin's latency out."""

    def __init__(self, unit: Any, sample_rate: int, channels: int) -> None:
        self._unit, self._sample_rate = unit, sample_rate
        self.channels = next((width for width in (channels, 2, 1) if self._takes(width)), 0)
        if not self.channels:
            raise EffectError(f"{unit.name} takes neither {channels} channels nor two nor one.")
        unit.reset()

    def _takes(self, channels: int) -> bool:
        try:
            self._run(np.zeros((channels, _INNER_BLOCK), np.float32))
        except ValueError:  # the channels do not suit its buses
            return False
        return True

    def process(self, block: Samples) -> Samples:
        """Return what comes out."""
        return self._run(block)

    def _run(self, block: Samples) -> Samples:
        out: Samples = self._unit.process(block, self._sample_rate, buffer_size=_INNER_BLOCK, reset=False)
        return out
