"""Peak memory and speed of restoring long files: `python tests/benchmarks/bench_long.py --minutes 10 120`.

Each module runs in a process of its own on a synthetic programme of two channels, written block by block.
The shipped model is run, at Draft quality, up to `--model-minutes`; for longer files give `--tiny`, a bundle
of a few nodes, which shows the engine's own memory.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

RATE = 48_000
MODULES = ("super-resolution", "denoise", "remove-tone", "fill-gap")
CHILD = """
import json, sys
from audiosr_desktop.cli import main
sys.exit(main(sys.argv[1:]))
"""


def write_programme(path: Path, minutes: float) -> None:
    """Write bursts of noise without a top, with hum, hiss and a drop-out every 20 s."""
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16", format="RF64" if minutes > 100 else "WAV") as file:
        for second in range(round(minutes * 60)):
            time_s = second + np.arange(RATE) / RATE
            spectrum = np.fft.rfft(rng.normal(0.0, 0.1, (2, RATE)))
            spectrum[:, 7_000:] = 0.0
            swell = np.square(np.sin(0.7 * np.pi * time_s)) * (second % 30 < 25)
            samples = np.fft.irfft(spectrum, RATE) * swell + 0.01 * np.sin(2 * np.pi * 50.0 * time_s)
            samples += rng.normal(0.0, 0.002, samples.shape)
            if second % 20 == 10:
                samples[:, 20_000:22_000] = 0.0
            file.write(samples.T)


def measure(source: Path, module: str, model: list[str]) -> dict[str, object]:
    """Run one module on a file in a process of its own."""
    target = source.with_name("out.wav")
    words = ["restore", str(source), "-o", str(target), "--effect", module, "--json", "--overwrite", *model]
    done = subprocess.run([sys.executable, "-c", CHILD, *words], capture_output=True, text=True, check=False)
    target.unlink(missing_ok=True)
    if done.returncode:
        return {"error": done.stderr.strip()}
    report = json.loads(done.stdout)
    return {"rtf": round(report["rtf"], 4), "peak_mb": round(report["peak_memory_bytes"] / 2**20)}


def main() -> None:
    """Print one line a module and length."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, nargs="+", default=[1 / 6, 10, 120])
    parser.add_argument("--model-minutes", type=float, default=10)
    parser.add_argument("--tiny", default="", help="id of an installed bundle of a few nodes")
    parser.add_argument("--modules", nargs="+", default=list(MODULES))
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        for minutes in options.minutes:
            source = Path(folder) / "in.wav"
            write_programme(source, minutes)
            for module in options.modules:
                model = []
                if module == "super-resolution":
                    tiny = options.tiny and minutes > options.model_minutes
                    model = ["--quality", "draft", "--device", "cpu"]
                    model += ["--model", options.tiny] if tiny else []
                figures = measure(source, module, model)
                sys.stdout.write(f"{minutes:8.2f} min  {module:18s} {figures}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
