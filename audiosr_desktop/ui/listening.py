"""Listening: blind tests in the window, and the page that is handed to other listeners."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.playback.abx import AbxResult, start_abx
from audiosr_desktop.playback.ranking import Ranking, start_ranking
from audiosr_desktop.ui.dialogs.abx_dialog import AbxDialog
from audiosr_desktop.ui.dialogs.ranking_dialog import RankingDialog

if TYPE_CHECKING:
    from audiosr_desktop.ui.editor import Editor


class Listening(QObject):
    """Opens the dialogs and writes what they found.

    Args:
        window: their parent.
        editor: whose takes are listened to.
        rng: for hidden orders; None draws anew each time.
    """

    def __init__(self, window: QWidget, editor: "Editor", rng: np.random.Generator | None = None) -> None:
        super().__init__(window)
        self._window, self._editor = window, editor
        self._rng = rng or np.random.default_rng()

    def show_abx(self) -> None:
        """Run an ABX test of the source and the take that is compared with it."""
        names, transport = self._names(), self._editor.transport
        if transport.can_compare:
            pair = (names[0], names[transport.compared])
            dialog = AbxDialog(start_abx(pair, self._rng, facts=self._facts()), transport, self._window)
            dialog.export.clicked.connect(lambda: self._save(dialog.test.result(), "abx"))
            _open(dialog)

    def show_ranking(self) -> None:
        """Run a blind ranking of all takes."""
        if self._editor.transport.can_compare:
            ranking = start_ranking(self._names(), self._rng, self._facts())
            dialog = RankingDialog(ranking, self._editor.transport, self._window)
            dialog.export.clicked.connect(lambda: self._save(dialog.ranking, "ranking"))
            _open(dialog)

    def ask_export(self) -> None:
        """Ask for a file and write the page for listening."""
        document = self._editor.document
        if document is not None:
            proposed = document.path.with_name(f"{document.path.stem} listening.html")
            name, _ = QFileDialog.getSaveFileName(
                self._window, "Export for listening", str(proposed), "Web page (*.html)"
            )
            if name:
                self.export(Path(name))

    def export(self, path: Path) -> bool:
        """Write the takes of the selection, or of the restored region, as one page."""
        from audiosr_desktop.evaluation.listening import ListeningTake, write_listening  # noqa: PLC0415

        editor, transport, compared = self._editor, self._editor.transport, self._editor.variations.current()
        region = editor.timeline.selection
        if region is None and compared is not None:
            region = compared.takes.region
        region = region or Region(0, editor.timeline.length)
        facts: list[Mapping[str, object]] = [{} for _ in transport.takes]
        if compared is not None:
            facts = [take.facts for take in compared.takes.takes]
        takes = [
            ListeningTake(name, sound.slice(region.start, region.stop), given)
            for name, sound, given in zip(self._names(), transport.takes, facts, strict=True)
        ]
        job = write_listening(takes, path, overwrite=True)  # the dialog has asked
        return editor.runner.start(f"Export {path.name}", job, lambda _: editor.exported.emit(path))

    def _names(self) -> list[str]:
        compared = self._editor.variations.current()
        if compared is not None:
            return [take.name for take in compared.takes.takes]
        return ["Source", "Result"]

    def _facts(self) -> dict[str, object]:
        timeline, transport = self._editor.timeline, self._editor.transport
        span = timeline.selection or Region(0, timeline.length)
        rate = timeline.sample_rate
        return {
            "file": self._editor.document.path.name if self._editor.document is not None else "",
            "loop_s": [span.start / rate, span.stop / rate],
            "level_matched": transport.level_match,
            "offset_db": transport.offset_db,
        }

    def _save(self, result: AbxResult | Ranking, name: str) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, "Export the result", f"{name}.json", "JSON (*.json);;CSV (*.csv)"
        )
        if chosen:
            text = result.to_csv() if chosen.lower().endswith(".csv") else result.to_json()
            try:
                Path(chosen).write_text(text, encoding="utf-8")
            except OSError as error:
                self._editor.failed.emit("Export the result", error)


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
