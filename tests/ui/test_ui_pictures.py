"""Tiles, waves and the frequency axis: what is drawn is what is in the sound."""

import gc
import itertools
import math
import weakref
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PySide6.QtGui import QColor

from audiosr_desktop.audio.peaks import build_peaks
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import SilenceStore
from audiosr_desktop.job import run_job
from audiosr_desktop.ui.views import colour_maps, spectrogram_tiles, tile_measuring, waves
from audiosr_desktop.ui.views.frequency_axis import FrequencyAxis
from audiosr_desktop.ui.views.spectrogram_tiles import Request
from audiosr_desktop.ui.views.tile_cache import TileCache
from audiosr_desktop.ui.views.tile_grid import StoreNumbers, TileGrid
from audiosr_desktop.ui.views.tile_measuring import Analysis

RATE = 48_000


def sine(hz: float, amplitude: float = 1.0, seconds: float = 2.0, channels: int = 1) -> Sound:
    time = np.arange(round(seconds * RATE)) / RATE
    return Sound.from_array(np.tile(amplitude * np.sin(2 * np.pi * hz * time), (channels, 1)), RATE)


def measured_tile(*asked: Any) -> npt.NDArray[np.uint8]:
    job = tile_measuring.measuring_tile(*asked)
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


def request(sound: Sound, axis: FrequencyAxis | None = None, rows: int = 240, **changes: float) -> Request:
    return Request(
        sound,
        Analysis(),
        axis or FrequencyAxis(RATE / 2),
        changes.get("start", 0.0),
        changes.get("stop", float(sound.length)),
        600,
        rows,
        -120.0,
        -20.0,
        "magma",
    )


@pytest.mark.parametrize("window", ["Hann", "Blackman–Harris", "Hamming", "Kaiser"])
@pytest.mark.parametrize("padding", [1, 2, 4])
def test_a_full_scale_sine_reads_zero_dbfs(window: str, padding: int) -> None:
    tile = measured_tile(sine(3000), Analysis(2048, window, 75.0, padding), 2048, 8, 0)
    levels = colour_maps.LOWEST_DB + colour_maps.STEP_DB * tile[0].astype(float)
    middle = levels[:, 20:100]
    assert np.abs(middle.max(axis=0)).max() < 1.0
    peak = middle.argmax(axis=0) / (tile.shape[1] - 1) * RATE / 2
    assert np.abs(peak - 3000).max() < RATE / 2048
    assert middle[: tile.shape[1] // 16].max() < -60  # 1.5 kHz below it


@pytest.mark.parametrize("level", [5, 8, 11, 14])
def test_zoom_levels_agree(level: int) -> None:
    sound = sine(6000, 0.1, seconds=60)
    tile = measured_tile(sound, Analysis(), 2048, level, 0)
    columns = min(tile.shape[2], sound.length >> level) - 2
    first = 2 + (2048 >> level)  # frames at the start of the sound are half silence
    levels = colour_maps.LOWEST_DB + colour_maps.STEP_DB * tile[0, :, first : max(first + 1, columns)].astype(
        float
    )
    assert np.abs(levels.max(axis=0) + 20).max() < 1.0


def test_the_first_picture_is_coarse_and_the_last_complete() -> None:
    sound, cache = sine(6000, 0.1, seconds=8), TileCache()
    drawn = [picture for picture in spectrogram_tiles.pictures(request(sound), cache) if picture is not None]
    assert not drawn[0].complete
    assert drawn[-1].complete
    for picture in drawn:  # no picture is blank: the tone is in every one of them
        columns = sound.length // picture.hop - 2
        loudest = picture.levels[0][:, 2:columns].argmax(axis=0)
        assert np.abs(loudest - 180).max() <= 2
    again = list(spectrogram_tiles.pictures(request(sound), cache))
    assert len(again) == 1
    assert again[0] is not None
    assert again[0].complete


def test_the_readout_gives_the_level_of_a_place() -> None:
    sound = sine(6000, 0.1)
    last = [picture for picture in spectrogram_tiles.pictures(request(sound), TileCache()) if picture][-1]
    level = last.level_db(0, 6000 / 24_000, RATE)
    assert level == pytest.approx(-20, abs=1.0)
    assert last.level_db(0, 0.9, RATE) < -100
    assert last.level_db(0, 0.5, -5.0) is None


def drawn(asked: Request, cache: TileCache) -> list[spectrogram_tiles.Picture]:
    return [picture for picture in spectrogram_tiles.pictures(asked, cache) if picture is not None]


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return a list that takes in how many columns are measured at once from now on."""
    columns: list[int] = []
    measuring = tile_measuring.measuring_tile

    def counting(*asked: Any, **more: Any) -> Any:
        columns.append(more["columns"])
        return measuring(*asked, **more)

    monkeypatch.setattr(spectrogram_tiles, "measuring_tile", counting)
    return columns


@pytest.mark.parametrize("hop", [32, 512, 2048])
def test_after_a_cut_only_the_seam_is_measured(hop: int, monkeypatch: pytest.MonkeyPatch) -> None:
    noise = np.random.default_rng(0).standard_normal((1, 600 * 3 * hop)) * 0.1
    sound, cache = Sound.from_array(noise, RATE), TileCache()
    drawn(replace(request(sound, stop=1200.0 * hop), columns=1200), cache)
    cut = sound.splice(Region(220 * hop + 7, 300 * hop), sound.slice(0, 0))
    columns = counted(monkeypatch)
    asked = request(cut, stop=600.0 * hop)
    (after,) = drawn(asked, cache)  # at once, and nothing better comes
    assert after.complete
    assert sum(columns) <= 2 * 2048 // hop + 32
    anew = drawn(asked, TileCache())[-1]
    assert np.array_equal(after.levels, anew.levels)
    assert after.images == anew.images
    columns.clear()
    (back,) = drawn(request(sound, stop=600.0 * hop), cache)
    (again,) = drawn(asked, cache)
    assert columns == []  # undo and redo find everything again
    assert np.array_equal(again.levels, after.levels)
    assert np.array_equal(back.levels, drawn(request(sound, stop=600.0 * hop), TileCache())[-1].levels)


EDITS = st.lists(
    st.tuples(st.integers(0, 90_000), st.integers(0, 30_000), st.integers(0, 30_000)), max_size=4
)


@given(EDITS, st.integers(0, 60_000), st.integers(600, 90_000), st.integers(20, 200))
@settings(max_examples=60, deadline=None)
def test_pictures_after_edits_are_those_drawn_anew(
    edits: list[tuple[int, int, int]], start: int, span: int, columns: int
) -> None:
    noise = np.random.default_rng(1).standard_normal((1, 90_000)) * 0.1
    sound, other = Sound.from_array(noise, RATE), Sound.from_array(noise[:, ::-1], RATE)
    cache, states = TileCache(), [sound]
    for place, gone, come in edits:
        now = states[-1]
        at = min(place, now.length - 1)
        edited = now.splice(Region(at, min(now.length, at + gone)), other.slice(0, come))
        states.append(edited if edited.length else now)
    for state in [*states, *reversed(states)]:
        asked = replace(request(state, rows=40, start=start, stop=start + span), columns=columns)
        last = drawn(asked, cache)[-1]
        assert last.complete
        assert np.array_equal(last.levels, drawn(asked, TileCache())[-1].levels)


@given(EDITS, st.integers(0, 60_000), st.integers(600, 90_000), st.integers(20, 200))
@settings(max_examples=60, deadline=None)
def test_no_picture_has_a_hole(
    edits: list[tuple[int, int, int]], start: int, span: int, columns: int
) -> None:
    noise = np.random.default_rng(1).standard_normal((1, 90_000)) * 0.1
    sound, cache = Sound.from_array(noise, RATE), TileCache()
    for place, gone, come in [(0, 0, 0), *edits]:
        at = min(place, sound.length - 1)
        edited = sound.splice(
            Region(at, min(sound.length, at + gone)), sound.slice(0, min(come, sound.length))
        )
        sound = edited if edited.length else sound
        asked = replace(request(sound, rows=40, start=start, stop=start + span), columns=columns)
        for picture in drawn(asked, cache):  # the first one, too
            assert picture.levels.max(axis=(0, 1)).min() > 0


def test_a_sound_of_many_pieces_is_drawn_as_one_of_few() -> None:
    rng = np.random.default_rng(2)
    sound = Sound.from_array(rng.standard_normal((1, 400_000)) * 0.1, RATE)
    cache = TileCache()
    for _ in range(200):
        at = int(rng.integers(0, sound.length - 600))
        sound = sound.splice(Region(at, at + int(rng.integers(1, 600))), sound.slice(0, 0))
        drawn(request(sound, rows=40), cache)
    assert len(sound.pieces) > 150
    joined = Sound.from_array(sound.read(0, sound.length), RATE)
    for hop in (64, 512, 4096):
        asked = replace(request(sound, rows=40), columns=sound.length // hop)
        again = drawn(replace(asked, sound=sound), cache)[-1].levels
        assert np.array_equal(again, drawn(asked, TileCache())[-1].levels)
        one = drawn(replace(asked, sound=joined), TileCache())[-1].levels
        # columns lie on the grids of the pieces, half a column off at most
        assert np.abs(again.astype(float).mean(axis=2) - one.astype(float).mean(axis=2)).max() < 8


@given(EDITS, st.integers(5, 12), st.integers(0, 80_000), st.integers(1, 60_000))
@settings(max_examples=100, deadline=None)
def test_blocks_of_a_grid_lie_side_by_side(
    edits: list[tuple[int, int, int]], level: int, start: int, span: int
) -> None:
    sound = other = Sound.from_array(np.zeros((1, 90_000)), RATE)
    for place, gone, come in edits:
        at = min(place, sound.length)
        sound = sound.splice(Region(at, min(sound.length, at + gone)), other.slice(0, come // 10))
    stop = min(sound.length, start + span)
    grid = TileGrid(sound, 512, StoreNumbers())
    blocks = grid.blocks(level, start, stop)
    if start < stop:
        assert blocks[0].shown_from <= start
        assert blocks[-1].shown_to >= stop
    for one, other_block in itertools.pairwise(blocks):
        assert one.shown_to == other_block.shown_from
    for block in blocks:
        assert 1 <= block.columns <= tile_measuring.TILE_COLUMNS
        assert block.start == block.shown_from < block.shown_to <= block.start + (block.columns << level)


def test_what_was_cut_away_is_in_no_picture() -> None:
    loud, cache = sine(6000, seconds=1), TileCache()
    quiet = Sound.from_store(SilenceStore(1, 4 * RATE), RATE)
    sound = quiet.splice(Region(2 * RATE, 2 * RATE), loud)
    assert drawn(request(sound), cache)[-1].levels.max() > 200
    cut = sound.splice(Region(2 * RATE, 3 * RATE), sound.slice(0, 0))
    for picture in drawn(request(cut), cache):
        assert picture.levels.max() == 0


def test_a_first_look_is_not_taken_for_a_picture_further_out() -> None:
    noise = np.random.default_rng(0).standard_normal((1, 60 * RATE)) * 0.1
    sound, cache = Sound.from_array(noise, RATE), TileCache()
    near = replace(request(sound, stop=20.0 * RATE), columns=3000)
    next(picture for picture in spectrogram_tiles.pictures(near, cache) if picture is not None)
    far = replace(near, columns=3000 >> spectrogram_tiles.COARSER)
    levels = drawn(far, cache)[-1].levels
    assert np.array_equal(levels, drawn(far, TileCache())[-1].levels)


def test_tiles_do_not_hold_the_samples_they_were_measured_of() -> None:
    sound, cache = sine(500), TileCache()
    drawn(request(sound), cache)
    store = weakref.ref(sound.pieces[0].store)
    del sound
    gc.collect()
    assert store() is None


def test_more_than_two_channels_are_one_lane() -> None:
    assert [tile_measuring.lanes(sine(500, channels=count)) for count in (1, 2, 3, 8)] == [1, 2, 1, 1]
    picture = [p for p in spectrogram_tiles.pictures(request(sine(500, channels=6)), TileCache()) if p][-1]
    assert len(picture.images) == 1


@pytest.mark.parametrize("length", [1, 10, 480, 5000])
def test_very_short_sounds_are_drawn(length: int) -> None:
    sound = Sound.from_array(np.ones((2, length), np.float32), RATE)
    assert [p for p in spectrogram_tiles.pictures(request(sound), TileCache()) if p][-1].complete


def test_samples_that_are_no_numbers_are_silence_in_the_spectrogram() -> None:
    samples = np.ones((1, 5000), np.float32)
    samples[0, 2000:2010] = np.nan
    sound = Sound.from_array(samples, RATE)
    assert [p for p in spectrogram_tiles.pictures(request(sound), TileCache()) if p][-1].complete


def test_the_cache_keeps_to_its_limit() -> None:
    sound = Sound.from_array(np.zeros((1, 20 * 128 * 32)), RATE)
    cache = TileCache(limit_bytes=1000)
    blocks = TileGrid(sound, 512, cache.numbers).blocks(5, 0, sound.length)
    assert len(blocks) > 10
    for block in blocks:
        cache.put(block, np.zeros((1, 1, block.columns), np.uint8))
    assert not cache.has(blocks[0])
    assert cache.has(blocks[-1])


SCALES = ["linear", "mel", "log", "bark", "erb"]


@given(st.sampled_from(SCALES), st.floats(30, 23_900), st.floats(1, 60), st.floats(0, 1))
def test_the_frequency_axis_is_its_own_inverse(scale: str, hz: float, factor: float, about: float) -> None:
    axis = FrequencyAxis(24_000.0, scale).zoomed(factor, about)
    assert axis.hz_at(axis.place_of(hz)) == pytest.approx(hz, rel=1e-6)
    assert 0 <= axis.bottom < axis.top <= 1


@pytest.mark.parametrize(
    ("scale", "at_1_khz", "at_24_khz"),  # above the value at 0 Hz
    [("bark", 9.06, 24.79), ("erb", 15.62, 43.35), ("mel", 1000.0, 4016.0)],
)
def test_perceptual_scales_have_the_values_of_their_papers(
    scale: str, at_1_khz: float, at_24_khz: float
) -> None:
    axis = FrequencyAxis(24_000.0, scale)
    assert axis.place_of(1000.0) == pytest.approx(at_1_khz / at_24_khz, rel=3e-3)
    assert axis.hz_at(0.0) == pytest.approx(0.0, abs=1e-6)
    assert axis.hz_at(1.0) == pytest.approx(24_000.0)


def test_the_tilt_brightens_the_picture_and_leaves_the_levels() -> None:
    sound = sine(10_000, 0.01)
    plain, tilted = (
        [p for p in spectrogram_tiles.pictures(replace(request(sound), tilt_db=tilt), TileCache()) if p][-1]
        for tilt in (0.0, 20.0)
    )
    assert np.array_equal(plain.levels, tilted.levels)
    row = 239 - round(10_000 / 24_000 * 240)
    shades = [
        max(p.images[0].pixelColor(100, row + d).lightness() for d in (-1, 0, 1)) for p in (plain, tilted)
    ]
    assert shades[1] > shades[0] + 20
    low = [p.images[0].pixelColor(100, 235) for p in (plain, tilted)]
    assert low[0] == low[1]  # below 1 kHz nothing is brightened


@pytest.mark.parametrize("scale", SCALES)
def test_frequency_ticks_are_round_and_inside(scale: str) -> None:
    for factor in (1, 3, 20):
        axis = FrequencyAxis(24_000.0, scale).zoomed(factor, 0.3)
        ticks = axis.ticks(8)
        assert ticks
        for hz in ticks:
            assert axis.hz_at(0) - 1e-6 <= hz <= axis.hz_at(1) + 1e-6
            if hz:
                figure = hz / 10 ** math.floor(math.log10(hz) + 1e-9)
                assert figure == pytest.approx(round(figure, 2))


def wave_request(
    sound: Sound, *, columns: int = 400, known: bool = True, stop: int | None = None
) -> waves.WaveRequest:
    peaks = run_job(build_peaks(sound)) if known else None
    end = float(sound.length if stop is None else stop)
    colours = (QColor("#0000ff"), QColor("#00ff00"), QColor("#ff0000"))
    return waves.WaveRequest(sound, peaks, 0.0, end, columns, 100, 1.0, False, *colours)


def test_the_envelope_spans_the_samples() -> None:
    sound = sine(440, 0.5)
    (picture,) = waves.waves(wave_request(sound))
    samples = sound.read(0, sound.length)[0]
    for column in (0, 17, picture.mins.shape[1] - 1):
        part = samples[column * picture.hop : (column + 1) * picture.hop]
        assert picture.mins[0, column] <= part.min()
        assert picture.maxs[0, column] >= part.max()
    assert picture.peak_at(RATE, 0) == pytest.approx(0.5, abs=0.01)
    assert picture.peak_at(-1, 0) is None


def test_a_rough_picture_needs_no_peaks() -> None:
    sound = sine(440, 0.5, seconds=30)
    rough, finer = waves.waves(wave_request(sound, known=False))
    assert rough.hop > finer.hop
    for picture in (rough, finer):
        assert picture.stop >= sound.length
        assert picture.maxs.max() == pytest.approx(0.5, abs=0.01)


def test_the_first_look_at_a_long_sound_is_coarser_still() -> None:
    reads: list[tuple[int, int]] = []

    class Counted(SilenceStore):
        def read(self, start: int, stop: int, dtype: type[np.floating[Any]] = np.float32) -> npt.NDArray[Any]:
            reads.append((start, stop))
            return super().read(start, stop, dtype)

    sound = Sound.from_store(Counted(1, 3600 * RATE), RATE)
    drawing = spectrogram_tiles.pictures(request(sound), TileCache())
    first = next(picture for picture in drawing if picture is not None)
    assert not first.complete
    assert len(reads) <= 40
    assert sum(stop - start for start, stop in reads) < 100_000  # of 173 million samples


def test_the_image_shows_the_envelope_and_marks_clipping() -> None:
    values = np.full((1, 40_000), 0.5, np.float32)
    values[:, ::2] = -0.5
    values[:, 20_000:20_400] = 1.0
    (picture,) = waves.waves(wave_request(Sound.from_array(values, RATE), columns=100))
    image = picture.images[0]
    assert (image.width(), image.height()) == (picture.maxs.shape[1], 100)
    column = 20_200 // picture.hop
    assert image.pixelColor(column, 0) == QColor("#ff0000")
    assert image.pixelColor(5, 23).alpha() == 0  # above half of full scale
    assert image.pixelColor(5, 40) == QColor("#00ff00")  # a constant has its RMS at its peak


def test_a_steep_wave_has_no_holes() -> None:
    low, high = np.array([-0.9, 0.8], np.float32), np.array([-0.8, 0.9], np.float32)
    image = waves.wave_image(wave_request(sine(100)), low, high, np.zeros(2, np.float32))
    assert all(image.pixelColor(1, row).alpha() > 0 for row in range(6, 89))


def test_decibel_heights() -> None:
    values = np.array([1.0, 0.1, 0.001, 0.0, -0.1], np.float32)
    heights = waves.height_of(values, 1.0, logarithmic=True)
    assert heights == pytest.approx([1, 2 / 3, 0, 0, -2 / 3], abs=1e-5)


def test_samples_that_are_no_numbers_are_drawn_as_silence() -> None:
    values = np.full((1, 5000), np.nan, np.float32)
    (picture,) = waves.waves(wave_request(Sound.from_array(values, RATE)))
    assert np.isfinite(picture.maxs).all()


@pytest.mark.parametrize("name", colour_maps.NAMES)
def test_colour_maps_rise_or_fall_evenly(name: str) -> None:
    packed = colour_maps.colours(name)
    red, green, blue = (packed >> 16) & 255, (packed >> 8) & 255, packed & 255
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    steps = np.diff(light[::16])
    assert (steps > 0).all() or (steps < 0).all()
    for low, high in itertools.pairwise(colour_maps.level_colours(name, -100.0, -20.0)[[0, 96, 255]]):
        assert low != high or name == ""
