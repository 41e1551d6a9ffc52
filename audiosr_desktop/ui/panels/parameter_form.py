"""ParameterForm: a form made from the parameters of an effect."""

from collections.abc import Callable, Mapping, Sequence

from PySide6.QtCore import QEvent, QObject, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import (
    QCheckBox,
    QDoubleSpinBox,
    QFileDialog,
    QFormLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QSlider,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.ui.language import capitalised, tr, tr_word
from audiosr_desktop.ui.panels.fields import ChoiceBox, NumberBox
from audiosr_desktop.ui.readout import figures

Choices = Sequence[tuple[str, str]]  # what the user reads, what the effect gets

_LEAST_BOX = 80  # px
_SLIDER_STEPS = 1000
_ROW_HEIGHT = 28
_WHOLE_LIMIT = 2.0**53
_LEAST_DECIMALS = {"Hz": 1, "s": 3}  # a tone is known to a tenth, a place in a file to milliseconds


class ParameterField(QObject):
    """One control: reads and shows a value."""

    changed = Signal()

    def __init__(
        self,
        widget: QWidget,
        read: Callable[[], Value],
        show: Callable[[Value], None],
        parent: QObject,
        *,
        typed: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.widget, self.read, self.show = widget, read, show
        self.typed = typed or widget  # the part of it that takes the keys

    @Slot()
    def on_edited(self) -> None:
        self.changed.emit()


class ParameterForm(QWidget):
    """A row per parameter; the advanced ones are shown on demand. A double click on a label resets its row.

    Args:
        parameters: what can be set.
        choices: for parameters that take a text or a word: what to offer.
        values: what to start from, where it differs from the defaults.
    """

    changed = Signal()

    def __init__(
        self,
        parameters: Sequence[Parameter],
        choices: Mapping[str, Choices] | None = None,
        values: Mapping[str, Value] | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._parameters = {parameter.id: parameter for parameter in parameters}
        self._fields: dict[str, ParameterField] = {}
        self._labels: dict[QObject, str] = {}
        self._choices = choices or {}
        self._beside: list[QDoubleSpinBox] = []  # boxes beside sliders
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addLayout(self._rows([p for p in parameters if not p.advanced]))
        advanced = [p for p in parameters if p.advanced]
        self._advanced = QWidget()
        rows = self._rows(advanced)
        rows.setContentsMargins(0, 0, 0, 0)
        self._advanced.setLayout(rows)
        self._advanced.hide()
        self.advanced_button = QPushButton("▸  " + tr("Advanced"))
        self.advanced_button.setProperty("flat", True)
        self.advanced_button.setAccessibleName(tr("Advanced"))
        self.advanced_button.setCheckable(True)
        self.advanced_button.toggled.connect(self._on_advanced_toggled)
        layout.addWidget(self.advanced_button)
        layout.addWidget(self._advanced)
        self.advanced_button.setVisible(bool(advanced))  # once it has a parent: before, it would be a window
        width = max((spin.sizeHint().width() for spin in self._beside), default=0)
        for spin in self._beside:  # alike, so that the sliders are
            spin.setFixedWidth(max(_LEAST_BOX, width))
        self.set_values(values or {})

    def values(self) -> dict[str, Value]:
        """Return a value for every parameter."""
        return {name: field.read() for name, field in self._fields.items()}

    def set_values(self, values: Mapping[str, Value]) -> None:
        """Show these values where the form has such a parameter."""
        for name, value in values.items():
            if name in self._fields:
                self._fields[name].show(value)

    def field(self, name: str) -> QWidget:
        """Return the control of a parameter."""
        return self._fields[name].widget

    def take_focus(self) -> None:
        """Give the keys to the first field."""
        first = next(iter(self._fields.values()), None)
        if first is not None:
            first.typed.setFocus()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.MouseButtonDblClick and watched in self._labels:
            name = self._labels[watched]
            self._fields[name].show(self._parameters[name].default)
            return True
        return super().eventFilter(watched, event)

    @Slot(bool)
    def _on_advanced_toggled(self, shown: bool) -> None:
        self._advanced.setVisible(shown)
        self.advanced_button.setText(("▾" if shown else "▸") + "  " + tr("Advanced"))

    def _rows(self, parameters: Sequence[Parameter]) -> QFormLayout:
        rows = QFormLayout()
        rows.setHorizontalSpacing(12)
        rows.setVerticalSpacing(8)
        rows.setFieldGrowthPolicy(QFormLayout.FieldGrowthPolicy.AllNonFixedFieldsGrow)
        rows.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        for parameter in parameters:
            field = self._field(parameter)
            field.changed.connect(self.changed)
            field.widget.setAccessibleName(tr(parameter.title))
            hint = f"{tr(parameter.help)}\n" if parameter.help else ""
            field.widget.setToolTip(tr("{hint}Double-click the name to reset.", hint=hint))
            if parameter.help:
                field.widget.setWhatsThis(tr(parameter.help))
            label = QLabel(tr(parameter.title))
            label.setToolTip(field.widget.toolTip())
            label.setMinimumSize(72, _ROW_HEIGHT)  # its text stands beside the middle of the field
            label.installEventFilter(self)
            self._labels[label] = parameter.id
            self._fields[parameter.id] = field
            rows.addRow(label, field.widget)
            label.setBuddy(field.typed)  # by which a screen reader names a list
            field.show(parameter.default)
        return rows

    def _field(self, parameter: Parameter) -> ParameterField:
        offered = self._choices.get(parameter.id)
        if offered is None and parameter.kind == "choice":
            offered = [(capitalised(tr_word(word)), word) for word in parameter.choices]
        if offered is not None:
            return self._choice_field(offered)
        if parameter.kind == "bool":
            return self._switch_field()
        if parameter.kind == "text":
            return self._opaque_field(parameter) if parameter.opaque else self._text_field()
        if parameter.kind == "file":
            return self._file_field(parameter)
        if parameter.kind == "int":
            return self._whole_field(parameter)
        return self._number_field(parameter)

    def _choice_field(self, offered: Choices) -> ParameterField:
        box = ChoiceBox()
        for text, value in offered:
            box.addItem(text, value)

        def show(value: Value) -> None:
            place = box.findData(str(value))
            if place < 0:
                box.addItem(str(value), str(value))
                place = box.count() - 1
            box.setCurrentIndex(place)

        field = ParameterField(box, lambda: str(box.currentData()), show, self)
        box.currentIndexChanged.connect(field.on_edited)
        return field

    def _switch_field(self) -> ParameterField:
        box = QCheckBox()
        box.setMinimumHeight(_ROW_HEIGHT)
        field = ParameterField(box, box.isChecked, lambda value: box.setChecked(bool(value)), self)
        box.toggled.connect(field.on_edited)
        return field

    def _text_field(self) -> ParameterField:
        line = QLineEdit()
        field = ParameterField(line, line.text, lambda value: line.setText(str(value)), self)
        line.textEdited.connect(field.on_edited)
        return field

    def _opaque_field(self, parameter: Parameter) -> ParameterField:
        row, label, button = QWidget(), QLabel(), QPushButton(tr("Forget"))
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(label, 1)
        layout.addWidget(button)
        button.setAccessibleName(tr("Forget: {parameter_title}", parameter_title=tr(parameter.title)))
        kept = [""]  # not in a line to edit, which cuts off long texts

        def show(value: Value) -> None:
            kept[0] = str(value)
            size = tr("{kilobytes} kB", kilobytes=figures(len(kept[0]) / 1000, ".1f"))
            label.setText(size if kept[0] else tr("None"))
            button.setEnabled(bool(kept[0]))

        field = ParameterField(row, lambda: kept[0], show, self, typed=button)
        button.clicked.connect(lambda: show(""))
        button.clicked.connect(field.on_edited)
        return field

    def _file_field(self, parameter: Parameter) -> ParameterField:
        row, line, button = QWidget(), QLineEdit(), QPushButton(tr("Choose…"))
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        layout.addWidget(line, 1)
        layout.addWidget(button)
        line.setAccessibleName(parameter.title)
        button.setAccessibleName(tr("Choose a file for {parameter_title}", parameter_title=parameter.title))
        field = ParameterField(row, line.text, lambda value: line.setText(str(value)), self, typed=line)

        def choose() -> None:
            name, _ = QFileDialog.getOpenFileName(self, parameter.title, line.text())
            if name:
                line.setText(name)

        button.clicked.connect(choose)
        line.textChanged.connect(field.on_edited)
        return field

    def _whole_field(self, parameter: Parameter) -> ParameterField:
        spin = NumberBox()  # a QSpinBox ends at 31 bits, seeds have 32
        spin.setDecimals(0)
        spin.setRange(
            -_WHOLE_LIMIT if parameter.minimum is None else parameter.minimum,
            _WHOLE_LIMIT if parameter.maximum is None else parameter.maximum,
        )
        if parameter.unit:
            spin.setSuffix(f" {parameter.unit}")
        if parameter.automatic:
            spin.setSpecialValueText(tr("Automatic"))
        field = ParameterField(
            spin, lambda: int(spin.value()), lambda value: spin.setValue(float(value)), self
        )
        spin.valueChanged.connect(field.on_edited)
        return field

    def _number_field(self, parameter: Parameter) -> ParameterField:
        spin = NumberBox()
        spin.setRange(
            -1e9 if parameter.minimum is None else parameter.minimum,
            1e9 if parameter.maximum is None else parameter.maximum,
        )
        span = spin.maximum() - spin.minimum()
        decimals = 0 if span > 1000 or parameter.unit == "%" else 1 if span > 2 else 3
        decimals = max(decimals, _LEAST_DECIMALS.get(parameter.unit, 0))
        # a plugin may start from 0.25 in a range of 100
        spin.setDecimals(max(decimals, len(f"{parameter.default:.3f}".rstrip("0").partition(".")[2])))
        wide = 0.1 if parameter.unit == "s" else 100.0
        spin.setSingleStep(wide if span > 1000 else 1.0 if span > 20 else 0.1 if span > 2 else 0.01)
        if parameter.unit:
            spin.setSuffix(f" {parameter.unit}")
        if parameter.automatic:
            spin.setSpecialValueText(tr("Automatic"))
        wants_slider = not parameter.advanced and span <= 1000
        row = self._with_slider(spin, tr(parameter.title)) if wants_slider else spin
        field = ParameterField(row, spin.value, lambda value: spin.setValue(float(value)), self, typed=spin)
        spin.valueChanged.connect(field.on_edited)
        return field

    def _with_slider(self, spin: QDoubleSpinBox, title: str) -> QWidget:
        row = QWidget()
        layout = QHBoxLayout(row)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(8)
        slider = QSlider(Qt.Orientation.Horizontal)
        slider.setRange(0, _SLIDER_STEPS)
        slider.setMinimumWidth(56)
        slider.setFocusPolicy(Qt.FocusPolicy.ClickFocus)  # by keys the box beside it is stepped
        slider.setAccessibleName(title)
        spin.setAccessibleName(title)
        self._beside.append(spin)
        span = spin.maximum() - spin.minimum()

        def slide(place: int) -> None:
            spin.setValue(spin.minimum() + span * place / _SLIDER_STEPS)

        def follow(value: float) -> None:
            with QSignalBlocker(slider):
                slider.setValue(round((value - spin.minimum()) / span * _SLIDER_STEPS))
                slider.setAccessibleDescription(spin.text())  # its own value is only a place

        follow(spin.value())
        slider.valueChanged.connect(slide)
        spin.valueChanged.connect(follow)
        layout.addWidget(slider, 1)
        layout.addWidget(spin)
        return row
