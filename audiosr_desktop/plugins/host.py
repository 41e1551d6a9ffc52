"""What the program does with plugins: list, scan, enable, disable, begin one; the effects there are."""

import logging
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from audiosr_desktop import paths
from audiosr_desktop.audio.store import Scratch
from audiosr_desktop.errors import PluginError
from audiosr_desktop.job import Job, Progress, part_of
from audiosr_desktop.plugins.describe import describe_as_data, read_descriptions
from audiosr_desktop.plugins.hosted import HostedEffect, describe_plugin
from audiosr_desktop.plugins.manifest import MANIFEST, Plugin, find_plugins
from audiosr_desktop.plugins.process import Limits
from audiosr_desktop.plugins.records import Record, change_record, read_records, record_failure

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Listed:
    """A plugin, and what is remembered of it."""

    plugin: Plugin
    record: Record

    @property
    def state(self) -> str:
        """On, off, failed, not trusted, or not scanned."""
        return self.record.state_of(self.plugin)

    @property
    def version(self) -> str:
        """Its author's version; that of a native plugin is known once it was scanned."""
        return self.plugin.version or next((str(row.get("version", "")) for row in self.record.effects), "")

    @property
    def effects(self) -> list[str]:
        """The ids of its effects, as far as it was asked for them."""
        return [str(effect.get("id")) for effect in self.record.effects]


def list_plugins() -> tuple[list[Listed], list[PluginError]]:
    """Return all plugins, and why others cannot even be listed; no plugin's code runs."""
    records = read_records()
    plugins, problems = find_plugins()
    return [Listed(plugin, records.get(plugin.id, Record())) for plugin in plugins], problems


def plugin_effects(
    scratch: Scratch, limits: Limits | None = None, plugins: Sequence[Listed] | None = None
) -> list[HostedEffect]:
    """Return the effects of the plugins that are on; no plugin's code runs before one of them is used.

    Args:
        scratch: for long results.
        limits: what a plugin may take.
        plugins: those there are; they are looked for when it is None.
    """
    found = []
    for listed in list_plugins()[0] if plugins is None else plugins:
        if listed.state != "on":
            continue
        try:
            descriptions = read_descriptions(listed.plugin.id, list(listed.record.effects))
        except ValueError as error:
            _log.warning("what is remembered of %s cannot be used: %s", listed.plugin.id, error)
            continue
        found += [HostedEffect(listed.plugin, description, scratch, limits) for description in descriptions]
    return found


def enable(plugin_id: str, limits: Limits | None = None) -> Job[Listed]:
    """Trust this version of a plugin, look into it, and switch it on; an earlier failure is forgotten.

    Raises:
        PluginError: there is no such plugin, or it failed.
    """
    plugin = _plugin(plugin_id)

    def trust(record: Record) -> Record:
        return replace(
            record,
            enabled=True,
            trusted_version=plugin.version,
            trusted_stamp=plugin.stamp,
            stamp="",
            failure="",
            details="",
        )

    change_record(plugin_id, trust)
    return Listed(plugin, (yield from _look_into(plugin, limits or Limits())))


def disable(plugin_id: str) -> Listed:
    """Switch a plugin off.

    Raises:
        PluginError: there is no such plugin.
    """
    plugin = _plugin(plugin_id)
    return Listed(plugin, change_record(plugin_id, lambda record: replace(record, enabled=False)))


def scan(limits: Limits | None = None) -> Job[tuple[list[Listed], list[PluginError]]]:
    """Look into the plugins that are new or changed; those that failed are left out until they change.

    Python plugins are looked into only when they are trusted and on.
    """
    new = [listed.plugin for listed in list_plugins()[0] if listed.state == "not scanned"]
    for done, plugin in enumerate(new):
        try:
            yield from part_of(_look_into(plugin, limits or Limits()), done / len(new), (done + 1) / len(new))
        except PluginError as error:
            _log.warning("%s", error)
    yield Progress(1.0, "Looking for plugins")
    return list_plugins()


def _look_into(plugin: Plugin, limits: Limits) -> Job[Record]:
    try:
        effects = yield from describe_plugin(plugin, limits)
    except PluginError as error:
        record_failure(plugin, error)
        raise
    rows = tuple(describe_as_data(effect) for effect in effects)
    return change_record(
        plugin.id,
        lambda record: replace(record, stamp=plugin.stamp, effects=rows, failure="", details=""),
    )


def _plugin(plugin_id: str) -> Plugin:
    plugins, problems = find_plugins()
    for plugin in plugins:
        if plugin.id == plugin_id:
            return plugin
    reason = f" ({problems[0]})" if problems else ""
    raise PluginError(f"There is no plugin {plugin_id!r}{reason}; `plugins list` tells those there are.")


_NAME = re.compile(r"[a-z][a-z0-9-]*")


def new_plugin(name: str, folder: Path | None = None) -> Path:
    """Write a plugin to start from, and return its folder.

    Args:
        name: a word of small letters, digits and hyphens.
        folder: where it is put; the user's plugin folder when None.

    Raises:
        PluginError: the name cannot be one, there is such a folder, or it cannot be written.
    """
    if not _NAME.fullmatch(name):
        raise PluginError(f"A plugin's name is of small letters, digits and hyphens, not {name!r}.")
    target = (folder or paths.user_plugins_dir()) / name
    words = {"NAME": name, "TITLE": name.replace("-", " ").capitalize(), "MODULE": name.replace("-", "_")}
    try:
        target.mkdir(parents=True)
        for file, renamed in ((MANIFEST, MANIFEST), ("effect.py", f"{words['MODULE']}.py")):
            text = (paths.plugin_template_dir() / file).read_text(encoding="utf-8")
            for word, meant in words.items():
                text = text.replace(f"@{word}@", meant)
            (target / renamed).write_text(text, encoding="utf-8")
    except FileExistsError as error:
        raise PluginError(f"{target} is there already: choose another name.") from error
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise PluginError(f"{target} cannot be written: {error.strerror}.") from error
    return target
