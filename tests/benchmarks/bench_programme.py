"""A long programme of real sound, damaged and restored: `python tests/benchmarks/bench_programme.py CLIPS…`.

The clips follow one another, with pauses of digital silence, until `--minutes` are full. `degrade`
damages the whole, `restore` mends it at Draft quality, and what is printed is measured against the
undamaged programme: how near the result is, what changed where nothing was to change, what the pauses
hold, and whether the borders of the model's windows can be told from any other place. A gap at the very
start of a clip cannot be told from the pause before it, so it does not count.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile

from audiosr_desktop.dsp.filters import lowpass
from audiosr_desktop.engine.bundle import find_bundle
from audiosr_desktop.engine.windows import Grid
from audiosr_desktop.evaluation.metrics import band_energy_db, lsd_bands, lsd_within, si_sdr_db

Samples = npt.NDArray[np.float32]

RATE = 48_000
PAUSE_S = 1.0
GAP_EVERY_S, GAP_MS = 20.0, 60.0
FRAME = 2_400  # 50 ms


def programme(clips: list[Path], minutes: float) -> Samples:
    """Return the clips in turn, one channel, with pauses between them."""
    pause, parts, total = np.zeros(round(PAUSE_S * RATE), np.float32), [], 0
    sounds = [soundfile.read(clip, dtype="float32", always_2d=True)[0].mean(axis=1) for clip in clips]
    while total < minutes * 60 * RATE:
        for sound in sounds:
            parts += [sound, pause]
            total += sound.size + pause.size
    return np.concatenate(parts)[None, : round(minutes * 60 * RATE)]


def run(*words: str) -> str:
    """Run a sub-command and return what it printed."""
    command = [sys.executable, "-m", "audiosr_desktop.cli", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def level_steps_db(change: Samples, truth: Samples) -> npt.NDArray[np.float64]:
    """Return by how much the level steps at each border of two frames, in dB, beyond what the truth does."""

    def levels(samples: Samples) -> npt.NDArray[np.float64]:
        frames = samples[0, : samples.shape[1] // FRAME * FRAME].reshape(-1, FRAME).astype(np.float64)
        return np.asarray(10.0 * np.log10(np.mean(frames**2, axis=1) + 1e-12))

    return np.abs(np.diff(levels(change)) - np.diff(levels(truth)))


def figures(
    truth: Samples, damaged: Samples, result: Samples, cutoff_hz: float, gaps: list[tuple[int, int]]
) -> dict[str, object]:
    """Return what is said of one run."""
    end = min(array.shape[1] for array in (truth, damaged, result))
    truth, damaged, result = truth[:, :end], damaged[:, :end], result[:, :end]
    bands = [(0.0, None), (cutoff_hz, 20_000.0)]
    silent = damaged[0] == 0.0
    runs = np.flatnonzero(np.diff(np.concatenate([[0], silent.astype(np.int8), [0]]))).reshape(-1, 2)
    pauses = [(start, stop) for start, stop in runs if stop - start > RATE // 2]
    in_gap = np.zeros(end, bool)
    for start, stop in gaps:
        in_gap[start - FRAME : stop + FRAME] = True  # with what the filter below spreads
    change = result - damaged
    below = np.where(in_gap, np.float32(0), lowpass(change, RATE, 0.7 * cutoff_hz, "butter", 8))
    ratio = np.sum(below.astype(np.float64) ** 2) / np.sum(damaged.astype(np.float64) ** 2)
    grid = Grid.of(find_bundle(None).manifest, end)
    borders = np.array([window.core_start for window in grid.windows(0, end)][1:])
    high = change - lowpass(change, RATE, 1.1 * cutoff_hz, "butter", 8)
    steps = level_steps_db(high, truth - lowpass(truth, RATE, 1.1 * cutoff_hz, "butter", 8))
    places = np.unique(np.clip((borders[:, None] // FRAME + np.arange(-1, 1)).ravel(), 0, steps.size - 1))
    elsewhere = np.delete(steps, places)
    return {
        "lsd before/after": [
            [round(value, 3) for value in lsd_bands(truth, sound, RATE, bands)] for sound in (damaged, result)
        ],
        "energy above, dB": round(band_energy_db(truth, result, RATE, cutoff_hz, 20_000.0), 2),
        "SI-SDR before/after, dB": [round(si_sdr_db(truth, sound), 2) for sound in (damaged, result)],
        "changed below the cutoff, dB": round(float(10.0 * np.log10(ratio + 1e-20)), 1),
        "peak in pauses, from 50 ms after they begin": float(
            max((np.abs(result[0, a + FRAME : b - FRAME]).max() for a, b in pauses), default=0.0)
        ),
        "pauses": len(pauses),
        "LSD in gaps": round(lsd_within(truth, result, RATE, gaps), 2) if gaps else None,
        "level steps at borders/elsewhere, dB": [
            [round(float(np.quantile(part, share)), 2) for share in (0.5, 0.95)]
            for part in (steps[places], elsewhere)
        ],
        "borders": len(borders),
    }


def main() -> None:
    """Print the figures of both damages."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("clips", nargs="+", type=Path)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--cutoff-hz", type=float, default=8_000.0)
    parser.add_argument("--damage", choices=("band", "all"), default="band")
    parser.add_argument("--keep", type=Path, help="folder for the sound files")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.keep or Path(temporary)
        truth = programme(options.clips, options.minutes)
        names = [
            folder / name for name in ("truth.wav", f"{options.damage}.wav", f"{options.damage}-out.wav")
        ]
        soundfile.write(names[0], truth[0], RATE, "PCM_24")
        gaps = [(second, GAP_MS) for second in np.arange(10.0, options.minutes * 60 - 5, GAP_EVERY_S)]
        words = ["--lowpass-hz", str(options.cutoff_hz), "--overwrite"]
        for start, length_ms in gaps:
            words += ["--gap", f"{start}:{length_ms}"]
        if options.damage == "all":
            words += ["--tone-hz", "3100", "--tone-amplitude", "0.02", "--white-amplitude", "0.003"]
        run("degrade", str(names[0]), "-o", str(names[1]), *words)
        began = time.monotonic()
        told = json.loads(
            run("restore", str(names[1]), "-o", str(names[2]), "--quality", "draft", "--json", "--overwrite")
        )
        elapsed = time.monotonic() - began
        damaged, result = (soundfile.read(name, dtype="float32", always_2d=True)[0].T for name in names[1:])
        spans = [(round(start * RATE), round((start + length / 1000) * RATE)) for start, length in gaps]
        spans = [
            (start, stop)
            for start, stop in spans
            if all(np.std(truth[0, at : at + FRAME]) > 1e-3 for at in (start - FRAME, stop))
        ]
        found = figures(truth, damaged, result, options.cutoff_hz, spans)
        found["seconds"] = round(elapsed, 1)
        found["told"] = {key: value for key, value in told.items() if key not in ("gaps", "tones")}
        sys.stdout.write(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
