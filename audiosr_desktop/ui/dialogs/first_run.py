"""FirstRunDialog: a few choices at the very first start. It can be skipped, and opened again from Help."""

import math
from collections.abc import Callable

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import capitalised, tr
from audiosr_desktop.ui.panels.fields import ChoiceBox
from audiosr_desktop.ui.panels.forms import level_labels
from audiosr_desktop.ui.settings import Setting, Settings

_RATE = 48_000
_TONE_S = 0.6


class FirstRunDialog(QDialog):
    """Audio output test, what computes, theme and opening view.

    Args:
        settings: where the choices go.
        device: what will compute, in words.
        play: plays a sound; returns why it cannot, or nothing.
    """

    def __init__(
        self,
        settings: Settings,
        device: str,
        play: Callable[[Sound], str],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Welcome to AudioSR Desktop"))
        self._settings, self._play = settings, play
        self.test = QPushButton(tr("Play a test tone"))
        self.test.setAutoDefault(False)
        self.test.clicked.connect(self._on_test)
        self.heard = QLabel(tr("Two rising tones, left then right."))
        self.heard.setProperty("quiet", True)
        self.heard.setWordWrap(True)
        output = QHBoxLayout()
        output.addWidget(self.test)
        output.addWidget(self.heard, 1)
        form = QFormLayout()
        form.addRow(tr("Sound output"), output)
        form.addRow(tr("Computes on"), QLabel(device))
        self.view = self._words(Settings.opening_view, settings.opening_view)
        self.theme = self._words(Settings.theme, settings.theme)
        form.addRow(tr("Show at first"), self.view)
        form.addRow(tr("Theme"), self.theme)
        hint = QLabel(tr("All of this can be changed later in the preferences."))
        hint.setProperty("quiet", True)
        first = QLabel(
            tr("An example is open: press the large button at the right, then A to hear before and after.")
        )
        first.setWordWrap(True)
        buttons = QDialogButtonBox()
        self.start = buttons.addButton(tr("Start"), QDialogButtonBox.ButtonRole.AcceptRole)
        self.start.setProperty("primary", True)
        self.skip = buttons.addButton(tr("Skip"), QDialogButtonBox.ButtonRole.RejectRole)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(24, 20, 24, 16)
        layout.setSpacing(14)
        heading = QLabel(tr("Welcome"))
        heading.setProperty("heading", True)
        layout.addWidget(heading)
        layout.addWidget(first)
        layout.addLayout(form)
        layout.addWidget(hint)
        level_labels(form)
        layout.addWidget(buttons)
        self.resize(520, self.sizeHint().height())
        explain(self)

    def _words(self, setting: Setting[str], value: str) -> ChoiceBox:
        box = ChoiceBox()
        for choice in setting.choices:
            box.addItem(capitalised(tr(choice)), choice)
        box.setCurrentIndex(box.findData(value))
        return box

    @Slot()
    def _on_test(self) -> None:
        trouble = self._play(two_tones())
        self.heard.setText(trouble or tr("Two rising tones, left then right."))

    def accept(self) -> None:
        """Take what was chosen."""
        self._settings.opening_view = str(self.view.currentData())
        self._settings.theme = str(self.theme.currentData())
        super().accept()

    def done(self, result: int) -> None:
        """Do not come again by itself, however it was closed."""
        self._settings.first_run = False
        super().done(result)


def two_tones() -> Sound:
    """Return a quiet rising tone on the left, then on the right."""
    count = round(_TONE_S * _RATE)
    place = np.arange(count) / count
    phase = 2 * math.pi * np.cumsum(330.0 * 2.0**place) / _RATE
    tone = 0.1 * np.sin(phase) * np.sin(math.pi * place)
    silence = np.zeros(count)
    both = np.stack([np.concatenate([tone, silence]), np.concatenate([silence, tone])])
    return Sound.from_array(both.astype(np.float32), _RATE)
