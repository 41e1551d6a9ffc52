"""Forecast: says before a run what it will take, and learns from each run."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Signal, Slot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.effects.timing import (
    LOOK,
    MENDED,
    RESTORE,
    Estimate,
    ModelCost,
    Timings,
    estimate_of_all,
    step_values,
)
from audiosr_desktop.ui.applying import Applied
from audiosr_desktop.ui.benchmarking import Benchmarking
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.gate import Steps
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.job_panel import rough_time
from audiosr_desktop.ui.panels.restore_panel import RestorePanel
from audiosr_desktop.ui.readout import memory_figure

_FOUND = ("cutoff_hz", "fill_holes")  # values that a proposal sets
_MEASURED_FROM_S = 10.0
_SAID_FROM_S = 2.0  # a shorter wait needs no words


class Forecast(QObject):
    """Keeps the panel's estimate up to date, and makes those of chains.

    Where more than some seconds are to be told for a model that never ran here on the chosen device, the
    model is measured first, in the background.

    Args:
        editor: whose runs are measured.
        panel: where the estimate is shown.
        timings: what is known of this machine.
    """

    changed = Signal()  # other figures than before

    def __init__(
        self, editor: Editor, panel: RestorePanel, timings: Timings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor, self._panel, self.timings = editor, panel, timings
        self._looked: tuple[Sound, Region, Mapping[str, Value], Sequence[str]] | None = None
        self.benchmarking = Benchmarking(editor, timings, self)
        self.benchmarking.changed.connect(self.show)
        panel.estimate.skip_wanted.connect(self.benchmarking.skip)
        panel.values_changed.connect(self.show)
        editor.document_changed.connect(self.show)
        editor.timeline.selection_changed.connect(self.show)
        editor.timeline.sound_changed.connect(self.show)
        editor.catalogue_changed.connect(self.show)
        editor.applying.applied.connect(self._on_applied)
        editor.applying.weigh = self.weight

    def weight(self, effect_id: str, values: Mapping[str, Value]) -> float:
        """Return the seconds that an effect is expected to take for a second of one channel."""
        return self._estimate(effect_id, values, 1.0, 1).seconds

    def wait_s(self, effect: Effect, values: Mapping[str, Value], duration_s: float, channels: int) -> float:
        """Return the seconds that an effect is expected to take here on a part of the sound."""
        return self._estimate(effect.id, values, self._worked_s(values, duration_s), channels).seconds

    def remember(
        self, sound: Sound, region: Region, values: Mapping[str, Value], found: Sequence[str]
    ) -> None:
        """Take in which effects Restore would run with some values on a region, found by looking at it."""
        self._looked = sound, region, _telling(values), found
        self.show()

    def found(self, values: Mapping[str, Value]) -> Steps | None:
        """Return what Restore would run on what is selected; None where that was not looked for."""
        if self._looked is None or self._editor.sound is None:
            return None
        sound, region, known, found = self._looked
        if sound is not self._editor.sound or region != self._chosen(sound) or known != _telling(values):
            return None
        return [(effect_id, step_values(effect_id, values)) for effect_id in found]

    def _chosen(self, sound: Sound) -> Region:
        return self._editor.timeline.chosen or Region(0, sound.length)

    def of_steps(self, steps: Steps) -> Estimate | None:
        """Return what effects, one after the other, would take on what is selected; None without a sound.

        Where Restore comes first and was looked for, it counts as what it will run.
        """
        sound, timeline = self._editor.sound, self._editor.timeline
        if sound is None or not steps:
            return None
        length = timeline.selection.length if timeline.selection is not None else timeline.length
        duration_s = length / timeline.sample_rate
        channels = len(timeline.picked or range(sound.channels))
        if steps[0][0] == RESTORE and (found := self.found(steps[0][1])) is not None:
            steps = [(LOOK, {}), *found, *steps[1:]]
        return estimate_of_all(
            [
                self._estimate(effect_id, values, self._worked_s(values, duration_s), channels)
                for effect_id, values in steps
            ]
        )

    def text_of_steps(self, steps: Steps) -> str:
        """Return the same in words; empty where it is not worth a word."""
        found = self.of_steps(steps)
        if found is None or found.seconds < _SAID_FROM_S:
            return ""
        return _words(found)

    def of_files(self, steps: Steps, seconds: float) -> Estimate:
        """Return what steps would take on files of so many seconds of one channel together."""
        return estimate_of_all([self._estimate(effect_id, values, seconds, 1) for effect_id, values in steps])

    def text_of_files(self, steps: Steps, seconds: float) -> str:
        """Return the same in words; empty where it is not worth a word."""
        found = self.of_files(steps, seconds)
        if found.seconds < _SAID_FROM_S:
            return ""
        return _words(found)

    @Slot()
    def show(self) -> None:
        """Say what the chosen effect would take on the present selection."""
        effect = self._panel.effect
        found = self.of_steps([(effect.id, self._panel.values())]) if effect is not None else None
        self.changed.emit()
        if effect is None or found is None or found.seconds < _SAID_FROM_S:
            self.benchmarking.want(None)
            self._panel.estimate.show_estimate("")
            return
        values = self._panel.values()
        cost = self._cost(values)
        needs_model = "model" in values and bool(values.get("band", True))
        # a guess of some seconds is good enough, and loading a model to be looked at is not
        known = (
            not needs_model or found.seconds < _MEASURED_FROM_S or self.timings.knows(effect.id, values, cost)
        )
        self.benchmarking.want(None if known else values, cost)
        if self.benchmarking.running:
            text = tr("Measuring how fast this computer is, a few seconds, once for each model…")
            self._panel.estimate.show_estimate(text, offers_skip=True)
            return
        text = _words(found)
        if effect.id == RESTORE and (steps := self.found(values)) is not None:
            text = self._found_words(steps) + " " + text
        draft = None
        if found.long and values.get("quality") not in (None, "draft"):
            draft = self.of_steps([(effect.id, {**values, "quality": "draft"})])
        if draft is not None:
            text += tr(" Draft would take about {rough_time}.", rough_time=rough_time(draft.seconds))
        if found.long:
            text += tr(" Preview lets you hear 10 s of it first.")
        self._panel.estimate.show_estimate(
            text, offers_draft=draft is not None, offers_look=found.least_s is not None
        )

    def _found_words(self, steps: Steps) -> str:
        effects = self._editor.catalogue.effects
        if not steps:
            return tr("Nothing was found to mend.")
        titles = (tr(effects[id_].title) if id_ in effects else id_ for id_, _ in steps)
        return tr("To be run: {effects}.", effects=", ".join(titles))

    def _estimate(
        self, effect_id: str, values: Mapping[str, Value], duration_s: float, channels: int
    ) -> Estimate:
        return self.timings.estimate(
            effect_id, values, duration_s=duration_s, channels=channels, cost=self._cost(values)
        )

    def _cost(self, values: Mapping[str, Value]) -> ModelCost:
        return self._editor.catalogue.costs.get(str(values.get("model", "")), ModelCost())

    def _worked_s(self, values: Mapping[str, Value], duration_s: float) -> float:
        """Return how much sound is worked on: a model takes whole windows, also of a part."""
        if "model" not in values or self._editor.sound is None:
            return duration_s
        return min(max(duration_s, self._editor.sound.duration_s), duration_s + self._cost(values).window_s)

    @Slot(object)
    def _on_applied(self, applied: Applied) -> None:
        for effect_id, values, elapsed_s in applied.steps:
            self.timings.learn(
                effect_id,
                values,
                duration_s=self._worked_s(values, applied.duration_s),
                channels=applied.channels,
                elapsed_s=elapsed_s,
                cost=self._cost(values),
                device=applied.device,
            )
        self.show()


def _words(found: Estimate) -> str:
    times = {
        "rough_time": rough_time(found.seconds),
        "memory": memory_figure(found.memory_bytes),
    }
    if found.least_s is None:
        text = tr("Takes about {rough_time} and {memory}", **times)
    else:
        least = rough_time(found.least_s)
        text = tr("Takes {least} to {rough_time} and up to {memory}, by what is found", least=least, **times)
    return text + ("." if found.measured else tr(" – a guess until it has run here."))


def _telling(values: Mapping[str, Value]) -> Mapping[str, Value]:
    """Return those of Restore's values on which it hangs what is found."""
    given = {name: values.get(name, True) for name in MENDED}
    return {**given, **{name: values.get(name, 0) for name in _FOUND}}  # no cutoff, no holes
