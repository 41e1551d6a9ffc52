"""Preferences: appearance, how the views draw, and what computes. Every change is seen at once."""

from PySide6.QtWidgets import (
    QCheckBox,
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QTabWidget,
    QVBoxLayout,
    QWidget,
)

from audiosr_desktop.ui.explaining import explain
from audiosr_desktop.ui.language import LANGUAGES, capitalised, marked, tr
from audiosr_desktop.ui.panels.device_page import DevicePage
from audiosr_desktop.ui.panels.fields import ChoiceBox, NumberBox
from audiosr_desktop.ui.panels.forms import level_labels
from audiosr_desktop.ui.readout import figures
from audiosr_desktop.ui.settings import Setting, Settings

_NAMES = {0: marked("Automatic (2048)")}
_WORDS = {"erb": "ERB", **LANGUAGES}
_LEAST_RANGE_DB = 10.0


class PreferencesDialog(QDialog):
    """Three pages: the window, the spectrogram, and what computes."""

    def __init__(self, settings: Settings, page: int = 0, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Preferences"))
        self._settings = settings
        self.tabs = QTabWidget()
        self.tabs.setAccessibleName(tr("Pages"))
        self.tabs.tabBar().setAccessibleName(tr("Pages"))
        self.tabs.addTab(self._window_page(), tr("General"))
        self.tabs.addTab(self._spectrogram_page(), tr("Spectrogram"))
        self.device = DevicePage(settings)
        self.tabs.addTab(self.device, tr("Device"))
        self.tabs.setCurrentIndex(page)
        self.finished.connect(self.device.runner.stop)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.tabs)
        layout.addWidget(buttons)
        explain(self)

    def _window_page(self) -> QWidget:
        page, form = _page()
        form.addRow(tr("Theme"), self._words(Settings.theme, self._settings.theme))
        language = self._words(Settings.language, self._settings.language)
        language.setToolTip(tr("From the next start on"))
        form.addRow(tr("Language"), language)
        form.addRow(tr("Opening view"), self._words(Settings.opening_view, self._settings.opening_view))
        form.addRow(tr("Waveform scale"), self._words(Settings.waveform_scale, self._settings.waveform_scale))
        follow = QCheckBox(tr("Turn the page while playing"))
        follow.setChecked(self._settings.follow_playhead)
        follow.toggled.connect(self._on_follow)
        form.addRow(tr("Playhead"), follow)
        smooth = QCheckBox(tr("Scroll smoothly instead"))
        smooth.setChecked(self._settings.follow_smoothly)
        smooth.toggled.connect(self._on_smooth)
        form.addRow("", smooth)
        wheel = NumberBox()
        wheel.setRange(0.2, 4.0)
        wheel.setSingleStep(0.1)
        wheel.setValue(self._settings.wheel_sensitivity)
        wheel.valueChanged.connect(self._on_wheel)
        form.addRow(tr("Wheel sensitivity"), wheel)
        space = QCheckBox(tr("Plays wherever the focus is; Return presses buttons"))
        space.setChecked(self._settings.space_plays)
        space.toggled.connect(self._on_space)
        form.addRow(tr("Space"), space)
        undo = self._numbers(Settings.undo_gb, self._settings.undo_gb)
        form.addRow(tr("Undo history, at most (GB)"), undo)
        snap = QCheckBox(tr("Snap to zero crossings while they are dragged"))
        snap.setChecked(self._settings.snap_to_zero)
        snap.toggled.connect(self._on_snap)
        form.addRow(tr("Edges"), snap)
        sound = QCheckBox(tr("Play a sound"))
        sound.setChecked(self._settings.end_sound)
        sound.toggled.connect(self._on_end_sound)
        form.addRow(tr("When a job has ended"), sound)
        level_labels(form)
        return page

    def _on_end_sound(self, wanted: bool) -> None:
        self._settings.end_sound = wanted

    def _spectrogram_page(self) -> QWidget:
        page, form = _page()
        settings = self._settings
        form.addRow(tr("FFT size"), self._numbers(Settings.fft_size, settings.fft_size))
        form.addRow(tr("Window"), self._words(Settings.fft_window, settings.fft_window))
        form.addRow(tr("Overlap (%)"), self._numbers(Settings.overlap, settings.overlap))
        form.addRow(tr("Zero padding (×)"), self._numbers(Settings.zero_padding, settings.zero_padding))
        form.addRow(tr("Frequency scale"), self._words(Settings.frequency_scale, settings.frequency_scale))
        form.addRow(tr("Colours"), self._words(Settings.colour_map, settings.colour_map))
        self.low = self._level(-160.0, -20.0, settings.level_low_db)
        self.high = self._level(-100.0, 0.0, settings.level_high_db)
        self.low.valueChanged.connect(self._on_low)
        self.high.valueChanged.connect(self._on_high)
        form.addRow(tr("Lowest level"), self.low)
        form.addRow(tr("Highest level"), self.high)
        tilt = self._level(0.0, 30.0, settings.tilt_db)
        tilt.setSuffix(tr(" dB per decade"))
        tilt.valueChanged.connect(self._on_tilt)
        form.addRow(tr("Brighten above 1 kHz"), tilt)
        overlay = QCheckBox(tr("Draw the waveform over it"))
        overlay.setChecked(settings.overlay_waveform)
        overlay.toggled.connect(self._on_overlay)
        form.addRow("", overlay)
        cutoff = QCheckBox(tr("Show the cutoff line"))
        cutoff.setChecked(settings.show_cutoff)
        cutoff.toggled.connect(self._on_cutoff)
        form.addRow("", cutoff)
        level_labels(form)
        return page

    def _words(self, setting: Setting[str], value: str) -> ChoiceBox:
        box = ChoiceBox()
        for choice in setting.choices:
            box.addItem(capitalised(tr(_WORDS.get(choice, choice))), choice)
        box.setCurrentIndex(box.findData(value))

        def take(_: int) -> None:
            setting.__set__(self._settings, str(box.currentData()))

        box.currentIndexChanged.connect(take)
        return box

    def _numbers(self, setting: Setting[int] | Setting[float], value: float) -> ChoiceBox:
        box = ChoiceBox()
        for choice in setting.choices:
            box.addItem(tr(_NAMES[int(choice)]) if int(choice) in _NAMES else figures(choice, "g"), choice)
        box.setCurrentIndex(box.findData(value))

        def take(_: int) -> None:
            setting.__set__(self._settings, box.currentData())

        box.currentIndexChanged.connect(take)
        return box

    @staticmethod
    def _level(low: float, high: float, value: float) -> NumberBox:
        box = NumberBox()
        box.setRange(low, high)
        box.setDecimals(0)
        box.setSingleStep(5.0)
        box.setSuffix(" dBFS")
        box.setValue(value)
        return box

    def _on_follow(self, follow: bool) -> None:
        self._settings.follow_playhead = follow

    def _on_space(self, plays: bool) -> None:
        self._settings.space_plays = plays

    def _on_snap(self, snaps: bool) -> None:
        self._settings.snap_to_zero = snaps

    def _on_smooth(self, smooth: bool) -> None:
        self._settings.follow_smoothly = smooth

    def _on_wheel(self, value: float) -> None:
        self._settings.wheel_sensitivity = value

    def _on_tilt(self, value: float) -> None:
        self._settings.tilt_db = value

    def _on_overlay(self, shown: bool) -> None:
        self._settings.overlay_waveform = shown

    def _on_cutoff(self, shown: bool) -> None:
        self._settings.show_cutoff = shown

    def _on_low(self, value: float) -> None:
        self._settings.level_low_db = value
        self.high.setMinimum(value + _LEAST_RANGE_DB)

    def _on_high(self, value: float) -> None:
        self._settings.level_high_db = value
        self.low.setMaximum(value - _LEAST_RANGE_DB)


def _page() -> tuple[QWidget, QFormLayout]:
    page = QWidget()
    form = QFormLayout(page)
    form.setContentsMargins(16, 16, 16, 16)
    form.setHorizontalSpacing(18)
    form.setVerticalSpacing(10)
    return page, form
