"""Happenings: tells a screen reader what else is only seen, as jobs that end and switches that are thrown."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QAction

from audiosr_desktop.ui.actions import ROWS, plain
from audiosr_desktop.ui.job_runner import JobEnd
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.job_panel import end_words
from audiosr_desktop.ui.panels.transport_bar import take_name

if TYPE_CHECKING:
    from audiosr_desktop.ui.window_frame import WindowFrame


class Happenings(QObject):
    """Ends of jobs, notices, documents, takes, and switches that a key has thrown.

    Args:
        window: whose they are; its announcer says them.
    """

    def __init__(self, window: "WindowFrame") -> None:
        super().__init__(window)
        self._editor, self._announcer = window.editor, window.announcer
        self._transport = window.editor.transport
        self._take = self._transport.take
        self._editor.runner.ended.connect(self._on_ended)
        self._editor.documents.current_changed.connect(self._on_document_changed)
        self._transport.state_changed.connect(self._on_state_changed)
        window.status.messageChanged.connect(self._announcer.add)
        for row in ROWS:
            if row.checkable and row.id not in ("compare", "delta"):  # of those the take is said
                window.actions_by_id[row.id].triggered.connect(self._on_switched)

    @Slot(object)
    def _on_ended(self, end: JobEnd) -> None:
        document = self._editor.documents.current
        opened = document is not None and end.title == tr("Open {name}", name=document.path.name)
        if end.error is not None or end.cancelled or not opened:  # the name of what was opened is said
            self._announcer.add(f"{end.title}: {end_words(end)}")

    @Slot()
    def _on_document_changed(self) -> None:
        document = self._editor.documents.current
        if document is not None:
            self._announcer.add(document.path.name)

    @Slot()
    def _on_state_changed(self) -> None:
        take, self._take = self._take, self._transport.take
        if take != self._take and self._transport.can_compare and not self._transport.blind:
            self._announcer.add(take_name(self._transport))

    @Slot(bool)
    def _on_switched(self, checked: bool) -> None:
        action = self.sender()
        assert isinstance(action, QAction), "only actions are connected"
        name = plain(action.text())
        if action.actionGroup() is not None:
            self._announcer.add(name)
        else:
            self._announcer.add(tr("{name}: on", name=name) if checked else tr("{name}: off", name=name))
