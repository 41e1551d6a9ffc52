"""Asking: edits that need values from the user before they begin."""

from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from audiosr_desktop.ui.editing import GENERATE, LENGTH, SAMPLE_RATE, Editing, channel_choice
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.language import tr

if TYPE_CHECKING:
    from audiosr_desktop.ui.dialogs.dialogs import Dialogs


class Asking(QObject):
    """Asks for the values of an edit, and has it made.

    Args:
        editor: the document.
        editing: makes the edits.
        dialogs: what asks the user.
    """

    def __init__(
        self, editor: Editor, editing: Editing, dialogs: "Dialogs", parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor, self._editing, self._dialogs = editor, editing, dialogs

    def generate(self) -> None:
        """Ask what to generate, and put it at the selection or the playhead."""
        effect = self._editor.catalogue.effects.get(GENERATE)
        if effect is not None:
            length = () if self._editor.timeline.selection is not None else (LENGTH,)
            values = self._dialogs.values(tr("Generate"), [*length, *effect.parameters])
            if values is not None:
                self._editing.generate(values, float(values.pop(LENGTH.id, 0.0)))

    def resample(self) -> None:
        """Ask for a sample rate, and change that of the document."""
        if self._editor.sound is not None:
            rate = replace(SAMPLE_RATE, default=self._editor.sound.sample_rate)
            values = self._dialogs.values(tr("Change the sample rate"), [rate])
            if values is not None:
                self._editing.resample(int(values[SAMPLE_RATE.id]))

    def change_channels(self) -> None:
        """Ask what becomes of the channels, and do it."""
        if self._editor.sound is not None:
            how = channel_choice(self._editor.sound.channels)
            values = self._dialogs.values(tr("Change the channels"), [how])
            if values is not None:
                self._editing.change_channels(str(values[how.id]))
