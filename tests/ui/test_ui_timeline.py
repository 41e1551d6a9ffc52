"""The timeline: bounds of zoom and scroll, selection, another rate."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.timeline import MAX_PIXELS_PER_SAMPLE, Timeline


def timeline(length: int = 100_000, rate: int = 48_000, width: int = 1000) -> Timeline:
    made = Timeline()
    made.set_sound(length, rate)
    made.set_width(width)
    return made


def test_a_new_sound_is_shown_whole() -> None:
    shown = timeline()
    assert (shown.start, shown.stop) == (0, 100_000)


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("zoom"), st.floats(0.01, 100), st.floats(-2e5, 3e5)),
            st.tuples(st.just("scroll"), st.floats(-3e5, 3e5), st.just(0.0)),
            st.tuples(st.just("show"), st.floats(-2e5, 3e5), st.floats(-2e5, 3e5)),
        ),
        max_size=20,
    )
)
def test_the_view_stays_inside_and_within_its_bounds(steps: list[tuple[str, float, float]]) -> None:
    shown = timeline()
    for kind, one, other in steps:
        if kind == "zoom":
            shown.zoom(one, other)
        elif kind == "scroll":
            shown.scroll(one)
        else:
            shown.show(min(one, other), max(one, other))
        assert 0 <= shown.start < shown.stop <= 100_000 + 1e-6
        assert shown.span >= 1000 / MAX_PIXELS_PER_SAMPLE - 1e-6


def test_zoom_keeps_the_sample_under_the_pointer() -> None:
    shown = timeline()
    for _ in range(12):
        before = shown.x_of(40_000, 1000)
        shown.zoom(2**0.25, 40_000)
        assert shown.x_of(40_000, 1000) == pytest.approx(before)


def test_zoom_in_stops_at_eight_pixels_a_sample() -> None:
    shown = timeline()
    shown.zoom(1e9)
    assert 1000 / shown.span == pytest.approx(MAX_PIXELS_PER_SAMPLE)


def test_zoom_back_returns_to_what_was_seen() -> None:
    shown = timeline()
    shown.zoom(4, 30_000)
    seen = (shown.start, shown.stop)
    shown.fit()
    shown.show_previous()
    assert (shown.start, shown.stop) == seen


def test_a_selection_is_cut_to_the_sound_and_its_band() -> None:
    shown = timeline()
    shown.select(Region(90_000, 200_000, 0.0, 30_000.0))
    assert shown.selection == Region(90_000, 100_000)
    shown.select(Region(50, 50))
    assert shown.selection is None


def test_another_rate_keeps_everything_at_its_time() -> None:
    shown = timeline(length=24_000, rate=24_000)
    shown.select(Region(6_000, 12_000, 1_000.0, 9_000.0))
    shown.move_playhead(3_000)
    shown.show(6_000, 12_000)
    shown.set_sound(48_000, 48_000)
    assert shown.selection == Region(12_000, 24_000, 1_000.0, 9_000.0)
    assert shown.playhead == 6_000
    assert (shown.start, shown.stop) == (12_000, 24_000)


def test_a_shorter_sound_cuts_selection_and_playhead() -> None:
    shown = timeline()
    shown.select(Region(10_000, 90_000))
    shown.move_playhead(95_000)
    shown.set_sound(50_000, 48_000)
    assert shown.selection == Region(10_000, 50_000)
    assert shown.playhead == 50_000
    assert shown.stop <= 50_000


def test_the_page_turns_only_when_the_playhead_leaves() -> None:
    shown = timeline()
    shown.show(0, 10_000)
    shown.page_to(5_000)
    assert shown.start == 0
    shown.page_to(10_000)
    assert shown.start <= 10_000 < shown.stop
    assert shown.start > 9_000
