"""The scratch folder: long results on disk, short ones in memory, nothing left behind."""

import gc
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

from audiosr_desktop.audio.file_stores import FileStore
from audiosr_desktop.audio.store import ArrayStore, Scratch, ScratchStore
from audiosr_desktop.errors import AudioFileError


def noise(channels: int, length: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal((channels, length), np.float32)


def test_short_results_stay_in_memory(tmp_path: Path) -> None:
    with Scratch.create(tmp_path) as scratch, scratch.writer(2) as writer:
        writer.write(noise(2, 1000))
        store = writer.finish()
        assert isinstance(store, ArrayStore)
        np.testing.assert_array_equal(store.read(10, 500), noise(2, 1000)[:, 10:500])
        assert [path.name for path in scratch.folder.iterdir()] == ["lock"]


def test_long_results_go_to_disk_and_come_back(tmp_path: Path) -> None:
    whole = noise(2, 1_200_000)
    with Scratch.create(tmp_path) as scratch, scratch.writer(2) as writer:
        for start in range(0, whole.shape[1], 100_001):
            writer.write(whole[:, start : start + 100_001])
        store = writer.finish()
        assert isinstance(store, ScratchStore)
        assert (store.channels, store.length) == whole.shape
        for start, stop in ((0, 7), (999_999, 1_200_000), (500, 500)):
            np.testing.assert_array_equal(store.read(start, stop), whole[:, start:stop])
        assert store.read(3, 9, np.float64).dtype == np.float64


def test_a_store_that_nobody_uses_gives_its_space_back(tmp_path: Path) -> None:
    with Scratch.create(tmp_path) as scratch:
        writer = scratch.writer(1)
        writer.write(noise(1, 3_000_000))
        store = writer.finish()
        assert len(list(scratch.folder.glob("*.f32"))) == 1
        del store
        gc.collect()
        assert not list(scratch.folder.glob("*.f32"))


def test_a_writer_left_early_leaves_nothing(tmp_path: Path) -> None:
    with Scratch.create(tmp_path) as scratch:
        with scratch.writer(1) as writer:
            writer.write(noise(1, 3_000_000))
            assert list(scratch.folder.glob("*.f32"))
        assert not list(scratch.folder.glob("*.f32"))
        with pytest.raises(ValueError, match="finished"):
            writer.write(noise(1, 1))


@pytest.mark.parametrize("size", [10, 3_000_000])
def test_what_is_written_can_be_read_before_it_is_finished(tmp_path: Path, size: int) -> None:
    blocks = [noise(2, size), noise(2, 500)]
    whole = np.concatenate(blocks, axis=1)
    with Scratch.create(tmp_path) as scratch, scratch.writer(2) as writer:
        writer.write(blocks[0])
        store = writer.so_far()
        assert store.length == size
        np.testing.assert_array_equal(store.read(0, size), blocks[0])
        writer.write(blocks[1])
        assert writer.so_far() is store
        np.testing.assert_array_equal(store.read(0, store.length), whole)
        assert writer.finish() is store
        with pytest.raises(ValueError, match="finished"):
            writer.so_far()
        np.testing.assert_array_equal(store.read(0, store.length), whole)


def test_what_was_written_stays_as_long_as_it_is_used(tmp_path: Path) -> None:
    with Scratch.create(tmp_path) as scratch:
        block = noise(1, 1000)
        with scratch.writer(1) as writer:
            writer.write(block)
            store = writer.so_far()
        np.testing.assert_array_equal(store.read(0, 1000), block)
        assert list(scratch.folder.glob("*.f32"))
        del store
        assert not list(scratch.folder.glob("*.f32"))


def test_closing_removes_the_folder_and_ends_reading(tmp_path: Path) -> None:
    scratch = Scratch.create(tmp_path)
    writer = scratch.writer(1)
    writer.write(noise(1, 3_000_000))
    store = writer.finish()
    scratch.close()
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(AudioFileError, match="scratch file"):
        store.read(0, 10)


def test_a_killed_run_is_swept_up_by_the_next_and_a_living_one_is_not(tmp_path: Path) -> None:
    code = (
        "import sys, pathlib\n"
        "from audiosr_desktop.audio.store import Scratch\n"
        "scratch = Scratch.create(pathlib.Path(sys.argv[1]))\n"
        "print(scratch.folder.name, flush=True)\n"
        "sys.stdin.read()\n"
    )
    child = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with child:
        assert child.stdout is not None
        name = child.stdout.readline().strip()
        with Scratch.create(tmp_path):
            assert (tmp_path / name).is_dir()
        child.send_signal(signal.SIGKILL if os.name == "posix" else signal.SIGTERM)
    with Scratch.create(tmp_path) as scratch:
        assert [path.name for path in tmp_path.iterdir()] == [scratch.folder.name]


def test_a_scratch_folder_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(AudioFileError, match="No scratch folder"):
        Scratch.create(tmp_path / "file")


def test_a_flac_file_is_sought_in_only_where_a_read_jumps(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import soundfile

    path = tmp_path / "noise.flac"
    soundfile.write(path, np.random.default_rng(0).uniform(-0.5, 0.5, (50_000, 2)), 48_000, "PCM_16")
    whole = soundfile.read(path, dtype="float32")[0].T
    seek, places = soundfile.SoundFile.seek, []

    def noted(file: soundfile.SoundFile, frames: int, *rest: int) -> int:
        places.append(frames)
        found: int = seek(file, frames, *rest)
        return found

    monkeypatch.setattr(soundfile.SoundFile, "seek", noted)
    store = FileStore(path, 50_000)
    for start in (0, 10_000, 20_000, 45_000, 3_000, 13_000):
        stop = min(start + 10_000, 50_000)
        assert np.array_equal(store.read(start, stop), whole[:, start:stop])
    assert places == [45_000, 3_000]


def test_many_threads_read_one_file(clip: Path) -> None:
    import soundfile

    whole = soundfile.read(clip, dtype="float32", always_2d=True)[0].T
    store = FileStore(clip, whole.shape[1])
    wrong: list[int] = []

    def read_here_and_there(seed: int) -> None:
        rng = np.random.default_rng(seed)
        for start in rng.integers(0, whole.shape[1] - 3000, 40):
            if not np.array_equal(store.read(int(start), int(start) + 3000), whole[:, start : start + 3000]):
                wrong.append(int(start))

    threads = [threading.Thread(target=read_here_and_there, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
