"""GapList: the gaps that were found or filled, a row each; a row goes to its gap."""

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, Qt, Signal, Slot
from PySide6.QtWidgets import QLabel, QListWidget, QPushButton, QVBoxLayout, QWidget

from audiosr_desktop.ui.channel_words import channels_words
from audiosr_desktop.ui.gap_finding import Gap
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import format_length, format_time

_ROWS_SEEN = 6


class GapList(QWidget):
    """A button that looks for gaps, and what was found; arrow keys, a click or Enter go to a gap."""

    find_wanted = Signal()
    chosen = Signal(int)  # row
    changed = Signal()  # there are rows now, or none any more

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.find_button = QPushButton(tr("Find gaps"))
        self.find_button.setToolTip(tr("Look for gaps in the selection, or in the whole file"))
        self.find_button.clicked.connect(self.find_wanted)
        self.told = QLabel()
        self.told.setProperty("quiet", True)
        self.told.setWordWrap(True)
        self.list = QListWidget()
        self.list.setAccessibleName(tr("Gaps"))
        self.list.setSpacing(2)
        self.list.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemSelectionChanged.connect(self._on_selected)  # the focus alone selects none
        self.list.itemClicked.connect(self._on_clicked)
        self.list.itemActivated.connect(self._on_clicked)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        for widget in (self.find_button, self.told, self.list):
            layout.addWidget(widget)
        self.show_gaps((), -1, 1, 1, "")

    @property
    def has_rows(self) -> bool:
        """Whether any gap is known."""
        return self.list.count() > 0

    def show_gaps(
        self, gaps: Sequence[Gap], current: int, sample_rate: int, channels: int, told: str
    ) -> None:
        """Show other gaps, or another one of them as chosen.

        Args:
            gaps: by time.
            current: the chosen one; -1 is none.
            sample_rate: of their places, Hz.
            channels: of the sound.
            told: how many there are, in words.
        """
        rows = [gap_words(gap, number, sample_rate, channels) for number, gap in enumerate(gaps, 1)]
        had_rows = self.has_rows
        with QSignalBlocker(self.list):
            if rows != [self.list.item(row).text() for row in range(self.list.count())]:
                self.list.clear()
                self.list.addItems(rows)
            self.list.setCurrentRow(current)
        self.told.setText(told)
        self.told.setVisible(bool(told))
        self.list.setVisible(bool(rows))
        height = (max(1, self.list.sizeHintForRow(0)) + 2 * self.list.spacing()) * min(len(rows), _ROWS_SEEN)
        self.list.setFixedHeight(height + 2 * self.list.frameWidth() + 2)
        if self.has_rows != had_rows:
            self.changed.emit()

    @Slot()
    def _on_selected(self) -> None:
        if self.list.selectedItems():
            self._on_clicked()

    @Slot()
    def _on_clicked(self) -> None:
        self.chosen.emit(self.list.currentRow())


def gap_words(gap: Gap, number: int, sample_rate: int, channels: int) -> str:
    """Return a gap as its row says it: number, place, length, and what of the channels fell silent."""
    parts = [
        f"{number}",
        format_time(gap.region.start / sample_rate),
        format_length(gap.region.length / sample_rate),
        channels_words(gap.region.channels, channels),
        tr("filled") if gap.filled else "",
    ]
    return "  ·  ".join(part for part in parts if part)
