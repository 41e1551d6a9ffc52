"""Mending: what can be done next about a run that failed, each as a button that does it."""

import json
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
from PySide6.QtCore import QObject, Slot

from audiosr_desktop.audio.region import Region
from audiosr_desktop.effects import edits
from audiosr_desktop.effects.effect import Effect, Value
from audiosr_desktop.errors import AudioSRError, EffectError, EngineError, PluginError, SoundError
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import format_length
from audiosr_desktop.ui.troubles import Remedy, Trouble, completed

if TYPE_CHECKING:
    from audiosr_desktop.ui.main_window import MainWindow

Values = Mapping[str, Value]
Again = Callable[[Values], object]  # runs the same effect with other values

_DEVICE, _CPU = "device", "cpu"
_QUALITY, _DRAFT = "quality", "draft"
_CHAIN = "chain"  # the value of a chain: the JSON of its modules
_SHORT_S = 10.0
_BAD_S = 1.0  # of samples that are not numbers, silenced at once


class Mending(QObject):
    """Knows what ran, and hence with what it can be tried again.

    Args:
        window: whose runs and forms they are.
    """

    def __init__(self, window: "MainWindow") -> None:
        super().__init__(window)
        self._window, self._editor = window, window.editor
        self._title = ""
        self._seen: tuple[str, Values] | None = None
        self._run: tuple[str, Values] | None = None
        window.editor.runner.started.connect(self._on_started)

    @Slot(str)
    def _on_started(self, title: str) -> None:
        """Keep what runs; jobs that apply nothing leave the last effect as it was."""
        last = self._editor.applying.last
        self._run = last if last is not self._seen else None
        self._title, self._seen = title, last

    def of_run(self, title: str, error: Exception) -> Trouble:
        """Return what can be done about a run, if it is the last one that failed."""
        if title != self._title:
            return Trouble(title, error)
        if self._run is None:
            made = isinstance(error, EffectError)  # only generating has values, and is no effect
            return Trouble(title, error, "", (Remedy(tr("Generate…"), "asking.generate"),) if made else ())
        effect_id, values = self._run
        return self._trouble(title, error, effect_id, values, self._again(effect_id))

    def of_preview(self, title: str, error: Exception) -> Trouble:
        """Return what can be done about a preview that failed: it is tried again with what the form shows."""
        chosen = self._window.panel.chosen()

        def again(values: Values) -> None:
            if chosen is not None and self._window.panel.show_values(chosen[0], values):
                self._window.toggle_preview(True)

        return Trouble(title, error) if chosen is None else self._trouble(title, error, *chosen, again)

    def _again(self, effect_id: str) -> Again:
        def again(values: Values) -> None:
            if _CHAIN not in values:
                self._window.panel.show_values(effect_id, values)
            self._editor.applying.apply(effect_id, values)

        return again

    def _trouble(self, title: str, error: Exception, effect_id: str, values: Values, again: Again) -> Trouble:
        plain = completed(Trouble(title, error))
        if not isinstance(error, AudioSRError):
            return plain
        own: list[Remedy] = []
        if isinstance(error, EngineError):
            own += self._less(effect_id, values, again)
        elif isinstance(error, SoundError) and error.at is not None:
            own += self._of_place(error.at, lambda: again(values))
        elif isinstance(error, EffectError | PluginError):
            own.append(Remedy(tr("Change the values…"), lambda: self._reopen(effect_id, values)))
        others = () if isinstance(error, SoundError) and own else plain.remedies
        return Trouble(title, error, plain.means, (*own, *others))

    def _less(self, effect_id: str, values: Values, again: Again) -> Iterator[Remedy]:
        """Yield what needs less of the machine: the processor, fewer steps, a shorter part."""
        effects, told = self._editor.catalogue.effects, str(self._editor.catalogue.report.get(_DEVICE, ""))
        device = told if told else "".join(_values_of(effects, effect_id, values, _DEVICE))
        if "cuda" in device:
            on_cpu = _with(effects, effect_id, values, _DEVICE, _CPU)
            if on_cpu != values:
                yield Remedy(tr("Use CPU"), lambda: again(on_cpu))
        drafted = _with(effects, effect_id, values, _QUALITY, _DRAFT)
        if drafted != values:
            yield Remedy(tr("Draft quality"), lambda: again(drafted))
        timeline = self._editor.timeline
        region = timeline.chosen or Region(0, timeline.length)
        short = round(_SHORT_S * timeline.sample_rate)
        if region.length > 1.5 * short:

            def first() -> None:
                self._select_part(region, short)
                again(values)

            yield Remedy(tr("Try {length} of it", length=format_length(_SHORT_S)), first)

    def _select_part(self, region: Region, length: int) -> None:
        """Select the start of a region, with its band and channels."""
        part = region.clipped(region.start, region.start + length)
        self._editor.timeline.select(part)

    def _of_place(self, at: int, again: Callable[[], object]) -> Iterator[Remedy]:
        """Yield what helps against samples that are not numbers."""

        def silence() -> None:
            if self.silence_bad(at):
                again()

        yield Remedy(tr("Silence it and go on"), silence)
        yield Remedy(tr("Show the place"), lambda: self.show_bad(at))

    def _bad(self, at: int) -> Region | None:
        """Return from a sample that is not a number to the last one within a second."""
        document = self._editor.document
        if document is None or not 0 <= at < document.sound.length:
            return None
        sound = document.sound
        samples = sound.read(at, min(sound.length, at + round(_BAD_S * sound.sample_rate)))
        bad = np.flatnonzero(~np.isfinite(samples).all(axis=0))
        return Region(at, at + int(bad[-1]) + 1) if bad.size else None

    def show_bad(self, at: int) -> None:
        """Select the samples that are not numbers, and look at them."""
        region = self._bad(at)
        if region is not None:
            self._editor.timeline.select(region)
            self._editor.timeline.show_selection()

    def silence_bad(self, at: int) -> bool:
        """Put silence in place of the samples that are not numbers, as one step; whether there were any."""
        region, document = self._bad(at), self._editor.document
        if region is None or document is None or document.locked:
            return False
        document.edit(tr("Silence"), edits.silenced(document.sound, region), region)
        return True

    def _reopen(self, effect_id: str, values: Values) -> None:
        """Open the form of an effect with the values that it failed with."""
        if self._window.reopen(effect_id, values) and effect_id == self._window.panel.chosen_id:
            form = self._window.panel.form
            if form is not None:
                form.take_focus()


def _modules(effect_id: str, values: Values) -> list[tuple[str, Values]]:
    """Return effects and values: of a chain, those of its modules."""
    if _CHAIN not in values:
        return [(effect_id, values)]
    rows = json.loads(str(values[_CHAIN]))["effects"]
    return [(row["effect"], row.get("values", {})) for row in rows]


def _parameters(effects: Mapping[str, Effect], effect_id: str) -> dict[str, Value]:
    effect = effects.get(effect_id)
    return {parameter.id: parameter.default for parameter in effect.parameters} if effect is not None else {}


def _values_of(effects: Mapping[str, Effect], effect_id: str, values: Values, name: str) -> Iterator[str]:
    for module, given in _modules(effect_id, values):
        yield str({**_parameters(effects, module), **given}.get(name, ""))


def _with(effects: Mapping[str, Effect], effect_id: str, values: Values, name: str, value: Value) -> Values:
    """Return values with another one, where the effect or the chain's modules have such a parameter."""
    if _CHAIN not in values:
        has = name in _parameters(effects, effect_id)
        return {**values, name: value} if has and values.get(name) != value else values
    data = json.loads(str(values[_CHAIN]))
    changed = False
    for row in data["effects"]:
        given = row.setdefault("values", {})
        if name in _parameters(effects, row["effect"]) and given.get(name) != value:
            given[name] = value
            changed = True
    return {**values, _CHAIN: json.dumps(data)} if changed else values
