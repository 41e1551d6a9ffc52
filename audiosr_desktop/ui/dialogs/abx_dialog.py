"""AbxDialog: blind trials of two takes, with the result only at the end."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QGridLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QSpinBox,
    QWidget,
)

from audiosr_desktop.playback.abx import TRIALS, AbxResult, AbxTest, Answer
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import figures
from audiosr_desktop.ui.theme import figures_font
from audiosr_desktop.ui.transport import Transport

MOST_TRIALS = 100


class AbxDialog(QDialog):
    """Hear A, B and X as often as you like, then say which X is.

    How many trials there are and how takes are switched can be chosen until the first answer. The first sound
    comes when the takes are equally loud.

    Args:
        make: gives a new test of so many trials; its names are shown at the end.
        facts: tells how takes are listened to; asked at the end.
        transport: plays the loop.
        pair: numbers of the takes A and B.
    """

    def __init__(
        self,
        make: Callable[[int], AbxTest],
        facts: Callable[[], Mapping[str, object]],
        transport: Transport,
        pair: tuple[int, int],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._make, self._facts, self._pair = make, facts, pair
        self.test = make(TRIALS)
        self.result_found: AbxResult | None = None
        self._transport = transport
        transport.hold_takes()
        self._begun = False
        self.setWindowTitle(tr("ABX"))
        grid = QGridLayout(self)
        grid.setContentsMargins(18, 18, 18, 14)
        grid.setSpacing(10)
        self.said = QLabel()
        self.said.setFont(figures_font(self.font(), 1.2))
        self.said.setWordWrap(True)
        self.said.setMinimumWidth(420)
        grid.addWidget(self.said, 0, 0, 1, 3)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)  # the line above tells it
        self.progress.setAccessibleName(tr("Trials done"))
        grid.addWidget(self.progress, 1, 0, 1, 3)
        self.hear_buttons = {name: self._button(tr("Hear {name}", name=name), name) for name in "AXB"}
        for column, (name, button) in enumerate(self.hear_buttons.items()):
            button.setCheckable(True)
            button.clicked.connect(lambda _=False, name=name: self.hear(name))
            grid.addWidget(button, 2, column)
        self.x_is_a, self.x_is_b = self._button(tr("X is A"), "1"), self._button(tr("X is B"), "2")
        self.x_is_a.clicked.connect(lambda: self.answer("A"))
        self.x_is_b.clicked.connect(lambda: self.answer("B"))
        grid.addWidget(self.x_is_a, 3, 0)
        grid.addWidget(self.x_is_b, 3, 2)
        self.duck = QCheckBox(tr("Short silence (50 ms) at each switch"))
        self.duck.toggled.connect(transport.player.set_duck)
        grid.addWidget(self.duck, 4, 0, 1, 2)
        self.trials = QSpinBox()
        self.trials.setRange(1, MOST_TRIALS)
        self.trials.setValue(TRIALS)
        self.trials.setKeyboardTracking(False)
        self.trials.setSuffix(tr(" trials"))
        self.trials.setAccessibleName(tr("Number of trials"))
        self.trials.valueChanged.connect(self.set_trials)
        grid.addWidget(self.trials, 4, 2)
        self.export = QPushButton(tr("Export the result…"))
        self.export.setVisible(False)
        grid.addWidget(self.export, 5, 0, 1, 3)
        self.finished.connect(self._on_finished)
        transport.state_changed.connect(self._on_state)
        self._show()
        self._on_state()
        explain(self)

    @Slot()
    def _on_state(self) -> None:
        """Begin to play as soon as the takes are equally loud."""
        if not self._begun and self._transport.levels.settled:
            self._begun = True
            self._transport.blind_tests.begin(duck=self.duck.isChecked())
            self.hear("X")
            self._show()
            self.hear_buttons["X"].setFocus()

    @Slot(int)
    def set_trials(self, count: int) -> None:
        """Begin anew with another number of trials."""
        self.test = self._make(count)
        if self._begun:
            self.hear("X")
        self._show()

    def hear(self, name: str) -> None:
        """Hear A, B or X."""
        which = self.test.hidden[self.test.trial] if name == "X" and not self.test.finished else name
        self._transport.blind_tests.hear(self._pair[which == "B"])
        for other, button in self.hear_buttons.items():
            button.setChecked(other == name)

    def answer(self, answer: Answer) -> None:
        """Take an answer and go on to the next trial, or to the result."""
        self.test = self.test.answered(answer)
        if self.test.finished:
            self.test = replace(self.test, facts={**self._facts(), "duck": self.duck.isChecked()})
            self.result_found = self.test.result()
        else:
            self.hear("X")
        self._show()

    def _show(self) -> None:
        test, result = self.test, self.result_found
        self.progress.setRange(0, len(test.hidden))
        self.progress.setValue(test.trial)
        for widget in (self.x_is_a, self.x_is_b, self.hear_buttons["X"]):
            widget.setEnabled(self._begun and result is None)
        for name in "AB":
            self.hear_buttons[name].setEnabled(self._begun)
        self.duck.setEnabled(test.trial == 0)
        self.trials.setEnabled(test.trial == 0)
        self.export.setVisible(result is not None)
        if not self._begun:
            self.said.setText(tr("Matching the levels…"))
            return
        if result is None:
            self.said.setText(
                tr(
                    "Trial {number} of {count}: is X the same as A or as B?",
                    number=test.trial + 1,
                    count=len(test.hidden),
                )
            )
            return
        verdict = tr("You hear a difference.") if result.heard else tr("No difference was shown.")
        self.said.setText(
            tr(
                "{correct} of {total} correct, p = {p_value}. {verdict}\nA was {first}, B was {second}.",
                correct=result.correct,
                total=result.total,
                p_value=figures(result.p_value, ".2g"),
                verdict=verdict,
                first=test.names[0],
                second=test.names[1],
            )
        )
        self.said.setMinimumHeight(self.said.heightForWidth(self.said.width()))  # wrapped lines need more
        self.adjustSize()

    @Slot()
    def _on_finished(self) -> None:
        self._transport.state_changed.disconnect(self._on_state)
        if self._begun:
            self._transport.blind_tests.end()
        self._transport.free_takes()

    def _button(self, text: str, key: str) -> QPushButton:
        button = QPushButton(f"{text}  ({key})")
        button.setAutoDefault(False)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        QShortcut(QKeySequence(key), self).activated.connect(button.click)
        return button
