"""The document: edits, undo, restored spans, lock."""

from pathlib import Path

import numpy as np
import pytest

from audiosr_desktop.audio.files import FileInfo
from audiosr_desktop.audio.history import space_bytes
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.derived import difference
from audiosr_desktop.ui.document import Document, RestoredSpan

RATE = 48_000


def sound(length: int = 1000, value: float = 0.1, rate: int = RATE) -> Sound:
    return Sound.from_array(np.full((1, length), value, np.float32), rate)


@pytest.fixture
def document() -> Document:
    return Document(sound(), FileInfo(Path("a.wav"), "WAV", "PCM_16", "FILE", RATE, 1, 1000))


def test_undo_and_redo_give_the_very_same_sounds(document: Document) -> None:
    first, second = document.sound, sound(value=0.5)
    told: list[Region] = []
    document.sound_changed.connect(told.append)
    document.edit("Gain", second, Region(10, 20))
    assert document.sound is second
    assert document.modified
    document.undo_stack.undo()
    assert document.sound is first
    assert not document.modified
    document.undo_stack.redo()
    assert document.sound is second
    assert told == [Region(10, 20)] * 3
    last = document.last_edit()
    assert last is not None
    assert last.before.sound is first


def test_spans_follow_edits(document: Document) -> None:
    span = RestoredSpan(Region(400, 600, 6000.0, None), "Restore", {"seed": 3})
    document.edit("Restore", sound(value=0.2), span.region, span)
    document.edit("Cut", sound(length=900), Region(100, 200))
    assert [moved.region for moved in document.spans] == [Region(300, 500, 6000.0, None)]
    document.edit("Cut", sound(length=700), Region(250, 450))
    assert [moved.region for moved in document.spans] == [Region(250, 300, 6000.0, None)]
    document.edit("Cut", sound(length=600), Region(200, 300))
    assert document.spans == ()
    for _ in range(3):
        document.undo_stack.undo()
    assert document.spans == (span,)


def test_spans_keep_their_time_at_another_rate(document: Document) -> None:
    document.edit("Restore", sound(value=0.2), Region(400, 600), RestoredSpan(Region(400, 600), "Restore"))
    document.edit("Resample", sound(length=2000, rate=2 * RATE), Region(0, 2000))
    assert [span.region for span in document.spans] == [Region(800, 1200)]


def test_a_change_of_length_tells_that_all_changed(document: Document) -> None:
    told: list[Region] = []
    document.sound_changed.connect(told.append)
    document.edit("Delete", sound(length=400), Region(0, 600))
    assert told == [Region(0, 400)]


def test_a_locked_document_takes_no_edits(document: Document) -> None:
    document.set_locked(True)
    with pytest.raises(AssertionError):
        document.edit("Gain", sound(value=0.5), Region(0, 10))


def test_the_difference_is_computed_where_it_is_read() -> None:
    delta = difference(sound(value=0.25), sound(value=0.75))
    assert np.array_equal(delta.read(10, 20), np.full((1, 10), 0.5, np.float32))
    assert delta.length == 1000


def test_edits_are_known_also_while_one_is_made(document: Document) -> None:
    """Another edit takes the place of what was undone; whoever asks meanwhile does not keep the old one."""
    seen: list[list[str]] = []
    names = lambda: [command.text() for command in document.commands()]  # noqa: E731
    document.sound_changed.connect(lambda _: seen.append(names()))
    document.undo_stack.indexChanged.connect(lambda _: seen.append(names()))
    for name in ("one", "two", "three"):
        document.edit(name, sound(), Region(0, 10))
    document.undo_stack.setIndex(1)
    seen.clear()
    document.edit("other", sound(), Region(0, 10))
    assert seen[-1] == names() == ["one", "other"]
    document.undo_stack.indexChanged.disconnect()  # it tells of its end, too
    document.undo_stack.undo()
    assert [step.text for step, _ in document.history().steps] == ["one", "other"]
    document.forget_oldest(1)
    assert names() == ["other"]


def test_a_long_history_tells_its_space_as_one_looked_at_anew(document: Document) -> None:
    for number in range(6):
        document.edit("edit", sound(1000 + number), Region(0, 10))
        assert document.space_bytes() == space_bytes(document.history())
    document.undo_stack.setIndex(2)
    document.edit("edit", sound(50), Region(0, 10))
    assert document.space_bytes() == space_bytes(document.history()) == [4000, 4000, 4004, 200]
