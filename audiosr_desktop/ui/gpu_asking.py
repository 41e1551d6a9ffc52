"""GpuAsking: looks at the GPU before the first run that asks for it, and says plainly when it is missed."""

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from audiosr_desktop.effects.effect import Value
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui.dialogs.about_dialog import report
from audiosr_desktop.ui.dialogs.gpu_dialog import GpuNotice
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.forecast import Forecast
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.panels.job_panel import rough_time
from audiosr_desktop.ui.panels.restore_panel import RestorePanel

if TYPE_CHECKING:
    from audiosr_desktop.engine.cuda import Check
    from audiosr_desktop.ui.dialogs.dialogs import Dialogs

Values = Mapping[str, Value]
_CPU, _DEVICE = "cpu", "device"


class GpuAsking(QObject):
    """Applies effects; asks once in a session, and who chose the processor then gets it for every such run.

    Args:
        editor: what looks at the machine and applies.
        panel: whose form shows the processor as the device when that is used instead.
        forecast: tells how long that will take.
        dialogs: what asks.
    """

    def __init__(self, editor: Editor, panel: RestorePanel, forecast: Forecast, dialogs: "Dialogs") -> None:
        super().__init__(editor)
        self._editor, self._panel, self._forecast, self._dialogs = editor, panel, forecast, dialogs
        self.look: Callable[[], Job[list[Check]]] = _look
        self._usable: bool | None = None  # None is not looked at yet
        self._waiting: tuple[str, Values] | None = None
        editor.runner.ended.connect(self._on_ended)

    def apply(self, effect_id: str, values: Values) -> None:
        """Apply an effect, on the processor where the GPU that it asks for cannot be used.

        Nothing is run when the user would rather not do that.
        """
        if not str(values.get(_DEVICE, "")).startswith("cuda") or self._usable:
            self._editor.applying.apply(effect_id, values)
        elif self._usable is False:
            self._apply_on_cpu(effect_id, values)
        elif self._editor.runner.start(tr("Look at the GPU"), self.look(), self._on_looked):
            self._waiting = effect_id, values

    def _apply_on_cpu(self, effect_id: str, values: Values) -> None:
        if self._panel.chosen_id == effect_id:
            self._panel.set_value(_DEVICE, _CPU)
        self._editor.applying.apply(effect_id, {**values, _DEVICE: _CPU})

    def _on_looked(self, checks: "Sequence[Check]") -> None:
        bad = next((check for check in checks if not check.good), None)
        if bad is None:
            self._usable = True
            return
        if self._waiting is None:
            return
        effect_id, values = self._waiting
        found = self._forecast.of_steps([(effect_id, {**values, _DEVICE: _CPU})])
        if self._dialogs.gpu_missed(_notice(bad, checks, found.seconds if found is not None else 0.0)):
            self._usable = False
        else:
            self._waiting = None

    @Slot(object)
    def _on_ended(self, _end: object) -> None:
        """Begin the run once the look is over: only then the runner is free."""
        waiting, self._waiting = self._waiting, None
        if waiting is not None and self._usable is not None:
            self.apply(*waiting)


def _notice(bad: "Check", checks: "Sequence[Check]", seconds: float) -> GpuNotice:
    text = tr(
        "The GPU cannot be used: {reason}. On the CPU this takes about {time}.",
        reason=tr_message(bad.found),
        time=rough_time(seconds),
    )
    lines = [f"{'✓' if check.good else '✗'} {check.name}: {tr_message(check.found)}" for check in checks]
    lines += [tr_message(check.advice) for check in checks if check.advice]
    plain = [f"{check.name}: {check.found} {check.advice}".rstrip() for check in checks]
    return GpuNotice(text, "\n".join(lines), "\n".join([report(_CPU), *plain]))


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
