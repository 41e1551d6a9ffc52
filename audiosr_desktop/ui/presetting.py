"""Presetting: keeps values of the panel's effect as a preset, and puts those of a preset into its form."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.effects.effect import Effect, Parameter, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.panels.restore_panel import RestorePanel

if TYPE_CHECKING:
    from audiosr_desktop.effects.chain import Chain
    from audiosr_desktop.ui.dialogs.dialogs import Dialogs

_NAME = "name"


class Presetting(QObject):
    """What the panel's menu of presets does.

    Args:
        panel: whose values are kept.
        dialogs: ask for a name, and before a preset is replaced.
    """

    failed = Signal(str, Exception)

    def __init__(self, panel: RestorePanel, dialogs: "Dialogs") -> None:
        super().__init__(panel)
        self._panel, self._dialogs = panel, dialogs
        panel.presets.values_wanted.connect(self._on_values_wanted)
        panel.presets.save_wanted.connect(self._on_save_wanted)

    @Slot(object)
    def _on_values_wanted(self, values: Mapping[str, Value]) -> None:
        effect = self._panel.effect
        if effect is not None:
            defaults = {parameter.id: parameter.default for parameter in effect.parameters}
            self._panel.show_values(effect.id, {**defaults, **values})

    @Slot()
    def _on_save_wanted(self) -> None:
        from audiosr_desktop.effects.chain import Chain, Module  # noqa: PLC0415 - loads scipy: not at start

        effect = self._panel.effect
        asked = (Parameter(_NAME, tr("Name"), "text", ""),)
        given = self._dialogs.values(tr("Save as a preset"), asked) if effect is not None else None
        if effect is not None and given is not None:
            module = Module(effect.id, changed_values(effect, self._panel.values()))
            try:
                keep_preset(Chain(str(given[_NAME]).strip(), (module,)), self._dialogs)
            except EffectError as error:
                self.failed.emit(tr("Save the preset"), error)


def keep_preset(chain: "Chain", dialogs: "Dialogs") -> None:
    """Keep a chain among the user's presets; asks before one is replaced.

    Raises:
        EffectError: it cannot be kept.
    """
    from audiosr_desktop.effects import presets  # noqa: PLC0415

    try:
        presets.save_preset(chain)
    except presets.PresetExistsError as error:
        if dialogs.confirm(tr("Replace the preset?"), tr_message(str(error)), tr("Replace")):
            presets.save_preset(chain, overwrite=True)


def changed_values(effect: Effect, values: Mapping[str, Value]) -> dict[str, Value]:
    """Return the values that are not an effect's defaults."""
    defaults = {parameter.id: parameter.default for parameter in effect.parameters}
    return {name: value for name, value in values.items() if value != defaults[name]}
