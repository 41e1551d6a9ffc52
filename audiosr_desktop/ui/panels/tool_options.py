"""ToolOptions: what the brush and the magic wand are set to; shown while such a tool is chosen."""

from PySide6.QtWidgets import QHBoxLayout, QLabel, QWidget

from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.fields import NumberBox
from audiosr_desktop.ui.settings import Setting, Settings
from audiosr_desktop.ui.views.tools import FREE_TOOLS, Tool


class ToolOptions(QWidget):
    """Brush size, tolerance and softness of the edges, as far as the tool has them."""

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._settings = settings
        self._labels: dict[NumberBox, QLabel] = {}
        layout = QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        self.brush = self._box(layout, tr("Brush"), Settings.brush_px, (2.0, 200.0), " px")
        self.wand = self._box(layout, tr("Tolerance"), Settings.wand_db, (1.0, 60.0), " dB")
        self.softness = self._box(layout, tr("Soft edge"), Settings.softness_px, (0.0, 60.0), " px")
        self.show_for(Tool.TIME)

    def show_for(self, tool: Tool) -> None:
        """Show what a tool can be set to."""
        shown = {self.brush: tool is Tool.BRUSH, self.wand: tool is Tool.WAND}
        for box in (self.brush, self.wand, self.softness):
            visible = shown.get(box, tool in FREE_TOOLS)
            box.setVisible(visible)
            self._labels[box].setVisible(visible)

    def _box(
        self, layout: QHBoxLayout, name: str, setting: Setting[float], span: tuple[float, float], unit: str
    ) -> NumberBox:
        label, box = QLabel(name), NumberBox()
        label.setProperty("quiet", True)
        label.setBuddy(box)
        box.setAccessibleName(name)
        box.setRange(*span)
        box.setDecimals(0)
        box.setSuffix(unit)
        box.setValue(setting.__get__(self._settings, Settings))

        def take(value: float) -> None:
            setting.__set__(self._settings, value)

        box.valueChanged.connect(take)
        layout.addWidget(label)
        layout.addWidget(box)
        self._labels[box] = label
        return box
