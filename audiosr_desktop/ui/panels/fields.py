"""Boxes of forms: they scroll with their panel, and change by the wheel only while they have the focus."""

from PySide6.QtCore import QPointF, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPalette, QPen, QPolygonF, QValidator, QWheelEvent
from PySide6.QtWidgets import QComboBox, QDoubleSpinBox, QWidget


class ChoiceBox(QComboBox):
    """A combo box with a plain arrow."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.setMinimumContentsLength(8)

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        group = QPalette.ColorGroup.Active if self.isEnabled() else QPalette.ColorGroup.Disabled
        painter.setPen(QPen(self.palette().color(group, QPalette.ColorRole.ButtonText), 1.5))
        x, y = self.width() - 15.0, self.height() / 2.0
        painter.drawPolyline(QPolygonF([QPointF(x - 4, y - 2), QPointF(x, y + 2), QPointF(x + 4, y - 2)]))
        painter.end()


class NumberBox(QDoubleSpinBox):
    """A number to type; point and comma are both understood, arrow keys step it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.lineEdit().setTextMargins(5, 0, 0, 0)
        self.lineEdit().setAcceptDrops(False)  # files are dropped on the window, wherever that is
        self.setGroupSeparatorShown(False)

    def validate(self, text: str, place: int) -> tuple[QValidator.State, str, int]:
        state, own, place = super().validate(self._own(text), place)
        return state, self._with_minus(own), place

    def valueFromText(self, text: str) -> float:
        return super().valueFromText(self._own(text))

    def textFromValue(self, value: float) -> str:
        return self._with_minus(super().textFromValue(value))

    def _with_minus(self, text: str) -> str:
        """Return a number with a true minus, as they are shown everywhere."""
        own, head = self.locale().negativeSign(), len(self.prefix())
        return text[:head] + text[head:].replace(own, "−", 1) if text[head:].startswith(own) else text

    def _own(self, text: str) -> str:
        """Return a number with the decimal mark and the minus sign of the locale, whichever were typed."""
        locale = self.locale()
        head = len(self.prefix()) if text.startswith(self.prefix()) else 0
        tail = len(text) - len(self.suffix()) if text.endswith(self.suffix()) else len(text)
        number = text[head:tail]
        for typed, own in ((".,", locale.decimalPoint()), ("-−", locale.negativeSign())):
            for mark in typed:
                number = number.replace(mark, own)
        return text[:head] + number + text[tail:]

    def wheelEvent(self, event: QWheelEvent) -> None:
        if self.hasFocus():
            super().wheelEvent(event)
        else:
            event.ignore()
