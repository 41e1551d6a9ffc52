"""SmallWindows: preferences, keys, about, logs."""

from PySide6.QtCore import QObject, Qt
from PySide6.QtWidgets import QDialog, QMessageBox, QWhatsThis, QWidget

from audiosr_desktop import paths
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.engine.sessions import expected_device, processor_cores
from audiosr_desktop.errors import AudioSRError
from audiosr_desktop.playback.player import Player
from audiosr_desktop.ui.device_words import device_words
from audiosr_desktop.ui.dialogs.about_dialog import AboutDialog
from audiosr_desktop.ui.dialogs.first_run import FirstRunDialog
from audiosr_desktop.ui.dialogs.help_window import HelpWindow
from audiosr_desktop.ui.dialogs.keys_dialog import KeysDialog
from audiosr_desktop.ui.dialogs.log_window import LogWindow
from audiosr_desktop.ui.dialogs.preferences import PreferencesDialog
from audiosr_desktop.ui.language import tr, tr_message
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.shortcuts import Shortcuts


class SmallWindows(QObject):
    """Opens dialogs that ask nothing, beside the window."""

    def __init__(self, window: QWidget, settings: Settings) -> None:
        super().__init__(window)
        self._window, self._settings = window, settings
        self._help: HelpWindow | None = None  # one, which keeps its page
        self.device = ""  # what computes, in words
        self.shortcuts: Shortcuts | None = None  # once the actions are made, which look up slots here

    def show_preferences(self) -> None:
        """Show the preferences."""
        self._open(PreferencesDialog(self._settings, 0, self._window))

    def show_spectrogram_settings(self) -> None:
        """Show how the spectrogram is drawn."""
        self._open(PreferencesDialog(self._settings, 1, self._window))

    def show_device_settings(self) -> None:
        """Show what computes."""
        self._open(PreferencesDialog(self._settings, 2, self._window))

    def show_keys(self) -> None:
        """Show the keys and let them be changed."""
        assert self.shortcuts is not None, "the window sets them"
        self._open(KeysDialog(self.shortcuts, self._window))

    def show_about(self) -> None:
        """Say what this program is."""
        self._open(AboutDialog(self.device, self._window))

    def show_first_run(self) -> None:
        """Show the few choices of the first start."""
        player = Player()  # of its own: the editor's may be playing
        device, reason = expected_device()

        def play(sound: Sound) -> str:
            try:
                player.load([sound])
                player.play(0)
            except AudioSRError as error:
                return tr_message(str(error))
            return ""

        words = f"{device_words(device)}. {tr_message(reason)}".strip()
        dialog = FirstRunDialog(self._settings, words, play, self._window)
        dialog.finished.connect(player.close)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.show()  # beside the window, which can be used at once
        dialog.raise_()
        dialog.activateWindow()

    def show_device(self, used: str) -> None:
        """Tell what computed, and what the next run will ask for.

        Args:
            used: what the last run used, in words.
        """
        device, reason = expected_device()
        threads = self._settings.threads or processor_cores()
        expected = tr(
            "With the device on Automatic a run takes: {device}. {reason}",
            device=device_words(device),
            reason=tr_message(reason),
        ).strip()
        more = tr("Threads: {threads}. Preferences › Device has a test and limits.", threads=threads)
        self.show_text(tr("Device"), f"{used}\n\n{expected}\n\n{more}")

    def show_guide(self) -> None:
        """Show the guide beside the window."""
        assert self.shortcuts is not None, "the window sets them"
        if self._help is None:
            self._help = HelpWindow(self.shortcuts, self._window)
        self._help.show_page()

    def show_whats_this(self) -> None:
        """Let the next click explain what it falls on."""
        QWhatsThis.enterWhatsThisMode()

    def show_logs(self) -> None:
        """Show the log."""
        self._open(LogWindow(paths.log_dir() / "audiosr-desktop.log", self._window))

    def show_text(self, title: str, text: str) -> None:
        """Say something that needs no answer."""
        self._open(QMessageBox(QMessageBox.Icon.Information, title, text, parent=self._window))

    @staticmethod
    def _open(dialog: QDialog) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.open()
