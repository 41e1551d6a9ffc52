"""ModelCard: what a model is for, what it takes and where it comes from, and what can be done with it."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, SignalInstance
from PySide6.QtWidgets import QFormLayout, QFrame, QHBoxLayout, QLabel, QPushButton, QVBoxLayout, QWidget

from audiosr_desktop.engine.bundle import DEFAULT_BUNDLE, Bundle
from audiosr_desktop.engine.manifest import QUALITIES
from audiosr_desktop.errors import BundleError
from audiosr_desktop.ui.language import capitalised, tr, tr_message, tr_word
from audiosr_desktop.ui.readout import figures, memory_figure, own_mark


class ModelCard(QFrame):
    """A card; its buttons tell the model's id.

    Args:
        bundle: the model.
        speeds: measured real-time factors, by quality or number of steps.
    """

    verify_wanted = Signal(str)
    measure_wanted = Signal(str)
    folder_wanted = Signal(str)
    remove_wanted = Signal(str)

    def __init__(self, bundle: Bundle, speeds: Mapping[str, float], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.bundle_id = bundle.id
        self._of_plugin = bundle.of_plugin
        self._removable = not (bundle.shipped or bundle.of_plugin)
        self.setProperty("card", True)
        self.setAccessibleName(bundle.manifest.title)
        head = QHBoxLayout()
        head.addWidget(_strong(bundle.manifest.title))
        for words in _badges(bundle):
            badge = QLabel(words)
            badge.setProperty("badge", True)
            head.addWidget(badge)
        head.addStretch(1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.setSpacing(8)
        layout.addLayout(head)
        if bundle.manifest.description:
            layout.addWidget(_text(tr_message(bundle.manifest.description)))
        form = QFormLayout()
        form.setHorizontalSpacing(14)
        form.setVerticalSpacing(3)
        for name, words in facts_of(bundle, speeds):
            label = _text(name)
            label.setProperty("quiet", True)
            form.addRow(label, _text(words))
        layout.addLayout(form)
        self.status = _text("")
        self.status.setAccessibleName(tr("Result"))
        self.status.hide()
        layout.addWidget(self.status)
        layout.addLayout(self._buttons())

    def _buttons(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(8)
        self.verify_button = self._button(
            tr(
                "Verify",
            ),
            tr("Compare every file with its sum"),
            self.verify_wanted,
        )
        self.measure_button = self._button(
            tr(
                "Test here",
            ),
            tr("Run a known chunk, compare it with the reference, measure it"),
            self.measure_wanted,
        )
        self.folder_button = self._button(
            tr(
                "Show folder",
            ),
            tr("Open the model's folder"),
            self.folder_wanted,
        )
        self.remove_button = self._button(
            tr(
                "Remove…",
            ),
            tr("Delete the model from the disk"),
            self.remove_wanted,
        )
        if not self._removable:
            self.remove_button.setEnabled(False)
            self.remove_button.setToolTip(
                tr("It belongs to a plugin") if self._of_plugin else tr("It came with the program")
            )
        for button in (self.verify_button, self.measure_button, self.folder_button):
            row.addWidget(button)
        row.addStretch(1)
        row.addWidget(self.remove_button)
        return row

    def _button(self, text: str, hint: str, wanted: SignalInstance) -> QPushButton:
        button = QPushButton(text)
        button.setToolTip(hint)
        button.clicked.connect(lambda: wanted.emit(self.bundle_id))
        return button

    def set_busy(self, *, busy: bool) -> None:
        """Keep back what cannot be done while a job runs."""
        self.verify_button.setDisabled(busy)
        self.measure_button.setDisabled(busy)
        self.remove_button.setEnabled(self._removable and not busy)

    def say(self, text: str) -> None:
        """Tell how a check ended."""
        self.status.setText(text)
        self.status.setVisible(bool(text))


class ProblemCard(QFrame):
    """A folder that looks like a model and cannot be used."""

    def __init__(self, problem: BundleError, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setProperty("card", True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(16, 12, 16, 12)
        layout.addWidget(_strong(tr("Not usable")))
        layout.addWidget(_text(str(problem)))


def facts_of(bundle: Bundle, speeds: Mapping[str, float]) -> list[tuple[str, str]]:
    """Return the rows of a card: what they are called, and what they say."""
    manifest = bundle.manifest
    size = bytes_words(bundle.size_bytes)
    if manifest.borrowed:
        lenders = ", ".join(dict.fromkeys(loan.bundle for loan in manifest.borrowed.values()))
        size += tr(", and graphs of {lenders}", lenders=lenders)
    rows = [
        (tr("For"), ", ".join(tr_message(task) for task in manifest.tasks)),
        (tr("On disk"), size),
        (tr("In memory"), memory_words(bundle.memory_bytes)),
        (tr("Speed here"), speed_words(speeds, manifest.speeds)),
        (tr("Licence"), manifest.license),
    ]
    training = manifest.about.get("training")
    if isinstance(training, dict) and training.get("data"):
        rows.append((tr("Trained on"), str(training["data"])))
    source = manifest.about.get("source")
    if isinstance(source, str) and source:
        rows.append((tr("Source"), source))
    return rows


def memory_words(count: int) -> str:
    """Return an estimate of memory in words: about 400 MB, about 4.4 GB."""
    return tr("about {memory}", memory=memory_figure(count))


def speed_words(speeds: Mapping[str, float], elsewhere: Mapping[str, float]) -> str:
    """Return real-time factors in words: seconds of work for a second of one channel.

    Args:
        speeds: measured here, by quality.
        elsewhere: on two cores, as the model's maker says; told while nothing was measured here.
    """
    if words := _qualities(speeds):
        return tr("{join} s for each second of a channel", join=words)
    if words := _qualities(elsewhere):
        return tr("not measured yet; on two cores {join} s for each second of a channel", join=words)
    return tr("not measured yet")


def _qualities(speeds: Mapping[str, float]) -> str:
    return " · ".join(
        f"{capitalised(tr_word(quality))} {own_mark(f'{speeds[quality]:.2g}')}"
        for quality in QUALITIES
        if quality in speeds
    )


def bytes_words(count: int) -> str:
    """Return a size on disk: 21.5 MB, 2.69 GB."""
    return f"{figures(count / 1e9, '.2f')} GB" if count >= 1e9 else f"{figures(count / 1e6, '.1f')} MB"


def _badges(bundle: Bundle) -> list[str]:
    recommended = [tr("Recommended")] if bundle.id == DEFAULT_BUNDLE else []
    if bundle.of_plugin:
        return [*recommended, tr("Of a plugin")]
    return [*recommended, tr("Came with the program") if bundle.shipped else tr("Imported")]


def _text(words: str) -> QLabel:
    label = QLabel(words)
    label.setTextFormat(Qt.TextFormat.PlainText)  # manifests come from anywhere
    label.setWordWrap(True)
    return label


def _strong(words: str) -> QLabel:
    label = _text(words)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    label.setWordWrap(False)
    return label
