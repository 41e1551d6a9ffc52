import base64
import json
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from audiosr_desktop.audio.mask import (
    FULL,
    HOP,
    MAX_COLUMNS,
    ROWS,
    Mask,
    box_gains,
    grid_of,
    softened,
)
from audiosr_desktop.audio.project_values import region_json, region_of
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.selection import Combine, combined, gains_of, harmonics

RATE = 48_000
LENGTH = 4 * RATE
ROW_HZ = RATE / 2 / (ROWS - 1)


@st.composite
def boxes(draw: st.DrawFn) -> Region:
    start = draw(st.integers(0, LENGTH - 2 * HOP))
    stop = draw(st.integers(start + HOP, min(LENGTH, start + 60 * HOP)))
    low = draw(st.none() | st.floats(100.0, 12_000.0))
    high = draw(st.none() | st.floats(200.0, 8_000.0))
    return Region(start, stop, low, None if high is None else (low or 0.0) + high)


@st.composite
def shapes(draw: st.DrawFn) -> Region:
    first, second = draw(boxes()), draw(boxes())
    return combined(first, second, Combine.ADD, RATE) or first


def chosen(region: Region | None) -> np.ndarray:
    """Return a region on a grid over the whole sound."""
    first, columns, hop = grid_of(0, LENGTH)
    if region is None:
        return np.zeros((ROWS, columns), np.int16)
    return gains_of(region, first, columns, hop, RATE).astype(np.int16)


@settings(max_examples=30, deadline=None)
@given(shapes(), shapes())
def test_adding_holds_both_and_nothing_else_in_whichever_order(a: Region, b: Region) -> None:
    mine, its = chosen(a), chosen(b)
    both = chosen(combined(a, b, Combine.ADD, RATE))
    assert (np.abs(both - chosen(combined(b, a, Combine.ADD, RATE))) <= 1).all()
    assert (both >= np.maximum(mine, its) - 1).all()
    assert (both <= np.minimum(mine + its, FULL) + 1).all()  # cells that both cover in part


@settings(max_examples=30, deadline=None)
@given(shapes(), shapes())
def test_what_both_have_and_what_is_left_make_up_the_first(a: Region, b: Region) -> None:
    mine, its = chosen(a), chosen(b)
    common = chosen(combined(a, b, Combine.INTERSECT, RATE))
    rest = chosen(combined(a, b, Combine.SUBTRACT, RATE))
    assert (common <= np.minimum(mine, its) + 1).all()
    assert (np.abs(common - mine)[its == FULL] <= 1).all()
    assert (rest <= mine + 1).all()
    assert not rest[its == FULL].any()
    assert (np.abs(rest - mine)[its == 0] <= 1).all()
    assert (common + rest >= mine - 2)[(its == 0) | (its == FULL)].all()
    assert (np.abs(chosen(combined(b, a, Combine.INTERSECT, RATE)) - common) <= 1).all()


@settings(max_examples=20, deadline=None)
@given(shapes(), shapes(), shapes())
def test_taking_two_away_is_taking_their_sum_away(a: Region, b: Region, c: Region) -> None:
    one_by_one = combined(combined(a, b, Combine.SUBTRACT, RATE), c, Combine.SUBTRACT, RATE)
    at_once = combined(a, combined(b, c, Combine.ADD, RATE), Combine.SUBTRACT, RATE)
    clear = np.isin(chosen(b), (0, FULL)) & np.isin(chosen(c), (0, FULL))
    assert (np.abs(chosen(one_by_one) - chosen(at_once))[clear] <= 1).all()


@settings(max_examples=40, deadline=None)
@given(shapes(), shapes(), st.sampled_from([Combine.ADD, Combine.SUBTRACT, Combine.INTERSECT]))
def test_bounds_lie_close_around_what_is_chosen(a: Region, b: Region, how: Combine) -> None:
    found = combined(a, b, how, RATE)
    first, _, hop = grid_of(0, LENGTH)
    gains = chosen(found)
    if found is None or found.mask is None:
        return
    columns, rows = np.flatnonzero(gains.any(axis=0)) + first, np.flatnonzero(gains.any(axis=1))
    assert columns.size
    assert abs(found.start - columns[0] * hop) <= hop
    assert abs(found.stop - columns[-1] * hop) <= hop
    low, high = found.low_hz or 0.0, found.high_hz or RATE / 2
    assert low - ROW_HZ <= rows[0] * ROW_HZ <= low + 2 * ROW_HZ
    assert high - 2 * ROW_HZ <= rows[-1] * ROW_HZ <= high + ROW_HZ
    assert found.mask.runs[0][0] <= found.start
    assert found.mask.runs[-1][1] >= found.stop


@settings(max_examples=20, deadline=None)
@given(shapes(), shapes(), st.none() | st.sets(st.integers(0, 7), min_size=1))
def test_a_selection_comes_back_from_a_project(a: Region, b: Region, channels: set[int] | None) -> None:
    found = (combined(a, b, Combine.SUBTRACT, RATE) or a).of_channels(channels)
    again = region_of(json.loads(json.dumps(region_json(found))))
    assert again == found
    assert np.array_equal(chosen(again), chosen(found))


@settings(max_examples=30, deadline=None)
@given(shapes())
def test_a_shape_and_itself(a: Region) -> None:
    assert combined(a, a, Combine.SUBTRACT, RATE) is None
    for how in (Combine.ADD, Combine.INTERSECT):
        assert (np.abs(chosen(combined(a, a, how, RATE)) - chosen(a)) <= 1).all()
    assert combined(None, a, Combine.ADD, RATE) == a
    assert combined(a, None, Combine.SUBTRACT, RATE) == a
    assert combined(None, a, Combine.INTERSECT, RATE) is None
    assert combined(a, a, Combine.REPLACE, RATE) is a


@settings(max_examples=60, deadline=None)
@given(boxes(), boxes())
def test_times_outside_both_are_never_chosen(a: Region, b: Region) -> None:
    for how in Combine:
        found = combined(a, b, how, RATE)
        if found is not None:
            assert found.start >= min(a.start, b.start)
            assert found.stop <= max(a.stop, b.stop)


@given(st.integers(0, 1000), st.integers(1, 1000), st.integers(0, 1000), st.integers(1, 1000))
def test_spans_of_time_stay_exact(start: int, length: int, other: int, other_length: int) -> None:
    a, b = Region(start, start + length), Region(other, other + other_length)
    mine, its = set(range(a.start, a.stop)), set(range(b.start, b.stop))
    common = combined(a, b, Combine.INTERSECT, RATE)
    assert (set(range(common.start, common.stop)) if common else set()) == mine & its
    if mine & its:
        union = combined(a, b, Combine.ADD, RATE)
        assert union is not None
        assert union.mask is None
        assert set(range(union.start, union.stop)) == mine | its
    rest = combined(a, b, Combine.SUBTRACT, RATE)
    if rest is None or rest.mask is None:
        assert (set(range(rest.start, rest.stop)) if rest else set()) == mine - its


def test_rectangles_that_share_a_side_stay_rectangles() -> None:
    low, high = Region(100, 200, 1000.0, 2000.0), Region(100, 200, 2000.0, 5000.0)
    assert combined(low, high, Combine.ADD, RATE) == Region(100, 200, 1000.0, 5000.0)
    whole = Region(100, 200, 1000.0, 5000.0)
    assert combined(whole, high, Combine.SUBTRACT, RATE) == low
    assert combined(Region(0, 500), Region(300, 900), Combine.SUBTRACT, RATE) == Region(0, 300)
    assert combined(Region(0, 500), whole, Combine.INTERSECT, RATE) == whole


def test_two_spans_leave_the_time_between_them_alone() -> None:
    both = combined(Region(0, 10 * HOP), Region(30 * HOP, 40 * HOP), Combine.ADD, RATE)
    assert both is not None
    assert both.mask is not None
    assert len(both.mask.runs) == 2
    assert both.mask.runs[0][1] <= 11 * HOP
    assert both.mask.runs[1][0] >= 29 * HOP


def test_a_mask_of_hours_stays_small() -> None:
    long = 3 * 3600 * RATE
    both = combined(Region(0, RATE), Region(long - RATE, long), Combine.ADD, RATE)
    assert both is not None
    assert both.mask is not None
    assert both.mask.columns <= MAX_COLUMNS
    assert (both.start, both.stop) == (0, long)
    again = combined(both, Region(RATE // 2, RATE, 1000.0, 2000.0), Combine.SUBTRACT, RATE)
    assert again is not None
    assert again.stop == long


def test_harmonics_are_bands_of_one_width_up_to_the_top() -> None:
    region = Region(0, RATE, 2900.0, 3100.0)
    found = harmonics(region, RATE)
    assert found is not None
    assert found.mask is not None
    rows = found.mask.gains[:, found.mask.columns // 2] > 128
    for number in range(1, 8):
        assert rows[round(number * 3000 / ROW_HZ)]
        assert not rows[round((number + 0.5) * 3000 / ROW_HZ)]
    assert harmonics(Region(0, RATE), RATE) is None
    assert harmonics(Region(0, RATE, 20_000.0, 21_000.0), RATE) is None


def test_gains_are_read_between_columns_and_rows() -> None:
    gains = np.zeros((ROWS, 4), np.uint8)
    gains[100, 1:3] = FULL
    mask = Mask(10, HOP, gains)
    bins = 2 * ROWS - 1
    at = mask.gains_at(np.array([9.0, 11.0, 11.5, 12.5, 13.0, 50.0]) * HOP, bins)
    assert at[200] == pytest.approx([0, 1, 1, 0.5, 0, 0])
    assert at[199] == pytest.approx([0, 0.5, 0.5, 0.25, 0, 0])
    assert not at[:198].any()


@settings(max_examples=20, deadline=None)
@given(boxes(), st.sampled_from([0.5, 2.0, 44_100 / 48_000]))
def test_another_rate_keeps_the_place(box: Region, ratio: float) -> None:
    shape = combined(box, Region(box.start + HOP // 2, box.stop + 4 * HOP, 3000.0, 5000.0), Combine.ADD, RATE)
    assert shape is not None
    moved = shape.at_rate(ratio)
    assert moved.start == round(shape.start * ratio)
    if shape.mask is not None:
        assert moved.mask is not None
        assert moved.mask.start == pytest.approx(shape.mask.start * ratio, abs=2 * HOP)
        assert moved.mask.stop == pytest.approx(shape.mask.stop * ratio, abs=2 * HOP)


def test_soft_edges_rise_steadily_and_keep_the_middle() -> None:
    soft = softened(box_gains(0, 60, HOP, (20 * HOP, 40 * HOP), (300.0, 500.0)), 20, 6)
    column, row = soft[:, 30].astype(int), soft[400].astype(int)
    assert column[400] == row[30] == FULL
    assert 0 < column[300] < FULL
    assert (np.diff(column[250:350]) >= 0).all()
    assert not column[:280].any()
    assert 0 < row[19] < FULL


def test_masks_compare_by_what_they_choose_and_refuse_other_shapes() -> None:
    gains = np.zeros((ROWS, 4), np.uint8)
    assert Mask(0, HOP, gains) == Mask(0, HOP, gains.copy())
    assert hash(Mask(0, HOP, gains)) == hash(Mask(0, HOP, gains.copy()))
    assert Mask(0, HOP, gains) != Mask(1, HOP, gains)
    for bad in (gains[:-1], gains.astype(np.float32)):
        with pytest.raises(ValueError, match="mask"):
            Mask(0, HOP, bad)
    with pytest.raises(ValueError, match="mask"):
        Mask(0, HOP + 1, gains)


@settings(max_examples=15, deadline=None)
@given(shapes())
def test_a_mask_survives_being_packed(shape: Region) -> None:
    if shape.mask is not None:
        assert Mask.unpacked(shape.mask.packed()) == shape.mask


def test_damaged_packed_masks_are_refused() -> None:
    text = Mask(3, HOP, np.full((ROWS, 5), 7, np.uint8)).packed()
    bomb = base64.b85encode(zlib.compress(bytes(ROWS * MAX_COLUMNS * 2))).decode()
    empty = base64.b85encode(zlib.compress(bytes(24))).decode()
    for bad in ("", "no mask", text[:-10], text[: len(text) // 2], bomb, empty):
        with pytest.raises(ValueError):
            Mask.unpacked(bad)
