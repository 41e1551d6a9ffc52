"""WipeHandle: the wipe's line under the keys."""

from PySide6.QtCore import QEvent, QObject, QPointF, Qt, Slot
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QAbstractSlider

from audiosr_desktop.ui.handles import Handle, Move, Stride, ring_colour
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import format_time
from audiosr_desktop.ui.views.layers import WIPE_RADIUS, Wipe
from audiosr_desktop.ui.views.track_canvas import TrackCanvas

_SCALE = 1000  # values of the handle over the width of the view
_STRIDES = {Stride.STEP: 10, Stride.FINE: 1, Stride.PAGE: 100, Stride.END: _SCALE}
_SIZE = round(2 * WIPE_RADIUS + 8)


class WipeHandle(Handle):
    """Lies over the round handle that the view paints and drags; it adds the keys, the ring, name and value.

    Args:
        wipe: what it moves.
        view: the spectrogram that it lies on.
    """

    def __init__(self, wipe: Wipe, view: TrackCanvas) -> None:
        super().__init__(Qt.Orientation.Horizontal, view)
        self._wipe, self._view = wipe, view
        self.setAccessibleName(tr("Wipe between before and after"))
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.setRange(0, _SCALE)
        self.resize(_SIZE, _SIZE)
        self.hide()
        wipe.changed.connect(self._on_changed)
        view.timeline.view_changed.connect(self._on_changed)
        view.installEventFilter(self)

    def go(self, wanted: Move) -> None:
        """Move as a slider does: to the right and up is more."""
        direction = -wanted.direction if wanted.upright else wanted.direction
        self.setValue(self.value() + direction * _STRIDES[wanted.stride])

    def words(self) -> str:
        """Return where the line stands, as a screen reader says it."""
        timeline = self._view.timeline
        sample = timeline.start + self._wipe.place * timeline.span
        return tr("Before up to {time}", time=format_time(sample / timeline.sample_rate))

    def sliderChange(self, change: QAbstractSlider.SliderChange) -> None:
        super().sliderChange(change)
        place = self.value() / _SCALE
        if change is QAbstractSlider.SliderChange.SliderValueChange and place != self._shown_place():
            self._wipe.move_to(place)

    def _shown_place(self) -> float:
        return round(self._wipe.place * _SCALE) / _SCALE

    @Slot()
    def _on_changed(self) -> None:
        """Go where the line is."""
        shown = self._wipe.sound is not None
        if shown:
            self.setValue(round(self._wipe.place * _SCALE))
            self.setAccessibleDescription(self.words())
            centre = self._wipe.centre(self._view.area())
            self.move(round(centre.x()) - _SIZE // 2, round(centre.y()) - _SIZE // 2)
        elif self.hasFocus():
            self._view.setFocus()
        self.setVisible(shown)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._on_changed()
        return super().eventFilter(watched, event)

    def paintEvent(self, event: QPaintEvent) -> None:
        if self.hasFocus():
            painter = QPainter(self)
            painter.setRenderHint(QPainter.RenderHint.Antialiasing)
            painter.setPen(QPen(ring_colour(self), 2.5))
            middle = QPointF(self.width() / 2, self.height() / 2)
            painter.drawEllipse(middle, WIPE_RADIUS + 1, WIPE_RADIUS + 1)
            painter.end()
