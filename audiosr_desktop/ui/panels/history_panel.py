"""HistoryPanel: the steps of a document, what they were made with, and the space they take."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QEvent, QSignalBlocker, Qt, Signal, Slot
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.audio.history import Step
from audiosr_desktop.effects.effect import Effect, Parameter
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import figures, format_length

_LONGEST = 60  # letters of a value


class HistoryPanel(QWidget):
    """A click on a step goes there; its values can be put back into the form of their effect."""

    values_wanted = Signal(str, object)  # effect id, values

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._document: Document | None = None
        self._shown: list[Step | None] = []  # a row for each
        self._done = -1  # the last row that is done
        self._effects: Mapping[str, Effect] = {}
        self.list = QTreeWidget()
        self.list.setAccessibleName(tr("History"))
        self.list.header().setAccessibleName(tr("Columns"))
        self.list.setHeaderHidden(True)
        self.list.setColumnCount(2)
        self.list.setRootIsDecorated(False)
        self.list.setUniformRowHeights(True)
        self.list.setFrameShape(QTreeWidget.Shape.NoFrame)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        header = self.list.header()
        header.setStretchLastSection(False)
        header.setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        header.setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.list.currentItemChanged.connect(self._on_chosen)
        self.space = QLabel()
        self.space.setProperty("quiet", True)
        self.values_button = QPushButton(tr("Edit values…"))
        self.values_button.setToolTip(tr("Show the values of this step in the form of its effect"))
        self.values_button.clicked.connect(self._on_values_wanted)
        self.list.itemActivated.connect(self._on_values_wanted)
        foot = QHBoxLayout()
        foot.setContentsMargins(12, 0, 8, 6)
        foot.addWidget(self.space, 1)
        foot.addWidget(self.values_button)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.list, 1)
        layout.addLayout(foot)
        self._show_anew()

    def set_document(self, document: Document | None) -> None:
        """Show another document's history, or none."""
        if self._document is not None:
            self._document.undo_stack.indexChanged.disconnect(self._show_steps)
        self._document = document
        if document is not None:
            document.undo_stack.indexChanged.connect(self._show_steps)
        self._show_anew()

    def _show_anew(self) -> None:
        with QSignalBlocker(self.list):
            self.list.clear()
        self._shown.clear()
        self._done = -1
        self._show_steps()

    @Slot()
    def _show_steps(self) -> None:
        """Bring the rows up to date, of a long history only those that changed."""
        document = self._document
        if document is None:
            self.space.clear()
        else:
            sizes = document.space_bytes()
            used = sum(sizes)
            with QSignalBlocker(self.list):
                self._show_rows([None, *(command.step for command in document.commands())], sizes)
                self._show_done(document.undo_stack.index())
            self.space.setText(tr("Undo keeps {size}", size=size_words(used)) if used else "")
        self._show_button()

    def _show_rows(self, steps: Sequence[Step | None], sizes: Sequence[int]) -> None:
        same = 0
        while same < min(len(steps), len(self._shown)) and steps[same] is self._shown[same]:
            same += 1
        self._done = min(self._done, same - 1)
        for place in range(len(self._shown) - 1, same - 1, -1):
            self.list.takeTopLevelItem(place)
        rows = []
        for step, size in zip(steps[same:], sizes[same:], strict=True):
            known = self._parameters_of(step)
            row = QTreeWidgetItem([name_of(step, known), size_words(size)])
            row.setTextAlignment(1, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
            row.setToolTip(0, details_of(step, known))
            row.setForeground(0, self.palette().placeholderText())
            rows.append(row)
        self.list.addTopLevelItems(rows)
        self._shown = list(steps)

    def _show_done(self, done: int) -> None:
        """Dim the rows after the last one that is done."""
        for place in range(min(done, self._done) + 1, max(done, self._done) + 1):
            row = self.list.topLevelItem(place)
            if row is not None:
                colour = self.palette().placeholderText() if place > done else None
                row.setData(0, Qt.ItemDataRole.ForegroundRole, colour)
        self._done = done
        self.list.setCurrentIndex(self.list.model().index(done, 0))

    def show_step(self, place: int) -> None:
        """Bring the row of a step to sight, without going there."""
        with QSignalBlocker(self.list):
            self.list.setCurrentIndex(self.list.model().index(place, 0))
        self.list.scrollTo(self.list.currentIndex())
        self._show_button()

    def set_effects(self, effects: Mapping[str, Effect]) -> None:
        """Know the units of the values of these effects."""
        self._effects = effects
        self._show_anew()

    def _parameters_of(self, step: Step | None) -> dict[str, Parameter]:
        effect = self._effects.get(step.effect_id) if step is not None else None
        return {one.id: one for one in effect.parameters} if effect is not None else {}

    def _step(self) -> Step | None:
        """Return the step of the current row."""
        place = self.list.currentIndex().row()
        commands = self._document.commands() if self._document is not None else []
        return commands[place - 1].step if 0 < place <= len(commands) else None

    def _show_button(self) -> None:
        step = self._step()
        self.values_button.setEnabled(step is not None and bool(step.effect_id))

    @Slot()
    def _on_chosen(self) -> None:
        document = self._document
        if document is not None:
            document.go_to(self.list.currentIndex().row())

    @Slot()
    def _on_values_wanted(self) -> None:
        step = self._step()
        if step is not None and step.effect_id:
            self.values_wanted.emit(step.effect_id, step.values)

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            for place in range(self._done + 1, self.list.topLevelItemCount()):
                row = self.list.topLevelItem(place)
                if row is not None:
                    row.setForeground(0, self.palette().placeholderText())

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._on_values_wanted()
        else:
            super().keyPressEvent(event)


def name_of(step: Step | None, known: Mapping[str, Parameter]) -> str:
    """Return a step with its first values: "Gain · 3 dB"; `known` are the parameters of its effect."""
    if step is None:
        return tr("As opened")
    values = [value_words(value, known.get(name)) for name, value in step.values.items() if name != "seed"]
    return " · ".join([step.text, *[words for words in values if words][:2]])


def details_of(step: Step | None, known: Mapping[str, Parameter]) -> str:
    """Return everything about a step, a line each."""
    if step is None:
        return tr("The sound as it was opened")
    lines = [step.text]
    if step.elapsed_s:
        lines.append(tr("Took {length}", length=format_length(step.elapsed_s)))
    for name, value in step.values.items():
        parameter = known.get(name)
        if parameter is not None and parameter.opaque:
            continue
        title = tr(parameter.title) if parameter is not None else name.replace("_", " ")
        lines.append(f"{title}: {value_words(value, parameter) or value}")
    return "\n".join(lines)


def value_words(value: object, parameter: Parameter | None) -> str:
    """Return a value in a few letters; switches and empty ones say nothing without their names."""
    if isinstance(value, bool) or value in ("", 0) or (parameter is not None and parameter.opaque):
        return ""
    if not isinstance(value, int | float):
        words = tr(str(value))
        return words if len(words) <= _LONGEST else f"{words[:_LONGEST]}…"
    unit = f" {parameter.unit}" if parameter is not None and parameter.unit else ""
    return figures(value, "g") + unit


def size_words(size_bytes: int) -> str:
    """Return a size as a person says it; nothing for nothing."""
    if not size_bytes:
        return ""
    for unit, scale in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= scale:
            return f"{figures(size_bytes / scale, '.1f')} {unit}"
    return f"{max(1, round(size_bytes / 1e3))} kB"
