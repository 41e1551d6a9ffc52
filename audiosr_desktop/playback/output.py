"""Output: the loudspeaker, or something that stands in for it."""

import contextlib
import itertools
import logging
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol, TypeAlias

from audiosr_desktop.dsp.overlap import Samples
from audiosr_desktop.errors import PlaybackError
from audiosr_desktop.playback.lateness import STEPS_S, Lateness
from audiosr_desktop.playback.mixdown import Mixdown

Fill: TypeAlias = Callable[
    [Samples], None
]  # fills float32 (samples, channels) in place, in the sound card's thread

LATENCY_S = STEPS_S[0]  # asked for, by a process that does nothing else and goes before all others
SHARED_LATENCY_S = STEPS_S[1]  # by one that has no such rights, or while all cores compute
STALL_S = 2.0  # without a call for samples, after which a device counts as gone
_PRIORITY, _NICENESS = 5, -11  # real time; where that is not allowed
_FRESH_S = 30.0  # the list of devices is believed for so long where the system does not tell of changes
_CARDS = Path("/proc/asound/cards")

log = logging.getLogger(__name__)


class Output(Protocol):
    """An open stream that asks for samples while it runs."""

    @property
    def sample_rate(self) -> int:
        """Rate it runs at, Hz; not always the one asked for."""

    @property
    def channels(self) -> int:
        """Channels it runs with; not always the number asked for."""

    @property
    def latency_s(self) -> float:
        """Time from filling a block to hearing it."""

    @property
    def name(self) -> str:
        """Name of the device, for the user."""

    @property
    def active(self) -> bool:
        """Whether it is asking for samples; False after `start` means that the device is gone."""

    @property
    def strained(self) -> bool:
        """Whether samples came too late so often that it should be opened anew, with a longer latency."""

    @property
    def outdated(self) -> bool:
        """Whether it should be opened anew when nothing is played.

        Devices may have come or gone, or another latency would fit better.
        """

    def start(self) -> None:
        """Begin asking.

        Raises:
            PlaybackError: the device cannot be started.
        """

    def close(self) -> None:
        """Stop at once and give the device back; what was not heard yet is dropped."""


OpenOutput: TypeAlias = Callable[[int, int, Mixdown], Output]  # sample rate, channels, fill


class DeviceOutput:
    """A stream of a sound device."""

    def __init__(self, stream: Any, name: str, pulse: "_Pulse") -> None:
        self._stream, self._name, self._pulse = stream, name, pulse
        self._opened = time.monotonic()
        self._cards = _cards()

    @property
    def sample_rate(self) -> int:
        """Rate of the stream, Hz."""
        return int(self._stream.samplerate + 0.5)

    @property
    def channels(self) -> int:
        """Channels of the stream."""
        return int(self._stream.channels)

    @property
    def latency_s(self) -> float:
        """Latency as the system reports it."""
        return float(self._stream.latency)

    @property
    def name(self) -> str:
        """Name of the device as the system tells it."""
        return self._name

    @property
    def late_blocks(self) -> int:
        """How often the system had to play on before it was given samples."""
        return self._pulse.lateness.count

    @property
    def active(self) -> bool:
        """Whether the system still asks for samples."""
        return bool(self._stream.active) and time.monotonic() - self._pulse.last < STALL_S

    @property
    def strained(self) -> bool:
        """Whether it is late so often now that a longer latency is worth a pause."""
        return self._pulse.lateness.strained

    @property
    def fitting_s(self) -> float:
        """The latency to be asked for when it is opened next, seconds."""
        return self._pulse.lateness.fitting_s

    @property
    def outdated(self) -> bool:
        """Whether another latency would fit better, or sound cards may have come or gone.

        Where the system does not tell of cards, whether it is old.
        """
        if self.fitting_s != self._pulse.lateness.asked_s:
            return True
        if self._cards is not None:
            return self._cards != _cards()
        return time.monotonic() - self._opened > _FRESH_S

    def start(self) -> None:
        """Begin asking for samples."""
        import sounddevice  # noqa: PLC0415  see _portaudio

        self._pulse.last = time.monotonic()
        self._pulse.lateness.begin()
        try:
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise PlaybackError(f"The sound device cannot be started: {_words(error)}.") from error

    def close(self) -> None:
        """Stop at once and give the device back."""
        if self.late_blocks:
            log.warning("%s: %d blocks came too late", self._name, self.late_blocks)
        self._stream.close(ignore_errors=True)


class _Pulse:
    """What the sound card's thread leaves for the others to see."""

    def __init__(self, lateness: Lateness) -> None:
        self.last = time.monotonic()
        self.lateness = lateness
        self.hurried = False


class SystemDevice:
    """Opens one device again and again, with the latency that fits how it did before.

    Args:
        name: of the device as in `names`; the system's default when it is empty or no longer there.
        latency_s: asked for at first.
    """

    def __init__(self, name: str = "", latency_s: float = LATENCY_S) -> None:
        self._name = name
        self._latency_s = self._first_s = latency_s
        self._last: DeviceOutput | None = None
        self.names: tuple[str, ...] = ()

    def __call__(self, sample_rate: int, channels: int, fill: Fill, *, loaded: bool = False) -> DeviceOutput:
        """Open the device, at its own rate and channels where it refuses those asked for.

        PortAudio lists devices once: they are listed anew here, since one may have been plugged in, taken
        away or made the default. So no other stream may be open.

        Args:
            sample_rate: wanted, Hz.
            channels: wanted.
            fill: called in the sound card's thread for each block.
            loaded: the machine computes with all that it has: not with the shortest latency.

        Raises:
            PlaybackError: there is no sound device, or it is in use, or PortAudio is missing.
        """
        if self._last is not None:
            self._latency_s = self._last.fitting_s
        if loaded:
            self._latency_s = max(self._latency_s, SHARED_LATENCY_S)
        sounddevice = _portaudio()
        sounddevice._terminate()
        sounddevice._initialize()
        outputs = _outputs(sounddevice)
        self.names = tuple(dict.fromkeys(name for _, name in outputs))
        wanted = next((index for index, name in outputs if name == self._name), None)
        try:
            with _in_a_hurry():  # threads that the system's sound libraries start now are to be so too
                self._last = _open(
                    sounddevice,
                    *(sample_rate, channels, fill),
                    number=wanted,
                    lateness=Lateness(self._latency_s, self._first_s),
                )
        except (sounddevice.PortAudioError, ValueError) as error:
            raise PlaybackError(
                f"Sound cannot be played: {_words(error)}; connect a sound device or free it and try again."
            ) from error
        return self._last


def _portaudio() -> Any:
    try:
        import sounddevice  # noqa: PLC0415  it fails where PortAudio is missing, and editing needs no sound
    except OSError as error:
        raise PlaybackError(
            "Sound cannot be played: the PortAudio library is missing (libportaudio2)."
        ) from error
    return sounddevice


def _outputs(sounddevice: Any) -> list[tuple[int, str]]:
    return [
        (index, str(device["name"]))
        for index, device in enumerate(sounddevice.query_devices())
        if device["max_output_channels"] > 0
    ]


def _open(
    sounddevice: Any, sample_rate: int, channels: int, fill: Fill, *, number: int | None, lateness: Lateness
) -> DeviceOutput:
    device = sounddevice.query_devices(number, kind="output")
    width = min(channels, int(device["max_output_channels"]))
    pulse = _Pulse(lateness)

    def callback(out: Samples, _count: int, _time: Any, status: Any) -> None:
        if not pulse.hurried:
            pulse.hurried = True
            hurry()
        pulse.last = time.monotonic()
        if status.output_underflow:
            lateness.note()
        fill(out)

    problem: Exception | None = None
    for rate, count in itertools.product(
        (sample_rate, device["default_samplerate"]), {width: 0, min(width, 2): 0}
    ):
        try:
            stream = sounddevice.OutputStream(
                samplerate=rate,
                channels=count,
                dtype="float32",
                latency=lateness.asked_s,
                callback=callback,
                device=number,
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            problem = problem or error  # the first says what was really wanted
        else:
            return DeviceOutput(stream, str(device["name"]), pulse)
    assert problem is not None
    raise problem


def hurry(*, heirs: bool = False) -> bool:
    """Put the calling thread before those that compute, where the system allows it.

    Args:
        heirs: the threads that it starts, too.

    Returns:
        Whether it goes before all others now.
    """
    if not sys.platform.startswith("linux"):  # elsewhere the system does so itself with the sound card's
        return True
    try:
        policy = os.SCHED_RR if heirs else os.SCHED_RR | os.SCHED_RESET_ON_FORK
        os.sched_setscheduler(0, policy, os.sched_param(_PRIORITY))
    except OSError:
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, 0, _NICENESS)
        return False
    return True


@contextlib.contextmanager
def _in_a_hurry() -> Iterator[None]:
    """Put the calling thread, and those that it starts meanwhile, before those that compute."""
    if not sys.platform.startswith("linux"):
        yield
        return
    before = os.sched_getscheduler(0), os.sched_getparam(0)
    with contextlib.suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(_PRIORITY))
    try:
        yield
    finally:
        with contextlib.suppress(OSError):
            os.sched_setscheduler(0, *before)


def _cards() -> str | None:
    """Return the kernel's list of sound cards, None where there is none."""
    if not sys.platform.startswith("linux"):
        return None
    try:
        return _CARDS.read_text()
    except OSError:
        return None


def _words(error: Exception) -> str:
    text = str(error.args[0] if error.args else error).strip().rstrip(".")
    return "no sound device was found" if "device -1" in text else text  # PortAudio's number for none
