"""The real PortAudio, on an ALSA device that writes to a file: what is played is what was loaded."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

CONF = """
pcm.!default {{ type file  slave.pcm nulldev  file "{raw}"  format raw }}
pcm.nulldev {{ type null }}
ctl.!default {{ type null }}
"""
CHILD = """
import sys, time
import numpy as np
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.player import Player

rng = np.random.default_rng(5)
player = Player()
player.load([Sound.from_array(rng.uniform(0.1, 0.9, (2, 30_000)).astype(np.float32), 48_000)])
player.play(0)
limit = time.monotonic() + 20
while not player.finished and player.error is None and time.monotonic() < limit:
    time.sleep(0.01)
error = player.error
player.close()
if error is not None:
    sys.exit(repr(error))
assert player.finished and player.position == 30_000, player.position
"""


@pytest.fixture
def alsa() -> None:
    if not sys.platform.startswith("linux"):
        pytest.skip("ALSA is a Linux library")
    try:
        import sounddevice  # noqa: F401
    except OSError:
        pytest.skip("libportaudio2 is not installed")


def run_child(code: str, conf: Path) -> subprocess.CompletedProcess[str]:
    env = {
        "ALSA_CONFIG_PATH": str(conf),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "PATH": "/usr/bin",
    }
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.mark.usefixtures("alsa")
def test_the_sound_card_gets_the_very_samples(tmp_path: Path) -> None:
    raw = tmp_path / "played.raw"
    conf = tmp_path / "asound.conf"
    conf.write_text(CONF.format(raw=raw))
    child = run_child(CHILD, conf)
    assert child.returncode == 0, child.stderr
    played = np.fromfile(raw, "<f4").reshape(-1, 2).T
    wanted = np.random.default_rng(5).uniform(0.1, 0.9, (2, 30_000)).astype(np.float32)
    heard = played[:, played[0] != 0]  # a device that knows no time may ask before the reader has read
    np.testing.assert_array_equal(heard, wanted)


@pytest.mark.usefixtures("alsa")
def test_no_sound_card_is_one_sentence(tmp_path: Path) -> None:
    conf = tmp_path / "asound.conf"
    conf.write_text("pcm.!default { type hw card 31 }\nctl.!default { type null }\n")
    child = run_child(CHILD, conf)
    assert child.returncode == 1
    assert "PlaybackError('Sound cannot be played: no sound device was found" in child.stderr
