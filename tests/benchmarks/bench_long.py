"""Peak memory and speed of long files: `python tests/benchmarks/bench_long.py --modules super-resolution`.

Each module runs in a process of its own on a synthetic programme of two channels, written block by block;
its peak is what the system says of the process (VmHWM). The shipped model runs, at Draft quality, on the
lengths of `--minutes`. On those of `--tiny-minutes` a bundle of a few nodes does: it takes the same road
(stores, windows, joins, and with `--rate 44100` resampling), so it shows what hangs on the length in a
fraction of the time. A length that both run on shows how much the networks themselves add.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tiny_bundle import build_tiny_bundle

MODULES = ("super-resolution", "denoise", "remove-tone", "fill-gap")
CHILD = """
import sys
from pathlib import Path
from audiosr_desktop import paths
from audiosr_desktop.cli import main
models = Path(sys.argv[1])
paths.user_models_dir = lambda: models
code = main(sys.argv[2:])
status = Path("/proc/self/status")
if status.is_file():
    print(next(line for line in status.read_text().splitlines() if line.startswith("VmHWM")), file=sys.stderr)
sys.exit(code)
"""


def write_programme(path: Path, minutes: float, rate: int) -> None:
    """Write bursts of noise without a top, with hum, hiss and a drop-out every 20 s."""
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", rate, 2, "PCM_16", format="RF64" if minutes > 100 else "WAV") as file:
        for second in range(round(minutes * 60)):
            time_s = second + np.arange(rate) / rate
            spectrum = np.fft.rfft(rng.normal(0.0, 0.1, (2, rate)))
            spectrum[:, 7_000:] = 0.0
            swell = np.square(np.sin(0.7 * np.pi * time_s)) * (second % 30 < 25)
            samples = np.fft.irfft(spectrum, rate) * swell + 0.01 * np.sin(2 * np.pi * 50.0 * time_s)
            samples += rng.normal(0.0, 0.002, samples.shape)
            if second % 20 == 10:
                samples[:, 20_000:22_000] = 0.0
            file.write(samples.T)


def measure(source: Path, module: str, models: Path, more: list[str]) -> dict[str, object]:
    """Run one module on a file in a process of its own."""
    target = source.with_name("out.wav")
    words = ["restore", str(source), "-o", str(target), "--effect", module, "--json", "--overwrite", *more]
    command = [sys.executable, "-c", CHILD, str(models), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    target.unlink(missing_ok=True)
    if done.returncode:
        return {"error": done.stderr.strip()}
    report = json.loads(done.stdout)
    peak = [int(line.split()[1]) / 1024 for line in done.stderr.splitlines() if line.startswith("VmHWM")]
    peak_mb = peak[0] if peak else report["peak_memory_bytes"] / 2**20
    return {"peak_mb": round(peak_mb), "rtf": round(report["rtf"], 4), "model": report["model"]}


def main() -> None:
    """Print one line a module and length."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, nargs="*", default=[1 / 6, 2, 10])
    parser.add_argument("--tiny-minutes", type=float, nargs="*", default=[10, 120])
    parser.add_argument("--modules", nargs="+", default=list(MODULES))
    parser.add_argument(
        "--rate", type=int, default=48_000, help="of the files; below 48000 they are converted"
    )
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        models, source = Path(folder) / "models", Path(folder) / "in.wav"
        build_tiny_bundle(models / "tiny")
        runs = [(minutes, False) for minutes in options.minutes]
        runs += [(minutes, True) for minutes in options.tiny_minutes]
        for minutes, tiny in runs:
            write_programme(source, minutes, options.rate)
            for module in options.modules:
                more = ["--quality", "draft", "--device", "cpu"] if module == "super-resolution" else []
                more += ["--model", "tiny"] if more and tiny else []
                figures = measure(source, module, models, more)
                sys.stdout.write(f"{minutes:8.2f} min  {module:18s} {figures}\n")
                sys.stdout.flush()


if __name__ == "__main__":
    main()
