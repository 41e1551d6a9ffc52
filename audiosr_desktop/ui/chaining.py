"""Chaining: the dialog of chains, joined to the editor; it proposes, applies and reopens."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal, Slot
from PySide6.QtWidgets import QWidget

from audiosr_desktop.errors import EffectError
from audiosr_desktop.ui.dialogs.chain_dialog import ChainDialog
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.looking import Looking
from audiosr_desktop.ui.panels.restore_panel import RestorePanel

if TYPE_CHECKING:
    from audiosr_desktop.effects.chain import Chain
    from audiosr_desktop.ui.dialogs.dialogs import Dialogs


class Chaining(QObject):
    """Makes the dialog when it is first wanted."""

    failed = Signal(str, Exception)

    def __init__(
        self,
        editor: Editor,
        panel: RestorePanel,
        dialogs: "Dialogs",
        looking: Looking,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._editor, self._panel, self._dialogs, self._window = editor, panel, dialogs, window
        self._looking, self._forecast = looking, looking.forecast
        self._forecast.changed.connect(self._show_estimate)
        self.dialog: ChainDialog | None = None
        editor.facts_changed.connect(self._on_facts_changed)

    @Slot()
    def show(self) -> None:
        """Open the dialog."""
        dialog = self._made()
        dialog.show()
        dialog.raise_()
        self._show_estimate()

    def reopen(self, chain_json: str) -> None:
        """Open the dialog with the chain of a step of the history."""
        from audiosr_desktop.effects.chain import chain_from_json  # noqa: PLC0415 - loads scipy: not at start

        self.show()
        self._made().show_chain(chain_from_json(chain_json, "The chain"))

    def _made(self) -> ChainDialog:
        if self.dialog is None:
            self.dialog = ChainDialog(
                lambda: self._editor.catalogue.effects, self._panel.chosen, self._dialogs, self._window
            )
            self.dialog.apply_wanted.connect(self._on_apply)
            self.dialog.proposal_wanted.connect(self.propose)
            self.dialog.failed.connect(self.failed)
            self.dialog.changed.connect(self._show_estimate)
            self._on_facts_changed()
        return self.dialog

    @Slot()
    def propose(self) -> None:
        """Look at the selection, or at the whole sound, and show what would mend it."""
        self._looking.look({}, self._on_proposed)

    def _on_proposed(self, chain: "Chain") -> None:
        self._made().show_chain(chain)

    @Slot(object)
    def _on_apply(self, chain: "Chain") -> None:
        from audiosr_desktop.effects.chain import chain_to_json  # noqa: PLC0415

        self._editor.applying.apply_chain(chain_to_json(chain))

    @Slot()
    def _show_estimate(self) -> None:
        """Say what the chain would take on what is selected."""
        if self.dialog is None or not self.dialog.isVisible():
            return
        from audiosr_desktop.effects.chain import chain_steps  # noqa: PLC0415

        try:
            steps = chain_steps(self.dialog.chain, self._editor.catalogue.effects)
        except EffectError:  # Apply tells it
            steps = []
        self.dialog.show_estimate(
            self._forecast.text_of_steps([(step.effect.id, step.values) for step in steps])
        )

    @Slot()
    def _on_facts_changed(self) -> None:
        if self.dialog is not None:
            self.dialog.set_ready(ready={"document", "idle"} <= self._editor.facts())
