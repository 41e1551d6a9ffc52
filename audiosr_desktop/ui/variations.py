"""Variations: other results for a restored region, made in the background, compared, one of them used."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from audiosr_desktop.audio.history import Span, Step
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.playback.takes import Take, TakeSet, letter
from audiosr_desktop.ui.restoring import Restored, restore

if TYPE_CHECKING:
    from audiosr_desktop.ui.document import Document
    from audiosr_desktop.ui.editor import Editor

SEED = "seed"


@dataclass(frozen=True, slots=True)
class Compared:
    """The takes of one restored region.

    Attributes:
        step: the edit that made the first result: which effect, with what values.
        takes: source and results, the region's samples alone.
        sounds: the whole document with each of them.
    """

    step: Step
    takes: TakeSet
    sounds: tuple[Sound, ...]

    def number_of(self, sound: Sound) -> int:
        """Return which take a state of the document holds, 0 when it is none of the results."""
        return next((i for i, own in enumerate(self.sounds) if i and own is sound), 0)


class Variations(QObject):
    """Takes of the regions that were restored since the program started.

    Args:
        editor: whose documents they belong to.
    """

    changed = Signal()

    def __init__(self, editor: "Editor") -> None:
        super().__init__(editor)
        self._editor = editor
        self._all: list[Compared] = []

    def current(self) -> Compared | None:
        """Return the takes that the shown document's present sound belongs to."""
        sound = self._editor.sound
        found = (compared for compared in self._all if sound is not None and compared.number_of(sound))
        return next(found, None)

    @property
    def can_vary(self) -> bool:
        """Whether the present result was made with a seed, so that another one can be drawn."""
        compared = self.current()
        effect = self._editor.catalogue.effects.get(compared.step.effect_id) if compared is not None else None
        return effect is not None and any(parameter.id == SEED for parameter in effect.parameters)

    def remember(self, step: Step, result: Restored) -> None:
        """Keep source and result of a run as the first two takes of its region."""
        if result.before.length != result.after.length:
            return
        region = step.region
        source, made = (sound.slice(region.start, region.stop) for sound in (result.before, result.after))
        takes = (Take("Source", source), Take(_name(step, result), made, result.facts))
        self._all.append(Compared(step, TakeSet(region, takes, 1), (result.before, result.after)))

    def new_variation(self) -> None:
        """Restore the same region once more with another seed; the result is one more take."""
        editor, compared = self._editor, self.current()
        document = editor.document
        if compared is None or document is None or editor.runner.busy or not self.can_vary:
            return
        effect = editor.catalogue.effects.get(compared.step.effect_id)
        if effect is None:
            return
        used = [_seed(take) for take in compared.takes.takes[1:]]
        values = {**compared.step.values, SEED: (max(used) + 1) % 2**32}
        step = replace(compared.step, values=values)
        document.set_locked(True)
        job = restore(
            [(effect, values)],
            compared.sounds[0],
            compared.takes.region,
            scratch=editor.scratch,
            report=editor.catalogue.report,
        )

        def done(result: Restored) -> None:
            document.set_locked(False)
            self._add(compared, step, result)

        editor.runner.start(f"New variation of {effect.title}", job, done)
        editor.facts_changed.emit()

    def _add(self, compared: Compared, step: Step, result: Restored) -> None:
        region = compared.takes.region
        made = result.after.slice(region.start, region.stop)
        more = replace(
            compared,
            takes=compared.takes.added(Take(_name(step, result), made, result.facts)),
            sounds=(*compared.sounds, result.after),
        )
        self._replace(compared, more)
        self._editor.show_takes()
        self._editor.transport.select_take(len(more.sounds) - 1)

    def use(self, number: int) -> None:
        """Put a take into the document, as one step that can be undone."""
        compared, document = self.current(), self._editor.document
        if (
            compared is None
            or document is None
            or document.locked
            or document.sound is compared.sounds[number]
        ):
            return
        region, text = compared.takes.region, f"Use take {letter(number)}"
        take = compared.takes.takes[number]
        self._replace(compared, replace(compared, takes=compared.takes.with_chosen(number)))
        span = Span(region, compared.step.text, take.facts)
        document.edit(text, compared.sounds[number], region, span, step=replace(compared.step, text=text))

    def rename(self, number: int, name: str) -> None:
        """Give a take another name."""
        compared = self.current()
        if compared is not None and name.strip():
            self._replace(compared, replace(compared, takes=compared.takes.renamed(number, name.strip())))

    def forget(self, document: "Document") -> None:
        """Drop the takes of a document that is closed."""
        self._all = [compared for compared in self._all if not compared.number_of(document.sound)]

    def _replace(self, old: Compared, new: Compared) -> None:
        self._all = [new if compared is old else compared for compared in self._all]
        self.changed.emit()


def _seed(take: Take) -> int:
    seed = take.facts.get(SEED, 0)
    return seed if isinstance(seed, int) else 0


def _name(step: Step, result: Restored) -> str:
    seed = result.facts.get(SEED)
    return step.text if seed is None else f"{step.text}, seed {seed}"
