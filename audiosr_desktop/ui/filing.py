"""Filing: what the File menu does; it asks, and has the editor open, save and export."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QEventLoop, QObject, Signal, Slot

from audiosr_desktop import paths
from audiosr_desktop.audio.journal import Recoverable, discard
from audiosr_desktop.audio.links import SourceLink
from audiosr_desktop.audio.project import SUFFIX
from audiosr_desktop.errors import AudioFileError, AudioSRError
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.exporting import Exporting
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.projects import Projects
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.troubles import Remedy, Trouble

if TYPE_CHECKING:
    from audiosr_desktop.ui.dialogs.dialogs import Dialogs


class Filing(QObject):
    """Files and projects as the user asks for them.

    Args:
        editor: the documents.
        projects: opens and saves them.
        settings: the folder and the files used last.
        dialogs: what asks the user.
    """

    told = Signal(str)  # one line for the status bar
    exported = Signal(Path)
    failed = Signal(str, Exception)  # what was being done, why it failed

    def __init__(
        self,
        editor: Editor,
        projects: Projects,
        settings: Settings,
        dialogs: "Dialogs",
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._editor, self._projects, self._settings, self._dialogs = editor, projects, settings, dialogs
        self._exporting = Exporting(editor, self)
        self._exporting.exported.connect(self.exported)
        projects.saved.connect(self._on_saved)
        projects.sources_missing.connect(self._on_sources_missing)
        editor.openers[SUFFIX] = projects.open

    def open_file(self, path: Path) -> None:
        """Open a file beside what is open."""
        self.open_files([path])

    def open_files(self, paths: Sequence[Path]) -> None:
        """Open files, each in a tab of its own; while a job runs they wait for its end."""
        if self._editor.runner.busy and paths:
            self.told.emit(tr("Waiting for the end of {job}.", job=self._editor.runner.title))
        self._editor.open_all(paths)

    @Slot(Path)
    def open_recent(self, path: Path) -> None:
        """Open a file that was open before; one that is gone can be taken off the list."""
        if path.exists():
            self.open_file(path)
            return
        what = tr("{name} is no longer in {folder}.", name=path.name, folder=path.parent)
        error = AudioFileError(what, path)
        means = tr("Nothing was opened; what is open is as it was.")
        remedies = (
            Remedy(tr("Remove from the list"), lambda: self._settings.forget_recent(str(path))),
            Remedy(tr("Open another file…"), "filing.ask_open"),
        )
        self._editor.troubled.emit(Trouble(tr("Open {name}", name=path.name), error, means, remedies))

    def open_example(self) -> None:
        """Open the bundled example."""
        self.open_file(paths.example_sound())

    def ask_open(self) -> None:
        """Ask for files and open them."""
        self.open_files(self._dialogs.files_to_open(self._settings.last_folder))

    def ask_export(self) -> None:
        """Ask where to write the sound, and write it."""
        document = self._editor.document
        if document is not None:
            choice = self._dialogs.export(document, self._editor.timeline.selection)
            if choice is not None:
                self._exporting.export(document, choice)

    def close_document(self) -> None:
        """Close the document; asks first when edits would be lost."""
        if self._editor.document is not None:
            self.close(self._editor.document)

    def next_document(self) -> None:
        """Show the document of the next tab."""
        self._editor.documents.show_beside(1)

    def previous_document(self) -> None:
        """Show the document of the tab before."""
        self._editor.documents.show_beside(-1)

    @Slot(object)
    def close(self, document: Document) -> None:
        """Close a document; asks first when edits would be lost."""
        if document.locked:
            self.told.emit(tr("{job} is still running.", job=self._editor.runner.title))
        elif self.may_discard(tr("Close the file?"), [document]):
            self._editor.documents.remove(document)

    def may_discard(self, title: str, documents: Sequence[Document]) -> bool:
        """Ask what becomes of edits that were not saved; False when the user would rather stay."""
        for document in documents:
            if document.modified:
                steps = document.undo_stack.index()
                text = (
                    tr("{name} has one unsaved edit.", name=document.path.name)
                    if steps == 1
                    else tr(
                        "{name} has {steps} unsaved edits.",
                        steps=steps,
                        name=document.path.name,
                    )
                )
                answer = self._dialogs.save_or_discard(title, text)
                if answer == "cancel" or (answer == "save" and not self._save_and_wait(document)):
                    return False
        return True

    def save_project(self) -> None:
        """Save the document in its project; asks for one when it has none."""
        document = self._editor.document
        if document is not None:
            self._save(document)

    def save_project_as(self) -> None:
        """Save the document in another project."""
        document = self._editor.document
        if document is not None:
            self._save(document, ask=True)

    def _save(self, document: Document, *, ask: bool = False) -> bool:
        """Begin to save; False when the user thought better of it or a job runs."""
        if document.project_path is not None and not ask:
            return self._projects.save(document)
        path = document.path.with_suffix(SUFFIX)
        choice = self._dialogs.project_to_save(path, self_contained=document.self_contained)
        return choice is not None and self._projects.save_in(document, choice[0], self_contained=choice[1])

    def _save_and_wait(self, document: Document) -> bool:
        """Save before the document closes; False when it could not be."""
        loop = QEventLoop(self)
        self._editor.runner.ended.connect(loop.quit)
        if self._save(document):
            loop.exec()
        self._editor.runner.ended.disconnect(loop.quit)
        return not document.modified

    def offer_recovery(self, entries: Sequence[Recoverable]) -> None:
        """Ask what becomes of the work that a killed run left."""
        if not entries:
            return
        restore, given_up = self._dialogs.recover(entries)
        for entry in given_up:
            try:
                discard(entry.path)
            except AudioSRError as error:
                self.failed.emit(tr("Discard"), error)
        if restore:
            self._projects.recover(restore)

    def find_sources(self) -> None:
        """Ask where sources of the document are that were not found: it is saved and opened again.

        Its history lies in the project, so nothing is lost.
        """
        document = self._editor.document
        if document is None or document.locked:
            return
        if (document.modified or document.project_path is None) and not self._save_and_wait(document):
            return
        path = document.project_path
        if path is not None:
            self._editor.documents.remove(document)
            self._projects.open(path)

    @Slot(Path)
    def _on_saved(self, path: Path) -> None:
        self._settings.add_recent(str(path))
        self.exported.emit(path)

    @Slot(object, object)
    def _on_sources_missing(self, path: Path, missing: list[SourceLink]) -> None:
        moved = self._dialogs.relocate(missing)
        if moved is not None:
            self._projects.open(path, moved, ask=False)
