"""All effects by id: those of the program and those of plugins."""

from collections.abc import Mapping

from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.effects.effect import Effect
from audiosr_desktop.effects.notes import Report
from audiosr_desktop.effects.registry import built_in_effects
from audiosr_desktop.engine.engines import Engines
from audiosr_desktop.errors import PluginError
from audiosr_desktop.plugins.host import list_plugins, plugin_effects


def all_effects(engines: Engines, scratch: Scratch, report: Report | None = None) -> dict[str, Effect]:
    """Return the built-in effects and those of plugins, by id; see `built_in_effects`."""
    effects = built_in_effects(engines, scratch, report)
    for effect in plugin_effects(scratch):
        effects.setdefault(effect.id, effect)
    return effects


def require_effect(effect_id: str, effects: Mapping[str, Effect]) -> None:
    """Refuse the id of an effect that is not there, telling what its plugin lacks.

    Raises:
        PluginError: there is no such effect.
    """
    if effect_id in effects:
        return
    for listed in list_plugins()[0]:
        plugin = listed.plugin
        if effect_id == plugin.id or effect_id.startswith(f"{plugin.id}."):
            why = f"failed ({listed.record.failure})" if listed.state == "failed" else f"is {listed.state}"
            raise PluginError(
                f"The plugin {plugin.id} {why}: `audiosr-desktop plugins enable {plugin.id}` switches it on.",
                plugin.id,
            )
    raise PluginError(
        f"There is no effect {effect_id!r}; `audiosr-desktop plugins list` tells the plugins' ones."
    )
