"""Forms: labels that stand beside the middle of their fields."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFormLayout, QLayout, QLayoutItem, QWidget


def level_labels(form: QFormLayout) -> None:
    """Make every label of a form as high as its field; the layout puts a lower one too near the top."""
    form.setLabelAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
    for row in range(form.rowCount()):
        label = form.itemAt(row, QFormLayout.ItemRole.LabelRole)
        field = form.itemAt(row, QFormLayout.ItemRole.FieldRole)
        text = label.widget() if label is not None else None
        if text is not None and field is not None:
            _polish(field)
            text.setMinimumHeight(field.sizeHint().height())


def _polish(item: QLayoutItem) -> None:
    """Give what is in a layout the style's sizes, which it would only get when it is shown."""
    widget, layout = item.widget(), item.layout()
    if isinstance(widget, QWidget):
        widget.ensurePolished()
    if isinstance(layout, QLayout):
        for place in range(layout.count()):
            inner = layout.itemAt(place)
            assert inner is not None, "the layout has as many"
            _polish(inner)
