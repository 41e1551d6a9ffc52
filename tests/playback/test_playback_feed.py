"""Feed and mixer, driven by hand: every sample in its place."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.playback.feed import Feed
from audiosr_desktop.playback.mixer import DUCK_S, FADE_S, TakeMixer
from audiosr_desktop.playback.monitor import Monitor, fold_matrix
from audiosr_desktop.playback.strip import EDGE_S, STRIP_BYTES, Strip

RATE = 48000
EDGE, FADE = round(EDGE_S * RATE), round(FADE_S * RATE)


def ramp(length: int, channels: int = 2, first: float = 1.0) -> np.ndarray:
    """Return samples that tell where they are from."""
    return np.tile(first + np.arange(length, dtype=np.float32), (channels, 1))


def feed_of(
    *takes: np.ndarray,
    start: int = 0,
    span: tuple[int, int] | None = None,
    loop: bool = False,
    rate: int = RATE,
    output_rate: int = RATE,
    outputs: int = 2,
    monitor: Monitor = Monitor(),  # noqa: B008
    speed: float = 1.0,
    hole: tuple[int, int] | None = None,
) -> Feed:
    strip = Strip(memoryview(bytearray(STRIP_BYTES)))
    strip.lay_out(1, len(takes), outputs, output_rate, speed)
    return Feed(
        [Sound.from_array(take, rate) for take in takes],
        start,
        span or (0, takes[0].shape[1]),
        loop=loop,
        strip=strip,
        fold=fold_matrix(takes[0].shape[0], outputs, monitor),
        hole=hole,
    )


def play(feed: Feed, mixer: TakeMixer, sizes: list[int], channels: int = 2) -> np.ndarray:
    heard = []
    for size in sizes:
        feed.produce()
        out = np.full((size, channels), np.nan, np.float32)
        feed.strip.give(out, mixer)
        heard.append(out)
    return np.concatenate(heard).T


def ranged(x: np.ndarray, start: int, stop: int, loop: bool) -> np.ndarray:
    """Return one round of a range as it is to be heard, by the rule in `Feed`."""
    part = x[:, start:stop].copy()
    rise = raised_cosine_fade(min(EDGE, (stop - start) // 2))
    if not rise.size or (start < rise.size if loop else stop >= x.shape[1]):
        return part
    part[:, -rise.size :] *= 1 - rise
    if loop:
        part[:, -rise.size :] += rise * x[:, start - rise.size : start]
    return part


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_a_range_once_and_in_a_loop(data: st.DataObject) -> None:
    x = ramp(data.draw(st.integers(1, 12_000)))
    start = data.draw(st.integers(0, x.shape[1] - 1))
    stop = data.draw(st.integers(start + 1, x.shape[1]))
    at = data.draw(st.integers(start, stop - 1))
    loop = data.draw(st.booleans())
    sizes = data.draw(st.lists(st.integers(1, 3000), min_size=1, max_size=8))
    feed = feed_of(x, start=at, span=(start, stop), loop=loop)
    heard = play(feed, TakeMixer(1, RATE, 0, [1.0]), sizes)
    once = ranged(x, start, stop, loop)
    wanted = once[:, at - start :]
    while loop and wanted.shape[1] < heard.shape[1]:
        wanted = np.concatenate([wanted, once], axis=1)
    wanted = np.pad(wanted, ((0, 0), (0, heard.shape[1])))[:, : heard.shape[1]]
    np.testing.assert_allclose(heard, wanted, rtol=1e-6, atol=2e-3)
    assert feed.dropouts == 0
    assert feed.finished(0.0) == (not loop and heard.shape[1] > stop - at) or heard.shape[1] == stop - at
    given_out = heard.shape[1]
    place = start + (at - start + given_out) % (stop - start) if loop else min(at + given_out, stop)
    assert feed.handed_over() in {place, stop if place == start else place}


def test_a_loop_meets_itself_without_a_step() -> None:
    time = np.arange(RATE) / RATE
    x = np.sin(2 * np.pi * 441.3 * time, dtype=np.float32)[None]
    feed = feed_of(x, start=10_001, span=(10_001, 20_004), loop=True)
    heard = play(feed, TakeMixer(1, RATE, 0, [1.0]), [1000] * 30)[0]
    assert np.abs(np.diff(heard)).max() < 1.05 * np.abs(np.diff(x)).max()
    np.testing.assert_array_equal(heard[: 10_003 - EDGE], x[0, 10_001 : 20_004 - EDGE])
    np.testing.assert_array_equal(heard[10_003 : 20_006 - EDGE], x[0, 10_001 : 20_004 - EDGE])


def test_a_hole_is_jumped_over_as_a_cut_would_be() -> None:
    x = ramp(30_000)
    feed = feed_of(x, start=2_000, span=(2_000, 12_000), hole=(5_000, 9_000))
    heard = play(feed, TakeMixer(1, RATE, 0, [1.0]), [500] * 13)
    wanted = np.concatenate([x[:, 2_000:5_000], x[:, 9_000 : 12_000 - EDGE]], axis=1)
    np.testing.assert_array_equal(heard[:, : wanted.shape[1]], wanted)
    assert not heard[:, 6_000:].any()
    assert feed.place(4_000) == 10_000


def test_latency_is_taken_off_and_the_end_is_heard_out() -> None:
    feed = feed_of(ramp(9600), start=100)
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
    feed, mixer = feed_of(a, b), TakeMixer(2, RATE, 0, [1.0, 1.0])
    first = play(feed, mixer, [1000])
    mixer.take = 1
    rest = play(feed, mixer, [100] * 100)
    np.testing.assert_array_equal(first, a[:, :1000])
    np.testing.assert_array_equal(rest[:, FADE:], b[:, 1000 + FADE : 11_000])
    share = rest[0, :FADE] / a[0, 1000 : 1000 + FADE]  # from 1 to -1
    np.testing.assert_allclose(share, 1 - 2 * raised_cosine_fade(FADE), atol=1e-5)
    assert FADE / RATE == 0.005


def test_a_third_take_in_the_middle_of_a_fade_keeps_the_level() -> None:
    same = np.full((2, 20_000), 0.5, np.float32)
    feed, mixer = feed_of(same, same, same), TakeMixer(3, RATE, 0, [1.0] * 3)
    parts = [play(feed, mixer, [100])]
    for take in (1, 2, 0, 1):
        mixer.take = take
        parts.append(play(feed, mixer, [70]))
    parts.append(play(feed, mixer, [4000]))
    np.testing.assert_allclose(np.concatenate(parts, axis=1), 0.5, atol=1e-6)


def test_a_duck_goes_through_silence() -> None:
    same = np.full((2, 20_000), 0.5, np.float32)
    feed, mixer = feed_of(same, same), TakeMixer(2, RATE, 0, [1.0, 1.0], duck=True)
    play(feed, mixer, [100])
    mixer.take = 1
    heard = play(feed, mixer, [333] * 20)[0]
    duck = round(DUCK_S * RATE)
    assert not heard[FADE : duck - FADE].any()
    np.testing.assert_array_equal(heard[duck:], 0.5)
    assert np.abs(np.diff(heard)).max() < 0.01


def test_a_gain_moves_without_a_step() -> None:
    feed, mixer = feed_of(np.ones((1, 20_000), np.float32)), TakeMixer(1, RATE, 0, [1.0])
    mixer.gains = (100.0,)  # 40 dB
    heard = play(feed, mixer, [37] * 50)
    assert np.abs(np.diff(heard[0])).max() < 1.0
    np.testing.assert_array_equal(heard[:, FADE:], 100.0)


def test_another_rate_of_the_device_is_converted() -> None:
    x = np.sin(2 * np.pi * 440 * np.arange(22_050) / 44_100, dtype=np.float32)[None]
    feed = feed_of(x, rate=44_100)
    heard = play(feed, TakeMixer(1, 48_000, 0, [1.0]), [1000] * 25)
    wanted = resample(x, 44_100, 48_000)
    np.testing.assert_allclose(heard[:, :24_000], np.repeat(wanted, 2, axis=0), atol=1e-6)
    assert not heard[:, 24_000:].any()
    assert feed.finished(0.0)
    assert abs(feed.heard(0.0) - 22_050) <= 1


@pytest.mark.parametrize("speed", [0.5, 2.0])
def test_another_speed_keeps_pitch_and_place(speed: float) -> None:
    x = 0.5 * np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE, dtype=np.float32)[None]
    feed = feed_of(x, speed=speed)
    length = round(2 * RATE / speed)
    heard = play(feed, TakeMixer(1, RATE, 0, [1.0]), [1000] * (length // 2000))
    assert feed.place(length // 2) == pytest.approx(RATE, abs=2)
    middle = heard[0, 10_000 : 10_000 + 24_000]
    spectrum = np.abs(np.fft.rfft(middle * np.hanning(middle.size)))
    assert np.argmax(spectrum) * RATE / middle.size == pytest.approx(440, abs=2)
    rest = play(feed, TakeMixer(1, RATE, 0, [1.0]), [1000] * (length // 2000 + 2))
    assert feed.finished(0.0)
    assert not rest[:, length - heard.shape[1] :].any()


@pytest.mark.parametrize(("channels", "outputs"), [(1, 2), (2, 2), (3, 2), (2, 1), (6, 6)])
def test_channels_the_device_lacks_are_shared_out(channels: int, outputs: int) -> None:
    x = np.repeat(np.arange(1, channels + 1, dtype=np.float32)[:, None], 100, axis=1)
    heard = play(feed_of(x, outputs=outputs), TakeMixer(1, RATE, 0, [1.0]), [100], outputs)
    wanted = {(1, 2): [1, 1], (2, 2): [1, 2], (3, 2): [2, 2], (2, 1): [1.5], (6, 6): [1, 2, 3, 4, 5, 6]}
    np.testing.assert_allclose(heard[:, 50], wanted[channels, outputs])


@pytest.mark.parametrize(
    ("monitor", "channels", "wanted"),
    [
        (Monitor("mono"), 2, 1.5),
        (Monitor("side"), 2, -0.5),
        (Monitor("side"), 1, 0.0),
        (Monitor("solo", (1,)), 3, 2.0),
        (Monitor("solo", (7,)), 2, 2.0),
    ],
)
def test_channels_can_be_listened_to_alone(monitor: Monitor, channels: int, wanted: float) -> None:
    x = np.repeat(np.arange(1, channels + 1, dtype=np.float32)[:, None], 100, axis=1)
    heard = play(feed_of(x, monitor=monitor), TakeMixer(1, RATE, 0, [1.0]), [100])
    np.testing.assert_allclose(heard, wanted)


@pytest.mark.parametrize(("alone", "wanted"), [((1, 3), [2, 4]), ((0, 2, 3), [2.5, 3]), ((5, 9), [6, 6])])
def test_some_channels_alone_are_heard_like_a_sound_of_these(
    alone: tuple[int, ...], wanted: list[float]
) -> None:
    x = np.repeat(np.arange(1, 7, dtype=np.float32)[:, None], 100, axis=1)
    heard = play(feed_of(x, monitor=Monitor("solo", alone)), TakeMixer(1, RATE, 0, [1.0]), [100])
    np.testing.assert_allclose(heard[:, 50], wanted)


def test_a_shorter_take_is_silent_after_its_end() -> None:
    feed = feed_of(ramp(1000), ramp(300))
    heard = play(feed, TakeMixer(2, RATE, 1, [1.0, 1.0]), [1000])
    np.testing.assert_array_equal(heard[:, :300], ramp(300))
    assert not heard[:, 300:].any()
