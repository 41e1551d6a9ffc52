"""What a long file costs in the editor, and its views against a plain pyqtgraph view of the same file.

Run by hand: `python tests/benchmarks/bench_views.py [MINUTES] [--format wav|flac] [--file FILE]`, on noise of
10 minutes by default; 120 minutes are the case of the program's contracts. Each side runs in a process of its
own. Told are the time from asking for the file to the first painted pictures, when the window can be used,
frames a second, what edits and undo take until they are painted, and the most memory that was held. Without
pyqtgraph (`pip install pyqtgraph colorama`, for this alone) its column is left out. The plain view is what
its manual suggests for long sounds: a curve for each channel, drawn from all samples in memory, downsampled
by peaks and clipped to the view, and a spectrogram of 2048-point frames as one image.

What counts: a frame of panning or zooming is over when every picture has been painted once since the view
was moved, through the event loop, as on a screen; the same for both sides. An edit, undo or redo is over when
both views have painted a picture of the sound as it now is: the waveform from its samples or peaks, the
spectrogram with something measured of that sound at every column, if need be from columns 8 or 32 times as
wide as those that follow. `finest` is when no column is missing any more in what is visible, painted, too.
`held` is how long the window's thread was in the step itself.
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
from collections.abc import Callable, Iterable
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
sys.path.insert(0, str(Path(__file__).resolve().parent))

import bench_ui
import numpy as np
import soundfile
from PySide6.QtCore import QEvent, QEventLoop, QObject, QSettings, QTimer, Signal
from PySide6.QtWidgets import QApplication, QWidget

from audiosr_desktop.ui.collecting import Collector

FRAMES = 100
_IMAGE_COLUMNS = 4096
_N_FFT = 2048

Figures = dict[str, float]


class Painted(QObject):
    """Sees what is painted of some widgets.

    Args:
        widgets: to watch.
        counts: whether what a widget paints now is what is waited for.
    """

    done = Signal()

    def __init__(self, widgets: Iterable[QWidget], counts: Callable[[QWidget], bool] = bool) -> None:
        super().__init__()
        self._widgets, self._counts = list(widgets), counts
        self._waiting = set(self._widgets)
        for widget in self._widgets:
            widget.installEventFilter(self)

    @property
    def complete(self) -> bool:
        """Whether each has been painted since `begin`."""
        return not self._waiting

    def begin(self) -> None:
        self._waiting = set(self._widgets)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Paint and watched in self._waiting and self._counts(watched):
            self._waiting.remove(watched)
            if not self._waiting:
                QTimer.singleShot(0, self, self.done.emit)  # after it was painted
        return False

    def end(self) -> None:
        for widget in self._widgets:
            widget.removeEventFilter(self)


def frames_per_second(step: Callable[[], None], widgets: Iterable[QWidget]) -> float:
    """Return how often a view is changed and painted in a second: every picture once for each step."""
    painted = Painted(widgets)
    start = time.perf_counter()
    for _ in range(FRAMES):
        painted.begin()
        step()
        while not painted.complete:
            QApplication.processEvents()
    painted.end()
    return FRAMES / (time.perf_counter() - start)


def memory_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def measure_editor(path: Path) -> Figures:
    bench_ui.start_as_the_program_does()
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
        collector = Collector(parent=window)
        collector.start()
        bench_ui.settle()
        view, timeline = window.view, editor.timeline
        start, computed = time.perf_counter(), time.process_time()
        window.filing.open_file(path)
        bench_ui.turn_until_drawn(window)
        figures["first pictures, s"] = time.perf_counter() - start
        figures["first pictures, s of computing"] = time.process_time() - computed
        pulse = bench_ui.Pulse()
        bench_ui.turn_until(
            lambda: bool(view.spectrogram.picture and view.spectrogram.picture.complete and editor.peaks()),
            600,
        )
        figures["finest picture, s"] = time.perf_counter() - start
        figures["longest hold-up while opening, ms"] = pulse.worst_ms
        timeline.zoom(20)
        pulse.reset()
        tracks = view.waveform, view.spectrogram
        figures["pan, frames/s"] = frames_per_second(lambda: timeline.scroll(timeline.span / 60), tracks)
        figures["zoom, frames/s"] = frames_per_second(lambda: timeline.zoom(1.02), tracks)
        figures["longest hold-up in pan and zoom, ms"] = pulse.worst_ms
        pulse.stop()  # it keeps a processor busy
        figures |= measure_edits(window)
        figures["memory, MB"] = memory_mb()
        window.close()
        collector.stop()
    return figures


def measure_step(window: bench_ui.MainWindow, do: Callable[[], object]) -> tuple[float, float, float]:
    """Return how long a step held the thread, took to its first true picture, and to the finest one, ms."""
    view, editor, loop = window.view, window.editor, QEventLoop()
    before = editor.sound

    def current(track: QWidget) -> bool:
        shown = track.current and view.splitter.updatesEnabled() and track._answered.sound is editor.sound
        return shown and editor.sound is not before

    def finest(track: QWidget) -> bool:
        return current(track) and getattr(track.picture, "complete", True)

    first = Painted((view.waveform, view.spectrogram), current)
    best = Painted((view.waveform, view.spectrogram), finest)
    times: list[float] = []
    first.done.connect(lambda: times.append(time.perf_counter()))
    best.done.connect(loop.quit)
    start = time.perf_counter()
    do()
    held = time.perf_counter()
    loop.exec()
    last = time.perf_counter()
    first.end()
    best.end()
    return tuple((at - start) * 1000 for at in (held, times[0] if times else last, last))


def measure_edits(window: bench_ui.MainWindow) -> Figures:
    """Return what edits in the middle, undo and redo take, ms; see `measure_step`.

    They are made in view of the whole sound, of a minute and of a second, on a twelfth of what is seen, 5 s
    at most, and each is undone and redone. A paste replaces the selection, an insertion does not.
    """
    editing, editor, timeline = window.editing, window.editor, window.editor.timeline
    middle, rate = timeline.length // 2, timeline.sample_rate
    figures: Figures = {}
    for seen, span_s in (("whole", timeline.length / rate), ("minute", 60.0), ("second", 1.0)):
        timeline.show(middle - span_s * rate / 2, middle + span_s * rate / 2)
        selected = bench_ui.Region(middle, middle + round(min(5.0, span_s / 12) * rate))
        copied = editor.sound.slice(0, selected.length)
        bench_ui.settle()
        for name in ("cut", "delete", "paste", "paste_insert", "paste_mix", "silence", "trim"):
            view = timeline.start, timeline.stop
            editor.set_clipboard(copied)
            timeline.select(selected)
            bench_ui.turn_until(lambda: bool(window.view.spectrogram.picture.complete), 600)
            bench_ui.settle(0.4)
            steps = (name, getattr(editing, name)), ("undo", editor.undo), ("redo", editor.redo)
            for step, do in steps:
                label = f"{name}, {seen}" if step == name else f"{step} of {name}, {seen}"
                held, first, finest = measure_step(window, do)
                figures[f"{label}, ms"] = first
                figures[f"{label}, held, ms"] = held
                figures[f"{label}, finest, ms"] = finest
                bench_ui.settle(0.4)
            editor.undo()
            timeline.show(*view)
            bench_ui.settle(0.4)
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
    figures["first pictures, s"] = figures["finest picture, s"] = time.perf_counter() - start
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
    figures["pan, frames/s"] = frames_per_second(pan, [widget.viewport()])
    figures["zoom, frames/s"] = frames_per_second(zoom, [widget.viewport()])
    figures["memory, MB"] = memory_mb()
    return figures


def measured_apart(side: str, path: Path) -> Figures:
    """Measure one side in a process of its own; what it could not do is told, and it has no figures."""
    command = [sys.executable, __file__, "--side", side, "--file", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.stderr.write(f"{side}: ended with {done.returncode}\n{done.stderr[-2000:]}\n")
        return {}
    figures: Figures = json.loads(done.stdout.strip().rpartition("\n")[2])
    return figures


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("minutes", nargs="?", type=float, default=10.0)
    parser.add_argument("--format", choices=("wav", "flac"), default="wav")
    parser.add_argument("--side", choices=("editor", "plain"))
    parser.add_argument("--file", type=Path)
    arguments = parser.parse_args()
    if arguments.side:
        measure = measure_editor if arguments.side == "editor" else measure_plain
        sys.stdout.write("\n" + json.dumps(measure(arguments.file)) + "\n")
        return
    sides = ["editor"] + (["plain"] if importlib.util.find_spec("pyqtgraph") else [])
    with tempfile.TemporaryDirectory() as folder:
        path = arguments.file or Path(folder) / f"long.{arguments.format}"
        if arguments.file is None:
            bench_ui.write_sound(path, arguments.minutes)
        found = [measured_apart(side, path) for side in sides]
    sys.stdout.write(f"{path.name}, at a load of {os.getloadavg()[0]:.1f}\n")
    sys.stdout.write(f"{'':<38}" + "".join(f"{side:>12}" for side in sides) + "\n")
    for name in found[0]:
        cells = "".join(f"{side[name]:12.2f}" if name in side else f"{'–':>12}" for side in found)
        sys.stdout.write(f"{name:<38}{cells}\n")


if __name__ == "__main__":
    main()
