"""The sound device's process: opens it, fills its blocks from the desk, tells how it fares."""

import contextlib
import gc
import signal
import time

from audiosr_desktop.errors import PlaybackError
from audiosr_desktop.line import Line, LineEndedError, Message, line_of_stdio
from audiosr_desktop.playback.desk import DESK_BYTES, Desk
from audiosr_desktop.playback.memory import Memory
from audiosr_desktop.playback.mixdown import Mixdown
from audiosr_desktop.playback.output import LATENCY_S, SHARED_LATENCY_S, DeviceOutput, SystemDevice, hurry

BEAT_S = 0.25  # how often it looks after the device


def main() -> None:
    """Do what the program asks for, until it closes the line."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl+C is for the program, which ends this process
    latency_s = LATENCY_S if hurry(heirs=True) else SHARED_LATENCY_S
    with contextlib.suppress(LineEndedError):
        _serve(line_of_stdio(), latency_s)


def _serve(line: Line, latency_s: float) -> None:
    begin = line.receive()
    assert begin is not None
    desk = Desk(Memory(DESK_BYTES, begin["memory"]))
    keeper = _Keeper(line, desk, SystemDevice(begin["name"], latency_s))
    gc.disable()  # a look through all objects would keep a callback waiting
    line.send("ready")
    while True:
        message = line.receive(BEAT_S)
        if message is not None:
            keeper.answer(message)
        keeper.look()


class _Keeper:
    """Looks after the device.

    Args:
        line: to the program.
        desk: what is played.
        device: opens it.
    """

    def __init__(self, line: Line, desk: Desk, device: SystemDevice) -> None:
        self._line, self._desk, self._device = line, desk, device
        self._output: DeviceOutput | None = None

    def answer(self, message: Message) -> None:
        """Do what a message asks for, and answer it."""
        facts: dict[str, object] = {}
        try:
            if message["kind"] == "open":
                facts = self._open(message["sample_rate"], message["channels"], loaded=message["loaded"])
            elif message["kind"] == "start" and self._output is not None:
                self._output.start()
            elif message["kind"] == "close" and self._output is not None:
                self._output.close()
                self._output = None
                gc.collect()
        except PlaybackError as error:
            self._line.send("refused", text=str(error), names=self._device.names)
            return
        self.look()
        self._line.send("done", **facts)

    def look(self) -> None:
        """Tell how the device fares."""
        desk, output = self._desk, self._output
        if output is not None:
            desk.late_blocks = output.late_blocks
            desk.strained, desk.outdated = int(output.strained), int(output.outdated)
        desk.active = int(output is not None and output.active)
        desk.beat_s = time.monotonic()

    def _open(self, sample_rate: int, channels: int, *, loaded: bool) -> dict[str, object]:
        fill = Mixdown(self._desk, sample_rate)
        output = self._output = self._device(sample_rate, channels, fill, loaded=loaded)
        return {
            "name": output.name,
            "sample_rate": output.sample_rate,
            "channels": output.channels,
            "latency_s": output.latency_s,
            "names": self._device.names,
        }


if __name__ == "__main__":
    main()
