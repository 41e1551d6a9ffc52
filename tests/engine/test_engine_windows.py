import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.dsp.resample import resample
from audiosr_desktop.engine.source import NativeSource
from audiosr_desktop.engine.windows import Grid, Joiner, Window, fade_alike

COLUMN = 3840


def grid(length: int, window: int = 64, tail: int = 0) -> Grid:
    return Grid(length, COLUMN, window, context=8, multiple=8, tail=tail)


def join_all(grid_: Grid, start: int, stop: int, result: object) -> np.ndarray:
    joiner = Joiner(grid_, start, stop)
    return np.concatenate(
        [joiner.add(window, result(window)) for window in grid_.windows(start, stop)], axis=1
    )


@settings(max_examples=60, deadline=None)
@given(
    length=st.integers(1, 100 * COLUMN),
    window=st.sampled_from([32, 64]),
    tail=st.sampled_from([0, 8]),
    data=st.data(),
)
def test_windows_that_agree_give_the_document_back(
    length: int, window: int, tail: int, data: st.DataObject
) -> None:
    document = np.random.default_rng(0).standard_normal((2, length)).astype(np.float32)
    start = data.draw(st.integers(0, length - 1))
    stop = data.draw(st.integers(start + 1, length))

    def result(place: Window) -> np.ndarray:
        assert place.start % (8 * COLUMN) == 0
        assert (place.stop - place.start) % (8 * COLUMN) == 0
        assert place.stop - place.start <= (window + tail) * COLUMN
        assert place.stop >= min(place.core_stop, length) + tail * COLUMN
        assert place.start == place.first_column * COLUMN
        part = document[:, place.start : place.stop]
        return np.pad(part, ((0, 0), (0, place.stop - place.start - part.shape[1])))

    joined = join_all(grid(length, window, tail), start, stop, result)
    assert joined.shape == (2, stop - start)
    assert np.abs(joined - document[:, start:stop]).max() < 1e-5


@settings(max_examples=40, deadline=None)
@given(start=st.integers(0, 199 * COLUMN), size=st.integers(1, 100 * COLUMN))
def test_what_is_joined_does_not_depend_on_the_region(start: int, size: int) -> None:
    length = 200 * COLUMN
    stop = min(length, start + size)

    def result(window: Window) -> np.ndarray:  # every window says something else
        noise = np.random.default_rng(window.first_column).standard_normal(window.stop - window.start)
        return noise[None].astype(np.float32)

    whole = join_all(grid(length), 0, length, result)
    assert np.array_equal(join_all(grid(length), start, stop, result), whole[:, start:stop])


def test_windows_keep_context_on_both_sides() -> None:
    places = list(grid(200 * COLUMN).windows(0, 200 * COLUMN))
    assert len(places) == 5
    for place in places[1:-1]:
        assert place.core_start - place.start == 8 * COLUMN
        assert place.stop - place.core_stop == 8 * COLUMN
    assert places[0].start == 0
    assert places[-1].core_stop == 200 * COLUMN


@pytest.mark.parametrize("likeness", [0.0, 0.5, 1.0])
def test_fades_keep_the_power_whatever_the_likeness(likeness: float) -> None:
    rng = np.random.default_rng(3)
    one, other = rng.standard_normal((2, 1, 400_000)).astype(np.float32)
    second = likeness * one + np.sqrt(1.0 - likeness**2) * other
    middle = fade_alike(one, second.astype(np.float32))[:, 180_000:220_000]
    assert float(np.mean(middle**2)) == pytest.approx(1.0, abs=0.03)


def test_fades_of_silence_are_silent() -> None:
    silence = np.zeros((1, 100), np.float32)
    assert not fade_alike(silence, silence).any()


@pytest.mark.parametrize("rate", [8000, 32_000, 44_100, 48_000, 96_000, 44_056])
def test_parts_of_a_sound_at_48_khz_are_parts_of_the_whole(rate: int) -> None:
    noise = 0.3 * np.random.default_rng(4).standard_normal((2, 3 * rate)).astype(np.float32)
    source = NativeSource(Sound.from_array(noise, rate))
    whole = resample(noise, rate, 48_000)
    assert source.length == whole.shape[1] == 144_000
    for start, stop in ((0, 5000), (40_001, 90_000), (100_000, 144_000)):
        part = source.read(start, stop)
        assert part.shape == (2, stop - start)
        difference = np.abs(part - whole[:, start:stop])
        edge = 64  # at its ends the whole is not quite what silence around it would make
        assert difference[:, edge if start == 0 else 0 : -edge if stop == 144_000 else None].max() < 1e-5
    assert not source.read(source.length + 8000, source.length + 8100).any()


@pytest.mark.parametrize("rate", [8000, 44_100, 48_000, 96_000])
def test_what_is_around_a_region_starts_where_samples_meet(rate: int) -> None:
    source = NativeSource(Sound.from_array(np.zeros((1, 10 * rate), np.float32), rate))
    first, last, origin = source.around(3 * rate + 7, 4 * rate)
    assert first * rate == origin * 48_000
    assert origin <= 3 * rate + 7
    assert last * rate >= 4 * rate * 48_000
    assert source.around(0, 10 * rate)[:2] == (0, source.length)
