"""Icons, drawn from strokes on a 24 by 24 grid in the colour of the text beside them."""

from PySide6.QtCore import QByteArray, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QIconEngine, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer

# Paths in SVG's language; a leading "*" fills the shape instead of stroking it.
_SHAPES: dict[str, tuple[str, ...]] = {
    "open": ("M3.5 18.5v-12h6l2 2.5h9v9.5z", "M3.5 12h17"),
    "export": ("M12 15.5V4.5", "M8 8.5l4-4 4 4", "M5 14v5.5h14V14"),
    "undo": ("M9 5.5L4.5 10 9 14.5", "M5 10h9a5 5 0 0 1 0 9.5h-3"),
    "redo": ("M15 5.5l4.5 4.5-4.5 4.5", "M19 10h-9a5 5 0 0 0 0 9.5h3"),
    "play": ("*M7 4.8v14.4L19.5 12z",),
    "pause": ("*M6.5 5h3.6v14H6.5z", "*M13.9 5h3.6v14h-3.6z"),
    "stop": ("*M6 6h12v12H6z",),
    "loop": ("M6 13V9.5h11.5", "M14.5 6l3.5 3.5-3.5 3.5", "M18 11v3.5H6.5", "M9.5 18L6 14.5 9.5 11"),
    "start": ("*M19 5.5v13L9 12z", "M6 5.5v13"),
    "end": ("*M5 5.5v13L15 12z", "M18 5.5v13"),
    "zoom_in": ("M10.5 4a6.5 6.5 0 1 0 .01 0z", "M15.3 15.3L20 20", "M7.5 10.5h6", "M10.5 7.5v6"),
    "zoom_out": ("M10.5 4a6.5 6.5 0 1 0 .01 0z", "M15.3 15.3L20 20", "M7.5 10.5h6"),
    "zoom_fit": ("M4 5v14", "M20 5v14", "M7 12h10", "M9.5 9L6.5 12l3 3", "M14.5 9l3 3-3 3"),
    "zoom_selection": ("M7 5H4.5v14H7", "M17 5h2.5v14H17", "*M9 8h6v8H9z"),
    "hand": (
        "M8 12V6.5a1.5 1.5 0 0 1 3 0V11",
        "M11 11V5a1.5 1.5 0 0 1 3 0v6",
        "M14 11V6.5a1.5 1.5 0 0 1 3 0V14c0 4-2 6-5 6-3.5 0-4.7-2-7-6a1.4 1.4 0 0 1 2.4-1.3L8 13.5",
    ),
    "time": ("M8 4v16", "M16 4v16", "M10.5 12h3", "M3.5 12H6", "M18 12h2.5"),
    "time_frequency": ("M5 6h14v12H5z", "M5 6h.01M19 6h.01M5 18h.01M19 18h.01"),
    "frequency": ("M4 8h16", "M4 16h16", "M12 10.5v3", "M12 3.5V6", "M12 18v2.5"),
    "lasso": (
        "M12 5c5 0 8.5 2.2 8.5 5s-3.5 5-8.5 5-8.5-2.2-8.5-5S7 5 12 5z",
        "M7.5 14.2c-2 .8-2.2 3.3-.2 3.6 1.7.2 2-1.8.4-2.6",
        "M6.8 17.8c-.2 1.2-.8 2-1.8 2.7",
    ),
    "brush": ("M20 4l-8.5 8.5", "M11 12l1.8 1.8", "M9.5 13.5c-2.5 0-2 3.8-5.5 5 3.5 1.5 7.8.5 7.5-3z"),
    "wand": ("M4.5 19.5l9-9", "M15 4v3M13.5 5.5h3", "M19.5 8.5v3M18 10h3", "M18.5 15.5v3M17 17h3"),
    "wipe": ("M4 6h16v12H4z", "M12 3.5v17", "*M4 6h8v12H4z"),
    "restore": (
        "M4.5 19.5L14 10",
        "M12.5 8.5l3 3",
        "*M18 2.5l1 2.5 2.5 1-2.5 1-1 2.5-1-2.5L14.5 6 17 5z",
        "*M9 3l.6 1.6 1.6.6-1.6.6L9 7.4l-.6-1.6-1.6-.6 1.6-.6z",
    ),
    "compare": ("M12 4v16", "M9 8H4v8h5", "*M15 8h5v8h-5z"),
    "delta": ("M12 5L4.5 18.5h15z",),
    "level": ("M6 19v-6", "M12 19V9", "M18 19V5", "M3.5 19.5h17"),
    "cancel": ("M6.5 6.5l11 11", "M17.5 6.5l-11 11"),
    "history": ("M5 7v4h4", "M5.5 11a7 7 0 1 1 .8 5", "M12.5 8v4.5l3 2"),
    "settings": (
        "M4 7h9",
        "M17 7h3",
        "M15 5a2 2 0 1 0 .01 0z",
        "M4 17h3",
        "M11 17h9",
        "M9 15a2 2 0 1 0 .01 0z",
    ),
    "warning": ("M12 4.5L3.5 19.5h17z", "M12 10v4.5", "M12 17v.01"),
    "drop": ("M12 4v10", "M8 10l4 4 4-4", "M4.5 15v4.5h15V15"),
}


class _Strokes(QIconEngine):
    """Draws an icon for the very pixels that it is shown on, whatever the scale of the screen."""

    def __init__(self, enabled: str, disabled: str) -> None:
        super().__init__()
        self._enabled, self._disabled = enabled, disabled
        self._drawn: dict[tuple[str, int], QPixmap] = {}

    def clone(self) -> QIconEngine:
        return _Strokes(self._enabled, self._disabled)

    def paint(self, painter: QPainter, rect: QRect, mode: QIcon.Mode, state: QIcon.State) -> None:
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(rect, self.scaledPixmap(rect.size(), mode, state, ratio))

    def pixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State) -> QPixmap:
        return self.scaledPixmap(size, mode, state, 1.0)

    def scaledPixmap(self, size: QSize, mode: QIcon.Mode, state: QIcon.State, scale: float) -> QPixmap:
        svg = self._disabled if mode == QIcon.Mode.Disabled else self._enabled
        pixels = round(min(size.width(), size.height()) * scale)
        if (svg, pixels) not in self._drawn:
            self._drawn[svg, pixels] = _drawn(svg, pixels)
        picture = QPixmap(self._drawn[svg, pixels])
        picture.setDevicePixelRatio(scale)
        return picture


def icon(name: str, colour: QColor, disabled: QColor) -> QIcon:
    """Return an icon, paler for disabled controls."""
    return QIcon(_Strokes(*(_svg(_SHAPES[name], one.name()) for one in (colour, disabled))))


def app_icon() -> QIcon:
    """Return the program's own icon; window managers take its sizes as they are."""
    result = QIcon()
    for size in (16, 24, 32, 48, 64, 96, 128, 192, 256, 288):
        result.addPixmap(app_pixmap(size))
    return result


def app_pixmap(size: int) -> QPixmap:
    """Draw the program's own icon `size` pixels wide."""
    return _drawn(app_drawing(), size)


def app_drawing() -> str:
    """Return the program's own icon as SVG: a spectrum whose missing top comes back."""
    bars = [(4.2, 7.0, 0), (7.0, 10.5, 1), (9.8, 8.0, 2), (12.6, 12.0, 3), (15.4, 9.5, 4), (18.2, 6.5, 5)]
    low = "".join(
        f'<rect x="{x}" y="{18.5 - h / 2:.2f}" width="1.7" height="{h / 2:.2f}"/>' for x, h, _ in bars
    )
    top = "".join(
        f'<rect x="{x}" y="{18.0 - h:.2f}" width="1.7" height="{h / 2:.2f}" opacity="{0.35 + 0.13 * i:.2f}"/>'
        for x, h, i in bars
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">'
        '<rect x="1" y="1" width="22" height="22" rx="5" fill="#1a1824"/>'
        f'<g fill="#8f6be0">{low}</g><g fill="#fb9a62">{top}</g></svg>'
    )


def _svg(shapes: tuple[str, ...], colour: str) -> str:
    paths = "".join(
        f'<path d="{shape[1:]}" fill="{colour}"/>'
        if shape.startswith("*")
        else f'<path d="{shape}" fill="none" stroke="{colour}" stroke-width="1.8" '
        'stroke-linecap="round" stroke-linejoin="round"/>'
        for shape in shapes
    )
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24">{paths}</svg>'


def _drawn(svg: str, size: int) -> QPixmap:
    picture = QPixmap(size, size)
    picture.fill(Qt.GlobalColor.transparent)
    painter = QPainter(picture)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(0, 0, size, size))
    painter.end()
    return picture
