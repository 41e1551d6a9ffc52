from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.audio.mask import HOP, ROWS, Mask
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import Combine, combined
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.apply import BAND_EDGE_LEAST_HZ, apply_effect
from audiosr_desktop.effects.effect import AMOUNT, Parameter, Value
from audiosr_desktop.errors import EffectError, SoundError
from audiosr_desktop.job import Job, Progress, run_job

RATE = 48_000


class Fake:
    """Returns what a function makes of the region's samples."""

    id = "test.fake"
    title = "Fake"
    parameters: Sequence[Parameter] = (AMOUNT,)

    def __init__(self, change: Callable[[np.ndarray], np.ndarray], *, seamless: bool = False) -> None:
        self._change = change
        self.seamless = seamless
        self.closed = False

    def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
        try:
            yield Progress(0.0, "Faking")
            samples = self._change(sound.read(region.start, region.stop))
            yield Progress(1.0, "Faking")
            return Sound.from_array(samples, sound.sample_rate)
        finally:
            self.closed = True


def noise(length: int = 2 * RATE, channels: int = 2) -> Sound:
    rng = np.random.default_rng(0)
    return Sound.from_array(0.1 * rng.standard_normal((channels, length)).astype(np.float32), RATE)


def samples_of(sound: Sound) -> np.ndarray:
    return sound.read(0, sound.length)


def louder(samples: np.ndarray) -> np.ndarray:
    return 2.0 * samples


def test_outside_the_region_nothing_changes_and_inside_fades_lead_to_the_effect(run_scratch: Scratch) -> None:
    sound = noise()
    region = Region(20_000, 70_000)
    result = run_job(apply_effect(Fake(louder), sound, region, {}, run_scratch))
    before, after = samples_of(sound), samples_of(result)
    assert after.shape == before.shape
    assert np.array_equal(after[:, :20_000], before[:, :20_000])
    assert np.array_equal(after[:, 70_000:], before[:, 70_000:])
    assert result.pieces[0].store is sound.pieces[0].store
    assert np.array_equal(after[:, 20_480:69_520], 2.0 * before[:, 20_480:69_520])
    gain = (after / before)[:, 20_000:20_480]
    assert np.all(np.diff(gain.mean(axis=0)) > 0)
    assert gain.min() > 0.999
    assert gain.max() < 2.001
    assert gain[0, 240] == pytest.approx(1.5, abs=0.02)


def test_no_fades_at_the_ends_of_the_sound_or_for_seamless_effects(run_scratch: Scratch) -> None:
    sound = noise()
    whole = Region(0, sound.length)
    assert np.array_equal(
        samples_of(run_job(apply_effect(Fake(louder), sound, whole, {}, run_scratch))),
        2.0 * samples_of(sound),
    )
    region = Region(100, 5000)
    result = run_job(apply_effect(Fake(louder, seamless=True), sound, region, {}, run_scratch))
    assert np.array_equal(samples_of(result)[:, 100:5000], 2.0 * samples_of(sound)[:, 100:5000])


@pytest.mark.parametrize("band", [(None, None), (500.0, 3000.0)])
def test_amount_scales_the_change(run_scratch: Scratch, band: tuple[float | None, float | None]) -> None:
    sound = noise()
    region = Region(10_000, 90_000, *band)
    changes = [
        samples_of(run_job(apply_effect(Fake(louder), sound, region, {"amount": amount}, run_scratch)))
        - samples_of(sound)
        for amount in (100, 25)
    ]
    assert np.abs(0.25 * changes[0] - changes[1]).max() < 1e-6
    assert apply_effect_result(sound, region, 0, run_scratch) is sound


def apply_effect_result(sound: Sound, region: Region, amount: float, scratch: Scratch) -> Sound:
    return run_job(apply_effect(Fake(louder), sound, region, {"amount": amount}, scratch))


def power_by_band(samples: np.ndarray, edges: Sequence[float], rate: int = RATE) -> list[float]:
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(samples.shape[-1]), axis=-1)) ** 2
    frequencies = np.fft.rfftfreq(samples.shape[-1], 1 / rate)
    return [
        float(spectrum[:, (frequencies >= low) & (frequencies < high)].sum()) for low, high in pairwise(edges)
    ]


@pytest.mark.parametrize(("low_hz", "high_hz"), [(1000.0, 4000.0), (None, 2000.0), (8000.0, None)])
def test_the_band_of_the_region_is_obeyed(
    run_scratch: Scratch, low_hz: float | None, high_hz: float | None
) -> None:
    sound = noise()
    region = Region(9_999, 80_001, low_hz, high_hz)
    change = samples_of(run_job(apply_effect(Fake(louder), sound, region, {}, run_scratch))) - samples_of(
        sound
    )
    assert not change[:, :9_999].any()
    assert not change[:, 80_001:].any()
    middle, dry = change[:, 20_000:70_000], samples_of(sound)[:, 20_000:70_000]
    edges = [50, 450, 900, 1100, 1900, 2100, 3700, 4300, 7500, 8500, 12_000, 24_000]
    for low, high, changed, there in zip(
        edges, edges[1:], power_by_band(middle, edges), power_by_band(dry, edges), strict=False
    ):
        inside = (low_hz is None or low > low_hz) and (high_hz is None or high < high_hz)
        outside = (low_hz is not None and high < low_hz) or (high_hz is not None and low > high_hz)
        if inside:
            assert 10 * np.log10(changed / there) == pytest.approx(0.0, abs=0.1)
        if outside:
            assert 10 * np.log10(changed / there) < -80.0


def test_a_band_result_does_not_depend_on_where_the_region_starts(run_scratch: Scratch) -> None:
    sound = noise()
    results = [
        samples_of(run_job(apply_effect(Fake(louder), sound, region, {}, run_scratch)))
        for region in (Region(1234, 90_000, 1000.0, 4000.0), Region(20_001, 80_000, 1000.0, 4000.0))
    ]
    difference = (results[0] - results[1])[:, 30_000:70_000]
    assert np.abs(difference).max() < 1e-5 * np.abs(samples_of(sound)).max()


def test_a_long_region_is_written_block_by_block(run_scratch: Scratch) -> None:
    sound = noise(length=40 * RATE, channels=1)
    region = Region(RATE, 39 * RATE, 1000.0, 4000.0)
    seen: list[float] = []
    result = run_job(
        apply_effect(Fake(louder), sound, region, {"amount": 50}, run_scratch),
        lambda progress: seen.append(progress.fraction),
    )
    assert result.length == sound.length
    assert seen == sorted(seen)
    assert len(seen) > 40


def test_nothing_to_do_gives_the_sound_itself(run_scratch: Scratch) -> None:
    class Idle(Fake):
        def process(self, sound: Sound, region: Region, values: Mapping[str, Value]) -> Job[Sound]:
            return sound.slice(region.start, region.stop)
            yield

    sound = noise()
    assert run_job(apply_effect(Idle(louder), sound, Region(5, 500), {}, run_scratch)) is sound
    assert run_job(apply_effect(Fake(louder), sound, Region(7, 7), {}, run_scratch)) is sound
    beyond = Region(sound.length + 10, sound.length + 20)
    assert run_job(apply_effect(Fake(louder), sound, beyond, {}, run_scratch)) is sound


def test_refuses_sound_that_is_not_numbers_near_the_region_only(run_scratch: Scratch) -> None:
    samples = samples_of(noise(30 * RATE, 1)).copy()
    samples[0, 5 * RATE] = np.nan
    sound = Sound.from_array(samples, RATE)
    with pytest.raises(SoundError) as caught:
        run_job(apply_effect(Fake(louder), sound, Region(6 * RATE, 7 * RATE), {}, run_scratch))
    assert "\n" not in str(caught.value)
    far = run_job(apply_effect(Fake(louder), sound, Region(25 * RATE, 26 * RATE), {}, run_scratch))
    assert far.length == sound.length


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda samples: samples[:, 1:], "in place of"),
        (lambda samples: samples[:1], "in place of"),
        (lambda samples: samples * np.nan, "not numbers"),
        (lambda samples: samples + np.inf, "not numbers"),
    ],
)
def test_refuses_what_an_effect_must_not_return(
    run_scratch: Scratch, change: Callable[[np.ndarray], np.ndarray], words: str
) -> None:
    with pytest.raises(EffectError, match=words):
        run_job(apply_effect(Fake(change), noise(), Region(10, 5000), {}, run_scratch))


def test_cancelling_closes_the_effect_and_leaves_no_file(run_scratch: Scratch) -> None:
    effect = Fake(louder)
    job = apply_effect(effect, noise(40 * RATE), Region(0, 40 * RATE, 100.0, 200.0), {}, run_scratch)
    while next(job).stage != "Mixing":
        pass
    job.close()
    assert effect.closed
    assert not list(run_scratch.folder.glob("*.f32"))
    early = Fake(louder)
    job = apply_effect(early, noise(), Region(0, RATE), {}, run_scratch)
    while next(job).stage != "Faking":
        pass
    job.close()
    assert early.closed


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 3000), length=st.integers(1, 3000), amount=st.sampled_from([30, 100]))
def test_any_region(start: int, length: int, amount: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    sound = noise(4000, 1)
    region = Region(start, start + length)
    with Scratch.create(tmp_path_factory.mktemp("scratch")) as scratch:
        result = apply_effect_result(sound, region, amount, scratch)
        before, after = samples_of(sound), samples_of(result)
    assert after.shape == before.shape
    stop = min(4000, start + length)
    assert np.array_equal(after[:, :start], before[:, :start])
    assert np.array_equal(after[:, stop:], before[:, stop:])
    ratio = after / before
    assert ratio.min() > 0.999
    assert ratio.max() < 1.0 + amount / 100 + 1e-3


@pytest.mark.parametrize("channels", [1, 2])
def test_a_shape_is_obeyed_in_time_and_frequency(run_scratch: Scratch, channels: int) -> None:
    sound = noise(4 * RATE, channels)
    parts = (
        Region(20_000, 80_000, 1000.0, 2000.0),
        Region(60_000, 120_000, 5000.0, 6000.0),
        Region(150_000, 170_000),
    )
    shape: Region | None = None
    for part in parts:
        shape = combined(shape, part, Combine.ADD, RATE)
    assert shape is not None
    assert shape.mask is not None
    result = run_job(apply_effect(Fake(louder), sound, shape, {}, run_scratch))
    change = samples_of(result) - samples_of(sound)
    runs = shape.mask.runs
    for start, stop in ((0, 20_000), (runs[0][1], runs[1][0]), (170_000, sound.length)):
        assert not change[:, start:stop].any()
    assert runs[1][0] - runs[0][1] > 28_000
    assert result.pieces[0].store is sound.pieces[0].store
    edges = [50, 900, 1050, 1950, 2100, 4900, 5050, 5950, 6100, 24_000]
    for start, stop, inside in (
        (23_000, 57_000, {1050}),
        (65_000, 77_000, {1050, 5050}),
        (84_000, 117_000, {5050}),
        (153_000, 167_000, set(edges)),
    ):
        changed = power_by_band(change[:, start:stop], edges)
        there = power_by_band(samples_of(sound)[:, start:stop], edges)
        for low, high, new, old in zip(edges, edges[1:], changed, there, strict=False):
            level_db = 10 * np.log10(new / old + 1e-30)
            if low in inside:
                assert level_db == pytest.approx(0.0, abs=0.3)
            elif (low, high) not in ((900, 1050), (1950, 2100), (4900, 5050), (5950, 6100)):
                assert level_db < -90.0


def test_a_shape_with_half_the_gain_changes_half(run_scratch: Scratch) -> None:
    sound = noise(RATE, 1)
    shape = Region(0, RATE, mask=Mask(0, HOP, np.full((ROWS, RATE // HOP + 2), 128, np.uint8)))
    change = samples_of(run_job(apply_effect(Fake(louder), sound, shape, {}, run_scratch))) - samples_of(
        sound
    )
    middle = slice(5000, 40_000)
    assert change[:, middle] == pytest.approx(samples_of(sound)[:, middle] * (128 / 255), abs=1e-5)


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
@pytest.mark.parametrize("band", [(50.0, 120.0), (200.0, 400.0), (4000.0, 5000.0)])
def test_beside_a_band_less_than_minus_90_db_changes(
    run_scratch: Scratch, rate: int, band: tuple[float, float]
) -> None:
    rng = np.random.default_rng(0)
    sound = Sound.from_array(0.1 * rng.standard_normal((1, 5 * rate)), rate)
    result = run_job(apply_effect(Fake(louder), sound, Region(100, 5 * rate - 100, *band), {}, run_scratch))
    part = slice(rate, 4 * rate)  # the fades at the ends of the region are 10 ms whatever the band
    before, change = samples_of(sound)[:, part], (samples_of(result) - samples_of(sound))[:, part]
    reach = [max(BAND_EDGE_LEAST_HZ / 2, edge / 24) + 3.0 for edge in band]  # the fall, and the measure's own
    edges = [4.0, band[0] - reach[0], band[0] + reach[0], band[1] - reach[1], band[1] + reach[1], rate / 2]
    changed, there = power_by_band(change, edges, rate), power_by_band(before, edges, rate)
    below, _, inside, _, above = (10 * np.log10(new / old) for new, old in zip(changed, there, strict=True))
    assert inside == pytest.approx(0.0, abs=0.05)
    assert max(below, above) < -90.0


@pytest.mark.parametrize("rate", [44_100, 48_000, 96_000])
def test_beside_a_low_shape_less_than_minus_90_db_changes(run_scratch: Scratch, rate: int) -> None:
    sound = Sound.from_array(0.1 * np.random.default_rng(0).standard_normal((1, 4 * rate)), rate)
    parts = Region(rate // 2, 2 * rate, 200.0, 400.0), Region(3 * rate, 7 * rate // 2, 2000.0, 3000.0)
    shape = combined(*parts, Combine.ADD, rate)
    assert shape is not None
    result = run_job(apply_effect(Fake(louder), sound, shape, {}, run_scratch))
    part = slice(3 * rate // 4, 7 * rate // 4)
    before, change = samples_of(sound)[:, part], (samples_of(result) - samples_of(sound))[:, part]
    edges = [10.0, 100.0, 250.0, 350.0, 500.0, rate / 2]
    changed, there = power_by_band(change, edges, rate), power_by_band(before, edges, rate)
    below, _, inside, _, above = (10 * np.log10(new / old) for new, old in zip(changed, there, strict=True))
    assert inside == pytest.approx(0.0, abs=0.3)
    assert max(below, above) < -90.0


@settings(max_examples=30, deadline=None)
@given(
    channels=st.integers(2, 4),
    chosen=st.sets(st.integers(0, 3), min_size=1),
    span=st.tuples(st.integers(0, 2000), st.integers(1, 2000)),
    band=st.sampled_from([(None, None), (2000.0, 6000.0)]),
)
def test_channels_that_are_not_meant_stay_the_same_samples(
    channels: int,
    chosen: set[int],
    span: tuple[int, int],
    band: tuple[float | None, float | None],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    meant = tuple(sorted(channel for channel in chosen if channel < channels)) or (0,)
    sound = noise(3000, channels)
    region = Region(span[0], sum(span), *band, channels=meant)
    with Scratch.create(tmp_path_factory.mktemp("scratch")) as scratch:
        after = samples_of(run_job(apply_effect(Fake(louder), sound, region, {}, scratch)))
        alone = Sound.from_array(samples_of(sound)[list(meant)], RATE)
        plain = region.of_channels(None)
        expected = samples_of(run_job(apply_effect(Fake(louder), alone, plain, {}, scratch)))
    others = [channel for channel in range(channels) if channel not in meant]
    assert np.array_equal(after[others], samples_of(sound)[others])
    assert np.array_equal(after[list(meant)], expected)


def test_an_effect_hears_the_channels_that_are_meant_only(run_scratch: Scratch) -> None:
    seen = []

    def look(samples: np.ndarray) -> np.ndarray:
        seen.append(samples.shape)
        return samples + 1.0

    sound = noise(1000, 3)
    run_job(apply_effect(Fake(look), sound, Region(0, 1000, channels=(2,)), {}, run_scratch))
    assert seen == [(1, 1000)]
    same = Fake(lambda samples: samples)
    result = run_job(apply_effect(same, sound, Region(0, 500, channels=(0, 1, 2)), {}, run_scratch))
    assert np.array_equal(samples_of(result), samples_of(sound))


def test_outside_a_band_less_than_minus_90_db_changes(run_scratch: Scratch) -> None:
    sound = noise(4 * RATE, 1)
    region = Region(9_999, 180_001, 1000.0, 4000.0)
    change = samples_of(run_job(apply_effect(Fake(louder), sound, region, {}, run_scratch))) - samples_of(
        sound
    )
    edges = [50, 500, 900, 4400, 24_000]
    changed, there = power_by_band(change, edges), power_by_band(samples_of(sound), edges)
    for place in (0, 1, 3):
        assert 10 * np.log10(changed[place] / there[place]) < -90.0
