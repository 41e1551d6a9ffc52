"""A line to a process of its own: JSON messages on pipes; and how such a process is started."""

import contextlib
import json
import os
import queue
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

Message: TypeAlias = dict[str, Any]

_LONGEST_MESSAGE = 64 << 20


class LineEndedError(Exception):
    """The other side is gone, or does not keep to the form of messages."""


class Line:
    """Sends and receives messages; a thread of its own listens.

    Args:
        incoming: what the other side writes.
        outgoing: what it reads.
        on_end: called in the thread when the other side is gone.
    """

    def __init__(
        self, incoming: BinaryIO, outgoing: BinaryIO, on_end: Callable[[], None] = lambda: None
    ) -> None:
        self._incoming, self._outgoing, self._on_end = incoming, outgoing, on_end
        self._heard: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._listener = threading.Thread(target=self._listen, name="line", daemon=True)
        self._listener.start()

    def send(self, kind: str, **facts: object) -> None:
        """Send a message.

        Raises:
            LineEndedError: the other side is gone.
        """
        try:
            self._outgoing.write(json.dumps({"kind": kind, **facts}).encode() + b"\n")
            self._outgoing.flush()
        except (OSError, ValueError) as error:
            raise LineEndedError from error

    def receive(self, timeout_s: float | None = None) -> Message | None:
        """Return the next message, or None when there was none for so long.

        Raises:
            LineEndedError: there will be none any more.
        """
        try:
            message = self._heard.get(timeout=timeout_s)
        except queue.Empty:
            return None
        if message is None:
            self._heard.put(None)
            raise LineEndedError
        return message

    def join(self) -> None:
        """Wait for the end of the listener; the other side must be gone."""
        self._listener.join()

    def _listen(self) -> None:
        try:
            while (text := self._incoming.readline(_LONGEST_MESSAGE)).endswith(b"\n"):
                message = json.loads(text)
                if not (isinstance(message, dict) and isinstance(message.get("kind"), str)):
                    break
                self._heard.put(message)
        except (OSError, ValueError, RecursionError):
            pass  # not a message: the line has ended all the same
        self._heard.put(None)
        self._on_end()


def line_of_stdio() -> Line:
    """Take stdin and stdout of this process for messages; what libraries print goes to stderr.

    The process ends when the program that started it is gone.
    """
    incoming, outgoing = os.dup(0), os.dup(1)
    with Path(os.devnull).open("rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(2, 1)
    return Line(os.fdopen(incoming, "rb"), os.fdopen(outgoing, "wb"), on_end=lambda: os._exit(1))


def end_process(process: "subprocess.Popen[bytes]", line: Line) -> None:
    """End a process, whatever it does, wait until it is gone, and close the line to it."""
    process.kill()
    process.wait()
    line.join()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(OSError):  # what was not sent any more
                pipe.close()


def own_command(switch: str, module: str) -> list[str]:
    """Return the words that start a module of this program as a process.

    Args:
        switch: what a frozen program, which has no `python -m`, is given instead (`cli.run` knows it).
        module: its full name.
    """
    if getattr(sys, "frozen", False):
        return [sys.executable, switch]
    return [sys.executable, "-P", "-m", module]


def own_environment() -> dict[str, str]:
    """Return an environment in which such a process finds this very package."""
    package = str(Path(__file__).resolve().parents[1])
    rest = os.environ.get("PYTHONPATH")
    return {**os.environ, "PYTHONPATH": os.pathsep.join([package, *([rest] if rest else [])])}
