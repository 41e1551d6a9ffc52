"""How soon a key is heard, how soon a take is switched, and whether sound drops out under load.

Run by hand: `python tests/benchmarks/bench_playback.py`; plays a minute on a virtual card while the window
restores with the shipped model in the same process, records it, and compares it sample by sample. A plain
player, PulseAudio's own, does the same on a second card: what both lose is the machine's. The aims are those
of the program's contracts: key to sound 50 ms, switch 10 ms, no drop-out.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import BinaryIO

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "playback"))

import numpy as np
from test_playback_real_time import MINUTE_S, breaks_of, heard_while_restoring, noise, write_noise
from virtual_card import SINK, Card, hurry, missing, recorded, virtual_card

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.player import Player
from audiosr_desktop.playback.tap import Tap

RATE = 48_000
TRIES = 30
TIMES = (
    "key to first samples at the device",
    "key to sound in the recorder",
    "A/B to changed samples at the device",
    "A/B to changed sound in the recorder",
)


class Ear:
    """Listens to the card, and notes when what is heard changes its sign; nothing is 0.

    What it notes is late by what the recorder takes, and never early.
    """

    def __init__(self, card: Card) -> None:
        words = ["parec", "-d", "vsink.monitor", "--format=float32le", f"--rate={RATE}", "--channels=1"]
        self._recorder = subprocess.Popen(
            [*words, "--raw", "--latency-msec=1"], env=card.environment, stdout=subprocess.PIPE
        )
        hurry(self._recorder.pid)
        self.sign, self.at = 0, 0.0
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        assert self._recorder.stdout is not None
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(4))
        while block := os.read(self._recorder.stdout.fileno(), 1 << 16):
            now = time.perf_counter()
            signs = np.sign(np.frombuffer(block[: len(block) // 4 * 4], "<f4"))
            if signs.size and signs[-1] != self.sign:
                since = signs.size - int(np.flatnonzero(signs != self.sign)[0])
                self.sign, self.at = int(signs[-1]), now - since / RATE

    def until(self, sign: int, since: float) -> float:
        """Return the milliseconds from `since` until samples of that sign were heard."""
        limit = time.perf_counter() + 5
        while self.sign != sign:
            assert time.perf_counter() < limit, "nothing is heard"
            time.sleep(0.0005)
        return (self.at - since) * 1000

    def close(self) -> None:
        """End the recorder."""
        self._recorder.terminate()
        self._recorder.wait()
        self._thread.join()
        assert self._recorder.stdout is not None
        self._recorder.stdout.close()


def given(tap: Tap, sign: int, since: float) -> float:
    """Return the milliseconds from `since` until samples of that sign were given to the device."""
    limit = time.perf_counter() + 5
    while True:
        block = tap.take()
        if block.shape[1] and np.sign(block[0, -1]) == sign:
            return (time.perf_counter() - since) * 1000
        assert time.perf_counter() < limit, "nothing is given"
        time.sleep(0.0002)


def told(name: str, values: list[float]) -> None:
    ordered = sorted(values)
    worst = ordered[round(0.95 * (len(ordered) - 1))]
    sys.stdout.write(f"{name:<44} median {statistics.median(values):6.1f} ms, 95 % {worst:6.1f} ms\n")


def measure_times(card: Card) -> None:
    length = 20 * RATE
    player, ear = Player(), Ear(card)
    player.load([Sound.from_array(np.full((2, length), sign * 0.5, np.float32), RATE) for sign in (1, -1)])
    while player.device is None:
        time.sleep(0.01)
    time.sleep(1.0)
    tap = player.tap
    assert tap is not None
    calls, times = [], {name: [] for name in TIMES}
    for _ in range(TRIES):
        player.select_take(0)
        tap.take()
        began = time.perf_counter()
        player.play(RATE)
        calls.append((time.perf_counter() - began) * 1000)
        times[TIMES[0]].append(given(tap, 1, began))
        times[TIMES[1]].append(ear.until(1, began))
        time.sleep(0.1)
        tap.take()
        began = time.perf_counter()
        player.select_take(1)
        times[TIMES[2]].append(given(tap, -1, began))
        times[TIMES[3]].append(ear.until(-1, began))
        player.pause()
        ear.until(0, began)
        time.sleep(0.1)
    assert player.device is not None
    told("play(): the caller is held for", calls)
    for name in TIMES:
        told(name, times[name])
    desk = player._reader.desk
    sys.stdout.write(
        f"latency that the device reports {player.device[2] * 1000:.1f} ms, blocks of {desk.block} samples, "
        f"longest answer {1000 * desk.longest_s:.1f} ms, {desk.late_blocks} too late\n"
    )
    process = player._reader.make_output.process_id
    kinds = {key: int(value) >> 10 for key, value in memory_of(process).items() if key in ("Rss", "Pss")}
    sys.stdout.write(f"the sound's process holds {kinds} MB\n")
    player.close()
    ear.close()


def memory_of(process: int) -> dict[str, str]:
    """Return what the kernel tells of a process's memory, in kB."""
    lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()[1:]
    return {line.partition(":")[0]: line.split()[1] for line in lines}


class PlainPlayer:
    """PulseAudio's own player, on a second card: what it loses meanwhile is the machine's.

    Args:
        card: whose server it uses.
        folder: for what it plays, and for what was heard of that.
        wanted: what it plays.
    """

    def __init__(self, card: Card, folder: Path, wanted: np.ndarray) -> None:
        self._environment, self._wanted = card.environment, wanted
        self._played, self._heard = folder / "plain.raw", folder / "plain heard.raw"
        wanted.T.astype("<f4").tofile(self._played)
        words = ("module-null-sink", "sink_name=plain", *SINK.split())
        subprocess.run(
            ["pactl", "load-module", *words], env=card.environment, check=True, stdout=subprocess.DEVNULL
        )
        self._file = self._heard.open("wb")
        self._recorder = self._start("parec", "--device=plain.monitor", "--latency-msec=50", out=self._file)

    def _start(self, *words: str, out: BinaryIO | None = None) -> subprocess.Popen[bytes]:
        form = ("--raw", "--format=float32le", f"--rate={RATE}", "--channels=2")
        process = subprocess.Popen([*words, *form], env=self._environment, stdout=out)
        hurry(process.pid)
        return process

    def play(self) -> None:
        """Begin."""
        self._player = self._start("paplay", "--device=plain", "--latency-msec=30", str(self._played))

    def breaks(self) -> list[tuple[int, int]]:
        """Wait for the end, and return where something is missing, as `breaks_of` does."""
        self._player.wait()
        time.sleep(0.3)  # what is on its way to the recorder
        self._recorder.terminate()
        self._recorder.wait()
        self._file.close()
        return breaks_of(recorded(self._heard), self._wanted)


def measure_drop_outs(card: Card, folder: Path) -> None:
    wanted = noise(3, MINUTE_S)
    write_noise(folder / "sound.wav", wanted)
    plain = PlainPlayer(card, folder, noise(4, MINUTE_S))
    told = heard_while_restoring(card, folder / "sound.wav", folder / "heard.raw", plain.play)
    breaks, others = breaks_of(recorded(folder / "heard.raw"), wanted), plain.breaks()
    busy = f"{told['computed'] / told['lasted']:.1f} cores busy, load {os.getloadavg()[0]:.1f}"
    sys.stdout.write(
        f"{MINUTE_S} s while the shipped model restores ({busy}): "
        f"{'every sample as it was' if not breaks else f'{len(breaks)} breaks'}; "
        f"reader late {told['dropouts']} times, sound card's thread {told['late']} times, "
        f"device opened anew {told['opened']} times, the card's server {told['underruns']}; "
        f"longest answer {1000 * told['answer_s']:.1f} ms\n"
    )
    for name, places in (("", breaks), ("in a plain player beside it, ", others)):
        for place, lost in places:
            sys.stdout.write(
                f"  a break {name}at {place / RATE:.2f} s, {1000 * lost / RATE:.1f} ms missing\n"
            )


def main() -> None:
    if missing():
        sys.exit(f"not installed: {', '.join(missing())}")
    sys.setswitchinterval(0.0005)  # as the window does
    with tempfile.TemporaryDirectory() as folder, virtual_card(Path(folder)) as card:
        os.environ.update(card.environment)
        measure_times(card)
        measure_drop_outs(card, Path(folder))


if __name__ == "__main__":
    main()
