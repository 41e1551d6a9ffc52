"""Benchmarking: measures a model in the background, the first time that an estimate for it is wanted."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal, Slot

from audiosr_desktop.effects.effect import Value
from audiosr_desktop.effects.timing import SUPER_RESOLUTION, ModelCost, Timings
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.job_thread import JobThread

if TYPE_CHECKING:
    from audiosr_desktop.effects.benchmark import Speed

REST_MS = 1500  # after the last change, and while something else goes on
_LEARNED_S = 60.0  # of sound: as much as a result counts that is a factor already


class Benchmarking(QObject):
    """Runs a few seconds of a model while nothing else runs or plays; a job, a preview or playing ends it.

    Args:
        editor: what else goes on, and the catalogue that has the measurement.
        timings: take the result.
    """

    changed = Signal()  # it begins, or has ended

    def __init__(self, editor: Editor, timings: Timings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._timings = editor, timings
        self._wanted: tuple[dict[str, Value], ModelCost] | None = None
        self._measured: tuple[dict[str, Value], ModelCost] | None = None
        self._thread: JobThread | None = None
        self._left: set[tuple[str, str, str]] = (
            set()
        )  # what was skipped or failed: not again before the next start
        self._rest = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest.timeout.connect(self._run)
        self._held = False  # while a preview is on
        self._closed = False
        editor.runner.started.connect(self.interrupt)
        editor.transport.state_changed.connect(self._on_transport_changed)

    @property
    def running(self) -> bool:
        """Whether a model is being measured."""
        return self._thread is not None

    def want(self, values: Mapping[str, Value] | None, cost: ModelCost | None = None) -> None:
        """Ask for the speed of the model that values name; None asks for nothing any more."""
        if self._closed or values is None or cost is None or self._editor.catalogue.benchmark is None:
            self._wanted = None
            self._rest.stop()
            return
        wanted = (dict(values), cost)
        if _name(*wanted) in self._left or (
            self._measured is not None and _name(*wanted) == _name(*self._measured)
        ):
            return
        self._wanted = wanted
        self._rest.start()

    @Slot()
    def skip(self) -> None:
        """End it, and do without it until the next start."""
        if self._measured is not None:
            self._left.add(_name(*self._measured))
        self.interrupt()

    @Slot()
    def interrupt(self) -> None:
        """End it for now."""
        if self._thread is not None:
            self._thread.requestInterruption()

    def hold(self, held: bool) -> None:
        """End it, and begin none, while a preview is on."""
        self._held = held
        if held:
            self.interrupt()

    def close(self) -> None:
        """End the thread, and begin none any more."""
        self._closed = True
        self._rest.stop()
        if self._thread is not None:
            self._thread.requestInterruption()
            self._thread.wait()

    @Slot()
    def _on_transport_changed(self) -> None:
        if self._editor.transport.playing:
            self.interrupt()

    @Slot()
    def _run(self) -> None:
        benchmark = self._editor.catalogue.benchmark
        if self._wanted is None or self._thread is not None or benchmark is None:
            return
        if self._held or self._editor.runner.busy or self._editor.transport.playing:
            self._rest.start()
            return
        self._measured, self._wanted = self._wanted, None
        thread = JobThread(benchmark(self._measured[0]), self)
        self._thread = thread
        thread.succeeded.connect(self._on_succeeded)
        thread.failed.connect(self._on_failed)
        thread.finished.connect(self._on_finished)
        thread.start()
        self.changed.emit()

    @Slot(object)
    def _on_succeeded(self, speed: "Speed") -> None:
        if self._measured is not None:
            values, cost = self._measured
            self._timings.learn(
                SUPER_RESOLUTION,
                values,
                duration_s=_LEARNED_S,
                channels=1,
                elapsed_s=speed.rtf * _LEARNED_S,
                cost=cost,
                device=speed.device,
            )

    @Slot(Exception)
    def _on_failed(self, _error: Exception) -> None:
        """Leave it: a run will tell why the model does not work, and there the user can do something."""
        if self._measured is not None:
            self._left.add(_name(*self._measured))

    @Slot()
    def _on_finished(self) -> None:
        thread, self._thread, self._measured = self._thread, None, None
        if thread is not None:
            thread.retire()
        self.changed.emit()


def _name(values: Mapping[str, Value], cost: ModelCost) -> tuple[str, str, str]:
    return cost.key, str(values.get("device", "")), str(values.get("steps") or values.get("quality", ""))
