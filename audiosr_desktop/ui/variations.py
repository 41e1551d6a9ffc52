"""Variations: other results for a restored region, made in the background, compared, one of them used."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from audiosr_desktop.audio.history import Span, Step
from audiosr_desktop.audio.takes import Take, TakeSet
from audiosr_desktop.effects.effect import Effect, Parameter, Value
from audiosr_desktop.errors import EffectError
from audiosr_desktop.playback.takes import letter
from audiosr_desktop.ui.gate import on_processor
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.restoring import Restored, restore

if TYPE_CHECKING:
    from audiosr_desktop.ui.document import Document
    from audiosr_desktop.ui.editor import Editor

SEED = "seed"


class Variations(QObject):
    """What is done with the takes of the shown document.

    Args:
        editor: whose documents keep them.
    """

    changed = Signal()

    def __init__(self, editor: "Editor") -> None:
        super().__init__(editor)
        self._editor = editor

    def current(self) -> TakeSet | None:
        """Return the takes that the shown document's present sound belongs to."""
        document = self._editor.document
        if document is None:
            return None
        return next((takes for takes in document.takes if takes.number_of(document.sound)), None)

    def used(self) -> int:
        """Return which take the document holds; 0 without takes."""
        takes, sound = self.current(), self._editor.sound
        return takes.number_of(sound) if takes is not None and sound is not None else 0

    @property
    def can_vary(self) -> bool:
        """Whether the take that is heard was made with a seed, so that another one can be drawn."""
        takes = self.current()
        return takes is not None and _has_seed(self._effect_of(self._model(takes)))

    def remember(self, document: "Document", step: Step, result: Restored) -> None:
        """Keep source and result of a run as the first two takes of its region."""
        if result.before.length == result.after.length:
            source = Take(tr("Source"), result.before, Step(tr("Source"), step.region))
            takes = TakeSet(step.region, (source,))
            made = self._take(takes, step, result)
            document.set_takes((*document.reachable_takes(), takes.added(made)))

    def new_variation(self) -> None:
        """Make the take that is heard once more with another seed."""
        takes = self.current()
        if takes is not None and self.can_vary:
            step = self._model(takes)
            values = {**step.values, SEED: (max(_seed(take) for take in takes.takes[1:]) + 1) % 2**32}
            self._make(takes, replace(step, values=values))

    def add(self, effect_id: str, values: Mapping[str, Value]) -> None:
        """Make one more take with another effect, another model or other settings."""
        takes, effect = self.current(), self._editor.catalogue.effects.get(effect_id)
        if takes is not None and effect is not None:
            self._make(takes, Step(effect.title, takes.region, effect_id, dict(values)))

    def _make(self, takes: TakeSet, step: Step) -> None:
        document = self._editor.document
        if document is not None:

            def go(on_cpu: bool) -> bool:
                given = replace(step, values=on_processor(step.values)) if on_cpu else step
                return self._begin(document, takes, given)

            self._editor.gate([(step.effect_id, step.values)], go)

    def _begin(self, document: "Document", takes: TakeSet, step: Step) -> bool:
        editor, effect = self._editor, self._effect_of(step)
        if effect is None or editor.runner.busy or takes not in document.takes:
            return False
        document.set_locked(True)
        job = restore(
            [(effect, step.values)],
            takes.takes[0].sound,
            takes.region,
            scratch=editor.scratch,
            report=editor.catalogue.report,
        )

        def done(result: Restored) -> None:
            document.set_locked(False)
            self._keep(document, takes, step, result)

        started = editor.runner.start(tr("New take: {effect}", effect=tr(effect.title)), job, done)
        editor.facts_changed.emit()
        return started

    def _keep(self, document: "Document", takes: TakeSet, step: Step, result: Restored) -> None:
        if takes not in document.takes:
            return  # the document was closed, or they were left behind
        try:
            more = takes.added(self._take(takes, step, result))
        except ValueError:
            error = EffectError(
                f"{step.text} changes the sample rate or the length here, so its result cannot be compared "
                "as a take; apply it instead."
            )
            self._editor.failed.emit(tr("New take"), error)
            return
        self._replace(document, takes, more)
        if document is self._editor.document:
            self._editor.show_takes(len(more.takes) - 1)

    def use(self, number: int) -> None:
        """Put a take into the document, as one step that can be undone."""
        takes, document = self.current(), self._editor.document
        if takes is None or document is None or document.locked:
            return
        take, text = takes.takes[number], tr("Use take {letter}", letter=letter(number))
        if document.sound is not take.sound:
            span = Span(takes.region, take.step.text, take.facts)
            document.edit(text, take.sound, takes.region, span, step=replace(take.step, text=text))

    def rename(self, number: int, name: str) -> None:
        """Give a take another name."""
        takes, document = self.current(), self._editor.document
        if takes is not None and document is not None and name.strip():
            self._replace(document, takes, takes.renamed(number, name.strip()))

    def can_drop(self, number: int) -> bool:
        """Whether a take is neither the source nor needed by a step of the history."""
        takes, document = self.current(), self._editor.document
        if takes is None or document is None or number <= 0:
            return False
        return all(state.sound is not takes.takes[number].sound for state in document.history().states())

    def drop(self, number: int) -> None:
        """Forget a take."""
        takes, document = self.current(), self._editor.document
        if takes is not None and document is not None and self.can_drop(number):
            self._replace(document, takes, takes.without(number))
            self._editor.show_takes()

    def _replace(self, document: "Document", old: TakeSet, new: TakeSet) -> None:
        document.set_takes(new if takes is old else takes for takes in document.takes)
        self.changed.emit()

    def _model(self, takes: TakeSet) -> Step:
        """Return how the take that is heard was made; that of the one in use while the source is heard."""
        heard = self._editor.transport.take
        return takes.takes[heard if 0 < heard < len(takes.takes) else self.used()].step

    def _effect_of(self, step: Step) -> Effect | None:
        return self._editor.catalogue.effects.get(step.effect_id)

    def _take(self, takes: TakeSet, step: Step, result: Restored) -> Take:
        return Take(self._name(takes, step, result), result.after, step, result.facts)

    def _name(self, takes: TakeSet, step: Step, result: Restored) -> str:
        """Name a take by its effect, by what differs from the first result, and by its seed."""
        parts, effect = [step.text], self._effect_of(step)
        first = takes.takes[1].step if len(takes.takes) > 1 else step
        if effect is not None and first.effect_id == step.effect_id:
            parts += [
                f"{parameter.title.lower()} {_told(parameter, step.values[parameter.id])}"
                for parameter in effect.parameters
                if parameter.id in step.values
                and parameter.id != SEED
                and step.values[parameter.id] != first.values.get(parameter.id, parameter.default)
            ]
        seed = result.facts.get(SEED)
        return ", ".join([*parts, *([] if seed is None else [tr("seed {seed}", seed=seed)])])


def _told(parameter: Parameter, value: Value) -> str:
    number = f"{value:g}" if isinstance(value, float) else str(value)
    return f"{number} {parameter.unit}".strip()


def _has_seed(effect: Effect | None) -> bool:
    return effect is not None and any(parameter.id == SEED for parameter in effect.parameters)


def _seed(take: Take) -> int:
    seed = take.facts.get(SEED, 0)
    return seed if isinstance(seed, int) else 0
