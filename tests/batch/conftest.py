from collections.abc import Iterator
from pathlib import Path

import batch_kit
import pytest

from audiosr_desktop.batch.api import recipe_of
from audiosr_desktop.batch.queue import Queue
from audiosr_desktop.batch.recipe import Recipe


@pytest.fixture(autouse=True)
def own_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_STATE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "home"))


@pytest.fixture
def gain() -> Recipe:
    return recipe_of("gain", gain_db=-6.0)


@pytest.fixture
def preset(tmp_path: Path) -> Path:
    return batch_kit.write_gain_preset(tmp_path / "quiet.json")


@pytest.fixture
def sources(tmp_path: Path) -> Path:
    """Four files in a tree."""
    folder = tmp_path / "in"
    for seed, name in enumerate(["a.wav", "b.flac", "sub/c.wav", "sub/deep/d.flac"]):
        batch_kit.write_sound(folder / name, seed)
    return folder


@pytest.fixture
def queue(tmp_path: Path) -> Iterator[Queue]:
    queue = Queue(tmp_path / "state" / "queue.sqlite")
    yield queue
    queue.close()
