"""A batch that is killed at random moments and resumed gives what an undisturbed one gives."""

import subprocess
from pathlib import Path

import batch_kit


def test_killed_and_resumed_does_every_file_once(tmp_path: Path, preset: Path) -> None:
    folder = tmp_path / "in"
    for seed in range(12):
        batch_kit.write_sound(folder / f"{seed % 3}" / f"take {seed}.wav", seed)
    bad = batch_kit.write_bad_files(folder / "0")
    good = 12
    whole = tmp_path / "whole"
    words = batch_kit.command(whole, preset, folder)
    assert subprocess.run(words, cwd=batch_kit.ROOT, check=False, timeout=120).returncode == 1
    expected = batch_kit.results(whole)
    assert len(expected) == good

    out = tmp_path / "out"
    words = batch_kit.command(out, preset, folder)
    assert batch_kit.run_with_kills(words, out, good, kills=2, seed=1) == 1
    assert batch_kit.results(out) == expected
    assert len(bad) >= 7
    assert sorted(path.name for path in (out / ".audiosr-batch").iterdir()) == ["queue.lock", "queue.sqlite"]
