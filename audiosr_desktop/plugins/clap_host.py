"""What a CLAP plugin may ask of its host, and its own window; imported in the plugin's process alone."""

import ctypes
import select
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from audiosr_desktop import __version__
from audiosr_desktop.errors import EffectError
from audiosr_desktop.plugins import clap_abi as abi
from audiosr_desktop.plugins.screen import Frame

if TYPE_CHECKING:
    from audiosr_desktop.plugins.clap_unit import Unit

_WINDOWS = {"linux": b"x11", "win32": b"win32", "darwin": b"cocoa"}
_FLAGS = (abi.FILE_READ, abi.FILE_WRITE)
_TURN_S = 0.02


class ClapHost:
    """The host that a plugin sees. All of it happens in one thread.

    Attributes:
        table: its C structure.
        closed: whether the plugin's own window was closed.
        frame: what holds the plugin's window, if that has none of its own.
    """

    def __init__(self) -> None:
        self.closed = False
        self.frame: Frame | None = None
        self._called = False
        self._timers: dict[int, tuple[float, float]] = {}  # seconds between two, and when the next one is due
        self._files: dict[int, int] = {}
        self._extensions: dict[bytes, Any] = {
            abi.PARAMS: abi.filled(abi.HostParams, _nothing, _nothing, _nothing),
            abi.STATE: abi.filled(abi.HostState, _nothing),
            abi.LATENCY: abi.filled(abi.HostLatency, _nothing),
            abi.GUI: abi.filled(abi.HostGui, _nothing, self._on_resize, _agree, _agree, self._on_closed),
            abi.TIMERS: abi.filled(abi.HostTimers, self._on_timer, self._on_timer_end),
            abi.FILES: abi.filled(abi.HostFiles, self._on_file, self._on_file, self._on_file_end),
        }
        name, version = b"AudioSR Desktop", __version__.encode()
        calls = self._extension, _nothing, _nothing, self._on_called
        self.table = abi.filled(abi.Host, abi.Version(1, 2, 0), None, name, name, b"", version, *calls)

    def turn(self, unit: "Unit", wait_s: float = 0.0) -> None:
        """Call back a plugin that asked for it, and serve its timers and files; wait for these so long."""
        plugin, address = unit.plugin, unit.address
        if self._called:
            self._called = False
            plugin.on_main_thread(address)
        reads, writes = ([file for file, flags in self._files.items() if flags & flag] for flag in _FLAGS)
        if reads or writes:
            ready = select.select(reads, writes, [], wait_s)[:2]
            for flag, files in zip(_FLAGS, ready, strict=True):
                for file in files:
                    unit.files.on_file(address, file, flag)
        elif wait_s:
            time.sleep(wait_s)
        now = time.monotonic()
        for number, (period_s, due) in list(self._timers.items()):
            if now >= due:
                self._timers[number] = period_s, now + period_s
                unit.timers.on_timer(address, number)

    def _extension(self, _host: int, name: bytes) -> int | None:
        found = self._extensions.get(name)
        return None if found is None else ctypes.addressof(found)

    def _on_called(self, _host: int) -> None:
        self._called = True

    def _on_closed(self, _host: int, _destroyed: bool) -> None:
        self.closed = True

    def _on_resize(self, _host: int, width: int, height: int) -> bool:
        if self.frame is not None:
            self.frame.resize(width, height)
        return self.frame is not None

    def _on_timer(self, _host: int, period_ms: int, number: Any) -> bool:
        number[0] = max(self._timers, default=0) + 1
        self._timers[number[0]] = period_ms / 1000.0, 0.0
        return True

    def _on_timer_end(self, _host: int, number: int) -> bool:
        return self._timers.pop(number, None) is not None

    def _on_file(self, _host: int, file: int, flags: int) -> bool:
        self._files[file] = flags
        return True

    def _on_file_end(self, _host: int, file: int) -> bool:
        return self._files.pop(file, None) is not None


def _nothing(*_: object) -> None:
    return None


def _agree(_host: int) -> bool:
    return True


def has_window(unit: "Unit") -> bool:
    """Whether a plugin has a window that can be shown here."""
    return unit.gui is not None and any(_supports(unit, floats=floats) for floats in (False, True))


def _supports(unit: "Unit", *, floats: bool) -> bool:
    """Whether a plugin can show a window of its own, or one within a frame of ours (on X11 alone)."""
    api = _WINDOWS.get(sys.platform)
    if api is None or not (floats or sys.platform == "linux"):
        return False
    return bool(unit.gui.is_supported(unit.address, api, floats))


def show_window(unit: "Unit", host: ClapHost, title: str, run: Callable[[], object]) -> None:
    """Show the own window of a plugin until the user closes it.

    Args:
        unit: the plugin.
        host: what it was made with.
        title: for the user.
        run: lets the plugin work for a moment: many take what is set in their window only while they do.

    Raises:
        EffectError: it cannot be shown.
    """
    run()  # so that it has taken the values before it shows them
    gui, address, api = unit.gui, unit.address, _WINDOWS[sys.platform]
    floats = not _supports(unit, floats=False)
    if not gui.create(address, api, floats):
        raise EffectError(f"The window of {title} cannot be opened: set its values in the form.")
    if floats:
        gui.suggest_title(address, title.encode())
    else:
        width, height = ctypes.c_uint32(640), ctypes.c_uint32(480)
        gui.get_size(address, ctypes.byref(width), ctypes.byref(height))
        host.frame = Frame(title, width.value, height.value)
        gui.set_parent(address, ctypes.byref(abi.Window(api, host.frame.handle)))
    gui.show(address)
    while not (host.closed or (host.frame is not None and host.frame.closed())):
        run()
        host.turn(unit, _TURN_S)
    run()
    gui.destroy(address)
    if host.frame is not None:
        host.frame.close()
