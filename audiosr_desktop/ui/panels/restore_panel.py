"""RestorePanel: which effect, its values, and the button that applies it."""

from collections.abc import Mapping

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import QFrame, QLabel, QPushButton, QScrollArea, QVBoxLayout, QWidget

from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.ui.panels.fields import ChoiceBox
from audiosr_desktop.ui.panels.job_panel import JobPanel
from audiosr_desktop.ui.panels.parameter_form import Choices, ParameterForm
from audiosr_desktop.ui.readout import format_length
from audiosr_desktop.ui.timeline import Timeline

_RESTORING = {"audiosr.restore", "audiosr.super-resolution"}


class RestorePanel(QWidget):
    """The one form for every effect. Values are kept for each effect while the program runs."""

    apply_wanted = Signal()
    effect_chosen = Signal(str)

    def __init__(self, timeline: Timeline, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._timeline = timeline
        self._effects: Mapping[str, Effect] = {}
        self._choices: Mapping[str, Choices] = {}
        self._values: dict[str, dict[str, Value]] = {}
        self._shown = ""
        self._ready = False
        self.form: ParameterForm | None = None
        self.chooser = ChoiceBox()
        self.chooser.setAccessibleName("Effect")
        self.chooser.setToolTip("What to apply")
        self.chooser.addItem("Loading effects…", "")
        self.chooser.setEnabled(False)
        self.chooser.currentIndexChanged.connect(self._on_chosen)
        self._place = QVBoxLayout()
        self._place.setContentsMargins(0, 4, 0, 4)
        self.apply_button = QPushButton("Restore")
        self.apply_button.setProperty("primary", True)
        self.apply_button.setEnabled(False)
        self.apply_button.clicked.connect(self.apply_wanted)
        self.hint = QLabel()
        self.hint.setProperty("quiet", True)
        self.hint.setWordWrap(True)
        self.job_panel = JobPanel()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.summary.setProperty("quiet", True)
        self._build()
        timeline.selection_changed.connect(self._show_target)
        timeline.sound_changed.connect(self._show_target)
        self._show_target()

    def _build(self) -> None:
        content = QWidget()
        layout = QVBoxLayout(content)
        layout.setContentsMargins(12, 8, 12, 12)
        layout.setSpacing(10)
        layout.addWidget(self.chooser)
        layout.addLayout(self._place)
        layout.addWidget(self.apply_button)
        layout.addWidget(self.hint)
        line = QFrame()
        line.setObjectName("rule")
        line.setFixedHeight(1)
        layout.addWidget(line)
        layout.addWidget(self.job_panel)
        layout.addWidget(self.summary)
        layout.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it scrolls to the control that has the focus
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(area)
        self.setMinimumWidth(304)

    @property
    def effect(self) -> Effect | None:
        """The effect that is chosen."""
        return self._effects.get(self._shown)

    def values(self) -> dict[str, Value]:
        """Return the values of the chosen effect."""
        return self.form.values() if self.form is not None else {}

    def set_effects(
        self, effects: Mapping[str, Effect], choices: Mapping[str, Choices], chosen: str = ""
    ) -> None:
        """Offer these effects, by id."""
        self._effects, self._choices = effects, choices
        self.chooser.blockSignals(True)
        self.chooser.clear()
        for effect in effects.values():
            self.chooser.addItem(effect.title, effect.id)
        self.chooser.setCurrentIndex(max(0, self.chooser.findData(chosen)))
        self.chooser.blockSignals(False)
        self.chooser.setEnabled(bool(effects))
        self._on_chosen()

    def set_value(self, name: str, value: Value) -> None:
        """Show another value of a parameter, where the chosen effect has it."""
        if self.form is not None:
            self.form.set_values({name: value})

    def show_effect(self, effect_id: str, values: Mapping[str, Value]) -> None:
        """Choose an effect and show these values of it."""
        place = self.chooser.findData(effect_id)
        if place >= 0:
            self.chooser.setCurrentIndex(place)
            if self.form is not None:
                self.form.set_values(values)

    def set_ready(self, *, ready: bool) -> None:
        """Allow the button: a document is open and no job runs."""
        self._ready = ready
        self._show_target()

    def show_summary(self, text: str) -> None:
        """Say what the last run did."""
        self.summary.setText(text)

    @Slot()
    def _on_chosen(self) -> None:
        effect_id = str(self.chooser.currentData() or "")
        effect = self._effects.get(effect_id)
        if self.form is not None:
            self._values[self._shown] = self.form.values()
            self._place.removeWidget(self.form)
            self.form.hide()  # at once: it is deleted later
            self.form.deleteLater()
            self.form = None
        self._shown = effect_id
        if effect is not None:
            self.form = ParameterForm(effect.parameters, self._choices, self._values.get(effect_id))
            self._place.addWidget(self.form)
            self.effect_chosen.emit(effect_id)
        self._show_target()

    @Slot()
    def _show_target(self) -> None:
        """Say on the button what it applies to."""
        verb = "Restore" if self._shown in _RESTORING or not self._shown else "Apply to"
        timeline = self._timeline
        selection = timeline.selection
        if not timeline.length:
            self.apply_button.setText(verb.partition(" ")[0])
            self.hint.setText("Open a sound to begin.")
        elif selection is None:
            self.apply_button.setText(f"{verb} {whole_length(timeline.length / timeline.sample_rate)}")
            self.hint.setText("The whole file. Drag in a view to select a part.")
        else:
            seconds = selection.length / timeline.sample_rate
            self.apply_button.setText(f"{verb} selection ({format_length(seconds)})")
            self.hint.setText(
                "Only the selected time and band; everything else stays bit-identical."
                if selection.has_band
                else "Only the selected time; everything else stays bit-identical."
            )
        self.apply_button.setEnabled(self._ready and self.effect is not None)


def whole_length(seconds: float) -> str:
    """Return the length of a whole file for the button: "03:12"."""
    whole = max(1, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"
