"""MainWindow: what the editor's window does; it connects panes, menus and bars with the editor."""

from collections.abc import Mapping
from functools import partial
from pathlib import Path

from PySide6.QtCore import QEvent, QPoint, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QMenu

from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.effects.effect import Value
from audiosr_desktop.effects.timing import Timings
from audiosr_desktop.ui.actions import CONTEXT_MENU, enable_actions
from audiosr_desktop.ui.appearance import Appearance
from audiosr_desktop.ui.batch_opener import BatchOpener
from audiosr_desktop.ui.chaining import Chaining
from audiosr_desktop.ui.dialogs.dialogs import Dialogs
from audiosr_desktop.ui.document import RestoredSpan
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.forecast import Forecast
from audiosr_desktop.ui.gate import CHAIN_ID, on_processor
from audiosr_desktop.ui.gpu_asking import GpuAsking
from audiosr_desktop.ui.happenings import Happenings
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.leaving import Leaving
from audiosr_desktop.ui.looking import Looking
from audiosr_desktop.ui.mending import Mending
from audiosr_desktop.ui.notifying import Notifier
from audiosr_desktop.ui.plugging import Plugging
from audiosr_desktop.ui.pointing import Pointing
from audiosr_desktop.ui.preview import Preview
from audiosr_desktop.ui.readout import format_hz
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.transport import DELTA, TAKE_A
from audiosr_desktop.ui.troubles import Remedy, Trouble
from audiosr_desktop.ui.window_frame import WindowFrame

NAME = "AudioSR Desktop"
_MESSAGE_MS = 8000
_REMOVE_TONE = "audiosr.remove-tone"


class MainWindow(WindowFrame):
    """The editor's window.

    Args:
        editor: the document and what works on it; closed with the window.
        settings: what is remembered.
        dialogs: what asks the user; None makes the real ones.
        timings: how long effects took here; None begins anew and keeps nothing.
    """

    def __init__(
        self,
        editor: Editor,
        settings: Settings,
        dialogs: Dialogs | None = None,
        timings: Timings | None = None,
    ) -> None:
        super().__init__(editor, settings, dialogs)
        self.batch = BatchOpener(self)
        self._closed = False
        self.appearance = Appearance(self)
        self.plugging = Plugging(self, editor, self.panel, self.dialogs.confirm)
        self.forecast = Forecast(editor, self.panel, timings or Timings(), self)
        self.gpu = GpuAsking(editor, self.panel, self.forecast, self.dialogs)
        self.leaving = Leaving(self, editor.runner, self.dialogs)
        self.notifier = Notifier(self, settings)
        self.happenings = Happenings(self)
        self.mending = Mending(self)
        looking = Looking(editor, self.panel, self.forecast)
        self.chaining = Chaining(editor, self.panel, self.dialogs, looking, self)
        self.preview = Preview(editor, self.forecast.wait_s, self)
        self.pointing = Pointing(editor, self.view, self.panel.gaps, self.preview, self.announcer)
        self._connect()
        self._connect_panels()
        self.appearance.show_settings()
        self.restore_layout()
        self.apply_space()
        self.setAcceptDrops(True)
        self.setWindowTitle(NAME)
        self._on_document_changed()

    def _connect(self) -> None:
        editor, view = self.editor, self.view
        editor.document_changed.connect(self._on_document_changed)
        editor.sound_changing.connect(view.hold_loaders)
        editor.sound_changed.connect(self._on_sound_changed)
        editor.facts_changed.connect(self._on_facts_changed)
        editor.catalogue_changed.connect(self._on_catalogue_changed)
        editor.emergence.changed.connect(self._on_emergence_changed)
        editor.failed.connect(self._on_failed)
        editor.troubled.connect(self._on_troubled)
        editor.measurements.peaks_changed.connect(self._on_peaks_changed)
        editor.runner.started.connect(self._on_facts_changed)
        editor.runner.ended.connect(self.notifier.on_ended)
        view.playhead_placed.connect(editor.transport.seek)
        view.drawn.connect(editor.measurements.release)
        view.drawn.connect(editor.transport.metering.begin)
        view.hovered.connect(self.status.show_readout)
        view.menu_wanted.connect(self._on_menu_wanted)
        view.span_chosen.connect(self._on_span_chosen)
        view.scrubbed.connect(editor.transport.scrub)
        view.scrolled.connect(editor.transport.following.suspend)
        self.commands.dropped.connect(view.let_go)
        editor.transport.told.connect(self._on_told)
        self.undo_budget.told.connect(self._on_told)
        editor.transport.device_chosen.connect(self._on_device_chosen)
        self.filing.told.connect(self._on_told)
        self.editing.told.connect(self._on_told)
        self.filing.exported.connect(self._on_exported)
        self.filing.failed.connect(self._on_failed)
        self.listening.exported.connect(self._on_exported)
        self.autosave.troubled.connect(self._on_troubled)
        self.leaving.told.connect(self._on_told)

    def _connect_panels(self) -> None:
        panel = self.panel
        self.history.values_wanted.connect(self.reopen)
        self.tabs.close_wanted.connect(self.filing.close)
        panel.apply_wanted.connect(self.apply_effect)
        panel.effect_chosen.connect(self._on_effect_chosen)
        panel.values_changed.connect(self._on_values_changed)
        panel.preview_wanted.connect(self.toggle_preview)
        panel.window_wanted.connect(self.plugging.show_window)
        self.preview.changed.connect(self._on_preview_changed)
        self.preview.failed.connect(self._on_preview_failed)
        self.preview.previewed.connect(self.running.show_device)
        self.chaining.failed.connect(self._on_preset_failed)
        self.presetting.failed.connect(self._on_preset_failed)
        self.pointing.gaps.failed.connect(self._on_gaps_failed)
        self.empty.open_wanted.connect(self.filing.ask_open)
        self.empty.example_wanted.connect(self.filing.open_example)
        self.empty.file_wanted.connect(self.filing.open_recent)
        self.status.device.clicked.connect(self._on_device_clicked)
        self.recent_menu.file_wanted.connect(self.filing.open_recent)
        self.effect_menu.effect_wanted.connect(self._on_effect_wanted)

    def show_plugins(self) -> None:
        """Show the manager of plugins."""
        self.plugging.show_manager()

    def show_batch(self) -> None:
        """Show the batch window."""
        self.batch.show_batch()

    # processing

    def apply_effect(self) -> None:
        """Apply the chosen effect."""
        effect = self.panel.effect
        if effect is not None:
            self.editor.applying.apply(effect.id, self.panel.values())

    def apply_as_take(self) -> None:
        """Apply the chosen effect to the source of the takes; the result is one more of them."""
        effect = self.panel.effect
        if effect is not None:
            self.editor.variations.add(effect.id, self.panel.values())

    def toggle_preview(self, wanted: bool) -> None:
        """Hear ten seconds with the chosen effect, or go back to the document."""
        effect, values = self.panel.effect, self.panel.values()
        if wanted and effect is not None:

            def go(on_cpu: bool) -> bool:
                self.preview.start(effect, on_processor(values) if on_cpu else values)
                self._on_preview_changed()
                return True

            self.editor.gate([(effect.id, values)], go)
        else:
            self.preview.stop()
        self._on_preview_changed()

    def show_chain(self) -> None:
        """Open the dialog of chains and presets."""
        self.chaining.show()

    @Slot(str, object)
    def reopen(self, effect_id: str, values: Mapping[str, Value]) -> bool:
        """Open the module that made a step of the history, with its values; False if it is not there."""
        if effect_id == CHAIN_ID:
            self.chaining.reopen(str(values["chain"]))
            return True
        return self.panel.show_values(effect_id, values)

    @Slot(str)
    def _on_effect_wanted(self, effect_id: str) -> None:
        """Open an effect in the panel, with the values that it had there."""
        self.panel.show_values(effect_id, {})

    def show_wipe(self, shown: bool) -> None:
        """Show the sound before the last edit to the left of a wipe, where there is one of the same size."""
        document = self.editor.document
        last = document.last_edit() if document is not None and self.editor.transport.can_compare else None
        before = self.editor.emergence.before or (last.before.sound if last is not None else None)
        self.view.spectrogram.set_before(before if shown else None)
        self.actions_by_id["wipe"].setChecked(shown and before is not None)

    # what happens

    @Slot()
    def _on_document_changed(self) -> None:
        document = self.editor.document
        self.view.let_go()
        self.pages.setCurrentIndex(0 if document is None else 1)
        self.panel.show_summary("")
        if not self.editor.runner.busy:
            self.panel.job_panel.clear()
        self.history.set_document(document)
        self.markers.set_document(document)
        if document is None:
            self.empty.show_recent(self.settings.recent_files)
            self.view.set_sound(None, None)
            self.setWindowFilePath("")
        else:
            self.settings.add_recent(str(document.path))
            self.settings.last_folder = str(document.path.parent)
            self.view.take_keys()
        self._on_sound_changed()

    @Slot()
    def _on_sound_changed(self) -> None:
        document = self.editor.document
        if document is not None:
            self.view.set_sound(document.sound, self.editor.peaks(), document.spans)
            self.status.show_document(document.sound, document.info)
        else:
            self.status.show_document(None, None)
        self._on_facts_changed()

    @Slot()
    def _on_emergence_changed(self) -> None:
        emergence = self.editor.emergence
        if emergence.sound is None:
            self._on_sound_changed()
        else:
            peaks = self.editor.measurements.peaks_of(emergence.sound)
            self.view.set_sound(emergence.sound, peaks, emergence.spans(), emergence.pending)
            self._on_facts_changed()

    @Slot()
    def _on_facts_changed(self) -> None:
        editor, document = self.editor, self.editor.document
        facts = editor.facts()
        if self.panel.effect is not None:
            facts.add("effect")
        enable_actions(self.actions_by_id, facts)
        idle = "idle" in facts
        self.panel.set_ready(ready=document is not None and idle)
        self.history.setEnabled(idle)
        transport = editor.transport
        self.actions_by_id["loop"].setChecked(transport.looping)
        self.actions_by_id["compare"].setChecked(transport.can_compare and transport.take == TAKE_A)
        self.show_wipe(self.actions_by_id["wipe"].isChecked())
        self.actions_by_id["delta"].setChecked(transport.take == DELTA)
        self.actions_by_id["band_only"].setChecked(transport.hearing.band_only)
        self.actions_by_id["play"].setIcon(self.play_icons[transport.playing])
        for name in ("undo", "redo"):
            stack = document.undo_stack if document is not None else None
            step = (stack.undoText() if name == "undo" else stack.redoText()) if stack is not None else ""
            verb = tr("&Undo") if name == "undo" else tr("&Redo")
            self.actions_by_id[name].setText(tr("{verb}: {step}", verb=verb, step=step) if step else verb)
        if document is None:
            self.setWindowTitle(NAME)
        else:
            self.setWindowTitle(f"{document.path.name}[*] – {NAME}")
        self.setWindowModified(document is not None and document.modified)

    @Slot(object)
    def _on_peaks_changed(self, peaks: Peaks) -> None:
        self.view.set_peaks(peaks)

    @Slot()
    def _on_catalogue_changed(self) -> None:
        catalogue = self.editor.catalogue
        self.history.set_effects(catalogue.effects)
        self.panel.set_effects(catalogue.effects, catalogue.choices, self.settings.effect)
        self._on_facts_changed()

    @Slot(object)
    def _on_span_chosen(self, span: RestoredSpan) -> None:
        """Show the step of the history that made a restored part."""
        document = self.editor.document
        place = document.step_of(span) if document is not None else None
        if place is not None:
            self.actions_by_id["history"].setChecked(True)
            self.toggle_history(True)
            self.history.show_step(place)

    @Slot()
    def _on_values_changed(self) -> None:
        effect = self.panel.effect
        if effect is not None:
            self.preview.update(effect, self.panel.values())

    @Slot()
    def _on_preview_changed(self) -> None:
        self.panel.show_preview(self.preview.text, on=self.preview.on)
        self.actions_by_id["preview"].setChecked(self.preview.on)
        self.forecast.benchmarking.hold(self.preview.on)

    @Slot(str)
    def _on_effect_chosen(self, effect_id: str) -> None:
        self.settings.effect = effect_id

    @Slot(str)
    def _on_device_chosen(self, name: str) -> None:
        self.settings.sound_device = name

    @Slot(str)
    def _on_told(self, text: str) -> None:
        self.status.showMessage(text, _MESSAGE_MS)

    @Slot(Path)
    def _on_exported(self, path: Path) -> None:
        self.status.showMessage(tr("Written: {path}", path=path), _MESSAGE_MS)

    @Slot(Exception)
    def _on_gaps_failed(self, error: Exception) -> None:
        self._on_failed(tr("Find gaps"), error)

    @Slot(str, Exception)
    def _on_failed(self, title: str, error: Exception) -> None:
        self.dialogs.show_error(self.mending.of_run(title, error))

    @Slot(str, Exception)
    def _on_preview_failed(self, title: str, error: Exception) -> None:
        self.dialogs.show_error(self.mending.of_preview(title, error))

    @Slot(str, Exception)
    def _on_preset_failed(self, title: str, error: Exception) -> None:
        self.dialogs.show_error(Trouble(title, error, "", (Remedy(tr("Chain and presets…"), "show_chain"),)))

    @Slot(object)
    def _on_troubled(self, trouble: Trouble) -> None:
        self.dialogs.show_error(trouble)

    @Slot()
    def _on_device_clicked(self) -> None:
        self.windows.show_device(self.status.details)

    @Slot(QPoint)
    def _on_menu_wanted(self, position: QPoint) -> None:
        menu = QMenu(self)
        for name in CONTEXT_MENU.split():
            if name == "-":
                menu.addSeparator()
            else:
                menu.addAction(self.actions_by_id[name])
        hz = self.view.line_at(position)
        if hz is not None and _REMOVE_TONE in self.editor.catalogue.effects:
            menu.addSeparator()
            action = menu.addAction(tr("Remove the tone at {hz}", hz=format_hz(hz)))
            action.triggered.connect(partial(self.take_tone, hz))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(position)

    def take_tone(self, hz: float) -> None:
        """Put a tone into the form of the effect that removes it, to be heard first or applied."""
        self.panel.show_values(_REMOVE_TONE, {"frequency_hz": round(hz, 1)})

    # Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if any(url.isLocalFile() for url in event.mimeData().urls()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        files = [url.toLocalFile() for url in event.mimeData().urls() if url.isLocalFile()]
        if files:
            event.acceptProposedAction()
            dropped = [Path(file) for file in files]
            if any(path.is_dir() for path in dropped):
                self.batch.show_batch(dropped)
            else:
                self.filing.open_files(dropped)

    def closeEvent(self, event: QCloseEvent) -> None:
        if not self.leaving.may_leave():
            event.ignore()
            return
        if not self.filing.may_discard(tr("Quit?"), self.editor.documents.all):
            event.ignore()
            return
        if self.batch.running and not self.dialogs.confirm(
            tr("Quit while a batch runs?"),
            tr("It can go on the next time, with the files that are left."),
            tr("Quit"),
        ):
            event.ignore()
            return
        if not self._closed:
            self._closed = True
            self.settings.geometry = self.saveGeometry()
            self.batch.close()
            self.models.close()
            self.forecast.benchmarking.close()
            self.preview.close()
            self.pointing.gaps.close()
            self.editor.close()
            self.autosave.close()
            self.view.close_loaders()
        event.accept()

    def changeEvent(self, event: QEvent) -> None:
        if event.type() == QEvent.Type.ActivationChange and self.isActiveWindow():
            self.editor.transport.prepare()
        if event.type() == QEvent.Type.WindowStateChange:
            self.actions_by_id["full_screen"].setChecked(self.isFullScreen())
        super().changeEvent(event)
