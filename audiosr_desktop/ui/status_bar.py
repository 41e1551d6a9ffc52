"""StatusBar: what lies under the pointer, what is open, and what device computes."""

from collections.abc import Mapping

from PySide6.QtCore import QTimer, Slot
from PySide6.QtWidgets import QLabel, QStatusBar, QToolButton, QWidget

from audiosr_desktop.audio.files import FileInfo
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.device_words import device_words
from audiosr_desktop.ui.dialogs.export_dialog import channel_words, depth_words
from audiosr_desktop.ui.language import marked, tr
from audiosr_desktop.ui.readout import figures, format_time
from audiosr_desktop.ui.theme import figures_font

REST_MS = 400
_NO_DEVICE = marked("No model loaded yet")


class StatusBar(QStatusBar):
    """Text on the left comes and goes; document and device stay on the right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizeGripEnabled(False)
        self.readout = QLabel()
        self.readout.setFont(figures_font(self.font()))
        self.readout.setMinimumWidth(320)
        self.readout.setAccessibleName(tr("Under the pointer"))
        # a screen reader is told when the pointer rests, not at every pixel
        self._rest_timer = QTimer(self, singleShot=True, interval=REST_MS)
        self._rest_timer.timeout.connect(self._on_rest)
        self.format = QLabel()
        self.device = QToolButton()
        self._name_device(tr(_NO_DEVICE))
        self.device.setToolTip(tr("What computes; read from the loaded model"))
        self.device.setAccessibleName(tr("Device"))
        self.setContentsMargins(8, 0, 8, 0)
        self.addWidget(self.readout)
        self.addPermanentWidget(self.format)
        self.addPermanentWidget(self.device)
        self.details = tr("No model has been loaded yet. The device is shown after the first restoration.")

    @Slot(str)
    def show_readout(self, text: str) -> None:
        """Show what lies under the pointer."""
        self.readout.setText(text)
        self._rest_timer.start()

    @Slot()
    def _on_rest(self) -> None:
        self.readout.setAccessibleDescription(self.readout.text())

    def show_document(self, sound: Sound | None, info: FileInfo | None) -> None:
        """Describe the open document."""
        if sound is None or info is None:
            self.format.clear()
            return
        self.format.setText(
            tr(
                "{format} · {depth} · {rate} kHz · {channel} · {time}",
                format=info.format,
                depth=depth_words(info.subtype),
                rate=figures(sound.sample_rate / 1000, "g"),
                channel=channel_words(sound.channels),
                time=format_time(sound.duration_s, 1),
            )
        )

    def show_device(self, facts: Mapping[str, object]) -> None:
        """Name the device that a run used."""
        device = str(facts.get("device", ""))
        if device:
            self._name_device(device_words(device))
            provider, model = facts.get("provider", ""), facts.get("model", "")
            self.details = tr(
                "{device}, by {provider}. Model: {model}.",
                device=device_words(device),
                provider=provider,
                model=model,
            )

    def _name_device(self, words: str) -> None:
        self.device.setText(words)
        self.device.setAccessibleDescription(words)
