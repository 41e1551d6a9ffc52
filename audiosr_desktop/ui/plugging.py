"""Plugging: opens the manager of plugins, and brings the effects up to date with it."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Slot
from PySide6.QtWidgets import QWidget

from audiosr_desktop import paths
from audiosr_desktop.effects.effect import Value
from audiosr_desktop.ui.editor import Editor
from audiosr_desktop.ui.panels.restore_panel import RestorePanel

if TYPE_CHECKING:
    from audiosr_desktop.plugins.host import Listed
    from audiosr_desktop.plugins.hosted import HostedEffect

Confirm = Callable[[str, str, str], bool]


class Plugging(QObject):
    """The window's way to plugins.

    Args:
        window: which asks by `confirm`.
        editor: whose effects they join.
        panel: where one is chosen.
    """

    def __init__(self, window: QWidget, editor: Editor, panel: RestorePanel, confirm: Confirm) -> None:
        super().__init__(window)
        self._window, self._editor, self._panel, self._confirm = window, editor, panel, confirm
        self._models = paths.plugin_models_dirs()

    @Slot()
    def show_window(self) -> None:
        """Show the own window of the chosen plugin; its values come into the form when it is closed."""
        from audiosr_desktop.plugins.hosted import HostedEffect  # noqa: PLC0415

        panel = self._panel
        effect = panel.effect
        if not isinstance(effect, HostedEffect):
            return

        def done(values: dict[str, Value]) -> None:
            if panel.effect is effect and panel.form is not None:
                panel.form.set_values(values)

        self._editor.runner.start(f"Window of {effect.title}", effect.edit(panel.values()), done)

    def show_manager(self) -> None:
        """Show the manager."""
        # what is rarely needed stays out of the start
        from audiosr_desktop.ui.dialogs.plugin_dialog import PluginDialog  # noqa: PLC0415

        dialog = PluginDialog(self._confirm, self._window)
        dialog.plugins_changed.connect(self._on_plugins_changed)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()

    @Slot(object)
    def _on_plugins_changed(self, plugins: "list[Listed]") -> None:
        from audiosr_desktop.plugins.host import plugin_effects  # noqa: PLC0415
        from audiosr_desktop.plugins.hosted import HostedEffect  # noqa: PLC0415

        models = paths.plugin_models_dirs()
        if models != self._models:
            self._models = models
            self._editor.reload_effects()
            return
        catalogue = self._editor.catalogue
        before = [effect for effect in catalogue.effects.values() if isinstance(effect, HostedEffect)]
        now = plugin_effects(self._editor.scratch, plugins=plugins)
        if [_face(effect) for effect in before] == [_face(effect) for effect in now]:
            return
        own = {name: effect for name, effect in catalogue.effects.items() if effect not in before}
        effects = {**own, **{effect.id: effect for effect in now}}
        self._editor.catalogue = replace(catalogue, effects=effects)
        self._editor.catalogue_changed.emit()


def _face(effect: "HostedEffect") -> tuple[object, ...]:
    return effect.plugin, effect.title, effect.parameters
