"""ChainDialog: modules in order, switched on and off, edited, proposed by the analysis, kept as presets."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal, Slot
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QListWidgetItem,
    QMenu,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import marked, tr, tr_message
from audiosr_desktop.ui.panels.effect_menu import EffectMenu
from audiosr_desktop.ui.panels.value_words import values_words
from audiosr_desktop.ui.presetting import changed_values, keep_preset

if TYPE_CHECKING:
    from audiosr_desktop.effects.chain import Chain, Module
    from audiosr_desktop.ui.dialogs.dialogs import Dialogs

_PATTERNS = marked("Presets (*.json)")


class ChainDialog(QDialog):
    """Stays open beside the window.

    Args:
        effects: returns the effects there are, by id.
        chosen: returns the effect of the panel and its values; None where there is none.
        dialogs: what asks for values.
    """

    apply_wanted = Signal(object)  # Chain
    proposal_wanted = Signal()
    failed = Signal(str, Exception)
    changed = Signal()  # another chain, or other values

    def __init__(
        self,
        effects: Callable[[], Mapping[str, Effect]],
        chosen: Callable[[], tuple[str, Mapping[str, Value]] | None],
        dialogs: "Dialogs",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Chain of effects"))
        self.resize(500, 420)
        self._effects, self._chosen, self._dialogs = effects, chosen, dialogs
        self._modules: list[Module] = []
        self._description = ""
        self._ready = False
        self.name = QLineEdit(tr("My chain"))
        self.name.setAccessibleName(tr("Name of the chain"))
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Modules in order"))
        self.list.setWordWrap(True)
        self.list.setSpacing(3)
        self.list.itemChanged.connect(self._on_item_changed)
        self.list.itemDoubleClicked.connect(self._on_edit)
        self.list.currentRowChanged.connect(self._show_buttons)
        self.hint = QLabel(
            tr(
                "Add effects, or let Propose find out what this sound needs. Each runs on what the one above "
                "it made."
            )
        )
        self.hint.setWordWrap(True)
        self.hint.setProperty("quiet", True)
        self.estimate = QLabel()
        self.estimate.setWordWrap(True)
        self.estimate.hide()
        self._buttons: dict[str, QPushButton] = {}
        self._lay_out()
        self._show_buttons()
        explain(self)

    def _lay_out(self) -> None:
        grid = QGridLayout()
        slots = {
            marked("Propose"): self.proposal_wanted.emit,
            marked("Add"): None,
            marked("Edit…"): self._on_edit,
            marked("Remove"): self._on_remove,
            marked("Up"): self._on_up,
            marked("Down"): self._on_down,
            marked("Preset"): None,
            marked("Apply"): self._on_apply,
        }
        for place, (text, slot) in enumerate(slots.items()):
            button = QPushButton(tr(text))
            button.setAutoDefault(False)
            if slot is not None:
                button.clicked.connect(slot)
            self._buttons[text] = button
            grid.addWidget(button, place // 4, place % 4)
        self._buttons["Propose"].setToolTip(
            tr("Look at the selection and propose what would mend it, with reasons")
        )
        self._buttons["Apply"].setProperty("primary", True)
        adding = EffectMenu(tr("Add"), self._effects, self)
        adding.effect_wanted.connect(self._on_add)
        self._buttons["Add"].setMenu(adding)
        self._presets = QMenu(self)
        self._presets.aboutToShow.connect(self._fill_presets)
        self._buttons["Preset"].setMenu(self._presets)
        top = QHBoxLayout()
        top.addWidget(QLabel(tr("Name")))
        top.addWidget(self.name, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(10)
        layout.addLayout(top)
        layout.addWidget(self.list, 1)
        layout.addWidget(self.hint)
        layout.addWidget(self.estimate)
        layout.addLayout(grid)

    @property
    def chain(self) -> "Chain":
        """The chain as it is shown."""
        from audiosr_desktop.effects.chain import Chain  # noqa: PLC0415 - loads scipy: not at start

        return Chain(self.name.text().strip() or tr("My chain"), tuple(self._modules), self._description)

    def button(self, text: str) -> QPushButton:
        """Return a button by what it says in English."""
        return self._buttons[text]

    def show_chain(self, chain: "Chain") -> None:
        """Show another chain in place of the present one."""
        self.name.setText(chain.title)
        self._modules, self._description = list(chain.modules), chain.description
        empty = tr("Nothing was found to mend.") if not chain.modules else ""
        self.hint.setText(empty or chain.description or tr("A module without its tick is skipped."))
        self._show(0)

    def show_estimate(self, text: str) -> None:
        """Say what the chain would take; an empty text says nothing."""
        self.estimate.setText(text)
        self.estimate.setVisible(bool(text))

    def set_ready(self, *, ready: bool) -> None:
        """Allow what needs a document and no running job."""
        self._ready = ready
        self._show_buttons()

    def _show(self, row: int) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        effects = self._effects()
        for module in self._modules:
            effect = effects.get(module.effect)
            lines = [
                tr(effect.title) if effect is not None else tr("{effect} (not there)", effect=module.effect),
                values_words(effect.parameters if effect is not None else (), module.values),
                tr_message(module.reason),
            ]
            item = QListWidgetItem("\n".join(line for line in lines if line))
            item.setFlags(item.flags() | Qt.ItemFlag.ItemIsUserCheckable)
            item.setCheckState(Qt.CheckState.Unchecked if module.bypassed else Qt.CheckState.Checked)
            self.list.addItem(item)
        self.list.blockSignals(False)
        self.list.setCurrentRow(min(row, len(self._modules) - 1))
        self._show_buttons()
        self.changed.emit()

    @Slot()
    def _show_buttons(self) -> None:
        row, count = self.list.currentRow(), len(self._modules)
        held = {
            "Propose": self._ready,
            "Edit…": row >= 0,
            "Remove": row >= 0,
            "Up": row > 0,
            "Down": 0 <= row < count - 1,
            "Apply": self._ready and any(not module.bypassed for module in self._modules),
        }
        for text, enabled in held.items():
            self._buttons[text].setEnabled(enabled)

    @Slot(QListWidgetItem)
    def _on_item_changed(self, item: QListWidgetItem) -> None:
        row = self.list.row(item)
        bypassed = item.checkState() != Qt.CheckState.Checked
        self._modules[row] = replace(self._modules[row], bypassed=bypassed)
        self._show_buttons()
        self.changed.emit()

    def _on_add(self, effect_id: str) -> None:
        from audiosr_desktop.effects.chain import Module  # noqa: PLC0415

        chosen, values = self._chosen(), {}
        if chosen is not None and chosen[0] == effect_id:
            values = changed_values(self._effects()[effect_id], chosen[1])
        self._modules.append(Module(effect_id, values))
        self._show(len(self._modules) - 1)

    @Slot()
    def _on_edit(self) -> None:
        row = self.list.currentRow()
        effect = self._effects().get(self._modules[row].effect) if row >= 0 else None
        if effect is None:
            return
        module = self._modules[row]
        shown = [replace(p, default=module.values.get(p.id, p.default)) for p in effect.parameters]
        chosen = self._dialogs.values(tr(effect.title), shown)
        if chosen is not None:
            self._modules[row] = replace(module, values=changed_values(effect, chosen))
            self._show(row)

    @Slot()
    def _on_remove(self) -> None:
        row = self.list.currentRow()
        if row >= 0:
            del self._modules[row]
            self._show(max(0, row - 1))

    @Slot()
    def _on_up(self) -> None:
        self._move(-1)

    @Slot()
    def _on_down(self) -> None:
        self._move(1)

    def _move(self, by: int) -> None:
        row = self.list.currentRow()
        if row >= 0 and 0 <= row + by < len(self._modules):
            self._modules.insert(row + by, self._modules.pop(row))
            self._show(row + by)

    @Slot()
    def _on_apply(self) -> None:
        self.apply_wanted.emit(self.chain)

    @Slot()
    def _fill_presets(self) -> None:
        from audiosr_desktop.effects import presets  # noqa: PLC0415

        menu = self._presets
        menu.clear()
        for preset in presets.installed_presets()[0]:
            action = menu.addAction(tr_message(preset.chain.title))
            action.setToolTip(tr_message(preset.chain.description))
            action.triggered.connect(lambda _=False, chain=preset.chain: self.show_chain(chain))
        menu.addSeparator()
        menu.addAction(tr("Save"), self.save).setEnabled(bool(self._modules))
        menu.addAction(tr("Import…"), self._on_import)
        menu.addAction(tr("Export…"), self._on_export).setEnabled(bool(self._modules))

    def save(self) -> None:
        """Keep the chain among the user's presets; asks before one is replaced."""
        try:
            keep_preset(self.chain, self._dialogs)
        except EffectError as error:
            self.failed.emit(tr("Save the preset"), error)

    @Slot()
    def _on_import(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, tr("Import a preset"), "", tr(_PATTERNS))
        if name:
            self.import_file(Path(name))

    def import_file(self, path: Path) -> None:
        """Keep a preset from a file and show it."""
        from audiosr_desktop.effects.chain import read_chain  # noqa: PLC0415

        try:
            self.show_chain(read_chain(path))
        except EffectError as error:
            self.failed.emit(tr("Import the preset"), error)
        else:
            self.save()

    @Slot()
    def _on_export(self) -> None:
        from audiosr_desktop.effects import presets  # noqa: PLC0415

        name, _ = QFileDialog.getSaveFileName(
            self, tr("Export the preset"), f"{self.name.text()}.json", tr(_PATTERNS)
        )
        if name:
            try:
                presets.export_preset(self.chain, Path(name))
            except EffectError as error:
                self.failed.emit(tr("Export the preset"), error)
