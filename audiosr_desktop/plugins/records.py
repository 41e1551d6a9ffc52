"""What is remembered of plugins: trust, whether they are on, what was found in them, why they failed."""

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from audiosr_desktop import paths
from audiosr_desktop.audio.atomic import replacing
from audiosr_desktop.errors import PluginError
from audiosr_desktop.plugins.manifest import Plugin

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Record:
    """What is remembered of one plugin.

    Attributes:
        enabled: what the user chose; None when nothing was chosen yet.
        trusted_version: the version that the user agreed to run.
        trusted_stamp: the stamp of its code then.
        stamp: the stamp of the code that `effects` or `failure` came from.
        effects: descriptions as JSON, as the plugin told them.
        failure: why it failed, a sentence.
        details: the traceback of that.
    """

    enabled: bool | None = None
    trusted_version: str = ""
    trusted_stamp: str = ""
    stamp: str = ""
    effects: tuple[Mapping[str, Any], ...] = ()
    failure: str = ""
    details: str = ""

    def trusts(self, plugin: Plugin) -> bool:
        """Whether the user agreed to run this code; native plugins were installed to be run."""
        return plugin.kind != "python" or (self.trusted_version, self.trusted_stamp) == (
            plugin.version,
            plugin.stamp,
        )

    def state_of(self, plugin: Plugin) -> str:
        """Return the state in a word or two: on, off, failed, not trusted, not scanned."""
        if self.failure and self.stamp == plugin.stamp:
            return "failed"
        if self.enabled is False or (self.enabled is None and plugin.kind == "python"):
            return "off"
        if not self.trusts(plugin):
            return "not trusted"
        return "on" if self.stamp == plugin.stamp else "not scanned"


def read_records() -> dict[str, Record]:
    """Return the records by plugin; a file that cannot be read counts as none, and nothing is trusted."""
    path = paths.plugin_records()
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        known = {field.name for field in fields(Record)}
        return {
            str(name): Record(**{key: value for key, value in row.items() if key in known})
            for name, row in data.items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, TypeError, AttributeError):
        _log.warning("%s cannot be read; no plugin is trusted", path, exc_info=True)
        return {}


def change_record(plugin_id: str, change: Callable[[Record], Record]) -> Record:
    """Change the record of a plugin and return it.

    Raises:
        PluginError: it cannot be written.
    """
    path = paths.plugin_records()
    records = read_records()
    records[plugin_id] = change(records.get(plugin_id, Record()))
    rows = {name: asdict(record) for name, record in records.items()}
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing(Path(path)) as temporary:
            temporary.write_text(json.dumps(rows, indent=1), encoding="utf-8")
    except OSError as error:
        raise PluginError(f"{path} cannot be written: {error.strerror}.", plugin_id) from error
    return records[plugin_id]


def record_failure(plugin: Plugin, failure: PluginError) -> None:
    """Remember why a plugin failed, which switches it off until it is enabled again."""
    change_record(
        plugin.id,
        lambda record: replace(record, stamp=plugin.stamp, failure=str(failure), details=failure.details),
    )
