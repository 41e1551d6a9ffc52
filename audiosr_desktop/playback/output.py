"""Output: the loudspeaker, or something that stands in for it."""

import itertools
from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from audiosr_desktop.audio.store import Samples
from audiosr_desktop.errors import PlaybackError

Fill: TypeAlias = Callable[
    [Samples], None
]  # fills float32 (samples, channels) in place, in the sound card's thread

LATENCY_S = 0.04  # asked for: short enough for a key press, long enough for a callback in Python


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
    def active(self) -> bool:
        """Whether it is asking for samples; False after `start` means that the device is gone."""

    def start(self) -> None:
        """Begin asking.

        Raises:
            PlaybackError: the device cannot be started.
        """

    def stop(self) -> None:
        """Stop at once; what was not heard yet is dropped."""

    def close(self) -> None:
        """Give the device back."""


OpenOutput: TypeAlias = Callable[[int, int, Fill], Output]  # sample rate, channels, fill


class DeviceOutput:
    """A stream of the system's default sound device."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

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
    def active(self) -> bool:
        """Whether the system still asks for samples."""
        return bool(self._stream.active)

    def start(self) -> None:
        """Begin asking for samples."""
        import sounddevice  # noqa: PLC0415  see open_output

        try:
            self._stream.start()
        except sounddevice.PortAudioError as error:
            raise PlaybackError(f"The sound device cannot be started: {_words(error)}.") from error

    def stop(self) -> None:
        """Stop at once."""
        self._stream.stop(ignore_errors=True) if not self._stream.active else self._stream.abort(
            ignore_errors=True
        )

    def close(self) -> None:
        """Give the device back."""
        self._stream.close(ignore_errors=True)


def open_output(sample_rate: int, channels: int, fill: Fill) -> Output:
    """Open the default sound device, at its own rate and channels where it refuses those asked for.

    Args:
        sample_rate: wanted, Hz.
        channels: wanted.
        fill: called in the sound card's thread for each block.

    Raises:
        PlaybackError: there is no sound device, or it is in use, or PortAudio is missing.
    """
    try:
        import sounddevice  # noqa: PLC0415  it fails where PortAudio is missing, and editing needs no sound
    except OSError as error:
        raise PlaybackError(
            "Sound cannot be played: the PortAudio library is missing (libportaudio2)."
        ) from error
    try:
        return _open(sounddevice, sample_rate, channels, fill)
    except (sounddevice.PortAudioError, ValueError):
        # PortAudio lists devices once: look again, one may have been plugged in or taken away.
        sounddevice._terminate()
        sounddevice._initialize()
    try:
        return _open(sounddevice, sample_rate, channels, fill)
    except (sounddevice.PortAudioError, ValueError) as error:
        raise PlaybackError(
            f"Sound cannot be played: {_words(error)}; connect a sound device or free it and try again."
        ) from error


def _open(sounddevice: Any, sample_rate: int, channels: int, fill: Fill) -> Output:
    device = sounddevice.query_devices(kind="output")
    width = min(channels, int(device["max_output_channels"]))

    def callback(out: Samples, _count: int, _time: Any, _status: Any) -> None:
        fill(out)

    problem: Exception | None = None
    for rate, count in itertools.product(
        (sample_rate, device["default_samplerate"]), {width: 0, min(width, 2): 0}
    ):
        try:
            stream = sounddevice.OutputStream(
                samplerate=rate, channels=count, dtype="float32", latency=LATENCY_S, callback=callback
            )
        except (sounddevice.PortAudioError, ValueError) as error:
            problem = problem or error  # the first says what was really wanted
        else:
            return DeviceOutput(stream)
    assert problem is not None
    raise problem


def _words(error: Exception) -> str:
    text = str(error.args[0] if error.args else error).strip().rstrip(".")
    return "no sound device was found" if "device -1" in text else text  # PortAudio's number for none
