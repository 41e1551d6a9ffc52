"""DockGrip: the border of a dock under the keys; the window itself has it under the mouse only."""

from collections.abc import Sequence

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Slot
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QAbstractSlider, QDockWidget, QMainWindow, QStyle

from audiosr_desktop.ui.handles import BORDER_PX, Handle, Move, ring_colour
from audiosr_desktop.ui.language import tr

_THICK = 5  # of the bar that shows the focus


class DockGrip(Handle):
    """Lies over the border at the left or at the bottom of a dock; its value is the dock's size in pixels.

    Args:
        orientation: of the way that it moves.
        dock: what it makes wider or higher.
        beyond: docks on the other side; without one of them there is no border. None is what always is there.
        window: whose dock it is.
    """

    def __init__(
        self,
        orientation: Qt.Orientation,
        dock: QDockWidget,
        beyond: Sequence[QDockWidget] | None,
        window: QMainWindow,
    ) -> None:
        super().__init__(orientation, window)
        self._dock, self._beyond, self._window = dock, beyond, window
        self._following = False
        upright = orientation is Qt.Orientation.Vertical
        self.setAccessibleName(
            tr("Height of the pane {pane}", pane=dock.windowTitle())
            if upright
            else tr("Width of the pane {pane}", pane=dock.windowTitle())
        )
        words = tr("Divides two panes: drag it, or move it with the arrows.")
        self.setWhatsThis(words)
        self.setToolTip(words)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        dock.installEventFilter(self)

    def go(self, wanted: Move) -> None:
        """Move the border; to the left it makes the dock at the right wider."""
        more = wanted.direction if self.orientation() is Qt.Orientation.Vertical else -wanted.direction
        self.setValue(self.value() + more * BORDER_PX[wanted.stride])

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        super().sliderChange(change)
        if change is QAbstractSlider.SliderChange.SliderValueChange and not self._following:
            docks, sizes = [self._dock], [self.value()]
            for dock in self._shown_beyond()[:1]:  # it gets what is left
                docks.append(dock)
                extent = QStyle.PixelMetric.PM_DockWidgetSeparatorExtent
                gap = self._window.style().pixelMetric(extent, None, self._window)  # as the theme has it
                both = dock.geometry().bottom() - self._dock.geometry().top() + 1 - gap  # with its tab
                sizes.append(max(1, both - self.value()))
            self._window.resizeDocks(docks, sizes, self.orientation())
            QTimer.singleShot(0, self.place)  # by then it is known how large it could become

    def _shown_beyond(self) -> list[QDockWidget]:
        return [dock for dock in self._beyond or () if not dock.isHidden()]

    @Slot()
    def place(self) -> None:
        """Lie on the border, and know the size of the dock."""
        shown, upright = self._dock.geometry(), self.orientation() is Qt.Orientation.Vertical
        whole, least = self._window.rect(), self._dock.minimumSizeHint()
        self._following = True
        if upright:
            self.setGeometry(shown.left(), shown.bottom() - 1, shown.width(), _THICK)
            self.setRange(least.height(), whole.height())
            self.setValue(shown.height())
        else:
            self.setGeometry(shown.left() - _THICK + 1, shown.top(), _THICK, whole.height() - shown.top())
            self.setRange(least.width(), whole.width())
            self.setValue(shown.width())
        self._following = False
        self.setVisible(self._beyond is None or bool(self._shown_beyond()))
        self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() in (QEvent.Type.Resize, QEvent.Type.Move, QEvent.Type.Show):
            self.place()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.fillRect(self.rect(), ring_colour(self))
            painter.end()
