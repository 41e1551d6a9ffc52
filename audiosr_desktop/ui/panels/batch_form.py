"""BatchForm: what a batch does, how results are called, and where they go."""

import time
from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QFileDialog, QFormLayout, QHBoxLayout, QLabel, QLineEdit, QPushButton, QWidget

from audiosr_desktop.batch.naming import VARIABLES, check_template, sample_name
from audiosr_desktop.batch.recipe import DEFAULT_TEMPLATE, Clash, Recipe, Settings
from audiosr_desktop.effects.chain import PREFIX, Step, chain_steps
from audiosr_desktop.effects.effect import Effect, Value, resolve_values
from audiosr_desktop.effects.presets import find_preset, installed_presets
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.ui.language import marked, tr, tr_message
from audiosr_desktop.ui.panels.fields import ChoiceBox
from audiosr_desktop.ui.panels.forms import level_labels

ASK = "ask"
_RULES = (
    (marked("Number the new file"), "number"),
    (marked("Skip the source"), "skip"),
    (marked("Replace the file"), "overwrite"),
    (marked("Ask at the start"), ASK),
)
_IN_EDITOR = "editor"


class BatchForm(QWidget):
    """The settings of a batch.

    Args:
        effects: returns the effects there are, by id.
        chosen: returns id and values of the effect that the editor shows; None without one.
    """

    changed = Signal()

    def __init__(
        self,
        effects: Callable[[], Mapping[str, Effect]],
        chosen: Callable[[], tuple[str, Mapping[str, Value]] | None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._effects, self._chosen = effects, chosen
        self._example: Path | None = None
        self.process = ChoiceBox()
        self.process.setAccessibleName(tr("What is done"))
        self.template = QLineEdit(DEFAULT_TEMPLATE)
        self.template.setAccessibleName(tr("Names of the results"))
        self.template.setToolTip("\n".join(f"{{{name}}}  {text}" for name, text in VARIABLES.items()))
        self.sample = QLabel()
        self.sample.setProperty("quiet", True)
        self.clash = ChoiceBox()
        self.clash.setAccessibleName(tr("When a name is taken"))
        for text, rule in _RULES:
            self.clash.addItem(tr(text), rule)
        self.folder = QLineEdit()
        self.folder.setPlaceholderText(tr("“Restored” beside each source"))
        self.folder.setAccessibleName(tr("Target folder"))
        browse = QPushButton(tr("Choose…"))
        browse.clicked.connect(self._on_browse)
        self.template.textChanged.connect(self._show_sample)
        self.process.currentIndexChanged.connect(self._show_sample)
        target = QHBoxLayout()
        target.addWidget(self.folder, 1)
        target.addWidget(browse)
        layout = QFormLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addRow(tr("Process"), self.process)
        layout.addRow(tr("Name"), self.template)
        layout.addRow("", self.sample)
        layout.addRow(tr("If the name is taken"), self.clash)
        layout.addRow(tr("Target folder"), target)
        level_labels(layout)
        self.offer()

    def offer(self) -> None:
        """Offer the effects and presets that there are now."""
        before = self.process.currentData()
        self.process.clear()
        chosen = self._chosen()
        effects = self._effects()
        for effect in effects.values():
            self.process.addItem(tr(effect.title), effect.id)
        if chosen is not None and chosen[0] in effects:
            title = tr(effects[chosen[0]].title)
            self.process.insertItem(0, tr("{title}, as set in the editor", title=title), _IN_EDITOR)
        for preset in installed_presets()[0]:
            self.process.addItem(tr("Preset: {title}", title=preset.chain.title), str(preset.path))
        self.process.setCurrentIndex(max(0, self.process.findData(before)))

    def show_example(self, path: Path | None) -> None:
        """Take a file for the sample of a name."""
        self._example = path
        self._show_sample()

    def recipe(self) -> Recipe:
        """Return what is done to each file.

        Raises:
            EffectError: a preset cannot be read, or names an effect that is not there.
        """
        word, effects = str(self.process.currentData() or ""), self._effects()
        chosen = self._chosen()
        if word == _IN_EDITOR and chosen is not None:
            effect = effects[chosen[0]]
            return Recipe.of(
                [Step(effect, resolve_values(effect, chosen[1]))], effect.id.removeprefix(PREFIX)
            )
        if word in effects:
            return Recipe.of(
                [Step(effects[word], resolve_values(effects[word], {}))], word.removeprefix(PREFIX)
            )
        preset = find_preset(Path(word))
        return Recipe.of(chain_steps(preset.chain, effects), preset.id)

    @property
    def asks(self) -> bool:
        """Whether the user is asked when names are taken."""
        return bool(self.clash.currentData() == ASK)

    def settings(self, rule: Clash | None = None) -> Settings:
        """Return all that is set.

        Args:
            rule: the answer, where the user is asked for it.

        Raises:
            AudioSRError: the template or the process cannot be used.
        """
        template = self.template.text().strip()
        check_template(template)
        recipe = self.recipe()
        recipe.models()
        folder = self.folder.text().strip()
        on_clash: Clash = rule or ("skip" if self.asks else self.clash.currentData())
        out = Path(folder).expanduser().absolute() if folder else None
        return Settings(recipe, out, template, on_clash, True, time.strftime("%Y-%m-%d %H-%M-%S"))

    @Slot()
    def _show_sample(self) -> None:
        try:
            check_template(self.template.text().strip())
            settings = Settings(self.recipe(), None) if self.process.count() else None
            self.sample.setText(f"→ {sample_name(self.template.text().strip(), settings, self._example)}")
        except AudioSRError as error:
            self.sample.setText(f"⚠ {tr_message(str(error))}")
        self.changed.emit()

    @Slot()
    def _on_browse(self) -> None:
        folder = QFileDialog.getExistingDirectory(self, tr("Target folder"), self.folder.text())
        if folder:
            self.folder.setText(folder)
