"""A sound card in real time without hardware: a PulseAudio null sink whose monitor is recorded.

Without `norewinds` an idle null sink renders up to 2 s of silence ahead. Whoever begins to play waits for
that long, and the rewind at the end of the wait takes some 15 ms out of what the monitor gives.
"""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import numpy as np

ASOUND = "</usr/share/alsa/alsa.conf>\npcm.!default { type pulse }\nctl.!default { type pulse }\n"
SINK = "format=float32le rate=48000 channels=2 norewinds=1"
UNDERRUN = b"end of underrun"
PROGRAMS = ("pulseaudio", "parec")


def missing() -> list[str]:
    """Return the programs that are not installed."""
    return [program for program in PROGRAMS if shutil.which(program, path="/usr/bin:/bin") is None]


def hurry(process: int) -> None:
    """Let all threads of a process run before what computes, as those of a desktop's sound server do."""
    for thread in Path(f"/proc/{process}/task").iterdir():
        with suppress(OSError):
            os.sched_setscheduler(int(thread.name), os.SCHED_RR, os.sched_param(6))


class Card:
    """A running PulseAudio with one null sink.

    Args:
        folder: for its socket and its state.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "asound.conf").write_text(ASOUND)
        self.environment = {
            **os.environ,
            "PULSE_SERVER": f"unix:{folder}/native",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
            "XDG_RUNTIME_DIR": str(folder),
            "HOME": str(folder),
        }
        self._daemon: subprocess.Popen[bytes] | None = None
        self._log = folder / "pulseaudio.log"

    def underruns(self) -> int:
        """Return how often the sink had to play before it was given samples; silence is heard then."""
        return self._log.read_bytes().count(UNDERRUN)

    def plug_in(self) -> None:
        """Start the daemon and wait for its socket."""
        log = self._log.open("ab")
        self._daemon = subprocess.Popen(
            [
                *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
                "--log-level=debug",
                *("--realtime=no", "--high-priority=no"),
                *("-L", f"module-native-protocol-unix auth-anonymous=1 socket={self.folder}/native"),
                *("-L", f"module-null-sink sink_name=vsink {SINK}"),
            ],
            env=self.environment,
            stderr=log,
        )
        log.close()
        limit = time.monotonic() + 30
        while not (self.folder / "native").exists():
            assert time.monotonic() < limit, "pulseaudio does not start"
            time.sleep(0.02)
        hurry(self._daemon.pid)

    def unplug(self) -> None:
        """End the daemon: whoever plays loses the device."""
        if self._daemon is not None:
            self._daemon.kill()
            self._daemon.wait()
            self._daemon = None
            (self.folder / "native").unlink(missing_ok=True)

    @contextmanager
    def recording(self, path: Path) -> Iterator[None]:
        """Record what is played, float32 stereo at 48 kHz, as raw samples."""
        with path.open("wb") as file:
            parec = subprocess.Popen(
                [
                    *("parec", "-d", "vsink.monitor", "--format=float32le", "--rate=48000", "--channels=2"),
                    *("--raw", "--latency-msec=50"),
                ],
                env=self.environment,
                stdout=file,
            )
            try:
                hurry(parec.pid)
                time.sleep(0.3)
                yield
                time.sleep(0.3)
            finally:
                parec.terminate()
                parec.wait()


@contextmanager
def virtual_card(folder: Path) -> Iterator[Card]:
    """Run a card for the length of a block."""
    card = Card(folder)
    card.plug_in()
    try:
        yield card
    finally:
        card.unplug()


def recorded(path: Path) -> np.ndarray:
    """Return a recording, (channels, samples), from its first sound on."""
    samples = np.fromfile(path, "<f4")
    samples = samples[: samples.size // 2 * 2].reshape(-1, 2).T
    heard = np.flatnonzero(samples.any(axis=0))
    return samples[:, heard[0] :] if heard.size else samples[:, :0]
