"""Menus of the transport bar: which take is heard, and how."""

from collections.abc import Sequence

import numpy as np
from PySide6.QtCore import Slot
from PySide6.QtGui import QAction, QActionGroup
from PySide6.QtWidgets import QInputDialog, QMenu, QWidget

from audiosr_desktop.audio.takes import TakeSet
from audiosr_desktop.playback.monitor import Monitor
from audiosr_desktop.playback.takes import letter
from audiosr_desktop.ui.language import tr
from audiosr_desktop.ui.readout import figures
from audiosr_desktop.ui.transport import TAKE_A, Transport
from audiosr_desktop.ui.variations import Variations

SPEEDS = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0)
DELTA_GAINS_DB = (0, 10, 20, 30, 40)


class TakesMenu(QMenu):
    """Lists the takes with their names and levels; one of them can be used.

    Args:
        transport: plays them.
        variations: knows their names.
        makers: the actions that make one more.
        rng: for the blind order.
    """

    def __init__(
        self,
        transport: Transport,
        variations: Variations,
        makers: Sequence[QAction],
        parent: QWidget,
        rng: np.random.Generator | None = None,
    ) -> None:
        super().__init__(parent)
        self._transport, self._variations, self._makers = transport, variations, tuple(makers)
        self._rng = rng or np.random.default_rng()
        self._order: tuple[int, ...] = ()
        self.blind_order = False
        self.setToolTipsVisible(True)
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        transport, takes = self._transport, self._variations.current()
        order = tuple(range(len(transport.takes)))
        if self.blind_order:
            order = self._shuffled(len(order))
        for place, number in enumerate(order):
            text = tr("Take {value}", value=place + 1) if self.blind_order else self._told(number, takes)
            action = self.addAction(text)
            action.setCheckable(True)
            action.setChecked(transport.take == number)
            action.triggered.connect(lambda _=False, number=number: transport.select_take(number))
        self.addSeparator()
        blind = self.addAction(tr("Blind order"))
        blind.setCheckable(True)
        blind.setChecked(self.blind_order)
        blind.setEnabled(transport.can_compare)
        blind.setToolTip(tr("Names, levels and order are hidden in this menu and in the bar"))
        blind.toggled.connect(self.set_blind_order)
        self.addSeparator()
        for action in self._makers:
            self.addAction(action)
        heard = transport.take
        results = takes is not None and heard > TAKE_A and not self.blind_order
        use = self.addAction(
            tr(
                "Use the take that is heard",
            )
            if self.blind_order
            else tr("Use take {letter}", letter=letter(max(heard, 0)))
        )
        use.setEnabled(takes is not None and heard > TAKE_A and heard != self._variations.used())
        use.triggered.connect(lambda: self._variations.use(heard))
        rename = self.addAction(tr("Rename…"))
        rename.setEnabled(takes is not None and heard >= TAKE_A and not self.blind_order)
        rename.triggered.connect(lambda: self._rename(heard))
        drop = self.addAction(tr("Drop take {letter}", letter=letter(max(heard, 0))))
        drop.setVisible(results)
        drop.setEnabled(self._variations.can_drop(heard))
        drop.triggered.connect(lambda: self._variations.drop(heard))

    @Slot(bool)
    def set_blind_order(self, blind: bool) -> None:
        """List the takes without names in an order drawn anew, or by letters with names."""
        self.blind_order = blind
        self._order = ()
        self._transport.blind_tests.set_order(blind)

    def _shuffled(self, count: int) -> tuple[int, ...]:
        if len(self._order) != count:
            self._order = tuple(int(number) for number in self._rng.permutation(count))
        return self._order

    def _told(self, number: int, takes: TakeSet | None) -> str:
        name = takes.names[number] if takes is not None else (tr("Source"), tr("Result"))[number]
        offset = self._transport.levels.offset_of(number)
        level = f"\t{offset:+.1f} dB".replace("-", "−") if number and offset is not None else ""
        return f"{letter(number)} · {name}{level}"

    def _rename(self, number: int) -> None:
        takes = self._variations.current()
        if takes is not None:
            name, taken = QInputDialog.getText(
                self,
                tr("Rename take"),
                tr("Name of take {letter}:", letter=letter(number)),
                text=takes.names[number],
            )
            if taken:
                self._variations.rename(number, name)


class HearingMenu(QMenu):
    """Speed, channels, gain of the difference, following."""

    def __init__(self, transport: Transport, band_only: QAction, parent: QWidget) -> None:
        super().__init__(parent)
        self._transport, self._band_only = transport, band_only
        self.aboutToShow.connect(self._fill)

    @Slot()
    def _fill(self) -> None:
        self.clear()
        transport = self._transport
        group = self._section(tr("Speed, pitch kept"))
        for speed in SPEEDS:
            self._choice(
                group, figures(speed, "g") + " ×", transport.player.speed == speed, transport.set_speed, speed
            )
        group = self._section(tr("Channels"))
        sound = transport.heard_sound
        channels = sound.channels if sound is not None else 0
        choices = {tr("All"): Monitor()}
        if channels > 1:
            choices |= {tr("Mono"): Monitor("mono"), tr("Side (L − R)"): Monitor("side")}
            choices |= {
                tr("Channel {number} alone", number=number + 1): Monitor("solo", (number,))
                for number in range(channels)
            }
        for text, monitor in choices.items():
            chosen = transport.player.monitor == monitor
            self._choice(group, text, chosen, transport.hearing.set_monitor, monitor)
        group = self._section(tr("Gain of the difference"))
        for gain in DELTA_GAINS_DB:
            self._choice(
                group, f"+{gain} dB", transport.levels.delta_db == gain, transport.levels.set_delta_db, gain
            )
        self.addSeparator()
        self.addAction(self._band_only)
        self._add_devices()
        device = transport.player.device
        if device is not None:
            name, rate, latency_s = device
            told = self.addAction(
                tr(
                    "{name} · {rate} kHz · latency {latency} ms",
                    name=name,
                    rate=figures(rate / 1000, "g"),
                    latency=figures(latency_s * 1000, ".0f"),
                )
            )
            told.setEnabled(False)

    def _add_devices(self) -> None:
        names = self._transport.player.device_names
        if not names:
            return
        menu = self.addMenu(tr("Sound device"))
        group = QActionGroup(menu)
        chosen = self._transport.chosen_device
        for name in ["", *dict.fromkeys(names)]:
            action = menu.addAction(name or tr("System default"))
            action.setCheckable(True)
            action.setChecked(name == chosen)
            group.addAction(action)
            action.triggered.connect(lambda _=False, name=name: self._transport.choose_device(name))

    def _section(self, title: str) -> QActionGroup:
        self.addSeparator()
        self.addAction(title).setEnabled(False)
        return QActionGroup(self)

    def _choice(self, group: QActionGroup, text: str, chosen: bool, take: object, value: object) -> None:
        action = self.addAction(text)
        action.setCheckable(True)
        action.setChecked(chosen)
        group.addAction(action)
        action.triggered.connect(lambda: take(value))  # type: ignore[operator]
