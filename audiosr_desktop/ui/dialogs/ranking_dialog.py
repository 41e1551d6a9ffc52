"""RankingDialog: marks for all takes, the hidden reference and an anchor, in blind order."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtWidgets import QCheckBox, QDialog, QGridLayout, QLabel, QPushButton, QSlider, QWidget

from audiosr_desktop.playback.ranking import BEST, Ranking, anchor_of
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.transport import Transport


class RankingDialog(QDialog):
    """Hear each sound beside the reference and mark it from 0 (bad) to 100 (as the reference).

    Args:
        ranking: a new one; its names are shown at the end.
        facts: tells how takes are listened to; asked at the end.
        transport: plays the loop.
        numbers: of the ranked takes; the first is the reference.
    """

    def __init__(
        self,
        ranking: Ranking,
        facts: Callable[[], Mapping[str, object]],
        transport: Transport,
        numbers: Sequence[int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._facts = facts
        self._begun = False
        self._numbers = [*numbers, len(transport.takes)]  # the anchor is played behind all takes
        self.ranking = ranking
        self._transport = transport
        transport.hold_takes()
        self.setWindowTitle(tr("Blind ranking"))
        grid = QGridLayout(self)
        grid.setContentsMargins(18, 18, 18, 14)
        grid.setSpacing(10)
        self.said = QLabel(tr("Matching the levels…"))
        self.said.setWordWrap(True)
        self.said.setMinimumWidth(460)
        grid.addWidget(self.said, 0, 0, 1, 3)
        self.hear_buttons = [QPushButton(tr("Reference"))]
        self.hear_buttons += [
            QPushButton(tr("Sound {number}", number=i + 1)) for i in range(len(ranking.stimuli))
        ]
        self.sliders: list[QSlider] = []
        self.marks: list[QLabel] = []
        for row, button in enumerate(self.hear_buttons):
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.clicked.connect(lambda _=False, row=row: self.hear(row - 1))
            grid.addWidget(button, row + 1, 0)
        for row in range(len(ranking.stimuli)):
            slider, mark = QSlider(Qt.Orientation.Horizontal), QLabel("–")
            slider.setRange(0, BEST)
            slider.setValue(BEST // 2)
            slider.setAccessibleName(tr("Mark of sound {number}", number=row + 1))
            slider.valueChanged.connect(lambda value, row=row: self.mark(row, value))
            mark.setMinimumWidth(34)
            self.sliders.append(slider)
            self.marks.append(mark)
            grid.addWidget(slider, row + 2, 1)
            grid.addWidget(mark, row + 2, 2)
        grid.setColumnStretch(1, 1)
        self.duck = QCheckBox(tr("Short silence (50 ms) at each switch"))
        self.duck.toggled.connect(transport.player.set_duck)
        grid.addWidget(self.duck, len(ranking.stimuli) + 2, 0, 1, 3)
        last = len(ranking.stimuli) + 3
        self.finish_button = QPushButton(tr("Show the result"))
        self.finish_button.setEnabled(False)
        self.finish_button.clicked.connect(self.show_result)
        grid.addWidget(self.finish_button, last, 0, 1, 3)
        self.export = QPushButton(tr("Export the result…"))
        self.export.setVisible(False)
        grid.addWidget(self.export, last + 1, 0, 1, 3)
        self.finished.connect(self._on_finished)
        for widget in (*self.hear_buttons, *self.sliders):
            widget.setEnabled(False)
        transport.state_changed.connect(self._on_state)
        self._on_state()
        explain(self)

    @Slot()
    def _on_state(self) -> None:
        """Begin to play as soon as the sounds are equally loud."""
        if not self._begun and self._transport.levels.settled:
            self._begun = True
            self.said.setText(
                tr("How near is each sound to the reference? 100 is the same; mark all of them.")
            )
            for widget in (*self.hear_buttons, *self.sliders):
                widget.setEnabled(True)
            anchor = anchor_of(self._transport.takes[self._numbers[0]])
            self._transport.blind_tests.begin(anchor, duck=self.duck.isChecked())
            self.hear(-1)

    def hear(self, number: int) -> None:
        """Hear a stimulus; -1 is the open reference."""
        self._transport.blind_tests.hear(
            self._numbers[0 if number < 0 else self.ranking.stimuli[number].take]
        )
        for row, button in enumerate(self.hear_buttons):
            button.setChecked(row - 1 == number)

    def mark(self, number: int, value: int) -> None:
        """Take a mark."""
        self.ranking = self.ranking.marked(number, value)
        self.marks[number].setText(str(value))
        self.duck.setEnabled(False)  # all marks are given under the same conditions
        self.finish_button.setEnabled(self.ranking.finished)

    @Slot()
    def show_result(self) -> None:
        """Tell the names; marks can no longer be changed."""
        for slider in self.sliders:
            slider.setEnabled(False)
        self.finish_button.setEnabled(False)
        self.ranking = replace(self.ranking, facts={**self._facts(), "duck": self.duck.isChecked()})
        self.export.setVisible(True)
        lines = [f"{mark:3d}  {stimulus.name}" for stimulus, mark in self.ranking.best_first()]
        if not self.ranking.reliable:
            lines.append(tr("The hidden reference got less than 90: the marks say little."))
        self.said.setText("\n".join(lines))

    @Slot()
    def _on_finished(self) -> None:
        self._transport.state_changed.disconnect(self._on_state)
        if self._begun:
            self._transport.blind_tests.end()
        self._transport.free_takes()
