"""The sub-command `plugins`: which plugins there are, whether they run, and a new one to start from."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from audiosr_desktop.cli_output import drive, write_json, write_table
from audiosr_desktop.errors import PluginError
from audiosr_desktop.plugins.host import Listed, disable, enable, list_plugins, new_plugin, scan


def list_(arguments: argparse.Namespace) -> int:
    """Carry out `plugins list`."""
    return _tell(arguments, *list_plugins())


def scan_(arguments: argparse.Namespace) -> int:
    """Carry out `plugins scan`."""
    return _tell(arguments, *drive(scan()))


def enable_(arguments: argparse.Namespace) -> int:
    """Carry out `plugins enable`."""
    return _tell_one(arguments, drive(enable(arguments.id)))


def disable_(arguments: argparse.Namespace) -> int:
    """Carry out `plugins disable`."""
    return _tell_one(arguments, disable(arguments.id))


def new_(arguments: argparse.Namespace) -> int:
    """Carry out `plugins new`."""
    folder = new_plugin(arguments.name, arguments.out)
    if arguments.json:
        write_json({"id": f"my.{arguments.name}", "folder": folder})
    else:
        print(f"{folder} was written; `plugins enable my.{arguments.name}` switches it on.")
    return 0


def _tell(arguments: argparse.Namespace, plugins: Sequence[Listed], problems: Sequence[PluginError]) -> int:
    for problem in problems:
        print(problem, file=sys.stderr)
    if arguments.json:
        write_json([_facts(listed) for listed in plugins])
        return 0
    width = max((len(listed.plugin.id) for listed in plugins), default=0)
    for listed in plugins:
        version = f" {listed.version}" if listed.version else ""
        print(f"{listed.plugin.id:<{width}}  {listed.state:<11}  {listed.plugin.title}{version}")
    if not plugins:
        print("No plugin is installed.")
    return 0


def _tell_one(arguments: argparse.Namespace, listed: Listed) -> int:
    if arguments.json:
        write_json(_facts(listed))
    else:
        write_table({name: value for name, value in _facts(listed).items() if value})
    return 0


def _facts(listed: Listed) -> dict[str, Any]:
    plugin, record = listed.plugin, listed.record
    return {
        "id": plugin.id,
        "title": plugin.title,
        "version": listed.version,
        "kind": plugin.kind,
        "state": listed.state,
        "trusted": record.trusts(plugin),
        "effects": listed.effects,
        "description": plugin.description,
        "licence": plugin.licence,
        "path": plugin.path,
        "failure": record.failure,
        "details": record.details,
    }
