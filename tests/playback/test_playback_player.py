"""The player with an output that only counts, driven by the test."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import pytest

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import ArrayStore, Samples
from audiosr_desktop.errors import AudioFileError, PlaybackError
from audiosr_desktop.job import run_job
from audiosr_desktop.playback.output import Fill
from audiosr_desktop.playback.player import Player
from audiosr_desktop.playback.takes import FADE_S, MOST_GAIN_DB, matched_gains_db

RATE = 48000
PATIENCE_S = 20.0


class FakeOutput:
    """Pulls blocks when the test says so."""

    latency_s = 0.0

    def __init__(self, sample_rate: int, channels: int, fill: Fill) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.fill = fill
        self.active = False
        self.closed = False

    def start(self) -> None:
        self.active = True

    def stop(self) -> None:
        self.active = False

    def close(self) -> None:
        self.closed = True

    def pull(self, size: int) -> Samples:
        out = np.full((size, self.channels), np.nan, np.float32)
        self.fill(out)
        return out.T

    def hear(self, count: int) -> Samples:
        """Pull until `count` samples came; a late reader's silence is left out (the takes have no zeros)."""
        heard = np.zeros((self.channels, 0), np.float32)
        limit = time.monotonic() + PATIENCE_S
        while heard.shape[1] < count:
            assert time.monotonic() < limit, f"only {heard.shape[1]} of {count} samples came"
            block = self.pull(min(480, count - heard.shape[1]))
            heard = np.concatenate([heard, block[:, block[0] != 0]], axis=1)
        return heard


class Bench:
    """A player and its outputs."""

    def __init__(self) -> None:
        self.outputs: list[FakeOutput] = []
        self.player = Player(self.make)

    def make(self, sample_rate: int, channels: int, fill: Fill) -> FakeOutput:
        self.outputs.append(FakeOutput(sample_rate, channels, fill))
        return self.outputs[-1]

    @property
    def output(self) -> FakeOutput:
        return self.outputs[-1]

    def until(self, true: Callable[[], bool]) -> None:
        """Pull until something is so."""
        limit = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < limit, "it never came"
            self.output.pull(480)


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.player.close()
    assert all(output.closed for output in made.outputs)


def ramp(length: int, sign: int = 1) -> np.ndarray:
    return sign * np.tile(1 + np.arange(length, dtype=np.float32), (2, 1))


def sounds(*arrays: np.ndarray) -> list[Sound]:
    return [Sound.from_array(array, RATE) for array in arrays]


def test_plays_to_the_end_and_says_so(bench: Bench) -> None:
    x = ramp(70_000)
    bench.player.load(sounds(x))
    bench.player.play(10_000)
    assert bench.player.playing
    np.testing.assert_array_equal(bench.output.hear(60_000), x[:, 10_000:])
    bench.until(lambda: bench.player.finished)
    assert not bench.player.playing
    assert bench.player.position == 70_000
    assert not bench.output.active


def test_pause_keeps_the_place_and_stop_goes_back(bench: Bench) -> None:
    x = ramp(70_000)
    bench.player.load(sounds(x))
    bench.player.play(5_000, 60_000)
    bench.output.hear(7_000)
    bench.player.pause()
    assert bench.player.position == 12_000
    assert not bench.player.playing
    bench.player.resume()
    np.testing.assert_array_equal(bench.output.hear(1_000), x[:, 12_000:13_000])
    bench.player.stop()
    assert bench.player.position == 5_000
    assert not bench.player.finished
    assert len(bench.outputs) == 1


def test_a_loop_goes_round_and_can_be_left(bench: Bench) -> None:
    x = ramp(70_000)
    bench.player.load(sounds(x))
    bench.player.play(1_000, 3_000, loop=True)
    np.testing.assert_array_equal(bench.output.hear(5_000), np.tile(x[:, 1_000:3_000], 3)[:, :5_000])
    assert bench.player.position == 2_000
    bench.player.set_loop(False)
    np.testing.assert_array_equal(bench.output.hear(1_000), x[:, 2_000:3_000])
    bench.until(lambda: bench.player.finished)


def test_a_loop_switched_on_while_playing(bench: Bench) -> None:
    x = ramp(70_000)
    bench.player.load(sounds(x))
    bench.player.play(0, 2_000)
    bench.output.hear(500)
    bench.player.set_loop(True)
    assert bench.player.looping
    np.testing.assert_array_equal(bench.output.hear(3_000), np.tile(x[:, :2_000], 2)[:, 500:3_500])


def test_seek_while_playing_and_while_not(bench: Bench) -> None:
    x = ramp(200_000)
    bench.player.load(sounds(x))
    bench.player.seek(50_000)
    assert bench.player.position == 50_000
    bench.player.play(0)
    bench.output.hear(1_000)
    bench.player.seek(120_000)
    np.testing.assert_array_equal(bench.output.hear(2_000), x[:, 120_000:122_000])
    assert bench.player.position == 122_000
    bench.player.seek(10**9)
    assert bench.player.finished
    assert bench.player.position == 200_000


def test_seek_out_of_the_range_plays_to_the_end(bench: Bench) -> None:
    x = ramp(40_000)
    bench.player.load(sounds(x))
    bench.player.play(100, 200, loop=True)
    bench.player.seek(39_000)
    np.testing.assert_array_equal(bench.output.hear(1_000), x[:, 39_000:])
    bench.until(lambda: bench.player.finished)


def test_takes_switch_at_the_same_sample(bench: Bench) -> None:
    a = ramp(100_000)
    b = 2 * a
    bench.player.load(sounds(a, b))
    bench.player.play(0)
    np.testing.assert_array_equal(bench.output.hear(4_000), a[:, :4_000])
    bench.player.select_take(1)
    bench.output.hear(round(FADE_S * RATE))
    at = bench.player.position
    assert at == 4_000 + round(FADE_S * RATE)
    np.testing.assert_array_equal(bench.output.hear(2_000), b[:, at : at + 2_000])
    assert bench.player.take == 1
    with pytest.raises(ValueError, match="no take 2"):
        bench.player.select_take(2)


def test_new_takes_go_on_at_the_same_place(bench: Bench) -> None:
    a, b = ramp(100_000), ramp(100_000, -1)
    bench.player.load(sounds(a))
    bench.player.play(0)
    bench.output.hear(3_000)
    bench.player.load(sounds(a, b))
    np.testing.assert_array_equal(bench.output.hear(1_000), a[:, 3_000:4_000])
    assert len(bench.outputs) == 1


def test_gains_are_applied(bench: Bench) -> None:
    bench.player.load(sounds(np.ones((2, 50_000), np.float32)), [-6.0])
    bench.player.play(0)
    np.testing.assert_allclose(bench.output.hear(100), 10 ** (-6 / 20), rtol=1e-6)
    bench.player.set_gains_db([0.0])
    bench.output.hear(1_000)
    np.testing.assert_array_equal(bench.output.hear(100), 1.0)


def test_another_rate_opens_another_output(bench: Bench) -> None:
    bench.player.load(sounds(ramp(1_000)))
    bench.player.play(0)
    bench.player.load([Sound.from_array(ramp(1_000), 44_100)])
    assert not bench.player.playing
    bench.player.play(0)
    assert [output.sample_rate for output in bench.outputs] == [48_000, 44_100]
    assert bench.outputs[0].closed


def test_a_device_that_goes_away_keeps_the_place(bench: Bench) -> None:
    bench.player.load(sounds(ramp(100_000)))
    bench.player.play(0)
    bench.output.hear(2_000)
    bench.output.active = False
    limit = time.monotonic() + PATIENCE_S
    while bench.player.playing:
        assert time.monotonic() < limit
    assert isinstance(bench.player.error, PlaybackError)
    assert "device is gone" in str(bench.player.error)
    assert bench.player.position == 2_000
    bench.player.resume()
    assert len(bench.outputs) == 2
    assert bench.player.error is None


def test_no_device_is_one_sentence() -> None:
    def refuse(sample_rate: int, channels: int, fill: Fill) -> FakeOutput:
        raise PlaybackError("Sound cannot be played: no device.")

    player = Player(refuse)
    with pytest.raises(PlaybackError, match="nothing to play"):
        player.play(0)
    player.load(sounds(ramp(100)))
    with pytest.raises(PlaybackError, match="no device"):
        player.play(0)
    assert not player.playing
    player.close()


def test_a_file_that_cannot_be_read_ends_playing(bench: Bench) -> None:
    class Torn(ArrayStore):
        def read(self, start: int, stop: int, dtype: type = np.float32) -> np.ndarray:
            if stop > 20_000:
                raise AudioFileError("The file is gone.")
            return super().read(start, stop, dtype)

    bench.player.load([Sound.from_store(Torn(ramp(100_000)), RATE)])
    bench.player.play(0)
    bench.until(lambda: not bench.player.playing)
    assert str(bench.player.error) == "The file is gone."
    assert not bench.player.finished
    with pytest.raises(AudioFileError):
        bench.player.play(50_000)


def test_an_empty_range_is_finished_at_once(bench: Bench) -> None:
    bench.player.load(sounds(ramp(100)))
    bench.player.play(100)
    assert bench.player.finished
    assert not bench.outputs
    with pytest.raises(ValueError, match="cannot play"):
        bench.player.play(-1)


def test_takes_must_agree(bench: Bench) -> None:
    with pytest.raises(ValueError, match="agree"):
        bench.player.load([*sounds(ramp(10)), Sound.from_array(ramp(10), 44_100)])
    with pytest.raises(ValueError, match="gains"):
        bench.player.load(sounds(ramp(10)), [0.0, 0.0])


@pytest.mark.parametrize("seconds", [1.0, 5.0])
def test_levels_are_matched_downwards(seconds: float) -> None:
    noise = 0.1 * np.random.default_rng(1).standard_normal((2, round(seconds * RATE)), np.float32)
    takes = sounds(noise, 2 * noise, np.zeros_like(noise), 1000 * noise)
    gains = run_job(matched_gains_db(takes, 0, noise.shape[1]))
    np.testing.assert_allclose(gains, [0.0, -6.02, 0.0, -MOST_GAIN_DB], atol=0.01)


def test_matching_can_be_left_half_way() -> None:
    job = matched_gains_db(sounds(ramp(500_000)), 0, 500_000)
    assert next(job).fraction == 0.0
    assert next(job).fraction < 1.0
    job.close()
