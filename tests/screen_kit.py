"""A virtual screen, and a hand that drags and closes windows on it."""

import ctypes
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_uint, c_ulong, c_void_p

CLIENT_MESSAGE = 33


class Text(ctypes.Structure):
    """XTextProperty."""

    _fields_ = (("value", c_char_p), ("encoding", c_ulong), ("format", c_int), ("length", c_ulong))


class Screen:
    """Looks at the windows of a display, and sends them what a mouse and a window manager would."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._x = x = ctypes.CDLL("libX11.so.6")
        self._test = ctypes.CDLL("libXtst.so.6")
        for call in (x.XDefaultRootWindow, x.XInternAtom):
            call.restype = c_ulong
        x.XOpenDisplay.restype = c_void_p
        self._display = c_void_p(x.XOpenDisplay(name.encode()))
        assert self._display, "the display cannot be opened"
        self._root = x.XDefaultRootWindow(self._display)
        # toolkits only look for what a window manager has named
        words = (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW", b"WM_TAKE_FOCUS", b"_NET_WM_PING")
        self._atoms = {word: int(x.XInternAtom(self._display, word, 0)) for word in words}

    def windows(self, name: str) -> list[int]:
        """Return the outer windows of this name."""
        return [window for window in self._inner(self._root) if self._name(window) == name]

    def innermost(self, window: int) -> int:
        """Return the last window within a window, and so on."""
        inner = self._inner(window)
        return self.innermost(inner[-1]) if inner else window

    def drag(self, place: tuple[int, int], up: int) -> None:
        """Press at a place of the screen, move up by so many pixels, and let go."""
        x, y = place
        self._point(x, y)
        self._press(down=True)
        for step in range(1, up + 1):
            self._point(x, y - step)
        self._press(down=False)

    def close_window(self, window: int) -> None:
        """Ask a window to close, as its button does."""
        event = (c_long * 24)()
        atoms = [
            self._x.XInternAtom(self._display, word, 0) for word in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        ]
        event[0], event[4], event[5], event[6], event[7] = CLIENT_MESSAGE, window, atoms[0], 32, atoms[1]
        self._x.XSendEvent(self._display, c_ulong(window), 0, c_long(0), byref(event))
        self._x.XSync(self._display, 0)

    def close(self) -> None:
        """Let the display go."""
        self._x.XCloseDisplay(self._display)

    def _point(self, x: int, y: int) -> None:
        self._test.XTestFakeMotionEvent(self._display, -1, x, y, c_ulong(0))
        self._x.XSync(self._display, 0)

    def _press(self, *, down: bool) -> None:
        self._test.XTestFakeButtonEvent(self._display, 1, int(down), c_ulong(0))
        self._x.XSync(self._display, 0)

    def _inner(self, window: int) -> list[int]:
        root, parent, count, inner = c_ulong(), c_ulong(), c_uint(), POINTER(c_ulong)()
        rest = (byref(root), byref(parent), byref(inner), byref(count))
        if not self._x.XQueryTree(self._display, c_ulong(window), *rest):
            return []
        found = [int(inner[index]) for index in range(count.value)]
        self._x.XFree(inner)
        return found

    def _name(self, window: int) -> str:
        text = Text()
        self._x.XGetWMName(self._display, c_ulong(window), byref(text))
        return (text.value or b"").decode()


@contextmanager
def virtual_screen() -> Iterator[Screen]:
    """Start an X server with a screen in memory."""
    reading, writing = os.pipe()
    words = ["Xvfb", "-displayfd", str(writing), "-screen", "0", "1280x800x24", "-nolisten", "tcp"]
    server = subprocess.Popen(words, pass_fds=[writing], stderr=subprocess.DEVNULL)
    os.close(writing)
    with os.fdopen(reading) as numbers:
        number = numbers.readline().strip()
    try:
        assert number, "Xvfb did not start"
        screen = Screen(f":{number}")
        try:
            yield screen
        finally:
            screen.close()
    finally:
        server.terminate()
        server.wait()
