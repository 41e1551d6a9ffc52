"""ValuesDialog: asks for the values of a few parameters."""

from collections.abc import Sequence

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QVBoxLayout, QWidget

from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.panels.parameter_form import ParameterForm


class ValuesDialog(QDialog):
    """A form with a button that is named after what it does."""

    def __init__(self, title: str, parameters: Sequence[Parameter], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setMinimumWidth(360)
        self.chosen: dict[str, Value] | None = None
        self.form = ParameterForm(parameters)
        buttons = QDialogButtonBox()
        accept = buttons.addButton(title, QDialogButtonBox.ButtonRole.AcceptRole)
        accept.setProperty("primary", True)
        buttons.addButton(QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(18, 18, 18, 14)
        layout.setSpacing(14)
        layout.addWidget(self.form)
        layout.addWidget(buttons)
        explain(self)

    def accept(self) -> None:
        self.chosen = self.form.values()
        super().accept()
