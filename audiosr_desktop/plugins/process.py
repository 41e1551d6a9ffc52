"""A plugin's process: started, listened to with a time limit, ended; and why it ended, in one sentence."""

import contextlib
import signal
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from audiosr_desktop.errors import PluginError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.line import Line, LineEndedError, Message, end_process, own_command, own_environment
from audiosr_desktop.plugins.area import Area
from audiosr_desktop.plugins.manifest import Plugin
from audiosr_desktop.plugins.switch import CHILD_MODULE, CHILD_SWITCH

_POLL_S = 0.1  # how soon a job that waits for a plugin notices that it was cancelled


@dataclass(frozen=True, slots=True)
class Limits:
    """What a plugin may take.

    Attributes:
        scan_s: time to tell what is in it.
        silence_s: time without a sign of work while it processes.
        memory_bytes: what its process may allocate, where the system can hold it to that.
    """

    scan_s: float = 30.0
    silence_s: float = 60.0
    memory_bytes: int = 4 << 30


class PluginProcess:
    """One process that runs one plugin for one task; nothing of it is left after the `with` block.

    Args:
        plugin: what to run.
        limits: what it may take.
        folder: for its files; the system's temporary folder when None.
    """

    def __init__(self, plugin: Plugin, limits: Limits, folder: Path | None = None) -> None:
        self.plugin, self.limits = plugin, limits
        self._folder = tempfile.TemporaryDirectory(prefix="plugin-", dir=folder, ignore_cleanup_errors=True)
        place = Path(self._folder.name)
        Area.make(place / "area")
        self._crash = place / "crash"
        self.area = Area(place / "area")
        self._process = subprocess.Popen(
            own_command(CHILD_SWITCH, CHILD_MODULE),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # some plugins flood it
            env=own_environment(),
        )
        assert self._process.stdin is not None and self._process.stdout is not None
        self._line = Line(self._process.stdout, self._process.stdin)  # type: ignore[arg-type]
        self._last_sign = time.monotonic()
        self.send(
            "start",
            plugin=asdict(plugin),
            memory_bytes=limits.memory_bytes,
            area=str(place / "area"),
            crash=str(self._crash),
        )

    def send(self, kind: str, **facts: object) -> None:
        """Send a message; when the process is gone, `receive` tells why."""
        with contextlib.suppress(LineEndedError):
            self._line.send(kind, **facts)

    def sign(self) -> None:
        """Note that the plugin works."""
        self._last_sign = time.monotonic()

    def receive(self, limit_s: float, progress: Progress) -> Job[Message]:
        """Wait for the next message, telling `progress` meanwhile.

        Raises:
            PluginError: the process ended, or gave no sign of work within the limit.
        """
        while True:
            try:
                message = self._line.receive(_POLL_S)
            except LineEndedError:
                raise self._ended() from None
            if message is not None:
                return message
            if time.monotonic() - self._last_sign > limit_s:
                raise self.hung(limit_s)
            yield progress

    def hung(self, limit_s: float) -> PluginError:
        """Return the error of a plugin that does not come to an end."""
        text = (
            f"{self.plugin.title} gave no sign of work for {limit_s:g} s and was ended; nothing was changed."
        )
        return PluginError(text, self.plugin.id)

    def silent_s(self) -> float:
        """Return how long ago the last sign of work was."""
        return time.monotonic() - self._last_sign

    def _ended(self) -> PluginError:
        self._process.kill()  # it may live on without its line
        code = self._process.wait()
        try:
            details = self._crash.read_text(encoding="utf-8", errors="replace")
        except OSError:
            details = ""
        how = f"exit code {code}"
        if code < 0:
            how = signal.Signals(-code).name if -code in list(signal.Signals) else f"signal {-code}"
        title = self.plugin.title
        return PluginError(f"{title} crashed ({how}); nothing was changed.", self.plugin.id, details)

    def close(self) -> None:
        """End the process and remove its files."""
        end_process(self._process, self._line)
        self.area.close()
        self._folder.cleanup()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
