"""How soon the window stands, and how much memory it holds at rest: `python tests/benchmarks/bench_start.py`.

Starts the program with the bundled example several times in folders of its own, the first time to warm the
disk cache. Told are seconds from the start of the process to the first picture of the window, the seconds of
computing within them (other work on the machine does not count there), and the memory ten seconds later: what
the window's process holds, and what the sound device's holds beside it that the window's does not. The aims
are those of the program's contracts: 1.5 s, 250 MB. `-X importtime` tells which imports cost.
"""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
TRIES = 5
CHILD = """
import os, pathlib, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from audiosr_desktop.ui import app
from audiosr_desktop.ui.main_window import MainWindow

def pages(process):
    files = {}
    for line in open(f"/proc/{process}/smaps"):
        word, *rest = line.split()
        if "-" in word:
            name = rest[4] if len(rest) > 4 else ""
        elif word in ("Rss:", "Private_Dirty:", "Private_Clean:"):
            files.setdefault(name, {}).setdefault(word, 0)
            files[name][word] += int(rest[0]) / 1024
    return files

def memory():
    own = pages("self")
    children = " ".join(path.read_text() for path in pathlib.Path("/proc/self/task").glob("*/children"))
    more = 0.0
    for child in children.split():
        for name, file in pages(child).items():
            shared = name.startswith("/") and name in own
            more += file["Private_Dirty:"] + file["Private_Clean:"] if shared else file["Rss:"]
    return sum(file["Rss:"] for file in own.values()), more

class Watch(QObject):
    shown = False
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.shown and isinstance(watched, MainWindow):
            self.shown = True
            print(time.monotonic() - float(sys.argv[1]), time.process_time(), flush=True)
            QTimer.singleShot(10_000, lambda: print(*memory(), flush=True))
            QTimer.singleShot(10_100, QApplication.closeAllWindows)
        return False

application = QApplication(["bench"])
watch = Watch()
application.installEventFilter(watch)
sys.exit(app.run([]))
"""


def start() -> tuple[float, ...]:
    """Start once; returns seconds to the window, seconds of computing, and MB at rest as told below."""
    with tempfile.TemporaryDirectory() as folder:
        kinds = ("CONFIG", "CACHE", "DATA", "STATE")
        own = {f"XDG_{kind}_HOME": str(Path(folder) / kind.lower()) for kind in kinds}
        run = subprocess.run(
            [sys.executable, "-c", CHILD, str(time.monotonic())],
            cwd=ROOT,
            env={"QT_QPA_PLATFORM": "offscreen", **os.environ, **own},
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
    return tuple(map(float, run.stdout.split()))


def main() -> None:
    """Start several times and tell the medians."""
    start()
    shown, computing, *memory = map(statistics.median, zip(*(start() for _ in range(TRIES)), strict=True))
    sys.stdout.write(
        f"window after {shown:.2f} s ({computing:.2f} s of computing), "
        f"at rest {memory[0]:.0f} MB, and {memory[1]:.0f} MB for the sound device's process\n"
    )


if __name__ == "__main__":
    main()
