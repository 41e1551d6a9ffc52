"""Where markers and regions lie after an edit, against a model that follows single samples."""

from hypothesis import given
from hypothesis import strategies as st

from audiosr_desktop.audio.markers import Mark, in_order, moved_marks
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import SilenceStore

LENGTH = 24
spans = st.tuples(st.integers(0, LENGTH), st.integers(0, LENGTH)).map(sorted)


def sound(length: int) -> Sound:
    return Sound.from_store(SilenceStore(1, length), 48_000)


@given(edited=spans, put_in=st.integers(0, 12), marks=st.lists(spans, max_size=6))
def test_marks_go_with_their_samples(edited: list[int], put_in: int, marks: list[list[int]]) -> None:
    """A point goes with the sample that it stands before, a region with those of its own that stay."""
    start, stop = edited
    change = put_in - (stop - start)
    before = [Mark(Region(*span), str(place)) for place, span in enumerate(marks)]
    after = moved_marks(before, sound(LENGTH), sound(LENGTH + change), Region(start, stop))
    wanted = []
    for mark in before:
        first, last = mark.region.start, mark.region.stop
        if not change:
            wanted.append(mark)
        elif first == last:
            if first <= start or first >= stop:
                place = first if first <= start else first + change
                wanted.append(Mark(Region(place, place), mark.name))
        else:
            own = [n for n in range(first, last) if not start <= n < stop]
            moved = [n if n < start else n + change for n in own]
            if moved:
                wanted.append(Mark(Region(moved[0], moved[-1] + 1), mark.name))
    assert after == in_order(wanted)
