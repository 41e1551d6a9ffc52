"""Projects: opening, saving and recovering them, as jobs of the editor."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.audio.files import same_file
from audiosr_desktop.audio.journal import Journal, Recoverable, recover
from audiosr_desktop.audio.links import SourceLink
from audiosr_desktop.audio.project import SUFFIX, ProjectFile, missing_sources, save_as
from audiosr_desktop.audio.project_values import Contents
from audiosr_desktop.errors import AudioFileError, AudioSRError, ProjectError
from audiosr_desktop.job import Job, Progress
from audiosr_desktop.ui.autosave import Autosave, view_of
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.troubles import Remedy, Trouble, opening_trouble, recovery_trouble


class Projects(QObject):
    """What File > Save and Open do with projects.

    Args:
        editor: the documents and the job runner.
        autosave: knows all that is saved of a document.
    """

    saved = Signal(Path)
    sources_missing = Signal(object, object)  # the project's path, list of SourceLink
    recovered = Signal()

    def __init__(self, editor: Editor, autosave: Autosave, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._autosave = editor, autosave
        self._files: dict[Document, ProjectFile] = {}
        editor.documents.changed.connect(self._on_documents_changed)

    def open(self, path: Path, moved: Mapping[Path, Path] | None = None, *, ask: bool = True) -> bool:
        """Open a project beside the documents.

        Args:
            path: of the project.
            moved: where sources are now, by their old paths.
            ask: tell of missing sources and open nothing yet; otherwise they are replaced by silence.
        """

        def job() -> Job[tuple[ProjectFile, Contents]]:
            yield Progress(0.0, tr("Opening {name}", name=path.name))
            file = ProjectFile.open(path, "project")
            return file, (yield from file.load(self._editor.scratch, moved))

        def done(opened: tuple[ProjectFile, Contents]) -> None:
            file, contents = opened
            missing = missing_sources(contents.history)
            if missing and ask:
                file.close()
                self.sources_missing.emit(path, missing)
                return
            document = self._shown(contents, path)
            self._files[document] = file

        title = tr("Open {name}", name=path.name)

        def told(error: Exception) -> None:
            self._editor.troubled.emit(opening_trouble(title, error, lambda: self.open(path, moved, ask=ask)))

        return self._editor.runner.start(title, job(), done, told)

    def save(self, document: Document) -> bool:
        """Save a document in its project again.

        Returns:
            Whether it has one and saving has begun.
        """
        path, file = document.project_path, self._files.get(document)
        if path is None:
            return False
        if file is None or file.path != path or not path.exists():
            return self.save_in(document, path, self_contained=document.self_contained)
        contents = self._autosave.contents_of(document)

        def done(_: None) -> None:
            self._saved(document, path, file, contents)

        title = tr("Save {name}", name=path.name)
        told = self._teller(title, lambda: self.save(document))
        return self._editor.runner.start(title, file.save(contents), done, told)

    def save_in(self, document: Document, path: Path, *, self_contained: bool) -> bool:
        """Save a document in another project, whose name gets the suffix of projects."""
        target = path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)
        title = tr("Save {name}", name=target.name)
        told = self._teller(title, lambda: self.save_in(document, path, self_contained=self_contained))
        if self._is_of_another(document, target):
            problem = tr("{name} is open in another tab; choose another name.", name=target.name)
            told(ProjectError(problem, target))
            return False
        document.self_contained = self_contained
        contents = self._autosave.contents_of(document)

        def done(file: ProjectFile) -> None:
            self._saved(document, target, file, contents)

        return self._editor.runner.start(title, save_as(target, contents), done, told)

    def _is_of_another(self, document: Document, target: Path) -> bool:
        """Return whether another document has a project of that name, which would lose its own."""
        others = (other.project_path for other in self._editor.documents.all if other is not document)
        return any(path is not None and same_file(path, target) for path in others)

    @Slot()
    def _on_documents_changed(self) -> None:
        for document in self._files.keys() - set(self._editor.documents.all):
            del self._files[document]  # its samples go with the last sound that reads them

    def _teller(self, title: str, again: Callable[[], object]) -> Callable[[Exception], None]:
        """Return what tells that saving failed, and offers another place."""
        remedies = (
            Remedy(tr("Save in another place…"), "filing.save_project_as"),
            Remedy(tr("Try again"), again),
        )
        means = tr("The document is open with all its edits; what was saved before is as it was.")
        return lambda error: self._editor.troubled.emit(Trouble(title, error, means, remedies))

    def recover(self, entries: Sequence[Recoverable]) -> bool:
        """Open what autosaves hold; one that cannot be read is told and left where it is."""

        def job() -> Job[list[tuple[Contents, Journal] | AudioSRError]]:
            found: list[tuple[Contents, Journal] | AudioSRError] = []
            for entry in entries:
                try:
                    found.append((yield from recover(entry.path, self._editor.scratch)))
                except AudioSRError as error:
                    found.append(error)
            return found

        def done(found: list[tuple[Contents, Journal] | AudioSRError]) -> None:
            for one in found:
                if isinstance(one, AudioSRError):
                    self._editor.troubled.emit(recovery_trouble(one))
                else:
                    self._shown(one[0], one[0].project_path, one[1])
                    self._tell_missing(missing_sources(one[0].history))
            self.recovered.emit()

        return self._editor.runner.start(tr("Recover unsaved work"), job(), done)

    def _tell_missing(self, missing: Sequence[SourceLink]) -> None:
        """Tell that a document that was recovered lacks sources, and offer to find them."""
        if missing:
            name = missing[0].path.name
            error = AudioFileError(f"{name} is not where it was, or has changed; say where it is.")
            means = tr("Its parts are silent until it is found; the project keeps its link.")
            find = Remedy(tr("Find the missing files…"), "filing.find_sources")
            self._editor.troubled.emit(Trouble(tr("Recover"), error, means, (find,)))

    def _shown(self, contents: Contents, path: Path | None, journal: Journal | None = None) -> Document:
        document = Document(contents.history, contents.info, project_path=path)
        document.self_contained = contents.self_contained
        document.set_takes(contents.takes)
        document.view = view_of(contents.view)
        if journal is not None:
            self._autosave.take(document, journal)
        self._editor.documents.add(document)
        return document

    def _saved(self, document: Document, path: Path, file: ProjectFile, contents: Contents) -> None:
        if document not in self._editor.documents.all:
            return  # it was closed meanwhile
        self._files[document] = file
        if document.undo_stack.index() == contents.history.index:
            document.set_saved(path)
        else:
            document.project_path = path
        self.saved.emit(path)
