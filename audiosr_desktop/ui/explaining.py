"""Gives places and their controls what `explanations` tells of them."""

from collections.abc import Iterator

from PySide6.QtWidgets import QAbstractButton, QFormLayout, QLabel, QWidget

from audiosr_desktop.ui.explanations import CONTROLS, PLACES
from audiosr_desktop.ui.language import tr


def explain(*places: QWidget) -> None:
    """Set What's this of panes or windows and their controls, and hints of controls that have none.

    Controls are found by their accessible name, the text of a button, or their label in a form. One that has
    a hint and no sentence is explained by its hint.
    """
    for place in places:
        kind = type(place).__name__
        place.setWhatsThis(tr(PLACES[kind]))
        sentences = {tr(name): tr(text) for name, text in CONTROLS.get(kind, {}).items()}
        for name, control in named_controls(place):
            text = sentences.get(name, "")
            if text and not control.toolTip():
                control.setToolTip(text)
            if not control.whatsThis():
                control.setWhatsThis(text or control.toolTip())


def named_controls(place: QWidget) -> Iterator[tuple[str, QWidget]]:
    """Return the controls of a place with each of their names."""
    for form in place.findChildren(QFormLayout):
        for row in range(form.rowCount()):
            field = form.itemAt(row, QFormLayout.ItemRole.FieldRole)
            control = field.widget() if field else None
            label = form.labelForField(control) if control else None
            if control and isinstance(label, QLabel):
                yield label.text(), control
    for widget in place.findChildren(QWidget):
        if widget.accessibleName():
            yield widget.accessibleName(), widget
        if isinstance(widget, QAbstractButton) and widget.text():
            yield widget.text(), widget
