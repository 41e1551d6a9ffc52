"""BatchOpener: what ties the editor's window to the batch window, which is made when it is first wanted."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot

from audiosr_desktop import paths
from audiosr_desktop.audio.files import FileInfo, open_sound, probe
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.job import Job, part_of
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.troubles import Trouble

if TYPE_CHECKING:
    from audiosr_desktop.ui.dialogs.batch_window import BatchWindow
    from audiosr_desktop.ui.main_window import MainWindow


class BatchOpener(QObject):
    """Shows the batch window, and its results in the editor.

    Args:
        window: the editor's window.
        queue: file of the queue; the user's own by default.
    """

    def __init__(self, window: "MainWindow", queue: Path | None = None) -> None:
        super().__init__(window)
        self._window = window
        self._queue = queue
        self.batch: BatchWindow | None = None

    @property
    def running(self) -> bool:
        """Whether a batch runs."""
        return self.batch is not None and self.batch.session.running

    def show_batch(self, found: Sequence[Path] = ()) -> None:
        """Show the batch window, and add files and folders to it."""
        if self.batch is None:
            try:
                self.batch = self._make()
            except AudioSRError as error:
                self._window.dialogs.show_error(Trouble(tr("Batch"), error))
                return
        self.batch.form.offer()
        self.batch.show()
        self.batch.raise_()
        self.batch.activateWindow()
        if found:
            self.batch.session.add(found)

    def _make(self) -> "BatchWindow":
        # these load scipy.signal, which is slow: not while the program starts
        from audiosr_desktop.ui.batch_session import BatchSession  # noqa: PLC0415
        from audiosr_desktop.ui.dialogs.batch_window import BatchWindow  # noqa: PLC0415
        from audiosr_desktop.ui.panels.batch_form import BatchForm  # noqa: PLC0415

        session = BatchSession(self._queue or paths.batch_queue(), parent=self)
        editor = self._window.editor
        batch = BatchWindow(
            session,
            BatchForm(lambda: editor.catalogue.effects, self._window.panel.chosen),
            self._window,
            expect=self._window.forecast.text_of_files,
            gate=editor.gate,
        )
        batch.compare_wanted.connect(self._on_compare_wanted)
        return batch

    @Slot(Path, Path)
    def _on_compare_wanted(self, source: Path, result: Path) -> None:
        editor = self._window.editor
        job = _open_both(source, result, editor.scratch)
        if editor.runner.start(tr("Compare {name}", name=source.name), job, self._on_both_open):
            self._window.raise_()
            self._window.activateWindow()

    @Slot(object)
    def _on_both_open(self, both: tuple[FileInfo, Sound, Sound]) -> None:
        info, before, after = both
        document = Document(before, info)
        self._window.editor.documents.add(document)
        document.edit(tr("Batch"), after, Region(0, before.length))
        document.set_saved()

    def close(self) -> None:
        """Stop a run, which goes on the next time, and close the window."""
        if self.batch is not None:
            self.batch.session.close()
            self.batch.close()


def _open_both(source: Path, result: Path, scratch: Scratch) -> Job[tuple[FileInfo, Sound, Sound]]:
    """Open a source and its result, the source at the rate of the result."""
    from audiosr_desktop.effects.conversion import resample_sound  # noqa: PLC0415 - loads scipy.signal

    info = probe(source)
    before = yield from part_of(open_sound(source, scratch), 0.0, 0.3)
    after = yield from part_of(open_sound(result, scratch), 0.3, 0.6)
    before = yield from part_of(resample_sound(before, after.sample_rate, scratch), 0.6, 1.0)
    return info, before, after
