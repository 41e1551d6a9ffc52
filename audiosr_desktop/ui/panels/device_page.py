"""DevicePage: threads, memory on a GPU, and a test of the device; a page of the preferences."""

from PySide6.QtCore import Slot
from PySide6.QtWidgets import QFormLayout, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from audiosr_desktop.job import Job, Progress, part_of
from audiosr_desktop.ui.device_words import report_words
from audiosr_desktop.ui.job_runner import JobEnd, JobRunner
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.panels.fields import NumberBox
from audiosr_desktop.ui.panels.forms import level_labels
from audiosr_desktop.ui.settings import Settings

_MOST_THREADS = 64
_MOST_MEBI = 131_072


class DevicePage(QWidget):
    """Settings of what computes; they hold from the next run on."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self.runner = JobRunner(self)
        self.threads = _whole(_MOST_THREADS, settings.threads, tr("Automatic"))
        self.threads.setAccessibleName(tr("Threads"))
        self.threads.setToolTip(tr("Of the processor that a model may use"))
        self.memory = _whole(_MOST_MEBI, settings.gpu_memory_mb, tr("No limit"))
        self.memory.setSingleStep(512)
        self.memory.setSuffix(tr(" MB"))
        self.memory.setAccessibleName(tr("Memory on a GPU"))
        self.memory.setToolTip(tr("Most that each graph of a model may hold there"))
        self.test = QPushButton(tr("Test device"))
        self.test.setToolTip(
            tr(
                "Run a known chunk through the recommended model and compare with the reference",
            )
        )
        self.cancel = QPushButton(tr("Cancel"))
        self.cancel.hide()
        self.result = QLabel()
        self.result.setWordWrap(True)
        self.result.setAccessibleName(tr("Result of the test"))
        form = QFormLayout()
        form.setHorizontalSpacing(18)
        form.setVerticalSpacing(10)
        form.addRow(tr("Threads"), self.threads)
        form.addRow(tr("Memory on a GPU"), self.memory)
        row = QHBoxLayout()
        row.addWidget(self.test)
        row.addWidget(self.cancel)
        row.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 16, 16, 16)
        layout.setSpacing(12)
        layout.addLayout(form)
        layout.addLayout(row)
        level_labels(form)
        layout.addWidget(self.result)
        layout.addStretch(1)
        self.threads.valueChanged.connect(self._on_threads)
        self.memory.valueChanged.connect(self._on_memory)
        self.test.clicked.connect(self._on_test)
        self.cancel.clicked.connect(self.runner.cancel)
        self.runner.progressed.connect(self._on_progressed)
        self.runner.ended.connect(self._on_ended)

    @Slot(float)
    def _on_threads(self, value: float) -> None:
        self._settings.threads = round(value)

    @Slot(float)
    def _on_memory(self, value: float) -> None:
        self._settings.gpu_memory_mb = round(value)

    @Slot()
    def _on_test(self) -> None:
        settings = self._settings
        self.test.setEnabled(False)
        self.cancel.show()
        self.result.setText(tr("Testing…"))
        job = _test(settings.threads, settings.gpu_memory_mb << 20)
        self.runner.start(tr("Test device"), job, self.result.setText)

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        self.result.setText(f"{tr_message(progress.stage)}…")

    @Slot(object)
    def _on_ended(self, end: JobEnd) -> None:
        self.test.setEnabled(True)
        self.cancel.hide()
        if end.cancelled:
            self.result.setText(tr("Cancelled."))
        elif end.error is not None:
            self.result.setText(str(end.error))


def _test(threads: int, gpu_memory_bytes: int) -> Job[str]:
    """Return in words how the device does with the recommended model."""
    # these load the engine: not while the program starts
    from audiosr_desktop.engine.bundle import Verifier, find_bundle  # noqa: PLC0415
    from audiosr_desktop.engine.device_test import try_device  # noqa: PLC0415

    bundle = find_bundle()
    yield from part_of(Verifier().verify(bundle), 0.0, 0.1)
    testing = try_device(bundle, threads=threads, gpu_memory_bytes=gpu_memory_bytes)
    return report_words((yield from part_of(testing, 0.1, 1.0)))


def _whole(maximum: int, value: int, automatic: str) -> NumberBox:
    box = NumberBox()
    box.setDecimals(0)
    box.setRange(0, maximum)
    box.setSpecialValueText(automatic)
    box.setValue(value)
    return box
