"""Tab order: the order in which controls are laid out, whenever each of them was made.

Nothing in these places may hand the focus on (`setFocusProxy`) to a part of it: Qt then stops at both.
"""

from collections.abc import Iterator
from itertools import pairwise

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLayout, QScrollArea, QSplitter, QWidget


def order_tabs(*places: QWidget) -> None:
    """Let Tab go through these places one after the other, each as it is read."""
    stops = [stop for place in places for stop in stops_of(place)]
    for one, next_one in pairwise(stops):
        QWidget.setTabOrder(one, next_one)


def stops_of(place: QWidget) -> Iterator[QWidget]:
    """Yield the controls that Tab reaches, in the order of their layouts."""
    if place.focusPolicy() & Qt.FocusPolicy.TabFocus:
        yield place
    layout = place.layout()
    if isinstance(place, QScrollArea):
        inner = [place.widget()]
    elif isinstance(place, QSplitter):
        inner = [part for at in range(place.count()) for part in (place.handle(at), place.widget(at))]
    else:
        inner = []
    for part in inner:
        if part is not None:
            yield from stops_of(part)
    if layout is not None:
        yield from _in_layout(layout)


def _in_layout(layout: QLayout) -> Iterator[QWidget]:
    for place in range(layout.count()):
        item = layout.itemAt(place)
        widget, inner = (item.widget(), item.layout()) if item is not None else (None, None)
        if widget is not None:
            yield from stops_of(widget)
        elif inner is not None:
            yield from _in_layout(inner)
