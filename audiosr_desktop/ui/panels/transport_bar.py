"""TransportBar: play, stop and loop, the time, A/B, how it is listened to, and a level meter."""

from PySide6.QtCore import QSize, Qt, Slot
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QHBoxLayout, QLabel, QMenu, QToolButton, QWidget

from audiosr_desktop.playback.takes import letter
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.panels.level_meter import LevelMeter
from audiosr_desktop.ui.panels.listening_menus import HearingMenu, TakesMenu
from audiosr_desktop.ui.panels.wrapping import WrappingRow
from audiosr_desktop.ui.readout import figures, format_time
from audiosr_desktop.ui.theme import Theme, figures_font
from audiosr_desktop.ui.timeline import Timeline
from audiosr_desktop.ui.transport import DELTA, TAKE_A, Transport
from audiosr_desktop.ui.variations import Variations


class TransportBar(QWidget):
    """The row below the views."""

    def __init__(
        self,
        transport: Transport,
        timeline: Timeline,
        variations: Variations,
        actions: dict[str, QAction],
        theme: Theme,
    ) -> None:
        super().__init__()
        self._transport, self._timeline = transport, timeline
        groups = QWidget(), QWidget()
        moving, listening = (_row_in(group) for group in groups)
        for name in ("to_start", "play", "stop", "to_end", "loop"):
            moving.addWidget(self._button(actions[name], 24 if name == "play" else 20))
        self.position = QLabel()
        self.position.setFont(figures_font(self.font(), 1.35))
        self.position.setAccessibleName(tr("Position"))
        self.total = QLabel()
        self.total.setFont(figures_font(self.font()))
        self.total.setProperty("quiet", True)
        moving.addSpacing(10)
        moving.addWidget(self.position)
        moving.addWidget(self.total)
        self.offset = QLabel()
        self.offset.setProperty("quiet", True)
        self.offset.setToolTip(
            tr("How much louder the result is than the source; level matching takes it out")
        )
        listening.addWidget(self.offset)
        self.compare = self._button(actions["compare"], 20)
        self.compare.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        listening.addWidget(self.compare)
        for name in ("delta", "level_match"):
            listening.addWidget(self._button(actions[name], 20))
        self.takes_menu = TakesMenu(
            transport, variations, [actions[name] for name in ("new_variation", "apply_as_take")], self
        )
        self.hearing_menu = HearingMenu(transport, actions["band_only"], self)
        listening.addWidget(self._menu_button(tr("Takes"), self.takes_menu))
        self.hearing = self._menu_button("1 ×", self.hearing_menu)
        self.hearing.setToolTip(tr("How it is listened to: speed, channels, band, gain of the difference"))
        listening.addWidget(self.hearing)
        self.meter = LevelMeter(theme)
        transport.levels_changed.connect(self.meter.show_levels)
        layout = WrappingRow(self, spread=True)
        layout.setContentsMargins(12, 6, 12, 2)
        layout.setSpacing(8)
        for widget in (*groups, self.meter):
            layout.addWidget(widget)
        timeline.playhead_changed.connect(self._on_playhead)
        timeline.sound_changed.connect(self._on_playhead)
        transport.state_changed.connect(self._on_state)
        self._on_playhead()
        self._on_state()

    def set_theme(self, theme: Theme) -> None:
        """Draw in other colours."""
        self.meter.theme = theme
        self.meter.update()

    @staticmethod
    def _button(action: QAction, size: int) -> QToolButton:
        button = QToolButton()
        button.setDefaultAction(action)
        button.setIconSize(QSize(size, size))
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @Slot()
    def _on_playhead(self) -> None:
        rate = self._timeline.sample_rate
        self.position.setText(format_time(self._timeline.playhead / rate))
        self.total.setText(f"/ {format_time(self._timeline.length / rate)}")
        if not self._transport.playing:  # a screen reader would be told thirty times a second
            self.position.setAccessibleDescription(self.position.text())

    @staticmethod
    def _menu_button(text: str, menu: QMenu) -> QToolButton:
        button = QToolButton()
        button.setText(text)
        button.setProperty("words", True)
        button.setMenu(menu)
        button.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        return button

    @Slot()
    def _on_state(self) -> None:
        transport = self._transport
        self.meter.blind = transport.blind
        text, offset = "", transport.offset_db
        known = transport.can_compare and offset is not None and not transport.blind
        if known and offset is not None and transport.levels.matched:
            text = f"{letter(transport.compared)} {figures(round(offset, 1) + 0.0, '+.1f')} dB"
        self.offset.setText(text)
        self.compare.defaultAction().setIconText(take_name(transport))
        monitor = transport.player.monitor
        words = [figures(transport.player.speed, "g") + " ×"]
        if monitor.mode != "all":
            words.append(
                tr("ch {number}", number=", ".join(str(channel + 1) for channel in monitor.channels))
                if monitor.mode == "solo"
                else {"mono": tr("mono"), "side": tr("side")}[monitor.mode]
            )
        if transport.player.band is not None:
            words.append(tr("band"))
        self.hearing.setText(" · ".join(words))


def _row_in(group: QWidget) -> QHBoxLayout:
    """Return a row for what stays in one line."""
    row = QHBoxLayout(group)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(4)
    return row


def take_name(transport: Transport) -> str:
    """Return which take is heard, in words; blind, that there are two."""
    if not transport.can_compare or transport.blind:
        return "A / B"
    if transport.take == DELTA:
        return tr(
            "Δ · difference",
        ) + (f" +{figures(transport.levels.delta_db, 'g')} dB" if transport.levels.delta_db else "")
    return (
        tr(
            "A · source",
        )
        if transport.take == TAKE_A
        else tr("{letter} · result", letter=letter(transport.take))
    )
