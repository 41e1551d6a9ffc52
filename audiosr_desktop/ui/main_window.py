"""MainWindow: what the editor's window does; it connects panes, menus and bars with the editor."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEvent, QEventLoop, QPoint, Qt, Slot
from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QGuiApplication
from PySide6.QtWidgets import (
    QApplication,
    QMenu,
)

from audiosr_desktop import paths
from audiosr_desktop.audio.journal import Recoverable, discard
from audiosr_desktop.audio.links import SourceLink
from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.project import SUFFIX
from audiosr_desktop.effects.effect import Value
from audiosr_desktop.effects.timing import Timings
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.ui.actions import (
    CONTEXT_MENU,
    enable_actions,
    give_icons,
)
from audiosr_desktop.ui.batch_opener import BatchOpener
from audiosr_desktop.ui.chaining import Chaining
from audiosr_desktop.ui.dialogs.dialogs import Dialogs, WindowDialogs
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.editing import GENERATE, LENGTH, SAMPLE_RATE, channel_choice
from audiosr_desktop.ui.editor import CHAIN_ID, Editor
from audiosr_desktop.ui.forecast import Forecast
from audiosr_desktop.ui.plugging import Plugging
from audiosr_desktop.ui.preview import Preview
from audiosr_desktop.ui.readout import format_hz
from audiosr_desktop.ui.restoring import Restored
from audiosr_desktop.ui.run_summary import summary_of
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.theme import Theme, apply_theme, chosen_theme
from audiosr_desktop.ui.transport import DELTA, TAKE_A
from audiosr_desktop.ui.views.tools import Tool
from audiosr_desktop.ui.window_frame import WindowFrame

if TYPE_CHECKING:
    from audiosr_desktop.dsp.cutoff import CutoffEstimate

NAME = "AudioSR Desktop"
_MESSAGE_MS = 8000
_REMOVE_TONE = "audiosr.remove-tone"
_ASK_FROM_S = 60.0  # of work that a cancelled job would lose


class MainWindow(WindowFrame):
    """The editor's window.

    Args:
        editor: the document and what works on it; closed with the window.
        settings: what is remembered.
        dialogs: what asks the user; None makes the real ones.
        log_path: the log file, for error dialogs.
        timings: how long effects took here; None begins anew and keeps nothing.
    """

    def __init__(
        self,
        editor: Editor,
        settings: Settings,
        dialogs: Dialogs | None = None,
        log_path: Path | None = None,
        timings: Timings | None = None,
    ) -> None:
        super().__init__(editor, settings)
        self.dialogs: Dialogs = dialogs or WindowDialogs(self, settings)
        self._log_path = log_path
        self.batch = BatchOpener(self)
        self._closed = False
        self._cutoff_dragged = False  # what the user chose is not measured away
        self.preview = Preview(editor, self)
        self.chaining = Chaining(editor, self.dialogs, self)
        self.plugging = Plugging(self, editor, self.panel, self.dialogs.confirm)
        self.forecast = Forecast(editor, self.panel, timings or Timings(), self)
        self._connect()
        self._show_settings()
        self.restore_layout()
        self.apply_space()
        self.setAcceptDrops(True)
        self.setWindowTitle(NAME)
        self._on_document_changed()

    def _connect(self) -> None:
        editor, view, panel = self.editor, self.view, self.panel
        editor.document_changed.connect(self._on_document_changed)
        editor.sound_changed.connect(self._on_sound_changed)
        editor.sound_changed.connect(self._on_edited)
        editor.facts_changed.connect(self._on_facts_changed)
        editor.catalogue_changed.connect(self._on_catalogue_changed)
        editor.restored.connect(self._on_restored)
        editor.exported.connect(self._on_exported)
        editor.failed.connect(self._on_failed)
        editor.measurements.peaks_changed.connect(self._on_peaks_changed)
        editor.measurements.cutoff_changed.connect(self._on_cutoff_changed)
        editor.runner.started.connect(self._on_job_started)
        editor.runner.progressed.connect(panel.job_panel.on_progressed)
        editor.runner.ended.connect(panel.job_panel.on_ended)
        view.playhead_placed.connect(editor.transport.seek)
        view.drawn.connect(editor.measurements.release)
        view.hovered.connect(self.status.show_readout)
        view.menu_wanted.connect(self._on_menu_wanted)
        view.cutoff_moved.connect(self._on_cutoff_moved)
        view.scrubbed.connect(editor.transport.scrub)
        view.scrolled.connect(editor.transport.stop_following)
        editor.transport.told.connect(self._on_told)
        self.undo_budget.told.connect(self._on_told)
        editor.transport.device_chosen.connect(self._on_device_chosen)
        editor.openers[SUFFIX] = self.projects.open
        self.projects.saved.connect(self._on_exported)
        self.projects.sources_missing.connect(self._on_sources_missing)
        self.autosave.failed.connect(self._on_failed)
        self.history.values_wanted.connect(self.reopen)
        self.tabs.close_wanted.connect(self._on_close_wanted)
        panel.apply_wanted.connect(self.apply_effect)
        panel.effect_chosen.connect(self._on_effect_chosen)
        panel.values_changed.connect(self._on_values_changed)
        panel.preview_wanted.connect(self.toggle_preview)
        panel.window_wanted.connect(self.plugging.show_window)
        self.preview.changed.connect(self._on_preview_changed)
        self.preview.failed.connect(self._on_failed)
        self.chaining.failed.connect(self._on_failed)
        panel.job_panel.cancel_wanted.connect(self.cancel_job)
        self.empty.open_wanted.connect(self.ask_open)
        self.empty.example_wanted.connect(self.open_example)
        self.empty.file_wanted.connect(self.open_file)
        self.status.device.clicked.connect(self._on_device_clicked)
        self.settings.changed.connect(self._on_setting_changed)
        self.recent_menu.file_wanted.connect(self.open_file)
        QGuiApplication.styleHints().colorSchemeChanged.connect(self._on_scheme_changed)

    def _show_settings(self) -> None:
        """Bring switches and transport to what the settings say."""
        editor, view = self.editor, self.view
        self.actions_by_id["time_frequency"].setChecked(True)
        view.set_tool(Tool.TIME_FREQUENCY)
        self.actions_by_id[f"view_{self.settings.opening_view}"].setChecked(True)
        self.actions_by_id["overlay"].setChecked(self.settings.overlay_waveform)
        self.actions_by_id["level_match"].setChecked(self.settings.level_match)
        for name in ("history", "markers"):
            self.actions_by_id[name].setChecked(True)
        self.actions_by_id["clickless"].setChecked(self.settings.clickless)
        editor.transport.set_level_match(self.settings.level_match)
        editor.transport.follow = self.settings.follow_playhead
        editor.transport.smooth = self.settings.follow_smoothly
        if self.settings.sound_device:
            editor.transport.choose_device(self.settings.sound_device)

    # files

    def open_file(self, path: Path) -> None:
        """Open a file beside what is open."""
        self.open_files([path])

    def open_files(self, paths: Sequence[Path]) -> None:
        """Open files, each in a tab of its own; while a job runs they wait for its end."""
        if self.editor.runner.busy and paths:
            self.status.showMessage(f"Waiting for the end of {self.editor.runner.title}.", _MESSAGE_MS)
        self.editor.open_all(paths)

    def show_plugins(self) -> None:
        """Show the manager of plugins."""
        self.plugging.show_manager()

    def show_batch(self) -> None:
        """Show the batch window."""
        self.batch.show_batch()

    def open_example(self) -> None:
        """Open the bundled example."""
        self.open_file(paths.example_sound())

    def ask_open(self) -> None:
        """Ask for files and open them."""
        self.open_files(self.dialogs.files_to_open(self.settings.last_folder))

    def ask_export(self) -> None:
        """Ask where to write the sound, and write it."""
        document = self.editor.document
        if document is not None:
            choice = self.dialogs.export(document, self.editor.timeline.selection)
            if choice is not None:
                self.editor.export(choice)

    def close_document(self) -> None:
        """Close the document; asks first when edits would be lost."""
        if self.editor.document is not None:
            self._on_close_wanted(self.editor.document)

    def next_document(self) -> None:
        """Show the document of the next tab."""
        self.editor.documents.show_beside(1)

    def previous_document(self) -> None:
        """Show the document of the tab before."""
        self.editor.documents.show_beside(-1)

    @Slot(object)
    def _on_close_wanted(self, document: Document) -> None:
        if document.locked:
            self.status.showMessage(f"{self.editor.runner.title} is still running.", _MESSAGE_MS)
        elif self._may_discard("Close the file?", [document]):
            self.editor.documents.remove(document)

    def _may_discard(self, title: str, documents: Sequence[Document]) -> bool:
        """Ask what becomes of edits that were not saved; False when the user would rather stay."""
        for document in documents:
            if document.modified:
                steps = document.undo_stack.index()
                what = f"{steps} edit{'s' if steps != 1 else ''} of {document.path.name} not saved"
                text = f"There {'are' if steps != 1 else 'is'} {what}."
                answer = self.dialogs.save_or_discard(title, text)
                if answer == "cancel" or (answer == "save" and not self._save_and_wait(document)):
                    return False
        return True

    def save_project(self) -> None:
        """Save the document in its project; asks for one when it has none."""
        document = self.editor.document
        if document is not None:
            self._save(document)

    def save_project_as(self) -> None:
        """Save the document in another project."""
        document = self.editor.document
        if document is not None:
            self._save(document, ask=True)

    def _save(self, document: Document, *, ask: bool = False) -> bool:
        """Begin to save; False when the user thought better of it or a job runs."""
        if document.project_path is not None and not ask:
            return self.projects.save(document)
        path = document.path.with_suffix(SUFFIX)
        choice = self.dialogs.project_to_save(path, self_contained=document.self_contained)
        return choice is not None and self.projects.save_in(document, choice[0], self_contained=choice[1])

    def _save_and_wait(self, document: Document) -> bool:
        """Save before the document closes; False when it could not be."""
        loop = QEventLoop(self)
        self.editor.runner.ended.connect(loop.quit)
        if self._save(document):
            loop.exec()
        self.editor.runner.ended.disconnect(loop.quit)
        return not document.modified

    def offer_recovery(self, entries: Sequence[Recoverable]) -> None:
        """Ask what becomes of the work that a killed run left."""
        if not entries:
            return
        restore, given_up = self.dialogs.recover(entries)
        for entry in given_up:
            try:
                discard(entry.path)
            except AudioSRError as error:
                self._on_failed("Discard", error)
        if restore:
            self.projects.recover(restore)

    @Slot(object, object)
    def _on_sources_missing(self, path: Path, missing: list[SourceLink]) -> None:
        moved = self.dialogs.relocate(missing)
        if moved is not None:
            self.projects.open(path, moved, ask=False)

    # processing

    def apply_effect(self) -> None:
        """Apply the chosen effect."""
        effect = self.panel.effect
        if effect is not None:
            self.editor.apply(effect.id, self.panel.values())

    def apply_as_take(self) -> None:
        """Apply the chosen effect to the source of the takes; the result is one more of them."""
        effect = self.panel.effect
        if effect is not None:
            self.editor.variations.add(effect.id, self.panel.values())

    def ask_generate(self) -> None:
        """Ask what to generate, and put it at the selection or the playhead."""
        effect = self.editor.catalogue.effects.get(GENERATE)
        if effect is not None:
            length = () if self.editor.timeline.selection is not None else (LENGTH,)
            values = self.dialogs.values("Generate", [*length, *effect.parameters])
            if values is not None:
                self.editing.generate(values, float(values.pop(LENGTH.id, 0.0)))

    def ask_resample(self) -> None:
        """Ask for a sample rate, and change that of the document."""
        if self.editor.sound is not None:
            rate = replace(SAMPLE_RATE, default=self.editor.sound.sample_rate)
            values = self.dialogs.values("Change the sample rate", [rate])
            if values is not None:
                self.editing.resample(int(values[SAMPLE_RATE.id]))

    def ask_channels(self) -> None:
        """Ask what becomes of the channels, and do it."""
        if self.editor.sound is not None:
            how = channel_choice(self.editor.sound.channels)
            values = self.dialogs.values("Change the channels", [how])
            if values is not None:
                self.editing.change_channels(str(values[how.id]))

    def toggle_preview(self, wanted: bool) -> None:
        """Hear ten seconds with the chosen effect, or go back to the document."""
        effect = self.panel.effect
        if wanted and effect is not None:
            self.preview.start(effect, self.panel.values())
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

    def cancel_job(self) -> None:
        """Cancel the running job; asks when more than a minute of work would be lost."""
        runner = self.editor.runner
        if not runner.busy:
            return
        if runner.elapsed_s > _ASK_FROM_S and not self.dialogs.confirm(
            "Cancel the job?",
            f"{runner.title} has run for {runner.elapsed_s / 60:.0f} min.",
            "Cancel the job",
        ):
            return
        self.panel.job_panel.acknowledge_cancel()
        runner.cancel()

    def show_wipe(self, shown: bool) -> None:
        """Show the sound before the last edit to the left of a wipe, where there is one of the same size."""
        document = self.editor.document
        last = document.last_edit() if document is not None and self.editor.transport.can_compare else None
        self.view.spectrogram.set_before(last.before.sound if shown and last is not None else None)
        self.actions_by_id["wipe"].setChecked(shown and last is not None)

    def measure_cutoff(self) -> None:
        """Estimate again where the band ends: after an edit, or after the line was dragged."""
        self._cutoff_dragged = False
        if self.editor.sound is not None:
            self.editor.measurements.measure_cutoff(self.editor.sound)

    # what happens

    @Slot()
    def _on_document_changed(self) -> None:
        document = self.editor.document
        self.pages.setCurrentIndex(0 if document is None else 1)
        self.view.spectrogram.set_cutoff(None)
        self._cutoff_dragged = False
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
            self.panel.set_value("cutoff_hz", 0.0)
            self.settings.add_recent(str(document.path))
            self.settings.last_folder = str(document.path.parent)
            self.view.spectrogram.setFocus()
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
        self.actions_by_id["band_only"].setChecked(transport.band_only)
        self.actions_by_id["play"].setIcon(self.play_icons[transport.playing])
        for name in ("undo", "redo"):
            stack = document.undo_stack if document is not None else None
            step = (stack.undoText() if name == "undo" else stack.redoText()) if stack is not None else ""
            self.actions_by_id[name].setText(f"&{name.capitalize()} {step}".rstrip())
        if document is None:
            self.setWindowTitle(NAME)
        else:
            self.setWindowTitle(f"{document.path.name}[*] – {NAME}")
        self.setWindowModified(document is not None and document.modified)

    @Slot()
    def _on_edited(self) -> None:
        """The band may end elsewhere after an edit."""
        if self.settings.show_cutoff and not self._cutoff_dragged:
            self.measure_cutoff()

    @Slot(object)
    def _on_peaks_changed(self, peaks: Peaks) -> None:
        self.view.set_peaks(peaks)

    @Slot(object)
    def _on_cutoff_changed(self, estimate: "CutoffEstimate | None") -> None:
        shown = self.settings.show_cutoff and estimate is not None and not estimate.full_band
        if shown and estimate is not None:
            self.view.spectrogram.set_cutoff(
                estimate.cutoff_hz, f" · {min(estimate.confidence, 0.99):.0%} sure"
            )
        else:
            self.view.spectrogram.set_cutoff(None)

    @Slot(float)
    def _on_cutoff_moved(self, hz: float) -> None:
        self._cutoff_dragged = True
        self.panel.set_value("cutoff_hz", round(hz))

    @Slot()
    def _on_catalogue_changed(self) -> None:
        catalogue = self.editor.catalogue
        self.panel.set_effects(catalogue.effects, catalogue.choices, self.settings.effect)
        self._on_facts_changed()

    @Slot()
    def _on_values_changed(self) -> None:
        effect = self.panel.effect
        if effect is not None:
            self.preview.update(effect, self.panel.values())

    @Slot()
    def _on_preview_changed(self) -> None:
        self.panel.show_preview(self.preview.text, on=self.preview.on)
        self.actions_by_id["preview"].setChecked(self.preview.on)

    @Slot(str)
    def _on_effect_chosen(self, effect_id: str) -> None:
        self.settings.effect = effect_id

    @Slot(str)
    def _on_job_started(self, title: str) -> None:
        self.panel.job_panel.on_started(title)
        self.panel.show_summary("")
        self._on_facts_changed()

    @Slot(object)
    def _on_restored(self, result: Restored) -> None:
        self.panel.show_summary(summary_of(result))
        self.status.show_device(result.facts)
        self.windows.device = self.status.details
        QApplication.alert(self)

    @Slot(str)
    def _on_device_chosen(self, name: str) -> None:
        self.settings.sound_device = name

    @Slot(str)
    def _on_told(self, text: str) -> None:
        self.status.showMessage(text, _MESSAGE_MS)

    @Slot(Path)
    def _on_exported(self, path: Path) -> None:
        self.status.showMessage(f"Written: {path}", _MESSAGE_MS)

    @Slot(str, Exception)
    def _on_failed(self, title: str, error: Exception) -> None:
        self.dialogs.show_error(title, error, self._log_path)

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
            action = menu.addAction(f"Remove the tone at {format_hz(hz)}")
            action.triggered.connect(partial(self.take_tone, hz))
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(position)

    def take_tone(self, hz: float) -> None:
        """Put a tone into the form of the effect that removes it, to be heard first or applied."""
        self.panel.show_values(_REMOVE_TONE, {"frequency_hz": round(hz, 1)})

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        if key == Settings.theme.key:
            self._show_theme(chosen_theme(self.settings.theme))
        elif key == Settings.space_plays.key:
            self.apply_space()
        elif key == Settings.follow_playhead.key:
            self.editor.transport.follow = self.settings.follow_playhead
        elif key == Settings.follow_smoothly.key:
            self.editor.transport.smooth = self.settings.follow_smoothly
        elif key in (Settings.threads.key, Settings.gpu_memory_mb.key):
            self.editor.reload_effects()
        elif key == Settings.show_cutoff.key:
            if not self.settings.show_cutoff:
                self.view.spectrogram.set_cutoff(None)
            else:
                self.measure_cutoff()

    @Slot()
    def _on_scheme_changed(self) -> None:
        if self.settings.theme == "system":
            self._show_theme(chosen_theme("system"))

    def _show_theme(self, theme: Theme) -> None:
        app = QApplication.instance()
        if isinstance(app, QApplication) and theme is not self.theme:
            self.theme = theme
            apply_theme(app, theme)
            give_icons(self.actions_by_id, theme)
            self.play_icons = {False: theme.icon("play"), True: theme.icon("stop")}
            self.view.set_theme(theme)
            self.empty.set_theme(theme)
            self.transport_bar.set_theme(theme)
            self._on_facts_changed()

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
                self.open_files(dropped)

    def closeEvent(self, event: QCloseEvent) -> None:
        runner = self.editor.runner
        if runner.busy and not self.dialogs.confirm(
            "Quit while a job runs?",
            f"{runner.title} is not finished and would be cancelled.",
            "Cancel it and quit",
        ):
            event.ignore()
            return
        if not self._may_discard("Quit?", self.editor.documents.all):
            event.ignore()
            return
        if self.batch.running and not self.dialogs.confirm(
            "Quit while a batch runs?", "It can go on the next time, with the files that are left.", "Quit"
        ):
            event.ignore()
            return
        if not self._closed:
            self._closed = True
            self.settings.geometry = self.saveGeometry()
            self.batch.close()
            self.models.close()
            self.preview.close()
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
