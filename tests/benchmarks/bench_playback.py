"""How soon a key is heard, how soon a take is switched, and whether sound drops out under load.

Run by hand: `python tests/benchmarks/bench_playback.py`; plays a minute on a virtual card while the window
restores with the shipped model in the same process, records it, and compares it sample by sample. The aims
are those of the program's contracts: key to sound 50 ms, switch 10 ms, no drop-out.
"""

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "playback"))

import numpy as np
from test_playback_real_time import MINUTE_S, breaks_of, heard_while_restoring, noise, write_noise
from virtual_card import Card, missing, recorded, virtual_card

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Samples
from audiosr_desktop.playback.output import SystemDevice

RATE = 48_000
TRIES = 30


class Watch:
    """Opens the real device and notes when what is handed over begins and changes."""

    def __init__(self) -> None:
        self.sign = 0
        self.at = 0.0
        self.device = SystemDevice()

    def __call__(self, sample_rate: int, channels: int, fill: Callable[[Samples], None]) -> object:
        def watched(out: Samples) -> None:
            fill(out)
            sign = int(np.sign(out[-1, 0]))
            if sign != self.sign:
                self.sign, self.at = sign, time.perf_counter()

        return self.device(sample_rate, channels, watched)

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


def measure_drop_outs(card: Card, folder: Path) -> None:
    wanted = noise(3, MINUTE_S)
    write_noise(folder / "sound.wav", wanted)
    told = heard_while_restoring(card, folder / "sound.wav", folder / "heard.raw")
    breaks = breaks_of(recorded(folder / "heard.raw"), wanted)
    busy = f"{told['computed'] / told['lasted']:.1f} cores busy, load {os.getloadavg()[0]:.1f}"
    sys.stdout.write(
        f"{MINUTE_S} s while the shipped model restores ({busy}): "
        f"{'every sample as it was' if not breaks else f'{len(breaks)} breaks'}; "
        f"reader late {told['dropouts']} times, sound card's thread {told['late']} times, "
        f"device opened anew {told['opened']} times; longest answer {1000 * told['answer_s']:.1f} ms\n"
    )
    for place, lost in breaks:
        sys.stdout.write(f"  a break at {place / RATE:.2f} s, {1000 * lost / RATE:.1f} ms missing\n")


def main() -> None:
    if missing():
        sys.exit(f"not installed: {', '.join(missing())}")
    sys.setswitchinterval(0.0005)  # as the window does
    with tempfile.TemporaryDirectory() as folder, virtual_card(Path(folder)) as card:
        os.environ.update(card.environment)
        measure_times(Watch())
        measure_drop_outs(card, Path(folder))


if __name__ == "__main__":
    main()
