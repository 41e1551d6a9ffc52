import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="needs the train extra")


@pytest.fixture
def packed_corpus(tmp_path: Path) -> Path:
    """A minute of coloured noise in three kinds, packed as `corpus build` writes it."""
    folder = tmp_path / "pack"
    folder.mkdir()
    rng = np.random.default_rng(0)
    records, position, parts = [], 0, []
    for number in range(44):
        length = int(rng.integers(30_000, 90_000))
        sound = np.cumsum(rng.normal(0, 300, length)) * 0.01 + rng.normal(0, 2000, length)
        parts.append(np.clip(sound, -32_000, 32_000).astype(np.int16))
        kind = ("music", "speech", "effects")[number % 3]
        records.append(
            {
                "start": position,
                "stop": position + length,
                "kind": kind,
                "bandwidth_hz": 15_000.0 if number % 3 == 1 and number % 40 else 22_050.0,
                "source": f"made/{number}",
            }
        )
        position += length
    np.concatenate(parts).tofile(folder / "samples.i16")
    (folder / "index.json").write_text(json.dumps(records))
    return folder
