"""Feed and mixer, driven by hand: every sample in its place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.playback.feed import Feed
from audiosr_desktop.playback.takes import FADE_S, TakeMixer

RATE = 48000


def ramp(length: int, channels: int = 2, first: float = 1.0) -> np.ndarray:
    """Return samples that tell where they are from."""
    return np.tile(first + np.arange(length, dtype=np.float32), (channels, 1))


def play(feed: Feed, mixer: TakeMixer, sizes: list[int], channels: int = 2) -> np.ndarray:
    heard = []
    for size in sizes:
        feed.produce()
        out = np.full((size, channels), np.nan, np.float32)
        feed.consume(out, mixer)
        heard.append(out)
    return np.concatenate(heard).T


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_range_once_and_in_a_loop(data: st.DataObject) -> None:
    x = ramp(data.draw(st.integers(1, 12_000)))
    start = data.draw(st.integers(0, x.shape[1] - 1))
    stop = data.draw(st.integers(start + 1, x.shape[1]))
    at = data.draw(st.integers(start, stop - 1))
    loop = data.draw(st.booleans())
    sizes = data.draw(st.lists(st.integers(1, 3000), min_size=1, max_size=8))
    feed = Feed([Sound.from_array(x, RATE)], at, (start, stop), loop=loop, sample_rate=RATE, channels=2)
    heard = play(feed, TakeMixer(1, RATE, 0, [1.0]), sizes)
    wanted = x[:, at:stop]
    while loop and wanted.shape[1] < heard.shape[1]:
        wanted = np.concatenate([wanted, x[:, start:stop]], axis=1)
    wanted = np.pad(wanted, ((0, 0), (0, heard.shape[1])))[:, : heard.shape[1]]
    np.testing.assert_array_equal(heard, wanted)
    assert feed.dropouts == 0
    assert feed.finished(0.0) == (not loop and heard.shape[1] > stop - at) or heard.shape[1] == stop - at
    given_out = heard.shape[1]
    place = start + (at - start + given_out) % (stop - start) if loop else min(at + given_out, stop)
    assert feed.handed_over() in {place, stop if place == start else place}


def test_latency_is_taken_off_and_the_end_is_heard_out() -> None:
    feed = Feed(
        [Sound.from_array(ramp(9600), RATE)], 100, (0, 9600), loop=False, sample_rate=RATE, channels=2
    )
    mixer = TakeMixer(1, RATE, 0, [1.0])
    play(feed, mixer, [480])
    assert feed.heard(0.02) == 100
    play(feed, mixer, [2400])
    assert feed.heard(0.02) == 100 + 480 + 2400 - 960
    play(feed, mixer, [9500 - 2880 + 100])
    assert feed.heard(0.02) == 9600 - 860
    assert not feed.finished(0.02)
    play(feed, mixer, [860])
    assert feed.heard(0.02) == 9600
    assert feed.finished(0.02)


def test_takes_change_sample_aligned_with_a_short_fade() -> None:
    a, b = ramp(30_000), -ramp(30_000)
    feed = Feed(
        [Sound.from_array(x, RATE) for x in (a, b)], 0, (0, 30_000), loop=False, sample_rate=RATE, channels=2
    )
    mixer = TakeMixer(2, RATE, 0, [1.0, 1.0])
    first = play(feed, mixer, [1000])
    mixer.take = 1
    rest = play(feed, mixer, [100] * 100)
    fade = round(FADE_S * RATE)
    np.testing.assert_array_equal(first, a[:, :1000])
    np.testing.assert_array_equal(rest[:, fade:], b[:, 1000 + fade : 11_000])
    share = rest[0, :fade] / a[0, 1000 : 1000 + fade]  # from 1 to -1
    np.testing.assert_allclose(share, 1 - 2 * np.arange(1, fade + 1) / fade, atol=1e-5)
    assert fade / RATE < 0.010


def test_a_third_take_in_the_middle_of_a_fade_keeps_the_level() -> None:
    same = Sound.from_array(np.full((2, 20_000), 0.5, np.float32), RATE)
    feed = Feed([same] * 3, 0, (0, 20_000), loop=False, sample_rate=RATE, channels=2)
    mixer = TakeMixer(3, RATE, 0, [1.0] * 3)
    parts = [play(feed, mixer, [100])]
    for take in (1, 2, 0, 1):
        mixer.take = take
        parts.append(play(feed, mixer, [70]))
    parts.append(play(feed, mixer, [4000]))
    np.testing.assert_allclose(np.concatenate(parts, axis=1), 0.5, atol=1e-6)


def test_a_gain_moves_without_a_step() -> None:
    sound = Sound.from_array(np.ones((1, 20_000), np.float32), RATE)
    feed = Feed([sound], 0, (0, 20_000), loop=False, sample_rate=RATE, channels=2)
    mixer = TakeMixer(1, RATE, 0, [1.0])
    mixer.gains = (0.25,)
    heard = play(feed, mixer, [37] * 50)
    assert np.abs(np.diff(heard[0])).max() < 0.01
    np.testing.assert_array_equal(heard[:, 1000:], 0.25)


def test_another_rate_of_the_device_is_converted() -> None:
    x = np.sin(2 * np.pi * 440 * np.arange(22_050) / 44_100, dtype=np.float32)[None]
    feed = Feed([Sound.from_array(x, 44_100)], 0, (0, 22_050), loop=False, sample_rate=48_000, channels=2)
    heard = play(feed, TakeMixer(1, 48_000, 0, [1.0]), [1000] * 25)
    wanted = resample(x, 44_100, 48_000)
    np.testing.assert_allclose(heard[:, :24_000], np.repeat(wanted, 2, axis=0), atol=1e-6)
    assert not heard[:, 24_000:].any()
    assert feed.finished(0.0)
    assert abs(feed.heard(0.0) - 22_050) <= 1


@pytest.mark.parametrize(("channels", "outputs"), [(1, 2), (2, 2), (3, 2), (2, 1), (6, 6)])
def test_channels_the_device_lacks_are_shared_out(channels: int, outputs: int) -> None:
    x = np.repeat(np.arange(1, channels + 1, dtype=np.float32)[:, None], 100, axis=1)
    feed = Feed([Sound.from_array(x, RATE)], 0, (0, 100), loop=False, sample_rate=RATE, channels=outputs)
    heard = play(feed, TakeMixer(1, RATE, 0, [1.0]), [100], outputs)
    wanted = {(1, 2): [1, 1], (2, 2): [1, 2], (3, 2): [2, 2], (2, 1): [1.5], (6, 6): [1, 2, 3, 4, 5, 6]}
    np.testing.assert_allclose(heard[:, 50], wanted[channels, outputs])


def test_a_shorter_take_is_silent_after_its_end() -> None:
    takes = [Sound.from_array(ramp(1000), RATE), Sound.from_array(ramp(300), RATE)]
    feed = Feed(takes, 0, (0, 1000), loop=False, sample_rate=RATE, channels=2)
    heard = play(feed, TakeMixer(2, RATE, 1, [1.0, 1.0]), [1000])
    np.testing.assert_array_equal(heard[:, :300], ramp(300))
    assert not heard[:, 300:].any()
