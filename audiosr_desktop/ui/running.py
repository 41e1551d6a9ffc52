"""Running: what the window shows of the job that runs, of the device that computes it, and of its result."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from audiosr_desktop.job import Progress
from audiosr_desktop.ui.device_words import device_words
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import figures
from audiosr_desktop.ui.restoring import Restored
from audiosr_desktop.ui.run_summary import summary_of

if TYPE_CHECKING:
    from audiosr_desktop.ui.window_frame import WindowFrame

_ASK_FROM_S = 60.0  # of work that a cancelled job would lose


class Running(QObject):
    """Keeps the job panel, the summary of a run and the device in the status bar up to date.

    Args:
        window: whose they are.
    """

    def __init__(self, window: "WindowFrame") -> None:
        super().__init__(window)
        self._window = window
        self._editor, self._panel, self._status = window.editor, window.panel, window.status
        editor, panel = self._editor, self._panel.job_panel
        editor.runner.started.connect(self._on_started)
        editor.runner.progressed.connect(panel.on_progressed)
        editor.runner.progressed.connect(self._on_progressed)
        editor.runner.ended.connect(panel.on_ended)
        editor.applying.restored.connect(self._on_restored)
        editor.emergence.offer_changed.connect(self._on_offer_changed)
        panel.device = self.device_words
        panel.cancel_wanted.connect(self.cancel)
        panel.keep_wanted.connect(editor.emergence.keep)

    @Slot()
    def cancel(self) -> None:
        """Cancel the running job; asks when more than a minute of work would be lost."""
        runner = self._editor.runner
        if not runner.busy:
            return
        told = tr(
            "{job} has run for {minutes} min.",
            job=runner.title,
            minutes=figures(runner.elapsed_s / 60, ".0f"),
        )
        if self._editor.emergence.has_finished:
            told += " " + tr("What it has finished can be kept.")
        if runner.elapsed_s > _ASK_FROM_S and not self._window.dialogs.confirm(
            tr("Cancel the job?"), told, tr("Cancel the job")
        ):
            return
        self._panel.job_panel.acknowledge_cancel()
        runner.cancel()

    def device_words(self) -> str:
        """Return what computes now, as the running effect tells it; empty while no model runs."""
        editor = self._editor
        device = str(editor.catalogue.report.get("device", "")) if editor.emergence.follows else ""
        return device_words(device) if device else ""

    @Slot(object)
    def show_device(self, result: Restored) -> None:
        """Name the device that computed a result."""
        self._status.show_device(result.facts)
        self._window.windows.device = self._status.details

    @Slot(str)
    def _on_started(self, title: str) -> None:
        self._panel.job_panel.on_started(title)
        self._panel.show_summary("")

    @Slot(object)
    def _on_progressed(self, _progress: Progress) -> None:
        """Name the device as soon as the running model tells it."""
        words = self.device_words()
        if words and words != self._status.device.text():
            self._status.show_device(dict(self._editor.catalogue.report))

    @Slot(object)
    def _on_restored(self, result: Restored) -> None:
        self._panel.show_summary(summary_of(result))
        self.show_device(result)

    @Slot()
    def _on_offer_changed(self) -> None:
        self._panel.job_panel.offer(self._editor.emergence.offer_text())
