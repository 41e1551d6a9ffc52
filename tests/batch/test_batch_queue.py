"""The queue: order, states, and that it is the same after it was closed."""

import sqlite3
from pathlib import Path

import batch_kit
import pytest

from audiosr_desktop.batch.api import retry
from audiosr_desktop.batch.queue import Queue
from audiosr_desktop.batch.recipe import Recipe, Settings
from audiosr_desktop.batch.sources import find_sources
from audiosr_desktop.errors import BatchError
from audiosr_desktop.job import run_job


def fill(queue: Queue, folder: Path) -> list[int]:
    queue.add(run_job(find_sources([folder])))
    return [item.id for item in queue.items()]


def names(queue: Queue) -> list[str]:
    return [item.path.stem for item in queue.items()]


def test_files_stand_in_the_order_of_their_names_and_once(queue: Queue, sources: Path) -> None:
    assert queue.add(run_job(find_sources([sources, sources / "a.wav"]))) == 4
    assert names(queue) == ["a", "b", "c", "d"]
    assert queue.add(run_job(find_sources([sources]))) == 0
    assert queue.seconds_left() == pytest.approx(1.2)


def test_files_can_be_moved_and_removed(queue: Queue, sources: Path) -> None:
    a, b, c, d = fill(queue, sources)
    queue.move([d, c], before=a)
    assert names(queue) == ["d", "c", "a", "b"]
    queue.move([d], before=None)
    assert names(queue) == ["c", "a", "b", "d"]
    queue.remove([a])
    assert names(queue) == ["c", "b", "d"]
    assert (first := queue.next_queued()) is not None
    assert first.id == c
    assert queue.start(c, Path("/out/c.wav"), Path("/out/part"))
    queue.remove([b, c])
    assert names(queue) == ["c", "d"], "what is being worked on stays"
    assert not queue.start(b, Path("/out/b.wav"), Path("/out/part")), "it was taken away"


def test_unreadable_files_are_listed_and_can_be_tried_again(queue: Queue, sources: Path) -> None:
    bad = sources / "late.wav"
    bad.write_text("not yet")
    fill(queue, sources)
    failed = queue.items("failed")
    assert [item.path for item in failed] == [bad]
    assert "late.wav cannot be read as sound" in failed[0].reason
    retry(queue, [failed[0].id])
    assert queue.counts()["failed"] == 1
    bad.unlink()
    batch_kit.write_sound(bad, 5)
    retry(queue, [failed[0].id])
    assert queue.counts() | {"queued": 5, "failed": 0} == queue.counts()


def test_the_queue_is_the_same_after_it_was_opened_again(tmp_path: Path, sources: Path, gain: Recipe) -> None:
    path = tmp_path / "q" / "queue.sqlite"
    first = Queue(path)
    settings = Settings(gain, tmp_path / "out", "{index:03}.{ext}", "skip", True, "2026-01-31 10-00-00")
    first.set_settings(settings)
    ids = fill(first, sources)
    first.start(ids[0], tmp_path / "a.wav", tmp_path / "part.wav")
    first.keep_result(ids[0], tmp_path / "a.wav", "sum", {"rtf": 0.5}, (b"1", b"2"))
    items, token = first.items(), first.token
    first.close()
    second = Queue(path)
    assert second.items() == items
    assert second.settings == settings
    assert second.token == token
    assert second.pictures(ids[0]) == (b"1", b"2")
    second.close()


def test_one_run_at_a_time(queue: Queue) -> None:
    other = Queue(queue.path)
    with queue.working(), pytest.raises(BatchError, match="Another run"), other.working():
        pass
    with other.working():
        pass
    other.close()


def test_a_file_that_is_no_queue_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "queue.sqlite"
    path.write_bytes(b"not a database, but long enough to be looked at" * 50)
    with pytest.raises(BatchError, match="cannot be opened"):
        Queue(path)
    (tmp_path / "file").touch()
    with pytest.raises(BatchError, match="cannot be opened"):
        Queue(tmp_path / "file" / "queue.sqlite")


def test_a_queue_that_cannot_be_written_says_so(queue: Queue, sources: Path) -> None:
    other = sqlite3.connect(queue.path)
    other.execute("DROP TABLE items")
    other.commit()
    other.close()
    with pytest.raises(BatchError, match="cannot be written"):
        queue.remove([1])


def test_folders_and_hidden_files_are_left_out(tmp_path: Path, sources: Path) -> None:
    (sources / ".hidden.wav").touch()
    (sources / "cover.jpg").touch()
    batch_kit.write_sound(sources / "out" / "done.wav", 1)
    found = run_job(find_sources([sources, tmp_path / "gone.wav"], [sources / "out"]))
    assert [source.path.name for source in found] == ["a.wav", "b.flac", "c.wav", "d.flac", "gone.wav"]
    assert found[-1].reason.startswith("There is no file")


def test_a_link_to_a_file_is_taken_once(sources: Path) -> None:
    (sources / "a link.wav").symlink_to(sources / "a.wav")
    (sources / "loop").symlink_to(sources, target_is_directory=True)
    found = run_job(find_sources([sources]))
    assert [source.path.name for source in found] == ["a link.wav", "b.flac", "c.wav", "d.flac"]
