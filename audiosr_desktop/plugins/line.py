"""A line between the program and a plugin's process: JSON messages on pipes, samples in a mapped file."""

import json
import mmap
import queue
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float32]
Message: TypeAlias = dict[str, Any]

AREA_BYTES = 4 << 20  # of samples that cross at once
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
        self._listener = threading.Thread(target=self._listen, name="plugin-line", daemon=True)
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


class Area:
    """A mapped file through which samples cross; whoever speaks writes, whoever answers reads."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), AREA_BYTES)
        self._samples: Samples = np.frombuffer(self._map, np.float32)

    @staticmethod
    def make(path: Path) -> None:
        """Make the file."""
        path.write_bytes(b"")
        with path.open("r+b") as file:
            file.truncate(AREA_BYTES)

    @staticmethod
    def room(channels: int) -> int:
        """Return how many samples of so many channels cross at once."""
        return AREA_BYTES // (4 * channels)

    def put(self, samples: Samples) -> None:
        """Write a block, (channels, samples)."""
        self._samples[: samples.size].reshape(samples.shape)[...] = samples

    def get(self, channels: int, length: int) -> Samples:
        """Return a copy of a block that the other side wrote."""
        return self._samples[: channels * length].reshape(channels, length).copy()

    def close(self) -> None:
        """Let the file go."""
        del self._samples  # a map with a view cannot be closed
        self._map.close()
