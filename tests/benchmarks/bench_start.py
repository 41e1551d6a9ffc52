"""How soon the window stands, and how much memory it holds at rest: `python tests/benchmarks/bench_start.py`.

Starts the program with the bundled example several times in folders of its own, the first time to warm the
disk cache. Told are seconds from the start of the process to the first picture of the window, the seconds of
computing within them (other work on the machine does not count there), and the memory ten seconds later. The
aims are those of the program's contracts: 1.5 s, 250 MB. `-X importtime` tells which imports cost.
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
import os, sys, time
from PySide6.QtCore import QEvent, QObject, QTimer
from PySide6.QtWidgets import QApplication
from audiosr_desktop.ui import app
from audiosr_desktop.ui.main_window import MainWindow

def memory():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) / 1024

class Watch(QObject):
    shown = False
    def eventFilter(self, watched, event):
        if event.type() == QEvent.Type.Paint and not self.shown and isinstance(watched, MainWindow):
            self.shown = True
            print(time.monotonic() - float(sys.argv[1]), time.process_time(), flush=True)
            QTimer.singleShot(10_000, lambda: print(memory(), flush=True))
            QTimer.singleShot(10_100, QApplication.closeAllWindows)
        return False

application = QApplication(["bench"])
watch = Watch()
application.installEventFilter(watch)
sys.exit(app.run([]))
"""


def start() -> tuple[float, float, float]:
    """Start once; returns seconds to the window, seconds of computing, MB at rest."""
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
    shown, computing, memory = map(float, run.stdout.split())
    return shown, computing, memory


def main() -> None:
    """Start several times and tell the medians."""
    start()
    shown, computing, memory = zip(*(start() for _ in range(TRIES)), strict=True)
    sys.stdout.write(
        f"window after {statistics.median(shown):.2f} s ({statistics.median(computing):.2f} s of computing), "
        f"at rest {statistics.median(memory):.0f} MB\n"
    )


if __name__ == "__main__":
    main()
