"""Fixtures for every room; being here also puts this folder on the path, for `import tiny_bundle`."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from audiosr_desktop import paths
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.engine.engines import Engines


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny bundle; shared, not to be changed."""
    tiny_bundle = pytest.importorskip("tiny_bundle", reason="onnx is not installed")
    folder: Path = tiny_bundle.build_tiny_bundle(tmp_path_factory.mktemp("models") / "tiny")
    return folder


@pytest.fixture(scope="session")
def shipped_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of models that holds a tiny one under the shipped one's name; shared, not to be changed."""
    tiny_bundle = pytest.importorskip("tiny_bundle", reason="onnx is not installed")
    root = tmp_path_factory.mktemp("shipped")
    tiny_bundle.build_tiny_bundle(root / "audiosr-compact")
    return root


@pytest.fixture(scope="module")
def tiny_shipped(shipped_folder: Path) -> Iterator[None]:
    """Let a tiny model stand in the place of the shipped one, and the user have none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(paths, "shipped_models_dir", lambda: shipped_folder)
        patch.setattr(paths, "user_models_dir", lambda: shipped_folder / "none")
        yield


@pytest.fixture(scope="module")
def engines() -> Engines:
    """Engines that keep what they load for the tests of a file."""
    return Engines(threads=1)


@pytest.fixture
def run_scratch(tmp_path: Path) -> Iterator[Scratch]:
    with Scratch.create(tmp_path / "scratch") as scratch:
        yield scratch


@pytest.fixture
def no_threads_left() -> Iterator[None]:
    """Fail a test that leaves a running thread behind."""
    before = set(threading.enumerate())
    yield
    left = [thread.name for thread in threading.enumerate() if thread not in before]
    assert not left, f"threads left running: {left}"
