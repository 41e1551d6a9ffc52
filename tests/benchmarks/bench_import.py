"""What an import of a full-size checkpoint takes: time, memory, disk, and how far the graphs are from torch.

Run by hand (20 GB of disk, 8 GB of memory, some minutes):

    OMP_NUM_THREADS=1 python tests/benchmarks/bench_import.py FOLDER [LAYOUT] [OPTIONS OF models import]

It writes a file of random weights in the official layout to FOLDER, if it is not there, and imports it into
a data folder of its own beside it, where `bench_official.py` finds it (XDG_DATA_HOME=FOLDER/data). LAYOUT is
a table of the tensors of the published file (name, shape such as 3x4, type; separated by tabs); with it the
file also has all that inference does not use, as the published one does: 6.2 GB.
"""

import contextlib
import json
import multiprocessing
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import torch

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "training"))

from official_checkpoint import random_state  # noqa: E402

from audiosr_desktop.training.official.sizes import PUBLISHED  # noqa: E402

FILE = "pytorch_model.bin"
INTERVAL_S = 0.1


def write_file(path: Path, layout: Path | None) -> None:
    """Write the checkpoint; tensors that are equal are stored apart, as in the published file."""
    state = random_state(PUBLISHED)
    if layout is not None:
        state = {name: as_laid_out(name, shape, state) for name, shape in laid_out(layout).items()}
    torch.save({"state_dict": {name: value.clone() for name, value in state.items()}}, path)


def laid_out(layout: Path) -> dict[str, list[int]]:
    """Return the shapes of the published file's tensors by name."""
    lines = [line for line in layout.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    rows = [line.split("\t") for line in lines if line.strip()]
    return {row[0]: [int(size) for size in row[1].split("x") if size] for row in rows[1:]}  # below the titles


def as_laid_out(name: str, shape: list[int], state: dict[str, torch.Tensor]) -> torch.Tensor:
    """Return the tensor of a name: that of our networks, or a random one where inference has none."""
    if name not in state:
        return 0.02 * torch.randn(shape)
    if list(state[name].shape) != shape:
        raise SystemExit(f"{name} is {list(state[name].shape)} here and {shape} in the layout")
    return state[name]


def family(process: int) -> list[int]:
    """Return a process and all that it started."""
    found = [process]
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in task.read_text().split():
            found += family(int(child))
    return found


def memory(process: int) -> tuple[int, int]:
    """Return bytes in memory of a process and its children: all, and without pages of files."""
    whole = private = 0
    for one in family(process):
        for line in Path(f"/proc/{one}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                whole += 1024 * int(line.split()[1])
            elif line.startswith("RssAnon:"):
                private += 1024 * int(line.split()[1])
    return whole, private


def main() -> None:
    folder, rest = Path(sys.argv[1]), sys.argv[2:]
    layout = Path(rest.pop(0)) if rest and not rest[0].startswith("-") else None
    path = folder / "audiosr_random" / FILE
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # in a process of its own, which takes its memory with it
        writing = multiprocessing.get_context("spawn").Process(target=write_file, args=(path, layout))
        writing.start()
        writing.join()
        os.sync()
    command = [sys.executable, "-m", "audiosr_desktop", "models", "import", str(path), "--json", *rest]
    environment = {**os.environ, "XDG_DATA_HOME": str(folder / "data")}
    started, before, peaks = time.monotonic(), os.times(), (0, 0)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, env=environment)
    said: list[bytes] = []
    reader = threading.Thread(target=lambda: said.append(process.stdout.read()))
    reader.start()
    while process.poll() is None:
        with contextlib.suppress(OSError):  # one has just ended
            peaks = tuple(map(max, peaks, memory(process.pid)))
        time.sleep(INTERVAL_S)
    reader.join()
    report = json.loads(said[0])
    after = os.times()
    made = Path(report["folder"])
    figures = {
        "file_bytes": path.stat().st_size,
        "bundle_bytes": sum(file.stat().st_size for file in made.iterdir()),
        "elapsed_s": round(time.monotonic() - started, 1),
        "cpu_s": round(
            after.children_user + after.children_system - before.children_user - before.children_system, 1
        ),
        "peak_memory_bytes": peaks[0],
        "peak_private_bytes": peaks[1],
        "load": os.getloadavg()[0],
    }
    sys.stdout.write(
        json.dumps(
            {**figures, "id": report["id"], "parity": report["parity"], "notes": report["notes"]}, indent=2
        )
        + "\n"
    )


if __name__ == "__main__":
    main()
