"""The sound device in a process of its own: nothing that this program computes can hold its callback up."""

import contextlib
import logging
import subprocess
import sys
import time

from audiosr_desktop.errors import PlaybackError
from audiosr_desktop.line import Line, LineEndedError, Message, end_process, own_command, own_environment
from audiosr_desktop.playback.desk import Desk
from audiosr_desktop.playback.mixdown import Mixdown
from audiosr_desktop.playback.output import SHARED_LATENCY_S, STALL_S, Output, SystemDevice
from audiosr_desktop.playback.switch import DEVICE_MODULE, DEVICE_SWITCH

BEGIN_S = 30.0  # a busy machine takes its time to start a process
OPEN_S = 15.0  # some devices are asleep
CLOSE_S = 2.0

log = logging.getLogger(__name__)


class DeviceApart:
    """Opens one device again and again, in a process that is started with the first and kept.

    Where no process can be started the device is opened in this one.

    Args:
        name: of the device as in `names`; the system's default when it is empty or no longer there.
    """

    def __init__(self, name: str = "") -> None:
        self._name = name
        self._process: _Process | None = None
        self._here: SystemDevice | None = None
        self._names: tuple[str, ...] = ()
        self.loaded = False  # the program computes with all that the machine has

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the devices that can be chosen, as they were when one was opened last."""
        return self._names if self._here is None else self._here.names

    @property
    def process_id(self) -> int | None:
        """The system's number of the process; None where there is none."""
        return self._process.number if self._process is not None else None

    def __call__(self, sample_rate: int, channels: int, fill: Mixdown) -> Output:
        """Open the device, at its own rate and channels where it refuses those asked for.

        Args:
            sample_rate: wanted, Hz.
            channels: wanted.
            fill: whose desk is played.

        Raises:
            PlaybackError: there is no device, or it is in use or does not answer, or PortAudio is missing.
        """
        if self._process is not None and self._process.ended:
            self.close()
        if self._process is None and self._here is None:
            try:
                self._process = _Process(self._name, fill.desk)
            except OSError as error:
                log.warning("no process for sound can be started (%s): it is played from this one", error)
                self._here = SystemDevice(self._name, SHARED_LATENCY_S)
        if self._process is None:
            assert self._here is not None
            return self._here(sample_rate, channels, fill)
        facts = self._process.ask(
            "open", OPEN_S, sample_rate=sample_rate, channels=channels, loaded=self.loaded
        )
        self._names = tuple(facts["names"])
        if facts["kind"] == "refused":
            raise PlaybackError(facts["text"])
        return _OutputApart(self, self._process, fill.desk, facts)

    def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is not None:
            process.close()


class _OutputApart:
    """A stream that another process keeps.

    Args:
        device: that opened it.
        process: that keeps it.
        desk: what is played.
        facts: what it told of the device.
    """

    def __init__(self, device: DeviceApart, process: "_Process", desk: Desk, facts: Message) -> None:
        self._device, self._process, self._desk = device, process, desk
        self._for_load = device.loaded
        self.name = str(facts["name"])
        self.sample_rate, self.channels = int(facts["sample_rate"]), int(facts["channels"])
        self.latency_s = float(facts["latency_s"])

    @property
    def late_blocks(self) -> int:
        """How often the system had to play on before it was given samples."""
        return self._desk.late_blocks

    @property
    def active(self) -> bool:
        """Whether the system still asks for samples, and the process lives."""
        beats = time.monotonic() - self._desk.beat_s < STALL_S
        return bool(self._desk.active) and beats and not self._process.ended

    @property
    def strained(self) -> bool:
        """Whether it was late too often for its latency, and a longer one can be had."""
        return bool(self._desk.strained)

    @property
    def outdated(self) -> bool:
        """Whether sound cards may have come or gone, or another latency would fit better."""
        return bool(self._desk.outdated) or (self._device.loaded and not self._for_load)

    def start(self) -> None:
        """Begin asking for samples."""
        answer = self._process.ask("start", OPEN_S)
        if answer["kind"] == "refused":
            raise PlaybackError(answer["text"])

    def close(self) -> None:
        """Stop at once and give the device back; a process that does not answer is ended."""
        with contextlib.suppress(PlaybackError):
            self._process.ask("close", CLOSE_S)
        desk = self._desk
        if desk.late_blocks:
            log.warning(
                "%s: %d blocks came too late; the longest of %d samples took %.1f ms",
                *(self.name, desk.late_blocks, desk.block, 1000 * desk.longest_s),
            )


class _Process:
    """The process that keeps a device; it ends when this one does.

    Args:
        name: of the device.
        desk: what is played.

    Raises:
        OSError: it cannot be started.
    """

    def __init__(self, name: str, desk: Desk) -> None:
        handle = desk.memory.handle
        self._process = subprocess.Popen(
            own_command(DEVICE_SWITCH, DEVICE_MODULE),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL if sys.stderr is None else None,  # a window of Windows has none
            env={**own_environment(), "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"},
            pass_fds=(handle,) if isinstance(handle, int) else (),
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self.ended = False
        self._line = Line(self._process.stdout, self._process.stdin, self._on_end)  # type: ignore[arg-type]
        try:
            self.ask("begin", BEGIN_S, name=name, memory=handle)
        except PlaybackError as error:
            code = self._process.returncode
            raise OSError(f"it ended with {code}") from error

    @property
    def number(self) -> int:
        """The system's number of it."""
        return self._process.pid

    def ask(self, kind: str, limit_s: float, **facts: object) -> Message:
        """Send a message and return the answer; a process that gives none within the limit is ended.

        Raises:
            PlaybackError: there is no answer.
        """
        try:
            self._line.send(kind, **facts)
            answer = self._line.receive(limit_s)
        except LineEndedError:
            answer = None
        if answer is None:
            self.close()
            raise PlaybackError("Sound cannot be played: the sound device does not answer; try again.")
        return answer

    def close(self) -> None:
        """End it, whatever it does, and wait until it is gone."""
        end_process(self._process, self._line)

    def _on_end(self) -> None:
        self.ended = True
