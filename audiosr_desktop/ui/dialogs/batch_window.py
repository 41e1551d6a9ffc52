"""BatchWindow: many files in a queue, what is done to them, and how it went."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from PySide6.QtCore import Qt, QTimer, QUrl, Signal, Slot
from PySide6.QtGui import QCloseEvent, QDesktopServices, QDragEnterEvent, QDropEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.batch.recipe import Clash, Settings
from audiosr_desktop.batch.runner import Summary, in_words
from audiosr_desktop.errors import AudioSRError, BatchError
from audiosr_desktop.job import Progress
from audiosr_desktop.ui.batch_session import BatchSession
from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.gate import Gate, Steps, on_processor, open_gate
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.panels.batch_form import BatchForm
from audiosr_desktop.ui.panels.batch_table import BatchModel, BatchTable, local_paths

_REDRAW_MS = 250
_BAR_STEPS = 1000


class BatchWindow(QWidget):
    """The window. Closing it leaves a run going on.

    Args:
        session: files and run.
        form: the settings.
        parent: the editor's window.
        ask_clash: asks what to do about so many names that are taken; it returns None when the user thought
            better of it.
        expect: says what steps take on so many seconds of one channel in all; None says nothing.
        gate: lets a run go that asks for a GPU.
    """

    compare_wanted = Signal(Path, Path)  # source, result

    def __init__(
        self,
        session: BatchSession,
        form: BatchForm,
        parent: QWidget | None = None,
        *,
        ask_clash: Callable[[int], Clash | None] | None = None,
        expect: Callable[[Steps, float], str] | None = None,
        gate: Gate = open_gate,
    ) -> None:
        super().__init__(parent, Qt.WindowType.Window)
        self.session, self.form, self._gate = session, form, gate
        self._ask_clash, self._expect = ask_clash or self._ask, expect
        self.model = BatchModel(self)
        self.table = BatchTable(self.model)
        self.bar = QProgressBar()
        self.bar.setRange(0, _BAR_STEPS)
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress of the batch"))
        self.status = QLabel()
        self.status.setWordWrap(True)
        self.estimate = QLabel()
        self.estimate.setProperty("quiet", True)
        self.estimate.hide()
        self.end_sheet = QFrame()
        self.end_text = QLabel()
        self._buttons: dict[str, QPushButton] = {}
        self._timer = QTimer(self)
        self._timer.setInterval(_REDRAW_MS)
        self._build()
        self._connect()
        self._on_files_changed()
        explain(self)

    def _build(self) -> None:
        self.setWindowTitle(tr("Batch"))
        self.setAcceptDrops(True)
        self.resize(980, 640)
        files = QHBoxLayout()
        for name, text, slot in (
            ("add", tr("Add files…"), self.ask_files),
            ("add_folder", tr("Add folder…"), self.ask_folder),
            ("up", tr("Up"), self.move_up),
            ("down", tr("Down"), self.move_down),
            ("remove", tr("Remove"), self.remove_selected),
            ("clear", tr("Remove ended"), self.session.remove_ended),
            ("retry", tr("Retry"), self.retry_selected),
            ("compare", tr("Compare A/B"), self.compare_selected),
        ):
            files.addWidget(self._button(name, text, slot))
        files.addStretch(1)
        run = QHBoxLayout()
        run.addWidget(self.status, 1)
        run.addWidget(self._button("pause", tr("Pause"), self.toggle_pause))
        run.addWidget(self._button("cancel", tr("Stop"), self.session.cancel))
        run.addWidget(self._button("start", tr("Start"), self.start))
        self._buttons["start"].setProperty("primary", True)
        self._buttons["pause"].setToolTip(tr("Finish the present files and begin no other"))
        sheet = QHBoxLayout(self.end_sheet)
        sheet.setContentsMargins(0, 4, 0, 4)
        self.end_text.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        sheet.addWidget(self.end_text, 1)
        sheet.addWidget(self._button("open_folder", tr("Open folder"), self.open_folder))
        sheet.addWidget(self._button("report", tr("Save report…"), self.ask_report))
        sheet.addWidget(self._button("retry_failed", tr("Retry failed"), self.retry_failed))
        self.end_sheet.hide()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(14, 12, 14, 12)
        layout.setSpacing(10)
        layout.addLayout(files)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.form)
        layout.addWidget(self.estimate)
        layout.addWidget(self.bar)
        layout.addLayout(run)
        layout.addWidget(self.end_sheet)

    def _button(self, name: str, text: str, slot: Callable[[], None]) -> QPushButton:
        button = QPushButton(text)
        button.setObjectName(name)
        button.clicked.connect(slot)
        self._buttons[name] = button
        return button

    def _connect(self) -> None:
        session = self.session
        session.files_changed.connect(self._on_files_changed)
        session.item_ended.connect(self._on_item_ended)
        session.progressed.connect(self._on_progressed)
        session.run_ended.connect(self._on_run_ended)
        session.failed.connect(self._on_failed)
        self.table.dropped.connect(session.add)
        self.table.selectionModel().selectionChanged.connect(self._enable)
        self.form.changed.connect(self._enable)
        self._timer.timeout.connect(self._on_tick)
        for keys, slot in (
            ("Del", self.remove_selected),
            ("Alt+Up", self.move_up),
            ("Alt+Down", self.move_down),
        ):
            shortcut = QShortcut(QKeySequence(keys), self.table)
            shortcut.setContext(Qt.ShortcutContext.WidgetShortcut)
            shortcut.activated.connect(slot)

    # what the user does

    def ask_files(self) -> None:
        """Ask for files and add them."""
        names, _ = QFileDialog.getOpenFileNames(self, tr("Add files"))
        self.session.add([Path(name) for name in names])

    def ask_folder(self) -> None:
        """Ask for a folder and add what is in it."""
        name = QFileDialog.getExistingDirectory(self, tr("Add folder"))
        if name:
            self.session.add([Path(name)])

    @Slot()
    def move_up(self) -> None:
        self._move(-1)

    @Slot()
    def move_down(self) -> None:
        self._move(1)

    def _move(self, steps: int) -> None:
        chosen = self._selected()
        self.session.move(chosen, steps)
        self._select(chosen)

    @Slot()
    def remove_selected(self) -> None:
        self.session.remove(self._selected())

    def retry_selected(self) -> None:
        """Queue the selected files again that failed or were skipped."""
        self.session.retry(self._selected())

    def retry_failed(self) -> None:
        """Queue all files again that failed."""
        self.session.retry([item.id for item in self.session.queue.items("failed")])
        self.end_sheet.hide()

    def compare_selected(self) -> None:
        """Have the editor open the selected file with its result."""
        for row in self.table.selected_rows()[:1]:
            item = self.model.item(row)
            if item.state == "done" and item.target is not None:
                self.compare_wanted.emit(item.path, item.target)

    def start(self) -> None:
        """Work on the queue."""
        rule: Clash | None = None
        try:
            settings = self.form.settings()
            if self.form.asks and (count := self.session.clashes(settings)):
                rule = self._ask_clash(count)
                if rule is None:
                    return
                settings = self.form.settings(rule)
        except AudioSRError as error:
            self._on_failed(tr("Batch"), error)
            return

        def go(processor: bool) -> bool:
            return self._start(settings, on_cpu=processor)

        self._gate(settings.recipe.steps, go, seconds=self._waiting_s())

    def _start(self, settings: Settings, *, on_cpu: bool) -> bool:
        if on_cpu:
            steps = tuple((name, on_processor(values)) for name, values in settings.recipe.steps)
            settings = replace(settings, recipe=replace(settings.recipe, steps=steps))
        self.end_sheet.hide()
        self.session.start(settings)
        return True

    def toggle_pause(self) -> None:
        """Begin no further file, or go on."""
        self.session.pause(paused=not self.session.paused)
        self._enable()

    def open_folder(self) -> None:
        """Show the results in the system's file manager."""
        done = self.session.queue.items("done")
        if done and done[-1].target is not None:
            QDesktopServices.openUrl(QUrl.fromLocalFile(str(done[-1].target.parent)))

    def ask_report(self) -> None:
        """Ask where to write the report, and write it."""
        kinds = tr("Web page (*.html);;Table (*.csv);;JSON (*.json)")
        name, _ = QFileDialog.getSaveFileName(self, tr("Save report"), "batch report.html", kinds)
        if name:
            self.save_report(Path(name))

    def save_report(self, path: Path) -> None:
        """Write the report of all files."""
        try:
            self.session.write_report(path if path.suffix else path.with_suffix(".html"))
        except (BatchError, KeyError) as error:
            self._on_failed(tr("Report"), error)
        else:
            self.status.setText(tr("Written: {path}", path=path))

    def _ask(self, count: int) -> Clash | None:
        box = QMessageBox(
            QMessageBox.Icon.Question, tr("Batch"), tr("{count} names are taken.", count=count), parent=self
        )
        box.setInformativeText(tr("A source is never replaced."))
        rules: dict[object, Clash] = {}
        for text, rule in ((tr("Number"), "number"), (tr("Skip"), "skip"), (tr("Replace"), "overwrite")):
            rules[box.addButton(text, QMessageBox.ButtonRole.AcceptRole)] = rule  # type: ignore[assignment]
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return rules.get(box.clickedButton())

    # what happens

    @Slot()
    def _on_files_changed(self) -> None:
        items = self.session.queue.items()
        chosen = self._selected()
        self.model.show(items)
        self._select(chosen)
        self.form.show_example(next((item.path for item in items if item.info), None))
        if self.session.running:
            self._timer.start()
        else:
            self._timer.stop()
            self.model.show_progress({})
            counts = self.session.queue.counts()
            self.status.setText(
                tr("Files: {files}, waiting: {waiting}", files=len(items), waiting=counts["queued"])
                if items
                else ""
            )
            self.bar.setValue(0 if counts["queued"] or not items else _BAR_STEPS)
        self.bar.setVisible(bool(items))
        self._enable()

    @Slot(int)
    def _on_item_ended(self, item_id: int) -> None:
        item = self.session.queue.item(item_id)
        if item is not None:
            self.model.show_item(item)
            self._enable()

    @Slot(object)
    def _on_progressed(self, progress: Progress) -> None:
        if self.session.running:
            self.bar.setValue(round(_BAR_STEPS * progress.fraction))
            self.status.setText(tr_message(progress.stage))

    @Slot()
    def _on_tick(self) -> None:
        self.model.show_progress(self.session.working())

    @Slot(object)
    def _on_run_ended(self, summary: Summary) -> None:
        words = tr(
            "{done} done, {failed} failed, {skipped} skipped",
            done=summary.done,
            failed=summary.failed,
            skipped=summary.skipped,
        )
        left = tr(", {left} left", left=summary.left) if summary.left else ""
        took = tr(
            "{time} for {length} of sound", time=in_words(summary.elapsed_s), length=in_words(summary.audio_s)
        )
        self.end_text.setText(f"{words}{left} · {took}")
        self._buttons["retry_failed"].setVisible(summary.failed > 0)
        self._buttons["open_folder"].setVisible(summary.done > 0)
        self.end_sheet.show()

    @Slot(str, Exception)
    def _on_failed(self, title: str, error: Exception) -> None:
        self.status.setText(f"⚠ {title}: {tr_message(str(error))}")

    @Slot()
    def _enable(self) -> None:
        session = self.session
        rows = self.table.selected_rows()
        states = {self.model.item(row).state for row in rows}
        waiting = any(self.model.item(row).state == "queued" for row in range(self.model.rowCount()))
        enabled = {
            "up": bool(rows),
            "down": bool(rows),
            "remove": bool(states - {"running", "written"}),
            "clear": not session.running and self.model.rowCount() > 0,
            "retry": bool(states & {"failed", "skipped"}),
            "compare": len(rows) == 1 and states == {"done"},
            "pause": session.running,
            "cancel": session.running,
            "start": waiting and not session.running and not self.form.sample.text().startswith("⚠"),
        }
        for name, holds in enabled.items():
            self._buttons[name].setEnabled(holds)
        self._buttons["pause"].setText(tr("Go on") if session.paused else tr("Pause"))
        self.form.setEnabled(not session.running)
        self._show_estimate()

    def _show_estimate(self) -> None:
        """Say what the files that wait will take together."""
        text = ""
        if self._expect is not None and not self.session.running:
            with suppress(AudioSRError):  # the form says what is wrong
                text = self._expect(self.form.recipe().steps, self._waiting_s())
        self.estimate.setText(text)
        self.estimate.setVisible(bool(text))

    def _waiting_s(self) -> float:
        """Return how much sound waits, in seconds of one channel."""
        rows = (self.model.item(row) for row in range(self.model.rowCount()))
        infos = [item.info for item in rows if item.state == "queued" and item.info]
        return float(sum(info["duration_s"] * info["channels"] for info in infos))

    def _selected(self) -> list[int]:
        return [self.model.item(row).id for row in self.table.selected_rows()]

    def _select(self, ids: list[int]) -> None:
        selection = self.table.selectionModel()
        flags = selection.SelectionFlag.Select | selection.SelectionFlag.Rows
        selection.clearSelection()
        for item_id in ids:
            row = self.model.row_of(item_id)
            if row is not None:
                selection.select(self.model.index(row, 0), flags)

    # Qt

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if local_paths(event):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        if paths := local_paths(event):
            event.acceptProposedAction()
            self.session.add(paths)

    def closeEvent(self, event: QCloseEvent) -> None:
        event.accept()  # the window is only hidden: a run goes on
