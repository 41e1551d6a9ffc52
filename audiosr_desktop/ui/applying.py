"""Applying: effects and other long edits of the shown document, each a job and then one undoable step."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Signal

from audiosr_desktop.audio.history import Span, Step
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.effects.timing import RESTORE, step_values
from audiosr_desktop.errors import EffectError
from audiosr_desktop.job import Job
from audiosr_desktop.ui.channel_words import channels_suffix
from audiosr_desktop.ui.document import Document
from audiosr_desktop.ui.gate import CHAIN_ID, on_processor
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import figures, format_length
from audiosr_desktop.ui.restoring import Restored, Weigh, restore

if TYPE_CHECKING:
    from audiosr_desktop.ui.editor import Editor


@dataclass(frozen=True, slots=True)
class Applied:
    """What a run took.

    Attributes:
        steps: each effect's id and values, with the seconds that it took.
        duration_s: seconds of sound that it worked on …
        channels: … of so many channels.
        device: that a model ran on, "cpu" or "cuda:0"; empty where none did.
    """

    steps: tuple[tuple[str, Mapping[str, Value], float], ...]
    duration_s: float
    channels: int
    device: str


class Applying(QObject):
    """Starts the jobs that change sound, and takes their results; one at a time.

    Args:
        editor: the document, the selection, and what runs jobs.
    """

    restored = Signal(object)  # Restored
    applied = Signal(object)  # Applied

    def __init__(self, editor: "Editor") -> None:
        super().__init__(editor)
        self._editor = editor
        self._last: tuple[str, Mapping[str, Value]] | None = None
        self._again: Callable[[], object] | None = None  # repeats what needs more than an effect's values
        self.weigh: Weigh | None = None  # tells how long effects take here

    @property
    def last(self) -> tuple[str, Mapping[str, Value]] | None:
        """Id and values of the effect that was applied last."""
        return self._last

    @property
    def can_repeat(self) -> bool:
        """Whether there is an effect to apply again."""
        return self._last is not None or self._again is not None

    def apply(self, effect_id: str, values: Mapping[str, Value]) -> bool:
        """Apply an effect to the selection, or to the whole sound when there is none.

        Args:
            effect_id: what to apply; `CHAIN_ID` is the chain that the value "chain" holds.
            values: by parameter.

        Returns:
            Whether it was begun, or will be once the GPU was looked at.
        """
        found = self._resolved(effect_id, values)
        if found is None:
            return False
        self._again = None
        steps = [(effect.id, given) for effect, given in found[1]]

        def go(on_cpu: bool) -> bool:
            return self._apply(effect_id, on_processor(values) if on_cpu else values)

        return self._editor.gate(steps, go)

    def apply_chain(self, chain_json: str) -> bool:
        """Apply a chain, given as its JSON form, as one edit.

        The history keeps it under `CHAIN_ID` with the JSON as its value "chain".
        """
        return self.apply(CHAIN_ID, {"chain": chain_json})

    def _resolved(
        self, effect_id: str, values: Mapping[str, Value]
    ) -> tuple[str, Sequence[tuple[Effect, Mapping[str, Value]]]] | None:
        """Return title and steps of an effect or a chain; None, and the reason is told, without one."""
        effects = self._editor.catalogue.effects
        if effect_id != CHAIN_ID:
            effect = effects.get(effect_id)
            return None if effect is None else (tr(effect.title), [(effect, values)])
        # it loads scipy.signal, which the effects have loaded by now
        from audiosr_desktop.effects.chain import chain_from_json, chain_steps  # noqa: PLC0415

        chain = chain_from_json(str(values["chain"]), "The chain")
        try:
            found = chain_steps(chain, effects)
        except EffectError as error:
            self._editor.failed.emit(chain.title, error)
            return None
        return chain.title, [(step.effect, step.values) for step in found]

    def _apply(self, effect_id: str, values: Mapping[str, Value]) -> bool:
        document, found = self._editor.document, self._resolved(effect_id, values)
        if document is None or found is None or self._editor.runner.busy:
            return False
        title, steps = found
        region = self._editor.timeline.chosen
        title += channels_suffix(region, document.sound.channels)
        length = region.length if region is not None else document.sound.length
        self._last = (effect_id, dict(values))
        document.set_locked(True)
        job = restore(
            steps,
            document.sound,
            region,
            scratch=self._editor.scratch,
            report=self._editor.catalogue.report,
            weigh=self.weigh,
        )

        def done(result: Restored) -> None:
            step = Step(title, result.region, effect_id, dict(values), self._editor.runner.elapsed_s)
            self.take(document, step, result)
            if result.changed:
                seconds = result.region.length / result.after.sample_rate
                channels = len(result.region.channels or range(result.after.channels))
                took = _times(steps, result)
                self.applied.emit(Applied(took, seconds, channels, str(result.facts.get("device", ""))))

        named = f"{title}, {format_length(length / document.sound.sample_rate)}"
        started = self._editor.runner.start(named, job, done)
        chosen = region or Region(0, document.sound.length)
        self._editor.emergence.follow(document, Step(title, chosen, effect_id, dict(values)))
        self._editor.facts_changed.emit()
        return started

    def repeat(self) -> None:
        """Apply the last effect to the present selection."""
        if self._again is not None:
            self._again()
        elif self._last is not None:
            self.apply(*self._last)

    def remember(self, again: Callable[[], object]) -> None:
        """Have what was done last repeated by a function, until an effect is applied."""
        self._again = again

    def take(self, document: Document, step: Step, result: Restored) -> None:
        """Put the result of a run into its document, as one step that can be undone."""
        document.set_locked(False)
        if result.changed:
            if result.before is not document.sound:
                text = tr("Resample to {rate} kHz", rate=figures(result.before.sample_rate / 1000, "g"))
                document.edit(text, result.before, Region(0, result.before.length))
            self._editor.variations.remember(document, step, result)
            span = Span(result.region, step.text, result.facts)
            document.edit(step.text, result.after, result.region, span, step=step)
        self.restored.emit(result)

    def change(
        self,
        title: str,
        document: Document,
        job: Job[Sound],
        step: Step,
        chosen: Region | None = None,
        *,
        replaced: Region | None = None,
    ) -> bool:
        """Run a job that gives the whole sound of a document after an edit, and take its result.

        Args:
            title: for the progress.
            document: which; it takes no other edits until the job ends.
            job: makes the sound.
            step: the edit, as the history tells it.
            chosen: what is selected afterwards.
            replaced: what is no longer what it was, for markers to move; the step's region if absent.
        """
        if self._editor.runner.busy:
            return False
        document.set_locked(True)

        def done(sound: Sound) -> None:
            document.set_locked(False)
            if sound is not document.sound:
                document.edit_in_stages(step, [(sound, replaced or step.region)])
                if chosen is not None and document is self._editor.document:
                    self._editor.timeline.select(chosen)

        started = self._editor.runner.start(title, job, done)
        self._editor.facts_changed.emit()
        return started


def _times(
    steps: Sequence[tuple[Effect, Mapping[str, Value]]], result: Restored
) -> tuple[tuple[str, Mapping[str, Value], float], ...]:
    """Return what each effect took; of Restore, each of its own steps, as those hang on what was found."""
    took: list[tuple[str, Mapping[str, Value], float]] = []
    for (effect, given), elapsed_s in zip(steps, result.times, strict=True):
        if effect.id == RESTORE:
            took += [(part, step_values(part, given), seconds) for part, seconds in result.parts]
        else:
            took.append((effect.id, given, elapsed_s))
    return tuple(took)
