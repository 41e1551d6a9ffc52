"""Appearance: brings the window to what the settings say, at the start and whenever one changes."""

from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Slot
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from audiosr_desktop.ui.actions import give_icons
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.theme import Theme, apply_theme, chosen_theme
from audiosr_desktop.ui.views.tools import Tool

if TYPE_CHECKING:
    from audiosr_desktop.ui.window_frame import WindowFrame


class Appearance(QObject):
    """Theme, switches and transport of a window as the user set them.

    Args:
        window: what is set.
    """

    def __init__(self, window: "WindowFrame") -> None:
        super().__init__(window)
        self._window, self._settings = window, window.settings
        self._settings.changed.connect(self._on_setting_changed)
        hints = QGuiApplication.styleHints()
        hints.colorSchemeChanged.connect(self._on_system_changed)
        if hasattr(hints, "accessibility"):  # from Qt 6.10 on
            hints.accessibility().contrastPreferenceChanged.connect(self._on_system_changed)

    def show_settings(self) -> None:
        """Bring switches and transport to what the settings say."""
        settings, view, transport = self._settings, self._window.view, self._window.editor.transport
        actions = self._window.actions_by_id
        actions["time_frequency"].setChecked(True)
        view.set_tool(Tool.TIME_FREQUENCY)
        actions[f"view_{settings.opening_view}"].setChecked(True)
        actions["overlay"].setChecked(settings.overlay_waveform)
        actions["level_match"].setChecked(settings.level_match)
        for name in ("history", "markers"):
            actions[name].setChecked(True)
        actions["clickless"].setChecked(settings.clickless)
        transport.levels.set_matched(settings.level_match)
        transport.following.on = settings.follow_playhead
        transport.following.smooth = settings.follow_smoothly
        if settings.sound_device:
            transport.choose_device(settings.sound_device)

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        if key == Settings.theme.key:
            self._show_theme(chosen_theme(self._settings.theme))
        elif key == Settings.space_plays.key:
            self._window.apply_space()
        elif key == Settings.follow_playhead.key:
            self._window.editor.transport.following.on = self._settings.follow_playhead
        elif key == Settings.follow_smoothly.key:
            self._window.editor.transport.following.smooth = self._settings.follow_smoothly
        elif key in (Settings.threads.key, Settings.gpu_memory_mb.key):
            self._window.editor.reload_effects()

    @Slot()
    def _on_system_changed(self) -> None:
        self._show_theme(chosen_theme(self._settings.theme))

    def _show_theme(self, theme: Theme) -> None:
        app, window = QApplication.instance(), self._window
        if isinstance(app, QApplication) and theme is not window.theme:
            window.theme = theme
            apply_theme(app, theme)
            give_icons(window.actions_by_id, theme)
            window.play_icons = {False: theme.icon("play"), True: theme.icon("stop")}
            window.view.set_theme(theme)
            window.empty.set_theme(theme)
            window.transport_bar.set_theme(theme)
            window.editor.facts_changed.emit()
