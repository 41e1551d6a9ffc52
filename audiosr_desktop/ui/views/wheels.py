"""Wheels, trackpads and pinches: what they mean over time, in every view and strip."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QGuiApplication, QInputDevice, QNativeGestureEvent, QWheelEvent

from audiosr_desktop.ui.timeline import Timeline

ZOOM_PER_NOTCH = 2.0**0.25
SCROLL_NOTCHES = 12  # of a sideways wheel that scroll by what is seen


def is_pan(event: QWheelEvent) -> bool:
    """Return whether two fingers move on a trackpad: their pixels are never notches.

    Under X11 wheels of mice tell pixels too, which mean nothing; there only the device tells them apart.
    """
    if event.pixelDelta().isNull():
        return False
    if event.phase() != Qt.ScrollPhase.NoScrollPhase or QGuiApplication.platformName() != "xcb":
        return True
    return event.deviceType() == QInputDevice.DeviceType.TouchPad


def notches_of(event: QWheelEvent) -> float:
    """Return how far a wheel was turned, whichever way it tells; Alt turns it sideways on some systems."""
    angle = event.angleDelta()
    return (angle.y() or angle.x()) / 120.0


def is_sideways(event: QWheelEvent) -> bool:
    """Return whether a wheel asks to scroll in time."""
    keys = event.modifiers()
    if keys & Qt.KeyboardModifier.AltModifier:
        return False
    return bool(keys & Qt.KeyboardModifier.ShiftModifier) or not event.angleDelta().y()


def turn_time(
    timeline: Timeline, event: QWheelEvent, *, width: float, about: float, sensitivity: float
) -> None:
    """Scroll or zoom time as a wheel or two fingers ask for.

    Args:
        timeline: what moves.
        event: of the wheel.
        width: pixels over which the visible range lies.
        about: the sample under the pointer, which stays there.
        sensitivity: how much a notch zooms, 1.0 by default.
    """
    if is_pan(event):
        timeline.scroll(-event.pixelDelta().x() * timeline.span / width)
    elif is_sideways(event):
        timeline.scroll(-notches_of(event) * timeline.span / SCROLL_NOTCHES)
    else:
        timeline.zoom(ZOOM_PER_NOTCH ** (notches_of(event) * sensitivity), about)


def pinched(event: QEvent) -> tuple[float, float] | None:
    """Return by what factor a gesture of fingers zooms, and at which x; None where an event is none."""
    if not isinstance(event, QNativeGestureEvent):
        return None
    is_zoom = event.gestureType() == Qt.NativeGestureType.ZoomNativeGesture
    return 1.0 + event.value() if is_zoom else 1.0, event.position().x()
