"""JobPanel: the running job with its progress, the time it still takes, and Cancel."""

import math
import time
from collections.abc import Callable

from PySide6.QtCore import Qt, QTimer, Signal, Slot
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from audiosr_desktop.job import Progress
from audiosr_desktop.ui.job_runner import JobEnd
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.readout import format_length

_STEPS = 1000
_GUESS_FROM_S = 1.0  # before this a guess of the time left says nothing
_SHOW_AFTER_MS = 120  # a shorter job only flickers


class JobPanel(QWidget):
    """Shown while a job runs; afterwards it says how the last one ended.

    `device` tells what computes, in words; empty as long as that is not known, or no model runs.
    """

    cancel_wanted = Signal()
    keep_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = QLabel()
        self.title.setWordWrap(True)
        self.stage = QLabel()
        self.stage.setProperty("quiet", True)
        self.stage.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setRange(0, _STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.percent = QLabel()
        self.percent.setMinimumWidth(self.percent.fontMetrics().horizontalAdvance("100 %"))
        self.percent.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.times = QLabel()
        self.times.setProperty("quiet", True)
        self.times.setWordWrap(True)
        self.cancel_button = QPushButton(tr("Cancel"))
        self.cancel_button.setToolTip(tr("Cancel the job (Ctrl+.)"))
        self.cancel_button.clicked.connect(self._on_cancel)
        self.keep_button = QPushButton()
        self.keep_button.setToolTip(tr("Put what was finished before the end into the document"))
        self.keep_button.clicked.connect(self._on_keep)
        self.keep_button.hide()
        foot = QHBoxLayout()
        foot.addWidget(self.times, 1)
        foot.addWidget(self.cancel_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self.title, self.stage):
            layout.addWidget(widget)
        head = QHBoxLayout()
        head.addWidget(self.bar, 1)
        head.addWidget(self.percent)
        layout.addLayout(head)
        layout.addLayout(foot)
        layout.addWidget(self.keep_button)
        self.device: Callable[[], str] = str
        self._began = 0.0
        self._fraction = 0.0
        self._running = False
        self._clock = QTimer(self)
        self._clock.setInterval(250)
        self._clock.timeout.connect(self._show_times)
        self._show_bar(shown=False)

    @Slot(str)
    def on_started(self, title: str) -> None:
        """Show a job that begins."""
        self._began, self._fraction, self._running = time.monotonic(), 0.0, True
        self.title.setText(title)
        self.stage.setText(tr("Starting…"))
        self.times.clear()
        self._show_fraction()
        self.cancel_button.setEnabled(True)
        self._clock.start()
        QTimer.singleShot(_SHOW_AFTER_MS, self, self._on_late)

    @Slot(object)
    def on_progressed(self, progress: Progress) -> None:
        """Show how far it is; the bar never goes back."""
        self._fraction = max(self._fraction, progress.fraction)
        self._show_fraction()
        self.stage.setText(tr_message(progress.stage))

    @Slot(object)
    def on_ended(self, end: JobEnd) -> None:
        """Say how it ended."""
        self._running = False
        self._clock.stop()
        self._show_bar(shown=False)
        self.stage.setText(end_words(end))

    def offer(self, text: str) -> None:
        """Show a button of this text that keeps what was finished; an empty one takes it away."""
        self.keep_button.setText(text)
        self.keep_button.setVisible(bool(text))

    def clear(self) -> None:
        """Forget how the last job ended."""
        if not self._running:
            self.title.clear()
            self.stage.clear()

    def acknowledge_cancel(self) -> None:
        """Say that Cancel was heard."""
        if self._running:
            self.cancel_button.setEnabled(False)
            self.stage.setText(tr("Cancelling…"))
            self.times.clear()

    def _show_fraction(self) -> None:
        self.bar.setValue(round(self._fraction * _STEPS))
        self.percent.setText(f"{math.floor(100 * self._fraction)} %")

    @Slot()
    def _on_late(self) -> None:
        if self._running:
            self._show_bar(shown=True)

    @Slot()
    def _on_cancel(self) -> None:
        self.cancel_wanted.emit()

    @Slot()
    def _on_keep(self) -> None:
        self.stage.clear()  # it says that nothing was changed
        self.keep_wanted.emit()

    def _show_bar(self, *, shown: bool) -> None:
        for widget in (self.bar, self.percent, self.times, self.cancel_button):
            widget.setVisible(shown)

    @Slot()
    def _show_times(self) -> None:
        elapsed = time.monotonic() - self._began
        text = tr("{time} elapsed", time=rough_time(elapsed))
        if elapsed >= _GUESS_FROM_S and self._fraction > 0.02:
            left = elapsed * (1.0 - self._fraction) / self._fraction
            text += tr(" · about {time} left", time=rough_time(left)) if self._fraction < 1.0 else ""
        device = self.device()
        if self.cancel_button.isEnabled():
            self.times.setText(f"{text} · {device}" if device else text)


def end_words(end: JobEnd) -> str:
    """Return how a job ended."""
    if end.cancelled:
        return tr("Cancelled. Nothing was changed.")
    if end.error is not None:
        return tr("Failed. Nothing was changed.")
    return tr("Done in {length}.", length=format_length(end.elapsed_s))


def rough_time(seconds: float) -> str:
    """Return a time to wait, no finer than one can guess it: "17 s", "3 min", "2 h 5 min"."""
    whole = max(1, round(seconds))
    if whole < 100:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"
