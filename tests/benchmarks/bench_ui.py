"""How long the window's thread is held up, and how many frames a second it draws.

Run by hand: `python tests/benchmarks/bench_ui.py [MINUTES]` on a sound of that length (10 by default). The
aims are those of the program's contracts: no hold-up above 50 ms, 50 frames a second in panning and zooming.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "ui"))

import numpy as np
import soundfile
from PySide6.QtCore import QEventLoop, QObject, QSettings, QTimer
from PySide6.QtWidgets import QApplication
from ui_fakes import Answers, Halve, OutputMaker, catalogue_job

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.app import SWITCH_S
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.main_window import MainWindow
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.start_up import share_memory_pools, use_plain_import
from audiosr_desktop.ui.theme import DARK, apply_theme

RATE = 48_000
FRAMES = 150


class Pulse(QObject):
    """Beats as often as the event loop lets it; the longest pause is how long the loop was held up.

    What the loop itself computed meanwhile is told beside it: on a busy machine the rest is waiting for a
    processor.
    """

    def __init__(self) -> None:
        super().__init__()
        self.worst_ms = self.worst_own_ms = 0.0
        self._last, self._last_own = time.perf_counter(), time.thread_time()
        self._timer = QTimer(self)
        self._timer.timeout.connect(self._beat)
        self._timer.start(0)

    def _beat(self) -> None:
        now, own = time.perf_counter(), time.thread_time()
        self.worst_ms = max(self.worst_ms, (now - self._last) * 1000)
        self.worst_own_ms = max(self.worst_own_ms, (own - self._last_own) * 1000)
        self._last, self._last_own = now, own

    def reset(self) -> None:
        self.worst_ms = self.worst_own_ms = 0.0
        self._last, self._last_own = time.perf_counter(), time.thread_time()


def turn_until(done: Callable[[], bool], limit_s: float = 60.0) -> float:
    """Let the event loop turn until something is so; return the seconds it took."""
    start = time.perf_counter()
    while not done():
        QApplication.processEvents()
        if time.perf_counter() - start > limit_s:
            raise TimeoutError
    return time.perf_counter() - start


def start_as_the_program_does() -> None:
    use_plain_import()
    share_memory_pools()
    sys.setswitchinterval(SWITCH_S)


def settle() -> None:
    """Let the window come to rest, as before a user opens a file."""
    loop = QEventLoop()
    QTimer.singleShot(1500, loop.quit)
    loop.exec()


def turn_until_drawn(window: MainWindow) -> None:
    """Let the event loop run, and rest as it does in the program, until the views have pictures."""
    loop = QEventLoop()
    window.view.drawn.connect(loop.quit)
    loop.exec()
    window.view.drawn.disconnect(loop.quit)
    window.view.splitter.repaint()


def write_sound(path: Path, minutes: float) -> None:
    rng = np.random.default_rng(0)
    with soundfile.SoundFile(path, "w", RATE, 2, "PCM_16") as file:
        for _ in range(max(1, round(minutes * 60))):
            file.write(rng.standard_normal((RATE, 2)) * 0.1)


def report(name: str, seconds: float, pulse: Pulse, frames: int = 0) -> None:
    rate = f", {frames / seconds:.0f} frames/s" if frames else ""
    sys.stdout.write(
        f"{name:<34} {seconds * 1000:8.0f} ms{rate:<18} longest hold-up {pulse.worst_ms:6.1f} ms "
        f"({pulse.worst_own_ms:.0f} ms of it computing)\n"
    )


def main() -> None:
    minutes = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    start_as_the_program_does()
    app = QApplication([])
    apply_theme(app, DARK)
    with tempfile.TemporaryDirectory() as folder, Scratch.create(Path(folder) / "scratch") as scratch:
        path = Path(folder) / "long.wav"
        write_sound(path, minutes)
        settings = Settings(QSettings(str(Path(folder) / "s.ini"), QSettings.Format.IniFormat))
        facts: dict[str, object] = {}
        effect = Halve(facts)
        editor = Editor(scratch, Player(OutputMaker()), lambda: catalogue_job(facts, effect))
        window = MainWindow(editor, settings, Answers())
        window.resize(1440, 900)
        window.show()
        window.view.spectrogram.warm_up()
        editor.start()
        turn_until(lambda: bool(editor.catalogue.effects))
        settle()
        measure(window, editor, path)
        window.close()


def measure(window: MainWindow, editor: Editor, path: Path) -> None:
    view, timeline = window.view, editor.timeline
    # without the pulse, which keeps a processor busy
    start, computed = time.perf_counter(), time.process_time()
    window.filing.open_file(path)
    turn_until_drawn(window)
    seconds, computing = time.perf_counter() - start, time.process_time() - computed
    sys.stdout.write(
        f"open to first pictures, painted        {seconds * 1000:4.0f} ms ({computing * 1000:.0f} ms of "
        f"computing, at a load of {os.getloadavg()[0]:.1f})\n"
    )
    pulse = Pulse()
    turn_until(lambda: bool(view.spectrogram.picture and view.spectrogram.picture.complete), 300)
    turn_until(lambda: editor.peaks() is not None, 300)
    report("open to finest pictures", time.perf_counter() - start, pulse)
    timeline.zoom(20)
    turn_until(lambda: bool(view.spectrogram.picture and view.spectrogram.picture.complete))
    for name, step in (
        ("pan", lambda: timeline.scroll(timeline.span / 60)),
        ("zoom in", lambda: timeline.zoom(1.03)),
        ("zoom out", lambda: timeline.zoom(1 / 1.05)),
        (
            "playhead",
            lambda: timeline.move_playhead(int(timeline.start + np.random.random() * timeline.span)),
        ),
    ):
        pulse.reset()
        start = time.perf_counter()
        for _ in range(FRAMES):
            step()
            QApplication.processEvents()
        report(name, time.perf_counter() - start, pulse, FRAMES)
    timeline.select(Region(RATE, 3 * RATE))
    pulse.reset()
    start = time.perf_counter()
    window.apply_effect()
    turn_until(lambda: not editor.runner.busy)
    report("edit of 2 s (a fake effect)", time.perf_counter() - start, pulse)
    for name, step in (("undo", editor.undo), ("redo", editor.redo)):
        pulse.reset()
        start = time.perf_counter()
        step()
        elapsed = time.perf_counter() - start
        shown = view.spectrogram.picture
        turn_until(lambda shown=shown: view.spectrogram.picture is not shown)
        report(name, elapsed, pulse)


if __name__ == "__main__":
    main()
