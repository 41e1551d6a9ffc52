"""Fixtures for every room; being here also puts this folder on the path, for `import tiny_bundle`."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from audiosr_desktop.audio.store import Scratch


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a tiny bundle; shared, not to be changed."""
    tiny_bundle = pytest.importorskip("tiny_bundle", reason="onnx is not installed")
    folder: Path = tiny_bundle.build_tiny_bundle(tmp_path_factory.mktemp("models") / "tiny")
    return folder


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
