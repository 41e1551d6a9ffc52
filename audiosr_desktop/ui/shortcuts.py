"""Shortcuts: the keys of the actions, as the table says or as the user chose."""

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QAction, QKeySequence

from audiosr_desktop.ui.actions import hint_of, plain
from audiosr_desktop.ui.settings import Settings


class Shortcuts(QObject):
    """Gives the actions their keys and remembers those that were changed.

    Args:
        actions: by id, with the keys that they have by default.
        settings: where changes are kept.
    """

    changed = Signal()

    def __init__(
        self, actions: Mapping[str, QAction], settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self.actions_by_id = dict(actions)
        self._settings = settings
        self._titles = {name: action.text() for name, action in actions.items()}  # of some it changes
        self._defaults = {name: action.shortcuts() for name, action in actions.items()}
        for entry in settings.shortcuts:
            name, _, keys = entry.partition("=")
            if name in self.actions_by_id:
                self._give(name, QKeySequence.listFromString(keys))

    def title(self, name: str) -> str:
        """Return what an action is called."""
        return plain(self._titles[name])

    def keys(self, name: str) -> list[QKeySequence]:
        """Return the keys that an action has now."""
        return self.actions_by_id[name].shortcuts()

    def is_changed(self, name: str) -> bool:
        """Return whether the user chose the keys."""
        return self.keys(name) != self._defaults[name]

    def holder(self, key: QKeySequence, but: str = "") -> str | None:
        """Return the action that has a key already; None when it is free."""
        return next(
            (name for name in self.actions_by_id if name != but and key in self.keys(name)),
            None,
        )

    def set_keys(self, name: str, keys: Sequence[QKeySequence]) -> str | None:
        """Give an action other keys.

        Returns:
            The action that has one of them already; nothing was changed then. None when they were free.
        """
        for key in keys:
            holder = self.holder(key, but=name)
            if holder is not None:
                return holder
        self._give(name, list(keys))
        self._store()
        return None

    def reset(self, name: str) -> str | None:
        """Give an action the keys it has by default; returns like `set_keys`."""
        return self.set_keys(name, self._defaults[name])

    def reset_all(self) -> None:
        """Give every action its own keys."""
        for name, keys in self._defaults.items():
            self._give(name, keys)
        self._store()

    def _give(self, name: str, keys: list[QKeySequence]) -> None:
        action = self.actions_by_id[name]
        action.setShortcuts(keys)
        action.setToolTip(hint_of(self._titles[name], keys))

    def _store(self) -> None:
        self._settings.shortcuts = [
            f"{name}={QKeySequence.listToString(self.keys(name))}"
            for name in self.actions_by_id
            if self.is_changed(name)
        ]
        self.changed.emit()
