"""A sound card that keeps every sample and is in no hurry: ALSA writes what PortAudio is given to a file.

The callbacks are PortAudio's own, but the card waits: for the reader, however busy the machine is, and for
the scene, which lets it have so many samples and then does what a user does. So all that is heard is known to
the very sample. Whether samples come in time is for the card of `virtual_card.py`.
"""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audiosr_desktop.audio.store import Samples

PATIENCE_S = 300.0
CONF = """
pcm.!default {{ type file  slave.pcm nulldev  file "{raw}"  format raw }}
pcm.nulldev {{ type null }}
ctl.!default {{ type null }}
"""
SETUP = """
import json, sys, time
import numpy as np
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback import output
from audiosr_desktop.playback.player import Player

output.STALL_S = 1e6  # here it is the scene that holds the card
RATE = 48_000

class Held:
    def __init__(self):
        self.device, self.most, self.given, self.block, self.open = output.SystemDevice(), 0, 0, 0, False

    def __call__(self, rate, channels, fill):
        def held(out):
            self.block = len(out)
            while not self.open and not (self.given + len(out) <= self.most and self.ready(len(out))):
                time.sleep(0.0002)
            fill(out)
            self.given += len(out)
        return self.device(rate, channels, held)

    def ready(self, count):
        strips = [track.strip for track in player._reader.tracks]
        return all(strip.ended or strip.written - strip.read >= count for strip in strips)

    def give(self, count):
        self.most += count
        wait(lambda: self.given + self.block > self.most)
        self.most = self.given
        return self.given

def wait(true):
    limit = time.monotonic() + 120
    while not true():
        assert time.monotonic() < limit, "it never came"
        time.sleep(0.0005)

def sounds(*arrays):
    return [Sound.from_array(array, RATE) for array in arrays]

def noise(seed, length):
    return np.random.default_rng(seed).uniform(0.1, 0.9, (2, length)).astype(np.float32)

def load(arrays, gains=()):
    player.load(sounds(*arrays), gains)
    wait(lambda: player.device is not None and card.block)

def play(*range, **how):
    player.play(*range, **how)
    wait(lambda: not player._reader.waiting)

told = []
card = Held()
player = Player(card)
"""
END = """
lost = player.dropouts
card.open = True
error = player.error
player.close()
if error is not None:
    sys.exit(repr(error))
assert lost == 0, lost
print(json.dumps(told))
"""


@dataclass(frozen=True, slots=True)
class Heard:
    """What a scene sounded like.

    Attributes:
        samples: all that the card was given, (channels, n), from the first sound on.
        told: what the scene put into its list `told`: how much had been given when something was done.
    """

    samples: Samples
    told: list[int]


def noise(seed: int, length: int) -> Samples:
    """Return the noise that scenes play; it has no zeros."""
    return np.random.default_rng(seed).uniform(0.1, 0.9, (2, length)).astype(np.float32)


def run_child(conf: Path, code: str) -> subprocess.CompletedProcess[str]:
    """Run a scene with an ALSA configuration."""
    environment = {
        "ALSA_CONFIG_PATH": str(conf),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "PATH": "/usr/bin",
        "OMP_NUM_THREADS": "1",
    }
    return subprocess.run(
        [sys.executable, "-c", SETUP + code + END],
        env=environment,
        capture_output=True,
        text=True,
        timeout=PATIENCE_S,
        check=False,
    )


def hear(folder: Path, code: str) -> Heard:
    """Run a scene and return what the card was given."""
    raw, conf = folder / "played.raw", folder / "asound.conf"
    conf.write_text(CONF.format(raw=raw))
    child = run_child(conf, code)
    assert child.returncode == 0, child.stderr
    played = np.fromfile(raw, "<f4").reshape(-1, 2).T
    first = np.flatnonzero(played.any(axis=0))
    return Heard(played[:, first[0] :] if first.size else played[:, :0], json.loads(child.stdout))
