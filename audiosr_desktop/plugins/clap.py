"""CLAP plugins through their C interface; imported in the plugin's process alone."""

import base64
import ctypes
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from audiosr_desktop import __version__
from audiosr_desktop.audio.store import Samples, Scratch
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.plugins import clap_abi as abi
from audiosr_desktop.plugins.manifest import Plugin, slug
from audiosr_desktop.plugins.native import RING, STATE, NativeEffect

_BLOCK = 8192  # samples a plugin gets at once


def clap_effects(plugin: Plugin, scratch: Scratch, only: str | None) -> list[NativeEffect]:
    """Load the effects of a file; see `vst3_effects`."""
    library = _Library(Path(plugin.path))
    effects = []
    for clap_id, name, version, features in library.contents():
        effect_id = plugin.id if library.count == 1 else f"{plugin.id}.{slug(clap_id)}"
        if only in (None, effect_id) and "instrument" not in features:
            effects.append(_effect(library, clap_id, (name, version), effect_id, scratch))
    if not effects:
        raise EffectError(f"{plugin.title} is an instrument: it plays notes and takes no sound.")
    return effects


class _Library:
    """A loaded file and its factory; it stays loaded until the process ends."""

    def __init__(self, path: Path) -> None:
        binary = path
        if path.is_dir():  # as on macOS
            binary = next(iter(sorted((path / "Contents" / "MacOS").iterdir())))
        library = ctypes.CDLL(str(binary))
        self._entry = abi.Entry.in_dll(library, "clap_entry")
        if not self._entry.init(str(path).encode()):
            raise EffectError(f"{path.name} cannot be started.")
        address = self._entry.get_factory(abi.FACTORY)
        if not address:
            raise EffectError(f"{path.name} holds no plugins.")
        self._address, self._factory = address, abi.Factory.from_address(address)
        fields: Any = dict(abi.Host._fields_)
        self._host = abi.Host(
            abi.Version(1, 2, 0),
            None,
            b"AudioSR Desktop",
            b"AudioSR Desktop",
            b"",
            __version__.encode(),
            fields["get_extension"](lambda _host, _name: None),
            fields["request_restart"](lambda _host: None),
            fields["request_process"](lambda _host: None),
            fields["request_callback"](lambda _host: None),
        )

    @property
    def count(self) -> int:
        """How many plugins there are in it."""
        return int(self._factory.count(self._address))

    def contents(self) -> list[tuple[str, str, str, list[str]]]:
        """Return id, name, version and features of each."""
        found = []
        for index in range(self.count):
            described = self._factory.descriptor(self._address, index).contents
            features: list[str] = []
            while described.features and described.features[len(features)]:
                features.append(abi.read_text(described.features[len(features)]))
            names = (described.id, described.name, described.plugin_version)
            clap_id, name, version = map(abi.read_text, names)
            found.append((clap_id, name, version, features))
        return found

    def create(self, clap_id: str) -> "_Unit":
        """Return a new plugin of an id."""
        pointer = self._factory.create(self._address, ctypes.byref(self._host), clap_id.encode())
        if not pointer or not pointer.contents.init(ctypes.addressof(pointer.contents)):
            raise EffectError(f"{clap_id} cannot be started.")
        return _Unit(pointer.contents, clap_id)


class _Unit:
    """A plugin that is not yet running."""

    def __init__(self, plugin: abi.Plugin, name: str) -> None:
        self.plugin, self.name = plugin, name
        self.address = ctypes.addressof(plugin)
        self.params: Any = self._extension(abi.PARAMS, abi.Params)
        self.state: Any = self._extension(abi.STATE, abi.State)
        self.latency: Any = self._extension(abi.LATENCY, abi.Latency)

    def _extension(self, name: bytes, kind: type[ctypes.Structure]) -> ctypes.Structure | None:
        return abi.at(kind, self.plugin.get_extension(self.address, name))

    def widths(self, is_input: bool) -> list[int]:
        """Return the numbers of channels of its ports; the first is the main one."""
        ports: Any = self._extension(abi.PORTS, abi.Ports)
        if ports is None:
            return []
        infos = []
        for index in range(ports.count(self.address, is_input)):
            info = abi.PortInfo()
            ports.get(self.address, index, is_input, ctypes.byref(info))
            infos.append(int(info.channels))
        return infos

    def parameters(self) -> dict[str, tuple[int, Parameter]]:
        """Return its number for each of its parameters that can be set, by our id."""
        found: dict[str, tuple[int, Parameter]] = {}
        for index in range(self.params.count(self.address) if self.params is not None else 0):
            info = abi.ParamInfo()
            told = self.params.info(self.address, index, ctypes.byref(info))
            if not told or info.flags & (abi.HIDDEN | abi.READ_ONLY):
                continue
            title = abi.read_text(info.name)
            key = slug(title).replace("-", "_")
            key = key if key not in found else f"{key}_{info.id}"
            low, high, start = info.minimum, info.maximum, min(max(info.default, info.minimum), info.maximum)
            if info.flags & abi.STEPPED and (low, high) == (0.0, 1.0):
                parameter = Parameter(key, title, "bool", start >= 0.5)
            elif info.flags & abi.STEPPED:
                parameter = Parameter(key, title, "int", round(start), low, high)
            else:
                parameter = Parameter(key, title, "float", start, low, high)
            found[key] = info.id, parameter
        return found

    def load(self, state: bytes) -> bool:
        """Give the plugin what it once saved."""
        rest = bytearray(state)

        def read(_stream: int, target: int, size: int) -> int:
            part = bytes(rest[:size])
            ctypes.memmove(target, part, len(part))
            del rest[:size]
            return len(part)

        fields: Any = dict(abi.Stream._fields_)
        stream = abi.Stream(None, fields["move"](read))
        return self.state is not None and bool(self.state.load(self.address, ctypes.byref(stream)))


def _effect(
    library: _Library, clap_id: str, told: tuple[str, str], effect_id: str, scratch: Scratch
) -> NativeEffect:
    name, version = told
    known = library.create(clap_id).parameters()

    def open_instance(sample_rate: int, _channels: int, values: Mapping[str, Value]) -> _Clap:
        unit = library.create(clap_id)
        if text := str(values[STATE.id]):
            try:
                loaded = unit.load(base64.b64decode(text, validate=True))
            except ValueError:
                loaded = False
            if not loaded:
                raise EffectError(f"{STATE.id} is not what {name} saved.")
        own = {number: float(values[key]) for key, (number, _) in known.items()}
        return _Clap(unit, sample_rate, own)

    parameters = [parameter for _, parameter in known.values() if parameter.id not in (RING.id, STATE.id)]
    return NativeEffect(
        effect_id, f"{name} (CLAP)", parameters, open_instance, version=version, scratch=scratch
    )


class _Clap:
    """A plugin that runs; its latency is taken out here."""

    def __init__(self, unit: _Unit, sample_rate: int, values: Mapping[int, float]) -> None:
        inputs, outputs = unit.widths(True), unit.widths(False)
        if not (inputs and outputs and inputs[0] and outputs[0]):
            raise EffectError(f"{unit.name} does not take sound in and give sound out.")
        self.channels = inputs[0]
        self._unit, self._inputs, self._outputs, self._values = unit, inputs, outputs, dict(values)
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
        events, self._values = _events(self._values), {}  # values are told once, with the first block
        fields: Any = dict(abi.OutputEvents._fields_)
        pushed = abi.OutputEvents(None, fields["try_push"](lambda _list, _event: True))
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
        if self._unit.plugin.process(self._unit.address, ctypes.byref(process)) == abi.PROCESS_ERROR:
            raise RuntimeError(f"{self._unit.name} told of an error while it processed")
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


def _events(values: Mapping[int, float]) -> abi.InputEvents:
    """Return a list of events that sets parameters at the first sample."""
    size = ctypes.sizeof(abi.ParamEvent)
    header = abi.EventHeader(size, 0, 0, abi.PARAM_VALUE_EVENT, 0)
    events = [abi.ParamEvent(header, number, None, -1, -1, -1, -1, value) for number, value in values.items()]
    fields: Any = dict(abi.InputEvents._fields_)
    given: Any = abi.InputEvents(
        None,
        fields["size"](lambda _list: len(events)),
        fields["get"](lambda _list, index: ctypes.addressof(events[index])),
    )
    given.events = events  # so that they live as long as the list
    listed: abi.InputEvents = given
    return listed
