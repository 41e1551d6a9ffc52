"""The views of the editor against a plain pyqtgraph view of the same file.

Run by hand: `python tests/benchmarks/bench_views.py [MINUTES]` (10 by default); each side runs in a process
of its own. Without pyqtgraph (`pip install pyqtgraph colorama`, for this alone) its column is left out. The
plain view is what its manual suggests for long sounds: a curve for each channel, drawn from all samples in
memory, downsampled by peaks and clipped to the view, and a spectrogram of 2048-point frames as one image.
"""

import argparse
import importlib.util
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent))

import bench_ui
import numpy as np
import soundfile
from PySide6.QtCore import QSettings
from PySide6.QtWidgets import QApplication

FRAMES = 100
_IMAGE_COLUMNS = 4096
_N_FFT = 2048

Figures = dict[str, float]


def frames_per_second(step: Callable[[], None], shown: Callable[[], object]) -> float:
    """Return how often a view is changed and painted in a second."""
    start = time.perf_counter()
    for _ in range(FRAMES):
        step()
        QApplication.processEvents()
        shown()
    return FRAMES / (time.perf_counter() - start)


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_editor(path: Path) -> Figures:
    sys.setswitchinterval(bench_ui.SWITCH_S)
    app = QApplication([])
    bench_ui.apply_theme(app, bench_ui.DARK)
    figures: Figures = {}
    with (
        tempfile.TemporaryDirectory() as folder,
        bench_ui.Scratch.create(Path(folder) / "scratch") as scratch,
    ):
        settings = bench_ui.Settings(QSettings(str(Path(folder) / "s.ini"), QSettings.Format.IniFormat))
        facts: dict[str, object] = {}
        effect = bench_ui.Halve(facts)
        editor = bench_ui.Editor(
            scratch, bench_ui.Player(bench_ui.OutputMaker()), lambda: bench_ui.catalogue_job(facts, effect)
        )
        window = bench_ui.MainWindow(editor, settings, bench_ui.Answers())
        window.resize(1440, 900)
        window.show()
        window.view.spectrogram.warm_up()
        editor.start()
        bench_ui.turn_until(lambda: bool(editor.catalogue.effects))
        bench_ui.settle()
        view, timeline = window.view, editor.timeline
        start, computed = time.perf_counter(), time.process_time()
        window.filing.open_file(path)
        bench_ui.turn_until_drawn(window)
        figures["first picture, s"] = time.perf_counter() - start
        figures["first picture, s of computing"] = time.process_time() - computed
        pulse = bench_ui.Pulse()
        bench_ui.turn_until(
            lambda: bool(view.spectrogram.picture and view.spectrogram.picture.complete and editor.peaks()),
            600,
        )
        figures["finest picture, s"] = time.perf_counter() - start
        figures["longest hold-up while opening, ms"] = pulse.worst_ms
        timeline.zoom(20)
        pulse.reset()
        figures["pan, frames/s"] = frames_per_second(
            lambda: timeline.scroll(timeline.span / 60), view.splitter.repaint
        )
        figures["zoom, frames/s"] = frames_per_second(lambda: timeline.zoom(1.02), view.splitter.repaint)
        figures["longest hold-up in pan and zoom, ms"] = pulse.worst_ms
        figures["memory, MB"] = memory_mb()
        window.close()
    return figures


def measure_plain(path: Path) -> Figures:
    import pyqtgraph  # only this side has it

    QApplication([])
    figures: Figures = {}
    widget = pyqtgraph.GraphicsLayoutWidget()
    widget.resize(1440, 900)
    widget.show()
    start = time.perf_counter()
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    plots = []
    for channel in range(samples.shape[1]):
        plot = widget.addPlot(row=channel, col=0)
        curve = plot.plot(np.arange(len(samples)) / rate, samples[:, channel])
        curve.setDownsampling(auto=True, method="peak")
        curve.setClipToView(True)
        plots.append(plot)
    picture = widget.addPlot(row=samples.shape[1], col=0)
    starts = np.linspace(0, len(samples) - _N_FFT, _IMAGE_COLUMNS).astype(int)
    frames = np.stack([samples[first : first + _N_FFT, 0] for first in starts]) * np.hanning(_N_FFT)
    image = pyqtgraph.ImageItem(20 * np.log10(np.abs(np.fft.rfft(frames)) + 1e-9).astype(np.float32))
    image.setRect(0, 0, len(samples) / rate, rate / 2)
    picture.addItem(image)
    for plot in [*plots[1:], picture]:
        plot.setXLink(plots[0])
    QApplication.processEvents()
    widget.viewport().repaint()
    figures["first picture, s"] = figures["finest picture, s"] = time.perf_counter() - start
    length = len(samples) / rate
    view = [length * 0.4, length * 0.45]

    def pan() -> None:
        view[:] = [edge + (view[1] - view[0]) / 60 for edge in view]
        plots[0].setXRange(*view, padding=0)

    def zoom() -> None:
        middle, half = sum(view) / 2, (view[1] - view[0]) / 2.04
        view[:] = [middle - half, middle + half]
        plots[0].setXRange(*view, padding=0)

    pan()
    QApplication.processEvents()
    figures["pan, frames/s"] = frames_per_second(pan, widget.viewport().repaint)
    figures["zoom, frames/s"] = frames_per_second(zoom, widget.viewport().repaint)
    figures["memory, MB"] = memory_mb()
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("minutes", nargs="?", type=float, default=10.0)
    parser.add_argument("--side", choices=("editor", "plain"))
    parser.add_argument("--file", type=Path)
    arguments = parser.parse_args()
    if arguments.side:
        measure = measure_editor if arguments.side == "editor" else measure_plain
        sys.stdout.write("\n" + json.dumps(measure(arguments.file)) + "\n")
        return
    sides = ["editor"] + (["plain"] if importlib.util.find_spec("pyqtgraph") else [])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "long.wav"
        bench_ui.write_sound(path, arguments.minutes)
        found = []
        for side in sides:
            command = [sys.executable, __file__, "--side", side, "--file", str(path)]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            line = done.stdout.strip().rpartition("\n")[2]
            found.append(json.loads(line) if done.returncode == 0 else {})
    sys.stdout.write(f"{'':<38}" + "".join(f"{side:>12}" for side in sides) + "\n")
    for name in found[0]:
        cells = "".join(f"{side[name]:12.2f}" if name in side else f"{'–':>12}" for side in found)
        sys.stdout.write(f"{name:<38}{cells}\n")


if __name__ == "__main__":
    main()
