"""EditorView: overview, ruler, waveform and spectrogram in one column, all on one timeline."""

from collections.abc import Iterator

from PySide6.QtCore import QPoint, QPointF, Qt, QTimer, Signal, Slot
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from audiosr_desktop.audio.peaks import Peaks
from audiosr_desktop.audio.region import Region
from audiosr_desktop.audio.sound import Sound
from audiosr_desktop.ui.commands import rising_zero
from audiosr_desktop.ui.document import RestoredSpan
from audiosr_desktop.ui.handles import KeySplitter
from audiosr_desktop.ui.settings import Settings
from audiosr_desktop.ui.theme import Theme
from audiosr_desktop.ui.tile_loader import TileLoader
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.views.callouts import Callout
from audiosr_desktop.ui.views.overview import Overview
from audiosr_desktop.ui.views.spectrogram_view import SpectrogramView
from audiosr_desktop.ui.views.tile_measuring import Analysis
from audiosr_desktop.ui.views.time_ruler import TimeRuler
from audiosr_desktop.ui.views.tools import Tool
from audiosr_desktop.ui.views.track_area import LEFT_MARGIN, RIGHT_MARGIN
from audiosr_desktop.ui.views.track_view import TrackView
from audiosr_desktop.ui.views.waveform_view import WaveformView

_HEIGHT_ZOOM, _HEIGHT_STEP = 2.0**0.5, 0.1  # of the keys; the step is a part of what is visible
_BLANK_MS = 150  # from then on nothing is better than what was seen before


class EditorView(QWidget):
    """What shows a document."""

    playhead_placed = Signal(int)
    hovered = Signal(str)
    menu_wanted = Signal(QPoint)
    scrubbed = Signal(int)
    tool_chosen = Signal(object)  # Tool
    span_chosen = Signal(object)  # RestoredSpan whose badge was clicked: its step of the history is wanted
    callout_chosen = Signal(object)  # Callout whose badge was clicked
    cutoff_moved = Signal(float)
    scrolled = Signal()  # by the user
    told = Signal(str)  # what the user moved, for a screen reader
    drawn = Signal()  # every visible view has painted a picture of the sound as it is now

    def __init__(
        self, timeline: Timeline, settings: Settings, theme: Theme, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._timeline, self._settings = timeline, settings
        self._sound: Sound | None = None
        self._drawn = False  # and not told yet
        self._held_timer = QTimer(self, singleShot=True, interval=0)  # after what is to be painted now
        self._held_timer.timeout.connect(self._on_held)
        self._blank_timer = QTimer(self, singleShot=True, interval=_BLANK_MS)
        self._blank_timer.timeout.connect(self._show_tracks)
        self.overview = Overview(timeline, theme)
        self.ruler = TimeRuler(timeline, theme)
        self.waveform = WaveformView(timeline, theme)
        self.spectrogram = SpectrogramView(timeline, theme)
        self.splitter = KeySplitter(Qt.Orientation.Vertical)
        self.splitter.setHandleWidth(3)
        self.splitter.setChildrenCollapsible(False)
        self.waveform.drawn.connect(self._on_drawn)
        self.spectrogram.drawn.connect(self._on_drawn)
        for view in self._tracks():
            self.splitter.addWidget(view)
            view.playhead_placed.connect(self.playhead_placed)
            view.hovered.connect(self.hovered)
            view.menu_wanted.connect(self.menu_wanted)
            view.scrubbed.connect(self.scrubbed)
            view.scrolled.connect(self.scrolled)
            view.span_clicked.connect(self._on_span_clicked)
            view.callout_clicked.connect(self.callout_chosen)
        self.splitter.setStretchFactor(0, 2)
        self.splitter.setStretchFactor(1, 5)
        self.splitter.setSizes([220, 480])
        timeline.view_changed.connect(self.hold_loaders)
        self.overview.moved.connect(self.scrolled)
        self.ruler.scrolled.connect(self.scrolled)
        for axis in (self.overview, self.ruler):
            axis.hovered.connect(self.hovered)
        for handle in (self.overview, self.spectrogram.wipe_handle):
            handle.moved.connect(self._on_handle_moved)
        self.spectrogram.cutoff_moved.connect(self.cutoff_moved)
        self.spectrogram.levels_moved.connect(self._on_levels_moved)
        self.ruler.playhead_placed.connect(self.playhead_placed)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.overview)
        layout.addWidget(self.ruler)
        layout.addWidget(self.splitter, 1)
        settings.changed.connect(self._on_setting_changed)
        for key in (
            Settings.opening_view.key,
            Settings.fft_size.key,
            Settings.colour_map.key,
            Settings.frequency_scale.key,
            Settings.waveform_scale.key,
            Settings.wheel_sensitivity.key,
            Settings.tilt_db.key,
            Settings.overlay_waveform.key,
            Settings.brush_px.key,
            Settings.snap_to_zero.key,
        ):
            self._on_setting_changed(key)

    def _tracks(self) -> Iterator[TrackView]:
        yield self.waveform
        yield self.spectrogram

    def set_sound(
        self,
        sound: Sound | None,
        peaks: Peaks | None,
        spans: tuple[RestoredSpan, ...] = (),
        pending: Region | None = None,
    ) -> None:
        """Show a state of the document, and what a run still works on."""
        resized = sound is not None and (self._sound is None or _size(sound) != _size(self._sound))
        edited = sound is not None and sound is not self._sound and pending is None
        if resized or edited:
            self.splitter.setUpdatesEnabled(False)  # what was seen stays until there is something new
            self._blank_timer.start()
        self._sound = sound
        self.waveform.set_sound(sound, peaks)
        self.spectrogram.set_sound(sound)
        self.overview.set_sound(sound, peaks)
        for track in self._tracks():
            track.set_spans(spans)
            track.set_pending(pending)
        self.overview.set_spans(spans)
        if peaks is not None:
            self.spectrogram.set_peaks(peaks)
        self._on_drawn()  # what was seen may be a picture of it already, as after pasting what was there

    def set_callouts(self, callouts: tuple[Callout, ...]) -> None:
        """Point parts of the sound out."""
        for track in self._tracks():
            track.set_callouts(callouts)
        self.overview.set_callouts(callouts)

    def set_peaks(self, peaks: Peaks) -> None:
        """Take what was measured of the present sound."""
        self.waveform.set_peaks(peaks)
        self.spectrogram.set_peaks(peaks)
        self.overview.set_sound(peaks.sound, peaks)

    def set_tool(self, tool: Tool) -> None:
        """Choose what dragging does."""
        for view in self._tracks():
            view.tool = tool
        self.tool_chosen.emit(tool)

    def show_views(self, which: str) -> None:
        """Show "waveform", "spectrogram" or "both"; the keys of what is hidden go to what is shown."""
        focus = QApplication.focusWidget()
        had_keys = focus is not None and self.splitter.isAncestorOf(focus)
        self.waveform.setVisible(which != "spectrogram")
        self.spectrogram.setVisible(which != "waveform")
        self.spectrogram.shows_badges = which == "spectrogram"
        if had_keys and focus is not None and not focus.isVisible():
            self.take_keys()

    def zoom_height_in(self) -> None:
        """Show fewer frequencies, or quieter sound, over the height of the picture that has the focus."""
        self._zoom_height(_HEIGHT_ZOOM)

    def zoom_height_out(self) -> None:
        """Show more of them."""
        self._zoom_height(1 / _HEIGHT_ZOOM)

    def scroll_up(self) -> None:
        """Show higher frequencies."""
        self._with_keys().scroll_by_height(_HEIGHT_STEP)

    def scroll_down(self) -> None:
        """Show lower frequencies."""
        self._with_keys().scroll_by_height(-_HEIGHT_STEP)

    def _zoom_height(self, factor: float) -> None:
        track = self._with_keys()
        track.zoom_vertically(factor, track.middle_of_height())

    def _with_keys(self) -> TrackView:
        """Return the picture whose height the keys mean."""
        alone = self.spectrogram.isHidden()
        return self.waveform if alone or self.waveform.hasFocus() else self.spectrogram

    def take_keys(self) -> None:
        """Give the focus to a picture of the sound."""
        (self.waveform if self.spectrogram.isHidden() else self.spectrogram).setFocus()

    def let_go(self) -> None:
        """Give up what the mouse holds."""
        for view in self._tracks():
            view.let_go()

    def line_at(self, position: QPoint) -> float | None:
        """Return the frequency of the line at a global position in the spectrogram; None elsewhere."""
        if not self.spectrogram.isVisible():
            return None
        return self.spectrogram.line_at(QPointF(self.spectrogram.mapFromGlobal(position)))

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        for track in self._tracks():
            track.set_theme(theme)
        self.overview.set_theme(theme)
        self.ruler.theme = theme
        self.ruler.update()

    def close_loaders(self) -> None:
        """End the threads that draw."""
        for loader in self._loaders():
            loader.close()

    def _loaders(self) -> tuple[TileLoader, ...]:
        return self.overview.loader, self.waveform.loader, *self.spectrogram.loaders()

    @Slot()
    def hold_loaders(self) -> None:
        """Let the threads that draw rest until what was done is painted: an edit, or a step of scrolling.

        With them at work the interpreter is handed to and fro, and an edit takes four times as long.
        """
        for loader in self._loaders():
            loader.hold()
        self._held_timer.start()

    @Slot()
    def _on_held(self) -> None:
        for loader in self._loaders():
            loader.go_on()
        if self._drawn:
            self._drawn = False
            self.overview.release()
            self.drawn.emit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        self._timeline.set_width(self.width() - LEFT_MARGIN - RIGHT_MARGIN)

    @Slot()
    def _on_drawn(self) -> None:
        if all(view.current or view.isHidden() for view in (self.waveform, self.spectrogram)):
            self._drawn = True
            if not self.splitter.updatesEnabled():
                self._show_tracks()
                self.hold_loaders()  # what comes next must not delay what can be painted
            self._held_timer.start()

    @Slot()
    def _show_tracks(self) -> None:
        self._blank_timer.stop()
        self.splitter.setUpdatesEnabled(True)

    @Slot()
    def _on_handle_moved(self) -> None:
        for handle in (self.overview, self.spectrogram.wipe_handle):
            if handle is self.sender():
                self.told.emit(handle.words())

    @Slot(object)
    def _on_span_clicked(self, span: RestoredSpan) -> None:
        self._timeline.select(span.region)
        self.span_chosen.emit(span)

    def _zero_near(self, sample: int) -> int:
        return sample if self._sound is None else rising_zero(self._sound, sample, self._timeline.picked)

    @Slot(float, float)
    def _on_levels_moved(self, low_db: float, high_db: float) -> None:
        self._settings.level_low_db, self._settings.level_high_db = low_db, high_db

    @Slot(str)
    def _on_setting_changed(self, key: str) -> None:
        settings = self._settings
        part = key.partition("/")[0]
        if key == Settings.opening_view.key:
            self.show_views(settings.opening_view)
        elif key == Settings.waveform_scale.key:
            self.waveform.set_logarithmic(settings.waveform_scale == "dB")
        elif key == Settings.wheel_sensitivity.key:
            self.ruler.wheel_sensitivity = settings.wheel_sensitivity
            self.overview.wheel_sensitivity = settings.wheel_sensitivity
            for view in self._tracks():
                view.wheel_sensitivity = settings.wheel_sensitivity
        elif key == Settings.snap_to_zero.key:
            for view in self._tracks():
                view.snap_to_zero = self._zero_near if settings.snap_to_zero else None
        elif key == Settings.frequency_scale.key:
            self.spectrogram.set_scale(settings.frequency_scale)
        elif key in (Settings.colour_map.key, Settings.level_low_db.key, Settings.level_high_db.key):
            self.spectrogram.set_colours(settings.colour_map, settings.level_low_db, settings.level_high_db)
        elif key == Settings.tilt_db.key:
            self.spectrogram.set_tilt(settings.tilt_db)
        elif key == Settings.overlay_waveform.key:
            self.spectrogram.set_overlay(settings.overlay_waveform)
        elif part == "tools":
            view = self.spectrogram
            view.brush_px, view.wand_db = settings.brush_px, settings.wand_db
            view.softness_px = settings.softness_px
        elif part == "spectrogram" and key != Settings.show_cutoff.key:
            self.spectrogram.set_analysis(
                Analysis(settings.fft_size, settings.fft_window, settings.overlap, settings.zero_padding)
            )


def _size(sound: Sound) -> tuple[int, int, int]:
    return sound.length, sound.sample_rate, sound.channels
