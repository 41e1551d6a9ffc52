"""Pointing: shows in the views and in the panel what is previewed and which gaps are known, and says it."""

from PySide6.QtCore import QObject, Slot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.ui.announcing import Announcer
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.gap_finding import Gap, GapFinding
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.gap_list import GapList, gap_words
from audiosr_desktop.ui.preview import Preview
from audiosr_desktop.ui.readout import format_time
from audiosr_desktop.ui.views.callouts import Callout
from audiosr_desktop.ui.views.editor_view import EditorView


class Pointing(QObject):
    """Joins preview and gaps with the views.

    Args:
        editor: the document.
        view: where they are marked.
        gap_list: where gaps are rows.
        preview: what is previewed.
        announcer: tells a screen reader.
    """

    def __init__(
        self, editor: Editor, view: EditorView, gap_list: GapList, preview: Preview, announcer: Announcer
    ) -> None:
        super().__init__(view)
        self._editor, self._view, self._list = editor, view, gap_list
        self._preview, self._announcer = preview, announcer
        self.gaps = GapFinding(editor, self)
        self._previewed: Region | None = None
        self._told = ""
        gap_list.find_wanted.connect(self.gaps.find)
        gap_list.chosen.connect(self.gaps.choose)
        view.callout_chosen.connect(self._on_callout)
        self.gaps.changed.connect(self._on_gaps_changed)
        preview.changed.connect(self._on_preview_changed)
        editor.timeline.sound_changed.connect(self._show)  # a run may show another rate

    @Slot(object)
    def _on_callout(self, callout: Callout) -> None:
        if callout.kind == "preview":
            self._editor.timeline.select(callout.region)
        else:
            self.gaps.choose(callout.number)

    @Slot()
    def _on_gaps_changed(self) -> None:
        sound, told = self._editor.sound, self._gaps_told()
        rate, channels = (sound.sample_rate, sound.channels) if sound is not None else (1, 1)
        self._list.show_gaps(self.gaps.gaps, self.gaps.current, rate, channels, told)
        self._show()
        if told and told != self._told:
            self._announcer.announce(told)
        self._told = told

    def _gaps_told(self) -> str:
        gaps = self.gaps.gaps
        if self.gaps.busy:
            return tr("Looking for gaps…")
        if not self.gaps.looked:
            return ""
        if not gaps:
            return tr("No gaps were found.")
        if gaps[0].filled:
            return tr("{count} filled; choose one to go there.", count=len(gaps))
        return tr("{count} found; choose one to go there.", count=len(gaps))

    @Slot()
    def _on_preview_changed(self) -> None:
        region = self._preview.region
        if region == self._previewed:
            return
        self._previewed = region
        self._show()
        sound = self._editor.sound
        if region is None or sound is None:
            self._announcer.announce(tr("The preview has ended"))
            return
        start, stop = (format_time(edge / sound.sample_rate, 0) for edge in (region.start, region.stop))
        self._announcer.announce(tr("Preview from {start} to {stop}", start=start, stop=stop))

    @Slot()
    def _show(self) -> None:
        sound, timeline = self._editor.sound, self._editor.timeline
        ratio = timeline.sample_rate / sound.sample_rate if sound is not None else 1.0
        callouts = [self._gap_callout(number, gap, ratio) for number, gap in enumerate(self.gaps.gaps)]
        if self._previewed is not None:
            words = tr("Only heard, not in the document; a click selects it")
            region = self._previewed.at_rate(ratio)
            callouts.insert(0, Callout(region, "▶ " + tr("Preview"), "preview", words))
        self._view.set_callouts(tuple(callouts))

    def _gap_callout(self, number: int, gap: Gap, ratio: float) -> Callout:
        sound = self._editor.sound
        rate, channels = (sound.sample_rate, sound.channels) if sound is not None else (1, 1)
        return Callout(
            gap.region.at_rate(ratio),
            f"✓ {number + 1}" if gap.filled else tr("Gap {number}", number=number + 1),
            "filled" if gap.filled else "gap",
            gap_words(gap, number + 1, rate, channels),
            number,
            number == self.gaps.current,
        )
