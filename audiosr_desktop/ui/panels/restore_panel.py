"""RestorePanel: which effect, its values, and the button that applies it."""

from collections.abc import Mapping

from PySide6.QtCore import QSize, Qt, Signal, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QPushButton,
    QScrollArea,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.ui.channel_words import channels_words
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.estimate_box import EstimateBox
from audiosr_desktop.ui.panels.fields import ChoiceBox
from audiosr_desktop.ui.panels.gap_list import GapList
from audiosr_desktop.ui.panels.job_panel import JobPanel
from audiosr_desktop.ui.panels.parameter_form import Choices, ParameterForm
from audiosr_desktop.ui.panels.preset_menu import PresetMenu
from audiosr_desktop.ui.readout import format_length
from audiosr_desktop.ui.tab_order import order_tabs
from audiosr_desktop.ui.timeline import Timeline

_LEAST_WIDTH = 304
_LEARNING = ("learn_start_s", "learn_end_s")  # parameters of an effect that learns from a stretch of sound
_FILL_GAP = "audiosr.fill-gap"
_RESTORING = {"audiosr.restore", "audiosr.super-resolution"}


class RestorePanel(QWidget):
    """The one form for every effect. Values are kept for each effect while the program runs."""

    apply_wanted = Signal()
    effect_chosen = Signal(str)
    values_changed = Signal()
    preview_wanted = Signal(bool)
    window_wanted = Signal()

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
        self.chooser.setAccessibleName(tr("Effect"))
        self.chooser.setToolTip(tr("What to apply"))
        self.chooser.addItem(tr("Loading effects…"), "")
        self.chooser.setEnabled(False)
        self.chooser.currentIndexChanged.connect(self._on_chosen)
        self.presets = PresetMenu(lambda: self._shown, self)
        self.preset_button = self._make_preset_button()
        self._place = QVBoxLayout()
        self._place.setContentsMargins(0, 4, 0, 4)
        self.apply_button = QPushButton(tr("Restore"))
        self.apply_button.setProperty("primary", True)
        self.apply_button.setProperty("large", True)
        self.apply_button.setEnabled(False)
        self.apply_button.clicked.connect(self.apply_wanted)
        self.window_button = QPushButton(tr("Window of the plugin…"))
        self.window_button.setToolTip(tr("Set the values in the plugin's own window"))
        self.window_button.clicked.connect(self.window_wanted)
        self.window_button.hide()
        self.learn_button = self._make_learn_button()
        self.gaps = GapList()
        self.preview_button = QPushButton(tr("Preview"))
        self.preview_button.setCheckable(True)
        self.preview_button.setToolTip(tr("Hear 10 s with the effect, in place and looping (V)"))
        self.preview_button.setEnabled(False)
        self.preview_button.clicked.connect(self.preview_wanted)
        self.preview_text = _quiet_label()
        self.estimate = EstimateBox()
        self.estimate.draft_wanted.connect(self._on_draft)
        self.hint = QLabel()
        self.hint.setProperty("quiet", True)
        self.hint.setWordWrap(True)
        self.job_panel = JobPanel()
        self.summary = QLabel()
        self.summary.setWordWrap(True)
        self.summary.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.summary.setProperty("quiet", True)
        self._build()
        self.gaps.changed.connect(self._show_target)
        timeline.selection_changed.connect(self._show_target)
        timeline.sound_changed.connect(self._show_target)
        self._show_target()

    def _make_learn_button(self) -> QPushButton:
        button = QPushButton(tr("Learn the noise from the selection"))
        button.setToolTip(tr("Select a stretch that holds nothing but the noise"))
        button.clicked.connect(self._on_learn)
        button.hide()
        return button

    def _make_preset_button(self) -> QPushButton:
        button = QPushButton(tr("Preset"))
        button.setToolTip(tr("Values that were kept under a name"))
        button.setMenu(self.presets)
        return button

    def _build(self) -> None:
        """What is chosen and what begins it stay in sight; the values between them scroll."""
        head = QHBoxLayout()
        head.setContentsMargins(12, 8, 12, 6)
        head.setSpacing(8)
        head.addWidget(self.chooser, 1)
        head.addWidget(self.preset_button)
        self._content = content = QWidget()
        values = QVBoxLayout(content)
        values.setContentsMargins(12, 0, 12, 4)
        values.setSpacing(10)
        values.addLayout(self._place)
        for widget in (self.window_button, self.learn_button, self.gaps, self.hint, self.estimate):
            values.addWidget(widget)
        values.addStretch(1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # it scrolls to the control that has the focus
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(content)
        self._scroll_bar = area.verticalScrollBar()
        self._listening = QHBoxLayout()
        self._listening.setSpacing(8)
        self._listening.addWidget(self.preview_button, 1)
        foot = QVBoxLayout()
        foot.setContentsMargins(12, 8, 12, 12)
        foot.setSpacing(8)
        foot.addWidget(self.apply_button)
        foot.addLayout(self._listening)
        for part in (self.preview_text, self.job_panel, self.summary):
            foot.addWidget(part)
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.setSpacing(0)
        outer.addLayout(head)
        outer.addWidget(area, 1)
        outer.addWidget(_rule())
        outer.addLayout(foot)
        self._widen()

    def add_listening(self, *actions: QAction) -> None:
        """Put what compares beside Preview: source or result, and the difference."""
        for action in actions:
            button = QToolButton()
            button.setDefaultAction(action)
            button.setIconSize(QSize(20, 20))
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            button.setAccessibleName(action.text().replace("&", ""))
            self._listening.addWidget(button)

    @property
    def effect(self) -> Effect | None:
        """The effect that is chosen."""
        return self._effects.get(self._shown)

    @property
    def chosen_id(self) -> str:
        """Id of the effect that is chosen; empty where there is none."""
        return self._shown

    def values(self) -> dict[str, Value]:
        """Return the values of the chosen effect."""
        return self.form.values() if self.form is not None else {}

    def chosen(self) -> tuple[str, dict[str, Value]] | None:
        """Return the id of the chosen effect, and its values."""
        return None if self.effect is None else (self.effect.id, self.values())

    def set_effects(
        self, effects: Mapping[str, Effect], choices: Mapping[str, Choices], chosen: str = ""
    ) -> None:
        """Offer these effects, by id."""
        self._effects, self._choices = effects, choices
        self.chooser.blockSignals(True)
        self.chooser.clear()
        for effect in effects.values():
            self.chooser.addItem(tr(effect.title), effect.id)
        self.chooser.setCurrentIndex(max(0, self.chooser.findData(chosen)))
        self.chooser.blockSignals(False)
        self.chooser.setEnabled(bool(effects))
        self._on_chosen()

    def set_value(self, name: str, value: Value) -> None:
        """Show another value of a parameter, where the chosen effect has it."""
        if self.form is not None:
            self.form.set_values({name: value})

    def set_ready(self, *, ready: bool) -> None:
        """Allow the button: a document is open and no job runs."""
        self._ready = ready
        self._show_target()

    def show_values(self, effect_id: str, values: Mapping[str, Value]) -> bool:
        """Open an effect with these values, as a step of the history was made; False if it is not there."""
        place = self.chooser.findData(effect_id)
        if place < 0 or effect_id not in self._effects:
            return False
        self.chooser.setCurrentIndex(place)
        if self.form is not None:
            self.form.set_values(values)
        return True

    def show_preview(self, text: str, *, on: bool) -> None:
        """Say what is previewed."""
        self.preview_button.setChecked(on)
        self.preview_text.setText(text)
        self.preview_text.setVisible(bool(text))

    @Slot()
    def _on_draft(self) -> None:
        self.set_value("quality", "draft")
        self.values_changed.emit()

    @Slot()
    def _on_learn(self) -> None:
        selection = self._timeline.selection
        if self.form is None or selection is None:
            return
        rate = self._timeline.sample_rate
        learned = zip(_LEARNING, (selection.start / rate, selection.stop / rate), strict=True)
        self.form.set_values(dict(learned))
        self.values_changed.emit()

    def show_summary(self, text: str) -> None:
        """Say what the last run did."""
        self.summary.setText(text)
        self.summary.setVisible(bool(text))

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
            order_tabs(self)
            self.window_button.setVisible(getattr(effect, "has_window", False))
            self.form.changed.connect(self.values_changed)
            self.effect_chosen.emit(effect_id)
            self.values_changed.emit()
        self._show_target()

    @Slot()
    def _show_target(self) -> None:
        """Say on the button what it applies to."""
        restores = self._shown in _RESTORING or not self._shown
        timeline = self._timeline
        selection = timeline.selection
        if not timeline.length:
            self.apply_button.setText(tr("Restore") if restores else tr("Apply"))
            self.hint.setText(tr("Open a sound to begin."))
        elif selection is None:
            length = whole_length(timeline.length / timeline.sample_rate)
            self.apply_button.setText(
                tr("Restore {length}", length=length) if restores else tr("Apply to {length}", length=length)
            )
            self.hint.setText(tr("The whole file. Drag in a view to select a part."))
        else:
            length = format_length(selection.length / timeline.sample_rate)
            self.apply_button.setText(
                tr("Restore selection ({length})", length=length)
                if restores
                else tr("Apply to selection ({length})", length=length)
            )
            self.hint.setText(
                tr("Only the selected time and band; everything else stays bit-identical.")
                if selection.has_band
                else tr("Only the selected time; everything else stays bit-identical.")
            )
        if timeline.picked is not None:
            words = channels_words(timeline.picked, timeline.channels)
            self.hint.setText(tr("{hint} Only the {channels}.", hint=self.hint.text(), channels=words))
        for button in (self.apply_button, self.preview_button, self.window_button):
            button.setEnabled(self._ready and self.effect is not None)
        self.learn_button.setVisible(self.form is not None and set(_LEARNING) <= self.form.values().keys())
        self.learn_button.setEnabled(bool(timeline.length) and selection is not None)
        fills = self._shown == _FILL_GAP
        self.gaps.setVisible(fills or self.gaps.has_rows)
        self.gaps.find_button.setVisible(fills)
        self.gaps.find_button.setEnabled(bool(timeline.length))
        self._widen()

    def _widen(self) -> None:
        """Leave room for the longest row, which depends on the language; it does not scroll sideways."""
        inside = self._content.minimumSizeHint().width() + self._scroll_bar.sizeHint().width()
        self.setMinimumWidth(max(self.minimumWidth(), _LEAST_WIDTH, inside))


def _rule() -> QFrame:
    line = QFrame()
    line.setObjectName("rule")
    line.setFixedHeight(1)
    return line


def _quiet_label() -> QLabel:
    label = QLabel()
    label.setProperty("quiet", True)
    label.setWordWrap(True)
    label.hide()
    return label


def whole_length(seconds: float) -> str:
    """Return the length of a whole file for the button: "03:12"."""
    whole = max(1, round(seconds))
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60:02d}:{rest % 60:02d}"
