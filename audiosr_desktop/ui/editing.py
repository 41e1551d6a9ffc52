"""Editing: clipboard and cuts, and the edits that concern a whole document."""

from collections.abc import Mapping
from dataclasses import replace

from PySide6.QtCore import QObject, Signal

from audiosr_desktop.audio.history import Step
from audiosr_desktop.audio.lanes import channels_of, put_back
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects import edits
from audiosr_desktop.effects.effect import Effect, Parameter, Value
from audiosr_desktop.job import Job
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.language import capitalised, marked, tr
from audiosr_desktop.ui.readout import figures, format_length
from audiosr_desktop.ui.settings import Settings

SILENCE, GENERATE = "audiosr.silence", "audiosr.generate"
TO_MONO, TO_STEREO = marked("mix to mono"), marked("make stereo")
KEEP = marked("keep channel {number}").partition("{")[0]

LENGTH = Parameter("length_s", marked("Length"), "float", 1.0, 0.1, 900.0, "s")
SAMPLE_RATE = Parameter("sample_rate", marked("Sample rate"), "int", 48_000, 2_000, 384_000, "Hz")


def channel_choice(channels: int) -> Parameter:
    """Return what can be done with the channels of a whole document."""
    if channels == 1:
        return Parameter("how", marked("Do"), "choice", TO_STEREO, choices=(TO_STEREO,))
    kept = tuple(f"{KEEP}{number}" for number in range(1, channels + 1))
    other = (TO_MONO, TO_STEREO) if channels > 2 else (TO_MONO,)
    return Parameter("how", marked("Do"), "choice", TO_MONO, choices=(*other, *kept))


class Editing(QObject):
    """What the Edit menu and its keys do.

    Cuts and pastes only rearrange samples and are done at once; what computes samples runs as a job.

    Args:
        editor: the documents; the clipboard is one for all of them.
        settings: whether joins are cross-faded, and for how long.
    """

    told = Signal(str)  # one line for the status bar

    def __init__(self, editor: Editor, settings: Settings, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._editor, self._settings = editor, settings

    def copy(self) -> None:
        """Keep the selected samples for pasting."""
        document, selection = self._editor.document, self._editor.timeline.selection
        if document is not None and selection is not None:
            chosen = channels_of(self._editor.emergence.sound or document.sound, selection)
            self._editor.set_clipboard(chosen.slice(selection.start, selection.stop))

    def cut(self) -> None:
        """Keep the selected samples and take them out."""
        self.copy()
        self._remove(tr("Cut"))

    def delete(self) -> None:
        """Take the selected samples out."""
        self._remove(tr("Delete"))

    def silence(self) -> None:
        """Put silence in place of the selection; in its band only when it has one."""
        document, selection = self._open_document(), self._editor.timeline.selection
        if document is None or selection is None:
            return
        if selection.has_band:
            self._editor.applying.apply(SILENCE, {})
        else:
            document.edit(
                tr("Silence"), edits.silenced(document.sound, selection, self._join(document)), selection
            )

    def trim(self) -> None:
        """Keep the selected samples only."""
        document, selection = self._open_document(), self._editor.timeline.selection
        if document is None or selection is None or selection.length == document.sound.length:
            return
        if selection.channels is not None:
            whole = Region(0, document.sound.length).of_channels(selection.channels)
            document.edit(tr("Trim"), edits.trimmed(document.sound, selection), whole)
        else:
            head = document.sound.slice(0, selection.stop)
            after = Region(selection.stop, document.sound.length)
            before = Region(0, selection.start)
            self._editor.timeline.select(None)
            kept = edits.trimmed(document.sound, selection)
            document.edit_in_stages(Step(tr("Trim"), selection), [(head, after), (kept, before)])

    def paste(self) -> None:
        """Put what was copied in place of the selection, or at the playhead."""
        self._paste(tr("Paste"), self._target())

    def paste_insert(self) -> None:
        """Put what was copied before the selection, or at the playhead; what is there moves on.

        Not into some channels only: they would no longer be in time with the others.
        """
        target = self._target()
        if target.channels is None:
            self._paste(tr("Insert"), Region(target.start, target.start))

    def paste_mix(self) -> None:
        """Add what was copied to what is there, from the start of the selection or the playhead on."""
        document, clip = self._open_document(), self._editor.clipboard
        if document is None or clip is None:
            return
        sound, start, channels = document.sound, self._target().start, self._editor.timeline.picked
        length = round(clip.length * sound.sample_rate / clip.sample_rate)
        region = Region(start, min(start + length, sound.length)).of_channels(channels)

        def job() -> Job[Sound]:
            from audiosr_desktop.effects.channels import fitted, mixed  # noqa: PLC0415 - loads soxr

            part = channels_of(sound, region)
            fitting = yield from fitted(clip, sound.sample_rate, part.channels, self._editor.scratch)
            if region.channels is None:
                return (yield from mixed(sound, start, fitting, self._editor.scratch))
            fitting = fitting.slice(0, min(fitting.length, sound.length - start))
            summed = yield from mixed(part, start, fitting, self._editor.scratch)
            return put_back(sound, summed, region.channels)

        grows = start + length > sound.length and channels is None
        end = Region(sound.length, sound.length) if grows else None  # what was there is still there
        step = Step(tr("Mix paste"), region)
        self._editor.applying.change(step.text, document, job(), step, replaced=end)

    def set_clickless(self, clickless: bool) -> None:
        """Cross-fade at the seams of cuts and pastes, or leave every sample as it is."""
        self._settings.clickless = clickless

    def resample(self, sample_rate: int) -> None:
        """Change the rate of the document; an edit of its own."""
        document = self._open_document()
        if document is None or document.sound.sample_rate == sample_rate:
            return
        text = tr("Resample to {rate} kHz", rate=figures(sample_rate / 1000, "g"))
        step = Step(text, Region(0, document.sound.length), values={"sample_rate": sample_rate})

        def job() -> Job[Sound]:
            from audiosr_desktop.effects.conversion import resample_sound  # noqa: PLC0415 - loads soxr

            return (yield from resample_sound(document.sound, sample_rate, self._editor.scratch))

        self._editor.applying.change(text, document, job(), step)

    def change_channels(self, how: str) -> None:
        """Change the channels of the document, in the words of `channel_choice`."""
        if how.startswith(KEEP):
            number = int(how.removeprefix(KEEP))
            self._to_channels(tr("Extract channel {number}", number=number), 1, number - 1)
        else:
            self._to_channels(capitalised(tr(how)), 1 if how == TO_MONO else 2)

    def generate(self, values: Mapping[str, Value], length_s: float) -> None:
        """Put a generated sound in place of the selection, or of a length at the playhead."""
        document, selection = self._open_document(), self._editor.timeline.selection
        effect = self._editor.catalogue.effects.get(GENERATE)
        if document is None or effect is None:
            return
        if selection is not None:
            length_s = selection.length / document.sound.sample_rate
            self._editor.applying.apply(GENERATE, values)
        else:
            self._generate_at_playhead(document, effect, values, length_s)
        # repeated without a selection, it would otherwise take the place of the whole sound
        self._editor.applying.remember(lambda: self.generate(values, length_s))

    def _generate_at_playhead(
        self, document: Document, effect: Effect, values: Mapping[str, Value], length_s: float
    ) -> None:
        at, length = self._editor.timeline.playhead, max(1, round(length_s * document.sound.sample_rate))
        if self._editor.timeline.picked is not None:  # in some channels nothing can be inserted
            self._editor.timeline.select(Region(at, at + length))
            self._editor.applying.apply(GENERATE, values)
            return
        text = tr("Generate {kind}", kind=tr(str(values["kind"])))
        step = Step(text, Region(at, at), GENERATE, dict(values))
        sound, join = document.sound, self._join(document)

        def job() -> Job[Sound]:
            room = edits.silence(length, sound)
            made = yield from effect.process(room, Region(0, length), values)
            return edits.replace(sound, Region(at, at), made, join)

        title = f"{text}, {format_length(length_s)}"
        self._editor.applying.change(title, document, job(), step, Region(at, at + length))

    def _open_document(self) -> Document | None:
        document = self._editor.document
        return document if document is not None and not document.locked else None

    def _target(self) -> Region:
        """Return where a paste goes, and into which channels."""
        timeline = self._editor.timeline
        at, selection = timeline.playhead, timeline.selection
        target = Region(selection.start, selection.stop) if selection is not None else Region(at, at)
        return target.of_channels(timeline.picked)

    def _join(self, document: Document) -> int:
        if not self._settings.clickless:
            return 0
        return round(self._settings.join_ms / 1000 * document.sound.sample_rate)

    def _remove(self, text: str) -> None:
        document, selection = self._open_document(), self._editor.timeline.selection
        if document is None or selection is None:
            return
        if selection.channels is not None:
            silent = edits.silenced(document.sound, selection, self._join(document))
            document.edit(text, silent, selection)
            return
        if selection.length == document.sound.length:
            self.told.emit(tr("A document keeps some sound: select less than all of it, or close it."))
            return  # without sound it has nothing to show
        rest = edits.delete(document.sound, selection, self._join(document))
        self._editor.timeline.select(None)
        document.edit(text, rest, selection)
        self._editor.transport.seek(selection.start)

    def _paste(self, text: str, target: Region) -> None:
        document, clip = self._open_document(), self._editor.clipboard
        if document is None or clip is None:
            return
        sound, join = document.sound, self._join(document)
        if target.channels is not None:
            self._overwrite(text, document, target, clip)
            return
        if (clip.sample_rate, clip.channels) == (sound.sample_rate, sound.channels):
            document.edit(text, edits.replace(sound, target, clip, join), target)
            self._editor.timeline.select(Region(target.start, target.start + clip.length))
            return

        def job() -> Job[Sound]:
            from audiosr_desktop.effects.channels import fitted  # noqa: PLC0415 - loads soxr

            fitting = yield from fitted(clip, sound.sample_rate, sound.channels, self._editor.scratch)
            return edits.replace(sound, target, fitting, join)

        length = (2 * clip.length * sound.sample_rate + clip.sample_rate) // (2 * clip.sample_rate)
        chosen = Region(target.start, target.start + length)
        self._editor.applying.change(text, document, job(), Step(text, target), chosen)

    def _overwrite(self, text: str, document: Document, target: Region, clip: Sound) -> None:
        """Paste into some channels: over the selection, or from the playhead on; nothing moves."""
        sound, join = document.sound, self._join(document)
        if not target.length:
            length = round(clip.length * sound.sample_rate / clip.sample_rate)
            target = replace(target, stop=min(target.start + length, sound.length))
        chosen = channels_of(sound, target).channels

        def job() -> Job[Sound]:
            from audiosr_desktop.effects.channels import fitted  # noqa: PLC0415 - loads soxr

            fitting = yield from fitted(clip, sound.sample_rate, chosen, self._editor.scratch)
            return edits.overwritten(sound, target, fitting, join)

        if target.length:
            self._editor.applying.change(text, document, job(), Step(text, target), target)

    def _to_channels(self, text: str, channels: int, kept: int | None = None) -> None:
        document = self._open_document()
        if document is None or document.sound.channels == channels:
            return
        sound = document.sound

        def job() -> Job[Sound]:
            from audiosr_desktop.effects.channels import (  # noqa: PLC0415 - loads soxr
                fitting_matrix,
                remix,
                single_matrix,
            )

            matrix = (
                fitting_matrix(sound.channels, channels)
                if kept is None
                else single_matrix(sound.channels, kept)
            )
            return (yield from remix(sound, matrix, self._editor.scratch))

        self._editor.applying.change(text, document, job(), Step(text, Region(0, sound.length)))
