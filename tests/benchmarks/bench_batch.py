"""The batch at full size, run on demand: `python tests/benchmarks/bench_batch.py kills|speed [FOLDER]`.

`kills` does 200 short files with 7 bad ones, is killed at 20 random moments, and compares with a whole run.
`speed` compares a batch with one run of `restore` for each file, in the same minute.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
import batch_kit

GOOD, KILLS, SEED = 200, 20, 7
TIMED, SECONDS = 12, 10.0


def kills(folder: Path) -> None:
    """Kill a run 20 times."""
    for seed in range(GOOD):
        batch_kit.write_sound(folder / "in" / f"{seed % 10}" / f"take {seed}.wav", seed)
    batch_kit.write_bad_files(folder / "in" / "0")
    preset = batch_kit.write_gain_preset(folder / "quiet.json")
    whole, out = folder / "whole", folder / "out"
    subprocess.run(batch_kit.command(whole, preset, folder / "in"), cwd=batch_kit.ROOT, check=False)
    expected = batch_kit.results(whole)
    assert len(expected) == GOOD
    words = batch_kit.command(out, preset, folder / "in")
    code = batch_kit.run_with_kills(words, out, GOOD, KILLS, SEED)
    assert code == 1
    assert batch_kit.results(out) == expected
    sys.stdout.write(f"{GOOD} files, 7 bad, {KILLS} kills: every good file done once, bytes equal\n")


def speed(folder: Path) -> None:
    """Compare with `restore` for each file, for a chain without a model and for the model."""
    for seed in range(TIMED):
        batch_kit.write_sound(folder / "in" / f"{seed}.wav", seed, SECONDS, rate=16_000)
    preset = batch_kit.write_gain_preset(folder / "quiet.json")
    program = [sys.executable, "-m", "audiosr_desktop"]
    model = ["--effect", "super-resolution", "--quality", "draft", "--device", "cpu"]
    for name, options in (("gain", ["--chain", str(preset)]), ("model, draft", model)):
        alone = 0.0
        (folder / name).mkdir()
        for path in sorted((folder / "in").iterdir()):
            output = folder / name / path.name
            alone += timed([*program, "restore", str(path), "-o", str(output), *options])
        for jobs in (1, 2):
            out = folder / f"{name} {jobs}"
            words = [*program, "batch", str(folder / "in"), "--out", str(out), "--name", "{name}.{ext}"]
            together = timed([*words, "-q", "--jobs", str(jobs), *options])
            same = batch_kit.results(out) == batch_kit.results(folder / name)
            sys.stdout.write(
                f"{name}, --jobs {jobs}: {TIMED} files of {SECONDS:g} s, restore for each {alone:.1f} s, "
                f"batch {together:.1f} s, {alone / together:.2f} times as fast, bytes equal: {same}\n"
            )


def timed(words: list[str]) -> float:
    """Return the seconds that a command takes."""
    started = time.monotonic()
    subprocess.run(words, cwd=batch_kit.ROOT, check=True, stdout=subprocess.DEVNULL)
    return time.monotonic() - started


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="bench-batch-") as made:
        {"kills": kills, "speed": speed}[sys.argv[1]](Path(sys.argv[2] if len(sys.argv) > 2 else made))
