"""PresetMenu: kept values of the effect that is chosen: defaults, presets that came along, the user's own."""

from collections.abc import Callable
from functools import partial

from PySide6.QtCore import Signal, Slot
from PySide6.QtWidgets import QMenu, QWidget

from audiosr_desktop.ui.language import tr, tr_message


class PresetMenu(QMenu):
    """Filled when it opens.

    Args:
        chosen: returns the id of the effect that is chosen; empty without one.
    """

    values_wanted = Signal(object)  # mapping of values; parameters that are not named have their defaults
    save_wanted = Signal()

    def __init__(self, chosen: Callable[[], str], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._chosen = chosen
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        # it loads scipy.signal, which the effects have loaded by now
        from audiosr_desktop.effects.presets import presets_of  # noqa: PLC0415

        self.clear()
        effect_id = self._chosen()
        self.addAction(tr("Defaults")).triggered.connect(partial(self._choose, {}))
        for preset in presets_of(effect_id):
            action = self.addAction(tr_message(preset.chain.title))
            action.setToolTip(tr_message(preset.chain.description))
            action.triggered.connect(partial(self._choose, preset.chain.modules[0].values))
        self.addSeparator()
        save = self.addAction(tr("Save as a preset…"))
        save.setEnabled(bool(effect_id))
        save.triggered.connect(self.save_wanted)

    def _choose(self, values: object, _checked: bool = False) -> None:
        self.values_wanted.emit(values)
