"""The player with an output that only counts, driven by the test."""

import time
from collections.abc import Callable, Iterator, Sequence

import numpy as np
import pytest

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import ArrayStore, Samples
from audiosr_desktop.dsp.overlap import raised_cosine_fade
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.errors import AudioFileError, PlaybackError
from audiosr_desktop.job import run_job
from audiosr_desktop.playback.desk import STRIPS
from audiosr_desktop.playback.mixer import FADE_S
from audiosr_desktop.playback.monitor import Monitor
from audiosr_desktop.playback.output import Fill, Output
from audiosr_desktop.playback.player import SCRUB_S, Player
from audiosr_desktop.playback.strip import EDGE_S, Strip
from audiosr_desktop.playback.takes import MOST_GAIN_DB, matched_gains_db

RATE = 48000
EDGE = round(EDGE_S * RATE)
FADE = round(FADE_S * RATE)
RISE = raised_cosine_fade(EDGE)
PATIENCE_S = 20.0


class FakeOutput:
    """Pulls blocks when the test says so."""

    latency_s = 0.0
    outdated = False
    strained = False

    def __init__(self, sample_rate: int, channels: int, fill: Fill, name: str) -> None:
        self.sample_rate = sample_rate
        self.channels = channels
        self.fill = fill
        self.name = name
        self.active = False
        self.closed = False

    def start(self) -> None:
        self.active = True

    def close(self) -> None:
        self.active = False
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
        self.refusal: PlaybackError | None = None
        self.rate: int | None = None  # the only one that the card can do
        self.player = Player(self.make)

    def make(self, sample_rate: int, channels: int, fill: Fill) -> FakeOutput:
        if self.refusal is not None:
            raise self.refusal
        self.outputs.append(FakeOutput(self.rate or sample_rate, channels, fill, f"card {len(self.outputs)}"))
        return self.outputs[-1]

    @property
    def output(self) -> FakeOutput:
        """The output that plays; it is opened in the background."""
        self.wait(lambda: bool(self.outputs) and not self.outputs[-1].closed)
        return self.outputs[-1]

    @property
    def heard(self) -> bool:
        """Whether the output is to play something."""
        desk = self.player._reader.desk
        return desk.strip_of(desk.live) is not None

    @staticmethod
    def wait(true: Callable[[], bool]) -> None:
        limit = time.monotonic() + PATIENCE_S
        while not true():
            assert time.monotonic() < limit, "it never came"
            time.sleep(0.001)

    def begun(self) -> None:
        """Wait until the last order is about to be heard."""
        self.wait(lambda: not self.player._reader.waiting)

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


def begun(x: np.ndarray) -> np.ndarray:
    """Return samples as they are heard when playing begins amid a sound."""
    x = x.copy()
    x[:, :EDGE] *= RISE
    return x


def ended(x: np.ndarray) -> np.ndarray:
    """Return samples as they are heard when a range ends amid a sound."""
    return begun(x[:, ::-1])[:, ::-1]


def same(heard: np.ndarray, wanted: np.ndarray) -> None:
    np.testing.assert_allclose(heard, wanted, rtol=1e-6, atol=5e-3)  # of ramps that go to 200,000


def test_plays_to_the_end_and_says_so(bench: Bench) -> None:
    x = ramp(70_000)
    bench.player.load(sounds(x))
    bench.player.play(10_000)
    assert bench.player.playing
    same(bench.output.hear(60_000), begun(x[:, 10_000:]))
    bench.until(lambda: bench.player.finished)
    assert not bench.player.playing
    assert bench.player.position == 70_000
    assert bench.output.active  # it stays ready


def test_from_the_very_start_nothing_is_faded(bench: Bench) -> None:
    x = ramp(5_000)
    bench.player.load(sounds(x))
    bench.player.play(0)
    np.testing.assert_array_equal(bench.output.hear(5_000), x)


def test_the_device_is_opened_ahead_and_runs_in_silence(bench: Bench) -> None:
    bench.player.load(sounds(ramp(5_000)))
    assert not bench.output.pull(480).any()
    bench.wait(lambda: bench.player.device == ("card 0", RATE, 0.0))
    assert not bench.player.playing
    assert not bench.player.finished


def test_pause_fades_out_and_keeps_the_place_and_stop_goes_back(bench: Bench) -> None:
    x = ramp(70_000)
    bench.player.load(sounds(x))
    bench.player.play(5_000, 60_000)
    same(bench.output.hear(7_000), begun(x[:, 5_000:12_000]))
    bench.player.pause()
    assert bench.player.position == 12_000
    assert not bench.player.playing
    last = bench.output.pull(480)
    same(last[:, :EDGE], x[:, 12_000 : 12_000 + EDGE] * RISE[::-1])
    assert not last[:, EDGE + 1 :].any()
    bench.player.resume()
    same(bench.output.hear(1_000), begun(x[:, 12_000:13_000]))
    bench.player.stop()
    assert bench.player.position == 5_000
    assert not bench.player.finished
    assert len(bench.outputs) == 1


def test_a_loop_goes_round_and_can_be_left(bench: Bench) -> None:
    x = ramp(70_000)
    bench.player.load(sounds(x))
    bench.player.play(1_000, 3_000, loop=True)
    seam = ended(x[:, 1_000:3_000])
    seam[:, -EDGE:] += RISE * x[:, 1_000 - EDGE : 1_000]
    wanted = np.tile(seam, 3)[:, :5_000]
    same(bench.output.hear(5_000), begun(wanted))
    assert bench.player.position == 2_000
    bench.player.set_loop(False)
    bench.wait(lambda: (live := bench.player._reader.live) is not None and not live.feed.loop)
    same(bench.output.hear(1_000), ended(x[:, 1_000:3_000])[:, 1_000:])
    bench.until(lambda: bench.player.finished)


def test_a_loop_switched_on_while_playing_goes_on_at_the_sample(bench: Bench) -> None:
    x = ramp(70_000)
    bench.player.load(sounds(x))
    bench.player.play(0, 2_000)
    bench.output.hear(500)
    bench.player.set_loop(True)
    assert bench.player.looping
    same(bench.output.hear(1_500 - EDGE), x[:, 500 : 2_000 - EDGE])


def test_what_plays_on_while_a_change_is_made_ready_is_left_out(bench: Bench) -> None:
    """Speed, band, channels and takes are changed by another voice: it must not be late by a sample."""
    x = ramp(90_000)
    bench.player.load(sounds(x))
    bench.player.play(0)
    heard = [bench.output.hear(4_000)]
    for change in (
        lambda: bench.player.set_monitor(Monitor("mono")),
        lambda: bench.player.set_monitor(Monitor()),
        lambda: bench.player.load(sounds(x, x)),
    ):
        change()
        heard += [bench.output.hear(100) for _ in range(40)]  # the reader works meanwhile
    heard_all = np.concatenate(heard, axis=1)
    same(heard_all, x[:, : heard_all.shape[1]])


def test_a_band_alone_is_heard(bench: Bench) -> None:
    time_s = np.arange(RATE) / RATE
    low, high = (np.sin(2 * np.pi * hz * time_s + 0.3) for hz in (500, 6000))  # no zeros
    bench.player.load(sounds(np.tile((low + high).astype(np.float32), (2, 1))))
    bench.player.set_band((3_000, None))
    bench.player.play(12_000)
    heard = bench.output.hear(12_000)[0]
    np.testing.assert_allclose(heard[EDGE:], high[12_000 + EDGE : 24_000], atol=2e-4)  # in place, not delayed
    assert bench.player.band == (3_000, None)


def test_seek_while_playing_and_while_not(bench: Bench) -> None:
    x = ramp(200_000)
    bench.player.load(sounds(x))
    bench.player.seek(50_000)
    assert bench.player.position == 50_000
    bench.player.play(0)
    bench.output.hear(1_000)
    bench.player.seek(120_000)
    assert bench.player.position == 120_000
    bench.begun()
    heard = bench.output.hear(2_000)
    same(heard[:, EDGE + 2 :], x[:, 120_000 + EDGE + 2 : 122_000])
    assert np.abs(np.diff(heard[0])).max() < 2_000  # 119,000 would be a click
    assert bench.player.position == 122_000
    bench.player.seek(10**9)
    assert bench.player.finished
    assert bench.player.position == 200_000


def test_seek_out_of_the_range_plays_to_the_end(bench: Bench) -> None:
    x = ramp(40_000)
    bench.player.load(sounds(x))
    bench.player.play(100, 200, loop=True)
    bench.player.seek(39_000)
    same(bench.output.hear(1_000), begun(x[:, 39_000:]))
    bench.until(lambda: bench.player.finished)


def test_scrubbing_plays_a_moment_at_each_place(bench: Bench) -> None:
    x = ramp(100_000)
    bench.player.load(sounds(x))
    grain = round(SCRUB_S * RATE)
    bench.player.scrub(60_000)
    same(bench.output.hear(grain - 1), ended(begun(x[:, 60_000 : 60_000 + grain]))[:, :-1])
    bench.until(lambda: bench.player.finished)
    bench.player.scrub(10**9)
    assert bench.player.position == 99_999


def test_takes_switch_at_the_same_sample(bench: Bench) -> None:
    a = ramp(100_000)
    b = 2 * a
    bench.player.load(sounds(a, b))
    bench.player.play(0)
    np.testing.assert_array_equal(bench.output.hear(4_000), a[:, :4_000])
    bench.player.select_take(1)
    bench.output.hear(FADE)
    at = bench.player.position
    assert at == 4_000 + FADE
    np.testing.assert_array_equal(bench.output.hear(2_000), b[:, at : at + 2_000])
    assert bench.player.take == 1
    with pytest.raises(ValueError, match="no take 2"):
        bench.player.select_take(2)


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
    bench.begun()
    bench.player.load([Sound.from_array(ramp(1_000), 44_100)])
    assert not bench.player.playing
    bench.player.play(0)
    bench.begun()
    assert [output.sample_rate for output in bench.outputs] == [48_000, 44_100]
    assert bench.outputs[0].closed


def test_a_card_that_cannot_do_the_rate_gets_another_and_positions_stay_those_of_the_sound(
    bench: Bench,
) -> None:
    bench.rate = 44_100
    x = np.sin(2 * np.pi * 440 * (np.arange(2 * RATE) + 0.5) / RATE, dtype=np.float32)[None].repeat(2, axis=0)
    bench.player.load(sounds(x))
    bench.player.play(0)
    heard = bench.output.hear(44_100)
    np.testing.assert_allclose(heard, resample(x, RATE, 44_100)[:, :44_100], atol=1e-5)
    assert bench.player.position == pytest.approx(RATE, abs=1)
    bench.player.seek(30_000)
    bench.begun()
    bench.output.hear(4_410)
    assert bench.player.position == pytest.approx(34_800, abs=2)


def test_an_unplugged_device_keeps_the_place_and_another_one_is_taken(bench: Bench) -> None:
    x = ramp(100_000)
    bench.player.load(sounds(x))
    bench.player.play(0)
    bench.output.hear(2_000)
    bench.outputs[0].active = False
    bench.wait(lambda: not bench.player.playing)
    assert bench.player.position == 2_000
    assert bench.player.error is None
    bench.wait(lambda: len(bench.outputs) == 2)
    bench.wait(lambda: bench.player.device is not None)
    told: list[str] = []
    bench.wait(lambda: bool(told) or (bool(notice := bench.player.take_notice()) and not told.append(notice)))
    assert told == ["The sound device card 0 is gone, so playing stopped; sound goes to card 1 now."]
    assert bench.player.take_notice() == ""
    bench.player.resume()
    same(bench.output.hear(1_000), begun(x[:, 2_000:3_000]))


def test_the_only_device_unplugged_and_back(bench: Bench) -> None:
    bench.player.load(sounds(ramp(100_000)))
    bench.player.play(0)
    bench.output.hear(2_000)
    bench.refusal = PlaybackError("Sound cannot be played: no device.")
    bench.outputs[0].active = False
    bench.wait(lambda: "no other one" in bench.player.take_notice())
    bench.player.resume()
    bench.wait(lambda: bench.player.error is not None)
    assert str(bench.player.error) == "Sound cannot be played: no device."
    assert bench.player.position == 2_000
    bench.refusal = None
    bench.player.resume()
    assert bench.player.error is None
    bench.output.hear(1_000)


def test_a_device_that_came_meanwhile_is_taken_when_the_user_comes_back(bench: Bench) -> None:
    bench.player.load(sounds(ramp(100_000)))
    assert bench.output.name == "card 0"
    bench.outputs[0].outdated = True
    bench.player.prepare()
    bench.wait(lambda: len(bench.outputs) == 2)
    assert bench.outputs[0].closed


def test_a_device_that_was_late_too_often_is_opened_anew_and_what_plays_goes_on(bench: Bench) -> None:
    x = ramp(100_000)
    bench.player.load(sounds(x))
    bench.player.play(10_000)
    same(bench.output.hear(2_000), begun(x[:, 10_000:12_000]))
    bench.outputs[0].strained = True
    bench.wait(lambda: len(bench.outputs) == 2 and bench.heard)
    assert bench.outputs[0].closed
    assert bench.player.playing
    assert bench.player.position == 12_000
    same(bench.output.hear(2_000), begun(x[:, 12_000:14_000]))


def test_what_is_heard_fades_out_before_the_device_is_opened_anew(bench: Bench) -> None:
    x, block = ramp(400_000), 48
    bench.player.load(sounds(x))
    bench.player.play(10_000)
    first = bench.output
    first.hear(2_000)
    first.strained = True
    parts: list[Samples] = []

    def silent() -> bool:
        parts.append(first.pull(block))
        return not parts[-1].any()

    bench.wait(silent)
    bench.wait(lambda: first.closed)
    heard = np.concatenate(parts, axis=1)
    wanted = x[:, 12_000 : 12_000 + heard.shape[1]]
    steady = int(np.flatnonzero(heard[0] == wanted[0])[-1]) + 1
    np.testing.assert_array_equal(heard[:, :steady], wanted[:, :steady])
    fade = wanted[:, steady : steady + EDGE] * RISE[::-1]
    same(heard[:, steady : steady + EDGE], fade)
    assert not heard[:, steady + EDGE :].any()
    goes_on = 12_000 + steady + -(-(EDGE + 1) // block) * block  # whole blocks were taken
    same(bench.output.hear(2_000), begun(x[:, goes_on : goes_on + 2_000]))


def test_what_was_stopped_while_the_device_is_opened_anew_is_not_heard_again(bench: Bench) -> None:
    bench.player.load(sounds(ramp(100_000)))
    bench.player.play(0)
    bench.output.hear(2_000)
    make = bench.player._reader.make_output

    def stopped_meanwhile(rate: int, channels: int, fill: Fill) -> Output:
        bench.player.pause()
        return make(rate, channels, fill)

    bench.player._reader.make_output = stopped_meanwhile
    bench.outputs[0].strained = True
    bench.wait(lambda: len(bench.outputs) == 2 and bench.player.device is not None)
    assert not bench.heard
    bench.output.pull(2 * EDGE)
    assert not bench.output.pull(480).any()
    assert bench.player.position == 2_000


def test_orders_that_come_faster_than_the_card_asks_wait_and_the_last_one_is_heard(bench: Bench) -> None:
    x = ramp(100_000)
    bench.player.load(sounds(x))
    assert bench.output.active
    for place in range(STRIPS):
        bench.player.play(place * 1_000)
        bench.begun()
    desk, tries = bench.player._reader.desk, []
    look = desk.free_strip

    def looked(takes: int, kept: Sequence[Strip]) -> Strip | None:
        tries.append(look(takes, kept))
        return tries[-1]

    desk.free_strip = looked
    bench.player.play(50_000)  # the card has asked for nothing: it may still begin any of the others
    bench.wait(lambda: tries.count(None) > 1)
    assert bench.player._reader.waiting
    bench.output.pull(480)
    bench.begun()
    bench.output.pull(2 * EDGE)
    heard = bench.output.hear(1_000)
    same(heard, x[:, 50_000 + 2 * EDGE : 51_000 + 2 * EDGE])


def test_nothing_loaded_and_no_device_are_one_sentence(bench: Bench) -> None:
    bench.refusal = PlaybackError("Sound cannot be played: no device.")
    with pytest.raises(PlaybackError, match="nothing to play"):
        bench.player.play(0)
    bench.player.load(sounds(ramp(100)))
    bench.player.play(0)
    bench.wait(lambda: not bench.player.playing)
    assert str(bench.player.error) == "Sound cannot be played: no device."


def test_a_file_that_cannot_be_read_ends_playing(bench: Bench) -> None:
    class Torn(ArrayStore):
        def read(self, start: int, stop: int, dtype: type = np.float32) -> np.ndarray:
            if stop > 40_000:
                raise AudioFileError("The file is gone.")
            return super().read(start, stop, dtype)

    x = ramp(100_000)
    bench.player.load([Sound.from_store(Torn(x), RATE)])
    bench.player.play(0)
    same(bench.output.hear(36_000), x[:, :36_000])  # what was laid ready is heard first
    bench.until(lambda: not bench.player.playing)
    assert str(bench.player.error) == "The file is gone."
    assert not bench.player.finished
    bench.player.play(50_000)
    bench.wait(lambda: bench.player.error is not None)
    assert not bench.player.playing


def test_an_empty_range_is_finished_at_once(bench: Bench) -> None:
    bench.player.load(sounds(ramp(100)))
    bench.player.play(100)
    assert bench.player.finished
    with pytest.raises(ValueError, match="cannot play"):
        bench.player.play(-1)
    with pytest.raises(ValueError, match="speed"):
        bench.player.set_speed(3.0)


def test_what_was_played_is_left_for_the_meters(bench: Bench) -> None:
    x = ramp(20_000)
    bench.player.load(sounds(x))
    bench.player.play(0)
    bench.output.hear(3_000)
    tap = bench.player.tap
    assert tap is not None
    taken = tap.take()
    np.testing.assert_array_equal(taken[:, taken[0] != 0], x[:, :3_000])
    assert tap.take().shape == (2, 0)


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


@pytest.mark.parametrize(("seconds", "softer_db"), [(2.9, 0.0), (3.0, 8.0)])
def test_from_three_seconds_on_loudness_is_compared_not_power(seconds: float, softer_db: float) -> None:
    """BS.1770 weighs 30 Hz by about -9 dB against 1 kHz; to RMS they are the same."""
    t = np.arange(round(seconds * RATE)) / RATE
    low, middle = (
        np.tile(0.1 * np.sin(2 * np.pi * hz * t), (2, 1)).astype(np.float32) for hz in (30.0, 1000.0)
    )
    gains = run_job(matched_gains_db(sounds(low, middle), 0, low.shape[1]))
    assert gains[0] == pytest.approx(0.0, abs=0.05)
    assert gains[1] == pytest.approx(-softer_db, abs=0.05 if softer_db == 0.0 else 2.0)


def test_matching_can_be_left_half_way() -> None:
    job = matched_gains_db(sounds(ramp(500_000)), 0, 500_000)
    assert next(job).fraction == 0.0
    assert next(job).fraction < 1.0
    job.close()
