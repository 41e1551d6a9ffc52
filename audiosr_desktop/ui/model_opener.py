"""ModelOpener: what ties the editor's window to the window of models, made when it is first wanted."""

from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QObject, Slot

if TYPE_CHECKING:
    from audiosr_desktop.ui.dialogs.models_dialog import ModelsDialog
    from audiosr_desktop.ui.main_window import MainWindow
    from audiosr_desktop.ui.window_frame import WindowFrame


class ModelOpener(QObject):
    """Shows the models, and lets the editor look again when some came or went.

    Args:
        window: the editor's window; complete before anything is shown.
    """

    def __init__(self, window: "WindowFrame") -> None:
        super().__init__(window)
        self._window = window
        self.dialog: ModelsDialog | None = None

    @Slot()
    def show(self) -> None:
        """Show the window of models."""
        if self.dialog is None:
            # not while the program starts: it loads the engine
            from audiosr_desktop.ui.dialogs.models_dialog import ModelsDialog  # noqa: PLC0415

            window = cast("MainWindow", self._window)
            self.dialog = ModelsDialog(window.dialogs, window.forecast.timings, parent=window)
            self.dialog.models_changed.connect(window.editor.reload_effects)
        else:
            self.dialog.refresh()
        self.dialog.show()
        self.dialog.raise_()
        self.dialog.activateWindow()

    def close(self) -> None:
        """Stop what runs there and close the window."""
        if self.dialog is not None:
            self.dialog.runner.stop()
            self.dialog.close()
