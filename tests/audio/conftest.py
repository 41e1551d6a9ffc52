from collections.abc import Iterator
from pathlib import Path

import pytest

from audiosr_desktop.audio.store import Scratch

CLIPS = Path(__file__).resolve().parent.parent / "clips"


@pytest.fixture
def clip() -> Path:
    """Real sound, 48 kHz, 16 bit, stereo or mono."""
    return CLIPS / "music_tabla.flac"


@pytest.fixture
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scratch]:
    with Scratch.create(tmp_path_factory.mktemp("scratch")) as made:
        yield made
