"""CutoffWatch: where the band ends, measured after each edit and shown unless the user chose it."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Slot

from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.restore_panel import RestorePanel
from audiosr_desktop.ui.readout import percent
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.views.editor_view import EditorView

if TYPE_CHECKING:
    from audiosr_desktop.dsp.cutoff import CutoffEstimate

CALM_MS = 800  # after an edit another one may follow, which looking through the sound would hold up


class CutoffWatch(QObject):
    """Joins the measurement, the line in the spectrogram and the field of the form.

    Args:
        editor: whose sound is measured.
        view: shows the line, which the user can drag.
        panel: takes a cutoff that the user chose.
        settings: whether the line is wanted.
    """

    def __init__(
        self,
        editor: Editor,
        view: EditorView,
        panel: RestorePanel,
        settings: Settings,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor, self._view, self._panel, self._settings = editor, view, panel, settings
        self._dragged = False  # what the user chose is not measured away
        self._calm = QTimer(self, singleShot=True, interval=CALM_MS)
        self._calm.timeout.connect(self._on_calm)
        editor.document_changed.connect(self._on_document_changed)
        editor.sound_changed.connect(self._on_edited)
        editor.measurements.cutoff_changed.connect(self._on_measured)
        view.cutoff_moved.connect(self._on_moved)
        settings.changed.connect(self._on_setting_changed)

    def measure(self) -> None:
        """Estimate again where the band ends: after an edit, or after the line was dragged."""
        self._dragged = False
        if self._editor.sound is not None:
            self._editor.measurements.measure_cutoff(self._editor.sound)

    @Slot()
    def _on_edited(self) -> None:
        """The band may end elsewhere after an edit."""
        if self._settings.show_cutoff and not self._dragged:
            self._editor.measurements.drop_cutoff()
            self._calm.start()

    @Slot()
    def _on_calm(self) -> None:
        sound = self._editor.sound
        if sound is not None and not self._dragged:
            self._editor.measurements.measure_cutoff(sound)

    @Slot(object)
    def _on_measured(self, estimate: "CutoffEstimate | None") -> None:
        shown = self._settings.show_cutoff and estimate is not None and not estimate.full_band
        if shown and estimate is not None:
            self._view.spectrogram.set_cutoff(
                estimate.cutoff_hz, tr(" · {share} sure", share=percent(min(estimate.confidence, 0.99)))
            )
        else:
            self._view.spectrogram.set_cutoff(None)

    @Slot(float)
    def _on_moved(self, hz: float) -> None:
        self._dragged = True
        self._panel.set_value("cutoff_hz", round(hz))

    @Slot()
    def _on_document_changed(self) -> None:
        self._calm.stop()
        self._view.spectrogram.set_cutoff(None)
        self._dragged = False
        if self._editor.document is not None:
            self._panel.set_value("cutoff_hz", 0.0)

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        if key == Settings.show_cutoff.key:
            if self._settings.show_cutoff:
                self.measure()
            else:
                self._view.spectrogram.set_cutoff(None)
