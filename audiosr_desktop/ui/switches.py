"""Switches: what tools, views and comparing are set to by actions."""

from PySide6.QtCore import QObject

from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.transport import DELTA, TAKE_A, Transport
from audiosr_desktop.ui.views.editor_view import EditorView
from audiosr_desktop.ui.views.tools import Tool


class Switches(QObject):
    """Slots of the checkable actions; those of a group are told apart by the action's name."""

    def __init__(
        self, view: EditorView, transport: Transport, settings: Settings, parent: QObject | None = None
    ) -> None:
        super().__init__(parent)
        self._view, self._transport, self._settings = view, transport, settings

    def choose_tool(self) -> None:
        """Use the tool that the action is named after."""
        self._view.set_tool(Tool(self._action_name()))

    def choose_view(self) -> None:
        """Show the views that the action is named after."""
        self._view.show_views(self._action_name().removeprefix("view_"))

    def set_loop(self, loop: bool) -> None:
        """Loop or not."""
        self._transport.set_loop(loop)

    def toggle_take(self) -> None:
        """Switch between source and result."""
        transport = self._transport
        transport.select_take(transport.compared if transport.take == TAKE_A else TAKE_A)

    def toggle_delta(self) -> None:
        """Hear the difference, or the result again."""
        transport = self._transport
        transport.select_take(transport.compared if transport.take == DELTA else DELTA)

    def set_band_only(self, only: bool) -> None:
        """Hear only the selected frequencies or all."""
        self._transport.hearing.set_band_only(only)

    def set_overlay(self, shown: bool) -> None:
        """Show the waveform over the spectrogram or not."""
        self._settings.overlay_waveform = shown

    def set_level_match(self, match: bool) -> None:
        """Compare at equal loudness or not."""
        self._settings.level_match = match
        self._transport.levels.set_matched(match)

    def _action_name(self) -> str:
        sender = self.sender()
        assert sender is not None, "only actions call this"
        return sender.objectName()
