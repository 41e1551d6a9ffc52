"""The real PortAudio, on an ALSA device that writes to a file: what is played is what was loaded."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from card_kit import all_cores_busy, looped, require_alsa
from exact_card import hear, noise, run_child

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.playback.derived import band_of
from audiosr_desktop.playback.mixer import DUCK_S, FADE_S
from audiosr_desktop.playback.strip import EDGE_S

RATE = 48_000
EDGE, FADE = round(EDGE_S * RATE), round(FADE_S * RATE)
LOOP = (12_000, 40_000)
SPAN, BAND = (6_000, 30_000), (2_000.0, 6_000.0)
MINUTE = 60 * RATE


@pytest.fixture(autouse=True)
def alsa() -> None:
    require_alsa()


@pytest.fixture
def busy() -> Iterator[None]:
    with all_cores_busy():
        yield


def test_the_sound_card_gets_the_very_samples(tmp_path: Path) -> None:
    heard = hear(tmp_path, "load([noise(5, 30_000)])\nplay(0)\ncard.give(40_000)\n").samples
    np.testing.assert_array_equal(heard[:, :30_000], noise(5, 30_000))
    assert not heard[:, 30_000:].any()


@pytest.mark.usefixtures("busy")
def test_a_minute_loses_no_sample_while_all_cores_compute(tmp_path: Path) -> None:
    heard = hear(tmp_path, f"load([noise(6, {MINUTE})])\nplay(0)\ncard.give({MINUTE} + 4_800)\n").samples
    np.testing.assert_array_equal(heard[:, :MINUTE], noise(6, MINUTE))
    assert not heard[:, MINUTE:].any()


@pytest.mark.parametrize("duck", [False, True])
def test_switches_cross_fades_levels_and_seams_of_a_loop(tmp_path: Path, duck: bool) -> None:
    scene = f"""
load([noise(1, 60_000), noise(2, 60_000)], [0.0, -6.0])
player.set_duck({duck})
play(*{LOOP}, loop=True)
for take in (1, 0, 1):
    told.append(card.give(36_000))
    player.select_take(take)
told.append(card.give(36_000))
player.pause()
card.give(4_800)
"""
    heard = hear(tmp_path, scene)
    *switches, end = heard.told
    length = heard.samples.shape[1]
    gain = np.float32(10.0 ** (-6.0 / 20.0))
    streams = [
        looped(noise(1, 60_000), LOOP, length, RATE),
        gain * looped(noise(2, 60_000), LOOP, length, RATE),
    ]
    assert switches[0] > LOOP[1] - LOOP[0]  # every stretch holds a seam
    shares = np.zeros((2, length), np.float32)
    shares[0] = 1.0
    rise, quiet = raised_cosine_fade(FADE), round(DUCK_S * RATE) - FADE if duck else 0
    for to, at in zip((1, 0, 1), switches, strict=True):  # a switch is heard in the very next sample
        shares[1 - to, at : at + FADE] = 1.0 - rise
        shares[1 - to, at + FADE :] = 0.0
        shares[to, at + quiet : at + quiet + FADE] = rise
        shares[to, at + quiet + FADE :] = 1.0
    wanted = sum(share * stream for share, stream in zip(shares, streams, strict=True))
    assert isinstance(wanted, np.ndarray)
    wanted[:, :EDGE] *= raised_cosine_fade(EDGE)
    wanted[:, end : end + EDGE] *= raised_cosine_fade(EDGE)[::-1]
    wanted[:, end + EDGE :] = 0.0
    np.testing.assert_allclose(heard.samples, wanted, atol=1e-6)


def test_only_the_band_is_heard_from_the_sample_it_is_asked_for(tmp_path: Path) -> None:
    scene = f"load([noise(5, 30_000)])\nplayer.set_band({BAND})\nplay({SPAN[0]})\ncard.give(30_000)\n"
    heard = hear(tmp_path, scene).samples[:, : SPAN[1] - SPAN[0]]
    wanted = band_of(Sound.from_array(noise(5, 30_000), RATE), *BAND).read(*SPAN).copy()
    wanted[:, :EDGE] *= raised_cosine_fade(EDGE)
    np.testing.assert_allclose(heard, wanted, atol=1e-6)
    power = np.abs(np.fft.rfft(heard[0] * np.hanning(heard.shape[1]))) ** 2
    hz = np.fft.rfftfreq(heard.shape[1], 1 / RATE)
    inside = (hz > BAND[0]) & (hz < BAND[1])
    outside = (hz < BAND[0] - 100) | (hz > BAND[1] + 100)
    assert 10 * np.log10(power[outside].mean() / power[inside].mean()) < -70


def test_a_cut_is_heard_before_it_is_made(tmp_path: Path) -> None:
    scene = "load([noise(5, 30_000)])\nplay(0, 25_000, hole=(9_000, 20_000))\ncard.give(20_000)\n"
    heard = hear(tmp_path, scene).samples
    x = noise(5, 30_000)
    wanted = np.concatenate([x[:, :9_000], x[:, 20_000:25_000]], axis=1)
    wanted[:, -EDGE:] *= raised_cosine_fade(EDGE)[::-1]
    np.testing.assert_allclose(heard[:, : wanted.shape[1]], wanted, atol=1e-6)
    assert not heard[:, wanted.shape[1] :].any()


def test_no_sound_card_is_one_sentence(tmp_path: Path) -> None:
    conf = tmp_path / "asound.conf"
    conf.write_text("pcm.!default { type hw card 31 }\nctl.!default { type null }\n")
    child = run_child(conf, "player.load(sounds(noise(5, 30_000)))\nplay(0)\n")
    assert child.returncode == 1
    assert "PlaybackError('Sound cannot be played: no sound device was found" in child.stderr
