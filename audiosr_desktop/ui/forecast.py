"""Forecast: says before a run what it will take, and learns from each run."""

from collections.abc import Mapping
from functools import partial

from PySide6.QtCore import QObject, Slot

from audiosr_desktop.audio.history import Step
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.effects.timing import ModelCost, Timings
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.job_panel import rough_time
from audiosr_desktop.ui.panels.restore_panel import RestorePanel
from audiosr_desktop.ui.readout import memory_figure

_SAID_FROM_S = 2.0  # a shorter wait needs no words


class Forecast(QObject):
    """Keeps the panel's estimate up to date.

    Args:
        editor: whose runs are measured.
        panel: where the estimate is shown.
        timings: what is known of this machine.
    """

    def __init__(
        self, editor: Editor, panel: RestorePanel, timings: Timings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._editor, self._panel, self.timings = editor, panel, timings
        panel.values_changed.connect(self.show)
        editor.document_changed.connect(self.show)
        editor.timeline.selection_changed.connect(self.show)
        editor.timeline.sound_changed.connect(self.show)
        editor.applying.applied.connect(self._on_applied)

    def wait_s(self, effect: Effect, values: Mapping[str, Value], duration_s: float, channels: int) -> float:
        """Return the seconds that an effect is expected to take here."""
        cost = self._cost(values)
        return self.timings.estimate(
            effect.id, values, duration_s=duration_s, channels=channels, cost=cost
        ).seconds

    def _cost(self, values: Mapping[str, Value]) -> ModelCost:
        return self._editor.catalogue.costs.get(str(values.get("model", "")), ModelCost())

    @Slot()
    def show(self) -> None:
        """Say what the chosen effect would take on the present selection."""
        effect, sound = self._panel.effect, self._editor.sound
        if effect is None or sound is None:
            self._panel.show_estimate("")
            return
        selection = self._editor.timeline.selection
        length = selection.length if selection is not None else sound.length
        duration_s, values = length / sound.sample_rate, self._panel.values()
        channels = len(self._editor.timeline.picked or range(sound.channels))
        estimate = partial(
            self.timings.estimate,
            effect.id,
            duration_s=duration_s,
            channels=channels,
            cost=self._cost(values),
        )
        found = estimate(values)
        if found.seconds < _SAID_FROM_S:
            self._panel.show_estimate("")
            return
        text = tr(
            "Takes about {rough_time} and {memory}",
            rough_time=rough_time(found.seconds),
            memory=memory_figure(found.memory_bytes),
        )
        text += "." if found.measured else tr(" – a guess until it has run here.")
        draft = None
        if found.long and values.get("quality") not in (None, "draft"):
            draft = estimate({**values, "quality": "draft"})
            text += tr(" Draft would take about {rough_time}.", rough_time=rough_time(draft.seconds))
        if found.long:
            text += tr(" Preview lets you hear 10 s of it first.")
        self._panel.show_estimate(text, offers_draft=draft is not None)

    @Slot(object, float, int)
    def _on_applied(self, step: Step, duration_s: float, channels: int) -> None:
        self.timings.learn(
            step.effect_id, step.values, duration_s=duration_s, channels=channels, elapsed_s=step.elapsed_s
        )
        self.show()
