"""The screen for the own windows of native plugins; used in the plugin's process alone."""

import ctypes
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p
from typing import Any

from audiosr_desktop.errors import EffectError

_CLIENT_MESSAGE = 33


class _Event(ctypes.Union):
    """XEvent, of which only the type and the first datum of a client's message are looked at."""

    _fields_ = (("type", c_int), ("longs", c_long * 24))

    @property
    def message(self) -> int:
        """The first long that a client's message says, after the seven of its head."""
        return int(self.longs[7])


_pass_over = ctypes.CFUNCTYPE(c_int, c_void_p, c_void_p)(lambda _display, _event: 0)


def require_screen(title: str) -> None:
    """See that windows can be shown; errors of the window system are passed over from here on.

    Toolkits of plugins ask for windows that are gone, or for a window manager where there is none, and Xlib
    ends the process at the first such answer.

    Raises:
        EffectError: there is no screen.
    """
    if sys.platform == "linux":
        xlib, _display = _open_display(title)
        xlib.XSetErrorHandler(_pass_over)


def _open_display(title: str) -> tuple[Any, c_void_p]:
    """Return Xlib and a connection, which lasts as long as the process."""
    try:
        xlib: Any = ctypes.CDLL("libX11.so.6")
        xlib.XOpenDisplay.restype = c_void_p
        display = xlib.XOpenDisplay(None)
    except OSError:
        display = None
    if not display:
        raise EffectError(
            f"The window of {title} needs a screen, and there is none here: set its values in the form."
        )
    return xlib, c_void_p(display)


class Frame:
    """A window on X11 that holds that of a plugin.

    Args:
        title: for the user.
        width: in pixels.
        height: in pixels.
    """

    def __init__(self, title: str, width: int, height: int) -> None:
        self._xlib, self._display = xlib, display = _open_display(title)
        xlib.XDefaultRootWindow.restype = xlib.XCreateSimpleWindow.restype = xlib.XInternAtom.restype = (
            c_ulong
        )
        root = c_ulong(xlib.XDefaultRootWindow(display))
        place = (c_int(0), c_int(0), c_uint(width), c_uint(height), c_uint(0), c_ulong(0), c_ulong(0))
        self.handle = int(xlib.XCreateSimpleWindow(display, root, *place))
        self._window = c_ulong(self.handle)
        self._farewell = c_ulong(xlib.XInternAtom(display, b"WM_DELETE_WINDOW", 0))
        xlib.XSetWMProtocols.argtypes = (c_void_p, c_ulong, POINTER(c_ulong), c_int)
        xlib.XSetWMProtocols(display, self._window, byref(self._farewell), 1)
        xlib.XStoreName(display, self._window, c_char_p(title.encode()))
        xlib.XMapWindow(display, self._window)
        xlib.XSync(display, 0)

    def resize(self, width: int, height: int) -> None:
        """Take another size, in pixels."""
        self._xlib.XResizeWindow(self._display, self._window, c_uint(width), c_uint(height))

    def closed(self) -> bool:
        """Whether the user closed it by now."""
        event = _Event()
        while self._xlib.XPending(self._display):
            self._xlib.XNextEvent(self._display, byref(event))
            if event.type == _CLIENT_MESSAGE and event.message == self._farewell.value:
                return True
        return False

    def close(self) -> None:
        """Take it off the screen."""
        self._xlib.XDestroyWindow(self._display, self._window)
        self._xlib.XSync(self._display, 0)
