"""GpuAsking: looks at the GPU before the first run that asks for it, and says plainly when it is missed."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui.dialogs.about_dialog import report
from audiosr_desktop.ui.dialogs.gpu_dialog import GpuNotice
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.forecast import Forecast
from audiosr_desktop.ui.gate import CPU, DEVICE, Go, Steps, asks_for_gpu, on_processor
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.panels.job_panel import rough_time
from audiosr_desktop.ui.panels.restore_panel import RestorePanel

if TYPE_CHECKING:
    from audiosr_desktop.engine.cuda import Check
    from audiosr_desktop.ui.dialogs.dialogs import Dialogs


class GpuAsking(QObject):
    """Asks once in a session; who chose the processor then gets it for every run that wants a GPU.

    Args:
        editor: whose runs go through its `gate`: effects, chains, repetitions, takes, batches.
        panel: whose form shows the processor as the device when that is used instead.
        forecast: tells how long that will take.
        dialogs: what asks.
    """

    def __init__(self, editor: Editor, panel: RestorePanel, forecast: Forecast, dialogs: "Dialogs") -> None:
        super().__init__(editor)
        self._editor, self._panel, self._forecast, self._dialogs = editor, panel, forecast, dialogs
        self.look: Callable[[], Job[list[Check]]] = _look
        self._usable: bool | None = None  # None is not looked at yet
        self._waiting: tuple[Steps, Go, float | None] | None = None
        editor.gate = self.let_go
        editor.runner.ended.connect(self._on_ended)

    def let_go(self, steps: Steps, go: Go, *, seconds: float | None = None) -> bool:
        """Let a run go, on the processor where the GPU that it asks for cannot be used.

        Nothing is run when the user would rather not do that.
        """
        if self._usable or not any(asks_for_gpu(values) for _, values in steps):
            return go(False)
        if self._usable is False:
            if any(effect_id == self._panel.chosen_id for effect_id, _ in steps):
                self._panel.set_value(DEVICE, CPU)
            return go(True)
        if not self._editor.runner.start(tr("Look at the GPU"), self.look(), self._on_looked):
            return False
        self._waiting = steps, go, seconds
        return True

    def _on_looked(self, checks: "Sequence[Check]") -> None:
        bad = next((check for check in checks if not check.good), None)
        if bad is None:
            self._usable = True
            return
        if self._waiting is None:
            return
        steps, _, seconds = self._waiting
        steps = [(effect_id, on_processor(values)) for effect_id, values in steps]
        forecast = self._forecast
        found = forecast.of_steps(steps) if seconds is None else forecast.of_files(steps, seconds)
        if self._dialogs.gpu_missed(_notice(bad, checks, found.seconds if found is not None else 0.0)):
            self._usable = False
        else:
            self._waiting = None

    @Slot(object)
    def _on_ended(self, _end: object) -> None:
        """Begin the run once the look is over: only then the runner is free."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and self._usable is not None:
            steps, go, seconds = waiting
            self.let_go(steps, go, seconds=seconds)


def _notice(bad: "Check", checks: "Sequence[Check]", seconds: float) -> GpuNotice:
    text = tr(
        "The GPU cannot be used: {reason}. On the CPU this takes about {time}.",
        reason=tr_message(bad.found),
        time=rough_time(seconds),
    )
    lines = [f"{'✓' if check.good else '✗'} {check.name}: {tr_message(check.found)}" for check in checks]
    lines += [tr_message(check.advice) for check in checks if check.advice]
    plain = [f"{check.name}: {check.found} {check.advice}".rstrip() for check in checks]
    return GpuNotice(text, "\n".join(lines), "\n".join([report(CPU), *plain]))


def _look() -> "Job[list[Check]]":
    yield Progress(0.0, tr("Looking at the GPU"))
    from audiosr_desktop.engine.cuda import check_machine  # noqa: PLC0415 - loads the runtime

    checks = []
    for check in check_machine():
        checks.append(check)
        yield Progress(len(checks) / 3, tr("Looking at the GPU"))
        if not check.good:
            break  # what follows needs it
    return checks
