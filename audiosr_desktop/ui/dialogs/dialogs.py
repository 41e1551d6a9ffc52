"""Dialogs: every question that the window asks, in one place, so that a test can answer them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Protocol, TypeAlias

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFileDialog, QMessageBox

from audiosr_desktop.audio.journal import Recoverable
from audiosr_desktop.audio.links import SourceLink
from audiosr_desktop.audio.region import Region
from audiosr_desktop.effects.effect import Parameter, Value
from audiosr_desktop.ui.actions import slot_of
from audiosr_desktop.ui.dialogs.error_dialog import ErrorDialog
from audiosr_desktop.ui.dialogs.export_dialog import Export, ExportDialog
from audiosr_desktop.ui.dialogs.gpu_dialog import GpuDialog, GpuNotice
from audiosr_desktop.ui.dialogs.project_dialogs import RelocateDialog, SaveDialog
from audiosr_desktop.ui.dialogs.values_dialog import ValuesDialog
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.recovery import RecoveryDialog
from audiosr_desktop.ui.reporting import facts_of, report_of
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.troubles import Act, Trouble

if TYPE_CHECKING:
    from audiosr_desktop.ui.window_frame import WindowFrame

Answer: TypeAlias = Literal["save", "discard", "cancel"]
Leave: TypeAlias = Literal["wait", "cancel", "stay"]

_SUFFIXES = (
    "*.asrproj *.wav *.wave *.bwf *.rf64 *.w64 *.aif *.aiff *.aifc *.flac *.ogg *.oga *.opus *.mp3 "
    "*.caf *.au *.snd"
)


class Dialogs(Protocol):
    """What the window may ask."""

    def files_to_open(self, folder: str) -> list[Path]:
        """Ask for sound files; none when the user thought better of it."""

    def export(self, document: Document, selection: Region | None) -> Export | None:
        """Ask where and how to write."""

    def project_to_save(self, path: Path, *, self_contained: bool) -> tuple[Path, bool] | None:
        """Ask for the name of a project, and whether it holds its sources too."""

    def save_or_discard(self, title: str, text: str) -> Answer:
        """Ask what becomes of unsaved work."""

    def relocate(self, missing: Sequence[SourceLink]) -> dict[Path, Path] | None:
        """Ask where sources are now: paths by the old ones, as many as are known; None opens nothing."""

    def recover(self, entries: Sequence[Recoverable]) -> tuple[list[Recoverable], list[Recoverable]]:
        """Ask what to restore and what to discard; the rest is left for later."""

    def values(self, title: str, parameters: Sequence[Parameter]) -> dict[str, Value] | None:
        """Ask for values; None when the user thought better of it."""

    def confirm(self, title: str, text: str, yes: str) -> bool:
        """Ask for a yes; `yes` is what its button says."""

    def leave_running(self, title: str, text: str) -> Leave:
        """Ask what becomes of a job: it goes on in the background, is cancelled, or the user stays."""

    def gpu_missed(self, notice: GpuNotice) -> bool:
        """Say that a GPU that was asked for cannot be used; True when the processor is to be used instead."""

    def show_error(self, trouble: Trouble) -> None:
        """Say what failed, what it means, and what can be done next."""


class WindowDialogs:
    """The real ones.

    Args:
        parent: the window they belong to.
        settings: where dialogs begin.
    """

    def __init__(self, parent: "WindowFrame", settings: Settings) -> None:
        self._parent, self._settings = parent, settings

    def files_to_open(self, folder: str) -> list[Path]:
        patterns = f"{tr('Sounds and projects')} ({_SUFFIXES});;{tr('All files')} (*)"
        names, _ = QFileDialog.getOpenFileNames(self._parent, tr("Open"), folder, patterns)
        return [Path(name) for name in names]

    def project_to_save(self, path: Path, *, self_contained: bool) -> tuple[Path, bool] | None:
        dialog = SaveDialog(path, self_contained, self._parent)
        dialog.exec()
        dialog.deleteLater()
        return dialog.choice

    def save_or_discard(self, title: str, text: str) -> Answer:
        box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=self._parent)
        save = box.addButton(QMessageBox.StandardButton.Save)
        discard = box.addButton(tr("Discard edits"), QMessageBox.ButtonRole.DestructiveRole)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(save)
        box.exec()
        clicked = box.clickedButton()
        return "save" if clicked is save else "discard" if clicked is discard else "cancel"

    def relocate(self, missing: Sequence[SourceLink]) -> dict[Path, Path] | None:
        dialog = RelocateDialog(missing, self._settings.last_folder, self._parent)
        accepted = dialog.exec()
        dialog.deleteLater()
        return dialog.found if accepted else None

    def recover(self, entries: Sequence[Recoverable]) -> tuple[list[Recoverable], list[Recoverable]]:
        dialog = RecoveryDialog(entries, self._parent)
        dialog.exec()
        dialog.deleteLater()
        return dialog.restore, dialog.discard

    def export(self, document: Document, selection: Region | None) -> Export | None:
        sound, info = document.sound, document.info
        dialog = ExportDialog(sound, info, selection, self._settings, self._parent, marks=document.marks)
        dialog.exec()
        dialog.deleteLater()
        return dialog.choice

    def values(self, title: str, parameters: Sequence[Parameter]) -> dict[str, Value] | None:
        dialog = ValuesDialog(title, parameters, self._parent)
        dialog.exec()
        dialog.deleteLater()
        return dialog.chosen

    def confirm(self, title: str, text: str, yes: str) -> bool:
        box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=self._parent)
        accept = box.addButton(yes, QMessageBox.ButtonRole.DestructiveRole)
        box.setDefaultButton(box.addButton(QMessageBox.StandardButton.Cancel))
        box.exec()
        return box.clickedButton() is accept

    def leave_running(self, title: str, text: str) -> Leave:
        box = QMessageBox(QMessageBox.Icon.Question, title, text, parent=self._parent)
        wait = box.addButton(tr("Keep going in the background"), QMessageBox.ButtonRole.AcceptRole)
        cancel = box.addButton(tr("Cancel it and quit"), QMessageBox.ButtonRole.DestructiveRole)
        stay = box.addButton(tr("Stay"), QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(stay)
        box.exec()
        clicked = box.clickedButton()
        return "wait" if clicked is wait else "cancel" if clicked is cancel else "stay"

    def gpu_missed(self, notice: GpuNotice) -> bool:
        dialog = GpuDialog(notice, self._parent)
        accepted = dialog.exec() == GpuDialog.DialogCode.Accepted
        dialog.deleteLater()
        return accepted

    def show_error(self, trouble: Trouble) -> None:
        window = self._parent

        def act(what: Act) -> None:
            (slot_of(window, what) if isinstance(what, str) else what)()

        def report(names: bool) -> str:
            return report_of(trouble, facts_of(window), names=names)

        dialog = ErrorDialog(trouble, act, report, window.windows.show_logs, window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
