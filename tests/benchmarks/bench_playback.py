"""How soon a key is heard, how soon a take is switched, and whether sound drops out under load.

Run by hand: `python tests/benchmarks/bench_playback.py [SECONDS]`; plays SECONDS (60 by default) on a virtual
card while a process on every core computes, records it, and compares it sample by sample. The aims are those
of the program's contracts: key to sound 50 ms, switch 10 ms, no drop-out.
"""

import multiprocessing
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "playback"))

import numpy as np
from virtual_card import missing, recorded, virtual_card

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.playback.output import SystemDevice

RATE = 48_000
TRIES = 30


def burn() -> None:
    x = np.random.default_rng(0).standard_normal((400, 400))
    while True:
        x = np.tanh(x @ x.T / 400.0)


class Watch:
    """Opens the real device and notes when what is handed over begins and changes."""

    def __init__(self) -> None:
        self.sign = 0
        self.at = 0.0
        self.late = lambda: 0
        self.device = SystemDevice()

    def __call__(self, sample_rate: int, channels: int, fill: Callable[[Samples], None]) -> object:
        def watched(out: Samples) -> None:
            fill(out)
            sign = int(np.sign(out[-1, 0]))
            if sign != self.sign:
                self.sign, self.at = sign, time.perf_counter()

        output = self.device(sample_rate, channels, watched)
        self.late = lambda: output.late_blocks
        return output

    def until(self, sign: int, since: float) -> float:
        """Return the milliseconds from `since` until samples of that sign were handed over."""
        limit = time.perf_counter() + 5
        while self.sign != sign:
            assert time.perf_counter() < limit, "nothing is handed over"
            time.sleep(0.0005)
        return (self.at - since) * 1000


def told(name: str, values: list[float]) -> None:
    ordered = sorted(values)
    worst = ordered[round(0.95 * (len(ordered) - 1))]
    sys.stdout.write(f"{name:<44} median {statistics.median(values):6.1f} ms, 95 % {worst:6.1f} ms\n")


def measure_times(watch: Watch) -> None:
    from audiosr_desktop.playback.player import Player

    length = 20 * RATE
    player = Player(watch)  # type: ignore[arg-type]
    player.load([Sound.from_array(np.full((2, length), sign * 0.5, np.float32), RATE) for sign in (1, -1)])
    while player.device is None:
        time.sleep(0.01)
    time.sleep(1.0)
    starts, switches, calls = [], [], []
    for _ in range(TRIES):
        player.select_take(0)
        began = time.perf_counter()
        player.play(RATE)
        calls.append((time.perf_counter() - began) * 1000)
        starts.append(watch.until(1, began))
        time.sleep(0.1)
        began = time.perf_counter()
        player.select_take(1)
        switches.append(watch.until(-1, began))
        player.pause()
        watch.until(0, began)
        time.sleep(0.1)
    latency = player.device[2] * 1000 if player.device is not None else 0.0
    told("play(): the caller is held for", calls)
    told("key to first samples at the device", starts)
    told("A/B to changed samples at the device", switches)
    sys.stdout.write(f"{'latency that the device reports':<44} {latency:6.1f} ms\n")
    player.close()


def measure_drop_outs(seconds: float, raw: Path, record: Callable[[Path], object]) -> None:
    from audiosr_desktop.playback.player import Player

    watch = Watch()
    x = np.random.default_rng(2).uniform(0.1, 0.5, (2, round(seconds * RATE))).astype(np.float32)
    player = Player(watch)  # type: ignore[arg-type]
    player.load([Sound.from_array(x, RATE)])
    while player.device is None:
        time.sleep(0.01)
    load = [multiprocessing.Process(target=burn, daemon=True) for _ in range(os.cpu_count() or 1)]
    for process in load:
        process.start()
    with record(raw):  # type: ignore[attr-defined]
        time.sleep(1.0)
        player.play(0)
        empty = 0
        while not player.finished and player.error is None:
            empty = max(empty, player.dropouts)
            time.sleep(0.1)
    late = watch.late()
    player.close()
    for process in load:
        process.terminate()
    heard = recorded(raw)
    same = min(heard.shape[1], x.shape[1])
    different = np.flatnonzero((heard[:, :same] != x[:, :same]).any(axis=0))
    silent = int((heard[0, :same] == 0).sum())
    whole = same == x.shape[1] and not different.size
    sys.stdout.write(
        f"{seconds:g} s under load: {'every sample as it was' if whole else 'NOT continuous'}; "
        f"reader late {empty} times, sound card's thread {late} times, {silent} silent samples"
        + (f", first difference at {different[0] / RATE:.2f} s" if different.size else "")
        + "\n"
    )


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60.0
    if missing():
        sys.exit(f"not installed: {', '.join(missing())}")
    sys.setswitchinterval(0.0005)  # as the window does
    with tempfile.TemporaryDirectory() as folder, virtual_card(Path(folder)) as card:
        os.environ.update(card.environment)
        measure_times(Watch())
        measure_drop_outs(seconds, Path(folder) / "heard.raw", card.recording)


if __name__ == "__main__":
    main()
