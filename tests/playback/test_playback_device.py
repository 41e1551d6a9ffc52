"""The real PortAudio, on an ALSA device that writes to a file: what is played is what was loaded."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.playback.derived import band_of
from audiosr_desktop.playback.feed import EDGE_S

RATE = 48_000
SPAN, BAND = (6_000, 30_000), (2_000.0, 6_000.0)
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
player.set_band(BAND)
player.play(START)
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


def run_child(
    conf: Path, start: int = 0, band: tuple[float, float] | None = None
) -> subprocess.CompletedProcess[str]:
    env = {
        "ALSA_CONFIG_PATH": str(conf),
        "PYTHONPATH": str(Path(__file__).resolve().parents[2]),
        "PATH": "/usr/bin",
    }
    code = CHILD.replace("BAND", str(band)).replace("START", str(start))
    return subprocess.run(
        [sys.executable, "-c", code], env=env, capture_output=True, text=True, timeout=60, check=False
    )


def heard(folder: Path, start: int = 0, band: tuple[float, float] | None = None) -> np.ndarray:
    """Return what the card was given; a device that knows no time may ask before the reader has read."""
    raw, conf = folder / "played.raw", folder / "asound.conf"
    conf.write_text(CONF.format(raw=raw))
    child = run_child(conf, start, band)
    assert child.returncode == 0, child.stderr
    played = np.fromfile(raw, "<f4").reshape(-1, 2).T
    return played[:, played.any(axis=0)]


def source() -> np.ndarray:
    return np.random.default_rng(5).uniform(0.1, 0.9, (2, 30_000)).astype(np.float32)


@pytest.mark.usefixtures("alsa")
def test_the_sound_card_gets_the_very_samples(tmp_path: Path) -> None:
    np.testing.assert_array_equal(heard(tmp_path), source())


@pytest.mark.usefixtures("alsa")
def test_only_the_band_is_heard(tmp_path: Path) -> None:
    wanted = band_of(Sound.from_array(source(), RATE), *BAND).read(*SPAN).copy()
    rise = raised_cosine_fade(round(EDGE_S * RATE))
    wanted[:, : rise.size] *= rise
    np.testing.assert_allclose(heard(tmp_path, SPAN[0], BAND), wanted[:, wanted.any(axis=0)], atol=1e-6)
    power = np.abs(np.fft.rfft(wanted[0] * np.hanning(wanted.shape[1]))) ** 2
    hz = np.fft.rfftfreq(wanted.shape[1], 1 / RATE)
    inside = (hz > BAND[0]) & (hz < BAND[1])
    outside = (hz < BAND[0] - 100) | (hz > BAND[1] + 100)
    assert 10 * np.log10(power[outside].mean() / power[inside].mean()) < -70


@pytest.mark.usefixtures("alsa")
def test_no_sound_card_is_one_sentence(tmp_path: Path) -> None:
    conf = tmp_path / "asound.conf"
    conf.write_text("pcm.!default { type hw card 31 }\nctl.!default { type null }\n")
    child = run_child(conf)
    assert child.returncode == 1
    assert "PlaybackError('Sound cannot be played: no sound device was found" in child.stderr
