"""The sheet of keys: every action that has one, as its menu lists it, from the table of actions."""

from collections.abc import Iterator

from PySide6.QtGui import QKeySequence

from audiosr_desktop.ui.actions import MENUS
from audiosr_desktop.ui.shortcuts import Shortcuts


def key_sheet(shortcuts: Shortcuts) -> str:
    """Return the keys as Markdown, a table for each menu; keys that the user chose are bold."""
    return "\n".join(_lines(shortcuts))


def _lines(shortcuts: Shortcuts) -> Iterator[str]:
    yield "# Keys"
    yield ""
    yield "Every key can be changed: *Help > Keys*. Those that you chose are bold."
    listed: set[str] = set()
    for title, names in MENUS:
        chosen = [name for name in names.split() if name in shortcuts.actions_by_id and shortcuts.keys(name)]
        listed |= set(chosen)
        yield from _table(title.replace("&", ""), chosen, shortcuts)
    rest = [name for name in shortcuts.actions_by_id if name not in listed and shortcuts.keys(name)]
    yield from _table("In no menu", rest, shortcuts)


def _table(title: str, names: list[str], shortcuts: Shortcuts) -> Iterator[str]:
    if not names:
        return
    yield f"\n## {title}\n"
    yield "| Action | Keys |"
    yield "|---|---|"
    for name in names:
        native = QKeySequence.SequenceFormat.NativeText
        keys = " or ".join(f"`{_escaped(key.toString(native))}`" for key in shortcuts.keys(name))
        yield f"| {shortcuts.title(name)} | {f'**{keys}**' if shortcuts.is_changed(name) else keys} |"


def _escaped(text: str) -> str:
    return text.replace("|", "\\|")
