"""A CLAP file and the plugins in it, through their C interface; imported in the plugin's process alone."""

import ctypes
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.plugins import clap_abi as abi
from audiosr_desktop.plugins.clap_host import ClapHost
from audiosr_desktop.plugins.manifest import slug
from audiosr_desktop.plugins.native import MOST_CHOICES, value_within

_NUMBER_AND_UNIT = re.compile(r"\s*([-+]?[\d.]+)\s*(\D{0,12}?)\s*")


class Library:
    """A loaded file and its factory; it stays loaded until the process ends."""

    def __init__(self, path: Path) -> None:
        binary = path
        if path.is_dir():  # as on macOS
            binary = next(iter(sorted((path / "Contents" / "MacOS").iterdir())))
        self._entry = abi.Entry.in_dll(ctypes.CDLL(str(binary)), "clap_entry")
        if not self._entry.init(str(path).encode()):
            raise EffectError(f"{path.name} cannot be started.")
        address = self._entry.get_factory(abi.FACTORY)
        if not address:
            raise EffectError(f"{path.name} holds no plugins.")
        self._address, self._factory = address, abi.Factory.from_address(address)
        self.host = ClapHost()

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

    def create(self, clap_id: str) -> "Unit":
        """Return a new plugin of an id."""
        pointer = self._factory.create(self._address, ctypes.byref(self.host.table), clap_id.encode())
        if not pointer or not pointer.contents.init(ctypes.addressof(pointer.contents)):
            raise EffectError(f"{clap_id} cannot be started.")
        return Unit(pointer.contents, clap_id)


@dataclass(frozen=True, slots=True)
class Setting:
    """A parameter, and the number by which the plugin knows it."""

    number: int
    parameter: Parameter
    lowest: float

    def number_for(self, value: Value) -> float:
        """Return a value as the plugin takes it."""
        if self.parameter.kind == "choice":
            return self.lowest + self.parameter.choices.index(str(value))
        return float(value)

    def value_for(self, number: float) -> Value:
        """Return what the plugin says as a value that the parameter takes."""
        if self.parameter.kind == "choice":
            place = round(number - self.lowest)
            return self.parameter.choices[min(max(place, 0), len(self.parameter.choices) - 1)]
        return value_within(self.parameter, number)


class Unit:
    """A plugin that is not yet running."""

    def __init__(self, plugin: abi.Plugin, name: str) -> None:
        self.plugin, self.name = plugin, name
        self.address = ctypes.addressof(plugin)
        self.params: Any = self._extension(abi.PARAMS, abi.Params)
        self.state: Any = self._extension(abi.STATE, abi.State)
        self.latency: Any = self._extension(abi.LATENCY, abi.Latency)
        self.gui: Any = self._extension(abi.GUI, abi.Gui)
        self.timers: Any = self._extension(abi.TIMERS, abi.Timers)
        self.files: Any = self._extension(abi.FILES, abi.Files)

    def _extension(self, name: bytes, kind: type[ctypes.Structure]) -> ctypes.Structure | None:
        return abi.at(kind, self.plugin.get_extension(self.address, name))

    def choose_layout(self, channels: int) -> None:
        """Bring a plugin that has several layouts of channels to one that suits, if it has any."""
        layouts: Any = self._extension(abi.LAYOUTS, abi.Layouts)
        for index in range(layouts.count(self.address) if layouts is not None else 0):
            layout = abi.Layout()
            if layouts.get(self.address, index, ctypes.byref(layout)) and (
                (layout.input_channels, layout.output_channels) == (channels, channels)
            ):
                layouts.select(self.address, layout.id)
                return

    def widths(self, *, is_input: bool) -> list[int]:
        """Return the numbers of channels of its ports; the first is the main one."""
        ports: Any = self._extension(abi.PORTS, abi.Ports)
        infos = []
        for index in range(ports.count(self.address, is_input) if ports is not None else 0):
            info = abi.PortInfo()
            ports.get(self.address, index, is_input, ctypes.byref(info))
            infos.append(int(info.channels))
        return infos

    def settings(self) -> dict[str, Setting]:
        """Return its parameters that can be set, by our id."""
        found: dict[str, Setting] = {}
        for index in range(self.params.count(self.address) if self.params is not None else 0):
            info = abi.ParamInfo()
            told = self.params.info(self.address, index, ctypes.byref(info))
            if not told or info.flags & (abi.HIDDEN | abi.READ_ONLY):
                continue
            key = slug(abi.read_text(info.name)).replace("-", "_")
            key = key if key not in found else f"{key}_{info.id}"
            found[key] = Setting(info.id, self._parameter(key, info), info.minimum)
        return found

    def _parameter(self, key: str, info: abi.ParamInfo) -> Parameter:
        title = abi.read_text(info.name)
        low, high, start = info.minimum, info.maximum, min(max(info.default, info.minimum), info.maximum)
        if not info.flags & abi.STEPPED:
            units = {self._unit(info.id, value) for value in (low, start, high)}
            return Parameter(
                key, title, "float", start, low, high, unit=units.pop() if len(units) == 1 else ""
            )
        if (low, high) == (0.0, 1.0):
            return Parameter(key, title, "bool", start >= 0.5)
        if high - low < MOST_CHOICES:
            words = tuple(self._text(info.id, low + step) for step in range(round(high - low) + 1))
            if len(set(words)) == len(words) and not any(_NUMBER_AND_UNIT.fullmatch(word) for word in words):
                return Parameter(key, title, "choice", words[round(start - low)], choices=words)
        return Parameter(key, title, "int", round(start), low, high)

    def _text(self, number: int, value: float) -> str:
        """Return how the plugin itself writes a value."""
        room = ctypes.create_string_buffer(256)
        told = self.params.to_text(self.address, number, value, room, len(room))
        return abi.read_text(room.value) if told else ""

    def _unit(self, number: int, value: float) -> str:
        """Return the unit that the plugin writes after a value, if what it writes is that value."""
        parts = _NUMBER_AND_UNIT.fullmatch(self._text(number, value))
        try:
            same = parts is not None and abs(float(parts[1]) - value) <= 0.01 * max(1.0, abs(value))
        except ValueError:
            return ""
        return parts[2] if parts is not None and same else ""

    def value(self, number: int) -> float:
        """Return the present value of a parameter."""
        found = ctypes.c_double()
        self.params.value(self.address, number, ctypes.byref(found))
        return found.value

    def load(self, state: bytes) -> bool:
        """Give the plugin what it once saved."""
        rest = bytearray(state)

        def read(_stream: int, target: int, size: int) -> int:
            part = bytes(rest[:size])
            ctypes.memmove(target, part, len(part))
            del rest[:size]
            return len(part)

        stream = abi.filled(abi.Stream, None, read)
        return self.state is not None and bool(self.state.load(self.address, ctypes.byref(stream)))

    def save(self) -> bytes:
        """Return what the plugin wants to have kept; nothing where it saves none.

        Raises:
            EffectError: it could not.
        """
        saved = bytearray()

        def write(_stream: int, source: int, size: int) -> int:
            saved.extend(ctypes.string_at(source, size))
            return size

        stream = abi.filled(abi.Stream, None, write)
        if self.state is not None and not self.state.save(self.address, ctypes.byref(stream)):
            raise EffectError(f"{self.name} could not save its state.")
        return bytes(saved)


def events_of(values: Mapping[int, float]) -> Any:
    """Return a list of events that sets parameters at the first sample."""
    size = ctypes.sizeof(abi.ParamEvent)
    header = abi.EventHeader(size, 0, 0, abi.PARAM_VALUE_EVENT, 0)
    events = [abi.ParamEvent(header, number, None, -1, -1, -1, -1, value) for number, value in values.items()]
    given = abi.filled(
        abi.InputEvents,
        None,
        lambda _list: len(events),
        lambda _list, index: ctypes.addressof(events[index]),
    )
    given.events = events  # so that they live as long as the list
    return given


def no_events() -> Any:
    """Return a list that takes events and forgets them."""
    return abi.filled(abi.OutputEvents, None, lambda _list, _event: True)
