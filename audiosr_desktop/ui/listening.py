"""Listening: blind tests in the window, and the page that is handed to other listeners."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QLocale, QObject, Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QWidget

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.takes import TakeSet
from audiosr_desktop.errors import AudioFileError
from audiosr_desktop.playback.abx import AbxResult, start_abx
from audiosr_desktop.playback.ranking import Ranking, start_ranking
from audiosr_desktop.ui.dialogs.abx_dialog import AbxDialog
from audiosr_desktop.ui.dialogs.ranking_dialog import RankingDialog
from audiosr_desktop.ui.dialogs.takes_dialog import TakesDialog
from audiosr_desktop.ui.language import LANGUAGES, read_catalogue, read_messages, tr
from audiosr_desktop.ui.messages import Messages
from audiosr_desktop.ui.readout import own_mark
from audiosr_desktop.ui.transport import TAKE_A
from audiosr_desktop.ui.troubles import Remedy, Trouble

if TYPE_CHECKING:
    from audiosr_desktop.ui.editor import Editor


class Listening(QObject):
    """Opens the dialogs and writes what they found.

    Args:
        window: their parent.
        editor: whose takes are listened to.
        rng: for hidden orders; None draws anew each time.
    """

    exported = Signal(Path)

    def __init__(self, window: QWidget, editor: "Editor", rng: np.random.Generator | None = None) -> None:
        super().__init__(window)
        self._window, self._editor = window, editor
        self._rng = rng or np.random.default_rng()

    def show_abx(self) -> None:
        """Run an ABX test of two takes; asks which when there are more."""
        transport = self._editor.transport
        if not transport.can_compare:
            return
        pair = [TAKE_A, transport.compared]
        if len(transport.takes) == len(pair):
            self.begin_abx(pair)
            return
        dialog = TakesDialog(
            tr("ABX"),
            tr("Which two takes?"),
            self._names(),
            pair,
            count=2,
            parent=self._window,
        )
        dialog.accepted.connect(lambda: self.begin_abx(dialog.chosen()))
        _open(dialog)

    def begin_abx(self, pair: Sequence[int]) -> AbxDialog:
        """Run an ABX test of two takes, by their numbers."""
        names, (a, b) = self._names(), pair
        dialog = AbxDialog(
            lambda trials: start_abx((names[a], names[b]), self._rng, trials),
            lambda: self._facts(a, b),
            self._editor.transport,
            (a, b),
            self._window,
        )
        dialog.export.clicked.connect(lambda: self._save(dialog.test.result(), "abx"))
        _open(dialog)
        return dialog

    def show_ranking(self) -> None:
        """Run a blind ranking of the source and other takes; asks which when there are several."""
        transport = self._editor.transport
        if not transport.can_compare:
            return
        everything = range(len(transport.takes))
        if len(everything) == 2:
            self.begin_ranking(everything)
            return
        text = tr("Which takes are ranked beside the source?")
        dialog = TakesDialog(
            tr("Blind ranking"), text, self._names(), everything, fixed=[TAKE_A], parent=self._window
        )
        dialog.accepted.connect(lambda: self.begin_ranking(dialog.chosen()))
        _open(dialog)

    def begin_ranking(self, numbers: Sequence[int]) -> RankingDialog:
        """Run a blind ranking of takes, by their numbers; the first is the reference."""
        names = self._names()
        ranking = start_ranking([names[number] for number in numbers], self._rng)
        dialog = RankingDialog(
            ranking, lambda: self._facts(*numbers), self._editor.transport, numbers, self._window
        )
        dialog.export.clicked.connect(lambda: self._save(dialog.ranking, "ranking"))
        _open(dialog)
        return dialog

    def ask_export(self) -> None:
        """Ask for a file and write the page for listening."""
        document = self._editor.document
        if document is not None:
            proposed = document.path.with_name(f"{document.path.stem} listening.html")
            page, folder = tr("Web page (*.html)"), tr("Folder with page, sound and pictures (*)")
            name, kind = QFileDialog.getSaveFileName(
                self._window, tr("Export for listening"), str(proposed), f"{page};;{folder}"
            )
            if name:
                plain = name.removesuffix(".html")
                self.export(Path(plain if kind == folder else plain + ".html"))

    def export(self, path: Path) -> bool:
        """Write the takes of the selection, or of the restored region, as one page or a folder."""
        from audiosr_desktop.evaluation.listening import ListeningTake, write_listening  # noqa: PLC0415

        editor, transport, takes = self._editor, self._editor.transport, self._kept_takes()
        region = editor.timeline.selection
        if region is None and takes is not None:
            region = takes.region
        region = region or Region(0, editor.timeline.length)
        # those of a preview may be at a higher rate
        region = region.at_rate(transport.takes[0].sample_rate / editor.timeline.sample_rate)
        facts: list[Mapping[str, object]] = [{} for _ in transport.takes]
        if takes is not None:
            facts = [take.facts for take in takes.takes]
        parts = [
            ListeningTake(name, sound.slice(region.start, region.stop), given)
            for name, sound, given in zip(self._names(), transport.takes, facts, strict=True)
        ]
        words = translations(sentence for given in facts for sentence in _warnings(given))
        job = write_listening(parts, path, overwrite=True, words=words)  # the dialog has asked
        title = tr("Export {name}", name=path.name)
        remedies = (Remedy(tr("Export again…"), self.ask_export),)
        return editor.runner.start(
            title,
            job,
            lambda _: self.exported.emit(path),
            lambda error: editor.troubled.emit(Trouble(title, error, "", remedies)),
        )

    def _names(self) -> list[str]:
        takes = self._kept_takes()
        return takes.names if takes is not None else [tr("Source"), tr("Result")]

    def _kept_takes(self) -> TakeSet | None:
        """Return the takes of the document, as long as it is they that are heard: a preview has its own."""
        takes, heard = self._editor.variations.current(), self._editor.transport.takes
        if takes is None or [id(sound) for sound in takes.sounds] != [id(sound) for sound in heard]:
            return None
        return takes

    def _facts(self, *numbers: int) -> dict[str, object]:
        """Tell how takes are heard; offsets are those to the first of them."""
        timeline, transport = self._editor.timeline, self._editor.transport
        span = timeline.selection or Region(0, timeline.length)
        rate = timeline.sample_rate
        offsets = [transport.levels.offset_of(number) for number in numbers]
        return {
            "file": self._editor.document.path.name if self._editor.document is not None else "",
            "loop_s": [span.start / rate, span.stop / rate],
            "level_matched": transport.levels.matched,
            "speed": transport.player.speed,
            "channels": transport.player.monitor.mode,
            "band_hz": transport.player.band,
            "offsets_db": [
                None if offset is None or offsets[0] is None else round(offset - offsets[0], 3)
                for offset in offsets
            ],
        }

    def _save(self, result: AbxResult | Ranking, name: str) -> None:
        chosen, _ = QFileDialog.getSaveFileName(
            self._window, tr("Export the result"), f"{name}.json", tr("JSON (*.json);;CSV (*.csv)")
        )
        if chosen:
            text = result.to_csv() if chosen.lower().endswith(".csv") else result.to_json()
            try:
                Path(chosen).write_text(text, encoding="utf-8")
            except OSError as error:
                trouble = self._not_written(Path(chosen), error, lambda: self._save(result, name))
                self._editor.troubled.emit(trouble)

    def _not_written(self, path: Path, error: OSError, again: Callable[[], None]) -> Trouble:
        """Return what it means that a result could not be written."""
        told = AudioFileError(
            f"{path} cannot be written ({error.strerror}): is the disk full or read-only? "
            "Nothing was changed.",
            path,
        )
        told.__cause__ = error
        means = tr("No result is lost: it can be exported again.")
        return Trouble(tr("Export the result"), told, means, (Remedy(tr("Choose another place…"), again),))


def translations(sentences: Iterable[str]) -> dict[str, dict[str, str]]:
    """Return sentences of the rooms below in every language but English: a page speaks its reader's."""
    wanted = set(sentences)
    found: dict[str, dict[str, str]] = {}
    for language in LANGUAGES if wanted else ():
        mark = partial(own_mark, locale=QLocale(language))
        messages = Messages(read_messages(language), read_catalogue(language), mark)
        told = {sentence: messages.translated(sentence) for sentence in wanted}
        found[language] = {sentence: text for sentence, text in told.items() if text is not None}
    return found


def _warnings(facts: Mapping[str, object]) -> list[str]:
    warnings = facts.get("warnings", [])
    return [str(warning) for warning in warnings] if isinstance(warnings, list) else []


def _open(dialog: QDialog) -> None:
    dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
    dialog.open()
