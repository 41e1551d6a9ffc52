"""What the tests and the benchmark of the batch share: files, bad files, and a run that is killed."""

import json
import os
import random
import struct
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import soundfile

ROOT = Path(__file__).resolve().parent.parent


def write_sound(path: Path, seed: int, seconds: float = 0.3, rate: int = 48_000, channels: int = 1) -> Path:
    """Write a tone with noise whose samples depend on the seed."""
    rng = np.random.default_rng(seed)
    place = np.arange(round(seconds * rate)) / rate
    tone = 0.2 * np.sin(2 * np.pi * (300 + 10 * seed) * place)
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, tone[:, None] + rng.normal(0.0, 0.02, (place.size, channels)), rate, "PCM_16")
    return path


def write_bad_files(folder: Path) -> list[Path]:
    """Write seven files of different kinds that cannot be worked on."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "text.wav").write_text("this is no sound")
    (folder / "empty.flac").write_bytes(b"")
    whole = write_sound(folder / "cut.flac", 900, 2.0)
    whole.write_bytes(whole.read_bytes()[:20_000])
    soundfile.write(folder / "no samples.wav", np.zeros((0, 1)), 48_000)
    broken = np.zeros((2_000, 1), np.float32)
    broken[1_000] = np.nan
    soundfile.write(folder / "nan.wav", broken, 48_000, "FLOAT")
    soundfile.write(folder / "many.wav", np.zeros((2_000, 12)), 48_000)
    slow = write_sound(folder / "rate.wav", 901)
    data = bytearray(slow.read_bytes())
    data[24:28] = struct.pack("<I", 1)
    slow.write_bytes(data)
    return sorted(folder.iterdir())


def write_gain_preset(path: Path, gain_db: float = -6.0) -> Path:
    """Write a chain that needs no model."""
    path.write_text(json.dumps({"effects": [{"effect": "gain", "values": {"gain_db": gain_db}}]}))
    return path


def command(out: Path, preset: Path, *words: object) -> list[str]:
    """Return the words of a run as a process of its own."""
    program = [sys.executable, "-m", "audiosr_desktop", "batch"]
    return [*program, *map(str, words), "--out", str(out), "--chain", str(preset), "--quiet"]


def results(out: Path) -> dict[str, bytes]:
    """Return the files that a user sees below a folder."""
    files = (path for path in out.rglob("*") if path.is_file() and ".audiosr-batch" not in path.parts)
    return {path.relative_to(out).as_posix(): path.read_bytes() for path in files}


def stamps(out: Path) -> dict[str, tuple[int, int]]:
    """Return what shows that a file was written again: its number and time of change."""
    return {name: ((out / name).stat().st_ino, (out / name).stat().st_mtime_ns) for name in results(out)}


def run_with_kills(words: list[str], out: Path, good: int, kills: int, seed: int) -> int:
    """Run a batch, kill it with SIGKILL again and again, and let the last run end.

    After each kill, no result that was there may have changed, and none may be half-written.

    Returns:
        The exit code of the last run.
    """
    rng = random.Random(seed)
    before: dict[str, tuple[int, int]] = {}
    for turn in range(kills):
        process = subprocess.Popen([*words, *(["--resume"] if turn else [])], cwd=ROOT)
        # how far it gets is left to chance: a number of files, or a moment while it starts
        wanted = len(before) + rng.randrange(0, 2 * max(1, (good - len(before)) // (kills - turn)) + 1)
        limit = time.monotonic() + 60.0
        while len(results(out)) < min(wanted, good) and process.poll() is None and time.monotonic() < limit:
            time.sleep(0.005)
        time.sleep(rng.uniform(0.0, 0.3))
        process.kill()
        process.wait()
        now = stamps(out)
        assert {name: now.get(name) for name in before} == before, "a finished file was done again"
        before = now
    code = subprocess.run([*words, "--resume"], cwd=ROOT, check=False, timeout=600).returncode
    now = stamps(out)
    assert {name: now.get(name) for name in before} == before, "a finished file was done again"
    return code


def has_root() -> bool:
    return hasattr(os, "geteuid") and os.geteuid() == 0
