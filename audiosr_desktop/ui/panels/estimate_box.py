"""EstimateBox: what a run would take, and a button for what can be done about it."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QLabel, QPushButton, QVBoxLayout, QWidget

from audiosr_desktop.ui.language import tr


class EstimateBox(QWidget):
    """A sentence, with buttons: use the quickest quality, skip a measurement, look at the sound first."""

    draft_wanted = Signal()
    skip_wanted = Signal()
    look_wanted = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._label = QLabel()
        self._label.setProperty("quiet", True)
        self._label.setWordWrap(True)
        self.draft_button = QPushButton(tr("Use Draft"))
        self.draft_button.setToolTip(tr("Choose the quickest quality"))
        self.draft_button.clicked.connect(self.draft_wanted)
        self.skip_button = QPushButton(tr("Skip"))
        self.skip_button.setToolTip(tr("Do without the measurement: what a run takes is then a guess"))
        self.skip_button.clicked.connect(self.skip_wanted)
        self.look_button = QPushButton(tr("Analyse first"))
        self.look_button.setToolTip(tr("Find what would be mended, and say what exactly that takes"))
        self.look_button.clicked.connect(self.look_wanted)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self._label, self.draft_button, self.skip_button, self.look_button):
            layout.addWidget(widget)
        self.show_estimate("")

    def text(self) -> str:
        """Return what it says."""
        return self._label.text()

    def show_estimate(
        self,
        text: str,
        *,
        offers_draft: bool = False,
        offers_skip: bool = False,
        offers_look: bool = False,
    ) -> None:
        """Say what a run would take; an empty text says nothing."""
        self._label.setText(text)
        self.draft_button.setVisible(offers_draft)
        self.skip_button.setVisible(offers_skip)
        self.look_button.setVisible(offers_look)
        self.setVisible(bool(text))
