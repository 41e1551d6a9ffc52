"""About: name, licence, and the versions and devices that a report of a fault needs."""

import platform
from importlib.metadata import PackageNotFoundError, version

from PySide6.QtCore import Qt, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QLabel, QVBoxLayout, QWidget

from audiosr_desktop import __version__
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.icon_label import IconLabel
from audiosr_desktop.ui.icons import app_icon
from audiosr_desktop.ui.language import tr

_PARTS = ("PySide6-Essentials", "onnxruntime-gpu", "onnxruntime", "numpy", "scipy", "sounddevice")


def report(device: str) -> str:
    """Return what is installed and what computes, a line each; no names of files or people.

    Args:
        device: the device in words, as the status bar tells it.
    """
    screen = QGuiApplication.primaryScreen()
    lines = [
        f"AudioSR Desktop {__version__}",
        f"Python {platform.python_version()}, {platform.system()} {platform.release()} {platform.machine()}",
        *(f"{name} {found}" for name in _PARTS if (found := _version(name))),
        f"Screen: {screen.size().width()} × {screen.size().height()}, scale {screen.devicePixelRatio():g}",
        f"Device: {device}",
    ]
    return "\n".join(lines)


class AboutDialog(QDialog):
    """Name, licence, versions, device.

    Args:
        device: the device in words.
    """

    def __init__(self, device: str = "", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("About AudioSR Desktop"))
        picture = IconLabel(app_icon(), 96)
        picture.setObjectName("logo")
        name = QLabel("AudioSR Desktop")
        name.setProperty("heading", True)
        name.setAlignment(Qt.AlignmentFlag.AlignCenter)
        text = QLabel(
            tr(
                "An audio editor that restores damaged sound.\nFree software under the GNU General "
                "Public License, version 3 or later.",
            )
        )
        text.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.details = QLabel(report(device or tr("no model has been loaded yet")))
        self.details.setProperty("quiet", True)
        self.details.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.details.setAccessibleName(tr("Versions and device"))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        self.copy = buttons.addButton(tr("Copy report"), QDialogButtonBox.ButtonRole.ActionRole)
        self.copy.setAutoDefault(False)
        self.copy.clicked.connect(self._on_copy)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(36, 28, 36, 18)
        layout.setSpacing(12)
        for widget in (picture, name, text, self.details, buttons):
            layout.addWidget(widget)
        explain(self)

    @Slot()
    def _on_copy(self) -> None:
        QGuiApplication.clipboard().setText(self.details.text())


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""
