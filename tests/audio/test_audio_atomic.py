"""Files that appear only when they are complete, and what killed runs leave beside them."""

import os
import time
from pathlib import Path

from audiosr_desktop.audio.atomic import replacing


def test_half_files_of_killed_runs_go_after_a_day_and_nothing_else(tmp_path: Path) -> None:
    ours, beside = tmp_path / ".0123456789abcdef.part", tmp_path / ".0123456789abcdef.part-journal"
    fresh, other = tmp_path / ".fedcba9876543210.part", tmp_path / ".holiday.part"
    long_ago = time.time() - 2 * 24 * 3600
    for path in (ours, beside, fresh, other):
        path.write_bytes(b"half")
    for path in (ours, beside, other):
        os.utime(path, (long_ago, long_ago))
    with replacing(tmp_path / "out.wav") as temporary:
        temporary.write_bytes(b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == [fresh.name, other.name, "out.wav"]
